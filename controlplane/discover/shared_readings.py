"""Reads columns that refer to each other in one way: what is a date in one table is one in all."""

from __future__ import annotations

from dataclasses import replace

from controlplane.discover.findings import Column, ColumnType, Findings, Table, Written
from controlplane.discover.readings import reading_of


def with_shared_readings(findings: Findings) -> Findings:
    """The findings with each reference read as the key that it refers to, whose texts it has.

    A key of all days says what is day and month; the few days of a reference may leave it open. What
    refers to a key that stays text stays text.
    """
    kinds: dict[tuple[str, str], ColumnType] = {}
    for table in findings.tables:
        for key in table.foreign_keys:
            other = findings.table(key.ref_table)
            for mine, theirs in zip(key.columns, key.ref_columns, strict=True):
                found = _alike(table.column(mine).kind, other.column(theirs).kind)
                if found is not None:
                    kinds.setdefault((table.name, mine), found)
    if not kinds:
        return findings

    def read(table: Table, column: Column) -> Column:
        return replace(column, kind=kinds.get((table.name, column.name), column.kind))

    return replace(
        findings,
        tables=tuple(
            replace(table, columns=tuple(read(table, column) for column in table.columns))
            for table in findings.tables
        ),
    )


def _alike(kind: ColumnType, key: ColumnType) -> ColumnType | None:
    """The reference's type with the way in which its key is read; None where both are read alike."""
    mine, theirs = reading_of(kind, "x"), reading_of(key, "x")
    if mine.expression == theirs.expression or not (mine.expression or theirs.expression):
        return None
    if theirs.kind == "text":
        doubt = Written(doubt="what it refers to is text")
        return replace(kind, storage="text", written=doubt)
    return replace(
        kind,
        type=key.type,
        format=key.format,
        storage=key.storage,
        written=key.written,
        semantic=key.semantic if theirs.expression else kind.semantic,
    )
