"""What people corrected in draft specs, and the vote that it gives on columns alike.

A column is alike when its answer was the same, its name shares words and its values have the same
pattern. Each correction votes with its likeness, squared: the nearest count most.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast, get_args

from controlplane.discover.findings import ValueType
from controlplane.discover.name_likeness import name_likeness
from controlplane.errors import Problem, SpecError
from controlplane.specs.document import read_document
from controlplane.specs.files import line_of, source_name
from controlplane.specs.values import did_you_mean

_TYPES = get_args(ValueType)
_FIELDS = ("table", "column", "found", "meant", "noticed_in")
_FOUND = ("type", "semantic", "pattern")
_MEANT = ("type", "semantic", "format")

# How alike a column has to be to be heard, and how much of the votes an answer needs.
_NEAR = 0.5
_MAJORITY = 0.6
_HEAD = """\
# What people corrected in draft specs; `databank discover` learns from it. An entry with `noticed_in`
# follows the spec that it names; one without is a person's own, stays as it is, and wins.
"""


@dataclass(frozen=True)
class Correction:
    """What was found of a column, and what a person made of it.

    `pattern` is how most of its values are written, as `ColumnType.pattern` has it. A correction
    that means what was found confirms it. `noticed_in` is the spec that a person changed; a correction
    without it was written by hand.
    """

    table: str
    column: str
    found_type: ValueType
    found_semantic: str | None
    pattern: str
    type: ValueType
    semantic: str | None = None
    format: str | None = None
    noticed_in: str | None = None


@dataclass(frozen=True)
class Vote:
    """The answer that corrections of columns alike give; `confidence` is their agreement."""

    type: ValueType
    semantic: str | None
    format: str | None
    confidence: float
    reason: str


@dataclass(frozen=True)
class Corrections:
    """All corrections of a project, one a column at most."""

    items: tuple[Correction, ...] = field(default_factory=tuple)

    @classmethod
    def load(cls, path: Path, root: Path | None = None) -> Corrections:
        """The corrections in a file; none where there is no file.

        Args:
            path: the file, such as `specs/corrections.yml`.
            root: the project, in which messages say where the file is.

        Raises:
            SpecError: the file cannot be used; every problem with its line.
        """
        source = source_name(path, root) if root else str(path)
        try:
            text = path.read_bytes().decode("utf-8")
        except FileNotFoundError:
            return cls()
        except OSError as error:
            raise SpecError(
                [Problem(source, 0, "", f"cannot be read: {error.strerror}")]
            ) from error
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            message = "is not UTF-8 text; save it in that encoding"
            raise SpecError([Problem(source, line, "", message)]) from error
        return cls(_read(text, source))

    def add(self, correction: Correction) -> Corrections:
        """These corrections and one more, which takes the place of an earlier one of its column."""
        place = (correction.table, correction.column)
        kept = tuple(each for each in self.items if (each.table, each.column) != place)
        return Corrections((*kept, correction))

    def save(self, path: Path) -> None:
        """Write the file; it is there whole or as it was before.

        Comments of a person, and the entries that stay, are left as they are.

        Raises:
            DatabankError: it cannot be written.
        """
        from controlplane.discover.whole import write_whole

        write_whole(path.parent, {path.name: self._edited(path) or self._text()})

    def _text(self) -> str:
        import yaml

        entries = [_entry(each) for each in self.items]
        body = yaml.safe_dump(
            {"corrections": entries}, sort_keys=False, allow_unicode=True, width=100
        )
        return _HEAD + body

    def _edited(self, path: Path) -> str | None:
        """The text of the file with nothing changed but entries; None where that is no way."""
        from controlplane.specs.edit import SpecText

        try:
            before = path.read_bytes().decode("utf-8")
            known = _read(before, path.name)
        except (FileNotFoundError, SpecError):
            return None
        text = SpecText(before)
        if not self.items or not any(each in self.items for each in known):
            return None
        for index in reversed(range(len(known))):
            if known[index] not in self.items:
                text.remove(["corrections", index])
        for each in self.items:
            if each not in known:
                text.append(["corrections"], _entry(each))
        try:
            return text.text if set(_read(text.text, path.name)) == set(self.items) else None
        except SpecError:
            return None

    def vote(
        self,
        table: str,
        column: str,
        found_type: ValueType,
        found_semantic: str | None,
        pattern: str,
    ) -> Vote | None:
        """What the corrections make of a column; None where none is alike, or they do not agree."""
        votes: dict[tuple[ValueType, str | None, str | None], float] = {}
        nearest: tuple[float, Correction] | None = None
        for each in self.items:
            if each.found_type != found_type:
                continue
            if (each.table, each.column) == (table, column):
                return Vote(each.type, each.semantic, each.format, 0.99, "a person said so")
            likeness = (
                0.6 * name_likeness(column, each.column)
                + 0.25 * (each.pattern == pattern)
                + 0.15 * (each.found_semantic == found_semantic)
            )
            if likeness < _NEAR:
                continue
            answer = (each.type, each.semantic, each.format)
            votes[answer] = votes.get(answer, 0.0) + likeness**2
            if nearest is None or likeness > nearest[0]:
                nearest = (likeness, each)
        if nearest is None:
            return None
        best = max(votes, key=lambda answer: votes[answer])
        agreement = votes[best] / sum(votes.values())
        if agreement < _MAJORITY:
            return None
        like = nearest[1]
        place = f"{like.table}.{like.column}" if like.table else like.column
        return Vote(
            *best,
            confidence=round(0.95 * agreement * (0.5 + nearest[0] / 2), 3),
            reason=f"corrections of columns alike, such as {place}, say so",
        )


# --- the file -------------------------------------------------------------------------------------


def _entry(each: Correction) -> dict[str, Any]:
    found = {"type": each.found_type, "semantic": each.found_semantic, "pattern": each.pattern}
    meant = {"type": each.type, "semantic": each.semantic, "format": each.format}
    return {
        "table": each.table,
        "column": each.column,
        "found": {key: value for key, value in found.items() if value},
        "meant": {key: value for key, value in meant.items() if value},
        **({"noticed_in": each.noticed_in} if each.noticed_in else {}),
    }


def _read(text: str, source: str) -> tuple[Correction, ...]:
    document = read_document(text, source)
    problems = list(document.problems)
    if document.fields is None:
        raise SpecError(problems)

    def refuse(path: str, message: str) -> None:
        problems.append(Problem(source, line_of(document.lines, path), path, message))

    for key in document.fields:
        if key != "corrections":
            refuse(str(key), f"is no field here{did_you_mean(str(key), ['corrections'])}")
    entries = document.fields.get("corrections")
    if not isinstance(entries, list):
        refuse("corrections", "is required: a list of corrections, which may be empty ([])")
        entries = []
    read = [_correction(entry, f"corrections[{i}]", refuse) for i, entry in enumerate(entries)]
    places: dict[tuple[str, str], int] = {}
    for index, each in enumerate(read):
        if each is None:
            continue
        first = places.setdefault((each.table, each.column), index)
        if first != index:
            line = line_of(document.lines, f"corrections[{first}]")
            refuse(f"corrections[{index}]", f"corrects the same column as line {line}; keep one")
    if problems:
        raise SpecError(problems)
    return tuple(each for each in read if each is not None)


def _correction(entry: Any, path: str, refuse: Any) -> Correction | None:
    if not isinstance(entry, Mapping):
        refuse(path, f"is no block of fields; expected {', '.join(_FIELDS)}")
        return None
    good = _known(entry, _FIELDS, path, refuse)
    column, table = entry.get("column"), entry.get("table", "")
    if not isinstance(column, str) or not column:
        refuse(f"{path}.column", "is required: the name of the column")
        good = False
    if not isinstance(table, str):
        refuse(f"{path}.table", "has to be the name of a table")
        good = False
    if not isinstance(entry.get("noticed_in"), str | None):
        refuse(f"{path}.noticed_in", "has to be the path of a spec; take the line out")
        good = False
    sides = []
    for side, allowed in (("found", _FOUND), ("meant", _MEANT)):
        block = entry.get(side)
        if not isinstance(block, Mapping):
            refuse(f"{path}.{side}", f"is required: a block with {', '.join(allowed)}")
            good = False
            continue
        good &= _known(block, allowed, f"{path}.{side}", refuse)
        kind = block.get("type")
        if kind not in _TYPES:
            near = did_you_mean(str(kind), _TYPES) if kind else ""
            refuse(
                f"{path}.{side}.type",
                f"{f'found {kind!r}' if kind else 'is required'}, allowed: {', '.join(_TYPES)}{near}",
            )
            good = False
        for key in allowed[1:]:
            if not isinstance(block.get(key), str | None):
                refuse(f"{path}.{side}.{key}", "has to be a text; put it between quotes")
                good = False
        sides.append(block)
    if not good:
        return None
    found, meant = sides
    return Correction(
        table=str(table),
        column=str(column),
        found_type=cast("ValueType", found["type"]),
        found_semantic=found.get("semantic"),
        pattern=found.get("pattern") or "",
        type=cast("ValueType", meant["type"]),
        semantic=meant.get("semantic"),
        format=meant.get("format"),
        noticed_in=entry.get("noticed_in"),
    )


def _known(block: Mapping[str, Any], allowed: tuple[str, ...], path: str, refuse: Any) -> bool:
    unknown = [key for key in block if key not in allowed]
    for key in unknown:
        refuse(
            f"{path}.{key}",
            f"is no field of a correction (has: {', '.join(allowed)}){did_you_mean(key, allowed)}",
        )
    return not unknown
