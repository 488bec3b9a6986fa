"""What building the reference warehouse costs, and what an increment of one part in a hundred costs.

    python benchmarks/bench_warehouse.py [--scale 10] [--growth 1 10 100] [--json]

Scale 10 is a million transactions with all that belongs to them. Everything is measured in one run
on this machine, each as one `databank run` of the models, which loads and builds:

* a full build, from files to gold; what dbt takes of it, as a ratio to the same SELECTs run by hand
  in DuckDB, one after the other, each into a table;
* an increment: the last hundredth of the days arrives, and the same command runs again; as a ratio
  to the full build, from start to end, and inside dbt. It is repeated from the same state, and the
  one in the middle counts: it is short, and its time differs more than that of a full build;
* the peak memory of each.

`--growth` measures at each of the scales given too, without what is run by hand, and once.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controlplane.demo import Scope, make_demo

ROOT = Path(__file__).parent.parent
PARTS = (
    "dbt_project.yml",
    "profiles.yml",
    "macros",
    "models",
    "seeds",
    "specs",
    "tests/data_tests",
)
LIMITS = {
    "full build / by hand": 1.5,
    "increment / full build": 0.10,
}
MODELS = ("run", "--exclude", "resource_type:test", "--exclude", "resource_type:unit_test")
INCREMENTS = 3
# What is compared is the reference warehouse; the example has sources of its own.
EXAMPLE = "shop_*"
BY_HAND = """
import json, sys, time, duckdb
manifest, warehouse = sys.argv[1:]
nodes = json.load(open(manifest))["nodes"]
models = {k: v for k, v in nodes.items() if v["resource_type"] == "model"}
order = []
def visit(key):
    if key in models and key not in order:
        for parent in models[key]["depends_on"]["nodes"]:
            visit(parent)
        order.append(key)
for key in models:
    visit(key)
connection = duckdb.connect(warehouse)
connection.execute("set enable_progress_bar = false")
for schema in {models[key]["schema"] for key in order}:
    connection.execute(f"drop schema if exists {schema} cascade")
started = time.perf_counter()
for key in order:
    node = models[key]
    connection.execute(f"create schema if not exists {node['schema']}")
    kind = "view" if node["config"]["materialized"] == "view" else "table"
    relation = node["relation_name"]
    connection.execute(f"create {kind} {relation} as {node['compiled_code']}")
connection.close()
print(time.perf_counter() - started)
"""


@dataclass(frozen=True)
class Cost:
    """What a command took: seconds, those that dbt or the script told, and memory in GiB."""

    seconds: float
    inner: float
    memory: float


def main() -> int:
    """Measure, print, and say with the exit code whether every limit is met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--scale", type=float, default=10.0, help="10 is a million transactions")
    parser.add_argument("--growth", type=float, nargs="*", default=(), help="more scales")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    results = []
    for scale in dict.fromkeys((options.scale, *options.growth)):
        with tempfile.TemporaryDirectory(prefix="databank-bench-") as name:
            results.append(measure(Path(name), scale, by_hand=scale == options.scale))
        if not options.json:
            _print(results[-1])
    if options.json:
        print(json.dumps(results, indent=2))
    return int(any(results[0]["ratios"][key] > most for key, most in LIMITS.items()))


def measure(folder: Path, scale: float, *, by_hand: bool) -> dict[str, Any]:
    """The figures of one scale."""
    project, later = folder / "project", folder / "later"
    _copy_project(project)
    transactions = _make_sources(scale, project / "data" / "demo", later)
    costs = {"full build": _databank(project, *MODELS)}
    built = folder / "built"
    if by_hand:
        _copy_state(project, built)
    shutil.copytree(later, project / "data" / "demo", dirs_exist_ok=True)
    increments = [_databank(project, *MODELS)]
    for _ in range(1, INCREMENTS if by_hand else 1):
        _copy_state(built, project)
        increments.append(_databank(project, *MODELS))
    costs["increment"] = sorted(increments, key=lambda cost: cost.seconds)[len(increments) // 2]
    full, increment = costs["full build"], costs["increment"]
    ratios = {
        "increment / full build": increment.seconds / full.seconds,
        "increment / full build, inside dbt": increment.inner / full.inner,
    }
    if by_hand:
        (compiled,) = project.glob(".databank/jobs/*/attempt_1/lineage/manifest.json")
        shutil.move(built / "warehouse.duckdb", project / "warehouse.duckdb")
        costs["by hand"] = _run(
            [sys.executable, "-c", BY_HAND, str(compiled), str(project / "warehouse.duckdb")],
            project,
        )
        ratios["full build / by hand"] = full.inner / costs["by hand"].inner
    return {
        "scale": scale,
        "transactions": transactions,
        "seconds": {name: round(cost.seconds, 1) for name, cost in costs.items()},
        "inside": {name: round(cost.inner, 1) for name, cost in costs.items()},
        "peak GiB": {name: round(cost.memory, 2) for name, cost in costs.items()},
        "ratios": ratios,
    }


def _copy_project(project: Path) -> None:
    for part in PARTS:
        source, copy = ROOT / part, project / part
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns(EXAMPLE))
        else:
            shutil.copy(source, copy)


