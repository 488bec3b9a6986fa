"""Records that cannot be read are kept apart, with their place, their text and the reason."""

from __future__ import annotations

import gzip
import random
from pathlib import Path
from typing import Any

import duckdb
import pytest

from controlplane.errors import LoadError, SourceError
from controlplane.load.csv_format import Header
from controlplane.load.csv_lines import MAX_RECORD, CsvFormat
from controlplane.load.reading import careful_csv, fast_csv
from controlplane.load.suspicion import Suspicion

QUARANTINE = {"error_action": "quarantine"}


def test_each_flawed_line_is_one_reject_and_the_others_are_loaded(loading: Any) -> None:
    lines = [
        b"id,name,note",
        b"1,Ann,fine",
        b"2,too few",
        b'3,"bad"quote,x',
        b'4,"two\nlines",fine',
        b"5,too,many,fields",
        b"6,\xff\xfe,x",
        b"7,nul\x00,x",
        b'8,"never closed,x',
        b'9,"",',
    ]
    loading.warehouse.file("shop.csv", b"\n".join(lines) + b"\n")
    result = loading.load(loading.csv("shop.csv", error_handling=QUARANTINE))
    assert loading.rows() == [
        ("1", "Ann", "fine"),
        ("4", "two\nlines", "fine"),
        ("9", "", None),
    ]
    assert [row[0] for row in loading.rows("_row_number")] == [1, 4, 9]
    assert loading.rejects() == [
        (3, "2,too few", "has 2 fields, expected 3"),
        (4, '3,"bad"quote,x', "text follows a closing quote"),
        (7, "5,too,many,fields", "has 4 fields, expected 3"),
        (8, "6,\\xff\\xfe,x", "is not valid in the encoding of the file (byte 0xff at 3)"),
        (9, "7,nul\\x00,x", "has a NUL character, which no text can hold"),
        (10, '8,"never closed,x', "a quote is opened and never closed"),
    ]
    assert (result.rows_read, result.rows_loaded, result.rows_rejected) == (9, 3, 6)
    [(offset,)] = loading.warehouse.target.query(
        "select byte_offset from raw._rejects where line_number = 4"
    )
    content = b"\n".join(lines)
    assert content[offset:].startswith(b'3,"bad"')


def test_a_forgotten_quote_takes_nothing_with_it(loading: Any) -> None:
    good = "".join(f"{n},x\n" for n in range(50))
    loading.warehouse.file("shop.csv", f'id,name\n{good}50,"open\n{good}')
    loading.load(loading.csv("shop.csv", error_handling=QUARANTINE))
    assert len(loading.rows()) == 100
    assert loading.rejects() == [(52, '50,"open', "a quote is opened and never closed")]


def test_a_record_that_is_too_long_is_rejected_and_a_long_one_is_not(loading: Any) -> None:
    long, longer = "x" * 3_000_000, "y" * (MAX_RECORD + 10)
    loading.warehouse.file("shop.csv", f"id,name\n1,{long}\n2,{longer}\n3,z\n")
    loading.load(loading.csv("shop.csv", error_handling=QUARANTINE))
    assert loading.rows("id", "length(name)") == [("1", 3_000_000), ("3", 1)]
    [(line, length, reason)] = loading.rejects("line_number", "length(raw_text)", "reason")
    assert (line, length) == (3, MAX_RECORD)
    assert reason.startswith("the record has 8,388,620 bytes")


