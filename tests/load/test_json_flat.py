"""JSON that DuckDB cuts up is, cell for cell, what the careful reader makes of it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest

from controlplane.load.reading import Reading, careful_json, fast_json
from controlplane.targets.duckdb import prepare_reader

PLAIN = [
    *("0", "-0", "1", "1.10", "1e5", "1E+05", "-0.0e-0", "12345678901234567890123", "0.1"),
    *("true", "false", "null", '""', '"null"', '"true"', '"1.10"', '"x"', '"a b"', '" "', '" a "'),
    *('"Zoë"', '"e\u0301"', '"😀👩\u200d👩"', '"\\ud83d\\ude00"', '"\\u00e9"', '"\\u0001"'),
    *('"\\n\\t\\r\\b\\f"', '"\\/\\\\"', '"\\""', '"\\"null\\""', '"a\\",\\"b\\":1"', '"{}"'),
    *('"\u2028\x7f\ufeff"', '"\\\\u0000"', '"it\'s"', '"$$"', '"a\\u002c"', '"\\uffff"', '"}"'),
    *('"a,b"', '",a"', '", a"', '": "', '"[1]"', '"%s"', '"\\\\"'),
]
ODD = [
    *("01", "1.", ".5", "+1", "NaN", "-Infinity", "1e", "nul", "True", "'x'", "", "1 2", '"a" "b"'),
    *(
        '"a,"',
        '","',
        '"a, "',
        '", "',
        '"},{"',
        '"}, {"',
        '"\\u0000"',
        '"\\ud800"',
        '"\\udc00\\ud800"',
    ),
    *('"\\ud800x"', '"\\x41"', '"\\u12"', '"a', 'a"', '"\x01"', '"\t"', '"\x00"', '"\r"', '"\n"'),
    *(
        "[]",
        "[1, 2]",
        '["a","b"]',
        "{}",
        '{"a":1}',
        '{"b": [1,  {"a":2}]}',
        '{"a":1,"a":2}',
        "[1,]",
    ),
    *(' "x"', '"x" ', "1\r", "\xa0", "\x0b1", '1,"a":2', '1,"b":2', '1, "b": 2', '1,"new":2', "1,"),
    *('"\\u00E9\\uD83D\\uDE00\\uD83D"', "/**/1", '"x"}', '{"a":{"a":{"a":[]}}}', "\ufeff1"),
]
KEYS = [
    *("a", "b", "id", "A", "Id", "rowid", "line", "p", "k", "v0", "v1", "i1", "x y", "x-y", "x_y"),
    *(
        "select",
        "é",
        "e\u0301",
        "😀",
        "it's",
        "a.b",
        "a|b",
        "(c",
        "d)",
        "[e]",
        "f*",
        "#g",
        "&",
        "~",
        "$",
    ),
    *(
        "null",
        "1",
        ",",
        ":",
        ", ",
        "{",
        "}",
        "\\d"[1:],
        "{}",
        "%",
        "?",
        "+",
        "^",
        "-",
        "_row_number",
    ),
]
ODD_KEYS = ["", "a\\u0062", 'q\\"', "\\\\", "\\n", "\\u0000", "\\ud800", 'x":', "a"]
MISPLACED = [
    "",
    " ",
    "\t",
    "\x0b",
    "{}",
    "[]",
    "null",
    '{"a":1',
    "{} {}",
    "\ufeff",
    "\r",
    '"x"',
    "}{",
]


def records(chance: random.Random) -> list[str]:
    """Records of one file as they are written."""
    keys = chance.sample(KEYS, chance.randint(1, 6))
    gap = chance.choice(["", " "])
    is_plain = chance.random() < 0.6
    loose = chance.random() < 0.5
    found = []
    for _ in range(chance.randint(1, 40)):
        names = list(keys)
        if loose:
            names = chance.sample(names, chance.randint(1, len(names)))
        pairs = [(name, chance.choice(PLAIN)) for name in names]
        found.append("{" + f",{gap}".join(f'"{name}":{gap}{value}' for name, value in pairs) + "}")
    if not is_plain:
        for _ in range(chance.choice([1, 1, 1, 3])):
            place = chance.randrange(len(found))
            found[place] = odd(chance, keys, gap)
    return found


def odd(chance: random.Random, keys: Sequence[str], gap: str) -> str:
    """A record, or something in its place, that is not quite like the others."""
    if chance.random() < 0.15:
        return chance.choice(MISPLACED)
    names = list(keys)
    if chance.random() < 0.3:
        names.insert(chance.randint(0, len(names)), chance.choice([*ODD_KEYS, *keys, "A", "late"]))
    values = [chance.choice(PLAIN) for _ in names]
    if chance.random() < 0.7:
        values[chance.randrange(len(values))] = chance.choice(ODD)
    # Before and after the record, its braces, and the parts of a pair.
    spaces = ["", "", "", "", "", gap, gap]
    if chance.random() < 0.2:
        spaces[chance.randrange(7)] = chance.choice(["", " ", "  ", "\t", "\n", "\r", "\xa0"])
    before, after, opened, closed, key, colon, comma = spaces
    pairs = [f'"{name}"{key}:{colon}{value}' for name, value in zip(names, values, strict=True)]
    return f"{before}{{{opened}{f',{comma}'.join(pairs)}{closed}}}{after}"


def written(chance: random.Random, texts: Sequence[str]) -> tuple[bytes, str]:
    """A file of these records, and its source type."""
    mark = b"\xef\xbb\xbf" if chance.random() < 0.1 else b""
    if chance.random() < 0.5:
        end = chance.choice(["\n"] * 16 + ["\r\n", "\n\n", "\r", "\n \n"])
        content = end.join(texts) + chance.choice(["", end])
        kind = chance.choice(["json", "jsonl"])
    else:
        comma = chance.choice([",", ", ", ",\n", ",\n\t", "\n,\n", ",\r\n", " , ", "\n,", " ,\n\n"])
        commas = [comma] * len(texts)
        if chance.random() < 0.2:
            commas[0] = chance.choice([",", "", "\n", ",,", " ,"])
        body = "".join(f"{each}{text}" for each, text in zip(["", *commas], texts, strict=False))
        start, end = chance.choice([("[", "]"), ("[\n", "\n]\n"), (" [ ", " ] "), ("[", "]x")])
        content, kind = f"{start}{body}{end}", "json"
    data = mark + content.encode()
    if chance.random() < 0.03:
        at = chance.randrange(len(data))
        data = data[:at] + chance.choice([b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\0"]) + data[at:]
    return data, kind


def cells(connection: duckdb.DuckDBPyConnection, reading: Reading) -> list[tuple[Any, ...]]:
    names = ", ".join(reading.columns)
    return connection.execute(
        f"select {names}, _row_number from ({reading.select}) as r order by _row_number"
    ).fetchall()


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        prepare_reader(opened, tmp_path_factory.mktemp("scratch"))
        yield opened


@pytest.mark.parametrize("seed", range(4))
def test_both_ways_give_the_same_cells(
    connection: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
) -> None:
    chance = random.Random(seed)
    taken = refused = 0
    path = tmp_path / "records"
    for _ in range(400):
        # What comes after the sample is what only DuckDB sees.
        monkeypatch.setattr(
            "controlplane.load.json_flat._SAMPLE_RECORDS", chance.choice([1, 3, 50])
        )
        monkeypatch.setattr("controlplane.load.json_flat._CHUNK", chance.choice([50, 200, 1 << 20]))
        data, kind = written(chance, records(chance))
        path.write_bytes(data)
        declared = chance.choice([[], [], ["b", "z"]])
        careful = partial(careful_json, path, "source", kind, declared, tmp_path)
        fast = fast_json(path, kind, declared, tmp_path, careful)
        if fast is None:
            refused += 1
            continue
        try:
            found = cells(connection, fast)
        except duckdb.InvalidInputException:
            refused += 1
            continue
        taken += 1
        expected = careful()
        assert expected.rejected == 0, data
        assert (fast.titles, fast.columns) == (expected.titles, expected.columns), data
        assert found == cells(connection, expected), data
    assert taken > 100
    assert refused > 100
