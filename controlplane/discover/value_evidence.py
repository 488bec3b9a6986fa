"""What the values of a column say about whether it refers to a key: signs as log-odds.

Source of the signs: Rostin et al., "A machine learning approach to foreign key discovery", WebDB 2009;
Zhang et al., "On multi-column foreign key discovery", PVLDB 3(1), 2010. The weights are ours.
"""

from __future__ import annotations

import math

from controlplane.discover.inclusion import Inclusion
from controlplane.discover.profile import ColumnProfile

# The share of a reference's values that may be orphans; a key with fewer gaps than that has none, and
# one with less than half of its numbers is sparse.
_ORPHANS = 0.02
_DENSE, _SPARSE = 0.98, 0.5
# A key of so few values is used as a whole by rows enough.
_SHORT_KEY = 12
_SEVERAL = 2
_YEARS = 1800, 2100


def coverage_score(inclusion: Inclusion) -> float:
    """What orphans say: a reference has none, or few."""
    missing = 1 - inclusion.coverage
    return 0.8 if not missing else -0.4 - 6 * missing


def use_score(inclusion: Inclusion, is_named: bool) -> float:
    """What it says how many of the key's values are used: rows enough would meet most of them.

    Of a long key a role may use a few; that is no sign where names say what the role is.
    """
    (child,), parent = inclusion.child, inclusion.parent.profiles[0]
    if parent.is_dense or inclusion.matched_distinct < _SEVERAL:
        return 0.0
    if is_named and parent.distinct > _SHORT_KEY:
        return 0.0
    expected = parent.distinct * -math.expm1(-child.filled / parent.distinct)
    used = 0.5 * math.log(inclusion.matched_distinct / expected)
    return max(-0.6 if is_named else -1.5, min(0.0, used))


def value_score(inclusion: Inclusion) -> float:
    """What the values say: how unlikely it is that they are in the key by accident."""
    (child,) = inclusion.child
    count = inclusion.matched_distinct
    if child.domain == "integer":
        return _integer_score(inclusion)
    if child.domain == "time":
        return -0.5 + min(1.5, 0.1 * count)
    strength = 0.35 if child.longest <= 1 else 0.8 if child.longest <= 2 else 1.4
    return min(5.5, 0.3 + strength * math.log2(1 + count))


def _integer_score(inclusion: Inclusion) -> float:
    (child,), parent = inclusion.child, inclusion.parent.profiles[0]
    count = inclusion.matched_distinct
    if child.low is None or child.high is None or parent.low is None or parent.high is None:
        return 0.0
    span = parent.high - parent.low + 1
    if parent.low > 100 and parent.low > 0.1 * span:
        # Numbers that begin far from one are met by accident as seldom as codes; years are not.
        if _YEARS[0] <= child.low and child.high <= _YEARS[1]:
            return -1.0
        return min(4.0, 1.0 + 0.6 * math.log2(1 + count)) + min(0.0, _gap_score(inclusion))
    low, high = max(child.low, parent.low), min(child.high, parent.high)
    reach = max(1, high - low + 1) / span
    # The values of a reference are spread over the key; those of a count or a rating begin at its
    # start. Of so many drawn evenly, the range is seldom smaller than this.
    drawn = min(20.0, max(count, math.log2(1 + child.filled)))
    score = max(-4.0, min(0.0, 0.6 * ((drawn - 1) * math.log(reach) + math.log(drawn))))
    if child.low < parent.low or child.high > parent.high:
        # Numbers were given one after the other: one that was not given yet is no orphan.
        score -= 1.5
    score += _gap_score(inclusion)
    if parent.distinct / span < _SPARSE:
        return score
    if count >= 4:
        score += min(2.5, -0.55 * math.log(1 - reach + 1 / parent.distinct))
    elif count == parent.distinct:
        score += 0.5
    return score


def _gap_score(inclusion: Inclusion) -> float:
    """What the gaps of a key say: who refers to it misses them, who does not meets them.

    The log of how much likelier the values are if they refer and a few are orphans, than if they fall
    on the key and its gaps by accident.
    """
    density = inclusion.density
    if density >= _DENSE or not inclusion.distinct:
        return 0.0
    density = max(density, 1e-6)
    orphans = inclusion.distinct - inclusion.matched_distinct
    told = inclusion.matched_distinct * math.log((1 - _ORPHANS) / density)
    told += orphans * math.log(_ORPHANS / (1 - density))
    return max(-3.0, min(4.5, 0.4 * told))


def child_score(child: ColumnProfile, width: int) -> float:
    """What a column is by itself: what is unique, last, constant or negative seldom refers."""
    score = 0.0
    if child.is_unique:
        score -= 3.0 if child.position == 0 else 0.6
    if child.distinct == 1:
        score -= 0.8
    if width > 3:
        score -= 0.8 * child.position / width
    if child.domain == "integer" and child.low is not None and child.low < 0:
        score -= 1.5
    return score
