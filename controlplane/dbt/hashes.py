"""Hashes of what a node depends on, and of values that must not be kept."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Any

# A fingerprint has one hash for each of these, or `UNKNOWN`, which equals nothing.
ASPECTS = ("code", "config", "macros", "variables", "environment", "hooks")
UNKNOWN = ""


def digest(*parts: Any) -> str:
    """A short hash of JSON values."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def keyed_hashes(
    names: Iterable[str], environment: Mapping[str, str], key: str
) -> dict[str, str | None]:
    """The keyed hash of each variable's value; None for one that is not set."""
    hashes: dict[str, str | None] = {}
    for name in sorted(names):
        value = environment.get(name)
        hashes[name] = (
            None
            if value is None
            else hmac.new(key.encode(), value.encode(), hashlib.sha256).hexdigest()[:16]
        )
    return hashes
