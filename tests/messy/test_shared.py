"""The files of others become cases with the readings that are right."""

from __future__ import annotations

from typing import Any

import pytest

from tests.messy.case import Loaded
from tests.messy.score import score
from tests.messy.shared import FOLDER, shared_case, shared_cases

TRUTH: dict[str, Any] = {
    "id": "made--up",
    "categories": ["nul-byte"],
    "header": ["a", "b"],
    "header_scored": True,
    "rows": [["1", "x\0"], ["2", "y"]],
    "bad_records": [],
    "trim_ok": False,
}


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the shared files are not beside the project")
def test_every_shared_file_is_a_case_whose_truth_has_the_full_score() -> None:
    found = list(shared_cases())
    assert len({case.name for case in found}) == len(found) > 20
    for case in found:
        header = case.header if case.header is not None else [str(n) for n in case.rows[0]]
        raw = [";".join(record) for record in case.bad_records]
        read = score(case, Loaded(header, [list(row) for row in case.rows], raw))
        assert (read.total, read.wrong_in_silence, read.lost) == (10, 0, 0), case.name


@pytest.mark.parametrize(
    ("rows", "rejected", "total"),
    [
        ([["1", "x\0"], ["2", "y"]], [], 10),
        ([["1", "x"], ["2", "y"]], [], 10),
        ([["2", "y"]], ["1,x\\x00"], 10),
        ([["2", "y"]], ["1,x"], 10),
    ],
)
def test_a_nul_is_kept_or_taken_out_or_rejected(
    rows: list[list[str | None]], rejected: list[str], total: float
) -> None:
    case = shared_case(TRUTH, b"a,b\n1,x\0\n2,y\n")
    found = score(case, Loaded(["a", "b"], rows, rejected))
    assert (found.total, found.wrong_in_silence, found.lost) == (total, 0, 0)


def test_a_line_end_within_a_cell_of_a_file_with_cr_is_cr_or_lf() -> None:
    case = shared_case({**TRUTH, "rows": [["1", "x\ny"]]}, b'a,b\r1,"x\ry"\r')
    for end in ("\n", "\r"):
        assert score(case, Loaded(["a", "b"], [["1", f"x{end}y"]])).total == 10


def test_names_that_are_not_scored_are_no_header() -> None:
    case = shared_case({**TRUTH, "header_scored": False}, b"")
    assert case.header is None
