"""The checked casts of models, for who asks what they would read."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from controlplane import sql


def read_text(expression: str, kind: str) -> str:
    """SQL that reads a text as a portable type, as models do: null where it is none or blank."""
    if kind in ("text", "json"):
        return expression
    return str(_macros().try_cast(expression, sql.sql_type(kind)))


@cache
def _macros() -> Any:
    """The macros that read text, as functions; dbt renders them in the same way."""
    import jinja2
    from jinja2.sandbox import SandboxedEnvironment

    folder = files("controlplane.scaffold").joinpath("macros")
    text = "".join(
        folder.joinpath(f"{name}.sql").read_text(encoding="utf-8")
        for name in ("is_date", "try_cast")
    )
    environment = SandboxedEnvironment(undefined=jinja2.StrictUndefined)
    return environment.from_string(text).module
