"""Whatever the line does, and whenever a load is killed: each record is there once in the end."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from controlplane.errors import LoadError
from tests.places.proxy import Proxy, proxy
from tests.places.servers import sftp_server, web_server
from tests.places.station import Station, big_csv
from tests.places.stores import Store, azure_server, azurite, gcs_server, s3_server

ROWS = 250_000
CONTENT = big_csv(ROWS)

pytestmark = pytest.mark.usefixtures("hasty")


@dataclass
class Far:
    """A file of a server behind a proxy."""

    url: str
    proxy: Proxy
    storage: dict[str, Any]
    environment: dict[str, str]


def _store(stack: ExitStack, store: Store, station: Station) -> Far:
    store.put("in/a.csv", CONTENT)
    endpoint: str = store.storage["endpoint"]
    port = re.search(r":(\d+)", endpoint)
    assert port
    between = stack.enter_context(proxy(int(port[1])))

    def behind(value: Any) -> Any:
        return value.replace(port[0], f":{between.port}") if isinstance(value, str) else value

    station.warehouse.project.environment["STORE_SECRET"] = store.secret
    return Far(
        store.url("in/*.csv"),
        between,
        {name: behind(value) for name, value in store.storage.items()},
        {name: behind(value) for name, value in store.environment.items()},
    )


def _s3(stack: ExitStack, station: Station, folder: Path) -> Far:
    return _store(stack, stack.enter_context(s3_server()), station)


def _gs(stack: ExitStack, station: Station, folder: Path) -> Far:
    return _store(stack, stack.enter_context(gcs_server()), station)


def _az(stack: ExitStack, station: Station, folder: Path) -> Far:
    program = azurite()
    if program is None:
        pytest.skip("needs Azurite: `make azurite`, or name azurite-blob in DATABANK_TEST_AZURITE")
    return _store(stack, stack.enter_context(azure_server(program, folder / "azurite")), station)


def _http(stack: ExitStack, station: Station, folder: Path) -> Far:
    web = stack.enter_context(web_server())
    web.put("a.csv", CONTENT)
    between = stack.enter_context(proxy(web.port))
    return Far(f"http://127.0.0.1:{between.port}/a.csv", between, {}, {})


def _sftp(stack: ExitStack, station: Station, folder: Path) -> Far:
    server = stack.enter_context(sftp_server(folder / "sftp"))
    server.put("in/a.csv", CONTENT)
    between = stack.enter_context(proxy(server.port))
    known = server.known_hosts.read_text().replace(f":{server.port}", f":{between.port}")
    ssh = folder / "home/.ssh"
    ssh.mkdir(parents=True)
    (ssh / "known_hosts").write_text(known)
    (ssh / "id_ed25519").write_bytes(server.key_file.read_bytes())
    return Far(
        f"sftp://me@127.0.0.1:{between.port}/in/*.csv",
        between,
        {"known_hosts": str(ssh / "known_hosts"), "key_file": str(server.key_file)},
        {"HOME": str(ssh.parent), "SSH_AUTH_SOCK": ""},
    )


FAMILIES: dict[str, Callable[[ExitStack, Station, Path], Far]] = {
    "s3": _s3,
    "gs": _gs,
    "az": _az,
    "http": _http,
    "sftp": _sftp,
}


@pytest.fixture(params=FAMILIES)
def far(request: pytest.FixtureRequest, station: Station, tmp_path: Path) -> Iterator[Far]:
    with ExitStack() as stack:
        yield FAMILIES[request.param](stack, station, tmp_path)


def once(station: Station, table: str) -> None:
    """Every record is there, and none twice; and there is one batch."""
    assert station.rows(table, "count(*), count(distinct id)") == [(ROWS, ROWS)]
    assert [rows for _, rows in station.ledger()] == [ROWS]


@pytest.mark.parametrize("fault", ["cut", "hold"])
def test_a_line_that_is_cut_or_stalled(station: Station, far: Far, fault: str) -> None:
    far.proxy.faults += [(fault, 4_000_000), (fault, 2_000_000)]
    started = time.monotonic()
    found = station.load(far.url, **({"storage": far.storage} if far.storage else {}))
    assert (found.rows_loaded, far.proxy.faults) == (ROWS, [])
    once(station, "shop")
    # Twice half a second of silence; the usual time limits of the libraries are far longer.
    assert time.monotonic() - started < 20
    # What had come was not asked for again, but for what was on its way: up to two megabytes.
    assert far.proxy.bytes_sent < len(CONTENT) + 2 * 2_200_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 megabytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_one_message(station: Station, far: Far, small_disk: Path) -> None:
    spool = station.warehouse.project.ensure_state_dir() / "spool"
    spool.symlink_to(small_disk)
    with pytest.raises(LoadError, match="the disk is full"):
        station.load(far.url, **({"storage": far.storage} if far.storage else {}))
    assert list(small_disk.iterdir()) == []
    spool.unlink()
    station.load(far.url, **({"storage": far.storage} if far.storage else {}))
    once(station, "shop")


def test_a_load_that_is_killed_while_it_fetches(station: Station, far: Far) -> None:
    station.environment |= far.environment
    far.proxy.faults += [("hold", 1_500_000)]
    process = station.start("ingest", "--file", far.url, "--as", "landed")
    assert far.proxy.held.wait(60)
    process.kill()
    process.communicate()
    far.proxy.released.set()
    spool = station.warehouse.project.state_dir / "spool"
    assert list(spool.iterdir()) != []
    (found,) = station.ingest(far.url)
    assert found["status"] == "loaded"
    once(station, "landed")
    assert list(spool.iterdir()) == []
    (found,) = station.ingest(far.url)
    assert found["status"] == "unchanged"
