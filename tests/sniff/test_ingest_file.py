"""`databank ingest --file` loads what nobody described, cell for cell, and says how it was read."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import zipfile
from typing import Any

import pytest
from click.testing import CliRunner, Result

from controlplane.cli.progress import open_reporter
from controlplane.cli.rejects import rejects as rejects_command
from controlplane.errors import JobError
from controlplane.jobs import find_job
from controlplane.run import retry
from controlplane.sniff.loading import table_name
from controlplane.state.job_log import log_path, read_lines
from controlplane.state.records import JobStatus
from controlplane.state.store import open_store
from tests.sniff.conftest import call

SALES = "Sales of 2024\n\nid;name;price\n1;Zoë;3,50\n2;Bob\n3;Ann;12,00\nTotal: 2\n"


def rows(place: Any, table: str, *columns: str) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = place.target.query(
        f"select {', '.join(columns)} from raw.{table} order by _batch_id, _row_number"
    )
    return found


def rejects(place: Any, table: str) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = place.target.query(
        f"select line_number, raw_text, reason from raw._rejects where raw_table = '{table}'"
        " order by line_number"
    )
    return found


def test_every_line_is_in_the_table_or_among_the_rejects(place: Any) -> None:
    place.file("sales.csv", "").write_bytes(SALES.encode("cp1252"))
    answer = call(place, "--file", "sales.csv", "--as", "sales")
    assert answer.return_value == 0
    assert rows(place, "sales", "id", "name", "price") == [
        ("1", "Zoë", "3,50"),
        ("3", "Ann", "12,00"),
    ]
    assert rejects(place, "sales") == [
        (1, "Sales of 2024", "stands above the table"),
        (5, "2;Bob", "has 2 fields, expected 3"),
        (7, "Total: 2", "has 1 field, expected 3"),
    ]


def test_the_answer_says_how_the_file_was_read(place: Any) -> None:
    place.file("sales.csv", "").write_bytes(SALES.encode("cp1252"))
    shown = call(place, "--file", "sales.csv").stdout
    for said in (
        "cp1252",
        "semicolon",
        "line 3",
        "id, name, price",
        "5 read, 2 loaded, 3 rejected",
    ):
        assert said in shown
    [file] = json.loads(call(place, "--file", "sales.csv", "--as", "other", "-o", "json").stdout)[
        "files"
    ]
    assert file["table"] == "raw.other"
    assert file["layout"]["delimiter"] == ";"
    assert file["layout"]["header"] == ["id", "name", "price"]
    assert (file["rows_read"], file["rows_loaded"], file["rows_rejected"]) == (5, 2, 3)


def test_a_file_is_loaded_once_and_again_when_it_changed(place: Any) -> None:
    place.file("sales.csv", "id,name\n1,x\n")
    assert "1 loaded" in call(place, "--file", "sales.csv").stdout
    assert "unchanged" in call(place, "--file", "sales.csv").stdout
    place.file("sales.csv", "id,name\n1,x\n2,y\n")
    assert "2 loaded" in call(place, "--file", "sales.csv").stdout
    assert rows(place, "sales", "id") == [("1",), ("1",), ("2",)]


def test_each_file_of_a_folder_gets_a_table_also_after_one_that_cannot_be_read(place: Any) -> None:
    place.file("in/a.csv", "x,y\n1,2\n")
    place.file("in/b.csv", "")
    place.file("in/c.tsv", "x\ty\n3\t4\n")
    place.file("in/d.csv.gz", "").write_bytes(gzip.compress(b"x|y\n5|6\n"))
    place.file("in/e.jsonl", '{"x": 7, "y": "8"}\n{"x": 9}\n')
    answer = call(place, "--file", "in", "--table-per-file", "-o", "json")
    assert answer.return_value == 1
    files = json.loads(answer.stdout)["files"]
    assert [file["status"] for file in files] == ["loaded", "failed", *["loaded"] * 3]
    assert "is empty" in files[1]["error"]
    assert rows(place, "a", "x", "y") == [("1", "2")]
    assert rows(place, "c", "x", "y") == [("3", "4")]
    assert rows(place, "d", "x", "y") == [("5", "6")]
    assert rows(place, "e", "x", "y") == [("7", "8"), ("9", None)]


def test_files_are_loaded_as_a_tracked_job(place: Any) -> None:
    place.file("in/good.csv", "id,name\n1,x\n2,y,z\n")
    place.file("in/other.csv", "id,name\n3,z\n")
    place.file("in/bad.csv", "")
    answer = call(place, "--file", "in", "--table-per-file", "--output", "json")
    job_id = json.loads(answer.stdout)["job"]
    assert answer.return_value == 1
    with open_store(place.project) as store:
        job = find_job(store, job_id)
        batches = {each.process: each for each in store.batches(job.id)}
    assert (job.type, job.name, job.status) == ("file", "in", JobStatus.FAILED)
    assert "1 of 3 files were not loaded" in (job.error or "")
    found = {name: (each.rows_read, each.rows_loaded) for name, each in batches.items()}
    assert found == {"good": (2, 1), "other": (1, 1)}
    assert place.target.query("select distinct job_id from raw._loads") == [(job.id,)]
    lines = [line for line, _ in read_lines(log_path(place.project.state_dir, job.id))]
    assert any(line.level == "error" and "in/bad.csv" in line.message for line in lines)
    with pytest.raises(JobError, match="is of type file") as refused:
        retry(place.project, job_id, open_reporter())
    assert "give its command once more" in str(refused.value)


def test_a_glob_goes_into_one_table(place: Any) -> None:
    place.file("in/a.csv", "x,y\n1,2\n")
    place.file("in/b.csv", "x,y\n3,4\n")
    assert call(place, "--file", "in/*.csv", "--as", "both").return_value == 0
    assert rows(place, "both", "x", "y") == [("1", "2"), ("3", "4")]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--as", "x"], "need --file"),
        (["--file", "in", "some_etl"], "does not go with --file"),
        (["--file", "in"], "--as NAME"),
        (["--file", "in", "--as", "x", "--table-per-file"], "do not go together"),
        (["--file", "in/a.csv", "--as", "My Table"], "such as my_table"),
        (["--file", "nowhere.csv"], "no such file"),
    ],
)
def test_a_wrong_request_is_told_from_a_right_one(
    place: Any, arguments: list[str], said: str
) -> None:
    place.file("in/a.csv", "x,y\n1,2\n")
    place.file("in/b.csv", "x,y\n3,4\n")
    error = call(place, *arguments).exception
    assert error is not None
    assert said in f"{error} {getattr(error, 'hint', '')}"


def test_a_large_file_is_read_by_duckdb_and_by_us_alike(
    place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = "id,name\n" + "".join(f'{index},"n ""{index}"""\n' for index in range(2000))
    place.file("big.csv", content)
    call(place, "--file", "big.csv", "--as", "careful")
    monkeypatch.setattr("controlplane.sniff.reading._CAREFULLY_UP_TO", 0)
    call(place, "--file", "big.csv", "--as", "quick")
    assert rows(place, "careful", "*")[0][:2] == ("0", 'n "0"')
    own = ("id", "name", "_row_number")
    assert rows(place, "quick", *own) == rows(place, "careful", *own)


