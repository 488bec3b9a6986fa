"""Artifacts are read as they are, and a file that is not complete is no artifact."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from controlplane.config import Project
from controlplane.dbt.artifacts import (
    NodeResult,
    collect_results,
    merge_results,
    read_catalog,
    read_manifest,
    read_run_results,
    read_sources,
)
from controlplane.dbt.events import NodeFinished
from controlplane.dbt.process import run_dbt

SCHEMAS = "https://schemas.getdbt.com/dbt"
FILES = {
    "seeds/colours.csv": "id,name\n1,red\n",
    "macros/twice.sql": "{% macro twice(x) %}2 * {{ once(x) }}{% endmacro %}",
    "macros/once.sql": "{% macro once(x) %}{{ x }}{% endmacro %}",
    "models/silver/colours_twice.sql": "select {{ twice('id') }} as b from {{ ref('colours') }}",
    "models/silver/_models.yml": """\
sources:
  - name: raw
    tables:
      - name: orders
        identifier: shop_orders
models:
  - name: colours_twice
    description: One row per colour.
    config: {tags: [nightly]}
    columns:
      - name: b
        data_tests:
          - not_null:
              config: {severity: warn}
exposures:
  - name: board
    type: dashboard
    owner: {name: Ann}
    url: https://example.org
    depends_on: [ref('colours_twice')]
""",
}


def test_a_manifest_tells_what_a_node_is_where_it_is_and_what_it_needs(
    make_project: Callable[[Mapping[str, str]], Project], tmp_path: Path
) -> None:
    run = run_dbt(make_project(FILES), "docs generate", target_path=tmp_path / "target")
    manifest = read_manifest(run.manifest_path)
    assert manifest is not None
    model = manifest.nodes["model.shop.colours_twice"]
    assert model.layer == "silver"
    assert model.relation == ("silver", "colours_twice")
    assert model.materialized == "table"
    assert model.depends_on == ("seed.shop.colours",)
    assert model.macros == ("macro.shop.twice",)
    assert model.tags == ("nightly",)
    assert model.description == "One row per colour."
    assert (model.path, model.patch_path) == (
        "models/silver/colours_twice.sql",
        "shop://models/silver/_models.yml",
    )
    assert manifest.macros["macro.shop.twice"].macros == ("macro.shop.once",)
    source = manifest.sources["source.shop.raw.orders"]
    assert (source.schema, source.identifier) == ("raw", "shop_orders")
    test = next(node for node in manifest.nodes.values() if node.resource_type == "test")
    assert (test.attached_node, test.severity) == (model.unique_id, "warn")
    assert test.relation is None
    board = manifest.exposures["exposure.shop.board"]
    assert (board.type, board.url, board.depends_on) == (
        "dashboard",
        "https://example.org",
        (model.unique_id,),
    )


@pytest.mark.parametrize("size", [0, 1, 100, -1])
def test_a_file_that_was_cut_off_is_no_artifact(tmp_path: Path, size: int) -> None:
    whole = json.dumps(
        {
            "metadata": {"dbt_schema_version": f"{SCHEMAS}/run-results/v6.json"},
            "results": [{"unique_id": "model.a.b", "status": "success", "execution_time": 0.1}],
        }
    )
    path = tmp_path / "run_results.json"
    path.write_text(whole, encoding="utf-8")
    assert read_run_results(path) is not None
    path.write_text(whole[:size], encoding="utf-8")
    assert read_run_results(path) is None


def test_a_file_that_is_absent_or_of_another_kind_is_no_artifact(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    for read in (read_manifest, read_run_results, read_catalog, read_sources):
        assert read(path) is None
    path.write_text('{"metadata": {"dbt_schema_version": "other/v1.json"}}', encoding="utf-8")
    for read in (read_manifest, read_run_results, read_catalog, read_sources):
        assert read(path) is None


def test_a_catalog_has_the_columns_in_the_order_of_the_table(tmp_path: Path) -> None:
    path = tmp_path / "catalog.json"
    column = {"comment": None, "type": "INTEGER"}
    path.write_text(
        json.dumps(
            {
                "metadata": {"dbt_schema_version": f"{SCHEMAS}/catalog/v1.json"},
                "nodes": {
                    "model.a.b": {
                        "columns": {
                            "y": {**column, "name": "y", "index": 2},
                            "x": {**column, "name": "x", "index": 1},
                        }
                    }
                },
                "sources": {},
            }
        ),
        encoding="utf-8",
    )
    catalog = read_catalog(path)
    assert catalog is not None
    assert [column.name for column in catalog["model.a.b"]] == ["x", "y"]


def test_the_freshness_of_sources_is_read(tmp_path: Path) -> None:
    path = tmp_path / "sources.json"
    path.write_text(
        json.dumps(
            {
                "metadata": {"dbt_schema_version": f"{SCHEMAS}/sources/v3.json"},
                "results": [
                    {
                        "unique_id": "source.a.raw.b",
                        "status": "warn",
                        "max_loaded_at": "2026-01-01T00:00:00+00:00",
                        "max_loaded_at_time_ago_in_s": 60.5,
                    },
                    {"unique_id": "source.a.raw.c", "status": "runtime error", "error": "gone"},
                ],
            }
        ),
        encoding="utf-8",
    )
    sources = read_sources(path)
    assert sources is not None
    assert sources["source.a.raw.b"].age_seconds == 60.5
    assert sources["source.a.raw.c"].status == "runtime error"


def test_what_dbt_announced_stands_in_for_an_artifact_that_it_could_not_write() -> None:
    announced = {"model.a.b": NodeFinished("model.a.b", "success", 1.5, 1, 2, "done")}
    assert collect_results(None, announced)["model.a.b"].is_good


def result(unique_id: str, status: str) -> NodeResult:
    return NodeResult(unique_id, status, 0.0)


def test_a_retry_that_touches_little_does_not_turn_red_into_green() -> None:
    first = {key: result(key, status) for key, status in {"a": "error", "b": "fail"}.items()}
    second = {"b": result("b", "pass")}
    merged = merge_results([first, second])
    assert {key: each.status for key, each in merged.items()} == {"a": "error", "b": "pass"}


def test_a_node_that_a_retry_skips_keeps_the_reason_why_it_is_owed() -> None:
    merged = merge_results([{"a": result("a", "error")}, {"a": result("a", "skipped")}])
    assert merged["a"].status == "error"
    merged = merge_results([{"a": result("a", "success")}, {"a": result("a", "skipped")}])
    assert merged["a"].status == "skipped"
