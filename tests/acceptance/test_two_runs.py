"""Two runs of one warehouse at once: they wait for each other, and nothing is done twice."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from controlplane.naming import LEDGER_TABLE, RAW_SCHEMA

ORDERS = {
    "name": "orders",
    "type": "full",
    "source_config": {
        "source_type": "csv",
        "path": "data/orders_*.csv",
        "columns": [{"name": "order_id", "type": "integer"}],
    },
    "target_config": {"load_strategy": "append", "unique_key": ["order_id"]},
}
# A model that is not done before the gate opens: it waits for a file, or for a lock of the server.
DUCKDB_GATE = """
import pathlib
import time


def model(dbt, session):
    dbt.ref("orders")
    pathlib.Path("reached").touch()
    while not pathlib.Path("open").exists():
        time.sleep(0.02)
    return session.sql("select 1 as one")
"""
POSTGRES_GATE = """
select count(*) as records, (select cast(pg_advisory_xact_lock_shared(4711) as text)) as gate
from {{ ref('orders') }}
"""
PATIENCE_SECONDS = 120.0


def until(condition: Callable[[], object], what: str) -> None:
    """Returns once the condition holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.02)


def deliver(root: Path, number: int) -> None:
    """Ten orders in a file of their own."""
    data = root / "data"
    data.mkdir(exist_ok=True)
    rows = [f"{10 * number + each},paid" for each in range(10)]
    (data / f"orders_{number}.csv").write_text("\n".join(["order_id,status", *rows]) + "\n")


@dataclass(frozen=True)
class Gated:
    """A project with a model that holds up its build, and whether a run has come as far."""

    databank: Any
    is_reached: Callable[[], object]
    open: Callable[[], None]


@contextmanager
def gated(target: str, databank: Any) -> Iterator[Gated]:
    """The project with its models and the gate, which is shut."""
    databank.spec("orders", ORDERS)
    deliver(databank.root, 1)
    databank.expect(0, "generate")
    models = databank.root / "models" / "gold"
    models.mkdir(parents=True, exist_ok=True)
    if target == "duckdb":
        (models / "gate.py").write_text(DUCKDB_GATE)
        root = databank.root
        yield Gated(databank, (root / "reached").exists, (root / "open").touch)
        return
    (models / "gate.sql").write_text(POSTGRES_GATE)
    with closing(connect(databank)) as connection, connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(4711)")

        def waits() -> object:
            return databank.rows(
                "select 1 from pg_locks where locktype = 'advisory' and objid = 4711 and not granted"
            )

        yield Gated(databank, waits, lambda: cursor.execute("select pg_advisory_unlock(4711)"))


def connect(databank: Any) -> Any:
    """A connection to the project's PostgreSQL warehouse."""
    import psycopg2

    settings = databank.project.target
    connection = psycopg2.connect(
        host=settings.host,
        port=settings.port,
        user=settings.user,
        password=settings.password,
        dbname=settings.dbname,
    )
    connection.autocommit = True
    return connection


def ended(process: subprocess.Popen[str]) -> tuple[dict[str, Any], str]:
    """What a run that succeeded printed."""
    stdout, stderr = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, stderr
    document: dict[str, Any] = json.loads(stdout)
    return document, stderr


def line_with(process: subprocess.Popen[str], text: str) -> str:
    """The first line on standard error that holds the text."""
    assert process.stderr is not None
    watch = threading.Timer(PATIENCE_SECONDS, process.kill)
    watch.start()
    try:
        for line in process.stderr:
            if text in line:
                return line
    finally:
        watch.cancel()
    raise AssertionError(f"it ended without a word of {text!r}")


def running_job(databank: Any) -> str:
    """The id of the only job that runs."""
    listed = json.loads(databank.expect(0, "job", "list", "-o", "json").stdout)["jobs"]
    (job,) = [each["id"] for each in listed if each["status"] == "running"]
    return str(job)


