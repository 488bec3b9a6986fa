"""Brings the tables of a PostgreSQL database into the scratch DuckDB, with the keys it declares."""

from __future__ import annotations

from pathlib import Path

import duckdb
from psycopg2 import sql

from controlplane.discover.plain_csv import copy_strict
from controlplane.discover.source import DeclaredReference, SourceTable, count_rows
from controlplane.errors import SourceError
from controlplane.load.database import SourceDatabase, snapshot, table_relation
from controlplane.targets.base import quoted

_TABLES = """
    select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and not c.relispartition
    and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_%%'
    order by 1, 2
"""
_REFERENCES = """
    select n.nspname, c.relname,
        (select array_agg(a.attname::text order by k.place) from unnest(o.conkey)
            with ordinality as k(number, place)
            join pg_attribute a on a.attrelid = o.conrelid and a.attnum = k.number),
        rn.nspname, r.relname,
        (select array_agg(a.attname::text order by k.place) from unnest(o.confkey)
            with ordinality as k(number, place)
            join pg_attribute a on a.attrelid = o.confrelid and a.attnum = k.number)
    from pg_constraint o
    join pg_class c on c.oid = o.conrelid join pg_namespace n on n.oid = c.relnamespace
    join pg_class r on r.oid = o.confrelid join pg_namespace rn on rn.oid = r.relnamespace
    where o.contype = 'f' and o.conparentid = 0 order by 1, 2, o.conname
"""


def read_database(
    reader: duckdb.DuckDBPyConnection, url: str, spool: Path, *, declared: bool
) -> list[SourceTable]:
    """Each table of a database as a table of text; those of other schemas than the first named so.

    Args:
        reader: gets the tables.
        url: where the database is.
        spool: a folder for scratch files.
        declared: whether the keys that the database declares are told.

    Raises:
        SourceError: it cannot be reached or read, or has no table.
    """
    with snapshot(url, "the connection URL", "discovery") as database:
        found = [(str(schema), str(name)) for schema, name in database.rows(_TABLES)]
        if not found:
            raise SourceError(f"{database.where}: has no table that this user may see")
        counts = [name for _, name in found]
        called = {
            (schema, name): name if counts.count(name) == 1 else f"{schema}.{name}"
            for schema, name in found
        }
        references = _references(database, called) if declared else {}
        tables = []
        for index, place in enumerate(found):
            path = spool / f"table_{index}.csv"
            columns = [column.title for column in database.columns(table_relation(*place))]
            statement = sql.SQL("select * from {}").format(table_relation(*place))
            database.extract(statement, path)
            names = [quoted(column) for column in columns]
            copy_strict(reader, path, f"t{index}", names, header=False)
            path.unlink()
            tables.append(
                SourceTable(
                    name=called[place],
                    source=".".join(place),
                    relation=f"t{index}",
                    columns=tuple(columns),
                    rows=count_rows(reader, f"t{index}"),
                    declared_key=tuple(database.primary_key(*place)) if declared else (),
                    declared_references=tuple(references.get(called[place], ())),
                )
            )
    return tables


def _references(
    database: SourceDatabase, called: dict[tuple[str, str], str]
) -> dict[str, list[DeclaredReference]]:
    found: dict[str, list[DeclaredReference]] = {}
    for schema, table, columns, ref_schema, ref_table, ref_columns in database.rows(_REFERENCES):
        child, parent = called.get((schema, table)), called.get((ref_schema, ref_table))
        if child is not None and parent is not None:
            reference = DeclaredReference(tuple(columns), parent, tuple(ref_columns))
            found.setdefault(child, []).append(reference)
    return found
