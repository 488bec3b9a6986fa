"""Passwords go to environment variables, and come back whole."""

from __future__ import annotations

from urllib.parse import quote, unquote, urlsplit

import psycopg2.extensions
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from controlplane.errors import ConfigError
from controlplane.specs.secrets import (
    externalise_password,
    has_literal_password,
    password_variable,
    redact,
    redact_text,
    reference,
    resolve_secrets,
    variables,
)

REFERENCE = "{{ env_var('PW') }}"


def test_the_variable_is_named_after_the_process_and_the_side() -> None:
    assert password_variable("shop_orders", "source") == "DATABANK_SHOP_ORDERS_SOURCE_PASSWORD"
    assert password_variable("shop_orders", "target") == "DATABANK_SHOP_ORDERS_TARGET_PASSWORD"


@pytest.mark.parametrize(
    ("given_string", "written", "password"),
    [
        ("postgres://u:secret@h:5432/db", f"postgres://u:{REFERENCE}@h:5432/db", "secret"),
        ("postgres://u:p%40%2Fs@h/db?x=y", f"postgres://u:{REFERENCE}@h/db?x=y", "p@/s"),
        ("postgres://u:p@ss/w@h/db", f"postgres://u:{REFERENCE}@h/db", "p@ss/w"),
        ("postgres://u:p?x@h/db", f"postgres://u:{REFERENCE}@h/db", "p?x"),
        ("postgresql://u:PW0@[::1]:5432/db", f"postgresql://u:{REFERENCE}@[::1]:5432/db", "PW0"),
        ("postgres://u:PW0@a:1,b:2/db", f"postgres://u:{REFERENCE}@a:1,b:2/db", "PW0"),
        (
            "postgres:///db?user=u&password=p%20q",
            f"postgres:///db?user=u&password={REFERENCE}",
            "p q",
        ),
        ("host=h password=secret dbname=d", f"host=h password={REFERENCE} dbname=d", "secret"),
        ("host=h password = 'a b\\'c' user=u", f"host=h password = {REFERENCE} user=u", "a b'c"),
        ("password='open", f"password={REFERENCE}", "open"),
        ("postgres://u:{{ env_var('A', 'dev') }}@h/db", f"postgres://u:{REFERENCE}@h/db", "dev"),
    ],
)
def test_a_password_is_taken_out(given_string: str, written: str, password: str) -> None:
    assert externalise_password(given_string, "PW") == (written, password)
    assert has_literal_password(given_string)
    assert not has_literal_password(written)
    assert redact(given_string) == written.replace(REFERENCE, "***")
    assert password not in redact_text(f"cannot reach {given_string}: refused")


@pytest.mark.parametrize(
    "string",
    [
        "postgres://u@h:5432/db",
        "postgres://u:@h/db",
        "postgres://u@h:5432/db?application_name=me@here",
        "postgres://u:{{ env_var('PW') }}@h/db",
        'postgres://{{ env_var("U") }}:{{env_var("PW")}}@{{ env_var("H") }}/db',
        "host=h dbname=d",
        "host=h password={{ env_var('PW') }}",
        "host=h password='{{ env_var('PW') }}'",
        "{{ env_var('URL') }}",
    ],
)
def test_a_string_without_a_password_stays_as_it_is(string: str) -> None:
    assert externalise_password(string, "OTHER") == (string, None)
    assert redact(string) == string
    assert redact_text(f"see {string} there") == f"see {string} there"


def test_two_passwords_in_one_string_are_refused() -> None:
    with pytest.raises(ConfigError, match="more than one password") as caught:
        externalise_password("postgres://u:first@h/db?password=second", "PW")
    assert "first" not in str(caught.value)
    assert "second" not in str(caught.value)


@pytest.mark.parametrize(
    ("string", "resolved"),
    [
        ("postgres://u:{{ env_var('PW') }}@h/db", "postgres://u:a%2F%40%20%27%5Cb@h/db"),
        (
            "postgres:///db?password={{ env_var('PW') }}",
            "postgres:///db?password=a%2F%40%20%27%5Cb",
        ),
        ("postgres://u@{{ env_var('HOST') }}/db", "postgres://u@db:5433/db"),
        ("{{ env_var('URL') }}", "postgres://u:p%40@h/db"),
        ("host=h password={{ env_var('PW') }}", "host=h password='a/@ \\'\\\\b'"),
        ("host=h password='{{ env_var('PW') }}'", "host=h password='a/@ \\'\\\\b'"),
        ("host={{ env_var('NONE', 'here') }}", "host='here'"),
    ],
)
def test_references_are_filled_in_as_their_place_needs(string: str, resolved: str) -> None:
    environ = {"PW": "a/@ '\\b", "HOST": "db:5433", "URL": "postgres://u:p%40@h/db"}
    assert resolve_secrets(string, environ) == resolved


def test_a_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(ConfigError, match="environment variable PW is not set"):
        resolve_secrets("postgres://u:{{ env_var('PW') }}@h/db", {})


def test_the_variables_of_a_string_are_known() -> None:
    assert variables("postgres://{{ env_var('U') }}:{{ env_var('PW') }}@h") == ["U", "PW"]


passwords = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)


@given(passwords)
def test_any_password_survives_the_way_through_a_url(password: str) -> None:
    string = f"postgres://u:{quote(password, safe='')}@h/db"
    written, taken = externalise_password(string, "PW")
    assert (written, taken) == (f"postgres://u:{REFERENCE}@h/db", password)
    resolved = urlsplit(resolve_secrets(written, {"PW": password}))
    assert unquote(resolved.password or "") == password
    assert resolved.hostname == "h"


@example("://")
@given(passwords)
def test_any_password_survives_the_way_through_key_and_value(password: str) -> None:
    """libpq itself reads what is filled in."""
    escaped = password.replace("\\", "\\\\").replace("'", "\\'")
    written, taken = externalise_password(f"host=h password='{escaped}' user=u", "PW")
    assert (written, taken) == (f"host=h password={REFERENCE} user=u", password)
    parts = psycopg2.extensions.parse_dsn(resolve_secrets(written, {"PW": password}))
    assert parts == {"host": "h", "password": password, "user": "u"}


def test_a_reference_reads_as_dbt_writes_it() -> None:
    assert reference("PW") == REFERENCE
