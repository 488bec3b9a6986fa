"""How a generated model is laid out: imports first, one step a CTE, the last line selects the last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from controlplane.sql import jinja_string, plain_text

INDENT = "    "


@dataclass(frozen=True)
class Cte:
    """One step of a model: its name, the lines of its query, and why it is there."""

    name: str
    lines: tuple[str, ...]
    comment: str = ""


def model(
    spec_path: str,
    ctes: Sequence[Cte],
    config: Mapping[str, Any] | None = None,
    *,
    built_after: Sequence[str] = (),
) -> str:
    """The text of a model file; `built_after` are models it does not read but must wait for."""
    parts = [f"-- {plain_text(origin(spec_path))}\n"]
    if built_after:
        parts.append("-- Waits for the error threshold of what it does not read:\n")
        parts += [f"-- depends_on: {ref(name)}\n" for name in built_after]
    if config:
        arguments = ",\n".join(f"{INDENT}{key}={_argument(value)}" for key, value in config.items())
        parts.append("{{ config(\n" + arguments + "\n) }}\n\n")
    for index, cte in enumerate(ctes):
        comment = "".join(f"-- {plain_text(line)}\n" for line in cte.comment.splitlines())
        opening = "with " if index == 0 else ""
        if index == 0:
            parts.append(comment)
            comment = ""
        body = "\n".join(f"{INDENT}{line}" if line else "" for line in cte.lines)
        closing = ")," if index < len(ctes) - 1 else ")"
        parts.append(f"{comment}{opening}{cte.name} as (\n{body}\n{closing}\n\n")
    parts.append(f"select * from {ctes[-1].name}\n")
    return "".join(parts)


def origin(spec_path: str) -> str:
    """The line that says where a generated file comes from."""
    return f"Generated from {spec_path} by `databank generate`."


def import_cte(name: str, relation: str, conditions: Sequence[str] = ()) -> Cte:
    """The CTE that reads another relation whole, but for conditions."""
    lines = (
        ["select *", f"from {relation}", *conditions]
        if conditions
        else [f"select * from {relation}"]
    )
    return Cte(name, tuple(lines))


def select(columns: Iterable[str], source: str, clauses: Sequence[str] = ()) -> tuple[str, ...]:
    """The lines of a select with one column a line."""
    listed = list(columns)
    if len(listed) == 1 and "\n" not in listed[0]:
        return (f"select {listed[0]}", f"from {source}", *clauses)
    lines = ["select"]
    for index, column in enumerate(listed):
        ending = "," if index < len(listed) - 1 else ""
        inner = column.split("\n")
        lines += [f"{INDENT}{line}" for line in inner[:-1]]
        lines.append(f"{INDENT}{inner[-1]}{ending}")
    return (*lines, f"from {source}", *clauses)


def where(*conditions: str) -> tuple[str, ...]:
    """The lines of a `where`; a condition may hold several lines."""
    if len(conditions) == 1 and "\n" not in conditions[0]:
        return (f"where {conditions[0]}",)
    lines = ["where"]
    for index, condition in enumerate(conditions):
        first, *rest = condition.split("\n")
        # What stands in a block of the template says itself how it goes on.
        leads = "and " if index and not first.startswith("{%") else ""
        lines += [f"{INDENT}{leads}{first}", *(f"{INDENT}{line}" for line in rest)]
    return tuple(lines)


def if_incremental(*lines: str) -> str:
    """Lines that stand in the model only where it is brought up to date, not built from scratch."""
    return "\n".join(["{% if is_incremental() %}", *(f"{INDENT}{x}" for x in lines), "{% endif %}"])


# What came after the newest batch that is built already.
NEW_BATCHES = "_batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})"


def indented(text: str, levels: int = 1) -> str:
    """`text` with every line moved to the right."""
    return "\n".join(INDENT * levels + line for line in text.split("\n"))


def ref(model_name: str) -> str:
    """A reference to another model."""
    return f"{{{{ ref('{model_name}') }}}}"


def source(table: str) -> str:
    """A reference to a raw table."""
    return f"{{{{ source('raw', '{table}') }}}}"


def _argument(value: Any) -> str:
    """A setting of the model; a mapping has a line for each of its entries."""
    if not isinstance(value, Mapping):
        return _jinja(value)
    entries = ",\n".join(f"{jinja_string(str(k))}: {_jinja(v)}" for k, v in value.items())
    return indented(f"{{\n{indented(entries)}\n}}").lstrip()


def _jinja(value: Any) -> str:
    if isinstance(value, str):
        return jinja_string(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        inner = ", ".join(f"{jinja_string(str(k))}: {_jinja(v)}" for k, v in value.items())
        return "{" + inner + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_jinja(item) for item in value) + "]"
    return str(value)
