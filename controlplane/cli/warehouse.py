"""`databank warehouse`: the definitions of warehouses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controlplane.cli.definitions import definition_group

if TYPE_CHECKING:
    from controlplane.specs.warehouse import Warehouse


def _cells(spec: Warehouse) -> list[Any]:
    return [spec.type, spec.storage_config.storage_type]


warehouse = definition_group("warehouse", (("type", "storage"), _cells))
