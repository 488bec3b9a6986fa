"""Has DuckDB read JSON whose records are plain: objects of single values, written in one way.

DuckDB's JSON reader does not keep numbers as they are written, so its string functions cut the
records up. A regular expression says of each line that it is a record which the careful reader
takes as it stands, in the one spelling that the file began with; for any other the query fails, and
the careful reader takes the file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO

from controlplane.load.csv_lines import CsvFormat, Lines
from controlplane.load.json_records import parse_record
from controlplane.naming import column_names
from controlplane.targets.base import literal

# Smaller files are read with care in no time, as those of delimited text are.
WORTH_BYTES = 8 << 20
_SAMPLE_RECORDS = 2000
# With more keys, an expression for each place of a record is larger than RE2 likes.
_MOST_PLACES = 40
_CHUNK = 1 << 22
_SPACE = b" \t\n\r"
# No text has such a character in a line, and no JSON anywhere; the whole line is one value.
LINES = CsvFormat(delimiter="\x01", quote="", escape="", header=False)

_H = "[0-9a-fA-F]"
# Any character but NUL; a half of a surrogate pair only before the other one.
_CODE = (
    f"(?:[1-9abcefABCEF]{_H}{{3}}|0[1-9a-fA-F]{_H}{{2}}|00[1-9a-fA-F]{_H}|000[1-9a-fA-F]"
    f"|[dD][0-7]{_H}{{2}}|[dD][89abAB]{_H}{{2}}\\\\u[dD][c-fC-F]{_H}{{2}})"
)
_ESCAPE = rf'\\(?:["\\/bfnrt]|u{_CODE})'
_OTHERS = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null"


@dataclass(frozen=True)
class FlatJson:
    """The titles of a file's columns, and the query that gives its records, or fails."""

    titles: tuple[str, ...]
    columns: tuple[str, ...]
    select: str


@dataclass(frozen=True)
class _Spelling:
    """How the records are written: what follows commas and colons, and the keys as they come.

    Where `in_order`, every record has every key in this order.
    """

    gap: str
    keys: tuple[str, ...]
    in_order: bool

    @property
    def pattern(self) -> str:
        """An expression for Python and RE2 alike that a whole record matches.

        No string may end like the text before a key does, so that records can be cut there.
        """
        first, other = rf'(?:[^"\\\x00-\x1f]|{_ESCAPE})', rf'(?:[^"\\\x00-\x1f,]|{_ESCAPE})'
        last = other
        if self.gap:
            last = rf'(?:[^"\\\x00-\x1f ]|{_ESCAPE}|{other} )'
        text = f'"(?:{first}*{last}|{self.gap})?"'
        value = f":{self.gap}(?:{text}|{_OTHERS})"
        names = [re.escape(key) for key in self.keys]
        comma = f",{self.gap}"
        if self.in_order:
            return r"\{" + comma.join(f'"{name}"{value}' for name in names) + r"\}"
        pair = f'"(?:{"|".join(names)})"{value}'
        return rf"\{{{pair}(?:{comma}{pair})*\}}"

    def select(self, table: str, titles: Sequence[str], columns: Sequence[str]) -> str:
        """The query for the records of a table of lines."""
        is_record = (
            "case when line is null then false when"
            f" regexp_full_match(line, {literal(self.pattern)}) then true"
            " else error('no plain record') end"
        )
        # `a": 1` for each key.
        pairs = f"string_split(line[3:-2], {literal(f',{self.gap}' + chr(34))})"
        cut = f"select {pairs} as p from {table} where {is_record}"
        places = {key: str(place) for place, key in enumerate(self.keys, start=1)}
        if not self.in_order:
            names = "list_transform(p, lambda pair: split_part(pair, '\":', 1))"
            found = [f"list_position(k, {literal(key)})" for key in self.keys]
            places = {key: f"i{place}" for key, place in places.items()}
            each = ", ".join(
                f"{place} as {name}" for place, name in zip(found, places.values(), strict=True)
            )
            cut = f"select p, {each} from (select p, {names} as k from ({cut}) as cut) as named"
            count = " + ".join(f"({place} is not null)::int" for place in places.values())
            # A key that occurs twice is found once.
            once = f"case when {count} = len(p) then true else error('a key twice') end"
            cut = f"select * from ({cut}) as placed where {once}"
        values = ", ".join(
            f"p[{places[title]}][{len(title) + len(self.gap) + 3}:] as v{number}"
            if title in places
            else f"null::varchar as v{number}"
            for number, title in enumerate(titles)
        )
        cells = ", ".join(f"{_cell(f'v{n}')} as {name}" for n, name in enumerate(columns))
        return f"select {cells} from (select {values} from ({cut}) as cut) as written"


