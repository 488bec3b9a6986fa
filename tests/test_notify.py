"""A notification reaches a real server, and a failed one fails nothing."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from controlplane.notify import VARIABLE, notify

Received = list[dict[str, str]]


@pytest.fixture
def server() -> Iterator[tuple[str, Received]]:
    received: Received = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}/hook?token=abc", received
        listening.shutdown()
        thread.join()


def test_the_document_is_posted(server: tuple[str, Received]) -> None:
    address, received = server
    assert notify({"job_id": "job_1"}, {VARIABLE: address}) == "notification sent to 127.0.0.1"
    assert received == [{"job_id": "job_1"}]


@pytest.mark.parametrize(
    ("environment", "answer"),
    [
        ({}, "DATABANK_NOTIFICATION_URL is not set"),
        ({VARIABLE: "file:///etc/passwd"}, "is no http or https address"),
        ({VARIABLE: "http://127.0.0.1:9/x?token=abc"}, "notification to 127.0.0.1 failed"),
    ],
)
def test_what_cannot_be_sent_is_said_without_the_address(
    environment: dict[str, str], answer: str
) -> None:
    said = notify({}, environment)
    assert answer in said
    assert "token" not in said
