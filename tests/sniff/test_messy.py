"""Files that are polluted in a hundred ways are read as they were meant, or refused: not otherwise."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

import pytest

from tests.messy.case import Case
from tests.messy.generate import cases
from tests.messy.readers import READERS, load
from tests.messy.score import Score, score
from tests.messy.shared import FOLDER, shared_cases


def scores(chosen: Sequence[Case], folder: Path) -> dict[str, Score]:
    read = READERS["databank"]
    return {case.name: score(case, load(read, case, folder)) for case in chosen}


@pytest.fixture(scope="module")
def polluted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Score]:
    chosen = list(cases(31, tables_each=1, pairs_each=1))
    assert len(chosen) > 200
    return scores(chosen, tmp_path_factory.mktemp("polluted"))


def test_polluted_files_are_read_as_they_were_meant(polluted: dict[str, Score]) -> None:
    assert fmean(found.total for found in polluted.values()) > 9.85
    assert all(found.success for found in polluted.values())


def test_hardly_a_record_of_a_polluted_file_is_wrong_and_says_nothing(
    polluted: dict[str, Score],
) -> None:
    assert sum(1 for found in polluted.values() if found.wrong_in_silence) <= 0.01 * len(polluted)


def test_the_messy_files_beside_the_project(tmp_path: Path) -> None:
    if not FOLDER.is_dir():
        pytest.skip("the messy files are not beside the project")
    found = scores(list(shared_cases()), tmp_path)
    assert {name for name, each in found.items() if each.wrong_in_silence} == set()
    # The one that is not has a NUL, and its record is among the rejects.
    assert [name for name, each in found.items() if each.total < 10] == ["csvkit--null_byte"]


def test_well_formed_files_are_read_as_they_stand(tmp_path: Path) -> None:
    """The tables of real databases, beside the project: some hold prose of many lines."""
    databases = FOLDER.parent
    if not databases.is_dir():
        pytest.skip("the open databases are not beside the project")
    paths = [
        path
        for path in sorted(databases.glob("*/*.csv"))
        if path.stat().st_size < 300_000 and path.parent != FOLDER
    ]
    assert len(paths) > 50
    for path in paths:
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        loaded = READERS["databank"](path)
        assert loaded.header == header, path
        found = [[cell or "" for cell in row] for row in loaded.rows]
        assert found == [row for row in rows if row], path
        assert loaded.rejected == [], path
