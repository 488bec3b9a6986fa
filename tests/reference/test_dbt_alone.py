"""Plain dbt, without the control plane, builds everything from what has been loaded."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from controlplane.targets import open_target

pytestmark = pytest.mark.slow


def test_dbt_build_gives_every_row_that_a_run_gives(
    references: Callable[[str], Any], tmp_path: Path
) -> None:
    reference = references("duckdb")
    project = tmp_path / "project"
    shutil.copytree(
        reference.root,
        project,
        ignore=shutil.ignore_patterns("data", "target", "logs", ".databank"),
    )
    _keep_raw_tables_alone(project / "warehouse.duckdb")

    done = subprocess.run(
        # Its data tests have passed on the same rows.
        [
            *(str(Path(sys.executable).with_name("dbt")), "build"),
            *("--exclude-resource-type", "test", "unit_test"),
        ],
        cwd=project,
        env={**reference.environment, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-3000:]
    alone = type(reference)(project, _opened(project, reference), reference.environment, [])
    alone.keep("built")
    expected = reference.steps["full refresh"]
    assert sorted(alone.steps["built"]) == sorted(expected)
    for table, rows in expected.items():
        assert alone.steps["built"][table] == rows, table


def _keep_raw_tables_alone(warehouse: Path) -> None:
    import duckdb

    with duckdb.connect(str(warehouse)) as connection:
        for (schema,) in connection.execute(
            "select schema_name from information_schema.schemata"
            " where catalog_name = current_catalog() and schema_name in"
            " ('bronze', 'silver', 'gold', 'platinum', 'metadata')"
        ).fetchall():
            connection.execute(f'drop schema "{schema}" cascade')


def _opened(project: Path, reference: Any) -> Any:
    from controlplane.config import load_project

    environment = {**os.environ, **reference.environment}
    return open_target(load_project(project, target="duckdb", environment=environment).target)
