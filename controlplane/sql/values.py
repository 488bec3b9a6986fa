"""What kind of value a part of an annotated expression gives, and small pieces to build others of."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

_KIND = exp.DataType.Type
_FLOATS = (_KIND.DOUBLE, _KIND.FLOAT)
_INTEGERS = (_KIND.INT, _KIND.BIGINT, _KIND.SMALLINT, _KIND.TINYINT)
_TEXTS = (_KIND.TEXT, _KIND.VARCHAR, _KIND.CHAR)
# Their result is a double only if one of these operands is.
_CARRIERS: dict[type[exp.Expr], tuple[str, ...]] = {
    exp.Paren: ("this",),
    exp.Neg: ("this",),
    exp.Abs: ("this",),
    exp.Ceil: ("this",),
    exp.Floor: ("this",),
    exp.Round: ("this",),
    exp.Sign: ("this",),
    exp.Trunc: ("this",),
    exp.Max: ("this",),
    exp.Min: ("this",),
    exp.Sum: ("this",),
    exp.Nullif: ("this",),
    exp.If: ("true", "false"),
    exp.Case: ("ifs", "default"),
    exp.Coalesce: ("this", "expressions"),
    exp.Greatest: ("this", "expressions"),
    exp.Least: ("this", "expressions"),
    exp.Add: ("this", "expression"),
    exp.Sub: ("this", "expression"),
    exp.Mul: ("this", "expression"),
    exp.Mod: ("this", "expression"),
}


def type_of(node: exp.Expr) -> Any:
    """The type of a part as sqlglot has it; None where it is not known."""
    return node.type.this if node.type is not None else None


def is_floating(node: exp.Expr) -> bool:
    """Whether a part is a double on every target, which a number such as 1.5 is not."""
    if isinstance(node, exp.Literal):
        return False
    carried = _CARRIERS.get(type(node))
    if carried is None:
        return type_of(node) in _FLOATS
    parts = [node.args.get(name) for name in carried]
    listed = [part for found in parts for part in (found if isinstance(found, list) else [found])]
    return any(is_floating(part) for part in listed if isinstance(part, exp.Expr))


def is_integer(node: exp.Expr) -> bool:
    """Whether a part is a whole number by its type."""
    return type_of(node) in _INTEGERS


def is_number(node: exp.Expr) -> bool:
    """Whether a part is a number of any kind."""
    return is_integer(node) or type_of(node) in (*_FLOATS, _KIND.DECIMAL)


def is_text(node: exp.Expr) -> bool:
    """Whether a part is known to be text; a literal that may be read as a date is not."""
    return type_of(node) in _TEXTS and not isinstance(node, exp.Literal)


def whole_literal(node: exp.Expr | None) -> int | None:
    """The number that a literal says, with its sign; None for anything else."""
    sign = 1
    while isinstance(node, (exp.Neg, exp.Paren)):
        sign = -sign if isinstance(node, exp.Neg) else sign
        node = node.this
    if isinstance(node, exp.Literal) and not node.is_string and str(node.this).isdigit():
        return sign * int(node.this)
    return None


def text_literal(node: exp.Expr | None) -> str | None:
    """The text that a literal says; None for anything else."""
    return str(node.this) if isinstance(node, exp.Literal) and node.is_string else None


def typed(made: exp.Expr, kind: str) -> exp.Expr:
    """`made`, whose type is said to be `kind`."""
    made.type = exp.DataType.build(kind, dialect="postgres")
    return made


def cast(node: exp.Expr, kind: str) -> exp.Expr:
    """`node` cast to a type, its own parentheses taken off."""
    return typed(
        exp.Cast(this=node.unnest(), to=exp.DataType.build(kind, dialect="postgres")), kind
    )


def call(name: str, *arguments: exp.Expr, kind: str) -> exp.Expr:
    """A call of a target's own function."""
    return typed(exp.Anonymous(this=name, expressions=list(arguments)), kind)


def grouped(node: exp.Expr) -> exp.Expr:
    """`node` in parentheses, if it is an operation that needs them beside another one."""
    if not isinstance(node, (exp.Binary, exp.Unary, exp.Case, exp.Between, exp.In)) or isinstance(
        node, (exp.Paren, exp.Func)
    ):
        return node
    paren = exp.Paren(this=node)
    paren.type = node.type
    return paren


def shown(node: exp.Expr) -> str:
    """The part as a message has it."""
    return str(node.sql(dialect="postgres", comments=False))
