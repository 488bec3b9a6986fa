"""What a fact or bridge of a star means once its models are known: joins, keys and measures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from controlplane import naming, sql
from controlplane.generate.process import sentence
from controlplane.generate.star import (
    RECORD_KEY,
    Attribute,
    DimensionModel,
    FactModel,
    Joined,
    MeasureColumn,
    Reference,
)
from controlplane.generate.star_dimension import role_key
from controlplane.generate.star_source import SourceTable, StarSource, default_role, joined, label
from controlplane.specs.star import Bridge, Fact, FactDate, Relation
from controlplane.sql import Column


@dataclass
class _Reader:
    """One fact while it is resolved."""

    source: StarSource
    dimensions: Mapping[str, DimensionModel]
    place: str
    spec: Fact
    table: SourceTable
    joins: list[Joined] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    _names: set[str] = field(default_factory=set)
    _visited: set[str] = field(default_factory=set)

    def keys_of(
        self, fact: Fact, table: SourceTable, step: str, place: str, *, is_own: bool
    ) -> None:
        """The keys of a fact's dimensions and days; then those of the facts that it belongs to."""
        self._visited.add(table.model)
        headers = []
        for index, relation in self.source.relations_of(table.model):
            dimension = self.dimensions.get(relation.to)
            if dimension is not None:
                self._dimension_key(index, relation, dimension, table, step, is_own=is_own)
            elif self.source.fact_of(relation.to) is not None:
                headers.append((index, relation))
            elif is_own:
                star = self.source.star
                has = [d.model for d in star.dimensions] + [f.model for _, _, f in star.tables]
                # A dimension with a problem of its own says so itself.
                if relation.to not in has:
                    self.source.problem(
                        f"relations[{index}].to",
                        f"no dimension or fact is made of '{relation.to}', so '{fact.name}' gets no"
                        f" key from it (has: {', '.join(has)})",
                    )
        for position, date in enumerate(fact.dates):
            self._date_key(f"{place}.dates[{position}]", date, table, step, is_own=is_own)
        if isinstance(self.spec, Bridge):
            return
        for index, relation in headers:
            if relation.to not in self._visited:
                self._header(index, relation, table, step)

    def _header(self, index: int, relation: Relation, table: SourceTable, step: str) -> None:
        """The keys of the fact that this one is a part of, such as the order of its lines."""
        header = self.source.fact_of(relation.to)
        parent = self.source.table(f"relations[{index}].to", relation.to)
        if header is None or parent is None:
            return
        pairs = self.source.pairs(index, relation, table, parent)
        if not pairs:
            return
        if sorted(two.name for _, two in pairs) != sorted(
            parent.column(name).name for name in header.key if _has(parent, name)
        ):
            self.source.problem(
                f"relations[{index}].{'to_columns' if relation.to_columns else 'columns'}",
                f"are not the key of '{header.name}', so a row may belong to several of its rows"
                f" (key: {', '.join(header.key) or 'none'})",
            )
            return
        name = self._unused(relation.role or parent.step)
        on = [(one, two, two.name) for one, two in pairs]
        self.joins.append(joined(name, parent.model, step, on))
        kind, position = next(
            (kind, i) for kind, i, fact in self.source.star.tables if fact is header
        )
        self.keys_of(header, parent, name, f"{kind}[{position}]", is_own=False)

    def _dimension_key(
        self,
        index: int,
        relation: Relation,
        dimension: DimensionModel,
        table: SourceTable,
        step: str,
        *,
        is_own: bool,
    ) -> None:
        name = role_key(relation.role, dimension.surrogate_key)
        if self._is_taken(name, f"relations[{index}].role", is_own=is_own):
            return
        parent = self.source.table(f"relations[{index}].to", relation.to)
        pairs = self.source.pairs(index, relation, table, parent) if parent else []
        if not pairs or parent is None:
            return
        by_sql = {each.sql: each.column.name for each in dimension.attributes}
        there = [by_sql.get(f"{parent.step}.{two.name}") for _, two in pairs]
        on = [
            (one, two, called)
            for (one, two), called in zip(pairs, there, strict=True)
            if called is not None
        ]
        if len(on) < len(pairs):
            self.source.problem(
                f"relations[{index}].to_columns",
                f"'{dimension.name}' leaves a column out that tells its rows apart",
            )
            return
        alias = self._unused(f"{relation.role}_dim" if relation.role else dimension.name)
        self.joins.append(joined(alias, dimension.name, step, on))
        what = (relation.role or label(relation.to)).replace("_", " ")
        self.references.append(
            Reference(
                name,
                dimension.name,
                dimension.surrogate_key,
                f"{alias}.{dimension.surrogate_key}",
                "uuid",
                f"Its {what}, in `{dimension.name}`; the unknown member where there is none.",
            )
        )

    def _date_key(
        self, place: str, date: FactDate, table: SourceTable, step: str, *, is_own: bool
    ) -> None:
        column = self.source.column(f"{place}.column", date.column, table)
        if column is None:
            return
        if column.type not in ("date", "timestamp"):
            if is_own:
                self.source.problem(
                    f"{place}.column", f"'{column.name}' is {column.type}, not a date or timestamp"
                )
            return
        role = default_role(column.name) if date.role is None else date.role
        name = f"{role}_date_key" if role else "date_key"
        if self._is_taken(name, f"{place}.role", is_own=is_own):
            return
        calendar = self.source.star.calendar.name
        alias = self._unused(f"{role}_{calendar}" if role else calendar)
        day = Column("date", column.type)
        given = f"{step}.{column.name}"
        if column.type == "timestamp":
            given = f"cast({given} as date)"
        self.joins.append(Joined(alias, calendar, ((given, f"{alias}.{day.name}"),)))
        self.references.append(
            Reference(
                name,
                calendar,
                "date_key",
                f"{alias}.date_key",
                "integer",
                f"The day of `{column.name}`, in `{calendar}`; 0 where there is none.",
            )
        )

    def _is_taken(self, name: str, place: str, *, is_own: bool) -> bool:
        """Whether there is a key of that name; a problem unless the fact's own one stands there."""
        if not any(each.name == name for each in self.references):
            return False
        if is_own:
            self.source.problem(
                place, f"'{self.spec.name}' has a key '{name}' already; give this one a role"
            )
        return True

    def _unused(self, name: str) -> str:
        base = name[: naming.MAX_NAME - 4]
        found, count = base, 1
        while found in self._names:
            count += 1
            found = f"{base}_{count}"
        self._names.add(found)
        return found

    def start(self) -> None:
        """Find the fact's own keys and those that it inherits."""
        self._names.add(self.table.step)
        self.keys_of(self.spec, self.table, self.table.step, self.place, is_own=True)


