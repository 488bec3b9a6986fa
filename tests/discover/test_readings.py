"""What is found in a column ends in a type: each reading, on every target, against Python's own."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import duckdb
import jinja2
import psycopg2
import pytest

from controlplane import sql
from controlplane.config import load_project
from controlplane.discover.code_lists import MONTHS
from controlplane.discover.column_types import find_column_types
from controlplane.discover.draft import draft_process
from controlplane.discover.findings import Column as FoundColumn
from controlplane.discover.findings import ColumnType, Written
from controlplane.discover.month_names import month_patterns
from controlplane.discover.names import TableName
from controlplane.discover.readings import FALSE_WORDS, TRUE_WORDS, Reading, reading_of, texts_read
from controlplane.discover.shared_readings import with_shared_readings
from controlplane.discover.type_choice import _TRUTHS
from controlplane.generate import resolve
from controlplane.generate.checked import checked
from controlplane.quality.criteria import criteria
from controlplane.scaffold import write_project
from controlplane.specs.files import parse_etl
from controlplane.specs.source_schema import SourceColumn, SourceSchema
from controlplane.sql import Column
from tests.conftest import ROOT, PostgresDatabase
from tests.discover.made import column, findings, table, to

MACROS = ("is_date", "try_cast", "cast_error", "computed_once", "by_target")
UNREAD, NULL = "unread", "null"
BLANKS = [None, "", " ", "   "]
# What no reading may take for anything.
GARBAGE = [
    *(
        "x",
        "?",
        "#",
        "#1",
        "-",
        "()",
        "%",
        "n/a",
        "\n",
        "\t",
        "١٢",
        "'; drop table r; --",
        "{{ 1 }}",
    ),
    *("<jan>", "2024-<jan>-01", "1.2.3", "1,2,3,4", "12 apples", "00.00.0000", "e5", "NaN", "inf"),
    *(
        "99999999999999999999999999999999999999999999",
        "24:00",
        "pm 03:15",
        "±5",
        "5 5",
        "\\1",
        "$1",
    ),
]


class Server(Protocol):
    """The PostgreSQL server of the session."""

    def url(self, dbname: str) -> str: ...
    def execute(self, statement: str, dbname: str | None = None) -> None: ...


Both = Callable[[Reading, Sequence[str | None]], list[str]]


@pytest.fixture(scope="module")
def both(database_server: Server) -> Iterator[Both]:
    """What a reading and its checked cast make of texts, alike on both targets or it fails.

    Each answer is the value's text, `unread` for what goes to quarantine, or `null`.
    """
    name = "readings_alike"
    database_server.execute(f"drop database if exists {name}")
    database_server.execute(f"create database {name}")
    with (
        duckdb.connect() as duck,
        closing(psycopg2.connect(database_server.url(name))) as server,
        server.cursor() as cursor,
    ):
        server.autocommit = True
        for run in (duck.execute, cursor.execute):
            run("set timezone = 'Europe/Berlin'")
            run("create table r (n integer, x text)")

        def answers(reading: Reading, texts: Sequence[str | None]) -> list[str]:
            duck.execute("delete from r")
            duck.execute(
                "insert into r select unnest(?::integer[]), unnest(?::text[])",
                [list(range(len(texts))), list(texts)],
            )
            cursor.execute("delete from r")
            cursor.execute(
                "insert into r select * from unnest(%s::integer[], %s::text[])",
                [list(range(len(texts))), list(texts)],
            )
            written = str(reading.expression)
            rendered = settled(written).texts
            mine = duck.execute(question(reading, rendered["duckdb"])).fetchall()
            # As the draft asks whether the data confirm it.
            if written != rendered["duckdb"]:
                assert duck.execute(question(reading, written)).fetchall() == mine
            cursor.execute(question(reading, rendered["postgres"]))
            other = cursor.fetchall()
            differing = [row for row in zip(texts, mine, other, strict=True) if row[1] != row[2]]
            assert not differing
            return [row[0] for row in mine]

        yield answers
    database_server.execute(f"drop database if exists {name} with (force)")


def question(reading: Reading, expression: str) -> str:
    cast = macros("duckdb").try_cast("w", sql.sql_type(reading.kind))
    return (
        f"select case when trim(w, ' ') <> '' and v is null then '{UNREAD}'"
        f" else coalesce(cast(v as text), '{NULL}') end"
        f" from (select n, w, {cast} as v from (select n, {expression} as w from r offset 0) as a)"
        " as b order by n"
    )


def macros(target: str) -> Any:
    """The project's macros, as dbt renders them for a target."""
    text = "".join((ROOT / "macros" / f"{name}.sql").read_text("utf-8") for name in MACROS)
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)
    environment.globals["target"] = {"type": target}
    return environment.from_string(text).module


