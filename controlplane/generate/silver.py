"""The silver models of a process: every record judged, the accepted ones, and what became of each.

`<table>_checked` judges every record by itself: types, transformations, cleaning and validation
rules. `<table>` keeps the accepted ones by the load strategy. `<table>_quarantine` holds those that
did not pass, `<table>_outcomes` says of every source record where it ended.
"""

from __future__ import annotations

from collections.abc import Sequence

from controlplane import naming, sql
from controlplane.generate.bronze import BATCHES_MODEL, REJECTS_MODEL
from controlplane.generate.resolve import Deduplication, Join, Process, Step
from controlplane.generate.text import Cte, import_cte, model, ref, select

# PostgreSQL takes at most 100 arguments in one call.
MAX_ARGUMENTS = 50
CARRIED = ("_batch_id", "_row_number", "_loaded_at")
SURVIVOR = ("_survivor_batch_id", "_survivor_row_number")
HISTORY_COLUMNS = ("valid_from", "valid_to", "is_current")


def is_incremental(process: Process) -> bool:
    """Whether silver can be brought up to date from new batches alone.

    A deduplication over other columns than the key can bring an old record back when a newer one
    changes, so silver is then built from all checked records.
    """
    return process.strategy != "replace" and not process.deduplications


# --- checked ---------------------------------------------------------------------------------


def checked(process: Process) -> str:
    """The model with every record typed, cleaned and judged."""
    config = None
    conditions: tuple[str, ...] = ()
    if not process.current_only:
        config = {
            "materialized": "incremental",
            "incremental_strategy": "append",
            "on_schema_change": "fail",
        }
        conditions = _new_batches("where")
    ctes = [import_cte("records", ref(process.bronze), conditions)]
    if may_repeat(process):
        ctes += _repeated_deliveries(process)
    survivor = SURVIVOR if may_repeat(process) else ()
    ctes.append(_typed(process, ctes[-1].name, survivor))
    carried = ["_type_errors", *survivor, *CARRIED]
    for step in process.steps:
        ctes.append(_step(step, ctes[-1].name, carried))
        if step.is_filter:
            carried.insert(0, _passes(step))
    violations = _violations(process)
    if violations:
        ctes.append(
            Cte(
                "validated",
                select(["*", f"{_joined(violations)} as _violations"], ctes[-1].name),
            )
        )
    ctes.append(_judged(process, ctes[-1].name, has_violations=bool(violations)))
    if process.error_action == "skip":
        ctes.append(_skip_batches(process, ctes[-1].name))
    columns = [column.name for column in process.columns]
    final = [*columns, "_outcome", "_reason", *survivor, *CARRIED]
    ctes.append(Cte("final", select(final, ctes[-1].name)))
    return model(process.spec_path, ctes, config)


def may_repeat(process: Process) -> bool:
    """Whether a file that is delivered again may bring records that are appended already."""
    return process.strategy == "append" and process.source_is_files


def _repeated_deliveries(process: Process) -> list[Cte]:
    """The steps that find what a file brought before, copy by copy, in an earlier delivery."""
    values = [column.name for column in process.source_columns]
    alike = ", ".join(["_source_file", *values])
    in_order = "order by _batch_id, _row_number"
    earlier = [
        f"first_value({name}) over (\n    partition by {alike}, _copy\n    {in_order}\n) as {first}"
        for name, first in zip(("_batch_id", "_row_number"), SURVIVOR, strict=True)
    ]
    return [
        Cte(
            "redelivered",
            (
                "select source",
                f"from {ref(BATCHES_MODEL)}",
                f"where raw_table = '{naming.raw_table(process.slug)}'",
                "group by source",
                "having count(*) > 1",
            ),
            "A file that came more than once brings again what it had before.",
        ),
        Cte(
            "copies",
            select(
                [
                    *values,
                    "_batch_id",
                    "_source_file",
                    "_row_number",
                    "row_number() over (\n"
                    f"    partition by _batch_id, {alike}\n    order by _row_number\n) as _copy",
                ],
                ref(process.bronze),
                ["where _source_file in (select redelivered.source from redelivered)"],
            ),
        ),
        Cte("first_deliveries", select(["_batch_id", "_row_number", *earlier], "copies")),
        Cte(
            "delivered",
            select(
                [
                    "records.*",
                    *(f"first_deliveries.{name}" for name in SURVIVOR),
                ],
                "records",
                [
                    "left join first_deliveries",
                    "    on",
                    "        records._batch_id = first_deliveries._batch_id",
                    "        and records._row_number = first_deliveries._row_number",
                    "        and records._batch_id <> first_deliveries._survivor_batch_id",
                ],
            ),
        ),
    ]


