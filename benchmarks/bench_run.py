"""What `databank run` costs beside plain `dbt build`, and what a run costs with nothing to do.

    python benchmarks/bench_run.py [--json] [--models 100] [--rounds 3]

Everything is measured in one run on this machine, in turns, and the medians are compared:

* `databank run` of 100 models on an empty warehouse, from its load to its last test, as a ratio to
  plain `dbt build` of the same models on the same raw tables, with nothing parsed before;
* the same with everything parsed before and built again (`databank run --rebuild`);
* a run with nothing to do, in seconds and as a ratio to that `dbt build`;
* `databank --help` as a ratio to `python -c "import click"`.
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
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROJECT_PARTS = ("dbt_project.yml", "profiles.yml", "macros", "tests/data_tests/generic")
ROWS = 20


@dataclass(frozen=True)
class Figure:
    """One measured number with the most that it may be."""

    name: str
    value: float
    limit: float
    unit: str

    @property
    def is_met(self) -> bool:
        """Whether it is no more than it may be."""
        return self.value <= self.limit


def main() -> int:
    """Measure, print, and say with the exit code whether every limit is met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--models", type=int, default=100, help="at least so many models")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="databank-bench-") as name:
        bench = Bench(Path(name), options.models)
        figures = bench.measure(options.rounds)
    if options.json:
        document = {
            "models": bench.models,
            "nodes": bench.nodes,
            "rounds": options.rounds,
            "figures": [{**each.__dict__, "is_met": each.is_met} for each in figures],
            "seconds": bench.medians,
            "processor_seconds": bench.processor,
        }
        print(json.dumps(document, indent=2))
    else:
        print(f"{bench.models} models, {bench.nodes} nodes, median of {options.rounds}")
        for label, seconds in bench.medians.items():
            print(f"  {label}: {seconds:.2f} s ({bench.processor[label]:.2f} s of processor)")
        for each in figures:
            verdict = "ok" if each.is_met else "MISSED"
            print(f"{each.name}: {each.value:.2f}{each.unit} (at most {each.limit:g}) {verdict}")
    return 0 if all(each.is_met for each in figures) else 1


