"""`databank ingest` loads, says what it did, and ends with the right code."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from controlplane.cli.ingest import ingest

SPEC = """\
name: Shop
type: full
source_config:
  source_type: csv
  path: shop.csv
target_config:
  load_strategy: append
error_handling:
  error_action: quarantine
"""


@pytest.fixture
def shop(warehouse: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    warehouse.file("specs/etl/shop.yml", SPEC)
    warehouse.file("shop.csv", "id,name\n1,x\n2\n")
    for key, value in warehouse.project.environment.items():
        if key.startswith("DATABANK_"):
            monkeypatch.setenv(key, value)
    return warehouse


def call(shop: Any, *arguments: str) -> Result:
    place = ["--project-dir", str(shop.project.root), "--target", shop.project.target.name]
    return CliRunner().invoke(ingest, [*place, *arguments], standalone_mode=False)


def test_ingest_says_what_it_loaded_and_then_that_nothing_changed(shop: Any) -> None:
    planned = json.loads(call(shop, "--dry-run", "-o", "json").stdout)
    assert [batch["batch_id"] for batch in planned["loads"][0]["batches"]] == [None]
    first = json.loads(call(shop, "-o", "json").stdout)
    assert first["status"] == "completed"
    [load] = first["loads"]
    assert (load["rows_read"], load["rows_loaded"], load["rows_rejected"]) == (2, 1, 1)
    again = call(shop)
    assert "1 source unchanged" in again.stdout
    assert shop.target.query("select id from raw.shop") == [("1",)]


def test_ingest_builds_nothing(shop: Any) -> None:
    call(shop)
    schemas = {schema for schema, _ in shop.target.relations()}
    assert "raw" in schemas
    assert not schemas & {"bronze", "silver", "gold"}
