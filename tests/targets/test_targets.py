"""A warehouse answers, describes itself and is written by one at a time, on every engine."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from controlplane.config import load_project
from controlplane.errors import LockBusyError, TargetError
from controlplane.targets import MissingRelationError, open_target


def test_an_empty_warehouse_has_no_relations_and_is_not_created_by_looking(
    warehouse: Any,
) -> None:
    target = warehouse.target
    assert ("raw", "shop") not in target.relations()
    assert target.columns("raw", "shop") == []
    assert target.query("select 1 + ?", (1,)) == [(2,)]
    with pytest.raises(MissingRelationError):
        target.query("select * from raw.shop")
    if target.settings.path:
        assert not target.settings.path.exists()


def test_a_session_knows_the_columns_of_a_table_and_goes_on_where_there_is_none(
    warehouse: Any, tmp_path: Path
) -> None:
    with warehouse.target.load_session("test", tmp_path) as session:
        with session.transaction():
            assert session.column_names("raw", "shop") == []
            session.query("create schema raw")
            assert session.column_names("raw", "shop") == []
            session.query('create table raw.shop (id bigint, "Name" text)')
            assert session.column_names("raw", "shop") == ["id", "Name"]
        assert session.column_names("raw", "shop") == ["id", "Name"]


def test_what_was_written_in_a_transaction_is_there_and_what_failed_is_not(
    warehouse: Any, tmp_path: Path
) -> None:
    target = warehouse.target
    with target.load_session("test", tmp_path) as session:
        with session.transaction():
            session.query("create schema raw")
            session.query("create table raw.shop (id bigint, name text)")
            count = session.append(
                "raw.shop", ("id", "name"), "select i, 'a,\"\n%' from range(3) t(i)"
            )

        def interrupted() -> None:
            with session.transaction():
                session.query("insert into raw.shop values (?, ?)", (9, "it's"))
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()
    assert count == 3
    assert target.query("select * from raw.shop order by id") == [
        (number, 'a,"\n%') for number in range(3)
    ]
    assert ("raw", "shop") in target.relations()
    assert [name for name, _ in target.columns("raw", "shop")] == ["id", "name"]
    assert target.query("select count(*) from raw.shop where name like '%' and id = ?", (1,)) == [
        (1,)
    ]


def test_the_write_lock_can_be_taken_again_by_who_has_it(warehouse: Any) -> None:
    with warehouse.target.write_lock("me") as first, warehouse.target.write_lock("me") as second:
        assert first is second
        assert first.pass_fds


def test_the_write_lock_excludes_others_and_names_its_holder(warehouse: Any) -> None:
    other = open_target(warehouse.project.target)
    with warehouse.target.write_lock("databank run (job 7)"):
        with pytest.raises(LockBusyError, match=r"databank run \(job 7\)"):
            with other.write_lock("me", wait=False):
                pass
    with other.write_lock("me", wait=False):
        pass


HOLD = """
import subprocess, sys
from pathlib import Path
from controlplane.config import load_project
from controlplane.targets import open_target
target = open_target(load_project(Path(sys.argv[1]), target=sys.argv[2]).target)
with target.write_lock("parent") as lock:
    child = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.readline()"], pass_fds=lock.pass_fds)
    print(child.pid, flush=True)
    child.wait()
"""


def test_a_child_keeps_the_lock_of_a_killed_parent_for_as_long_as_it_lives(
    warehouse: Any,
) -> None:
    project = warehouse.project
    parent = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(project.root), project.target.name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=dict(project.environment),
    )
    assert parent.stdout is not None
    assert parent.stdin is not None
    assert int(parent.stdout.readline()) > 0
    parent.kill()
    parent.wait()
    with pytest.raises(LockBusyError, match="parent"):
        with warehouse.target.write_lock("me", wait=False):
            pass
    # The child shares its parent's standard input, and ends with it.
    parent.stdin.close()
    with warehouse.target.write_lock("me"):
        pass
    parent.stdout.close()


def test_a_lock_file_that_somebody_deletes_lets_no_two_in(make_warehouse: Any) -> None:
    warehouse = make_warehouse("duckdb")
    path = warehouse.target.path.with_name("warehouse.duckdb.lock")
    with warehouse.target.write_lock("one"):
        pass
    path.unlink()
    other = open_target(warehouse.project.target)
    with warehouse.target.write_lock("two"), pytest.raises(LockBusyError, match="two"):
        with other.write_lock("three", wait=False):
            pass


def test_a_program_that_holds_the_duckdb_file_is_named(
    make_warehouse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = make_warehouse("duckdb")
    path = warehouse.target.path
    duckdb.connect(str(path)).close()
    hold = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True);"
        " sys.stdin.readline()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", hold, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    child.stdout.readline()
    monkeypatch.setenv("DATABANK_LOCK_TIMEOUT", "0.2")
    with pytest.raises(TargetError, match=rf"is held open by .*\(process {child.pid}\)"):
        warehouse.target.query("select 1")
    child.communicate("\n")
    assert warehouse.target.query("select 1") == [(1,)]


def test_a_file_that_is_no_duckdb_database_is_said(make_warehouse: Any) -> None:
    warehouse = make_warehouse("duckdb")
    warehouse.target.path.write_text("hello " * 1000, encoding="utf-8")
    with pytest.raises(TargetError, match="is not a DuckDB database file"):
        warehouse.target.query("select 1")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"DATABANK_POSTGRES_PASSWORD": "not-the-one"}, "password authentication failed"),
        ({"DATABANK_POSTGRES_PORT": "1"}, "cannot be reached"),
        ({"DATABANK_POSTGRES_DATABASE": "nowhere"}, 'database "nowhere" does not exist'),
    ],
)
def test_a_warehouse_that_cannot_be_reached_is_one_message_without_the_password(
    make_warehouse: Any, settings: dict[str, str], message: str
) -> None:
    project = make_warehouse("postgres").project
    environment = {**project.environment, **settings}
    again = load_project(project.root, target="postgres", environment=environment)
    with pytest.raises(TargetError, match=message) as caught:
        open_target(again.target).query("select 1")
    for secret in ("not-the-one", project.target.password):
        assert secret not in str(caught.value)
        assert secret not in repr(again.target)


def test_the_timeout_has_to_be_a_number(
    make_warehouse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = make_warehouse("duckdb")
    duckdb.connect(str(warehouse.target.path)).close()
    monkeypatch.setenv("DATABANK_LOCK_TIMEOUT", "soon")
    with pytest.raises(TargetError, match="'soon', not a number of seconds"):
        warehouse.target.query("select 1")


KILLED = """
import os, signal, sys
from pathlib import Path
import duckdb
from controlplane.config import load_project
from controlplane.targets import open_target