def _copy_state(source: Path, into: Path) -> None:
    """The warehouse and what is remembered of it, in the place of what is there."""
    into.mkdir(exist_ok=True)
    shutil.rmtree(into / ".databank", ignore_errors=True)
    shutil.copytree(source / ".databank", into / ".databank")
    shutil.copy(source / "warehouse.duckdb", into / "warehouse.duckdb")


def _make_sources(scale: float, demo: Path, later: Path) -> int:
    """The sources in two deliveries, 99 parts in a hundred and the last one; how many transactions."""
    scope = Scope(scale=scale, deliveries=100)
    made = make_demo(scope, demo)
    last = scope.date_of(scope.cuts[-1]).isoformat()
    for folder in [path for path in demo.iterdir() if path.is_dir() and path.name != "truth"]:
        for kind in {file.name.rpartition("_")[0] for file in folder.iterdir()}:
            files = sorted(folder.glob(f"{kind}_*"))
            for file in files:
                if last in file.name:
                    (later / folder.name).mkdir(parents=True, exist_ok=True)
                    file.rename(later / folder.name / file.name)
            _join([file for file in files if last not in file.name])
    return sum(row[2] for row in made.totals() if row[0] in ("pos", "web"))


def _join(files: Sequence[Path]) -> None:
    """Append all files to the first: each load of a file is one transaction."""
    with files[0].open("ab") as into:
        for file in files[1:]:
            with file.open("rb") as read:
                if file.suffix == ".csv":
                    read.readline()
                shutil.copyfileobj(read, into)
            file.unlink()


def _databank(project: Path, *arguments: str) -> Cost:
    """Run a job; dbt tells what it took for building, in as many calls as there were."""
    before = set(_told(project))
    cost = _run([sys.executable, "-m", "controlplane", *arguments], project)
    told = [json.loads(path.read_bytes()) for path in set(_told(project)) - before]
    return Cost(cost.seconds, sum(each["elapsed_time"] for each in told), cost.memory)


def _told(project: Path) -> list[Path]:
    return list(project.glob(".databank/jobs/*/attempt_*/build_*/run_results.json"))


def _run(command: Sequence[str], project: Path) -> Cost:
    """Run to the end; the peak is that of this command, whose memory the system counts for itself."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DATABANK_", "DBT_"))
    } | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "PYTHONPATH": str(ROOT)}
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, cwd=project, env=environment, stdout=said, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - started
        said.seek(0)
        text = said.read()
    if process.returncode:
        raise SystemExit(f"{' '.join(command[:4])} failed:\n{text[-3000:]}")
    # Linux counts in KiB, macOS in bytes.
    memory = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 2**30
    lines = text.split()
    inner = float(lines[-1]) if BY_HAND in command else seconds
    return Cost(seconds, inner, memory)


def _print(result: dict[str, Any]) -> None:
    print(f"scale {result['scale']:g}, {result['transactions']:,} transactions")
    for name, seconds in result["seconds"].items():
        print(f"  {name}: {seconds:.1f} s, peak {result['peak GiB'][name]:.2f} GiB")
    for name, seconds in result["inside"].items():
        print(f"  inside dbt or the script, {name}: {seconds:.1f} s")
    for name, ratio in result["ratios"].items():
        limit = LIMITS.get(name)
        verdict = f" (at most {limit:g}) {'ok' if ratio <= limit else 'MISSED'}" if limit else ""
        print(f"  {name}: {ratio:.2f}{verdict}")


if __name__ == "__main__":
    sys.exit(main())
