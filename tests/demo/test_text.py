"""Columns of bytes say what Python would say of the same values."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlplane.demo import cells
from controlplane.demo.lines import (
    Optional,
    csv_lines,
    csv_table,
    json_flag,
    json_lines,
    json_table,
    or_null,
    quoted,
)
from controlplane.demo.streams import Stream, cumulated, pick_at

WHOLE = st.lists(st.integers(-(10**12), 10**12), max_size=30)
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)


@given(WHOLE)
def test_numbers(values: list[int]) -> None:
    assert cells.texts(cells.number(np.asarray(values, dtype=np.int64))) == [
        str(value) for value in values
    ]


@given(st.lists(st.integers(0, 99_999), max_size=9))
def test_numbers_of_fixed_width(values: list[int]) -> None:
    shown = cells.texts(cells.number(np.asarray(values, dtype=np.int64), digits=4))
    assert shown == [f"{value:04d}" for value in values]


@given(WHOLE)
def test_money_to_the_cent(values: list[int]) -> None:
    shown = cells.texts(cells.money(np.asarray(values, dtype=np.int64)))
    assert shown == [f"{Decimal(value) / 100:.2f}" for value in values]


@given(st.lists(st.dates(date(1890, 1, 1), date(2110, 1, 1)), max_size=9))
@settings(max_examples=30)
def test_dates_before_and_after_1970(dates: list[date]) -> None:
    days = np.asarray([(one - date(1970, 1, 1)).days for one in dates], dtype=np.int64)
    assert cells.texts(cells.day(days)) == [one.isoformat() for one in dates]
    assert cells.texts(cells.day(days, "d.m.y")) == [f"{one:%d.%m.}{one.year}" for one in dates]


@given(st.lists(st.integers(-(10**9), 4 * 10**9), max_size=9))
@settings(max_examples=30)
def test_moments(seconds: list[int]) -> None:
    start = datetime(1970, 1, 1, tzinfo=UTC)
    assert cells.texts(cells.moment(np.asarray(seconds, dtype=np.int64))) == [
        f"{start + timedelta(seconds=one):%Y-%m-%dT%H:%M:%SZ}" for one in seconds
    ]


def test_the_clock_of_twelve_hours() -> None:
    seconds = np.asarray([0, 3_599, 43_200, 46_805, 86_399])
    assert cells.texts(cells.clock(seconds, "12")) == [
        "12:00:00 AM", "12:59:59 AM", "12:00:00 PM", "01:00:05 PM", "11:59:59 PM",
    ]  # fmt: skip


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=9))
def test_a_csv_reader_reads_what_was_written(rows: list[tuple[str, str]]) -> None:
    written = csv_lines([csv_table(row[0] for row in rows), csv_table(row[1] for row in rows)])
    read = list(csv.reader(io.StringIO(written.decode(), newline=""), strict=True))
    assert [tuple(row) for row in read] == rows


@given(st.lists(st.tuples(TEXT, st.booleans(), st.integers(-99, 99)), min_size=1, max_size=9))
def test_a_json_reader_reads_what_was_written(rows: list[tuple[str, bool, int]]) -> None:
    flags = np.asarray([row[1] for row in rows])
    numbers = np.asarray([row[2] for row in rows])
    written = json_lines(
        {
            "text": json_table(row[0] for row in rows),
            "here": Optional({"n": cells.number(numbers)}, flags),
            "list": [cells.number(numbers), Optional(json_flag(flags), ~flags)],
            "either": Optional({"n": cells.number(numbers)}, flags, null=True),
            "null": or_null(quoted(cells.money(numbers)), flags),
        },
        len(rows),
    )
    read = [json.loads(line) for line in written.decode().split("\n")[:-1]]
    for (text, flag, number), document in zip(rows, read, strict=True):
        expected: dict[str, object] = {
            "text": text,
            "list": [number] if flag else [number, False],
            "either": {"n": number} if flag else None,
            "null": None if flag else f"{Decimal(number) / 100:.2f}",
        }
        if flag:
            expected["here"] = {"n": number}
        assert document == expected


def test_other_texts_in_some_rows() -> None:
    column = cells.table(["a", "bb", "c"])
    changed = cells.replaced(column, np.asarray([1]), cells.table(["longer"]))
    assert cells.texts(changed) == ["a", "longer", "c"]
    assert cells.texts(column) == ["a", "bb", "c"]
    assert cells.texts(cells.blank(column, np.asarray([True, False, False]))) == ["", "bb", "c"]


def test_draws_follow_their_weights() -> None:
    stream = Stream(1, "test")
    drawn = np.bincount(stream.pick([1, 0, 3], 40_000), minlength=3) / 40_000
    assert drawn[1] == 0
    assert drawn[2] == pytest.approx(0.75, abs=0.01)
    between = stream.between(-2, 2, 10_000)
    assert set(between.tolist()) == {-2, -1, 0, 1, 2}
    normal = stream.normal(20_000)
    assert (normal.mean(), normal.std()) == (pytest.approx(0, abs=0.03), pytest.approx(1, abs=0.03))
    assert stream.exponential(20_000).mean() == pytest.approx(1, abs=0.03)
    assert stream.pareto(3.0, 20_000).mean() == pytest.approx(1.5, abs=0.05)
    sample = stream.sample(100, 60)
    assert len(set(sample.tolist())) == 60


def test_a_position_without_weight_is_never_found() -> None:
    totals = cumulated([0, 1, 0, 1, 0])
    assert set(pick_at(np.asarray([0.0, 0.4999, 0.5, 0.9999999]), totals).tolist()) == {1, 3}
