"""What a person sees in a file at once: where its cells end, and where its table begins."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from controlplane.load.csv_lines import CsvFormat
from controlplane.sniff.dialect import rows_of
from controlplane.sniff.layout import Layout, find_layout

ROWS = [["1", "Anna", "2024-01-05", "3.50"], ["2", "Bob", "2024-02-11", "12.00"]]
NAMES = ["id", "name", "day", "price"]


def text(rows: Sequence[Sequence[str]], delimiter: str = ",", end: str = "\n") -> str:
    return "".join(delimiter.join(row) + end for row in rows)


def layout(content: str) -> Layout:
    return find_layout(content.encode(), "utf-8")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", ":", "^", "~", "||", ", ", " | ", "§"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_delimiter_is_found(delimiter: str, end: str) -> None:
    found = layout(text([NAMES, *ROWS], delimiter, end))
    assert found.dialect.format.delimiter == delimiter
    assert found.table.titles == tuple(NAMES)
    assert found.table.first_line == 1


@pytest.mark.parametrize(
    ("content", "delimiter", "quote", "escape"),
    [
        ("a,b\n'x, y',1\n'z, w',2\n", ",", "'", "'"),
        ('a;b\n"x; y";1\n"z ""w""; v";2\n', ";", '"', '"'),
        ('a,b\n"x \\"y\\", z",1\n"w, \\"v\\"",2\n', ",", '"', "\\"),
        ("name,note\nO'Brien,don't\nD'Arcy,won't\n", ",", '"', '"'),
        ("price;amount\n1,50;2,25\n3,75;4,00\n", ";", '"', '"'),
        ("at,value\n2024-01-01 10:00:00,5\n2024-01-01 10:05:00,6\n", ",", '"', '"'),
        ('t\n"a,b"\n"c,d"\n', ",", '"', '"'),
    ],
)
def test_quote_and_escape_are_found(content: str, delimiter: str, quote: str, escape: str) -> None:
    found = layout(content).dialect.format
    if content[0] != "t":
        assert found.delimiter == delimiter
    assert (found.quote, found.escape) == (quote, escape)


@pytest.mark.parametrize(
    "content",
    [
        "day\n02/01/2014\n31/12/2012\n",
        "price\n1,50\n2,75\n",
        "at\n10:30\n11:45\n",
        "said\nyes, of course\nno\nwell, that, I think, depends\n",
        "name\nAnna\nBob\n",
    ],
)
def test_a_file_of_one_column_is_left_in_one_piece(content: str) -> None:
    found = layout(content)
    assert found.dialect.width == 1
    assert found.table.titles == (content.split("\n", maxsplit=1)[0],)


@pytest.mark.parametrize(
    ("above", "lines"),
    [
        ("Sales of the year\n\n", 2),
        ("# made by hand\n# in a hurry\n", 2),
        ("Report: sales\nDate: 2024-03-01\n\n", 3),
        ("sep=,\n", 1),
        ("Sales of the year,,,\n,,,\n", 2),
        ("\n\n", 2),
    ],
)
def test_what_stands_above_the_table_is_no_part_of_it(above: str, lines: int) -> None:
    found = layout(above + text([NAMES, *ROWS]))
    assert found.table.titles == tuple(NAMES)
    assert found.table.header[0].number == lines + 1


@pytest.mark.parametrize(
    ("content", "titles"),
    [
        (text(ROWS), ()),
        ("1,2,3\n", ()),
        ("a,b,c\n", ("a", "b", "c")),
        (
            "country,2019,2020,2021\nFrance,1,2,3\nSpain,4,5,6\n",
            ("country", "2019", "2020", "2021"),
        ),
        ("x,y\nfoo,bar\nbaz,qux\n", ("x", "y")),
        (
            "id,name,day\n1,Anna,2024-01-05,3.50\n2,Bob,2024-02-11,12.00\n",
            ("id", "name", "day", ""),
        ),
    ],
)
def test_a_header_is_told_from_data(content: str, titles: tuple[str, ...]) -> None:
    assert layout(content).table.titles == titles


def test_units_below_the_header_are_no_data() -> None:
    found = layout("time,speed,load\n[s],[m/s],[kg]\n1,2.5,3\n2,2.6,4\n3,2.7,5\n")
    assert found.table.titles == ("time", "speed", "load")
    assert [row.number for row in found.table.beneath] == [2]


def test_groups_above_a_header_are_part_of_its_titles() -> None:
    found = layout(",2019,,2020,\nregion,sales,cost,sales,cost\nnorth,1,2,3,4\nsouth,5,6,7,8\n")
    expected = ("region", "2019 sales", "2019 cost", "2020 sales", "2020 cost")
    assert found.table.titles == expected
    assert found.table.first_line == 2


@pytest.mark.parametrize(
    ("header", "titles"),
    [
        ("id;name;day;price", ("id", "name", "day", "price")),
        ("id,name,day", ("id", "name", "day", "")),
        ("id,name,day,price,more", ("id", "name", "day", "price")),
    ],
)
def test_a_header_may_have_a_flaw(header: str, titles: tuple[str, ...]) -> None:
    found = layout(f"{header}\n{text(ROWS)}").table
    assert found.titles == titles
    assert found.first_line == 1


@pytest.mark.parametrize(
    ("record", "cells"),
    [
        ('"say "hi" now",1', ('say "hi" now', "1")),
        ('"a "" b",1', ('a " b', "1")),
        ('"ends "so"",1', ('ends "so"', "1")),
        ('"so" it begins",1', ('so" it begins', "1")),
        ('"a, "b", c",1', ('a, "b', ' c"', "1")),
    ],
)
def test_quotes_within_quotes_are_characters_where_nothing_else_can_be_meant(
    record: str, cells: tuple[str, ...]
) -> None:
    reader = CsvFormat(literal_quotes=True)
    assert [row.cells for row in rows_of(record.encode(), reader)] == [cells]


def test_a_file_that_does_not_escape_its_quotes_is_read_as_it_is_meant() -> None:
    content = 'name,size\n"the "Great" one",3\n"the "Small" one, too",4\nnone,5\n'
    found = layout(content)
    assert found.dialect.format.literal_quotes
    [_, *rows] = [row.cells for row in rows_of(content.encode(), found.dialect.format)]
    assert rows == [('the "Great" one', "3"), ('the "Small" one, too', "4"), ("none", "5")]
