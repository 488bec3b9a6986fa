"""Where the project, its target and its state store are.

Reads `dbt_project.yml` and `profiles.yml` as dbt does, without starting dbt. Secrets live only in
`TargetSettings.password`, which is left out of every `repr`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from controlplane.errors import ConfigError

STATE_DIR = ".databank"
TARGET_TYPES = ("duckdb", "postgres")


@dataclass(frozen=True)
class TargetSettings:
    """How to reach one warehouse: an output of `profiles.yml` after its variables are filled in."""

    name: str
    type: str
    path: Path | None = None
    host: str = ""
    port: int = 5432
    user: str = ""
    dbname: str = ""
    sslmode: str | None = None
    password: str = field(default="", repr=False)

    @property
    def identity(self) -> str:
        """Which warehouse this is, without a secret: equal for two settings of one warehouse."""
        if self.type == "duckdb":
            return f"duckdb:{self.path}"
        return f"postgres://{self.host}:{self.port}/{self.dbname}"


@dataclass(frozen=True)
class Project:
    """A dbt project with the target and the state store that one command works with.

    `outputs` are the profile's targets, name to type; `target_is_chosen` says whether somebody named
    the target, or it is the profile's default.
    """

    root: Path
    name: str
    profiles_dir: Path
    target: TargetSettings
    state_url: str = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)
    outputs: Mapping[str, str] = field(default_factory=dict)
    target_is_chosen: bool = False

    @property
    def specs_dir(self) -> Path:
        """The folder of the specs."""
        return self.root / "specs"

    @property
    def models_dir(self) -> Path:
        """The folder of the dbt models."""
        return self.root / "models"

    @property
    def state_dir(self) -> Path:
        """The folder of state store, job logs and artifacts; it ignores itself in git."""
        return self.root / STATE_DIR

    def ensure_state_dir(self) -> Path:
        """The state folder, made if missing, with the file that makes git ignore it."""
        self.state_dir.mkdir(parents=True, exist_ok=True)
        ignore = self.state_dir / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
        return self.state_dir


def find_project_dir(start: Path) -> Path:
    """The nearest folder from `start` upwards that holds a `dbt_project.yml`."""
    for folder in (start, *start.parents):
        if (folder / "dbt_project.yml").is_file():
            return folder
    raise ConfigError(
        f"no dbt_project.yml in {start} or above it",
        hint="run the command inside a Databank project, or name it with --project-dir",
    )


def load_project(
    project_dir: Path | None = None,
    profiles_dir: Path | None = None,
    target: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Project:
    """The project in `project_dir` (default: here or above) with its target settings.

    Raises:
        ConfigError: a file is missing or cannot be read, a variable without a default is not set,
            or the target does not exist or has a type that is not supported.
    """
    env = dict(os.environ if environment is None else environment)
    start = Path.cwd()
    root = project_dir.resolve() if project_dir else find_project_dir(start)
    settings = _read_yaml(root / "dbt_project.yml", env)
    name = str(settings.get("name", ""))
    profile_name = str(settings.get("profile") or name)
    folder = _profiles_dir(root, profiles_dir, env)
    profile_file = folder / "profiles.yml"
    profiles = _read_yaml(profile_file, env)
    if profile_name not in profiles:
        known = ", ".join(key for key in profiles if key != "config")
        raise ConfigError(f"{profile_file}: no profile '{profile_name}' (has: {known})")
    profile = profiles[profile_name] or {}
    outputs: dict[str, Any] = profile.get("outputs") or {}
    chosen = target or env.get("DATABANK_TARGET") or str(profile.get("target") or "default")
    if chosen not in outputs:
        raise ConfigError(
            f"{profile_file}: profile '{profile_name}' has no target '{chosen}'"
            f" (has: {', '.join(outputs)})"
        )
    return Project(
        root=root,
        name=name,
        profiles_dir=folder,
        target=_target_settings(chosen, outputs[chosen], root, profile_file),
        state_url=env.get("DATABANK_STATE_URL") or f"sqlite:///{root / STATE_DIR / 'state.db'}",
        environment=env,
        outputs={key: str((value or {}).get("type")) for key, value in outputs.items()},
        target_is_chosen=bool(target or env.get("DATABANK_TARGET")),
    )


def _profiles_dir(root: Path, given: Path | None, env: Mapping[str, str]) -> Path:
    """dbt's order: the flag, DBT_PROFILES_DIR, the project's folder, `~/.dbt`."""
    if given:
        return given.resolve()
    if env.get("DBT_PROFILES_DIR"):
        return Path(env["DBT_PROFILES_DIR"]).resolve()
    if (root / "profiles.yml").is_file():
        return root
    return Path.home() / ".dbt"


def _target_settings(
    name: str, output: Mapping[str, Any], root: Path, profile_file: Path
) -> TargetSettings:
    kind = str(output.get("type"))
    if kind not in TARGET_TYPES:
        raise ConfigError(
            f"{profile_file}: target '{name}' has type '{kind}'"
            f" (supported: {', '.join(TARGET_TYPES)})"
        )
    if kind == "duckdb":
        return TargetSettings(
            name=name,
            type=kind,
            path=(root / str(output.get("path", "warehouse.duckdb"))).resolve(),
        )
    try:
        port = int(output.get("port", 5432))
    except ValueError:
        raise ConfigError(
            f"{profile_file}: target '{name}': port is {output.get('port')!r}, not a number"
        ) from None
    return TargetSettings(
        name=name,
        type=kind,
        host=str(output.get("host", "localhost")),
        port=port,
        user=str(output.get("user", "")),
        dbname=str(output.get("dbname") or output.get("database") or ""),
        sslmode=output.get("sslmode"),
        password=str(output.get("password") or output.get("pass") or ""),
    )


def _read_yaml(path: Path, env: Mapping[str, str]) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: is not valid YAML: {error}") from error
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: holds no settings")
    rendered: dict[str, Any] = _render(data, env, path)
    return rendered


def _render(value: Any, env: Mapping[str, str], path: Path) -> Any:
    """`value` with every Jinja expression in its strings filled in, as dbt fills them in."""
    if isinstance(value, dict):
        return {key: _render(item, env, path) for key, item in value.items()}
    if isinstance(value, list):
        return [_render(item, env, path) for item in value]
    if not (isinstance(value, str) and ("{{" in value or "{%" in value)):
        return value

    import jinja2
    from jinja2.sandbox import SandboxedEnvironment

    def env_var(name: str, default: str | None = None) -> str:
        found = env.get(name, default)
        if found is None:
            raise ConfigError(
                f"{path}: the environment variable {name} is not set", hint=f"set {name}"
            )
        return found

    def identity(item: Any) -> Any:
        return item

    sandbox = SandboxedEnvironment(undefined=jinja2.StrictUndefined)
    sandbox.filters |= {"as_number": identity, "as_bool": identity, "as_text": identity}
    try:
        return sandbox.from_string(value).render(env_var=env_var, target={}, var=identity)
    except jinja2.UndefinedError:
        # dbt_project.yml may use names that only dbt knows; databank reads none of those fields.
        return value
    except jinja2.TemplateError as error:
        raise ConfigError(f"{path}: {value!r} cannot be rendered: {error}") from error
