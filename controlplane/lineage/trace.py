"""Column lineage of one query: every output column back to the columns of the tables it is made of.

The query is parsed and qualified once, and each column of each step (CTE, subquery, arm of a union)
is traced once, whoever reads it. What a value is computed from counts, not what rows are chosen by:
conditions of joins and filters are no sources, partition and order of a window are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope

from controlplane.lineage.edges import STRENGTH, ColumnEdge, Kind, Relation
from controlplane.lineage.uses import reached, use_of

_LONGEST_REASON = 200


class TraceError(Exception):
    """The columns of a query cannot be traced; says why."""


@dataclass(frozen=True)
class _Step:
    """How a source enters a column: the strongest step on the way, with its SQL."""

    kind: Kind
    expression: Any = None

    def after(self, inner: _Step) -> _Step:
        """This step done to what `inner` gives."""
        if inner.kind is Kind.CONSTANT:
            plain = self.kind in (Kind.COPY, Kind.CAST)
            return inner if plain else _Step(Kind.CONSTANT, self.expression)
        return self if STRENGTH[self.kind] >= STRENGTH[inner.kind] else inner


# Table (None for a constant) and column (None for its rows) with how it enters.
_Sources = dict[tuple[Relation | None, str | None], _Step]
_CONSTANT = (None, None)


def trace_columns(
    sql: str, dialect: str, columns: Mapping[Relation, Sequence[str]]
) -> list[ColumnEdge]:
    """The sources of every output column of a query, in the columns' order.

    Args:
        sql: one query.
        dialect: the name that sqlglot has for the engine's SQL.
        columns: the columns of the tables that it reads.

    Raises:
        TraceError: the query cannot be parsed, or it is not clear where a column is from.
    """
    try:
        expression = parse_one(sql, dialect=dialect)
        for table in expression.find_all(exp.Table):
            table.set("catalog", None)
        schema: dict[str, Any] = {}
        for (name, table_name), names in columns.items():
            schema.setdefault(name, {})[table_name] = dict.fromkeys(names, "text")
        qualified = qualify(
            expression,
            dialect=dialect,
            schema=schema,
            quote_identifiers=False,
            validate_qualify_columns=False,
        )
        root = build_scope(qualified)
        if root is None or not isinstance(qualified, exp.Query):
            raise TraceError("it is no query")
        return _Tracer(root, dialect, columns).edges()
    except (SqlglotError, RecursionError, ValueError, KeyError, AttributeError) as error:
        # What the parser says begins with what is wrong, and goes on with the SQL.
        first = next(iter(str(error).splitlines()), "") or type(error).__name__
        raise TraceError(first[:_LONGEST_REASON]) from error


class _Tracer:
    """Traces the columns of the scopes of one query."""

    def __init__(
        self, root: Scope, dialect: str, columns: Mapping[Relation, Sequence[str]]
    ) -> None:
        self._root = root
        self._columns = columns
        self._dialect = dialect
        # A recursive CTE reads its first arm through a scope that sqlglot leaves empty.
        self._scopes = {id(scope.expression): scope for scope in root.traverse()}
        self._known: dict[tuple[int, int], _Sources] = {}

    def edges(self) -> list[ColumnEdge]:
        found = []
        for position, name in enumerate(self._names(self._root)):
            if not name or name == "*":
                raise TraceError("the columns of a `*` are not known")
            sources = self._output(self._root, position)
            for (table, column), step in sources.items():
                found.append(
                    ColumnEdge(name, table, column, _kind(step, name, column), self._text(step))
                )
        return found

    def _text(self, step: _Step) -> str:
        if step.expression is None:
            return ""
        return str(step.expression.sql(dialect=self._dialect, comments=False))

    def _names(self, scope: Scope) -> list[str]:
        query: Any = scope.expression
        return list(scope.outer_columns or query.named_selects)

    def _output(self, scope: Scope, position: int) -> _Sources:
        """The sources of the column that a scope has at a position."""
        scope = self._scopes.get(id(scope.expression), scope)
        key = (id(scope.expression), position)
        if key not in self._known:
            self._known[key] = {}  # a column that is made of itself adds nothing
            self._known[key] = self._find(scope, position)
        return self._known[key]

    def _find(self, scope: Scope, position: int) -> _Sources:
        expression = scope.expression
        if isinstance(expression, exp.SetOperation):
            arms = [self._output(arm, position) for arm in scope.set_operation_scopes]
            return _merged(arms)
        if isinstance(expression, exp.Subquery):
            inner = [*scope.derived_table_scopes, *scope.subquery_scopes]
            return _merged([self._output(each, position) for each in inner])
        if isinstance(expression, exp.Select):
            return self._projection(scope, expression.selects[position].unalias())
        # A function or values that stand in the place of a table.
        return _done(_Step(Kind.EXPRESSION, expression), self._sources_in(scope, expression)) or {
            _CONSTANT: _Step(Kind.CONSTANT, expression)
        }

    def _projection(self, scope: Scope, expression: Any) -> _Sources:
        if isinstance(expression, exp.Column):
            return self._resolve(scope, expression)
        parts: list[_Sources] = []
        for node in reached(expression):
            if isinstance(node, exp.Column):
                kind = use_of(node, expression)
                if kind is Kind.AGGREGATION and not self._reads_tables(scope):
                    kind = Kind.EXPRESSION  # the parts of one value, put together again
                step = _Step(kind, expression)
                parts.append(_done(step, self._resolve(scope, node)))
            elif isinstance(node, exp.Query):
                step = _Step(Kind.EXPRESSION, expression)
                parts += [_done(step, each) for each in self._nested(node)]
            elif isinstance(node, exp.Window):
                named = self._named_window(scope, node)
                step = _Step(Kind.WINDOW, expression)
                parts += [_done(step, self._resolve(scope, each)) for each in named]
        found = _merged(parts)
        if found:
            return found
        if expression.find(exp.Window):
            return self._rows(scope, _Step(Kind.WINDOW, expression))
        if expression.find(exp.AggFunc):
            return self._rows(scope, _Step(Kind.AGGREGATION, expression))
        return {_CONSTANT: _Step(Kind.CONSTANT, expression)}

    def _nested(self, query: Any) -> list[_Sources]:
        """The sources of what a query inside of an expression gives."""
        inner = self._scopes.get(id(query.unnest()))
        if inner is None:
            raise TraceError("a query inside of an expression is not understood")
        return [self._output(inner, place) for place, _ in enumerate(self._names(inner))]

    def _reads_tables(self, scope: Scope) -> bool:
        """Whether a query has rows of a table or of another step, and not of functions alone."""
        return any(
            isinstance(source, Scope) or isinstance(source.this, exp.Identifier)
            for _, source in scope.selected_sources.values()
        )

    def _named_window(self, scope: Scope, window: Any) -> list[Any]:
        """The columns of a window that is defined at the end of the query."""
        name = window.args.get("alias")
        if name is None:
            return []
        for each in scope.expression.args.get("windows") or ():
            if each.name == name.name:
                return list(each.find_all(exp.Column))
        return []

    def _rows(self, scope: Scope, step: _Step) -> _Sources:
        """The rows of every table that a scope reads, where no value of them counts."""
        found: _Sources = {}
        for _, source in scope.selected_sources.values():
            if isinstance(source, Scope):
                inner = self._scopes.get(id(source.expression), source)
                arms = inner.set_operation_scopes or [inner]
                for arm in arms:
                    found |= self._rows(self._scopes.get(id(arm.expression), arm), step)
            elif source.name:
                found[(source.db, source.name), None] = step
        return found

    def _resolve(self, scope: Scope, column: Any) -> _Sources:
        """The sources of a column that an expression of a scope names."""
        place, source = self._owner(scope, column)
        if isinstance(source, Scope):
            return self._of_scope(source, column.name)
        if not isinstance(source.this, exp.Identifier):
            # A function that gives rows: what it is called with.
            step = _Step(Kind.EXPRESSION, source.this)
            return _done(step, self._sources_in(place, source.this))
        return {((source.db, source.name), column.name): _Step(Kind.COPY)}

    def _owner(self, scope: Scope, column: Any) -> tuple[Scope, Any]:
        """The table or step that a column is of, and the scope that names it, outer ones last."""
        place: Scope | None = scope
        while place is not None:
            if column.table:
                if column.table in place.sources:
                    return place, place.sources[column.table]
            else:  # inside of a function that stands in the place of a table
                owners = [
                    source
                    for _, source in place.selected_sources.values()
                    if column.name in self._columns_of(source)
                ]
                if len(owners) == 1:
                    return place, owners[0]
            place = place.parent
        raise TraceError(f"it is not clear which table column {column.name} is of")

    def _columns_of(self, source: Any) -> Sequence[str]:
        if not isinstance(source, Scope):
            return self._columns.get((source.db, source.name), ())
        return self._names(source) if isinstance(source.expression, exp.Query) else ()

    def _of_scope(self, source: Scope, name: str) -> _Sources:
        if not isinstance(source.expression, (exp.Query, exp.Subquery)):
            return self._output(source, 0)
        names = self._names(source)
        if name not in names:
            raise TraceError(f"it is not clear where column {name} is from")
        return self._output(source, names.index(name))

    def _sources_in(self, scope: Scope, expression: Any) -> _Sources:
        """The sources of everything that is named in a function that gives rows."""
        found = [
            self._resolve(scope, column)
            for column in expression.find_all(exp.Column)
            if column.find_ancestor(exp.Query) is expression.find_ancestor(exp.Query)
        ]
        return _merged(found)


def _done(step: _Step, sources: _Sources) -> _Sources:
    return {source: step.after(inner) for source, inner in sources.items()}


def _merged(parts: Sequence[_Sources]) -> _Sources:
    """All of the parts' sources; constants among them say nothing."""
    found: _Sources = {}
    for part in parts:
        for source, step in part.items():
            known = found.get(source)
            found[source] = step if known is None else known.after(step)
    if len(found) > 1:
        found.pop(_CONSTANT, None)
    return found


def _kind(step: _Step, name: str, column: str | None) -> Kind:
    if step.kind is Kind.COPY and column != name:
        return Kind.RENAME
    return step.kind
