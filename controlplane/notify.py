"""Tells somebody that a job needs attention: one JSON document, posted to one address."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

VARIABLE = "DATABANK_NOTIFICATION_URL"
TIMEOUT_SECONDS = 10


def notify(document: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    """Post the document to the address in `DATABANK_NOTIFICATION_URL`; says what came of it.

    A notification that fails is reported and never fails the job.
    """
    address = environment.get(VARIABLE, "")
    if not address:
        return f"no notification was sent: {VARIABLE} is not set"
    host = urlsplit(address).hostname or "?"
    if urlsplit(address).scheme not in ("http", "https"):
        return f"no notification was sent: {VARIABLE} is no http or https address"
    request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
        address,
        data=json.dumps(document, default=str).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310
            return f"notification sent to {host}"
    except (urllib.error.URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return f"notification to {host} failed: {reason}"
