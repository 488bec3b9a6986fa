"""A part of what `python -m tests.faults` tries: no record is lost, and none is there twice."""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from tests.conftest import PostgresServer
from tests.faults.kills import PHASES
from tests.faults.kinds import KINDS, make_file
from tests.faults.place import Places
from tests.faults.report import Report
from tests.faults.tries import (
    FAULTS,
    LINES,
    Try,
    broken_lines,
    full_disk,
    kills,
    kills_while_fetching,
    replaced,
    twice,
    two_loaders,
)
from tests.places.far import UnavailableError

PAGE = Path(__file__).parents[2] / "docs/reference/faults.md"
# One is taken apart by our own reader, the other is read by DuckDB where it lies.
KINDS_HERE = ("csv, flawed", "parquet")

pytestmark = pytest.mark.slow


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path)


def wrong(*tries: Try) -> list[str]:
    """What is wrong after these tries, and faults that the page does not know."""
    return [*Report(tries).wrong, *sorted({each.fault for each in tries} - set(FAULTS))]


def test_the_count_tells_of_what_is_lost_doubled_or_changed(places: Places) -> None:
    file = make_file("json lines")
    with places.place() as place:
        place.put(file)
        place.station.run(*place.command("file", file))
        count = place.count(file)
        assert (count.expected, count.lost, count.doubled, count.problems) == (20_025, 0, 0, ())
        with closing(duckdb.connect(str(place.warehouse))) as connection:
            connection.execute("delete from raw.landed where _row_number <= 3")
            connection.execute("insert into raw.landed from raw.landed where _row_number = 9")
            connection.execute("update raw.landed set part = 'x' where _row_number = 20")
            connection.execute("delete from raw._rejects where line_number = 20003")
        count = place.count(file)
        assert (count.lost, count.doubled, count.problems) == (5, 2, ())
        assert Report([Try("killed", "json lines", count, PHASES[0])]).wrong
        (place.station.root / ".databank/spool/1-left").mkdir()
        with closing(duckdb.connect(str(place.warehouse))) as connection:
            connection.execute("update raw._loads set rows_loaded = rows_loaded + 1")
        ledger, left = place.count(file).problems
        assert "the ledger says" in ledger
        assert "1-left" in left


def test_killed(places: Places) -> None:
    found = [*kills(places, list(KINDS_HERE), 2, random.Random())]
    assert wrong(*found) == []
    assert sum(each.met in PHASES for each in found) == 2


@pytest.mark.long
def test_killed_and_two_loaders_on_postgres(
    tmp_path: Path, database_server: PostgresServer
) -> None:
    places = Places(tmp_path, database_server)
    assert wrong(*kills(places, ["csv, flawed"], 2, random.Random())) == []
    assert wrong(two_loaders(places, "csv, flawed", "spec")) == []


@pytest.mark.parametrize(
    "kind",
    [KINDS_HERE[0], *(pytest.param(kind, marks=pytest.mark.long) for kind in KINDS_HERE[1:])],
)
def test_delivered_twice_replaced_and_by_two_loaders(places: Places, kind: str) -> None:
    chance = random.Random()
    tries = (
        twice(places, kind, "spec"),
        replaced(places, kind, "file", chance, moved=True),
        replaced(places, kind, "spec", chance, moved=False),
        two_loaders(places, kind, "file"),
    )
    assert wrong(*tries) == []


@pytest.mark.parametrize("kind", KINDS_HERE)
def test_the_disk_is_full(places: Places, kind: str) -> None:
    try:
        tried = full_disk(places, kind, "file", random.Random())
    except UnavailableError as error:  # only root may mount a small disk
        pytest.skip(str(error))
    assert wrong(tried) == []


@pytest.mark.parametrize("family", ["s3", "http", "sftp"])
def test_broken_connections(places: Places, family: str) -> None:
    chance = random.Random()
    kind = chance.choice(KINDS_HERE)
    tries = (
        *broken_lines(places, family, [kind], list(LINES), chance),
        kills_while_fetching(places, family, kind, chance),
    )
    assert wrong(*tries) == []


def test_the_page_names_every_fault_and_every_kind_of_file() -> None:
    page = PAGE.read_text(encoding="utf-8")
    table = page[page.index("| fault |") :]
    for fault in FAULTS:
        assert f"| {fault} |" in table, fault
    for kind in KINDS:
        assert f"| killed | {kind} |" in table, kind
    assert "python -m tests.faults --kills 100" in page
