"""The edges of a model: of the tables that it reads, and of its columns where they can be traced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from controlplane.dbt.artifacts import Manifest, Node
from controlplane.dbt.hashes import digest
from controlplane.lineage.edges import VERSION, ColumnEdge, Edge, Kind, Relation, shown

# Generated expressions may be as long as a book; their beginning says what they are.
LONGEST_LOGIC = 4000

Columns = Mapping[Relation, Sequence[str]]


@dataclass(frozen=True)
class Reading:
    """A model as it was compiled, with the tables that it reads and their columns.

    `sql` is empty where it is written in another language. `columns` are those that it has in the
    warehouse, as far as it is there. `layers` has the layer of each table, its own
    among them.
    """

    model: str
    relation: Relation
    sql: str
    columns: tuple[str, ...]
    parents: Mapping[Relation, tuple[str, ...]]
    layers: Mapping[Relation, str]

    def checksum(self, dialect: str) -> str:
        """Equal for two readings that have the same edges."""
        tables = sorted([shown(name), list(columns)] for name, columns in self.parents.items())
        layers = sorted([shown(name), layer] for name, layer in self.layers.items())
        return digest(VERSION, dialect, self.model, shown(self.relation), self.sql, tables, layers)


@dataclass(frozen=True)
class Traced:
    """The edges of one model, and why they are of tables alone, if so."""

    edges: tuple[Edge, ...]
    problem: str | None = None


def read_model(manifest: Manifest, unique_id: str, columns: Columns) -> Reading | None:
    """A model of the manifest of `dbt compile`; None for one that dbt could not compile.

    Args:
        manifest: the manifest.
        unique_id: the model.
        columns: the columns of each table of the warehouse; those of a table that it lacks are
            taken from the contract, where there is one.
    """
    node = manifest.nodes[unique_id]
    code = str(node.raw.get("compiled_code") or "")
    if node.relation is None or not code:
        return None
    parents: dict[Relation, tuple[str, ...]] = {}
    layers = {node.relation: node.layer or node.relation[0]}
    for parent in _parents(manifest, node):
        source = manifest.sources.get(parent)
        if source is not None:
            relation = (source.schema, source.identifier)
            parents[relation] = tuple(columns.get(relation, ()))
            layers[relation] = source.schema
        elif (found := manifest.nodes[parent]).relation is not None:
            relation = found.relation
            parents[relation] = tuple(columns.get(relation) or found.raw.get("columns") or ())
            layers[relation] = found.layer or relation[0]
    sql = code if node.language == "sql" else ""
    own = tuple(columns.get(node.relation, ()))
    return Reading(unique_id, node.relation, sql, own, parents, layers)


def trace_model(reading: Reading, dialect: str) -> Traced:
    """The edges of a model, at least one: of the tables that it reads, then of its columns."""
    from controlplane.lineage.trace import TraceError, trace_columns

    found: list[ColumnEdge] = []
    problem = None
    try:
        if not reading.sql:
            raise TraceError("it is not written in SQL")
        found = trace_columns(reading.sql, dialect, reading.parents)
        named = {each.column.lower() for each in found}
        if lacking := [each for each in reading.columns if each.lower() not in named]:
            raise TraceError(f"it has the column {lacking[0]}, which its SQL does not name")
    except TraceError as error:
        found, problem = [], str(error)
    checksum = reading.checksum(dialect)
    # A table that the SQL names without dbt knowing of it is read all the same.
    tables = dict.fromkeys([*sorted(reading.parents), *(each.source for each in found)])
    edges = [
        _edge(reading, checksum, table, None, None, Kind.TABLE, "")
        for table in tables
        if table is not None
    ]
    order = {each.column: place for place, each in enumerate(found)}
    for each in sorted(found, key=lambda each: (order[each.column], _sorted(each))):
        edges.append(
            _edge(
                reading,
                checksum,
                each.source,
                each.source_column,
                each.column,
                each.kind,
                each.logic,
            )
        )
    if not edges:
        edges.append(_edge(reading, checksum, None, None, None, Kind.TABLE, ""))
    return Traced(tuple(edges), problem)


def _parents(manifest: Manifest, node: Node) -> list[str]:
    """What a node reads, with ephemeral models replaced by what they read."""
    found: dict[str, None] = {}
    waiting = list(reversed(node.depends_on))
    while waiting:
        key = waiting.pop()
        parent = manifest.nodes.get(key)
        if parent is not None and parent.materialized == "ephemeral":
            waiting.extend(reversed(parent.depends_on))
        elif parent is not None or key in manifest.sources:
            found[key] = None
    return list(found)


def _sorted(edge: ColumnEdge) -> tuple[str, str]:
    return shown(edge.source) if edge.source else "", edge.source_column or ""


def _edge(
    reading: Reading,
    checksum: str,
    source: Relation | None,
    source_column: str | None,
    column: str | None,
    kind: Kind,
    logic: str,
) -> Edge:
    layers = reading.layers
    step = f"{layers.get(source, source[0])} -> {layers[reading.relation]}" if source else None
    if len(logic) > LONGEST_LOGIC:
        logic = f"{logic[: LONGEST_LOGIC - 1]}…"
    return Edge(
        model=reading.model,
        checksum=checksum,
        source_table=shown(source) if source else None,
        source_column=source_column,
        target_table=shown(reading.relation),
        target_column=column,
        transformation_type=str(kind),
        transformation_logic=logic or None,
        layer_transition=step,
    )
