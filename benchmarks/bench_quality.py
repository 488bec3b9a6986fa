"""What the gate costs: a batch of a million records judged by twenty rules.

    python benchmarks/bench_quality.py [--rows 1000000] [--repeats 3] [--json]

Measures, in turns with each other, on DuckDB:
- one pass by hand: `try_cast` of each column and `count(*) filter (where …)` for each rule;
- the gate's counts, which type, transform and judge each record as the models do;
- the whole gate: counts, samples and scores.
One record in a hundred breaks a rule. What comes once is told beside it: compiling the models when one
of them changed, the verdict of Great Expectations with its import, and its site.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
LIMITS = {"counts ratio": 3.0, "gate ratio": 7.0}
COLUMNS = {
    "order_id": "integer",
    "customer_id": "integer",
    "amount": "decimal(12,2)",
    "quantity": "integer",
    "placed_on": "date",
    "changed_at": "timestamp",
    "email": "text",
    "status": "text",
    "country": "text",
    "note": "text",
}
RULES: list[tuple[str, str, str, str]] = [
    *(("not_null", name, "", f"{name} is null") for name in list(COLUMNS)[:9]),
    ("range", "amount", "between 0 and 100000", "amount not between 0 and 100000"),
    ("range", "quantity", "between 1 and 100", "quantity not between 1 and 100"),
    (
        "range",
        "placed_on",
        "between 2020-01-01 and 2030-01-01",
        "placed_on not between date '2020-01-01' and date '2030-01-01'",
    ),
    (
        "regex",
        "email",
        r"^[^@ ]+@[^@ ]+\.[^@ ]+$",
        r"not regexp_matches(email, '^[^@ ]+@[^@ ]+\.[^@ ]+$')",
    ),
    ("regex", "country", "^[A-Z]{2}$", "not regexp_matches(country, '^[A-Z]{2}$')"),
    (
        "accepted_values",
        "status",
        "paid, shipped, delivered, returned",
        "status not in ('paid', 'shipped', 'delivered', 'returned')",
    ),
    ("length", "note", "between 1 and 60", "length(note) not between 1 and 60"),
    ("length", "email", "between 5 and 60", "length(email) not between 5 and 60"),
    ("expression", "", "placed_on <= changed_at", "not (placed_on <= changed_at)"),
    (
        "expression",
        "",
        "amount > 0 or status = 'returned'",
        "not (amount > 0 or status = 'returned')",
    ),
    ("expression", "", "customer_id <> order_id", "not (customer_id <> order_id)"),
]


def main() -> int:
    """Measure, print, and return 1 where a limit is not kept."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
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
            print(f"{key:<40}{value:>10.2f}{limit}")
    return int(any(found[key] > limit for key, limit in LIMITS.items()))


