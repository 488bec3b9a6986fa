"""Whether the models on disk are those that the specs ask for, asked before they are run.

Where nothing changed since the last answer, the next one costs a hash of each spec and a look at
each file, without importing the generator. Otherwise the generator says what it would change. What
people edited by hand is theirs, and no difference.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from controlplane.config import Project
from controlplane.errors import ConfigError
from controlplane.generate.record import FOLDER
from controlplane.specs.etl import EtlProcess
from controlplane.specs.source_schema import SourceSchema

SHOWN = 5
_HINT = "run `databank generate`, then the same command again; nothing was loaded"

Stamp = list[int] | None


@dataclass(frozen=True)
class _Seen:
    """All that decides what would be generated: the generator's code, the specs, the records."""

    code: str
    specs: dict[str, str]
    records: dict[str, Stamp]


@dataclass(frozen=True)
class _Answer:
    """What the generator said when it last saw this: nothing to write for these specs.

    `files` are those that it writes, `conflicts` those it leaves to the person who edited them, and
    `outdated` counts those that it writes differently since Databank was upgraded.
    """

    seen: _Seen
    files: list[str] = field(default_factory=list)
    conflicts: dict[str, Stamp] = field(default_factory=dict)
    outdated: int = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know, although it is no reason to stop."""
        notes = [
            f"{path} was edited by hand where its spec asks for something else"
            for path in self.conflicts
        ]
        if self.outdated:
            notes.append(
                f"an earlier version of Databank wrote {self.outdated} of the model files;"
                " `databank generate` brings them up to date"
            )
        return tuple(notes)

    def is_of(self, seen: _Seen, root: Path) -> bool:
        """Whether specs, records and the presence of files are as they were."""
        return (self.seen.specs, self.seen.records) == (seen.specs, seen.records) and all(
            (root / path).is_file() for path in self.files
        )

    def holds(self, seen: _Seen, root: Path) -> bool:
        """Whether it is still the answer: nothing changed but files that people may edit."""
        return (
            self.seen.code == seen.code
            and self.is_of(seen, root)
            and all(_stamp(root / path) == stamp for path, stamp in self.conflicts.items())
        )


def require_generated(project: Project) -> tuple[str, ...]:
    """Notes on files that are not as generated, and are right as they are until somebody acts.

    Raises:
        ConfigError: `databank generate` has something to write.
        SpecError: specs cannot be used.
    """
    seen = _look(project)
    answer = _read(project)
    if answer is not None and answer.holds(seen, project.root):
        return answer.notes

    from controlplane.generate.workspace import generate

    try:
        done = generate(project, _unknown, write=False)
    except _UnknownSourceError as error:
        raise ConfigError(_not_generated(project, error.process), hint=_HINT) from None
    # An upgrade is no reason to stop what ran yesterday; a spec that changed is.
    upgraded = answer is not None and answer.is_of(seen, project.root)
    if done.pending and not upgraded:
        listed = ", ".join(f"{change.path} ({change.action})" for change in done.pending[:SHOWN])
        more = len(done.pending) - SHOWN
        raise ConfigError(
            f"models are not as the specs ask{_since(answer, seen)}: {listed}"
            + (f" and {more} more" if more > 0 else ""),
            hint=_HINT,
        )
    conflicts = {change.path: _stamp(project.root / change.path) for change in done.conflicts}
    files = [change.path for change in done.changes if (project.root / change.path).is_file()]
    # A record that is there now says which files go with a spec that is not read again.
    files = sorted({*files, *_recorded(project)})
    answer = _Answer(seen, files, conflicts, len(done.pending))
    _write(project, answer)
    return answer.notes


class _UnknownSourceError(Exception):
    """The generator would have to ask a source for its columns."""

    def __init__(self, process: EtlProcess) -> None:
        super().__init__(process.name)
        self.process = process


def _unknown(process: EtlProcess, _tables: frozenset[str]) -> SourceSchema:
    raise _UnknownSourceError(process)


def _not_generated(project: Project, process: EtlProcess) -> str:
    from controlplane.generate.record import record_path
    from controlplane.specs.files import read_etl_specs

    files = read_etl_specs(project.root)
    spec = next((file.source for file in files if file.spec.slug == process.slug), process.name)
    if record_path(project.specs_dir, process.slug).exists():
        return f"{spec}: reads another source than the one that its models were generated for"
    return f"{spec}: has no models yet"


def _since(answer: _Answer | None, seen: _Seen) -> str:
    """Which specs changed since the models were last found to fit, where that is known."""
    if answer is None:
        return ""
    before = answer.seen.specs
    changed = [name for name in seen.specs if before.get(name) != seen.specs[name]]
    changed += [name for name in before if name not in seen.specs]
    if not changed:
        return ""
    more = f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
    return f" (changed since: {', '.join(changed[:SHOWN])}{more})"


def _look(project: Project) -> _Seen:
    folders = [project.specs_dir / name for name in ("etl", "stars")]
    specs = {
        path.relative_to(project.root).as_posix(): _digest(path)
        for folder in folders
        for path in (sorted(folder.iterdir()) if folder.is_dir() else ())
        if path.suffix in (".yml", ".yaml", ".json") and not path.name.startswith(".")
    }
    records = sorted((project.specs_dir / FOLDER).glob("*.json"))
    return _Seen(_code_version(), specs, {path.name: _stamp(path) for path in records})


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error


def _recorded(project: Project) -> set[str]:
    """The files that the records name and that are there."""
    found = set()
    for path in (project.specs_dir / FOLDER).glob("*.json"):
        with suppress(OSError, ValueError, KeyError, TypeError):
            found |= set(json.loads(path.read_text(encoding="utf-8"))["files"])
    return {path for path in found if (project.root / path).is_file()}


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]


def _code_version() -> str:
    """Changes with the generator's own code: an upgrade may generate something else."""
    package = Path(__file__).parent.parent
    folders = ("", "generate", "specs", "sql")
    sources = [path for folder in folders for path in (package / folder).glob("*.py")]
    stamps = [(path.name, _stamp(path)) for path in sorted(sources)]
    return hashlib.sha256(json.dumps(stamps).encode()).hexdigest()


def _path(project: Project) -> Path:
    return project.state_dir / "generated.json"


def _read(project: Project) -> _Answer | None:
    try:
        data = json.loads(_path(project).read_text(encoding="utf-8"))
        return _Answer(**{**data, "seen": _Seen(**data["seen"])})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _write(project: Project, answer: _Answer) -> None:
    """Keep the answer; that it cannot be kept costs time and is no failure."""
    with suppress(OSError):
        path = project.ensure_state_dir() / "generated.json"
        fresh = path.with_name(f".{path.name}.new")
        fresh.write_text(json.dumps(asdict(answer)), encoding="utf-8")
        fresh.replace(path)
