"""Loaders that are killed, that run at once, or that wait for each other load everything once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from controlplane.errors import LockBusyError
from controlplane.load.ledger import newest_by_source

LOADER = """
import json, sys
from datetime import datetime, timezone
from pathlib import Path
from controlplane.config import load_project
from controlplane.load import load_process
from controlplane.specs.etl import EtlProcess
from controlplane.targets import open_target
project = load_project(Path(sys.argv[1]), target=sys.argv[2])
target = open_target(project.target)
print("ready", flush=True)
sys.stdin.readline()
result = load_process(
    EtlProcess.model_validate(json.loads(sys.argv[3])), project, target, job_id=None,
    now=lambda: datetime(2024, 1, 1, tzinfo=timezone.utc))
print(json.dumps([len(result.batches), result.rows_loaded]), flush=True)
"""
WRITER = """
import sys
from pathlib import Path
from controlplane.config import load_project
from controlplane.targets import open_target
project = load_project(Path(sys.argv[1]), target=sys.argv[2])
scratch = project.ensure_state_dir()
target = open_target(project.target)
with target.load_session("databank run (job 42)", scratch) as session, session.transaction():
    print("writing", flush=True)
    sys.stdin.readline()
"""


def start(warehouse: Any, process: Any) -> subprocess.Popen[str]:
    """A process that has all its imports done and loads when it gets a line."""
    spec = process.model_dump_json(by_alias=True, exclude_unset=True)
    command = [sys.executable, "-c", LOADER]
    command += [str(warehouse.project.root), warehouse.project.target.name, spec]
    child = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(warehouse.project.environment),
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n", child.communicate()[1]
    return child


def go(child: subprocess.Popen[str]) -> None:
    assert child.stdin is not None
    child.stdin.write("\n")
    child.stdin.flush()


def finished(child: subprocess.Popen[str]) -> Any:
    out, err = child.communicate(timeout=120)
    assert child.returncode == 0, err
    return json.loads(out)


def sums(loading: Any) -> Any:
    return loading.warehouse.target.query(
        "select count(*), count(distinct id), sum(cast(id as bigint)), min(length(text)),"
        " max(_row_number) from raw.shop"
    )


@pytest.fixture
def files(warehouse: Any) -> int:
    """Four files, one of them flawed; how many rows all of them have."""
    for index in range(4):
        rows = "".join(f"{index * 20_000 + n},text {n}\n" for n in range(20_000))
        flaw = "broken\n" if index == 2 else ""
        warehouse.file(f"data/{index}.csv", f"id,text\n{rows}{flaw}")
    return 80_000


@pytest.mark.parametrize("seed", range(3))
def test_a_loader_that_is_killed_at_any_instant_and_run_again_loads_everything_once(
    loading: Any, files: int, seed: int
) -> None:
    process = loading.csv("data/*.csv", error_handling={"error_action": "quarantine"})
    chance = random.Random(seed)
    for _ in range(4):
        child = start(loading.warehouse, process)
        go(child)
        # The instant is what is random here; nothing is waited for.
        time.sleep(chance.random() * 0.8)
        child.send_signal(signal.SIGKILL)
        child.communicate()
    child = start(loading.warehouse, process)
    go(child)
    finished(child)
    total = sum(range(files))
    assert sums(loading) == [(files, files, total, len("text 0"), 20_000)]
    lines = loading.ledger("batch_id", "source", "rows_loaded", "rows_rejected")
    assert lines == [
        (index + 1, f"data/{index}.csv", 20_000, int(index == 2)) for index in range(4)
    ]
    assert [row[0] for row in loading.rejects("raw_text")] == ["broken"]
    assert not list(loading.warehouse.project.state_dir.glob("spool/*"))


def test_a_ledger_that_was_read_too_early_loads_nothing_twice(loading: Any) -> None:
    """A run asks the ledger once, at its beginning; somebody else may load before it does."""
    loading.warehouse.file("data/a.csv", "id,text\n1,a\n2,b\n")
    process = loading.csv("data/*.csv")
    before = newest_by_source(loading.warehouse.target, process.slug)
    assert loading.load(process, known=before).rows_loaded == 2
    again = loading.load(process, known=before)
    assert (again.rows_loaded, again.unchanged_sources) == (0, 1)
    loading.warehouse.file("data/a.csv", "id,text\n1,a\n2,b\n3,c\n")
    assert loading.load(process, known=before).rows_loaded == 3
    assert loading.ledger("source", "rows_loaded") == [("data/a.csv", 2), ("data/a.csv", 3)]


@pytest.mark.parametrize("seed", range(3))
def test_an_incremental_loader_that_is_killed_loads_everything_once(
    loading: Any, database: Any, seed: int
) -> None:
    database.execute(
        "create table events as select n as id, n / 10 as moment, 'text ' || n as text"
        " from generate_series(0, 19999) as n"
    )
    source = {
        "source_type": "postgresql",
        "connection_string": database.url,
        "table": "events",
        "incremental_key": "moment",
        "batch_size": 1500,
    }
    process = loading.process(source_config=source)
    chance = random.Random(seed)
    for _ in range(3):
        child = start(loading.warehouse, process)
        go(child)
        time.sleep(chance.random())
        child.send_signal(signal.SIGKILL)
        child.communicate()
    child = start(loading.warehouse, process)
    go(child)
    finished(child)
    [found] = loading.warehouse.target.query(
        "select count(*), count(distinct id), sum(cast(id as bigint)) from raw.shop"
    )
    assert found == (20_000, 20_000, sum(range(20_000)))


def test_two_loaders_at_once_load_everything_once(loading: Any, files: int) -> None:
    process = loading.csv("data/*.csv", error_handling={"error_action": "quarantine"})
    children = [start(loading.warehouse, process) for _ in range(2)]
    for child in children:
        go(child)
    results = [finished(child) for child in children]
    assert sum(batches for batches, _ in results) == 4
    assert sums(loading)[0][0] == files


@pytest.fixture
def writer(warehouse: Any) -> Iterator[subprocess.Popen[str]]:
    """Another process that writes the warehouse until it gets a line."""
    command = [sys.executable, "-c", WRITER, str(warehouse.project.root)]
    child = subprocess.Popen(
        [*command, warehouse.project.target.name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=dict(warehouse.project.environment),
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "writing\n"
    yield child
    child.kill()
    child.communicate()


def test_who_does_not_want_to_wait_is_told_who_is_writing(loading: Any, writer: Any) -> None:
    loading.warehouse.file("shop.csv", "id\n1\n")
    with pytest.raises(LockBusyError, match=r"written by databank run \(job 42\) \(.*since 20"):
        loading.load(loading.csv("shop.csv"), wait=False)
    go(writer)
    writer.wait()
    assert loading.load(loading.csv("shop.csv"), wait=False).rows_loaded == 1


def test_who_waits_is_told_for_whom_and_goes_on_then(loading: Any, writer: Any) -> None:
    loading.warehouse.file("shop.csv", "id\n1\n")
    told: list[str] = []

    def release(message: str) -> None:
        told.append(message)
        go(writer)

    assert loading.load(loading.csv("shop.csv"), on_wait=release).rows_loaded == 1
    assert len(told) == 1
    assert "waiting for databank run (job 42)" in told[0]


def test_the_lock_of_a_killed_writer_is_free(loading: Any, writer: Any) -> None:
    loading.warehouse.file("shop.csv", "id\n1\n")
    writer.kill()
    writer.wait()
    assert loading.load(loading.csv("shop.csv")).rows_loaded == 1


def test_scratch_files_of_a_killed_loader_are_removed(loading: Any) -> None:
    dead = subprocess.run([sys.executable, "-c", ""], check=True)
    assert dead.returncode == 0
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    spool = loading.warehouse.project.ensure_state_dir() / "spool"
    left, ours = spool / f"{child.pid}-left", spool / f"{os.getpid()}-ours"
    for folder in (left, ours):
        folder.mkdir(parents=True)
    loading.warehouse.file("shop.csv", "id\n1\n")
    loading.load(loading.csv("shop.csv"))
    assert (left.exists(), ours.exists()) == (False, True)
