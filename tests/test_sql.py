"""Expressions: what is read, what is refused and why, and what every target gets."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlplane import sql
from controlplane.sql import Column, ExpressionError

COLUMNS = [
    Column("order_id", "bigint", "Order Id"),
    Column("email", "text", "E-Mail"),
    Column("amount", "decimal(10,2)"),
    Column("rate", "double"),
    Column("pieces", "integer"),
    Column("placed_at", "timestamp"),
    Column("due_on", "date"),
    Column("is_paid", "boolean"),
    Column("details", "json"),
    Column("order_", "text", "order"),
]


def settled(
    text: str, columns: Sequence[Column] = COLUMNS, tables: Sequence[str] = ()
) -> sql.Expression:
    """The expression in a text."""
    return sql.settled(sql.resolve_columns(sql.parse_expression(text), columns, tables), columns)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("EMAIL", "email"),
        ('"E-Mail"', "email"),
        ('"Order Id" + 1', "order_id + 1"),
        ('"order"', "order_"),
        ("orders.email", "email"),
        ("shop.orders.email", "email"),
        ("email /* a comment */ -- and another */", "email"),
    ],
)
def test_columns_are_found_however_they_are_written(written: str, read: str) -> None:
    assert settled(written, tables=["orders"]).text == read


@pytest.mark.parametrize(
    "text",
    ["", "  ", "a b", "1,", "select 1", "(select 1", "a) from (b", "a, b", "a as b", "*", "1; 2",
     "a union select b", "a order by b", "(((", "'", "\\", "a from b", "1) -- ("],
)  # fmt: skip
def test_what_is_not_one_expression_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        sql.parse_expression(text)


def test_an_expression_that_is_nested_without_end_is_refused() -> None:
    with pytest.raises(ExpressionError):
        sql.parse_expression("(" * 5000 + "1" + ")" * 5000)


@settings(deadline=None)
@given(text=st.text(max_size=40))
def test_any_text_is_an_expression_or_refused_with_a_reason(text: str) -> None:
    reason = "it is one"
    try:
        sql.parse_expression(text)
    except ExpressionError as error:
        reason = str(error)
    assert reason


def test_an_unknown_column_is_named_with_the_nearest() -> None:
    with pytest.raises(ExpressionError) as error:
        settled("amuont > 1")
    assert str(error.value).endswith(". Did you mean 'amount'?")
    assert "has: order_id, email, amount, rate" in str(error.value)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("email", "text"),
        ("upper(email) || 'x'", "text"),
        ("amount", "decimal(10,2)"),
        ("coalesce(amount, 0)", "decimal(10,2)"),
        ("amount * 2", None),
        ("amount / 3", "double"),
        ("round(amount, 1)", None),
        ("amount * rate", "double"),
        ("pieces + 1", "integer"),
        ("pieces + order_id", "bigint"),
        ("pieces * 1.5", "double"),
        ("due_on - due_on", "integer"),
        ("placed_at - placed_at", None),
        ("due_on + 1", "date"),
        ("placed_at + interval '1 day'", "timestamp"),
        ("date_trunc('month', due_on)", "timestamp"),
        ("extract(year from placed_at)", "integer"),
        ("extract(epoch from placed_at)", "double"),
        ("now()", "timestamp"),
        ("current_date", "date"),
        ("details ->> 'a'", "text"),
        ("details -> 'a'", "json"),
        ("email like '%x'", "boolean"),
        ("cast(email as numeric(8, 3))", "decimal(8,3)"),
        ("email::uuid", "uuid"),
    ],
)
def test_the_type_of_a_result_is_that_of_every_target_or_not_known(
    text: str, kind: str | None
) -> None:
    assert settled(text).kind == kind


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("email = pieces", "compares text with a number in email = pieces"),
        ("email = 5", "compares text with a number"),
        ("is_paid = 1", "compares a truth value with a number"),
        ("due_on > pieces", "compares a date or time with a number"),
        ("email::numeric", "casts to a number without saying its digits"),
        ("email::timestamptz", "casts to a type with a time zone"),
        ("placed_at at time zone 'Europe/Berlin'", "gives a time with a zone"),
        ("encode(email, 'hex')", "the function 'encode' is not known to mean the same on every"),
        ("uper(email)", "the function 'uper' is not known to mean the same on every target (inst"),
        ("to_hex(pieces)", "the function 'to_hex' is not known"),
        ("overlay(email placing 'x' from 1)", "the function 'overlay' is not known"),
        ("date_diff('day', due_on, due_on)", "the function 'date_diff' is not known"),
        ("email similar to 'a%'", "the operator 'similar to' is not known"),
        ("pieces << 1", "the operator '<<' is not known"),
        ("pieces = any(array[1, 2])", "has ANY(ARRAY[1, 2]), which is not known"),
        ("email ~ '(?=a)'", "the pattern '(?=a)' has '(?=a'"),
    ],
)
def test_what_targets_would_not_agree_on_is_refused(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as error:
        settled(text)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("text", "duckdb_text", "postgres_text"),
    [
        ("email IS NOT NULL AND Pieces > 1", "email is not null and pieces > 1", None),
        ("email = 'A  b'", "email = 'A  b'", None),
        ("trim(email)", "trim(email, ' ')", None),
        ("ltrim(email, 'x')", "ltrim(email, 'x')", None),
        ("pieces / 2", "pieces // 2", "pieces / 2"),
        ("email ~ '^a.c'", "regexp_matches(email, '(?s)^a.c')", "email ~ '(?s)^a.c'"),
        ("email ~ '(?i)a.c'", "regexp_matches(email, '(?is)a.c')", "email ~ '(?is)a.c'"),
        ("email ~ '[.]'", "regexp_matches(email, '[.]')", "email ~ '[.]'"),
        ("now() > placed_at", "current_timestamp at time zone 'UTC' > placed_at", None),
        ("email = e'it\\'s'", "email = e'it''s'", None),
    ],
)
def test_each_target_gets_its_own_text(
    text: str, duckdb_text: str, postgres_text: str | None
) -> None:
    found = settled(text)
    assert found.texts == {"duckdb": duckdb_text, "postgres": postgres_text or duckdb_text}


AWKWARD = st.text(alphabet=st.sampled_from("{}%#'\"\\\n\r\t -*/;$é{{}}abc"), max_size=30)


@settings(deadline=None)
@given(text=AWKWARD)
def test_text_in_a_template_comes_out_as_it_was(text: str) -> None:
    environment = jinja2.Environment(autoescape=False, keep_trailing_newline=True)
    plain = text.replace("\r", " ")  # templates have line feeds alone
    assert environment.from_string(sql.plain_text(plain)).render() == plain
    in_expression = "{{ " + sql.jinja_string(text) + " }}"
    assert environment.from_string(in_expression).render() == text


@settings(deadline=None)
@given(text=st.text(alphabet=st.characters(exclude_characters="\x00", codec="utf-8"), max_size=40))
def test_a_string_literal_is_the_text(text: str) -> None:
    with duckdb.connect() as connection:
        assert connection.execute(f"select {sql.raw_string(text)}").fetchone() == (text,)


@pytest.mark.parametrize(
    ("given_type", "found"),
    [
        ("TEXT", "text"),
        ("decimal( 10 , 2 )", "decimal(10,2)"),
        ("decimal(38,38)", "decimal(38,38)"),
    ],
)
def test_types_are_found_however_they_are_written(given_type: str, found: str) -> None:
    assert sql.portable_type(given_type) == found


@pytest.mark.parametrize(
    "given_type", ["varchar", "decimal", "decimal(39,0)", "decimal(4,5)", "text; drop", ""]
)
def test_other_types_are_refused(given_type: str) -> None:
    with pytest.raises(ExpressionError, match="no type"):
        sql.portable_type(given_type)


def test_placeholders_are_literals_and_nothing_else() -> None:
    tree = sql.parse_expression("email = :name and pieces in (:some, 7) and is_paid = :paid")
    assert sql.placeholders_in(tree) == {"name", "some", "paid"}
    values = {"name": "x'; drop table y; --", "some": [1, 2], "paid": True}
    filled = sql.fill_placeholders(tree, values)
    assert settled(filled.sql(dialect="postgres")).text == (
        "email = 'x''; drop table y; --' and pieces in (1, 2, 7) and is_paid = true"
    )
    with pytest.raises(ExpressionError, match="no parameter 'other'"):
        sql.fill_placeholders(sql.parse_expression(":other"), values)
    with pytest.raises(ExpressionError, match="expected a text, a number, true or false"):
        sql.fill_placeholders(sql.parse_expression("a = :x"), {"x": {"a": 1}})


# --- patterns -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        (r"^[^@]+@[^@]+\.[^@]+$", None),
        (r"\d{3}-\w+", "[0-9]{3}-[A-Za-z0-9_]+"),
        (r"[\w.\d]+\S", r"[A-Za-z0-9_.0-9]+[^ \t\n\r\f\v]"),
        ("[]a]", r"[\]a]"),
        ("[^]a[]", r"[^\]a\[]"),
        ("[[:alpha:][:digit:]]", "[A-Za-z0-9]"),
        ("(?i)^(?:a|b){1,2}?$", None),
        (r"\{\{x\}\}", None),
        ("é+|日本", None),
        ("a|", None),
    ],
)
def test_a_pattern_is_written_in_what_both_engines_share(pattern: str, written: str | None) -> None:
    assert sql.portable_pattern(pattern) == (written or pattern)


@pytest.mark.parametrize(
    "pattern",
    ["", "(", "[a", "a{2", "a++", "^*", "*a", "a\\", r"\bfoo", r"\1", r"\p{L}", r"\x41b", r"\x4", r"\x00", "(?=a)",
     "(?<=a)", "(?P<n>a)", "x(?i)", "(?s).", "a{300}", r"[\S]", "[[:cntrl:]]", "[[=a=]]", "a\x00",
     "[b-a]", "a{2,1}"],
)  # fmt: skip
def test_a_pattern_that_engines_read_otherwise_is_refused(pattern: str) -> None:
    with pytest.raises(sql.PatternError) as error:
        sql.portable_pattern(pattern)
    assert str(error.value)


@settings(deadline=None)
@given(pattern=st.text(alphabet="ab.^$*+?()[]{}|\\-0d w:i", max_size=12))
def test_a_pattern_is_understood_by_duckdb_or_refused(pattern: str) -> None:
    try:
        written = sql.portable_pattern(pattern)
    except sql.PatternError:
        return
    with duckdb.connect() as connection:
        answer = connection.execute("select regexp_matches('ab', ?)", [written]).fetchone()
    assert answer in [(True,), (False,)]
