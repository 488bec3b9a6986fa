"""How records are changed on their way: the source's filters, transformations, cleaning rules."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlglot import exp

from controlplane import naming, sql
from controlplane.generate.column_change import condition_fits, rename_column, set_column
from controlplane.generate.process import Step, sentence
from controlplane.generate.resolver import Resolver, value_sql
from controlplane.specs.transform import CleaningRule, ValidationRule
from controlplane.sql import Column, Expression, ExpressionError

Columns = tuple[Column, ...]
# Those of ASCII and Latin-1, but for tabs and the ends of lines.
_CONTROL_CHARACTERS = r"[\x01-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F]"


def source_filters(resolver: Resolver, columns: Columns) -> list[Step]:
    """The filters of files and models; a database applies its own while it is read."""
    source = resolver.spec.source_config
    steps: list[Step] = []
    for title, given in source.filters.items() if source.source_type != "postgresql" else ():
        place = f"source_config.filters.{title}"
        column = resolver.column(place, title, columns)
        values = given if isinstance(given, list) else [given]
        condition = _is_one_of(resolver, place, column, values) if column else None
        if column is None or condition is None:
            continue
        found = sql.settled(condition, columns)
        name = f"filter_{column.name}"
        steps.append(
            Step(
                name,
                resolver.cte_name(name),
                sentence(f"Only records whose {column.name} is {_words(values)} are asked for"),
                found.text,
                None,
                columns,
            )
        )
    return steps


def _words(values: Sequence[Any]) -> str:
    """The values as a sentence lists them."""
    return " or ".join("null" if value is None else str(value) for value in values)


def _is_one_of(
    resolver: Resolver, place: str, column: Column, values: Sequence[Any]
) -> exp.Expr | None:
    """The condition that a column has one of these values; None after noting a problem."""
    subject = exp.column(column.name)
    if column.type == "json" and any(value is not None for value in values):
        resolver.problem(place, f"the column {column.name} is JSON, which cannot be compared")
        return None
    try:
        options = [
            sql.parse_expression(value_sql(value, column.type))
            for value in values
            if value is not None
        ]
    except ExpressionError as error:
        resolver.problem(place, str(error))
        return None
    choices: list[exp.Expr] = []
    if len(options) == 1:
        choices.append(exp.EQ(this=subject.copy(), expression=options[0]))
    elif options:
        choices.append(exp.In(this=subject.copy(), expressions=options))
    if len(options) < len(values):
        choices.append(exp.Is(this=subject.copy(), expression=exp.Null()))
    return exp.or_(*choices) if choices else None


def transformations(
    resolver: Resolver, columns: Columns, tables: Sequence[str]
) -> tuple[Columns, list[Step]]:
    """The columns after the spec's transformations, and the steps in their order."""
    steps: list[Step] = []
    for index, item in enumerate(resolver.spec.transform_config.transformations):
        place = f"transform_config.transformations[{index}]"
        is_filter = item.type == "filter"
        if item.type == "rename":
            columns, step = rename_column(resolver, place, item, columns)
            steps += step
            continue
        found = resolver.parse(
            f"{place}.expression",
            item.expression,
            columns,
            parameters=item.parameters,
            settings=() if is_filter else ("column", "type"),
            tables=tables,
        )
        if found is None:
            continue
        if is_filter:
            if condition_fits(resolver, f"{place}.expression", found):
                steps.append(
                    Step(
                        naming.snake_case(item.name),
                        resolver.cte_name(item.name),
                        sentence(item.description),
                        found.text,
                        None,
                        columns,
                    )
                )
            continue
        target = _changed_column(resolver, place, item.parameters, found, columns)
        columns, step = set_column(resolver, place, item, found, target, columns)
        steps += step
    return columns, steps


def cleaning(
    resolver: Resolver, columns: Columns, tables: Sequence[str]
) -> tuple[Columns, list[Step]]:
    """The columns after the spec's cleaning rules but for deduplications, and the steps."""
    steps: list[Step] = []
    for index, rule in enumerate(resolver.spec.transform_config.data_quality.cleaning_rules):
        place = f"transform_config.data_quality.cleaning_rules[{index}]"
        if rule.type == "deduplication":
            continue
        found, target = _cleaning(resolver, place, rule, columns, tables)
        if found is None:
            continue
        columns, step = set_column(resolver, place, rule, found, target, columns)
        steps += step
    return columns, steps


def _cleaning(
    resolver: Resolver,
    place: str,
    rule: CleaningRule,
    columns: Columns,
    tables: Sequence[str],
) -> tuple[Expression | None, str | None]:
    """What a rule makes of a column, and the column; nothing after noting a problem."""
    if rule.type != "expression":
        column = _cleaned_column(resolver, place, rule, columns)
        tree = column and _cleaned(resolver, place, rule, column)
        return (sql.settled(tree, columns), column.name) if column and tree else (None, None)
    found = resolver.parse(
        f"{place}.expression",
        rule.expression,
        columns,
        parameters=rule.parameters,
        settings=("column", "type"),
        tables=tables,
    )
    if found is None:
        return None, None
    return found, _changed_column(resolver, place, rule.parameters, found, columns)


