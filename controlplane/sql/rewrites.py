"""An annotated expression as one target has it: what would differ is written in another way."""

from __future__ import annotations

from sqlglot import exp

from controlplane.sql.casts import cast_rewrite
from controlplane.sql.columns import ExpressionError
from controlplane.sql.number_rewrites import number_rewrite
from controlplane.sql.text_rewrites import text_rewrite
from controlplane.sql.time_rewrites import time_rewrite
from controlplane.sql.values import shown, text_literal, type_of, whole_literal

_KIND = exp.DataType.Type
_REWRITES = (time_rewrite, number_rewrite, cast_rewrite, text_rewrite)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.In, exp.Between)


def as_target(tree: exp.Expr, dialect: str) -> exp.Expr:
    """An annotated expression as `dialect` has it; the tree is changed in place.

    Raises:
        ExpressionError: a part of it cannot be written so that every target gives the same.
    """
    for part in list(tree.iter_expressions()):
        # Asked before: what is written around a part becomes its parent.
        place, index = part.arg_key, part.index
        found = as_target(part, dialect)
        if found is not part and place is not None:
            tree.set(place, found, index)
    _refuse_parts(tree)
    for rewrite in _REWRITES:
        found = rewrite(tree, dialect)
        if found is not tree:
            return found
    return tree


def _refuse_parts(node: exp.Expr) -> None:
    """Raise `ExpressionError` for what no way of writing makes alike."""
    if isinstance(node, _COMPARISONS) and type_of(node.this) == _KIND.JSON:
        raise ExpressionError(
            f"compares JSON in {shown(node)}, which PostgreSQL does not; take a text of it: x ->>"
            " 'key'"
        )
    if isinstance(node, (exp.JSONExtract, exp.JSONExtractScalar)):
        key = node.expression
        is_key = isinstance(key, exp.JSONPath) or text_literal(key) is not None
        if not is_key and whole_literal(key) is None:
            raise ExpressionError(
                f"takes a computed key in {shown(node)}, which DuckDB reads as a path; write the"
                " key as a text"
            )
    if isinstance(node, exp.Collate) and node.expression.name not in ("C", "default"):
        raise ExpressionError(
            f'orders by {shown(node.expression)}, which not every target has; write collate "C"'
        )
