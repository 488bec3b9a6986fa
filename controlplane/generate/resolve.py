"""What a spec means once its columns are known: every open end settled, or named as a problem.

Where the spec leaves something open the rule is: an explicit parameter first, then the one reading
that the columns allow, else a problem that lists the candidates.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from controlplane import naming, sql
from controlplane.errors import Problem, SpecError
from controlplane.specs.etl import EtlProcess
from controlplane.specs.files import SpecFile
from controlplane.specs.source_schema import SourceSchema
from controlplane.sql import Column, ExpressionError

LOAD_COLUMNS = ("_batch_id", "_source_file", "_row_number", "_loaded_at")

# Gives the columns of another process's silver model by its table name; None where there is none.
OtherTable = Callable[[str], tuple[Column, ...] | None]


@dataclass(frozen=True)
class Step:
    """One change to a record: a filter's condition, or a column's new value."""

    name: str
    description: str
    expression: str
    column: str | None
    columns_before: tuple[Column, ...]

    @property
    def is_filter(self) -> bool:
        """Whether the step decides on records instead of changing them."""
        return self.column is None


@dataclass(frozen=True)
class Rule:
    """One validation rule: `violation` is the SQL that is true for a record that breaks it."""

    name: str
    description: str
    severity: str
    column: str | None
    violation: str | None
    data_test: Mapping[str, Any] | None


@dataclass(frozen=True)
class Deduplication:
    """Records alike in `columns` are one: the first in `order` stays."""

    name: str
    description: str
    columns: tuple[str, ...]
    order: tuple[str, ...]


@dataclass(frozen=True)
class Aggregation:
    """A gold model: one function over the groups of the silver model."""

    model: str
    description: str
    group_by: tuple[Column, ...]
    expression: str
    column: Column
    having: str | None


@dataclass(frozen=True)
class Join:
    """A silver model that joins the process's records with another table."""

    model: str
    description: str
    kind: str
    left_name: str
    left_ref: str
    right_name: str
    right_ref: str
    right_raw: str | None
    condition: str
    left_columns: tuple[Column, ...]
    right_columns: tuple[tuple[Column, str], ...]


@dataclass(frozen=True)
class Process:
    """An ETL process with nothing left open: all that its models are written from."""

    spec_path: str
    name: str
    slug: str
    kind: str
    description: str
    table: str
    schema: str | None
    strategy: str
    key: tuple[str, ...]
    order: tuple[str, ...]
    valid_from: str
    source_columns: tuple[Column, ...]
    columns: tuple[Column, ...]
    descriptions: Mapping[str, str]
    source_description: str
    source_is_files: bool
    steps: tuple[Step, ...]
    rules: tuple[Rule, ...]
    deduplications: tuple[Deduplication, ...]
    aggregations: tuple[Aggregation, ...]
    joins: tuple[Join, ...]
    error_action: str
    error_threshold: int
    partitioning: Mapping[str, Any] | None
    reads_model: str | None = None

    @property
    def bronze(self) -> str:
        """The name of the bronze model."""
        return naming.bronze_model(self.table)

    @property
    def checked(self) -> str:
        """The name of the model with every record judged."""
        return naming.checked_model(self.table)

    @property
    def quarantine(self) -> str:
        """The name of the quarantine model."""
        return naming.quarantine_model(self.table)

    @property
    def outcomes(self) -> str:
        """The name of the model that says where each source record ended."""
        return naming.outcomes_model(self.table)

    @property
    def current_only(self) -> bool:
        """Whether only the newest delivery of each source counts."""
        return self.strategy == "replace"


@dataclass
class _Resolver:
    """Walks one spec; collects problems instead of stopping at the first."""

    file: SpecFile[EtlProcess]
    schema: SourceSchema
    other_table: OtherTable
    problems: list[Problem] = field(default_factory=list)

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
        tables: Sequence[str] = (),
    ) -> exp.Expr | None:
        """The expression at a field, its columns resolved; None after noting a problem."""
        try:
            tree = sql.fill_placeholders(sql.parse_expression(text), parameters or {})
            tree = sql.resolve_columns(tree, columns, tables)
            sql.refuse_beyond_row(tree)
        except ExpressionError as error:
            self.problem(place, str(error))
            return None
        return tree

    def column(self, place: str, name: str, columns: Sequence[Column]) -> Column | None:
        """The column that a field names; None after noting a problem."""
        try:
            return sql.find_column(name, columns)
        except ExpressionError as error:
            self.problem(place, str(error))
            return None


