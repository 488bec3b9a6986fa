"""One pass over all records of batches: how many break which rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from controlplane.quality.criteria import Criterion
from controlplane.quality.flagged import flagged
from controlplane.quality.prepared import Prepared
from controlplane.targets import Target

_DIMENSIONS = ("accuracy", "consistency")


@dataclass(frozen=True)
class Counts:
    """What one batch holds.

    `records` are those that no filter left out; `bad` of them go to quarantine, `flawed` break a rule
    of any severity, and `unexplained` are bad for a reason that is none of the rules. `timed` say when
    they are from, and `late` of those came too late.
    """

    records: int
    filtered: int
    bad: int
    flawed: int
    unexplained: int
    timed: int
    late: int
    by_check: Mapping[str, int]
    by_field: Mapping[str, int]
    by_dimension: Mapping[str, int]


def count(target: Target, prepared: Prepared, batches: Sequence[int]) -> dict[int, Counts]:
    """What each of the batches holds; one without records is left out.

    Raises:
        TargetError: the warehouse refuses the query.
    """
    if not batches:
        return {}
    checks = prepared.criteria
    fields = _by_field(checks)
    groups = [*fields.values(), *(_of(checks, name) for name in _DIMENSIONS)]
    errors = [index for index, each in enumerate(checks) if each.severity == "error"]
    parts = [
        "_batch_id",
        "count(*)",
        "sum(_is_filtered)",
        "sum(_is_bad)",
        _sum(range(len(checks)), "_is_bad"),
        f"sum(case when _is_bad = 1 and {_added(errors)} = 0 then 1 else 0 end)",
        "sum(_is_timed)",
        "sum(_is_late)",
        *(f"sum(_check_{index})" for index in range(len(checks))),
        *(_sum(group) for group in groups),
    ]
    query = f"{flagged(prepared, batches)}\nselect {', '.join(parts)}\nfrom flagged group by 1"
    rows = target.query(query)
    found = {}
    for batch, *numbers in rows:
        total, filtered, bad, flawed, unexplained, timed, late, *rest = (
            int(each or 0) for each in numbers
        )
        by_check, by_group = rest[: len(checks)], rest[len(checks) :]
        found[int(batch)] = Counts(
            records=total - filtered,
            filtered=filtered,
            bad=bad,
            flawed=flawed,
            unexplained=unexplained,
            timed=timed,
            late=late,
            by_check={each.name: n for each, n in zip(checks, by_check, strict=True)},
            by_field=dict(zip(fields, by_group[: len(fields)], strict=True)),
            by_dimension=dict(zip(_DIMENSIONS, by_group[len(fields) :], strict=True)),
        )
    return found


def nothing(checks: Sequence[Criterion]) -> Counts:
    """The counts of a batch without records."""
    return Counts(
        records=0,
        filtered=0,
        bad=0,
        flawed=0,
        unexplained=0,
        timed=0,
        late=0,
        by_check={each.name: 0 for each in checks},
        by_field={each.column: 0 for each in checks if each.column},
        by_dimension={"accuracy": 0, "consistency": 0},
    )


def _by_field(checks: Sequence[Criterion]) -> dict[str, list[int]]:
    fields: dict[str, list[int]] = {}
    for index, each in enumerate(checks):
        if each.column:
            fields.setdefault(each.column, []).append(index)
    return fields


def _of(checks: Sequence[Criterion], dimension: str) -> list[int]:
    return [index for index, each in enumerate(checks) if each.dimension == dimension]


def _added(indexes: Any, *more: str) -> str:
    return " + ".join([*(f"_check_{index}" for index in indexes), *more]) or "0"


def _sum(indexes: Any, *more: str) -> str:
    """How many records break at least one of these."""
    return f"sum(case when {_added(indexes, *more)} > 0 then 1 else 0 end)"
