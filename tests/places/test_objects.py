"""Objects in S3, Google Cloud Storage and Azure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from controlplane.errors import SourceError
from tests.places.station import Station, big_csv, csv
from tests.places.stores import Store, azure_server, azurite, gcs_server, s3_server

pytestmark = pytest.mark.usefixtures("hasty")


@pytest.fixture
def s3() -> Iterator[Store]:
    with s3_server() as found:
        yield found


@pytest.fixture(params=["s3", "gs", "az"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "s3":
        yield request.getfixturevalue("s3")
        return
    if request.param == "gs":
        with gcs_server() as found:
            yield found
        return
    program = azurite()
    if program is None:
        pytest.skip("needs Azurite: `make azurite`, or name azurite-blob in DATABANK_TEST_AZURITE")
    with azure_server(program, tmp_path / "azurite") as found:
        yield found


def test_the_command_loads_what_a_glob_means_once(station: Station, store: Store) -> None:
    station.environment |= store.environment
    for key in ("in/a.csv", "in/b.csv", "in/.part.csv", "in/c.txt", "in/deep/d.csv"):
        store.put(key, csv(1))
    found = station.ingest(store.url("in/*.csv"))
    assert [(each["file"], each["status"]) for each in found] == [
        (store.url("in/a.csv"), "loaded"),
        (store.url("in/b.csv"), "loaded"),
    ]
    assert store.gets() == 2
    found = station.ingest(store.url("in/*.csv"))
    assert {each["status"] for each in found} == {"unchanged"}
    assert store.gets() == 2
    store.put("in/b.csv", csv(1, 2))
    found = station.ingest(store.url("in/*.csv"))
    assert [each["status"] for each in found] == ["unchanged", "loaded"]
    assert store.gets() == 3
    assert len(station.ingest(store.url("**/*.csv"))) == 3
    assert not station.traces(store.secret)


def test_the_command_goes_on_after_a_file_that_cannot_be_read(station: Station, s3: Store) -> None:
    station.environment |= s3.environment
    s3.put("in/a.csv", csv(1))
    s3.put("in/b.csv", b"")
    s3.put("in/c.csv", csv(3))
    found = station.ingest(s3.url("in/*"), code=1)
    assert [each["status"] for each in found] == ["loaded", "failed", "loaded"]
    assert station.rows("landed", "id") == [("1",), ("3",)]


def test_a_spec_says_how_a_store_is_reached(station: Station, store: Store) -> None:
    station.warehouse.project.environment["STORE_SECRET"] = store.secret
    store.put("in/a.csv", csv(1, 2))
    store.put("b.csv", csv(3))
    paths = [store.url("in/"), store.url("b.csv")]
    assert station.load(paths, storage=store.storage).rows_loaded == 3
    assert station.ledger() == sorted([(store.url("b.csv"), 1), (store.url("in/a.csv"), 2)])
    again = station.load(paths, storage=store.storage)
    assert (again.batches, again.unchanged_sources, store.gets()) == ((), 2, 2)
    (station.warehouse.project.state_dir / "files.json").unlink()
    again = station.load(paths, storage=store.storage)
    assert (again.batches, again.unchanged_sources) == ((), 2)
    assert not station.traces(store.secret)


def test_what_is_not_there_is_said(station: Station, store: Store) -> None:
    station.environment |= store.environment
    store.put("in/a.csv", csv(1))
    assert "no file matches" in station.run("ingest", "--file", store.url("in/*.tsv"), code=1)
    assert "no such object" in station.run("ingest", "--file", store.url("in/b.csv"), code=1)
    elsewhere = store.prefix.replace("://b", "://no-")
    text = station.run("ingest", "--file", f"{elsewhere}*.csv", code=1)
    assert "no such bucket" in text or "no such container" in text
    assert not station.traces(store.secret)


def test_a_busy_store_is_asked_again(station: Station, s3: Store) -> None:
    station.warehouse.project.environment["STORE_SECRET"] = s3.secret
    s3.put("a.csv", big_csv(50_000))
    s3.faults += [503, 500]
    found = station.load(s3.url("a.csv"), storage=s3.storage)
    assert (found.rows_loaded, s3.faults) == (50_000, [])
    s3.faults += [503] * 20
    with pytest.raises(SourceError, match=r"answers with status 503 \(5 times\)"):
        station.load(s3.url("*.csv"), storage=s3.storage)


def test_a_store_that_denies_is_said(station: Station, s3: Store) -> None:
    station.warehouse.project.environment["STORE_SECRET"] = s3.secret
    s3.faults += [403]
    with pytest.raises(SourceError, match="access was denied by http://127"):
        station.load(s3.url("*.csv"), storage=s3.storage)


def test_a_tag_that_only_looks_like_a_checksum_is_found_out(
    station: Station, s3: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    station.warehouse.project.environment["STORE_SECRET"] = s3.secret
    s3.put("a.csv", csv(1))
    # What a bucket that encrypts does; the server of this test cannot.
    from moto.s3.models import FakeKey

    other = f'"{"0123456789abcdef" * 2}"'
    monkeypatch.setattr(FakeKey, "etag", property(lambda _: other))
    assert station.load(s3.url("a.csv"), storage=s3.storage).rows_loaded == 1
    assert s3.gets() == 2


@pytest.mark.parametrize("name", ["a b.csv", "ü.csv", "50%.csv", "x%20y.csv", "q=1&r.csv"])
def test_names_are_taken_letter_by_letter(station: Station, s3: Store, name: str) -> None:
    station.warehouse.project.environment["STORE_SECRET"] = s3.secret
    s3.put(f"in/{name}", csv(1))
    assert station.load(s3.url("in/*"), storage=s3.storage).rows_loaded == 1
    assert station.load(s3.url(f"in/{name}"), storage=s3.storage).unchanged_sources == 1
    assert station.ledger() == [(s3.url(f"in/{name}"), 1)]


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        (
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"},
            "the connection is refused by http://127.0.0.1:1",
        ),
        ({"AWS_ENDPOINT_URL": "http://no-such-host.invalid"}, "is not known"),
    ],
)
def test_a_store_that_is_not_there_is_said(
    station: Station, environment: dict[str, str], said: str
) -> None:
    login: dict[str, Any] = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "do-not-tell"}
    station.environment |= login | environment
    text = station.run("ingest", "--file", "s3://bucket/*.csv", code=1)
    assert said in text
    assert not station.traces("do-not-tell")
