"""`databank ingest --file` of workbooks, XML and packed files, known by their content."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import zstandard

from tests.sniff.conftest import call

TABLE = [["id", "name"], [1, "x"], [2, "y"]]


def workbook(**sheets: Any) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    for name, rows in sheets.items():
        sheet = book.create_sheet(name.removeprefix("hidden_"))
        sheet.sheet_state = "hidden" if name.startswith("hidden_") else "visible"
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def rows(place: Any, table: str) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = place.target.query(
        f"select id, name from raw.{table} order by _batch_id, _row_number"
    )
    return found


BOTH = [("1", "x"), ("2", "y")]


def test_a_workbook_with_one_sheet_of_data_is_a_table(place: Any) -> None:
    above = [["Sales of 2024"], [], *TABLE]
    place.file("sales.xlsx", workbook(S=above, empty=[], hidden_lists=[["a", "b"], [1, 2]]))
    shown = call(place, "--file", "sales.xlsx").stdout
    for said in ("raw.sales", "sheet      S", "header     row 3", "above it   1 row,", "2 loaded"):
        assert said in shown
    assert rows(place, "sales") == BOTH
    assert "unchanged" in call(place, "--file", "sales.xlsx").stdout


@pytest.mark.parametrize("name", ["sales.csv", "sales.dat", "sales.xlsx.gz", "sales.zst"])
def test_a_workbook_is_known_by_its_content(place: Any, name: str) -> None:
    content = workbook(S=TABLE)
    packed: dict[str, Any] = {"gz": gzip.compress, "zst": zstandard.ZstdCompressor().compress}
    place.file(name, packed.get(name.rpartition(".")[2], bytes)(content))
    assert call(place, "--file", name).return_value == 0
    assert rows(place, "sales") == BOTH


def test_of_several_sheets_one_is_named(place: Any) -> None:
    place.file("sales.xlsx", workbook(S=TABLE, T=[["id", "name"], [3, "z"]]))
    error: Any = call(place, "--file", "sales.xlsx").exception
    assert "has 2 sheets: S, T" in str(error)
    assert "--sheet" in error.hint
    assert "--table-per-file" in error.hint
    assert ("raw", "sales") not in place.target.relations()
    assert call(place, "--file", "sales.xlsx", "--sheet", "T").return_value == 0
    assert rows(place, "sales") == [("3", "z")]
    assert "has no sheet 'U'" in str(
        call(place, "--file", "sales.xlsx", "--sheet", "U", "--as", "u").exception
    )


def test_each_sheet_of_a_folder_of_files_gets_a_table(place: Any) -> None:
    sheets = {"First Half": TABLE, "hidden_second": [["id", "name"], [3, "z"]], "none": []}
    place.file("in/sales.xlsx", workbook(**sheets))
    place.file("in/one.xlsx", workbook(only=TABLE))
    place.file("in/cut.xlsx", workbook(only=TABLE)[:-40])
    place.file("in/plain.csv", "id,name\n1,x\n2,y\n")
    answer = call(place, "--file", "in", "--table-per-file", "-o", "json")
    assert answer.return_value == 1
    found = {file["table"]: file for file in json.loads(answer.stdout)["files"]}
    assert {table: file["status"] for table, file in found.items()} == {
        "raw.cut": "failed",
        "raw.one": "loaded",
        "raw.plain": "loaded",
        "raw.sales_first_half": "loaded",
        "raw.sales_second": "loaded",
    }
    assert found["raw.sales_second"]["layout"]["sheet"] == "second"
    assert rows(place, "sales_first_half") == BOTH
    assert rows(place, "sales_second") == [("3", "z")]
    again = json.loads(call(place, "--file", "in", "--table-per-file", "-o", "json").stdout)
    assert sorted(file["status"] for file in again["files"]) == ["failed", *["unchanged"] * 4]


def test_no_two_sheets_go_into_one_table(place: Any) -> None:
    place.file("in/a.xlsx", workbook(b=TABLE, B_=[["id", "name"], [3, "z"]]))
    place.file("in/a_b.csv", "id,name\n9,w\n")
    answer = call(place, "--file", "in", "--table-per-file", "-o", "json")
    tables = [file["table"] for file in json.loads(answer.stdout)["files"]]
    assert tables == ["raw.a_b_2", "raw.a_b_3", "raw.a_b"]
    assert rows(place, "a_b") == [("9", "w")]


def test_a_sheet_of_a_file_that_has_none_is_refused(place: Any) -> None:
    place.file("a.csv", "id,name\n1,x\n")
    said = call(place, "--file", "a.csv", "--sheet", "S").exception
    assert "is no workbook, so it has no sheet 'S'" in str(said)
    assert "need --file" in str(call(place, "--sheet", "S").exception)


XML = '<?xml version="1.0"?>\n<rs><r id="1"><name>x</name></r><r id="2"><name>y</name></r></rs>'


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rs.xml", XML.encode()),
        ("rs.txt", XML.encode()),
        ("rs", XML.partition("\n")[2].encode()),
        ("rs.xml.gz", gzip.compress(XML.encode())),
        ("rs.xml.zst", zstandard.ZstdCompressor().compress(XML.encode())),
        ("rs.xml", XML.replace('"1.0"', '"1.0" encoding="utf-16"', 1).encode("utf-16")),
    ],
    ids=["declared", "text", "element", "gzip", "zstd", "utf-16"],
)
def test_xml_is_known_by_its_content(place: Any, name: str, content: bytes) -> None:
    place.file(name, content)
    answer = call(place, "--file", name)
    assert "format     xml" in answer.stdout
    assert rows(place, "rs") == BOTH


def test_a_table_of_text_with_angle_brackets_is_no_xml(place: Any) -> None:
    place.file("a.csv", "<id>,name\n<1>,x\n<2>,y\n")
    assert call(place, "--file", "a.csv").return_value == 0
    assert rows(place, "a") == [("<1>", "x"), ("<2>", "y")]


def test_a_cut_file_leaves_nothing(place: Any) -> None:
    place.file("rs.xml", XML[:-8])
    assert "rs.xml:2:" in str(call(place, "--file", "rs.xml").exception)
    place.file("x.csv.zst", zstandard.ZstdCompressor().compress(b"id,name\n" * 50)[:-1])
    assert "ends too early" in str(call(place, "--file", "x.csv.zst").exception)
    assert not [
        name for schema, name in place.target.relations() if schema == "raw" and name[0] != "_"
    ]


def test_packed_tables_of_a_folder_are_named_without_their_endings(place: Any) -> None:
    csv = b"id,name\n1,x\n2,y\n"
    place.file("in/a.csv.zst", zstandard.ZstdCompressor().compress(csv))
    place.file("in/b.csv.zstd", zstandard.ZstdCompressor().compress(csv))
    assert call(place, "--file", "in", "--table-per-file").return_value == 0
    assert rows(place, "a") == rows(place, "b") == BOTH


def test_a_workbook_of_a_thousand_rows_keeps_each(place: Any, tmp_path: Path) -> None:
    many = [["id", "name"], *([n, f"n{n}"] for n in range(5000))]
    place.file("many.xlsx", workbook(S=many))
    assert call(place, "--file", "many.xlsx").return_value == 0
    assert rows(place, "many") == [(str(n), f"n{n}") for n in range(5000)]
