"""Which warehouse a run goes to: the named target, else what the specs say."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from controlplane.config import Project, load_project
from controlplane.destination import destination
from controlplane.errors import ConfigError, SpecError
from controlplane.specs.etl import EtlProcess
from controlplane.specs.files import SpecFile

ROOT = Path(__file__).parents[1]
WAREHOUSE = "postgres://loader:{{ env_var('PW') }}@db.example:6000/warehouse"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def spec(name: str, **target: Any) -> SpecFile[EtlProcess]:
    process = EtlProcess.model_validate(
        {
            "name": name,
            "type": "full",
            "source_config": {"source_type": "csv", "path": "x.csv"},
            "target_config": target,
        }
    )
    return SpecFile(Path(f"specs/etl/{name}.yml"), process)


def project(
    folder: Path, target: str | None = None, environment: Mapping[str, str] | None = None
) -> Project:
    return load_project(folder, target=target, environment={"PW": "s3cret", **(environment or {})})


def test_a_spec_that_says_nothing_goes_to_the_profiles_target(folder: Path) -> None:
    assert destination(project(folder), [spec("a")]).target.name == "duckdb"


def test_the_kind_of_target_that_a_spec_asks_for_is_chosen(folder: Path) -> None:
    assert destination(project(folder), [spec("a", target_type="postgresql")]).target.name == (
        "postgres"
    )


def test_a_named_target_wins_over_the_specs(folder: Path) -> None:
    named = project(folder, target="duckdb")
    found = destination(named, [spec("a", target_type="postgresql", connection_string=WAREHOUSE)])
    assert found.target.type == "duckdb"


def test_a_connection_string_is_what_load_and_dbt_connect_to(folder: Path) -> None:
    found = destination(
        project(folder), [spec("a", target_type="postgresql", connection_string=WAREHOUSE)]
    )
    assert found.target.identity == "postgres://db.example:6000/warehouse"
    assert found.target.password == "s3cret"
    assert found.environment["DATABANK_POSTGRES_PASSWORD"] == "s3cret"
    assert found.environment["DATABANK_POSTGRES_HOST"] == "db.example"


def test_libpq_settings_are_read_too(folder: Path) -> None:
    text = "host=db.example port=6000 user=loader dbname=warehouse"
    found = destination(
        project(folder), [spec("a", target_type="postgresql", connection_string=text)]
    )
    assert found.target.identity == "postgres://db.example:6000/warehouse"


def test_two_warehouses_in_one_run_are_refused(folder: Path) -> None:
    files = [
        spec("a", target_type="postgresql", connection_string=WAREHOUSE),
        spec("b", target_type="postgresql", connection_string="postgres://u@other/warehouse"),
    ]
    with pytest.raises(SpecError) as error:
        destination(project(folder), files)
    assert "one run writes one warehouse" in str(error.value)
    assert "s3cret" not in str(error.value)


def test_an_environment_that_says_something_else_is_refused(folder: Path) -> None:
    elsewhere = project(folder, environment={"DATABANK_POSTGRES_HOST": "elsewhere"})
    with pytest.raises(ConfigError, match="DATABANK_POSTGRES_HOST says elsewhere"):
        destination(elsewhere, [spec("a", target_type="postgresql", connection_string=WAREHOUSE)])


def test_a_profile_that_does_not_read_the_variables_is_refused(folder: Path) -> None:
    text = (folder / "profiles.yml").read_text()
    fixed = text.replace(
        "\"{{ env_var('DATABANK_POSTGRES_HOST', 'localhost') }}\"", "fixed.example"
    )
    (folder / "profiles.yml").write_text(fixed)
    with pytest.raises(ConfigError, match="let the profile read host"):
        destination(
            project(folder), [spec("a", target_type="postgresql", connection_string=WAREHOUSE)]
        )


def test_specs_of_two_kinds_stay_on_the_profiles_target(folder: Path) -> None:
    files = [spec("a", target_type="postgresql"), spec("b", target_type="duckdb")]
    assert destination(project(folder), files).target.type == "duckdb"
