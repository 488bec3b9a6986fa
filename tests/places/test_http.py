"""Files of a web server that fails in every way that can be planned."""

from __future__ import annotations

import base64
import gzip
import hashlib
import time

import pytest

from controlplane.errors import SourceError
from controlplane.load import check_source, describe_source
from tests.places.servers import Fault, WebServer, change, cut, stall, status
from tests.places.station import Station, big_csv, csv

ROWS = 40_000
LONG = big_csv(ROWS)

pytestmark = pytest.mark.usefixtures("hasty")


def test_the_command_loads_a_file_once(station: Station, web: WebServer) -> None:
    web.put("in/a.csv", csv(1, 2))
    (first,) = station.ingest(web.url("in/a.csv"))
    assert (first["status"], first["file"]) == ("loaded", web.url("in/a.csv"))
    assert web.count("GET") == 1
    (second,) = station.ingest(web.url("in/a.csv"))
    assert second["status"] == "unchanged"
    assert web.count("GET") == 1
    web.put("in/a.csv", csv(1, 2, 3))
    (third,) = station.ingest(web.url("in/a.csv"))
    assert (third["status"], third["rows_loaded"]) == ("loaded", 3)
    assert [rows for _, rows in station.ledger()] == [2, 3]


def test_a_spec_mixes_places_and_loads_what_is_new(station: Station, web: WebServer) -> None:
    station.warehouse.file("in/here.csv", csv(1))
    web.put("there.csv", csv(2, 3))
    paths = ["in/*.csv", web.url("there.csv")]
    assert station.load(paths).rows_loaded == 3
    assert station.ledger() == [("in/here.csv", 1), (web.url("there.csv"), 2)]
    again = station.load(paths)
    assert (again.batches, again.unchanged_sources) == ((), 2)
    assert web.count("GET") == 1
    (station.warehouse.project.state_dir / "files.json").unlink()
    again = station.load(paths)
    assert (again.batches, again.unchanged_sources) == ((), 2)
    assert web.count("GET") == 2


def test_a_new_time_of_an_old_content_is_fetched_and_not_loaded(
    station: Station, web: WebServer
) -> None:
    web.put("a.csv", csv(1))
    station.load(web.url("a.csv"))
    web.put("a.csv", csv(1), age=30)
    again = station.load(web.url("a.csv"))
    assert (again.batches, again.unchanged_sources, web.count("GET")) == ((), 1, 2)
    station.load(web.url("a.csv"))
    assert web.count("GET") == 2


def test_a_packed_file_is_read_by_its_ending(station: Station, web: WebServer) -> None:
    web.put("a.csv.gz", gzip.compress(csv(1, 2)))
    assert station.load(web.url("a.csv.gz")).rows_loaded == 2


@pytest.mark.parametrize(
    ("faults", "ranges"),
    [
        ([cut(100_000)], ["bytes="]),
        ([cut(100_000), cut(300_000)], ["bytes=", "bytes="]),
        ([stall(200_000)], ["bytes="]),
        ([cut(0)], [None]),
        ([status(503), status(500)], [None, None]),
    ],
    ids=["cut", "cut twice", "stalled", "cut at once", "unavailable"],
)
def test_a_transfer_that_breaks_off_is_finished(
    station: Station, web: WebServer, faults: list[Fault], ranges: list[str | None]
) -> None:
    web.put("a.csv", LONG)
    web.faults += faults
    assert station.load(web.url("a.csv")).rows_loaded == ROWS
    asked = [found for method, _, found in web.requests if method == "GET"][1:]
    assert [found and found[:6] for found in asked] == ranges
    assert station.rows("shop", "count(*), count(distinct id)") == [(ROWS, ROWS)]


def test_a_server_that_asks_for_patience_gets_it(station: Station, web: WebServer) -> None:
    web.put("a.csv", csv(1))
    web.faults += [status(429, Retry_After="1")]
    started = time.monotonic()
    assert station.load(web.url("a.csv")).rows_loaded == 1
    assert time.monotonic() - started >= 1
    web.put("a.csv", csv(1, 2))
    web.faults += [status(503, Retry_After="7200")]
    with pytest.raises(SourceError, match="asks to come back in 7,200 seconds"):
        station.load(web.url("a.csv"))


@pytest.mark.parametrize("lacking", ["ranges", "etags"])
def test_a_server_that_cannot_go_on_begins_again(
    station: Station, web: WebServer, lacking: str
) -> None:
    setattr(web, lacking, False)
    web.put("a.csv", LONG)
    web.faults += [cut(100_000)]
    assert station.load(web.url("a.csv")).rows_loaded == ROWS
    assert station.rows("shop", "count(*), count(distinct id)") == [(ROWS, ROWS)]


def test_a_file_that_always_ends_too_early_is_never_taken_for_whole(
    station: Station, web: WebServer
) -> None:
    web.put("a.csv", LONG)
    web.faults += [cut(0)] * 9
    with pytest.raises(SourceError, match=r"a\.csv: .*\(5 times\); nothing of it was kept"):
        station.load(web.url("a.csv"))
    assert web.count("GET") == 5
    web.faults.clear()
    assert station.load(web.url("a.csv")).rows_loaded == ROWS


