"""Files of SFTP servers."""

from __future__ import annotations

import logging
import socket
import stat
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from controlplane.errors import SourceError
from controlplane.places import patience
from controlplane.places.globs import is_wild, name_matches, pattern_parts
from controlplane.places.place import Access, BrokenOffError, RemoteFile, ReplacedError, Stream
from controlplane.places.urls import Url

if TYPE_CHECKING:
    from paramiko import MissingHostKeyPolicy, PKey, SFTPAttributes, SFTPClient, SSHClient

_CHUNK = 1 << 15
# So many chunks are on their way at a time; they are all that is held in memory.
_AHEAD = 64
_PORT = 22
# What was changed so short a time ago may still be written.
SETTLED_SECONDS = 5.0


class Sftp:
    """One account of one server; whoever reads has a connection for himself, and gives it back."""

    def __init__(self, url: Url, access: Access) -> None:
        self._url = url
        self._access = access
        self._idle: list[SFTPClient] = []
        self._clients: dict[SFTPClient, SSHClient] = {}

    def find(self, url: Url) -> list[RemoteFile]:
        """The files that the URL means."""
        with self._translated(url), self._borrowed() as sftp:
            if not url.is_glob:
                return [self._file(url, sftp.stat(_absolute(url.path)))]
            return list(self._walk(sftp, "", pattern_parts(url.path)))

    def look(self, file: RemoteFile) -> RemoteFile:
        """The file as it is now."""
        with self._translated(file.url), self._borrowed() as sftp:
            return self._file(file.url, sftp.stat(_absolute(file.url.path)))

    def open(self, file: RemoteFile, offset: int) -> Stream:
        """The file's bytes from `offset` on."""
        if self.look(file).version != file.version:
            raise ReplacedError
        return Stream(offset, self._pieces(file, offset))

    def close(self) -> None:
        """End all connections."""
        self._idle.clear()
        while self._clients:
            self._clients.popitem()[1].close()

    def _pieces(self, file: RemoteFile, offset: int) -> Generator[bytes, None, None]:
        with self._translated(file.url), self._borrowed() as sftp:
            remote = sftp.open(_absolute(file.url.path), "rb")
            end = file.size or 0
            while offset < end:
                last = min(end, offset + _AHEAD * _CHUNK)
                starts = range(offset, last, _CHUNK)
                wanted = [(start, min(_CHUNK, last - start)) for start in starts]
                for piece in remote.readv(wanted):
                    offset += len(piece)
                    yield piece
                if offset < last:
                    break
            remote.close()

    def _walk(self, sftp: SFTPClient, folder: str, parts: list[str]) -> Iterator[RemoteFile]:
        part, rest = parts[0], parts[1:]
        if part == "**":
            yield from self._walk(sftp, folder, rest or ["*"])
        elif not is_wild(part) and rest:
            yield from self._walk(sftp, f"{folder}{part}/", rest)
            return
        for found in self._listed(sftp, folder):
            name, is_folder = found.filename, stat.S_ISDIR(found.st_mode or 0)
            if stat.S_ISLNK(found.st_mode or 0) and (part == "**" or name_matches(name, part)):
                # A link counts as what it leads to; one that leads nowhere is nothing.
                try:
                    found = sftp.stat(_absolute(folder + name))
                except FileNotFoundError:
                    continue
                # Below `**` links to folders are not followed: they may lead in a circle.
                is_folder = stat.S_ISDIR(found.st_mode or 0) and part != "**"
            if part == "**":
                if is_folder and not name.startswith("."):
                    yield from self._walk(sftp, f"{folder}{name}/", parts)
            elif name_matches(name, part):
                if rest and is_folder:
                    yield from self._walk(sftp, f"{folder}{name}/", rest)
                elif not rest and stat.S_ISREG(found.st_mode or 0):
                    yield self._file(self._url.at(folder + name), found)

    def _listed(self, sftp: SFTPClient, folder: str) -> list[SFTPAttributes]:
        try:
            return sftp.listdir_attr(_absolute(folder))
        except FileNotFoundError:
            raise SourceError(
                f"{self._url.at(folder).shown}: no such folder",
                hint="check the path; it begins at the root of the server: sftp://host/~/… for"
                " the home folder",
            ) from None

    def _file(self, url: Url, found: SFTPAttributes) -> RemoteFile:
        if stat.S_ISDIR(found.st_mode or 0):
            raise SourceError(
                f"{url.shown}: is a folder", hint="end it with a slash for all files in it"
            )
        modified = None if found.st_mtime is None else float(found.st_mtime)
        # A server's clock may be ahead of ours.
        settled = modified is None or abs(time.time() - modified) > SETTLED_SECONDS
        return RemoteFile(url, found.st_size, modified, is_resumable=settled, is_settled=settled)

    @contextmanager
    def _borrowed(self) -> Iterator[SFTPClient]:
        """A connection that nobody else uses meanwhile; one that failed is ended."""
        sftp = self._idle.pop() if self._idle else self._session()
        try:
            yield sftp
        except BaseException:
            self._clients.pop(sftp).close()
            raise
        self._idle.append(sftp)

    def _session(self) -> SFTPClient:
        """A new connection."""
        client = self._connect()
        try:
            sftp = client.open_sftp()
        except BaseException:
            client.close()
            raise
        if channel := sftp.get_channel():
            channel.settimeout(patience.READ_SECONDS)
        self._clients[sftp] = client
        return sftp

    def _connect(self) -> SSHClient:
        import paramiko

        access, host, port = self._access, self._url.host, self._url.port or _PORT
        # Without a handler its complaints would be printed; we say what is wrong ourselves.
        logging.getLogger("paramiko").addHandler(logging.NullHandler())
        client = paramiko.SSHClient()
        self._load_known_hosts(client)
        client.set_missing_host_key_policy(_refusing(access.known_hosts))
        is_given = bool(access.key_file or access.password)
        try:
            client.connect(
                host,
                port,
                username=self._url.user or access.username,
                password=None if access.key_file else access.password,
                key_filename=str(Path(access.key_file).expanduser()) if access.key_file else None,
                passphrase=access.password if access.key_file else None,
                allow_agent=not is_given,
                look_for_keys=not is_given,
                timeout=patience.CONNECT_SECONDS,
                banner_timeout=patience.CONNECT_SECONDS,
                auth_timeout=patience.READ_SECONDS,
                channel_timeout=patience.READ_SECONDS,
            )
        except BaseException:
            client.close()
            raise
        return client

    def _load_known_hosts(self, client: SSHClient) -> None:
        given = self._access.known_hosts
        if given is None:
            client.load_system_host_keys()
            return
        try:
            client.load_system_host_keys(str(Path(given).expanduser()))
        except OSError as error:
            raise SourceError(
                f"{given}: cannot be read: {error.strerror}",
                hint="check source_config.storage.known_hosts of the spec",
            ) from None

    @contextmanager
    def _translated(self, url: Url) -> Iterator[None]:
        """Turns what paramiko and the system say into our errors."""
        import paramiko

        host = f"{self._url.host}:{self._url.port or _PORT}"
        try:
            yield
        except paramiko.BadHostKeyException as error:
            raise SourceError(
                f"{url.shown}: the server's key ({error.key.fingerprint}) is not the one that is"
                f" known of {host} ({error.expected_key.fingerprint}); somebody may be in between",
                hint="ask who runs the server; if its key was changed, replace it in known_hosts",
            ) from None
        except paramiko.AuthenticationException:
            raise SourceError(
                f"{url.shown}: {host} does not let us in",
                hint="check the user, and that the SSH agent or ~/.ssh has the key, or name"
                " key_file or password in `storage` of the spec",
            ) from None
        except FileNotFoundError as error:
            raise SourceError(
                f"{error.filename or url.shown}: no such file",
                hint="check the path; it begins at the root of the server",
            ) from None
        except PermissionError:
            raise SourceError(
                f"{url.shown}: access was denied by {host}", hint="check what the user may read"
            ) from None
        except socket.gaierror:
            raise BrokenOffError(f"the name {self._url.host} is not known") from None
        except TimeoutError as error:
            raise BrokenOffError(f"nothing came from {host} for too long") from error
        except (paramiko.SSHException, EOFError, OSError) as error:
            refused = isinstance(
                error, ConnectionRefusedError | paramiko.ssh_exception.NoValidConnectionsError
            )
            raise BrokenOffError(
                f"the connection is refused by {host}"
                if refused
                else f"the connection to {host} was cut"
            ) from error


def _absolute(path: str) -> str:
    """The path on the server; `~` is the folder in which a session begins."""
    if path == "~" or path.startswith("~/"):
        return path[2:] or "."
    return f"/{path}"


def _refusing(known_hosts: str | None) -> MissingHostKeyPolicy:
    """What is done with a server whose key is not known: it is refused, and its key is told."""
    import paramiko

    class Refusing(paramiko.MissingHostKeyPolicy):
        def missing_host_key(self, client: SSHClient, hostname: str, key: PKey) -> None:  # noqa: ARG002
            host, _, port = hostname.removeprefix("[").partition("]:")
            where = known_hosts or "~/.ssh/known_hosts"
            raise SourceError(
                f"sftp://{host}: the server's key is not known: {key.get_name()} {key.fingerprint}",
                hint="ask who runs the server whether it is theirs, then add it:"
                f" ssh-keyscan {f'-p {port} ' if port else ''}{host} >> {where}",
            )

    return Refusing()
