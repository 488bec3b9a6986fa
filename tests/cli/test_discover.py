"""`databank discover`: what it prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from controlplane.cli import databank
from tests.discover.conftest import write_csv


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Cities and their people, one of whom lives nowhere."""
    write_csv(
        tmp_path / "city.csv", [["city_id", "name"], *[[n, f"City {n}"] for n in range(1, 9)]]
    )
    people = [[n, f"p{n}@example.org", 99 if n == 3 else n % 8 + 1, "0%"] for n in range(1, 60)]
    write_csv(tmp_path / "person.csv", [["person_id", "email", "city_id", "rebate"], *people])
    (tmp_path / "old.csv").write_bytes(b"")
    return tmp_path


def run(*arguments: Any) -> Any:
    """What `databank discover` answers."""
    return CliRunner().invoke(databank, ["discover", *map(str, arguments)])


def test_json_stands_alone_on_stdout(folder: Path) -> None:
    done = run(folder, "-o", "json")
    assert done.exit_code == 0
    assert "old.csv: is empty" in done.stderr
    document = json.loads(done.stdout)
    person = next(table for table in document["tables"] if table["name"] == "person")
    assert person["primary_key"]["columns"] == ["person_id"]
    (key,) = person["foreign_keys"]
    assert (key["columns"], key["ref_table"], key["ref_columns"]) == (
        ["city_id"],
        "city",
        ["city_id"],
    )
    assert (key["cardinality"], key["orphans"]) == ("many-to-one", 1)
    kinds = {column["name"]: column for column in person["columns"]}
    assert kinds["email"]["semantic"] == "email"
    assert kinds["rebate"]["semantic"] in ("percent", "constant")
    assert set(kinds["email"]) >= {
        "name",
        "type",
        "semantic",
        "format",
        "confidence",
        "reason",
        "nullable",
        "distinct",
    }
    assert person["role"] in ("fact", "dimension")


def test_a_part_alone_is_found(folder: Path) -> None:
    keys = json.loads(run(folder, "--only", "keys", "-o", "json").stdout)
    types = json.loads(run(folder, "--only", "types", "-o", "json").stdout)
    assert all(table["primary_key"] for table in keys["tables"])
    assert not any(table["primary_key"] or table["foreign_keys"] for table in types["tables"])
    found = {c["name"]: c["semantic"] for t in types["tables"] for c in t["columns"]}
    assert found["email"] == "email"


def test_text_says_how_sure_each_step_is_and_why(folder: Path) -> None:
    text = run(folder).stdout
    assert "person (59 rows" in text
    assert "key         person_id (" in text
    assert "unique and never missing, stands first" in text
    assert "city_id -> city.city_id many-to-one (" in text
    assert "1 orphan" in text


def test_bad_sources_are_one_message(tmp_path: Path) -> None:
    done = run(tmp_path / "nowhere")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "no such file or folder" in str(done.exception or done.stderr)
