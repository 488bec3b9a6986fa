"""URLs of files: what they are made of, what is wrong with one, and how one is shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

SCHEMES = ("s3", "gs", "az", "http", "https", "sftp")
WILD = frozenset("*?[")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_REFERENCE = re.compile(r"\{\{.*?\}\}")
# What signs a URL, or lets in whoever has it.
_SECRET = re.compile(
    r"(?i)sig|signature|token|secret|password|passwd|pwd|credential|credentials|auth|code|key"
    r"|.*[-_](?:signature|token|secret|credential|password|key)|(?:api|access|auth|sas)key"
)
# They belong to a signature and change with it.
_SIGNED_WITH = re.compile(r"(?i)x-(?:amz|goog)-.*|expires|keyid|googleaccessid|awsaccesskeyid")
_SAS = re.compile(r"(?i)s[vetrp]|spr|sip|ss|srt|skoid|sktid|skt|ske|sks|skv")


@dataclass(frozen=True)
class Url:
    """A URL in its parts. `path` begins behind the slash after the host, and is taken literally.

    The host of an object store is its bucket or container. Only http and https have a query.
    """

    scheme: str
    host: str
    path: str
    user: str = ""
    port: int | None = None
    query: str = ""

    @property
    def is_glob(self) -> bool:
        """Whether it may mean several files."""
        return self.path.endswith("/") or not self.path or bool(WILD & set(self.path))

    @property
    def root(self) -> str:
        """The URL up to the path."""
        user = f"{self.user}@" if self.user else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{user}{host}{f':{self.port}' if self.port else ''}/"

    @property
    def shown(self) -> str:
        """The URL for messages and the ledger: without what lets anybody in."""
        signed = any(_name(part).lower() == "sig" for part in self.query.split("&"))
        kept = [
            part
            for part in self.query.split("&")
            if part
            and not _SECRET.fullmatch(_name(part))
            and not _SIGNED_WITH.fullmatch(_name(part))
            and not (signed and _SAS.fullmatch(_name(part)))
        ]
        return f"{self.root}{self.path}" + (f"?{'&'.join(kept)}" if kept else "")

    def at(self, path: str) -> Url:
        """The URL of another path in the same place."""
        return replace(self, path=path)


def is_remote(text: str) -> bool:
    """Whether it is a URL, and no path of this machine."""
    return _SCHEME.match(text) is not None


def url_fault(text: str) -> str | None:
    """What is wrong with the URL, without what may be secret in it; None where nothing is."""
    match = _SCHEME.match(text)
    scheme = match[1].lower() if match else ""
    if match is None or scheme not in SCHEMES:
        allowed = ", ".join(f"{each}://" for each in SCHEMES)
        return f"found a URL of '{scheme}', allowed: {allowed}, or a path of this machine"
    # A password may hold any character, so that anything up to an @ may be one.
    rest = text[match.end() :]
    authority, _, path = rest.partition("/")
    user, at, host = authority.rpartition("@")
    if ":" in user or ("@" in path and re.match(r"[^/@]*:[^/@]*[^/@\d][^/@]*/[^@]*@", rest)):
        return (
            "holds a password; write the user alone, and the password into storage.password of the"
            " spec as {{ env_var('NAME') }}"
        )
    if at and scheme != "sftp":
        return "names a user before the host; write it into storage.username of the spec"
    name, port = _host(host)
    if not name:
        return f"names no {'host' if scheme in ('http', 'https', 'sftp') else 'bucket'}"
    if port and not (port.isdigit() and 0 < int(port) < 65536):
        return f"has the port '{port}', which is no number from 1 to 65535"
    if port and scheme in ("s3", "gs", "az"):
        return "has a port; write the server of the store into storage.endpoint of the spec"
    path, _, _ = path.partition("?") if scheme.startswith("http") else (path, "", "")
    if scheme.startswith("http") and ("*" in path or path.endswith("/") or not path):
        return (
            "means several files, but a web server does not say which it has; name each of them in"
            " a list (and write a star of a name as %2A)"
        )
    return None


def has_literal_secret(text: str) -> bool:
    """Whether a secret itself stands in the query of a URL; a reference to a variable is none."""
    if not text.lower().startswith(("http://", "https://")):
        return False
    masked = _REFERENCE.sub("", text)
    _, _, query = masked.partition("?")
    return any(
        _SECRET.fullmatch(_name(part)) and part.partition("=")[2] for part in query.split("&")
    )


def parse_url(text: str) -> Url:
    """The parts of a URL in which `url_fault` finds nothing wrong."""
    scheme, _, rest = text.partition("://")
    scheme = scheme.lower()
    authority, _, path = rest.partition("/")
    query = ""
    if scheme.startswith("http"):
        path, _, query = path.partition("#")[0].partition("?")
    user, _, host = authority.rpartition("@")
    name, port = _host(host)
    return Url(scheme, name, path, user, int(port) if port else None, query)


def _host(host: str) -> tuple[str, str]:
    if host.startswith("["):
        name, _, rest = host[1:].partition("]")
        return name, rest.removeprefix(":")
    name, _, port = host.partition(":")
    return name, port


def _name(part: str) -> str:
    return part.partition("=")[0]
