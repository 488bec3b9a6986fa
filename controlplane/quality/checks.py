"""The checks of a spec's `validation`: of its source, and of the table that it makes."""

from __future__ import annotations

from dataclasses import dataclass

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
