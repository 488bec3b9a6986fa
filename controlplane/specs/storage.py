"""How files that lie elsewhere are reached: the block `storage` of a source."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

from controlplane.places.urls import has_literal_secret, is_remote, parse_url, url_fault
from controlplane.specs.block import Block, FieldProblem, Step
from controlplane.specs.values import Text

_REFERENCE = re.compile(r"""\s*\{\{\s*env_var\(\s*(['"])\w+\1\s*\)\s*\}\}\s*""")


def _referred(value: object) -> object:
    # Before anything else is said of it, because that would say what it is.
    if value is None or (isinstance(value, str) and _REFERENCE.fullmatch(value)):
        return value
    raise ValueError(
        "holds a password; write {{ env_var('NAME') }} in its place and set that variable"
    )


Secret = Annotated[Text, BeforeValidator(_referred)]
# The families of places that have a use for a field.
_FOR = {
    "endpoint": ("s3", "gs", "az"),
    "region": ("s3",),
    "anonymous": ("s3", "gs", "az"),
    "username": ("s3", "az", "http", "https", "sftp"),
    "password": ("s3", "az", "http", "https", "sftp"),
    "key_file": ("gs", "sftp"),
    "known_hosts": ("sftp",),
}
# Of these each host is a place of its own; buckets belong to one store.
_HOSTS = ("http", "https", "sftp")


class Storage(Block):
    """How the place of the files is reached; what is not said comes from its usual environment."""

    endpoint: Text | None = Field(
        None,
        description="The server, if it is not the provider's own, as https://host:port. For s3, gs"
        " and az.",
    )
    region: Text | None = Field(None, description="The region of the bucket. For s3.")
    anonymous: bool = Field(
        False, description="Whether it is read without credentials. For s3, gs and az."
    )
    username: Text | None = Field(
        None,
        description="The access key's id for s3, the account for az, the user for http and sftp.",
    )
    password: Secret | None = Field(
        None,
        repr=False,
        description="What belongs to `username`: the secret access key for s3, the account's key for"
        " az, the password for http and sftp (with `key_file` that of the key). Written as"
        " {{ env_var('NAME') }}.",
    )
    key_file: Text | None = Field(
        None,
        description="The file of the private key for sftp, of the service account for gs.",
    )
    known_hosts: Text | None = Field(
        None,
        description="The file of the servers' keys. For sftp; default: ~/.ssh/known_hosts.",
    )


def place_problems(path: str | list[str] | None, storage: Storage | None) -> list[FieldProblem]:
    """What is wrong with the URLs among the paths, and with how they are reached."""
    problems: list[FieldProblem] = []
    urls = []
    for index, text in enumerate(path if isinstance(path, list) else [path or ""]):
        if not is_remote(text):
            continue
        place: tuple[Step, ...] = ("path", index) if isinstance(path, list) else ("path",)
        if fault := url_fault(text):
            problems.append((place, fault))
        elif has_literal_secret(text):
            problems.append(
                (place, "holds a secret in its query; write {{ env_var('NAME') }} in its place")
            )
        else:
            urls.append(parse_url(text))
    if storage is None or problems:
        return problems
    schemes = {url.scheme for url in urls}
    for name in storage.model_fields_set:
        if not schemes & set(_FOR[name]):
            found = ", ".join(sorted(schemes)) or "none"
            problems.append(
                (
                    ("storage", name),
                    f"is only for paths of {', '.join(_FOR[name])}, and there are {found}",
                )
            )
    alone = schemes & {"s3", "az"} and (storage.username is None) != (storage.password is None)
    if alone or (schemes & {"http", "https"} and storage.username is None and storage.password):
        missing = "username" if storage.username is None else "password"
        problems.append((("storage", missing), "is required beside the other half of a login"))
    if storage.anonymous and (storage.username or storage.password or storage.key_file):
        problems.append((("storage", "anonymous"), "does not go with credentials"))
    places = sorted({url.root if url.scheme in _HOSTS else url.scheme for url in urls})
    if len(places) > 1 and (storage.username or storage.password or storage.key_file):
        problems.append(
            (
                ("storage",),
                f"has credentials, and there are several places ({', '.join(places)}) that would be"
                " told them; make a process for each",
            )
        )
    if storage.username is not None and any(url.user for url in urls):
        problems.append((("storage", "username"), "stands in the URL already; leave one out"))
    return problems
