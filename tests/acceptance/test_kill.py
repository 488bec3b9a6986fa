"""Killed at any instant and run again: the tables are those of a run that nobody disturbed."""

from __future__ import annotations

import json
import os
import random
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from controlplane.naming import LEDGER_TABLE, RAW_SCHEMA

LAYERS = ("raw", "bronze", "silver", "gold")
MARK = "DATABANK_KILL_TEST"
# A job's id is another in every run; everything else has to be the same.
OTHER_EACH_TIME = {"job_id"}
LENIENT = {"error_action": "quarantine", "error_threshold": 100_000}
SPECS: dict[str, dict[str, Any]] = {
    "orders": {
        "name": "orders",
        "type": "full",
        "source_config": {
            "source_type": "csv",
            "path": "data/orders_*.csv",
            "columns": [
                {"name": "order_id", "type": "integer"},
                {"name": "total", "type": "decimal(12,2)"},
                {"name": "changed_at", "type": "timestamp"},
            ],
        },
        "transform_config": {
            "data_quality": {
                "cleaning_rules": [
                    {
                        "name": "one_order_a_reference",
                        "type": "deduplication",
                        "expression": "DISTINCT ON (reference)",
                    }
                ],
                "validation_rules": [
                    {
                        "name": "total_range",
                        "type": "range",
                        "expression": ">= 0",
                        "severity": "error",
                    }
                ],
            },
            "aggregations": [
                {
                    "name": "orders_by_status",
                    "function": "sum",
                    "column": "total",
                    "group_by": ["status"],
                }
            ],
        },
        "target_config": {"load_strategy": "upsert", "unique_key": ["order_id"]},
        "error_handling": LENIENT,
    },
    "clicks": {
        "name": "clicks",
        "type": "full",
        "source_config": {"source_type": "csv", "path": "data/clicks_*.csv"},
        "target_config": {"load_strategy": "append"},
        "error_handling": LENIENT,
    },
    "prices": {
        "name": "prices",
        "type": "full",
        "source_config": {
            "source_type": "csv",
            "path": "data/prices_*.csv",
            "columns": [{"name": "price", "type": "integer"}],
        },
        "target_config": {"load_strategy": "scd2", "unique_key": ["sku"]},
        "error_handling": LENIENT,
    },
}


def deliver(root: Path, number: int) -> None:
    """Put the files of a delivery into a project; the same number gives the same bytes.

    Two files of clicks come at once, and now and then one of an earlier delivery comes again, longer.
    """
    chance = random.Random(number)
    data = root / "data"
    data.mkdir(exist_ok=True)
    orders = [
        f"{chance.randrange(90)},r{chance.randrange(80)},{chance.choice('abc')},"
        f"{chance.randrange(-5, 100)}.50,2026-01-{number:02} 10:{chance.randrange(60):02}:00"
        for _ in range(60)
    ]
    orders.append("1,r1,a,not a number,2026-01-01 00:00:00")
    orders.append("1,a line,with,too,many,values,in,it")
    header = "order_id,reference,status,total,changed_at"
    (data / f"orders_{number:02}.csv").write_text("\n".join([header, *orders]) + "\n")
    for part in ("a", "b"):
        clicks = [f"{chance.randrange(9)},page{chance.randrange(5)}" for _ in range(400)]
        path = data / f"clicks_{number:02}{part}.csv"
        path.write_text("\n".join(["visitor,page", *clicks]) + "\n")
    if number % 4 == 0:
        with (data / f"clicks_{number - 2:02}a.csv").open("a") as again:
            again.write("".join(f"{chance.randrange(9)},late\n" for _ in range(7)))
    prices = [f"s{sku},{chance.randrange(3)}" for sku in range(25)]
    (data / f"prices_{number:02}.csv").write_text("\n".join(["sku,price", *prices]) + "\n")


def make_project(make_databank: Callable[..., Any], target: str, name: str) -> Any:
    """A project with its models; without dbt's tests, which take half of a run and write nothing."""
    databank = make_databank(target, name, **{MARK: secrets.token_hex(8)})
    for slug, spec in SPECS.items():
        databank.spec(slug, spec)
    deliver(databank.root, 1)
    databank.expect(0, "generate")
    for path in databank.root.glob("models/**/*.yml"):
        properties = yaml.safe_load(path.read_text())
        for model in properties.get("models", []):
            model.pop("data_tests", None)
            for column in model.get("columns", []):
                column.pop("data_tests", None)
        path.write_text(yaml.safe_dump(properties, sort_keys=False))
    return databank


def contents(databank: Any) -> dict[str, Counter[tuple[Any, ...]]]:
    """The rows of every table and view; the moment at which a batch was loaded is that batch.

    Two runs load at different times. What is derived from that time has to name the same batch.
    """
    loaded = databank.rows(f"select loaded_at, batch_id from {RAW_SCHEMA}.{LEDGER_TABLE}")
    batches = {moment: f"batch {number}" for moment, number in loaded}
    assert len(batches) == len(loaded)

    def same(value: Any) -> Any:
        return batches.get(value, value) if isinstance(value, datetime) else value

    found = {}
    for schema, table in sorted(databank.target.relations()):
        if schema not in LAYERS:
            continue
        columns = [
            name
            for name, _ in databank.target.columns(schema, table)
            if name not in OTHER_EACH_TIME
        ]
        rows = databank.rows(f'select {", ".join(columns)} from "{schema}"."{table}"')
        found[f"{schema}.{table}"] = Counter(tuple(same(value) for value in row) for row in rows)
    return found


