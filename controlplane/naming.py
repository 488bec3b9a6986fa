"""Names that several steps must agree on: slugs, columns, tables and models of one ETL process."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

RAW_SCHEMA = "raw"
LEDGER_TABLE = "_loads"
REJECTS_TABLE = "_rejects"
REPLAYS_TABLE = "_replays"
# Stands between a raw table's newest batch and its newest replay, where what landed is told.
REPLAYED = " replay "
# The edges that the control plane traced in the models; loaded like a source, and no source.
LINEAGE_TABLE = "_lineage"

# PostgreSQL cuts identifiers after 63 bytes; names here are ASCII, so characters are bytes.
# Room is kept for the suffixes that dbt (`__dbt_tmp…`) and the generator (`_quarantine`) add.
MAX_NAME = 63
MAX_TABLE_NAME = 40

# Words that PostgreSQL or DuckDB reserves; a column of that name gets a trailing underscore, so
# that no statement needs quotes.
RESERVED = frozenset(
    """
    all analyse analyze and any anti array as asc asof asymmetric at authorization between binary
    both by case cast check collate collation column concurrently constraint create cross
    current_catalog current_date current_role current_schema current_time current_timestamp
    current_user default deferrable desc describe distinct do else end except false fetch for
    foreign freeze from full generated glob grant group having ilike in initially inner intersect
    into is isnull join lambda lateral leading left like limit localtime localtimestamp map
    natural not notnull null offset on only or order outer overlaps pivot pivot_longer pivot_wider
    placing positional primary qualify references returning right row rows select semi
    session_user set show similar some struct summarize symmetric system_user table tablesample
    then to trailing true try_cast union unique unpivot user using values variadic verbose when
    where window with
    """.split()  # noqa: SIM905 - a hundred quoted words are harder to read
)

# Letters that Unicode does not split into a plain one and a mark.
_LETTERS = {
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "ı": "i",  # noqa: RUF001
    "ẞ": "Ss",
    "Æ": "Ae",
    "Œ": "Oe",
    "Ø": "O",
    "Ł": "L",
    "Đ": "D",
    "Ð": "D",
    "Þ": "Th",
}
_UNSPLIT = re.compile(f"[{''.join(_LETTERS)}]")


def snake_case(text: str) -> str:
    """`text` as a lower-case ASCII name with underscores: `InvoiceLineId` is `invoice_line_id`."""
    # Split first: an accent may stand on one of these letters, as in `ǿ`.
    split = unicodedata.normalize("NFKD", text)
    ascii_text = _UNSPLIT.sub(_plain, split).encode("ascii", "ignore").decode("ascii")
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", ascii_text)
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")


def _plain(match: re.Match[str]) -> str:
    """The plain letters for one; they are capitals alike except at the head of a word."""
    letter, following = match[0], match.string[match.end() :][:1]
    plain = _LETTERS[letter]
    return plain.upper() if letter.isupper() and not following.islower() else plain


def column_names(header: Iterable[str]) -> list[str]:
    """The raw table's column for each name of a source's header: plain, unique, never reserved.

    A name that has no ASCII letter or digit becomes `column_<position>`; a name that occurs again
    gets `_2`, `_3` and so on.
    """
    taken: set[str] = set()
    names = []
    for position, title in enumerate(header, start=1):
        base = snake_case(title)[: MAX_NAME - 4] or f"column_{position}"
        if base[0].isdigit():
            base = f"column_{base}"[: MAX_NAME - 4]
        if base in RESERVED:
            base = f"{base}_"
        name, count = base, 1
        while name in taken:
            count += 1
            name = f"{base}_{count}"
        taken.add(name)
        names.append(name)
    return names


def singular(name: str) -> str:
    """One of what a plain name of English words stands for: `product_categories`, one category."""
    if re.search("(ies)$", name) and len(name) > 4 and not name.endswith("series"):
        return f"{name[:-3]}y"
    if re.search("(sses|shes|ches|xes|zes)$", name):
        return name[:-2]
    if name.endswith("s") and not re.search("(ss|us|is|ics|news|sales|series)$", name):
        return name[:-1]
    return name


def raw_table(process: str) -> str:
    """The table in schema `raw` that holds what the process with this slug loaded."""
    return process


def raw_join_table(process: str, table: str) -> str:
    """The table in schema `raw` for another source table that a join of the process reads."""
    return f"{process}__{snake_case(table)}"


def bronze_model(table_name: str) -> str:
    """The bronze model of a target table: `shop_clean_orders` comes from `shop_raw_orders`."""
    if "_clean_" in table_name:
        return table_name.replace("_clean_", "_raw_", 1)
    return f"raw_{table_name}"


def checked_model(table_name: str) -> str:
    """The model with every record typed, cleaned and judged, before duplicates are resolved."""
    return f"{table_name}_checked"


def quarantine_model(table_name: str) -> str:
    """The model of the records that did not pass, with their reason."""
    return f"{table_name}_quarantine"


def outcomes_model(table_name: str) -> str:
    """The model that says of every source record where it ended."""
    return f"{table_name}_outcomes"
