"""Text: patterns, parts and order, written so that every target agrees."""

from __future__ import annotations

import re

from sqlglot import exp

from controlplane.sql.casts import with_fixed_digits
from controlplane.sql.columns import ExpressionError
from controlplane.sql.values import (
    call,
    grouped,
    is_text,
    shown,
    text_literal,
    type_of,
    typed,
    whole_literal,
)

_KIND = exp.DataType.Type
_ORDERED = (exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between)


def text_rewrite(node: exp.Expr, dialect: str) -> exp.Expr:
    """`node` as `dialect` has it; itself where nothing is to be changed.

    Raises:
        ExpressionError: no way of writing it is alike on every target.
    """
    match node:
        case exp.Like() | exp.ILike():
            return _like(node, dialect)
        case exp.Substring():
            return _part(node, dialect)
        case exp.Trim():
            return _trimmed(node)
        case exp.DPipe():
            for side in ("this", "expression"):
                node.set(side, with_fixed_digits(node.args[side]))
        case exp.Concat() | exp.ConcatWs():
            return _joined(node)
        case exp.Pad():
            _check_padding(node)
        case exp.SplitPart():
            _check_split(node)
        case exp.RegexpReplace():
            _check_replacement(node)
        case exp.Normalize():
            return _composed(node, dialect)
        case exp.Anonymous() if str(node.this).lower() == "octet_length":
            return call("strlen", *node.expressions, kind="int") if dialect == "duckdb" else node
        case exp.Greatest() | exp.Least():
            return _extreme(node, dialect)
        case exp.Min() | exp.Max() if is_text(node.this) and not _is_collated(node.this):
            node.set("this", _collated(node.this, "C"))
    if isinstance(node, _ORDERED) and is_text(node.this):
        _order_by_code(node)
    return node


# --- like -----------------------------------------------------------------------------------------


def _like(node: exp.Expr, dialect: str) -> exp.Expr:
    """A backslash takes the meaning off the next character, to DuckDB only if that is said."""
    if isinstance(node.parent, exp.Escape):
        sign = text_literal(node.parent.expression)
        if sign is None or len(sign) != 1:
            raise ExpressionError(f"needs one character after escape in {shown(node.parent)}")
        return node
    pattern = text_literal(node.expression)
    if pattern is not None:
        if re.search(r"(?<!\\)(?:\\\\)*\\$", pattern):
            raise ExpressionError(f"has the pattern '{pattern}', which ends with a backslash")
        if "\\" not in pattern:
            return node
    if dialect != "duckdb":
        return node
    return typed(exp.Escape(this=node, expression=exp.Literal.string("\\")), "boolean")


# --- parts ----------------------------------------------------------------------------------------


def _part(node: exp.Substring, dialect: str) -> exp.Expr:
    """A part of a text: PostgreSQL counts on before its beginning, DuckDB from its end."""
    start, length = node.args.get("start"), node.args.get("length")
    at = whole_literal(start)
    if start is not None and type_of(start) in (_KIND.VARCHAR, _KIND.TEXT):
        raise ExpressionError(
            f"takes a part by a pattern in {shown(node)}; write regexp_replace(x, '^.*(pattern).*$',"
            " '\\1')"
        )
    if at is not None and at < 1:
        raise ExpressionError(
            f"takes a part from position {at} in {shown(node)}; positions begin with 1, and"
            " right(x, n) gives the last characters"
        )
    if length is not None:
        count = whole_literal(length)
        if count is not None and count < 0:
            raise ExpressionError(f"takes a part of {count} characters in {shown(node)}")
        if at is None and not _is_position(start):
            raise ExpressionError(
                f"takes a part from a computed position with a length in {shown(node)}; write"
                " left(substr(x, start), length)"
            )
        if count is None:
            node.set("length", _at_least(length, 0))
    elif at is None and start is not None and dialect == "duckdb" and not _is_position(start):
        node.set("start", _at_least(start, 1))
    return node


def _is_position(start: exp.Expr | None) -> bool:
    """Whether a computed position is never before the beginning: a place in a text plus some."""
    part = start.unnest() if start is not None else None
    if not isinstance(part, exp.Add):
        return False
    places = [part.this.unnest(), part.expression.unnest()]
    is_place = [isinstance(place, (exp.StrPosition, exp.Length)) for place in places]
    return any(is_place) and any((whole_literal(place) or 0) >= 1 for place in places)


def _at_least(value: exp.Expr, least: int) -> exp.Expr:
    """`value`, or the least where it is below; null stays null."""
    limit = exp.Literal.number(least)
    below = exp.LT(this=grouped(value.copy()), expression=limit)
    case = exp.Case(ifs=[exp.If(this=below, true=limit.copy())], default=value.copy())
    return typed(case, "int")


