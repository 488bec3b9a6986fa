"""Which records count as the same: the cleaning rules of type `deduplication`."""

from __future__ import annotations

import re
from typing import Any

from sqlglot import exp

from controlplane import naming, sql
from controlplane.generate.process import Deduplication, comparable, ordered, sentence
from controlplane.generate.resolver import Resolver
from controlplane.specs.transform import CleaningRule
from controlplane.sql import Column, ExpressionError

Columns = tuple[Column, ...]
_FORMS = "DISTINCT ON (column, …) [ORDER BY column DESC, …], DISTINCT for whole records, or columns"


def deduplications(resolver: Resolver, columns: Columns) -> tuple[Deduplication, ...]:
    """The spec's deduplications in their order, over the columns that silver has."""
    found = []
    for index, rule in enumerate(resolver.spec.transform_config.data_quality.cleaning_rules):
        place = f"transform_config.data_quality.cleaning_rules[{index}]"
        if rule.type != "deduplication":
            continue
        if resolver.spec.target_config.load_strategy == "scd2":
            resolver.problem(
                f"{place}.type",
                "deduplication is not for load_strategy scd2, which keeps every version of a record"
                " and leaves out those that say the same; leave the rule out, or use upsert",
            )
            continue
        made = _deduplication(resolver, place, rule, columns)
        if made:
            found.append(made)
    return tuple(found)


def _deduplication(
    resolver: Resolver, place: str, rule: CleaningRule, columns: Columns
) -> Deduplication | None:
    resolver.settings(place, rule.parameters, ("column", "columns"))
    given: list[tuple[str, Any]] = []
    for name in ("column", "columns"):
        value = rule.parameters.get(name)
        listed = value if isinstance(value, list) else [] if value is None else [value]
        given += [(f"{place}.parameters.{name}", item) for item in listed]
    order: tuple[str, ...] = ()
    if given and rule.expression:
        resolver.problem(f"{place}.expression", "the columns are in parameters already; keep one")
        return None
    if not given:
        try:
            names, terms = _read(rule.expression, columns)
            order = tuple(_term(term, columns) for term in terms)
        except ExpressionError as error:
            resolver.problem(f"{place}.expression", str(error))
            return None
        given = [(f"{place}.expression", name) for name in names]
    resolved = [resolver.column(at, name, columns) for at, name in given]
    chosen = list(dict.fromkeys(column for column in resolved if column))
    if None in resolved:
        return None
    return Deduplication(
        naming.snake_case(rule.name),
        resolver.cte_name(rule.name),
        sentence(rule.description),
        tuple(column.name for column in chosen),
        tuple(comparable(column) for column in chosen),
        order,
    )


def _read(text: str, columns: Columns) -> tuple[list[str], list[exp.Expr]]:
    """The columns that a rule compares, and the terms of its order."""
    head, *tail = re.split(r"\border\s+by\b", text.strip(), maxsplit=1, flags=re.IGNORECASE)
    head = head.strip()
    order = _parsed(f"select 1 from records order by {tail[0]}", text) if tail else []
    if head.lower() == "distinct":
        return [column.name for column in columns], order
    on = re.fullmatch(r"distinct\s+on\s*(\(.*\))", head, re.IGNORECASE | re.DOTALL)
    if not on and (tail or not head):
        raise ExpressionError(f"says no columns; write {_FORMS}")
    trees = _parsed(f"select distinct on {on[1] if on else f'({head})'} 1 from records", text)
    if not all(isinstance(tree, exp.Column) and not tree.table for tree in trees):
        raise ExpressionError(f"found {text!r}, expected {_FORMS}")
    return [tree.name for tree in trees], order


def _parsed(statement: str, text: str) -> list[exp.Expr]:
    """The terms of `order by` or of `distinct on` in a statement that a rule's text is part of."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        # In DuckDB's dialect nulls come last unless the text says otherwise.
        statements = sqlglot.parse(statement, read="duckdb")
    except (SqlglotError, RecursionError):
        statements = []
    select = statements[0] if len(statements) == 1 else None
    if isinstance(select, exp.Select):
        clauses = {name: value for name, value in select.args.items() if value}
        match sorted(clauses.keys() - {"expressions", "from_"}):
            case ["order"]:
                return list(clauses["order"].expressions)
            case ["distinct"]:
                return list(clauses["distinct"].args["on"].expressions)
    raise ExpressionError(f"found {text!r}, expected {_FORMS}")


def _term(term: exp.Expr, columns: Columns) -> str:
    """One term of an order; what is missing comes last unless it is asked for first."""
    inner = term.this
    if not isinstance(inner, exp.Column) or inner.table:
        raise ExpressionError(f"cannot order by {inner.sql(dialect=sql.DIALECT)}; name a column")
    column = sql.find_column(inner.name, columns)
    if not column.is_ordered:
        raise ExpressionError(f"cannot order by {column.name}, which is {column.type}")
    direction = "desc" if term.args.get("desc") else "asc"
    nulls = "first" if term.args.get("nulls_first") else "last"
    return f"{ordered(column)} {direction} nulls {nulls}"