def settled(expression: str) -> sql.Expression:
    columns = [Column("x", "text")]
    return sql.settled(sql.resolve_columns(sql.parse_expression(expression), columns), columns)


def found(kind: Any, form: str | None = None, **more: Any) -> ColumnType:
    semantic = more.pop("semantic", None)
    return ColumnType(kind, semantic, form, 1.0, "", written=Written(**more) if more else None)


def damaged(texts: Sequence[str], chosen: random.Random) -> list[str]:
    """Texts of which a character is lost, doubled, exchanged with its neighbour or another one."""
    made = []
    for text in texts:
        at = chosen.randrange(len(text))
        new = chosen.choice("0123456789.,-/: $€%()+APMapmT'\u00a0\n")
        made.append(
            chosen.choice(
                [
                    text[:at] + text[at + 1 :],
                    text[:at] + text[at] + text[at:],
                    text[:at] + text[at : at + 2][::-1] + text[at + 2 :],
                    text[:at] + new + text[at + 1 :],
                    text[:at] + new + text[at:],
                ]
            )
        )
    return made


def test_no_reading_takes_garbage_or_blanks_for_a_value(both: Both) -> None:
    kinds = [
        *(numbers for _, numbers, _ in AMOUNTS),
        *(found(kind, form, words=words) for form, kind, words in FORMS[::3]),
        found("date", WEEKS[0]),
        found("datetime", semantic="unix_seconds"),
        found("datetime", semantic="unix_milliseconds"),
        found("boolean"),
    ]
    for kind in kinds:
        answers = both(reading_of(kind, "x"), [*BLANKS, *GARBAGE])
        assert answers[: len(BLANKS)] == [NULL] * len(BLANKS)
        read = {
            text: answer
            for text, answer in zip(GARBAGE, answers[len(BLANKS) :], strict=True)
            if answer != UNREAD
        }
        assert read.keys() <= ({"$1"} if kind.written and kind.written.sign == "$" else set()), kind


# --- numbers --------------------------------------------------------------------------------------


def grouped(number: Decimal, mark: str, decimal: str = ".") -> str:
    return f"{abs(number):,}".translate({ord(","): mark, ord("."): decimal})


def indian(number: Decimal) -> str:
    whole, _, fraction = f"{abs(number)}".partition(".")
    head, tail = whole[:-3], whole[-3:]
    pairs = re.findall("..", head.rjust(len(head) + len(head) % 2))
    return ",".join([*(pair.strip() for pair in pairs), tail]) + f".{fraction}"


def minus(number: Decimal) -> str:
    return "-" if number < 0 else ""


AMOUNTS: list[tuple[str, ColumnType, Callable[[Decimal], str]]] = [
    (
        "dollars",
        found("decimal", sign="$", scale=2, digits=9),
        lambda n: f"{minus(n)}${grouped(n, ',')}",
    ),
    (
        "dollars with the minus behind the sign",
        found("decimal", sign="$", scale=2, digits=9),
        lambda n: f"${minus(n)}{grouped(n, ',')}",
    ),
    (
        "euros behind",
        found("decimal", sign="€", decimal=",", group=".", scale=2, digits=9),
        lambda n: f"{minus(n)}{grouped(n, '.', ',')} €",
    ),
    (
        "in parentheses",
        found("decimal", scale=2, digits=9),
        lambda n: f"({grouped(n, ',')})" if n < 0 else grouped(n, ","),
    ),
    (
        "dollars in parentheses",
        found("decimal", sign="$", scale=2, digits=9),
        lambda n: f"(${grouped(n, ',')})" if n < 0 else f"$ {grouped(n, ',')}",
    ),
    (
        "minus behind",
        found("decimal", scale=2, digits=9),
        lambda n: grouped(n, ",") + minus(n),
    ),
    (
        "code before, apostrophes",
        found("decimal", sign="CHF", group="'", scale=2, digits=9),
        lambda n: f"CHF {minus(n)}{grouped(n, chr(0x2019))}",
    ),
    (
        "code behind, narrow spaces, a real minus",
        found("decimal", sign="kr.", decimal=",", group=" ", scale=2, digits=9),
        lambda n: f"{minus(n).replace('-', chr(0x2212))}{grouped(n, chr(0x202F), ',')}\u00a0kr.",
    ),
    (
        "decimal comma alone",
        found("decimal", decimal=",", group=".", scale=2, digits=9),
        lambda n: f"{n}".replace(".", ","),
    ),
    (
        "lakhs",
        found("decimal", scale=2, digits=9),
        lambda n: minus(n) + indian(n),
    ),
    (
        "per cent",
        found("decimal", sign="%", decimal=",", group=".", scale=2, digits=9),
        lambda n: f"{minus(n)}{grouped(n, '.', ',')} %",
    ),
    (
        "per mille",
        found("decimal", sign="‰", scale=2, digits=9),
        lambda n: f"{minus(n)}{grouped(n, ',')}‰",
    ),
    (
        "whole numbers",
        found("integer", group=".", decimal=",", digits=9),
        lambda n: minus(n) + grouped(n.to_integral_value(), "."),
    ),
    (
        "large whole numbers",
        found("integer", digits=17),
        lambda n: minus(n) + grouped(n.to_integral_value() * 10**8, ","),
    ),
]


