"""Which records failed a run: some of those in quarantine beyond their process's threshold."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from controlplane import naming

if TYPE_CHECKING:
    from controlplane.config import Project
    from controlplane.run import RunResult
    from controlplane.specs.etl import EtlProcess
    from controlplane.targets import Target

SHOWN = 3
BAD = ("error", "fail")


def explain(project: Project, result: RunResult) -> dict[str, list[str]]:
    """Lines for each failed threshold test, by its name; they are kept in the job's log too."""
    failed = {node.name for node in result.nodes if node.is_test and node.status in BAD}
    if not any(name.startswith("error_threshold_") for name in failed):
        return {}

    from controlplane.destination import destination
    from controlplane.errors import DatabankError
    from controlplane.specs.files import read_etl_specs
    from controlplane.state.scrub import known_secrets, scrub
    from controlplane.targets import open_target

    found: dict[str, list[str]] = {}
    try:
        specs = {_test(file.spec): file for file in read_etl_specs(project.root)}
        asked = [file for name, file in specs.items() if name in failed]
        project = destination(project, asked)
        target = open_target(project.target)
        secrets = known_secrets(project.environment, project.target.password)
        for file in asked:
            lines = [scrub(line, secrets) for line in _lines(target, file.spec)]
            if lines:
                found[_test(file.spec)] = lines
                if file.spec.error_handling.error_logging:
                    _log(project, result.job_id, [f"{file.spec.slug}: {line}" for line in lines])
    except DatabankError:
        # What failed is told already; this only says more of it.
        return found
    return found


def _test(process: EtlProcess) -> str:
    return f"error_threshold_{naming.quarantine_model(process.table_name)}"


def _lines(target: Target, process: EtlProcess) -> list[str]:
    model = naming.quarantine_model(process.table_name)
    schema = next((schema for schema, name in target.relations() if name == model), None)
    if schema is None:
        return []
    newest = ""
    if process.source_config.source_type != "model":
        newest = (
            f" where _batch_id in (select max(batch_id) from {naming.RAW_SCHEMA}"  # noqa: S608
            f".{naming.LEDGER_TABLE} where raw_table = '{naming.raw_table(process.slug)}'"
            " group by source)"
        )
    relation = f"{schema}.{model}"
    rows = target.query(
        "select _source_file, _row_number, _reason, _stage, count(*) over () from (select *,"  # noqa: S608
        f" count(*) over (partition by _batch_id) as bad_records from {relation}{newest})"
        f" as counted where bad_records > {process.error_handling.error_threshold}"
        f" order by _batch_id, _row_number limit {SHOWN}"
    )
    lines = [
        f"{source} {'line' if stage == 'load' else 'row'} {number}: {reason}"
        for source, number, reason, stage, _ in rows
    ]
    if rows:
        count = rows[0][4]
        records = "1 bad record" if count == 1 else f"{count:,} bad records"
        lines.append(
            f"{records}; see them all with: select * from {relation}"  # noqa: S608
        )
    return lines


def _log(project: Project, job_id: str, lines: list[str]) -> None:
    from contextlib import suppress

    from controlplane.state.job_log import LogLine, append_line, log_path
    from controlplane.state.store import open_store

    with open_store(project) as store:
        job = store.job(job_id)
    attempt = job.attempt if job else 1
    with suppress(OSError):
        for line in lines:
            entry = LogLine(datetime.now(UTC), "error", line, attempt)
            append_line(log_path(project.state_dir, job_id), entry)
