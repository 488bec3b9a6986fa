"""A perfect reading scores 10, and each mistake costs what it should, reckoned by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.messy.case import Case, Intent, Loaded
from tests.messy.score import Measure, Score, score

HEADER = ["id", "name", "city"]
ROWS = [["1", "Ann", "Oslo"], ["2", "Ben", "Bonn"], ["3", "", "Rome"], ["4", "Dee", "Oslo"]]


def case(**given: Any) -> Case:
    """Four records of three cells."""
    return Case(**{"name": "x", "content": b"x", "header": HEADER, "rows": ROWS, "bad_records": [], **given})  # fmt: skip


def loaded(
    rows: list[list[str]] | None = None,
    header: list[str] | None = None,
    rejected: list[str] | None = None,
) -> Loaded:
    """The four records, or others."""
    return Loaded(
        HEADER if header is None else header,
        [list(row) for row in (ROWS if rows is None else rows)],
        rejected or [],
    )


def flaws(found: Score) -> tuple[int, int]:
    return found.wrong_in_silence, found.lost


def test_a_perfect_reading_scores_ten() -> None:
    found = score(case(), loaded())
    assert found.total == 10
    assert flaws(found) == (0, 0)


def test_neither_the_order_of_records_nor_null_for_nothing_matters() -> None:
    read = Loaded(
        HEADER,
        [[cell or None for cell in row] for row in reversed(ROWS)],
    )
    assert score(case(), read).total == 10


def test_a_refused_file_scores_nothing_and_loses_nothing_in_silence() -> None:
    found = score(case(), None)
    assert (found.total, flaws(found)) == (0, (0, 0))


def test_a_file_with_nothing_in_it_may_be_refused_or_be_an_empty_table() -> None:
    nothing = case(header=[], rows=[])
    assert score(nothing, None).total == 10
    assert score(nothing, loaded([], [])).total == 10
    # The header is invented: none of its names is right, nor are those that should be there.
    assert score(nothing, loaded([], ["column0"])).total == 7


def test_a_header_alone_is_a_table_without_rows() -> None:
    assert score(case(rows=[]), loaded([])).total == 10
    assert score(case(rows=[]), None).total == 0
    as_record = score(case(rows=[]), loaded([HEADER], ["c1", "c2", "c3"]))
    assert (as_record.total, flaws(as_record)) == (1, (1, 0))


def test_one_wrong_cell_costs_its_record_and_a_cell() -> None:
    wrong = [["1", "Ann", "oslo"], *ROWS[1:]]
    found = score(case(), loaded(wrong))
    # Three of four records, eleven of twelve cells; the precision is the recall.
    assert found.records == Measure(3 / 4, 3 / 4)
    assert found.cells == Measure(11 / 12, 11 / 12)
    assert found.total == pytest.approx(1 + 3 + 3 * 3 / 4 + 3 * 11 / 12)
    assert flaws(found) == (1, 1)


def test_a_missing_record_costs_recall_only() -> None:
    found = score(case(), loaded(ROWS[:3]))
    assert found.records == Measure(1, 3 / 4)
    assert found.cells == Measure(1, 9 / 12)
    # F1 of 1 and 3/4 is 6/7.
    assert found.total == pytest.approx(4 + 2 * (1 + 3 / 4 + 6 / 7))
    assert flaws(found) == (0, 1)


def test_a_record_in_rejects_is_not_lost() -> None:
    found = score(case(), loaded(ROWS[:3], rejected=['4,"Dee",Oslo']))
    assert found.records == Measure(1, 3 / 4)
    assert flaws(found) == (0, 0)


def test_a_record_loaded_twice_costs_precision() -> None:
    found = score(case(), loaded([*ROWS, ROWS[0]]))
    assert found.records == Measure(4 / 5, 1)
    assert found.cells == Measure(12 / 15, 1)
    assert flaws(found) == (1, 0)


def test_equal_records_count_as_often_as_they_are_there() -> None:
    twice = case(rows=[*ROWS, ROWS[0]])
    assert score(twice, loaded([*ROWS, ROWS[0]])).total == 10
    assert flaws(score(twice, loaded())) == (0, 1)
    # One reject stands for one record.
    assert flaws(score(twice, loaded(ROWS[1:], rejected=["1,Ann,Oslo"]))) == (0, 1)
    assert flaws(score(twice, loaded(ROWS[1:], rejected=["1,Ann,Oslo"] * 2))) == (0, 0)
    assert flaws(score(twice, loaded(ROWS[1:], rejected=["1,Ann,Oslo\n1,Ann,Oslo"]))) == (0, 0)


def test_a_header_read_as_a_record() -> None:
    found = score(case(), loaded([HEADER, *ROWS], ["column0", "column1", "column2"]))
    assert found.header == Measure(0, 0)
    assert found.records == Measure(4 / 5, 1)
    assert found.cells == Measure(12 / 15, 1)
    assert flaws(found) == (1, 0)


def test_a_record_read_as_the_header() -> None:
    bare = case(header=None)
    found = score(bare, loaded(ROWS[1:], ROWS[0]))
    # No names are scored, but the record is gone.
    assert found.header == Measure(1, 1)
    assert found.records == Measure(1, 3 / 4)
    assert flaws(found) == (0, 1)
    assert score(bare, loaded(header=["a", "b", "c"])).total == 10


def test_a_wrong_name_costs_a_third_of_the_header() -> None:
    found = score(case(), loaded(header=["id", "name", "town"]))
    assert found.header == Measure(2 / 3, 2 / 3)
    assert score(case(), loaded(header=["id", "name"])).header == Measure(1, 2 / 3)


@pytest.mark.parametrize(
    ("names", "read", "right"),
    [
        (["a", "", "c"], ["a", "column1", "c"], 1),
        (["a", "", "c"], ["a", "", "c"], 1),
        (["a", "b", "a"], ["a", "b", "a_1"], 1),
        (["a", "b", "a"], ["a", "b", "a.1"], 1),
        (["a", "b", "a"], ["a", "b", "a (2)"], 1),
        (["a", "b", "a"], ["a", "b", "other"], 2 / 3),
        (["a", "b", "c"], ["a", "b", "c_1"], 2 / 3),
    ],
)
def test_a_column_without_a_name_may_have_any_and_a_second_one_of_a_name_a_number(
    names: list[str], read: list[str], right: float
) -> None:
    found = score(case(header=names), loaded(header=read))
    assert found.header == Measure(right, right)


def test_everything_in_one_column() -> None:
    joined = [[",".join(row)] for row in ROWS]
    found = score(case(), loaded(joined, [",".join(HEADER)]))
    assert found.total == 1
    assert flaws(found) == (4, 4)


@pytest.mark.parametrize(
    ("bad", "read"),
    [
        (["5", "Eve"], ["5", "Eve"]),
        (["5", "Eve"], ["5", "Eve", ""]),
        (["5", "Eve", "Kyiv", "x"], ["5", "Eve", "Kyiv", "x"]),
        (["5", "Eve", "Kyiv", "x"], ["5", "Eve", "Kyiv"]),
    ],
)
def test_a_bad_record_may_be_loaded_padded_or_cut_or_be_in_rejects(
    bad: list[str], read: list[str]
) -> None:
    flawed = case(bad_records=[bad])
    assert score(flawed, loaded([*ROWS, read])).total == 10
    assert flaws(score(flawed, loaded([*ROWS, read]))) == (0, 0)
    assert flaws(score(flawed, loaded(rejected=[";".join(bad)]))) == (0, 0)
    assert score(flawed, loaded(rejected=[";".join(bad)])).total == 10


def test_a_bad_record_that_is_nowhere_is_lost_and_one_that_is_garbled_is_wrong_too() -> None:
    flawed = case(bad_records=[["5", "Eve", "Kyiv", "x"]])
    assert flaws(score(flawed, loaded())) == (0, 1)
    garbled = score(flawed, loaded([*ROWS, ["5", "Eve", "Kyiv,x"]]))
    assert flaws(garbled) == (1, 1)
    assert garbled.records == Measure(4 / 5, 1)
    # The end of it is cut off.
    assert flaws(score(flawed, loaded(rejected=["5;Eve;Kyiv"]))) == (0, 1)


def test_a_bad_record_cannot_stand_for_a_good_one() -> None:
    flawed = case(bad_records=[["1", "Ann", "Oslo", "x"]])
    assert flaws(score(flawed, loaded())) == (0, 1)
    assert flaws(score(flawed, loaded([*ROWS, ROWS[0]]))) == (0, 0)


def test_another_table_has_to_be_in_rejects() -> None:
    below = case(apart=[["code", "meaning"], ["A", "active"]])
    assert score(below, loaded(rejected=["code,meaning", "A,active"])).total == 10
    assert flaws(score(below, loaded(rejected=["code,meaning\nA,active\n"]))) == (0, 0)
    assert flaws(score(below, loaded())) == (0, 2)
    read = [*ROWS, ["code", "meaning", ""], ["A", "active", ""]]
    assert flaws(score(below, loaded(read))) == (2, 0)


@pytest.mark.parametrize(
    "raw",
    [
        '"5","say ""hi""","a\nb"',
        "5;say \\\"hi\\\";'a\r\nb'",
        '  5 | say "hi" | a\\\nb |',
        'before it,x,y\n5,"say ""hi""","a\nb"\nafter it,x,y',
    ],
)
def test_a_record_is_visible_in_a_reject_however_it_is_quoted(raw: str) -> None:
    flawed = case(bad_records=[["5", 'say "hi"', "a\nb"]])
    assert flaws(score(flawed, loaded(rejected=[raw]))) == (0, 0)


