"""How fast files of every format are loaded, next to what reads them by itself, and how much memory it takes.

    python benchmarks/bench_files.py [--rows 2000000] [--large 10000000] [--small 10000]
                                     [--repeats 3] [--dlt PYTHON] [--json]

Each load is `databank ingest` of one file into an empty warehouse, and takes turns with its
baseline; both are processes of their own, measured from start to end. The baseline is DuckDB that
reads the file into a table of text, and for workbooks and XML, which DuckDB does not read, the
library that parses them and does nothing more. Beside these:

* a file of `--large` rows: peak memory, clean by a spec, and with one flawed line;
* `--small` files of 20 rows each: into one table, into a table each, and once more unchanged;
* with `--dlt PYTHON`, a Python that has dlt[duckdb], pyarrow and pandas: the time that dlt takes to
  load the same CSV into DuckDB with its own readers of CSV, `read_csv_duckdb(use_pyarrow=True)` for
  Arrow and `read_csv()` for dictionaries, and given one table that pyarrow reads with types.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

ROOT = Path(__file__).parent.parent
LIMITS = {"peak memory GiB": 1.5}
AT_LEAST = {"dlt, Arrow / ours": 1.5, "dlt, dictionaries / ours": 50.0}
ROWS_OF_SMALL = 20
# Such files are written by slow libraries, and are seldom large.
SHARES = {"xlsx": 20, "xml": 10}
ORDERS = (
    "select i as id, 'customer ' || (i % 10000) as customer, (i * 7919 % 1000003) / 100.0 as amount,"
    " date '2020-01-01' + (i % 1500)::int as placed_on, 'some text ' || md5(i::varchar) as note,"
    " i % 7 as kind, case when i % 11 = 0 then null else i % 90 end as quantity,"
    " timestamp '2020-01-01' + to_seconds(i) as changed_at from range({rows}) t(i)"
)
DUCKDB = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
connection.execute("set enable_progress_bar = false")
connection.execute(f"create table t as select * from {sys.argv[2]}")
connection.close()
"""
CALAMINE = """
import sys, python_calamine
book = python_calamine.CalamineWorkbook.from_path(sys.argv[1])
assert sum(1 for _ in book.get_sheet_by_index(0).iter_rows())
"""
ELEMENTS = """
import sys, xml.etree.ElementTree as tree
for _, element in tree.iterparse(sys.argv[1]):
    if element.tag == "order":
        assert [child.text for child in element]
        element.clear()
"""
DLT = """
import os, sys, dlt
from dlt.sources.filesystem import filesystem, read_csv, read_csv_duckdb
path, folder, way = sys.argv[1:]
files = filesystem(f"file://{os.path.dirname(path)}", file_glob=os.path.basename(path))

@dlt.resource
def a_table():
    import pyarrow.csv
    yield pyarrow.csv.read_csv(path)

rows = {
    "Arrow": lambda: files | read_csv_duckdb(use_pyarrow=True),
    "dictionaries": lambda: files | read_csv(),
    "a table of pyarrow's": a_table,
}[way]()
pipeline = dlt.pipeline(
    "bench", pipelines_dir=f"{folder}/pipelines", dataset_name="raw",
    destination=dlt.destinations.duckdb(f"{folder}/dlt.duckdb"))
kind = {} if way == "dictionaries" else {"loader_file_format": "parquet"}
pipeline.run(rows.with_name("t"), **kind)
"""
TEXT = "read_csv('FILE', all_varchar = true)"
COLUMNS = ["id", "customer", "amount", "placed_on", "note", "kind", "quantity", "changed_at"]
STRINGS = "{" + ", ".join(f"{name}: 'VARCHAR'" for name in COLUMNS) + "}"


@dataclass(frozen=True)
class Format:
    """A format: the file's name, what DuckDB reads of it or a script that does, and how we load it."""

    file: str
    reads: str = TEXT
    script: str = DUCKDB
    by_spec: bool = False


FORMATS = {
    "CSV by a spec": Format("orders.csv", by_spec=True),
    "CSV": Format("orders.csv"),
    "CSV with flawed lines": Format(
        "flawed.csv", "read_csv('FILE', all_varchar = true, store_rejects = true)"
    ),
    "gzip": Format("orders.csv.gz"),
    "zstd": Format("orders.csv.zst"),
    "JSON lines": Format(
        "orders.jsonl", f"read_json('FILE', columns = {STRINGS}, format = 'newline_delimited')"
    ),
    "JSON": Format("orders.json", f"read_json('FILE', columns = {STRINGS}, format = 'array')"),
    "Parquet": Format("orders.parquet", "'FILE'"),
    "xlsx": Format("orders.xlsx", script=CALAMINE),
    "XML": Format("orders.xml", script=ELEMENTS),
}


