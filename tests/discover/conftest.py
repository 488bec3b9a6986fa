"""Small databases of text, as discovery gets them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from controlplane.discover.engine import discover
from controlplane.discover.findings import Findings

Rows = Sequence[Sequence[object]]
Discover = Callable[[Mapping[str, Rows]], Findings]


def write_csv(path: Path, rows: Rows) -> Path:
    """A CSV file of these rows, of which the first is the header; None is a missing value."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


@pytest.fixture
def found_in(tmp_path: Path) -> Discover:
    """Discovers tables that are given as rows, each with its header first."""

    def run(tables: Mapping[str, Rows]) -> Findings:
        for name, rows in tables.items():
            write_csv(tmp_path / f"{name}.csv", rows)
        return discover([tmp_path])

    return run
