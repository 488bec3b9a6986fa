"""`databank pipeline`: the definitions of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controlplane.cli.definitions import definition_group

if TYPE_CHECKING:
    from controlplane.specs.pipeline import Pipeline


def _cells(spec: Pipeline) -> list[Any]:
    return [len(spec.stages), len(spec.triggers)]


pipeline = definition_group("pipeline", (("stages", "triggers"), _cells))
