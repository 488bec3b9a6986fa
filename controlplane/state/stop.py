"""Turns the signals that ask a process to stop into a call, while a job runs."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def stop_signals(stop: Callable[[str], None]) -> Iterator[bool]:
    """Call `stop` with the signal's name, in the main thread, for as long as the body runs.

    A signal that somebody else handles or that is ignored (`nohup`) stays as it is; outside the
    main thread nothing changes, since only that one gets signals. Yields whether
    `interrupt_main_thread` ends up in `stop`.
    """
    if threading.current_thread() is not threading.main_thread():
        yield False
        return

    def handle(number: int, _frame: FrameType | None) -> None:
        stop(signal.Signals(number).name)

    previous = {
        number: signal.signal(number, handle)
        for number in STOP_SIGNALS
        if signal.getsignal(number) in {signal.SIG_DFL, signal.default_int_handler}
    }
    try:
        yield signal.SIGTERM in previous
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def interrupt_main_thread() -> None:
    """Send the main thread the signal to stop; that ends also a call that waits."""
    ident = threading.main_thread().ident
    if ident is not None:
        signal.pthread_kill(ident, signal.SIGTERM)