def _cell(value: str) -> str:
    """The content of a value as it is written."""
    return (
        f"case when {value} <> 'null' then case when not starts_with({value}, '\"') then {value}"
        f" when contains({value}, '\\') then json_extract_string({value}, '$')"
        f" else {value}[2:-2] end end"
    )


def flat_json(path: Path, table: str, declared: Sequence[str]) -> FlatJson | None:
    """How DuckDB reads a file of JSON lines; None where its first records are not plain.

    Args:
        path: the lines.
        table: what gives DuckDB the lines, in a column `line`.
        declared: columns that are there whether or not a record has them.
    """
    with path.open("rb") as file:
        start = list(islice((line for line in Lines(file) if line.content), _SAMPLE_RECORDS))
    records, texts = [], []
    for line in start:
        text = line.content.decode(errors="replace")
        values, fault = parse_record(text)
        if fault or not values or line.ending not in (b"\n", b""):
            return None
        records.append(tuple(values))
        texts.append(text)
    keys = tuple(dict.fromkeys(chain.from_iterable(records)))
    if not keys or any(re.search(r'^$|["\\\x00-\x1f]|, ?$', key) for key in keys):
        return None
    in_order = len(keys) <= _MOST_PLACES and all(record == keys for record in records)
    for gap in ("", " "):
        spelling = _Spelling(gap, keys, in_order)
        fits = re.compile(spelling.pattern).fullmatch
        if all(map(fits, texts)):
            titles = (*declared, *(key for key in keys if key not in declared))
            columns = tuple(column_names(titles))
            return FlatJson(titles, columns, spelling.select(table, titles, columns))
    return None


def array_lines(path: Path, target: Path) -> bool:
    """Write the objects of an array to `target` as lines; False where that is not simple.

    It is simple where the same text stands between any two of them. The lines are cut without a
    look at what they hold. A cut within a string leaves no record before it, so whoever reads the
    lines finds out; and the lines that the array has otherwise must be none.
    """
    with path.open("rb") as file, target.open("wb") as out:
        piece = file.read(_CHUNK).removeprefix(b"\xef\xbb\xbf").lstrip(_SPACE)
        between = re.search(rb"\}[ \t\n\r]*,[ \t\n\r]*\{", piece)
        records = piece.removeprefix(b"[").lstrip(_SPACE)
        if between is None or records == piece or not records.startswith(b"{"):
            return False
        piece = records
        comma = between[0]
        while more := file.read(_CHUNK):
            # The last brace may be the first of what stands between.
            end = piece.rfind(b"}")
            if end < 0 or not _write_lines(piece[:end], comma, out):
                return False
            piece = piece[end:] + more
        piece = piece.rstrip(_SPACE)
        return piece.endswith(b"]") and _write_lines(piece[:-1].rstrip(_SPACE), comma, out)


def _write_lines(piece: bytes, comma: bytes, out: IO[bytes]) -> bool:
    """Write a line for each part between these commas; False if a part has lines of its own."""
    if piece.count(b"\n") != comma.count(b"\n") * piece.count(comma):
        return False
    out.write(piece.replace(comma, b"}\n{"))
    return True
