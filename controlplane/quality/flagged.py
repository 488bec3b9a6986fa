"""The SQL that says of each record which checks it breaks."""

from __future__ import annotations

from collections.abc import Sequence

from controlplane.quality.criteria import Criterion
from controlplane.quality.prepared import BATCHES, RECORDS, Prepared
from controlplane.targets.base import literal

# Without it both engines would put each expression in place of its name, and compute it again.
_ONCE = "\noffset 0"


def flagged(prepared: Prepared, batches: Sequence[int]) -> str:
    """Steps of a query, the last of them `flagged`: the records with one column a check.

    `_check_<n>` is 1 for a record that breaks the n-th check, `_is_bad` for one that goes to
    quarantine.
    """
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
        f"known as (\nselect *, {unread} as _is_unread from {RECORDS}{_ONCE}\n),\n"
        f"flagged as (\nselect *,\n" + ",\n".join(parts) + f"\nfrom known{_ONCE}\n)"
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