def resolve(
    file: SpecFile[EtlProcess],
    schema: SourceSchema,
    spec_path: str,
    other_table: OtherTable = lambda _: None,
) -> Process:
    """The process of one spec with everything settled.

    Args:
        file: the spec with its lines.
        schema: what is known of its source.
        spec_path: how generated files name the spec: relative to the project.
        other_table: columns of other processes' silver models, for joins.

    Raises:
        SpecError: with every problem of the spec's expressions and columns.
    """
    spec = file.spec
    resolver = _Resolver(file, schema, other_table)
    declared = _declared_columns(resolver)
    source_columns = tuple(
        Column(column.name, declared.get(column.name, column.type), column.title)
        for column in schema.columns
    )
    tables = _own_names(spec)
    columns, steps = _steps(resolver, source_columns, tables)
    columns, cleaning, deduplications = _cleaning(resolver, columns, tables)
    rules = _rules(resolver, columns, tables)
    key = _key(resolver, columns)
    order_column = _order_column(resolver, columns)
    aggregated_over = columns
    joins = _joins(resolver, columns)
    aggregations = _aggregations(resolver, aggregated_over)
    _partition_columns(resolver, columns)
    _strategy(resolver)
    if resolver.problems:
        raise SpecError(resolver.problems)

    target = spec.target_config
    descriptions = {
        naming.column_names([column.name])[0]: column.description
        for column in spec.source_config.columns or ()
        if column.description
    }
    partitioning = target.partitioning.model_dump(mode="json") if target.partitioning else None
    return Process(
        spec_path=spec_path,
        name=spec.name,
        slug=spec.slug,
        kind=spec.type,
        description=_sentence(spec.description or spec.name),
        table=target.table_name or spec.slug,
        schema=target.schema_name,
        strategy=target.load_strategy,
        key=key,
        order=_newest_first(order_column),
        valid_from=order_column.name
        if order_column and order_column.type in ("timestamp", "date")
        else "_loaded_at",
        source_columns=source_columns,
        columns=columns,
        descriptions=descriptions,
        source_description=_source_description(spec),
        source_is_files=bool(spec.source_config.path),
        steps=(*steps, *cleaning),
        rules=rules,
        deduplications=deduplications,
        aggregations=aggregations,
        joins=joins,
        error_action=spec.error_handling.error_action,
        error_threshold=spec.error_handling.error_threshold,
        partitioning=partitioning,
        reads_model=spec.source_config.model,
    )


def _own_names(spec: EtlProcess) -> tuple[str, ...]:
    """The names by which the spec's expressions may call the process's own records."""
    names = [spec.target_config.table_name or spec.slug]
    names += [spec.source_config.table.split(".")[-1]] if spec.source_config.table else []
    names += _query_tables(spec.source_config.query)
    return tuple(dict.fromkeys(names))


def _query_tables(query: str | None) -> list[str]:
    if not query:
        return []
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        tree = sqlglot.parse_one(query, read=sql.DIALECT)
    except SqlglotError:
        return []
    return [table.name for table in tree.find_all(exp.Table)]


def _declared_columns(resolver: _Resolver) -> dict[str, str]:
    """The types that the spec declares, by raw column."""
    columns = [Column(column.name, column.type, column.title) for column in resolver.schema.columns]
    declared = {}
    for index, column in enumerate(resolver.file.spec.source_config.columns or ()):
        found = resolver.column(f"source_config.columns[{index}].name", column.name, columns)
        if found and column.type:
            declared[found.name] = column.type
    return declared


def _target_column(
    resolver: _Resolver,
    place: str,
    parameters: Mapping[str, Any],
    tree: exp.Expr,
    columns: Sequence[Column],
) -> str | None:
    """The column that an expression changes: the parameter, or the only one that it names."""
    if parameters.get("column"):
        return naming.column_names([str(parameters["column"])])[0]
    named = sql.columns_in(tree)
    if len(named) == 1:
        return named[0]
    candidates = ", ".join(named or [column.name for column in columns])
    resolver.problem(
        place,
        f"names {len(named)} columns, so it is open which one it changes;"
        f" say it in parameters.column (candidates: {candidates})",
    )
    return None


