"""What became of every source record: the quarantine, and where each record ended.

`<table>_quarantine` holds what did not pass, as it came; `<table>_outcomes` says of every record
whether it is in silver, in quarantine, a duplicate (and of which record) or filtered.
"""

from __future__ import annotations

from collections.abc import Sequence

from controlplane import sql
from controlplane.generate.bronze import BATCHES_MODEL, REJECTS_MODEL, current_batches
from controlplane.generate.checked import model_records
from controlplane.generate.process import CARRIED, SURVIVOR, Process, names
from controlplane.generate.silver import Stage, stages, survivors, version_window, versions
from controlplane.generate.text import Cte, import_cte, model, ref, select, where

_ITSELF = ("cast(null as bigint)", "cast(null as bigint)")


def quarantine(process: Process) -> str:
    """The model of the records that did not pass, as they came, with their reason."""
    if process.reads_model is None:
        ctes = [import_cte("records", ref(process.bronze))]
        file = "records._source_file"
    else:
        ctes = model_records(process)
        file = f"cast({sql.sql_string(process.reads_model)} as text) as _source_file"
    ctes.append(import_cte("checked", ref(process.checked), ["where _outcome = 'quarantine'"]))
    failed = Cte(
        "failed_records",
        select(
            [
                *(f"records.{name}" for name in names(process.source_columns)),
                "cast(null as text) as _raw_text",
                "checked._reason",
                "'check' as _stage",
                file,
                "records._row_number",
                "records._batch_id",
                "records._loaded_at",
            ],
            "records",
            [
                "inner join checked",
                "    on",
                "        records._batch_id = checked._batch_id",
                "        and records._row_number = checked._row_number",
            ],
        ),
        "What the rules did not let pass.",
    )
    if process.reads_model is not None:
        return model(process.spec_path, [*ctes, failed])
    ctes.append(import_cte("rejects", ref(REJECTS_MODEL)))
    if process.current_only:
        ctes.append(current_batches(process.raw_table, ref(BATCHES_MODEL)))
    refused = Cte(
        "rejected_lines",
        select(
            [
                *(f"cast(null as text) as {name}" for name in names(process.source_columns)),
                "rejects.raw_text as _raw_text",
                "rejects.reason as _reason",
                "'load' as _stage",
                "rejects.source as _source_file",
                "rejects.line_number as _row_number",
                "rejects.batch_id as _batch_id",
                "rejects.rejected_at as _loaded_at",
            ],
            "rejects",
            _rejects_of(process, "rejects."),
        ),
        "What could not be read at all; the row number is the line's.",
    )
    return model(
        process.spec_path, [*ctes, failed, refused, _union("failed_records", "rejected_lines")]
    )


def _rejects_of(process: Process, prefix: str = "") -> tuple[str, ...]:
    """The conditions on the rejected lines that count: those of this process's batches."""
    conditions = [f"{prefix}raw_table = '{process.raw_table}'"]
    if process.current_only:
        current = "(select current_batches.batch_id from current_batches)"
        conditions.append(f"{prefix}batch_id in {current}")
    return where(*conditions)


def _union(*parts: str) -> Cte:
    lines = [f"select * from {parts[0]}"]
    for part in parts[1:]:
        lines += ["union all", f"select * from {part}"]
    return Cte("final", tuple(lines))


def outcomes(process: Process) -> str:
    """The model that says of every source record where it ended, and which record stands for it."""
    ctes = [
        import_cte("checked", ref(process.checked)),
        import_cte("records", "checked", ["where _outcome = 'accepted'"]),
    ]
    if process.strategy == "scd2":
        ctes += [*versions(process), *_versions_and_repetitions(process)]
        parts = ["kept_versions", "repeated_versions"]
    else:
        duplicates = []
        kept = "records"
        for stage in stages(process):
            ctes += [_ranked(stage, kept), survivors(stage), _duplicates(stage)]
            duplicates.append(ctes[-1].name)
            kept = stage.name
        ctes.append(Cte("kept", _lines("'silver'", "cast(null as text)", kept)))
        parts = ["kept", *duplicates]
    not_accepted = ["where _outcome <> 'accepted'"]
    survivor = SURVIVOR if process.may_repeat else _ITSELF
    ctes.append(Cte("set_aside", _lines("_outcome", "_reason", "checked", not_accepted, survivor)))
    parts.append("set_aside")
    if process.reads_model is None:
        if process.current_only:
            ctes.append(current_batches(process.raw_table, ref(BATCHES_MODEL)))
        ctes.append(_rejected_lines(process))
        parts.append("rejected_lines")
    return model(process.spec_path, [*ctes, _union(*parts)])


def _lines(
    outcome: str,
    reason: str,
    source: str,
    clauses: Sequence[str] = (),
    survivor: Sequence[str] = _ITSELF,
) -> tuple[str, ...]:
    return select(
        [
            "_batch_id",
            "_row_number",
            _named(outcome, "outcome"),
            _named(reason, "reason"),
            _named(survivor[0], "survivor_batch_id"),
            _named(survivor[1], "survivor_row_number"),
        ],
        source,
        clauses,
    )


def _named(expression: str, name: str) -> str:
    return f"{expression} as {name}"


def _ranked(stage: Stage, previous: str) -> Cte:
    return Cte(
        f"{stage.name}_ranked",
        select(
            [
                "*",
                f"row_number() {stage.window} as _{stage.name}_rank",
                f"first_value(_batch_id) {stage.window} as _{stage.name}_batch_id",
                f"first_value(_row_number) {stage.window} as _{stage.name}_row_number",
            ],
            previous,
        ),
        stage.comment,
    )


def _duplicates(stage: Stage) -> Cte:
    return Cte(
        f"{stage.name}_duplicates",
        _lines(
            "'duplicate'",
            sql.sql_string(stage.reason),
            f"{stage.name}_ranked",
            [f"where not ({stage.stays})"],
            (f"_{stage.name}_batch_id", f"_{stage.name}_row_number"),
        ),
    )


def _versions_and_repetitions(process: Process) -> list[Cte]:
    window = version_window(process)
    keys = ", ".join(process.key)
    number = (
        f"sum(case when _is_change then 1 else 0 end) over (\n    {window}\n"
        "    rows unbounded preceding\n) as _version"
    )
    first_of_version = window.replace(" order by", ", _version order by", 1)
    first = [
        f"first_value({name}) over (\n    {first_of_version}\n) as _first{name}"
        for name in CARRIED[:2]
    ]
    return [
        Cte("numbered", select(["*", number], "versions")),
        Cte("first_of_version", select(["*", *first], "numbered")),
        Cte(
            "kept_versions",
            _lines("'silver'", "cast(null as text)", "first_of_version", ["where _is_change"]),
        ),
        Cte(
            "repeated_versions",
            _lines(
                "'duplicate'",
                f"'an earlier record of the same {keys} says the same'",
                "first_of_version",
                ["where not _is_change"],
                ("_first_batch_id", "_first_row_number"),
            ),
        ),
    ]


def _rejected_lines(process: Process) -> Cte:
    return Cte(
        "rejected_lines",
        select(
            [
                "batch_id as _batch_id",
                "line_number as _row_number",
                "'quarantine' as outcome",
                "reason",
                f"{_ITSELF[0]} as survivor_batch_id",
                f"{_ITSELF[1]} as survivor_row_number",
            ],
            ref(REJECTS_MODEL),
            _rejects_of(process),
        ),
    )
