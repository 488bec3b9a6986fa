"""The stars of a project while they are generated: their specs, models and files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from controlplane.errors import Problem, SpecError
from controlplane.generate import star_properties
from controlplane.generate.calendar_dim import calendar
from controlplane.generate.catalog import Catalog
from controlplane.generate.dimension import dimension
from controlplane.generate.fact import fact
from controlplane.generate.properties import value_description
from controlplane.generate.star import StarModels
from controlplane.generate.star_dimension import made_names
from controlplane.generate.star_resolution import resolve_star
from controlplane.generate.star_source import SourceTable, StarSource
from controlplane.specs.files import SpecFile
from controlplane.specs.star import Star


def record_slug(star: Star) -> str:
    """What the record of a star is called beside those of processes, whose names begin otherwise."""
    return f"_star_{star.slug}"


def star_files(file: SpecFile[Star], catalog: Catalog) -> dict[str, str]:
    """The models of a star with their properties, each under its path in the project.

    Raises:
        SpecError: with every model, column and relation that cannot be used.
    """
    tables = _Tables(catalog)
    return files_of(
        resolve_star(file, file.source, tables.find, catalog.known_tables), tables.found
    )


def files_of(models: StarModels, tables: Mapping[str, SourceTable]) -> dict[str, str]:
    """The files of settled models; `tables` are the silver models that they read."""
    files: dict[str, str] = {}

    def add(name: str, text: str, described: str) -> None:
        files[f"models/gold/{name}.sql"] = text
        files[f"models/gold/{name}.yml"] = described

    if models.calendar:
        days = models.calendar
        add(days.name, calendar(days, tables), star_properties.calendar(days))
    for each in models.dimensions:
        add(each.name, dimension(each, tables), star_properties.dimension(each, tables))
    for item in models.facts:
        add(item.name, fact(item, tables), star_properties.fact(item, tables))
    return files


def taken_names(stars: Iterable[SpecFile[Star]], others: Mapping[str, str]) -> Iterator[Problem]:
    """A problem for each model of a star that a process or another star writes, too.

    Args:
        stars: the stars.
        others: the models of processes, each with the spec that writes it.
    """
    owners = dict(others)
    for file in stars:
        for name, place in file.spec.model_fields_of_names().items():
            if name in owners:
                yield file.problem(
                    place, f"'{name}' is a model of {owners[name]} already; choose another name"
                )
            owners.setdefault(name, file.source)


def check_stars(files: Iterable[SpecFile[Star]], catalog: Catalog) -> list[Problem]:
    """What is wrong with stars, as far as the columns of their models are on record."""
    listed = list(files)
    problems = list(taken_names(listed, catalog.models()))
    for file in listed:
        try:
            star_files(file, catalog)
        except SpecError as error:
            problems += error.problems
    return list(dict.fromkeys(problems))


def made_names_of(file: SpecFile[Star], catalog: Catalog) -> list[list[str]]:
    """The columns of each dimension of a star, by the names that come of the silver models alone.

    Raises:
        SpecError: with every model, column and relation that cannot be used.
    """
    source = StarSource(file, _Tables(catalog).find, catalog.known_tables)
    found = [made_names(source, index) for index in range(len(file.spec.dimensions))]
    if source.problems:
        raise SpecError(source.problems)
    return found


class _Tables:
    """The silver models of a catalog, each looked up once."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.found: dict[str, SourceTable] = {}

    def find(self, name: str) -> SourceTable | None:
        if name not in self.found:
            table = self.catalog.table(name)
            process = self.catalog.process_of(name)
            if table is None or process is None:
                return None
            texts = {}
            for column in table.columns:
                said = process.descriptions.get(column.name)
                derived = any(step.column == column.name for step in process.steps)
                if said or derived:
                    texts[column.name] = value_description(process, column)
            self.found[name] = SourceTable(
                name, table.columns, texts, name == process.table, table.has_history
            )
        return self.found[name]
