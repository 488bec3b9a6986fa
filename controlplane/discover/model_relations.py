"""Adds relations and hierarchies to the specs of stars, and takes them out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from controlplane import naming
from controlplane.discover.model_changes import unknown
from controlplane.errors import DatabankError
from controlplane.specs import star as specs
from controlplane.specs.edit import SpecText
from controlplane.specs.files import SpecFile

Stars = Sequence[tuple[SpecFile[specs.Star], SpecText]]


@dataclass(frozen=True)
class Relation:
    """Columns of a silver model, and those of another one that they name a row by."""

    model: str
    columns: Sequence[str]
    to: str
    to_columns: Sequence[str]

    def stands_as(self, each: specs.Relation) -> bool:
        """Whether a relation of a spec says the same."""
        return (
            (each.model, each.to) == (self.model, self.to)
            and each.columns == list(self.columns)
            and (each.to_columns or each.columns) == list(self.to_columns)
        )


def relate(stars: Stars, relation: Relation, said: str, *, drop: bool) -> None:
    """Add a relation to the stars that are made of its model, or take it out.

    A further relation to the same table gets a role by its column, such as `reseller`.

    Raises:
        DatabankError: it is there already, or is not there; `said` is what the message calls it.
    """
    own = [(file, text) for file, text in stars if relation.model in _models(file.spec)]
    if not own:
        raise DatabankError(
            f"no star is made of '{relation.model}'",
            hint="relations stand in specs/stars/<name>.yml",
        )
    found = False
    for file, text in own:
        known = file.spec.relations
        places = [index for index, each in enumerate(known) if relation.stands_as(each)]
        found = found or bool(places)
        if drop:
            for index in reversed(places):
                text.remove(["relations", index])
        elif not places:
            text.append(["relations"], _block(relation, known))
    if found is not drop:
        there = [
            f"{each.model}.{','.join(each.columns)} to {each.to}"
            for file, _ in own
            for each in file.spec.relations
        ]
        raise DatabankError(
            f"there is a relation from {said} already"
            if found
            else f"there is no relation from {said} (has: {'; '.join(there) or 'none'})"
        )


def _block(relation: Relation, known: Sequence[specs.Relation]) -> dict[str, Any]:
    block: dict[str, Any] = {
        "model": relation.model,
        "columns": list(relation.columns),
        "to": relation.to,
    }
    if list(relation.columns) != list(relation.to_columns):
        block["to_columns"] = list(relation.to_columns)
    others = [e.role for e in known if (e.model, e.to) == (relation.model, relation.to)]
    plain = naming.snake_case(relation.columns[0])
    role = re.sub("_(id|key|code|no|number|sk)$", "", plain)
    if others and role not in others:
        # A second row of one table is told from the first by what it is for.
        block["role"] = role
    return block


def hierarchy(
    stars: Stars, name: str, dimension: str, levels: Sequence[str], *, drop: bool
) -> None:
    """Give a dimension a hierarchy, in place of one with the same name, or take it out.

    Raises:
        DatabankError: there is no such dimension, or no such hierarchy to take out.
    """
    known = [each.name for file, _ in stars for each in file.spec.dimensions]
    if dimension not in known:
        raise unknown("dimension", dimension, known)
    if not drop and len(levels) < 2:
        raise DatabankError(
            "a hierarchy has two levels at least",
            hint="name the columns from the coarsest to the finest, such as country city",
        )
    for file, text in stars:
        for index, each in enumerate(file.spec.dimensions):
            if each.name != dimension:
                continue
            place: list[str | int] = ["dimensions", index, "hierarchies"]
            names = [one.name for one in each.hierarchies]
            if drop and name not in names:
                raise unknown("hierarchy", name, names)
            if drop:
                text.remove([*place, names.index(name)])
            elif name in names:
                text.put([*place, names.index(name)], "levels", list(levels))
            else:
                text.append(place, {"name": name, "levels": list(levels)})


def _models(star: specs.Star) -> set[str]:
    related = {name for each in star.relations for name in (each.model, each.to)}
    made = {each.model for each in star.dimensions} | {fact.model for _, _, fact in star.tables}
    return related | made