def _new_batches(keyword: str, column: str = "_batch_id") -> tuple[str, ...]:
    return (
        "{% if is_incremental() %}",
        f"    {keyword} {column} > (select coalesce(max({column}), 0) from {{{{ this }}}})",
        "{% endif %}",
    )


def _typed(process: Process, previous: str, survivor: Sequence[str]) -> Cte:
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
    return Cte("typed", select([*columns, *survivor, *CARRIED], previous))


def _joined(parts: Sequence[str]) -> str:
    """The texts that are not null, joined with semicolons; null where all are."""
    if not parts:
        return "cast(null as text)"
    if len(parts) > MAX_ARGUMENTS:
        chunks = [parts[i : i + MAX_ARGUMENTS] for i in range(0, len(parts), MAX_ARGUMENTS)]
        parts = [_joined(chunk) for chunk in chunks]
    if len(parts) == 1:
        return parts[0]
    inner = ",\n".join(_indented(part, 2) for part in parts)
    return f"nullif(\n    concat_ws(\n        '; ',\n{inner}\n    ),\n    ''\n)"


def _indented(text: str, levels: int) -> str:
    return "\n".join("    " * levels + line for line in text.split("\n"))


def _passes(step: Step) -> str:
    return f"_passes_{step.name}"[: naming.MAX_NAME]


def _step(step: Step, previous: str, carried: Sequence[str]) -> Cte:
    if step.is_filter:
        verdict = f"coalesce({step.expression}, false) as {_passes(step)}"
        return Cte(step.name, select(["*", verdict], previous), step.description)
    names = [column.name for column in step.columns_before]
    target = str(step.column)
    value = step.expression if step.expression == target else f"{step.expression} as {target}"
    listed = [value if name == target else name for name in names]
    if target not in names:
        listed.append(value)
    return Cte(step.name, select([*listed, *carried], previous), step.description)


def _violations(process: Process) -> list[str]:
    """One expression a check: why a record may not pass, or null."""
    keyed = process.key if process.strategy in ("upsert", "scd2") else ()
    missing = [_when(f"{name} is null", f"'{name} is missing'") for name in keyed]
    return missing + [
        _when(str(rule.violation), sql.sql_string(_reason(rule.name, rule.description)))
        for rule in process.rules
        if rule.severity == "error" and rule.violation
    ]


def _when(condition: str, value: str) -> str:
    return f"case\n    when {condition}\n        then {value}\nend"


def _judged(process: Process, previous: str, *, has_violations: bool) -> Cte:
    verdicts = [("_type_errors is not null", "quarantine", "_type_errors")]
    if may_repeat(process):
        repeated = "'the same file brought the same record before'"
        verdicts.insert(0, ("_survivor_batch_id is not null", "duplicate", repeated))
    verdicts += [
        (f"not {_passes(step)}", "filtered", sql.sql_string(_reason(step.name, step.description)))
        for step in process.steps
        if step.is_filter
    ]
    if has_violations:
        verdicts.append(("_violations is not null", "quarantine", "_violations"))
    outcome = [f"    when {condition} then '{outcome}'" for condition, outcome, _ in verdicts]
    reason = [f"    when {condition}\n        then {text}" for condition, _, text in verdicts]
    return Cte(
        "judged",
        select(
            [
                "*",
                "\n".join(["case", *outcome, "    else 'accepted'", "end as _outcome"]),
                "\n".join(["case", *reason, "end as _reason"]),
            ],
            previous,
        ),
    )


