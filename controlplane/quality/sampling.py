"""Of the records that break a rule: some, with their place, and the value that most of them have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from controlplane.quality.counting import Counts
from controlplane.quality.criteria import Criterion
from controlplane.quality.flagged import flagged
from controlplane.quality.prepared import Prepared
from controlplane.targets import Target

SAMPLES = 5


@dataclass(frozen=True)
class Sample:
    """A record that breaks a rule: the batch that brought it, its row there, and its value."""

    batch_id: int | None
    row: int | None
    value: str | None


@dataclass(frozen=True)
class Broken:
    """Records of one batch that break one rule: some of them, and the value that most have."""

    samples: tuple[Sample, ...] = ()
    frequent: str | None = None
    frequent_records: int = 0


def sample(
    target: Target, prepared: Prepared, counts: Mapping[int, Counts]
) -> dict[int, dict[str, Broken]]:
    """Some records of each batch that break each rule, by batch and by the rule's name.

    Raises:
        TargetError: the warehouse refuses the query.
    """
    failing = [
        index
        for index, each in enumerate(prepared.criteria)
        if any(found.by_check[each.name] for found in counts.values())
    ]
    batches = [batch for batch, found in counts.items() if any(found.by_check.values())]
    if not failing:
        return {}
    queries = [query for index in failing for query in _queries(prepared, index)]
    statement = (
        f"{flagged(prepared, batches)},\n{_broken(prepared, failing)}\n"
        + "\nunion all\n".join(queries)
    )
    samples: dict[tuple[int, int], list[Sample]] = {}
    frequent: dict[tuple[int, int], tuple[str, int]] = {}
    for index, records, batch, brought_by, row, value in target.query(statement):
        if records:
            frequent[batch, index] = (value, int(records))
        else:
            samples.setdefault((batch, index), []).append(Sample(brought_by, row, value))
    found: dict[int, dict[str, Broken]] = {}
    for (batch, index), listed in samples.items():
        most: tuple[str | None, int] = frequent.get((batch, index), (None, 0))
        ordered = sorted(listed, key=lambda each: (each.batch_id or 0, each.row or 0))
        name = prepared.criteria[index].name
        found.setdefault(int(batch), {})[name] = Broken(tuple(ordered), *most)
    return found


def _broken(prepared: Prepared, failing: Sequence[int]) -> str:
    """The step with the records that break something; with values as the source has them."""
    any_of = " or ".join(f"_check_{index} = 1" for index in failing)
    unread = dict.fromkeys(
        str(each.column) for index in failing if (each := prepared.criteria[index]).kind == "type"
    )
    if not (unread and prepared.raw):
        return f"broken as materialized (\nselect * from flagged where {any_of}\n)"
    listed = ", ".join(f"given.{name} as _raw_{name}" for name in unread)
    return (
        f"found as materialized (\nselect * from flagged where {any_of}\n),\n"
        f"broken as materialized (\nselect found.*, {listed} from found inner join {prepared.raw}"
        " as given on found._batch_id = given._batch_id and found._row_number = given._row_number\n)"
    )


def _queries(prepared: Prepared, index: int) -> tuple[str, str]:
    """Some records, and the most frequent value, of those that break one check."""
    value = _value(prepared, prepared.criteria[index])
    brought_by = "_brought_by" if prepared.is_table else "_batch_id"
    rows = (
        f"(select _batch_id, {brought_by} as _by, _row_number, {value} as _value from broken"
        f" where _check_{index} = 1) as given"
    )
    samples = (
        f"select {index}, 0, _batch_id, _by, _row_number, _value from (select *, row_number() over"
        f" (partition by _batch_id order by _by, _row_number) as _place from {rows}) as placed"
        f" where _place <= {SAMPLES}"
    )
    frequent = (
        f"select {index}, _records, _batch_id, cast(null as bigint), cast(null as bigint), _value"
        " from (select *, row_number() over (partition by _batch_id order by _records desc,"
        ' _value collate "C") as _place from (select _batch_id, _value, count(*) as _records'
        f" from {rows} where _value is not null group by _batch_id, _value) as counted) as placed"
        " where _place = 1"
    )
    return samples, frequent


def _value(prepared: Prepared, criterion: Criterion) -> str:
    """The value that breaks the rule: of a type, as the source has it."""
    if criterion.column is None or criterion.kind in ("not_null", "key"):
        return "cast(null as text)"
    if criterion.kind == "type" and prepared.raw:
        return f"_raw_{criterion.column}"
    return f"cast({criterion.column} as text)"
