"""The rules that a model's own properties give: its data tests and what its contract says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from controlplane.errors import ConfigError
from controlplane.quality.request import FieldRule


def rules_of_model(models_dir: Path, name: str, engine: str) -> list[FieldRule]:
    """The rules in the properties of the model with this name; none where it has no properties.

    Tests over other tables, or over all rows at once, are no rules of a record and left to dbt.

    Raises:
        ConfigError: a file of properties cannot be read.
    """
    entry = _entry(models_dir, name)
    found: dict[str, FieldRule] = {}
    for column in entry.get("columns") or ():
        field = str(column.get("name"))
        for rule in (*_constraints(field, column), *_tests(field, column, engine)):
            found.setdefault(rule.model_dump_json(), rule)
    for rule in _tests("", entry, engine):
        found.setdefault(rule.model_dump_json(), rule)
    return list(found.values())


def _entry(models_dir: Path, name: str) -> Mapping[str, Any]:
    for path in sorted([*models_dir.rglob("*.yml"), *models_dir.rglob("*.yaml")]):
        text = path.read_text(encoding="utf-8")
        if f"name: {name}" not in text:
            continue
        try:
            data = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ConfigError(f"{path}: is not valid YAML: {error}") from error
        for entry in (data or {}).get("models") or ():
            if entry.get("name") == name:
                found: Mapping[str, Any] = entry
                return found
    return {}


def _constraints(field: str, column: Mapping[str, Any]) -> Iterator[FieldRule]:
    kinds = {each.get("type") for each in column.get("constraints") or ()}
    if kinds & {"not_null", "primary_key"}:
        yield FieldRule(field=field, rule_type="not_null")
    if "primary_key" in kinds:
        yield FieldRule(field=field, rule_type="unique")


def _tests(field: str, entry: Mapping[str, Any], engine: str) -> Iterator[FieldRule]:
    for test in entry.get("data_tests") or entry.get("tests") or ():
        name, given = (test, {}) if isinstance(test, str) else next(iter(test.items()))
        given = given or {}
        config = {**(given.get("config") or {}), **given}
        if config.get("where"):
            continue  # of some records only
        arguments = {**given, **(given.get("arguments") or {})}
        kind: str
        parameters: dict[str, Any] = {}
        match name:
            case "not_null" | "unique" if field:
                kind = name
            case "accepted_values" if field:
                kind, parameters = name, {"values": arguments.get("values") or []}
            case "matches_pattern" if field:
                kind, parameters = "format", {"pattern": str(arguments.get("pattern"))}
            case "satisfies":
                said = arguments.get("expression")
                text = said.get(engine) if isinstance(said, Mapping) else said
                kind, parameters = "custom", {"expression": str(text)}
            case _:
                continue
        warns = str(config.get("severity", "error")).lower() == "warn"
        yield FieldRule.model_validate(
            {
                "field": field,
                "rule_type": kind,
                "parameters": parameters,
                "severity": "warning" if warns else "error",
            }
        )