@pytest.mark.parametrize("more", ["id,name,day\n", "made by hand,,\n", "4,z\n"])
def test_what_is_no_record_is_found_in_a_large_file_too(
    place: Any, monkeypatch: pytest.MonkeyPatch, more: str
) -> None:
    monkeypatch.setattr("controlplane.sniff.reading._CAREFULLY_UP_TO", 0)
    place.file("big.csv", "id,name,day\n1,x,2024-01-01\n2,y,2024-01-02\n" + more)
    call(place, "--file", "big.csv")
    assert rows(place, "big", "id") == [("1",), ("2",)]
    assert [text for _, text, _ in rejects(place, "big")] == [more.strip()]


def test_a_forgotten_quote_takes_no_other_record_with_it(place: Any) -> None:
    lines = ["id,name", "1,x", '2,"y', "3,z", '4,"two', 'lines"', '5,"w"']
    place.file("quotes.csv", "\n".join(lines) + "\n")
    call(place, "--file", "quotes.csv")
    assert rows(place, "quotes", "id", "name") == [
        ("1", "x"),
        ("3", "z"),
        ("4", "two\nlines"),
        ("5", "w"),
    ]
    assert [text for _, text, _ in rejects(place, "quotes")] == ['2,"y']


def zipped(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, "id;name\n1;Zoë\n2\n".encode("cp1252"))
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("x.csv.gz", gzip.compress),
        ("x.csv", gzip.compress),
        ("x.csv.bz2", bz2.compress),
        ("x.csv.xz", lzma.compress),
        ("x.zip", lambda _: zipped("inner/x.csv", "__MACOSX/x")),
    ],
)
def test_packed_files_are_unpacked(place: Any, name: str, pack: Any) -> None:
    place.file(name, pack("id;name\n1;Zoë\n2\n".encode("cp1252")))
    assert call(place, "--file", name, "--as", "x").return_value == 0
    assert rows(place, "x", "id", "name") == [("1", "Zoë")]
    assert [text for _, text, _ in rejects(place, "x")] == ["2"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (zipped("a.csv", "b.csv"), "holds 2 files (a.csv, b.csv)"),
        (zipped("[Content_Types].xml", "word/document.xml"), "but no workbook"),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), "no workbook, or is damaged"),
        (zipped("a.csv")[:40], "damaged"),
        (bz2.compress(b"a,b\n1,2\n")[:-4], "damaged"),
        (b"\x28\xb5\x2f\xfd....", "damaged"),
        (b"7z\xbc\xaf\x27\x1c....", "a 7z archive"),
        (b"\n \r\n", "no line with text"),
        (bytes(range(256)) * 20, "is no text"),
    ],
)
def test_what_cannot_be_read_is_refused_as_such(place: Any, content: bytes, said: str) -> None:
    place.file("x.dat", content)
    error = call(place, "--file", "x.dat").exception
    assert said in str(error)
    assert ("raw", "x") not in place.target.relations()


