"""Runs: load, build and validate as one tracked job."""

from __future__ import annotations

from controlplane.run.checks import CheckFailedError
from controlplane.run.job import choose, retry, run
from controlplane.run.options import RunOptions
from controlplane.run.result import NodeOutcome, Reporter, RunResult

__all__ = [
    "CheckFailedError",
    "NodeOutcome",
    "Reporter",
    "RunOptions",
    "RunResult",
    "choose",
    "retry",
    "run",
]
