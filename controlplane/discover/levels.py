"""Puts the hierarchies that were found into the dimensions that have all of their levels."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from controlplane import naming
from controlplane.discover.findings import Findings, Hierarchy, Level
from controlplane.discover.names import TableName
from controlplane.generate.star import DimensionModel
from controlplane.generate.star_resolution import resolve_star
from controlplane.generate.star_source import SourceTable
from controlplane.specs.files import STAR, parse_spec
from controlplane.sql import Column

Query = Callable[[str], list[tuple[Any, ...]]]
_WRITTEN = re.compile(
    "(last_)?(update|updated|modified|created|inserted|loaded)(_date|_at|_on|_time)?|rowguid"
)


def with_hierarchies(
    document: Mapping[str, Any],
    findings: Findings,
    names: Mapping[str, TableName],
    types: Mapping[str, Mapping[str, str]],
    query: Query,
) -> dict[str, Any]:
    """The star's document with the hierarchies of each dimension that all rows confirm.

    The name of a level may be that of two of its members, in different places: such a hierarchy is
    true of the members, and not of the columns.

    Args:
        document: the star as it was drawn.
        findings: what was found out.
        names: the names of each table's models.
        types: the types of each table's columns in silver, by their names there.
        query: the rows of a query over the raw tables.
    """
    tables = {
        names[name].model: SourceTable(
            names[name].model, tuple(Column(each, kind) for each, kind in columns.items())
        )
        for name, columns in types.items()
    }
    file = parse_spec(json.dumps(document), "the drafted star", STAR)
    models = resolve_star(file, "the drafted star", tables.get, sorted(tables))
    by_name = {each.name: each for each in models.dimensions}
    dimensions = []
    for block in document["dimensions"]:
        found: list[dict[str, Any]] = []
        for table in findings.tables:
            for hierarchy in table.hierarchies:
                levels = _levels(hierarchy, by_name[block["name"]], findings, names)
                name = _unused(hierarchy.name, [each["name"] for each in found])
                known = [each["levels"] for each in found]
                if levels and levels not in known and _holds(levels, by_name[block["name"]], query):
                    found.append({"name": name, "levels": levels})
        found = [each for each in found if not _is_part(each, found)]
        noise = _bookkeeping(by_name[block["name"]], tables[block["model"]])
        more: dict[str, Any] = {"leave_out": noise} if noise else {}
        more |= {"hierarchies": found} if found else {}
        dimensions.append({**block, **more})
    return {**document, "dimensions": dimensions}


def _is_part(hierarchy: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a longer hierarchy has all of its levels, one after the other."""
    levels = hierarchy["levels"]
    return any(
        levels == other["levels"][start : start + len(levels)]
        for other in others
        if len(other["levels"]) > len(levels)
        for start in range(len(other["levels"]))
    )


def _holds(levels: Sequence[str], dimension: DimensionModel, query: Query) -> bool:
    """Whether every value of a level lies in one value of the level above, in the raw tables."""
    sql_of = {each.column.name: each.sql for each in dimension.attributes}
    relation = f"{_raw(dimension.model)} as {dimension.key[0].sql.rpartition('.')[0]}"
    for join in dimension.joins:
        on = " and ".join(f"{left} = {right}" for left, right in join.on)
        relation += f" left join {_raw(join.relation)} as {join.name} on {on}"
    for above, level in pairwise(levels):
        ((count,),) = query(
            f"select count(*) from (select {sql_of[level]} from {relation}"
            f" where {sql_of[level]} is not null group by {sql_of[level]}"
            f" having count(distinct {sql_of[above]}) > 1) as split"
        )
        if count:
            return False
    return True


def _raw(model: str) -> str:
    return f"{naming.RAW_SCHEMA}.{naming.raw_table(model)}"


def _bookkeeping(dimension: DimensionModel, table: SourceTable) -> list[str]:
    """The columns that say when the row of a flattened table was written."""
    return [
        each.column.name
        for each in dimension.attributes
        if not each.sql.startswith(f"{table.step}.")
        and _WRITTEN.fullmatch(each.sql.rpartition(".")[2])
    ]


def _levels(
    hierarchy: Hierarchy,
    dimension: DimensionModel,
    findings: Findings,
    names: Mapping[str, TableName],
) -> list[str] | None:
    """The columns of the dimension that are the levels; None unless it has all of them."""
    found = [_column(level, dimension, findings, names) for level in hierarchy.levels]
    listed = [name for name in found if name is not None]
    return listed if len(listed) == len(found) == len(set(listed)) and len(listed) > 1 else None


def _column(
    level: Level,
    dimension: DimensionModel,
    findings: Findings,
    names: Mapping[str, TableName],
) -> str | None:
    if level.table not in names:
        return None
    titles = [column.name for column in findings.table(level.table).columns]
    plain = dict(zip(titles, naming.column_names(titles), strict=True)).get(level.column)
    model = names[level.table].model
    relations = {dimension.model: dimension.model} | {
        join.name: join.relation for join in dimension.joins
    }
    for attribute in dimension.attributes:
        step, _, column = attribute.sql.rpartition(".")
        if column == plain and relations.get(step) == model:
            return attribute.column.name
    return _matched(model, plain, dimension)


def _matched(model: str, column: str | None, dimension: DimensionModel) -> str | None:
    """The column that leads to a row, where the row's own key is not repeated beside it."""
    for join in dimension.joins:
        for left, right in join.on:
            if join.relation == model and right == f"{join.name}.{column}":
                return next(
                    (each.column.name for each in dimension.attributes if each.sql == left), None
                )
    return None


def _unused(name: str, taken: list[str]) -> str:
    plain = name if any(letter.isascii() and letter.isalpha() for letter in name) else "hierarchy"
    found, count = plain, 1
    while found in taken:
        count += 1
        found = f"{plain} {count}"
    return found
