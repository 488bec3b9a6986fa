"""Finds the files of sources wherever they lie, and lands those from elsewhere in scratch files.

What lies elsewhere is known by its URL, its size, its time and its tag: as long as they are those
of a content that was loaded, nothing is fetched. What was fetched is a file like any other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from controlplane.config import Project
from controlplane.errors import DatabankError, SourceError
from controlplane.load.files import (
    BeingWrittenError,
    FileMemory,
    Later,
    SourceFile,
    expand,
    quote_of,
)
from controlplane.load.spool import disk_errors
from controlplane.places import (
    Access,
    Fetched,
    Place,
    Postponed,
    RemoteFile,
    fetch_all,
    is_remote,
    open_place,
    parse_url,
    url_fault,
)
from controlplane.places.patience import ask
from controlplane.places.urls import Url

if TYPE_CHECKING:
    from controlplane.specs.source import SourceConfig

_NAME_LENGTH = 100


@dataclass(frozen=True)
class RemoteSource:
    """A file elsewhere; `fingerprint` is that of its content if it is known, else empty."""

    source: str
    file: RemoteFile
    place: Place
    fingerprint: str

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.file.url.path.rpartition("/")[2]


Landed = SourceFile | Later | DatabankError


class Landing:
    """The files of one load; as a context manager, which may be entered again, it ends connections."""

    def __init__(self, project: Project, quote: str, access: Access | None = None) -> None:
        self.memory = FileMemory(project.ensure_state_dir(), quote)
        self._project = project
        self._access = access or Access()
        self._places: dict[str, Place] = {}

    @classmethod
    def of(cls, config: SourceConfig, project: Project) -> Landing:
        """For the files of a spec.

        Raises:
            ConfigError: an environment variable that the spec refers to is not set.
        """
        return cls(project, quote_of(config), _access(config, project))

    def __enter__(self) -> Landing:
        return self

    def __exit__(self, *_: object) -> None:
        self.memory.save()
        for place in self._places.values():
            place.close()

    def sources(self, paths: Sequence[str]) -> list[SourceFile | RemoteSource | Later]:
        """The files of paths, globs and URLs, each once; those of this machine with their hashes.

        Raises:
            SourceError: there is no such file, or the place cannot be read.
        """
        root = self._project.root
        local = [path for path in paths if not is_remote(path)]
        here: list[SourceFile | Later] = []
        for path in expand(root, local):
            try:
                here.append(self.memory.identify(path, root))
            except BeingWrittenError as error:
                here.append(error.later)
        self.memory.save()
        return [*here, *self.remote([path for path in paths if is_remote(path)])]

    def remote(self, urls: Sequence[str]) -> list[RemoteSource]:
        """The files of URLs, each once, sorted; raises as `sources` does."""
        found: dict[str, RemoteSource] = {}
        for text in urls:
            url = self._url(text)
            place = self._place(url)
            files = ask(url.shown, lambda place=place, url=url: place.find(url))  # type: ignore[misc]
            if not files:
                raise SourceError(
                    f"{url.shown}: no file matches",
                    hint="check the path; * stands for a part of a name, ** for any folders",
                )
            for file in files:
                source = file.url.shown
                if source in found and found[source].file.url != file.url:
                    raise SourceError(
                        f"{source}: two URLs differ only in what is kept secret, so that they"
                        " cannot be told apart later",
                        hint="give each of them a process of its own",
                    )
                fingerprint = self.memory.version_fingerprint(source, file.version)
                found[source] = RemoteSource(source, file, place, fingerprint)
        return [found[source] for source in sorted(found)]

    def land(
        self, sources: Sequence[SourceFile | RemoteSource | Later], folder: Path
    ) -> list[Landed]:
        """The sources as files of this machine, in their order; what was fetched lies in `folder`.

        Raises:
            LoadError: the disk is full.
        """
        wanted: list[tuple[Place, RemoteFile, Path]] = []
        for index, source in enumerate(sources):
            if isinstance(source, RemoteSource):
                # Readers look at the ending, such as .gz.
                name = re.sub(r"[^\w.-]", "_", source.name)[-_NAME_LENGTH:]
                wanted.append((source.place, source.file, folder / f"{index}-{name}"))
        with disk_errors(folder):
            outcomes = iter(fetch_all(wanted)) if wanted else iter(())
        landed = [
            self._landed(source, next(outcomes)) if isinstance(source, RemoteSource) else source
            for source in sources
        ]
        self.memory.save()
        return landed

    def _landed(self, source: RemoteSource, outcome: Fetched | Postponed | DatabankError) -> Landed:
        if isinstance(outcome, Postponed):
            return Later(source.source, outcome.reason)
        if isinstance(outcome, DatabankError):
            return outcome
        try:
            file = self.memory.landed(outcome.path, source.source)
        except DatabankError as error:
            return error
        if outcome.file.is_telling:
            self.memory.remember_version(source.source, outcome.file.version, file.fingerprint)
        return file

    def _url(self, text: str) -> Url:
        from controlplane.specs.secrets import resolve_secrets

        filled = resolve_secrets(text, self._project.environment)
        if fault := url_fault(filled):
            raise SourceError(f"a URL {fault}")
        return parse_url(filled)

    def _place(self, url: Url) -> Place:
        if url.root not in self._places:
            self._places[url.root] = open_place(url, self._access)
        return self._places[url.root]


def landed_files(
    config: SourceConfig, project: Project, folder: Path, *, most_bytes: int | None = None
) -> list[SourceFile]:
    """The files of a spec on this machine, for looking into them; at least one.

    Args:
        config: whose files.
        project: the project that it belongs to.
        folder: where those from elsewhere are kept.
        most_bytes: of those from elsewhere the last ones are fetched, up to about so much.

    Raises:
        SourceError: one is missing or cannot be read.
    """
    with Landing.of(config, project) as landing:
        sources = landing.sources(config.paths)
        if most_bytes is not None:
            sources = _last(sources, most_bytes)
        landed = landing.land(sources, folder)
    files = []
    for each in landed:
        if isinstance(each, DatabankError):
            raise each
        if isinstance(each, SourceFile):
            files.append(each)
    if not files:
        raise SourceError(
            "; ".join(str(each) for each in landed), hint="run the same command again in a moment"
        )
    return files


def _last(
    sources: Sequence[SourceFile | RemoteSource | Later], most_bytes: int
) -> list[SourceFile | RemoteSource | Later]:
    kept: list[SourceFile | RemoteSource | Later] = []
    for source in reversed(sources):
        if isinstance(source, RemoteSource):
            if most_bytes <= 0:
                continue
            most_bytes -= source.file.size or 0
        kept.append(source)
    return kept[::-1]


def _access(config: SourceConfig, project: Project) -> Access:
    from controlplane.specs.secrets import resolve_secrets

    storage = config.storage
    if storage is None:
        return Access()

    def filled(text: str | None) -> str | None:
        return resolve_secrets(text, project.environment) if text is not None else None

    def path(text: str | None) -> str | None:
        return str(project.root / Path(text).expanduser()) if text is not None else None

    return Access(
        endpoint=filled(storage.endpoint),
        region=storage.region,
        anonymous=storage.anonymous,
        username=filled(storage.username),
        password=filled(storage.password),
        key_file=path(filled(storage.key_file)),
        known_hosts=path(storage.known_hosts),
    )
