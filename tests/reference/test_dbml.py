"""Every table of the reference schema that is built has its columns, types and keys."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
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
    uniques: list[str] = field(default_factory=list)
    references: dict[str, tuple[str, str]] = field(default_factory=dict)
    defaults: dict[str, str] = field(default_factory=dict)
    indexes: list[tuple[list[str], str]] = field(default_factory=list)


# A gist index on plain text needs an extension; one on the words of the text does not.
WORDS = "to_tsvector('simple'::regconfig, {})"


def read_tables(text: str) -> dict[str, Table]:
    """The tables of a DBML text with their layer."""
    groups = re.findall(r"^TableGroup (\w+) \{\n(.*?)^\}", text, re.M | re.S)
    layers = {name: layer for layer, names in groups for name in names.split()}
    tables = {}
    for name, body in re.findall(r"^Table (\w+) \{\n(.*?)^\}", text, re.M | re.S):
        table = Table(name, layers.get(name, ""))
        for line in re.sub(r"  indexes \{.*?\n  \}\n", "", body, flags=re.S).splitlines():
            if found := re.match(r"\s+(\w+) (\w+(?:\([\d,]+\))?(?:\[\])?)\s*(\[.*\])?\s*$", line):
                settings = found[3] or ""
                table.columns[found[1]] = found[2]
                if "pk" in settings.replace(",", " ").strip("[]").split():
                    table.key.append(found[1])
                if "unique" in settings:
                    table.uniques.append(found[1])
                if reference := re.search(r"ref: > (\w+)\.(\w+)", settings):
                    table.references[found[1]] = (reference[1], reference[2])
                if default := re.search(r"default: ([^\]]+)\]", settings):
                    table.defaults[found[1]] = default[1]
        listed = re.search(r"  indexes \{(.*?)\n  \}\n", body, re.S)
        for names, kind in (
            re.findall(r"^\s+\(?([\w, ]+?)\)? \[(\w+)\]", listed[1], re.M) if listed else ()
        ):
            table.indexes.append((names.split(", "), kind))
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


def built_tables(tables: dict[str, Table]) -> list[tuple[str, Table]]:
    """The tables of the layers that are built, each with its schema."""
    return [(LAYERS[table.layer], table) for table in tables.values() if table.layer in LAYERS]


KEYS = {
    "duckdb": """
        select constraint_type, constraint_column_names
        from duckdb_constraints()
        where schema_name = ? and table_name = ?
    """,
    "postgres": """
        select
            case contype when 'p' then 'PRIMARY KEY' when 'u' then 'UNIQUE' else 'other' end,
            array(
                select cast(attname as text)
                from unnest(conkey) with ordinality as places (number, place)
                inner join pg_attribute on attrelid = conrelid and attnum = places.number
                order by places.place
            )
        from pg_constraint
        where conrelid = to_regclass(? || '.' || ?)
    """,
}


@pytest.mark.parametrize("target", ["duckdb", "postgres"])
def test_every_key_is_a_constraint(
    references: Callable[[str], Any], tables: dict[str, Table], target: str
) -> None:
    reference = references(target)
    for schema, table in built_tables(tables):
        found = reference.target.query(KEYS[target], [schema, table.name])
        keys = [(kind, list(columns)) for kind, columns in found]
        assert ("PRIMARY KEY", table.key) in keys, table.name
        for column in table.uniques:
            assert ("UNIQUE", [column]) in keys, f"{table.name}.{column}"


FOREIGN_KEYS = """
    select
        cast(child.relname as text),
        cast(child_column.attname as text),
        cast(parent.relname as text),
        cast(parent_column.attname as text)
    from pg_constraint
    inner join pg_class as child on conrelid = child.oid
    inner join pg_class as parent on confrelid = parent.oid
    inner join pg_attribute as child_column
        on child_column.attrelid = child.oid and child_column.attnum = conkey[1]
    inner join pg_attribute as parent_column
        on parent_column.attrelid = parent.oid and parent_column.attnum = confkey[1]
    where contype = 'f' and convalidated
"""


@pytest.mark.parametrize("target", ["duckdb", "postgres"])
def test_every_reference_is_tested_and_enforced_where_it_can_be(
    references: Callable[[str], Any], tables: dict[str, Table], target: str
) -> None:
    """DuckDB's own foreign keys refuse to delete a row that is put back at once, so it has none."""
    reference = references(target)
    every = {table.name: schema for schema, table in built_tables(tables)}
    expected = {
        (table.name, column, *named)
        for _, table in built_tables(tables)
        for column, named in table.references.items()
    }
    assert len(expected) == 11
    if target == "postgres":
        assert set(reference.rows(FOREIGN_KEYS)) == expected
    newest = max(reference.root.rglob("manifest.json"), key=lambda path: path.stat().st_mtime)
    manifest = json.loads(newest.read_text(encoding="utf-8"))
    tested = set()
    for node in manifest["nodes"].values():
        test = node.get("test_metadata") or {}
        if test.get("name") == "relationships":
            child = manifest["nodes"][node["attached_node"]]["name"]
            named = re.findall(r"ref\('(\w+)'\)", test["kwargs"]["to"])
            tested.add((child, test["kwargs"]["column_name"], *named, test["kwargs"]["field"]))
            assert node["config"]["severity"].lower() == "error"
    assert expected <= tested
    for child, column, parent, field_name in expected:
        orphans = (
            f"select count(*) from {every[child]}.{child} as child where {column} is not null and"
            f" not exists (select 1 from {every[parent]}.{parent} as parent"
            f" where parent.{field_name} = child.{column})"
        )
        assert reference.rows(orphans) == [(0,)], (child, column)