def _skip_batches(process: Process, previous: str) -> Cte:
    bad = "sum(case when _outcome = 'quarantine' then 1 else 0 end) over (partition by _batch_id)"
    columns = [column.name for column in process.columns]
    too_many = f"{bad} > {process.error_threshold}"
    skipped = f"its batch was skipped: more than {process.error_threshold} bad records"
    return Cte(
        "judged_by_batch",
        select(
            [
                *columns,
                f"case\n    when {too_many} then 'quarantine'\n    else _outcome\nend as _outcome",
                f"case\n    when _reason is null and {too_many} then '{skipped}'\n"
                "    else _reason\nend as _reason",
                *(SURVIVOR if may_repeat(process) else ()),
                *CARRIED,
            ],
            previous,
        ),
        f"A batch with more than {process.error_threshold} bad records is left out as a whole.",
    )


def _reason(name: str, description: str) -> str:
    return f"{name}: {description.rstrip('.')}" if description else name


# --- silver ----------------------------------------------------------------------------------


def silver(process: Process) -> str:
    """The model of the accepted records, by the load strategy."""
    columns = [column.name for column in process.columns]
    if process.strategy == "scd2":
        ctes, config = _history(process), _merge_config(process)
        last = ctes[-1]
        final = select([*columns, *HISTORY_COLUMNS, *CARRIED], last.name)
    else:
        ctes, config = _survivors(process)
        final = select([*columns, *CARRIED], ctes[-1].name)
    if process.schema:
        config = {"schema": process.schema, **config}
    if process.partitioning:
        config["meta"] = {"partitioning": dict(process.partitioning)}
    # The error threshold is a test of the quarantine: built first, it stops what comes after.
    # dbt makes a model wait for a test only if all that the test reads is upstream of the model.
    first = (process.quarantine, BATCHES_MODEL) if process.error_action == "stop" else ()
    return model(process.spec_path, [*ctes, Cte("final", final)], config or None, built_after=first)


def _merge_config(process: Process) -> dict[str, object]:
    if not is_incremental(process):
        return {}
    return {
        "materialized": "incremental",
        "incremental_strategy": "delete+insert",
        "unique_key": list(process.key),
        "on_schema_change": "fail",
    }


def _changed_keys(process: Process) -> tuple[str, ...]:
    """All records of the keys that new batches touch, so that a late record finds its place."""
    if not is_incremental(process):
        return ()
    keys = ", ".join(process.key)
    compared = keys if len(process.key) == 1 else f"({keys})"
    return (
        "{% if is_incremental() %}",
        f"    and {compared} in (",
        f"        select {', '.join(f'changed.{name}' for name in process.key)}",
        f"        from {ref(process.checked)} as changed",
        "        where changed._batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})",
        "    )",
        "{% endif %}",
    )


def _survivors(process: Process) -> tuple[list[Cte], dict[str, object]]:
    accepted: tuple[str, ...] = ("where _outcome = 'accepted'",)
    config: dict[str, object] = {}
    if process.strategy == "append" and is_incremental(process):
        config = {
            "materialized": "incremental",
            "incremental_strategy": "append",
            "on_schema_change": "fail",
        }
        accepted = (*accepted, *_new_batches("and"))
    elif process.strategy == "upsert":
        config = _merge_config(process)
        accepted = (*accepted, *_changed_keys(process))
    ctes = [import_cte("records", ref(process.checked), accepted)]
    for name, keys, order, comment in _stages(process):
        ctes.append(
            Cte(
                f"{name}_ranked",
                select(["*", f"{_row_number(keys, order)} as _{name}_rank"], ctes[-1].name),
                comment,
            )
        )
        ctes.append(
            Cte(name, ("select *", f"from {name}_ranked", f"where {_stays(process, keys, name)}"))
        )
    return ctes, config


