"""How often the types of columns are right, beside DuckDB's sniffer: `python -m tests.discover.type_accuracy`.

An answer counts as right where the data can tell no more: days without a time of day are a date even
if they are declared a timestamp, and a year may be declared as a number.
"""

from __future__ import annotations

import csv
import gzip
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from controlplane.discover.column_types import find_column_types
from controlplane.discover.findings import ColumnType

DECLARED = Path(__file__).parents[3] / "shared" / "data" / "column_types" / "declared.jsonl.gz"
# The others are looked at rarely, so that their figures tell something of data never seen.
TUNED = ("northwind", "tpcds_tiny", "pubs")
_ALIKE = {
    ("datetime", "date"),
    ("integer", "year"),
    ("year", "integer"),
}


@dataclass(frozen=True)
class Case:
    dataset: str
    table: str
    column: str
    values: tuple[str | None, ...]
    truth: str


def declared_cases() -> list[Case]:
    with gzip.open(DECLARED, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        Case(
            row["dataset"],
            row["table"],
            row["column"],
            tuple(value if value != "" else None for value in row["values"]),
            row["truth"],
        )
        for row in rows
    ]


def is_right(answer: str, truth: str) -> bool:
    return answer == truth or (truth, answer) in _ALIKE


def find_one(
    reader: duckdb.DuckDBPyConnection, name: str, values: Sequence[str | None]
) -> ColumnType:
    column = '"' + name.replace('"', '""') + '"'
    reader.execute(f"create or replace temp table one_column ({column} varchar)")
    reader.execute("insert into one_column select unnest(?::varchar[])", [list(values)])
    return find_column_types(reader, "one_column", [name])[0]


def sniffed_type(reader: duckdb.DuckDBPyConnection, values: Sequence[str | None]) -> str:
    """The type that DuckDB's sniffer gives a CSV file with this one column."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "column.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_MINIMAL)
            writer.writerow(["a_column"])
            writer.writerows([["" if value is None else value] for value in values])
        try:
            found = reader.execute(
                "select columns from sniff_csv(?, delim=',', header=true, sample_size=-1)",
                [str(path)],
            ).fetchone()
        except duckdb.Error:
            return "string"
    kind = str(found[0][0]["type"]) if found else "VARCHAR"
    if kind.endswith("INT") or kind == "INTEGER":
        return "integer"
    if kind in ("DOUBLE", "FLOAT") or kind.startswith("DECIMAL"):
        return "decimal"
    if kind.startswith("TIMESTAMP"):
        return "datetime"
    return {"BOOLEAN": "boolean", "DATE": "date", "TIME": "time"}.get(kind, "string")


def calibration(answers: Iterable[tuple[float, bool]]) -> list[tuple[float, int, float]]:
    """For each tenth of confidence: its lower end, the answers in it, the share that is right."""
    by_decile: dict[int, list[bool]] = defaultdict(list)
    for confidence, right in answers:
        by_decile[min(int(confidence * 10 + 1e-9), 9)].append(right)
    return [
        (decile / 10, len(found), sum(found) / len(found))
        for decile, found in sorted(by_decile.items())
    ]


EVERYTHING = (*TUNED, "sakila", "employees", "adventureworks_dw", "generated")


def main(datasets: Sequence[str], show: bool) -> None:
    from tests.discover.column_generator import generated_cases

    reader = duckdb.connect()
    print(f"{'dataset':18} {'columns':>7} {'named':>7} {'unnamed':>8} {'DuckDB':>7} {'exact':>7}")
    answers: list[tuple[float, bool]] = []
    invented: list[tuple[float, bool]] = []
    cases = declared_cases() if DECLARED.exists() else []
    cases += [
        Case("generated", "", each.name, each.values, each.truth) for each in generated_cases(1200)
    ]
    for dataset in datasets:
        chosen = [case for case in cases if case.dataset == dataset]
        if not chosen:
            continue
        named = unnamed = sniffed = exact = 0
        for index, case in enumerate(chosen):
            answer = find_one(reader, case.column, case.values)
            right = is_right(answer.type, case.truth)
            blind = find_one(reader, f"c{index}", case.values)
            unnamed += is_right(blind.type, case.truth)
            sniffed += is_right(sniffed_type(reader, case.values), case.truth)
            named += right
            exact += answer.type == case.truth
            (invented if dataset == "generated" else answers).append((answer.confidence, right))
            if show and not right:
                some = list(dict.fromkeys(v for v in case.values if v is not None))[:5]
                print(
                    f"  {case.table}.{case.column}: {case.truth}, found {answer.type}"
                    f" ({answer.confidence}; {answer.reason}) {some}"
                )
        count = len(chosen)
        print(
            f"{dataset:18} {count:7} {named / count:7.3f} {unnamed / count:8.3f}"
            f" {sniffed / count:7.3f} {exact / count:7.3f}"
        )
    for title, judged in (("declared", answers), ("generated", invented)):
        print(f"\ncalibration, {title}:  confidence from  answers  share right")
        for low, count, share in calibration(judged):
            print(f"{low:38.1f} {count:8} {share:12.3f}")


if __name__ == "__main__":
    picked = [word for word in sys.argv[1:] if not word.startswith("-")]
    main(picked or EVERYTHING, "--show" in sys.argv)
