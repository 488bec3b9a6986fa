"""The project is found and read as dbt finds and reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from controlplane.config import load_project
from controlplane.errors import ConfigError

PROJECT = "name: shop\nprofile: warehouse\n"
PROFILES = """
warehouse:
  target: dev
  outputs:
    dev: {type: duckdb, path: "{{ env_var('SHOP_FILE', 'shop.duckdb') }}"}
    prod:
      type: postgres
      host: "{{ env_var('SHOP_HOST') }}"
      port: "{{ env_var('SHOP_PORT', '5432') | as_number }}"
      user: shop
      password: "{{ env_var('SHOP_PASSWORD', '') }}"
      dbname: shop
    lake: {type: bigquery}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "dbt_project.yml").write_text(PROJECT)
    (tmp_path / "profiles.yml").write_text(PROFILES.replace("\"{{ env_var('SHOP_HOST') }}\"", "db"))
    return tmp_path


def test_the_default_target_is_used_and_its_file_is_in_the_project(shop: Path) -> None:
    project = load_project(shop, environment={})
    assert project.target.path == shop / "shop.duckdb"
    assert not project.target_is_chosen


def test_environment_variables_are_filled_in(shop: Path) -> None:
    environment = {"SHOP_PORT": "6000", "DATABANK_TARGET": "prod"}
    project = load_project(shop, environment=environment)
    assert project.target.identity == "postgres://db:6000/shop"
    assert project.target_is_chosen


def test_a_password_is_in_no_repr(shop: Path) -> None:
    project = load_project(shop, target="prod", environment={"SHOP_PASSWORD": "hunter2"})
    assert project.target.password == "hunter2"
    assert "hunter2" not in repr(project)


@pytest.mark.parametrize(
    ("target", "environment", "message"),
    [
        ("nowhere", {}, "no target 'nowhere' (has: dev, prod, lake)"),
        ("lake", {}, "has type 'bigquery' (supported: duckdb, postgres)"),
        ("prod", {"SHOP_PORT": "many"}, "port is 'many', not a number"),
    ],
)
def test_a_target_that_cannot_be_used_is_named(
    shop: Path, target: str, environment: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigError) as error:
        load_project(shop, target=target, environment=environment)
    assert message in str(error.value)


def test_a_variable_without_default_that_is_not_set_is_named(shop: Path) -> None:
    (shop / "profiles.yml").write_text(PROFILES)
    with pytest.raises(ConfigError, match="SHOP_HOST is not set"):
        load_project(shop, environment={})


def test_outside_a_project_the_message_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="--project-dir"):
        load_project(environment={})


@pytest.mark.parametrize(
    ("text", "message"), [("a: [", "not valid YAML"), ("- a", "holds no settings")]
)
def test_a_broken_file_is_named(shop: Path, text: str, message: str) -> None:
    (shop / "profiles.yml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_project(shop, environment={})
