"""Options that commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from controlplane.config import Project

Command = TypeVar("Command", bound=Callable[..., Any])


def project_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--project-dir`, `--profiles-dir` and `--target`; the function gets them as `project`."""

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
    def with_project(
        *args: Any,
        project_dir: Path | None,
        profiles_dir: Path | None,
        target: str | None,
        **kwargs: Any,
    ) -> Any:
        from controlplane.config import load_project

        project: Project = load_project(project_dir, profiles_dir, target)
        return function(*args, project=project, **kwargs)

    return with_project


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
