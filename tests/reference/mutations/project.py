"""The reference project with demo data, loaded and built by the real commands."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from controlplane.config import load_project
from controlplane.dbt.process import run_dbt
from controlplane.demo import Scope, make_demo
from tests.reference.mutations.graph import Graph, read_graph

ROOT = Path(__file__).parents[3]
PARTS = (
    "dbt_project.yml",
    "profiles.yml",
    "macros",
    "models",
    "specs",
    "seeds",
    "tests/data_tests",
)
# The example has tests of its own.
EXAMPLE = "shop_"
SCOPE = Scope(scale=0.05, days=60, seed=3, deliveries=2)
DATABASE = "warehouse.duckdb"


@dataclass(frozen=True)
class Built:
    """A built warehouse: its project, its file, and what dbt compiled."""

    root: Path
    database: Path
    graph: Graph
    environment: Mapping[str, str]


def build(root: Path) -> Built:
    """The project in an empty folder, loaded, built, and with the SQL of every test."""
    for part in PARTS:
        source, copy = ROOT / part, root / part
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns(f"{EXAMPLE}*"))
        else:
            shutil.copy(source, copy)
    make_demo(SCOPE, root / "data" / "demo")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DATABANK_")}
    environment |= {
        "DATABANK_TARGET": "duckdb",
        "DATABANK_DUCKDB_PATH": DATABASE,
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "PYTHONPATH": str(ROOT),
    }
    without_tests = ["--exclude", "resource_type:test", "--exclude", "resource_type:unit_test"]
    _call([sys.executable, "-m", "controlplane", "run", *without_tests], root, environment)
    # As for a first build, whatever is there; what the run has parsed is not parsed again.
    done = run_dbt(
        load_project(root, target="duckdb", environment=environment),
        "compile",
        ["--full-refresh", "--select", "resource_type:model", "resource_type:test"],
        target_path=root / "target",
    )
    if done.exit_code:
        raise RuntimeError(f"dbt compile:\n{done.error[-4000:]}")
    graph = read_graph(root / "target" / "manifest.json")
    return Built(root, root / DATABASE, graph, environment)


def _call(command: Sequence[str], root: Path, environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        command, cwd=root, env=dict(environment), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
