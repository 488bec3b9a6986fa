"""Names for what is drafted: slugs of processes, silver models and entities that do not collide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from controlplane import naming
from controlplane.discover.findings import Table

# Room for what the layers put around a name: `raw_…`, `…_quarantine`, and for a number.
_LONGEST = 30
_PREFIXES = ("raw", "stg", "src", "tbl", "tab")
_KINDS = ("dim", "fact", "fct", "dimension", "bridge")
# Words that name a type or a value where a table's name stands before a column.
_WORDS = naming.RESERVED | frozenset(
    """
    bigint bit boolean char character coalesce date dec decimal double exists extract float greatest
    grouping int integer interval least national nchar none normalize nullif numeric overlay
    position precision real row setof smallint substring time timestamp treat trim uuid json text
    value values varchar year month day hour minute second
    """.split()  # noqa: SIM905 - a list of quoted words is harder to read
)
_TAKEN = ("load_batches", "load_rejects")


@dataclass(frozen=True)
class TableName:
    """What a table becomes: its process and silver model, and the entity that gold is named after."""

    model: str
    entity: str


def name_tables(tables: Sequence[Table]) -> dict[str, TableName]:
    """The names of each table's models, by the table's name; no two models have one name.

    Words that say what a table is in a star schema (`DimCustomer`), and a prefix that all tables
    share (`raw_customers`), are left out.
    """
    words = {table.name: _words(table.name) for table in tables}
    firsts = {each[0] for each in words.values()}
    shared = len(firsts) == 1 and len(tables) > 1 and firsts <= set(_PREFIXES)
    taken = set(_TAKEN)
    entities: set[str] = set()
    names = {}
    for position, table in enumerate(tables, start=1):
        listed = words[table.name][1:] if shared else words[table.name]
        kept = [word for word in listed if word not in _KINDS] or listed
        entity = _entity(kept, position)
        count = 1
        while True:
            numbered = entity if count == 1 else f"{entity}_{count}"
            model = f"{numbered}s" if numbered in _WORDS else numbered
            wanted = _models_of(model)
            if numbered not in entities and wanted.isdisjoint(taken):
                break
            count += 1
        taken |= wanted | {f"{numbered}_{kind}" for kind in ("dim", "fact", "bridge")}
        entities.add(numbered)
        names[table.name] = TableName(model, numbered)
    return names


def column_names(table: Table) -> dict[str, str]:
    """The column of silver for each column of a table; of equal ones the last."""
    return dict(
        zip(
            (column.name for column in table.columns),
            naming.column_names(column.name for column in table.columns),
            strict=True,
        )
    )


def _words(name: str) -> list[str]:
    return [word for word in naming.snake_case(name).split("_") if word] or [""]


def _entity(words: Sequence[str], position: int) -> str:
    kept: list[str] = []
    for word in words:
        if kept and len("_".join((*kept, word))) > _LONGEST:
            break
        kept.append(word[:_LONGEST])
    entity = "_".join(kept)
    if not entity.strip("_0123456789"):
        return f"table_{entity or position}"
    return entity if entity[0].isalpha() else f"table_{entity}"[:_LONGEST]


def _models_of(model: str) -> set[str]:
    return {
        model,
        naming.bronze_model(model),
        naming.checked_model(model),
        naming.quarantine_model(model),
        naming.outcomes_model(model),
        *(f"{model}_{kind}" for kind in ("dim", "fact", "bridge")),
    }
