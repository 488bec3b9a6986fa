"""A proxy between a client and a server, which cuts and stalls what comes from the server."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Proxy:
    """Each of `faults` meets one connection: after so many bytes it is cut, held up or ended.

    What is cut breaks off as a broken line does, what is ended (`truncate`) as if that were all.
    """

    target: int
    port: int = 0
    faults: list[tuple[str, int]] = field(default_factory=list)
    held: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    bytes_sent: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            with socket.create_connection(("127.0.0.1", self.target)) as server:
                up = threading.Thread(target=self._up, args=(client, server), daemon=True)
                up.start()
                self._down(server, client)

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(1 << 16):
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _down(self, server: socket.socket, client: socket.socket) -> None:
        sent = 0
        while data := server.recv(1 << 14):
            with self._lock:
                fault, at = self.faults[0] if self.faults else (None, 0)
                if fault is not None and sent + len(data) >= at:
                    self.faults.pop(0)
                else:
                    fault = None
                if fault == "truncate":
                    data = data[: max(0, at - sent)]
                self.bytes_sent += len(data)
            client.sendall(data)
            sent += len(data)
            if fault == "truncate":
                client.shutdown(socket.SHUT_WR)
                # Closing with something unread would be a broken line.
                while client.recv(1 << 14):
                    pass
                return
            if fault == "hold":
                self.held.set()
                self.released.wait(60)
            if fault:
                # With data unread on our side the other sees a reset, as from a broken line.
                client.shutdown(socket.SHUT_RDWR)
                return


@contextlib.contextmanager
def proxy(target: int) -> Iterator[Proxy]:
    """A proxy before the server on this port."""
    found = Proxy(target)
    listener = socket.create_server(("127.0.0.1", 0))
    found.port = listener.getsockname()[1]

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=found._serve, args=(client,), daemon=True).start()

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield found
    finally:
        found.released.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
