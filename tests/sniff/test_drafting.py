"""What was found out about a file is pinned in a spec, and read from it as before."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from controlplane.cli.etl import etl
from controlplane.cli.ingest import ingest
from controlplane.errors import SourceError
from controlplane.load.landing import Landing
from controlplane.sniff.drafting import draft_process
from tests.messy.generate import cases


def draft(warehouse: Any, path: Path, **options: Any) -> dict[str, Any]:
    project = warehouse.project
    return draft_process(path, "drafted", project, Landing(project, '"'), **options)


@pytest.fixture
def place(make_warehouse: Any) -> Any:
    return make_warehouse("duckdb")


def test_a_plain_header_stays_a_header(place: Any) -> None:
    path = place.file("in/a.csv", "Sales of May\n\nid;name\n1;x\n2;y\n")
    assert draft(place, path) == {
        "name": "drafted",
        "type": "full",
        "source_config": {
            "source_type": "csv",
            "path": "in/a.csv",
            "format": {
                "delimiter": ";",
                "quote": '"',
                "encoding": "utf-8",
                "header": True,
                "skip_lines": 2,
            },
        },
        "error_handling": {"error_action": "quarantine"},
    }


def test_units_below_the_names_are_passed_over_with_them(place: Any) -> None:
    path = place.file("a.csv", "name,weight,length\n,kg,cm\na,1.5,2\nb,2.5,3\nc,3.5,4\n")
    source = draft(place, path)["source_config"]
    assert source["columns"] == [{"name": "name"}, {"name": "weight"}, {"name": "length"}]
    assert (source["format"]["header"], source["format"]["skip_lines"]) == (False, 2)


def test_other_formats_need_nothing_but_their_name(place: Any) -> None:
    lines = place.file("a.jsonl", '{"id": 1}\n{"id": 2}\n')
    assert draft(place, lines)["source_config"] == {"source_type": "jsonl", "path": "a.jsonl"}
    packed = place.project.root / "b.csv.gz"
    packed.write_bytes(gzip.compress(b"id|name\n1|x\n2|y\n"))
    assert draft(place, packed)["source_config"]["format"]["delimiter"] == "|"


@pytest.mark.parametrize(
    ("name", "line", "flaw", "is_rejected"),
    [
        ("a.csv", "{number},some text to fill the line up", "1,2,3", True),
        (
            "a.jsonl",
            '{{"id": {number}, "text": "some text to fill the line up"}}',
            '{"id": []}',
            False,
        ),
        ("a.jsonl", '{{"id": {number}, "text": "some text to fill the line up"}}', "{", True),
    ],
)
def test_a_flaw_late_in_a_large_file_is_no_hindrance(
    place: Any, name: str, line: str, flaw: str, is_rejected: bool
) -> None:
    lines = [line.format(number=number) for number in range(250_000)]
    header = ["id,text"] if name == "a.csv" else []
    path = place.file(name, "\n".join([*header, *lines, flaw, *lines[:9], ""]))
    drafted = draft(place, path)
    assert drafted["source_config"]["source_type"] == name.partition(".")[2]
    assert ("error_handling" in drafted) == is_rejected


def test_a_layout_that_no_spec_can_say_is_refused(place: Any) -> None:
    rows = "".join(f"{number},{number}.5,{number}.25\n" for number in range(20))
    path = place.file("a.csv", f"id,price,tax\n{rows}id,price,tax\n{rows}")
    with pytest.raises(SourceError, match=r"a\.csv: no spec can say how it is laid out"):
        draft(place, path)


def test_a_draft_reads_polluted_files_as_they_were_read(place: Any) -> None:
    """Every draft is compared with what was found; most layouts can be said."""
    outcomes: Counter[str] = Counter()
    for index, case in enumerate(cases(19, tables_each=1, pairs_each=0)):
        path = place.project.root / f"{index}.csv"
        path.write_bytes(case.content)
        try:
            draft(place, path)
        except SourceError as error:
            outcomes["no spec" if "no spec can say" in error.message else "refused"] += 1
        else:
            outcomes["drafted"] += 1
    assert outcomes["drafted"] > 4 * outcomes["no spec"], outcomes


def test_the_command_writes_a_spec_that_loads_the_file(
    place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = place.project.root
    monkeypatch.chdir(root)

    def call(command: click.Command, *arguments: str) -> Result:
        return CliRunner().invoke(command, arguments, standalone_mode=False)

    (root / "e.csv").write_bytes("Mai\n\nid;name\n1;Müller\n2;x;y\n".encode("cp1252"))
    shown = call(etl, "draft", "e.csv", "--as", "sales", "--dry-run", "-o", "json")
    assert json.loads(shown.stdout)["written"] is False
    assert not (root / "specs/etl/sales.yml").exists()
    assert call(etl, "draft", "e.csv", "--as", "sales").exception is None
    assert call(ingest, "sales").exception is None
    assert place.target.query("select id, name from raw.sales") == [("1", "Müller")]
    assert place.target.query("select line_number from raw._rejects") == [(5,)]
    again = call(etl, "draft", "e.csv", "--as", "sales").exception
    assert "exists already" in str(again)
