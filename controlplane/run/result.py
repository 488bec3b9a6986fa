"""What a run did, and who is told of it while it goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from controlplane.errors import ExitCode
from controlplane.state.records import JobStatus, QualityResult

if TYPE_CHECKING:
    from controlplane.dbt.events import Event
    from controlplane.load import LoadResult
    from controlplane.plan import Plan
    from controlplane.quality.checks import CheckResult


@dataclass(frozen=True)
class NodeOutcome:
    """What a run did with one model, seed or test."""

    unique_id: str
    name: str
    resource_type: str
    layer: str | None
    status: str
    seconds: float
    rows: int | None
    message: str | None
    reason: str
    compiled_path: str | None = None

    @property
    def is_test(self) -> bool:
        """Whether it judges tables instead of being one."""
        return self.resource_type in ("test", "unit_test")


@dataclass
class RunResult:
    """What a run did; filled in as it goes, so that a failed one says how far it came."""

    job_id: str
    target: str
    status: JobStatus = JobStatus.RUNNING
    loads: list[LoadResult] = field(default_factory=list)
    checks: list[CheckResult] = field(default_factory=list)
    nodes: list[NodeOutcome] = field(default_factory=list)
    unchanged: int = 0
    metrics: dict[str, dict[str, float | None]] = field(default_factory=dict)
    profiles: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    quality: list[QualityResult] = field(default_factory=list)
    seconds: float = 0.0
    error: str | None = None

    @property
    def exit_code(self) -> ExitCode:
        """What the command ends with."""
        return ExitCode.DONE if self.status is JobStatus.COMPLETED else ExitCode.FAILED

    @property
    def scores(self) -> list[dict[str, Any]]:
        """The score of each batch, and what becomes of it; the state store has all of the result."""
        return [
            {
                "process": each.subject,
                "batch_id": each.batch_id,
                "overall_score": each.overall_score,
                "bad": each.bad,
                "decision": each.decision,
            }
            for each in self.quality
        ]

    @property
    def document(self) -> dict[str, Any]:
        """What the job store keeps of it, beside batches and nodes."""
        return {
            "target": self.target,
            "seconds": round(self.seconds, 3),
            "unchanged_nodes": self.unchanged,
            "checks": [asdict(check) for check in self.checks],
            "quality": self.scores,
            "metrics": self.metrics,
            "profiles": {name: dict(profile) for name, profile in self.profiles.items()},
        }


class Reporter(Protocol):
    """Shows a person how far a run is."""

    def job(self, job_id: str, target: str) -> None:
        """The job has begun."""

    def waiting(self, message: str) -> None:
        """The warehouse is somebody else's for now."""

    def loading(self, process: str) -> None:
        """A process's sources are read."""

    def loaded(self, result: LoadResult) -> None:
        """A process's sources are in the warehouse."""

    def checked(self, result: CheckResult) -> None:
        """A check came out."""

    def planned(self, plan: Plan) -> None:
        """It is decided what is built."""

    def event(self, event: Event) -> None:
        """Something happened in dbt."""

    def note(self, message: str) -> None:
        """Something a person should know."""

    def close(self) -> None:
        """Nothing more is going to be shown."""
