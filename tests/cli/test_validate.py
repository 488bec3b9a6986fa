"""`databank validate`: what is wrong on standard error, or a count; JSON for programs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from controlplane.__main__ import main

ROOT = Path(__file__).parents[2]
ORDERS = "name: Orders\ntype: full\nsource_config:\n  source_type: csv\n  path: orders.csv\n"
LAKE = "name: Lake\ntype: lake\nstorage_config:\n  storage_type: duckdb\n"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def spec_project(tmp_path: Path) -> Path:
    """A project without specs."""
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def validate(spec_project: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in the project; exit code, standard output and standard error."""

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            main(["validate", "--project-dir", str(spec_project), *arguments])
        output = capsys.readouterr()
        return int(caught.value.code or 0), output.out, output.err

    return run


def put(root: Path, name: str, text: str) -> Path:
    path = root / "specs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_project_without_specs_is_valid(validate: Run) -> None:
    assert validate() == (0, "no specs in specs/\n", "")


def test_valid_specs_are_counted(validate: Run, spec_project: Path) -> None:
    put(spec_project, "etl/orders.yml", ORDERS)
    assert validate() == (0, "1 spec is valid\n", "")
    put(spec_project, "warehouses/lake.yml", LAKE.replace("type: lake", "type: data_lake"))
    assert validate() == (0, "2 specs are valid\n", "")


def test_every_problem_goes_to_standard_error_with_file_and_line(
    validate: Run, spec_project: Path
) -> None:
    put(spec_project, "etl/orders.yml", ORDERS + "colour: red\nname: Twice\n")
    put(spec_project, "pipelines/nightly.yml", "name: Nightly\nstages: []\n")
    code, output, errors = validate()
    assert (code, output) == (2, "")
    assert "specs/etl/orders.yml:6: colour: is not a field here" in errors
    assert "specs/etl/orders.yml:7: name: is there twice, first on line 1" in errors
    assert "specs/pipelines/nightly.yml:2: stages: is empty" in errors
    assert errors.endswith("3 problems in 2 files\n")


def test_problems_are_one_json_document_for_programs(validate: Run, spec_project: Path) -> None:
    put(spec_project, "etl/orders.yml", ORDERS + "colour: red\n")
    code, output, errors = validate("--output", "json")
    assert (code, errors) == (2, "")
    document = json.loads(output)
    assert document["checked"] == ["specs/etl/orders.yml"]
    (problem,) = document["problems"]
    assert (problem["file"], problem["line"], problem["field"]) == (
        "specs/etl/orders.yml",
        6,
        "colour",
    )


def test_an_older_name_is_a_warning(validate: Run, spec_project: Path) -> None:
    put(spec_project, "warehouses/lake.yml", LAKE)
    warning = (
        "specs/warehouses/lake.yml:2: type: 'lake' is an older name and will go; write 'data_lake'"
    )
    assert validate() == (0, "1 spec is valid\n", f"Warning: {warning}\n")
    code, output, _ = validate("-o", "json")
    assert code == 0
    assert json.loads(output)["warnings"] == [warning]


def test_one_file_is_checked_beside_the_others(validate: Run, spec_project: Path) -> None:
    orders = put(spec_project, "etl/orders.yml", ORDERS)
    put(spec_project, "etl/broken.yml", "name: [")
    other = put(spec_project, "etl/other.yml", ORDERS)
    code, _, errors = validate(str(orders))
    assert code == 2
    assert "broken" not in errors
    assert "specs/etl/other.yml:1: name: found 'Orders', whose slug 'orders'" in errors
    other.unlink()
    assert validate(str(orders)) == (0, "1 spec is valid\n", "")


@pytest.mark.parametrize("text", [ORDERS, LAKE.replace("type: lake", "type: oltp")])
def test_a_file_from_elsewhere_is_checked_as_what_it_is(
    validate: Run, tmp_path: Path, text: str
) -> None:
    path = tmp_path / "elsewhere.yml"
    path.write_text(text, encoding="utf-8")
    assert validate(str(path)) == (0, "1 spec is valid\n", "")


def test_a_file_that_is_not_there_is_a_wrong_request(validate: Run) -> None:
    code, output, errors = validate("nowhere.yml")
    assert (code, output) == (2, "")
    assert "nowhere.yml" in errors
    assert "Traceback" not in errors
