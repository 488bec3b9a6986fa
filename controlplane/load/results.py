"""What a load hands back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Batch:
    """One delivery of one source that is now in the warehouse; in a dry run, one that would be.

    A batch of a dry run has no id and, where finding out means loading, no counts. `notes` say what
    a person should know of it, such as columns that came or went.
    """

    batch_id: int | None
    raw_table: str
    source: str
    fingerprint: str
    rows_read: int = 0
    rows_loaded: int = 0
    rows_rejected: int = 0
    cursor_value: str | None = None
    is_delivery: bool = True
    notes: tuple[str, ...] = ()

    def to_dict(self) -> Mapping[str, Any]:
        """The batch as plain values."""
        return dict(self.__dict__)


@dataclass(frozen=True)
class Skipped:
    """A batch that was left out because its error handling says so."""

    source: str
    reason: str


@dataclass(frozen=True)
class LoadResult:
    """What one load of one process did."""

    process: str
    batches: tuple[Batch, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    unchanged_sources: int = 0
    warnings: tuple[str, ...] = field(default=())

    @property
    def rows_read(self) -> int:
        """How many records the batches held."""
        return sum(batch.rows_read for batch in self.batches)

    @property
    def rows_loaded(self) -> int:
        """How many of them are now in raw tables."""
        return sum(batch.rows_loaded for batch in self.batches)

    @property
    def rows_rejected(self) -> int:
        """How many of them are now among the rejects."""
        return sum(batch.rows_rejected for batch in self.batches)

    @property
    def skipped_sources(self) -> int:
        """How many batches were left out by their error handling."""
        return len(self.skipped)

    def to_dict(self) -> dict[str, Any]:
        """The result as plain values."""
        return {
            "process": self.process,
            "batches": [batch.to_dict() for batch in self.batches],
            "rows_read": self.rows_read,
            "rows_loaded": self.rows_loaded,
            "rows_rejected": self.rows_rejected,
            "skipped": [dict(skip.__dict__) for skip in self.skipped],
            "unchanged_sources": self.unchanged_sources,
            "warnings": list(self.warnings),
        }


@dataclass
class BatchReplay:
    """What became of the rejects of one batch; `remaining` counts them by why they stay.

    `rows` are the records that the replayed ones became: one each, or several.
    """

    batch_id: int
    source: str
    replayed: int = 0
    rows: int = 0
    remaining: Counter[str] = field(default_factory=Counter)

    def to_dict(self) -> dict[str, Any]:
        """The batch as plain values."""
        return {**self.__dict__, "remaining": dict(self.remaining.most_common())}


@dataclass(frozen=True)
class ReplayResult:
    """What became of the rejects of a process."""

    process: str
    raw_table: str
    batches: tuple[BatchReplay, ...]

    @property
    def replayed(self) -> int:
        """How many rejects are records now."""
        return sum(batch.replayed for batch in self.batches)

    @property
    def remaining(self) -> Mapping[str, int]:
        """How many stay, by why."""
        counts: Counter[str] = Counter()
        for batch in self.batches:
            counts.update(batch.remaining)
        return dict(counts.most_common())

    def to_dict(self) -> dict[str, Any]:
        """The result as plain values."""
        return {
            "process": self.process,
            "raw_table": self.raw_table,
            "replayed": self.replayed,
            "remaining": self.remaining,
            "batches": [batch.to_dict() for batch in self.batches],
        }