def killed(path, **options):
    Path(path).write_bytes(b"half a header")
    os.kill(os.getpid(), signal.SIGKILL)

project = load_project(Path(sys.argv[1]), target="duckdb")
scratch = project.ensure_state_dir()
duckdb.connect = killed
with open_target(project.target).load_session("test", scratch):
    pass
"""


def test_a_loader_that_is_killed_while_the_file_is_made_leaves_none(make_warehouse: Any) -> None:
    place = make_warehouse("duckdb")
    child = subprocess.run(
        [sys.executable, "-c", KILLED, str(place.project.root)],
        env=dict(place.project.environment),
        capture_output=True,
        check=False,
    )
    assert child.returncode == -signal.SIGKILL, child.stderr
    assert not place.target.path.exists()
    with place.target.load_session("test", place.project.ensure_state_dir()) as session:
        assert session.query("select 1") == [(1,)]
    assert [path.name for path in place.project.root.glob("*.new")] == []
    assert [path.name for path in place.project.root.glob(".*.new")] == []


def test_loads_that_stay_open_share_a_connection_until_others_get_their_turn(
    make_warehouse: Any, tmp_path: Path
) -> None:
    target = make_warehouse("duckdb").target
    other = open_target(target.settings)
    scratch = tmp_path / "second"
    scratch.mkdir()
    with target.stay_open():
        with target.load_session("first", tmp_path) as session:
            session.query("create table one (id int)")
            session.query("attach ':memory:' as kept")
            session.query("create temp table mine (id int)")
        with pytest.raises(LockBusyError, match="first"), other.write_lock("me", wait=False):
            pass
        assert target.query("select count(*) from one") == [(0,)]
        with target.load_session("second", scratch) as session:
            session.query("insert into one values (1)")
            assert ("kept",) in session.query("select database_name from duckdb_databases()")
            assert session.query("select count(*) from duckdb_tables() where temporary") == [(0,)]
            assert session.query("select current_setting('temp_directory')") == [(str(scratch),)]

        target.let_go()
        with other.write_lock("me", wait=False):
            assert other.query("select id from one") == [(1,)]
        with target.load_session("third", tmp_path) as session:
            assert ("kept",) not in session.query("select database_name from duckdb_databases()")
    with other.write_lock("me", wait=False):
        assert other.query("select id from one") == [(1,)]


def test_a_load_that_fails_leaves_nothing_open(make_warehouse: Any, tmp_path: Path) -> None:
    target = make_warehouse("duckdb").target
    other = open_target(target.settings)

    def interrupted() -> None:
        with target.load_session("first", tmp_path) as session:
            session.query("create table one (id int)")
            raise KeyboardInterrupt

    with target.stay_open():
        with pytest.raises(KeyboardInterrupt):
            interrupted()
        with other.write_lock("me", wait=False):
            assert other.query("select count(*) from one") == [(0,)]


def test_a_connection_is_shared_for_some_seconds_and_not_after_it_has_spilled(
    make_warehouse: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = make_warehouse("duckdb").target
    scratch = tmp_path / "second"
    scratch.mkdir()

    def kept_after(statement: str) -> bool:
        with target.stay_open():
            with target.load_session("first", tmp_path) as session:
                session.query("attach ':memory:' as kept")
                session.query(statement)
            with target.load_session("second", scratch) as session:
                assert session.query("select current_setting('temp_directory')") == [
                    (str(scratch),)
                ]
                return ("kept",) in session.query("select database_name from duckdb_databases()")

    assert kept_after("select 1")
    spills = (
        "set memory_limit = '60MB'; create temp table big as"
        " select i, md5(cast(i as text)) as text from range(2000000) as t(i)"
    )
    assert not kept_after(spills)
    monkeypatch.setattr("controlplane.targets.duckdb._SHARED_SECONDS", 0.0)
    assert not kept_after("select 1")