def amounts(seed: str) -> list[Decimal]:
    chosen = random.Random(seed)
    listed = [
        Decimal(chosen.randint(-(10 ** chosen.randint(1, 9)), 10 ** chosen.randint(1, 9)))
        for _ in range(200)
    ]
    edges = [Decimal(n) for n in (0, 1, -1, 5, 99, 100, -100, 99999, 100000, 10**9 - 1)]
    return [each / 100 for each in (*edges, *listed)]


def said(text: str, written: Written) -> Decimal:
    """The number that the digits, the mark before decimals and the sign of a text make."""
    whole, mark, fraction = text.rpartition(written.decimal)
    whole, fraction = (whole, fraction) if mark else (text, "")
    digits = [re.sub("[^0-9]", "", part) for part in (whole, fraction)]
    number = Decimal(f"{digits[0] or '0'}.{digits[1] or '0'}")
    return -number if re.search("[-\u2212\u2013(]", text) else number


@pytest.mark.parametrize(
    ("kind", "write"),
    [each[1:] for each in AMOUNTS],
    ids=[each[0].replace(" ", "-") for each in AMOUNTS],
)
def test_a_number_is_read_as_it_is_written_and_never_as_another(
    kind: ColumnType, write: Callable[[Decimal], str], both: Both
) -> None:
    written = kind.written
    assert written
    reading = reading_of(kind, "x")
    texts = [write(number.quantize(Decimal("0.01"))) for number in amounts(str(kind))]
    answers = both(reading, texts)
    assert [(t, Decimal(a)) for t, a in zip(texts, answers, strict=True)] == [
        (t, said(t, written)) for t in texts
    ]
    assert UNREAD not in answers
    spoilt = damaged(texts, random.Random(str(kind)))
    answers = both(reading, spoilt)
    read = {t: a for t, a in zip(spoilt, answers, strict=True) if a not in (UNREAD, NULL)}
    assert {t: Decimal(a) for t, a in read.items()} == {
        t: said(t.replace("kr.", ""), written) for t in read
    }
    assert UNREAD in answers


def test_the_other_convention_and_other_currencies_are_not_read(both: Both) -> None:
    english = reading_of(found("decimal", sign="$", scale=2, digits=7), "x")
    assert english.kind == "decimal(18,2)"
    wrong = ["1.234,50", "$1,50", "1.234", "€5", "5 €", "5%", "$1,23,4", "12,34.5", "0,123"]
    wrong += ["$(5)", "-(5)", "--5", "5 CR", "1e5", "$", "1 234", "$1.", ".", "5.123"]
    expected = [UNREAD] * len(wrong)
    expected[wrong.index("$1.")] = "1.00"
    assert both(english, wrong) == expected
    right = [
        "5",
        "$5",
        "5$",
        "$ 5",
        "+5",
        ".5",
        "$0.50",
        "  $5 ",
        "-$.5",
        "\u2013 5",
        "1,234",
        "12,34,567",
    ]
    assert both(english, right) == [
        *("5.00", "5.00", "5.00", "5.00", "5.00", "0.50", "0.50", "5.00", "-0.50", "-5.00"),
        *("1234.00", "1234567.00"),
    ]


