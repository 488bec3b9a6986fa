"""Servers of every kind that are reached through a proxy, and a disk that is soon full."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controlplane.places import patience
from tests.places.proxy import Proxy, proxy
from tests.places.servers import sftp_server, web_server
from tests.places.stores import Store, azure_server, azurite, gcs_server, s3_server


class UnavailableError(Exception):
    """What a test needs is not there."""


@dataclass(frozen=True)
class Far:
    """A server behind a proxy; `storage` is how a spec reaches it, `environment` how the command does.

    `put` gives it a file, and `at` is a file's URL.
    """

    put: Callable[[str, bytes], object]
    at: Callable[[str], str]
    proxy: Proxy
    storage: dict[str, Any]
    environment: dict[str, str]


def _store(stack: ExitStack, store: Store) -> Far:
    endpoint: str = store.storage["endpoint"]
    port = re.search(r":(\d+)", endpoint)
    assert port
    between = stack.enter_context(proxy(int(port[1])))

    def behind(value: Any) -> Any:
        return value.replace(port[0], f":{between.port}") if isinstance(value, str) else value

    return Far(
        lambda name, content: store.put(f"in/{name}", content),
        lambda name: store.url(f"in/{name}"),
        between,
        {name: behind(value) for name, value in store.storage.items()},
        {name: behind(value) for name, value in store.environment.items()}
        | {"STORE_SECRET": store.secret},
    )


def _s3(stack: ExitStack, folder: Path) -> Far:
    return _store(stack, stack.enter_context(s3_server()))


def _gs(stack: ExitStack, folder: Path) -> Far:
    return _store(stack, stack.enter_context(gcs_server()))


def _az(stack: ExitStack, folder: Path) -> Far:
    program = azurite()
    if program is None:
        raise UnavailableError(
            "needs Azurite: `make azurite`, or name azurite-blob in DATABANK_TEST_AZURITE"
        )
    return _store(stack, stack.enter_context(azure_server(program, folder / "azurite")))


def _http(stack: ExitStack, folder: Path) -> Far:
    web = stack.enter_context(web_server())
    between = stack.enter_context(proxy(web.port))
    return Far(web.put, lambda name: f"http://127.0.0.1:{between.port}/{name}", between, {}, {})


def _sftp(stack: ExitStack, folder: Path) -> Far:
    server = stack.enter_context(sftp_server(folder / "sftp"))
    between = stack.enter_context(proxy(server.port))
    known = server.known_hosts.read_text().replace(f":{server.port}", f":{between.port}")
    ssh = folder / "home/.ssh"
    ssh.mkdir(parents=True)
    (ssh / "known_hosts").write_text(known)
    (ssh / "id_ed25519").write_bytes(server.key_file.read_bytes())
    return Far(
        lambda name, content: server.put(f"in/{name}", content),
        lambda name: f"sftp://me@127.0.0.1:{between.port}/in/{name}",
        between,
        {"known_hosts": str(ssh / "known_hosts"), "key_file": str(server.key_file)},
        {"HOME": str(ssh.parent), "SSH_AUTH_SOCK": ""},
    )


FAMILIES: dict[str, Callable[[ExitStack, Path], Far]] = {
    "s3": _s3,
    "gs": _gs,
    "az": _az,
    "http": _http,
    "sftp": _sftp,
}


@contextlib.contextmanager
def hasty() -> Iterator[None]:
    """Waits of this process for a place are short."""
    before = patience.FIRST_WAIT, patience.LONGEST_WAIT, patience.READ_SECONDS
    patience.FIRST_WAIT, patience.LONGEST_WAIT, patience.READ_SECONDS = 0.01, 0.02, 0.5
    try:
        yield
    finally:
        patience.FIRST_WAIT, patience.LONGEST_WAIT, patience.READ_SECONDS = before


@contextlib.contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Callable[[], None]]:
    """A file system of this size; what it gives makes room on it.

    Raises:
        UnavailableError: only root may mount one.
    """
    folder.mkdir()
    size = f"size={kilobytes}k"
    mount = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        raise UnavailableError("only root may mount a small file system")

    def make_room() -> None:
        subprocess.run(["mount", "-o", "remount,size=1g", str(folder)], check=True)

    try:
        yield make_room
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