def resolve_fact(
    source: StarSource,
    dimensions: Mapping[str, DimensionModel],
    kind: str,
    index: int,
    spec: Fact,
    spec_path: str,
) -> FactModel | None:
    """The fact or bridge with everything settled; None after noting what is wrong with it."""
    place = f"{kind}[{index}]"
    before = len(source.problems)
    table = source.table(f"{place}.model", spec.model)
    if table is None:
        return None
    reader = _Reader(source, dimensions, place, spec, table)
    reader.start()
    key = source.columns(f"{place}.key", spec.key, table)
    if not spec.key and not table.has_batches:
        source.problem(
            f"{place}.key", f"is required: nothing else tells the rows of '{table.model}' apart"
        )
    record_key = [] if spec.key else list(RECORD_KEY)
    kept = [
        column
        for column in source.columns(f"{place}.degenerate", spec.degenerate, table)
        if column not in key
    ]
    measures = [
        (position, measure, column)
        for position, measure in enumerate(spec.measures)
        if (column := source.column(f"{place}.measures[{position}].column", measure.column, table))
    ]
    for position, _, column in measures:
        if not column.is_numeric:
            source.problem(
                f"{place}.measures[{position}].column",
                f"'{column.name}' is {column.type}, and a measure is a number",
            )
    named = {column.name: spec.names.get(column.name, column.name) for column in (*key, *kept)}
    for name in spec.names:
        if name not in named:
            source.problem(f"{place}.names.{name}", sql.unknown_column(name, list(named)))
    # Every column of the fact, with the field that asks for it.
    names = [
        (f"{place}.key", named.get(column.name, column.name)) for column in (*key, *record_key)
    ]
    names += [(f"{place}.name", reference.name) for reference in reader.references]
    names += [(f"{place}.degenerate", named[column.name]) for column in kept]
    names += [(f"{place}.measures[{i}].name", each.name or c.name) for i, each, c in measures]
    for position, (field_name, name) in enumerate(names):
        if name in [other for _, other in names[:position]]:
            source.problem(field_name, f"'{spec.name}' has a column '{name}' already")
    if len(source.problems) > before:
        return None
    return FactModel(
        spec_path=spec_path,
        name=spec.name,
        model=table.model,
        description=sentence(spec.description),
        is_bridge=isinstance(spec, Bridge),
        key=tuple(_attribute(table, column, named) for column in (*key, *record_key)),
        has_own_key=bool(spec.key),
        joins=tuple(reader.joins),
        references=tuple(reader.references),
        degenerate=tuple(_attribute(table, column, named) for column in kept),
        measures=tuple(
            MeasureColumn(
                _attribute(table, column, {column.name: measure.name or column.name}),
                column.name,
                measure.additivity,
            )
            for _, measure, column in measures
        ),
    )


def _attribute(table: SourceTable, column: Column, names: Mapping[str, str]) -> Attribute:
    texts = {
        "_batch_id": "The batch that brought the record.",
        "_row_number": "The record's place in its source, from 1.",
    }
    text = table.descriptions.get(column.name) or texts.get(column.name, "")
    called = replace(column, name=names.get(column.name, column.name))
    return Attribute(called, f"{table.step}.{column.name}", text)


def _has(table: SourceTable, name: str) -> bool:
    return any(column.name == name or column.title == name for column in table.columns)
