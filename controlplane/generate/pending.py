"""Whether the models on disk are those that the specs ask for, asked before they are run.

Where nothing changed since the last generation the answer costs a hash of each spec and a look at
each file. Otherwise the generator itself says what it would change; what people edited by hand is
theirs and no difference.
"""

from __future__ import annotations

from controlplane.config import Project
from controlplane.errors import ConfigError
from controlplane.generate.cache import read_cache, spec_digests, stamp
from controlplane.generate.record import FOLDER, read_record, record_path
from controlplane.specs.etl import EtlProcess
from controlplane.specs.source_schema import SourceSchema

SHARED = "_shared"
SHOWN = 5


def require_generated(project: Project) -> tuple[str, ...]:
    """The files left as people edited them where the specs ask for something else: conflicts.

    Raises:
        ConfigError: `databank generate` has something to write.
        SpecError: specs cannot be used.
    """
    digests = spec_digests(project)
    cache = read_cache(project)
    changed = [name for name in digests if cache.get(name, {}).get("digest") != digests[name]]
    if not changed and _is_as_written(project, cache, digests):
        return ()

    from controlplane.generate.workspace import generate

    try:
        done = generate(project, _unknown, write=False)
    except _UnknownSourceError as error:
        process = error.process
        record = read_record(record_path(project.specs_dir, process.slug))
        why = "its source is another one since" if record else "it has none yet"
        raise ConfigError(
            f"the models of the ETL process '{process.name}' are not generated: {why}", hint=_HINT
        ) from None
    if not done.pending:
        return tuple(change.path for change in done.conflicts)
    listed = ", ".join(f"{change.path} ({change.action})" for change in done.pending[:SHOWN])
    more = f" and {len(done.pending) - SHOWN} more" if len(done.pending) > SHOWN else ""
    # Without a cache it is not known when a spec changed, only that the models do not fit.
    since = f" ({_listed(changed)} changed since)" if cache and changed else ""
    raise ConfigError(f"models are not as the specs ask{since}: {listed}{more}", hint=_HINT)


_HINT = "run `databank generate`, then the same command again; nothing was loaded"


class _UnknownSourceError(Exception):
    """The generator would have to ask a source for its columns."""

    def __init__(self, process: EtlProcess) -> None:
        super().__init__(process.name)
        self.process = process


def _unknown(process: EtlProcess) -> SourceSchema:
    raise _UnknownSourceError(process)


def _is_as_written(
    project: Project, cache: dict[str, dict[str, object]], digests: dict[str, str]
) -> bool:
    """Whether records and files are those that go with these specs."""
    root, folder = project.root, project.specs_dir / FOLDER
    if cache.keys() != digests.keys():
        return False
    slugs = {path.stem for path in folder.glob("*.json")}
    if slugs != {str(entry["slug"]) for entry in cache.values()} | ({SHARED} if cache else set()):
        return False
    for entry in cache.values():
        files = entry["files"]
        assert isinstance(files, dict)  # noqa: S101
        record = record_path(project.specs_dir, str(entry["slug"]))
        name = record.relative_to(root).as_posix()
        if stamp(record) != files.get(name):
            return False
        if not all((root / path).is_file() for path in files):
            return False
    shared = read_record(record_path(project.specs_dir, SHARED)) if cache else None
    return shared is None or all((root / path).is_file() for path in shared.files)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
