"""Judges single references: the log-odds that a column refers to a key, from values and names."""

from __future__ import annotations

import math
from collections.abc import Mapping

from controlplane.discover.inclusion import Inclusion
from controlplane.discover.name_evidence import Rivals, is_above, name_score, said_in_schema
from controlplane.discover.name_match import TableNames
from controlplane.discover.profile import ColumnProfile
from controlplane.discover.references import Reference
from controlplane.discover.value_evidence import (
    child_score,
    coverage_score,
    use_score,
    value_score,
)


def judged(
    inclusion: Inclusion,
    widths: Mapping[str, int],
    names: Mapping[str, TableNames] | None,
    rivals: Rivals | None,
) -> Reference:
    """A reference with the log-odds that it is meant.

    Args:
        inclusion: what is in which key.
        widths: how many columns each table has.
        names: the words of tables and columns; None where names say nothing.
        rivals: the tables that names say best; None as before.
    """
    (child,) = inclusion.child
    parent = inclusion.parent
    score = -2.2 + coverage_score(inclusion) + child_score(child, widths[child.table])
    score += 0.35 * max(-4.0, min(4.0, parent.score))
    # Of tables with the same key the one that says more is what others refer to.
    score += 0.3 * math.log2(widths[parent.table]) + use_score(inclusion, names is not None)
    if parent.profiles[0].has_spaces > 0.3:
        score -= 2.0
    if child.table == parent.table:
        score += _self_score(child, names)
    shown = value_score(inclusion)
    if names is None or rivals is None:
        return Reference(inclusion, score + shown)
    said, is_outright = said_in_schema(child, parent, names, rivals)
    if is_outright:
        # What is said outright is not taken back because few of the values occur.
        shown = max(shown, -1.0)
    score += shown + name_score(child, parent, said, shown, names, rivals)
    return Reference(inclusion, score, said=said)


def _self_score(child: ColumnProfile, names: Mapping[str, TableNames] | None) -> float:
    """A table that refers to itself has a few rows that many others refer to."""
    score = -1.2
    if names is not None:
        full = names[child.table].columns[child.name].full
        score += 1.0 if is_above(full, names[child.table].table) else -0.8
    return score
