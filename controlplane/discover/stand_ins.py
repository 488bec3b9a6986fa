"""Values that stand for a missing one: how a draft offers to read them so, and how a person consents.

What is offered stands in comments at the end of a spec, as the blocks that the spec would have. With
a person's consent they are moved to their places, column by column; until then nothing reads them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from sqlglot import exp

from controlplane import naming, sql
from controlplane.discover.findings import Sentinel
from controlplane.discover.readings import Reading
from controlplane.errors import DatabankError
from controlplane.generate.process import Process
from controlplane.generate.resolver import value_sql
from controlplane.specs.edit import SpecText
from controlplane.specs.etl import EtlProcess
from controlplane.specs.write import flow_text
from controlplane.sql import ExpressionError

_HEAD = """\
Values that may stand for a missing one. They are kept as they are until somebody says that they do:
databank model missing TABLE.COLUMN
takes what is below for that column into the spec.
"""
_CASE = "case when trim({}, ' ') in ({}) then null else {} end"
_PLACES: Mapping[str, list[str | int]] = {
    "transformations": ["transform_config", "transformations"],
    "cleaning_rules": ["transform_config", "data_quality", "cleaning_rules"],
}


def stand_ins_step(name: str, reading: Reading, stand_ins: Sequence[Sentinel]) -> dict[str, Any]:
    """The transformation that reads a column as its type once its stand-ins are null."""
    values = [each.value for each in stand_ins]
    return {
        "name": f"{name} as {reading.kind}",
        "type": "transform",
        "expression": _null_if_listed(name, values, reading.expression or name),
        "parameters": {"column": name, "type": reading.kind},
        "description": f"Missing: {'; '.join(map(counted, stand_ins))}.",
    }


def stand_in_rule(name: str, value: str, why: str, number: int) -> dict[str, Any]:
    """The cleaning rule that makes a value of a column null."""
    return {
        "name": f"{name} is missing{f' {number}' if number > 1 else ''}",
        "type": "null_if",
        "parameters": {"column": name, "value": value},
        "description": f"{why[:1].upper()}{why[1:]}.",
    }


def counted(stand_in: Sentinel) -> str:
    """What is known of a stand-in, as a description."""
    rows = f"{stand_in.rows:,} row{'' if stand_in.rows == 1 else 's'}"
    return f"{stand_in.value!r} in {rows}, {' '.join(stand_in.reason.split())}"


def offered(steps: Sequence[Mapping[str, Any]], rules: Sequence[Mapping[str, Any]]) -> list[str]:
    """The lines that offer steps and rules; none where there are none."""
    lines: list[str] = []
    for key, items in (("transformations", steps), ("cleaning_rules", rules)):
        lines += [f"{key}:"] if items else []
        for item in items:
            fields = [f"{name}: {flow_text(value)}" for name, value in item.items()]
            lines += [f"  - {fields[0]}", *(f"    {each}" for each in fields[1:])]
    return [*_HEAD.splitlines(), "", *lines] if lines else []


class Offer:
    """What the comments at the end of a spec offer."""

    def __init__(self, text: str) -> None:
        lines = text.splitlines(keepends=True)
        first = len(lines)
        while first and re.match(r"#|\s*$", lines[first - 1]):
            first -= 1
        plain = [re.sub(r"^# ?", "", line) for line in lines[first:]]
        start = next((n for n, line in enumerate(plain) if line.split(":")[0] in _PLACES), None)
        begin = len(plain) if start is None else start
        head = next((n for n, line in enumerate(plain) if line[:10] == _HEAD[:10]), begin)
        self._before = "".join(lines[: first + min(head, begin)])
        self._head = "".join(lines[first + min(head, begin) : first + begin])
        self._text = SpecText("".join(plain[begin:]))
        try:
            document = yaml.safe_load(self._text.text)
        except yaml.YAMLError:
            document = None
        self.items: dict[str, list[Any]] = {key: [] for key in _PLACES}
        if isinstance(document, dict):
            self.items |= {key: document.get(key) or [] for key in _PLACES}

    def of(self, column: str) -> list[tuple[str, int, dict[str, Any]]]:
        """What is offered for a column: its list, its place there, and the item."""
        return [
            (key, index, item)
            for key, items in self.items.items()
            for index, item in enumerate(items)
            if isinstance(item, dict) and item.get("parameters", {}).get("column") == column
        ]

    def without(self, taken: Sequence[tuple[str, int, Any]]) -> str:
        """The text of the spec with what is left of the offer."""
        left = sum(map(len, self.items.values())) - len(taken)
        if not left:
            return self._before.rstrip() + "\n"
        for key in _PLACES:
            places = sorted((index for each, index, _ in taken if each == key), reverse=True)
            if places and len(places) == len(self.items[key]):
                self._text.remove([key])
            else:
                for index in places:
                    self._text.remove([key, index])
        body = "".join(
            f"# {line}".rstrip() + "\n" for line in self._text.text.rstrip().splitlines()
        )
        return self._before + self._head + body


def _chosen(
    found: Sequence[tuple[str, int, dict[str, Any]]], values: Sequence[str]
) -> tuple[list[tuple[str, int, dict[str, Any]]], list[str]]:
    """What of the offer is meant by the values, and the values that are not in it."""
    if not values:
        return list(found), []
    taken, rest = [], list(dict.fromkeys(values))
    for each in found:
        key, _, item = each
        said = item["parameters"].get("value")
        inside = [str(said)] if key == "cleaning_rules" else _listed(item["expression"])
        if set(inside) <= set(values):
            taken.append(each)
            rest = [value for value in rest if value not in inside]
    return taken, rest


def _listed(expression: str) -> list[str]:
    """The stand-ins that a step reads as null."""
    listed = sql.parse_expression(expression).find(exp.In)
    return [each.name for each in listed.expressions] if listed else []


class Consent:
    """The spec of a process while values of a column are read as missing.

    Args:
        spec: the spec as it is.
        text: its text.
        process: what the generator makes of it; None where the source's columns are not on record.
        is_json: whether the text is JSON, which has no comments.
    """

    def __init__(
        self, spec: EtlProcess, text: str, process: Process | None, *, is_json: bool
    ) -> None:
        self._spec = spec
        self._process = process
        self._offer = Offer("" if is_json else text)
        self._text = text
        self._is_json = is_json

    def given(self, column: str, values: Sequence[str]) -> SpecText:
        """The text in which values of a column are null; all that are offered where none is said.

        Raises:
            DatabankError: no value is said, and none offered.
        """
        before = self._name_before(column)
        found = self._offer.of(before)
        if not found and not values:
            table = self._spec.table_name
            raise DatabankError(
                f"the spec of '{table}' offers no values of '{column}' to be read as missing",
                hint=f"name them: databank model missing {table}.{column} VALUE…",
            )
        taken, rest = _chosen(found, values)
        text = self._offer.without(taken) if taken else self._text
        after = SpecText(text, is_json=self._is_json)
        for key, _, item in taken:
            after.append(_PLACES[key], _renamed(item, before, column))
        names = {rule.name for rule in self._spec.transform_config.data_quality.cleaning_rules}
        names |= {item["name"] for key, _, item in taken if key == "cleaning_rules"}
        unread = []
        for value in rest:
            if not self._holds(column, value):
                unread.append(value)
                continue
            number = 1
            while stand_in_rule(column, value, "", number)["name"] in names:
                number += 1
            rule = stand_in_rule(column, value, "said to be missing", number)
            names.add(rule["name"])
            after.append(_PLACES["cleaning_rules"], rule)
        if unread:
            self._before_reading(after, before, unread)
        return after

    def _name_before(self, column: str) -> str:
        """What a column of silver is called before its renaming."""
        for step in reversed(self._spec.transform_config.transformations):
            if step.type == "rename" and step.parameters.get("column") == column:
                column = step.renamed
        return column

    def _holds(self, column: str, value: str) -> bool:
        """Whether a column can have the value in silver."""
        known = self._process.columns if self._process else ()
        kind = next((each.type for each in known if each.name == column), "text")
        try:
            value_sql(value, kind)
        except ExpressionError:
            return False
        return True

    def _before_reading(self, after: SpecText, column: str, values: Sequence[str]) -> None:
        """Make texts null that are none of the column's type, where their text is read as it."""
        steps = self._spec.transform_config.transformations
        for index, step in enumerate(steps):
            if step.parameters.get("column") == column and "type" in step.parameters:
                known = _listed(step.expression) if step.expression[:10] == _CASE[:10] else []
                text = step.expression.partition(" then null else ")[2].removesuffix(" end")
                text = text if known else step.expression
                place = [*_PLACES["transformations"], index, "expression"]
                after.replace(place, _null_if_listed(column, [*known, *values], text))
                return
        for index, declared in enumerate(self._spec.source_config.columns):
            if declared.type and naming.column_names([declared.name]) == [column]:
                after.replace(["source_config", "columns", index, "type"], "text")
                block = {
                    "name": f"{column} as {declared.type}",
                    "type": "transform",
                    "expression": _null_if_listed(column, values, column),
                    "parameters": {"column": column, "type": declared.type},
                }
                # What follows reads the column as its type.
                after.insert(_PLACES["transformations"], block)
                return
        raise DatabankError(
            f"'{self._spec.table_name}.{column}' cannot have the value '{values[0]}': it has another"
            " type in its source",
            hint="say a value of that type",
        )


def _null_if_listed(column: str, values: Sequence[str], text: str) -> str:
    listed = ", ".join(sql.raw_string(value.strip(" ")) for value in values)
    return _CASE.format(column, listed, text)


def _renamed(item: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    """What was offered for a column that has another name since then."""
    if old == new:
        return item
    made = {**item, "parameters": {**item["parameters"], "column": new}}
    if "expression" in item:
        text = item["expression"]
        for each in reversed(sql.column_places(text)):
            if each.name == old:
                text = f"{text[: each.start]}{new}{text[each.end :]}"
        made["expression"] = text
    return made
