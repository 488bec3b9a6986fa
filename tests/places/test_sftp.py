"""Files of an SFTP server."""

from __future__ import annotations

from typing import Any

import pytest

from controlplane.errors import SourceError
from tests.places.servers import SftpServer
from tests.places.station import Station, big_csv, csv

ROWS = 200_000

pytestmark = pytest.mark.usefixtures("hasty")


@pytest.fixture
def storage(sftp: SftpServer) -> dict[str, Any]:
    return {"known_hosts": str(sftp.known_hosts), "key_file": str(sftp.key_file)}


@pytest.fixture
def at_home(station: Station, sftp: SftpServer) -> Station:
    """A project of a person whose ~/.ssh knows the server, and has the key."""
    ssh = station.root.parent / "home" / ".ssh"
    ssh.mkdir(parents=True)
    (ssh / "known_hosts").write_text(sftp.known_hosts.read_text())
    (ssh / "id_ed25519").write_bytes(sftp.key_file.read_bytes())
    station.environment |= {"HOME": str(ssh.parent), "SSH_AUTH_SOCK": ""}
    return station


def test_the_command_loads_what_a_glob_means_once(at_home: Station, sftp: SftpServer) -> None:
    for name in ("in/a.csv", "in/b.csv", "in/.part.csv", "in/c.txt", "in/deep/d.csv"):
        sftp.put(name, csv(1))
    found = at_home.ingest(sftp.url("in/*.csv"))
    assert [(each["file"], each["status"]) for each in found] == [
        (sftp.url("in/a.csv"), "loaded"),
        (sftp.url("in/b.csv"), "loaded"),
    ]
    assert len(sftp.reads) == 2
    found = at_home.ingest(sftp.url("in/*.csv"))
    assert {each["status"] for each in found} == {"unchanged"}
    assert len(sftp.reads) == 2
    sftp.put("in/b.csv", csv(1, 2), age=30)
    found = at_home.ingest(sftp.url("in/*.csv"))
    assert [each["status"] for each in found] == ["unchanged", "loaded"]
    assert len(sftp.reads) == 3
    found = at_home.ingest(sftp.url("**/*.csv"))
    assert len(found) == 3


def test_a_spec_names_key_and_known_hosts(
    station: Station, sftp: SftpServer, storage: dict[str, Any]
) -> None:
    sftp.put("in/a.csv", csv(1, 2))
    assert station.load(sftp.url("in/"), storage=storage).rows_loaded == 2
    assert station.ledger() == [(sftp.url("in/a.csv"), 2)]
    assert station.load(sftp.url("in/"), storage=storage).unchanged_sources == 1
    assert len(sftp.reads) == 1


def test_a_transfer_goes_on_where_it_was_cut(
    station: Station, sftp: SftpServer, storage: dict[str, Any]
) -> None:
    sftp.put("a.csv", big_csv(ROWS))
    sftp.faults += [3_000_000, 4_500_000]
    assert station.load(sftp.url("a.csv"), storage=storage).rows_loaded == ROWS
    assert sftp.faults == []
    assert station.rows("shop", "count(*), count(distinct id)") == [(ROWS, ROWS)]


def test_a_file_that_was_just_written_is_left_for_later(
    station: Station, sftp: SftpServer, storage: dict[str, Any]
) -> None:
    sftp.put("in/a.csv", csv(1))
    sftp.put("in/b.csv", csv(2), age=0)
    found = station.load(sftp.url("in/*"), storage=storage)
    assert found.rows_loaded == 1
    assert found.warnings == (
        f"{sftp.url('in/b.csv')}: was written only a moment ago; it is left for the next load",
    )
    sftp.put("in/b.csv", csv(2))
    assert station.load(sftp.url("in/*"), storage=storage).rows_loaded == 1


def test_the_command_says_what_is_left_for_later(at_home: Station, sftp: SftpServer) -> None:
    sftp.put("a.csv", csv(1), age=0)
    assert "it is left for the next load" in at_home.run("ingest", "--file", sftp.url("a.csv"))


def test_a_password_comes_from_a_variable(
    station: Station, sftp: SftpServer, storage: dict[str, Any]
) -> None:
    sftp.put("a.csv", csv(1))
    station.warehouse.project.environment["SFTP_PASSWORD"] = sftp.password
    login = {
        "known_hosts": storage["known_hosts"],
        "password": "{{ env_var('SFTP_PASSWORD') }}",
    }
    assert station.load(sftp.url("a.csv"), storage=login).rows_loaded == 1
    assert not station.traces(sftp.password)
    station.warehouse.project.environment["SFTP_PASSWORD"] = "wrong-one"
    with pytest.raises(SourceError, match="does not let us in"):
        station.load(sftp.url("a.csv"), storage=login)


def test_a_server_that_is_not_known_is_refused(at_home: Station, sftp: SftpServer) -> None:
    sftp.put("a.csv", csv(1))
    known = at_home.root.parent / "home/.ssh/known_hosts"
    mine = known.read_text()
    known.write_text("")
    said = at_home.run("ingest", "--file", sftp.url("a.csv"), code=1)
    assert "the server's key is not known: ssh-ed25519 SHA256:" in said
    assert f"ssh-keyscan -p {sftp.port} 127.0.0.1 >> ~/.ssh/known_hosts" in said
    other = "AAAAC3NzaC1lZDI1NTE5AAAAIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIII"
    known.write_text(f"{mine.split()[0]} ssh-ed25519 {other}\n")
    said = at_home.run("ingest", "--file", sftp.url("a.csv"), code=1)
    assert "is not the one that is known" in said
    assert sftp.reads == []


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("none.csv", "none.csv: no such file"),
        ("none/*.csv", "none/: no such folder"),
        ("in/*.tsv", "no file matches"),
        ("in", "is a folder"),
    ],
)
def test_what_is_not_there_is_said(
    at_home: Station, sftp: SftpServer, path: str, said: str
) -> None:
    sftp.put("in/a.csv", csv(1))
    assert said in at_home.run("ingest", "--file", sftp.url(path), code=1)


def test_nobody_listens(at_home: Station) -> None:
    said = at_home.run("ingest", "--file", "sftp://me@127.0.0.1:1/a.csv", code=1)
    assert "the connection is refused by 127.0.0.1:1 (5 times)" in said
