"""Puts a diagram of each layer beside the page of dbt's documentation, and links to them into it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from controlplane.dbt.artifacts import read_catalog, read_manifest
from controlplane.discover.erd.layers import diagrams_of
from controlplane.discover.erd.svg import svg

# Over the list of models, where dbt's page has nothing.
_STYLE = (
    "position:fixed;left:0;bottom:0;z-index:1000;padding:6px 14px;background:#fff;"
    "border:1px solid #d5dbe1;border-width:1px 1px 0 0;font:13px sans-serif"
)


def add_diagrams(page: Path) -> list[Path]:
    """Draw `erd_<layer>.svg` for each layer with references, and link to them; the pictures.

    Args:
        page: the page, with dbt's manifest and catalog beside it.
    """
    folder = page.parent
    manifest = read_manifest(folder / "manifest.json")
    catalog = read_catalog(folder / "catalog.json")
    drawn = diagrams_of(manifest, catalog or {}) if manifest else {}
    for old in folder.glob("erd_*.svg"):
        old.unlink()
    written = []
    links = []
    for layer, findings in drawn.items():
        name = re.sub(r"\W", "_", layer)
        picture = folder / f"erd_{name}.svg"
        picture.write_text(svg(findings), encoding="utf-8", newline="\n")
        written.append(picture)
        links.append(f'<a href="{picture.name}" target="_blank">{name}</a>')
    if links:
        _insert(page, f'<nav style="{_STYLE}">Diagrams: {" &middot; ".join(links)}</nav>')
    return written


def _insert(page: Path, text: str) -> None:
    """Put a text at the end of the page's body; the page is there whole at any time."""
    before, end, after = page.read_text(encoding="utf-8").rpartition("</body>")
    if not end:
        return
    partial = page.with_name(f".{page.name}.{os.getpid()}")
    partial.write_text(f"{before}{text}{end}{after}", encoding="utf-8")
    partial.replace(page)
