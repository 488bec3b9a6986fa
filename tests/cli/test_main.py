"""Every way a command can end has its exit code and one message."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from controlplane.cli import COMMANDS, databank


def call(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "controlplane", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_names_every_command() -> None:
    done = call("--help")
    assert done.returncode == 0
    for name in COMMANDS:
        assert name in done.stdout


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\nfrom controlplane.__main__ import _run\n_run(['--help'])\n"
        "heavy = {'duckdb', 'sqlglot', 'pydantic', 'sqlalchemy', 'yaml', 'jinja2', 'dbt', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == "[]"


def test_every_command_can_be_imported_and_has_help_with_an_example() -> None:
    for name in COMMANDS:
        command = databank.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        assert command.help, name
        assert "Example: databank" in (command.epilog or ""), name


def test_an_unknown_command_is_a_wrong_request() -> None:
    done = call("frobnicate")
    assert done.returncode == 2
    assert "No such command" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_option_is_a_wrong_request() -> None:
    done = call("validate", "--nonsense")
    assert done.returncode == 2
    assert "--nonsense" in done.stderr


def test_outside_a_project_there_is_one_message(tmp_path: Path) -> None:
    done = call("validate", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: no dbt_project.yml")
    assert done.stdout == ""