@pytest.mark.parametrize(
    ("handling", "outcome"),
    [
        ({"error_action": "stop", "error_threshold": 0}, "error"),
        ({"error_action": "stop", "error_threshold": 1}, "error"),
        ({"error_action": "stop", "error_threshold": 2}, "loaded"),
        ({"error_action": "skip", "error_threshold": 1}, "skipped"),
        ({"error_action": "skip", "error_threshold": 2}, "loaded"),
        ({"error_action": "quarantine", "error_threshold": 0}, "loaded"),
    ],
)
def test_error_handling_decides_about_a_batch_with_rejects(
    loading: Any, handling: dict[str, Any], outcome: str
) -> None:
    loading.warehouse.file("a.csv", "id,name\n1,x\n")
    process = loading.csv(["a.csv", "b.csv", "c.csv"], error_handling=handling)
    loading.warehouse.file("b.csv", "id,name\n2\n3,x\n4\n")
    loading.warehouse.file("c.csv", "id,name\n5,x\n")
    if outcome == "error":
        message = r"b\.csv: 2 records cannot be read, \d tolerated .* line 2: has 1 field.*line 4"
        with pytest.raises(LoadError, match=message):
            loading.load(process)
        assert [row[0] for row in loading.rows("id")] == ["1"]
        assert loading.rejects() == []
        return
    result = loading.load(process)
    if outcome == "skipped":
        assert [row[0] for row in loading.rows("id")] == ["1", "5"]
        assert [skip.source for skip in result.skipped] == ["b.csv"]
        assert [source for (source,) in loading.ledger("source")] == ["a.csv", "c.csv"]
    else:
        assert [row[0] for row in loading.rows("id")] == ["1", "3", "5"]
        assert [line for (line,) in loading.rejects("line_number")] == [2, 4]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", "id,name\n1,Zoë €\n"),
        ("utf-8-sig", "id,name\n1,Zoë €\n"),
        ("utf-16", "id,name\n1,Zoë €\n"),
        ("utf-16-le", "id,name\n1,Zoë €\n"),
        ("cp1252", "id,name\n1,Zoë €\n"),
        ("latin-1", "id,name\n1,Zoë\n"),
        ("shift_jis", "id,name\n1,日本\n"),
    ],
)
def test_any_encoding_becomes_text(loading: Any, encoding: str, text: str) -> None:
    loading.warehouse.file("shop.csv", text.encode(encoding))
    loading.load(loading.csv("shop.csv", format={"encoding": encoding}))
    assert loading.rows() == [("1", text.partition("1,")[2].strip())]


def test_what_is_no_text_in_its_encoding_is_rejected(loading: Any) -> None:
    loading.warehouse.file("shop.csv", b"id,name\n1,\x81\x8d\n2,\x80\n")
    process = loading.csv("shop.csv", format={"encoding": "cp1252"}, error_handling=QUARANTINE)
    loading.load(process)
    assert loading.rows() == [("2", "€")]
    [(line, text, reason)] = loading.rejects()
    assert (line, text) == (2, "1,\\x81\\x8d")
    assert reason.startswith("is not valid in the encoding of the file (byte 0x81")


def test_an_unknown_encoding_and_an_undeclared_one_are_said(loading: Any) -> None:
    loading.warehouse.file("shop.csv", "id,größe\n1,2\n".encode("latin-1"))
    with pytest.raises(SourceError, match="'klingon' is no known encoding"):
        loading.load(loading.csv("shop.csv", format={"encoding": "klingon"}))
    with pytest.raises(SourceError, match=r"shop\.csv:1: the header is not UTF-8 \(byte 0xf6\)"):
        loading.load(loading.csv("shop.csv"))


@pytest.mark.parametrize(
    ("content", "settings"),
    [
        ("id,name\n1,a\n", {}),
        ("id;name\n1;a\n", {}),
        ("id\tname\n1\ta\n", {}),
        ("id|name\n1|a\n", {}),
        ("id\tname\n1\ta\n", {"source_type": "tsv"}),
        ("id::name\n1::a\n", {"format": {"delimiter": "::"}}),
        ("id,name\n1,'a'\n", {"format": {"quote": "'"}}),
        ("about this file\n\nid,name\n1,a\n", {"format": {"skip_lines": 2}}),
        ("1,a\n", {"format": {"header": False}, "columns": [{"name": "id"}, {"name": "name"}]}),
        ("id,name\r\n1,a\r\n", {}),
        ("id,name\r1,a\r", {}),
        ('"id","name"\n"1","a"', {}),
    ],
)
def test_any_layout_is_read(loading: Any, content: str, settings: dict[str, Any]) -> None:
    loading.warehouse.file("shop.csv", content)
    loading.load(loading.csv("shop.csv", **settings))
    assert loading.rows("id", "name") == [("1", "a")]


def test_a_file_without_a_header_has_numbered_columns(loading: Any) -> None:
    loading.warehouse.file("shop.csv", "1,a\n2,b\n")
    loading.load(loading.csv("shop.csv", format={"header": False}))
    assert loading.rows("column_1", "column_2") == [("1", "a"), ("2", "b")]


def test_a_compressed_file_is_read_and_its_flaws_too(loading: Any) -> None:
    loading.warehouse.file("shop.csv.gz", gzip.compress(b"id,name\n1,a\n2\n3,c\n"))
    loading.load(loading.csv("shop.csv.gz", error_handling=QUARANTINE))
    assert loading.rows() == [("1", "a"), ("3", "c")]
    assert loading.rejects() == [(3, "2", "has 1 field, expected 2")]


