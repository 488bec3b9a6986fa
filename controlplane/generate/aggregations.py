"""Gold models: the spec's aggregations over the silver model, or over a join that has the columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from controlplane import naming, sql
from controlplane.generate.column_change import condition_fits, rendered_as
from controlplane.generate.process import Aggregation, Table, names, ordered, sentence
from controlplane.generate.resolver import Resolver, own_names
from controlplane.specs.transform import Aggregation as AggregationSpec
from controlplane.sql import Column, ExpressionError

_CALLS: Mapping[str, str] = {
    "count": "count({})",
    "count_distinct": "count(distinct {})",
    "sum": "sum({})",
    "avg": "avg({})",
    "min": "min({})",
    "max": "max({})",
    "median": "percentile_cont(0.5) within group (order by {})",
    "stddev": "stddev_samp({})",
}
_OF_NUMBERS = ("sum", "avg", "median", "stddev")
_OF_ORDERED = ("min", "max")


@dataclass(frozen=True)
class _Group:
    """One column of the groups: its expression as SQL and as a tree."""

    column: Column
    text: str
    tree: exp.Expr


@dataclass(frozen=True)
class _Measure:
    """What is computed of a group."""

    column: Column
    text: str


def aggregations(resolver: Resolver, tables: Sequence[Table]) -> tuple[Aggregation, ...]:
    """The spec's aggregations; each reads the first of the tables that has all of its columns."""
    found = []
    for index, item in enumerate(resolver.spec.transform_config.aggregations):
        reader = _Reader(resolver, f"transform_config.aggregations[{index}]", item, tables)
        made = reader.aggregation()
        if made:
            found.append(made)
    return tuple(found)


