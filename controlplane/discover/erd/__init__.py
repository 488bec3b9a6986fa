"""Draws what was found out as an entity relationship diagram: as Mermaid, as DBML and as SVG."""

from __future__ import annotations

from pathlib import Path

from controlplane.discover.erd.dbml import dbml
from controlplane.discover.erd.mermaid import mermaid
from controlplane.discover.erd.svg import svg
from controlplane.discover.findings import Findings
from controlplane.errors import DatabankError

__all__ = ["dbml", "mermaid", "svg", "write_erd"]


def write_erd(findings: Findings, folder: Path) -> list[Path]:
    """Write `erd.mmd`, `erd.dbml` and `erd.svg` to a folder, which is made if need be.

    Raises:
        DatabankError: the folder cannot be made or written to.
    """
    texts = {
        "erd.mmd": mermaid(findings),
        "erd.dbml": dbml(findings),
        "erd.svg": svg(findings),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise DatabankError(
            f"{folder}: the diagram cannot be written there: {error.strerror}",
            hint="name a folder that is there or can be made",
        ) from error
    return [folder / name for name in texts]
