"""What `databank init --from` and `databank discover --write` have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from controlplane.config import Project
    from controlplane.discover.findings import Findings


def drafted(findings: Findings, source: str, title: str, project: Project) -> dict[str, Any]:
    """Draft a source into a project, and say what was made."""
    from controlplane.cli.output import narrate
    from controlplane.cli.progress import PlainReporter
    from controlplane.discover.writing import write_project

    written = write_project(findings, source, title, project, PlainReporter())
    for note in written.notes:
        narrate(note)
    return {
        "specs": list(written.specs),
        "star": written.star,
        "kept": list(written.kept),
        "models": written.models,
        "records": written.records,
        "rejected": written.rejected,
        "notes": list(written.notes),
    }
