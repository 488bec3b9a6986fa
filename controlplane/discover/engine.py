"""Discovers unknown data: from tables of text to types, keys, relationships, roles, hierarchies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import duckdb

from controlplane.discover.findings import (
    Column,
    ColumnType,
    Findings,
    ForeignKey,
    Key,
    Table,
)
from controlplane.discover.inclusion import Values
from controlplane.discover.keys import KeyCandidate, find_keys
from controlplane.discover.name_match import TableNames, are_meaningless, read_names
from controlplane.discover.profile import TableProfile, profile_table
from controlplane.discover.relationships import Reference, Schema, find_schema
from controlplane.discover.source import SourceTable, data_files, read_files, scratch

Part = Literal["all", "types", "keys"]


def discover(given: Sequence[str | Path], *, only: Part = "all") -> Findings:
    """What is found out about the files of paths and folders.

    Args:
        given: files and folders.
        only: types, keys, or everything.

    Raises:
        SourceError: nothing can be read.
    """
    with scratch() as (reader, folder):
        tables, notes = read_files(reader, data_files([str(each) for each in given]), folder)
        return find(reader, tables, only=only, notes=notes)


def find(
    reader: duckdb.DuckDBPyConnection,
    tables: Sequence[SourceTable],
    *,
    only: Part = "all",
    notes: Sequence[str] = (),
) -> Findings:
    """What is found out about tables in a scratch DuckDB."""
    profiles = [profile_table(reader, table) for table in tables]
    schema = Schema({}, ())
    if only != "types":
        names = _names(tables)
        candidates = {
            profile.name: find_keys(reader, profile, names[profile.name] if names else None)
            for profile in profiles
        }
        schema = find_schema(Values(reader, profiles), profiles, candidates, names)
    return Findings(tuple(_table(profile, schema) for profile in profiles), tuple(notes))


def _names(tables: Sequence[SourceTable]) -> Mapping[str, TableNames] | None:
    """The words of the names; None where they only count."""
    if all(are_meaningless(table.columns) for table in tables):
        return None
    return read_names({table.name: table.columns for table in tables})


def _table(profile: TableProfile, schema: Schema) -> Table:
    key = schema.keys.get(profile.name)
    return Table(
        name=profile.name,
        source=profile.table.source,
        rows=profile.rows,
        columns=tuple(
            Column(
                column.name,
                ColumnType("string", None, None, 0.5, ""),
                column.nulls,
                column.distinct,
                column.is_exact,
            )
            for column in profile.columns
        ),
        primary_key=_key(*key) if key else None,
        foreign_keys=tuple(
            _foreign_key(each) for each in schema.references if each.child[0] == profile.name
        ),
    )


def _key(key: KeyCandidate, probability: float) -> Key:
    return Key(key.columns, probability, "unique and never missing")


def _foreign_key(reference: Reference) -> ForeignKey:
    inclusion = reference.inclusion
    first = inclusion.child[0]
    unique = inclusion.distinct == inclusion.rows
    return ForeignKey(
        columns=reference.child[1],
        ref_table=inclusion.parent.table,
        ref_columns=inclusion.parent.columns,
        confidence=reference.probability,
        cardinality="one-to-one" if unique else "many-to-one",
        coverage=inclusion.coverage,
        orphans=inclusion.rows - inclusion.matched_rows,
        nulls=first.rows - inclusion.rows,
        reason="",
    )
