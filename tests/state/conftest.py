"""A project with its state store on SQLite and on PostgreSQL, and real processes that run jobs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from controlplane.config import Project, TargetSettings
from controlplane.state.store import Store, open_store

PRELUDE = """
import os, sys, time
from pathlib import Path
from controlplane import jobs
from controlplane.config import Project, TargetSettings
from controlplane.jobs import *
from controlplane.state.records import *
from controlplane.state.store import open_store
jobs.HEARTBEAT_SECONDS = 0.05
jobs.CANCEL_GRACE_SECONDS = 0.1
root = Path(sys.argv[1])
project = Project(root, "shop", root, TargetSettings("dev", "duckdb", root / "shop.duckdb"),
                  sys.argv[2], dict(os.environ))
def say(text):
    print(text, flush=True)
"""


class Python:
    """Starts real processes that use the project's state store."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._started: list[subprocess.Popen[str]] = []

    def command(self, code: str, *arguments: str) -> list[str]:
        """The command that runs `code` after the prelude."""
        places = (str(self._project.root), self._project.state_url)
        return [sys.executable, "-c", PRELUDE + code, *places, *arguments]

    def start(
        self, code: str, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """A process that runs `code` after the prelude, with its output in a pipe."""
        child = subprocess.Popen(
            self.command(code, *arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(environment or {})},
        )
        self._started.append(child)
        return child

    def close(self) -> None:
        """End whatever still runs."""
        for child in self._started:
            if child.poll() is None:
                child.kill()
            child.communicate()


@pytest.fixture(params=["sqlite", "postgres"])
def state_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty state store, on each engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / '.databank' / 'state.db'}"
    url: str = request.getfixturevalue("database").url
    return url


@pytest.fixture
def make_project(tmp_path: Path) -> Callable[..., Project]:
    """Makes a project in the test's folder."""

    def make(state_url: str, **environment: str) -> Project:
        target = TargetSettings("dev", "duckdb", tmp_path / "shop.duckdb")
        return Project(tmp_path, "shop", tmp_path, target, state_url, environment)

    return make


@pytest.fixture
def project(make_project: Callable[..., Project], state_url: str) -> Project:
    """A project with a state store on each engine."""
    return make_project(state_url)


@pytest.fixture
def store(project: Project) -> Iterator[Store]:
    """The project's state store, open."""
    with open_store(project) as opened:
        yield opened


@pytest.fixture
def python(project: Project) -> Iterator[Python]:
    """Starts real processes on the project; none outlives the test."""
    runner = Python(project)
    yield runner
    runner.close()
