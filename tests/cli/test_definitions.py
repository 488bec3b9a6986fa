"""`databank etl|warehouse|pipeline`: definitions are files, written and read by the commands."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from controlplane.__main__ import main

ROOT = Path(__file__).parents[2]
ORDERS = {
    "name": "Shop Orders",
    "type": "full",
    "source_config": {
        "source_type": "postgresql",
        "connection_string": "postgres://reader:hunter2@db/shop",
        "table": "orders",
    },
}
EXAMPLES: dict[str, dict[str, Any]] = {
    "etl": ORDERS,
    "warehouse": {
        "name": "Shop Orders",
        "type": "hybrid",
        "storage_config": {"storage_type": "duckdb"},
    },
    "pipeline": {
        "name": "Shop Orders",
        "stages": [{"name": "load", "type": "load", "order": 1}],
    },
}
FOLDERS = {"etl": "etl", "warehouse": "warehouses", "pipeline": "pipelines"}
Run = Callable[..., tuple[int, str, str]]
KIND = pytest.mark.parametrize("kind", EXAMPLES)


@pytest.fixture
def definitions_root(tmp_path: Path) -> Path:
    """A project without specs."""
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def databank(
    definitions_root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Run a command in the project; exit code, standard output and standard error."""

    def run(*arguments: str, given: Any = "") -> tuple[int, str, str]:
        text = given if isinstance(given, str) else json.dumps(given)
        stream = io.TextIOWrapper(io.BytesIO(text.encode("utf-8")), encoding="utf-8")
        monkeypatch.setattr(sys, "stdin", stream)
        monkeypatch.chdir(definitions_root)
        with pytest.raises(SystemExit) as caught:
            main(list(arguments))
        output = capsys.readouterr()
        return int(caught.value.code or 0), output.out, output.err

    return run


@KIND
def test_a_definition_is_created_listed_shown_and_deleted(
    kind: str, databank: Run, definitions_root: Path
) -> None:
    place = f"specs/{FOLDERS[kind]}/shop_orders.yml"
    code, output, _ = databank(kind, "create", "-f", "-", given=EXAMPLES[kind])
    assert (code, output) == (0, f"wrote {place}\n")
    text = (definitions_root / place).read_text(encoding="utf-8")
    assert text.startswith("name: Shop Orders\n")

    code, output, _ = databank(kind, "list")
    assert code == 0
    assert "Shop Orders" in output
    assert place in output

    for name in ("Shop Orders", "shop_orders"):
        assert databank(kind, "show", name) == (0, text, "")

    assert databank(kind, "delete", "shop_orders", "--yes") == (0, f"deleted {place}\n", "")
    assert not (definitions_root / place).exists()
    code, output, _ = databank(kind, "list")
    assert code == 0
    assert output.startswith("no ")


@KIND
def test_the_answers_are_json_for_programs(kind: str, databank: Run) -> None:
    _, output, _ = databank(kind, "create", "-f", "-", "-o", "json", given=EXAMPLES[kind])
    created = json.loads(output)
    assert created["version"] == 1
    assert created["slug"] == "shop_orders"
    assert created["written"] is True
    listed = json.loads(databank(kind, "list", "-o", "json")[1])
    assert [spec["slug"] for spec in listed["specs"]] == ["shop_orders"]
    shown = json.loads(databank(kind, "show", "shop_orders", "-o", "json")[1])
    assert shown["spec"]["name"] == "Shop Orders"
    deleted = json.loads(databank(kind, "delete", "shop_orders", "-y", "-o", "json")[1])
    assert deleted["deleted"] is True


def test_a_password_is_not_written_and_its_variable_is_named(
    databank: Run, definitions_root: Path
) -> None:
    code, output, errors = databank("etl", "create", "-f", "-", given=ORDERS)
    assert code == 0
    assert "set the environment variable DATABANK_SHOP_ORDERS_SOURCE_PASSWORD" in errors
    assert "hunter2" not in output + errors
    for path in definitions_root.rglob("*"):
        assert not path.is_file() or b"hunter2" not in path.read_bytes()
    assert databank("validate") == (0, "1 spec is valid\n", "")


@KIND
def test_a_dry_run_prints_the_file_and_writes_nothing(
    kind: str, databank: Run, definitions_root: Path
) -> None:
    code, output, errors = databank(kind, "create", "-f", "-", "--dry-run", given=EXAMPLES[kind])
    assert code == 0
    assert output.startswith("name: Shop Orders\n")
    assert f"would have written specs/{FOLDERS[kind]}/shop_orders.yml" in errors
    assert "hunter2" not in output + errors
    assert not (definitions_root / "specs").exists()


