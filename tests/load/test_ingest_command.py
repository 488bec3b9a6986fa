"""`databank ingest` loads, says what it did, and ends with the right code."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from controlplane.cli.ingest import ingest
from controlplane.state.job_log import log_path, read_lines

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


def test_drift_that_was_accepted_is_noted_with_what_to_do(shop: Any) -> None:
    call(shop)
    shop.file("shop.csv", "id,Brand New\n3,y\n")
    done = call(shop, "--accept-drift", "-o", "json")
    new = "raw.shop has the new column 'Brand New' (brand_new): `databank generate --refresh` gives"
    gone = "raw.shop no longer gets the column 'name' (name), which is null from now on"
    document = json.loads(done.stdout)
    [batch] = document["loads"][0]["batches"]
    assert [
        note[: len(start)] for note, start in zip(batch["notes"], (new, gone), strict=True)
    ] == [
        new,
        gone,
    ]
    assert new in done.stderr
    assert gone in done.stderr
    log = log_path(shop.project.state_dir, document["job"])
    logged = [line.message for line, _ in read_lines(log)]
    assert set(batch["notes"]) <= set(logged)
    # From now on the columns are known.
    shop.file("shop.csv", "id,name,Brand New\n3,y,z\n")
    [batch] = json.loads(call(shop, "-o", "json").stdout)["loads"][0]["batches"]
    assert batch["notes"] == []