def main() -> int:
    """Measure, print, and return 1 where a limit is not kept."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--large", type=int, default=10_000_000)
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--dlt", metavar="PYTHON", help="a Python with dlt[duckdb], pyarrow and pandas"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found: dict[str, float] = {"load average before": round(os.getloadavg()[0], 2)}
    with tempfile.TemporaryDirectory(prefix="databank-bench-") as name:
        folder = Path(name)
        make_files(folder, options.rows)
        for title, each in FORMATS.items():
            found |= compare(folder, title, each, options.rows, options.repeats)
        if options.dlt:
            found |= beside_dlt(folder, options.dlt, options.repeats)
        for file in folder.glob("*.*"):
            file.unlink()
        if options.large:
            found |= large(folder, options.large)
        if options.small:
            found |= small(folder, options.small)
    peaks = [value for key, value in found.items() if key.endswith("peak GiB")]
    found["peak memory GiB"] = max(peaks)
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        show(found)
        if not options.dlt:
            print(
                "not compared with dlt: name a Python that has dlt[duckdb], pyarrow and pandas (--dlt)"
            )
    missed = [key for key, limit in LIMITS.items() if found[key] > limit]
    missed += [key for key, limit in AT_LEAST.items() if found.get(key, limit) < limit]
    return int(bool(missed))


def show(found: dict[str, float]) -> None:
    """Print a line for each thing that was measured, and those with limits."""
    lines: dict[str, list[str]] = {}
    for key, value in found.items():
        title, _, what = key.rpartition(": ")
        limit = f" (at most {LIMITS[key]:g})" if key in LIMITS else ""
        limit = f" (at least {AT_LEAST[key]:g})" if key in AT_LEAST else limit
        figure = f"{value:,.0f}" if value >= 1000 else f"{value:.2f}"
        lines.setdefault(title or what, []).append(f"{what if title else ''} {figure}{limit}")
    for title, figures in lines.items():
        print(f"{title:<46}{', '.join(each.strip() for each in figures)}")


def make_files(folder: Path, rows: int) -> None:
    """The same orders in every format."""
    import gzip

    import zstandard

    orders = ORDERS.format(rows=rows)
    with closing(duckdb.connect()) as connection:
        connection.execute("set enable_progress_bar = false")
        for name in ("orders.csv", "orders.parquet"):
            connection.execute(f"copy ({orders}) to '{folder / name}'")
        connection.execute(f"copy ({orders}) to '{folder}/orders.jsonl' (format json)")
        connection.execute(f"copy ({orders}) to '{folder}/orders.json' (format json, array true)")
        few = connection.execute(ORDERS.format(rows=rows // SHARES["xlsx"]))
        _write_xlsx(folder / "orders.xlsx", few)
        few = connection.execute(ORDERS.format(rows=rows // SHARES["xml"]))
        with (folder / "orders.xml").open("w", encoding="utf-8") as out:
            out.write("<orders>")
            while row := few.fetchone():
                cells = zip(COLUMNS, row, strict=True)
                out.write("<order>")
                out.writelines(f"<{name}>{value}</{name}>" for name, value in cells)
                out.write("</order>\n")
            out.write("</orders>")
    plain = folder / "orders.csv"
    with plain.open("rb") as source, gzip.open(folder / "orders.csv.gz", "wb", 6) as out:
        shutil.copyfileobj(source, out, 1 << 20)
    with plain.open("rb") as source, zstandard.open(folder / "orders.csv.zst", "wb") as out:
        shutil.copyfileobj(source, out, 1 << 20)
    _write_flawed(plain, folder / "flawed.csv")


def _write_xlsx(path: Path, rows: Any) -> None:
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("orders")
    sheet.append(COLUMNS)
    while row := rows.fetchone():
        sheet.append([float(value) if index == 2 else value for index, value in enumerate(row)])
    book.save(path)


def _write_flawed(plain: Path, path: Path) -> None:
    """A copy with some cells too many in every hundred thousandth line, at least in one."""
    with plain.open("rb") as source, path.open("wb") as out:
        for number, line in enumerate(source):
            out.write(line if number % 100_000 != 7 else line.replace(b"\n", b",and,more\n"))


def compare(folder: Path, title: str, each: Format, rows: int, repeats: int) -> dict[str, float]:
    """Medians of a format: rows per second, and the time as a ratio to the baseline's."""
    file = folder / each.file
    rows //= SHARES.get(file.suffix[1:], 1)
    ours, alone, peaks = [], [], []
    for _ in range(repeats):
        database = folder / "alone.duckdb"
        database.unlink(missing_ok=True)
        arguments = (
            [str(database), each.reads.replace("FILE", str(file))]
            if each.script == DUCKDB
            else [str(file)]
        )
        alone.append(run([sys.executable, "-c", each.script, *arguments], folder)[0])
        seconds, peak = ingest(folder, file, by_spec=each.by_spec)
        ours.append(seconds)
        peaks.append(peak)
    (folder / "alone.duckdb").unlink(missing_ok=True)
    return {
        f"{title}: rows per second": rows / statistics.median(ours),
        f"{title}: seconds": statistics.median(ours),
        f"{title}: seconds of the baseline": statistics.median(alone),
        f"{title}: ratio": statistics.median(ours) / statistics.median(alone),
        f"{title}: peak GiB": max(peaks),
    }


