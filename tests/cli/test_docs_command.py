"""`databank docs` writes one page that needs no server, and serves it to this machine alone."""

from __future__ import annotations

import json
import threading
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from controlplane.__main__ import main
from controlplane.cli.docs import HOST, docs_server
from controlplane.errors import ConfigError


@pytest.fixture
def documented_root(make_warehouse: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one model that has a description."""
    warehouse = make_warehouse()
    warehouse.file("models/silver/numbers.sql", "select 1 as id")
    warehouse.file(
        "models/silver/numbers.yml",
        "models:\n  - name: numbers\n    description: One row per number.\n",
    )
    root: Path = warehouse.project.root
    monkeypatch.chdir(root)
    return root


def docs(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["docs", *arguments])
    return int(str(ended.value.code or 0))


def test_the_page_holds_the_documentation_and_says_where_it_is(
    documented_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert docs("-o", "json") == 0
    page = documented_root / ".databank/docs/index.html"
    assert json.loads(capsys.readouterr().out) == {"version": 1, "page": str(page)}
    assert "One row per number." in page.read_text(encoding="utf-8")
    assert (page.parent / "manifest.json").exists()
    assert (page.parent / "catalog.json").exists()


def test_an_error_leaves_the_page_that_was_there(
    documented_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = documented_root / ".databank/docs/index.html"
    page.parent.mkdir(parents=True)
    page.write_text("before", encoding="utf-8")
    (documented_root / "models/silver/numbers.sql").write_text(
        "select * from {{ ref('nowhere') }}", encoding="utf-8"
    )
    assert docs("--no-serve") == 1
    assert "node named 'nowhere' which was not found" in capsys.readouterr().err
    assert page.read_text(encoding="utf-8") == "before"


def test_the_page_is_served_to_this_machine(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("the page", encoding="utf-8")
    with docs_server(tmp_path, 0) as server:
        address = server.server_address
        assert address[0] == HOST
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with urllib.request.urlopen(f"http://{HOST}:{address[1]}/") as answer:
                assert answer.read() == b"the page"
        finally:
            server.shutdown()
            thread.join()


def test_a_port_that_is_taken_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with docs_server(tmp_path, 0) as server:
        with pytest.raises(ConfigError, match="try --port 0"):
            docs_server(tmp_path, int(server.server_address[1]))