def ask(place: Any, *arguments: str) -> Result:
    [command, *rest] = arguments
    target = ["--target", place.project.target.name]
    return CliRunner().invoke(rejects_command, [command, *target, *rest], standalone_mode=False)


def test_rejects_can_be_listed_and_shown(place: Any) -> None:
    assert "no record was rejected" in ask(place, "list").stdout
    place.file("sales.csv", "id;name\n1;x\n2\n3\nü;y;z\n")
    call(place, "--file", "sales.csv")
    listed = json.loads(ask(place, "list", "-o", "json").stdout)["rejects"]
    assert [(each["reason"], each["records"]) for each in listed] == [
        ("has 1 field, expected 2", 2),
        ("has 3 fields, expected 2", 1),
    ]
    shown = json.loads(ask(place, "show", "raw.sales", "-o", "json").stdout)["rejects"]
    assert [(each["line_number"], each["byte_offset"], each["raw_text"]) for each in shown] == [
        (3, 12, "2"),
        (4, 14, "3"),
        (5, 16, "ü;y;z"),
    ]
    assert len(ask(place, "show", "sales", "--limit", "2").stdout.splitlines()) == 3
    assert "raw.sales" in ask(place, "list").stdout
    error = ask(place, "show", "other").exception
    assert "has no rejected record" in str(error)


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("Sales 2024.csv", "sales_2024"),
        ("2024-01.csv.gz", "file_2024_01"),
        ("export.v2.final.txt", "export_v2_final"),
        ("données", "donnees"),
        ("_loads.csv", "loads"),
        ("統計.csv", "file"),
        ("x" * 200 + ".csv", "x" * 59),
    ],
)
def test_a_table_is_called_as_its_file(name: str, table: str) -> None:
    assert table_name(name) == table
