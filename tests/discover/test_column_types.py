"""What columns of text are found to be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import duckdb
import pytest

from controlplane.discover.column_types import find_column_types
from controlplane.discover.findings import ColumnType


@pytest.fixture(scope="module")
def reader() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    yield connection
    connection.close()


def find(
    reader: duckdb.DuckDBPyConnection, columns: Mapping[str, Sequence[str | None]]
) -> dict[str, ColumnType]:
    """The types of a table's columns."""
    names = list(columns)
    quoted = ['"' + name.replace('"', '""') + '"' for name in names]
    reader.execute(
        f"create or replace table given ({', '.join(f'{each} varchar' for each in quoted)})"
    )
    for row in zip(*columns.values(), strict=True):
        reader.execute(f"insert into given values ({', '.join('?' * len(names))})", list(row))
    return dict(zip(names, find_column_types(reader, "given", names), strict=True))


def one(
    reader: duckdb.DuckDBPyConnection, values: Sequence[str | None], name: str = "c1"
) -> ColumnType:
    return find(reader, {name: values})[name]


NUMBERS = {
    "integers": (["1", "-20", "300"], "integer", None, "integer"),
    "large integers": (["1", "3000000000"], "integer", None, "bigint"),
    "decimals": (["1.5", "-2.25", "0.5"], "decimal", None, "decimal(18,2)"),
    "floats": (["1.123456789012", "2.5"], "decimal", None, "double"),
    "scientific": (["1.5e10", "2.25E-3"], "decimal", "scientific", "double"),
    "dollars": (["$1,234.50", "($20.00)"], "decimal", "currency", "text"),
    "euros": (["1.234,50 €", "20,00 €"], "decimal", "currency", "text"),
    "codes of currencies": (["USD 45", "USD 1,200.50"], "decimal", "currency", "text"),
    "per cent": (["18.90%", "7 %"], "decimal", "percent", "text"),
    "thousands in English": (["1,234", "12,345,678"], "integer", None, "text"),
    "thousands in German": (["1.234,5", "12.345.678,9"], "decimal", None, "text"),
    "decimal comma": (["3,5", "0,25"], "decimal", None, "text"),
    "thousands in French": (["1 234,5", "12 345 678,9"], "decimal", None, "text"),
    "thousands in Swiss": (["1'234.5", "12'345'678.9"], "decimal", None, "text"),
    "leading zeros": (["00123", "04567"], "string", None, "text"),
    "numbers with a unit": (["5 kg", "12.5 kg", "7 kg"], "string", "embedded_number", "text"),
}


@pytest.mark.parametrize("case", NUMBERS)
def test_numbers_are_read_in_every_convention(reader: duckdb.DuckDBPyConnection, case: str) -> None:
    values, kind, semantic, storage = NUMBERS[case]
    found = one(reader, values)
    assert (found.type, found.semantic, found.storage) == (kind, semantic, storage)


TIMES = {
    "2024-03-31": ("date", "%Y-%m-%d", "date"),
    "31.03.2024": ("date", "%d.%m.%Y", "text"),
    "03/31/2024": ("date", "%m/%d/%Y", "text"),
    "31/03/24": ("date", "%d/%m/%y", "text"),
    "20240331": ("date", "%Y%m%d", "text"),
    "31 Mar 2024": ("date", "%d %b %Y", "text"),
    "March 31, 2024": ("date", "%B %d, %Y", "text"),
    "2024-W13-7": ("date", "%G-W%V-%u", "text"),
    "2024-03-31 23:59:59": ("datetime", "%Y-%m-%d %H:%M:%S", "timestamp"),
    "2024-03-31T23:59:59Z": ("datetime", "%Y-%m-%dT%H:%M:%S%z", "timestamp"),
    "2024-03-31T23:59:59.123+02:00": ("datetime", "%Y-%m-%dT%H:%M:%S.%f%z", "timestamp"),
    "03/31/2024 11:59 PM": ("datetime", "%m/%d/%Y %I:%M %p", "text"),
    "20240331235959": ("datetime", "%Y%m%d%H%M%S", "text"),
    "23:59": ("time", "%H:%M", "time"),
    "11:59 PM": ("time", "%I:%M %p", "text"),
}


