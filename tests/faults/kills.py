"""Kills the command at random instants."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from subprocess import Popen, TimeoutExpired

from tests.faults.kinds import File
from tests.faults.place import Place

# What a kill met, in the order in which a load goes through it.
PHASES = (
    "before it began",
    "while it read and wrote",
    "in the commit",
    "between commit and end",
)
AFTER = "after the end"


@dataclass(frozen=True)
class Durations:
    """Seconds from the command's start to its scratch folder, and from there to its end."""

    start: float
    work: float


def measure(place: Place, command: list[str]) -> Durations:
    """How long a load takes that nobody disturbs."""
    started = time.monotonic()
    process = place.station.start(*command)
    _wait(process, lambda: bool(place.scratch()))
    begun = time.monotonic()
    out, err = process.communicate()
    assert process.returncode == 0, out + err
    return Durations(begun - started, time.monotonic() - begun)


def kill(
    place: Place, file: File, command: list[str], durations: Durations, chance: random.Random
) -> str:
    """Kill the command at a random instant; the phase that it was in.

    A quarter of the instants lies anywhere in the command's time, a half after it has begun to work,
    and a quarter around the commit, which takes a few milliseconds.
    """
    process = place.station.start(*command)
    aim = chance.choice(("anywhere", "work", "work", "commit"))
    if aim == "anywhere":
        _pause(process, chance.uniform(0, durations.start + durations.work))
    else:
        _wait(process, lambda: bool(place.scratch()))
        if aim == "work" or place.database is not None:
            _pause(process, chance.uniform(0, durations.work))
        else:
            _wait(process, place.log.exists)
            _pause(process, max(0.0, chance.uniform(-0.01, 0.02)))
    process.kill()
    process.communicate()
    if process.returncode != -signal.SIGKILL:
        return AFTER
    has_log = place.database is None and place.log.exists()
    if place.is_committed():
        return PHASES[3]
    if has_log:
        return PHASES[2]
    return PHASES[1] if place.scratch() else PHASES[0]


def _pause(process: Popen[str], seconds: float) -> None:
    """The instant is what is random here; nothing is waited for."""
    with suppress(TimeoutExpired):
        process.wait(seconds)


def _wait(process: Popen[str], is_there: Callable[[], bool]) -> None:
    """Wait until something is there, or the process has ended."""
    while process.poll() is None and not is_there():
        time.sleep(0.0002)
