"""The tables of a dbt project as its documentation knows them, for a diagram of each layer.

Keys and references are what the project says of itself: constraints, and the tests `relationships`,
`unique` with `not_null`, and `unique_combination`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from controlplane.dbt.artifacts import CatalogColumn, Manifest, Node
from controlplane.discover.findings import (
    Column,
    ColumnType,
    Findings,
    ForeignKey,
    Key,
    Role,
    Table,
)

# The ends of names that say what a table is in a star schema.
_ROLES: Mapping[str, Role] = {"fact": "fact", "dim": "dimension", "bridge": "bridge"}


def diagrams_of(
    manifest: Manifest, catalog: Mapping[str, Sequence[CatalogColumn]]
) -> dict[str, Findings]:
    """What is to be drawn of each layer in which tables refer to each other.

    A table of another layer is drawn where one of the layer refers to it; one that refers to nothing
    and that nothing refers to is left out.
    """
    models = {
        unique_id: node
        for unique_id, node in manifest.nodes.items()
        if node.resource_type in ("model", "seed", "snapshot") and node.relation is not None
    }
    tests = [node for node in manifest.nodes.values() if node.resource_type == "test"]
    references = _references(tests, models)
    keys = {unique_id: _key(node, tests) for unique_id, node in models.items()}
    found: dict[str, Findings] = {}
    for layer in sorted({node.layer or "" for node in models.values()}):
        kept = [each for each in references if models[each[0]].layer == layer]
        drawn = {place for child, parent, _ in kept for place in (child, parent)}
        tables = tuple(
            _table(
                models[place],
                catalog.get(place, ()),
                keys[place],
                [key for child, _, key in kept if child == place],
            )
            for place in sorted(drawn, key=lambda each: models[each].name)
        )
        if layer and tables:
            found[layer] = Findings(tables, ())
    return found


def _references(
    tests: Sequence[Node], models: Mapping[str, Node]
) -> list[tuple[str, str, ForeignKey]]:
    """Child, parent and columns of each reference that a test holds."""
    found: dict[tuple[str, str, str], tuple[str, str, ForeignKey]] = {}
    for test in tests:
        said = test.raw.get("test_metadata") or {}
        child = test.attached_node
        if said.get("name") != "relationships" or child is None or child not in models:
            continue
        column, field = (said["kwargs"].get(each) for each in ("column_name", "field"))
        others = [each for each in test.depends_on if each != child]
        parent = others[0] if others else child
        if not (column and field) or parent not in models:
            continue
        key = ForeignKey(
            columns=(_plain(column),),
            ref_table=models[parent].name,
            ref_columns=(_plain(field),),
            confidence=1.0,
            cardinality="many-to-one",
            coverage=1.0,
            orphans=0,
            nulls=0,
            reason="tested",
        )
        found[child, key.columns[0], parent] = (child, parent, key)
    return list(found.values())


def _key(node: Node, tests: Sequence[Node]) -> Key | None:
    """The primary key of a model: its constraint, else what is tested to be unique and filled."""
    for constraint in node.raw.get("constraints") or ():
        if constraint.get("type") == "primary_key" and constraint.get("columns"):
            return Key(tuple(constraint["columns"]), 1.0, "declared")
    for name, column in (node.raw.get("columns") or {}).items():
        if any(each.get("type") == "primary_key" for each in column.get("constraints") or ()):
            return Key((name,), 1.0, "declared")
    tested: dict[str, set[str]] = {}
    combined: tuple[str, ...] = ()
    for test in tests:
        said = test.raw.get("test_metadata") or {}
        if test.attached_node != node.unique_id:
            continue
        if said.get("name") in ("unique", "not_null"):
            tested.setdefault(_plain(said["kwargs"]["column_name"]), set()).add(said["name"])
        elif said.get("name") == "unique_combination":
            columns = said["kwargs"].get("columns") or ()
            combined = tuple(map(_plain, columns)) if isinstance(columns, list) else ()
    single = [name for name, held in tested.items() if len(held) == 2]
    columns = (single[0],) if single else combined
    return Key(columns, 1.0, "tested") if columns else None


def _table(
    node: Node, stored: Sequence[CatalogColumn], key: Key | None, references: Sequence[ForeignKey]
) -> Table:
    described = node.raw.get("columns") or {}
    types = {column.name: column.type for column in stored} or {
        name: column.get("data_type") or "" for name, column in described.items()
    }
    return Table(
        name=node.name,
        source=node.path,
        rows=0,
        columns=tuple(_column(name, kind) for name, kind in types.items()),
        role=_ROLES.get(node.name.rsplit("_", 1)[-1]),
        primary_key=key,
        foreign_keys=tuple(references),
    )


def _column(name: str, kind: str) -> Column:
    told = ColumnType("string", None, None, 1.0, "as the warehouse has it", kind.lower())
    return Column(name, told, nulls=0, distinct=0)


def _plain(column: str) -> str:
    """The name of a column that a test may have between quotation marks."""
    return column[1:-1].replace('""', '"') if column[:1] == column[-1:] == '"' else column
