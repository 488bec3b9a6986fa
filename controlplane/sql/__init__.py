"""SQL expressions of specs: parse, resolve their columns, render them for every target.

Expressions are written in PostgreSQL's dialect. One that reads the same on every target is rendered
as plain SQL, another as a call of the `by_target` macro with one text a target.
"""

from __future__ import annotations

from controlplane.sql.columns import (
    NUMERIC_TYPES,
    SQL_TYPES,
    Column,
    ExpressionError,
    Visible,
    find_column,
    portable_type,
    sql_type,
    unknown_column,
    written_type,
)
from controlplane.sql.parse import (
    DIALECT,
    ColumnPlace,
    column_places,
    columns_in,
    fill_placeholders,
    literal,
    parse_expression,
    parse_named,
    placeholders_in,
    refuse_beyond_row,
    resolve_columns,
)
from controlplane.sql.patterns import PatternError, portable_pattern
from controlplane.sql.render import (
    TARGET_DIALECTS,
    Expression,
    cast_text,
    jinja_string,
    plain_text,
    raw_string,
    settled,
    sql_string,
)

__all__ = [
    "DIALECT",
    "NUMERIC_TYPES",
    "SQL_TYPES",
    "TARGET_DIALECTS",
    "Column",
    "ColumnPlace",
    "Expression",
    "ExpressionError",
    "PatternError",
    "Visible",
    "cast_text",
    "column_places",
    "columns_in",
    "fill_placeholders",
    "find_column",
    "jinja_string",
    "literal",
    "parse_expression",
    "parse_named",
    "placeholders_in",
    "plain_text",
    "portable_pattern",
    "portable_type",
    "raw_string",
    "refuse_beyond_row",
    "resolve_columns",
    "settled",
    "sql_string",
    "sql_type",
    "unknown_column",
    "written_type",
]
