"""`databank discover`: what it prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from controlplane.cli import databank
from controlplane.discover.corrections import Correction, Corrections
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
    assert (bool(done.exit_code), done.stdout) == (True, "")
    assert "no such file or folder" in str(done.exception)


def test_what_was_corrected_in_the_project_moves_the_answers(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path_factory.mktemp("project")
    monkeypatch.chdir(project)

    def kind() -> tuple[str, str]:
        tables = json.loads(run(folder, "--only", "types", "-o", "json").stdout)["tables"]
        person = next(table for table in tables if table["name"] == "person")
        column = next(each for each in person["columns"] if each["name"] == "person_id")
        return column["type"], column["pattern"]

    found, pattern = kind()
    correction = Correction("person", "person_id", "integer", "identifier", pattern, "string")
    Corrections().add(correction).save(project / "specs" / "corrections.yml")
    assert (found, kind()[0]) == ("integer", "string")
    (project / "specs" / "corrections.yml").write_text("corrections: [{table: 3}]\n")
    done = run(folder, "--only", "types")
    assert (bool(done.exit_code), done.stdout) == (True, "")
    assert "specs/corrections.yml:1" in str(done.exception)
