"""Gives columns that refer to each other one type: what is a code in one table is one in all."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from controlplane.discover.findings import Column, ColumnType, Findings

Place = tuple[str, str]


def with_shared_types(findings: Findings) -> Findings:
    """The findings with references and their keys of one type, text where one of them is text.

    Numbers without a leading zero look like integers; that their key has `0736` shows that they are
    codes.
    """
    linked: dict[Place, set[Place]] = defaultdict(set)
    for table in findings.tables:
        for key in table.foreign_keys:
            for mine, theirs in zip(key.columns, key.ref_columns, strict=True):
                linked[table.name, mine].add((key.ref_table, theirs))
                linked[key.ref_table, theirs].add((table.name, mine))
    kinds = {
        (table.name, column.name): column.kind
        for table in findings.tables
        for column in table.columns
    }
    texts = [
        place
        for place in linked
        if kinds[place].type == "string" and kinds[place].storage == "text"
    ]
    shared: dict[Place, ColumnType] = {}
    while texts:
        place = texts.pop()
        for other in linked[place]:
            if kinds[other].type != "integer" or other in shared:
                continue
            shared[other] = replace(
                kinds[other],
                type="string",
                semantic="identifier",
                storage="text",
                confidence=kinds[place].confidence,
                reason=f"digits that belong together with the codes of {place[0]}.{place[1]}",
            )
            texts.append(other)
    if not shared:
        return findings

    def column_of(table: str, column: Column) -> Column:
        return replace(column, kind=shared.get((table, column.name), column.kind))

    return replace(
        findings,
        tables=tuple(
            replace(t, columns=tuple(column_of(t.name, column) for column in t.columns))
            for t in findings.tables
        ),
    )
