"""The query of an incremental source: where `$1` stands, and what it becomes.

The first load reads everything, so the comparison with `$1` is true. Later ones compare with the
cursor, and `>` becomes `>=`: records that came after the last load may carry the very value that it
ended with. What was loaded already is left out afterwards.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp

PLACE = "'databank cursor'"


def plain(query: str) -> str:
    """The query without a semicolon at its end."""
    return query.strip().rstrip(";").rstrip()


@lru_cache(maxsize=64)
def with_cursor(query: str, *, first: bool) -> str:
    """The query with `$1` resolved: true for the first load, `PLACE` where the cursor goes later.

    Raises:
        ValueError: the query cannot be parsed, or `$1` stands where it cannot be a lower bound.
    """
    query = plain(query)
    if "$" not in query:
        return query

    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        tree = sqlglot.parse_one(query, dialect="postgres")
    except SqlglotError as error:
        detail = str(error).splitlines()[0]
        raise ValueError(f"is not valid SQL: {detail}") from None
    for parameter in list(tree.find_all(exp.Parameter)):
        if parameter.name != "1":
            raise ValueError(f"${parameter.name} stands for nothing (allowed: $1)")
        comparison = _comparison(parameter)
        if first:
            comparison.replace(exp.true())
            continue
        cursor = exp.Literal.string(PLACE.strip("'"))
        parameter.replace(cursor)
        if isinstance(comparison, exp.GT):
            comparison.replace(exp.GTE(this=comparison.left, expression=comparison.right))
        elif isinstance(comparison, exp.LT):
            comparison.replace(exp.LTE(this=comparison.left, expression=comparison.right))
    return tree.sql(dialect="postgres")


def query_fault(query: str) -> str | None:
    """What is wrong with how the query uses `$1`; None where nothing is."""
    try:
        with_cursor(query, first=True)
    except ValueError as error:
        return str(error)
    return None


def only_table(query: str) -> tuple[str, ...] | None:
    """The parts of the name of the one table that the query reads row by row.

    None where a row of the result is no row of one table: joins, groups, unions and so on.
    """
    found = _select(query)
    if found is None:
        return None
    from sqlglot import exp

    origin = found.args.get("from") or found.args.get("from_")
    table = origin.this if origin else None
    apart = ("joins", "group", "distinct", "laterals", "windows", "with", "with_")
    if not isinstance(table, exp.Table) or any(found.args.get(name) for name in apart):
        return None
    if len(list(found.find_all(exp.Table))) != 1 or found.find(exp.AggFunc):
        return None
    return tuple(
        part.name if part.args.get("quoted") else part.name.lower() for part in table.parts
    )


def first_table(query: str) -> str | None:
    """The name, without its schema, of the table that the query begins with; None for none."""
    found = _select(query)
    if found is None:
        return None
    from sqlglot import exp

    origin = found.args.get("from") or found.args.get("from_")
    return origin.this.name if origin and isinstance(origin.this, exp.Table) else None


def renamed(query: str) -> set[str]:
    """The output columns of the query that are no column of its table under the same name."""
    found = _select(query)
    if found is None:
        return set()
    from sqlglot import exp

    return {
        item.alias_or_name
        for item in found.expressions
        if not isinstance(item, exp.Column | exp.Star) and item.alias_or_name
    }


def _select(query: str) -> exp.Select | None:
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        tree = sqlglot.parse_one(plain(query), dialect="postgres")
    except SqlglotError:
        return None
    return tree if isinstance(tree, exp.Select) else None


def _comparison(parameter: exp.Parameter) -> exp.Expr:
    """The comparison in which the parameter is the lower bound."""
    from sqlglot import exp

    side: exp.Expr = parameter
    while isinstance(side.parent, exp.Cast | exp.Paren):
        side = side.parent
    comparison = side.parent
    is_bound = (isinstance(comparison, exp.GT | exp.GTE) and comparison.expression is side) or (
        isinstance(comparison, exp.LT | exp.LTE) and comparison.this is side
    )
    if comparison is None or not is_bound or comparison.find_ancestor(exp.Not):
        raise ValueError(
            "$1 must be the lower bound of a plain comparison, as in `updated_at > $1`: it stands for"
            " the greatest value of incremental_key that was loaded"
        )
    return comparison
