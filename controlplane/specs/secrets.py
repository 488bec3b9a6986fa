"""Passwords in connection strings: kept out of files and messages, filled in when they are needed.

Both of PostgreSQL's forms are understood, `postgres://user:password@host:5432/name?key=value` and
`host=… password=…`. In a file a password is a reference to an environment variable, written as in
dbt: `{{ env_var('NAME') }}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

from controlplane.errors import ConfigError

_REFERENCE = re.compile(
    r"""\{\{\s*env_var\(\s*(?P<q>['"])(?P<name>\w+)(?P=q)\s*"""
    r"""(?:,\s*(?P<p>['"])(?P<default>.*?)(?P=p)\s*)?\)\s*\}\}"""
)
_SECRET_KEYS = "password|sslpassword"  # noqa: S105 - names of settings
_URL_SECRET = re.compile(rf"[?&](?:{_SECRET_KEYS})=(?P<secret>[^&#]*)", re.IGNORECASE)
_KEY_SECRET = re.compile(
    rf"(?:^|\s)(?:{_SECRET_KEYS})\s*=\s*(?P<secret>'(?:\\.|[^'\\])*'?|(?:\\.|[^\s\\])*)",
    re.IGNORECASE,
)
_TEXT_SECRET = re.compile(
    rf"""\b((?:{_SECRET_KEYS})["']?\s*[=:]\s*)(?!['"]?(?:\{{\{{|\*\*\*))"""
    r"""(?:'(?:\\.|[^'\\])*'?|"(?:\\.|[^"\\])*"?|[^\s&'"]+)""",
    re.IGNORECASE,
)
HIDDEN = "***"


def password_variable(slug: str, side: str) -> str:
    """The variable that holds the password of a process's `source` or `target`."""
    return f"DATABANK_{slug.upper()}_{side.upper()}_PASSWORD"


def reference(variable: str) -> str:
    """What stands in a file in the place of the value of `variable`."""
    return f"{{{{ env_var('{variable}') }}}}"


def variables(connection_string: str) -> list[str]:
    """The environment variables that the connection string refers to, in their order."""
    return [match["name"] for match in _REFERENCE.finditer(connection_string)]


def resolve_secrets(connection_string: str, environ: Mapping[str, str]) -> str:
    """The connection string with every `{{ env_var('NAME') }}` filled in, escaped for its place.

    Raises:
        ConfigError: a variable without a default is not set.
    """
    masked = _masked(connection_string)
    as_url = is_url(masked)
    host_from, host_to = _host_span(masked) if as_url else (0, 0)
    whole = _REFERENCE.fullmatch(connection_string.strip()) is not None

    def value(match: re.Match[str]) -> str:
        found = environ.get(match["name"], match["default"])
        if found is None:
            raise ConfigError(
                f"the environment variable {match['name']} is not set;"
                " a connection string of a spec refers to it",
                hint=f"set {match['name']}",
            )
        if whole or (as_url and host_from <= match.start() < host_to):
            return found
        if as_url:
            return quote(found, safe="")
        escaped = found.replace("\\", "\\\\").replace("'", "\\'")
        quoted = connection_string[: match.start()].endswith("'")
        return escaped if quoted else f"'{escaped}'"

    return _REFERENCE.sub(value, connection_string)


def externalise_password(connection_string: str, variable: str) -> tuple[str, str | None]:
    """The connection string with a reference to `variable` for its password, and the password.

    A string without a literal password comes back as it is, with None.

    Raises:
        ConfigError: there are several passwords in it.
    """
    spans = _literal_spans(connection_string)
    if not spans:
        return connection_string, None
    if len(spans) > 1:
        raise ConfigError(
            f"the connection string {redact(connection_string)} holds more than one password",
            hint="write {{ env_var('NAME') }} in the place of each",
        )
    as_url = is_url(_masked(connection_string))
    start, end = spans[0]
    literal = connection_string[start:end]
    if match := _REFERENCE.fullmatch(literal.strip("'")):
        password = match["default"]
    else:
        password = unquote(literal) if as_url else _unquoted(literal)
    return connection_string[:start] + reference(variable) + connection_string[end:], password


def has_literal_password(connection_string: str) -> bool:
    """Whether a password itself stands in the connection string."""
    return bool(_literal_spans(connection_string))


def redact(connection_string: str) -> str:
    """The connection string with `***` for its password; references to variables stay."""
    for start, end in reversed(_literal_spans(connection_string)):
        connection_string = connection_string[:start] + HIDDEN + connection_string[end:]
    return connection_string


def redact_text(text: str) -> str:
    """Any text, with `***` for every password of a connection string in it."""
    if "://" not in text and "password" not in text.lower():
        return text
    text = re.sub(r"\w+://(?:\{\{.*?\}\}|\S)*", lambda match: redact(match[0]), text)
    return _TEXT_SECRET.sub(rf"\1{HIDDEN}", text)


def _masked(text: str) -> str:
    """`text` with every reference to a variable overwritten by letters, at the same positions."""
    return _REFERENCE.sub(lambda match: "x" * len(match[0]), text)


def is_url(text: str) -> bool:
    """Whether it is a URL; in a list of keys and values a password may hold `://` too."""
    return re.match(r"\s*[\w+.-]+://", text) is not None


def _user_end(masked: str) -> int:
    """Where the `@` of a URL stands that ends user and password; -1 where there is none.

    A password with an unescaped `/` or `@` is not a valid URL, but it still has to stay secret:
    therefore the last `@` before the query counts, also behind a slash.
    """
    start = masked.index("://") + 3
    query = masked.find("?", start)
    end = masked.rfind("@", start, query if query >= 0 else len(masked))
    if end < 0 and query >= 0 and re.match(r"[^/:@\[]+:[^/]*[^/0-9][^/]*\?", masked[start:]):
        end = masked.rfind("@", start)
    return end


def _host_span(masked: str) -> tuple[int, int]:
    """From where to where host and port stand in a URL."""
    start = max(_user_end(masked) + 1, masked.index("://") + 3)
    match = re.compile(r"[/?#]").search(masked, start)
    return start, match.start() if match else len(masked)


def _literal_spans(text: str) -> list[tuple[int, int]]:
    """Where passwords stand in the connection string, without those that are references."""
    masked = _masked(text)
    spans = []
    if is_url(masked):
        start = masked.index("://") + 3
        end = _user_end(masked)
        colon = masked.find(":", start, end) if end >= 0 else -1
        if colon >= 0:
            spans.append((colon + 1, end))
        spans += [m.span("secret") for m in _URL_SECRET.finditer(masked) if m.start() > end]
    else:
        spans += [match.span("secret") for match in _KEY_SECRET.finditer(masked)]
    return [span for span in spans if _is_literal(text[slice(*span)])]


def _is_literal(secret: str) -> bool:
    bare = secret.strip("'")
    match = _REFERENCE.fullmatch(bare)
    return bool(match["default"]) if match else bool(bare)


def _unquoted(value: str) -> str:
    if value.startswith("'"):
        value = value[1:-1] if value.endswith("'") and len(value) > 1 else value[1:]
    return re.sub(r"\\(.)", r"\1", value)