def _steps(
    resolver: _Resolver, columns: tuple[Column, ...], tables: Sequence[str]
) -> tuple[tuple[Column, ...], list[Step]]:
    """The spec's transformations in order, and the columns after them."""
    steps: list[Step] = []
    for index, item in enumerate(resolver.file.spec.transform_config.transformations):
        place = f"transform_config.transformations[{index}]"
        name, description = naming.snake_case(item.name), _sentence(item.description)
        tree = resolver.parse(
            f"{place}.expression",
            item.expression,
            columns,
            parameters=item.parameters,
            tables=tables,
        )
        if tree is None:
            continue
        if item.type == "filter":
            condition = sql.render(tree, columns)
            steps.append(Step(name, description, condition, None, columns))
            continue
        target = _target_column(resolver, f"{place}.expression", item.parameters, tree, columns)
        if target is None:
            continue
        columns, step = _changed(
            resolver, place, name, description, tree, target, item.parameters.get("type"), columns
        )
        steps.extend(step)
    return columns, steps


def _changed(
    resolver: _Resolver,
    place: str,
    name: str,
    description: str,
    tree: exp.Expr,
    target: str,
    given_type: str | None,
    columns: tuple[Column, ...],
) -> tuple[tuple[Column, ...], list[Step]]:
    """The step that sets `target` to an expression, and the columns after it."""
    present = {column.name: column for column in columns}
    result = sql.type_of(tree, columns)
    kind = given_type or (present[target].type if target in present else result)
    if kind is None:
        resolver.problem(
            f"{place}.expression",
            f"the type of the new column '{target}' cannot be told from the expression;"
            f" say it in parameters.type (one of {', '.join(sql.SQL_TYPES)}, decimal(p, s))",
        )
        return columns, []
    text = sql.render(tree, columns)
    if kind != result:
        text = f"cast({text} as {sql.sql_type(kind)})"
    step = Step(name, description, text, target, columns)
    after = tuple(
        Column(column.name, kind, column.title) if column.name == target else column
        for column in columns
    )
    if target not in present:
        after = (*columns, Column(target, kind))
    return after, [step]


def _cleaning(
    resolver: _Resolver, columns: tuple[Column, ...], tables: Sequence[str]
) -> tuple[tuple[Column, ...], list[Step], tuple[Deduplication, ...]]:
    """The spec's cleaning rules: changes of values, and deduplications."""
    steps: list[Step] = []
    duplicates: list[Deduplication] = []
    for index, rule in enumerate(resolver.file.spec.transform_config.data_quality.cleaning_rules):
        place = f"transform_config.data_quality.cleaning_rules[{index}]"
        name, description = naming.snake_case(rule.name), _sentence(rule.description)
        kind = rule.type
        parameters = rule.parameters or {}
        if kind == "deduplication":
            found = _deduplication(resolver, place, rule, columns)
            if found:
                duplicates.append(found)
            continue
        if kind == "expression":
            tree = resolver.parse(
                f"{place}.expression",
                rule.expression,
                columns,
                parameters=parameters,
                tables=tables,
            )
            if tree is None:
                continue
            target = _target_column(resolver, f"{place}.expression", parameters, tree, columns)
        else:
            target = _ruled_column(resolver, place, rule.name, rule.expression, parameters, columns)
            if target is None:
                continue
            tree = _cleaning_expression(resolver, place, kind, target, rule.expression, parameters)
        if target is None or tree is None:
            continue
        columns, step = _changed(resolver, place, name, description, tree, target, None, columns)
        steps.extend(step)
    return columns, steps, tuple(duplicates)


