"""The secret that masking is keyed with: how dbt's sessions get it, and when a run needs it.

Invariant: its value reaches the warehouse's sessions alone. It is no part of any SQL, argument or
setting that dbt writes down; `env_var()` would put it into dbt's files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from controlplane.config import Project
from controlplane.errors import ConfigError

SALT = "DATABANK_PII_SALT"
SWITCH = "mask_pii"
MIN_LENGTH = 16
# As PostgreSQL and DuckDB know it for the length of a session.
POSTGRES_SETTING = "databank.pii_salt"
DUCKDB_VARIABLE = "databank_pii_salt"


def require_salt(project: Project, variables: Mapping[str, Any]) -> None:
    """Make sure that there is a salt, if dbt is to mask personal data.

    Args:
        project: the project; its `vars` say whether data are masked.
        variables: those of the command line, which count more.

    Raises:
        ConfigError: data are to be masked, and there is no salt, or too short a one.
    """
    if not masks_personal_data(project, variables):
        return
    salt = project.environment.get(SALT, "")
    if len(salt) < MIN_LENGTH:
        state = f"has {len(salt)} characters" if salt else "is not set"
        raise ConfigError(
            f"personal data are to be masked ({SWITCH}: true), and the environment variable"
            f" {SALT} {state}",
            hint=f"set {SALT} to a secret text of {MIN_LENGTH} characters or more, and keep it:"
            " with another one the same person has another pseudonym",
        )


def postgres_options(environment: Mapping[str, str]) -> str:
    """What tells a PostgreSQL session the salt, as part of libpq's PGOPTIONS; empty without one."""
    # libpq parts its options at blanks, unless a backslash stands before them.
    salt = re.sub(r"([\\\s])", r"\\\1", environment.get(SALT, ""))
    return f"-c {POSTGRES_SETTING}={salt}" if salt else ""


def masks_personal_data(project: Project, variables: Mapping[str, Any]) -> bool:
    """Whether the project's variables, or those of the command line, say that data are masked."""
    path = project.root / "dbt_project.yml"
    try:
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    given = (settings.get("vars") if isinstance(settings, dict) else None) or {}
    scoped = given.get(project.name)
    value = False
    # The nearer counts, as it does for dbt.
    for source in (given, scoped, variables):
        if isinstance(source, Mapping):
            value = source.get(SWITCH, value)
    return str(value).lower() == "true"