@KIND
def test_what_exists_is_replaced_only_when_that_is_said(kind: str, databank: Run) -> None:
    create = (kind, "create", "-f", "-")
    assert databank(*create, given=EXAMPLES[kind])[0] == 0
    changed = EXAMPLES[kind] | {"description": "Changed."}
    code, output, errors = databank(*create, given=changed)
    assert (code, output) == (2, "")
    assert "exists already" in errors
    assert "--replace" in errors
    assert "Changed." not in databank(kind, "show", "shop_orders")[1]
    assert databank(*create, "--replace", given=changed)[0] == 0
    assert "Changed." in databank(kind, "show", "shop_orders")[1]


def test_what_is_wrong_is_told_with_the_line_of_what_was_given(
    databank: Run, definitions_root: Path
) -> None:
    path = definitions_root / "given.yml"
    path.write_text("name: Orders\ntype: ful\nsource_config:\n  source_type: csv\n")
    code, output, errors = databank("etl", "create", "-f", "given.yml")
    assert (code, output) == (2, "")
    assert "given.yml:2: type: found 'ful'" in errors
    assert "given.yml:3: source_config.path: is required" in errors
    assert not (definitions_root / "specs").exists()


@pytest.mark.parametrize("given", ["", "name: [", '{"name": [}', "- a"])
def test_what_cannot_be_read_is_one_message(databank: Run, given: str) -> None:
    code, output, errors = databank("etl", "create", "-f", "-", given=given)
    assert (code, output) == (2, "")
    assert errors.startswith("Error: standard input:1: ")
    assert errors.count("\n") == 1


def test_a_file_that_is_not_there_is_one_message(databank: Run) -> None:
    code, output, errors = databank("etl", "create", "-f", "nowhere.yml")
    assert (code, output) == (2, "")
    assert errors == "Error: nowhere.yml: cannot be read: No such file or directory\n"


def test_two_processes_do_not_write_one_table(databank: Run) -> None:
    assert databank("etl", "create", "-f", "-", given=ORDERS)[0] == 0
    other = ORDERS | {"name": "Other", "target_config": {"table_name": "shop_orders"}}
    code, _, errors = databank("etl", "create", "-f", "-", given=other)
    assert code == 2
    assert "writes the table 'shop_orders', as does specs/etl/shop_orders.yml:1" in errors


def test_a_name_that_does_not_exist_is_told_with_the_nearest(databank: Run) -> None:
    databank("etl", "create", "-f", "-", given=ORDERS)
    for command in ("show", "delete"):
        code, _, errors = databank("etl", command, "shop_order")
        assert code == 2
        assert "no ETL process 'shop_order' (has: shop_orders)" in errors
        assert "Did you mean 'shop_orders'?" in errors


def test_nothing_is_deleted_unasked(databank: Run, definitions_root: Path) -> None:
    databank("etl", "create", "-f", "-", given=ORDERS)
    code, _, errors = databank("etl", "delete", "shop_orders")
    assert code == 2
    assert "say --yes" in errors
    assert databank("etl", "delete", "shop_orders", "--dry-run")[:2] == (
        0,
        "would have deleted specs/etl/shop_orders.yml\n",
    )
    assert (definitions_root / "specs/etl/shop_orders.yml").is_file()


def test_a_broken_file_does_not_hide_the_others(databank: Run, definitions_root: Path) -> None:
    databank("etl", "create", "-f", "-", given=ORDERS)
    broken = definitions_root / "specs/etl/broken.yml"
    broken.write_text("name: [", encoding="utf-8")
    code, output, errors = databank("etl", "list")
    assert code == 2
    assert "shop_orders.yml" in output
    assert "specs/etl/broken.yml:1" in errors
    assert databank("etl", "show", "shop_orders")[0] == 0
    assert "specs/etl/broken.yml:1" in databank("etl", "show", "broken")[2]
    assert databank("etl", "delete", "broken", "--yes")[0] == 0
    assert not broken.exists()


def test_an_older_name_is_written_as_todays(databank: Run, definitions_root: Path) -> None:
    given = EXAMPLES["warehouse"] | {"type": "operational"}
    code, _, errors = databank("warehouse", "create", "-f", "-", given=given)
    assert code == 0
    warning = "type: 'operational' is an older name and will go; write 'oltp'"
    assert errors == f"Warning: standard input:1: {warning}\n"
    text = (definitions_root / "specs/warehouses/shop_orders.yml").read_text(encoding="utf-8")
    assert "type: oltp\n" in text


@KIND
def test_help_is_answered_without_reading_specs(kind: str) -> None:
    """The modules that read specs are heavy; help does not wait for them."""
    code = (
        "import sys; from controlplane.__main__ import _run; _run([sys.argv[1], '--help']);"
        " sys.exit('pydantic' in sys.modules)"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code, kind], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    assert "create" in finished.stdout
