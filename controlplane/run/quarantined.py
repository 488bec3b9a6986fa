"""Judges what is in quarantine again, after a rule or the data was mended, and says what came of it.

A quarantine is made of the raw table by generated models: to judge its records again is to build
the process's models anew from all raw data, as one tracked job that loads nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from controlplane.config import Project
from controlplane.destination import destination
from controlplane.errors import ConfigError, ExitCode
from controlplane.naming import LEDGER_TABLE, RAW_SCHEMA, outcomes_model, raw_table
from controlplane.quality.checks import silver_relation
from controlplane.quarantine import SCHEMA, Quarantine, Summary, find, quarantines, summaries
from controlplane.run.job import choose, run
from controlplane.run.options import RunOptions
from controlplane.run.result import Reporter, RunResult
from controlplane.specs.etl import EtlProcess
from controlplane.specs.files import read_etl_specs
from controlplane.targets import Target, open_target
from controlplane.targets.base import quoted

_AT_ONCE = 500
# Stage, batch and place of a record.
Key = tuple[str, int, int]


@dataclass(frozen=True)
class Sums:
    """The records of a process, and how many there are in each place where one may end."""

    records: int
    silver: int
    quarantine: int
    duplicate: int
    filtered: int

    @property
    def hold(self) -> bool:
        """Whether no record is lost, and none is there twice."""
        return self.records == self.silver + self.quarantine + self.duplicate + self.filtered


@dataclass(frozen=True)
class Judged:
    """What came of one process's quarantine: who left it for which place, who stays and why."""

    process: str
    before: int
    left: dict[str, int]
    entered: int
    remaining: tuple[Summary, ...]
    sums: Sums

    def to_dict(self) -> dict[str, Any]:
        """The process as plain values."""
        return {
            "process": self.process,
            "before": self.before,
            "left": self.left,
            "entered": self.entered,
            "remaining": [asdict(each) for each in self.remaining],
            "sums": {**asdict(self.sums), "hold": self.sums.hold},
        }


@dataclass(frozen=True)
class QuarantineReplay:
    """What came of a replay; `run` is None where nothing was in quarantine, so that none was."""

    run: RunResult | None
    judged: tuple[Judged, ...] = field(default=())

    @property
    def exit_code(self) -> ExitCode:
        """Good if the job was, and all records are accounted for."""
        done = self.run is None or self.run.exit_code is ExitCode.DONE
        whole = all(each.sums.hold for each in self.judged)
        return ExitCode.DONE if done and whole else ExitCode.FAILED


def replay_quarantine(
    project: Project, name: str | None, *, wait: bool, reporter: Reporter
) -> QuarantineReplay:
    """Judge the quarantine of a process again, or every one that holds something.

    Raises:
        ConfigError: models are not as the specs ask, or it was never built.
        DatabankError: the build failed before anything could be said.
    """
    every = read_etl_specs(project.root)
    chosen = choose(every, [name] if name else [], project.root)
    project = destination(project, chosen)
    target = open_target(project.target, on_wait=reporter.waiting)
    specs = {file.spec.slug: file.spec for file in chosen}
    built = [each for each in quarantines(target, specs.values()) if each.process]
    if name:
        if chosen[0].spec.type == "extract":
            raise ConfigError(f"{name}: is of type extract, and has no quarantine of its own")
        built = [find(built, specs.values(), chosen[0].spec.slug)]
    before = {each: keys for each in built if (keys := _keys(target, each))}
    if not before:
        return QuarantineReplay(None)
    names = tuple(str(each.process) for each in before)
    options = RunOptions(names=names, full_refresh=True, build_only=True, wait=wait)
    result = run(project, options, reporter)
    judged = [
        _judged(target, specs[str(each.process)], each, keys) for each, keys in before.items()
    ]
    return QuarantineReplay(result, tuple(judged))


def _keys(target: Target, quarantine: Quarantine) -> set[Key]:
    rows = target.query(f"select _stage, _batch_id, _row_number from {quarantine.relation}")
    return {(str(stage), int(batch), int(number)) for stage, batch, number in rows}


def _judged(
    target: Target, process: EtlProcess, quarantine: Quarantine, before: set[Key]
) -> Judged:
    after = _keys(target, quarantine)
    return Judged(
        process=process.slug,
        before=len(before),
        left=dict(_places(target, process, before - after)),
        entered=len(after - before),
        remaining=tuple(summaries(target, quarantine)),
        sums=_sums(target, process, quarantine),
    )


def _places(target: Target, process: EtlProcess, gone: Iterable[Key]) -> Counter[str]:
    """Where those are now that left: of a line that was read since, the place is not known."""
    places: Counter[str] = Counter()
    outcomes = f"{SCHEMA}.{quoted(outcomes_model(process.table_name))}"
    lines = 0
    records: list[tuple[int, int]] = []
    for stage, batch, number in sorted(gone):
        if stage == "load":
            lines += 1
        else:
            records.append((batch, number))
    for some in _parts(records):
        listed = ", ".join(f"({batch}, {number})" for batch, number in some)
        rows = target.query(
            f"select outcome, count(*) from {outcomes} where outcome <> 'quarantine'"
            f" and (_batch_id, _row_number) in ({listed}) group by outcome"
        )
        places.update({str(outcome): int(count) for outcome, count in rows})
    if lines:
        places["read since"] = lines
    if missing := len(records) + lines - places.total():
        places["no longer current"] = missing
    return places


def _parts(records: Sequence[tuple[int, int]]) -> Iterator[Sequence[tuple[int, int]]]:
    for start in range(0, len(records), _AT_ONCE):
        yield records[start : start + _AT_ONCE]


def _sums(target: Target, process: EtlProcess, quarantine: Quarantine) -> Sums:
    """The sums that the data test `adds_up` compares."""
    schema, table = silver_relation(process)
    counts = dict(
        target.query(
            "select outcome, count(*) from"
            f" {SCHEMA}.{quoted(outcomes_model(process.table_name))} group by outcome"
        )
    )
    return Sums(
        records=_count(target, *_records(target, process)),
        silver=_count(target, f"select count(*) from {quoted(schema)}.{quoted(table)}"),
        quarantine=_count(target, f"select count(*) from {quarantine.relation}"),
        duplicate=int(counts.get("duplicate", 0)),
        filtered=int(counts.get("filtered", 0)),
    )


def _records(target: Target, process: EtlProcess) -> tuple[str, tuple[str, ...]]:
    """The query that counts a process's source records, and its parameters."""
    if process.source_config.model:
        model = process.source_config.model
        schemas = [s for s, name in target.relations() if name == model and s != RAW_SCHEMA]
        return f"select count(*) from {quoted(schemas[0])}.{quoted(model)}", ()
    ledger = f"{RAW_SCHEMA}.{LEDGER_TABLE}"
    table = raw_table(process.slug)
    total = f"select coalesce(sum(rows_read), 0) from {ledger} where raw_table = ?"
    if process.target_config.load_strategy != "replace":
        return total, (table,)
    newest = f"select max(batch_id) from {ledger} where raw_table = ? group by source"
    return f"{total} and batch_id in ({newest})", (table, table)


def _count(target: Target, sql: str, params: tuple[str, ...] = ()) -> int:
    return int(target.query(sql, params)[0][0])
