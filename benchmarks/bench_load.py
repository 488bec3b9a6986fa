"""How fast loading is, and how much memory it takes, next to what the engines do by themselves.

    python benchmarks/bench_load.py [--rows 2000000] [--repeats 3] [--json]

Loads a generated CSV file into DuckDB and into PostgreSQL, and measures in turns with it
- DuckDB's own `create table as select * from read_csv(…, all_varchar = true)`, and
- PostgreSQL's own `COPY` of the same file into a table of text columns.
Each load is a process of its own, whose peak memory is taken. PostgreSQL is the server that
DATABANK_TEST_POSTGRES_URL names, or without it one of the tests' own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb

ROOT = Path(__file__).parent.parent
COLUMNS = ("id", "customer", "amount", "placed_on", "note", "kind", "quantity", "changed_at")
LIMITS = {"duckdb ratio": 1.5, "postgres ratio": 3.0, "peak memory GiB": 1.5}
LOAD = """
import sys
from datetime import datetime, timezone
from pathlib import Path
from controlplane.config import load_project
from controlplane.load import load_process
from controlplane.specs.etl import EtlProcess
from controlplane.targets import open_target
project = load_project(Path(sys.argv[1]), target=sys.argv[2])
process = EtlProcess.model_validate({
    "name": "bench", "type": "full", "source_config": {"source_type": "csv", "path": sys.argv[3]}})
result = load_process(process, project, open_target(project.target), job_id=None,
                      now=lambda: datetime.now(timezone.utc))
assert result.rows_loaded == int(sys.argv[4]), result
"""
DUCKDB = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
connection.execute("set enable_progress_bar = false")
connection.execute(
    f"create table t as select * from read_csv('{sys.argv[2]}', all_varchar = true)")
connection.close()
"""
COPY = """
import sys, psycopg2
connection = psycopg2.connect(sys.argv[1])
with connection, connection.cursor() as cursor, open(sys.argv[2], "rb") as source:
    cursor.execute(f"drop table if exists alone; create table alone ({sys.argv[3]})")
    cursor.copy_expert("copy alone from stdin (format csv, header)", source, size=1 << 20)
connection.close()
"""


def main() -> int:
    """Measure, print, and return 1 where a limit is not kept."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="databank-bench-") as name:
        found = measure(Path(name), options.rows, options.repeats)
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        for key, value in found.items():
            limit = f"  (at most {LIMITS[key]})" if key in LIMITS else ""
            print(f"{key:<32}{value:>10.2f}{limit}")
    return int(any(found[key] > limit for key, limit in LIMITS.items()))


def measure(folder: Path, rows: int, repeats: int) -> dict[str, float]:
    """Medians in seconds, ratios, and the peak memory of all loads."""
    file, large = folder / "bench.csv", folder / "large.csv"
    generate(file, rows)
    generate(large, 4 * rows)
    times: dict[str, list[float]] = {"duckdb": [], "duckdb load": [], "copy": [], "copy load": []}
    peaks: dict[str, float] = {}
    with postgres() as url:
        for _ in range(repeats):
            times["duckdb"].append(duckdb_alone(folder, file))
            seconds, peak = load(folder, "duckdb", file, rows, url)
            times["duckdb load"].append(seconds)
            peaks["duckdb"] = max(peak, peaks.get("duckdb", 0))
            times["copy"].append(copy_alone(url, file))
            seconds, peak = load(folder, "postgres", file, rows, url)
            times["copy load"].append(seconds)
            peaks["postgres"] = max(peak, peaks.get("postgres", 0))
        for target in ("duckdb", "postgres"):
            peaks[f"{target} large"] = load(folder, target, large, 4 * rows, url)[1]
    medians = {name: statistics.median(values) for name, values in times.items()}
    return {
        "rows": float(rows),
        "file MB": file.stat().st_size / 1e6,
        "duckdb read_csv seconds": medians["duckdb"],
        "duckdb load seconds": medians["duckdb load"],
        "duckdb ratio": medians["duckdb load"] / medians["duckdb"],
        "postgres copy seconds": medians["copy"],
        "postgres load seconds": medians["copy load"],
        "postgres ratio": medians["copy load"] / medians["copy"],
        **{f"{name} peak GiB": peak for name, peak in peaks.items()},
        "peak memory GiB": max(peaks.values()),
    }


def generate(path: Path, rows: int) -> None:
    """Write a CSV file of orders."""
    with closing(duckdb.connect()) as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(
            "copy (select i as id, 'customer ' || (i % 10000) as customer,"
            " (i * 7919 % 1000003) / 100.0 as amount, date '2020-01-01' + (i % 1500)::int as"
            " placed_on, 'some text ' || md5(i::varchar) as note, i % 7 as kind, case when i % 11"
            " = 0 then null else i % 90 end as quantity, timestamp '2020-01-01' + to_seconds(i) as"
            f" changed_at from range({rows}) t(i)) to '{path}' (header)"
        )


def duckdb_alone(folder: Path, file: Path) -> float:
    """Seconds that DuckDB itself takes, from the start of the process to its end."""
    database = folder / "alone.duckdb"
    database.unlink(missing_ok=True)
    return run([sys.executable, "-c", DUCKDB, str(database), str(file)])[0]


def copy_alone(url: str, file: Path) -> float:
    """Seconds that PostgreSQL's own COPY takes, from the start of the process to its end."""
    columns = ", ".join(f"{name} text" for name in COLUMNS)
    return run([sys.executable, "-c", COPY, url, str(file), columns])[0]


def load(folder: Path, target: str, file: Path, rows: int, url: str) -> tuple[float, float]:
    """Seconds and GiB that loading takes into an empty warehouse."""
    import psycopg2
    from psycopg2.extensions import parse_dsn

    project = folder / "project"
    shutil.rmtree(project, ignore_errors=True)
    project.mkdir()
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(ROOT / name, project)
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("drop schema if exists raw cascade")
        connection.commit()
    parts = parse_dsn(url)
    environment = {
        **os.environ,
        "DATABANK_POSTGRES_HOST": parts.get("host", "localhost"),
        "DATABANK_POSTGRES_PORT": parts.get("port", "5432"),
        "DATABANK_POSTGRES_USER": parts["user"],
        "DATABANK_POSTGRES_PASSWORD": parts.get("password", ""),
        "DATABANK_POSTGRES_DATABASE": parts["dbname"],
    }
    return run(
        [sys.executable, "-c", LOAD, str(project), target, str(file), str(rows)], environment
    )


def run(command: list[str], environment: dict[str, str] | None = None) -> tuple[float, float]:
    """Seconds and peak memory in GiB of a process."""
    started = time.perf_counter()
    child = subprocess.Popen(command, env=environment, cwd=ROOT)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{command[:3]} failed with {child.returncode}")
    return seconds, _kilobytes(usage) / (1 << 20)


def _kilobytes(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / (1024 if sys.platform == "darwin" else 1)


@contextmanager
def postgres() -> Iterator[str]:
    """The connection string of a database that may be written."""
    given = os.environ.get("DATABANK_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    # The tests know how to start a server, also as root.
    from importlib.util import module_from_spec, spec_from_file_location

    found = spec_from_file_location("databank_conftest", ROOT / "tests" / "conftest.py")
    assert found is not None
    assert found.loader is not None
    module = module_from_spec(found)
    sys.modules[found.name] = module
    found.loader.exec_module(module)
    running: Callable[[], Any] = module.running_server
    with running() as server:
        yield server.url("postgres")


if __name__ == "__main__":
    sys.exit(main())
