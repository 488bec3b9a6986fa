"""Takes passwords out of texts before they are kept or shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

HIDDEN = "***"
# Greedy up to the last `@` of the word, because a password may hold an `@` itself: hiding too much
# is harmless.
_IN_URL = re.compile(r"(://[^\s:/@'\"]*):[^\s'\"]*@")
_KEYWORD = re.compile(
    r"(?i)\b((?:pg)?password|passwd|pwd|secret|token|api_?key)(['\"]?\s*[=:]\s*)"
    r"('[^']*'|\"[^\"]*\"|[^\s,;&'\"]+)"
)

_SECRET_NAME = re.compile(r"(?i)password|passwd|secret|token|api_?key|_salt$")
_COMMON = frozenset({"postgres", "postgresql", "duckdb", "databank", "localhost"})


def scrub(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without the passwords of URLs and `password=…` settings, and without `secrets`."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    text = _IN_URL.sub(rf"\1:{HIDDEN}@", text)
    return _KEYWORD.sub(rf"\1\2{HIDDEN}", text)


def scrub_values(value: Any, secrets: Iterable[str] = ()) -> Any:
    """A JSON value with every text in it scrubbed."""
    if isinstance(value, str):
        return scrub(value, secrets)
    if isinstance(value, Mapping):
        return {key: scrub_values(item, secrets) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [scrub_values(item, secrets) for item in value]
    return value


def known_secrets(environment: Mapping[str, str], *more: str) -> tuple[str, ...]:
    """The values of variables that are named like secrets, and `more`, longest first.

    Values that are short or a plain word of every message would hide more than they protect.
    """
    values = {value for name, value in environment.items() if _SECRET_NAME.search(name)}
    usable = {value for value in values | set(more) if len(value) >= 6 and value not in _COMMON}
    return tuple(sorted(usable, key=len, reverse=True))
