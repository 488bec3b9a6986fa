"""The page of what was tried and what noticed it."""

from __future__ import annotations

from collections.abc import Iterable

from tests.reference.mutations.generic import HOW
from tests.reference.mutations.graph import Graph
from tests.reference.mutations.mutation import (
    Booked,
    Failing,
    Flagged,
    Mutation,
    Notice,
    Quarantined,
    Refused,
    Repeated,
)

HEAD = """\
# What notices which mistake

Written by `python -m tests.reference.mutations --write docs/reference/mutations.md`; `tests/reference/test_mutations.py` holds that
it is what the command writes. Each line is one mistake that was made on purpose, in a warehouse that had been loaded and built by the
real commands. The records of a source were changed as they land, in one good record; whole files were brought to the real loader;
built tables were changed without their constraints, and what is built on them was built anew. Then the line's last column was looked
for. Everything here is noticed.

What happens to a record that is wrong:

- **set aside**: it stands in the quarantine of its table, with the reason;
- **flagged**: bronze says which check it fails, and silver does without the value, or without the record;
- **named member**: it is booked, on a member that says that nobody knows the key;
- **counted once**: it came again, and the tables say what they said before;
- **refused**: nothing of the delivery is loaded, and the message says why;
- **fails**: a data test fails, and `databank run` with it;
- **warns**: a data test that is an alarm: the records may be right, so the run goes on.
"""
FOOT = """\
## Every data test can fail

Each data test of the reference models was made to fail. Those that stand by a column or a model, by one row that was changed for it:

{kinds}

Where a column has a constraint, too, a build would refuse the row before the test sees it; the row was made without the constraint.
All others are the data tests that the two tables above name.

## What is not noticed

- A wrong engagement score of a day before the last one, if it is between 0 and 100. All other figures of gold are counted anew.
- A wrong time in `created_at` and `updated_at`, which tell of loads and not of the business.
- A payment that comes twice: payments are kept in bronze, and nothing is counted from them.
- A mistake that agrees with itself: a till that says another price, and a total to match.
"""


def write_page(graph: Graph, sources: Iterable[Mutation], tables: Iterable[Mutation]) -> str:
    """The text of the page."""
    alarms = {test.label for test in graph.tests.values() if test.is_alarm}
    used = {test.kind for test in graph.tests.values()}
    kinds = "\n".join(f"- `{kind}`: {how}" for kind, how in HOW.items() if kind in used)
    parts = [
        HEAD,
        "## Sources\n",
        _table("source", sources, alarms),
        "## Tables\n",
        _table("table", tables, alarms),
        FOOT.format(kinds=kinds),
    ]
    return "\n".join(parts)


def _table(place: str, mutations: Iterable[Mutation], alarms: set[str]) -> str:
    lines = [f"| {place} | mistake | what happens | what notices it |", "| --- | --- | --- | --- |"]
    for each in mutations:
        happens = dict.fromkeys(_happens(notice, alarms) for notice in each.noticed)
        noticed = "; ".join(str(notice) for notice in each.noticed)
        lines.append(f"| `{each.place}` | {each.corruption} | {', '.join(happens)} | {noticed} |")
    return "\n".join([*lines, ""])


def _happens(notice: Notice, alarms: set[str]) -> str:
    if isinstance(notice, Failing):
        return "warns" if notice.test in alarms else "fails"
    return {
        Quarantined: "set aside",
        Flagged: "flagged",
        Booked: "named member",
        Repeated: "counted once",
        Refused: "refused",
    }[type(notice)]
