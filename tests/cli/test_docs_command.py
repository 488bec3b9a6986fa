"""`databank docs` writes one page that needs no server, and serves it to this machine alone."""

from __future__ import annotations

import json
import threading
import urllib.request
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from controlplane.__main__ import main
from controlplane.cli.docs import HOST, docs_server
from controlplane.errors import ConfigError

MODELS = """\
models:
  - name: numbers
    description: One row per number.
    columns:
      - name: id
        data_tests: [unique, not_null]
  - name: sums_fact
    columns:
      - name: left_id
        data_tests:
          - relationships: {arguments: {to: ref('numbers'), field: id}}
"""


@pytest.fixture
def documented_root(make_warehouse: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with models that have a description, and refer to each other."""
    warehouse = make_warehouse()
    warehouse.file("models/silver/numbers.sql", "select 1 as id")
    warehouse.file("models/silver/alone.sql", "select 1 as id")
    warehouse.file(
        "models/gold/sums_fact.sql", "select id, id as left_id from {{ ref('numbers') }}"
    )
    warehouse.file("models/numbers.yml", MODELS)
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
    picture = page.parent / "erd_gold.svg"
    said = {"version": 1, "page": str(page), "diagrams": [str(picture)]}
    assert json.loads(capsys.readouterr().out) == said
    text = page.read_text(encoding="utf-8")
    assert "One row per number." in text
    assert '<a href="erd_gold.svg"' in text
    drawn = ElementTree.fromstring(picture.read_text(encoding="utf-8"))
    words = [each.text for each in drawn.iter("{http://www.w3.org/2000/svg}text")]
    # The fact, and what it refers to, which has a key; not the table that stands alone.
    assert {"sums_fact", "numbers", "left_id", "PK", "FK", "facts", "tables"} <= set(words)
    assert "alone" not in words
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
