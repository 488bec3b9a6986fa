"""Which warehouse a run goes to: the target that was named, or the one that the specs name.

A spec's `target_config` may hold a connection string. It fills in the variables that the profile's
PostgreSQL target reads, so that dbt and the load reach the same warehouse, and the password goes
from one environment to the other without touching a file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from controlplane.config import Project, load_project
from controlplane.errors import ConfigError, SpecError
from controlplane.specs.etl import EtlProcess
from controlplane.specs.files import SpecFile
from controlplane.specs.secrets import is_url, resolve_secrets

FIELD = "target_config.connection_string"
TYPES = {"postgresql": "postgres", "duckdb": "duckdb"}


@dataclass(frozen=True)
class _Place:
    """A PostgreSQL database, without the password."""

    host: str
    port: int
    user: str
    dbname: str

    def __str__(self) -> str:
        return f"{self.user}@{self.host}:{self.port}/{self.dbname}"


def destination(project: Project, files: Iterable[SpecFile[EtlProcess]]) -> Project:
    """The project with the target that a run of these processes goes to.

    A target that somebody named is where everything goes. Otherwise the specs decide, if they say
    anything; the profile's default is for those that do not. A spec's connection string is used
    whenever the target is of its kind.

    Raises:
        SpecError: two specs name different warehouses.
        ConfigError: the profile has no target of the kind, or does not read the variables.
    """
    chosen = list(files)
    project = _of_kind(project, chosen)
    if project.target.type != "postgres":
        return project
    named = [
        (file, *_parse(file, project))
        for file in chosen
        if file.spec.target_config.connection_string
    ]
    if not named:
        return project
    first, place, password = named[0]
    for file, other, _ in named[1:]:
        if other != place:
            message = f"is {other}, and {first.source} says {place}; one run writes one warehouse"
            raise SpecError([file.problem(FIELD, message)])
    return _connected(project, first, place, password)


def _of_kind(project: Project, files: list[SpecFile[EtlProcess]]) -> Project:
    """The project on a target of the kind that the specs ask for, unless a target was named."""
    asked = {
        TYPES[file.spec.target_config.target_type]: file
        for file in files
        if file.spec.target_config.target_type
    }
    if project.target_is_chosen or not asked or project.target.type in asked:
        return project
    if len(asked) > 1:
        kinds = " and ".join(sorted(asked))
        raise ConfigError(
            f"the processes go to targets of different kinds: {kinds}",
            hint="run them one after the other, or name one target for all with --target",
        )
    kind, file = next(iter(asked.items()))
    for name, output_type in project.outputs.items():
        if output_type == kind:
            return load_project(project.root, project.profiles_dir, name, project.environment)
    raise ConfigError(
        f"{file.source} asks for a target of type {kind}, and the profile has none"
        f" (has: {', '.join(f'{n} ({t})' for n, t in project.outputs.items())})",
        hint=f"add one to {project.profiles_dir / 'profiles.yml'}, or name a target with --target",
    )


def _parse(file: SpecFile[EtlProcess], project: Project) -> tuple[_Place, str]:
    text = resolve_secrets(
        str(file.spec.target_config.connection_string), project.environment
    ).strip()
    if is_url(text):
        parts = urlsplit(text)
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        place = _Place(
            query.get("host") or unquote(parts.hostname or "localhost"),
            parts.port or int(query.get("port", 5432)),
            unquote(parts.username or ""),
            parts.path.lstrip("/"),
        )
        return place, unquote(parts.password or "")
    import psycopg2.extensions

    try:
        settings = psycopg2.extensions.parse_dsn(text)
    except psycopg2.ProgrammingError:
        message = "is no connection string; write postgres://user@host:5432/name"
        raise SpecError([file.problem(FIELD, message)]) from None
    place = _Place(
        settings.get("host", "localhost"),
        int(settings.get("port", 5432)),
        settings.get("user", ""),
        settings.get("dbname", ""),
    )
    return place, settings.get("password", "")


def _connected(
    project: Project, file: SpecFile[EtlProcess], place: _Place, password: str
) -> Project:
    variables = {
        "DATABANK_POSTGRES_HOST": place.host,
        "DATABANK_POSTGRES_PORT": str(place.port),
        "DATABANK_POSTGRES_USER": place.user,
        "DATABANK_POSTGRES_DATABASE": place.dbname,
    }
    for name, value in variables.items():
        found = project.environment.get(name)
        if found is not None and found != value:
            raise ConfigError(
                f"{file.source}:{file.line(FIELD)}: {FIELD} says {place}, and the environment"
                f" variable {name} says {found}",
                hint=f"unset {name}, or leave the connection string out of the spec",
            )
    if password:
        variables["DATABANK_POSTGRES_PASSWORD"] = password
    environment = {**project.environment, **variables}
    if not project.target_is_chosen:
        environment.pop("DATABANK_TARGET", None)
    moved = load_project(project.root, project.profiles_dir, project.target.name, environment)
    target = moved.target
    if _Place(target.host, target.port, target.user, target.dbname) != place:
        raise ConfigError(
            f"{file.source}:{file.line(FIELD)}: {FIELD} says {place}, and target '{target.name}' of"
            f" the profile is {target.user}@{target.host}:{target.port}/{target.dbname}",
            hint="let the profile read host, port, user, password and dbname from"
            f" {', '.join(variables)}, or leave the connection string out of the spec",
        )
    return moved