def _stages(
    process: Process,
) -> list[tuple[str, tuple[str, ...], tuple[str, ...], str]]:
    """The deduplications in order: name, columns, which record comes first, and why."""
    stages = []
    if process.key and process.strategy in ("upsert", "replace"):
        keys = ", ".join(process.key)
        stages.append(
            ("newest", process.key, process.order, f"One record for each {keys}: the newest.")
        )
    for rule in process.deduplications:
        order = (*rule.order, *process.order)
        stages.append((rule.name, rule.columns, order, _deduplication_comment(rule)))
    return stages


def _deduplication_comment(rule: Deduplication) -> str:
    alike = (
        f"Records alike in {', '.join(rule.columns)} are one; a record without any is by itself."
    )
    return f"{rule.description} {alike}".strip() if len(rule.columns) <= 5 else rule.description


def _row_number(keys: Sequence[str], order: Sequence[str]) -> str:
    return (
        "row_number() over (\n"
        f"    partition by {', '.join(keys)}\n"
        f"    order by {', '.join(order)}\n)"
    )


def _stays(process: Process, keys: Sequence[str], name: str) -> str:
    """The first of its kind stays, and so does a record that has nothing to compare."""
    if name == "newest" and process.strategy == "upsert":
        return f"_{name}_rank = 1"
    nothing = " and ".join(f"{key} is null" for key in keys)
    return f"_{name}_rank = 1 or ({nothing})"


def _history(process: Process) -> list[Cte]:
    accepted = ("where _outcome = 'accepted'", *_changed_keys(process))
    keys, order = ", ".join(process.key), _oldest_first(process)
    ctes = [import_cte("records", ref(process.checked), accepted), *_versions(process)]
    ctes.append(
        Cte(
            "history",
            select(
                [
                    "*",
                    f"cast({process.valid_from} as timestamp) as valid_from",
                    f"lead(cast({process.valid_from} as timestamp)) over (\n"
                    f"    partition by {keys} order by {order}\n) as valid_to",
                    "lead(_batch_id) over (\n"
                    f"    partition by {keys} order by {order}\n) is null as is_current",
                ],
                "versions",
                ["where _is_change"],
            ),
            "A version is valid until the next one begins.",
        )
    )
    return ctes


def _oldest_first(process: Process) -> str:
    first = [process.valid_from] if process.valid_from != "_loaded_at" else []
    return ", ".join([*first, "_batch_id", "_row_number"])


def _versions(process: Process) -> list[Cte]:
    keys, order = ", ".join(process.key), _oldest_first(process)
    ignored = {*process.key, process.valid_from}
    attributes = [column.name for column in process.columns if column.name not in ignored]
    parts = ",\n".join(f"    coalesce(cast({name} as text), '~')" for name in attributes)
    digest = f"md5(concat_ws(\n    '|',\n{parts}\n)) as _digest" if attributes else "'' as _digest"
    return [
        Cte("digested", select(["*", digest], "records")),
        Cte(
            "versions",
            select(
                [
                    "*",
                    "coalesce(\n    lag(_digest) over (\n"
                    f"        partition by {keys} order by {order}\n    ) <> _digest,\n"
                    "    true\n) as _is_change",
                ],
                "digested",
            ),
            "A record that says the same as the one before it is no new version.",
        ),
    ]


# --- quarantine and outcomes -----------------------------------------------------------------


