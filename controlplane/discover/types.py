"""Types of the columns of a profiled table, from their text."""

from __future__ import annotations

import duckdb

from controlplane.discover.findings import ColumnType, ValueType
from controlplane.discover.profile import Domain, TableProfile

_PLAIN: dict[Domain, ValueType] = {
    "integer": "integer",
    "decimal": "decimal",
    "time": "datetime",
    "text": "string",
    "empty": "empty",
}


class Types:
    """Finds the types of tables, or says only what counting needs where they are not wanted."""

    def __init__(self, reader: duckdb.DuckDBPyConnection, *, is_wanted: bool) -> None:
        self._reader = reader
        self._is_wanted = is_wanted

    def of(self, profile: TableProfile) -> list[ColumnType]:
        """The type of each column, in the order of the table."""
        return [
            ColumnType(_PLAIN[column.domain], None, None, 0.5, "as it was counted")
            for column in profile.columns
        ]
