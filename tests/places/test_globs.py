"""Which names a pattern means; the names in a ledger."""

from __future__ import annotations

import glob
from pathlib import Path

import pytest

from controlplane.places.globs import matches, pattern_parts
from controlplane.places.urls import parse_url

NAMES = (
    "a.csv",
    "b.CSV",
    ".hidden.csv",
    "in/a.csv",
    "in/b1.csv",
    "in/.tmp/c.csv",
    "in/deep/a.csv",
    "in/deep/er/a.csv",
    "out/a.csv",
)


@pytest.mark.parametrize(
    "pattern",
    [
        "*.csv",
        "in/*.csv",
        "**/*.csv",
        "in/**/a.csv",
        "in/**",
        "*/a.csv",
        "in/b[0-9].csv",
        "?.csv",
        "in/*/*.csv",
        ".h*",
        "i?/**/er/*",
        "none/*",
    ],
)
def test_patterns_mean_what_they_mean_on_a_disk(tmp_path: Path, pattern: str) -> None:
    for name in NAMES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    on_disk = glob.glob(pattern, root_dir=tmp_path, recursive=True)  # noqa: PTH207
    expected = {name for name in on_disk if (tmp_path / name).is_file()}
    parts = pattern_parts(pattern)
    assert {name for name in NAMES if matches(name.split("/"), parts)} == expected


def test_a_folder_means_the_files_in_it() -> None:
    parts = pattern_parts("in/")
    assert [name for name in NAMES if matches(name.split("/"), parts)] == ["in/a.csv", "in/b1.csv"]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://h:8/a.csv?token=x&page=2", "https://h:8/a.csv?page=2"),
        ("https://h/a?X-Amz-Signature=x&X-Amz-Date=y&X-Amz-Credential=z", "https://h/a"),
        ("https://h/a?sv=1&se=2&sp=r&sig=x&day=3", "https://h/a?day=3"),
        ("https://h/a?sv=1&sp=r", "https://h/a?sv=1&sp=r"),
        ("https://h/a?api_key=x&apikey=y&access-token=z#part", "https://h/a"),
        ("sftp://me@[::1]:22/~/a b.csv", "sftp://me@[::1]:22/~/a b.csv"),
        ("s3://bucket/a?b#c", "s3://bucket/a?b#c"),
    ],
)
def test_a_url_is_shown_without_what_lets_anybody_in(url: str, shown: str) -> None:
    assert parse_url(url).shown == shown
