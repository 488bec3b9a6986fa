"""Each fault: a load that is disturbed, one that is not, and what the warehouse holds then."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from controlplane.errors import DatabankError
from controlplane.specs.etl import EtlProcess
from tests.faults.kills import AFTER, Durations, kill, measure
from tests.faults.kinds import File, make_file
from tests.faults.place import WAYS, Count, Place, Places
from tests.places.far import FAMILIES, hasty, small_disk

LINES = {"cut": "cut", "stalled": "hold", "truncated": "truncate"}
FAULTS = (
    "killed",
    "delivered twice",
    "replaced while it is read",
    "overwritten while it is read",
    "two loaders at once",
    *(f"connection {line}" for line in LINES),
    "killed while it fetches",
    "disk full",
)


@dataclass(frozen=True)
class Try:
    """One try of a fault on a kind of file, and what was there in the end; `met` is what it hit."""

    fault: str
    kind: str
    count: Count
    met: str


def kills(
    places: Places, kinds: list[str], number: int, chance: random.Random, where: str = ""
) -> Iterator[Try]:
    """Kill so many loads of these kinds in turn, each by a file's name and by a spec.

    One that had ended before its kill is tried, too, and not counted.
    """
    measured: dict[tuple[str, str], Durations] = {}
    index = 0
    while index < number:
        kind = kinds[index % len(kinds)]
        way = WAYS[index // len(kinds) % 2]
        file = make_file(kind)
        if (kind, way) not in measured:
            with places.place() as place:
                place.put(file)
                measured[kind, way] = measure(place, place.command(way, file))
        with places.place() as place:
            place.put(file)
            command = place.command(way, file)
            phase = kill(place, file, command, measured[kind, way], chance)
            yield Try("killed", kind + where, _undisturbed(place, command, file), phase)
            index += phase != AFTER


def twice(places: Places, kind: str, way: str) -> Try:
    """Deliver a file, deliver it again, and again to somebody who remembers no file."""
    file = make_file(kind)
    with places.place() as place:
        place.put(file)
        command = place.command(way, file)
        place.station.run(*command)
        place.put(file)
        place.station.run(*command)
        (place.station.root / ".databank/files.json").unlink(missing_ok=True)
        return Try("delivered twice", kind, _undisturbed(place, command, file), "delivered again")


def replaced(places: Places, kind: str, way: str, chance: random.Random, *, moved: bool) -> Try:
    """Bring other records under the file's name while it is read: moved there, or written over it."""
    before, after = make_file(kind), make_file(kind, 2)
    with places.place() as place:
        path = place.put(before)
        command = place.command(way, before)
        durations = measure(place, command)
    with places.place() as place:
        path = place.put(before)
        command = place.command(way, before)
        process = place.station.start(*command)
        time.sleep(durations.start + chance.uniform(-0.1, 0.9) * durations.work)
        if moved:
            beside = path.with_name("beside")
            beside.write_bytes(after.content)
            beside.replace(path)
        else:
            _overwrite(path, after.content)
        out, err = process.communicate()
        assert "Traceback" not in err, err
        left = "left for the next load" in out + err
        met = (
            "left for later" if left else "loaded before" if process.returncode == 0 else "refused"
        )
        if process.returncode != 0:
            assert "was changed while it was being read" in out + err or not moved, out + err
        fault = "replaced while it is read" if moved else "overwritten while it is read"
        if not moved:
            count = _undisturbed(place, command, after, newest_only=True)
        elif place.holds(before):
            count = _undisturbed(place, command, before, after)
        else:
            count = _undisturbed(place, command, after)
        return Try(fault, kind, count, met)


def _overwrite(path: Path, content: bytes) -> None:
    with path.open("r+b", buffering=0) as file:
        file.truncate()
        for start in range(0, len(content), max(1, len(content) // 5)):
            file.write(content[start : start + max(1, len(content) // 5)])
            os.sched_yield()


def two_loaders(places: Places, kind: str, way: str, where: str = "") -> Try:
    """Two processes load the same file."""
    file = make_file(kind)
    with places.place() as place:
        place.put(file)
        command = place.command(way, file)
        started = [place.station.start(*command) for _ in range(2)]
        for process in started:
            out, err = process.communicate()
            assert process.returncode == 0, out + err
        count = _undisturbed(place, command, file)
        return Try("two loaders at once", kind + where, count, "at once")


def broken_lines(
    places: Places, family: str, kinds: list[str], faults: list[str], chance: random.Random
) -> Iterator[Try]:
    """Break connections to a server, each after a random number of bytes."""
    for kind in kinds:
        for fault in faults:
            with places.place() as place, ExitStack() as stack:
                file = make_file(kind)
                far = FAMILIES[family](stack, _folder(place))
                far.put(file.name, file.content)
                place.station.warehouse.project.environment.update(far.environment)
                storage = {"storage": far.storage} if far.storage else {}
                process = EtlProcess.model_validate(place.spec(file, far.at(file.name), **storage))
                at = chance.randrange(len(file.content))
                far.proxy.faults.append((LINES[fault], at))
                try:
                    with hasty():
                        place.station.load_process(process)
                    met = "went on" if not far.proxy.faults else "not met"
                except DatabankError:
                    met = "gave up"
                far.proxy.faults.clear()
                place.station.load_process(process)
                yield Try(f"connection {fault}", f"{kind} over {family}", place.count(file), met)


def kills_while_fetching(places: Places, family: str, kind: str, chance: random.Random) -> Try:
    """Kill the command while half of a file is here."""
    with places.place() as place, ExitStack() as stack:
        file = make_file(kind)
        far = FAMILIES[family](stack, _folder(place))
        far.put(file.name, file.content)
        place.station.environment |= far.environment
        command = place.command("file", file, far.at(file.name))
        far.proxy.faults.append(("hold", chance.randrange(len(file.content))))
        process = place.station.start(*command)
        met = "while it fetched" if far.proxy.held.wait(60) else "not met"
        process.kill()
        process.communicate()
        far.proxy.released.set()
        count = _undisturbed(place, command, file)
        return Try("killed while it fetches", f"{kind} over {family}", count, met)


def full_disk(places: Places, kind: str, way: str, chance: random.Random) -> Try:
    """Load onto a disk on which there is not enough room, then make room."""
    file = make_file(kind)
    with places.place() as place:
        place.put(file)
        place.station.run(*place.command(way, file))
        needed = place.warehouse.stat().st_size // 1024
    disk = places.folder / "disk"
    try:
        with small_disk(disk, int(needed * chance.uniform(0.05, 1.2))) as make_room:
            spool = disk / "spool"
            spool.mkdir()
            with places.place(disk / "warehouse.duckdb", spool) as place:
                place.put(file)
                command = place.command(way, file)
                process = place.station.start(*command)
                _, err = process.communicate()
                assert "Traceback" not in err, err
                if process.returncode:
                    assert "disk is full" in err, err
                make_room()
                met = "full" if process.returncode else "just enough room"
                return Try("disk full", kind, _undisturbed(place, command, file), met)
    finally:
        disk.rmdir()


def _undisturbed(
    place: Place, command: list[str], *files: File, newest_only: bool = False
) -> Count:
    """Run the command once more, in peace, and count."""
    place.station.run(*command)
    return place.count(*files, newest_only=newest_only)


def _folder(place: Place) -> Path:
    folder = place.station.root / "server"
    folder.mkdir()
    return folder
