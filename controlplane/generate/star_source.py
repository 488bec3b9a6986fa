"""The silver models that a star is made of, and what its fields name in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from controlplane import naming, sql
from controlplane.errors import Problem
from controlplane.generate.star import Joined
from controlplane.specs.files import SpecFile
from controlplane.specs.star import Fact, Relation, Star
from controlplane.specs.values import did_you_mean
from controlplane.sql import Column, ExpressionError

_STEPS = frozenset({"final", "members", "unknown_member", "days", "years", "dates", "parts"})


@dataclass(frozen=True)
class SourceTable:
    """A silver model: its columns, what they mean, and whether its rows carry their batch."""

    model: str
    columns: tuple[Column, ...]
    descriptions: Mapping[str, str] = field(default_factory=dict)
    has_batches: bool = True
    has_history: bool = False

    @property
    def step(self) -> str:
        """The step of a model that reads it."""
        return f"{self.model}_records" if self.model in _STEPS else self.model

    def column(self, name: str) -> Column:
        """The column with this name; `ExpressionError` where there is none."""
        return sql.find_column(name, self.columns)


# The silver model with a name, or None; and the names of all of them.
FindTable = Callable[[str], SourceTable | None]


@dataclass
class StarSource:
    """Looks up models and columns for one star; collects problems instead of stopping at one."""

    file: SpecFile[Star]
    find: FindTable
    known: Sequence[str]
    problems: list[Problem] = field(default_factory=list)

    @property
    def star(self) -> Star:
        """The spec."""
        return self.file.spec

    def problem(self, place: str, message: str) -> None:
        """Note a problem at a field of the spec."""
        self.problems.append(self.file.problem(place, message))

    def table(self, place: str, name: str) -> SourceTable | None:
        """The silver model that a field names; None after noting a problem."""
        found = self.find(name)
        if found is None:
            has = ", ".join(self.known) or "none"
            near = did_you_mean(name, list(self.known))
            self.problem(place, f"no process writes the model '{name}' (has: {has}){near}")
        return found

    def column(self, place: str, name: str, table: SourceTable) -> Column | None:
        """The column that a field names; None after noting a problem."""
        try:
            return table.column(name)
        except ExpressionError as error:
            self.problem(place, f"{table.model}: {error}")
            return None

    def columns(self, place: str, names: Sequence[str], table: SourceTable) -> list[Column]:
        """The columns that a field lists; those that are not there are noted as problems."""
        found = (self.column(f"{place}[{i}]", name, table) for i, name in enumerate(names))
        return [column for column in found if column]

    def relations_of(self, model: str) -> list[tuple[int, Relation]]:
        """The relations that a model has to others, with their places."""
        return [(i, each) for i, each in enumerate(self.star.relations) if each.model == model]

    def fact_of(self, model: str) -> Fact | None:
        """The fact or bridge that is made of a model."""
        return next((fact for _, _, fact in self.star.tables if fact.model == model), None)

    def pairs(
        self, index: int, relation: Relation, left: SourceTable, right: SourceTable
    ) -> list[tuple[Column, Column]]:
        """The columns of both sides that belong together; none after noting a problem."""
        place = f"relations[{index}]"
        mine = self.columns(f"{place}.columns", relation.columns, left)
        field_name = "to_columns" if relation.to_columns else "columns"
        theirs = self.columns(
            f"{place}.{field_name}", relation.to_columns or relation.columns, right
        )
        if len(mine) < len(relation.columns) or len(theirs) < len(mine):
            return []
        return list(zip(mine, theirs, strict=True))


def joined(
    name: str, relation: str, left: str, pairs: Sequence[tuple[Column, Column, str]]
) -> Joined:
    """A join on columns of `left` with columns of another relation, which go by their own names."""
    return Joined(
        name,
        relation,
        tuple(
            _equal(f"{left}.{one.name}", one, f"{name}.{there}", two) for one, two, there in pairs
        ),
    )


def _equal(left: str, one: Column, right: str, two: Column) -> tuple[str, str]:
    """Both sides as they can be compared on every target: as text if their types differ."""
    same = one.type == two.type or (one.is_numeric and two.is_numeric)
    if same or {one.type, two.type} == {"date", "timestamp"}:
        return left, right
    return f"cast({left} as text)", f"cast({right} as text)"


def label(model: str) -> str:
    """What one row of a model is called: `categories` is `category`."""
    return naming.singular(model)


def default_role(column: str) -> str:
    """What a day is for, by its column: `order` for `order_date` and `ordered_at`'s `ordered`."""
    column = column.rstrip("_")
    for suffix in ("_date_time", "_datetime", "_timestamp", "_date", "_time", "_at", "_on"):
        if column.endswith(suffix) and column != suffix:
            return column.removesuffix(suffix)
    return "" if column in ("date", "datetime", "timestamp", "time", "day") else column
