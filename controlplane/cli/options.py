"""Options that commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from controlplane.config import Project

Command = TypeVar("Command", bound=Callable[..., Any])


def project_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--project-dir`, `--profiles-dir` and `--target`; the function gets them as `project`."""

    @place_options
    @functools.wraps(function)
    def with_project(*args: Any, place: ProjectPlace, **kwargs: Any) -> Any:
        return function(*args, project=place.load(), **kwargs)

    return with_project


@dataclass(frozen=True)
class ProjectPlace:
    """Where a project was said to be, for commands that also work without one."""

    project_dir: Path | None
    profiles_dir: Path | None
    target: str | None

    def load(self) -> Project:
        """The project; raises `ConfigError` where there is none or its settings cannot be used."""
        from controlplane.config import load_project

        return load_project(self.project_dir, self.profiles_dir, self.target)

    def root(self) -> Path | None:
        """The folder of the project; None where nobody named one and none is here or above."""
        from controlplane.config import find_project_dir
        from controlplane.errors import ConfigError

        if self.project_dir is not None:
            return self.project_dir.resolve()
        try:
            return find_project_dir(Path.cwd())
        except ConfigError:
            return None


def place_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the same options; the function gets a `ProjectPlace` as `place`, and nothing is read yet."""

    @click.option(
        "--project-dir",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        envvar="DATABANK_PROJECT_DIR",
        help="The folder of dbt_project.yml; default: here or above.",
    )
    @click.option(
        "--profiles-dir",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        envvar="DATABANK_PROFILES_DIR",
        help="The folder of profiles.yml; default: as dbt finds it.",
    )
    @click.option(
        "-t",
        "--target",
        envvar="DATABANK_TARGET",
        help="The target of profiles.yml to work on; default: the profile's.",
    )
    @functools.wraps(function)
    def with_place(
        *args: Any,
        project_dir: Path | None,
        profiles_dir: Path | None,
        target: str | None,
        **kwargs: Any,
    ) -> Any:
        return function(*args, place=ProjectPlace(project_dir, profiles_dir, target), **kwargs)

    return with_place


def output_option(function: Command) -> Command:
    """Add `--output text|json`; the function gets it as `output`."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(["text", "json"]),
        default="text",
        envvar="DATABANK_OUTPUT",
        help="How to print the answer; JSON is one document on standard output.",
    )(function)
