"""Every table of the reference schema that is built has its columns, types and keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

# One worker makes what all of them look at.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("reference")]
PAGE = Path(__file__).parents[3] / "shared" / "references" / "neural-databank.md"
# How each type of the schema is stored. DuckDB has no length of a text and no JSON in binary.
TYPES = {
    "varchar": ("VARCHAR", "character varying"),
    "text": ("VARCHAR", "text"),
    "varchar[]": ("VARCHAR[]", "character varying[]"),
    "jsonb": ("JSON", "jsonb"),
    "uuid": ("UUID", "uuid"),
    "date": ("DATE", "date"),
    "timestamp": ("TIMESTAMP", "timestamp without time zone"),
    "boolean": ("BOOLEAN", "boolean"),
    "integer": ("INTEGER", "integer"),
    "bigint": ("BIGINT", "bigint"),
    "numeric": ("DECIMAL(18,6)", "numeric(18,6)"),
}
LAYERS = {
    "bronze_layer": "bronze",
    "silver_layer": "silver",
    "gold_layer": "gold",
    "metadata_layer": "metadata",
}


@dataclass
class Table:
    """A table as the schema describes it."""

    name: str
    layer: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    key: list[str] = field(default_factory=list)


def read_tables(text: str) -> dict[str, Table]:
    """The tables of a DBML text with their layer."""
    groups = re.findall(r"^TableGroup (\w+) \{\n(.*?)^\}", text, re.M | re.S)
    layers = {name: layer for layer, names in groups for name in names.split()}
    tables = {}
    for name, body in re.findall(r"^Table (\w+) \{\n(.*?)^\}", text, re.M | re.S):
        table = Table(name, layers.get(name, ""))
        for line in re.sub(r"  indexes \{.*?\n  \}\n", "", body, flags=re.S).splitlines():
            if found := re.match(r"\s+(\w+) (\w+(?:\([\d,]+\))?(?:\[\])?)\s*(\[.*\])?\s*$", line):
                table.columns[found[1]] = found[2]
                if "pk" in (found[3] or "").replace(",", " ").strip("[]").split():
                    table.key.append(found[1])
        tables[name] = table
    return tables


@pytest.fixture(scope="module")
def tables() -> dict[str, Table]:
    """The schema's tables; it is not part of the project."""
    if not PAGE.exists():
        pytest.skip("the reference schema is not beside the project")
    return read_tables(PAGE.read_text(encoding="utf-8"))


def stored(kind: str, target: str) -> str:
    """The type that a column of this type has on a target."""
    base, _, size = kind.partition("(")
    if target == "postgres":
        return f"{TYPES[base][1].partition('(')[0]}({size}" if size else TYPES[base][1]
    return f"DECIMAL({size}" if base == "numeric" and size else TYPES[base][0]


@pytest.mark.parametrize("target", ["duckdb", "postgres"])
def test_every_table_has_its_columns_and_types(
    references: Callable[[str], Any], tables: dict[str, Table], target: str
) -> None:
    reference = references(target)
    built = reference.target.relations()
    expected = [table for table in tables.values() if table.layer in LAYERS]
    assert len(expected) == 23
    for table in expected:
        schema = LAYERS[table.layer]
        assert (schema, table.name) in built, table.name
        found = reference.target.columns(schema, table.name)
        wanted = [(name, stored(kind, target)) for name, kind in table.columns.items()]
        assert found[: len(wanted)] == wanted, table.name
        key = ", ".join(f'"{name}"' for name in table.key)
        twice = f"select {key} from {schema}.{table.name} group by {key} having count(*) > 1"
        assert reference.rows(twice) == [], table.name
        missing = " or ".join(f'"{name}" is null' for name in table.key)
        assert reference.rows(f"select 1 from {schema}.{table.name} where {missing}") == []
