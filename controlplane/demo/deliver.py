"""Writes what a source sends: one file a delivery, and what each file holds in numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from controlplane.demo.scope import SECONDS, Scope
from controlplane.demo.streams import Ints, Stream

# Lines that are put together at once: large enough for speed, small enough for the memory.
_PAGE = 40_000


@dataclass(frozen=True)
class Measure:
    """A column whose sum is told for each file; with `decimals` places."""

    values: Ints
    decimals: int = 0

    def total(self, rows: Ints) -> str:
        """The sum over these records, as text."""
        total = int(self.values[rows].sum())
        if not self.decimals:
            return str(total)
        whole, part = divmod(abs(total), 10**self.decimals)
        return f"{'-' if total < 0 else ''}{whole}.{part:0{self.decimals}d}"


@dataclass(frozen=True)
class Extract:
    """What one source sends: which record, when, and how a line of it looks.

    `records` has the record of each line: a record that is sent twice is in it twice. `sent` is the
    second of the period when the line left the source; it decides on the file and on the place in it.
    """

    source: str
    stem: str
    header: str
    records: Ints
    sent: Ints
    render: Callable[[Ints], bytes]
    measures: Mapping[str, Measure] = field(default_factory=dict)

    def file(self, scope: Scope, delivery: int) -> str:
        """The name of one delivery's file."""
        stem, _, suffix = self.stem.rpartition(".")
        return f"{stem}_{scope.date_of(scope.cuts[delivery])}.{suffix}"

    def files_of(self, scope: Scope, seconds: Ints) -> list[str]:
        """The file that a line is in which was sent at each of these seconds."""
        names = [self.file(scope, delivery) for delivery in range(len(scope.cuts))]
        return [names[delivery] for delivery in scope.delivery_of(seconds).tolist()]


@dataclass(frozen=True)
class FileTotals:
    """What a file holds."""

    source: str
    file: str
    first_day: int
    last_day: int
    records: int
    size: int
    sums: Mapping[str, str]


def write_extract(extract: Extract, scope: Scope, folder: Path) -> list[FileTotals]:
    """Write the files of a source: one for each delivery in which it has something to tell."""
    order = np.argsort(extract.sent, kind="stable")
    records, sent = extract.records[order], extract.sent[order]
    starts = np.searchsorted(scope.delivery_of(sent), np.arange(len(scope.cuts) + 1))
    ends = [*scope.cuts[1:], scope.days]
    written = []
    for delivery in range(len(scope.cuts)):
        rows = records[starts[delivery] : starts[delivery + 1]]
        if not len(rows):
            continue
        name = extract.file(scope, delivery)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(extract.header.encode())
            for at in range(0, len(rows), _PAGE):
                file.write(extract.render(rows[at : at + _PAGE]))
            size = file.tell()
        written.append(
            FileTotals(
                source=extract.source,
                file=name,
                first_day=scope.cuts[delivery],
                last_day=ends[delivery] - 1,
                records=len(rows),
                size=size,
                sums={name: one.total(rows) for name, one in extract.measures.items()},
            )
        )
    return written


@dataclass(frozen=True)
class Sending:
    """When each line of a source is sent, with what was sent late and what was sent again.

    `late` are the records that are sent days after they came to be; `again` those sent twice, the
    second time at `again_at`.
    """

    records: Ints
    sent: Ints
    late: Ints
    again: Ints
    again_at: Ints


def send(
    stream: Stream,
    scope: Scope,
    made: Ints,
    *,
    allowed: Sequence[int] | Ints | None = None,
    late_share: float = 0.0,
    again_share: float = 0.0,
) -> Sending:
    """Decide when records are sent that were made at these seconds.

    Most are sent at once; some come days late, and some come twice. Both are chosen from `allowed`,
    which leaves out the records with another fault, and no record has both.
    """
    free = np.arange(len(made)) if allowed is None else np.asarray(allowed, dtype=np.int64)
    late_count, again_count = (
        min(max(round(len(made) * share), 3), len(free) // 4) if share else 0
        for share in (late_share, again_share)
    )
    chosen = free[stream.sample(len(free), late_count + again_count)]
    late, again = np.sort(chosen[:late_count]), np.sort(chosen[late_count:])
    sent = made.copy()
    last = scope.length - 1
    lag = stream.between(5 * SECONDS, 40 * SECONDS, len(late))
    sent[late] = np.minimum(made[late] + lag, last)
    # Half of what comes twice comes again with the next upload, the rest days later.
    soon = stream.chance(0.5, len(again))
    pause = np.where(
        soon,
        stream.between(1, 3600, len(again)),
        stream.between(SECONDS, 12 * SECONDS, len(again)),
    )
    again_at = np.minimum(sent[again] + pause, last)
    return Sending(
        records=np.concatenate([np.arange(len(made)), again]),
        sent=np.concatenate([sent, again_at]),
        late=late,
        again=again,
        again_at=again_at,
    )
