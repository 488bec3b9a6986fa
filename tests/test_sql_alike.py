"""Expressions give the same on every target: each one is run on DuckDB and on a real PostgreSQL."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import duckdb
import jinja2
import psycopg2
import pytest
from sqlglot import exp

from controlplane import sql
from controlplane.sql import Column, ExpressionError
from controlplane.sql.allowed import FUNCTIONS, OPERATORS

COLUMNS = [
    *(Column("t", "text"), Column("u", "text"), Column("i", "integer"), Column("j", "integer")),
    *(Column("b", "bigint"), Column("f", "double"), Column("g", "double")),
    *(Column("d", "decimal(10,2)"), Column("e", "decimal(10,2)"), Column("w", "decimal(38,10)")),
    *(Column("day", "date"), Column("day2", "date"), Column("ts", "timestamp")),
    *(Column("ts2", "timestamp"), Column("tm", "time"), Column("yes", "boolean")),
    *(Column("js", "json"), Column("id", "uuid")),
]
ID = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
ROWS: list[tuple[Any, ...]] = [
    ("abc", "b", 1, 2, 5, 2.5, 1.0, "10.01", "2.00", "10.0000000001", "2024-02-29", "2023-12-31",
     "2024-03-15 13:45:59.999", "2023-01-31 00:00:00", "13:45:59.999", True,
     '{"a":{"b":[1,"x",null]},"s":"t","z":null}', ID),
    ("", "", 0, -1, 0, -2.5, 0.5, "-10.01", "3.00", "-0.0000000005", "2024-12-30", "2024-12-31",
     "2024-12-31 23:59:59.123456", "2024-12-30 12:00:00", "00:00:00", False, "[1,2,3]", None),
    ("Straße Ünï", "ß", -7, 3, -9007199254740993, 0.5, -1.5, "0.01", "-0.03",
     "99999999.9999999995", "1900-01-01", "0001-01-01", "1900-01-01 00:00:00",
     "0001-01-01 00:00:01", "23:59:59.999999", None, '"x"', None),
    ("x%y_z\\ it's", "%", 2147483647, -2147483648, 9223372036854775807, 1e300, 1e-300,
     "99999999.99", "0.07", "1", "9998-12-31", "2024-01-01", "9998-12-31 23:59:59",
     "2000-02-29 10:00:00", "12:00:00", True, "{}", ID),
    (None,) * len(COLUMNS),
    ("  Ab c\tD\n ", "ab", 7, -3, 123456789012345678, 3.14159, -0.1, "2.50", "4.00", "2.5",
     "2023-03-01", "2024-02-29", "2023-03-01 05:06:07.5", "2023-03-01 05:06:07.25", "01:02:03",
     False, '{"a":[]}', ID),
    ("日本語😀 über", "😀", 100, 7, 100, 1.005, 0.1, "2.55", "0.00", "0.05", "2024-01-01",
     "2024-01-07", "2024-01-01 00:00:00", "2024-01-07 00:00:00.000001", "23:00:00", True, "null",
     None),
    ("e\u0301 👨\u200d👩\u200d👧 Ab_cd-ef2x", "\u0301", 13, 4, 10**18, 100.0, 1e15, "0.50", "1.50",
     "-1.15", "2000-01-01", "2001-01-01", "2000-01-01 00:00:00", "2001-01-01 00:00:00", "06:00:00",
     False, '{"a":{"b":2}}', None),
    ("12.5", "5", 5, 0, 5, 12345.675, 0.0, "1.25", "1.25", "1.15", "2021-01-03", "2020-12-28",
     "2021-01-03 12:00:00.45", "2020-12-28 01:01:01", "06:00:00", False, '{"a":"b"}', None),
]  # fmt: skip

TEXT = r"""
ascii(t) | bit_length(t) | octet_length(t) | length(t) | char_length(t) | chr(65) | chr(i + 60) ?? i between 1 and 13
concat(t, u) | concat(t, i, null, day) | concat(t, d, cast(yes as text)) | concat_ws('-', t, u, i)
left(t, 2) | left(t, -2) | left(t, i) ?? abs(i::bigint) < 200 | right(t, 2) | right(t, -1)
lower(t) ?? t ~ '^[ -~]*$' | upper(t) ?? t ~ '^[ -~]*$' | initcap(t) ?? t ~ '^[ -~]*$'
lpad(t, 5) | lpad(t, 12, 'xy') | lpad(t, 0, '*') | rpad(t, 5, 'äx') | rpad(t, -5, 'x') | md5(t)
repeat(t, 2) | repeat(t, -1) | replace(t, 'a', 'b') | replace(t, '', 'b') | replace(t, u, 'Z')
split_part(t, ' ', 2) | split_part(t, ' ', -1) | split_part(t, ', ', 9) | starts_with(t, u)
strpos(t, u) | strpos(t, '') | position('b' in t) | translate(t, 'äbc', 'x')
substr(t, 2) | substr(t, 2, 3) | substring(t from 3 for 2) | substr(t, 2, 0) | substr(t, strpos(t, 'b') + 1)
substr(t, strpos(t, 'b') + 1, 2) | substr(t, i) ?? abs(i::bigint) < 200 | substr(t, i - 3) ?? abs(i::bigint) < 200
substr(t, 1, strpos(t, ' ') - 1) | substr(t, 2, i) ?? abs(i::bigint) < 200 | left(substr(t, j), 2) ?? j > -10
trim(t) | ltrim(t) | rtrim(t) | trim(both 'a' from t) | btrim(t, u) | trim(leading 'x' from t)
t || u | t || i || day | t || d | t || ts | t || yes | t || null | t || js | t || (d * 2)
t || coalesce(d, 0) | t collate "C"
t like 'a%' | t like 'x\%%' | t like 'x!%%' escape '!' | t like '%\\%' | t like u | t not like '%\_z%'
t ilike 'AB%' | t ilike '%\_Z%' | t not ilike u
t ~ '^a' | t ~* '^A' | t !~ 'a' | t !~* 'A.' | t ~ '\s' | regexp_like(t, '[ab]$')
regexp_replace(t, '[a-c]', 'X') | regexp_replace(t, '([a-c])', '<\1>', 'g') | regexp_replace(t, '[A-C]', '\\', 'gi')
regexp_replace(t, '^\s+|\s+$', '', 'g') | regexp_replace(t, '\s+', ' ', 'g') | regexp_count(t, '[ab]')
normalize(t) | normalize('e' || chr(769)) | normalize(t || chr(776), NFC) | length(normalize('o' || chr(776)))
regexp_replace(t || chr(7) || u || chr(133) || 'x', '[\x01-\x08\x7F-\x9F]', '', 'g') | t ~ '\x61[bx]' | t ~ '[\x61-\x63]'
t < u | t >= 'b' | t between 'B' and 'c' | t between symmetric 'c' and 'B' | greatest(t, u, 'Z') | least(t, u)
greatest(t, u) = t | t < 'b' and least(t, u) = u
t::varchar(3) | t::varchar | i::varchar(2) | day::varchar(4) | cast(t as character varying(5)) | '12.5'::text
"""
NUMBERS = r"""
i + j ?? abs(i::bigint) < 200 | i - b ?? abs(b) < 200 | i * j ?? abs(i::bigint) < 200 | d * e | d + w | d - 1 | d * 1.5 | f * d | f + 1
i / j | b / 2 | b / j ?? i <> 0 and j > -1000 | -7 / 2 | i % j | mod(i, 3) | d % e | -7.5 % 2 | d % 3
d / e | d / 3 | i / 2.0 | 1.0 / 3 | d / f | f / g ?? abs(f) < 1000 | f / d | (d + e) / (d - e) | (i + 1) / 2.5 ?? i < 200
1e3 / 3 | 1.5e-2 | -2 ^ 2 | i ^ 2 | 2 ^ 3 ^ 2 | -i | abs(i) | abs(f) | abs(d)
round(f) | round(-f) | round(g) | round(f, 2) | round(f, 1) | round(g, 0) | round(f * 3.7, 2) | round(f, 15)
round(d) | round(d, 1) | round(d, -1) | round(i) | round(i, -1) | round(b, -2) | round(w, 9) | round(d * e, 2)
round(d / e, 2) | round(d / 2, 2) | round(e / 2, 2) | round(i * 1.5, 1) ?? i < 200
trunc(f) | trunc(d) | trunc(d, 1) | trunc(d, -1) | trunc(i, -1) | ceil(f) | ceil(d) | floor(f) | floor(d) | ceiling(i) | sign(f) | sign(d) | sign(i)
sqrt(abs(f)) | sqrt(abs(d)) | sqrt(2.25) | cbrt(d) | exp(d) ?? d < 100 | ln(d) ?? d > 0 | log(d) ?? d > 0 | log(f) ?? f > 0 | pi()
power(d, 2) | power(i, 0.5) ?? i >= 0 | power(f, 2) ?? abs(f) < 1000 | power(i, 2) | degrees(d) | radians(d)
sin(f) | cos(g) | tan(d) | asin(g) ?? abs(g) < 1 | acos(g) ?? abs(g) < 1 | atan(f) | atan2(f, g) | cot(f)
gcd(i, j) ?? j > -1000 | lcm(i, 4) ?? i < 1000 | i & j | i | j | i # j | ~i | i >> 1 | b >> 31
i::text | d::text | b::text | (d * e)::text | coalesce(d, 0)::text | f::integer ?? abs(f) < 1000000 | d::integer | d::numeric(10, 1)
f::numeric(10, 1) ?? abs(f) < 1000000 | f::numeric(12, 2) ?? abs(f) < 1000000 | (f * 3)::numeric(20, 3) ?? abs(f) < 1000000
g::numeric(38, 10) | w::double precision | b::double precision | i::numeric(12, 2) | i::boolean | yes::integer | '2.5'::numeric(5, 1)
f::bigint ?? abs(f) < 1000000 | i::smallint ?? abs(i::bigint) < 1000 | (1.5)::integer | f::float ?? true
i = 1.0 | d > f | f = 2.5 | d / e > 0.3333 | round(f, 2) = 1.01 | i in (1, 2) | i not in (1, null) | i between 1 and 5
i is distinct from j | i is not distinct from 1 | i between symmetric 5 and 1 | d >= 2.5 and d <= 10.01 or i <> 5
"""
TIMES = r"""
day + 1 | day + i ?? abs(i::bigint) < 200 | day - 1 | day - day2 | ts::date - day2 | day + interval '1 month' | day + interval '36 hours' | day + tm
ts + interval '1 month' | ts - interval '1 month 3 days' | ts + i * interval '1 day' ?? abs(i::bigint) < 200 | tm + interval '1 hour'
ts - ts2 > interval '1 month' | extract(epoch from ts - ts2) | extract(day from ts - ts2) | extract(second from ts - ts2)
extract(year from ts) | extract(month from day) | extract(day from ts) | extract(hour from tm) | extract(minute from ts) | extract(second from ts)
extract(second from tm) | extract(millisecond from ts) | extract(milliseconds from ts) | extract(microseconds from tm) | extract(epoch from ts)
extract(epoch from day) | extract(epoch from tm) | extract(dow from ts) | extract(isodow from day) | extract(doy from day) | extract(week from ts)
extract(quarter from ts) | extract(isoyear from day) | extract(decade from ts) | extract(century from ts) | extract(millennium from ts)
extract(year from ts) / 10 | extract(day from ts) % 7 | extract(second from ts) / 2 | extract(year from ts)::text | date_part('second', ts)
date_part('dow', day) | year(day) | month(ts) | day(day) | date(ts) | last_day(day) | extract(epoch from ts)::bigint
date_trunc('year', ts) | date_trunc('quarter', ts) | date_trunc('month', day) | date_trunc('week', ts) | date_trunc('week', day)::date
date_trunc('decade', ts) | date_trunc('day', ts) | date_trunc('hour', ts) | date_trunc('minute', ts) | date_trunc('second', ts) | date_trunc('milliseconds', ts)
extract(epoch from date_trunc('month', day)) | date_trunc('month', day) = ts | date_trunc('day', day) > ts2
age(ts, ts2) > interval '1 year' | extract(year from age(ts, ts2)) | extract(month from age(day, day2)) | extract(day from age(ts, ts2))
to_char(ts, 'YYYY-MM-DD HH24:MI:SS.MS') | to_char(ts, 'DD.MM.YY') | to_char(ts, 'Mon DD, YYYY') | to_char(ts, 'FMDay FMMonth Dy') | to_char(ts, 'yyyymmdd')
to_char(ts, 'HH12:MI AM') | to_char(ts, 'HH:MI PM') | to_char(ts, 'IYYY-"W"IW-ID') | to_char(ts, 'YYYY-MM-DD"T"HH24:MI:SS.US') | to_char(day, 'DDD 100%')
to_char(ts2, 'YYYY') | to_char(ts, 'FMDD.FMMM.') | to_date('2024-02-03', 'YYYY-MM-DD') | to_date('20240203', 'YYYYMMDD') | to_date('03.02.2024', 'DD.MM.YYYY')
make_date(2024, 2, 29) | make_date(2024, i, 1) ?? i between 1 and 12 | make_timestamp(2024, 1, 2, 3, 4, 5.5) | make_time(1, 2, 3.5)
now() > ts2 | current_timestamp > ts2 | current_date > day2 | ts at time zone 'Europe/Berlin' at time zone 'UTC' ?? ts > '1950-01-01'
ts::date | ts::time | day::timestamp | ts::text | day::text | tm::text | '2024-01-01'::date | timestamp '2024-01-01 00:00:00' | ts::timestamp(0)
ts > day | day between '2024-01-01' and '2024-12-31' | ts > '2024-01-01' | tm > '12:00' | timestamp '1970-01-01' + i * interval '1 second'
"""
OTHERS = r"""
coalesce(t, u, 'x') | coalesce(d, 0) | coalesce(f, d) | nullif(i, 0) | nullif(t, '') | nullif(d, 10.01) | greatest(i, j, null) | least(d, e) | greatest(f, i)
greatest(day, day2) | if(yes, t, u) | case when i > 0 then 'p' when i < 0 then 'n' else 'z' end | case i when 1 then t end | case when yes then d else e end
(case when yes then d else 0 end)::text | cast(yes as text) | yes and i > 0 | yes or i > 0 | not yes | yes is true | yes is not true | yes is unknown
yes = true | t is null | t is not null | id = 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid | id::text | e'a\nb' || t | t in ('abc', u)
js ->> 'a' | js ->> 's' | js ->> 'z' | js -> 'a' ->> 'b' | js -> 'a' -> 'b' ->> 1 | js ->> 0 | js ->> -1 | js ->> 'a.b' | (js -> 'a')::text | js::text
json_extract_path_text(js, 'a', 'b') | js is null
"""
AGGREGATES = r"""
count(*) | count(t) | count(distinct t) | count(*) filter (where i > 0) | sum(i) | sum(d) | sum(f) ?? abs(f) < 1000 | sum(b) ?? abs(b) < 1000
avg(i) | avg(d) | avg(f) ?? abs(f) < 1000 | min(t) | max(t) | min(d) | max(ts) | bool_and(yes) | bool_or(yes) | bit_and(i) | bit_or(i)
stddev(d) | stddev_samp(i) | stddev_pop(d) | variance(d) | var_samp(d) | var_pop(d) | median(f) | median(d) | sum(d) / count(*)
percentile_cont(0.5) within group (order by d) | percentile_cont(0.25) within group (order by f) ?? abs(f) < 1000
percentile_disc(0.5) within group (order by d) | sum(case when i < 10 then i else 0 end) > 5 | round(avg(d), 2) | avg(i / 2.0)
"""
DECLARED = [
    ("d / 2", "decimal(12,2)"),
    ("e / 2", "decimal(12,2)"),
    ("d / e", "decimal(20,4)"),
    ("d / 3", "double"),
    ("i / 2.0", "decimal(14,1)"),
    ("1.0 / 3", "decimal(10,4)"),
    ("d * e", "decimal(20,2)"),
    ("d * 1.15", "decimal(20,2)"),
    ("d * g", "decimal(38,2)"),
    ("round(d / e, 2)", "decimal(20,2)"),
    ("i * 1.5", "bigint"),
    ("d / 2", "integer"),
    ("extract(second from ts)", "decimal(8,3)"),
    ("extract(year from ts)", "integer"),
    ("octet_length(t)", "integer"),
    ("t", "text"),
]


def cases(listed: str) -> list[tuple[str, str]]:
    """Expressions and which rows they are for; `i | j` is two, `i|j` is not needed."""
    found = re.split(r" \| |\n", listed.strip())
    parted = [text.partition(" ?? ") for text in found]
    return [(text.strip(), where.strip() or "true") for text, _, where in parted]


ROWWISE = [
    *(case for listed in (TEXT, NUMBERS, TIMES, OTHERS) for case in cases(listed)),
    ("i|j", "true"),
]


class Server(Protocol):
    """The PostgreSQL server of the session."""

    def url(self, dbname: str) -> str: ...
    def execute(self, statement: str, dbname: str | None = None) -> None: ...


Both = Callable[[sql.Expression, str, str], tuple[list[Any], list[Any]]]


@pytest.fixture(scope="module")
def both(database_server: Server) -> Iterator[Both]:
    """Runs the texts of an expression on both targets, in sessions that are not in UTC."""
    listed = ", ".join(f"{column.name} {sql.sql_type(column.type)}" for column in COLUMNS)
    name = "expressions_alike"
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
            run(f"create table r (n integer, {listed})")
        for n, row in enumerate(ROWS):
            duck.execute(f"insert into r values (?{', ?' * len(row)})", [n, *row])
            cursor.execute(f"insert into r values (%s{', %s' * len(row)})", [n, *row])

        def answers(found: sql.Expression, where: str, order: str) -> tuple[list[Any], list[Any]]:
            condition = settled(where)
            mine = duck.execute(
                f"select {found.texts['duckdb']} from r where {condition.texts['duckdb']} {order}"
            ).fetchall()
            cursor.execute(
                f"select {found.texts['postgres']} from r where {condition.texts['postgres']} {order}"
            )
            return [row[0] for row in mine], [row[0] for row in cursor.fetchall()]

        yield answers
    database_server.execute(f"drop database if exists {name} with (force)")


def settled(text: str) -> sql.Expression:
    """The expression in a text."""
    return sql.settled(sql.resolve_columns(sql.parse_expression(text), COLUMNS), COLUMNS)


def is_same(left: Any, right: Any) -> bool:
    """Whether two values are equal; doubles up to their last digits, as the C libraries differ."""
    numbers = (int, float, Decimal)
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, numbers) and isinstance(right, numbers):
        if isinstance(left, float) or isinstance(right, float):
            return math.isclose(left, right, rel_tol=1e-14, abs_tol=0)
        return left == right
    return type(left) is type(right) and str(left) == str(right)


def differences(pair: tuple[list[Any], list[Any]]) -> list[str]:
    mine, other = pair
    assert len(mine) == len(other)
    return [
        f"row {n}: {left!r} on DuckDB, {right!r} on PostgreSQL"
        for n, (left, right) in enumerate(zip(mine, other, strict=True))
        if not is_same(left, right)
    ]


@pytest.mark.parametrize(("text", "where"), ROWWISE)
def test_an_expression_gives_the_same_on_every_target(text: str, where: str, both: Both) -> None:
    pair = both(settled(text), where, "order by n")
    assert not any(isinstance(value, timedelta) for value in pair[0])
    assert pair[0]
    assert not differences(pair)


@pytest.mark.parametrize(("text", "where"), cases(AGGREGATES))
def test_an_aggregate_gives_the_same_on_every_target(text: str, where: str, both: Both) -> None:
    assert not differences(both(settled(text), where, ""))


@pytest.mark.parametrize(("text", "kind"), DECLARED)
def test_a_declared_type_gives_the_same_on_every_target(text: str, kind: str, both: Both) -> None:
    found = settled(text)
    written = sql.cast_text(found, kind)
    rendered = jinja2.Environment(autoescape=False).from_string(written)
    texts = {
        name: rendered.render(by_target=lambda **texts: texts[name])  # noqa: B023
        for name in sql.TARGET_DIALECTS
    }
    cast = sql.Expression(found.tree, kind, texts, found.typed)
    pair = both(cast, "i is null or abs(i::bigint) < 200", "order by n")
    assert not differences(pair)
    if kind.startswith("decimal"):
        assert [str(value) for value in pair[0]] == [str(value) for value in pair[1]]


def test_ties_are_rounded_away_from_zero_by_the_digits_that_are_written(both: Both) -> None:
    found = settled("cast(d / 2 as numeric(12, 2))")
    mine, other = both(found, "d in (10.01, -10.01, 2.55, 0.01)", "order by n")
    assert mine == other == [Decimal(x) for x in ("5.01", "-5.01", "0.01", "1.28")]


def test_every_function_and_operator_is_tried() -> None:
    tried = [text for text, _ in (*ROWWISE, *cases(AGGREGATES))]
    names = set(re.findall(r"[a-z_0-9]+(?=\()", " ".join(tried)))
    names |= {"case", "cast", "current_date", "current_timestamp"}
    assert not {name for group in FUNCTIONS.values() for name in group} - names
    nodes = {type(node) for text in tried for node in sql.parse_expression(text).walk()}
    assert not {kind for kinds in OPERATORS.values() for kind in kinds} - nodes - {exp.Pow}


def test_the_documentation_lists_every_function() -> None:
    page = Path(__file__).parent.parent.joinpath("docs/concepts/models.md").read_text("utf-8")
    listed = set(re.findall(r"`(\w+)", page.partition("## Expressions")[2]))
    assert not {name for group in FUNCTIONS.values() for name in group} - listed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("substr(t, -2)", "takes a part from position -2"),
        ("substr(t, 0, 3)", "takes a part from position 0"),
        ("substr(t, i, 3)", "takes a part from a computed position with a length"),
        ("substr(t, 1, -1)", "takes a part of -1 characters"),
        ("substring(t from 'a.')", "takes a part by a pattern"),
        ("t::char(3)", "casts to char(3), which PostgreSQL pads"),
        ("f::text", "casts a double to text"),
        ("t || f", "makes text of a double"),
        ("concat(t, ts - ts2)", "makes text of a span of time"),
        ("concat(t, yes)", "makes text of a truth value"),
        ("f::real", "casts to real"),
        ("js::jsonb", "casts to jsonb"),
        ("b::boolean", "casts a bigint to boolean"),
        ("yes::bigint", "casts a boolean to bigint"),
        ("round(f, -1)", "rounds a double"),
        ("round(f, i)", "rounds a double"),
        ("trunc(f, 1)", "rounds a double"),
        ("f % 2", "takes the remainder of a double"),
        ("log(2, d)", "has a logarithm to another base"),
        ("i >> 40", "shifts by 40"),
        ("1e60 > f", "has the number 1e60"),
        ("to_char(i, '999')", "writes what is no date or time"),
        ("to_char(ts, 'WW')", "has the format 'WW'"),
        ("to_char(ts, t)", "needs a format that is a plain text"),
        ("to_date(t, 'Mon DD YYYY')", "has the format"),
        ("extract(hour from day)", "takes the part 'hour'"),
        ("extract(julian from ts)", "takes the part 'julian'"),
        ("date_trunc('century', ts)", "cuts off at 'century'"),
        ("age(ts)", "needs two times"),
        ("split_part(t, '', 1)", "splits by ''"),
        ("split_part(t, ' ', 0)", "takes part 0"),
        ("lpad(t, 5, '')", "pads with ''"),
        ("t like 'a\\'", "has the pattern 'a\\', which ends"),
        ("regexp_replace(t, 'a', '\\0')", "has '\\0' in the replacement"),
        ("regexp_replace(t, 'a', '\\1')", "has '\\1' in the replacement"),
        ("regexp_replace(t, 'a.*?', '')", "has a repetition of as few as possible"),
        ("regexp_replace(t, 'a|ab', '')", "has the alternative 'a' before a longer one"),
        ("regexp_replace(t, 'x*', '-', 'g')", "replaces each match of a pattern that fits no text"),
        ("js ->> t", "takes a computed key"),
        ("js = js", "compares JSON"),
        ('t collate "de_DE" < u', "orders by"),
        ("tm - tm", "takes one time of the day from another"),
        ("day + 0.5", "adds a part of a day"),
        ("uper(t)", "the function 'uper' is not known to mean the same on every target (instead"),
    ],
)
def test_what_differs_is_refused(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as error:
        settled(text)
    assert str(error.value).startswith(message)
