"""Models that join a process's records with another table: the spec's joins."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlglot import exp

from controlplane import naming, sql
from controlplane.generate.column_change import condition_fits
from controlplane.generate.process import Join, Side, Table, sentence
from controlplane.generate.resolver import Resolver, own_names
from controlplane.specs.transform import Join as JoinSpec
from controlplane.sql import Column, ExpressionError

_CTES = frozenset({"joined"})


def joins(resolver: Resolver, own: Table) -> tuple[Join, ...]:
    """The spec's joins in their order; each may stand on the records or on a join before it."""
    spec = resolver.spec
    known = {naming.snake_case(name): own for name in own_names(spec)}
    found = []
    for index, item in enumerate(spec.transform_config.joins):
        place = f"transform_config.joins[{index}]"
        left_name = naming.snake_case(item.left_table)
        if left_name not in known:
            resolver.problem(
                f"{place}.left_table",
                f"no table '{item.left_table}' here (has: {', '.join(sorted(known))})",
            )
        right = _right_side(resolver, f"{place}.right_table", item.right_table, left_name)
        if left_name not in known or right is None:
            continue
        left = Side(left_name, known[left_name])
        condition = _condition(resolver, f"{place}.condition", item, left, right)
        if condition is None:
            continue
        left, right = _with_safe_names(left, right)
        model = naming.snake_case(item.name)
        made = joined_table(model, left, right)
        right_names = tuple(column.name for column in made.columns[len(left.table.columns) :])
        found.append(
            Join(
                sentence(item.description),
                item.type,
                left,
                right,
                condition,
                right_names,
                made,
            )
        )
        known[model] = made
    return tuple(found)


def joined_table(model: str, left: Side, right: Side) -> Table:
    """The table that a join gives; right columns whose name is taken carry their table's."""
    columns = list(left.table.columns)
    taken = {column.name for column in columns}
    renamed = {}
    for column in right.table.columns:
        name = column.name
        if name in taken:
            name = _free(f"{right.name}_{column.name}", taken)
        taken.add(name)
        renamed[column.name] = name
        columns.append(Column(name, column.type, column.title))
    key: tuple[str, ...] = ()
    if left.table.key and right.table.key:
        key = (*left.table.key, *(renamed[name] for name in right.table.key))
    return Table(model, tuple(columns), key)


def _free(name: str, taken: Iterable[str]) -> str:
    base = name[: naming.MAX_NAME]
    found, count = base, 1
    while found in taken:
        count += 1
        found = f"{base[: naming.MAX_NAME - 4]}_{count}"
    return found


def _right_side(resolver: Resolver, place: str, name: str, left_name: str) -> Side | None:
    """The other side of a join, and its raw table where it has one of its own."""
    slug = naming.snake_case(name)
    alias = slug if slug != left_name else f"{slug}_right"
    other = resolver.other_table(slug)
    if other is not None:
        return Side(alias, other)
    schema = resolver.schema.joins.get(name) or resolver.schema.joins.get(slug)
    if schema is None:
        resolver.problem(
            place,
            f"no table '{name}': neither does another process write it, nor is it in the source's"
            " database",
        )
        return None
    raw = naming.raw_join_table(resolver.spec.slug, name)
    model = naming.bronze_model(raw)
    if len(model) > naming.MAX_NAME:
        resolver.problem(
            place,
            f"its model would be called '{model}', which has {len(model)} characters; at most"
            f" {naming.MAX_NAME} are allowed: give the process a shorter name",
        )
        return None
    columns = tuple(Column(column.name, column.type, column.title) for column in schema.columns)
    key = schema.primary_key if {c.name for c in columns}.issuperset(schema.primary_key) else ()
    return Side(alias, Table(model, columns, key), raw)


def _condition(
    resolver: Resolver, place: str, item: JoinSpec, left: Side, right: Side
) -> str | None:
    """The condition with every column under its side's name in the model."""
    named = {left.name: left, right.name: right}
    short = _last_parts(item, named)
    aliases = dict(zip(named, (side.name for side in _with_safe_names(left, right)), strict=True))

    def resolve(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Column):
            return node
        if node.table:
            side = naming.snake_case(node.table)
            side = short.get(side, side)
            if side not in named:
                raise ExpressionError(f"no table '{node.table}' here (has: {', '.join(named)})")
            column = sql.find_column(node.name, named[side].table.columns)
            return exp.column(column.name, table=aliases[side])
        holders = [name for name, side in named.items() if side.table.has(node.name)]
        if len(holders) != 1:
            raise ExpressionError(
                f"column '{node.name}' is in {' and '.join(holders) or 'neither table'};"
                f" write it with its table ({', '.join(named)})"
            )
        column = sql.find_column(node.name, named[holders[0]].table.columns)
        return exp.column(column.name, table=aliases[holders[0]])

    try:
        tree = sql.parse_expression(item.condition).transform(resolve)
        sql.refuse_beyond_row(tree)
        sides = {aliases[name]: side.table.columns for name, side in named.items()}
        found = sql.settled(tree, sides)
    except ExpressionError as error:
        resolver.problem(place, str(error))
        return None
    if item.type == "full" and not _has_equality(found.tree):
        resolver.problem(
            place,
            "a join of type 'full' needs an equality between a column of each table, without which"
            " PostgreSQL has no full join",
        )
        return None
    return found.text if condition_fits(resolver, place, found) else None


def _last_parts(item: JoinSpec, named: Collection[str]) -> dict[str, str]:
    """Sides by the last part of their table's name, `address` of `sakila.address`.

    A part that is both sides' last, or a side's whole name, stands for neither.
    """
    parts = [
        naming.snake_case(name.rpartition(".")[2]) for name in (item.left_table, item.right_table)
    ]
    return {
        part: side
        for part, side in zip(parts, named, strict=True)
        if parts.count(part) == 1 and part not in named
    }


def _has_equality(tree: exp.Expr) -> bool:
    """Whether some part of the condition that must hold says that two tables' columns are equal."""
    parts = list(tree.flatten()) if isinstance(tree, exp.And) else [tree]
    return any(
        isinstance(part, exp.EQ)
        and isinstance(part.this, exp.Column)
        and isinstance(part.expression, exp.Column)
        and part.this.table != part.expression.table
        for part in parts
    )


def _with_safe_names(left: Side, right: Side) -> tuple[Side, Side]:
    """Both sides under names that a step of a model can have: `order` becomes `order_`."""
    found: list[Side] = []
    taken = set(_CTES)
    for side in (left, right):
        name = side.name if not side.name[0].isdigit() else f"table_{side.name}"
        name = f"{name}_" if name in naming.RESERVED else name
        name = _free(name, taken)
        # The step before a side that is typed first is called after it.
        taken |= {name, f"{name}_records"}
        found.append(Side(name, side.table, side.raw))
    return found[0], found[1]
