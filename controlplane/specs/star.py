"""The star schema: what `specs/stars/<slug>.yml` holds.

Every block is flat and names models by what they are called in silver, so that a person or a command
can add a relation or change a name in one place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field, ValidationInfo, model_validator

from controlplane import naming
from controlplane.specs.block import Block, FieldProblem, Step, repeated_names
from controlplane.specs.values import Identifier, Name, Text

Additivity = Literal["additive", "semi-additive", "non-additive"]


class Calendar(Block):
    """The dimension of days: one row for each day of every year in which a fact has a date."""

    name: Identifier = Field("date_dim", description="What the model is called.")


class StarHierarchy(Block):
    """Levels from the coarsest to the finest; a value of one lies in one value of the level above."""

    name: Name = Field(description="What the hierarchy is called, once in the dimension.")
    levels: list[Text] = Field(
        min_length=2, description="Columns of the dimension, from the coarsest to the finest."
    )


class Dimension(Block):
    """A dimension: one row for each key of its silver model, and the unknown member.

    It has the columns of its model, and those of the models that it is related to.
    """

    name: Identifier = Field(description="What the model is called, such as customer_dim.")
    model: Identifier = Field(description="The silver model that it is made of.")
    key: list[Text] = Field(min_length=1, description="The columns that identify a row of it.")
    surrogate_key: Identifier | None = Field(
        None,
        description="The column of its surrogate key; default: customer_key for customers_dim.",
    )
    description: str = Field("", description="What a row of it is.")
    leave_out: list[Text] = Field(
        default_factory=list, description="Columns that it does not have, by their names in it."
    )
    names: dict[str, Text] = Field(
        default_factory=dict,
        description="What columns are called instead: the name that one would have, and its new one.",
    )
    hierarchies: list[StarHierarchy] = Field(
        default_factory=list, description="The ways to roll it up; a data test checks each."
    )

    @property
    def key_column(self) -> str:
        """The column of the surrogate key."""
        return self.surrogate_key or f"{naming.singular(self.name.removesuffix('_dim'))}_key"


class FactDate(Block):
    """A date or time of a fact: its day becomes a key of the calendar."""

    column: Text = Field(description="A column of the fact's model: a date or a timestamp.")
    role: Identifier | None = Field(
        None,
        description="What the day is for: `order` gives order_date_key; default: the column's name.",
    )


class Measure(Block):
    """A number of a fact."""

    column: Text = Field(description="The column of the fact's model.")
    name: Identifier | None = Field(
        None, description="What it is called in the fact; default: as the column."
    )
    additivity: Additivity = Field(
        "additive",
        description="additive sums over every dimension, semi-additive over all but time,"
        " non-additive over none; the column's description and meta say so.",
    )


class Fact(Block):
    """A fact table: as many rows as its silver model, each with the keys of its dimensions."""

    name: Identifier = Field(description="What the model is called, such as sales_fact.")
    model: Identifier = Field(description="The silver model that it is made of.")
    key: list[Text] = Field(
        default_factory=list,
        description="The columns that identify a row of it; none where nothing does.",
    )
    description: str = Field("", description="What a row of it is.")
    dates: list[FactDate] = Field(
        default_factory=list, description="Its dates and times, each a key of the calendar."
    )
    measures: list[Measure] = Field(default_factory=list, description="Its numbers.")
    degenerate: list[Text] = Field(
        default_factory=list,
        description="Other columns that it keeps as they are, such as the number of an order.",
    )
    names: dict[str, Identifier] = Field(
        default_factory=dict,
        description="What columns of `key` and `degenerate` are called in the fact instead.",
    )


class Bridge(Fact):
    """A bridge: which rows of two or more dimensions belong together."""

    name: Identifier = Field(description="What the model is called, such as film_actor_bridge.")


class Relation(Block):
    """Columns of a silver model that name a row of another.

    A fact gets the key of the dimension that is made of the other model; of another fact, such as the
    order of an order line, it gets that fact's keys. A dimension gets the other model's columns.
    """

    model: Identifier = Field(description="The silver model that has the columns.")
    columns: list[Text] = Field(min_length=1, description="Its columns.")
    to: Identifier = Field(description="The silver model whose row they name.")
    to_columns: list[Text] = Field(
        default_factory=list,
        description="The columns of the other model; default: those of the same names.",
    )
    role: Identifier | None = Field(
        None,
        description="What the row is for: `bill_address` gives bill_address_key in a fact and"
        " bill_address_city in a dimension; default: the other table's own name.",
    )
    flatten: bool = Field(
        True,
        description="Whether a dimension gets the other model's columns; false for the surrogate key"
        " of the dimension that is made of it. Facts always get keys.",
    )


class Star(Block):
    """A star schema: facts, their dimensions and bridges, made of silver models."""

    name: Name = Field(description="What the star is called; its slug names the file.")
    description: str = Field("", description="What it is about.")
    calendar: Calendar = Field(
        default_factory=Calendar, description="The dimension of days; there if a fact has a date."
    )
    dimensions: list[Dimension] = Field(default_factory=list, description="The dimensions.")
    facts: list[Fact] = Field(default_factory=list, description="The facts.")
    bridges: list[Bridge] = Field(
        default_factory=list, description="What links dimensions many to many."
    )
    relations: list[Relation] = Field(
        default_factory=list, description="How the silver models belong together."
    )

    @property
    def slug(self) -> str:
        """The name that the file has."""
        return naming.snake_case(self.name)

    @property
    def tables(self) -> list[tuple[str, int, Fact]]:
        """Facts and bridges, each with its list and its place in it."""
        facts: list[tuple[str, int, Fact]] = [("facts", i, f) for i, f in enumerate(self.facts)]
        return facts + [("bridges", i, f) for i, f in enumerate(self.bridges)]

    @property
    def has_calendar(self) -> bool:
        """Whether a fact has a date."""
        return any(fact.dates for _, _, fact in self.tables)

    def model_fields_of_names(self) -> dict[str, str]:
        """The dbt models of the star, each with the field that its name comes from."""
        found = {self.calendar.name: "calendar.name"} if self.has_calendar else {}
        for index, dimension in enumerate(self.dimensions):
            found[dimension.name] = f"dimensions[{index}].name"
        return found | {fact.name: f"{kind}[{i}].name" for kind, i, fact in self.tables}

    @model_validator(mode="after")
    def _parts_fit_together(self, info: ValidationInfo) -> Star:
        problems: list[FieldProblem] = [*self._name_problems(), *self._relation_problems()]
        for index, dimension in enumerate(self.dimensions):
            path = ("dimensions", index, "hierarchies")
            problems += repeated_names(path, [h.name for h in dimension.hierarchies], "hierarchy")
        for index, bridge in enumerate(self.bridges):
            linked = [relation for relation in self.relations if relation.model == bridge.model]
            if len(linked) < 2:
                problems.append(
                    (
                        ("bridges", index, "model"),
                        f"'{bridge.model}' has {len(linked)} of the relations that a bridge needs,"
                        " at least two; add them in relations, or make it a fact",
                    )
                )
        self.refuse(problems, info)
        return self

    def _name_problems(self) -> Iterator[FieldProblem]:
        """What is called like something else of the star, or made of a model once more."""
        places: list[tuple[tuple[Step, ...], str]] = []
        if self.has_calendar:
            places.append((("calendar", "name"), self.calendar.name))
        places += [(("dimensions", i, "name"), each.name) for i, each in enumerate(self.dimensions)]
        places += [((kind, i, "name"), fact.name) for kind, i, fact in self.tables]
        yield from _repeated(places, "another model of the star is called")
        made = [(("dimensions", i, "model"), each.model) for i, each in enumerate(self.dimensions)]
        made += [((kind, i, "model"), fact.model) for kind, i, fact in self.tables]
        yield from _repeated(made, "another part of the star is made of")

    def _relation_problems(self) -> Iterator[FieldProblem]:
        for index, relation in enumerate(self.relations):
            if relation.to_columns and len(relation.to_columns) != len(relation.columns):
                yield (
                    ("relations", index, "to_columns"),
                    f"has {len(relation.to_columns)} columns, and `columns` {len(relation.columns)}",
                )


def _repeated(places: Sequence[tuple[tuple[Step, ...], str]], what: str) -> Iterator[FieldProblem]:
    seen: set[str] = set()
    for path, name in places:
        if name in seen:
            yield path, f"{what} '{name}'"
        seen.add(name)
