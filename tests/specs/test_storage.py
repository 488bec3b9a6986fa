"""What a spec may say of files that lie elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from controlplane.errors import SpecError
from controlplane.specs.files import parse_etl

PASSWORD = "{password: \"{{ env_var('NAME') }}\", username: me}"


def problems(path: str, storage: str = "") -> list[tuple[str, str]]:
    text = f"name: shop\ntype: full\nsource_config:\n  source_type: csv\n  path: {path}\n" + (
        f"  storage: {storage}\n" if storage else ""
    )
    try:
        parse_etl(text, "shop.yml")
    except SpecError as error:
        return [
            (each.field.removeprefix("source_config."), each.message) for each in error.problems
        ]
    return []


@pytest.mark.parametrize(
    ("path", "storage"),
    [
        ("s3://bucket/in/*.csv", ""),
        ("[in/*.csv, 's3://bucket/a.csv', 'https://host/a.csv']", ""),
        ("s3://bucket/*.csv", "{endpoint: 'http://localhost:9000', region: eu-1, anonymous: true}"),
        ("s3://bucket/*.csv", PASSWORD),
        ("gs://bucket/", "{key_file: account.json}"),
        ("az://container/*.csv", PASSWORD),
        ("sftp://host:2222/in/*.csv", "{username: me, key_file: ~/key, known_hosts: hosts}"),
        ("sftp://me@host/in/*.csv", ""),
        ("\"https://host/a.csv?page=1&token={{ env_var('TOKEN') }}\"", ""),
        ("http://host:8080/a@b.csv", ""),
    ],
)
def test_what_is_right(path: str, storage: str) -> None:
    assert problems(path, storage) == []


@pytest.mark.parametrize(
    ("path", "storage", "field", "said"),
    [
        ("ftp://host/a.csv", "", "path", "found a URL of 'ftp', allowed: s3://, gs://, az://"),
        ("[a.csv, 'file:///a.csv']", "", "path[1]", "found a URL of 'file'"),
        ("sftp://me:hush@host/a.csv", "", "path", "holds a password"),
        ("sftp://me:hu/sh@host/a.csv", "", "path", "holds a password"),
        ("https://hush@host/a.csv", "", "path", "names a user before the host"),
        ("https://host/a.csv?sig=hush", "", "path", "holds a secret in its query"),
        ("https://host/*.csv", "", "path", "does not say which it has"),
        ("https://host/", "", "path", "does not say which it has"),
        ("s3:///a.csv", "", "path", "names no bucket"),
        ("sftp://host:x/a.csv", "", "path", "has the port 'x'"),
        ("s3://bucket:9000/a.csv", "", "path", "has a port"),
        ("s3://b/*", "{username: me, password: hush}", "storage.password", "holds a password"),
        ("s3://b/*", "{username: me, password: 4711}", "storage.password", "holds a password"),
        ("s3://b/*", "{username: me}", "storage.password", "other half of a login"),
        ("a.csv", "{region: eu}", "storage.region", "only for paths of s3, and there are none"),
        ("gs://b/*", "{known_hosts: x}", "storage.known_hosts", "only for paths of sftp"),
        (
            "s3://b/*",
            "{anonymous: true, username: me, password: \"{{ env_var('N') }}\"}",
            "storage.anonymous",
            "does not go with credentials",
        ),
        ("sftp://me@host/*", "{username: you}", "storage.username", "stands in the URL already"),
        ("['https://a/a.csv', 'https://b/b.csv']", PASSWORD, "storage", "several places"),
        ("['s3://a/*', 'https://b/b.csv']", PASSWORD, "storage", "several places"),
        ("s3://b/*", "{bucket: b}", "storage.bucket", "is not a field here"),
    ],
)
def test_what_is_wrong(path: str, storage: str, field: str, said: str) -> None:
    found = problems(path, storage)
    assert any(where == field and said in message for where, message in found), found
    assert "hush" not in str(found)
    assert "4711" not in str(found)


def test_a_database_has_no_storage() -> None:
    fields: dict[str, Any] = {"source_type": "postgresql", "table": "t", "connection_string": "x"}
    lines = "".join(f"  {name}: {value}\n" for name, value in fields.items())
    with pytest.raises(SpecError, match="is only for source_type csv"):
        parse_etl(
            f"name: s\ntype: full\nsource_config:\n{lines}  storage: {{anonymous: true}}\n", "s.yml"
        )
