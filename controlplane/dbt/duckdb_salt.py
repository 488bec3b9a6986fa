"""A plugin of dbt-duckdb that tells each of its cursors the salt that masking is keyed with.

`profiles.yml` names it. It imports nothing heavy: every start of dbt on DuckDB loads it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from dbt.adapters.duckdb.plugins import BasePlugin

from controlplane.dbt.salt import DUCKDB_VARIABLE, SALT

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class Plugin(BasePlugin):
    """Sets a variable of the session, as a parameter: no statement holds its value."""

    def configure_cursor(self, cursor: DuckDBPyConnection) -> None:
        """Called for the connection of each thread, since DuckDB's variables are not inherited."""
        salt = os.environ.get(SALT)
        # A salt that is no text is as good as none: the query that needs it says so.
        with suppress(UnicodeError):
            if salt:
                cursor.execute(f"set variable {DUCKDB_VARIABLE} = ?", [salt])