def test_a_record_is_not_visible_in_parts_of_other_words() -> None:
    flawed = case(bad_records=[["5", "Eve"]])
    assert flaws(score(flawed, loaded(rejected=["15,Eve", "5,Evelyn"]))) == (0, 1)


@pytest.mark.parametrize("raw", ["5,E\0ve", "5,E\\x00ve", "5,Eve"])
def test_a_nul_makes_no_record_invisible(raw: str) -> None:
    assert flaws(score(case(bad_records=[["5", "E\0ve"]]), loaded(rejected=[raw]))) == (0, 0)


def test_a_record_of_punctuation_is_looked_for_as_it_is() -> None:
    flawed = case(bad_records=[["-", "..."]])
    assert flaws(score(flawed, loaded(rejected=["5,Eve"]))) == (0, 1)
    assert flaws(score(flawed, loaded(rejected=['"-","..."']))) == (0, 0)


def test_a_record_of_nothing_cannot_be_lost() -> None:
    empty = case(bad_records=[["", "", ""]])
    assert flaws(score(empty, loaded())) == (0, 0)
    assert flaws(score(empty, loaded([*ROWS, ["", "", ""]]))) == (0, 0)


def test_white_space_counts_unless_the_case_says_otherwise() -> None:
    spaced = [[f" {cell} " for cell in row] for row in ROWS]
    header = [f"{name}\u00a0" for name in HEADER]
    assert score(case(trim_ok=True), loaded(spaced, header)).total == 10
    # Cells that are nothing but white space are not empty either.
    assert score(case(), loaded(spaced, header)).total == 1


def test_a_column_too_many_makes_every_record_wrong_and_few_cells() -> None:
    wide = [[*row, ""] for row in ROWS]
    found = score(case(), loaded(wide, [*HEADER, "column3"]))
    assert found.header == Measure(3 / 4, 1)
    assert found.records == Measure(0, 0)
    assert found.cells == Measure(12 / 16, 1)
    assert flaws(found) == (4, 4)


def test_the_best_of_the_right_readings_counts() -> None:
    wide = Intent([*HEADER, ""], [[*row, ""] for row in ROWS])
    either = case(accepts=(wide,))
    assert score(either, loaded()).total == 10
    assert score(either, loaded([[*row, ""] for row in ROWS], [*HEADER, "column3"])).total == 10
    # The readings are not mixed.
    assert score(either, loaded(header=[*HEADER, "column3"])).total < 10
