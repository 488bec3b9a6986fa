"""Warehouses: connect, describe, write, lock. Only this package and dbt open them."""

from __future__ import annotations

from controlplane.config import TargetSettings
from controlplane.targets.base import LoadSession, MissingRelationError, OnWait, Target, WriteLock

__all__ = ["LoadSession", "MissingRelationError", "Target", "WriteLock", "open_target"]


def open_target(settings: TargetSettings, *, on_wait: OnWait | None = None) -> Target:
    """The warehouse of these settings; nothing is connected yet, and only its driver imported.

    `on_wait` is told who is waited for where a reader has to wait for a writer.
    """
    if settings.type == "duckdb":
        from controlplane.targets.duckdb import DuckDBTarget

        return DuckDBTarget(settings, on_wait)
    from controlplane.targets.postgres import PostgresTarget

    return PostgresTarget(settings)