@pytest.mark.parametrize("value", TIMES)
def test_dates_and_times_are_found_with_a_pattern_that_reads_them(
    reader: duckdb.DuckDBPyConnection, value: str
) -> None:
    kind, pattern, storage = TIMES[value]
    # A second value of the same form.
    other = value.replace("2024", "2023").replace("/24", "/23").replace("59", "58")
    found = one(reader, [value, other], name="moment")
    assert (found.type, found.format, found.storage) == (kind, pattern, storage)
    assert datetime.strptime(value, pattern)  # noqa: DTZ007 - any that is read


def test_eight_digits_are_days_unless_their_name_only_counts(
    reader: duckdb.DuckDBPyConnection,
) -> None:
    values = [f"2024{month:02}{day:02}" for month in range(1, 13) for day in (1, 17, 28)]
    assert one(reader, values, name="opened").type == "date"
    assert one(reader, values, name="c7").type == "integer"


def test_months_are_read_in_other_languages(reader: duckdb.DuckDBPyConnection) -> None:
    found = one(reader, ["3. März 2024", "14. Oktober 2023", "1. Mai 2024"])
    assert (found.type, found.storage) == ("date", "text")
    assert one(reader, ["3 février 2024", "14 août 2023"]).type == "date"


def test_the_day_is_told_from_the_month_by_the_whole_column(
    reader: duckdb.DuckDBPyConnection,
) -> None:
    assert one(reader, ["01/02/2024", "03/04/2024", "25/04/2024"]).format == "%d/%m/%Y"
    assert one(reader, ["01/02/2024", "03/04/2024", "04/25/2024"]).format == "%m/%d/%Y"


def test_the_day_is_told_from_the_month_by_a_neighbour(reader: duckdb.DuckDBPyConnection) -> None:
    ambiguous = ["05/02/2024", "03/04/2024", "01/06/2024"]
    alone = one(reader, ambiguous)
    assert alone.confidence <= 0.6
    assert "other way round" in alone.reason
    both = find(reader, {"a": ambiguous, "b": ["25/12/2023", "13/01/2024", "02/02/2024"]})
    assert both["a"].format == "%d/%m/%Y"
    assert both["a"].confidence > alone.confidence


def test_the_order_of_the_rows_tells_the_day_from_the_month(
    reader: duckdb.DuckDBPyConnection,
) -> None:
    found = one(reader, [f"0{day}/0{month}/2024" for month in (1, 2, 3) for day in (2, 4, 6)])
    assert found.format == "%d/%m/%Y"


