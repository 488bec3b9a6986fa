"""Tries every fault on files of every kind, and prints what was lost: `python -m tests.faults`."""

from __future__ import annotations

import argparse
import logging
import random
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import running_server
from tests.faults.kinds import KINDS
from tests.faults.place import WAYS, Places
from tests.faults.report import Report
from tests.faults.tries import (
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

FAMILIES = ("s3", "http", "sftp")
FAR_KINDS = ["csv, large", "csv, flawed", "gzip", "parquet"]
ON_POSTGRES = ["csv, large", "csv, flawed", "json lines", "xlsx"]


def main() -> int:
    """Try everything, print the table, and end with 1 if a record was lost or is there twice."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="so many loads are killed")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    options = parser.parse_args()
    # What a broken connection does to the server of SFTP is no news.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    tries: list[Try] = []
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="databank-faults-") as folder,
        running_server() as server,
    ):
        here = Places(Path(folder))
        there = Places(Path(folder, "postgres"), server)
        for each in _everything(here, there, options.kills, random.Random(options.seed)):
            tries.append(each)
            print(f"{len(tries)}: {each.fault}, {each.kind}: {each.met}", file=sys.stderr)
    report = Report(tries)
    print(report.table(), report.phases(), sep="\n\n")
    print(f"--kills {options.kills} --seed {options.seed}: {time.monotonic() - started:.0f} s")
    for line in report.wrong:
        print(f"WRONG: {line}")
    return int(bool(report.wrong))


def _everything(here: Places, there: Places, number: int, chance: random.Random) -> Iterator[Try]:
    on_postgres = number // 6
    yield from kills(here, list(KINDS), number - on_postgres, chance)
    yield from kills(there, ON_POSTGRES, on_postgres, chance, ", on PostgreSQL")
    for kind in KINDS:
        yield twice(here, kind, chance.choice(WAYS))
        for way in WAYS:
            yield replaced(here, kind, way, chance, moved=True)
            yield replaced(here, kind, way, chance, moved=False)
        yield two_loaders(here, kind, chance.choice(WAYS))
        try:
            for way in WAYS:
                yield full_disk(here, kind, way, chance)
        except UnavailableError as error:
            print(f"disk full: not tried, {error}", file=sys.stderr)
    for kind in ON_POSTGRES:
        yield two_loaders(there, kind, chance.choice(WAYS), ", on PostgreSQL")
    for family in FAMILIES:
        yield from broken_lines(here, family, FAR_KINDS, list(LINES), chance)
        for kind in FAR_KINDS:
            yield kills_while_fetching(here, family, kind, chance)


sys.exit(main())