def _cleaning_expression(
    resolver: _Resolver,
    place: str,
    kind: str,
    target: str,
    expression: str | None,
    parameters: Mapping[str, Any],
) -> exp.Expr | None:
    """What a named cleaning rule does to its column, as an expression."""
    column = exp.column(target)
    value = parameters.get("value", expression if kind != "replace" else None)
    match kind:
        case "trim":
            return exp.func("trim", column, dialect=sql.DIALECT)
        case "lowercase":
            return exp.func("lower", column, dialect=sql.DIALECT)
        case "uppercase":
            return exp.func("upper", column, dialect=sql.DIALECT)
        case "null_if" if value is not None:
            return exp.func("nullif", column, sql.literal(value), dialect=sql.DIALECT)
        case "default" if value is not None:
            return exp.func("coalesce", column, sql.literal(value), dialect=sql.DIALECT)
        case "replace" if "from" in parameters and "to" in parameters:
            return exp.func(
                "replace",
                column,
                sql.literal(str(parameters["from"])),
                sql.literal(str(parameters["to"])),
                dialect=sql.DIALECT,
            )
    needed = "parameters.from and parameters.to" if kind == "replace" else "parameters.value"
    resolver.problem(f"{place}.parameters", f"a rule of type '{kind}' needs {needed}")
    return None


_DISTINCT_ON = re.compile(
    r"^\s*distinct\s+on\s*\((?P<columns>[^)]+)\)\s*(?:order\s+by\s+(?P<order>.+))?$",
    re.IGNORECASE | re.DOTALL,
)


def _deduplication(
    resolver: _Resolver, place: str, rule: Any, columns: tuple[Column, ...]
) -> Deduplication | None:
    """`DISTINCT ON (a, b) [ORDER BY c DESC]`, `DISTINCT`, or a plain list of columns."""
    text = (rule.expression or "").strip()
    given = (rule.parameters or {}).get("columns") or (rule.parameters or {}).get("column")
    order: tuple[str, ...] = ()
    if given:
        names = [given] if isinstance(given, str) else list(given)
    elif matched := _DISTINCT_ON.match(text):
        names = matched["columns"].split(",")
        if matched["order"]:
            found = _order(resolver, place, matched["order"], columns)
            if found is None:
                return None
            order = found
    elif text.lower() == "distinct":
        names = [column.name for column in columns]
    else:
        names = text.split(",") if text else []
    if not names:
        resolver.problem(
            f"{place}.expression",
            "says no columns; write DISTINCT ON (column, …), or DISTINCT for whole records",
        )
        return None
    resolved = [
        resolver.column(f"{place}.expression", name.strip().strip('"'), columns) for name in names
    ]
    if None in resolved:
        return None
    return Deduplication(
        naming.snake_case(rule.name),
        _sentence(rule.description),
        tuple(column.name for column in resolved if column),
        order,
    )


def _order(
    resolver: _Resolver, place: str, text: str, columns: tuple[Column, ...]
) -> tuple[str, ...] | None:
    terms = []
    for term in text.split(","):
        matched = re.match(r"^\s*(\S+)\s*(asc|desc)?\s*(nulls\s+(first|last))?\s*$", term, re.I)
        if not matched:
            resolver.problem(f"{place}.expression", f"cannot order by {term.strip()!r}")
            return None
        column = resolver.column(f"{place}.expression", matched[1], columns)
        if column is None:
            return None
        direction = (matched[2] or "asc").lower()
        terms.append(f"{column.name} {direction} nulls {(matched[4] or 'last').lower()}")
    return tuple(terms)


def _ruled_column(
    resolver: _Resolver,
    place: str,
    name: str,
    expression: str | None,
    parameters: Mapping[str, Any],
    columns: Sequence[Column],
) -> str | None:
    """The column that a rule is about: the parameter, else the column its name begins with."""
    if parameters.get("column"):
        found = resolver.column(f"{place}.parameters.column", str(parameters["column"]), columns)
        return found.name if found else None
    slug = naming.snake_case(name)
    matching = [
        column.name
        for column in columns
        if slug == column.name or slug.startswith(f"{column.name}_")
    ]
    if matching:
        return max(matching, key=len)
    written = naming.snake_case(expression or "")
    if any(column.name == written for column in columns):
        return written
    resolver.problem(
        f"{place}.name",
        f"'{name}' begins with no column's name, so it is open which one is meant;"
        f" say it in parameters.column (candidates: {', '.join(c.name for c in columns)})",
    )
    return None


