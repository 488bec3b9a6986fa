"""Where things may be: imports point down, models read the layer before, no machine is named."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
NOT_OURS = {
    ".git",
    ".venv",
    ".databank",
    ".hypothesis",
    ".import_linter_cache",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    "__pycache__",
    "build",
    "databank.egg-info",
    "dbt_packages",
    "logs",
    "target",
}
# What a model of each layer may read. The first layer alone reads what loading writes.
MAY_READ = {
    "bronze": {"raw", "bronze"},
    "silver": {"bronze", "silver"},
    "gold": {"silver", "gold"},
    "platinum": {"gold", "platinum"},
    # What is known about the other layers is told from them.
    "metadata": {"raw", "bronze", "silver", "gold", "platinum", "metadata"},
}


def our_files() -> Iterator[Path]:
    """Every file of the project that is not made by a tool or by running it."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(set(folders) - NOT_OURS)
        yield from (Path(folder) / name for name in sorted(names))


def test_imports_point_down() -> None:
    done = subprocess.run(
        [str(BIN / "lint-imports"), "--no-cache", "--config", "pyproject.toml"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_help_imports_nothing_heavy() -> None:
    """What a person waits for at the prompt: click, and no library that only a command needs."""
    code = (
        "import sys\n"
        "from controlplane.__main__ import main\n"
        "try:\n    main(['--help'])\n"
        "except SystemExit:\n    pass\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    heavy = {
        "alembic", "croniter", "dbt", "duckdb", "jinja2", "numpy", "pandas", "psycopg2", "pydantic",
        "rich", "ruamel", "sqlalchemy", "sqlglot", "yaml",
    }  # fmt: skip
    assert "Usage: databank" in done.stdout
    assert heavy & set(done.stderr.split()) == set()


@pytest.mark.parametrize("folder", ["controlplane", "benchmarks", "examples"])
def test_every_module_says_what_it_is_for(folder: str) -> None:
    silent = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if text.strip() and not ast.get_docstring(ast.parse(text)):
            silent.append(str(path.relative_to(ROOT)))
    assert silent == []


def test_no_file_names_a_machine_or_a_package_host() -> None:
    # Put together here, so that this file does not hold what it looks for.
    places = [f"/{folder}/" for folder in ("root", "home", "Users")]
    hosts = ["pypi" + ".org", "python" + "hosted.org"]
    here = [str(path) for path in (ROOT, ROOT.parent, Path.home()) if len(path.parts) > 2]
    found = []
    for path in our_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [
            f"{path.relative_to(ROOT)}: {part}" for part in (*places, *hosts, *here) if part in text
        ]
    assert found == []


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What dbt makes of the project, parsed without a warehouse."""
    target = tmp_path_factory.mktemp("target")
    done = subprocess.run(
        [str(BIN / "dbt"), "parse", "--target-path", str(target), "--log-path", str(target)],
        cwd=ROOT,
        env={**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DATABANK_TARGET": "duckdb"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    parsed: dict[str, Any] = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    return parsed


def layer_of(node: dict[str, Any]) -> str:
    """The folder of a model; `raw` for what loading writes."""
    if node["resource_type"] in ("source", "seed"):
        return "raw"
    return str(node["fqn"][1])


def test_a_layer_reads_itself_or_the_layer_before(manifest: dict[str, Any]) -> None:
    nodes = {**manifest["nodes"], **manifest["sources"]}
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    assert models
    wrong = [
        f"{model['name']} ({layer_of(model)}) reads {nodes[parent]['name']}"
        for model in models
        for parent in model["depends_on"]["nodes"]
        # A seed is what people wrote down, and every layer may look it up.
        if nodes[parent]["resource_type"] != "seed"
        and layer_of(nodes[parent]) not in MAY_READ[layer_of(model)]
    ]
    assert wrong == []


def test_every_model_is_described_with_its_columns(manifest: dict[str, Any]) -> None:
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    silent = [
        model["name"]
        for model in models
        if not model["description"]
        or not model["columns"]
        or not all(column["description"] for column in model["columns"].values())
    ]
    assert silent == []


def test_every_kpi_is_on_a_dashboard_that_somebody_owns(manifest: dict[str, Any]) -> None:
    exposures = manifest["exposures"].values()
    assert len(exposures) >= 6
    for exposure in exposures:
        assert exposure["owner"]["email"].endswith("@example.com"), exposure["name"]
        assert exposure["description"], exposure["name"]
        assert exposure["maturity"], exposure["name"]
    shown = {parent for exposure in exposures for parent in exposure["depends_on"]["nodes"]}
    kpis = {
        key
        for key, node in manifest["nodes"].items()
        if node["resource_type"] == "model"
        and layer_of(node) == "gold"
        and not node["name"].startswith("shop_")
    }
    assert kpis - shown == set()


def test_every_macro_of_the_project_is_described() -> None:
    """By the comment that its file begins with."""
    files = [*(ROOT / "macros").rglob("*.sql"), *(ROOT / "tests/data_tests/generic").glob("*.sql")]
    assert files
    silent = [path.name for path in files if not path.read_text(encoding="utf-8").startswith("{#")]
    assert silent == []
