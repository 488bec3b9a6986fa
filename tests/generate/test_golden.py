"""Each case in tests/golden: a spec, what is known of its source, and the exact files they give.

DATABANK_UPDATE_GOLDEN=1 writes the files anew, to be reviewed like any other change.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from controlplane.generate import Process, process_files, resolve, shared_files
from controlplane.generate.process import Table
from controlplane.naming import column_names
from controlplane.specs.files import parse_etl
from controlplane.specs.source_schema import SourceColumn, SourceSchema
from controlplane.sql import Column

if TYPE_CHECKING:
    from tests.generate.conftest import MakeBuilt

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
CASES = sorted(path.parent.name for path in GOLDEN.glob("*/spec.yml"))


def schema_of(known: Mapping[str, Any]) -> SourceSchema:
    """A source as `schema.json` describes it."""
    titles = known["columns"]
    listed = tuple(
        SourceColumn(name, title, titles[title], declared=True)
        for title, name in zip(titles, column_names(titles), strict=True)
    )
    joins = {name: schema_of(other) for name, other in known.get("joins", {}).items()}
    return SourceSchema(listed, tuple(known.get("primary_key", ())), joins)


def process_of(case: str) -> Process:
    """The process of a case."""
    folder = GOLDEN / case
    known = json.loads((folder / "schema.json").read_text(encoding="utf-8"))
    others = {
        name: Table(
            name,
            tuple(Column(column, kind, column) for column, kind in other["columns"].items()),
            tuple(other.get("key", ())),
            has_history=other.get("has_history", False),
        )
        for name, other in known.get("others", {}).items()
    }
    path = f"specs/etl/{case}.yml"
    file = parse_etl((folder / "spec.yml").read_text(encoding="utf-8"), path)
    return resolve(file, schema_of(known), path, others.get)


def expected(folder: Path, files: Mapping[str, str]) -> dict[str, str]:
    """The files that the folder holds; with DATABANK_UPDATE_GOLDEN=1 they become these first."""
    models = folder / "models"
    if os.environ.get("DATABANK_UPDATE_GOLDEN"):
        for path in models.rglob("*.*"):
            path.unlink()
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(models.rglob("*.*"))
    }


@pytest.mark.parametrize("case", CASES)
def test_a_spec_gives_exactly_these_files(case: str) -> None:
    files = process_files(process_of(case))
    assert files == expected(GOLDEN / case, files), "DATABANK_UPDATE_GOLDEN=1 takes it over"


def test_every_project_has_the_models_over_the_ledger() -> None:
    files = shared_files()
    assert files == expected(GOLDEN / "shared", files), "DATABANK_UPDATE_GOLDEN=1 takes it over"


@pytest.mark.parametrize("case", CASES)
def test_the_same_spec_gives_the_same_bytes(case: str) -> None:
    assert process_files(process_of(case)) == process_files(process_of(case))


@pytest.mark.parametrize("case", CASES)
def test_properties_are_yaml_that_says_what_was_meant(case: str) -> None:
    """One model a file, every model and every column described, and no text lost on the way."""
    for path, text in process_files(process_of(case)).items():
        if not path.endswith(".yml"):
            continue
        (model,) = yaml.safe_load(text)["models"]
        assert model["name"] == Path(path).stem
        assert model["description"].strip()
        assert all(column["description"].strip() for column in model["columns"]), path
        names = [column["name"] for column in model["columns"]]
        assert len(set(names)) == len(names)


@pytest.mark.slow
def test_generated_sql_passes_the_linter() -> None:
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "sqlfluff"),
            "lint",
            "--nocolor",
            "--config",
            str(ROOT / ".sqlfluff"),
            str(GOLDEN),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


# What the cases read that no case writes.
OTHER_MODELS = {
    "clients": "select cast(1 as bigint) as id, cast('a' as text) as name,"
    " cast('DE' as text) as country, true as is_current",
    "orders_placed_online": "select cast(1 as integer) as id, cast('2024-01-01' as timestamp) as placed_at",
    "invoices_to_sign": "select cast(1 as bigint) as id, cast('DE' as text) as country,"
    " cast(20000 as decimal(12, 2)) as amount, cast('{}' as json) as details",
}


@pytest.mark.slow
def test_dbt_builds_every_case(make_built: MakeBuilt, each_target: str) -> None:
    """From empty raw tables: each statement runs, each contract holds, each test passes."""
    built = make_built(each_target)
    cases = [process_of(case) for case in CASES]
    written = {process.table for process in cases}
    folder = built.root / "models" / "silver"
    folder.mkdir(parents=True)
    for name, text in OTHER_MODELS.items():
        if text and name not in written:
            (folder / f"{name}.sql").write_text(text, encoding="utf-8")
    built.add(*cases)
    assert built.build(), built.failures()
