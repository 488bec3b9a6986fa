"""How long a place is waited for, and how often it is asked again."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import TypeVar

from controlplane.errors import SourceError
from controlplane.places.place import BrokenOffError

CONNECT_SECONDS = 15.0
# A connection on which nothing came for so long is given up.
READ_SECONDS = 30.0
ATTEMPTS = 5
FIRST_WAIT = 0.5
LONGEST_WAIT = 20.0
# A place that asks for more patience is left alone.
LONGEST_ASKED = 120.0

Answer = TypeVar("Answer")


def ask(name: str, question: Callable[[], Answer]) -> Answer:
    """The answer of a place, which is asked again if it broke off.

    Raises:
        SourceError: it never answered.
    """
    failures = 0
    while True:
        try:
            return question()
        except BrokenOffError as error:
            failures += 1
            wait(name, error, failures)


def wait(
    name: str, error: BrokenOffError, failures: int, stop: threading.Event | None = None
) -> None:
    """Wait after so many failures in a row: longer each time, and never just as long as others.

    With `stop` the wait ends as soon as that is set.

    Raises:
        SourceError: there were too many.
    """
    asked = error.retry_after or 0.0
    if failures >= ATTEMPTS or asked > LONGEST_ASKED:
        said = f", and asks to come back in {asked:,.0f} seconds" if asked else ""
        times = f" ({failures} times)" if failures > 1 else ""
        raise SourceError(
            f"{name}: {error}{times}{said}; nothing of it was kept",
            hint="check that it can be reached from here, and run the same command again",
        ) from error
    longest = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (failures - 1))
    seconds = max(asked, random.uniform(longest / 2, longest))  # noqa: S311 - no secret
    (stop or threading.Event()).wait(seconds)