def quarantine(process: Process) -> str:
    """The model of the records that did not pass, as they came, with their reason."""
    raw = [column.name for column in process.source_columns]
    failed = [
        *(f"records.{name}" for name in raw),
        "cast(null as text) as _raw_text",
        "checked._reason",
        "'check' as _stage",
        "records._source_file",
        "records._row_number",
        "records._batch_id",
        "records._loaded_at",
    ]
    refused = [
        *(f"cast(null as text) as {name}" for name in raw),
        "rejects.raw_text as _raw_text",
        "rejects.reason as _reason",
        "'load' as _stage",
        "rejects.source as _source_file",
        "rejects.line_number as _row_number",
        "rejects.batch_id as _batch_id",
        "rejects.rejected_at as _loaded_at",
    ]
    table = naming.raw_table(process.slug)
    conditions = [f"where rejects.raw_table = '{table}'"]
    imports = [
        import_cte("records", ref(process.bronze)),
        import_cte("checked", ref(process.checked), ["where _outcome = 'quarantine'"]),
        import_cte("rejects", ref(REJECTS_MODEL)),
    ]
    if process.current_only:
        imports.append(_current(process))
        conditions.append(
            "    and rejects.batch_id in (select current_batches.batch_id from current_batches)"
        )
    return model(
        process.spec_path,
        [
            *imports,
            Cte(
                "failed_records",
                select(
                    failed,
                    "records",
                    [
                        "inner join checked",
                        "    on",
                        "        records._batch_id = checked._batch_id",
                        "        and records._row_number = checked._row_number",
                    ],
                ),
                "What the rules did not let pass.",
            ),
            Cte(
                "rejected_lines",
                select(refused, "rejects", conditions),
                "What could not be read at all; the row number is the line's.",
            ),
            Cte(
                "final",
                (
                    "select * from failed_records",
                    "union all",
                    "select * from rejected_lines",
                ),
            ),
        ],
    )


def _current(process: Process) -> Cte:
    return Cte(
        "current_batches",
        (
            "select max(batch_id) as batch_id",
            f"from {ref(BATCHES_MODEL)}",
            f"where raw_table = '{naming.raw_table(process.slug)}'",
            "group by source",
        ),
    )


def outcomes(process: Process) -> str:
    """The model that says of every source record where it ended, and which record stands for it."""
    ctes = [
        import_cte("checked", ref(process.checked)),
        Cte("records", ("select * from checked", "where _outcome = 'accepted'")),
    ]
    parts = []
    if process.strategy == "scd2":
        ctes += _versions(process)
        ctes += _version_survivors(process)
        parts += ["kept_versions", "repeated_versions"]
    else:
        previous = "records"
        for name, keys, order, comment in _stages(process):
            ctes.append(
                Cte(
                    f"{name}_ranked",
                    select(
                        [
                            "*",
                            f"{_row_number(keys, order)} as _{name}_rank",
                            _first("_batch_id", keys, order) + f" as _{name}_batch_id",
                            _first("_row_number", keys, order) + f" as _{name}_row_number",
                        ],
                        previous,
                    ),
                    comment,
                )
            )
            stays = _stays(process, keys, name)
            ctes.append(Cte(name, ("select *", f"from {name}_ranked", f"where {stays}")))
            previous = name
            reason = "a newer record has the same " + ", ".join(keys) if name == "newest" else name
            ctes.append(
                Cte(
                    f"{name}_duplicates",
                    select(
                        [
                            "_batch_id",
                            "_row_number",
                            "'duplicate' as outcome",
                            f"{sql.sql_string(reason)} as reason",
                            f"_{name}_batch_id as survivor_batch_id",
                            f"_{name}_row_number as survivor_row_number",
                        ],
                        f"{name}_ranked",
                        [f"where not ({stays})"],
                    ),
                )
            )
            parts.append(f"{name}_duplicates")
        survivors = _stages(process)[-1][0] if _stages(process) else "records"
        ctes.append(Cte("kept", _outcome_lines("'silver'", "cast(null as text)", survivors)))
        parts.insert(0, "kept")
    ctes += _set_aside(process)
    parts += ["set_aside", "rejected_lines"]
    union: list[str] = []
    for index, part in enumerate(parts):
        union += [f"select * from {part}"] if index == 0 else ["union all", f"select * from {part}"]
    ctes.append(Cte("final", tuple(union)))
    return model(process.spec_path, ctes)


def _first(column: str, keys: Sequence[str], order: Sequence[str]) -> str:
    return (
        f"first_value({column}) over (\n"
        f"    partition by {', '.join(keys)}\n"
        f"    order by {', '.join(order)}\n)"
    )


