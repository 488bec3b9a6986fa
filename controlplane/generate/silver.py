"""`<table>`: the accepted records, kept by the load strategy."""

from __future__ import annotations

from dataclasses import dataclass

from controlplane.generate.bronze import BATCHES_MODEL
from controlplane.generate.process import (
    CARRIED,
    HISTORY_COLUMNS,
    Deduplication,
    Process,
    comparable,
    names,
)
from controlplane.generate.text import (
    NEW_BATCHES,
    Cte,
    if_incremental,
    import_cte,
    model,
    ref,
    select,
    where,
)


@dataclass(frozen=True)
class Stage:
    """One deduplication: records alike in `keys` are one, the first in `order` stays."""

    name: str
    columns: tuple[str, ...]
    keys: tuple[str, ...]
    order: tuple[str, ...]
    comment: str
    reason: str
    is_keyed: bool = False

    @property
    def window(self) -> str:
        """The window in which the record that stays comes first."""
        return (
            f"over (\n    partition by {', '.join(self.keys)}\n"
            f"    order by {', '.join(self.order)}\n)"
        )

    @property
    def stays(self) -> str:
        """True of the first of its kind, and of a record that has nothing to compare."""
        if self.is_keyed:
            return f"_{self.name}_rank = 1"
        nothing = " and ".join(f"{column} is null" for column in self.columns)
        return f"_{self.name}_rank = 1 or ({nothing})"


def silver(process: Process) -> str:
    """The model of the accepted records, by the load strategy."""
    columns = names(process.columns)
    config: dict[str, object] = {"schema": process.schema} if process.schema else {}
    config |= _materialization(process)
    ctes = [import_cte("records", ref(process.checked), _accepted(process))]
    if process.strategy == "scd2":
        ctes += [*versions(process), *_history(process)]
        columns += HISTORY_COLUMNS
    else:
        for stage in stages(process):
            rank = f"row_number() {stage.window} as _{stage.name}_rank"
            ctes += [
                Cte(f"{stage.name}_ranked", select(["*", rank], ctes[-1].name), stage.comment),
                survivors(stage),
            ]
    if process.partitioning:
        config["meta"] = {"partitioning": process.partitioning.settings}
    # The error threshold is a test of the quarantine: built first, it stops what comes after.
    # dbt makes a model wait for a test only if all that the test reads is upstream of the model.
    waits = [process.quarantine] if process.error_action == "stop" else []
    if waits and process.reads_model is None:
        waits.append(BATCHES_MODEL)
    final = Cte("final", select([*columns, *CARRIED], ctes[-1].name))
    return model(process.spec_path, [*ctes, final], config or None, built_after=waits)


def _materialization(process: Process) -> dict[str, object]:
    if not process.is_incremental:
        return {}
    if process.strategy == "append":
        return {
            "materialized": "incremental",
            "incremental_strategy": "append",
            "on_schema_change": "fail",
        }
    return {
        "materialized": "incremental",
        "incremental_strategy": "delete+insert",
        "unique_key": list(process.key),
        "on_schema_change": "fail",
    }


def _accepted(process: Process) -> tuple[str, ...]:
    """The conditions on the records that are read: accepted, and touched by what is new."""
    accepted = "_outcome = 'accepted'"
    if not process.is_incremental:
        return where(accepted)
    if process.strategy == "append":
        return where(accepted, if_incremental(f"and {NEW_BATCHES}"))
    # All records of the keys that new batches touch, so that a late record finds its place.
    keys = ", ".join(process.key)
    return where(
        accepted,
        if_incremental(
            f"and {keys if len(process.key) == 1 else f'({keys})'} in (",
            *(f"    {line}" for line in _changed_keys(process)),
            ")",
        ),
    )


def _changed_keys(process: Process) -> tuple[str, ...]:
    newer = "changed._batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})"
    return select(
        [f"changed.{name}" for name in process.key],
        f"{ref(process.checked)} as changed",
        where(newer),
    )


# --- one record of each kind ----------------------------------------------------------------------


def stages(process: Process) -> list[Stage]:
    """The deduplications of a process in their order, that by the key first."""
    found = []
    if process.key and process.strategy in ("upsert", "replace"):
        keys = ", ".join(process.key)
        found.append(
            Stage(
                "newest",
                process.key,
                process.key,
                process.newest_first,
                f"One record for each {keys}: the newest.",
                f"a newer record has the same {keys}",
                is_keyed=process.strategy == "upsert",
            )
        )
    for rule in process.deduplications:
        order = tuple(dict.fromkeys((*rule.order, *process.newest_first)))
        found.append(Stage(rule.cte, rule.columns, rule.keys, order, _comment(rule), rule.name))
    return found


def _comment(rule: Deduplication) -> str:
    alike = (
        f"Records alike in {', '.join(rule.columns)} are one; a record without any is by itself."
    )
    return f"{rule.description}\n{alike}".strip() if len(rule.columns) <= 5 else rule.description


def survivors(stage: Stage) -> Cte:
    """The step that keeps the first of each kind."""
    return Cte(stage.name, ("select *", f"from {stage.name}_ranked", f"where {stage.stays}"))


# --- every version of each record -----------------------------------------------------------------


def versions(process: Process) -> list[Cte]:
    """The steps that find out which record says something new of its key."""
    kept = {*process.key, process.order_column.name if process.order_column else ""}
    attributes = [comparable(column) for column in process.columns if column.name not in kept]
    window = version_window(process)
    change = f"lag(_batch_id) over (\n    {window}\n) is null"
    said = [f"row({', '.join(attributes)}) as _said"] if attributes else []
    if said:
        # Without parentheses sqlfluff takes the `from` for the beginning of a clause.
        other = f"    _said is distinct from lag(_said) over (\n        {window}\n    )"
        change += f"\nor (\n{other}\n)"
    return [
        Cte("dated", select(["*", *said, f"{_valid_from(process)} as valid_from"], "records")),
        Cte(
            "versions",
            select(["*", f"{change} as _is_change"], "dated"),
            "A record that says the same as the one before it is no new version.",
        ),
    ]


def version_window(process: Process) -> str:
    """What a version is looked for in: the records of its key, oldest first."""
    column = process.order_column
    if column is None:
        order = "_batch_id, _row_number"
    elif _is_time(process):
        order = "valid_from, _batch_id, _row_number"
    else:
        # Versions begin when they are loaded, so that no later batch comes before an earlier one.
        order = f"_batch_id, {column.name} nulls first, _row_number"
    return f"partition by {', '.join(process.key)} order by {order}"


def _is_time(process: Process) -> bool:
    return process.order_column is not None and process.order_column.type in ("timestamp", "date")


def _valid_from(process: Process) -> str:
    if process.order_column is None or not _is_time(process):
        return "_loaded_at"
    name = process.order_column.name
    time = name if process.order_column.type == "timestamp" else f"cast({name} as timestamp)"
    return f"coalesce({time}, _loaded_at)"


def _history(process: Process) -> list[Cte]:
    window = version_window(process)
    return [
        Cte(
            "history",
            select(
                [
                    "*",
                    f"lead(valid_from) over (\n    {window}\n) as valid_to",
                    f"lead(_batch_id) over (\n    {window}\n) is null as is_current",
                ],
                "versions",
                ["where _is_change"],
            ),
            "A version is valid until the next one begins.",
        )
    ]