def assert_loaded_once(databank: Any, files: int) -> None:
    """Every file is one batch, and every order is in silver once."""
    assert databank.rows(
        f"select count(*), count(distinct source) from {RAW_SCHEMA}.{LEDGER_TABLE}"
    ) == [(files, files)]
    assert databank.rows("select count(*), count(distinct order_id) from silver.orders") == [
        (10 * files, 10 * files)
    ]
    assert databank.rows("select count(*), count(distinct batch_id) from raw._loads") == [
        (files, files)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("target", ["duckdb", pytest.param("postgres", marks=pytest.mark.long)])
def test_a_second_run_waits_for_the_first_and_builds_only_what_is_left(
    target: str, make_databank: Callable[..., Any]
) -> None:
    """The one that waits says for whom; one that does not want to wait exits with 4."""
    with gated(target, make_databank(target)) as project:
        databank = project.databank
        first = databank.start("run", "-o", "json")
        until(project.is_reached, "the first run builds")
        job = running_job(databank)

        hurried = databank.expect(4, "run", "--no-wait")
        assert job in hurried.stderr
        assert "is being written by" in hurried.stderr

        deliver(databank.root, 2)
        second = databank.start("run", "-o", "json")
        assert job in line_with(second, "Waiting for")
        reader = databank.start("plan", "-o", "json")
        if target == "postgres":
            # PostgreSQL lets others read what is being written.
            planned, _ = ended(reader)
        else:
            assert job in line_with(reader, "aiting for")
        assert first.poll() is None
        project.open()
        built, _ = ended(first)
        rest, _ = ended(second)
        if target == "duckdb":
            planned, _ = ended(reader)
        assert {node["action"] for node in planned["nodes"]} <= {"build", "skip"}

    assert built["status"] == rest["status"] == "completed"
    assert_loaded_once(databank, files=2)
    # What the first one built and the new file does not touch is not built again.
    assert 0 < len(rest["nodes"]) < len(built["nodes"])
    last = databank.run()
    assert last["nodes"] == []


@pytest.mark.slow
def test_the_second_run_goes_on_when_the_first_is_killed(
    make_databank: Callable[..., Any],
) -> None:
    """The lock ends with the process that has it, and with its dbt."""
    with gated("duckdb", make_databank("duckdb")) as project:
        first = project.databank.start("run", "-o", "json")
        until(project.is_reached, "the first run builds")
        second = project.databank.start("run", "-o", "json")
        line_with(second, "Waiting for")
        first.send_signal(signal.SIGKILL)
        first.communicate()
        project.open()
        rest, _ = ended(second)
    assert rest["status"] == "completed"
    assert_loaded_once(project.databank, files=1)


@pytest.mark.slow
def test_a_reader_holds_up_a_run_and_does_not_fail_it(make_databank: Callable[..., Any]) -> None:
    """Whoever looks at a DuckDB file keeps dbt from writing it for as long."""
    databank = make_databank("duckdb")
    databank.spec("orders", ORDERS)
    deliver(databank.root, 1)
    databank.expect(0, "generate")
    process = databank.start("run", "-o", "json")
    line_with(process, "Loaded orders")
    with closing(duckdb.connect(str(databank.project.target.path), read_only=True)):
        line_with(process, "Building")
        # dbt begins to connect, is refused, and tries again.
        time.sleep(2)
    result, _ = ended(process)
    assert result["status"] == "completed"


@pytest.mark.slow
@pytest.mark.parametrize("target", ["duckdb", "postgres"])
def test_the_first_runs_of_a_new_warehouse_may_come_at_once(
    target: str, make_databank: Callable[..., Any]
) -> None:
    """Neither the state store nor the ledger exists, and both make them."""
    databank = make_databank(target)
    databank.spec("orders", ORDERS)
    deliver(databank.root, 1)
    databank.expect(0, "generate")
    both = [databank.start("run", "-o", "json") for _ in range(2)]
    results = [ended(process)[0] for process in both]
    assert [result["status"] for result in results] == ["completed", "completed"]
    assert sorted(sum(load["rows_loaded"] for load in each["loads"]) for each in results) == [0, 10]
    assert_loaded_once(databank, files=1)


@pytest.mark.slow
def test_the_warehouse_is_free_while_a_run_reads_its_source(
    make_databank: Callable[..., Any], make_database: Callable[[], Any]
) -> None:
    """The lock is held for the writing alone: others read and write meanwhile."""
    source = make_database()
    source.execute("create table slow (id integer)", "insert into slow values (1)")
    databank = make_databank("duckdb", SOURCE_PASSWORD=source.server.password)
    url = source.server.url(source.name, password="").replace(
        ":@", ":{{ env_var('SOURCE_PASSWORD') }}@"
    )
    query = "select id, cast(pg_advisory_xact_lock_shared(4711) as text) as gate from slow"
    databank.spec("orders", ORDERS)
    databank.spec(
        "slow",
        {
            "name": "slow",
            "type": "extract",
            "source_config": {
                "source_type": "postgresql",
                "connection_string": url,
                "query": query,
            },
        },
    )
    deliver(databank.root, 1)
    databank.expect(0, "generate")
    with closing(source.server.connect(source.name)) as gate, gate.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(4711)")
        slow = databank.start("run", "slow", "-o", "json")
        until(
            lambda: source.rows(
                "select 1 from pg_locks where locktype = 'advisory' and objid = 4711"
                " and not granted"
            ),
            "the source is read",
        )
        orders = databank.run("orders", "--no-wait")
        path = databank.project.target.path
        with closing(duckdb.connect(str(path), read_only=True)) as reader:
            assert reader.execute("select count(*) from silver.orders").fetchall() == [(10,)]
        assert slow.poll() is None
        cursor.execute("select pg_advisory_unlock(4711)")
        loaded, _ = ended(slow)
    assert orders["status"] == loaded["status"] == "completed"
    assert databank.rows("select id from raw.slow") == [("1",)]
