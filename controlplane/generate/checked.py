"""`<table>_checked`: every record judged by itself, by types, filters, cleaning and rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from controlplane import sql
from controlplane.generate.bronze import BATCHES_MODEL
from controlplane.generate.process import CARRIED, SURVIVOR, Process, Step, comparable, names
from controlplane.generate.text import (
    NEW_BATCHES,
    Cte,
    if_incremental,
    import_cte,
    indented,
    model,
    ref,
    select,
    where,
)

# PostgreSQL takes at most 100 arguments in one call.
MAX_ARGUMENTS = 50
# What else would be computed at each mention in the steps that follow; see the macro.
COMPUTED_ONCE = ("{{ computed_once() }}",)
_TYPE_ERRORS = "_type_errors"


def checked(process: Process) -> str:
    """The model with every record typed, cleaned and judged."""
    config = None
    conditions: tuple[str, ...] = ()
    if process.judges_batch_by_batch:
        config = {
            "materialized": "incremental",
            "incremental_strategy": "append",
            "on_schema_change": "fail",
        }
        conditions = tuple(if_incremental(f"where {NEW_BATCHES}").split("\n"))
    if process.reads_model is None:
        ctes = [import_cte("records", ref(process.bronze), conditions)]
        ctes.append(_typed(process))
        carried = [_TYPE_ERRORS, *CARRIED]
    else:
        ctes = model_records(process)
        carried = list(CARRIED)
    for step, following in zip_longest(process.steps, process.steps[1:]):
        ctes.append(
            _step(step, ctes[-1].name, carried, is_read=bool(following and following.reads))
        )
        if step.is_filter:
            carried.insert(0, step.verdict)
        if step.reads and _TYPE_ERRORS not in carried:
            carried.insert(0, _TYPE_ERRORS)
    violations = list(_violations(process))
    if violations:
        verdict = f"{_joined(violations)} as _violations"
        ctes.append(Cte("validated", select(["*", verdict], ctes[-1].name, COMPUTED_ONCE)))
    ctes.append(
        _judged(
            process,
            ctes[-1].name,
            has_violations=bool(violations),
            has_type_errors=_TYPE_ERRORS in carried,
        )
    )
    if process.error_action == "skip":
        ctes += _skip_batches(process)
    if process.may_repeat:
        ctes += _repeated_deliveries(process, ctes[-1].name)
    survivor = SURVIVOR if process.may_repeat else ()
    final = [*names(process.columns), "_outcome", "_reason", *survivor, *CARRIED]
    ctes.append(Cte("final", select(final, ctes[-1].name)))
    return model(process.spec_path, ctes, config)


def model_records(process: Process) -> list[Cte]:
    """The records of a model that a process of type `transform` reads, each with a number."""
    columns = names(process.source_columns)
    order = ", ".join(comparable(column) for column in process.source_columns)
    return [
        import_cte("source", ref(str(process.reads_model))),
        Cte(
            "records",
            select(
                [
                    *columns,
                    "cast(0 as bigint) as _batch_id",
                    f"row_number() over (\n    order by {order}\n) as _row_number",
                    "cast(null as timestamp) as _loaded_at",
                ],
                "source",
            ),
            "A model has no batches: its records are numbered in the order of their values.",
        ),
    ]


def _typed(process: Process) -> Cte:
    columns = []
    errors = []
    for column in process.source_columns:
        if column.type == "text":
            columns.append(column.name)
            continue
        kind = sql.sql_type(column.type)
        columns.append(f"{{{{ try_cast('{column.name}', '{kind}') }}}} as {column.name}")
        errors.append(f"{{{{ cast_error('{column.name}', '{kind}') }}}}")
    columns.append(f"{_joined(errors)} as _type_errors")
    return Cte("typed", select([*columns, *CARRIED], "records", COMPUTED_ONCE))


def _joined(parts: Sequence[str]) -> str:
    """The texts that are not null, joined with semicolons; null where all are."""
    if not parts:
        return "cast(null as text)"
    if len(parts) > MAX_ARGUMENTS:
        chunks = [parts[i : i + MAX_ARGUMENTS] for i in range(0, len(parts), MAX_ARGUMENTS)]
        parts = [_joined(chunk) for chunk in chunks]
    if len(parts) == 1:
        return parts[0]
    inner = ",\n".join(indented(part, 2) for part in parts)
    return f"nullif(\n    concat_ws(\n        '; ',\n{inner}\n    ),\n    ''\n)"


def _step(step: Step, previous: str, carried: Sequence[str], *, is_read: bool) -> Cte:
    if step.reads:
        return _read_step(step, previous, carried)
    if step.is_filter:
        verdict = f"coalesce({step.expression}, false) as {step.verdict}"
        return Cte(step.cte, select(["*", verdict], previous), step.description)
    target = str(step.column)
    value = step.expression if step.expression == target else f"{step.expression} as {target}"
    before = names(step.columns_before)
    replaced = step.renames or target
    listed = [value if name == replaced else name for name in before]
    if replaced not in before:
        listed.append(value)
    once = COMPUTED_ONCE if is_read else ()
    return Cte(step.cte, select([*listed, *carried], previous, once), step.description)


def _read_step(step: Step, previous: str, carried: Sequence[str]) -> Cte:
    """The step in which the text of a column is read as its type, with what speaks against it."""
    kind = sql.sql_type(str(step.reads))
    read = f"{{{{ try_cast('{step.column}', '{kind}') }}}} as {step.column}"
    listed = [read if name == step.column else name for name in names(step.columns_before)]
    error = f"{{{{ cast_error('{step.column}', '{kind}') }}}}"
    errors = [_TYPE_ERRORS, error] if _TYPE_ERRORS in carried else [error]
    others = [name for name in carried if name != _TYPE_ERRORS]
    listed.append(f"{_joined(errors)} as {_TYPE_ERRORS}")
    return Cte(step.cte, select([*listed, *others], previous, COMPUTED_ONCE), step.description)


# --- the verdict on each record -------------------------------------------------------------------


def _violations(process: Process) -> Iterator[str]:
    """One expression a check: why a record may not pass, or null."""
    for name in process.key if process.strategy in ("upsert", "scd2") else ():
        yield _when(f"{name} is null", f"'{name} is missing'")
    for rule in process.rules:
        if rule.severity == "error" and rule.violation:
            yield _when(rule.violation, sql.sql_string(_reason(rule.name, rule.description)))


def _when(condition: str, value: str) -> str:
    return f"case\n    when {condition}\n        then {value}\nend"


def _judged(process: Process, previous: str, *, has_violations: bool, has_type_errors: bool) -> Cte:
    verdicts: list[tuple[str, str, str]] = []
    if has_type_errors:
        verdicts.append(("_type_errors is not null", "quarantine", "_type_errors"))
    verdicts += [
        (
            f"not {step.verdict}",
            "filtered",
            sql.sql_string(_reason(step.name, step.description)),
        )
        for step in process.steps
        if step.is_filter
    ]
    if has_violations:
        verdicts.append(("_violations is not null", "quarantine", "_violations"))
    reasons = {text for _, _, text in verdicts}
    if reasons <= {"_type_errors"}:
        outcome = (
            "case when _type_errors is null then 'accepted' else 'quarantine' end"
            if reasons
            else "'accepted'"
        )
        reason = "_type_errors" if reasons else "cast(null as text)"
        return Cte(
            "judged", select(["*", f"{outcome} as _outcome", f"{reason} as _reason"], previous)
        )
    outcomes = [f"    when {condition} then '{outcome}'" for condition, outcome, _ in verdicts]
    explained = [f"    when {condition}\n        then {text}" for condition, _, text in verdicts]
    return Cte(
        "judged",
        select(
            [
                "*",
                "\n".join(["case", *outcomes, "    else 'accepted'", "end as _outcome"]),
                "\n".join(["case", *explained, "end as _reason"]),
            ],
            previous,
        ),
    )


def _reason(name: str, description: str) -> str:
    return f"{name}: {description.rstrip('.')}" if description else name


def _skip_batches(process: Process) -> list[Cte]:
    """The steps that leave out each batch with more bad records than are tolerated."""
    threshold = process.error_threshold
    bad = "sum(case when _outcome = 'quarantine' then 1 else 0 end) as bad_count"
    over = [f"where bad_count > {threshold}"]
    if process.reads_model is None:
        over = [
            f"inner join {ref(BATCHES_MODEL)} as batches",
            "    on bad_records._batch_id = batches.batch_id",
            f"where bad_records.bad_count + batches.rows_rejected > {threshold}",
        ]
    return [
        Cte(
            "bad_records",
            select(["_batch_id", bad], "judged", ["group by _batch_id"]),
            f"A batch with more than {threshold} bad records is left out as a whole.",
        ),
        Cte("skipped_batches", select(["bad_records._batch_id"], "bad_records", over)),
        _overruled(
            process,
            "judged_by_batch",
            "judged",
            ["left join skipped_batches", "    on judged._batch_id = skipped_batches._batch_id"],
            "judged._outcome = 'accepted' and skipped_batches._batch_id is not null",
            ("quarantine", f"its batch was skipped: more than {threshold} bad records"),
        ),
    ]


def _repeated_deliveries(process: Process, previous: str) -> list[Cte]:
    """The steps that find what a file brought before, copy by copy, in an earlier delivery."""
    values = ", ".join(["_source_file", *names(process.source_columns)])
    conditions = ["_source_file in (select redelivered.source from redelivered)"]
    if process.error_action == "skip":
        skipped = "(select skipped_batches._batch_id from skipped_batches)"
        conditions.append(f"_batch_id not in {skipped}")
    earlier = [
        f"first_value({name}) over (\n    partition by {values}, _copy\n"
        f"    order by _batch_id, _row_number\n) as {first}"
        for name, first in zip(("_batch_id", "_row_number"), SURVIVOR, strict=True)
    ]
    copy = (
        f"row_number() over (\n    partition by _batch_id, {values}\n"
        "    order by _row_number\n) as _copy"
    )
    return [
        Cte(
            "redelivered",
            (
                "select source",
                f"from {ref(BATCHES_MODEL)}",
                f"where raw_table = '{process.raw_table}'",
                "group by source",
                "having count(*) > 1",
            ),
            "A file that came more than once brings again what it had before.",
        ),
        Cte("copies", select(["*", copy], ref(process.bronze), where(*conditions))),
        Cte("first_deliveries", select(["_batch_id", "_row_number", *earlier], "copies")),
        _overruled(
            process,
            "delivered",
            previous,
            [
                "left join first_deliveries",
                "    on",
                f"        {previous}._batch_id = first_deliveries._batch_id",
                f"        and {previous}._row_number = first_deliveries._row_number",
                f"        and {previous}._batch_id <> first_deliveries._survivor_batch_id",
                f"        and {previous}._outcome = 'accepted'",
            ],
            "first_deliveries._survivor_batch_id is not null",
            ("duplicate", "the same file brought the same record before"),
            [f"first_deliveries.{name}" for name in SURVIVOR],
        ),
    ]


def _overruled(
    process: Process,
    name: str,
    previous: str,
    joined: Sequence[str],
    condition: str,
    verdict: tuple[str, str],
    added: Sequence[str] = (),
) -> Cte:
    """A step in which a record for which `condition` holds gets another outcome and reason."""
    outcome, reason = verdict
    return Cte(
        name,
        select(
            [
                *(f"{previous}.{column}" for column in names(process.columns)),
                f"case\n    when {condition}\n        then '{outcome}'\n"
                f"    else {previous}._outcome\nend as _outcome",
                f"case\n    when {condition}\n        then '{reason}'\n"
                f"    else {previous}._reason\nend as _reason",
                *added,
                *(f"{previous}.{column}" for column in CARRIED),
            ],
            previous,
            joined,
        ),
    )
