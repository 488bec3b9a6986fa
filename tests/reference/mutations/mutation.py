"""What a corruption is: where, what is done, and what has to notice it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# When something was loaded and with which delivery: another one in each load. So are columns whose
# name begins with a line.
CLOCKS = frozenset({"created_at", "updated_at", "ingested_at", "source_bronze_id"})


@dataclass(frozen=True)
class Quarantined:
    """The record stands in quarantine, with a reason that holds this text."""

    reason: str

    def __str__(self) -> str:
        return f"in quarantine: “{self.reason}”"


@dataclass(frozen=True)
class Flagged:
    """The record has this check among those that it failed."""

    check: str

    def __str__(self) -> str:
        return f"flagged in bronze: `{self.check}`"


@dataclass(frozen=True)
class Booked:
    """The record stands in a silver table, with a named member instead of the key that it gave."""

    table: str
    column: str
    member: str = "(unknown)"

    def __str__(self) -> str:
        return f"`{self.column}` is `{self.member}` in `{self.table}`"


@dataclass(frozen=True)
class Repeated:
    """The record is one that came again: these silver tables say what they said before."""

    tables: tuple[str, ...]

    def __str__(self) -> str:
        names = ", ".join(f"`{table}`" for table in self.tables)
        return f"counted as a duplicate, {names} as before"


@dataclass(frozen=True)
class Refused:
    """The loader takes nothing of the delivery, and says this."""

    message: str

    def __str__(self) -> str:
        return f"delivery refused: “{self.message}”"


@dataclass(frozen=True)
class Failing:
    """This data test fails; one that is an alarm warns."""

    test: str

    def __str__(self) -> str:
        return f"data test `{self.test}`"


Notice = Quarantined | Flagged | Booked | Repeated | Refused | Failing


@dataclass(frozen=True)
class Change:
    """One good record of a source says something else, or all of them."""

    to: str
    where: str = "true"
    every: bool = False


@dataclass(frozen=True)
class Again:
    """One good record of a source comes once more, in a later delivery, as it was or changed."""

    to: str = ""
    where: str = "true"


@dataclass(frozen=True)
class Missing:
    """Records of a source never came."""

    where: str


@dataclass(frozen=True)
class Delivery:
    """The source's newest file comes again under another name, as it was or with other bytes."""

    corrupt: Callable[[bytes], bytes]


@dataclass(frozen=True)
class Rewrite:
    """A built table holds something else; `{table}` is its name, `{one}` picks one of its rows."""

    statement: str
    where: str = "true"


Deed = Change | Again | Missing | Delivery | Rewrite


@dataclass(frozen=True)
class Mutation:
    """A corruption of a source or of a built table, and all that has to notice it."""

    place: str
    corruption: str
    deed: Deed
    noticed: tuple[Notice, ...]


@dataclass(frozen=True)
class Source:
    """A source, as mutations speak of it: what its records are and which of them are good ones."""

    name: str
    raw_table: str
    key: tuple[str, ...]
    good: str = "true"


def patched(column: str, **values: Any) -> str:
    """The assignment that changes keys of a column of JSON; none takes a key out."""
    patch = json.dumps(values)
    return f"{column} = cast(json_merge_patch(cast({column} as json), '{patch}') as varchar)"


def mutation(place: str, corruption: str, deed: Deed, *noticed: Notice | str) -> Mutation:
    """A mutation; a text is the name of a data test that has to fail."""
    notices = tuple(Failing(each) if isinstance(each, str) else each for each in noticed)
    return Mutation(place, corruption, deed, notices)
