"""Discovers unknown data: from tables of text to types, keys, relationships, roles, hierarchies."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Literal

import duckdb

from controlplane.discover.column_types import find_column_types
from controlplane.discover.corrections import Corrections
from controlplane.discover.declared import with_declared
from controlplane.discover.findings import (
    Column,
    ColumnType,
    Findings,
    ForeignKey,
    Key,
    Table,
    ValueType,
)
from controlplane.discover.hierarchies import find_hierarchies
from controlplane.discover.inclusion import Values
from controlplane.discover.key_candidate import KeyCandidate
from controlplane.discover.keys import almost_keys, find_keys
from controlplane.discover.name_match import TableNames, are_meaningless, read_names
from controlplane.discover.profile import Domain, TableProfile, profile_table
from controlplane.discover.references import Reference, Schema
from controlplane.discover.relationships import find_schema
from controlplane.discover.roles import counted, with_roles
from controlplane.discover.shared_readings import with_shared_readings
from controlplane.discover.shared_types import with_shared_types
from controlplane.discover.source import (
    WORKERS,
    SourceTable,
    data_files,
    read_files,
    scratch,
    size_of,
)
from controlplane.errors import ConfigError

Part = Literal["all", "types", "keys"]

_PLAIN: Mapping[Domain, ValueType] = {
    "integer": "integer",
    "decimal": "decimal",
    "time": "datetime",
    "text": "string",
    "empty": "empty",
}


def discover(
    given: Sequence[str | Path],
    *,
    only: Part = "all",
    declared: bool = True,
    quality_at: datetime | None = None,
    corrections: Corrections | None = None,
) -> Findings:
    """What is found out about the files of paths and folders, or about a database.

    Args:
        given: files and folders; or one connection URL of PostgreSQL.
        only: types, keys, or everything.
        declared: whether the keys that a database declares are taken over.
        corrections: what a person corrected before; it moves the answers for columns like it.
        quality_at: the time, with its zone, against which quality is scored; None for no scores.

    Raises:
        ConfigError: a database is not the only source.
        SourceError: nothing can be read.
    """
    texts = [str(each) for each in given]
    notes: list[str] = []
    is_database = any(map(_is_database, texts))
    if is_database and len(texts) > 1:
        raise ConfigError("a database is discovered by itself", hint="leave the other sources out")
    files = [] if is_database else data_files(texts)
    with scratch(None if is_database else size_of(files)) as (reader, folder):
        if is_database:
            from controlplane.discover.database_source import read_database

            tables = read_database(reader, texts[0], folder, declared=declared)
        else:
            tables, notes = read_files(reader, files, folder)
        findings = find(reader, tables, only=only, notes=notes, corrections=corrections)
        if quality_at is None:
            return findings
        from controlplane.discover.quality import find_quality

        return replace(findings, quality=find_quality(reader, tables, findings, quality_at))


def _is_database(text: str) -> bool:
    return text.startswith(("postgresql://", "postgres://"))


def find(
    reader: duckdb.DuckDBPyConnection,
    tables: Sequence[SourceTable],
    *,
    only: Part = "all",
    notes: Sequence[str] = (),
    corrections: Corrections | None = None,
) -> Findings:
    """What is found out about tables in a scratch DuckDB."""
    with ThreadPoolExecutor(WORKERS) as pool:
        profiles = list(pool.map(lambda table: profile_table(reader.cursor(), table), tables))
        schema = Schema({}, {}, ())
        if only != "types":
            schema = _schema(reader, profiles)

        def types_of(profile: TableProfile) -> list[ColumnType]:
            if only == "keys":
                return [_counted_as(column.domain) for column in profile.columns]
            table = profile.table
            return find_column_types(
                reader.cursor(),
                table.relation,
                table.columns,
                corrections=corrections,
                table=table.name,
            )

        kinds = list(pool.map(types_of, profiles))
    found = [_table(p, schema, own) for p, own in zip(profiles, kinds, strict=True)]
    findings = with_shared_readings(with_shared_types(Findings(tuple(found), tuple(notes))))
    if only != "all":
        return findings
    findings = with_roles(findings)
    by_name = {table.name: table for table in findings.tables}
    hierarchies = find_hierarchies(reader, profiles, by_name)
    return replace(
        findings,
        tables=tuple(replace(t, hierarchies=hierarchies[t.name]) for t in findings.tables),
    )


def _schema(reader: duckdb.DuckDBPyConnection, profiles: Sequence[TableProfile]) -> Schema:
    names = _names(profiles)
    candidates = {
        profile.name: find_keys(reader, profile, names[profile.name] if names else None)
        for profile in profiles
    }
    values = Values(reader, profiles)
    return with_declared(find_schema(values, profiles, candidates, names), values, profiles)


def _names(profiles: Sequence[TableProfile]) -> Mapping[str, TableNames] | None:
    """The words of the names; None where they only count."""
    columns = {profile.name: profile.table.columns for profile in profiles}
    if all(are_meaningless(names) for names in columns.values()):
        return None
    return read_names(columns)


def _counted_as(domain: Domain) -> ColumnType:
    """What is known of a column's type without looking for it."""
    return ColumnType(_PLAIN[domain], None, None, 0.5, "as its values were compared")


