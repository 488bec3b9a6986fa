"""`databank demo data`: what it writes and says, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from controlplane.cli import databank
from controlplane.demo.folder import fill
from controlplane.errors import DatabankError

SMALL = ("--scale", "0.01", "--days", "30")


def call(*arguments: object, **options: Any) -> Result:
    return CliRunner().invoke(databank, ["demo", "data", *map(str, arguments)], **options)


def message(*arguments: object) -> str:
    """What a request is refused with."""
    done = call(*arguments)
    assert isinstance(done.exception, (DatabankError, click.ClickException, SystemExit)), done
    if isinstance(done.exception, DatabankError):
        assert done.exception.exit_code == 2
        return str(done.exception)
    return done.output


def test_it_writes_and_says_what(tmp_path: Path) -> None:
    done = call(*SMALL, "--out", tmp_path / "new" / "data", "--output", "json")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["version"] == 1
    assert document["arguments"] == {
        "scale": 0.01, "days": 30, "seed": 1, "end": "2025-06-30", "deliveries": None,
    }  # fmt: skip
    sources = {one["source"]: one for one in document["sources"]}
    assert sources["rates"]["records"] == 120
    assert len(sources) == 15
    assert "writing pos" in done.stderr
    manifest = json.loads((tmp_path / "new/data/demo.json").read_bytes())
    written = {
        path.relative_to(tmp_path / "new/data").as_posix()
        for path in (tmp_path / "new/data").rglob("*")
        if path.is_file()
    }
    assert written == {"demo.json", *manifest["files"]}


def test_the_text_has_a_line_for_each_source_and_the_sum(tmp_path: Path) -> None:
    done = call(*SMALL, "--out", tmp_path, "--deliveries", 3, "--end", "2024-02-29")
    assert done.exit_code == 0, done.output
    assert "payments" in done.stdout
    assert "records from 2024-01-31 to 2024-02-29" in done.stdout
    assert (tmp_path / "pos/transactions_2024-01-31.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--scale", "0"), "--scale: found 0, expected a number above 0"),
        (("--scale", "-1"), "--scale: found -1"),
        (("--scale", "nan"), "--scale: found nan"),
        (("--scale", "inf"), "--scale: found inf"),
        (("--scale", "900"), "90,000,000 transactions, at most 10,000,000"),
        (("--days", "13"), "--days: found 13, expected 14 to 3660"),
        (("--days", "5000"), "--days: found 5000"),
        (("--seed", "-3"), "--seed: found -3, expected 0 or more"),
        (("--end", "1900-01-01"), "--end: found 1900-01-01, expected a date from 1990"),
        (("--end", "yesterday"), "does not match the format"),
        (("--deliveries", "0"), "--deliveries: found 0, expected 1 to 365"),
        (("--days", "20", "--deliveries", "21"), "--deliveries: found 21, expected 1 to 20"),
    ],
)
def test_arguments_that_cannot_be_are_refused(
    arguments: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    assert said in message(*arguments, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_folder_must_be_named() -> None:
    assert "--out" in message()


def test_what_others_wrote_is_left_alone(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"mine{number}.txt").write_text("mine")
    said = message(*SMALL, "--out", tmp_path, "--yes")
    assert (
        "holds what this command did not write: mine0.txt, mine1.txt, mine2.txt and 2 more" in said
    )
    assert len(list(tmp_path.iterdir())) == 5


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    assert "is not a folder" in message(*SMALL, "--out", tmp_path / "out")


def test_an_earlier_run_is_replaced_if_that_is_said(tmp_path: Path) -> None:
    assert call(*SMALL, "--deliveries", 5, "--out", tmp_path).exit_code == 0
    before = (tmp_path / "demo.json").read_bytes()
    said = message(*SMALL, "--out", tmp_path)
    assert "holds an earlier run" in said
    assert "--yes" in said
    assert (tmp_path / "demo.json").read_bytes() == before
    assert call(*SMALL, "--out", tmp_path, "--yes").exit_code == 0
    # Nothing is left of the five deliveries.
    assert len(list(tmp_path.glob("pos/*"))) == 1
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_an_earlier_run_with_a_stranger_among_it_is_kept(tmp_path: Path) -> None:
    assert call(*SMALL, "--out", tmp_path).exit_code == 0
    (tmp_path / "pos" / "notes.txt").write_text("mine")
    assert "pos/notes.txt" in message(*SMALL, "--out", tmp_path, "--yes")
    assert (tmp_path / "pos" / "notes.txt").exists()


def test_a_run_that_was_stopped_leaves_the_earlier_one(tmp_path: Path) -> None:
    def first(folder: Path) -> list[str]:
        (folder / "a.csv").write_text("first")
        return ["a.csv"]

    def stopped(folder: Path) -> list[str]:
        (folder / "a.csv").write_text("half")
        raise KeyboardInterrupt

    fill(tmp_path, {}, first)
    with pytest.raises(KeyboardInterrupt):
        fill(tmp_path, {}, stopped)
    assert (tmp_path / "a.csv").read_text() == "first"
    assert call(*SMALL, "--out", tmp_path, "--yes").exit_code == 0
    assert not (tmp_path / "a.csv").exists()
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = message(*SMALL, "--out", tmp_path / "file" / "out")
    assert "file/out cannot be written: Not a directory" in said


@pytest.mark.parametrize("days", [14, 15, 400, 800])
def test_short_and_long_periods_work(days: int, tmp_path: Path) -> None:
    done = call("--scale", "0.004", "--days", days, "--out", tmp_path)
    assert done.exit_code == 0, done.output
