"""What every place offers, and the two ways in which a transfer goes wrong without being hopeless."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Protocol

from controlplane.places.urls import Url

_TELLING_SECONDS = 2.0


@dataclass(frozen=True)
class Access:
    """How a place is reached; what is None comes from the family's usual environment."""

    endpoint: str | None = None
    region: str | None = None
    anonymous: bool = False
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    key_file: str | None = None
    known_hosts: str | None = None


@dataclass(frozen=True)
class RemoteFile:
    """A file of a place as it was when it was looked at.

    `etag` is of one content alone if `is_exact`: such a file is never half written. The rest of one
    that `is_resumable` can be asked for. One that is not `is_settled` may still be written. `md5`
    is what the place says of the content; some stores only seem to say it.
    """

    url: Url
    size: int | None
    modified: float | None
    etag: str | None = None
    is_exact: bool = False
    is_resumable: bool = False
    is_settled: bool = True
    md5: str | None = None
    is_md5_certain: bool = False

    @property
    def version(self) -> list[object]:
        """Equal for two looks at a file that did not change; it may be kept."""
        return [self.size, self.modified, self.etag]

    @property
    def is_telling(self) -> bool:
        """Whether another content will surely have another version: times are told in seconds."""
        if self.is_exact:
            return True
        return self.modified is not None and abs(time.time() - self.modified) > _TELLING_SECONDS


@dataclass(frozen=True)
class Stream:
    """The bytes of a file from `start` on; a place may begin before the byte it was asked for."""

    start: int
    pieces: Generator[bytes, None, None]


class Place(Protocol):
    """Where files lie."""

    def find(self, url: Url) -> list[RemoteFile]:
        """The files that the URL means, in any order; of a glob there may be none.

        Raises:
            SourceError: there is no such file, or the place cannot be read.
            BrokenOffError: the place did not answer; it may do so later.
        """

    def look(self, file: RemoteFile) -> RemoteFile:
        """The file as it is now; raises as `find` does."""

    def open(self, file: RemoteFile, offset: int) -> Stream:
        """The content of just this version of the file, from a byte on.

        It and the pieces raise as `find` does.

        Raises:
            ReplacedError: it is another file by now.
        """

    def close(self) -> None:
        """End all connections."""


class BrokenOffError(Exception):
    """The place did not answer, or stopped in the middle. What is said is fit to be shown."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ReplacedError(Exception):
    """The file is not the one that was looked at."""
