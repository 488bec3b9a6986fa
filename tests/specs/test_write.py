"""What is written is readable, whole, and without passwords."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from controlplane.errors import DatabankError, SpecError
from controlplane.specs.files import ETL, read_etl_specs
from controlplane.specs.write import draft, save

Write = Callable[..., Path]
ORDERS: dict[str, Any] = {
    "source_config": {"path": "orders.csv", "source_type": "csv"},
    "description": "All orders.\nOne row each.",
    "type": "full",
    "name": "Orders",
}


def test_the_file_has_what_was_given_in_the_order_of_the_reference(tmp_path: Path) -> None:
    prepared = draft(json.dumps(ORDERS), "orders.json", ETL, tmp_path)
    assert not (tmp_path / "specs").exists()
    save(prepared)
    path = tmp_path / "specs/etl/orders.yml"
    assert prepared.file.path == path
    assert path.read_text(encoding="utf-8") == (
        "name: Orders\n"
        "type: full\n"
        "description: |-\n"
        "  All orders.\n"
        "  One row each.\n"
        "source_config:\n"
        "  source_type: csv\n"
        "  path: orders.csv\n"
    )
    assert list(path.parent.iterdir()) == [path]
    assert path.stat().st_mode & 0o044


def test_a_spec_that_exists_is_replaced_only_when_that_is_said(tmp_path: Path) -> None:
    save(draft(json.dumps(ORDERS), "orders.json", ETL, tmp_path))
    changed = json.dumps(ORDERS | {"type": "load"})
    with pytest.raises(DatabankError, match=r"exists already: specs/etl/orders\.yml"):
        draft(changed, "orders.json", ETL, tmp_path)
    prepared = draft(changed, "orders.json", ETL, tmp_path, overwrite=True)
    assert prepared.replaces
    save(prepared)
    assert [file.spec.type for file in read_etl_specs(tmp_path)] == ["load"]


def test_a_spec_is_replaced_where_it_is(write_specs: Write) -> None:
    root = write_specs()
    path = root / "specs/etl/by_hand.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(ORDERS), encoding="utf-8")
    save(draft(json.dumps(ORDERS | {"type": "load"}), "-", ETL, root, overwrite=True))
    assert json.loads(path.read_text(encoding="utf-8"))["type"] == "load"
    assert list(path.parent.iterdir()) == [path]


def test_a_broken_file_of_that_name_is_in_the_way(write_specs: Write) -> None:
    root = write_specs(etl__orders="name: [")
    with pytest.raises(DatabankError, match="exists already"):
        draft(json.dumps(ORDERS), "orders.json", ETL, root)


def test_passwords_become_references(tmp_path: Path) -> None:
    database = {
        "source_type": "postgresql",
        "connection_string": "postgres://u:hunter2@h/db",
        "table": "orders",
    }
    target = {"target_type": "postgresql", "connection_string": "host=h password=hunter3"}
    document = ORDERS | {"source_config": database, "target_config": target}
    prepared = draft(json.dumps(document), "orders.json", ETL, tmp_path)
    assert prepared.variables == {
        "source_config.connection_string": "DATABANK_ORDERS_SOURCE_PASSWORD",
        "target_config.connection_string": "DATABANK_ORDERS_TARGET_PASSWORD",
    }
    assert "hunter" not in repr(prepared)
    save(prepared)
    (file,) = read_etl_specs(tmp_path)
    assert file.spec.source_config.connection_string == (
        "postgres://u:{{ env_var('DATABANK_ORDERS_SOURCE_PASSWORD') }}@h/db"
    )


def test_what_clashes_with_another_file_is_told_and_not_written(write_specs: Write) -> None:
    root = write_specs(
        etl__customers="name: Customers\ntype: full\nsource_config:\n  source_type: csv\n"
        "  path: a.csv\ntarget_config:\n  table_name: orders\n"
    )
    with pytest.raises(SpecError, match=r"orders\.json:\d+: name: writes the table 'orders'"):
        draft(json.dumps(ORDERS, indent=2), "orders.json", ETL, root)


def test_a_file_that_is_wrong_elsewhere_is_in_nobodys_way(write_specs: Write) -> None:
    root = write_specs(etl__broken="name: [")
    save(draft(json.dumps(ORDERS), "orders.json", ETL, root))
    assert (root / "specs/etl/orders.yml").is_file()


def test_a_place_that_cannot_be_written_is_one_message(tmp_path: Path) -> None:
    prepared = draft(json.dumps(ORDERS), "orders.json", ETL, tmp_path)
    (tmp_path / "specs").write_text("in the way", encoding="utf-8")
    with pytest.raises(DatabankError, match="cannot be written"):
        save(prepared)
