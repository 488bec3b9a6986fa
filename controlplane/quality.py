"""What a run measures: the checks of a spec's `validation`, its metrics, and profiles of columns.

Everything is one query per table in the warehouse; no row is looked at here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from controlplane import naming
from controlplane.errors import SourceError, SpecError, TargetError
from controlplane.specs.etl import Check, EtlProcess
from controlplane.specs.files import SpecFile
from controlplane.targets import Target

SILVER = "silver"


@dataclass(frozen=True)
class CheckResult:
    """How one check of a process came out."""

    process: str
    stage: str
    name: str
    severity: str
    passed: bool
    description: str
    error: str | None = None

    @property
    def failed(self) -> bool:
        """Whether the check fails the job."""
        return not self.passed and self.severity == "error"


def silver_relation(process: EtlProcess) -> tuple[str, str]:
    """Schema and name of a process's silver table."""
    return process.target_config.schema_name or SILVER, process.table_name


def check_target(file: SpecFile[EtlProcess], target: Target) -> list[CheckResult]:
    """The results of `post_validation` over the silver table."""
    process = file.spec
    schema, table = silver_relation(process)
    results = []
    for index, check in enumerate(process.validation.post_validation):
        place = f"validation.post_validation[{index}].expression"
        expression = _condition(file, place, check, target.settings.type)
        error = None
        try:
            rows = target.query(f'select {expression} from "{schema}"."{table}"')
            passed = bool(rows and rows[0][0])
        except TargetError as problem:
            passed, error = False, problem.message
        results.append(_result(process, "post_validation", check, passed, error))
    return results


def check_result(
    process: EtlProcess, check: Check, *, passed: bool, error: SourceError | None = None
) -> CheckResult:
    """The result of a check of `pre_validation`."""
    return _result(process, "pre_validation", check, passed, error.message if error else None)


def _result(
    process: EtlProcess, stage: str, check: Check, passed: bool, error: str | None
) -> CheckResult:
    return CheckResult(
        process.slug, stage, check.name, check.severity, passed, check.description, error
    )


def _condition(file: SpecFile[EtlProcess], place: str, check: Check, engine: str) -> str:
    """The check's expression in the target's own SQL."""
    from controlplane import sql

    try:
        return sql.parse_expression(check.expression).sql(dialect=engine)
    except sql.ExpressionError as error:
        raise SpecError([file.problem(place, str(error))]) from error


def metrics(process: EtlProcess, target: Target) -> dict[str, float | None]:
    """The spec's quality metrics of the silver table, each from 0 to 1; None where nothing is there.

    completeness: share of the silver table's cells that are not null. accuracy: share of the
    judged records that no rule put into quarantine. consistency: share of the accepted records
    that are no duplicates. timeliness: share of the silver records that were loaded within a day
    of their incremental key, which must be a time.
    """
    return {name: _metric(name, process, target) for name in process.validation.quality_metrics}


def _metric(name: str, process: EtlProcess, target: Target) -> float | None:
    schema, table = silver_relation(process)
    match name:
        case "completeness":
            columns = [name for name, _ in target.columns(schema, table) if name[0] != "_"]
            if not columns:
                return None
            filled = " + ".join(f'count("{column}")' for column in columns)
            return _ratio(
                target, f'select {filled}, {len(columns)} * count(*) from "{schema}"."{table}"'
            )
        case "accuracy":
            checked = naming.checked_model(table)
            return _ratio(
                target,
                "select count(case when _outcome = 'accepted' then 1 end),"
                " count(case when _outcome in ('accepted', 'quarantine') then 1 end)"
                f' from "{SILVER}"."{checked}"',
            )
        case "consistency":
            outcomes = naming.outcomes_model(table)
            return _ratio(
                target,
                "select count(case when outcome = 'silver' then 1 end),"
                " count(case when outcome in ('silver', 'duplicate') then 1 end)"
                f' from "{SILVER}"."{outcomes}"',
            )
        case _:
            key = process.source_config.incremental_key
            column = naming.column_names([key])[0] if key else None
            types = dict(target.columns(schema, table))
            if column is None or not types.get(column, "").lower().startswith(
                ("timestamp", "date")
            ):
                return None
            return _ratio(
                target,
                f'select count(case when _loaded_at < cast("{column}" as timestamp)'
                f" + interval '1 day' then 1 end), count(\"{column}\")"
                f' from "{schema}"."{table}"',
            )


def _ratio(target: Target, query: str) -> float | None:
    part, whole = target.query(query)[0]
    return round(float(part) / float(whole), 6) if whole else None


def profile(target: Target, schema: str, table: str) -> Mapping[str, Mapping[str, Any]]:
    """Per column of a table: rows, nulls, distinct values, and the least and the greatest as text."""
    columns = [name for name, _ in target.columns(schema, table) if name[0] != "_"]
    if not columns:
        return {}
    parts = []
    for column in columns:
        parts += [
            f'count("{column}")',
            f'count(distinct "{column}")',
            f'min(cast("{column}" as text))',
            f'max(cast("{column}" as text))',
        ]
    row = target.query(f'select count(*), {", ".join(parts)} from "{schema}"."{table}"')[0]
    found = {}
    for index, column in enumerate(columns):
        filled, distinct, least, greatest = row[1 + 4 * index : 5 + 4 * index]
        found[column] = {
            "rows": row[0],
            "nulls": row[0] - filled,
            "distinct": distinct,
            "least": least,
            "greatest": greatest,
        }
    return found
