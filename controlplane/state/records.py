"""What the state store holds, as frozen values: jobs, attempts, batches, node results, claims.

All times are aware and in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class JobStatus(StrEnum):
    """Where a job is in its life; `TRANSITIONS` says what may follow what."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing happens any more unless somebody retries the job."""
        return self in {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED}


# A failed or cancelled job may be tried again: at once, or by a scheduler that first takes it.
TRANSITIONS: Mapping[JobStatus, frozenset[JobStatus]] = {
    JobStatus.PENDING: frozenset({JobStatus.RUNNING, JobStatus.FAILED, JobStatus.CANCELLED}),
    JobStatus.RUNNING: frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED}),
    JobStatus.COMPLETED: frozenset(),
    JobStatus.FAILED: frozenset({JobStatus.PENDING, JobStatus.RUNNING}),
    JobStatus.CANCELLED: frozenset({JobStatus.RUNNING}),
}

# Node statuses that owe nothing more: dbt's own, and `unchanged` (the plan saw no need) and
# `removed` (the node left the project between two attempts).
GREEN_STATUSES = frozenset({"success", "pass", "warn", "no-op", "reused", "unchanged", "removed"})
OWED_STATUS = "owed"


@dataclass(frozen=True)
class Owner:
    """The process that answers for a job.

    `process_start` tells two processes with one number apart; None where the system does not say.
    """

    host: str
    pid: int
    process_start: str | None


@dataclass(frozen=True)
class Job:
    """One tracked execution. `attempt` counts the tries; `started_at` is when the last began."""

    id: str
    type: str
    name: str
    params: Mapping[str, Any]
    status: JobStatus
    attempt: int
    progress: int
    message: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    heartbeat_at: datetime | None
    host: str | None
    pid: int | None
    process_start: str | None
    cancel_requested: bool
    records_read: int
    records_loaded: int
    records_rejected: int
    records_written: int
    result: Mapping[str, Any] | None
    error: str | None
    error_path: str | None
    scheduled_for: datetime | None

    @property
    def owner(self) -> Owner | None:
        """The process that runs the job, or will start it; None when nobody has taken it."""
        if self.host is None or self.pid is None:
            return None
        return Owner(self.host, self.pid, self.process_start)


@dataclass(frozen=True)
class Attempt:
    """One try of a job; `target_path` is where dbt wrote its artifacts."""

    job_id: str
    number: int
    status: JobStatus
    started_at: datetime
    finished_at: datetime | None
    target_path: str | None
    error: str | None


@dataclass(frozen=True)
class BatchResult:
    """One delivery of one source that an attempt loaded."""

    process: str
    source: str
    batch_id: int
    rows_read: int
    rows_loaded: int
    rows_rejected: int
    attempt: int = 0


@dataclass(frozen=True)
class NodeResult:
    """What became of one dbt node in one attempt; `status` is dbt's word, or `owed`."""

    unique_id: str
    resource_type: str
    layer: str | None
    status: str
    seconds: float | None = None
    rows: int | None = None
    message: str | None = None
    compiled_path: str | None = None
    attempt: int = 0

    @property
    def green(self) -> bool:
        """Whether the node owes nothing more."""
        return self.status in GREEN_STATUSES


@dataclass(frozen=True)
class NodeState:
    """How a node was last built in a target: what the next plan compares with."""

    unique_id: str
    fingerprint: Mapping[str, Any]
    status: str
    message: str | None
    job_id: str | None
    built_at: datetime


@dataclass(frozen=True)
class Claim:
    """A due time that one scheduler took, with the job that runs it.

    `job` is None for the mark that a schedule was first seen: due times count from there.
    """

    process: str
    due_at: datetime
    claimed_at: datetime
    claimed_by: str
    job: Job | None = field(default=None)


@dataclass(frozen=True)
class QualityViolation:
    """A rule that records break: how many, and some of them with their place."""

    rule: str
    kind: str
    field: str | None
    severity: str
    message: str
    records: int
    percent: float
    samples: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class QualityResult:
    """What a validation of one batch found: `subject` is an ETL process or `layer.table`.

    `rules` is the checksum of what was checked, `decision` what error handling makes of the batch,
    `checks` how each rule came out. A table has no batches: `batch_id` is the newest that the
    warehouse held.
    """

    subject: str
    batch_id: int
    rules: str
    job_id: str | None
    source: str | None
    loaded_at: datetime | None
    validated_at: datetime
    records: int
    filtered: int
    unreadable: int
    bad: int
    sample_size: int | None
    decision: str
    overall_score: float | None
    field_scores: Mapping[str, float]
    dimensions: Mapping[str, float | None]
    checks: Sequence[Mapping[str, Any]]
    recommendations: Sequence[str]
    violations: Sequence[QualityViolation] = ()
