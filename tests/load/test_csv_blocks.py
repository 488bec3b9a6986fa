"""Lines that are copied in blocks are read as they are singly."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from controlplane.load.csv_format import read_header
from controlplane.load.csv_lines import CsvFormat
from controlplane.load.files import FileMemory
from controlplane.load.reading import Reading, careful_csv
from controlplane.sniff.reading import open_unknown
from controlplane.targets.duckdb import prepare_reader

CELLS = [
    *("1", "2.50", "x", "a b", "", "", " ", "Zoë", "%d", "%", "\u00a0", "2024-01-02", "'", "#")
]
ODD_CELLS = [
    '"q"',
    '"a,b"',
    '"two\nlines"',
    '"open',
    'in"side',
    "\0",
    "\r",
    "\\,",
    "a,b",
    "a;b",
    "\x1f",
]
ODD_LINES = [
    *("", " ", "total", "note,,", "note;;", ",,", ";;", "id,name,price", "id;name;price", "x,y")
]


def written(chance: random.Random) -> bytes:
    """A file of three columns with faults here and there."""
    delimiter, end = chance.choice(",,;\t|"), chance.choice(["\n", "\n", "\r\n", "\r"])
    lines = ["id,name,price".replace(",", delimiter)]
    few = chance.choice([0, 0.02, 0.2])
    for number in range(chance.randint(1, 80)):
        cells = [str(number), chance.choice(CELLS), chance.choice(["1.5", "20", ""])]
        if chance.random() < few:
            cells[chance.randrange(3)] = chance.choice(ODD_CELLS)
        lines.append(delimiter.join(cells))
        if chance.random() < few:
            lines.append(chance.choice(ODD_LINES))
    lines += chance.choice([[], [], ["note" + 2 * delimiter], [2 * delimiter] * 3, ["the end"]])
    text = end.join(lines) + chance.choice(["", end])
    if chance.random() < 0.1:
        text = text.replace(end, chance.choice(["\n", "\r\n", "\r\r\n"]), 3)
    data = text.encode()
    if chance.random() < 0.1:
        at = chance.randrange(len(data))
        data = data[:at] + b"\xff" + data[at:]
    return data


def all_of(connection: duckdb.DuckDBPyConnection, reading: Reading) -> tuple[Any, ...]:
    """Rows with their numbers, and rejects."""
    rows = connection.execute(f"from ({reading.select}) as r order by _row_number").fetchall()
    assert len(rows) == reading.rows
    if not reading.rejects:
        return rows, []
    return rows, connection.execute(f"from ({reading.rejects.select()}) as r").fetchall()


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        prepare_reader(opened, tmp_path_factory.mktemp("scratch"))
        yield opened


@pytest.mark.parametrize("described", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_blocks_give_the_same_records(
    connection: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
    described: bool,
) -> None:
    chance = random.Random(seed)
    path = tmp_path / "flawed.csv"

    def read(block: int) -> tuple[Any, ...]:
        monkeypatch.setattr("controlplane.load.csv_lines._BLOCK", block)
        if not described:
            file = FileMemory(tmp_path).identify(path, tmp_path)
            return all_of(connection, open_unknown(connection, file, tmp_path).reading)
        header = read_header(path, "source", layout)
        return all_of(connection, careful_csv(path, layout, header, tmp_path, offsets=True))

    for _ in range(50):
        data = written(chance)
        path.write_bytes(data)
        layout = CsvFormat(delimiter=data[2:3].decode())
        singly = read(0)
        for block in (20, 60, 1 << 16):
            assert read(block) == singly, data