INDEXES = """
    select
        cast(amname as text),
        indisunique,
        array(
            select pg_get_indexdef(indexrelid, cast(place as integer), true)
            from generate_series(1, indnkeyatts) as place
        )
    from pg_index
    inner join pg_class on pg_class.oid = indexrelid
    inner join pg_am on pg_am.oid = relam
    where indrelid = to_regclass(? || '.' || ?)
"""


def test_every_index_is_there_on_postgresql(
    references: Callable[[str], Any], tables: dict[str, Table]
) -> None:
    """DuckDB keeps the bounds of every part of a column and needs none."""
    reference = references("postgres")
    seen = 0
    for schema, table in built_tables(tables):
        found = reference.target.query(INDEXES, [schema, table.name])
        # A word of SQL as a name is quoted.
        made = [(kind, unique, [c.strip('"') for c in columns]) for kind, unique, columns in found]
        for columns, kind in table.indexes:
            if kind == "unique":
                wanted: tuple[str, bool, list[str]] = ("btree", True, columns)
            elif kind == "gist":
                wanted = ("gist", False, [WORDS.format(columns[0])])
            else:
                wanted = (kind, False, columns)
            assert wanted in made, (table.name, wanted, made)
            seen += 1
    assert seen >= 63


DEFAULTS = {
    "duckdb": """
        select column_name, column_default
        from duckdb_columns()
        where schema_name = ? and table_name = ?
    """,
    "postgres": """
        select column_name, column_default
        from information_schema.columns
        where table_schema = ? and table_name = ?
    """,
}


@pytest.mark.parametrize("target", ["duckdb", "postgres"])
def test_every_default_stands_where_nothing_else_was_given(
    references: Callable[[str], Any], tables: dict[str, Table], target: str
) -> None:
    reference = references(target)
    seen = 0
    for schema, table in built_tables(tables):
        found = dict(reference.target.query(DEFAULTS[target], [schema, table.name]))
        for column, default in table.defaults.items():
            name = f"{table.name}.{column}"
            assert found[column], name
            # What a row has that is written without the column.
            given = f"cast({found[column]} as {stored(table.columns[column], target)})"
            if default == "`now()`":
                now = "cast(now() at time zone 'UTC' as timestamp)"
                near = f"{given} between {now} - interval '1 minute' and {now}"
            else:
                near = f"{given} = {default}"
            assert reference.rows(f"select {near}") == [(True,)], name
            # What dbt writes is never nothing.
            missing = f"select count(*) from {schema}.{table.name} where {column} is null"
            assert reference.rows(missing) == [(0,)], name
            seen += 1
    assert seen >= 36


# Where the source, or the seed, says when it was.
TOLD = ("neural_databank_raw_logs", "neural_model_registry")


@pytest.mark.parametrize("target", ["duckdb", "postgres"])
def test_what_a_default_means_holds_in_what_was_built(
    references: Callable[[str], Any], tables: dict[str, Table], target: str
) -> None:
    """`now()` is the time of the load; what was not masked says so; a sound record has full marks."""
    reference = references(target)
    loads = "select loaded_at from bronze.load_batches"
    for schema, table in built_tables(tables):
        for column, default in table.defaults.items():
            if default != "`now()`" or table.name in TOLD:
                continue
            other = (
                f"select count(*) from {schema}.{table.name} where {column} not in ({loads})"
                # The named members were there before any load.
                f" and {column} <> timestamp '1970-01-01 00:00:00'"
            )
            assert reference.rows(other) == [(0,)], f"{table.name}.{column}"
    raw = "bronze.scout_raw_transactions"
    assert reference.rows("select distinct pii_masked from bronze.scout_raw_customers") == [
        (False,)
    ]
    states = {row[0] for row in reference.rows(f"select distinct validation_status from {raw}")}
    # Every record is checked as it comes in: none is left pending.
    assert states == {"valid", "invalid"}
    scores = (
        f"select distinct data_quality_score = 1 from {raw} as raw"
        " inner join silver.scout_clean_transactions as clean on clean.source_bronze_id = raw.id"
        " where raw.validation_status = '{}'"
    )
    assert reference.rows(scores.format("valid")) == [(True,)]
    assert reference.rows(scores.format("invalid")) in ([(False,)], [])
