"""Real servers on this machine, for as long as a test needs them."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Fault = Callable[["Handler", bytes], bool]


@dataclass
class WebServer:
    """A web server; `faults` are used up one by one, each by one GET of a file."""

    port: int = 0
    files: dict[str, bytes] = field(default_factory=dict)
    times: dict[str, float] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    etags: bool = True
    ranges: bool = True
    heads: bool = True
    lengths: bool = True
    password: str | None = None
    stopped: threading.Event = field(default_factory=threading.Event)

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/{name}"

    def put(self, name: str, content: bytes, age: float = 60.0) -> None:
        self.files[name] = content
        self.times[name] = time.time() - age

    def count(self, method: str) -> int:
        return sum(1 for found, _, _ in self.requests if found == method)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    web: WebServer

    def log_message(self, *arguments: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self.answer(head=True)

    def do_GET(self) -> None:
        self.answer(head=False)

    def answer(self, *, head: bool) -> None:
        web, name = self.web, self.path.partition("?")[0].lstrip("/")
        web.requests.append((self.command, self.path, self.headers.get("Range")))
        content = web.files.get(name)
        if head and not web.heads:
            self.say(405)
        elif web.password is not None and self.headers.get("Authorization") != web.password:
            self.say(401)
        elif content is None:
            self.say(404)
        elif head or not web.faults or not web.faults.pop(0)(self, content):
            self.send(content, name, head=head)

    def say(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def begin(self, content: bytes, name: str, length: int | None = None) -> bytes:
        """Send the headers; the bytes that belong behind them."""
        web, etag = self.web, f'"{hashlib.sha1(content).hexdigest()}"'
        part = content
        wanted = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if wanted and web.ranges and self.headers.get("If-Range") in (None, etag):
            start = int(wanted[1])
            part = content[start:]
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        for key, value in web.headers.items():
            self.send_header(key, value)
        if web.etags:
            self.send_header("ETag", etag)
        if name in web.times:
            self.send_header("Last-Modified", formatdate(web.times[name], usegmt=True))
        if web.lengths:
            self.send_header("Content-Length", str(len(part) if length is None else length))
        else:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        return part

    def send(self, content: bytes, name: str, *, head: bool) -> None:
        part = self.begin(content, name)
        if not head:
            with contextlib.suppress(ConnectionError):
                self.wfile.write(part)


def cut(at: int) -> Fault:
    """The connection ends after so many bytes of the answer."""

    def fault(handler: Handler, content: bytes) -> bool:
        part = handler.begin(content, handler.path.partition("?")[0].lstrip("/"))
        handler.wfile.write(part[:at])
        handler.wfile.flush()
        handler.close_connection = True
        handler.connection.shutdown(2)
        return True

    return fault


def stall(at: int) -> Fault:
    """Nothing comes after so many bytes, and the connection stays open."""

    def fault(handler: Handler, content: bytes) -> bool:
        part = handler.begin(content, handler.path.partition("?")[0].lstrip("/"))
        handler.wfile.write(part[:at])
        handler.wfile.flush()
        handler.web.stopped.wait(60)
        handler.close_connection = True
        return True

    return fault


def status(code: int, **headers: str) -> Fault:
    """Another status than that of success."""

    def fault(handler: Handler, content: bytes) -> bool:
        handler.say(code, **headers)
        return True

    return fault


def change(content: bytes, after: int, *, age: float = 60.0) -> Fault:
    """The file is replaced after so many bytes of it were sent, and the connection is cut."""

    def fault(handler: Handler, before: bytes) -> bool:
        name = handler.path.partition("?")[0].lstrip("/")
        part = handler.begin(before, name)
        handler.wfile.write(part[:after])
        handler.wfile.flush()
        handler.web.put(name, content, age)
        handler.close_connection = True
        handler.connection.shutdown(2)
        return True

    return fault


@contextlib.contextmanager
def web_server() -> Iterator[WebServer]:
    web = WebServer()
    handler = type("Bound", (Handler,), {"web": web})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    # What a broken client does to a handler is part of the tests.
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    web.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield web
    finally:
        web.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class SftpServer:
    """An SFTP server for the user `me`, whose root is a folder."""

    folder: Path
    port: int
    known_hosts: Path
    key_file: Path
    password: str
    reads: list[str]
    faults: list[int]

    def url(self, path: str) -> str:
        return f"sftp://me@127.0.0.1:{self.port}/{path}"

    def put(self, name: str, content: bytes, age: float = 60.0) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (time.time() - age,) * 2)


@contextlib.contextmanager
def sftp_server(folder: Path) -> Iterator[SftpServer]:
    """A server with a key of its own; each of its `faults` cuts a connection after so many bytes."""
    import asyncssh

    folder.mkdir()
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    user_key = asyncssh.generate_private_key("ssh-ed25519")
    keys = folder.with_name("keys")
    keys.mkdir()
    user_key.write_private_key(keys / "id")
    served = SftpServer(
        folder / "root", 0, keys / "known_hosts", keys / "id", "do-not-tell", [], []
    )
    served.folder.mkdir()

    connections: list[asyncssh.SSHServerConnection] = []

    class Login(asyncssh.SSHServer):
        def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
            connections.append(conn)

        def begin_auth(self, username: str) -> bool:
            return True

        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == ("me", served.password)

        def public_key_auth_supported(self) -> bool:
            return True

        def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
            return username == "me" and key.public_data == user_key.public_data

    class Files(asyncssh.SFTPServer):
        def __init__(self, channel: Any) -> None:
            super().__init__(channel, chroot=str(served.folder).encode())
            self._connection = channel.get_connection()

        def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
            served.reads.append(path.decode())
            return super().open(path, pflags, attrs)

        def read(self, file_obj: object, offset: int, size: int) -> bytes:
            if served.faults and offset >= served.faults[0]:
                served.faults.pop(0)
                self._connection.abort()
            data = super().read(file_obj, offset, size)
            assert isinstance(data, bytes)
            return data

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def listen() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1", 0, server_factory=Login, server_host_keys=[host_key], sftp_factory=Files
        )

    async def end(server: asyncssh.SSHAcceptor) -> None:
        server.close()
        await server.wait_closed()
        for connection in connections:
            connection.abort()
            await connection.wait_closed()
        for _ in range(100):
            left = asyncio.all_tasks() - {asyncio.current_task()}
            if not left:
                return
            await asyncio.wait(left, timeout=0.1)

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result(20)
    served.port = server.get_port()
    public = host_key.export_public_key().decode().strip()
    served.known_hosts.write_text(f"[127.0.0.1]:{served.port} {public}\n")
    try:
        yield served
    finally:
        asyncio.run_coroutine_threadsafe(end(server), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
