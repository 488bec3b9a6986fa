"""What a warehouse may say, with the older names of its types."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import yaml

from controlplane.errors import SpecError
from controlplane.specs.files import parse_warehouse
from controlplane.specs.warehouse import Warehouse

STORAGE = {"storage_type": "postgresql"}


def warehouse(**fields: Any) -> Warehouse:
    document = {"name": "Shop", "type": "olap", "storage_config": STORAGE} | fields
    return parse_warehouse(yaml.safe_dump(document, sort_keys=False), "shop.yml").spec


def told(**fields: Any) -> dict[str, str]:
    with pytest.raises(SpecError) as caught:
        warehouse(**fields)
    return {problem.field: problem.message for problem in caught.value.problems}


@pytest.mark.parametrize("kind", ["oltp", "olap", "data_lake", "data_mart", "hybrid"])
def test_a_warehouse_has_one_of_five_types(kind: str) -> None:
    assert warehouse(type=kind).type == kind


@pytest.mark.parametrize(
    ("older", "newer"), [("warehouse", "olap"), ("operational", "oltp"), ("lake", "data_lake")]
)
def test_an_older_name_is_taken_and_warned_of_with_its_line(older: str, newer: str) -> None:
    with pytest.warns(DeprecationWarning, match="older name") as caught:
        found = warehouse(type=older)
    assert found.type == newer
    assert [str(warning.message) for warning in caught] == [
        f"shop.yml:2: type: '{older}' is an older name and will go; write '{newer}'"
    ]


def test_the_model_itself_takes_an_older_name_too() -> None:
    with pytest.warns(DeprecationWarning, match="write 'olap'"):
        found = Warehouse.model_validate(
            {"name": "Shop", "type": "warehouse", "storage_config": STORAGE}
        )
    assert found.type == "olap"


def test_amounts_are_read_with_their_units() -> None:
    found = warehouse(
        storage_config=STORAGE
        | {"capacity": "1.5 tb", "retention_policy": {"retention_period": "7 years"}},
        performance_config={
            "caching": {"cache_size": "512MiB", "ttl": "1 hour"},
            "resource_limits": {"cpu_limit": "8 cores", "network_limit": "1Gbps"},
        },
    )
    performance = found.performance_config
    retention = found.storage_config.retention_policy
    assert performance is not None
    assert performance.caching is not None
    assert performance.resource_limits is not None
    assert retention is not None
    assert found.storage_config.capacity == 1_500_000_000_000
    assert retention.retention_period == timedelta(days=7 * 366)
    assert performance.caching.cache_size == 512 * 1024**2
    assert performance.caching.ttl == timedelta(hours=1)
    assert performance.resource_limits.cpu_limit == 8
    assert performance.resource_limits.network_limit == 10**9


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"type": "olab"}, "type", "Did you mean 'olap'?"),
        ({"storage_config": STORAGE | {"capacity": "10"}}, "storage_config.capacity", "'10TB'"),
        (
            {"storage_config": STORAGE | {"capacity": 10}},
            "storage_config.capacity",
            "the number 10",
        ),
        (
            {"backup_config": {"schedule": "dayly"}},
            "backup_config.schedule",
            "Did you mean 'daily'?",
        ),
        ({"backup_config": {"schedule": "0 25 * * *"}}, "backup_config.schedule", "cron"),
        (
            {"performance_config": {"concurrency": {"max_connections": 5, "connection_pool": 9}}},
            "performance_config.concurrency.connection_pool",
            "found 9, expected at most max_connections, 5",
        ),
        (
            {"security_config": {"audit_logging": {"retention_days": 0}}},
            "security_config.audit_logging.retention_days",
            "at least 1",
        ),
    ],
)
def test_a_warehouse_that_is_wrong_is_told(fields: dict[str, Any], field: str, words: str) -> None:
    problems = told(**fields)
    assert list(problems) == [field]
    assert words in problems[field]


def test_a_backup_may_follow_a_cron_expression() -> None:
    found = warehouse(backup_config={"schedule": "0 3 * * 0"})
    assert found.backup_config is not None
    assert found.backup_config.schedule == "0 3 * * 0"
