"""dbt for the tests of macros."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from controlplane.dbt.process import DbtRun, DbtSession


@pytest.fixture
def dbt() -> Iterator[Callable[..., DbtRun]]:
    """Runs dbt in a project to its end; a project's commands share a process, as loading dbt is slow."""
    sessions: dict[Path, DbtSession] = {}
    with ExitStack() as stack:

        def run(made: Any, command: str, *arguments: str) -> DbtRun:
            root = made.project.root
            if root not in sessions:
                sessions[root] = stack.enter_context(DbtSession(made.project))
            return sessions[root].run(command, arguments, target_path=root / "target")

        yield run
