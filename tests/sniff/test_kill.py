"""A loader of files without specs may be killed at any instant; the next one finishes its work."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from typing import Any

import pytest

ROUNDS = 4
FILES = 60

pytestmark = pytest.mark.slow


def command(place: Any) -> subprocess.Popen[bytes]:
    environment = {key: value for key, value in os.environ.items() if "DATABANK" not in key}
    return subprocess.Popen(
        [sys.executable, "-m", "controlplane", "ingest", "--file", "in", "--table-per-file"],
        cwd=place.project.root,
        env=environment | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_every_record_is_there_once_after_kills(make_warehouse: Any) -> None:
    place = make_warehouse("duckdb")
    for index in range(FILES):
        lines = ["id;name", *(f"{row};n{row}" for row in range(index)), "flawed"]
        place.file(f"in/f{index:03d}.csv", "\n".join(lines))
    started = time.monotonic()
    instants = random.Random(7)
    killed = 0
    for _ in range(ROUNDS):
        process = command(place)
        try:
            process.wait(instants.uniform(0.3, 1.5))
        except subprocess.TimeoutExpired:
            process.kill()
            killed += 1
        process.wait()
    assert command(place).wait() == 0, time.monotonic() - started
    assert killed
    ledger = place.target.query(
        "select raw_table, count(*), sum(rows_loaded), sum(rows_rejected) from raw._loads group by 1"
    )
    loaded = {table: tuple(map(int, counts)) for table, *counts in ledger}
    assert loaded == {f"f{index:03d}": (1, index, 1) for index in range(FILES)}
    for index in range(FILES):
        assert place.target.query(f"select count(*) from raw.f{index:03d}") == [(index,)]
    assert place.target.query("select count(*) from raw._rejects") == [(FILES,)]
    spool = place.project.state_dir / "spool"
    assert not spool.exists() or list(spool.iterdir()) == []
