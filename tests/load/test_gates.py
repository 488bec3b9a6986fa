"""A load that would spoil the warehouse stops before it changes anything."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from controlplane.errors import LoadError, SourceError, TargetError

REPLACE = {"target_config": {"load_strategy": "replace"}}


def numbers(count: int) -> str:
    return "id\n" + "".join(f"{number}\n" for number in range(count))


def test_an_empty_delivery_that_replaces_is_stopped_unless_accepted(loading: Any) -> None:
    process = loading.csv("shop.csv", **REPLACE)
    loading.warehouse.file("shop.csv", numbers(3))
    loading.load(process)
    loading.warehouse.file("shop.csv", numbers(0))
    with pytest.raises(LoadError, match=r"shop\.csv: has no records"):
        loading.load(process)
    assert len(loading.rows()) == 3
    assert loading.load(process, accept_empty=True).rows_loaded == 0


@pytest.mark.parametrize(
    ("before", "after", "stops"), [(100, 49, True), (100, 50, False), (99, 1, False)]
)
def test_a_delivery_that_collapses_is_stopped_unless_it_was_small(
    loading: Any, before: int, after: int, stops: bool
) -> None:
    process = loading.csv("shop.csv", **REPLACE)
    loading.warehouse.file("shop.csv", numbers(before))
    loading.load(process)
    loading.warehouse.file("shop.csv", numbers(after))
    if stops:
        with pytest.raises(LoadError, match=f"{after} records, less than half of the {before}"):
            loading.load(process)
    else:
        loading.load(process)
    assert len(loading.ledger()) == (1 if stops else 2)


def test_a_column_that_vanished_or_came_stops_unless_accepted(loading: Any) -> None:
    process = loading.csv("*.csv")
    loading.warehouse.file("a.csv", "id,Full Name\n1,x\n")
    loading.load(process)
    loading.warehouse.file("b.csv", "id,colour\n2,red\n")
    message = re.escape(
        "b.csv: no longer has 'Full Name' and now has 'colour', compared with batch 1 of shop"
        " (a.csv); nothing was loaded"
    )
    with pytest.raises(LoadError, match=message):
        loading.load(process)
    assert len(loading.ledger()) == 1
    loading.load(process, accept_drift=True)
    assert loading.rows("id", "full_name", "colour") == [("1", "x", None), ("2", None, "red")]


def test_a_spec_that_evolves_takes_columns_as_they_come(loading: Any) -> None:
    process = loading.csv("*.csv", schema_drift="evolve")
    loading.warehouse.file("a.csv", "id,name\n1,x\n")
    loading.load(process)
    loading.warehouse.file("b.csv", "id,colour\n2,red\n")
    (batch,) = loading.load(process).batches
    assert loading.rows("id", "name", "colour") == [("1", "x", None), ("2", None, "red")]
    assert [note.partition(": `")[0] for note in batch.notes] == [
        "raw.shop has the new column 'colour' (colour)",
        "raw.shop no longer gets the column 'name' (name), which is null from now on",
    ]


@pytest.mark.parametrize("flaw", ["", "3,4\n"], ids=["fast", "careful"])
def test_a_spec_that_discards_leaves_new_columns_out(loading: Any, flaw: str) -> None:
    process = loading.csv(
        "*.csv", schema_drift="discard", error_handling={"error_action": "quarantine"}
    )
    loading.warehouse.file("a.csv", "id,name\n1,x\n")
    loading.load(process)
    loading.warehouse.file("b.csv", f"Colour,id,size\nred,2,L\n{flaw}")
    (batch,) = loading.load(process).batches
    assert loading.rows() == [("1", "x"), ("2", None)]
    assert [note.partition(", ")[0] for note in batch.notes] == [
        "the column 'Colour'",
        "the column 'size'",
        "raw.shop no longer gets the column 'name' (name)",
    ]
    assert loading.ledger("source_columns", "raw_columns")[1] == (
        '["id", "Colour", "size"]',
        '["id"]',
    )
    # What is left out is no news, and neither is what is missing.
    loading.warehouse.file("c.csv", "Colour,id\nred,3\n")
    loading.load(process)
    loading.warehouse.file("d.csv", "id,name\n4,y\n")
    loading.load(process)
    assert loading.rows()[2:] == [("3", None), ("4", "y")]
    # The flag lets in for good what the spec leaves out.
    loading.warehouse.file("e.csv", "id,name,size\n5,z,XL\n")
    loading.load(process, accept_drift=True)
    loading.warehouse.file("f.csv", "id,name,size\n6,z,S\n")
    loading.load(process)
    assert loading.rows("id", "size")[4:] == [("5", "XL"), ("6", "S")]


def test_a_delivery_with_nothing_but_columns_to_leave_out_is_refused(loading: Any) -> None:
    process = loading.csv("*.csv", schema_drift="discard")
    loading.warehouse.file("a.csv", "id,name\n1,x\n")
    loading.load(process)
    loading.warehouse.file("b.csv", "colour,size\nred,L\n")
    with pytest.raises(LoadError, match=r"b\.csv: none of its columns is one of the raw table's"):
        loading.load(process)
    assert len(loading.ledger()) == 1


def test_models_do_not_follow_columns_that_are_left_out(loading: Any) -> None:
    from controlplane.load.describe import describe_source

    process = loading.csv("*.csv", schema_drift="discard")
    loading.warehouse.file("a.csv", "id,name\n1,x\n")
    loading.load(process)
    loading.warehouse.file("b.csv", "id,name,size\n2,y,L\n")
    project = loading.warehouse.project
    names = [column.name for column in describe_source(process, project).columns]
    assert names == ["id", "name"]
    frozen = loading.csv("*.csv")
    assert [column.name for column in describe_source(frozen, project).columns][-1] == "size"


def test_a_declared_column_must_be_there_at_first_and_may_go_later(loading: Any) -> None:
    process = loading.csv("*.csv", columns=[{"name": "Full Name", "description": "Who it is."}])
    loading.warehouse.file("a.csv", "id,fullname\n1,x\n")
    with pytest.raises(SourceError, match="has no column 'Full Name', which the spec declares"):
        loading.load(process)
    loading.warehouse.file("a.csv", "id,Full Name\n1,x\n")
    loading.load(process)
    loading.warehouse.file("b.csv", "id\n2\n")
    with pytest.raises(LoadError, match=r"b\.csv: no longer has 'Full Name'"):
        loading.load(process)
    loading.load(process, accept_drift=True)
    assert loading.rows("id", "full_name") == [("1", "x"), ("2", None)]


def deliver(loading: Any, header: str, *, accept: bool = False) -> None:
    """Load one more file with this header."""
    count = len(loading.ledger()) if loading.warehouse.target.relations() else 0
    name = f"c_{count + 1}.csv"
    values = ",".join("1" for _ in header.split(","))
    loading.warehouse.file(name, f"{header}\n{values}\n")
    try:
        loading.load(loading.csv("c_*.csv"), accept_drift=accept)
    except LoadError:
        (loading.warehouse.project.root / name).unlink()
        raise


def test_columns_that_the_raw_table_has_had_are_no_drift(loading: Any) -> None:
    deliver(loading, "id,name,amount")
    deliver(loading, "id,name,amount,extra", accept=True)
    deliver(loading, "id,name", accept=True)
    deliver(loading, "id,name,amount")
    deliver(loading, "extra,amount,name,id")
    deliver(loading, "id,name")
    with pytest.raises(LoadError, match="now has 'colour', compared with batch 6"):
        deliver(loading, "id,name,colour")
    with pytest.raises(LoadError, match="no longer has 'name', compared with batch 6"):
        deliver(loading, "id,amount,extra")


def test_a_column_that_was_there_ever_since_it_came_is_missed(loading: Any) -> None:
    deliver(loading, "id")
    deliver(loading, "id,Tax Rate", accept=True)
    deliver(loading, "id,Tax Rate")
    with pytest.raises(LoadError, match="no longer has 'Tax Rate', compared with batch 3"):
        deliver(loading, "id")
    deliver(loading, "id", accept=True)
    deliver(loading, "id,Tax Rate")
    deliver(loading, "id")


def test_columns_in_another_order_are_loaded_by_name(loading: Any) -> None:
    process = loading.csv("*.csv")
    loading.warehouse.file("a.csv", "id,name\n1,x\n")
    loading.load(process)
    loading.warehouse.file("b.csv", "name,id\ny,2\n")
    loading.load(process)
    assert loading.rows("id", "name") == [("1", "x"), ("2", "y")]


def test_names_that_are_empty_repeated_or_reserved_become_columns(loading: Any) -> None:
    loading.warehouse.file("shop.csv", "id,,id,select,Höhe (cm),1st\n1,2,3,4,5,6\n")
    loading.load(loading.csv("shop.csv"))
    names = ("id", "column_2", "id_2", "select_", "hohe_cm", "column_1st")
    assert loading.rows(*names) == [("1", "2", "3", "4", "5", "6")]


def test_a_file_that_changes_while_it_is_read_is_left_for_later(loading: Any) -> None:
    path = loading.warehouse.file("shop.csv", numbers(3))
    loading.warehouse.file("shop_2.csv", numbers(2))

    def now_and_then_more() -> Any:
        with path.open("a", encoding="utf-8") as file:
            file.write("9\n")
        return loading.now()

    found = loading.load(loading.csv("shop*.csv"), now=now_and_then_more)
    assert found.warnings == (
        "shop.csv: was changed while it was being read; it is left for the next load",
    )
    assert loading.ledger("source", "rows_loaded") == [("shop_2.csv", 2)]
    again = loading.load(loading.csv("shop*.csv"))
    # Each of the two batches has asked for the time, and so added a record.
    assert (again.rows_loaded, again.unchanged_sources, again.warnings) == (5, 1, ())


def test_a_file_that_is_still_open_for_writing_is_left_for_later(loading: Any) -> None:
    path = loading.warehouse.file("shop_1.csv", "")
    loading.warehouse.file("shop_2.csv", numbers(2))
    # Only Linux tells that a file is open. Elsewhere the file as it stands is a batch.
    tells = sys.platform == "linux"
    later = "shop_1.csv: is open in a program that writes it; it is left for the next load"
    with path.open("a", encoding="utf-8") as file:
        file.write("id\n1\n")
        file.flush()
        found = loading.load(loading.csv("shop*.csv"))
        assert found.warnings == ((later,) if tells else ())
        early = [] if tells else [("shop_1.csv", 1)]
        assert loading.ledger("source", "rows_loaded") == [*early, ("shop_2.csv", 2)]
        alone = loading.load(loading.csv("shop_1.csv"))
        assert (alone.batches, alone.warnings) == ((), found.warnings)
        file.write("2\n")
    again = loading.load(loading.csv("shop*.csv"))
    assert (again.rows_loaded, again.unchanged_sources, again.warnings) == (2, 1, ())


def test_a_file_that_is_open_for_reading_is_loaded(loading: Any) -> None:
    path = loading.warehouse.file("shop.csv", numbers(2))
    with path.open("rb"):
        assert loading.load(loading.csv("shop.csv")).rows_loaded == 2


def test_every_line_of_the_ledger_adds_up(loading: Any) -> None:
    for index, content in enumerate(["id,x\n1,2\n3\n", "id,x\n", "id,x\n5,6\n"]):
        loading.warehouse.file(f"{index}.csv", content)
    loading.load(loading.csv("*.csv", error_handling={"error_action": "quarantine"}))
    lines = loading.ledger("rows_read", "rows_loaded", "rows_rejected")
    assert all(read == loaded + rejected for read, loaded, rejected in lines)
    rows = loading.warehouse.target.query(
        "select l.rows_loaded - (select count(*) from raw.shop where _batch_id = l.batch_id),"
        " l.rows_rejected - (select count(*) from raw._rejects as r where r.batch_id = l.batch_id)"
        " from raw._loads as l"
    )
    assert rows == [(0, 0)] * 3


def test_batches_of_all_processes_are_numbered_in_one_row(loading: Any) -> None:
    loading.warehouse.file("shop.csv", numbers(1))
    for name in ("one", "two", "three"):
        loading.load(loading.csv("shop.csv", name=name))
    from controlplane.load.ledger import current_batches

    current = current_batches(loading.warehouse.target)
    assert {table: line.split(" ")[0] for table, line in current.items()} == {
        "one": "1",
        "two": "2",
        "three": "3",
    }
    assert len({line.split(" ")[1] for line in current.values()}) == 3


def test_an_empty_warehouse_has_no_batches(loading: Any) -> None:
    from controlplane.load.ledger import current_batches

    assert current_batches(loading.warehouse.target) == {}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 megabytes."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def large() -> str:
    rows = (f"{n},{os.urandom(40).hex()}" for n in itertools.islice(itertools.count(), 200_000))
    return "id,text\n" + "\n".join(rows) + "\n"


def test_a_full_disk_under_the_warehouse_is_one_message_and_loses_nothing(
    make_warehouse: Callable[..., Any],
    load_into: Callable[[Any], Any],
    small_disk: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    warehouse = make_warehouse("duckdb")
    object.__setattr__(warehouse.target, "path", small_disk / "warehouse.duckdb")
    loading = load_into(warehouse)
    warehouse.file("a.csv", "id,text\n1,x\n")
    loading.load(loading.csv("*.csv"))
    warehouse.file("b.csv", large())
    with pytest.raises((LoadError, TargetError), match="the disk is full"):
        loading.load(loading.csv("*.csv"))
    assert loading.rows() == [("1", "x")]
    warehouse.file("b.csv", "id,text\n2,y\n")
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    loading.load(loading.csv("*.csv"))
    assert loading.rows() == [("1", "x"), ("2", "y")]


def test_a_full_disk_under_the_scratch_files_is_one_message(loading: Any, small_disk: Path) -> None:
    state = loading.warehouse.project.ensure_state_dir()
    (state / "spool").symlink_to(small_disk)
    loading.warehouse.file("shop.csv", large() + "1\n")
    process = loading.csv("shop.csv", error_handling={"error_action": "quarantine"})
    with pytest.raises(LoadError, match="the disk is full"):
        loading.load(process)
    assert ("raw", "shop") not in loading.warehouse.target.relations()
    assert not list(small_disk.iterdir())


def test_a_source_database_larger_than_the_disk_is_one_message(
    loading: Any, small_disk: Path, database: Any
) -> None:
    database.execute(
        "create table events as select n, md5(n::text) || md5((n + 1)::text) as text"
        " from generate_series(1, 300000) as n"
    )
    state = loading.warehouse.project.ensure_state_dir()
    (state / "spool").symlink_to(small_disk)
    source = {
        "source_type": "postgresql",
        "connection_string": database.url,
        "table": "events",
    }
    with pytest.raises(LoadError, match="the disk is full"):
        loading.load(loading.process(source_config=source))
    assert not list(small_disk.iterdir())
