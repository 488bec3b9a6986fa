"""A warehouse whose folder the command runs in, and the command."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner, Result

from controlplane.cli.ingest import ingest


@pytest.fixture
def place(warehouse: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An empty warehouse on each target; the command runs in its project."""
    for key, value in warehouse.project.environment.items():
        if key.startswith("DATABANK_"):
            monkeypatch.setenv(key, value)
    monkeypatch.chdir(warehouse.project.root)
    return warehouse


def call(place: Any, *arguments: str) -> Result:
    """What `databank ingest` answers there."""
    target = ["--target", place.project.target.name]
    return CliRunner().invoke(ingest, [*target, *arguments], standalone_mode=False)
