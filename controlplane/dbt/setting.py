"""Under which settings dbt reads a project: target, profile, variables, environment."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from controlplane.config import Project
from controlplane.dbt.files import ENV_VAR, ProjectFiles, names_in
from controlplane.dbt.hashes import keyed_hashes

# Of a profile's output, what says who connects, from where and how patiently, but not what is made.
_CONNECTION = frozenset(
    (
        "account",
        "connect_timeout",
        "database",
        "dbname",
        "host",
        "keepalives_idle",
        "pass",
        "password",
        "path",
        "port",
        "retries",
        "role",
        "secrets",
        "sslcert",
        "sslkey",
        "sslmode",
        "sslrootcert",
        "threads",
        "token",
        "user",
    )
)
_SECRET = re.compile(r"pass|secret|token|key|credential", re.IGNORECASE)
_IDLE_FLAGS = frozenset({"send_anonymous_usage_stats", "use_colors", "printer_width", "log_format"})


@dataclass(frozen=True)
class Setting:
    """What a dag is valid for, besides the project's files: equal settings, equal dag."""

    project: Project = field(repr=False)
    variables: Mapping[str, Any] = field(default_factory=dict)  # of the command line
    options: tuple[str, ...] = ()  # of the command line, where they change what is built

    def key(self, files: ProjectFiles) -> dict[str, Any]:
        """The setting as JSON, without a secret."""
        only_profile = _profile_names(self.project) - {
            name
            for path, file in files.files.items()
            if path != _profile(self.project)
            for name in file.variables
        }
        names = {
            name
            for name in files.variables
            if name and not (name in only_profile and _SECRET.search(name))
        }
        return {
            "target": self.project.target.identity,
            "target_name": self.project.target.name,
            "profiles_dir": str(self.project.profiles_dir),
            "variables": dict(self.variables),
            "options": list(self.options),
            "environment": keyed_hashes(
                names, self.project.environment, self.project.target.identity
            ),
        }

    def effective(self, files: ProjectFiles) -> list[Any]:
        """The settings of project and profile that change how SQL is made or run."""
        flags = files.settings.get("flags") or {}
        return [
            files.settings.get("dispatch"),
            files.settings.get("quoting"),
            {key: value for key, value in flags.items() if key not in _IDLE_FLAGS},
            _profile_settings(self.project),
            list(self.options),
        ]


def _profile(project: Project) -> str:
    return str(project.profiles_dir / "profiles.yml")


def _profile_names(project: Project) -> frozenset[str | None]:
    try:
        text = Path(_profile(project)).read_text(encoding="utf-8")
    except OSError:
        return frozenset()
    return names_in(text, ENV_VAR)


def _profile_settings(project: Project) -> Any:
    """The target's settings that bear on what is made in it, with the variables they read."""
    try:
        profiles = yaml.safe_load(Path(_profile(project)).read_text(encoding="utf-8"))
        outputs = [
            profile["outputs"][project.target.name]
            for name, profile in sorted(profiles.items())
            if name != "config" and project.target.name in (profile.get("outputs") or {})
        ]
    except (OSError, yaml.YAMLError, AttributeError, KeyError, TypeError):
        return None
    kept = [
        {key: value for key, value in each.items() if key not in _CONNECTION} for each in outputs
    ]
    names = names_in(json.dumps(kept, default=str), ENV_VAR)
    values = keyed_hashes(
        (name for name in names if name), project.environment, project.target.identity
    )
    return [kept, values]