def _rules(
    resolver: _Resolver, columns: tuple[Column, ...], tables: Sequence[str]
) -> tuple[Rule, ...]:
    rules = []
    for index, rule in enumerate(resolver.file.spec.transform_config.data_quality.validation_rules):
        place = f"transform_config.data_quality.validation_rules[{index}]"
        kind = rule.type
        column: str | None = None
        if kind != "expression":
            column = _ruled_column(
                resolver, place, rule.name, rule.expression, rule.parameters or {}, columns
            )
            if column is None:
                continue
        written = _rule_sql(resolver, place, kind, rule, column, columns, tables)
        if written is None:
            continue
        violation, data_test = written
        rules.append(
            Rule(
                naming.snake_case(rule.name),
                _sentence(rule.description),
                rule.severity,
                column,
                violation,
                data_test,
            )
        )
    return tuple(rules)


def _rule_sql(
    resolver: _Resolver,
    place: str,
    kind: str,
    rule: Any,
    column: str | None,
    columns: tuple[Column, ...],
    tables: Sequence[str],
) -> tuple[str | None, dict[str, Any] | None] | None:
    """What a record that breaks the rule looks like, and the data test that says the same."""
    parameters: Mapping[str, Any] = rule.parameters or {}
    text = (rule.expression or "").strip()
    types = {item.name: item for item in columns}
    match kind:
        case "not_null":
            return f"{column} is null", {"not_null": {}}
        case "unique":
            return None, {"unique": {}}
        case "regex":
            pattern = text or str(parameters.get("pattern", ""))
            if not _check_pattern(resolver, place, pattern):
                return None
            subject = column if types[str(column)].type == "text" else f"cast({column} as text)"
            call = f"matches({sql.jinja_string(str(subject))}, {sql.jinja_string(pattern)})"
            return f"not {{{{ {call} }}}}", {"matches_pattern": {"pattern": pattern}}
        case "accepted_values":
            values = parameters.get("values") or _listed_values(text)
            if not values:
                resolver.problem(f"{place}.expression", "names no values; list them, with commas")
                return None
            shown = ", ".join(
                sql.sql_string(str(value)) if types[str(column)].type == "text" else str(value)
                for value in values
            )
            quoted = types[str(column)].type == "text"
            return (
                f"{column} not in ({shown})",
                {"accepted_values": {"values": list(values), "quote": quoted}},
            )
        case "range" | "length":
            low, high = _bounds(resolver, place, text, parameters)
            if low is None and high is None:
                return None
            subject = f"length({column})" if kind == "length" else str(column)
            parts = [f"{subject} < {_number(low)}"] if low is not None else []
            parts += [f"{subject} > {_number(high)}"] if high is not None else []
            condition = " or ".join(parts)
            return condition, {"satisfies": {"expression": f"not ({condition})"}}
        case _:
            tree = resolver.parse(
                f"{place}.expression", text, columns, parameters=parameters, tables=tables
            )
            if tree is None:
                return None
            rendered = sql.render(tree, columns)
            test = None if "{{" in rendered or "{%" in rendered else rendered
            return (
                f"not ({rendered})",
                {"satisfies": {"expression": test}} if test else None,
            )


def _check_pattern(resolver: _Resolver, place: str, pattern: str) -> bool:
    if not pattern:
        resolver.problem(f"{place}.expression", "is empty; write a regular expression")
        return False
    if re.search(r"\(\?[=!<]|\\[1-9]", pattern):
        resolver.problem(
            f"{place}.expression",
            "uses a look-around or a back-reference, which DuckDB's regular expressions do not"
            " have; write it without, or as a rule of type 'expression'",
        )
        return False
    try:
        re.compile(pattern)
    except re.error as error:
        resolver.problem(f"{place}.expression", f"is not a regular expression: {error}")
        return False
    return True


def _listed_values(text: str) -> list[str]:
    inner = re.sub(r"^\s*in\s*\((.*)\)\s*$", r"\1", text, flags=re.I | re.S)
    return [value.strip().strip("'\"") for value in inner.split(",") if value.strip()]


