"""Small dbt projects on DuckDB, and dbt itself."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from controlplane.config import Project, load_project
from controlplane.dbt.process import DbtSession

DBT_PROJECT = """\
name: shop
version: "1.0.0"
profile: shop
model-paths: ["models"]
seed-paths: ["seeds"]
macro-paths: ["macros"]
test-paths: ["tests/data_tests"]
flags:
  send_anonymous_usage_stats: false
models:
  shop:
    bronze:
      +schema: bronze
      +materialized: view
    silver:
      +schema: silver
      +materialized: table
"""
PROFILES = """\
shop:
  target: dev
  outputs:
    dev:
      type: duckdb
      path: shop.duckdb
      schema: main
      threads: 2
"""
SCHEMA_NAME = """\
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
"""

MakeProject = Callable[[Mapping[str, str]], Project]


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Until something has come about."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not come about in time"
        time.sleep(0.01)


@pytest.fixture
def make_project(tmp_path: Path) -> MakeProject:
    """Makes a project of files by their path; the skeleton is there."""

    def make(files: Mapping[str, str]) -> Project:
        root = tmp_path / "project"
        skeleton = {
            "dbt_project.yml": DBT_PROJECT,
            "profiles.yml": PROFILES,
            "macros/generate_schema_name.sql": SCHEMA_NAME,
        }
        for name, text in {**skeleton, **files}.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        environment = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
        return load_project(root, environment=environment)

    return make


@pytest.fixture
def session(make_project: MakeProject) -> Iterator[DbtSession]:
    """dbt on a project with one model."""
    project = make_project({"models/silver/one.sql": "select 1 as id"})
    with DbtSession(project) as opened:
        yield opened
