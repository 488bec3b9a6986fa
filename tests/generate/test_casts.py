"""The macros that read text: the same answer on every target for any text, and never an error."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg2
import pytest

pytestmark = pytest.mark.slow

TYPES = (
    "integer",
    "bigint",
    "double precision",
    "boolean",
    "date",
    "timestamp",
    "time",
    "uuid",
    "json",
    "text",
    "decimal(10,2)",
    "decimal(38,0)",
    "decimal(38,10)",
    "decimal(38,38)",
    "decimal(4,4)",
    "decimal(1,0)",
)
PATTERNS = (
    "^[^@]+@[^@]+\\.[^@]+$",
    "^[0-9]+$",
    "it's",
    "^.$",
    "^.*$",
    "a|",
    "|a",
    "(?i)^TRUE$",
    "[\\]\\[]",
    "\\\\",
    "\\{\\{",
    "^(?:1|2)[0-9]{1,255}$",
    "[A-Za-z0-9_]{3}",
    "[^ \\t\\n\\r\\f\\v]",
    "é",
    "\n",
    "()",
    "x*?$",
    "\\.5",
)
BLANKS = ["", " ", "  ", "\t", "\n", "\r\n", "\u00a0", "\u2003", "\u3000", "\u200b", "\ufeff"]
NUMBERS = """
    0 -0 +0 1 -1 +1 ++1 +-1 - + . , 1. .5 -.5 +.5 -. 5.e1 .5e1 01 007 1.0 1.50 1,000 1_000 1'000
    0x1F 0b1 0o7 1e5 1E5 1e+5 1e-5 1e 1e+ e5 1e5.5 1e0 1e308 1e307 9.99e307 1e309 -1e309 1e-400
    1e-307 1e-308 1e999 NaN nan NAN -nan inf -inf Infinity infinity +Infinity 2147483647 2147483648
    -2147483648 -2147483649 9223372036854775807 9223372036854775808 -9223372036854775808
    -9223372036854775809 18446744073709551616 99999999999999999999 1.5 2.5 -1.5 -2.5 0.005 0.015
    0.025 -0.005 2.675 1.005 0.0049999999999999999999999 0.00500000000000000000000000001 99999999.99
    99999999.994 99999999.995 99999999.999 100000000 -99999999.99 -99999999.995 9.5 9.4 9 10 -9.5
    0.00005 0.99995 0.99994 0.9999 1e2147483648 00000000000000000000000000000000000000000000000001
    12345678901234567890123456789012345678 123456789012345678901234567890123456789
    9999999999999999999999999999999999999 99999999999999999999999999999999999999.4
    0.12345678901234567890123456789012345678 0.123456789012345678901234567890123456789
    0.1 3.14159265358979323846264338327950288 1/2 1% $1 €1 1- (1) 1e5x x1 1x ١٢٣ １２ 1\u00a0 ½ ²
""".split()  # noqa: SIM905 - a list of quoted words is harder to read
DATES = """
    2024-01-01 2024-02-29 2023-02-29 2024-02-30 2024-02-31 1900-02-29 2000-02-29 2100-02-29 2400-02-29
    2024-04-31 2024-06-31 2024-09-31 2024-11-31 2024-12-31 2024-00-10 2024-13-01 2024-01-00 2024-01-32
    0001-01-01 0000-01-01 0000-02-29 0004-02-29 9999-12-31 10000-01-01 2024-1-1 2024-01-1 20240101
    2024/01/01 01.02.2024 2024-01-01T 2024-W01-1 24-01-01 -2024-01-01 +2024-01-01 today now epoch
    tomorrow yesterday allballs infinity -infinity 2024-01 2024 Jan-01-2024 2024-jan-01 ２０２４-01-01
    2024-01-01T00:00:00 2024-01-01T00:00:00Z 2024-01-01T00:00:00z 2024-01-01T23:59:59+02:00
    2024-01-01T00:00:00+0200 2024-01-01T00:00:00+02 2024-01-01T00:00:00-14:59 2024-01-01T00:00:00+15:00
    2024-01-01T00:00:00+14:00 2024-01-01T00:00:00-00:00 2024-01-01T24:00:00 2024-01-01T23:59:60
    2024-01-01T25:00:00 2024-01-01T12:60:00 2024-01-01T12:00 2024-01-01T12 2024-01-01T1:00
    2024-01-01T12:00:00.1 2024-01-01T12:00:00.123456 2024-01-01T12:00:00.1234567
    2024-01-01T12:00:00.9999999 2024-01-01T12:00:00. 2024-01-01T12:00:00,5 2024-01-01T12:00Z
    2024-01-01T12:00+01:00 0001-01-01T00:00:00+14:00 0001-01-01T00:00:00-14:00
    9999-12-31T23:59:59-14:00 9999-12-31T23:59:59.999999 2024-02-30T00:00:00 2024-03-31T02:30:00+01:00
    2024-01-01T12:00:00+1:00 2024-01-01T12:00:00+01:60 2024-01-01T12:00:00+01:0 2024-01-01T12:00:00UTC
    12:00 12:00:00 00:00 24:00 24:00:00 23:59:59 23:59:60 23:59:59.999999 23:59:59.9999999 1:00 12:60
    12:00:00Z 12:00:00+01 12:00PM 1200 12 T12:00 12:0 12:00: 12:00:00. ١٢:00
