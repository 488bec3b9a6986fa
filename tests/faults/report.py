"""What was tried, as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults.kills import AFTER, PHASES
from tests.faults.tries import Try


@dataclass(frozen=True)
class Report:
    """All tries of a run."""

    tries: Sequence[Try]

    @property
    def wrong(self) -> list[str]:
        """What is not as it has to be."""
        found = []
        for each in self.tries:
            count = each.count
            what = f"{each.fault}, {each.kind} ({each.met})"
            if count.lost or count.doubled:
                found.append(f"{what}: {count.lost} records lost, {count.doubled} doubled")
            found += [f"{what}: {problem}" for problem in count.problems]
        return found

    def table(self) -> str:
        """A line for each fault and kind of file, and one for all of them."""
        groups: dict[tuple[str, str], list[Try]] = {}
        for each in self.tries:
            groups.setdefault((each.fault, each.kind), []).append(each)
        lines = [
            "| fault | file | tries | met | records | lost | doubled |",
            "| --- | --- | ---: | --- | ---: | ---: | ---: |",
        ]
        for (fault, kind), group in groups.items():
            lines.append(_line(fault, kind, group, _met(group)))
        lines.append(_line("all", "", self.tries, ""))
        return "\n".join(lines)

    def phases(self) -> str:
        """What the kills met."""
        met = Counter(each.met for each in self.tries if each.fault == "killed")
        real = ", ".join(f"{met[phase]} {phase}" for phase in PHASES)
        return f"{met.total() - met[AFTER]} kills: {real}; {met[AFTER]} more loads had ended before"


def _line(fault: str, kind: str, group: Sequence[Try], met: str) -> str:
    sums = [
        sum(each.count.expected for each in group),
        sum(each.count.lost for each in group),
        sum(each.count.doubled for each in group),
    ]
    cells = [fault, kind, str(len(group)), met, *(f"{number:,}" for number in sums)]
    return f"| {' | '.join(cells)} |"


def _met(group: Sequence[Try]) -> str:
    found = Counter(each.met for each in group)
    if len(group) == 1:
        return group[0].met
    return ", ".join(f"{count} {met}" for met, count in sorted(found.items()))
