"""One pass over the records of batches: how many break which rule; then, of those, some of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from controlplane.quality.criteria import Criterion
from controlplane.quality.prepared import BATCHES, RECORDS, Prepared
from controlplane.targets import Target
from controlplane.targets.base import literal

SAMPLES = 5
_DIMENSIONS = ("accuracy", "consistency")


@dataclass(frozen=True)
class Broken:
    """Records of one batch that break one rule: some of them, and the value that most have."""

    samples: tuple[tuple[int | None, str | None], ...] = ()
    frequent: str | None = None
    frequent_records: int = 0


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
    broken: Mapping[str, Broken] = field(default_factory=dict)


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
    query = (
        f"{_flagged(prepared, batches, target)}\nselect {', '.join(parts)}\nfrom flagged group by 1"
    )
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


def sample(
    target: Target, prepared: Prepared, batches: Sequence[int], counts: Mapping[int, Counts]
) -> dict[int, dict[str, Broken]]:
    """Some records of each batch that break each rule, by batch and by the rule's name."""
    failing = [
        index
        for index, each in enumerate(prepared.criteria)
        if any(counts[batch].by_check[each.name] for batch in batches if batch in counts)
    ]
    if not failing:
        return {}
    wanted = [batch for batch in batches if batch in counts]
    queries = []
    for index in failing:
        value = _value(prepared, prepared.criteria[index])
        rows = f"(select _batch_id, _row_number, {value} as _value from broken where _check_{index} = 1)"
        queries.append(
            f"select {index}, 0, _batch_id, _row_number, _value from (select *, row_number() over"
            f" (partition by _batch_id order by _row_number) as _place from {rows} as given) as placed"
            f" where _place <= {SAMPLES}"
        )
        queries.append(
            f"select {index}, _records, _batch_id, cast(null as bigint), _value from (select *,"
            ' row_number() over (partition by _batch_id order by _records desc, _value collate "C")'
            " as _place from (select _batch_id, _value, count(*) as _records"
            f" from {rows} as given where _value is not null group by _batch_id, _value) as counted)"
            " as placed where _place = 1"
        )
    any_of = " or ".join(f"_check_{index} = 1" for index in failing)
    raw = [prepared.criteria[i].column for i in failing if prepared.criteria[i].kind == "type"]
    joined = "select flagged.* from flagged"
    if raw and prepared.raw:
        listed = ", ".join(f"given.{name} as _raw_{name}" for name in dict.fromkeys(raw))
        joined = (
            f"select flagged.*, {listed} from flagged inner join {prepared.raw} as given"
            " on flagged._batch_id = given._batch_id and flagged._row_number = given._row_number"
        )
    statement = (
        f"{_flagged(prepared, wanted, target)},\nbroken as materialized (\n{joined}\nwhere {any_of}\n)\n"
        + "\nunion all\n".join(queries)
    )
    found: dict[int, dict[str, Broken]] = {}
    samples: dict[tuple[int, int], list[tuple[int | None, str | None]]] = {}
    frequent: dict[tuple[int, int], tuple[str, int]] = {}
    for index, records, batch, row, value in target.query(statement):
        if records:
            frequent[batch, index] = (value, int(records))
        else:
            samples.setdefault((batch, index), []).append((row, value))
    for (batch, index), listed_rows in samples.items():
        value, records = frequent.get((batch, index), (None, 0))
        ordered = tuple(sorted(listed_rows, key=lambda each: (each[0] is None, each[0] or 0)))
        broken = Broken(ordered, value, records)
        found.setdefault(int(batch), {})[prepared.criteria[index].name] = broken
    return found


def _value(prepared: Prepared, criterion: Criterion) -> str:
    """The value that breaks the rule: of a type, as the source has it."""
    if criterion.column is None or criterion.kind in ("not_null", "key"):
        return "cast(null as text)"
    if criterion.kind == "type" and prepared.raw:
        return f"_raw_{criterion.column}"
    return f"cast({criterion.column} as text)"


def _flagged(prepared: Prepared, batches: Sequence[int], target: Target) -> str:
    """The records with one column a check, 1 for a record that breaks it."""
    # Without it both engines would put each expression in place of its name, and compute it again.
    once = "\noffset 0"
    marks = [each for each in prepared.criteria if each.mark]
    unread = "false"
    if marks:
        listed = ", ".join(literal(str(each.mark)) for each in marks)
        unread = f"coalesce(split_part(_reason, ';', 1) in ({listed}), false)"
    parts = [
        "case when _outcome = 'filtered' then 1 else 0 end as _is_filtered",
        "case when _outcome = 'quarantine' and _reason is distinct from"
        f" {literal(prepared.skipped)} then 1 else 0 end as _is_bad",
        *_age(prepared),
    ]
    for index, each in enumerate(prepared.criteria):
        condition = f"({each.violation})"
        if each.mark:
            condition = f"_is_unread and {_names(each)}"
        elif each.kind in ("not_null", "key") and _is_typed(prepared, each):
            # It is there, and cannot be read: that is what its type says.
            condition += f" and not (_is_unread and {_names(_type_of(prepared, each))})"
        parts.append(
            f"case when _outcome <> 'filtered' and {condition} then 1 else 0 end as _check_{index}"
        )
    ids = ", ".join(str(int(batch)) for batch in batches)
    return (
        f"{prepared.records.replace(BATCHES, ids)},\n"
        f"known as (\nselect *, {unread} as _is_unread from {RECORDS}{once}\n),\n"
        f"flagged as (\nselect *,\n" + ",\n".join(parts) + f"\nfrom known{once}\n)"
    )


def _names(criterion: Criterion) -> str:
    """Whether the reason of a record that could not be read names this type."""
    text = literal(f"; {criterion.mark};")
    return f"strpos('; ' || _reason || ';', {text}) > 0"


def _type_of(prepared: Prepared, criterion: Criterion) -> Criterion:
    return next(c for c in prepared.criteria if c.mark and c.column == criterion.column)


def _is_typed(prepared: Prepared, criterion: Criterion) -> bool:
    return any(each.mark and each.column == criterion.column for each in prepared.criteria)


def _age(prepared: Prepared) -> tuple[str, str]:
    """Whether a record says when it is from, and whether it came too late."""
    if prepared.time is None:
        return "0 as _is_timed", "0 as _is_late"
    column, seconds = prepared.time
    counts = f"case when _outcome <> 'filtered' and {column} is not null"
    late = f"_loaded_at > cast({column} as timestamp) + interval '{seconds} seconds'"
    return (
        f"{counts} then 1 else 0 end as _is_timed",
        f"{counts} and {late} then 1 else 0 end as _is_late",
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
