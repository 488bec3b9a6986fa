"""The checks of a spec's validation: of a source before it is loaded, of a table once it is built.

A table that was built owes its checks until they passed, be the run between killed or failed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlplane.errors import DatabankError, ExitCode, SourceError
from controlplane.run.context import Context, now, placed
from controlplane.run.loading import has_news
from controlplane.specs.etl import EtlProcess
from controlplane.state.records import NodeState

if TYPE_CHECKING:
    from controlplane.quality.checks import CheckResult


class CheckFailedError(DatabankError):
    """A check of a spec's validation failed, and its severity is error."""

    exit_code = ExitCode.FAILED


def pre_validate(context: Context) -> None:
    """Check the sources that have news; what is loaded already was checked then.

    Raises:
        CheckFailedError: a check failed; nothing is loaded.
        SourceError: a check could not be made; nothing is loaded.
    """
    from controlplane.load import check_source
    from controlplane.quality.checks import check_result

    for file in context.chosen:
        checks = file.spec.validation.pre_validation
        if not checks or not has_news(context, file):
            continue
        for check in checks:
            context.job.check_cancelled()
            error: SourceError | None = None
            passed = False
            try:
                with placed(file):
                    passed = check_source(file.spec, context.project, check.expression)
            except SourceError as problem:
                error = problem
            found = check_result(file.spec, check, passed=passed, error=error)
            _note(context, found)
            if found.failed and error is not None:
                raise error
    _stop(context, "nothing was loaded")


def owing(context: Context) -> set[str]:
    """The processes whose table was built by an earlier run and has not passed its checks since."""
    states = context.store.node_states(context.identity)
    return {
        file.spec.slug
        for file in context.chosen
        if (state := states.get(_key(file.spec))) and state.status != "pass"
    }


def owe(process: EtlProcess, job_id: str) -> NodeState:
    """What the state store keeps before a process's table is built."""
    return _state(process, "pending", job_id)


def post_validate(context: Context, processes: set[str]) -> None:
    """Check and measure the tables of these processes, unless they could not be built.

    Raises:
        CheckFailedError: a check failed; the tables stay as they are built.
    """
    from controlplane.quality.checks import check_target, silver_relation
    from controlplane.quality.measures import metrics, profile

    models = {node.name: node.status for node in context.result.nodes if not node.is_test}
    for file in context.chosen:
        process = file.spec
        if process.slug not in processes or process.type == "extract":
            continue
        if models.get(process.table_name, "success") != "success":
            continue  # it stays owed
        failed = False
        for check in check_target(file, context.target):
            _note(context, check)
            failed = failed or check.failed
        state = _state(process, "fail" if failed else "pass", context.job.id)
        context.store.save_node_states(context.identity, [state])
        if process.validation.quality_metrics:
            context.result.metrics[process.slug] = metrics(process, context.target)
        if process.validation.data_profiling or process.transform_config.data_quality.profiling:
            schema, table = silver_relation(process)
            context.result.profiles[process.slug] = profile(context.target, schema, table)
    _stop(context, "the tables are built, and the job is failed")


def _note(context: Context, check: CheckResult) -> None:
    context.result.checks.append(check)
    context.reporter.checked(check)
    word = "passed" if check.passed else f"failed ({check.error or check.description})"
    level = "info" if check.passed else "error" if check.failed else "warning"
    context.job.log(level, f"{check.process}: {check.stage} {check.name} {word}")


def _stop(context: Context, consequence: str) -> None:
    failed = [check for check in context.result.checks if check.failed]
    if failed:
        named = "; ".join(
            f"{check.process}: {check.stage} '{check.name}' ({check.error or check.description})"
            for check in failed
        )
        raise CheckFailedError(f"{named}: {consequence}")


def _key(process: EtlProcess) -> str:
    """Under which name the state store remembers whether a process's table passed its checks."""
    return f"validation.{process.slug}"


def _state(process: EtlProcess, status: str, job_id: str) -> NodeState:
    return NodeState(_key(process), {}, status, None, job_id, now())
