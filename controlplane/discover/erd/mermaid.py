"""The diagram as Mermaid: https://mermaid.js.org/syntax/entityRelationshipDiagram.html."""

from __future__ import annotations

from controlplane.discover.erd.text import plain_names, shown
from controlplane.discover.findings import Column, Findings, ForeignKey, Table

# Words of the language, which name no entity.
_KEYWORDS = (
    "erDiagram title accTitle accDescr direction class classDef style default link to one only many"
    " zero or more optionally u end graph subgraph"
).split()

_ENTITIES = {
    '"': "#quot;",
    "<": "#lt;",
    ">": "#gt;",
    "`": "#96;",
    "\\": "#92;",
    "%": "#37;",
}


def mermaid(findings: Findings) -> str:
    """The tables and their references as an `erDiagram`.

    Names that Mermaid cannot have are written plainly, with the real one as label or comment.
    """
    entities = plain_names((table.name for table in findings.tables), _KEYWORDS)
    lines = ["erDiagram"]
    for table in findings.tables:
        lines += _entity(table, entities[table.name])
    for table in findings.tables:
        lines += [
            f"    {entities[table.name]} {_ends(key)} {entities[key.ref_table]}"
            f" : {_string(', '.join(key.columns))}"
            for key in table.foreign_keys
        ]
    return "\n".join(lines) + "\n"


def _entity(table: Table, entity: str) -> list[str]:
    label = "" if entity == table.name else f"[{_string(table.name)}]"
    if not table.columns:
        return [f"    {entity}{label}"]
    primary = table.primary_key.columns if table.primary_key else ()
    foreign = {name for key in table.foreign_keys for name in key.columns}
    names = plain_names((column.name for column in table.columns), ("PK", "FK", "UK"))
    lines = [f"    {entity}{label} {{"]
    for column in table.columns:
        marks = [mark for mark, named in (("PK", primary), ("FK", foreign)) if column.name in named]
        plain = names[column.name]
        comment = "" if plain == column.name else f" {_string(column.name)}"
        lines.append(f"        {_type(column)} {plain} {', '.join(marks)}".rstrip() + comment)
    return [*lines, "    }"]


def _type(column: Column) -> str:
    """The storage type; Mermaid has no comma in a type."""
    return column.kind.storage.replace(",", "_")


def _ends(key: ForeignKey) -> str:
    """What is drawn between child and parent: how many rows of each belong to one of the other."""
    child = "|o" if key.cardinality == "one-to-one" else "}o"
    parent = "o|" if key.nulls or key.orphans else "||"
    return f"{child}--{parent}"


def _string(text: str) -> str:
    """The text between quotation marks; marks of its own and markup are entities of Mermaid."""
    made = shown(text).replace("#", "#35;").replace("&", "#amp;")
    for mark, entity in _ENTITIES.items():
        made = made.replace(mark, entity)
    return f'"{made}"'
