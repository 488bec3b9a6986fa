"""What a person gives to dbt behind `--`: which of it bears on the plan, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from controlplane.errors import ConfigError

# Where the plan decides, or Databank does: an option of its own stands before `--`.
_OURS = {
    "--select": "--select",
    "-s": "--select",
    "--models": "--select",
    "--model": "--select",
    "-m": "--select",
    "--exclude": "--exclude",
    "--selector": "--select selector:NAME",
    "--target": "--target",
    "-t": "--target",
    "--project-dir": "--project-dir",
    "--profiles-dir": "--profiles-dir",
    "--profile": "--project-dir",
    "--target-path": "",
    "--log-path": "",
    "--log-format": "",
    "--partial-parse-file-path": "",
    "--indirect-selection": "",
    "--resource-type": "--select resource_type:TYPE",
    "--resource-types": "--select resource_type:TYPE",
    "--exclude-resource-type": "--exclude resource_type:TYPE",
    "--exclude-resource-types": "--exclude resource_type:TYPE",
}
# Options under which a build makes something else; the value says whether one follows.
_CHANGING = {
    "--empty": False,
    "--sample": True,
    "--event-time-start": True,
    "--event-time-end": True,
    "--defer": False,
    "--favor-state": False,
    "--state": True,
    "--defer-state": True,
}
# Options that bear on how dbt parses, with one value each.
_PARSING = ("--vars", "--state", "--defer-state")


@dataclass(frozen=True)
class Arguments:
    """The arguments for dbt, sorted by what they bear on."""

    variables: Mapping[str, Any]
    full_refresh: bool
    changing: tuple[str, ...]
    for_parse: tuple[str, ...]
    for_build: tuple[str, ...]


def read_arguments(args: Sequence[str]) -> Arguments:
    """The arguments for dbt, read.

    Raises:
        ConfigError: one of them is Databank's to give, or `--vars` is no mapping.
    """
    variables: dict[str, Any] = {}
    full_refresh = False
    changing: list[str] = []
    for_parse: list[str] = []
    for_build: list[str] = []
    waiting = list(args)
    while waiting:
        word = waiting.pop(0)
        name, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
        if name in _OURS:
            raise ConfigError(
                f"{name} cannot be handed on to dbt",
                hint=f"give {_OURS[name]} before `--`" if _OURS[name] else None,
            )
        if name in ("--full-refresh", "-f"):
            full_refresh = True
            continue
        takes_value = name == "--vars" or _CHANGING.get(name, False)
        given = [word]
        if takes_value and not equals:
            value = waiting.pop(0) if waiting else ""
            given.append(value)
        if name == "--vars":
            variables |= _variables(value)
            for_parse += given
        elif name in _CHANGING:
            changing += given
            if name in _PARSING:
                for_parse += given
        for_build += given
    return Arguments(variables, full_refresh, tuple(changing), tuple(for_parse), tuple(for_build))


def _variables(text: str) -> dict[str, Any]:
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"--vars {text!r} is not YAML: {error}") from error
    if not isinstance(value, dict):
        raise ConfigError(f"--vars {text!r} is not a mapping of names to values")
    return value