class _Reader:
    """One aggregation while it is resolved."""

    def __init__(
        self, resolver: Resolver, place: str, item: AggregationSpec, tables: Sequence[Table]
    ) -> None:
        self.resolver = resolver
        self.place = place
        self.item = item
        self.tables = tables
        self.table = tables[0]
        self._trees: dict[str, exp.Expr | None] = {}

    def aggregation(self) -> Aggregation | None:
        """The aggregation; None after noting its problems."""
        before = len(self.resolver.problems)
        item, place = self.item, self.place
        self.resolver.settings(place, item.parameters, ("column",))
        if item.column and "column" in item.parameters:
            self._problem("parameters.column", "the column is in `column` already; keep one")
        self._choose_table()
        if len(self.resolver.problems) > before:
            return None
        groups = [self._group(index, text) for index, text in enumerate(item.group_by)]
        measure = self._measure([group.column for group in groups if group])
        if len(self.resolver.problems) > before or measure is None:
            return None
        settled = [group for group in groups if group]
        having = self._having(settled, measure)
        if len(self.resolver.problems) > before:
            return None
        return Aggregation(
            naming.snake_case(item.name),
            sentence(item.description),
            self.table,
            tuple((group.text, group.column) for group in settled),
            measure.text,
            measure.column,
            having,
        )

    def _problem(self, field: str, message: str) -> None:
        self.resolver.problem(f"{self.place}.{field}" if field else self.place, message)

    # --- the table --------------------------------------------------------------------------------

    def _choose_table(self) -> None:
        """Find the first table that has every column the aggregation names, of those it names."""
        wanted, asked = self._named(), self._asked_tables()
        # Where none is called that, resolving the columns says so.
        tables = [each for each in self.tables if asked <= _slugs(self._called(each))]
        tables = tables or list(self.tables)
        for table in tables:
            if all(table.has(name) for _, name in wanted):
                self.table = table
                return
        for field, name in wanted:
            if not any(table.has(name) for table in tables):
                known = dict.fromkeys(name for table in tables for name in names(table.columns))
                self._problem(field, sql.unknown_column(name, list(known)))
                return
        holders = "; ".join(
            f"{name}: {', '.join(table.model for table in tables if table.has(name))}"
            for name in dict.fromkeys(name for _, name in wanted)
        )
        self._problem("", f"no table has all of its columns ({holders}); join the tables first")

    def _named(self) -> list[tuple[str, str]]:
        """Field and name of every column that the aggregation is sure to read."""
        named = [
            (f"group_by[{index}]", column)
            for index, text in enumerate(self.item.group_by)
            for column in sql.columns_in(self._tree(f"group_by[{index}]", text) or exp.Null())
        ]
        if self._given:
            named.append(self._given)
        tree = self._tree("having", self.item.having) if self.item.having else None
        for call in tree.find_all(exp.AggFunc) if tree else ():
            named += [("having", column) for column in sql.columns_in(call)]
        return named

    def _tree(self, field: str, text: str) -> exp.Expr | None:
        if field not in self._trees:
            self._trees[field] = None
            try:
                self._trees[field] = sql.parse_named(text)[0]
            except ExpressionError as error:
                self._problem(field, str(error))
        return self._trees[field]

    @property
    def _given(self) -> tuple[str, str] | None:
        """The column that the spec names for the function, with its field."""
        if self.item.column:
            return "column", self.item.column
        given = self.item.parameters.get("column")
        return None if given is None else ("parameters.column", str(given))

    def _called(self, table: Table) -> tuple[str, ...]:
        """The names by which the aggregation may call a table."""
        return own_names(self.resolver.spec) if table is self.tables[0] else (table.model,)

    def _asked_tables(self) -> set[str]:
        """The tables that stand before a column of the groups."""
        trees = (
            self._tree(f"group_by[{index}]", text) for index, text in enumerate(self.item.group_by)
        )
        columns = (column for tree in trees if tree for column in tree.find_all(exp.Column))
        return _slugs(column.table for column in columns if column.table)

    # --- groups and measure -----------------------------------------------------------------------

    def _group(self, index: int, text: str) -> _Group | None:
        field = f"group_by[{index}]"
        columns = self.table.columns
        try:
            tree, alias = sql.parse_named(text)
            tree = sql.resolve_columns(tree, columns, self._called(self.table))
            sql.refuse_beyond_row(tree)
            found = sql.settled(tree, columns)
        except ExpressionError as error:
            self._problem(field, str(error))
            return None
        kind = found.kind
        if kind is None or kind == "json":
            what = "is JSON, which cannot be compared" if kind else "has a type that is not known"
            self._problem(field, f"{what}; cast it: cast({text} as text)")
            return None
        if isinstance(tree, exp.Column) and alias is None:
            name = tree.name
        else:
            name = naming.column_names([alias or tree.sql(dialect=sql.DIALECT)])[0]
        title = sql.find_column(tree.name, columns).title if isinstance(tree, exp.Column) else ""
        return _Group(Column(name, kind, title), rendered_as(kind, found), tree)

    def _measure(self, groups: Sequence[Column]) -> _Measure | None:
        """The aggregate, cast so that it has one type on every target."""
        function = self.item.function
        if function == "count" and self._given is None:
            return self._named_apart(groups, _Measure(Column("count", "bigint"), "count(*)"))
        column = self._measured(groups)
        if column is None:
            return None
        field = self._given[0] if self._given else "function"
        if function in _OF_NUMBERS and not column.is_numeric:
            self._problem(field, f"'{function}' needs numbers, and {column.name} is {column.type}")
            return None
        if not _fits(function, column):
            self._problem(field, f"'{function}' is not for {column.type}, which {column.name} is")
            return None
        kind = _result_type(function, column)
        subject = ordered(column) if function in _OF_ORDERED else column.name
        if function == "median" and kind != column.type:
            # DuckDB would round the middle of two decimals to their digits.
            subject = f"cast({subject} as {sql.written_type(kind)})"
        text = _CALLS[function].format(subject)
        if function in _OF_NUMBERS:
            text = f"cast({text} as {sql.written_type(kind)})"
        name = "count" if function == "count" else f"{function}_{column.name}"[: naming.MAX_NAME]
        return self._named_apart(groups, _Measure(Column(name, kind), text))

    def _measured(self, groups: Sequence[Column]) -> Column | None:
        """The column that is summarised: the one that is named, or the only one that fits."""
        if self._given:
            field, name = self._given
            return self.resolver.column(f"{self.place}.{field}", name, self.table.columns)
        function = self.item.function
        grouped = {group.name for group in groups}
        candidates = [
            column
            for column in self.table.columns
            if column.name not in grouped
            and _fits(function, column)
            and (column.is_numeric or function not in _OF_NUMBERS)
        ]
        if len(candidates) == 1:
            return candidates[0]
        shown = ", ".join(names(candidates or self.table.columns))
        self._problem(
            "function",
            f"'{function}' needs a column, and {len(candidates) or 'none'} fit; say it in `column`"
            f" (candidates: {shown})",
        )
        return None

    def _named_apart(self, groups: Sequence[Column], measure: _Measure) -> _Measure | None:
        taken = [group.name for group in groups]
        for index, name in enumerate(taken):
            if name == measure.column.name or name in taken[:index]:
                self._problem(
                    f"group_by[{index}]",
                    f"gives a second column '{name}'; name it otherwise, as in"
                    f" '{self.item.group_by[index]} as other_name'",
                )
                return None
        return measure

    # --- having -----------------------------------------------------------------------------------

    def _having(self, groups: Sequence[_Group], measure: _Measure) -> str | None:
        """`having` with the function's name, or its column's, standing for the aggregate itself."""
        if not self.item.having:
            return None
        aggregate = {measure.column.name, self.item.function, naming.snake_case(self.item.name)}
        by_name = {group.column.name: group for group in groups}
        columns = self.table.columns

        def stand_in(node: exp.Expr) -> exp.Expr:
            if isinstance(node, exp.AggFunc):
                return sql.resolve_columns(node.copy(), columns, self._called(self.table))
            if not isinstance(node, exp.Column):
                return node
            if node.name in by_name:
                return by_name[node.name].tree.copy()
            if node.name in aggregate:
                return sql.parse_expression(measure.text)
            raise ExpressionError(sql.unknown_column(node.name, [*by_name, *sorted(aggregate)]))

        try:
            tree = sql.parse_expression(self.item.having)
            if tree.find(exp.Window, exp.Subquery, exp.Select):
                raise ExpressionError("has a window function or a subquery; it sees one group")
            tree = tree.transform(stand_in)
            found = sql.settled(tree, columns)
        except ExpressionError as error:
            self._problem("having", str(error))
            return None
        if not condition_fits(self.resolver, f"{self.place}.having", found):
            return None
        return found.text


def _slugs(found: Iterable[str]) -> set[str]:
    return {naming.snake_case(name) for name in found}


def _fits(function: str, column: Column) -> bool:
    if function in _OF_ORDERED:
        return column.is_ordered
    return function == "count" or column.type != "json"


def _result_type(function: str, column: Column) -> str:
    if function in ("count", "count_distinct"):
        return "bigint"
    if function in _OF_ORDERED:
        return column.type
    if function == "sum" and column.type in ("integer", "bigint"):
        return "decimal(38,0)"
    if function == "sum" and column.type.startswith("decimal"):
        return f"decimal(38,{column.type.rstrip(')').split(',')[-1].strip()})"
    return "double"