_RANGE = re.compile(r"^\s*(?:between\s+)?(-?[\d.]+)?\s*(?:and|\.\.|,)\s*(-?[\d.]+)?\s*$", re.I)
_ONE_SIDED = re.compile(r"^\s*(>=|<=)\s*(-?[\d.]+)\s*$")


def _bounds(
    resolver: _Resolver, place: str, text: str, parameters: Mapping[str, Any]
) -> tuple[Any, Any]:
    """The lowest and the highest value that a rule allows; None where there is no bound."""
    low, high = parameters.get("min"), parameters.get("max")
    if low is None and high is None and text:
        if matched := _RANGE.match(text):
            low, high = matched[1], matched[2]
        elif matched := _ONE_SIDED.match(text):
            low, high = (matched[2], None) if matched[1] == ">=" else (None, matched[2])
    if low is None and high is None:
        resolver.problem(
            f"{place}.expression",
            f"{text!r} says no bounds; write e.g. 'between 0 and 100', '>= 0',"
            " or parameters.min and parameters.max",
        )
    return low, high


def _number(value: Any) -> str:
    text = str(value)
    if re.fullmatch(r"-?\d+(\.\d+)?|-?\.\d+", text):
        return text
    return sql.sql_string(text)


def _key(resolver: _Resolver, columns: tuple[Column, ...]) -> tuple[str, ...]:
    """The columns that make a record the same thing again: the spec's, else the source's key."""
    target = resolver.file.spec.target_config
    names = {column.name for column in columns}
    if target.unique_key:
        found = [
            resolver.column(f"target_config.unique_key[{index}]", name, columns)
            for index, name in enumerate(target.unique_key)
        ]
        return tuple(column.name for column in found if column)
    if resolver.schema.primary_key and names.issuperset(resolver.schema.primary_key):
        return resolver.schema.primary_key
    strategy = target.load_strategy
    if strategy in ("upsert", "scd2"):
        resolver.problem(
            "target_config.load_strategy",
            f"'{strategy}' needs to know which records are the same thing again, and the source"
            " declares no primary key; say it in target_config.unique_key"
            f" (candidates: {', '.join(column.name for column in columns)})",
        )
    return ()


def _order_column(resolver: _Resolver, columns: tuple[Column, ...]) -> Column | None:
    name = resolver.file.spec.source_config.incremental_key
    return resolver.column("source_config.incremental_key", name, columns) if name else None


def _newest_first(column: Column | None) -> tuple[str, ...]:
    order = [f"{column.name} desc nulls last"] if column else []
    return (*order, "_batch_id desc", "_row_number desc")


def _strategy(resolver: _Resolver) -> None:
    spec = resolver.file.spec
    strategy = spec.target_config.load_strategy
    is_database = bool(spec.source_config.connection_string)
    if strategy == "replace" and spec.source_config.incremental_key and is_database:
        resolver.problem(
            "target_config.load_strategy",
            "'replace' with source_config.incremental_key would keep only what changed last;"
            " use 'upsert', 'append' or 'scd2', or leave the incremental key out",
        )
    if strategy == "append" and is_database and not spec.source_config.incremental_key:
        resolver.problem(
            "target_config.load_strategy",
            "'append' from a table without source_config.incremental_key would add every record"
            " again at each change; name an incremental key, or use 'replace', 'upsert' or 'scd2'",
        )


def _partition_columns(resolver: _Resolver, columns: tuple[Column, ...]) -> None:
    partitioning = resolver.file.spec.target_config.partitioning
    for index, name in enumerate(partitioning.columns if partitioning else ()):
        resolver.column(f"target_config.partitioning.columns[{index}]", name, columns)


_FUNCTIONS = {
    "count": "count({})",
    "count_distinct": "count(distinct {})",
    "sum": "sum({})",
    "avg": "avg({})",
    "min": "min({})",
    "max": "max({})",
    "median": "percentile_cont(0.5) within group (order by {})",
    "stddev": "stddev_samp({})",
}


