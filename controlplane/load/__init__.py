"""Loads sources into raw tables: one batch, one transaction, one line in the ledger.

Every record of a source ends in its raw table or, with its reason and its text, among the rejects.
A batch that stands in the ledger is never loaded again; one that does not has left nothing behind.
"""

from __future__ import annotations

from controlplane.load.check import check_source
from controlplane.load.describe import describe_source
from controlplane.load.process import load_process
from controlplane.load.results import Batch, LoadResult, Skipped
from controlplane.specs.source_schema import SourceColumn, SourceSchema

__all__ = [
    "Batch",
    "LoadResult",
    "Skipped",
    "SourceColumn",
    "SourceSchema",
    "check_source",
    "describe_source",
    "load_process",
]
