"""Databank as a person uses it: the command in a process of its own, in a project of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from controlplane.config import Project
from controlplane.targets import Target


@dataclass(frozen=True)
class Databank:
    """A project on a target, with the command to work on it."""

    project: Project
    target: Target
    environment: Mapping[str, str]

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self.project.root

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """The command as a process that runs."""
        return subprocess.Popen(
            [sys.executable, "-m", "controlplane", *arguments],
            cwd=self.root,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command, ended; whatever came of it, it printed no traceback."""
        process = self.start(*arguments)
        stdout, stderr = process.communicate()
        assert "Traceback" not in stderr, stderr
        return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)

    def expect(self, code: int, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command, ended with this exit code."""
        done = self.call(*arguments)
        assert done.returncode == code, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def run(self, *arguments: str) -> dict[str, Any]:
        """What `databank run` did."""
        result: dict[str, Any] = json.loads(self.expect(0, "run", "-o", "json", *arguments).stdout)
        return result

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query in the warehouse."""
        return self.target.query(query)

    def spec(self, name: str, content: Mapping[str, Any]) -> None:
        """Put a spec of an ETL process into its file."""
        path = self.project.specs_dir / "etl" / f"{name}.json"
        path.write_text(json.dumps(content, indent=2), encoding="utf-8")


MakeDatabank = Callable[..., Databank]


@pytest.fixture
def make_databank(make_warehouse: Callable[..., Any]) -> MakeDatabank:
    """Makes a project on a target, ready for the command."""

    def make(target: str, name: str = "project", **variables: str) -> Databank:
        made = make_warehouse(target, name)
        environment = {
            **made.project.environment,
            "DATABANK_TARGET": target,
            "DATABANK_DUCKDB_PATH": "warehouse.duckdb",
            **variables,
        }
        return Databank(made.project, made.target, environment)

    return make
