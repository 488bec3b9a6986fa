"""Files become raw rows as they are, once."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import pytest

from controlplane.errors import LockBusyError, SourceError
from controlplane.load import loader, reading
from controlplane.load.loader import at_once
from controlplane.targets import MissingRelationError, open_target
from tests.load.conftest import Loading

CSV = 'id,name,Total Amount\n1,Ann,10.50\n2,,\n3,"",0\n'


def test_a_csv_file_becomes_rows_of_text_with_where_they_came_from(loading: Any) -> None:
    loading.warehouse.file("data/shop.csv", CSV)
    result = loading.load(loading.csv("data/shop.csv"), job_id="job-1")
    assert loading.rows() == [("1", "Ann", "10.50"), ("2", None, None), ("3", "", "0")]
    assert loading.rows("_batch_id", "_source_file", "_row_number") == [
        (1, "data/shop.csv", 1),
        (1, "data/shop.csv", 2),
        (1, "data/shop.csv", 3),
    ]
    assert (result.rows_read, result.rows_loaded, result.rows_rejected) == (3, 3, 0)
    [line] = loading.ledger("process", "raw_table", "source_columns", "raw_columns", "job_id")
    assert line == (
        "shop",
        "shop",
        '["id", "name", "Total Amount"]',
        '["id", "name", "total_amount"]',
        "job-1",
    )


def test_the_same_file_is_not_loaded_again(loading: Any) -> None:
    path = loading.warehouse.file("shop.csv", CSV)
    process = loading.csv("shop.csv")
    loading.load(process)
    os.utime(path, (1, 1))
    again = loading.load(process)
    assert (again.batches, again.unchanged_sources) == ((), 1)
    assert len(loading.rows()) == 3


def test_a_changed_file_is_a_new_batch_and_a_file_that_changed_back_is_another(
    loading: Any,
) -> None:
    process = loading.csv("shop.csv")
    for content in (CSV, CSV + "4,New,1\n", CSV):
        loading.warehouse.file("shop.csv", content)
        loading.load(process)
    assert loading.ledger("batch_id", "rows_loaded") == [(1, 3), (2, 4), (3, 3)]


def test_a_file_that_was_hashed_just_now_is_hashed_again(loading: Any) -> None:
    path = loading.warehouse.file("shop.csv", CSV)
    state = path.stat()
    process = loading.csv("shop.csv")
    loading.load(process)
    path.write_text(CSV.replace("Ann", "Eve"), encoding="utf-8")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert len(loading.load(process).batches) == 1


def test_globs_are_sorted_and_every_file_is_a_batch(loading: Any) -> None:
    for name in ("b", "a", "c"):
        loading.warehouse.file(f"data/{name}.csv", f"id\n{name}\n")
    process = loading.csv(["data/*.csv", "data/a.csv"])
    loading.load(process)
    assert loading.rows("id", "_source_file") == [
        ("a", "data/a.csv"),
        ("b", "data/b.csv"),
        ("c", "data/c.csv"),
    ]
    loading.warehouse.file("data/d.csv", "id\nd\n")
    assert [batch.source for batch in loading.load(process).batches] == ["data/d.csv"]


def test_many_small_files_load_in_their_order(loading: Any) -> None:
    for number in range(120):
        loading.warehouse.file(f"data/{number:03}.csv", f"id\n{number}\n")
    loading.load(loading.csv("data/*.csv"))
    assert [row[0] for row in loading.rows("id")] == [str(number) for number in range(120)]


@pytest.mark.parametrize("name", ["name", "rowid"])
def test_records_of_a_large_file_are_numbered_in_their_order(loading: Any, name: str) -> None:
    count = 1_000_000
    path = loading.warehouse.file("shop.csv", "")
    duckdb.execute(
        f"copy (select i as id, 'customer ' || i as {name} from range(1, {count + 1}) t(i))"
        f" to '{path}'"
    )
    loading.load(loading.csv("shop.csv"))
    found = loading.warehouse.target.query(
        "select count(*), count(distinct id), sum(case when cast(id as bigint) = _row_number"
        f" and {name} = 'customer ' || _row_number then 1 else 0 end) from raw.shop"
    )
    assert [tuple(map(int, row)) for row in found] == [(count, count, count)]


@pytest.mark.parametrize("version", ["v1.0.0", "latest"])
def test_a_large_file_goes_into_a_warehouse_of_any_format_of_duckdb(
    make_warehouse: Any, version: str
) -> None:
    loading = Loading(make_warehouse("duckdb"))
    target, count = loading.warehouse.target, 600_000
    with duckdb.connect() as connection:
        connection.execute(f"attach '{target.path}' as w (storage_version '{version}')")
        path = loading.warehouse.file("shop.csv", "")
        connection.execute(
            "copy (select i as id, md5(i::varchar) as code, i % 7 as kind, null as nothing"
            f" from range({count}) t(i)) to '{path}'"
        )
    loading.load(loading.csv("shop.csv"))
    found = target.query(
        "select count(*), count(distinct code), count(distinct kind), count(nothing),"
        " sum(case when code = md5(id) then 1 else 0 end) from raw.shop"
    )
    assert found == [(count, count, 7, 0, count)]


def test_files_are_prepared_in_parts_of_fifty_or_of_more_if_they_are_small(tmp_path: Path) -> None:
    def parts(*sizes: int) -> list[int]:
        files = []
        for number, size in enumerate(sizes):
            files.append(tmp_path / str(number))
            with files[-1].open("wb") as file:
                file.truncate(size)
        found = list(at_once(files))
        assert [index for part in found for index in range(len(files))[part]] == [
            *range(len(files))
        ]
        return [part.stop - part.start for part in found]

    assert parts() == []
    assert parts(1) == [1]
    assert parts(*[10] * 1100) == [500, 500, 100]
    assert parts(*[10 << 20] * 120) == [50, 50, 20]
    assert parts(*[10] * 300, 17 << 20, 10) == [300, 2]
    assert parts(10, 17 << 20, *[10] * 100) == [50, 52]


def test_scratch_files_of_a_part_are_gone_when_the_next_is_prepared(
    loading: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "SMALL_FILES_AT_ONCE", 2)
    for number in range(6):
        loading.warehouse.file(f"data/{number}.csv", f"id,name\n{number},a\n{number},a,b\n")
    spool = loading.warehouse.project.state_dir / "spool"
    there: list[int] = []
    loading.load(
        loading.csv("data/*.csv", error_handling={"error_action": "quarantine"}),
        on_progress=lambda _: there.append(len(list(spool.rglob("good.csv")))),
    )
    # Each is read with care once DuckDB has refused it.
    assert there == [1, 2] * 3


@pytest.mark.parametrize("path", ["none.csv", "data/*.csv"])
def test_a_missing_file_is_one_clear_message(loading: Any, path: str) -> None:
    with pytest.raises(SourceError, match=r"no such file|no file matches"):
        loading.load(loading.csv(path))


def test_an_empty_file_is_refused(loading: Any) -> None:
    loading.warehouse.file("shop.csv", "")
    with pytest.raises(SourceError, match=r"shop\.csv: is empty"):
        loading.load(loading.csv("shop.csv"))


def test_a_file_with_only_a_header_is_a_batch_without_rows(loading: Any) -> None:
    loading.warehouse.file("shop.csv", "id,name\n")
    result = loading.load(loading.csv("shop.csv"))
    assert [batch.rows_read for batch in result.batches] == [0]
    assert loading.rows() == []


def test_a_dry_run_says_what_would_be_loaded_and_loads_nothing(loading: Any) -> None:
    loading.warehouse.file("shop.csv", CSV)
    process = loading.csv("shop.csv")
    planned = loading.load(process, dry_run=True)
    assert [(batch.batch_id, batch.source) for batch in planned.batches] == [(None, "shop.csv")]
    assert loading.warehouse.target.relations() & {("raw", "shop"), ("raw", "_loads")} == set()
    loading.load(process)
    assert loading.load(process, dry_run=True).batches == ()


def test_what_takes_a_while_to_read_is_read_when_others_have_their_turn(
    loading: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = loading.warehouse.target
    free = []

    def open_file(*arguments: Any) -> Any:
        try:
            with open_target(target.settings).write_lock("me", wait=False):
                free.append(True)
        except LockBusyError:
            free.append(False)
        return reading.open_file(*arguments)

    monkeypatch.setattr(loader, "open_file", open_file)
    with target.stay_open():
        for day, most in (("a", loader.QUICK_BYTES), ("b", loader.QUICK_BYTES), ("c", 0)):
            monkeypatch.setattr(loader, "QUICK_BYTES", most)
            loading.warehouse.file(f"data/{day}.csv", CSV)
            loading.load(loading.csv(f"data/{day}.csv"))
    shares = target.settings.type == "duckdb"
    assert free == [True, not shares, True]
    assert len(loading.ledger()) == 3


def test_that_there_is_work_is_said_before_it_is_done(loading: Any) -> None:
    loading.warehouse.file("data/shop.csv", CSV)
    lines: list[int] = []

    def on_work() -> None:
        with suppress(MissingRelationError):
            lines.append(len(loading.ledger()))

    loading.load(loading.csv("data/shop.csv"))
    loading.load(loading.csv("data/shop.csv"), on_work=on_work)
    assert lines == []
    loading.warehouse.file("data/shop.csv", CSV + "4,Ben,1\n")
    loading.load(loading.csv("data/shop.csv"), on_work=on_work)
    assert lines == [1]
    assert len(loading.ledger()) == 2
