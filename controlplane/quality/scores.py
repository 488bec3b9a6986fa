"""From counts to scores: per field, overall, and in four dimensions; and what to do about them.

All scores are shares from 0 to 1. `docs/reference/quality.md` has their definitions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from controlplane.quality.counting import Counts
from controlplane.quality.criteria import Criterion
from controlplane.quality.masked import Masking
from controlplane.quality.recommend import recommendations
from controlplane.quality.sampling import Broken
from controlplane.state.records import QualityResult, QualityViolation

PASSED = "pass"


@dataclass(frozen=True)
class Batch:
    """The batch that was looked at, as the load ledger has it."""

    batch_id: int
    source: str | None
    loaded_at: datetime | None
    unreadable: int = 0
    job_id: str | None = None


def scored(
    subject: str,
    batch: Batch,
    checks: Sequence[Criterion],
    counts: Counts,
    broken: Mapping[str, Broken],
    *,
    rules: str,
    decision: str,
    masking: Masking,
    now: datetime,
    sources: Mapping[int, str] | None = None,
    sample_size: int | None = None,
) -> QualityResult:
    """The result of one batch."""
    known = sources or {batch.batch_id: str(batch.source)}
    violations = [
        _violation(each, counts, broken.get(each.name, Broken()), known, masking)
        for each in checks
        if counts.by_check.get(each.name)
    ]
    violations.sort(key=lambda each: (each.severity != "error", -each.records, each.rule))
    whole = counts.records + batch.unreadable
    return QualityResult(
        subject=subject,
        batch_id=batch.batch_id,
        rules=rules,
        job_id=batch.job_id,
        source=batch.source,
        loaded_at=_utc(batch.loaded_at),
        validated_at=now,
        records=counts.records,
        filtered=counts.filtered,
        unreadable=batch.unreadable,
        bad=counts.bad + batch.unreadable,
        sample_size=sample_size,
        decision=decision,
        overall_score=_share(counts.records - counts.flawed, whole),
        field_scores={
            name: share
            for name, wrong in counts.by_field.items()
            if (share := _share(counts.records - wrong, counts.records)) is not None
        },
        dimensions=_dimensions(checks, counts, batch),
        checks=[_outcome(each, counts) for each in checks],
        recommendations=recommendations(checks, counts, broken, batch.unreadable, masking),
        violations=tuple(violations),
    )


def decide(action: str, threshold: int, bad: int) -> str:
    """What error handling makes of a batch with so many bad records."""
    return action if bad > threshold else PASSED


def _dimensions(
    checks: Sequence[Criterion], counts: Counts, batch: Batch
) -> dict[str, float | None]:
    """Each is None where nothing of the kind is checked, or there are no records."""
    required = {
        each.column: counts.by_check[each.name]
        for each in checks
        if each.dimension == "completeness"
    }
    cells = len(required) * counts.records
    found: dict[str, float | None] = {"completeness": _share(cells - sum(required.values()), cells)}
    for name in ("accuracy", "consistency"):
        more = batch.unreadable if name == "accuracy" else 0
        right = counts.records - counts.by_dimension[name]
        is_checked = any(each.dimension == name for each in checks)
        found[name] = _share(right, counts.records + more) if is_checked else None
    found["timeliness"] = _share(counts.timed - counts.late, counts.timed)
    return found


def _outcome(criterion: Criterion, counts: Counts) -> dict[str, Any]:
    wrong = counts.by_check[criterion.name]
    return {
        "rule": criterion.name,
        "kind": criterion.kind,
        "field": criterion.column,
        "severity": criterion.severity,
        "message": criterion.message,
        "passed": wrong == 0,
        "records": wrong,
        "percent": _percent(wrong, counts.records),
    }


def _violation(
    criterion: Criterion,
    counts: Counts,
    broken: Broken,
    sources: Mapping[int, str],
    masking: Masking,
) -> QualityViolation:
    records = counts.by_check[criterion.name]
    samples = []
    for each in broken.samples:
        place: dict[str, Any] = {}
        if each.batch_id is not None:
            place |= {"batch": each.batch_id, "source": sources.get(each.batch_id)}
        if each.row is not None:
            place["row"] = each.row
        if each.value is not None:
            place["value"] = masking.shown(criterion.column, each.value)
        samples.append(place)
    return QualityViolation(
        rule=criterion.name,
        kind=criterion.kind,
        field=criterion.column,
        severity=criterion.severity,
        message=criterion.message,
        records=records,
        percent=_percent(records, counts.records),
        samples=samples,
    )


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 4) if whole else 0.0


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