def _composed(node: exp.Normalize, dialect: str) -> exp.Expr:
    """`normalize(x)`: letters and their accents as one character (Unicode's form NFC)."""
    form = node.args.get("form")
    if isinstance(form, exp.Expr) and form.name.upper() != "NFC":
        raise ExpressionError("normalize knows the form NFC alone; not every target has the others")
    return call("nfc_normalize", node.this, kind="text") if dialect == "duckdb" else node


def _trimmed(node: exp.Trim) -> exp.Expr:
    """`trim(x)` as `trim(x, ' ')`: it takes off spaces, to DuckDB other scripts' blanks as well."""
    function = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(str(node.args.get("position")), "trim")
    return call(function, node.this, node.expression or exp.Literal.string(" "), kind="text")


def _joined(node: exp.Expr) -> exp.Expr:
    parts = []
    for part in node.expressions:
        if type_of(part) == _KIND.BOOLEAN:
            raise ExpressionError(
                f"makes text of a truth value in {shown(node)}, which differs between targets; write"
                f" cast({shown(part)} as text)"
            )
        parts.append(with_fixed_digits(part))
    node.set("expressions", parts)
    return node


def _check_padding(node: exp.Pad) -> None:
    pattern = node.args.get("fill_pattern")
    if pattern is not None and not text_literal(pattern):
        raise ExpressionError(
            f"pads with {shown(pattern)} in {shown(node)}; write the characters as a text that is"
            " not empty"
        )


def _check_split(node: exp.SplitPart) -> None:
    if not text_literal(node.args.get("delimiter")):
        raise ExpressionError(
            f"splits by {shown(node.args['delimiter'])} in {shown(node)}; write the separator as a"
            " text that is not empty"
        )
    if not whole_literal(node.args.get("part_index")):
        raise ExpressionError(
            f"takes part {shown(node.args['part_index'])} in {shown(node)}; write a number: 1 is the"
            " first part, -1 the last"
        )


def _check_replacement(node: exp.RegexpReplace) -> None:
    flags = node.args.get("modifiers")
    if flags is not None and (text_literal(flags) is None or set(str(flags.this)) - {"g", "i"}):
        raise ExpressionError(f"has the flags {shown(flags)} in {shown(node)}; known are g and i")
    pattern, new = text_literal(node.expression), text_literal(node.args.get("replacement"))
    if new is None:
        raise ExpressionError(f"replaces by what is no plain text in {shown(node)}; write a text")
    groups = len(re.findall(r"(?<!\\)\((?!\?)", pattern)) if pattern is not None else 0
    for found in re.findall(r"\\(.?)", new, re.DOTALL):
        if found != "\\" and not (found in tuple("123456789") and int(found) <= groups):
            raise ExpressionError(
                f"has '\\{found}' in the replacement of {shown(node)}; known are \\\\ and \\1 to"
                " \\9 for the pattern's groups"
            )
    if pattern is not None:
        if flags is not None and "g" in str(flags.this) and re.search(pattern, ""):
            raise ExpressionError(
                f"replaces each match of a pattern that fits no text at all in {shown(node)}, which"
                " targets count in their own ways; write + instead of *"
            )
        _check_longest(pattern, node)


def _check_longest(pattern: str, node: exp.Expr) -> None:
    """PostgreSQL takes the longest match, DuckDB the first alternative that fits."""
    bare = re.sub(r"\\.|\[(?:\\.|[^\]])*\]", "x", pattern)
    if re.search(r"[*+?}]\?", bare):
        raise ExpressionError(
            f"has a repetition of as few as possible in {shown(node)}, which targets read in their"
            " own ways; write what may be repeated, as in [^,]*"
        )
    if "(" in bare or "|" not in bare:
        return
    options = pattern.split("|")
    for index, option in enumerate(options):
        if any(other != option and other.startswith(option) for other in options[index + 1 :]):
            raise ExpressionError(
                f"has the alternative '{option}' before a longer one in {shown(node)}; write the"
                " longer one first"
            )


# --- order ----------------------------------------------------------------------------------------


def _is_collated(node: exp.Expr) -> bool:
    return isinstance(node.unnest(), exp.Collate)


def _collated(node: exp.Expr, name: str) -> exp.Expr:
    found = exp.Collate(this=grouped(node), expression=exp.to_identifier(name, quoted=True))
    found.type = node.type
    return found


def _order_by_code(node: exp.Expr) -> None:
    """Text is ordered by the characters' codes, whatever the database's language is."""
    others = [node.args.get(name) for name in ("expression", "low", "high")]
    if not any(_is_collated(part) for part in (node.this, *others) if part is not None):
        node.set("this", _collated(node.this, "C"))


def _extreme(node: exp.Expr, dialect: str) -> exp.Expr:
    """The result's collation is the usual one again, so that it can be compared with others."""
    if dialect != "postgres" or not is_text(node):
        return node
    node.set("this", _collated(node.this, "C"))
    return _collated(node, "default")
