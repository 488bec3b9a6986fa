"""What discovery reads, and what it says of data that it cannot."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import Any

import pytest

from controlplane.discover.engine import discover
from controlplane.errors import ConfigError, SourceError
from tests.conftest import PostgresDatabase
from tests.discover.conftest import write_csv


def test_a_folder_without_data_is_refused(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# nothing here\n")
    with pytest.raises(SourceError, match="has no data file"):
        discover([tmp_path])


def test_a_place_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file or folder"):
        discover([tmp_path / "exports"])


def test_files_that_cannot_be_read_are_left_out_with_the_reason(tmp_path: Path) -> None:
    write_csv(tmp_path / "good.csv", [["id", "name"], [1, "a"], [2, "b"]])
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "noise.csv").write_bytes(bytes(range(256)) * 50)
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and no more")
    (tmp_path / "settings.json").write_text('{"colour": "red"}')
    found = discover([tmp_path])
    assert [table.name for table in found.tables] == ["good"]
    said = "\n".join(found.notes)
    assert len(found.notes) == 4
    assert all(name in said for name in ("empty.csv: is empty", "noise.csv: is no text"))
    assert "settings.json: is one JSON object, and no table" in said


def test_where_nothing_can_be_read_every_reason_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"")
    (tmp_path / "b.csv").write_bytes(b"")
    with pytest.raises(SourceError, match="no table could be read") as refused:
        discover([tmp_path])
    assert "a.csv" in str(refused.value)
    assert "b.csv" in str(refused.value)


def test_any_name_is_a_name(tmp_path: Path) -> None:
    (tmp_path / "🍎 select.csv").write_text(
        'order,🍌,"a ""b""",order,,x y\n1,2,3,4,5,6\n2,3,4,5,6,7\n'
    )
    (table,) = discover([tmp_path]).tables
    assert table.name == "🍎 select"
    names = [column.name for column in table.columns]
    assert names[:4] == ["order", "🍌", 'a "b"', "order_2"]
    assert len(set(names)) == 6


def test_a_column_without_a_value_is_empty(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", [["id", "nothing"], [1, None], [2, None], [3, None]])
    (table,) = discover([tmp_path]).tables
    nothing = table.column("nothing")
    assert (nothing.kind.type, nothing.nulls, nothing.distinct) == ("empty", 3, 0)


def test_a_header_alone_is_a_table_without_rows(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,name\n")
    (table,) = discover([tmp_path]).tables
    assert (table.rows, table.primary_key) == (0, None)
    assert {column.kind.type for column in table.columns} == {"empty"}


@pytest.mark.parametrize("value", ["2026-01-{0:02}", "10:{0:02}:30", "Ann Bo{0}", "a-b-{0}"])
def test_a_file_of_one_column_is_not_parted(tmp_path: Path, value: str) -> None:
    values = [value.format(number) for number in range(1, 29)]
    write_csv(tmp_path / "values.csv", [["value"], *[[each] for each in values]])
    (tmp_path / "more.txt").write_text("value\n" + "\n".join(values) + "\n")
    tables = discover([tmp_path], only="types").tables
    assert [(len(table.columns), table.rows) for table in tables] == [(1, 28), (1, 28)]


def test_other_delimiters_and_packed_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id;amount\n1;1,5\n2;2,5\n3;4,0\n")
    with gzip.open(tmp_path / "b.csv.gz", "wt", newline="") as file:
        csv.writer(file).writerows([["id", "note"], [1, 'say "x", or\ny'], [2, None]])
    (tmp_path / "c.jsonl").write_text('{"id": 1, "x": "u"}\n{"id": 2, "x": "v"}\n')
    found = {table.name: table for table in discover([tmp_path]).tables}
    assert {name: table.rows for name, table in found.items()} == {"a": 3, "b": 2, "c": 2}
    assert [column.name for column in found["a"].columns] == ["id", "amount"]
    assert found["b"].column("note").nulls == 1


def test_a_bad_line_far_down_does_not_spoil_the_table(tmp_path: Path) -> None:
    lines = ["id,name", *[f"{number},n{number}" for number in range(9000)]]
    lines[8000] = "8000,n,one too many"
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    (table,) = discover([tmp_path]).tables
    assert table.rows == 8999


def test_six_hundred_columns_and_forty_tables_are_no_trouble(tmp_path: Path) -> None:
    header = [f"measure_{number}" for number in range(600)]
    write_csv(
        tmp_path / "wide.csv", [header, *[[n * k % 17 for k in range(600)] for n in range(9)]]
    )
    for number in range(40):
        rows = [[n, f"n{n}", n % 20 + 1] for n in range(1, 21)]
        write_csv(tmp_path / f"part_{number}.csv", [["id", "name", f"part_{number % 7}_id"], *rows])
    found = discover([tmp_path])
    assert len(found.tables) == 41
    assert len(found.table("wide").columns) == 600
    assert found.table("part_9").foreign_keys[0].ref_table == "part_2"


DDL = (
    'create table "Team" (code text primary key, title text)',
    "create table game (day date, home text, away text, score int, primary key (day, home),"
    ' foreign key (home) references "Team", foreign key (away) references "Team")',
    "create schema archive",
    "create table archive.game (n int)",
    "insert into \"Team\" select 'T' || n, 'Team ' || n from generate_series(1, 12) n",
    "insert into game select date '2026-01-01' + n, 'T' || (n % 12 + 1), 'T' || (n % 5 + 1), n % 4"
    " from generate_series(1, 150) n",
)


def test_a_database_is_discovered_with_the_keys_that_it_declares(
    database: PostgresDatabase,
) -> None:
    database.execute(*DDL)
    found = discover([database.url])
    assert {table.name: table.rows for table in found.tables} == {
        "Team": 12,
        "public.game": 150,
        "archive.game": 0,
    }
    game = found.table("public.game")
    assert game.source == "public.game"
    assert game.primary_key is not None
    assert (game.primary_key.columns, game.primary_key.confidence) == (("day", "home"), 1.0)
    assert game.primary_key.reason.startswith("declared")
    assert {key.columns: key.ref_table for key in game.foreign_keys} == {
        ("home",): "Team",
        ("away",): "Team",
    }
    assert all(key.reason.startswith("declared") for key in game.foreign_keys)
    hidden = discover([database.url], declared=False).table("public.game")
    assert hidden.primary_key is None or not hidden.primary_key.reason.startswith("declared")
    assert {key.columns: key.ref_table for key in hidden.foreign_keys} == {
        ("home",): "Team",
        ("away",): "Team",
    }


def test_a_database_stands_alone_and_its_password_is_not_said(
    database: PostgresDatabase, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="by itself"):
        discover([database.url, tmp_path])
    with pytest.raises(SourceError, match="has no table"):
        discover([database.url])
    wrong: Any = database.server.url(database.name, "not-the-password")
    with pytest.raises(SourceError) as refused:
        discover([wrong])
    assert "not-the-password" not in str(refused.value)
