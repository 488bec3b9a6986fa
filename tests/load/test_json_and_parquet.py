"""JSON and Parquet keep every value as the text that the source has for it."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import duckdb
import pytest

from controlplane.errors import LoadError, SourceError

QUARANTINE = {"error_action": "quarantine"}


def test_values_of_json_lines_are_what_the_source_wrote(loading: Any) -> None:
    loading.warehouse.file(
        "shop.jsonl",
        '{"id": 1, "price": 1.10, "big": 12345678901234567890.12, "ok": true, "none": null}\n'
        "\n"
        '{"id": 1e3, "tags": ["a",  {"b": 1.0}], "name": "Zo\\u00eb \\"x\\"", "ok": false}\n'
        '{"id": "1", "name": "", "deep": {"x":  [1]}}\n',
    )
    loading.load(loading.csv("shop.jsonl", source_type="jsonl"))
    assert loading.rows("id", "price", "big", "ok", "none", "tags", "name", "deep") == [
        ("1", "1.10", "12345678901234567890.12", "true", None, None, None, None),
        ("1e3", None, None, "false", None, '["a",  {"b": 1.0}]', 'Zoë "x"', None),
        ("1", None, None, None, None, None, "", '{"x":  [1]}'),
    ]
    assert [row[0] for row in loading.rows("_row_number")] == [1, 2, 3]


def test_a_broken_line_is_a_reject_with_its_number_and_text(loading: Any) -> None:
    loading.warehouse.file(
        "shop.jsonl",
        b'{"id": 1}\n{"id": 2\n[1]\n"x"\n{"id": NaN}\n{"id": "\\u0000"}\n{"id": "\\ud800"}\n'
        b'{"id": 3, "id": 4}\n{"id": "\xff"}\n{"id": 5}',
    )
    process = loading.csv("shop.jsonl", source_type="jsonl", error_handling=QUARANTINE)
    result = loading.load(process)
    assert loading.rows("id", "_row_number") == [("1", 1), ("5", 10)]
    assert [(line, text) for line, text, _ in loading.rejects()] == [
        (2, '{"id": 2'),
        (3, "[1]"),
        (4, '"x"'),
        (5, '{"id": NaN}'),
        (6, '{"id": "\\u0000"}'),
        (7, '{"id": "\\ud800"}'),
        (8, '{"id": 3, "id": 4}'),
        (9, '{"id": "\\xff"}'),
    ]
    assert "the key 'id' occurs twice" in loading.rejects()[6][2]
    assert (result.rows_read, result.rows_rejected) == (10, 8)


@pytest.mark.parametrize(
    "content",
    [
        '[{"id": 1, "x": [1, 2]}, {"id": 2.50, "x": null}]',
        '\ufeff[\n  {\n    "id": 1,\n    "x": [1, 2]\n  },\n  {"id": 2.50}\n]\n',
        '{"id": 1, "x": [1, 2]}\n{"id": 2.50}\n',
    ],
)
def test_a_json_file_is_an_array_or_lines(loading: Any, content: str) -> None:
    loading.warehouse.file("shop.json", content)
    loading.load(loading.csv("shop.json", source_type="json"))
    assert loading.rows("id", "x") == [("1", "[1, 2]"), ("2.50", None)]


def test_a_json_file_of_one_object_is_one_record(loading: Any) -> None:
    loading.warehouse.file("shop.json", '{\n  "id": 1,\n  "x": {"y": 2}\n}\n')
    loading.load(loading.csv("shop.json", source_type="json"))
    assert loading.rows("id", "x") == [("1", '{"y": 2}')]


def test_a_large_array_is_read_in_pieces(loading: Any) -> None:
    records = [f'{{"id": {n}, "text": "{"é" * (n % 50)}"}}' for n in range(60_000)]
    loading.warehouse.file("shop.json", f"[{', '.join(records)}]")
    loading.load(loading.csv("shop.json", source_type="json"))
    rows = loading.rows("id", "length(text)")
    assert rows == [(str(n), n % 50) for n in range(60_000)]


@pytest.mark.parametrize(
    "content",
    ['[{"id": 1}, {"id": ', '[{"id": 1} {"id": 2}]', '[{"id": 1}] x', '[{"id": 1', "hello"],
)
def test_a_broken_array_is_an_error_and_nothing_is_loaded(loading: Any, content: str) -> None:
    loading.warehouse.file("shop.json", content)
    with pytest.raises(SourceError, match=r"shop\.json.*is not (valid )?JSON"):
        loading.load(loading.csv("shop.json", source_type="json"))
    assert ("raw", "shop") not in loading.warehouse.target.relations()


def test_keys_that_come_late_are_columns_of_all_records(loading: Any) -> None:
    lines = [f'{{"id": {n}}}' for n in range(3000)] + ['{"id": 3000, "late": "x"}']
    loading.warehouse.file("shop.jsonl", "\n".join(lines))
    loading.load(loading.csv("shop.jsonl", source_type="jsonl"))
    assert loading.rows("id", "late")[-2:] == [("2999", None), ("3000", "x")]
    assert len(loading.rows()) == 3001


def test_declared_columns_are_there_although_no_record_has_them(loading: Any) -> None:
    loading.warehouse.file("shop.jsonl", '{"id": 1}\n')
    process = loading.csv("shop.jsonl", source_type="jsonl", columns=[{"name": "note"}])
    loading.load(process)
    assert loading.rows("id", "note") == [("1", None)]


@pytest.mark.parametrize("seed", range(5))
def test_every_random_record_ends_as_a_row_or_a_reject(loading: Any, seed: int) -> None:
    chance = random.Random(seed)
    pieces = ['{"a": 1}', '{"a": "\\n"}', '{"b": [1', "", "  ", "null", '{"a": {}}', "{}", "}{"]
    lines = [chance.choice(pieces) for _ in range(200)]
    loading.warehouse.file("shop.jsonl", "\n".join(lines))
    process = loading.csv("shop.jsonl", source_type="jsonl", error_handling=QUARANTINE)
    result = loading.load(process)
    assert result.rows_read == len([line for line in lines if line.strip()])


def write_parquet(path: Path, query: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"copy ({query}) to '{path}' (format parquet)")


def test_parquet_values_become_text_of_one_form(loading: Any) -> None:
    write_parquet(
        loading.warehouse.project.root / "shop.parquet",
        "select 1::int as id, 0.1::double as f, 12.50::decimal(9, 2) as d, date '2024-02-29' as"
        " day, timestamp '2024-02-29 01:02:03.5' as ts, timestamptz '2024-02-29 01:02:03+02' as tz,"
        " true as ok, [1, 2] as list, {'a': 'x'} as struct_, '\\xAA\\x00'::blob as bytes,"
        " null::varchar as none, '' as empty, 'Zoë' as \"Full Name\"",
    )
    loading.load(loading.csv("shop.parquet", source_type="parquet"))
    assert loading.rows() == [
        (
            *("1", "0.1", "12.50", "2024-02-29", "2024-02-29 01:02:03.5"),
            *("2024-02-28 23:02:03+00", "true", "[1,2]", '{"a":"x"}', "\\xaa00"),
            *(None, "", "Zoë"),
        )
    ]


def test_a_parquet_record_with_a_nul_is_rejected_and_the_others_keep_their_number(
    loading: Any,
) -> None:
    write_parquet(
        loading.warehouse.project.root / "shop.parquet",
        "select n, case when n = 2 then 'a' || chr(0) else null end as t from range(5) r(n)",
    )
    process = loading.csv("shop.parquet", source_type="parquet", error_handling=QUARANTINE)
    loading.load(process)
    assert loading.rows("n", "_row_number") == [("0", 1), ("1", 2), ("3", 4), ("4", 5)]
    [(line, text, reason)] = loading.rejects()
    assert (line, "NUL" in reason) == (3, True)
    assert '"n":"2"' in text


def test_a_damaged_parquet_file_is_one_clear_message(loading: Any) -> None:
    loading.warehouse.file("shop.parquet", b"PAR1 this is none PAR1")
    with pytest.raises((SourceError, LoadError), match=r"shop\.parquet: cannot be read"):
        loading.load(loading.csv("shop.parquet", source_type="parquet"))


@pytest.mark.parametrize(
    ("start", "comma", "end"), [("", "\n", ""), ("[", ",", "]"), ("[\n ", ",\n ", "\n]\n")]
)
@pytest.mark.parametrize("odd", [None, "NaN", '{"x": [1]}'])
def test_a_large_json_file_is_loaded_like_a_small_one(
    loading: Any,
    monkeypatch: pytest.MonkeyPatch,
    start: str,
    comma: str,
    end: str,
    odd: str | None,
) -> None:
    monkeypatch.setattr("controlplane.load.reading.WORTH_BYTES", 1)
    monkeypatch.setattr("controlplane.load.reading._STAGED_BYTES", range(1, 1 << 30))
    count = 40_000
    records = [
        f'{{"id": {n}, "{"a" if n % 2 else "b"}": "x\\n{n}", "c": {n}.10}}' for n in range(1, count)
    ]
    records.append(f'{{"id": {count}, "c": {odd or "null"}}}')
    loading.warehouse.file("shop.json", f"{start}{comma.join(records)}{end}")
    process = loading.csv("shop.json", source_type="json", error_handling=QUARANTINE)
    loading.load(process)
    rejected = odd == "NaN"
    found = loading.warehouse.target.query(
        "select count(*), count(distinct id), sum(case when cast(id as bigint) = _row_number and"
        f" (id = '{count}' or (c = id || '.10' and coalesce(a, b) = 'x' || chr(10) || id"
        " and (a is null) = (b is not null))) then 1 else 0 end) from raw.shop"
    )
    assert [tuple(map(int, row)) for row in found] == [(count - rejected,) * 3]
    last = loading.warehouse.target.query(f"select c from raw.shop where id = '{count}'")
    assert last == [] if rejected else last == [(odd and odd.strip('"'),)]
    assert [text for _, text, _ in loading.rejects()] == records[-1:] * rejected
