"""From specs and known columns to dbt models: a pure function to text, and its merge on disk."""

from __future__ import annotations

from controlplane.generate.models import process_files, shared_files
from controlplane.generate.resolve import Process, resolve
from controlplane.generate.workspace import Change, Generation, check_specs, generate

__all__ = [
    "Change",
    "Generation",
    "Process",
    "check_specs",
    "generate",
    "process_files",
    "resolve",
    "shared_files",
]
