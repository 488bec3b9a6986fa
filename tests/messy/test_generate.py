"""The polluted files are the same for the same seed, and hold what is meant by them."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable

import pytest

from tests.messy import tables
from tests.messy.case import Case, Intent, Loaded
from tests.messy.draft import UnfitError
from tests.messy.generate import cases, make
from tests.messy.pollution import POLLUTIONS
from tests.messy.score import score

# What the csv module of Python reads as it is meant once it is told the dialect.
TOLD: dict[str, dict[str, str]] = {
    "comma": {},
    "semicolon": {"delimiter": ";"},
    "tab": {"delimiter": "\t"},
    "pipe": {"delimiter": "|"},
    "caret": {"delimiter": "^"},
    "tilde": {"delimiter": "~"},
    "unit_separator": {"delimiter": "\x1f"},
    "colon": {"delimiter": ":"},
    "space": {"delimiter": " "},
    "quotes_on_all": {},
    "quotes_on_text": {},
    "quotes_on_some": {},
    "apostrophes_for_quotes": {"quotechar": "'"},
    "doubled_quotes": {},
    "newlines_in_cells": {},
    "null_words": {},
    "crlf": {},
    "cr": {},
    "lf_and_crlf": {},
    "no_newline_at_the_end": {},
    "one_column": {},
    "one_record": {},
    "many_columns": {},
    "stray_quotes": {},
    "tables_side_by_side": {},
    "other_line_separators": {},
}
CODECS = {
    "utf8_with_mark": "utf-8-sig",
    "utf16le_with_mark": "utf-16",
    "utf16be_with_mark": "utf-16",
    "utf16le": "utf-16-le",
    "utf16be": "utf-16-be",
    "utf32le_with_mark": "utf-32",
    "utf32be_with_mark": "utf-32",
    "latin_1": "latin-1",
    "windows_1252": "cp1252",
    "mac_roman": "mac-roman",
    "cp437": "cp437",
    "shift_jis": "shift_jis",
    "gb18030": "gb18030",
    "koi8_r": "koi8-r",
    "windows_1251": "cp1251",
}


@pytest.fixture(scope="module")
def all_cases() -> list[Case]:
    return list(cases(1))


def test_the_same_seed_gives_the_same_files_and_another_seed_others() -> None:
    first, again, other = (list(cases(seed, tables_each=1, pairs_each=0)) for seed in (1, 1, 2))
    assert first == again
    # There is nothing random in the snippets, nor in a file with nothing in it.
    contents = {case.content for case in first if not case.name.startswith("snippets")}
    assert not [case.name for case in other if case.content in contents and case.content.strip()]


def test_a_file_does_not_depend_on_those_before_it(all_cases: list[Case]) -> None:
    last = all_cases[-1]
    chosen = tuple(POLLUTIONS[name] for name in last.pollutions)
    assert make(last.name.partition("+")[0], chosen, 1) == last


def test_every_table_and_every_name_occurs_once(all_cases: list[Case]) -> None:
    assert [case.name for case in all_cases if not case.pollutions] == tables.names()
    assert max(Counter(case.name for case in all_cases).values()) == 1


def test_the_tables_are_of_different_shapes() -> None:
    shapes = [(len(table.rows), len(table.header)) for table in every_table()]
    assert len(shapes) >= 12
    assert min(rows for rows, _ in shapes) == 5
    assert max(rows for rows, _ in shapes) == 300
    assert {min(columns for _, columns in shapes), max(columns for _, columns in shapes)} == {2, 30}


def every_table() -> list[tables.Table]:
    return [tables.table(name, 1) for name in tables.names()]


@pytest.mark.parametrize("seed", [1, 2])
def test_every_pollution_occurs_alone_and_in_pairs(seed: int) -> None:
    found = [case.pollutions for case in cases(seed, tables_each=1, pairs_each=2)]
    assert {names[0] for names in found if len(names) == 1} == set(POLLUTIONS)
    in_pairs = Counter(name for names in found if len(names) == 2 for name in names)
    assert {name for name in POLLUTIONS if in_pairs[name] < 2} == set()


def test_every_file_says_what_is_meant_by_it(all_cases: list[Case]) -> None:
    for case in all_cases:
        assert case.note or not case.pollutions
        assert all(POLLUTIONS[name].rule in case.note for name in case.pollutions)


def test_what_is_meant_fits_the_table(all_cases: list[Case]) -> None:
    for case in all_cases:
        for intent in case.intents:
            widths = {len(row) for row in intent.rows}
            assert len(widths) < 2, case.name
            assert intent.header is None or not widths or widths == {len(intent.header)}, case.name


@pytest.mark.parametrize("name", TOLD)
def test_a_reader_that_is_told_the_dialect_reads_what_is_meant(
    name: str, all_cases: list[Case]
) -> None:
    chosen = [case for case in all_cases if case.pollutions == (name,)]
    assert chosen
    for case in chosen:
        told = dict(TOLD[name])
        if case.name.startswith("ledger") and "delimiter" not in told and name != "comma":
            told["delimiter"] = ";"
        assert as_told(case, "utf-8", told) == [case.header, *case.rows], case.name


@pytest.mark.parametrize("name", CODECS)
def test_a_reader_that_is_told_the_encoding_reads_what_is_meant(
    name: str, all_cases: list[Case]
) -> None:
    chosen = [case for case in all_cases if case.pollutions == (name,)]
    assert chosen
    for case in chosen:
        told = {"delimiter": ";"} if case.name.startswith("ledger") else {}
        assert as_told(case, CODECS[name], told) == [case.header, *case.rows], case.name


def as_told(case: Case, codec: str, told: dict[str, str]) -> list[list[str]]:
    """The file as the csv module reads it."""
    # The reader wants its limit raised for the cell of 100 kB only, and that has no test here.
    text = io.StringIO(case.content.decode(codec), newline="")
    return list(csv.reader(text, **told))  # type: ignore[arg-type]


READINGS: list[Callable[[Intent], Loaded]] = [
    # Every bad record in rejects, and every bad record loaded as it is.
    lambda one: Loaded(names_of(one), loose(one.rows), raw(one.bad_records + one.apart)),
    lambda one: Loaded(names_of(one), loose(one.rows + one.bad_records), raw(one.apart)),
]


def names_of(intent: Intent) -> list[str]:
    """The header, or names made up where the file has none."""
    if intent.header is not None:
        return intent.header
    return [f"column{number}" for number in range(len(intent.rows[0]))]


def loose(rows: list[list[str]]) -> list[list[str | None]]:
    return [list(row) for row in rows]


def raw(records: list[list[str]]) -> list[str]:
    return [";".join(f'"{cell}"' for cell in record) for record in records]


@pytest.mark.parametrize("reading", READINGS)
def test_every_right_reading_has_the_full_score(
    all_cases: list[Case], reading: Callable[[Intent], Loaded]
) -> None:
    for case in all_cases:
        for intent in case.intents:
            found = score(case, reading(intent))
            assert found.total == pytest.approx(10), case.name
            assert (found.wrong_in_silence, found.lost) == (0, 0), case.name


def test_nothing_loaded_is_never_right(all_cases: list[Case]) -> None:
    for case in all_cases:
        if case.rows:
            found = score(case, Loaded([], [], []))
            assert found.total < 8, case.name
            assert found.lost >= len(case.rows) - 2, case.name


def test_a_pollution_that_changes_nothing_is_refused() -> None:
    with pytest.raises(UnfitError, match="nothing is different"):
        make("orders", (POLLUTIONS["comma"],), 1)


def test_an_encoding_that_cannot_hold_the_table_is_refused() -> None:
    with pytest.raises(UnfitError, match="mac-roman cannot hold it"):
        make("addresses_world", (POLLUTIONS["mac_roman"],), 1)
