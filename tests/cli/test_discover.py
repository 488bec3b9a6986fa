"""`databank discover`: what it prints."""

from __future__ import annotations

import json
import random
from dataclasses import replace
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
    (project / "dbt_project.yml").write_text("name: shop\n")
    (project / "inside").mkdir()
    monkeypatch.chdir(project / "inside")

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


def test_what_a_person_changed_in_drafted_specs_makes_later_answers_better(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A house that writes codes as plain digits and flags as 0 and 1, which no rule can know."""
    r = random.Random(5)
    truth = {"article": "string", "sold": "boolean", "boxes": "integer"}

    def export(name: str, *prefixes: str) -> Path:
        """A folder with one table that has a column of each kind for each prefix."""
        columns = [f"{prefix}_{kind}" for prefix in prefixes for kind in truth]
        rows = [
            [r.randint(0, 1) if each.endswith("sold") else r.randint(100, 9999) for each in columns]
            for _ in range(40)
        ]
        (tmp_path / name).mkdir()
        write_csv(tmp_path / name / f"{name}.csv", [columns, *rows])
        return tmp_path / name

    taught, held_out = export("sales", "first"), export("returns", "last", "main", "other")
    project = tmp_path / "shop"
    done = CliRunner().invoke(databank, ["init", str(project), "--from", str(taught)])
    assert done.exit_code == 0, done.output

    def answers() -> tuple[float, str]:
        """The share of the right types in data that nobody corrected, and what is said."""
        done = run(held_out, "--only", "types", "--project-dir", project, "-o", "json")
        (found,) = json.loads(done.stdout)["tables"]
        right = [c["type"] == truth[c["name"].partition("_")[2]] for c in found["columns"]]
        return sum(right) / len(right), done.stderr

    share, said = answers()
    assert (share, said) == (1 / 3, "")
    spec = project / "specs" / "etl" / "sales.yml"
    drafted = spec.read_text(encoding="utf-8")
    changed = drafted
    for column, kind in (("first_article", "text"), ("first_sold", "boolean")):
        changed = changed.replace(f"{column}\n      type: integer", f"{column}\n      type: {kind}")
    spec.write_text(changed, encoding="utf-8")
    share, said = answers()
    assert share == 1.0
    assert said == "2 corrections of types were noticed and written to specs/corrections.yml\n"
    assert answers() == (1.0, "")

    # Whoever writes one by hand is asked no more; the other one goes with the change.
    path = project / "specs" / "corrections.yml"
    known = Corrections.load(path)
    by_hand = [replace(c, noticed_in=None) if c.type == "string" else c for c in known.items]
    Corrections(tuple(by_hand)).save(path)
    spec.write_text(drafted, encoding="utf-8")
    share, said = answers()
    assert share == pytest.approx(2 / 3)
    assert "1 was put back in the specs and taken out of specs/corrections.yml" in said
    assert [each.column for each in Corrections.load(path).items] == ["first_article"]


def test_write_drafts_into_the_project_that_it_is_said_in(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path_factory.mktemp("projects") / "shop"
    assert CliRunner().invoke(databank, ["init", str(project)]).exit_code == 0
    monkeypatch.chdir(project / "macros")
    done = run(folder, "--write")
    assert done.exit_code == 0, done.stderr
    assert "67 records loaded:\n  specs/etl/city.yml\n  specs/etl/person.yml\n" in done.stdout
    assert "old.csv: is empty" in done.stderr
    again = json.loads(run(folder, "--write", "-o", "json").stdout)["written"]
    assert (again["specs"], again["kept"]) == ([], ["specs/etl/city.yml", "specs/etl/person.yml"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--write", "--only", "keys"], "it does not go with --only keys"),
        (["--write", "."], "--write drafts one source, and 2 are named"),
        (["--write"], "no dbt_project.yml in"),
    ],
    ids=["only", "two sources", "no project"],
)
def test_write_says_what_it_needs(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(folder)
    done = run(folder, *arguments)
    assert done.exit_code != 0
    assert said in done.stderr + str(done.exception)
    assert sorted(each.name for each in folder.iterdir()) == ["city.csv", "old.csv", "person.csv"]
