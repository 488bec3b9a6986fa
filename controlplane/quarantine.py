"""Reads what rules did not let pass, or loads could not read: the quarantine models."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from controlplane.errors import ConfigError
from controlplane.naming import LEDGER_TABLE, RAW_SCHEMA, quarantine_model
from controlplane.specs.etl import EtlProcess
from controlplane.targets import Target
from controlplane.targets.base import quoted

SCHEMA = "silver"
_SUFFIX = quarantine_model("")
# What a quarantine model may call these, the generated ones first.
_REASON = ("_reason", "reason")
_LOADED = ("_loaded_at", "ingested_at")
_PLACE = ("_batch_id", "_row_number", "_source_file", "_stage", *_REASON, *_LOADED)


@dataclass(frozen=True)
class Quarantine:
    """A quarantine model that is built; `process` is the one that it was generated for, if any."""

    model: str
    process: str | None
    columns: tuple[str, ...]

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self.process or self.model.removesuffix(_SUFFIX)

    @property
    def relation(self) -> str:
        """The table or view."""
        return f"{SCHEMA}.{quoted(self.model)}"

    def first_of(self, names: Iterable[str], otherwise: str) -> str:
        """The first of these columns that it has."""
        return next((name for name in names if name in self.columns), otherwise)


@dataclass(frozen=True)
class Summary:
    """How many records are in quarantine for a reason, in how many batches.

    `stage` is `load` for what could not be read, `check` for what rules did not let pass.
    """

    name: str
    stage: str
    reason: str
    records: int
    batches: int
    newest_batch: int
    newest_at: datetime | None


@dataclass(frozen=True)
class Record:
    """A record in quarantine: where it stands in its source, why it is here, and what it says."""

    source: str | None
    batch_id: int
    row_number: int
    stage: str
    reason: str
    values: dict[str, Any]


def quarantines(target: Target, processes: Iterable[EtlProcess]) -> list[Quarantine]:
    """The quarantine models that are built."""
    known = {quarantine_model(process.table_name): process.slug for process in processes}
    found = []
    for schema, model in sorted(target.relations()):
        if schema != SCHEMA or not model.endswith(_SUFFIX):
            continue
        columns = tuple(name for name, _ in target.columns(schema, model))
        if "_batch_id" in columns and not set(_REASON).isdisjoint(columns):
            found.append(Quarantine(model, known.get(model), columns))
    return found


def find(found: Sequence[Quarantine], processes: Iterable[EtlProcess], name: str) -> Quarantine:
    """The quarantine of a process, or of a table that has one.

    Raises:
        ConfigError: there is none.
    """
    given = name.removeprefix(f"{SCHEMA}.").removeprefix(f"{RAW_SCHEMA}.")
    models = {given, quarantine_model(given)}
    for process in processes:
        if given in (process.slug, process.name, process.table_name):
            models.add(quarantine_model(process.table_name))
    for each in found:
        if each.model in models:
            return each
    listed = ", ".join(each.name for each in found)
    raise ConfigError(
        f"{name}: there is no quarantine of this name in the warehouse",
        hint=f"those that are built: {listed}" if listed else "build it with databank run",
    )


def summaries(target: Target, quarantine: Quarantine) -> list[Summary]:
    """What is in a quarantine by stage and reason, the most frequent first."""
    reason = quarantine.first_of(_REASON, "")
    stage = quarantine.first_of(("_stage",), "'check'")
    at = quarantine.first_of(_LOADED, "cast(null as timestamp)")
    rows = target.query(
        f"select {stage}, {reason}, count(*), count(distinct _batch_id), max(_batch_id), max({at})"
        f" from {quarantine.relation} group by 1, 2 order by 3 desc, 1, 2"
    )
    return [Summary(quarantine.name, *row) for row in rows]


def records(target: Target, quarantine: Quarantine, reason: str | None, limit: int) -> list[Record]:
    """The newest records of a quarantine in the order of their batches and places.

    Args:
        target: the warehouse.
        quarantine: which one.
        reason: only those whose reason has this text in it.
        limit: how many at most.
    """
    values = [name for name in quarantine.columns if name not in _PLACE]
    why = quarantine.first_of(_REASON, "")
    source = quarantine.first_of(
        ("_source_file",),
        f"(select loads.source from {RAW_SCHEMA}.{LEDGER_TABLE} as loads"
        " where loads.batch_id = held._batch_id)",
    )
    rows = target.query(
        f"select {source}, _batch_id, _row_number,"
        f" {quarantine.first_of(('_stage',), _CHECK)}, {why}"
        + "".join(f", {quoted(name)}" for name in values)
        + f" from {quarantine.relation} as held"
        + (f" where strpos(lower({why}), lower(?)) > 0" if reason else "")
        + f" order by _batch_id desc, _row_number limit {int(limit)}",
        (reason,) if reason else (),
    )
    found = [
        Record(
            source=row[0],
            batch_id=row[1],
            row_number=row[2],
            stage=row[3],
            reason=row[4],
            values={
                each: value
                for each, value in zip(values, row[5:], strict=True)
                if value is not None
            },
        )
        for row in rows
    ]
    return sorted(found, key=lambda each: (each.batch_id, each.row_number))


_CHECK = "'check'"
