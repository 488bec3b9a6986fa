"""The batches of processes: which are there, which have no score yet, and what theirs is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from controlplane import naming
from controlplane.load.ledger import LEDGER
from controlplane.quality.counting import count, nothing
from controlplane.quality.masked import Masking
from controlplane.quality.prepared import Prepared
from controlplane.quality.sampling import sample
from controlplane.quality.scores import Batch, decide, scored
from controlplane.state.records import QualityResult
from controlplane.targets import MissingRelationError, Target

# How many batches are judged by one query: what it finds is kept before the next.
AT_ONCE = 200


def batches_of(target: Target, slugs: Sequence[str]) -> dict[str, list[Batch]]:
    """The batches of these processes that the warehouse holds, oldest first."""
    tables = {naming.raw_table(slug): slug for slug in slugs}
    found: dict[str, list[Batch]] = {slug: [] for slug in slugs}
    try:
        rows = target.query(
            "select raw_table, batch_id, source, loaded_at, rows_rejected, job_id"
            f" from {LEDGER} order by 2"
        )
    except MissingRelationError:
        return found
    for table, batch_id, source, loaded_at, rejected, job_id in rows:
        if table in tables:
            aware = loaded_at.replace(tzinfo=UTC)
            found[tables[table]].append(Batch(int(batch_id), source, aware, int(rejected), job_id))
    return found


def newest_batch(target: Target) -> int:
    """The newest batch of the whole warehouse: how far it had come; 0 for an empty one."""
    try:
        return int(target.query(f"select coalesce(max(batch_id), 0) from {LEDGER}")[0][0])
    except MissingRelationError:
        return 0


def unscored(batches: Sequence[Batch], scores: Mapping[int, datetime | None]) -> list[Batch]:
    """Those without a score. After a backup was restored the same id may come again."""
    return [each for each in batches if scores.get(each.batch_id) != each.loaded_at]


def score(
    target: Target,
    prepared: Prepared,
    batches: Sequence[Batch],
    masking: Masking,
    *,
    now: datetime,
) -> list[QualityResult]:
    """The results of these batches of a process.

    Raises:
        TargetError: the warehouse refuses the query.
    """
    ids = [each.batch_id for each in batches]
    counts = count(target, prepared, ids)
    broken = sample(target, prepared, counts)
    return [
        scored(
            prepared.subject,
            batch,
            prepared.criteria,
            found,
            broken.get(batch.batch_id, {}),
            rules=prepared.checksum,
            decision=decide(prepared.action, prepared.threshold, found.bad + batch.unreadable),
            masking=masking,
            now=now,
        )
        for batch in batches
        for found in [counts.get(batch.batch_id) or nothing(prepared.criteria)]
    ]


def score_model(
    target: Target, prepared: Prepared, source: str, masking: Masking, *, now: datetime
) -> QualityResult:
    """The result of a process that reads a model: all its records, which are no batch."""
    whole = Batch(0, source, None)
    found = score(target, prepared, [whole], masking, now=now)[0]
    return replace(found, batch_id=newest_batch(target))
