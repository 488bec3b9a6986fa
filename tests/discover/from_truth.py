"""Findings as the declared constraints of an open database give them, with plain types."""

from __future__ import annotations

import json
import re
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from controlplane.discover.findings import (
    Additivity,
    Column,
    ColumnType,
    Findings,
    ForeignKey,
    Key,
    Table,
    ValueType,
)
from controlplane.load.column_types import find_types
from controlplane.naming import column_names

_TYPES: dict[str, ValueType] = {
    "integer": "integer",
    "bigint": "integer",
    "decimal": "decimal",
    "double": "decimal",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "datetime",
    "time": "time",
}
_ODD = r"price|rate|percent|pct|ratio|discount|hour|minute|year|month|day|week|lat|lon"


def findings_of(folder: Path) -> Findings:
    """What discovery would find in the folder if it knew what its `truth.json` declares."""
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    return Findings(tuple(_table(folder, name, said) for name, said in truth["tables"].items()))


def _table(folder: Path, name: str, said: dict[str, Any]) -> Table:
    titles = list(said["columns"])
    with closing(duckdb.connect()) as reader:
        plain = column_names(titles)
        named = ", ".join(f"'{each}': 'VARCHAR'" for each in plain)
        reader.execute(
            f"create table records as select * from read_csv('{folder / said['file']}',"
            f" header=true, columns={{{named}}}, delim=',', quote='\"')"
        )
        types = find_types(reader, "select * from records", plain)
        counts = ", ".join(f"count({each}), count(distinct {each})" for each in plain)
        row = reader.execute(f"select count(*), {counts} from records").fetchone() or (0,)
        rows = int(row[0])
        uniques = [said["primary_key"] or [], *said.get("unique_keys", ())]
        by_title = dict(zip(titles, plain, strict=True))
        keys = [
            _key(reader, rows, tuple(columns), [by_title[each] for each in columns])
            for columns in uniques
            if columns
        ]
    foreign = tuple(
        ForeignKey(
            tuple(key["columns"]),
            key["ref_table"],
            tuple(key["ref_columns"]),
            1.0,
            "many-to-one",
            key["coverage"],
            round(key["child_non_null_rows"] * (1 - key["coverage"])),
            rows - key["child_non_null_rows"],
            "declared",
        )
        for key in said["foreign_keys"]
    )
    inside = {each for key in keys for each in key.columns}
    inside |= {each for foreign_key in foreign for each in foreign_key.columns}
    columns = []
    for position, (title, name_) in enumerate(zip(titles, plain, strict=True)):
        kind = types[name_]
        columns.append(
            Column(
                title,
                ColumnType(
                    _TYPES.get(kind.split("(", maxsplit=1)[0], "string"), None, None, 1.0, "", kind
                ),
                rows - int(row[1 + 2 * position]),
                int(row[2 + 2 * position]),
                additivity=None if title in inside else _additivity(name_, kind),
            )
        )
    primary = keys[0] if said["primary_key"] else None
    return Table(
        name,
        said["file"],
        rows,
        tuple(columns),
        said["role"],
        "declared",
        primary,
        tuple(key for key in keys if key is not primary),
        foreign,
    )


def _key(
    reader: duckdb.DuckDBPyConnection, rows: int, titles: tuple[str, ...], columns: list[str]
) -> Key:
    listed = ", ".join(columns)
    nothing = " or ".join(f"{each} is null" for each in columns)
    row = reader.execute(
        f"select (select count(*) from (select distinct {listed} from records)),"
        f" (select count(*) from records where {nothing})"
    ).fetchone() or (0, 0)
    return Key(titles, 1.0, "declared", duplicates=rows - int(row[0]), nulls=int(row[1]))


def _additivity(name: str, kind: str) -> Additivity | None:
    if kind.split("(", maxsplit=1)[0] not in ("integer", "bigint", "decimal", "double"):
        return None
    if re.search("(_id|_sk|_key|_no|_number|number|_code)$", name):
        return None
    return "non-additive" if re.search(_ODD, name) else "additive"


def with_hierarchies(findings: Findings, **hierarchies: Any) -> Findings:
    """The findings with hierarchies for the named tables."""
    return replace(
        findings,
        tables=tuple(
            replace(table, hierarchies=tuple(hierarchies.get(table.name, ())))
            for table in findings.tables
        ),
    )