def measure(folder: Path, rows: int, repeats: int) -> dict[str, float]:
    """Medians in seconds, and the ratios of them."""
    from controlplane.config import load_project
    from controlplane.generate.workspace import generate
    from controlplane.load import load_process
    from controlplane.load.describe import describe_source
    from controlplane.quality.batches import batches_of, score
    from controlplane.quality.compiling import compiling
    from controlplane.quality.counting import count
    from controlplane.quality.expectations import validate
    from controlplane.quality.masked import Masking
    from controlplane.quality.prepared import prepare
    from controlplane.specs.files import read_etl_specs
    from controlplane.targets import open_target

    for part in ("dbt_project.yml", "profiles.yml", "macros", "tests/data_tests/generic"):
        copy = folder / part
        copy.parent.mkdir(parents=True, exist_ok=True)
        source = ROOT / part
        shutil.copytree(source, copy) if source.is_dir() else shutil.copy(source, copy)
    make_file(folder / "orders.csv", rows)
    (folder / "specs" / "etl").mkdir(parents=True)
    (folder / "specs" / "etl" / "orders.json").write_text(json.dumps(spec()), encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DATABANK_")}
    project = load_project(folder, environment=environment)
    generate(
        project, lambda process, tables: describe_source(process, project, known_tables=tables)
    )
    target = open_target(project.target)
    every = read_etl_specs(folder)
    load_process(every[0].spec, project, target, job_id=None, now=now)

    started = time.perf_counter()
    with compiling(project, target) as run_dbt:
        prepared = prepare(project, every, every, run_dbt)["orders"]
    compiled = time.perf_counter() - started
    batches = batches_of(target, ["orders"])["orders"]
    by_hand = hand_written()
    times: dict[str, list[float]] = {"hand": [], "count": [], "gate": []}
    for _ in range(repeats):
        times["hand"].append(timed(lambda: target.query(by_hand)))
        times["count"].append(timed(lambda: count(target, prepared, [batches[0].batch_id])))
        times["gate"].append(timed(lambda: score(target, prepared, batches, Masking(), now=now())))
    (result,) = score(target, prepared, batches, Masking(), now=now())
    # Both found the same.
    counted = dict(
        zip((f"rule_{n}" for n in range(len(RULES))), target.query(by_hand)[0], strict=True)
    )
    checks = {each["rule"]: each["records"] for each in result.checks}
    assert {name: checks[name] for name in counted} == counted, (counted, checks)
    first = timed(lambda: validate([result]))
    site = timed(lambda: validate([result], folder / "docs"))
    medians = {name: statistics.median(values) for name, values in times.items()}
    return {
        "rows": float(rows),
        "rules": float(len(RULES)),
        "by hand seconds": medians["hand"],
        "counts seconds": medians["count"],
        "counts ratio": medians["count"] / medians["hand"],
        "gate seconds": medians["gate"],
        "gate ratio": medians["gate"] / medians["hand"],
        "compiling, once per change, seconds": compiled,
        "Great Expectations, first, seconds": first,
        "its verdict and site, seconds": site,
    }


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


def timed(work: Callable[[], Any]) -> float:
    """How long it takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def spec() -> dict[str, Any]:
    """The process with its twenty rules."""
    rules = [
        {
            "name": f"rule_{number}",
            "type": kind,
            **({"expression": text} if text else {}),
            "parameters": {"column": column} if column else {},
        }
        for number, (kind, column, text, _) in enumerate(RULES)
    ]
    return {
        "name": "orders",
        "type": "full",
        "source_config": {
            "source_type": "csv",
            "path": "orders.csv",
            "columns": [{"name": name, "type": kind} for name, kind in COLUMNS.items()],
        },
        "transform_config": {"data_quality": {"validation_rules": rules}},
        "target_config": {"load_strategy": "append"},
        "error_handling": {"error_action": "quarantine"},
    }


def hand_written() -> str:
    """One pass as a careful person would write it for DuckDB alone."""
    typed = ", ".join(
        name if kind == "text" else f"try_cast(trim({name}) as {kind}) as {name}"
        for name, kind in COLUMNS.items()
    )
    # What cannot be read is no missing value.
    read = {name for name, kind in COLUMNS.items() if kind != "text"}
    filters = ", ".join(
        f"count(*) filter (where {condition}"
        + (
            f" and coalesce(trim(given_{column}), '') = ''"
            if kind == "not_null" and column in read
            else ""
        )
        + ")"
        for kind, column, _, condition in RULES
    )
    given = ", ".join(f"{name} as given_{name}" for name in read)
    return f"with typed as (select {typed}, {given} from raw.orders) select {filters} from typed"


def make_file(path: Path, rows: int) -> None:
    """Orders of which one in a hundred breaks a rule or cannot be read."""
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            copy (
                select
                    i as order_id,
                    case when i % 1000 = 1 then null else i + 7 end as customer_id,
                    case when i % 1000 = 2 then '-5.00' else printf('%.2f', (i % 50000) / 7 + 0.01) end
                        as amount,
                    case when i % 1000 = 3 then 'many' else cast(i % 100 + 1 as text) end as quantity,
                    case when i % 1000 = 4 then '2024-02-30'
                        else cast(date '2024-01-01' + cast(i % 700 as integer) as text) end as placed_on,
                    strftime(timestamp '2026-01-01' + to_seconds(i), '%Y-%m-%d %H:%M:%S') as changed_at,
                    case when i % 1000 = 5 then 'n/a' else 'customer' || i || '@example.com' end as email,
                    case when i % 1000 = 6 then 'lost' else
                        ['paid', 'shipped', 'delivered', 'returned'][i % 4 + 1] end as status,
                    case when i % 1000 = 7 then 'Germany' else 'DE' end as country,
                    case when i % 1000 = 8 then null else 'a note on order ' || i end as note
                from range({rows}) as numbers(i)
            ) to '{path}' (header)
            """
        )


if __name__ == "__main__":
    sys.exit(main())
