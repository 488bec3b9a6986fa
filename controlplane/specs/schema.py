"""What can stand in a spec, for editors (JSON Schema) and for people (a page of the reference).

`python -m controlplane.specs.schema > docs/reference/specs.md` writes the page.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from controlplane.specs.files import KINDS, Kind

DIALECT = "http://json-schema.org/draft-07/schema#"
_PLAIN = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
    "null": "nothing",
    "object": "block of any fields",
}


class _WithoutFieldTitles(GenerateJsonSchema):
    """Leaves out titles that only repeat the field's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


def json_schema(kind: Kind) -> dict[str, Any]:
    """The JSON Schema of one kind of spec, in a dialect that YAML editors understand."""
    schema = kind.model.model_json_schema(
        by_alias=True, schema_generator=_WithoutFieldTitles, mode="validation"
    )
    for block in (schema, *schema["$defs"].values()):
        for field in block["properties"].values():
            # Pydantic leaves out a field's description where its block has the same one.
            if "$ref" in field and "description" not in field:
                field["description"] = schema["$defs"][_definition(field["$ref"])]["description"]
    return {"$schema": DIALECT, **schema}


def _definition(reference: str) -> str:
    return reference.rpartition("/")[2]


def reference_markdown() -> str:
    """The page of the reference: every field of every block of every kind of spec."""
    lines = [
        "# Specs",
        "",
        "Generated from the models by `python -m controlplane.specs.schema`.",
        "",
        "A spec is a YAML or JSON file. Fields that are not in these tables are refused, and so",
        "are values of another type. `databank validate` checks all files and says everything",
        "that is wrong, with its line. `databank schema etl|warehouse|pipeline|star` prints the same as",
        "JSON Schema; to have an editor complete and check a file, save the schema and begin the",
        "file with `# yaml-language-server: $schema=<path of the schema>`.",
        "",
        "A password never stands in a file: write `{{ env_var('NAME') }}` in its place.",
    ]
    for kind in KINDS:
        schema = json_schema(kind)
        lines += ["", f"## {kind.title[0].upper()}{kind.title[1:]}", ""]
        lines += [f"`specs/{kind.folder}/<slug>.yml`. {schema['description']}"]
        for path, block in _blocks(schema, schema["$defs"], ""):
            if path:
                lines += ["", f"### `{path}`", "", block.get("description", "")]
            lines += ["", "| field | value | default | meaning |", "| --- | --- | --- | --- |"]
            lines += list(_rows(block, schema["$defs"]))
    return "\n".join(lines) + "\n"


def _blocks(
    block: Mapping[str, Any], definitions: Mapping[str, Any], path: str
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The block and every block inside it, each with its path."""
    yield path, block
    for name, field in block["properties"].items():
        for suffix, definition in _referenced(field):
            field_path = f"{path}.{name}" if path else name
            yield from _blocks(definitions[definition], definitions, field_path + suffix)


def _referenced(field: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The definitions that a field refers to, with `[]` where it holds a list of them."""
    for member in field.get("anyOf", [field]):
        if "$ref" in member:
            yield "", _definition(member["$ref"])
        elif "$ref" in member.get("items", {}):
            yield "[]", _definition(member["items"]["$ref"])


def _rows(block: Mapping[str, Any], definitions: Mapping[str, Any]) -> Iterator[str]:
    for name, field in block["properties"].items():
        required = name in block.get("required", ())
        cells = (
            f"`{name}`",
            _value(field, definitions),
            "**required**" if required else _default(field.get("default")),
            field["description"],
        )
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _value(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """What a field takes, in words."""
    if "anyOf" in field:
        members = [member for member in field["anyOf"] if member.get("type") != "null"]
        if {"string", "boolean"} <= {member.get("type") for member in members}:
            rest = [member for member in members if member.get("type") in ("array", "object")]
            return " or ".join(["single value", *(_value(member, definitions) for member in rest)])
        return " or ".join(dict.fromkeys(_value(member, definitions) for member in members))
    if "$ref" in field:
        return "block"
    if "enum" in field or "const" in field:
        return ", ".join(f"`{value}`" for value in field.get("enum", [field.get("const")]))
    kind = field.get("type")
    if kind == "array":
        items = _value(field["items"], definitions)
        return f"list of {items}" if items != "block" else "list of blocks"
    if kind == "object" and isinstance(field.get("additionalProperties"), dict):
        return f"block of any fields, each {_value(field['additionalProperties'], definitions)}"
    if field.get("examples"):
        return f"text such as `{field['examples'][0]}`"
    if field.get("format") == "date-time":
        return "date and time"
    text = _PLAIN.get(str(kind), "any value")
    if "minimum" in field:
        text += f", at least {field['minimum']}"
    return text


def _default(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`"


if __name__ == "__main__":
    sys.stdout.write(reference_markdown())
