"""One spec while it is resolved: what its fields name, and every problem found so far."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from controlplane import naming, sql
from controlplane.errors import Problem
from controlplane.generate.process import Table
from controlplane.specs.etl import EtlProcess
from controlplane.specs.files import SpecFile
from controlplane.specs.source_schema import SourceSchema
from controlplane.specs.values import did_you_mean
from controlplane.sql import Column, Expression, ExpressionError

# The silver model or the join of another process by its name; None where no process writes it.
OtherTable = Callable[[str], Table | None]

# Room for what the models put around a step's name: `_<name>_row_number`.
MAX_STEP_NAME = 48
_TAKEN_NAMES = frozenset(
    """
    batches bad_records checked copies current_batches dated delivered failed_records final
    first_deliveries first_of_version history judged judged_by_batch kept kept_versions newest
    newest_duplicates newest_ranked numbered records redelivered rejected_lines rejects
    repeated_versions set_aside skipped_batches source typed validated versions
    """.split()  # noqa: SIM905 - a list of quoted words is harder to read
)


@dataclass
class Resolver:
    """Walks one spec; collects problems instead of stopping at the first."""

    file: SpecFile[EtlProcess]
    schema: SourceSchema
    other_table: OtherTable
    problems: list[Problem] = field(default_factory=list)
    _names: set[str] = field(default_factory=lambda: set(_TAKEN_NAMES))

    @property
    def spec(self) -> EtlProcess:
        """The spec."""
        return self.file.spec

    def problem(self, place: str, message: str) -> None:
        """Note a problem at a field of the spec."""
        self.problems.append(self.file.problem(place, message))

    def parse(
        self,
        place: str,
        text: str,
        columns: Sequence[Column],
        *,
        parameters: Mapping[str, Any] | None = None,
        settings: Collection[str] = (),
        tables: Sequence[str] = (),
    ) -> Expression | None:
        """The expression at a field, settled; None after noting a problem.

        Args:
            place: the field of the expression; its parameters stand beside it.
            text: the expression.
            columns: what it sees.
            parameters: what its placeholders stand for.
            settings: parameters that are no placeholders.
            tables: names that may stand before a column.
        """
        given = parameters or {}
        try:
            tree = sql.parse_expression(text)
            block = place.rsplit(".", 1)[0]
            self.settings(block, given, {*settings, *sql.placeholders_in(tree)})
            tree = sql.resolve_columns(sql.fill_placeholders(tree, given), columns, tables)
            sql.refuse_beyond_row(tree)
            return sql.settled(tree, columns)
        except ExpressionError as error:
            self.problem(place, str(error))
            return None

    def settings(self, block: str, parameters: Mapping[str, Any], allowed: Collection[str]) -> None:
        """Note a problem for each parameter that would change nothing."""
        for name in parameters:
            if name not in allowed:
                known = ", ".join(sorted(allowed)) or "none"
                self.problem(
                    f"{block}.parameters.{name}",
                    f"changes nothing here (has: {known}){did_you_mean(name, sorted(allowed))}",
                )

    def column(self, place: str, name: Any, columns: Sequence[Column]) -> Column | None:
        """The column that a field names; None after noting a problem."""
        if not isinstance(name, str):
            self.problem(place, f"found {name!r}, expected the name of a column")
            return None
        try:
            return sql.find_column(name, columns)
        except ExpressionError as error:
            self.problem(place, str(error))
            return None

    def cte_name(self, name: str) -> str:
        """A name for a step of a model that no other step has, from its name in the spec."""
        base = naming.snake_case(name)[:MAX_STEP_NAME].rstrip("_")
        if base[0].isdigit():
            base = f"step_{base}"[:MAX_STEP_NAME]
        if base in naming.RESERVED:
            base = f"{base}_"
        found, count = base, 1
        while found in self._names:
            count += 1
            found = f"{base}_{count}"
        self._names.add(found)
        return found


def own_names(spec: EtlProcess) -> tuple[str, ...]:
    """The names by which the spec's expressions may call the process's own records."""
    source = spec.source_config
    found = [spec.table_name]
    found += [source.table.split(".")[-1].strip('"')] if source.table else []
    found += [source.model] if source.model else []
    return tuple(dict.fromkeys([*found, *query_tables(source.query)]))


def query_tables(query: str | None) -> list[str]:
    """The tables that a source's query reads; none where it cannot be parsed."""
    if not query:
        return []
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        tree = sqlglot.parse_one(query, read=sql.DIALECT)
    except (SqlglotError, RecursionError):
        return []
    found = [table.name for table in tree.find_all(exp.Table)]
    steps = {step.alias for step in tree.find_all(exp.CTE)}
    return [name for name in dict.fromkeys(found) if name and name not in steps]


# --- values ---------------------------------------------------------------------------------------

_NUMBER = re.compile(r"[+-]?(\d+(\.\d+)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_SHAPES: Mapping[str, tuple[str, str]] = {
    "date": (r"\d{4}-\d{2}-\d{2}", "a date such as 2024-01-31"),
    "timestamp": (
        r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?",
        "a UTC time such as 2024-01-31 12:30:00",
    ),
    "time": (r"\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?", "a time such as 12:30:00"),
    "uuid": (r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", "a UUID"),
}


def value_sql(value: Any, kind: str) -> str:
    """A value that a spec gives for a column of type `kind`, as SQL outside of a template.

    Raises:
        ExpressionError: the column cannot hold such a value.
    """
    if isinstance(value, bool) and kind in ("boolean", "text"):
        text = "true" if value else "false"
    elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
        text = str(value)
    else:
        raise ExpressionError(f"found {value!r}, expected {_expected(kind)}")
    if kind == "text":
        return sql.raw_string(text)
    text = text.strip()
    if kind == "boolean" and text.lower() in ("true", "false"):
        return text.lower()
    if Column("", kind).is_numeric and _NUMBER.fullmatch(text):
        return text.lstrip("+")
    if kind in _SHAPES and re.fullmatch(_SHAPES[kind][0], text, re.ASCII) and _exists(text, kind):
        return f"cast({sql.raw_string(text)} as {sql.sql_type(kind)})"
    raise ExpressionError(f"found '{text}', expected {_expected(kind)}")


def _exists(text: str, kind: str) -> bool:
    """Whether a date or a time that looks right is one of the calendar and the clock."""
    from datetime import datetime, time

    try:
        if kind in ("date", "timestamp"):
            datetime.fromisoformat(text)
        elif kind == "time":
            time.fromisoformat(text)
    except ValueError:
        return False
    return True


def _expected(kind: str) -> str:
    if kind in _SHAPES:
        return f"{_SHAPES[kind][1]}, as the column is {kind}"
    if kind == "json":
        return "no value: JSON cannot be compared"
    if kind == "boolean":
        return "true or false, as the column is boolean"
    return f"a {'text' if kind == 'text' else 'number'}, as the column is {kind}"