def ruled_column(
    resolver: Resolver,
    place: str,
    rule: ValidationRule | CleaningRule,
    columns: Columns,
    *,
    named_by_expression: bool,
) -> Column | None:
    """The column that a rule is about; None after noting a problem.

    That is the one of `parameters.column`, else the only one that the expression names, else the
    one that the rule's name begins with.
    """
    if "column" in rule.parameters:
        return resolver.column(f"{place}.parameters.column", rule.parameters["column"], columns)
    if named_by_expression and rule.expression:
        found = resolver.parse(f"{place}.expression", rule.expression, columns, parameters={})
        if found is None:
            return None
        named = sql.columns_in(found.tree)
        if len(named) == 1:
            return sql.find_column(named[0], columns)
    if column := column_of_rule(rule.name, columns):
        return column
    resolver.problem(
        f"{place}.name",
        f"'{rule.name}' begins with no column's name, so it is open which one is meant;"
        f" say it in parameters.column (candidates: {', '.join(c.name for c in columns)})",
    )
    return None


def column_of_rule(name: str, columns: Sequence[Column]) -> Column | None:
    """The column whose name a rule's name begins with, the longest of several."""
    slug = naming.snake_case(name)
    matching = [
        (each, column)
        for column in columns
        for each in (column.name, naming.snake_case(column.title))
        if each and f"{slug}_".startswith(f"{each}_")
    ]
    if not matching:
        return None
    # What a column is called comes before what its source calls another one.
    return max(matching, key=lambda found: (len(found[0]), found[0] == found[1].name))[1]


def _changed_column(
    resolver: Resolver,
    place: str,
    parameters: Mapping[str, Any],
    found: Expression,
    columns: Columns,
) -> str | None:
    """The column that an expression sets: the parameter, or the only one that it names."""
    if "column" in parameters:
        given = parameters["column"]
        try:
            return sql.find_column(str(given), columns).name
        except ExpressionError:
            if isinstance(given, str) and re.search("[a-z]", naming.snake_case(given)):
                return naming.column_names([given])[0]
        resolver.problem(
            f"{place}.parameters.column", f"found {given!r}, expected the name of a column"
        )
        return None
    named = sql.columns_in(found.tree)
    if len(named) == 1:
        return named[0]
    candidates = ", ".join(named or [column.name for column in columns])
    count = f"{len(named)} columns" if named else "no column"
    resolver.problem(
        f"{place}.expression",
        f"names {count}, so it is open which one it changes;"
        f" say it in parameters.column (candidates: {candidates})",
    )
    return None


def _cleaned_column(
    resolver: Resolver, place: str, rule: CleaningRule, columns: Columns
) -> Column | None:
    """The column of a rule that is not an expression; None after noting a problem."""
    has_value = rule.type in ("null_if", "default")
    settings = {"replace": ("column", "from", "to")}.get(rule.type, ("column",))
    resolver.settings(place, rule.parameters, (*settings, "value") if has_value else settings)
    column = ruled_column(
        resolver,
        place,
        rule,
        columns,
        named_by_expression=not has_value or "value" in rule.parameters,
    )
    if column and not has_value and column.type != "text":
        resolver.problem(
            place, f"'{rule.type}' is for text, and the column {column.name} is {column.type}"
        )
        return None
    return column


def _cleaned(resolver: Resolver, place: str, rule: CleaningRule, column: Column) -> exp.Expr | None:
    """What a rule does to its column, as an expression; None after noting a problem."""
    subject = exp.column(column.name)
    parameters = rule.parameters
    match rule.type:
        case "trim":
            return exp.func("trim", subject, dialect=sql.DIALECT)
        case "lowercase":
            return exp.func("lower", subject, dialect=sql.DIALECT)
        case "uppercase":
            return exp.func("upper", subject, dialect=sql.DIALECT)
        case "normalize":
            return exp.Normalize(this=subject)
        case "remove_control_characters":
            controls = exp.Literal.string(_CONTROL_CHARACTERS)
            nothing, everywhere = exp.Literal.string(""), exp.Literal.string("g")
            return exp.func(
                "regexp_replace", subject, controls, nothing, everywhere, dialect=sql.DIALECT
            )
        case "replace":
            parts = [parameters.get(name) for name in ("from", "to")]
            if not all(isinstance(part, (str, int, float)) for part in parts):
                resolver.problem(
                    f"{place}.parameters",
                    "a rule of type 'replace' needs the texts parameters.from and parameters.to",
                )
                return None
            texts = [exp.Literal.string(str(part)) for part in parts]
            return exp.func("replace", subject, *texts, dialect=sql.DIALECT)
    given = parameters.get("value", rule.expression or None)
    if given is None:
        resolver.problem(
            f"{place}.parameters", f"a rule of type '{rule.type}' needs parameters.value"
        )
        return None
    at = f"{place}.parameters.value" if "value" in parameters else f"{place}.expression"
    if at.endswith("expression") and (quoted := re.fullmatch(r"\s*'((?:[^']|'')*)'\s*", given)):
        given = quoted[1].replace("''", "'")
    try:
        value = sql.parse_expression(value_sql(given, column.type))
    except ExpressionError as error:
        resolver.problem(at, str(error))
        return None
    function = "nullif" if rule.type == "null_if" else "coalesce"
    return exp.func(function, subject, value, dialect=sql.DIALECT)
