"""What editors and readers are told is what the models take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from controlplane.specs.files import KINDS, Kind
from controlplane.specs.schema import json_schema, reference_markdown

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "specs.md"
ENDPOINTS = {"etl": "etl", "warehouse": "warehouses", "pipeline": "pipelines"}
# The reference has no endpoint for stars.
STAR = {
    "name": "Shop",
    "dimensions": [{"name": "customer_dim", "model": "customers", "key": ["id"]}],
    "facts": [{"name": "order_fact", "model": "orders", "measures": [{"column": "total"}]}],
    "relations": [{"model": "orders", "columns": ["customer_id"], "to": "customers"}],
}
KIND = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.name))


@KIND
def test_every_field_is_described(kind: Kind) -> None:
    schema = json_schema(kind)
    for block in (schema, *schema["$defs"].values()):
        assert block["description"]
        assert block["additionalProperties"] is False
        for name, field in block["properties"].items():
            assert field.get("description"), f"{block['title']}.{name}"


@KIND
def test_the_schema_takes_the_reference_and_no_unknown_field(
    kind: Kind, reference_body: Callable[[str], dict[str, Any]]
) -> None:
    schema = json_schema(kind)
    body = STAR if kind.name == "star" else reference_body(ENDPOINTS[kind.name])
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.validate(body, schema)
    with pytest.raises(jsonschema.ValidationError, match="colour"):
        jsonschema.validate(body | {"colour": "red"}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(body | {"name": 1}, schema)


def test_the_schema_takes_amounts_as_the_models_do() -> None:
    storage = json_schema(KINDS[1])["$defs"]["StorageConfig"]
    validator = jsonschema.Draft7Validator(storage["properties"]["capacity"])
    assert validator.is_valid("10TB")
    assert validator.is_valid("1.5 gib")
    assert not validator.is_valid("much")


def test_the_page_of_the_reference_is_the_one_the_models_give() -> None:
    """Write it anew with `python -m controlplane.specs.schema > docs/reference/specs.md`."""
    assert PAGE.read_text(encoding="utf-8") == reference_markdown()
