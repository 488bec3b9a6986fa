"""Whatever the line does, and whenever a load is killed: each record is there once in the end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from controlplane.errors import LoadError
from tests.places.far import FAMILIES, Far, UnavailableError, small_disk
from tests.places.station import Station, big_csv

ROWS = 250_000
CONTENT = big_csv(ROWS)

pytestmark = pytest.mark.usefixtures("hasty")


@pytest.fixture(params=FAMILIES)
def far(request: pytest.FixtureRequest, station: Station, tmp_path: Path) -> Iterator[Far]:
    with ExitStack() as stack:
        try:
            found = FAMILIES[request.param](stack, tmp_path)
        except UnavailableError as error:
            pytest.skip(str(error))
        found.put("a.csv", CONTENT)
        station.warehouse.project.environment.update(found.environment)
        yield found


@pytest.fixture
def url(far: Far) -> str:
    """A web server cannot say which files it has."""
    one = far.at("a.csv")
    return one if one.startswith("http:") else far.at("*.csv")


def once(station: Station, table: str) -> None:
    """Every record is there, and none twice; and there is one batch."""
    assert station.rows(table, "count(*), count(distinct id)") == [(ROWS, ROWS)]
    assert [rows for _, rows in station.ledger()] == [ROWS]


@pytest.mark.parametrize("fault", ["cut", "hold", "truncate"])
def test_a_line_that_is_cut_stalled_or_ended(
    station: Station, far: Far, url: str, fault: str
) -> None:
    far.proxy.faults += [(fault, 4_000_000), (fault, 2_000_000)]
    started = time.monotonic()
    found = station.load(url, **({"storage": far.storage} if far.storage else {}))
    assert (found.rows_loaded, far.proxy.faults) == (ROWS, [])
    once(station, "shop")
    # Twice half a second of silence; the usual time limits of the libraries are far longer.
    assert time.monotonic() - started < 20
    # What had come was not asked for again, but for what was on its way: up to two megabytes.
    assert far.proxy.bytes_sent < len(CONTENT) + 2 * 2_200_000


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 megabytes."""
    try:
        with small_disk(tmp_path / "small", 2048):
            yield tmp_path / "small"
    except UnavailableError as error:
        pytest.skip(str(error))


def test_a_full_disk_is_one_message(station: Station, far: Far, url: str, full_disk: Path) -> None:
    spool = station.warehouse.project.ensure_state_dir() / "spool"
    spool.symlink_to(full_disk)
    with pytest.raises(LoadError, match="the disk is full"):
        station.load(url, **({"storage": far.storage} if far.storage else {}))
    assert list(full_disk.iterdir()) == []
    spool.unlink()
    station.load(url, **({"storage": far.storage} if far.storage else {}))
    once(station, "shop")


def test_a_load_that_is_killed_while_it_fetches(station: Station, far: Far, url: str) -> None:
    station.environment |= far.environment
    far.proxy.faults += [("hold", 1_500_000)]
    process = station.start("ingest", "--file", url, "--as", "landed")
    assert far.proxy.held.wait(60)
    process.kill()
    process.communicate()
    far.proxy.released.set()
    spool = station.warehouse.project.state_dir / "spool"
    assert list(spool.iterdir()) != []
    (found,) = station.ingest(url)
    assert found["status"] == "loaded"
    once(station, "landed")
    assert list(spool.iterdir()) == []
    (found,) = station.ingest(url)
    assert found["status"] == "unchanged"
