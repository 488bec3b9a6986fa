"""From specs and known columns to dbt models: a pure function to text, and its merge on disk.

The generator is imported when it is first asked for something: `controlplane.generate.pending`,
which every run calls, does without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from controlplane.generate.workspace import Change, Generation, check_specs, generate

__all__ = ["Change", "Generation", "check_specs", "generate"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from controlplane.generate import workspace

    return getattr(workspace, name)
