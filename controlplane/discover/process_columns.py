"""Renames columns in the spec of one ETL process, from the step on at which they get their name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlglot
from sqlglot import exp

from controlplane import naming, sql
from controlplane.generate.joins import joined_table
from controlplane.generate.process import Aggregation, Join, Process, Side, Table
from controlplane.generate.steps import column_of_rule
from controlplane.specs.edit import SpecText
from controlplane.specs.etl import EtlProcess
from controlplane.specs.transform import Transformation
from controlplane.sql import Column, ExpressionError

Names = Mapping[str, str]
Place = list[str | int]
_STEPS: Place = ["transform_config", "transformations"]
_QUALITY: Place = ["transform_config", "data_quality"]
# Cleaning rules whose expression is a value, and not the column, unless the value is a parameter.
_OF_VALUES = ("null_if", "default")


class ProcessColumns:
    """The spec of a process while columns are renamed in it.

    Args:
        spec: the spec as it was.
        text: its text, which is changed.
        process: what the generator made of the spec.
    """

    def __init__(self, spec: EtlProcess, text: SpecText, process: Process) -> None:
        self.spec = spec
        self.text = text
        self.process = process
        self._visible = (*process.columns, *process.source_columns)

    def rename(self, old: str, new: str) -> Names:
        """Call a column of silver otherwise, where it gets its name, and in all that follows."""
        steps = self.spec.transform_config.transformations
        for index, step in reversed(list(enumerate(steps))):
            if step.type == "rename" and step.parameters.get("column") == old:
                found = self._from_step(index + 1, {old: new})
                self._rename_step(index, step, new)
                return found
        sources = {self.spec.name_in_silver(each.name) for each in self.process.source_columns}
        if old in sources:
            found = self._from_step(len(steps), {old: new})
            block = {
                "name": self._step_name(f"{old} is called {new}"),
                "type": "rename",
                "expression": old,
                "parameters": {"column": new},
            }
            self.text.append(_STEPS, block)
            return found
        rules = self.spec.transform_config.data_quality.cleaning_rules
        places = [([*_STEPS, index], step) for index, step in enumerate(steps)]
        places += [([*_QUALITY, "cleaning_rules", index], rule) for index, rule in enumerate(rules)]  # type: ignore[misc]
        for number, (place, item) in enumerate(places):
            given = item.parameters.get("column")
            if isinstance(given, str) and naming.column_names([given])[0] == old:
                self.text.replace([*place, "parameters", "column"], new)
                return self._from_step(number + 1, {old: new})
        raise KeyError(old)

    def follow(self, names: Names) -> Names:
        """Name the columns of the model that is read as they are called now; what silver has then."""
        source = self.spec.source_config
        for index, column in enumerate(source.columns):
            self._name(["source_config", "columns", index, "name"], column.name, names)
        for name in source.filters:
            if new := self._new(name, names):
                self.text.rename_key(["source_config", "filters", name], new)
        return self._from_step(0, names)

    def _rename_step(self, index: int, step: Transformation, new: str) -> None:
        """Another name for what a step renames; no step where that is the name it had."""
        if step.renamed == new:
            self.text.remove([*_STEPS, index])
            return
        self.text.replace([*_STEPS, index, "parameters", "column"], new)
        if step.name == f"{step.renamed} is called {step.parameters['column']}":
            name = self._step_name(f"{step.renamed} is called {new}")
            self.text.replace([*_STEPS, index, "name"], name)

    def _step_name(self, name: str) -> str:
        taken = {step.name for step in self.spec.transform_config.transformations}
        found, count = name, 1
        while found in taken:
            count += 1
            found = f"{name} {count}"
        return found

    # --- the steps of a record --------------------------------------------------------------------

    def _from_step(self, start: int, names: Names) -> Names:
        """Rename from a step on: transformations are counted first, then cleaning rules."""
        transform = self.spec.transform_config
        current = dict(names)
        needless = []
        for index, step in enumerate(transform.transformations):
            if index < start:
                continue
            place: Place = [*_STEPS, index]
            if step.type == "rename":
                if new := current.pop(step.renamed, None):
                    self.text.replace([*place, "expression"], new)
                    if new == step.parameters.get("column"):
                        needless.append(index)
                continue
            self._expression([*place, "expression"], step.expression, current)
            if step.type == "transform":
                self._parameter(place, step.parameters, current)
        for index, rule in enumerate(transform.data_quality.cleaning_rules):
            if index + len(transform.transformations) >= start:
                self._cleaning([*_QUALITY, "cleaning_rules", index], rule, current)
        for index, check in enumerate(transform.data_quality.validation_rules):
            self._validation([*_QUALITY, "validation_rules", index], check, current)
        self._target(current)
        for index in reversed(needless):
            self.text.remove([*_STEPS, index])
        return current

    def _cleaning(self, place: Place, rule: Any, names: Names) -> None:
        has_column = self._parameter(place, rule.parameters, names)
        if rule.type == "deduplication":
            self._listed([*place, "parameters", "columns"], rule.parameters.get("columns"), names)
            self._changed([*place, "expression"], self._in_distinct(rule.expression, names))
        elif rule.type == "expression":
            self._expression([*place, "expression"], rule.expression, names)
        else:
            is_value = rule.type in _OF_VALUES and "value" not in rule.parameters
            self._ruled(place, rule, names, has_column, by_expression=not is_value)

    def _validation(self, place: Place, rule: Any, names: Names) -> None:
        has_column = self._parameter(place, rule.parameters, names)
        if rule.type == "expression":
            self._expression([*place, "expression"], rule.expression, names)
        else:
            named = rule.type in ("not_null", "unique")
            self._ruled(place, rule, names, has_column, by_expression=named)

    def _ruled(
        self, place: Place, rule: Any, names: Names, has_column: bool, *, by_expression: bool
    ) -> None:
        """A rule that says its column by a parameter, its expression or the begin of its name."""
        if has_column:
            return
        if by_expression and rule.expression:
            self._expression([*place, "expression"], rule.expression, names)
            return
        column = column_of_rule(rule.name, self._visible)
        if column and column.name in names:
            self.text.put([*place, "parameters"], "column", names[column.name])

    def _target(self, names: Names) -> None:
        target, source = self.spec.target_config, self.spec.source_config
        self._listed(["target_config", "unique_key"], target.unique_key, names)
        if target.partitioning:
            columns = target.partitioning.columns
            self._listed(["target_config", "partitioning", "columns"], columns, names)
        key = source.incremental_key
        by_source = {name for c in self.process.source_columns for name in (c.name, c.title)}
        if key and key not in by_source:
            self._name(["source_config", "incremental_key"], key, names)
        for index, check in enumerate(self.spec.validation.post_validation):
            place: Place = ["validation", "post_validation", index, "expression"]
            self._expression(place, check.expression, names)

    # --- what is made of the table beside itself --------------------------------------------------

    def follow_join(self, index: int, join: Join, left: Names, right: Names) -> Names:
        """Name columns in a join's condition as they are called now; what its own columns are then."""
        item = self.spec.transform_config.joins[index]
        slugs = [naming.snake_case(name) for name in (item.left_table, item.right_table)]
        if slugs[0] == slugs[1]:
            slugs[1] = f"{slugs[1]}_right"
        last = [
            naming.snake_case(name.rpartition(".")[2])
            for name in (item.left_table, item.right_table)
        ]
        sides = ((join.left.table, left), (join.right.table, right))

        def side_of(table: str, name: str) -> int:
            if not table:
                return 0 if join.left.table.has(name) else 1
            called = naming.snake_case(table)
            return slugs.index(called) if called in slugs else last.index(called)

        found = []
        for at in sql.column_places(item.condition):
            known, names = sides[side_of(at.table, at.name)]
            if new := _renamed(at.name, names, known.columns):
                found.append((at.start, at.end, new))
        self._changed(["transform_config", "joins", index, "condition"], found)
        before = join.table.columns
        after = joined_table(
            join.table.model, _with(join.left, left), _with(join.right, right)
        ).columns
        pairs = zip(before, after, strict=True)
        return {one.name: two.name for one, two in pairs if one.name != two.name}

    def follow_aggregation(self, index: int, made: Aggregation, names: Names) -> Names:
        """Name the columns that a gold model reads as they are called now; its own names then."""
        item = self.spec.transform_config.aggregations[index]
        place: Place = ["transform_config", "aggregations", index]
        columns = made.reads.columns
        own: dict[str, str] = {}
        for at, text in enumerate(item.group_by):
            self._expression([*place, "group_by", at], text, names, columns)
            tree, alias = sql.parse_named(text)
            column = made.groups[at][1].name
            if alias is None and isinstance(tree, exp.Column) and column in names:
                own[column] = names[column]
        if item.column:
            self._name([*place, "column"], item.column, names, columns)
        self._parameter(place, item.parameters, names, columns)
        for old, new in names.items():
            if made.column.name == f"{item.function}_{old}"[: naming.MAX_NAME]:
                own[made.column.name] = f"{item.function}_{new}"[: naming.MAX_NAME]
        if item.having:
            # Outside of its aggregates a condition over groups names columns of the gold model.
            found = []
            for each in sql.column_places(item.having):
                called = (
                    _renamed(each.name, names, columns) if each.in_aggregate else own.get(each.name)
                )
                if called:
                    found.append((each.start, each.end, called))
            self._changed([*place, "having"], found)
        return own

    # --- single fields ----------------------------------------------------------------------------

    def _new(self, name: str, names: Names, columns: Sequence[Column] = ()) -> str | None:
        return _renamed(name, names, columns or self._visible)

    def _name(self, place: Place, name: str, names: Names, columns: Sequence[Column] = ()) -> None:
        if new := self._new(name, names, columns):
            self.text.replace(place, new)

    def _listed(self, place: Place, listed: Any, names: Names) -> None:
        for index, name in enumerate(listed if isinstance(listed, list) else ()):
            self._name([*place, index], str(name), names)

    def _parameter(
        self, place: Place, parameters: Mapping[str, Any], names: Names, columns: Any = ()
    ) -> bool:
        """Whether the column is said in the parameters, where it is renamed."""
        given = parameters.get("column")
        if isinstance(given, list):
            self._listed([*place, "parameters", "column"], given, names)
        elif isinstance(given, str):
            self._name([*place, "parameters", "column"], given, names, columns)
        return given is not None

    def _expression(
        self, place: Place, text: str, names: Names, columns: Sequence[Column] = ()
    ) -> None:
        try:
            places = sql.column_places(text)
        except ExpressionError:
            return
        found = []
        for each in places:
            if new := self._new(each.name, names, columns):
                found.append((each.start, each.end, new))
        self._changed(place, found)

    def _changed(self, place: Place, found: Sequence[tuple[int, int, str]]) -> None:
        if found:
            self.text.revise(place, found)

    def _in_distinct(self, text: str, names: Names) -> list[tuple[int, int, str]]:
        """The columns of `DISTINCT ON (…) ORDER BY …`, which is no expression by itself."""
        found, before = [], ""
        for token in sqlglot.tokenize(text, read=sql.DIALECT):
            is_name = token.token_type.name in ("VAR", "IDENTIFIER")
            is_name = is_name or token.text.lower() in names
            if is_name and before != "NULLS" and (new := self._new(token.text, names)):
                found.append((token.start, token.end + 1, new))
            before = token.text.upper()
        return found


def _renamed(name: str, names: Names, columns: Sequence[Column]) -> str | None:
    """The new name of what a field names; None where that has its old one, or is no column."""
    try:
        return names.get(sql.find_column(name, columns).name)
    except ExpressionError:
        return None


def _with(side: Side, names: Names) -> Side:
    return Side(side.name, _renamed_table(side.table, names), side.raw)


def _renamed_table(table: Table, names: Names) -> Table:
    """A table with other names for its columns."""
    columns = tuple(
        Column(names.get(each.name, each.name), each.type, each.title) for each in table.columns
    )
    key = tuple(names.get(name, name) for name in table.key)
    return Table(table.model, columns, key, has_history=table.has_history)