def test_a_percentage_is_the_number_before_its_sign_and_needs_it(both: Both) -> None:
    reading = reading_of(found("decimal", sign="%", scale=1, digits=3), "x")
    answers = both(reading, ["12.5 %", "12.5%", "-3%", "(3 %)", "0.125", "12.5‰", "%5"])
    assert answers == ["12.50", "12.50", "-3.00", "-3.00", UNREAD, UNREAD, UNREAD]


def test_the_type_has_room_for_the_digits() -> None:
    kinds = {
        (9, 0, "integer"): "integer",
        (10, 0, "integer"): "bigint",
        (19, 0, "integer"): "decimal(38,0)",
        (15, 2, "decimal"): "decimal(18,2)",
        (16, 2, "decimal"): "decimal(38,2)",
        (39, 2, "decimal"): "text",
    }
    for (digits, scale, kind), wanted in kinds.items():
        assert reading_of(found(kind, digits=digits, scale=scale), "x").kind == wanted


# --- dates and times ------------------------------------------------------------------------------

ENGLISH: tuple[str, ...] = ()
FORMS: list[tuple[str, str, tuple[str, ...]]] = [
    *(
        (form, "date", ENGLISH)
        for form in (
            *("%d.%m.%Y", "%m/%d/%Y", "%Y/%m/%d", "%Y-%m-%d", "%d %m %Y", "%Y%m%d", "%d.%m.%y"),
            *("%m/%d/%y", "%y-%m-%d", "%d %b %Y", "%d-%b-%y", "%d%b%Y", "%B %d, %Y", "%b. %d, %Y"),
            *("%A, %d %B %Y", "%Y-%b-%d", "%m/%Y", "%Y-%m", "%Y%m", "%B %Y", "%b-%y"),
            "%dth %B %Y",
        )
    ),
    *(
        (form, "datetime", ENGLISH)
        for form in (
            *("%d.%m.%Y %H:%M", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %I:%M:%S%p", "%Y/%m/%d %H:%M:%S.%f"),
            *("%Y%m%d%H%M%S", "%Y%m%dT%H%M%SZ", "%d.%m.%Y %H:%M:%S,%f", "%d/%b/%Y %H:%M:%S"),
            *(
                "%Y-%m-%dT%H:%M%z",
                "%d.%m.%Y %H:%M:%S %z",
                "%a, %d %b %Y %H:%M:%S %Z",
                "%y%m%d %H:%M",
            ),
        )
    ),
    *((form, "time", ENGLISH) for form in ("%H:%M", "%I:%M %p", "%I:%M:%S%p", "%H:%M:%S,%f")),
    ("%d. %B %Y", "date", ("märz", "oktober", "dezember")),
    ("%d %B %Y", "date", ("février", "août")),
]
WEEKS = ("%G-W%V", "%GW%V", "%G-W%V-%u")
STRICT = [each for each in FORMS if not each[2] and not re.search("%z|%Z|%A|%a|%dth", each[0])]


def moments(seed: str) -> list[datetime]:
    chosen = random.Random(seed)
    first = datetime(1969, 1, 1)
    span = int((datetime(2068, 12, 31) - first).total_seconds())
    edges = [
        datetime(2000, 2, 29, 0, 0),
        datetime(1999, 12, 31, 12, 0),
        datetime(2024, 1, 1, 23, 59, 59),
    ]
    listed = [first + timedelta(seconds=chosen.randint(0, span)) for _ in range(200)]
    return [
        each.replace(microsecond=chosen.choice((0, 250000, 123456))) for each in (*edges, *listed)
    ]


def written_as(moment: datetime, form: str, chosen: random.Random) -> str:
    """The moment in a format, some numbers of one digit without their zero."""
    text = moment.replace(tzinfo=UTC).strftime(form.replace("%Z", "GMT"))
    if form[:2] != "%y" and form[:4] != "%Y%m" and chosen.random() < 0.5:
        text = re.sub(r"(^|[ /.-])0([1-9])(?=[ /.:-]|[A-Za-z]{3})(?!\.?$)", r"\1\2", text)
    return text


def shown(moment: datetime, kind: str) -> str:
    if kind == "date":
        return str(moment.date())
    text = str(moment) if kind == "datetime" else str(moment.time())
    return text.rstrip("0") if "." in text else text


def as_python_reads(text: str, form: str, kind: str) -> str | None:
    """The value by `strptime`, which takes no dots behind names, no `Janu`, and no seventh digit."""
    plain = re.sub(r"(?<=[a-z])\.", "", text.strip(" ").lower())
    plain = re.sub("[a-z]{3,}", lambda word: word[0][:3] if word[0] in MONTHS else word[0], plain)
    plain = re.sub(r"(?<=[.,][0-9]{6})[0-9]+$", "", plain)
    try:
        read = datetime.strptime(plain, form.replace("b.", "b").replace("%B", "%b"))  # noqa: DTZ007
    except ValueError:
        return None
    return shown(read, kind)


@pytest.mark.parametrize(("form", "kind"), [each[:2] for each in FORMS if not each[2]])
def test_a_moment_is_read_as_python_reads_it(form: str, kind: str, both: Both) -> None:
    reading = reading_of(found(kind, form), "x")
    assert reading.said == form
    chosen = random.Random(form)
    wanted = []
    texts = []
    for moment in moments(form):
        text = written_as(moment, form, chosen)
        kept = moment if "%d" in form or kind != "date" else moment.replace(day=1)
        kept = kept if "%S" in form else kept.replace(second=0)
        kept = kept if "%f" in form else kept.replace(microsecond=0)
        texts.append(chosen.choice((text, text.upper(), f" {text}  ")))
        wanted.append(shown(kept, kind))
    answers = both(reading, texts)
    assert list(zip(texts, answers, strict=True)) == list(zip(texts, wanted, strict=True))


@pytest.mark.parametrize(("form", "kind"), [each[:2] for each in STRICT])
def test_a_damaged_moment_is_not_read_as_another(form: str, kind: str, both: Both) -> None:
    chosen = random.Random(form)
    texts = [written_as(moment, form, chosen) for moment in moments(form)]
    texts = damaged(texts, chosen)
    answers = both(reading_of(found(kind, form), "x"), texts)
    wrong = [
        (text, answer)
        for text, answer in zip(texts, answers, strict=True)
        if answer not in (UNREAD, as_python_reads(text, form, kind))
    ]
    assert not wrong
    assert UNREAD in answers


def test_days_and_times_that_do_not_exist_are_not_read(both: Both) -> None:
    wrong = {
        "%d.%m.%Y": ["30.2.2024", "29.2.2023", "31.4.2024", "0.1.2024", "1.13.2024", "1.1.0000"],
        "%d %b %Y": ["31 Apr 2024", "1 Jab 2024", "1 January2 2024", "1 mar  2024", "1 märz 2024"],
    }
    for form, texts in wrong.items():
        assert both(reading_of(found("date", form), "x"), texts) == [UNREAD] * len(texts)
    halves = ["13:00 PM", "0:30 AM", "00:30 am", "12:60 AM", "1:00", "1:00 XM", "1 PM"]
    assert both(reading_of(found("time", "%I:%M %p"), "x"), halves) == [UNREAD] * len(halves)
    right = ["12:00 AM", "12:30 PM", "1:00 a.m.", "11:59 P.M.", "01:00 pm"]
    assert both(reading_of(found("time", "%I:%M %p"), "x"), right) == [
        *("00:00:00", "12:30:00", "01:00:00", "23:59:00", "13:00:00")
    ]


def test_offsets_become_utc(both: Both) -> None:
    reading = reading_of(found("datetime", "%d.%m.%Y %H:%M:%S %z"), "x")
    chosen = random.Random(1)
    texts, wanted = [], []
    for moment in moments("offsets"):
        zone = timezone(timedelta(minutes=chosen.choice((0, 60, -330, 345, 840, -720))))
        there = moment.replace(microsecond=0, tzinfo=zone)
        mark = there.strftime("%z")
        mark = chosen.choice((mark, f"{mark[:3]}:{mark[3:]}"))
        texts.append(there.strftime("%d.%m.%Y %H:%M:%S ") + mark)
        wanted.append(str(there.astimezone(UTC).replace(tzinfo=None)))
    assert both(reading, texts) == wanted
    beyond = ["1.1.2024 10:00:00 +15:00", "1.1.2024 10:00:00 CET", "1.1.2024 10:00:00"]
    assert both(reading, beyond) == [UNREAD] * 3
    named = reading_of(found("datetime", "%Y-%m-%d %H:%M:%S %Z"), "x")
    assert both(named, ["2024-01-02 03:04:05 UTC", "2024-01-02 03:04:05 CET"]) == [
        *("2024-01-02 03:04:05", UNREAD)
    ]


def test_years_of_two_digits_are_of_this_century_until_2068(both: Both) -> None:
    reading = reading_of(found("date", "%d.%m.%y"), "x")
    answers = both(reading, ["1.2.68", "1.2.69", "1.2.00", "1.2.99", "1.2.2024", "1.2.4"])
    assert answers == [
        *("2068-02-01", "1969-02-01", "2000-02-01", "1999-02-01", UNREAD, UNREAD),
    ]


def test_each_month_is_read_in_each_language_that_times_are_found_in(both: Both) -> None:
    # In French it begins June and July.
    words = {word: number for word, number in MONTHS.items() if word != "jui"}
    for word, number in words.items():
        assert re.fullmatch(month_patterns([word])[number - 1], word), word
    reading = reading_of(found("date", "%d %B %Y", words=tuple(words)), "x")
    texts = [
        f"7 {written} 2024" for word in words for written in (word, word.upper(), word.title())
    ]
    wanted = [f"2024-{number:02}-07" for number in words.values() for _ in range(3)]
    assert list(zip(texts, both(reading, texts), strict=True)) == list(
        zip(texts, wanted, strict=True)
    )


@pytest.mark.parametrize("form", WEEKS)
def test_a_week_is_its_monday_unless_its_day_is_named(form: str, both: Both) -> None:
    texts, wanted = [], []
    for year in range(1998, 2032):
        for week in (1, 2, 9, 10, 52, 53, 54, 0):
            day = week % 7 + 1 if "%u" in form else 1
            text = form.replace("%G", str(year)).replace("%V", f"{week:02}").replace("%u", str(day))
            try:
                wanted.append(str(date.fromisocalendar(year, week, day)))
            except ValueError:
                wanted.append(UNREAD)
            texts.append(text)
    answers = both(reading_of(found("date", form), "x"), texts)
    assert list(zip(texts, answers, strict=True)) == list(zip(texts, wanted, strict=True))


@pytest.mark.parametrize(("semantic", "factor"), [("unix_seconds", 1), ("unix_milliseconds", 1000)])
def test_counts_since_1970_are_times_in_utc(semantic: str, factor: int, both: Both) -> None:
    reading = reading_of(found("datetime", semantic=semantic), "x")
    assert reading.kind == "timestamp"
    chosen = random.Random(semantic)
    numbers = [chosen.randint(10**9 * factor, 5 * 10**9 * factor) for _ in range(300)]
    numbers += [10**8 * factor, 10**10 * factor - 1, 1700000000 * factor]
    wanted = []
    for number in numbers:
        seconds, rest = divmod(number, factor)
        moment = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
        wanted.append(shown(moment + timedelta(milliseconds=rest), "datetime"))
    assert both(reading, [f" {number}" for number in numbers]) == wanted
    other = [str(1700000000 * (1000 if factor == 1 else 1)), "0", "-1", "1e9", "1700000000.5", "1"]
    assert both(reading, other) == [UNREAD] * len(other)


# --- yes and no -----------------------------------------------------------------------------------


def test_words_for_yes_and_no_are_read_in_any_case(both: Both) -> None:
    reading = reading_of(found("boolean"), "x")
    for words, wanted in ((TRUE_WORDS, "true"), (FALSE_WORDS, "false")):
        texts = [each for word in words for each in (word, word.upper(), f" {word.title()} ")]
        assert list(zip(texts, both(reading, texts), strict=True)) == [(t, wanted) for t in texts]
    assert both(reading, ["yess", "jain", "2", "01", "yes no"]) == [UNREAD] * 5
    for yes, no in _TRUTHS:
        assert yes in TRUE_WORDS
        assert no in FALSE_WORDS


# --- from what is found ---------------------------------------------------------------------------


def column_of(write: Callable[[random.Random], str], seed: str) -> list[str]:
    chosen = random.Random(seed)
    return [write(chosen) for _ in range(60)]


def day_of(chosen: random.Random, form: str) -> str:
    return (
        datetime(2015, 1, 1)
        + timedelta(days=chosen.randrange(3600), minutes=chosen.randrange(1440))
    ).strftime(form)


KINDS: dict[str, tuple[Callable[[random.Random], str], str]] = {
    "price": (lambda r: f"${r.randint(1, 99999):,}.{r.randint(0, 99):02}", "decimal(18,2)"),
    "betrag": (
        lambda r: f"{r.randint(1, 9)}.{r.randint(100, 999)},{r.randint(10, 99)} €",
        "decimal(18,2)",
    ),
    "cost": (lambda r: f"EUR {r.randint(1, 999)}.{r.randint(0, 99):02}", "decimal(18,2)"),
    "net": (
        lambda r: r.choice(("({})", "{}")).format(f"{r.randint(1, 9999):,}.50"),
        "decimal(18,2)",
    ),
    "people": (lambda r: f"{r.randint(1, 9999999):,}", "integer"),
    "few": (lambda r: f"{r.randint(1, 9)},{r.randint(100, 999)}", "text"),
    "several": (lambda r: f"{r.randint(1, 3000):,}", "integer"),
    "discount": (lambda r: f"{r.randint(0, 99)},{r.randint(0, 9)} %", "decimal(18,2)"),
    "mixed": (lambda r: f"{r.choice('$€')}{r.randint(0, 99)}.50", "decimal(18,2)"),
    "day": (lambda r: day_of(r, "%d.%m.%Y"), "date"),
    "us_day": (lambda r: day_of(r, "%m/%d/%y"), "date"),
    "either": (lambda r: f"{r.randint(1, 12):02}/{r.randint(1, 12):02}/2024", "text"),
    "born": (lambda r: f"{r.randint(13, 28)}.0{r.randint(1, 9)}.{r.randint(35, 99)}", "text"),
    "named": (lambda r: day_of(r, "%B %d, %Y"), "date"),
    "oracle": (lambda r: day_of(r, "%d-%b-%y").upper(), "date"),
    "mars": (lambda r: f"{r.randint(1, 28)} {r.choice(('mars', 'août', 'février'))} 2024", "date"),
    "clock": (lambda r: day_of(r, "%I:%M %p"), "time"),
    "seen_at": (lambda r: day_of(r, "%m/%d/%Y %I:%M %p"), "timestamp"),
    "there": (lambda r: day_of(r, "%Y-%m-%dT%H:%M+02:00"), "timestamp"),
    "week": (lambda r: day_of(r, "%G-W%V"), "date"),
    "month": (lambda r: day_of(r, "%m/%Y"), "date"),
    "created_at": (lambda r: str(r.randint(1400000000, 1700000000)), "timestamp"),
    "changed_at": (lambda r: str(r.randint(1400000000000, 1700000000000)), "timestamp"),
    "ja": (lambda r: r.choice(("Ja", "Nein")), "boolean"),
    "lasted": (lambda r: f"{r.randint(25, 50)}:{r.randint(10, 59)}:{r.randint(10, 59)}", "text"),
    "iso": (lambda r: day_of(r, "%Y-%m-%d"), "date"),
    "number": (lambda r: str(r.randint(-99, 99)), "integer"),
}


def test_what_is_found_in_a_column_ends_in_its_type() -> None:
    columns = {name: column_of(write, name) for name, (write, _) in KINDS.items()}
    with duckdb.connect() as reader:
        readings = {}
        for name, texts in columns.items():
            # Each for itself: what day and month are is also decided by the columns beside it.
            reader.execute(f"create table {name}_ as select unnest(?::text[]) as {name}", [texts])
            (kind,) = find_column_types(reader, f"{name}_", [name])
            readings[name] = reading_of(kind, name)
        assert {n: r.kind for n, r in readings.items()} == {n: k for n, (_, k) in KINDS.items()}
        for name, reading in readings.items():
            unread = None in texts_read(reading, name, columns[name])
            assert unread == (name == "mixed"), name
    assert {name: reading.note for name, reading in readings.items() if reading.note} == {
        "few": "is kept as text: the mark in it may stand between thousands or before decimals",
        "either": "%m/%d/%Y is kept as text: day and month could be the other way round",
        "born": "%d.%m.%y is kept as text: its years of two digits may be of two centuries",
        "lasted": "is kept as text: no type holds a length of time",
    }
    assert readings["iso"].expression is None
    assert readings["number"].expression is None


def test_a_reference_is_read_as_the_key_that_it_refers_to() -> None:
    """A few days leave open what the calendar says; what refers to text stays text."""
    calendar = found("date", "%d/%m/%Y")
    unsure = found("date", "%m/%d/%Y", doubt="day and month could be the other way round")
    sure = found("date", "%m/%d/%Y")
    tables = findings(
        table("days", [FoundColumn("day", calendar, 0, 5)], "day"),
        table("odd", [FoundColumn("day", unsure, 0, 5)], "day"),
        table("sales", [FoundColumn("a", unsure, 0, 5)], None, to("days", "a", "day")),
        table("stays", [FoundColumn("a", sure, 0, 5)], None, to("odd", "a", "day")),
        table("same", [FoundColumn("a", calendar, 0, 5)], None, to("days", "a", "day")),
        table("plain", [column("a", "integer")], None, to("days", "a", "day")),
    )
    shared = with_shared_readings(tables)
    read = {each.name: reading_of(each.columns[0].kind, "x") for each in shared.tables}
    assert {name: reading.kind for name, reading in read.items()} == {
        **dict.fromkeys(("days", "sales", "same", "plain"), "date"),
        **dict.fromkeys(("odd", "stays"), "text"),
    }
    assert read["sales"] == read["days"]
    assert read["stays"].note == "%m/%d/%Y is kept as text: what it refers to is text"
    untouched = findings(*tables.tables[:2])
    assert with_shared_readings(untouched) is untouched


def test_a_record_that_a_reading_does_not_know_goes_to_quarantine_with_its_reason(
    tmp_path: Path, make_database: Callable[[], PostgresDatabase]
) -> None:
    """The model of checked records as it is generated of a draft; a later delivery holds the garbage."""
    write_project(tmp_path / "shop", "shop", "duckdb")
    project = load_project(tmp_path / "shop", tmp_path / "shop", target="duckdb", environment={})
    place = tmp_path / "orders.csv"
    place.write_text("id,total,day,open\n1,2,3,4\n5,6,7,8\n", encoding="utf-8")
    columns = [
        column("id", "integer"),
        FoundColumn(
            "total", found("decimal", sign="€", decimal=",", group=".", scale=2, digits=6), 0, 5
        ),
        FoundColumn("day", found("date", "%d. %b %Y", words=("märz",)), 0, 5),
        FoundColumn("open", found("boolean"), 0, 5),
    ]
    draft = draft_process(
        table("orders", columns), TableName("orders", "orders"), project, place=place
    )
    schema = SourceSchema(tuple(SourceColumn(n, n, "text") for n in ("id", "total", "day", "open")))
    process = resolve(parse_etl(draft.text, draft.path), schema, draft.path)
    assert {each.name: each.type for each in process.columns} == {
        "id": "integer",
        "total": "decimal(18,2)",
        "day": "date",
        "open": "boolean",
    }
    assert [each.mark for each in criteria(process) if each.mark] == [
        *("id is not an integer", "total is not a decimal(18,2)", "day is not a date"),
        "open is not a boolean",
    ]
    values = (
        "('1', '1.234,50 €', '3. März 2024', 'ja', 1), ('2', '12.50 €', '30. Febr 2024', 'NEIN', 2),"
        " ('x', '-5', '1. Mai 2024', 'jain', 3), ('4', ' ', '', null, 4)"
    )
    records = f"(select * from (values {values}) as v (id, total, day, open, _row_number)) as given"
    listed = (
        "id, total, day, open, 1 as _batch_id, _row_number, timestamp '2024-01-01' as _loaded_at"
    )
    expected = [
        (1, Decimal("1234.50"), date(2024, 3, 3), True, "accepted", None),
        (2, None, None, False, "quarantine", "total is not a decimal(18,2); day is not a date"),
        (None, Decimal("-5.00"), date(2024, 5, 1), None, "quarantine",
         "id is not an integer; open is not a boolean"),
        (4, None, None, None, "accepted", None),
    ]  # fmt: skip
    database = make_database()
    with duckdb.connect() as duck:
        for target in ("duckdb", "postgres"):
            model = checked(process)
            rendered = (
                jinja2.Environment(autoescape=False)
                .from_string(model)
                .render(
                    ref=lambda _: f"(select {listed} from {records}) as bronze",
                    **{name: getattr(macros(target), name) for name in MACROS},
                )
            )
            asked = (
                "select id, total, day, open, _outcome, _reason"
                f" from ({rendered}) as judged order by _row_number"
            )
            rows = duck.execute(asked).fetchall() if target == "duckdb" else database.rows(asked)
            assert rows == expected, target