def _aggregations(resolver: _Resolver, columns: tuple[Column, ...]) -> tuple[Aggregation, ...]:
    found = []
    for index, item in enumerate(resolver.file.spec.transform_config.aggregations):
        place = f"transform_config.aggregations[{index}]"
        function = item.function
        groups = [
            resolver.column(f"{place}.group_by[{position}]", name, columns)
            for position, name in enumerate(item.group_by)
        ]
        group_by = tuple(column for column in groups if column)
        measure = _measure(resolver, place, item, function, columns, group_by)
        if len(group_by) < len(groups) or measure is None:
            continue
        expression, result = measure
        having = _having(resolver, place, item, expression, result, group_by, function)
        if item.having and having is None:
            continue
        found.append(
            Aggregation(
                naming.snake_case(item.name),
                _sentence(item.description or item.name),
                group_by,
                expression,
                result,
                having,
            )
        )
    return tuple(found)


def _measure(
    resolver: _Resolver,
    place: str,
    item: Any,
    function: str,
    columns: tuple[Column, ...],
    group_by: tuple[Column, ...],
) -> tuple[str, Column] | None:
    """The aggregate as SQL, cast so that it has one type on every target, and its column."""
    name = item.column or (item.parameters or {}).get("column")
    if function == "count" and not name:
        return "count(*)", Column("count", "bigint")
    if name:
        column = resolver.column(f"{place}.column", str(name), columns)
    else:
        grouped = {group.name for group in group_by}
        candidates = [
            candidate
            for candidate in columns
            if candidate.name not in grouped
            and (candidate.is_numeric or function in ("count_distinct", "min", "max"))
        ]
        column = candidates[0] if len(candidates) == 1 else None
        if column is None:
            resolver.problem(
                f"{place}.function",
                f"'{function}' needs a column, and more or less than one fits; say it in"
                f" {place.rsplit('.', 1)[-1]}.column"
                f" (candidates: {', '.join(c.name for c in candidates or columns)})",
            )
    if column is None:
        return None
    if function in ("sum", "avg", "median", "stddev") and not column.is_numeric:
        resolver.problem(
            f"{place}.column", f"'{function}' needs numbers, and {column.name} is {column.type}"
        )
        return None
    call = _FUNCTIONS[function].format(column.name)
    kind = _measure_type(function, column)
    if function in ("sum", "avg", "median", "stddev"):
        call = f"cast({call} as {sql.sql_type(kind)})"
    result = "count" if function == "count" else f"{function}_{column.name}"
    return call, Column(result[: naming.MAX_NAME], kind)


def _measure_type(function: str, column: Column) -> str:
    if function in ("count", "count_distinct"):
        return "bigint"
    if function in ("min", "max"):
        return column.type
    if function == "sum" and column.type in ("integer", "bigint"):
        return "decimal(38, 0)"
    if function == "sum" and column.type.startswith("decimal"):
        return f"decimal(38, {column.type.rstrip(')').split(',')[-1].strip()})"
    return "double"


def _having(
    resolver: _Resolver,
    place: str,
    item: Any,
    expression: str,
    result: Column,
    group_by: tuple[Column, ...],
    function: str,
) -> str | None:
    """`having` with the function's name, or its column's, standing for the aggregate itself."""
    if not item.having:
        return None
    names = {result.name, function, naming.snake_case(item.name)}
    try:
        tree = sql.parse_expression(item.having)
        visible = [*group_by, *(Column(name, result.type) for name in sorted(names))]
        marker = "aggregate_stands_here"

        def to_marker(node: exp.Expr) -> exp.Expr:
            if isinstance(node, exp.AggFunc):
                return exp.column(result.name)
            return node

        tree = sql.resolve_columns(tree.transform(to_marker), visible)
        tree = tree.transform(
            lambda node: (
                exp.column(marker) if isinstance(node, exp.Column) and node.name in names else node
            )
        )
        text = sql.render(tree, [*group_by, Column(marker, result.type)])
    except ExpressionError as error:
        resolver.problem(f"{place}.having", str(error))
        return None
    return text.replace(marker, expression)


