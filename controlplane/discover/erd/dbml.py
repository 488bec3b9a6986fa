"""The diagram as DBML: https://dbml.dbdiagram.io/docs."""

from __future__ import annotations

from collections.abc import Sequence

from controlplane.discover.erd.text import shown
from controlplane.discover.findings import Column, Findings, ForeignKey, Table


def dbml(findings: Findings) -> str:
    """The tables with their columns, keys and references, under the names that the source has."""
    # DBML has no table without columns, and no reference twice, in whichever direction.
    parts = [_table(table) for table in findings.tables if table.columns]
    references: dict[frozenset[tuple[str, tuple[str, ...]]], str] = {}
    for table in findings.tables:
        for key in table.foreign_keys:
            ends = frozenset(((table.name, key.columns), (key.ref_table, key.ref_columns)))
            if len(ends) == 2:
                references.setdefault(ends, _reference(table.name, key))
    if references:
        parts.append("\n".join(references.values()))
    return "\n\n".join(parts) + "\n"


def _table(table: Table) -> str:
    key = table.primary_key.columns if table.primary_key else ()
    lines = [f"Table {_name(table.name)} {{"]
    lines += [f"  {_column(column, key == (column.name,))}" for column in table.columns]
    if len(key) > 1:
        lines += ["", "  indexes {", f"    ({', '.join(map(_name, key))}) [pk]", "  }"]
    note = f"{table.rows:,} rows" + (f"; {table.role}: {table.role_reason}" if table.role else "")
    lines += ["", f"  Note: {_string(note)}", "}"]
    return "\n".join(lines)


def _column(column: Column, is_key: bool) -> str:
    settings = ["pk"] if is_key else []
    if not is_key and column.nulls == 0:
        settings.append("not null")
    shown_settings = f" [{', '.join(settings)}]" if settings else ""
    return f"{_name(column.name)} {column.kind.storage}{shown_settings}"


def _reference(table: str, key: ForeignKey) -> str:
    mark = "-" if key.cardinality == "one-to-one" else ">"
    own = f"{_name(table)}.{_columns(key.columns)}"
    return f"Ref: {own} {mark} {_name(key.ref_table)}.{_columns(key.ref_columns)}"


def _columns(names: Sequence[str]) -> str:
    return _name(names[0]) if len(names) == 1 else f"({', '.join(map(_name, names))})"


def _name(name: str) -> str:
    made = shown(name).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{made}"'


def _string(text: str) -> str:
    made = shown(text).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{made}'"
