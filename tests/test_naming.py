"""Names of tables, columns and models: plain, unique, and the same wherever they are made."""

from __future__ import annotations

import re

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlplane import naming


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Customer Data ETL", "customer_data_etl"),
        ("InvoiceLineId", "invoice_line_id"),
        ("HTTPServer2", "http_server2"),
        ("  Größe (cm) ", "grosse_cm"),
        ("Größe in cm", "grosse_in_cm"),
        ("STRAẞE", "strasse"),
        ("Ærø", "aero"),
        ("Æø", "aeo"),
        ("SÆRØ", "saero"),
        ("Œuvre œ", "oeuvre_oe"),
        ("Łódź đ Đ", "lodz_d_d"),
        ("Þór ð Ð þ", "thor_d_d_th"),
        ("ısı ǿ", "isi_o"),
        ("Müller Höhe", "muller_hohe"),
        ("naïve café", "naive_cafe"),
        ("a--b__c", "a_b_c"),
        ("日本", ""),
        ("", ""),
    ],
)
def test_a_name_is_lower_case_ascii_with_underscores(text: str, name: str) -> None:
    assert naming.snake_case(text) == name


def test_columns_are_unique_and_no_words_of_sql() -> None:
    header = ["id", "ID", "Id ", "order", "1st", "", "日本", "id_2", "select"]
    assert naming.column_names(header) == [
        "id",
        "id_2",
        "id_3",
        "order_",
        "column_1st",
        "column_6",
        "column_7",
        "id_2_2",
        "select_",
    ]


@settings(deadline=None)
@given(header=st.lists(st.text(max_size=80), max_size=12))
def test_any_header_gives_names_that_need_no_quotes(header: list[str]) -> None:
    names = naming.column_names(header)
    assert len(set(names)) == len(header)
    assert all(re.fullmatch("[a-z][a-z0-9_]{0,62}", name) for name in names)
    assert not naming.RESERVED.intersection(names)
    assert naming.column_names(header) == names


def test_words_that_duckdb_reserves_are_known() -> None:
    with duckdb.connect() as connection:
        words = connection.execute(
            "select keyword_name from duckdb_keywords() where keyword_category = 'reserved'"
        ).fetchall()
    assert {word for (word,) in words} <= naming.RESERVED


@pytest.mark.parametrize(
    ("table", "bronze"),
    [
        ("orders", "raw_orders"),
        ("shop_clean_orders", "shop_raw_orders"),
        ("clean_up", "raw_clean_up"),
    ],
)
def test_models_of_a_table_are_named_after_it(table: str, bronze: str) -> None:
    assert naming.bronze_model(table) == bronze
    assert naming.checked_model(table) == f"{table}_checked"
    assert naming.quarantine_model(table) == f"{table}_quarantine"
    assert naming.outcomes_model(table) == f"{table}_outcomes"


def test_raw_tables_are_named_after_the_process() -> None:
    assert naming.raw_table("web_orders") == "web_orders"
    assert naming.raw_join_table("web_orders", "Order Items") == "web_orders__order_items"
