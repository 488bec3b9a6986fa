"""What a spec's target says of its records: which are the same, which is newest, how they are kept."""

from __future__ import annotations

from controlplane.generate.process import HISTORY_COLUMNS, Partitioning
from controlplane.generate.resolver import Resolver
from controlplane.specs.block import Partitioning as PartitioningSpec
from controlplane.sql import Column

Columns = tuple[Column, ...]
_TIMES = ("date", "timestamp")


def key(resolver: Resolver, columns: Columns) -> tuple[str, ...]:
    """The columns that make a record the same thing again: the spec's, else the source's key."""
    target = resolver.spec.target_config
    strategy = target.load_strategy
    if target.unique_key:
        found = [
            resolver.column(f"target_config.unique_key[{index}]", name, columns)
            for index, name in enumerate(target.unique_key)
        ]
        for index, column in enumerate(found):
            if column and (column.type == "json" or column in found[:index]):
                why = (
                    "is JSON, which cannot be compared" if column.type == "json" else "stands twice"
                )
                resolver.problem(f"target_config.unique_key[{index}]", f"'{column.name}' {why}")
        return tuple(column.name for column in found if column)
    if strategy == "append":
        # What is appended may come again: only the spec can say that it must not.
        return ()
    kinds = {column.name: column.type for column in columns}
    primary = tuple(resolver.spec.name_in_silver(name) for name in resolver.schema.primary_key)
    if primary and all(kinds.get(name, "json") != "json" for name in primary):
        return primary
    if strategy in ("upsert", "scd2"):
        resolver.problem(
            "target_config.load_strategy",
            f"'{strategy}' needs to know which records are the same thing again, and the source"
            " declares no primary key; say it in target_config.unique_key"
            f" (candidates: {', '.join(column.name for column in columns)})",
        )
    return ()


def order_column(resolver: Resolver, columns: Columns) -> Column | None:
    """The column that says which of two records is newer; None where the load alone says it."""
    name = resolver.spec.source_config.incremental_key
    place = "source_config.incremental_key"
    if name:
        # The load asks the source for it, so it goes by the source's name.
        by_source = resolver.schema.columns
        known = next((c.name for c in by_source if name.lower() in (c.title.lower(), c.name)), None)
        name = resolver.spec.name_in_silver(known) if known else name
    column = resolver.column(place, name, columns) if name else None
    if column and not column.is_ordered:
        resolver.problem(place, f"'{column.name}' is {column.type}, which has no order")
    return column


def check_history(resolver: Resolver, columns: Columns) -> None:
    """Note a problem where the records have columns that a history adds."""
    strategy = resolver.spec.target_config.load_strategy
    taken = [column.name for column in columns if column.name in HISTORY_COLUMNS]
    if strategy == "scd2" and taken:
        resolver.problem(
            "target_config.load_strategy",
            f"'scd2' adds the columns {', '.join(HISTORY_COLUMNS)}, and the records have"
            f" {', '.join(taken)} already; rename it in the source's query, or use 'upsert'",
        )


# --- partitioning ---------------------------------------------------------------------------------


def partitioning(resolver: Resolver, columns: Columns) -> Partitioning | None:
    """How the silver table is divided; None where it is not, or after noting a problem."""
    given = resolver.spec.target_config.partitioning
    if given is None:
        return None
    place = "target_config.partitioning"
    before = len(resolver.problems)
    found = [
        resolver.column(f"{place}.columns[{index}]", name, columns)
        for index, name in enumerate(given.columns)
    ]
    chosen = [column for column in found if column]
    for index, column in enumerate(found):
        at = f"{place}.columns[{index}]"
        if column and column in found[:index]:
            resolver.problem(at, f"'{column.name}' stands twice")
        elif column and column.type == "json":
            resolver.problem(at, f"'{column.name}' is JSON, which cannot be compared")
        elif column and given.strategy == "range" and not column.is_ordered:
            resolver.problem(at, f"'{column.name}' is {column.type}, which has no order")
        elif column and given.strategy == "date_range" and column.type not in _TIMES:
            resolver.problem(
                at,
                f"'{column.name}' is {column.type}; date_range takes a date or a timestamp, range"
                " any column that has an order",
            )
    if given.strategy in ("list", "date_range") and len(found) > 1:
        resolver.problem(f"{place}.columns", f"a partitioning by {given.strategy} takes one column")
    _check_count(resolver, place, given)
    if len(resolver.problems) > before:
        return None
    return Partitioning(
        given.strategy,
        tuple(column.name for column in chosen),
        given.partitions,
        given.auto_partition,
    )


def _check_count(resolver: Resolver, place: str, given: PartitioningSpec) -> None:
    """Every setting has to change something, and the number of partitions has to be known."""
    if given.strategy in ("hash", "range"):
        if given.partitions is None:
            resolver.problem(
                f"{place}.partitions", f"is required for {given.strategy}: how many there are"
            )
        if given.auto_partition:
            resolver.problem(
                f"{place}.auto_partition",
                f"changes nothing for {given.strategy}, whose partitions cover every value; leave it"
                " out",
            )
        return
    unit = "value" if given.strategy == "list" else "month"
    if given.partitions is None and not given.auto_partition:
        resolver.problem(
            f"{place}.partitions",
            f"says nothing, and neither does auto_partition; with auto_partition: true each {unit}"
            " has a partition, with partitions that many have one and the rest shares another",
        )
    if given.partitions is not None and given.auto_partition:
        resolver.problem(
            f"{place}.partitions",
            f"is not for auto_partition, which gives each {unit} a partition; keep one of the two",
        )
