"""What a pollution is, and the list of all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum, auto
from random import Random

from tests.messy.draft import Draft

Apply = Callable[[Draft, Random], None]


class Part(IntEnum):
    """What of a file a pollution touches, in the order in which they are applied.

    Two that touch the same part do not meet in one file.
    """

    SHAPE = auto()
    CELLS = auto()
    HEADER = auto()
    DELIMITER = auto()
    QUOTING = auto()
    RECORDS = auto()
    WHITE_SPACE = auto()
    BLANK = auto()
    ABOVE = auto()
    BELOW = auto()
    NEWLINE = auto()
    ENCODING = auto()


@dataclass(frozen=True)
class Pollution:
    """One way in which files go wrong; `rule` says what a careful person means by such a file.

    `clashes` are the parts and pollutions beside which that rule would no longer be clear.
    """

    name: str
    part: Part
    rule: str
    apply: Apply
    clashes: frozenset[Part | str]

    def fits(self, other: Pollution) -> bool:
        """Whether both may be in one file."""
        return (
            self.part is not other.part
            and not self.clashes & {other.part, other.name}
            and not other.clashes & {self.part, self.name}
        )


POLLUTIONS: dict[str, Pollution] = {}


def pollution(part: Part, *clashes: Part | str) -> Callable[[Apply], Apply]:
    """Put a function on the list; its docstring is the rule of intent."""

    def register(apply: Apply) -> Apply:
        add(part, apply.__name__, " ".join((apply.__doc__ or "").split()), apply, clashes)
        return apply

    return register


def add(part: Part, name: str, rule: str, apply: Apply, clashes: Iterable[Part | str] = ()) -> None:
    """Put a pollution on the list."""
    assert name not in POLLUTIONS, name
    assert rule, name
    POLLUTIONS[name] = Pollution(name, part, rule, apply, frozenset(clashes))
