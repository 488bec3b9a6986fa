"""Values of sensitive columns are told by their length alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from controlplane.quality.masked import Masking, masking
from tests.conftest import MakeWarehouse

SPEC: dict[str, Any] = {
    "name": "main",
    "type": "olap",
    "storage_config": {"storage_type": "postgresql"},
    "security_config": {"data_masking": {"enabled": True, "sensitive_data": ["HomePhone"]}},
}


def test_a_masked_value_is_told_by_its_length() -> None:
    hidden = Masking(frozenset({"phone"}))
    assert hidden.shown("phone", "12345") == "(5 characters, masked)"
    assert hidden.shown("name", "Ada") == "Ada"
    assert hidden.shown("name", "a" * 101) == "a" * 100 + "…"
    assert Masking(every=True).shown("name", "Ada") == "(3 characters, masked)"


def test_a_warehouse_says_which_columns_are_sensitive(make_warehouse: MakeWarehouse) -> None:
    warehouse = make_warehouse()
    warehouse.file("specs/warehouses/main.json", json.dumps(SPEC))
    found = masking(warehouse.project)
    assert found.hides("home_phone")
    assert not found.hides("email")


def test_a_warehouse_that_cannot_be_read_hides_everything(make_warehouse: MakeWarehouse) -> None:
    warehouse = make_warehouse()
    warehouse.file("specs/warehouses/main.json", json.dumps({**SPEC, "type": "none"}))
    assert masking(warehouse.project).hides("anything")


@pytest.mark.parametrize(("value", "hides"), [("true", True), ("false", False)])
def test_a_project_that_masks_hides_everything(
    make_warehouse: MakeWarehouse, value: str, hides: bool
) -> None:
    project = make_warehouse().project
    assert masking(project, {"mask_pii": value}).hides("anything") is hides
