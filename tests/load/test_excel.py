"""A workbook's sheet becomes rows, cell for cell; what stands around its table becomes rejects."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import struct
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import openpyxl
import pytest
import xlwt
from xlwt.CompoundDoc import XlsDoc

from controlplane.errors import LoadError, SourceError

QUARANTINE = {"error_action": "quarantine"}
Rows = Sequence[Sequence[Any]]


def xlsx(sheets: dict[str, Rows], change: Callable[[Any], None] | None = None) -> bytes:
    """A workbook with these sheets; `change` may do more to it."""
    book = openpyxl.Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    if change:
        change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def excel(loading: Any, path: str = "shop.xlsx", **settings: Any) -> Any:
    return loading.csv(path, source_type="excel", **{"error_handling": QUARANTINE, **settings})


def test_values_of_all_kinds_are_text_in_one_form(loading: Any) -> None:
    error = openpyxl.cell.cell.ERROR_CODES[0]
    header = ["n", "whole", "part", "long", "day", "at", "clock", "span", "yes", "wrong", "text"]
    values = [
        1,
        2.0,
        0.1 + 0.2,
        1234567890123456,
        dt.date(2024, 1, 2),
        dt.datetime(2024, 1, 2, 3, 4, 5),
        dt.time(3, 4, 5),
        dt.timedelta(hours=36, minutes=15),
        True,
        error,
        ' a "b",\nc\t',
    ]
    loading.warehouse.file("shop.xlsx", xlsx({"S": [header, values]}))
    loading.load(excel(loading))
    assert loading.rows() == [
        (
            "1",
            "2",
            "0.3",
            "1234567890123456",
            "2024-01-02",
            "2024-01-02 03:04:05",
            "03:04:05",
            "36:15:00",
            "true",
            error,
            ' a "b",\nc\t',
        )
    ]


def test_fractions_are_the_shortest_text_that_gives_them_back(loading: Any) -> None:
    numbers = [0.1, 1e-7, 12345.678901, 1e20, -2.5]
    loading.warehouse.file("shop.xlsx", xlsx({"S": [["a", "b"], *([n, n] for n in numbers)]}))
    loading.load(excel(loading))
    assert [a for a, _ in loading.rows()] == ["0.1", "1e-07", "12345.678901", "1e+20", "-2.5"]


def test_errors_are_found_wherever_they_stand(loading: Any) -> None:
    rows: list[list[Any]] = [["id", "a", "b"]]
    rows += [[n, "#DIV/0!" if n % 1000 == 7 else n, n] for n in range(30_000)]
    loading.warehouse.file("shop.xlsx", xlsx({"first": [["x", "y"], [1, 2]], "S": rows}))
    loading.load(excel(loading, format={"sheet": "S"}))
    wrong = [row for row in loading.rows() if row[1] != row[0]]
    assert wrong == [(str(n), "#DIV/0!", str(n)) for n in range(7, 30_000, 1000)]


def test_a_formula_gives_the_value_that_was_saved_with_it(loading: Any) -> None:
    content = xlsx({"S": [["a", "b"], [2, "=A2*3"]]})
    # openpyxl writes no values of formulas; a spreadsheet does.
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"</f><v />", b"</f><v>6</v>"))
    loading.warehouse.file("shop.xlsx", out.getvalue())
    loading.load(excel(loading))
    assert loading.rows() == [("2", "6")]


def messy(book: Any) -> None:
    sheet = book["S"]
    sheet["C2"] = "Sales of 2024"
    sheet.merge_cells("C2:G2")
    sheet["C3"], sheet["D3"] = "Printed", dt.date(2024, 5, 1)
    sheet["K3"] = "page 1"
    for place, name in {"C5": "Customer", "E5": "Order", "G5": "Total"}.items():
        sheet[place] = name
    sheet.merge_cells("C5:D5")
    sheet.merge_cells("E5:F5")
    sheet.merge_cells("G5:G6")
    rows: dict[int, Sequence[Any]] = {
        6: ["Id", "Name", "Id", "Day", None],
        7: ["number", "text", "number", "date", "EUR"],
        8: [1, "Ann", 10, dt.date(2024, 1, 8), 1.5],
        9: [2, None, 20, dt.date(2024, 1, 9), 2],
        11: [3, "Bob", 30, dt.date(2024, 1, 10), 2.5],
        12: [4, "Eve", 40, dt.date(2024, 1, 11), None],
        15: ["Source: the shop"],
    }
    for number, values in rows.items():
        for index, value in enumerate(values):
            sheet.cell(number, 3 + index, value)


def test_what_stands_around_the_table_is_told_from_it(loading: Any) -> None:
    loading.warehouse.file("shop.xlsx", xlsx({"S": []}, messy))
    result = loading.load(excel(loading))
    [titles] = loading.ledger("source_columns")[0]
    assert titles == '["Customer Id", "Customer Name", "Order Id", "Order Day", "Total"]'
    assert loading.rows() == [
        ("1", "Ann", "10", "2024-01-08", "1.5"),
        ("2", None, "20", "2024-01-09", "2"),
        ("3", "Bob", "30", "2024-01-10", "2.5"),
        ("4", "Eve", "40", "2024-01-11", None),
    ]
    assert loading.rejects() == [
        (2, "Sales of 2024", "stands above the table"),
        (3, "Printed\t2024-05-01\t\t\t\t\t\t\tpage 1", "stands above the table"),
        (7, "number\ttext\tnumber\tdate\tEUR", "stands between the header and the data"),
        (15, "Source: the shop", "stands below the table"),
    ]
    assert (result.rows_read, result.rows_loaded) == (8, 4)


def test_a_value_beside_the_table_and_a_repeated_header_are_rejects(loading: Any) -> None:
    rows: list[list[Any]] = [["id", "n"], *([i, i] for i in range(2100)), [7, 7, None, "hm"]]
    rows += [["id", "n"], [8, 8]]
    loading.warehouse.file("shop.xlsx", xlsx({"S": rows}))
    loading.load(excel(loading))
    assert len(loading.rows()) == 2101
    assert loading.rejects() == [
        (2102, "7\t7\t\thm", "has a value in column D, beside the table"),
        (2103, "id\tn", "repeats the header"),
    ]


def test_a_second_table_below_the_first_is_not_loaded_as_part_of_it(loading: Any) -> None:
    rows: Rows = [
        ["id", "name", "price"],
        [1, "Ann", 1.5],
        [2, "Bob", 2.5],
        [],
        [3, "Eve", None],
        [],
        ["Shops"],
        ["shop", "city", "since"],
        ["north", "Kiel", 1999],
        [7, "south", 8],
    ]
    loading.warehouse.file("shop.xlsx", xlsx({"S": rows}))
    loading.load(excel(loading))
    assert loading.rows() == [("1", "Ann", "1.5"), ("2", "Bob", "2.5"), ("3", "Eve", None)]
    assert loading.rejects("line_number", "reason") == [
        (number, "stands below the table") for number in (7, 8, 9, 10)
    ]


def test_a_spec_may_say_where_the_header_is(loading: Any) -> None:
    rows: Rows = [["Report of the day"], ["id", "n"], ["x", "y"], [1, 2]]
    loading.warehouse.file("shop.xlsx", xlsx({"S": rows}))
    loading.load(excel(loading, format={"skip_lines": 1}, error_handling={}))
    assert loading.rows("id", "n") == [("x", "y"), ("1", "2")]
    loading.warehouse.file("shop.xlsx", xlsx({"S": [[5, 6], [7, 8]]}))
    told: dict[str, Any] = {"format": {"header": False}, "columns": [{"name": "id"}, {"name": "n"}]}
    loading.load(excel(loading, **told))
    assert loading.rows("id", "n")[2:] == [("5", "6"), ("7", "8")]


def test_what_is_found_around_a_table_stops_a_load_that_tolerates_nothing(loading: Any) -> None:
    loading.warehouse.file("shop.xlsx", xlsx({"S": [["Report"], ["id", "n"], [1, 2]]}))
    with pytest.raises(LoadError, match="line 1: stands above the table"):
        loading.load(excel(loading, error_handling={}))
    assert ("raw", "shop") not in loading.warehouse.target.relations()


def test_the_sheet_with_data_is_taken_and_of_several_the_one_that_is_named(loading: Any) -> None:
    def hide(book: Any) -> None:
        book["lists"].sheet_state = "hidden"

    sheets: dict[str, Rows] = {"info": [], "S": [["a", "b"], [1, 2]], "lists": [["x", "y"], [3, 4]]}
    loading.warehouse.file("shop.xlsx", xlsx(sheets, hide))
    loading.load(excel(loading))
    assert loading.rows("a", "b") == [("1", "2")]
    loading.warehouse.file("shop.xlsx", xlsx(sheets))
    with pytest.raises(SourceError, match=r"has 2 sheets: S, lists") as caught:
        loading.load(excel(loading))
    assert "format.sheet" in str(caught.value.hint)
    with pytest.raises(SourceError, match=r"no sheet 'T' \(has: info, S, lists\)"):
        loading.load(excel(loading, format={"sheet": "T"}))
    loading.load(excel(loading, format={"sheet": "S"}))
    assert len(loading.rows()) == 2


def test_an_old_workbook_is_read_alike(loading: Any) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("S")
    day = xlwt.easyxf(num_format_str="YYYY-MM-DD HH:MM:SS")
    sheet.write_merge(0, 0, 0, 3, "Sales")
    rows: Rows = [
        ["id", "n", "at", "ok"],
        [1, 1.5, dt.datetime(2024, 1, 2, 3, 4), True],
        [2, 2, dt.datetime(2024, 1, 3), False],
    ]
    for row, values in enumerate(rows, start=2):
        for column, value in enumerate(values):
            style = day if isinstance(value, dt.datetime) else xlwt.Style.default_style
            sheet.write(row, column, value, style)
    out = io.BytesIO()
    book.save(out)
    loading.warehouse.file("shop.xls", out.getvalue())
    loading.load(excel(loading, "shop.xls"))
    assert loading.rows() == [
        ("1", "1.5", "2024-01-02 03:04:00", "true"),
        ("2", "2", "2024-01-03", "false"),
    ]
    assert loading.rejects() == [(1, "Sales", "stands above the table")]


OFFICE = "urn:oasis:names:tc:opendocument:xmlns:"
ODS = f"""<office:document-content xmlns:office="{OFFICE}office:1.0" xmlns:table="{OFFICE}table:1.0"
xmlns:text="{OFFICE}text:1.0"><office:body><office:spreadsheet><table:table table:name="S">
<table:table-row><table:table-cell office:value-type="string"><text:p>id</text:p></table:table-cell>
<table:table-cell office:value-type="string"><text:p>day</text:p></table:table-cell></table:table-row>
<table:table-row><table:table-cell office:value-type="float" office:value="1"><text:p>1</text:p>
</table:table-cell><table:table-cell office:value-type="date" office:date-value="2024-01-02">
<text:p>2 Jan</text:p></table:table-cell></table:table-row>
<table:table-row><table:table-cell office:value-type="float" office:value="2"><text:p>2</text:p>
</table:table-cell><table:table-cell office:value-type="boolean" office:boolean-value="true">
<text:p>TRUE</text:p></table:table-cell></table:table-row>
</table:table></office:spreadsheet></office:body></office:document-content>"""


def test_an_open_document_is_read_alike(loading: Any) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", ODS.replace(">\n<", "><"))
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    loading.warehouse.file("shop.ods", out.getvalue())
    loading.load(excel(loading, "shop.ods"))
    assert loading.rows() == [("1", "2024-01-02"), ("2", "true")]


@pytest.mark.parametrize("rows", [2, 3000])
def test_errors_of_an_old_workbook_are_found(loading: Any, rows: int) -> None:
    book = xlwt.Workbook()
    book.add_sheet("info")
    sheet = book.add_sheet("Ü")
    sheet.write(0, 1, "id")
    sheet.write(0, 2, "n")
    sheet.write(0, 3, "m")
    for row in range(1, rows + 1):
        sheet.write(row, 1, row)
        sheet.write(row, 2, row % 2 == 0)
        sheet.row(row).set_cell_error(3, "#N/A!" if row % 3 else "#DIV/0!")
    out = io.BytesIO()
    book.save(out)
    loading.warehouse.file("shop.xls", out.getvalue())
    loading.load(excel(loading, "shop.xls"))
    assert loading.rows() == [
        (str(n), "false" if n % 2 else "true", "#N/A" if n % 3 else "#DIV/0!")
        for n in range(1, rows + 1)
    ]


def test_a_workbook_may_be_packed_and_its_columns_are_described(loading: Any) -> None:
    from controlplane.load.describe import describe_source

    rows: Rows = [
        ["id", "day", "price"],
        [1, dt.date(2024, 1, 1), 1.25],
        [2, dt.date(2024, 1, 2), 3],
    ]
    loading.warehouse.file("shop.xlsx.gz", gzip.compress(xlsx({"S": rows})))
    process = excel(loading, "shop.xlsx.gz")
    found = describe_source(process, loading.warehouse.project).columns
    assert [(c.name, c.type) for c in found] == [
        ("id", "integer"),
        ("day", "date"),
        ("price", "decimal(18,2)"),
    ]
    loading.load(process)
    assert loading.rows() == [("1", "2024-01-01", "1.25"), ("2", "2024-01-02", "3")]
    again = loading.load(process)
    assert (again.batches, again.unchanged_sources) == ((), 1)


GOOD = xlsx({"S": [["a", "b"], [1, 2]]})


def old(stream: bytes) -> bytearray:
    """An old Office document with this stream as its workbook."""
    out = io.BytesIO()
    XlsDoc().save(out, stream)
    return bytearray(out.getvalue())


def old_stream() -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("S")
    sheet.write_merge(0, 0, 0, 1, "Sales")
    sheet.write(1, 0, "a")
    stream: bytes = book.get_biff_data()
    return stream


def with_a_password() -> bytes:
    """As new workbooks are encrypted: in an old document, in a stream of this name."""
    content = old(b"\0" * 5000)
    name = "EncryptedPackage".encode("utf-16-le")
    at = content.find("Workbook".encode("utf-16-le"))
    content[at : at + 66] = name.ljust(64, b"\0") + struct.pack("<H", len(name) + 2)
    return bytes(content)


def old_with_a_password() -> bytes:
    """As old workbooks are encrypted: a record behind the first says so."""
    stream = old_stream()
    return bytes(old(stream[:20] + b"\x2f\x00\x06\x00" + bytes(6) + stream[20:]))


def old_and_harmful() -> bytes:
    """A list of merged cells without its length, at which the library gives up the process."""
    stream = old_stream()
    at = stream.find(b"\xe5\x00\x0a\x00")
    assert at > 0
    return bytes(old(stream[:at] + b"\xe5\x00\x00\x00" + stream[at + 14 :]))


def no_workbook() -> bytes:
    """An old Office document of another kind."""
    workbook, other = "Workbook".encode("utf-16-le"), "Notebook".encode("utf-16-le")
    return bytes(old(b"x" * 5000).replace(workbook, other))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (GOOD[: len(GOOD) // 2], "damaged"),
        (GOOD[:-30], "damaged"),
        (b"a,b\n1,2\n", "is no workbook"),
        (with_a_password(), "is protected by a password"),
        (old_with_a_password(), "is protected by a password"),
        (old_and_harmful(), "damaged"),
        (no_workbook(), "is no workbook, or is damaged"),
        (xlsx({"S": [], "T": []}), "no sheet that holds anything"),
        (xlsx({"S": [["Only a title"]]}), "holds no table"),
        (b"", "no workbook"),
    ],
)
def test_what_is_no_table_is_refused_and_nothing_is_loaded(
    loading: Any, content: bytes, said: str
) -> None:
    loading.warehouse.file("shop.xlsx", content)
    with pytest.raises(SourceError, match=said):
        loading.load(excel(loading))
    assert ("raw", "shop") not in loading.warehouse.target.relations()


def test_a_workbook_that_is_called_a_csv_file_is_told(loading: Any) -> None:
    loading.warehouse.file("shop.csv", GOOD)
    with pytest.raises(SourceError, match="is a workbook, and the spec says source_type csv"):
        loading.load(loading.csv("shop.csv"))
