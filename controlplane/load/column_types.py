"""Finds the type of columns that came as text.

A type is given only where every value keeps its meaning in it. Codes with leading zeros, telephone
numbers and dates in a country's order stay text; a person can declare more in the spec.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import duckdb

SAMPLE_ROWS = 5_000
# A longer fraction is measured, not counted: it is a floating point number.
LONGEST_SCALE = 9

_INTEGER = r"-?(0|[1-9][0-9]{0,18})"
_DECIMAL = r"-?(0|[1-9][0-9]*)?(\.[0-9]+)?"
_DOUBLE = r"-?(0|[1-9][0-9]*)?(\.[0-9]*)?([eE][-+]?[0-9]+)?"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
# Another offset than UTC is read differently by different engines.
_TIMESTAMP = rf"{_DATE}([ T]{_CLOCK}(Z|[+]00(:?00)?)?)?"
_UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"

# From the narrowest to the widest; the first that holds for all values is the type.
_TESTS: Mapping[str, str] = {
    "boolean": "lower({c}) in ('true', 'false', 't', 'f')",
    "integer": f"regexp_full_match({{c}}, '{_INTEGER}') and try_cast({{c}} as integer) is not null",
    "bigint": f"regexp_full_match({{c}}, '{_INTEGER}') and try_cast({{c}} as bigint) is not null",
    "decimal": f"regexp_full_match({{c}}, '{_DECIMAL}') and length({{c}}) <= 40"
    " and {c} not in ('', '-')",
    "double": f"regexp_full_match({{c}}, '{_DOUBLE}') and try_cast({{c}} as double) is not null",
    "date": f"regexp_full_match({{c}}, '{_DATE}') and try_cast({{c}} as date) is not null",
    "timestamp": f"regexp_full_match({{c}}, '{_TIMESTAMP}')"
    " and try_cast({c} as timestamp) is not null",
    "time": f"regexp_full_match({{c}}, '{_CLOCK}') and try_cast({{c}} as time) is not null",
    "uuid": f"regexp_full_match({{c}}, '{_UUID}')",
    "json": "left({c}, 1) in ('{', '[') and json_valid({c})",
}
_FIRST_CHOICE = tuple(_TESTS)

# Numbers that nobody calculates with.
_CODES = re.compile(
    r"(^|_)(phone|mobile|cell|fax|tel|telephone|zip|zipcode|postal|postcode|plz|iban|ssn|isbn|ean"
    r"|barcode)(_|$)"
)


def find_types(
    reader: duckdb.DuckDBPyConnection, select: str, columns: Sequence[str]
) -> dict[str, str]:
    """The portable type of each column of the query.

    An empty string says nothing about a type, and a column without values is text.
    """
    sample = f"(select * from ({select}) limit {SAMPLE_ROWS})"
    holds = _test(reader, sample, dict.fromkeys(columns, _FIRST_CHOICE))
    row = reader.execute(f"select count(*) from {sample}").fetchone()
    if row and row[0] == SAMPLE_ROWS:
        # Only what the sample leaves open is asked of all rows.
        holds = _test(reader, f"({select})", {name: tuple(holds[name]) for name in columns})
    types = {name: next(iter(holds[name]), "text") for name in columns}
    numbers = ("integer", "bigint", "decimal", "double")
    for name in columns:
        if types[name] in numbers and _CODES.search(name):
            types[name] = "text"
    decimals = [name for name in columns if types[name] == "decimal"]
    return types | _decimals(reader, select, decimals)


def _test(
    reader: duckdb.DuckDBPyConnection, relation: str, candidates: Mapping[str, tuple[str, ...]]
) -> dict[str, list[str]]:
    """The candidates of each column that hold for all of its values; none where it has no value."""
    asked = [(name, kind) for name, kinds in candidates.items() for kind in kinds]
    if not asked:
        return {name: [] for name in candidates}
    tests = ", ".join(
        f"bool_and({_TESTS[kind].replace('{c}', name)}) filter (where {name} <> '')"
        for name, kind in asked
    )
    row = reader.execute(f"select {tests} from {relation} as records").fetchone() or ()
    found: dict[str, list[str]] = {name: [] for name in candidates}
    for (name, kind), holds in zip(asked, row, strict=True):
        if holds:
            found[name].append(kind)
    return found


def _decimals(
    reader: duckdb.DuckDBPyConnection, select: str, columns: Sequence[str]
) -> dict[str, str]:
    """Precision and scale of decimal columns, with room for larger numbers than were seen."""
    if not columns:
        return {}
    sizes = ", ".join(
        f"max(length(split_part(ltrim({name}, '-'), '.', 1))),"
        f" max(length(split_part({name}, '.', 2)))"
        for name in columns
    )
    row = reader.execute(f"select {sizes} from ({select}) as records").fetchone() or ()
    types = {}
    for index, name in enumerate(columns):
        whole, scale = int(row[2 * index] or 0), int(row[2 * index + 1] or 0)
        if scale > LONGEST_SCALE or whole + scale > 38:
            types[name] = "double" if whole + scale <= 38 else "text"
        else:
            types[name] = f"decimal({18 if whole + scale <= 15 else 38},{scale})"
    return types