def _table(profile: TableProfile, schema: Schema, kinds: Sequence[ColumnType]) -> Table:
    key = schema.keys.get(profile.name)
    return Table(
        name=profile.name,
        source=profile.table.source,
        rows=profile.rows,
        columns=tuple(
            Column(column.name, kind, column.nulls, column.distinct, column.is_exact)
            for column, kind in zip(profile.columns, kinds, strict=True)
        ),
        primary_key=_key(*key, schema) if key else None,
        candidate_keys=tuple(_other_keys(profile, schema)),
        foreign_keys=tuple(
            _foreign_key(each) for each in schema.references if each.child[0] == profile.name
        ),
    )


def _other_keys(profile: TableProfile, schema: Schema) -> list[Key]:
    """What else is unique, and what would be but for a few rows."""
    key = schema.keys.get(profile.name)
    found = [
        Key(each.columns, 1 / (1 + math.exp(-each.score)), "unique and never missing, too")
        for each in schema.candidates.get(profile.name, ())
        if key is None or each.columns != key[0].columns
    ]
    if key is None and schema.candidates:
        found += [
            Key(
                (column.name,),
                0.0,
                "nearly every row has a value of its own",
                duplicates=column.filled - column.distinct,
                nulls=column.nulls,
            )
            for column in almost_keys(profile)
        ]
    return found


def _key(key: KeyCandidate, probability: float, schema: Schema) -> Key:
    reasons = ["declared"] if key.is_declared else []
    reasons.append("unique and never missing")
    if key.profiles[0].position == 0:
        reasons.append("stands first")
    if key.is_sequence:
        reasons.append("counts within the others")
    referring = {
        each.child[0]
        for each in schema.references
        if (each.inclusion.parent.table, each.inclusion.parent.columns) == (key.table, key.columns)
    }
    if referring:
        reasons.append(f"{counted(len(referring), 'table')} to it")
    return Key(key.columns, probability, ", ".join(reasons))


def _foreign_key(reference: Reference) -> ForeignKey:
    inclusion = reference.inclusion
    rows = inclusion.child[0].rows
    orphans = inclusion.rows - inclusion.matched_rows
    unique = inclusion.distinct == inclusion.rows
    shown = f"{inclusion.matched_distinct} of {inclusion.distinct} values are in the key"
    if inclusion.parent.profiles[0].rows:
        share = inclusion.matched_distinct / inclusion.parent.profiles[0].rows
        shown += f", {share:.0%} of which is used"
    if reference.is_declared:
        shown = f"declared; {shown}"
    said = reference.said
    if said is not None:
        shown += "; the name says so" if said >= 0.6 else "; the name does not say so"
    return ForeignKey(
        columns=reference.child[1],
        ref_table=inclusion.parent.table,
        ref_columns=inclusion.parent.columns,
        confidence=reference.probability,
        cardinality="one-to-one" if unique else "many-to-one",
        coverage=inclusion.coverage,
        orphans=orphans,
        nulls=rows - inclusion.rows,
        reason=shown,
    )
