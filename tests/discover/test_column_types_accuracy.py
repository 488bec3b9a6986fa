"""How often types are right: on declared columns of real databases, and on invented ones."""

from __future__ import annotations

import duckdb
import pytest

from tests.discover.column_generator import generated_cases
from tests.discover.type_accuracy import (
    DECLARED,
    Case,
    calibration,
    declared_cases,
    find_one,
    is_right,
    sniffed_type,
)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    if not DECLARED.exists():
        pytest.skip("the declared columns of real databases are not on this machine")
    return declared_cases()


@pytest.mark.parametrize(
    "dataset",
    ["northwind", "tpcds_tiny", "pubs", "sakila", "employees", "adventureworks_dw"],
)
def test_declared_types_are_found_more_often_than_duckdb_sniffs_them(
    cases: list[Case], dataset: str
) -> None:
    reader = duckdb.connect()
    chosen = [case for case in cases if case.dataset == dataset]
    # Of the largest, some columns are enough to tell.
    chosen = chosen[:: 1 + len(chosen) // 200]
    ours = [
        is_right(find_one(reader, each.column, each.values).type, each.truth) for each in chosen
    ]
    sniffed = [is_right(sniffed_type(reader, each.values), each.truth) for each in chosen]
    assert sum(ours) / len(ours) > 0.95
    # Where the sniffer makes no mistake, nobody can be better.
    assert sum(ours) > sum(sniffed) or all(ours)


def test_invented_columns_are_found_as_often_as_the_confidence_says() -> None:
    reader = duckdb.connect()
    answers = []
    for each in generated_cases(180, seed=7):
        found = find_one(reader, each.name, each.values)
        answers.append((found.confidence, is_right(found.type, each.truth)))
    assert sum(right for _, right in answers) / len(answers) > 0.93
    for low, count, share in calibration(answers):
        if count >= 10:
            assert share >= low - 0.1, f"{count} answers of {low} or more"


def test_sentinels_of_invented_columns_are_named() -> None:
    reader = duckdb.connect()
    named = planted = invented = 0
    for each in generated_cases(90, seed=11):
        found = {sentinel.value for sentinel in find_one(reader, each.name, each.values).sentinels}
        slips = {"ERROR", "#REF!", "see note"}
        planted += each.sentinel is not None
        named += each.sentinel in found
        invented += bool(found - {each.sentinel} - slips)
    assert named >= 0.95 * planted
    assert invented <= 2
