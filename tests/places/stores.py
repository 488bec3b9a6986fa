"""Real object stores on this machine, for as long as a test needs them."""

from __future__ import annotations

import base64
import contextlib
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import formatdate
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

SECRET = "do-not-tell-anybody"
CLIENT: Any = {"allow_http": True}
RETRY: Any = {"max_retries": 3, "retry_timeout": timedelta(seconds=10)}


@dataclass
class Store:
    """A bucket: `storage` is how a spec reaches it, `environment` how the command does."""

    prefix: str
    storage: dict[str, Any]
    environment: dict[str, str]
    put: Callable[[str, bytes], object]
    gets: Callable[[], int]
    secret: str
    # Statuses that the next requests get instead of an answer.
    faults: list[int] = field(default_factory=list)

    def url(self, key: str) -> str:
        return self.prefix + key


@contextlib.contextmanager
def s3_server() -> Iterator[Store]:
    """moto's S3."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from obstore.store import S3Store
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log(self, *_: Any) -> None:
            pass

    gets: list[str] = []
    faults: list[int] = []
    moto = DomainDispatcherApplication(create_backend_app)

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        key = environ["PATH_INFO"].removeprefix("/bucket").strip("/")
        if environ["REQUEST_METHOD"] == "GET":
            if faults:
                start_response(f"{faults.pop(0)} Planned", [("Content-Length", "0")])
                return [b""]
            if key:
                gets.append(key)
        found: Iterable[bytes] = moto(environ, start_response)
        return found

    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        endpoint = f"http://127.0.0.1:{server.port}"
        config: Any = {
            "endpoint": endpoint,
            "access_key_id": "somebody",
            "secret_access_key": SECRET,
            "region": "us-east-1",
        }
        bucket = S3Store("bucket", config=config, client_options=CLIENT, retry_config=RETRY)
        import urllib3

        # What it holds is the process's, and not the server's.
        urllib3.request("POST", f"{endpoint}/moto-api/reset")
        urllib3.request("PUT", f"{endpoint}/bucket")
        yield Store(
            prefix="s3://bucket/",
            storage={
                "endpoint": endpoint,
                "region": "us-east-1",
                "username": "somebody",
                "password": "{{ env_var('STORE_SECRET') }}",
            },
            environment={
                "AWS_ENDPOINT_URL": endpoint,
                "AWS_REGION": "us-east-1",
                "AWS_ACCESS_KEY_ID": "somebody",
                "AWS_SECRET_ACCESS_KEY": SECRET,
            },
            put=bucket.put,
            gets=lambda: len(gets),
            secret=SECRET,
            faults=faults,
        )
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def gcs_server() -> Iterator[Store]:
    """The emulator of Google Cloud Storage, with the XML API in front, which it lacks."""
    from gcp_storage_emulator.exceptions import NotFound
    from gcp_storage_emulator.handlers import buckets
    from gcp_storage_emulator.server import RequestHandler
    from gcp_storage_emulator.storage import Storage

    store = Storage(use_memory_fs=True)
    buckets.create_bucket("bucket", store)
    gets: list[str] = []
    faults: list[int] = []

    class Xml(RequestHandler):  # type: ignore[misc]
        protocol_version = "HTTP/1.1"

        def __init__(self, *arguments: Any) -> None:
            super().__init__(store, *arguments)

        def do_HEAD(self) -> None:  # noqa: N802
            self.answer()

        def do_GET(self) -> None:  # noqa: N802
            self.answer()

        def answer(self) -> None:
            parts = urlsplit(self.path)
            bucket, _, key = unquote(parts.path).strip("/").partition("/")
            if self.command == "GET" and faults:
                self.say(faults.pop(0), b"")
                return
            try:
                if not key:
                    prefix = parse_qs(parts.query).get("prefix", [""])[0]
                    self.say(200, self.listed(bucket, prefix))
                    return
                meta, content = store.get_file_obj(bucket, key), store.get_file(bucket, key)
            except NotFound:
                self.say(404, b"")
                return
            etag = f'"{base64.b64decode(meta["md5Hash"]).hex()}"'
            if self.command == "GET":
                gets.append(key)
            if self.headers.get("If-Match") not in (None, etag):
                self.say(412, b"")
                return
            headers = {"ETag": etag, "Last-Modified": formatdate(self.time(meta), usegmt=True)}
            if wanted := re.match(r"bytes=(\d+)-", self.headers.get("Range", "")):
                start = int(wanted[1])
                tail = f"bytes {start}-{len(content) - 1}/{len(content)}"
                self.say(206, content[start:], Content_Range=tail, **headers)
                return
            self.say(200, content, **headers)

        def time(self, meta: dict[str, Any]) -> float:
            from datetime import datetime

            return datetime.fromisoformat(meta["updated"]).timestamp()

        def listed(self, bucket: str, prefix: str) -> bytes:
            files, _ = store.get_file_list(bucket, prefix)
            found = "".join(
                f"<Contents><Key>{escape(each['name'])}</Key>"
                f"<LastModified>{each['updated']}</LastModified><Size>{each['size']}</Size>"
                f"<ETag>&quot;{base64.b64decode(each['md5Hash']).hex()}&quot;</ETag></Contents>"
                for each in files
            )
            return f"<ListBucketResult>{found}</ListBucketResult>".encode()

        def say(self, status: int, content: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command == "GET":
                with contextlib.suppress(ConnectionError):
                    self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Xml)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    endpoint = f"http://127.0.0.1:{server.server_address[1]}"

    def put(key: str, content: bytes) -> None:
        import urllib3

        answer = urllib3.request(
            "POST",
            f"{endpoint}/upload/storage/v1/b/bucket/o?uploadType=media&name={key}",
            body=content,
            headers={"Content-Type": "text/csv"},
        )
        assert answer.status == 200, answer.data

    try:
        yield Store(
            prefix="gs://bucket/",
            storage={"endpoint": endpoint, "anonymous": True},
            environment={"GOOGLE_BASE_URL": endpoint, "GOOGLE_SKIP_SIGNATURE": "true"},
            put=put,
            gets=lambda: len(gets),
            secret=SECRET,
            faults=faults,
        )
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def azurite() -> str | None:
    """The program azurite-blob: of DATABANK_TEST_AZURITE, of `make azurite`, or on the path."""
    local = Path(__file__).parents[2] / ".venv/azurite/node_modules/.bin/azurite-blob"
    given = os.environ.get("DATABANK_TEST_AZURITE") or (str(local) if local.exists() else None)
    return given or shutil.which("azurite-blob")


@contextlib.contextmanager
def azure_server(program: str, folder: Path) -> Iterator[Store]:
    """Azurite's blob service, with an account of its own."""
    from obstore.store import AzureStore

    folder.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    key = base64.b64encode(SECRET.encode() * 3).decode()
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *(program, "--blobHost", "127.0.0.1", "--blobPort", str(port)),
                *("--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck"),
            ],
            cwd=folder,
            env=os.environ | {"AZURITE_ACCOUNTS": f"somebody:{key}"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        end = time.monotonic() + 60
        while b"successfully listen" not in log.read_bytes():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        endpoint = f"http://127.0.0.1:{port}/somebody"
        config: Any = {"endpoint": endpoint, "account_name": "somebody", "account_key": key}
        container = AzureStore("box", config=config, client_options=CLIENT, retry_config=RETRY)
        _make_container(endpoint, key)
        yield Store(
            prefix="az://box/",
            storage={
                "endpoint": endpoint,
                "username": "somebody",
                "password": "{{ env_var('STORE_SECRET') }}",
            },
            environment={
                "AZURE_STORAGE_ENDPOINT": endpoint,
                "AZURE_STORAGE_ACCOUNT_NAME": "somebody",
                "AZURE_STORAGE_ACCOUNT_KEY": key,
            },
            put=container.put,
            gets=lambda: sum(
                1 for line in log.read_text().splitlines() if '"GET /somebody/box/' in line
            ),
            secret=key,
        )
    finally:
        process.terminate()
        process.wait(20)


def _make_container(endpoint: str, key: str) -> None:
    """Make the container `box`, signed as the service wants it."""
    import hashlib
    import hmac

    import urllib3

    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-08-06"}
    signed = "\n".join(f"{name}:{headers[name]}" for name in sorted(headers))
    text = f"PUT{chr(10) * 12}{signed}\n/somebody/somebody/box\nrestype:container"
    digest = hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()
    headers["Authorization"] = f"SharedKey somebody:{base64.b64encode(digest).decode()}"
    answer = urllib3.request("PUT", f"{endpoint}/box?restype=container", headers=headers)
    assert answer.status == 201, answer.data
