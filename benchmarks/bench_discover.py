"""What discovery costs: seconds and memory, as rows, tables and columns grow.

    python benchmarks/bench_discover.py [--tpch DIR] [--json]

Each measurement is a process of its own: `databank discover` over a folder, and beside it DuckDB making
tables of the same files with the types that it sniffs, which is the least that anybody could do. The
data: a shop of 14 tables with 237 columns and a million rows; a tenth of it; the same tables five times
over; a thousand small tables; a table of two thousand columns. `--tpch` names a folder with the CSV files
of TPC-H at scale factor 1.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

ROOT = Path(__file__).parent.parent
# Seconds on two cores, and GiB.
LIMITS = {"shop of a million rows": 10.0, "TPC-H scale factor 1": 60.0}
MOST_MEMORY = 2.0
# Rows of a shop of size 1, the tables that each refers to, and how many columns it has.
TABLES: dict[str, tuple[int, tuple[str, ...], int]] = {
    "country": (200, (), 6),
    "region": (1_000, ("country",), 7),
    "city": (5_000, ("region",), 9),
    "customer": (60_000, ("city",), 24),
    "supplier": (2_000, ("city",), 18),
    "category": (300, (), 8),
    "product": (20_000, ("category", "supplier"), 26),
    "store": (500, ("city",), 17),
    "employee": (3_000, ("store",), 21),
    "promotion": (700, (), 12),
    "orders": (200_000, ("customer", "store", "employee"), 25),
    "order_line": (550_000, ("orders", "product", "promotion"), 22),
    "payment": (120_000, ("orders",), 20),
    "shipment": (37_300, ("orders", "store"), 22),
}
# What columns hold that are no keys, in turns.
FILLERS = (
    "'text ' || hash(n, {k}) % 997",
    "hash(n, {k}) % 90 / 4.0",
    "date '2020-01-01' + cast(hash(n, {k}) % 2000 as integer)",
    "hash(n, {k}) % 12",
    "case hash(n, {k}) % 3 when 0 then 'open' when 1 then 'closed' else 'late' end",
    "'u' || hash(n, {k}) % 50000 || '@example.org'",
    "timestamp '2024-01-01' + to_seconds(cast(hash(n, {k}) % 30000000 as integer))",
)


@dataclass(frozen=True)
class Figure:
    """One measurement: seconds of discovery and of DuckDB alone, and GiB at the most."""

    name: str
    tables: int
    rows: int
    seconds: float
    baseline: float
    memory: float


def write_shop(folder: Path, size: float, copies: int = 1) -> int:
    """The shop's files; how many rows they have together."""
    total = 0
    with duckdb.connect() as connection:
        for copy in range(copies):
            end = f"_{copy}" if copies > 1 else ""
            for name, (rows, parents, width) in TABLES.items():
                count = max(20, round(rows * size))
                columns = [f"n as {name}{end}_id"]
                for parent in parents:
                    most = max(20, round(TABLES[parent][0] * size))
                    columns.append(f"hash(n, '{parent}') % {most} + 1 as {parent}{end}_id")
                for k in range(width - len(columns)):
                    filler = FILLERS[k % len(FILLERS)].format(k=k)
                    columns.append(f"{filler} as attribute_{k}")
                connection.execute(
                    f"copy (select {', '.join(columns)} from range(1, {count + 1}) as r(n))"
                    f" to '{folder / f'{name}{end}.csv'}' (header)"
                )
                total += count
    return total


def write_small(folder: Path) -> int:
    """A thousand tables of twenty rows; how many rows they have together."""
    for number in range(1000):
        lines = [f"id,name,table_{number * 7 % 1000}_id"]
        lines += [f"{n},n{n},{n % 20 + 1}" for n in range(1, 21)]
        (folder / f"table_{number}.csv").write_text("\n".join(lines) + "\n")
    return 20_000


def write_wide(folder: Path) -> int:
    """A table of two thousand columns; how many rows it has."""
    lines = [",".join(f"col_{k}" for k in range(2000))]
    lines += [
        ",".join(str(n * k % 17) if k % 3 else f"x{n % 5}" for k in range(2000)) for n in range(200)
    ]
    (folder / "wide.csv").write_text("\n".join(lines) + "\n")
    return 200


MEASURED = """
import resource, sys, time
start = time.perf_counter()
{work}
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(time.perf_counter() - start, peak, file=sys.stderr)
"""
DISCOVER = "from controlplane.discover.engine import discover; discover([sys.argv[1]])"
BY_HAND = """
import duckdb, os, tempfile
with tempfile.TemporaryDirectory() as scratch:
    connection = duckdb.connect(os.path.join(scratch, "tables.duckdb"))
    for number, name in enumerate(sorted(os.listdir(sys.argv[1]))):
        if name.endswith(".csv"):
            path = os.path.join(sys.argv[1], name)
            connection.execute(f"create table t{number} as select * from read_csv('{path}')")
"""


def measure(folder: Path, work: str) -> tuple[float, float]:
    """Seconds and GiB of a piece of work in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED.format(work=work), str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    seconds, peak = done.stderr.split()[-2:]
    return float(seconds), float(peak)


def figure(name: str, folder: Path, rows: int) -> Figure:
    """Discovery and the baseline over a folder."""
    seconds, memory = measure(folder, DISCOVER)
    baseline, _ = measure(folder, BY_HAND)
    return Figure(name, len(list(folder.glob("*.csv"))), rows, seconds, baseline, memory)


def main() -> int:
    """Print the figures; 1 if a limit is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tpch", type=Path, metavar="DIR")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found: list[Figure] = []
    with tempfile.TemporaryDirectory() as scratch:
        for name, write in (
            ("shop of 100 thousand rows", lambda folder: write_shop(folder, 0.1)),
            ("shop of a million rows", lambda folder: write_shop(folder, 1)),
            ("five shops of 100 thousand", lambda folder: write_shop(folder, 0.1, 5)),
            ("a thousand tables", write_small),
            ("two thousand columns", write_wide),
        ):
            folder = Path(scratch) / str(len(found))
            folder.mkdir()
            found.append(figure(name, folder, write(folder)))
    if given.tpch:
        found.append(figure("TPC-H scale factor 1", given.tpch, 8_661_245))
    missed = [
        each.name
        for each in found
        if each.seconds > LIMITS.get(each.name, float("inf")) or each.memory > MOST_MEMORY
    ]
    if given.json:
        print(json.dumps([asdict(each) for each in found], indent=2))
        return int(bool(missed))
    print(f"{'':28}{'tables':>7}{'rows':>11}{'seconds':>9}{'DuckDB':>8}{'ratio':>7}{'GiB':>6}")
    for each in found:
        print(
            f"{each.name:28}{each.tables:>7}{each.rows:>11,}{each.seconds:>9.1f}"
            f"{each.baseline:>8.1f}{each.seconds / each.baseline:>7.1f}{each.memory:>6.2f}"
        )
    print(f"missed a limit: {', '.join(missed)}" if missed else "every limit is kept")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