def beside_dlt(folder: Path, python: str, repeats: int) -> dict[str, float]:
    """How much longer dlt takes to load the CSV file; dictionaries take it minutes, and so one turn."""
    file = folder / "orders.csv"
    times: dict[str, list[float]] = defaultdict(list)
    for turn in range(repeats):
        times["ours"].append(ingest(folder, file, by_spec=True)[0])
        for way in ("Arrow", "a table of pyarrow's", "dictionaries")[: 2 if turn else 3]:
            with tempfile.TemporaryDirectory(dir=folder) as scratch:
                command = [python, "-c", DLT, str(file), scratch, way]
                times[way].append(run(command, folder)[0])
    medians = {way: statistics.median(values) for way, values in times.items()}
    ours = medians.pop("ours")
    return {
        **{f"dlt, {way}: seconds": seconds for way, seconds in medians.items()},
        **{f"dlt, {way} / ours": seconds / ours for way, seconds in medians.items()},
    }


def large(folder: Path, rows: int) -> dict[str, float]:
    """The memory that a large file takes, clean and with a flawed line."""
    file = folder / "large.csv"
    with closing(duckdb.connect()) as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"copy ({ORDERS.format(rows=rows)}) to '{file}'")
    found = {}
    for title in ("clean", "one flawed line"):
        for by_spec in (True, False):
            way = "by a spec" if by_spec else "without"
            seconds, peak = ingest(folder, file, by_spec=by_spec)
            found[f"{rows:,} rows, {title}, {way}: seconds"] = seconds
            found[f"{rows:,} rows, {title}, {way}: peak GiB"] = peak
        with file.open("ab") as out:
            out.write(b"1,2,3,4,5,6,7,8,9,10\n")
    file.unlink()
    return found


def small(folder: Path, count: int) -> dict[str, float]:
    """Seconds a file that many small files take."""
    files = folder / "small"
    files.mkdir()
    for number in range(count):
        ids = range(number * ROWS_OF_SMALL, (number + 1) * ROWS_OF_SMALL)
        lines = ["id,name,amount", *(f"{key},name {key},{key}.5" for key in ids), ""]
        (files / f"f{number:05d}.csv").write_text("\n".join(lines), encoding="utf-8")
    found = {}
    for title, again, arguments in (
        ("into one table, by a spec", False, None),
        ("into one table", False, ("--as", "t")),
        ("unchanged", True, ("--as", "t")),
        ("into a table each", False, ("--table-per-file",)),
    ):
        given = files if arguments else files / "*.csv"
        seconds, peak = ingest(
            folder, given, by_spec=arguments is None, arguments=arguments or (), again=again
        )
        found[f"{count:,} files {title}: ms per file"] = 1000 * seconds / count
        found[f"{count:,} files {title}: peak GiB"] = peak
    return found


def ingest(
    folder: Path,
    path: Path,
    *,
    by_spec: bool,
    arguments: Sequence[str] = ("--as", "t"),
    again: bool = False,
) -> tuple[float, float]:
    """Seconds and GiB that `databank ingest` takes; into an empty warehouse, if not once more."""
    project = folder / "project"
    if not again:
        shutil.rmtree(project, ignore_errors=True)
        (project / "specs/etl").mkdir(parents=True)
        for name in ("dbt_project.yml", "profiles.yml"):
            shutil.copy(ROOT / name, project)
    command = ["ingest", "--file", str(path), *arguments]
    if by_spec:
        spec = {
            "name": "t",
            "type": "full",
            "source_config": {"source_type": "csv", "path": str(path)},
            "target_config": {"load_strategy": "append"},
            "error_handling": {"error_action": "quarantine"},
        }
        # YAML is more than JSON.
        (project / "specs/etl/t.yml").write_text(json.dumps(spec), encoding="utf-8")
        command = ["ingest", "t"]
    return run([sys.executable, "-m", "controlplane", *command], project)


def run(command: Sequence[str], folder: Path) -> tuple[float, float]:
    """Seconds and peak memory in GiB of a process."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("DATABANK_")
    } | {"PYTHONPATH": str(ROOT)}
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        child = subprocess.Popen(command, env=environment, cwd=folder, stdout=said, stderr=said)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read()
    if child.returncode:
        raise SystemExit(f"{' '.join(command[-3:])} failed:\n{text[-3000:]}")
    # Linux counts in KiB, macOS in bytes.
    return seconds, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 2**30


if __name__ == "__main__":
    sys.exit(main())