def _joins(resolver: _Resolver, columns: tuple[Column, ...]) -> tuple[Join, ...]:
    spec = resolver.file.spec
    table = spec.target_config.table_name or spec.slug
    own = {naming.snake_case(name) for name in _own_names(spec)}
    # What a join may stand on: the process's own records, and each join before it.
    known: dict[str, tuple[str, tuple[Column, ...]]] = dict.fromkeys(own, (table, columns))
    found = []
    for index, item in enumerate(spec.transform_config.joins):
        place = f"transform_config.joins[{index}]"
        left_name = naming.snake_case(item.left_table)
        right_name = naming.snake_case(item.right_table)
        if left_name not in known:
            resolver.problem(
                f"{place}.left_table",
                f"no table '{item.left_table}' here (has: {', '.join(sorted(known))})",
            )
            continue
        left_ref, left_columns = known[left_name]
        right = _right_table(resolver, f"{place}.right_table", item.right_table, spec.slug)
        if right is None:
            continue
        right_ref, right_raw, right_columns = right
        if right_name == left_name:
            right_name = f"{right_name}_right"
        condition = _join_condition(
            resolver,
            f"{place}.condition",
            item.condition,
            left_name,
            left_columns,
            right_name,
            right_columns,
        )
        if condition is None:
            continue
        taken = {column.name for column in left_columns}
        renamed = []
        for column in right_columns:
            name = column.name
            if name in taken:
                name = f"{right_name}_{name}"[: naming.MAX_NAME]
            taken.add(name)
            renamed.append((column, name))
        model = naming.snake_case(item.name)
        found.append(
            Join(
                model,
                _sentence(item.description or item.name),
                item.type,
                left_name,
                left_ref,
                right_name,
                right_ref,
                right_raw,
                condition,
                left_columns,
                tuple(renamed),
            )
        )
        known[model] = (
            model,
            (*left_columns, *(Column(name, column.type) for column, name in renamed)),
        )
    return tuple(found)


def _right_table(
    resolver: _Resolver, place: str, name: str, slug: str
) -> tuple[str, str | None, tuple[Column, ...]] | None:
    """The model and columns of a join's other side, and its raw table where it has one."""
    others = resolver.other_table(naming.snake_case(name))
    if others is not None:
        return naming.snake_case(name), None, others
    schema = resolver.schema.joins.get(name) or resolver.schema.joins.get(naming.snake_case(name))
    if schema is not None:
        raw = naming.raw_join_table(slug, name)
        return (
            naming.bronze_model(raw),
            raw,
            tuple(Column(column.name, column.type, column.title) for column in schema.columns),
        )
    resolver.problem(
        place,
        f"no table '{name}': neither another process writes it, nor is it in the source's database",
    )
    return None


def _join_condition(
    resolver: _Resolver,
    place: str,
    text: str,
    left_name: str,
    left: tuple[Column, ...],
    right_name: str,
    right: tuple[Column, ...],
) -> str | None:
    sides = {left_name: left, right_name: right}

    def resolve_side(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Column):
            return node
        if node.table:
            side = naming.snake_case(node.table)
            if side not in sides:
                raise ExpressionError(f"no table '{node.table}' here (has: {', '.join(sides)})")
            return exp.column(sql.find_column(node.name, sides[side]).name, table=side)
        holders = [
            side
            for side, columns in sides.items()
            if any(naming.snake_case(node.name) == column.name for column in columns)
        ]
        if len(holders) != 1:
            raise ExpressionError(
                f"column '{node.name}' is in {' and '.join(holders) or 'neither table'};"
                f" write it with its table ({', '.join(sides)})"
            )
        return exp.column(sql.find_column(node.name, sides[holders[0]]).name, table=holders[0])

    try:
        tree = sql.parse_expression(text).transform(resolve_side)
        sql.refuse_beyond_row(tree)
    except ExpressionError as error:
        resolver.problem(place, str(error))
        return None
    return sql.render(tree, (*left, *right))


def _sentence(text: str | None) -> str:
    """`text` as one line that ends like a sentence."""
    line = " ".join((text or "").split())
    return line if not line or line[-1] in ".!?:" else f"{line}."


def _source_description(spec: EtlProcess) -> str:
    source = spec.source_config
    if source.path:
        paths = [source.path] if isinstance(source.path, str) else source.path
        return f"the files {', '.join(f'`{path}`' for path in paths)}"
    if source.table:
        return f"the table `{source.table}` of the source database"
    tables = _query_tables(source.query)
    if tables:
        return f"a query over {', '.join(f'`{table}`' for table in tables)} of the source database"
    return f"the model `{source.model}`" if source.model else "its source"