def _outcome_lines(
    outcome: str,
    reason: str,
    source: str,
    clauses: Sequence[str] = (),
    survivor: Sequence[str] = ("cast(null as bigint)", "cast(null as bigint)"),
) -> tuple[str, ...]:
    return select(
        [
            "_batch_id",
            "_row_number",
            f"{outcome} as outcome",
            f"{reason} as reason",
            f"{survivor[0]} as survivor_batch_id",
            f"{survivor[1]} as survivor_row_number",
        ],
        source,
        clauses,
    )


def _version_survivors(process: Process) -> list[Cte]:
    keys, order = ", ".join(process.key), _oldest_first(process)
    version = (
        "sum(case when _is_change then 1 else 0 end) over (\n"
        f"    partition by {keys} order by {order}\n    rows unbounded preceding\n) as _version"
    )
    first = [
        f"first_value({column}) over (\n    partition by {keys}, _version order by {order}\n) as {name}"
        for column, name in (
            ("_batch_id", "_first_batch_id"),
            ("_row_number", "_first_row_number"),
        )
    ]
    return [
        Cte("numbered", select(["*", version], "versions")),
        Cte("first_of_version", select(["*", *first], "numbered")),
        Cte(
            "kept_versions",
            _outcome_lines(
                "'silver'", "cast(null as text)", "first_of_version", ["where _is_change"]
            ),
        ),
        Cte(
            "repeated_versions",
            select(
                [
                    "_batch_id",
                    "_row_number",
                    "'duplicate' as outcome",
                    f"'an earlier record of the same {keys} says the same' as reason",
                    "_first_batch_id as survivor_batch_id",
                    "_first_row_number as survivor_row_number",
                ],
                "first_of_version",
                ["where not _is_change"],
            ),
        ),
    ]


def _set_aside(process: Process) -> list[Cte]:
    """What is filtered or in quarantine, and the lines that could not be read."""
    table = naming.raw_table(process.slug)
    conditions = [f"where raw_table = '{table}'"]
    own = ("cast(null as bigint)", "cast(null as bigint)")
    survivor = SURVIVOR if may_repeat(process) else own
    not_accepted = ["where _outcome <> 'accepted'"]
    ctes = [
        Cte(
            "set_aside",
            _outcome_lines("_outcome", "_reason", "checked", not_accepted, survivor),
        )
    ]
    if process.current_only:
        ctes.append(_current(process))
        conditions.append(
            "    and batch_id in (select current_batches.batch_id from current_batches)"
        )
    ctes.append(
        Cte(
            "rejected_lines",
            select(
                [
                    "batch_id as _batch_id",
                    "line_number as _row_number",
                    "'quarantine' as outcome",
                    "reason",
                    "cast(null as bigint) as survivor_batch_id",
                    "cast(null as bigint) as survivor_row_number",
                ],
                ref(REJECTS_MODEL),
                conditions,
            ),
        )
    )
    return ctes


# --- joins -----------------------------------------------------------------------------------


def join(process: Process, item: Join) -> str:
    """The model of a join: its left side's records with what the right side says of them."""
    if item.right_raw:
        typed = [
            column.name
            if column.type == "text"
            else f"{{{{ try_cast('{column.name}', '{sql.sql_type(column.type)}') }}}} as {column.name}"
            for column, _ in item.right_columns
        ]
        rights = [
            import_cte(f"{item.right_name}_records", ref(item.right_ref)),
            Cte(item.right_name, select(typed, f"{item.right_name}_records")),
        ]
    else:
        rights = [import_cte(item.right_name, ref(item.right_ref))]
    columns = [f"{item.left_name}.{column.name}" for column in item.left_columns]
    columns += [
        f"{item.right_name}.{column.name}"
        if column.name == name
        else f"{item.right_name}.{column.name} as {name}"
        for column, name in item.right_columns
    ]
    kind = "full outer" if item.kind == "full" else item.kind
    return model(
        process.spec_path,
        [
            import_cte(item.left_name, ref(item.left_ref)),
            *rights,
            Cte(
                "joined",
                select(
                    columns,
                    item.left_name,
                    [f"{kind} join {item.right_name}", f"    on {item.condition}"],
                ),
                item.description,
            ),
        ],
    )