""".split()  # noqa: SIM905
SPACED = [
    "2024-01-01 00:00:00",
    "2024-01-01  00:00:00",
    "2024-01-01 00:00:00 +00",
    "2024-01-01 00:00:00 UTC",
    "2024-01-01 00:00:00 Europe/Berlin",
    "2024-01-01 12:00:00 PM",
    "2024-01-01 BC",
    "2024-01-01 12:00",
    "2024-01-01 12:00:00.5-03:30",
    "Mon Jan 01 2024",
    "12:00 PM",
    "1 000",
    "- 1",
    "1 day",
]
WORDS = """
    2 true TRUE True t T yes YES y Y on 1 false FALSE f no NO n off 0 tru truee yess nope null NULL None
    ja nein ТRUE oui ſ K
    a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11 A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11
    {a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11} a0eebc999c0b4ef8bb6d6bb9bd380a11
    a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1 a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a111
    g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11 a0eebc99--9c0b-4ef8-bb6d-6bb9bd380a1
    00000000-0000-0000-0000-000000000000
    {} [] {"a":1} {"a":1,} {a:1} [1,2 [1,,2] {"a":{"b":[1,2,{"c":null}]}} "a" 'a' "a tru nul 01 1.e5 -
    "\\u0041" "\\u00" "\\x41" "\\ud83d\\ude00" "\\ud83d" "\\u0000" {"a":1}{"b":2} {"a":1,"a":2} [NaN]
    [Infinity] [1e999] [-0] [1.] [.5] [+1] [0x1] ["\\/"] [true,false,null] [True] /*c*/{} {}//c "\\udc00" "\\ud83dx" "\\\\ud83d" "\\ud83d\\ud83d\\ude00" [1e400] 1,5 {"a":[1,],"b":2} [ ] {"a":"x,}"} ["nan","inf"]
    me@example.com me@example me@@example.com @ a@b.c it's back\\slash {{1}} {%x%} é ÀÉ İ ß 😀
""".split()  # noqa: SIM905
LINES = ["1\n", "\n1", "1\n2", "2024-01-01\n", "a\nb", "true\n", '"a\nb"', '{\n"a": 1\n}', " \n{} "]
LONG = [
    "1" * 400,
    "9" * 200,
    "9" * 201,
    "0." + "1" * 300,
    "0" * 60 + "7",
    "x" * 100_000,
    "-" * 5000,
]


def mixed(count: int) -> Iterator[str]:
    """Texts put together from parts of the others, the same ones each time."""
    choice = random.Random(7)
    parts = [
        "0",
        "1",
        "9",
        "-",
        "+",
        ".",
        "e",
        "E",
        ":",
        "T",
        "Z",
        "2024",
        "02",
        "29",
        "-02-29",
        "00",
        "12:30",
        "+01:00",
        "true",
        "{",
        "}",
        "[",
        "]",
        '"',
        "'",
        "\\",
        "\n",
        "a",
        "é",
    ]
    for _ in range(count):
        yield "".join(choice.choice(parts) for _ in range(choice.randrange(1, 7)))


PLAIN = [*NUMBERS, *DATES, *SPACED, *WORDS, *LONG]
TEXTS = list(
    dict.fromkeys(
        [
            *BLANKS,
            *PLAIN,
            *LINES,
            *(f" {text}" for text in PLAIN[:120]),
            *(f"{text}  " for text in [*DATES, *WORDS]),
            *(f"\t{text}" for text in ("1", "true", "2024-01-01", "{}", "1.5")),
            *(f"{text}\u00a0" for text in ("1", "true", "2024-01-01", "{}", "1.5")),
            *(text.replace("T", " ") for text in DATES),
            *mixed(1500),
        ]
    )
)


def models() -> dict[str, str]:
    """A model of every macro over every text."""
    casts = [
        f"{{{{ try_cast('text_value', '{kind}') }}}} as cast_{n}" for n, kind in enumerate(TYPES)
    ]
    errors = [
        f"{{{{ cast_error('text_value', '{kind}') }}}} as error_{n}" for n, kind in enumerate(TYPES)
    ]
    found = [
        "{{ matches('text_value', %s) }} as matches_%s" % (json.dumps(pattern), n)
        for n, pattern in enumerate(PATTERNS)
    ]
    found.append("{{ is_date('text_value') }} as is_a_date")
    select = "select\n    id,\n    {}\nfrom {{{{ source('raw', 'texts') }}}}\n"
    return {
        "casts": select.format(",\n    ".join(casts)),
        "reasons": select.format(",\n    ".join(errors)),
        "patterns": select.format(",\n    ".join(found)),
    }


@pytest.fixture(scope="module")
def answers(make_built: Callable[[str], Any]) -> dict[str, dict[str, list[tuple[Any, ...]]]]:
    """What each model holds on each target."""
    found: dict[str, dict[str, list[tuple[Any, ...]]]] = {}
    for target in ("duckdb", "postgres"):
        built = make_built(target)
        folder: Path = built.root / "models" / "silver"
        folder.mkdir(parents=True)
        for name, text in models().items():
            (folder / f"{name}.sql").write_text(text, encoding="utf-8")
        (folder / "sources.yml").write_text(
            "sources:\n  - name: raw\n    schema: raw\n    tables:\n      - name: texts\n",
            encoding="utf-8",
        )
        rows = [*enumerate(TEXTS), (len(TEXTS), None)]
        if target == "duckdb":
            with duckdb.connect(str(built.root / "warehouse.duckdb")) as connection:
                connection.execute("create schema raw")
                connection.execute("create table raw.texts (id integer, text_value text)")
                connection.executemany("insert into raw.texts values (?, ?)", rows)
        else:
            with closing(psycopg2.connect(built.url)) as server, server, server.cursor() as cursor:
                cursor.execute("create schema raw")
                cursor.execute("create table raw.texts (id integer, text_value text)")
                cursor.executemany("insert into raw.texts values (%s, %s)", rows)
        assert built.build(command="run"), built.failures()
        found[target] = {
            "casts": ordered(
                built.rows(
                    "select id, "
                    + ", ".join(
                        f"cast(cast_{n} as text)" if kind in ("json", "uuid") else f"cast_{n}"
                        for n, kind in enumerate(TYPES)
                    )
                    + " from silver.casts"
                )
            ),
            "reasons": ordered(built.rows("select * from silver.reasons")),
            "patterns": ordered(built.rows("select * from silver.patterns")),
        }
    return found


def ordered(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(rows, key=lambda row: row[0])


@pytest.mark.parametrize("model", ["casts", "reasons", "patterns"])
def test_every_target_gives_the_same_answer(
    answers: dict[str, dict[str, list[tuple[Any, ...]]]], model: str
) -> None:
    named = {"casts": TYPES, "reasons": TYPES, "patterns": (*PATTERNS, "is_date")}[model]
    duckdb_rows, postgres_rows = (answers[target][model] for target in ("duckdb", "postgres"))
    assert len(duckdb_rows) == len(postgres_rows) == len(TEXTS) + 1
    different = [
        f"{name}: {TEXTS[mine[0]][:80]!r}: {left!r} on DuckDB, {right!r} on PostgreSQL"
        for mine, other in zip(duckdb_rows, postgres_rows, strict=True)
        for name, left, right in zip(named, mine[1:], other[1:], strict=True)
        if left != right or str(left) != str(right)
    ]
    assert not different, "\n".join(different)


@pytest.mark.parametrize("target", ["duckdb", "postgres"])
def test_a_text_is_read_or_has_a_reason_and_never_both(
    answers: dict[str, dict[str, list[tuple[Any, ...]]]], target: str
) -> None:
    casts, reasons = answers[target]["casts"], answers[target]["reasons"]
    for cast, reason in zip(casts[:-1], reasons[:-1], strict=True):
        text = TEXTS[cast[0]]
        for kind, value, why in zip(TYPES, cast[1:], reason[1:], strict=True):
            if not text.strip(" ") and kind != "text":
                assert (value, why) == (None, None), (text, kind)
            else:
                assert (value is None) == (why is not None), (text, kind)
            article = "an" if kind[0] in "aeiou" else "a"
            assert why in (None, f"text_value is not {article} {kind}")
    assert set(casts[-1][1:]) == set(reasons[-1][1:]) == {None}


READ: dict[str, dict[str, Any]] = {
    "integer": {"+1": 1, "007": 7, " 1": 1, "2147483647": 2147483647, "-2147483648": -2147483648},
    "bigint": {"9223372036854775807": 9223372036854775807, "0" * 60 + "7": 7, "-0": 0},
    "double precision": {"1e5": 1e5, ".5": 0.5, "5.e1": 50.0, "1": 1.0},
    "boolean": {"yes": True, "T": True, "0": False, "NO": False},
    "date": {"2024-02-29": date(2024, 2, 29), "0001-01-01": date(1, 1, 1)},
    "timestamp": {
        "2024-01-01": datetime(2024, 1, 1),
        "2024-01-01T23:59:59+02:00": datetime(2024, 1, 1, 21, 59, 59),
        "2024-01-01T00:00:00Z": datetime(2024, 1, 1),
        "2024-01-01 12:00": datetime(2024, 1, 1, 12),
        "2024-01-01T12:00:00.123456": datetime(2024, 1, 1, 12, 0, 0, 123456),
    },
    "time": {"12:00": time(12), "23:59:59.999999": time(23, 59, 59, 999999)},
    "decimal(10,2)": {"2.675": Decimal("2.68"), "-1.5": Decimal("-1.50"), "1.": Decimal("1.00")},
    "decimal(38,0)": {"9" * 37: Decimal("9" * 37), "2.5": Decimal(3)},
}
NOT_READ: dict[str, list[str]] = {
    "integer": ["1.0", "1e5", "2147483648", "-2147483649", "1,000", "0x1F", "١٢٣", "1\n", "\t1"],
    "bigint": ["9223372036854775808", "1_000", "１２"],
    "double precision": ["NaN", "inf", "Infinity", "1e309", "-1e309", "1,5"],
    "boolean": ["on", "off", "tru", "2"],
    "date": ["2024-02-30", "2023-02-29", "0000-01-01", "20240101", "today", "10000-01-01"],
    "timestamp": ["2024-01-01T24:00:00", "2024-01-01T23:59:60", "2024-01-01 BC", "now", "epoch"],
    "time": ["24:00", "12:60", "1:00", "12:00PM"],
    "uuid": ["{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", "a0eebc999c0b4ef8bb6d6bb9bd380a11"],
    "json": ["{a:1}", "'a'", "[NaN]", "{}//c", "01"],
    "decimal(10,2)": ["100000000", "99999999.995", "1e5", "NaN", "Infinity"],
}


@pytest.mark.parametrize("target", ["duckdb", "postgres"])
def test_texts_are_read_as_people_mean_them(
    answers: dict[str, dict[str, list[tuple[Any, ...]]]], target: str
) -> None:
    casts = answers[target]["casts"]
    for kind, expected in READ.items():
        column = 1 + TYPES.index(kind)
        for text, value in expected.items():
            assert casts[TEXTS.index(text)][column] == value, (kind, text)
    for kind, texts in NOT_READ.items():
        column = 1 + TYPES.index(kind)
        for text in texts:
            assert casts[TEXTS.index(text)][column] is None, (kind, text)


@pytest.mark.parametrize("target", ["duckdb", "postgres"])
def test_patterns_match_as_python_matches_them(
    answers: dict[str, dict[str, list[tuple[Any, ...]]]], target: str
) -> None:
    rows = answers[target]["patterns"]
    for n, pattern in enumerate(PATTERNS, start=1):
        # `$` is the end of the text here, and a point is any character.
        compiled = re.compile(re.sub(r"(?<!\\)\$", r"\\Z", pattern), re.DOTALL)
        for row in rows[:-1]:
            text = TEXTS[row[0]]
            assert row[n] == bool(compiled.search(text)), (pattern, text[:80])
    assert set(rows[-1][1:]) == {None}


@pytest.mark.parametrize("target", ["duckdb", "postgres"])
def test_is_date_knows_the_calendar(
    answers: dict[str, dict[str, list[tuple[Any, ...]]]], target: str
) -> None:
    for row in answers[target]["patterns"][:-1]:
        text = TEXTS[row[0]]
        try:
            date.fromisoformat(text)
            known = bool(re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text))
        except ValueError:
            known = False
        assert row[-1] == known, text