class Bench:
    """A project of generated models, and the commands that are compared on it."""

    def __init__(self, folder: Path, models: int) -> None:
        self._root = folder / "project"
        self._plain = folder / "plain"
        self.environment = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("DATABANK_", "DBT_"))
        } | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
        self.medians: dict[str, float] = {}
        # Tells a slow program from a machine that was busy with something else.
        self.processor: dict[str, float] = {}
        self.models = self._generate(models)
        self.nodes = 0

    def measure(self, rounds: int) -> list[Figure]:
        """The figures, from commands that take turns."""
        # Both start from the same raw tables: loading is not what is compared.
        self._databank("ingest")
        loaded = self._root / "loaded.duckdb"
        warehouse = self._root / "warehouse.duckdb"
        shutil.move(warehouse, loaded)
        shutil.copytree(self._root, self._plain)

        def fresh() -> None:
            shutil.rmtree(self._root / ".databank", ignore_errors=True)
            shutil.copy(loaded, warehouse)

        def fresh_plain() -> None:
            for name in ("target", "logs"):
                shutil.rmtree(self._plain / name, ignore_errors=True)
            shutil.copy(loaded, self._plain / "warehouse.duckdb")

        def run_first() -> None:
            self._databank("run")

        def run_again() -> None:
            self._databank("run", "--rebuild")

        def nothing_to_do() -> None:
            self._databank("run")

        databank = [sys.executable, "-m", "controlplane", "--help"]
        click = [sys.executable, "-c", "import click"]
        samples: dict[str, list[float]] = {}

        processor: dict[str, list[float]] = {}

        def take(label: str, work: Callable[[], None]) -> None:
            before, started = _processor_seconds(), time.perf_counter()
            work()
            samples.setdefault(label, []).append(time.perf_counter() - started)
            processor.setdefault(label, []).append(_processor_seconds() - before)

        for _ in range(rounds):
            fresh_plain()
            take("dbt build, nothing parsed", self._dbt_build)
            fresh()
            take("databank run, nothing parsed", run_first)
            take("dbt build", self._dbt_build)
            take("databank run --rebuild", run_again)
            take("databank run, nothing to do", nothing_to_do)
            for _ in range(5):
                take("import click", lambda: self._call(click))
                take("databank --help", lambda: self._call(databank))
        self.medians = {label: statistics.median(each) for label, each in samples.items()}
        self.processor = {label: statistics.median(each) for label, each in processor.items()}
        results = json.loads((self._plain / "target/run_results.json").read_text(encoding="utf-8"))
        self.nodes = len(results["results"])
        self._check_same()
        return self._figures()

    def _figures(self) -> list[Figure]:
        took = self.medians
        first = took["databank run, nothing parsed"] / took["dbt build, nothing parsed"]
        again = took["databank run --rebuild"] / took["dbt build"]
        idle = took["databank run, nothing to do"]
        help_ratio = took["databank --help"] / took["import click"]
        return [
            Figure("databank run to dbt build, nothing parsed before", first, 1.1, ""),
            Figure("databank run to dbt build, all parsed before", again, 1.1, ""),
            Figure("a run with nothing to do", idle, 1.0, " s"),
            Figure("a run with nothing to do to dbt build", idle / took["dbt build"], 0.2, ""),
            Figure("databank --help to import click", help_ratio, 5.0, ""),
        ]

    def _generate(self, wanted: int) -> int:
        """Write specs and sources until the generator makes enough models; how many it made."""
        for part in PROJECT_PARTS:
            source, copy = ROOT / part, self._root / part
            copy.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, copy)
            else:
                shutil.copy(source, copy)
        counts = []
        for processes in (1, 2):
            self._specs(range(processes))
            self._databank("generate")
            counts.append(self._count())
        each = counts[1] - counts[0]
        shared = counts[0] - each
        self._specs(range(max(2, -(-(wanted - shared) // each))))
        self._databank("generate")
        return self._count()

    def _specs(self, numbers: range) -> None:
        for number in numbers:
            name = f"shop_{number:03}_orders"
            rows = "".join(f"{row},{row % 7},{row}.50,2024-01-01\n" for row in range(ROWS))
            data = self._root / f"data/{name}.csv"
            data.parent.mkdir(parents=True, exist_ok=True)
            data.write_text(f"id,customer_id,total,placed\n{rows}", encoding="utf-8")
            spec = self._root / f"specs/etl/{name}.yml"
            spec.parent.mkdir(parents=True, exist_ok=True)
            spec.write_text(SPEC.format(name=name), encoding="utf-8")

    def _count(self) -> int:
        return sum(1 for _ in (self._root / "models").rglob("*.sql"))

    def _check_same(self) -> None:
        """Both must have made the same tables, or the comparison is of different work."""
        import duckdb

        tables = []
        for root in (self._root, self._plain):
            with duckdb.connect(str(root / "warehouse.duckdb"), read_only=True) as connection:
                query = (
                    "select table_schema, table_name from information_schema.tables"
                    " where table_schema <> 'raw' order by all"
                )
                found = connection.execute(query).fetchall()
                tables.append(
                    {
                        each: connection.execute(
                            f'select count(*) from "{each[0]}"."{each[1]}"'
                        ).fetchone()
                        for each in found
                    }
                )
        if tables[0] != tables[1] or not tables[0]:
            raise SystemExit("databank run and dbt build made different tables")

    def _dbt_build(self) -> None:
        self._call([str(Path(sys.executable).with_name("dbt")), "build"], folder=self._plain)

    def _databank(self, *words: str) -> None:
        self._call([sys.executable, "-m", "controlplane", *words])

    def _call(
        self, command: list[str], folder: Path | None = None, extra: Mapping[str, str] | None = None
    ) -> None:
        done = subprocess.run(
            command,
            cwd=folder or self._root,
            env={**self.environment, **(extra or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            print(done.stdout, done.stderr, file=sys.stderr)
            raise SystemExit(f"{' '.join(command)} ended with {done.returncode}")


def _processor_seconds() -> float:
    """What all commands so far have used of the processors."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


SPEC = """\
name: {name}
type: full
description: Orders of one shop.
source_config:
  source_type: csv
  path: data/{name}.csv
  columns:
    - {{name: id, type: integer}}
    - {{name: customer_id, type: integer}}
    - {{name: total, type: "decimal(18, 2)"}}
    - {{name: placed, type: date}}
transform_config:
  aggregations:
    - {{name: {name}_by_customer, function: sum, column: total, group_by: [customer_id]}}
target_config:
  target_type: duckdb
  table_name: {name}
  unique_key: [id]
"""

if __name__ == "__main__":
    sys.exit(main())
