"""Where the columns of the warehouse come from: traced from the SQL that dbt compiled, then loaded.

Everything that needs sqlglot is imported by whoever calls it: a run with nothing to trace does not.
"""

from __future__ import annotations
