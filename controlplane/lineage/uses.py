"""What an expression does to the columns that it names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlglot import exp

from controlplane.lineage.edges import Kind


def reached(expression: Any) -> Iterator[Any]:
    """The parts of an expression, without what is inside of the queries in it."""
    return expression.walk(prune=lambda node: isinstance(node, (exp.Query, exp.Column)))  # type: ignore[no-any-return]


def use_of(column: Any, projection: Any) -> Kind:
    """What the projection does to one of its columns."""
    kind = Kind.CAST
    node = column
    while node is not projection:
        node, below = node.parent, node
        if isinstance(node, exp.AggFunc) and not _is_windowed(node):
            return Kind.AGGREGATION
        if isinstance(node, exp.Window):
            kind = Kind.WINDOW
        elif kind is Kind.CAST and not (
            isinstance(node, exp.Paren) or (isinstance(node, exp.Cast) and below is node.this)
        ):
            kind = Kind.EXPRESSION
    return kind


def _is_windowed(function: Any) -> bool:
    """Whether an aggregate is computed over a window, so that each row stays a row."""
    node = function
    while isinstance(node.parent, (exp.Filter, exp.IgnoreNulls, exp.RespectNulls, exp.WithinGroup)):
        node = node.parent
    return isinstance(node.parent, exp.Window) and node.parent.this is node
