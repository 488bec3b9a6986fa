"""How long `databank generate` takes for 1,000 specs, and for one that changed among them.

The whole command is measured, as a process of its own. The sources' columns are on record, as they
are in CI; asking a thousand sources is not the generator's work.
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
from pathlib import Path

from controlplane.generate.catalog import source_hash
from controlplane.generate.record import Record, record_path, write_record
from controlplane.specs.files import read_etl_specs
from controlplane.specs.source_schema import SourceColumn, SourceSchema

ROOT = Path(__file__).parents[1]
# The most that 1,000 specs may take.
ALL_SECONDS, ONE_SECONDS = 20.0, 2.0
COLUMNS = {
    "order_id": "bigint",
    "customer_id": "bigint",
    "email": "text",
    "status": "text",
    "country": "text",
    "amount": "decimal(12,2)",
    "tax": "decimal(12,2)",
    "quantity": "integer",
    "is_gift": "boolean",
    "ordered_on": "date",
    "updated_at": "timestamp",
    "note": "text",
}


def spec(number: int, pattern: str = "^[^@]+@[^@]+$") -> str:
    """The text of one spec."""
    return f"""name: orders {number:04}
type: full
description: Orders of shop {number}.
source_config:
  source_type: csv
  path: data/orders_{number:04}_*.csv
  incremental_key: updated_at
transform_config:
  transformations:
    - {{name: not_cancelled, type: filter, expression: "status is distinct from 'cancelled'"}}
    - {{name: net, type: transform, expression: amount - tax, parameters: {{column: net_amount, type: "decimal(12,2)"}}}}
  data_quality:
    validation_rules:
      - {{name: email_format, type: regex, expression: '{pattern}', severity: error}}
      - {{name: quantity_range, type: range, expression: between 1 and 1000, severity: warning}}
  aggregations:
    - {{name: revenue by country {number:04}, function: sum, column: net_amount, group_by: [country]}}
target_config:
  load_strategy: upsert
  unique_key: [order_id]
"""


def timed(folder: Path) -> float:
    """Seconds that one call takes."""
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "controlplane", "generate", "-o", "json"],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "DATABANK_TARGET": "duckdb"},
    )
    return time.perf_counter() - started


def prepare(folder: Path, count: int) -> None:
    """A project with so many specs, whose sources are on record."""
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "specs" / "etl").mkdir(parents=True)
    for number in range(count):
        (folder / "specs" / "etl" / f"orders_{number:04}.yml").write_text(spec(number))
    columns = tuple(SourceColumn(name, name, kind) for name, kind in COLUMNS.items())
    for file in read_etl_specs(folder):
        path = record_path(folder / "specs", file.spec.slug)
        write_record(path, Record(file.source, source_hash(file.spec), SourceSchema(columns)))


def main() -> int:
    """Measure, print a small table, and return 1 where a limit is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--specs", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="databank-bench-") as name:
        folder = Path(name)
        prepare(folder, given.specs)
        everything = timed(folder)
        files = sum(1 for path in (folder / "models").rglob("*") if path.is_file())
        nothing = timed(folder)
        changed = folder / "specs" / "etl" / f"orders_{given.specs // 2:04}.yml"
        changed.write_text(spec(given.specs // 2, "^.+@.+$"))
        one = timed(folder)
    figures = {
        "specs": given.specs,
        "files": files,
        "all_seconds": round(everything, 2),
        "one_changed_seconds": round(one, 2),
        "nothing_changed_seconds": round(nothing, 2),
    }
    if given.json:
        print(json.dumps(figures))
    else:
        print(f"{given.specs} specs, {files} files")
        print(f"  all generated        {everything:6.2f} s  (at most {ALL_SECONDS:g})")
        print(f"  one changed          {one:6.2f} s  (at most {ONE_SECONDS:g})")
        print(f"  nothing changed      {nothing:6.2f} s")
    return int(everything > ALL_SECONDS or one > ONE_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
