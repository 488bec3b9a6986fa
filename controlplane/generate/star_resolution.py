"""What a star spec means once the columns of its silver models are known."""

from __future__ import annotations

from collections.abc import Sequence

from controlplane.errors import SpecError
from controlplane.generate.star import CalendarModel, StarModels
from controlplane.generate.star_dimension import resolve_dimension
from controlplane.generate.star_fact import resolve_fact
from controlplane.generate.star_source import FindTable, StarSource
from controlplane.specs.files import SpecFile
from controlplane.specs.star import Star


def resolve_star(
    file: SpecFile[Star], spec_path: str, find: FindTable, known: Sequence[str]
) -> StarModels:
    """The models of a star with everything settled.

    Args:
        file: the spec with its lines.
        spec_path: how generated files name the spec: relative to the project.
        find: the silver model with a name, or None.
        known: the names of all silver models, for messages.

    Raises:
        SpecError: with every model, column and relation that cannot be used.
    """
    source = StarSource(file, find, known)
    star = file.spec
    dimensions = [
        resolve_dimension(source, index, dimension, spec_path)
        for index, dimension in enumerate(star.dimensions)
    ]
    settled = {each.model: each for each in dimensions if each}
    facts = [
        resolve_fact(source, settled, kind, index, fact, spec_path)
        for kind, index, fact in star.tables
    ]
    _idle_relations(source)
    if source.problems:
        raise SpecError(list(dict.fromkeys(source.problems)))
    calendar = None
    if star.has_calendar:
        covers = []
        for _, _, fact in star.tables:
            table = find(fact.model)
            covers += [(fact.model, table.column(date.column).name) for date in fact.dates if table]
        calendar = CalendarModel(spec_path, star.calendar.name, tuple(dict.fromkeys(covers)))
    return StarModels(
        calendar, tuple(d for d in dimensions if d), tuple(fact for fact in facts if fact)
    )


def _idle_relations(source: StarSource) -> None:
    """A problem for each relation of a model that no part of the star is made of, or leads to."""
    star = source.star
    reached = {each.model for each in star.dimensions} | {fact.model for _, _, fact in star.tables}
    grown = True
    while grown:
        further = {each.to for each in star.relations if each.model in reached and each.flatten}
        grown = not further <= reached
        reached |= further
    for index, relation in enumerate(star.relations):
        if relation.model not in reached:
            source.problem(
                f"relations[{index}].model",
                f"no part of the star is made of '{relation.model}', so nothing comes of it (has:"
                f" {', '.join(sorted(reached))})",
            )
