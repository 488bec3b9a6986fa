"""How well a reader loaded a file: the ten measures of Pollock, and what it got wrong unseen.

Source: Vitagliano et al., "Pollock: A Data Loading Benchmark", PVLDB 16(8), 2023. Header cells,
records and cells are compared as multisets, without regard to their order. Unlike there, cells are
compared as text, letter for letter, for a raw table must not change them; an empty cell and null are
the same.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.messy.case import Case, Intent, Loaded

Record = tuple[str, ...]
_WORDS = re.compile(r"\w+")
# A reader may show a NUL in the raw text of a reject as this.
_UNSEEN = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]|\\x00")
_NUMBERED = re.compile(r"[ _.:(-]*\d+\)?")


@dataclass(frozen=True)
class Measure:
    """Precision, recall and F1 of one kind of thing, each from 0 to 1."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean of the two."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0

    @property
    def total(self) -> float:
        """The sum of the three."""
        return self.precision + self.recall + self.f1


RIGHT, WRONG = Measure(1, 1), Measure(0, 0)


@dataclass(frozen=True)
class Score:
    """The score of one file.

    `wrong_in_silence` counts loaded records that are neither intended nor bad records; `lost` counts
    intended or bad records, and those of another table, that are neither loaded nor visible in the
    raw text of a reject.
    """

    success: int
    header: Measure
    records: Measure
    cells: Measure
    wrong_in_silence: int
    lost: int

    @property
    def total(self) -> float:
        """The sum of the ten measures, 10 at most."""
        return self.success + self.header.total + self.records.total + self.cells.total


def score(case: Case, loaded: Loaded | None) -> Score:
    """The score of what was loaded, null if the reader refused the file, by the best of the readings.

    Refusing is a failure that nobody overlooks: nothing is lost by it. Of a file with nothing in it,
    it is as good as an empty table.
    """
    if loaded is None:
        if any(intent.is_empty for intent in case.intents):
            return Score(1, RIGHT, RIGHT, RIGHT, 0, 0)
        return Score(0, WRONG, WRONG, WRONG, 0, 0)
    scores = (_score(intent, loaded, case.trim_ok) for intent in case.intents)
    return max(scores, key=lambda one: (one.total, -one.wrong_in_silence - one.lost))


def _score(intent: Intent, loaded: Loaded, trim: bool) -> Score:
    header = _normal(loaded.header, trim)
    intended = Counter(_normal(row, trim) for row in intent.rows)
    found = Counter(_normal(row, trim) for row in loaded.rows)
    right = intended & found
    missing, others = intended - right, found - right
    bad = [_normal(row, trim) for row in intent.bad_records]
    unseen = _take(bad, others, _width(intent))
    # Another table's records that were loaded are wrong, but not lost.
    apart = [_normal(row, trim) for row in intent.apart]
    unseen += _take(apart, others.copy(), _width(intent))
    judged = right + others
    return Score(
        success=1,
        header=_header(intent.header, header, trim),
        records=_measure(right.total(), intended.total(), judged.total()),
        cells=_cells(intended, judged),
        wrong_in_silence=others.total(),
        lost=len(_not_visible([*missing.elements(), *unseen], loaded.rejected)),
    )


def _normal(cells: Iterable[str | None], trim: bool) -> Record:
    """A record in which null is empty text, and white space at the ends is gone if it does not matter."""
    return tuple((cell or "").strip() if trim else cell or "" for cell in cells)


def _width(intent: Intent) -> int:
    """How many columns the table has."""
    if intent.header is not None:
        return len(intent.header)
    return max((len(row) for row in intent.rows), default=0)


def _take(bad: list[Record], others: Counter[Record], width: int) -> list[Record]:
    """Take the bad records out of what was loaded; those that were not loaded are left.

    A bad record is loaded as it is, or padded with empty cells or cut to the table's width.
    """
    left = []
    for record in bad:
        padded = (*record, *[""] * (width - len(record)))
        form = next((form for form in (record, padded, record[:width]) if others[form] > 0), None)
        if form is None:
            left.append(record)
        else:
            others[form] -= 1
    return left


def _measure(right: int, intended: int, found: int) -> Measure:
    """Precision and recall; nothing found where nothing is intended is right."""
    if not intended and not found:
        return RIGHT
    return Measure(right / found if found else 0.0, right / intended if intended else 0.0)


def _cells(intended: Counter[Record], found: Counter[Record]) -> Measure:
    wanted, got = _count_cells(intended), _count_cells(found)
    return _measure((wanted & got).total(), wanted.total(), got.total())


def _count_cells(records: Counter[Record]) -> Counter[str]:
    cells: Counter[str] = Counter()
    for record, count in records.items():
        for cell in record:
            cells[cell] += count
    return cells


def _header(intended: list[str] | None, found: Record, trim: bool) -> Measure:
    """How many of the names are right; any are where the file has none.

    A column without a name may have any, and the later of two columns of the same name a number
    behind it.
    """
    if intended is None:
        return RIGHT
    wanted, got = Counter(_normal(intended, trim)), Counter(found)
    right = wanted & got
    rest, free = wanted - right, list((got - right).elements())
    count = right.total()
    for name in sorted(rest.elements(), reverse=True):
        for other in free:
            numbered = other.startswith(name) and _NUMBERED.fullmatch(other[len(name) :])
            if name == "" or (wanted[name] > 1 and numbered):
                free.remove(other)
                count += 1
                break
    return _measure(count, wanted.total(), got.total())


def _not_visible(records: Sequence[Record], rejected: Sequence[str]) -> list[Record]:
    """The records whose words stand in no reject, one after the other and as often as the records.

    Words alone are compared, for a raw text has delimiters, quotes and escapes between them. Of a
    record without words, each cell has to be there; one of nothing cannot be lost.
    """
    texts = [f" {_words(text)} " for text in rejected]
    lost = []
    # The longest first: a shorter one may be a part of it.
    for record in sorted(records, key=lambda cells: -len("".join(cells))):
        words = _words(" ".join(record))
        if not words:
            if not any(all(cell in text for cell in record) for text in ("", *rejected)):
                lost.append(record)
            continue
        wanted = f" {words} "
        found = next((number for number, text in enumerate(texts) if wanted in text), None)
        if found is None:
            lost.append(record)
        else:
            # It stands for no other record; its neighbours keep their blanks.
            texts[found] = texts[found].replace(wanted, " \0 ", 1)
    return lost


def _words(text: str) -> str:
    return " ".join(_WORDS.findall(_UNSEEN.sub("", text)))
