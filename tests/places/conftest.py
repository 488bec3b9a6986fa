"""Servers of the places, and a project that loads from them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.places import far
from tests.places.servers import SftpServer, WebServer, sftp_server, web_server
from tests.places.station import Station


@pytest.fixture
def station(make_warehouse: Any) -> Station:
    return Station(make_warehouse("duckdb"))


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


@pytest.fixture
def hasty() -> Iterator[None]:
    """Waits are short."""
    with far.hasty():
        yield


@pytest.fixture
def sftp(tmp_path: Path) -> Iterator[SftpServer]:
    with sftp_server(tmp_path / "sftp") as server:
        yield server
