"""From specs and known columns to dbt models: a pure function to text, and its merge on disk.

The parts are imported when they are asked for: who only looks at the records pays for no parser.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from controlplane.generate.catalog import readable_tables
    from controlplane.generate.changes import Change, Generation
    from controlplane.generate.models import process_files, shared_files
    from controlplane.generate.process import Process
    from controlplane.generate.resolution import resolve
    from controlplane.generate.workspace import check_specs, generate

__all__ = [
    "Change",
    "Generation",
    "Process",
    "check_specs",
    "generate",
    "process_files",
    "readable_tables",
    "resolve",
    "shared_files",
]

_MODULES = {
    "Change": "changes",
    "Generation": "changes",
    "Process": "process",
    "check_specs": "workspace",
    "generate": "workspace",
    "process_files": "models",
    "readable_tables": "catalog",
    "resolve": "resolution",
    "shared_files": "models",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
