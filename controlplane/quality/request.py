"""A request to validate a table: which rules, in the shape of `POST /quality/validate`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from controlplane.errors import ConfigError

Layer = Literal["raw", "bronze", "silver", "gold", "platinum", "metadata"]
# What each type of rule takes in `parameters`; the first is required where none has a default.
PARAMETERS = {
    "not_null": (),
    "unique": (),
    "range": ("min", "max"),
    "length": ("min", "max"),
    "format": ("pattern",),
    "accepted_values": ("values",),
    "custom": ("expression",),
}


class FieldRule(BaseModel):
    """What must hold for a field of each record."""

    model_config = ConfigDict(extra="forbid")

    field: str
    rule_type: Literal[
        "not_null", "range", "format", "custom", "unique", "length", "accepted_values"
    ]
    parameters: dict[str, Any] = Field(default_factory=dict)
    severity: Literal["error", "warning"] = "error"


class QualityRequest(BaseModel):
    """Which table is validated, by which rules; `sample_size` limits the records looked at."""

    model_config = ConfigDict(extra="forbid")

    table_name: str | None = None
    layer: Layer | None = None
    validation_rules: list[FieldRule] = Field(default_factory=list)
    sample_size: int | None = Field(None, ge=1)


def read_request(text: str, source: str) -> QualityRequest:
    """The request in a JSON or YAML text.

    Raises:
        ConfigError: it is no request; the message says every place that is wrong.
    """
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{source}: is neither JSON nor YAML: {error}") from error
    if not isinstance(data, dict):
        raise ConfigError(f"{source}: is no request", hint="give table_name and validation_rules")
    try:
        request = QualityRequest.model_validate(data)
    except ValidationError as error:
        raise ConfigError(
            "\n".join(
                f"{source}: {_place(each['loc'])}: {each['msg']}"
                + ("" if isinstance(each["input"], dict) else f" (found: {each['input']!r})")
                for each in error.errors()
            )
        ) from error
    problems = [
        f"{source}: validation_rules[{index}].parameters: {problem}"
        for index, rule in enumerate(request.validation_rules)
        for problem in _parameter_problems(rule)
    ]
    if problems:
        raise ConfigError("\n".join(problems))
    return request


def read_request_file(path: Path) -> QualityRequest:
    """The request in a file.

    Raises:
        ConfigError: the file cannot be read, or is no request.
    """
    try:
        return read_request(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error


def _parameter_problems(rule: FieldRule) -> list[str]:
    allowed = PARAMETERS[rule.rule_type]
    odd = [name for name in rule.parameters if name not in allowed]
    if odd:
        takes = ", ".join(allowed) or "none"
        return [f"found {', '.join(odd)}, and {rule.rule_type} takes: {takes}"]
    if allowed and not rule.parameters:
        return [f"{rule.rule_type} needs {' or '.join(allowed)}"]
    return []


def _place(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
