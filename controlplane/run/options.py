"""What somebody asks of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class RunOptions:
    """What somebody asked for; kept with the job, so that a retry asks for the same."""

    names: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    full_refresh: bool = False
    rebuild: bool = False
    accept_empty: bool = False
    accept_drift: bool = False
    wait: bool = True
    load_only: bool = False
    build_only: bool = False
    timeout: float | None = None
    dbt_args: tuple[str, ...] = ()

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> RunOptions:
        """The options that a job was started with."""
        known = {each.name for each in fields(cls)}
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in params.items()
            if name in known
        }
        return cls(**values)
