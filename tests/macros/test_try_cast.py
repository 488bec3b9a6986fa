"""Text is read as a type, or not, in the very same way on every target, and never with an error."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

TYPES = {
    "integer": "integer",
    "bigint": "bigint",
    "amount": "decimal(12, 2)",
    "ratio": "decimal(4, 3)",
    "widest": "decimal(38, 10)",
    "measure": "double precision",
    "flag": "boolean",
    "day": "date",
    "moment": "timestamp",
    "clock": "time",
    "ident": "uuid",
    "document": "json",
}
VALUES = [
    *("0", "1", "-1", "+1", " 7 ", "007", "1.0", "1.5", "-0.5", ".5", "5.", "-", "+", ".", "", " "),
    *("2147483647", "2147483648", "-2147483648", "-2147483649", "9223372036854775807"),
    *("9223372036854775808", "-9223372036854775808", "-9223372036854775809", "9" * 19, "9" * 20),
    *("9" * 38, "9" * 60, "0" * 50 + "7", "1e5", "1E-3", "1e400", "1e-400", "-1.5e+10", "1e", "e5"),
    *("9999999999.99", "9999999999.994", "9999999999.995", "9999999999.999", "10000000000"),
    *("9.9994", "9.9995", "-9.9995", "0.0005", "0.00049", "1.005", "-1.005", "0." + "3" * 60),
    *("NaN", "nan", "inf", "-Infinity", "1,5", "1 000", "1_000", "0x10", "0b1", "½", "١٢", "１２"),
    *("true", "TRUE", "t", "False", "f", "yes", "No", "Y", "n", "on", "off", "2"),
    *("2024-02-29", "2023-02-29", "1900-02-29", "2000-02-29", "2024-02-30", "2024-13-01"),
    *("2024-00-10", "2024-1-5", "20240105", "0000-01-01", "0001-01-01", "9999-12-31"),
    *("10000-01-01", "2024-01-31 ", "2024-04-31", "24-01-01", "01/02/2024", "Jan 5 2024", "today"),
    *("now", "infinity", "epoch", "2024-01-05T10:00:00", "2024-01-05 10:00", "2024-01-05 24:00:00"),
    *("2024-01-05 23:59:60", "2024-01-05 10:00:00.5", "2024-01-05 10:00:00.123456"),
    *("2024-01-05 10:00:00.1234567", "2024-01-05T10:00:00Z", "2024-01-05 10:00:00+02"),
    *("2024-01-05 10:00:00+02:00", "2024-01-05 10:00:00-0530", "2024-01-05 00:30:00+01:00"),
    *("2024-01-05 10:00:00 Europe/Berlin", "2024-01-05 10:00:00+99", "2024-02-30 10:00:00"),
    *("2024-01-05 10:00:00+1", "2024-01-05 10:00Z", "10:00", "10:00:00", "24:00:00", "10:61"),
    *("23:59:59.999999", "9:00", "00:00:00.1234567", "noon"),
    *("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"),
    *("{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", "a0eebc999c0b4ef8bb6d6bb9bd380a11"),
    *('{"a": 1}', "[1, 2]", '"text"', "null", "{", "{'a': 1}", "plain", '{"a": 1} x'),
    *("it's", 'say "x"', "back\\slash", "new\nline", "1\n", "2024-01-05\n", "\t3\t", "x" * 5000),
]
EXPECTED: dict[str, dict[str, Any]] = {
    "integer": {"0": 0, "+1": 1, " 7 ": 7, "007": 7, "1.0": None, "2147483648": None, "": None},
    "bigint": {"9223372036854775807": 2**63 - 1, "9223372036854775808": None, "٢": None},
    "amount": {
        "9999999999.99": Decimal("9999999999.99"),
        "9999999999.995": None,
        "1.005": Decimal("1.01"),
        "-1.005": Decimal("-1.01"),
        ".5": Decimal("0.50"),
        "1e5": None,
        "1,5": None,
    },
    "ratio": {"9.9994": Decimal("9.999"), "9.9995": None, "0.0005": Decimal("0.001")},
    "measure": {"1e5": 100000.0, "NaN": None, "inf": None, "1e400": None, "-0.5": -0.5},
    "flag": {"TRUE": True, "Y": True, "0": False, "on": None, "2": None},
    "day": {
        "2024-02-29": date(2024, 2, 29),
        "2023-02-29": None,
        "1900-02-29": None,
        "2000-02-29": date(2000, 2, 29),
        "0000-01-01": None,
        "today": None,
        "20240105": None,
        "2024-01-31 ": date(2024, 1, 31),
    },
    "moment": {
        "2024-01-05": datetime(2024, 1, 5),  # noqa: DTZ001 - timestamps here are in UTC
        "2024-01-05 10:00:00+02": datetime(2024, 1, 5, 8),  # noqa: DTZ001
        "2024-01-05 10:00:00-0530": datetime(2024, 1, 5, 15, 30),  # noqa: DTZ001
        "2024-01-05 00:30:00+01:00": datetime(2024, 1, 4, 23, 30),  # noqa: DTZ001
        "2024-01-05 24:00:00": None,
        "2024-01-05 23:59:60": None,
        "2024-02-30 10:00:00": None,
        "now": None,
    },
}


def build(root: Path, environment: dict[str, str], target: str) -> None:
    """Build the model with dbt."""
    done = subprocess.run(
        [str(Path(sys.executable).parent / "dbt"), "run", "--target", target],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def quoted(text: str) -> str:
    """`text` as an SQL literal that Jinja leaves alone."""
    literal = text.replace("'", "''")
    return "{% raw %}'" + literal + "'{% endraw %}"


@pytest.fixture(scope="module")
def statement() -> str:
    """The model: every value, read as every type."""
    rows = "\n    union all ".join(
        f"select {number} as number, cast({quoted(value)} as text) as value"
        for number, value in enumerate([*VALUES])
    )
    columns = ",\n    ".join(
        f"{{{{ try_cast('value', '{kind}') }}}} as {name}" for name, kind in TYPES.items()
    )
    errors = ",\n    ".join(
        f"{{{{ cast_error('value', '{kind}') }}}} as {name}_error" for name, kind in TYPES.items()
    )
    return f"with given as (\n    {rows}\n)\n\nselect number, value,\n    {columns},\n    {errors}\nfrom given\n"


def read(make_warehouse: Callable[..., Any], target: str, statement: str) -> list[dict[str, Any]]:
    """The rows of the model on a target."""
    made = make_warehouse(target, f"casts_{target}")
    made.file("models/gold/casts.sql", "{{ config(materialized='table') }}\n" + statement)
    build(made.project.root, dict(made.project.environment), target)
    names = ["number", "value", *TYPES, *(f"{name}_error" for name in TYPES)]
    shown = ", ".join(
        "cast(document as text) as document" if name == "document" else name for name in names
    )
    rows = made.target.query(f"select {shown} from gold.casts order by number")
    return [dict(zip(names, row, strict=True)) for row in rows]


def test_every_target_reads_text_alike(make_warehouse: Callable[..., Any], statement: str) -> None:
    duckdb, postgres = (read(make_warehouse, name, statement) for name in ("duckdb", "postgres"))
    assert [row["value"] for row in duckdb] == VALUES
    for ours, theirs in zip(duckdb, postgres, strict=True):
        for name in ours:
            left, right = ours[name], theirs[name]
            if name == "document" and left is not None and right is not None:
                left, right = json.loads(left), json.loads(right)
            assert str(left) == str(right), f"{ours['value']!r} as {name}"
    by_value = {row["value"]: row for row in duckdb}
    for name, answers in EXPECTED.items():
        for value, answer in answers.items():
            if value in by_value:
                assert by_value[value][name] == answer, f"{value!r} as {name}"
    for row in duckdb:
        for name, kind in TYPES.items():
            failed = row[name] is None and bool(row["value"].strip(" "))
            article = "an" if kind[0] in "aeiou" else "a"
            expected = f"value is not {article} {kind}" if failed else None
            assert row[f"{name}_error"] == expected, f"{row['value']!r} as {name}"