def assert_same(killed: Any, twin: Any, context: str) -> None:
    """Every table of both projects holds the same rows."""
    mine, theirs = contents(killed), contents(twin)
    assert mine.keys() == theirs.keys(), context
    for table, rows in mine.items():
        extra, missing = rows - theirs[table], theirs[table] - rows
        differs = bool(extra or missing)
        assert not differs, (
            f"{context}: {table} has {extra.total()} rows too many and lacks {missing.total()}:"
            f" {list(extra)[:3]} {list(missing)[:3]}"
        )


@dataclass(frozen=True)
class Instant:
    """When to kill: so long after the start, or so long after the n-th line that holds a text."""

    delay: float
    text: str = ""
    count: int = 1
    everything: bool = False


@dataclass
class Victim:
    """A `databank run` that is to be killed."""

    process: subprocess.Popen[str]
    mark: str
    lines: list[str] = field(default_factory=list)

    @classmethod
    def start(cls, databank: Any) -> Victim:
        process = subprocess.Popen(
            [sys.executable, "-m", "controlplane", "run"],
            cwd=databank.root,
            env=dict(databank.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        return cls(process, databank.environment[MARK])

    def kill(self, instant: Instant) -> bool:
        """Whether it was killed at that instant, and had not ended by itself before."""
        reached = threading.Event()

        def read() -> None:
            assert self.process.stderr is not None
            seen = 0
            for line in self.process.stderr:
                self.lines.append(line)
                seen += instant.text in line
                if instant.text and seen == instant.count:
                    reached.set()
            reached.set()

        reader = threading.Thread(target=read)
        reader.start()
        if instant.text:
            reached.wait()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(instant.delay)
        group = list(self._family()) if instant.everything else []
        for member in group:
            with suppress(psutil.NoSuchProcess):
                member.kill()
        self.process.kill()
        killed = self.process.wait() == -signal.SIGKILL
        _, alive = psutil.wait_procs(list(self._family()), timeout=10)
        assert not alive, f"still there after the kill: {[each.cmdline() for each in alive]}"
        reader.join()
        assert self.process.stderr is not None
        self.process.stderr.close()
        return killed

    def _family(self) -> Iterator[psutil.Process]:
        """Every process that was started from it, wherever it hangs in the process tree now."""
        for each in psutil.process_iter():
            with suppress(psutil.Error):
                if each.pid != os.getpid() and each.environ().get(MARK) == self.mark:
                    yield each


def instants(chance: random.Random, duration: float, count: int) -> list[Instant]:
    """Half of them anywhere in a run, the others right after something happened in it."""
    moments = [("Loaded clicks", 1), ("Loaded orders", 1), ("Loaded prices", 1), ("Building", 1)]
    moments += [(" success ", number) for number in (1, 3, 6, 9, 12, 15)]
    found = []
    for number in range(count):
        everything = chance.random() < 0.25
        if number % 2:
            found.append(Instant(chance.uniform(0, duration), everything=everything))
        else:
            text, line = chance.choice(moments)
            found.append(Instant(chance.uniform(0, 0.15), text, line, everything))
    return found


def jobs_of(databank: Any) -> dict[str, Any]:
    """Every job by its id, none of which is shown as running."""
    listed = json.loads(databank.expect(0, "job", "list", "-o", "json", "--limit", "1000").stdout)
    jobs = {job["id"]: job for job in listed["jobs"]}
    for job in jobs.values():
        assert job["status"] in ("completed", "failed")
        assert job["status"] == "completed" or "the process died" in job["error"]
    return jobs


# Each kill takes seconds: DATABANK_TEST_KILLS=30 has as many as were asked for once.
KILLS = int(os.environ.get("DATABANK_TEST_KILLS", "2"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "kills"), [("duckdb", KILLS), pytest.param("postgres", 3, marks=pytest.mark.long)]
)
def test_a_killed_run_goes_on_where_it_ended(
    target: str, kills: int, make_databank: Callable[..., Any]
) -> None:
    """Deliveries come in; runs are killed, and killed again, then left in peace."""
    seed = int(os.environ.get("DATABANK_KILL_SEED") or secrets.randbelow(1_000_000))
    chance = random.Random(seed)
    killed = make_project(make_databank, target, "killed")
    twin = make_project(make_databank, target, "twin")
    for databank in (killed, twin):
        databank.run()
    deliver(killed.root, 2)
    started = time.monotonic()
    killed.run()
    duration = time.monotonic() - started
    deliver(twin.root, 2)
    twin.expect(0, "ingest")

    waiting = instants(chance, duration, kills)
    done, delivery = 0, 2
    while waiting:
        delivery += 1
        deliver(killed.root, delivery)
        now = [waiting.pop() for _ in range(min(chance.choice((1, 2, 3)), len(waiting)))]
        context = f"DATABANK_KILL_SEED={seed}: delivery {delivery}, {now}"
        print(context)
        done += sum(Victim.start(killed).kill(instant) for instant in now)
        jobs_of(killed)
        result = killed.run()
        assert result["status"] == "completed", context
        deliver(twin.root, delivery)
        twin.expect(0, "ingest")
        if delivery % 5 == 0 or not waiting:
            twin.run()
            assert_same(killed, twin, context)
        if not waiting and done < kills:
            # Some runs were faster than their kill.
            waiting = instants(chance, duration * 0.7, kills - done)
    assert done >= kills
    again = killed.run()
    assert again["nodes"] == []
    assert not any(load["batches"] for load in again["loads"])