PIECES = [
    *(b"a", b"bb", b"", b'"q"', b'"x,y"', b'"a""b"', b'""', b'5"x', b' "s" ', b'"nl\nx"'),
    *(b'"crlf\r\nx"', b'"bad"x', b'"open', b"\xff", b"\xc3\xa9", b" ", b"'", b"\\", b'"\\"'),
    *(b'\\"', b"NULL", b"#c", b'"a" "b"', b"\r", b'"', b'"""', b"\0"),
]


@pytest.mark.parametrize("seed", range(10))
def test_what_duckdb_reads_by_itself_the_careful_reader_reads_alike(
    tmp_path: Path, seed: int
) -> None:
    """Random flawed text: the careful reader takes all of it, and DuckDB the same or nothing."""
    chance = random.Random(seed)
    path = tmp_path / "random.csv"
    compared = 0
    with duckdb.connect() as reader:
        for _ in range(150):
            width = chance.randint(1, 4)
            ends = chance.choice([[b"\n"], [b"\r\n"], [b"\r"], [b"\n", b"\r\n", b"\n\n"]])
            content = b",".join(b"h%d" % number for number in range(width)) + ends[0]
            for _ in range(chance.randint(0, 6)):
                fields = width if chance.random() < 0.9 else chance.randint(0, width + 2)
                content += b",".join(chance.choice(PIECES) for _ in range(fields))
                content += chance.choice(ends)
            path.write_bytes(content)
            layout = CsvFormat(escape=chance.choice(['"', '"', "\\"]))
            names = tuple(f"h{number}" for number in range(width))
            header = Header(names, names)
            careful = careful_csv(path, layout, header, tmp_path, offsets=True)
            found = reader.execute(careful.select).fetchall()
            assert len(found) == careful.rows
            look = Suspicion('"')
            look.look(content)
            if look.needs_care or (look.mixed_ends and width == 1):
                continue
            fast = fast_csv(path, layout, header, lambda: careful)  # noqa: B023
            try:
                alone = reader.execute(fast.select).fetchall()
            except duckdb.InvalidInputException:
                continue
            assert (alone, 0) == (found, careful.rejected), content
            compared += 1
    assert compared > 10


def test_suspicion_does_not_depend_on_where_the_text_is_cut() -> None:
    for content, needs_care, mixed in [
        (b'a\r\nb "c" "d"\r\n', True, False),
        (b"a\r\nb\nc\r\n", False, True),
        (b"a\nb\rc\n", True, False),
        (b"a\r\nb\r\n", False, False),
        (b"a\rb\r", False, False),
        (b"a\0", True, False),
    ]:
        for cut in range(len(content) + 1):
            look = Suspicion('"')
            for piece in (content[:cut], content[cut:]):
                if piece:
                    look.look(piece)
            assert (look.needs_care, look.mixed_ends) == (needs_care, mixed), (content, cut)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_lines_beside_a_flawed_one_are_as_they_were(loading: Any, delimiter: str) -> None:
    """Whether a line is copied or taken apart, its values are the same."""
    values = [
        ("1", "plain"),
        ("2", None),
        ("3", "  spaces  "),
        ("4", "ü, ; | '"),
        ("5", 'say "so"'),
        ("6", "two\nlines"),
        ("7", "\\ back \\n"),
        ("8", ""),
        ("9", "#no comment"),
        ("10", " "),
    ]
    lines = ["id" + delimiter + "text"]
    for number, text in values:
        special = text is not None and (not text or set(text) & set(delimiter + '"\n'))
        shown = '"' + text.replace('"', '""') + '"' if text is not None and special else text or ""
        lines.append(number + delimiter + shown)
    loading.warehouse.file("shop.csv", "\n".join([*lines, "flawed"]) + "\n")
    layout = {"delimiter": delimiter}
    loading.load(loading.csv("shop.csv", format=layout, error_handling=QUARANTINE))
    assert loading.rows("id", "text") == values
    assert loading.rejects("line_number", "raw_text") == [(13, "flawed")]


def test_a_line_feed_in_a_file_of_carriage_returns_is_part_of_its_value(loading: Any) -> None:
    loading.warehouse.file("shop.csv", b"id,text\r1,a\nb\r2,c\rflawed\r")
    loading.load(loading.csv("shop.csv", error_handling=QUARANTINE))
    assert loading.rows("id", "text") == [("1", "a\nb"), ("2", "c")]
    assert loading.rejects("raw_text") == [("flawed",)]
