"""Which values may be shown in a result: those of sensitive columns are only told by their length."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from controlplane import naming
from controlplane.config import Project
from controlplane.dbt.salt import masks_personal_data

LONGEST = 100


@dataclass(frozen=True)
class Masking:
    """The columns whose values are not shown; `every` is for a project that masks personal data."""

    columns: frozenset[str] = frozenset()
    every: bool = False

    def hides(self, column: str | None) -> bool:
        """Whether values of the column are not shown."""
        return self.every or (column or "") in self.columns

    def shown(self, column: str | None, value: str) -> str:
        """The value as it may be shown; a long one is cut."""
        if self.hides(column):
            return f"({len(value)} characters, masked)"
        return value if len(value) <= LONGEST else f"{value[:LONGEST]}…"


def masking(project: Project, variables: Mapping[str, Any] | None = None) -> Masking:
    """What the project says of sensitive values.

    That is `sensitive_data` of a warehouse's `data_masking`, where it is enabled; and all values
    where dbt's variable `mask_pii` is true, since nobody says then which columns are personal, or
    where a warehouse's spec is wrong.
    """
    from controlplane.specs.files import WAREHOUSE, scan

    found = scan(project.root, WAREHOUSE)
    # What cannot be read may name sensitive columns.
    if found.problems or masks_personal_data(project, variables or {}):
        return Masking(every=True)
    columns: set[str] = set()
    for file in found.files:
        security = file.spec.security_config
        if security and (data := security.data_masking) and data.enabled:
            columns |= {*naming.column_names(data.sensitive_data), *data.sensitive_data}
    return Masking(frozenset(columns))