@pytest.mark.parametrize(
    ("values", "semantic"),
    [
        (["a.b@example.org", "c@example.com"], "email"),
        (["https://example.org/a", "http://example.com"], "url"),
        (["10.0.0.1", "192.168.1.255"], "ip"),
        (["fe80::1", "2001:db8::ff00:42"], "ip"),
        (["6f1c1f9e-58cf-4d7c-9a52-0d6f6f1e2f10", "0b0e7a3c-9d2b-4c55-8f7d-2b1a6c9d0e11"], "uuid"),
        (['{"a": 1}', "[1, 2]"], "json"),
        (["52.5200, 13.4050", "-33.8688, 151.2093"], "geo"),
        (["PT1H30M", "P2DT5H"], "duration"),
        (["+49 30 123456", "(206) 555-9857", "1-800-222-0451"], "phone"),
        (["SW1A 1AA", "EC2 7JR", "M1 1AE"], "postcode"),
        (["DE", "FR", "IT", "ES", "PL"], "country_code"),
        (["USD", "EUR", "GBP", "JPY"], "currency_code"),
        (["en", "de", "fr-FR", "es", "pt-BR"], "language_code"),
        (["a; b; c", "b; c", "d"], "list"),
        (
            ["Bread, rolls and everything else that a baker makes in the morning."] * 2
            + ["Sweet things that people like to eat with their coffee in the afternoon."],
            "text",
        ),
        (["small", "large", "large", "small", "small", "large"], "categorical"),
        (["same", "same", "same"], "constant"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_texts_are_recognised(
    reader: duckdb.DuckDBPyConnection, values: list[str], semantic: str
) -> None:
    found = one(reader, values)
    assert (found.type, found.semantic) == ("string", semantic)


def test_uuids_and_json_can_be_stored_as_such(reader: duckdb.DuckDBPyConnection) -> None:
    assert one(reader, ["6f1c1f9e-58cf-4d7c-9a52-0d6f6f1e2f10"]).storage == "uuid"
    assert one(reader, ['{"a": 1}', "[1, 2]"]).storage == "json"


def test_a_name_decides_where_the_values_leave_it_open(reader: duckdb.DuckDBPyConnection) -> None:
    bits, digits, years = ["0", "1", "1"], ["98122", "98401", "98033"], ["1999", "2004", "2010"]
    moments = ["1732627200", "1732713600", "1732800000"]
    found = find(
        reader,
        {
            "quantity": bits,
            "isMember": bits,
            "amount": digits,
            "zip": digits,
            "lot": years,
            "model_year": years,
            "created_at": moments,
            "total": moments,
        },
    )
    assert {name: each.type for name, each in found.items()} == {
        "quantity": "integer",
        "isMember": "boolean",
        "amount": "integer",
        "zip": "string",
        "lot": "integer",
        "model_year": "year",
        "created_at": "datetime",
        "total": "integer",
    }
    assert found["created_at"].semantic == "unix_seconds"
    assert found["zip"].semantic == "postcode"


def test_words_for_missing_values_are_named_and_do_not_spoil_the_type(
    reader: duckdb.DuckDBPyConnection,
) -> None:
    found = one(reader, ["1", "NA", "3", "NA", "5", None, "-"])
    assert found.type == "integer"
    assert {each.value: each.rows for each in found.sentinels} == {"NA": 2, "-": 1}
    # They are no nulls yet: the cast would refuse them.
    assert (found.storage, found.storage_without) == ("text", "integer")
    prices = one(reader, ["1.50", "n/a", "20.25", "3", "n/a", " 4 "])
    assert (prices.storage, prices.storage_without) == ("text", "decimal(18,2)")
    mixed = one(reader, ["1", "NA", *map(str, range(2, 60)), "one"])
    assert mixed.storage_without == "text"
    assert one(reader, ["1", "2", "3"]).storage_without == "text"


def test_impossible_numbers_and_dates_are_named(reader: duckdb.DuckDBPyConnection) -> None:
    ages = [str(20 + index % 40) for index in range(80)] + ["999"] * 4
    days = [f"2024-01-{1 + index % 28:02d}" for index in range(80)] + ["9999-12-31"] * 4
    found = find(reader, {"age": ages, "ended": days})
    assert [(each.value, each.rows) for each in found["age"].sentinels] == [("999", 4)]
    assert [(each.value, each.rows) for each in found["ended"].sentinels] == [("9999-12-31", 4)]
    assert (found["age"].storage, found["ended"].storage) == ("integer", "date")


def test_numbers_that_belong_to_the_others_are_no_sentinels(
    reader: duckdb.DuckDBPyConnection,
) -> None:
    found = find(
        reader,
        {
            "number": [str(index) for index in range(900, 1100)],
            "day": [f"19{index % 10}0-01-01" for index in range(200)],
        },
    )
    assert found["number"].sentinels == ()
    assert found["day"].sentinels == ()


def test_what_stands_for_missing_in_numbers_can_be_a_code_among_codes(
    reader: duckdb.DuckDBPyConnection,
) -> None:
    assert one(reader, ["ZA", "NA", "BW", "ZW", "AO"]).sentinels == ()
    assert one(reader, ["MN", "ND", "SD", "WI", "MN"], "state").sentinels == ()


def test_exceptions_beyond_the_sample_are_found(reader: duckdb.DuckDBPyConnection) -> None:
    reader.execute(
        "create or replace table long_table as select i::varchar as a,"
        " case when i in (4321, 4567) then 'unknown' else (i % 90)::varchar end as b,"
        " case when i > 9000 then 'text ' || i else i::varchar end as c"
        " from range(10000) as r(i)"
    )
    a, b, c = find_column_types(reader, "long_table", ["a", "b", "c"])
    assert (a.type, a.storage) == ("integer", "integer")
    assert (b.type, b.storage) == ("integer", "text")
    assert [(each.value, each.rows) for each in b.sentinels] == [("unknown", 2)]
    assert c.type == "string"


def test_values_that_only_few_rows_have_are_found(reader: duckdb.DuckDBPyConnection) -> None:
    reader.execute(
        "create or replace table seldom as select"
        " case when i % 10 = 0 and i between 1500 and 1600 then (i * 37 % 1000)::varchar end as a,"
        " case when i = 1555 then 'b' else 'a' end as b from range(10000) as r(i)"
    )
    a, b = find_column_types(reader, "seldom", ["a", "b"])
    assert (a.type, a.storage) == ("integer", "integer")
    assert (b.type, b.semantic) == ("string", "categorical")


def test_a_view_is_read_like_a_table(reader: duckdb.DuckDBPyConnection) -> None:
    reader.execute(
        "create or replace table base as select (i % 70)::varchar as a from range(9000) as r(i)"
    )
    reader.execute("create or replace view shown as select a from base")
    assert find_column_types(reader, "shown", ["a"]) == find_column_types(reader, "base", ["a"])


def test_a_constant_is_one_in_all_rows(reader: duckdb.DuckDBPyConnection) -> None:
    reader.execute(
        "create or replace table rare as select case when i = 5000 then 'b' else 'a' end as a, 'x' as b"
        " from range(10000) as r(i)"
    )
    a, b = find_column_types(reader, "rare", ["a", "b"])
    assert a.semantic != "constant"
    assert b.semantic == "constant"


def test_columns_without_values_are_empty(reader: duckdb.DuckDBPyConnection) -> None:
    assert one(reader, [None, None]).type == "empty"
    assert one(reader, ["", None]).type == "empty"
    assert one(reader, ["NA", "NA"]).type == "empty"
    assert one(reader, []).type == "empty"


def test_any_name_of_a_column_can_be_asked(reader: duckdb.DuckDBPyConnection) -> None:
    names = ['a "quoted" one', "select", "größe 📏", "a{b}c", "semi;colon", "x'y", " "]
    found = find(reader, {name: ["1", "2", "NA"] for name in names})
    assert {each.type for each in found.values()} == {"integer"}


def test_any_text_can_be_a_value(reader: duckdb.DuckDBPyConnection) -> None:
    odd = [
        "'",
        '"',
        "{c}",
        "\\",
        "%s",
        "\x00",
        "🙂",
        "é" * 5000,
        "(",
        "[",
        "--",
        "1;drop",
        "\u0661",
    ]
    found = one(reader, odd)
    assert found.type == "string"


def test_the_answer_is_the_same_every_time(reader: duckdb.DuckDBPyConnection) -> None:
    reader.execute(
        "create or replace table again as select hash(i)::varchar as a, (i * 7919 % 1009)::varchar as b"
        " from range(20000) as r(i)"
    )
    first = find_column_types(reader, "again", ["a", "b"])
    assert all(find_column_types(reader, "again", ["a", "b"]) == first for _ in range(3))


def test_hundreds_of_columns_are_told_apart(reader: duckdb.DuckDBPyConnection) -> None:
    terms = ", ".join(f"(i % {k + 5})::varchar as n{k}, 'w' || i as t{k}" for k in range(130))
    reader.execute(f"create or replace table wide as select {terms} from range(30) as r(i)")
    names = [f"{kind}{k}" for k in range(130) for kind in "nt"]
    found = find_column_types(reader, "wide", names)
    assert [each.type for each in found] == ["integer", "string"] * 130