def test_a_file_replaced_in_the_middle_begins_again(station: Station, web: WebServer) -> None:
    web.put("a.csv", LONG)
    web.faults += [change(csv(7, 8), 100_000)]
    assert station.load(web.url("a.csv")).rows_loaded == 2
    assert station.rows("shop", "id, name") == [("7", "n7"), ("8", "n8")]


def test_a_file_without_a_tag_that_changes_is_left_for_later(
    station: Station, web: WebServer
) -> None:
    web.etags = False
    web.put("a.csv", LONG)
    web.put("b.csv", csv(1))
    web.faults += [change(csv(7, 8), 100_000, age=10)]
    paths = [web.url("a.csv"), web.url("b.csv")]
    # One at a time, so that the fault meets the first.
    later = station.load(paths[:1])
    assert later.batches == ()
    assert "was changed while it was being read; it is left for the next load" in later.warnings[0]
    assert station.load(paths).rows_loaded == 3


def test_of_a_file_without_length_no_end_is_believed(station: Station, web: WebServer) -> None:
    web.lengths = False
    web.put("a.csv", csv(1))
    with pytest.raises(SourceError, match="does not say how long the file is"):
        station.load(web.url("a.csv"))


def test_a_content_that_its_checksum_denies_is_not_kept(station: Station, web: WebServer) -> None:
    web.put("a.csv", csv(1))
    web.headers["Content-MD5"] = base64.b64encode(hashlib.md5(csv(1, 2)).digest()).decode()
    with pytest.raises(SourceError, match="other bytes than its checksum tells of"):
        station.load(web.url("a.csv"))
    web.put("a.csv", csv(1, 2))
    assert station.load(web.url("a.csv")).rows_loaded == 2


def test_many_files_come_together(station: Station, web: WebServer) -> None:
    names = [f"f{number:03d}.csv" for number in range(120)]
    for number, name in enumerate(names):
        web.put(name, csv(number))
    web.faults += [status(503), cut(5), status(500)]
    assert station.load([web.url(name) for name in names]).rows_loaded == 120
    assert station.rows("shop", "count(distinct id)") == [(120,)]
    assert station.load([web.url(name) for name in names]).unchanged_sources == 120


def test_of_a_spec_a_file_that_cannot_be_read_is_an_error(station: Station, web: WebServer) -> None:
    web.put("a.csv", csv(1))
    web.put("b.csv", b"")
    found = station.load(web.url("a.csv"))
    assert found.rows_loaded == 1
    with pytest.raises(SourceError, match=r"b\.csv"):
        station.load([web.url("a.csv"), web.url("b.csv")])
    assert station.ledger() == [(web.url("a.csv"), 1)]


def test_models_are_described_from_what_lies_elsewhere(station: Station, web: WebServer) -> None:
    web.put("a.csv", csv(1, 2))
    process = station.process(web.url("a.csv"))
    schema = describe_source(process, station.warehouse.project)
    assert [(column.name, column.type) for column in schema.columns] == [
        ("id", "integer"),
        ("name", "text"),
    ]
    assert check_source(process, station.warehouse.project, "count(*) = 2")


def test_a_signed_url_is_loaded_and_its_secret_kept(station: Station, web: WebServer) -> None:
    web.heads = False
    web.put("a.csv", csv(1))
    url = web.url("a.csv?part=2&X-Amz-Signature=do-not-tell&sig=nor-this&sv=2024")
    (found,) = station.ingest(url)
    assert found["status"] == "loaded"
    assert found["file"] == web.url("a.csv?part=2")
    assert any("do-not-tell" in path for _, path, _ in web.requests)
    station.ingest(url)
    web.files.clear()
    assert "no such file" in station.run("ingest", "--file", url, code=1)
    assert not station.traces("do-not-tell")
    assert not station.traces("nor-this")


def test_a_login_comes_from_variables(
    station: Station, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.put("a.csv", csv(1))
    web.password = "Basic " + base64.b64encode(b"me:do-not-tell").decode()
    with pytest.raises(SourceError, match="access was denied"):
        station.load(web.url("a.csv"))
    station.warehouse.project.environment["WEB_PASSWORD"] = "do-not-tell"
    login = {"username": "me", "password": "{{ env_var('WEB_PASSWORD') }}"}
    assert station.load(web.url("a.csv"), storage=login).rows_loaded == 1
    assert not station.traces("do-not-tell")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:{port}/none.csv", "no such file"),
        ("https://127.0.0.1:{port}/a.csv", "no secure connection"),
        ("http://127.0.0.1:1/a.csv", "refused"),
        ("http://no-such-host.invalid/a.csv", "name of no-such-host.invalid is not known"),
        ("http://127.0.0.1:{port}/*.csv", "does not say which it has"),
        ("http://me:do-not-tell@127.0.0.1:{port}/a.csv", "holds a password"),
        ("ftp://127.0.0.1/a.csv", "found a URL of 'ftp', allowed: s3://"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_message(
    station: Station, web: WebServer, url: str, said: str
) -> None:
    web.put("a.csv", csv(1))
    code = 2 if "holds" in said or "allowed" in said or "does not say" in said else 1
    text = station.run("ingest", "--file", url.format(port=web.port), code=code)
    assert said in text
    assert "Traceback" not in text
    assert not station.traces("do-not-tell")
