"""What a dimension of a star means once its models are known: joins, columns and keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from controlplane import naming, sql
from controlplane.generate.process import sentence
from controlplane.generate.star import Attribute, DimensionModel, Joined, Reference
from controlplane.generate.star_source import SourceTable, StarSource, joined, label
from controlplane.specs.star import Dimension, Relation


@dataclass
class _Reader:
    """One dimension while it is resolved."""

    source: StarSource
    place: str
    spec: Dimension
    table: SourceTable
    joins: list[Joined] = field(default_factory=list)
    outriggers: list[Reference] = field(default_factory=list)
    _names: set[str] = field(default_factory=set)
    _taken: set[str] = field(default_factory=set)

    def attributes(self) -> list[Attribute]:
        """The model's own columns, then those of the models that it is related to."""
        step = self.table.step
        self._names.add(step)
        self._taken.add(self.spec.key_column)
        found = []
        for column in self.table.columns:
            self._taken.add(column.name)
            text = self.table.descriptions.get(column.name, "")
            found.append(Attribute(column, f"{step}.{column.name}", text))
        return found + list(self._related(self.table, step, (self.table.model,), ""))

    def _related(
        self, table: SourceTable, step: str, path: tuple[str, ...], prefix: str
    ) -> Iterator[Attribute]:
        for index, relation in self.source.relations_of(table.model):
            if relation.flatten and relation.to not in path:
                yield from self._flattened(index, relation, table, step, path, prefix)
            elif not relation.flatten and len(path) == 1:
                self._outrigger(index, relation, step)
            elif relation.flatten and len(path) == 1:
                self.source.problem(
                    f"relations[{index}].flatten",
                    f"'{relation.to}' cannot be flattened into itself; say false for its key",
                )

    def _flattened(
        self,
        index: int,
        relation: Relation,
        table: SourceTable,
        step: str,
        path: tuple[str, ...],
        prefix: str,
    ) -> Iterator[Attribute]:
        """The columns of the model that a relation leads to, and of those behind it."""
        parent = self.source.table(f"relations[{index}].to", relation.to)
        if parent is None:
            return
        pairs = self.source.pairs(index, relation, table, parent)
        if not pairs:
            return
        own = relation.role or label(parent.model)
        name = self._unused(parent.step if relation.role is None else own, self._names)
        on = [(one, two, two.name) for one, two in pairs]
        self.joins.append(joined(name, parent.model, step, on))
        matched = {two.name for _, two in pairs}
        inner = f"{prefix}{own}_"
        further = {
            name for _, each in self.source.relations_of(parent.model) for name in each.columns
        }
        for column in parent.columns:
            if column.name in matched:
                continue
            # The city of a city is called so, and not city_city; nor is what leads further.
            has_it = column.name.startswith(own) or f"_{own}_" in f"_{column.name}_"
            plain = has_it or column.name in further
            short = column.name if plain else f"{own}_{column.name}"
            called = short if short not in self._taken else f"{prefix}{short}"
            called = self._unused(called[: naming.MAX_NAME - 4], self._taken)
            text = parent.descriptions.get(column.name, "")
            yield Attribute(replace(column, name=called), f"{name}.{column.name}", text)
        yield from self._related(parent, name, (*path, parent.model), inner)

    def _outrigger(self, index: int, relation: Relation, step: str) -> None:
        """The surrogate key of another dimension's row, or of the row above in the same one."""
        place = f"relations[{index}].to"
        other = next((d for d in self.source.star.dimensions if d.model == relation.to), None)
        parent = self.source.table(place, relation.to)
        if parent is None:
            return
        if other is None:
            has = ", ".join(each.model for each in self.source.star.dimensions)
            self.source.problem(
                place, f"no dimension is made of '{relation.to}', so it has no key (has: {has})"
            )
            return
        pairs = self.source.pairs(index, relation, self.table, parent)
        key = self.source.columns(f"{self.place}.key", other.key, parent)
        if not pairs or len(key) < len(other.key):
            return
        own = relation.role or label(relation.to)
        wanted = f"{relation.role}_{parent.step}" if relation.role else parent.step
        name = self._unused(wanted[: naming.MAX_NAME - 4], self._names)
        self.joins.append(
            joined(name, parent.model, step, [(one, two, two.name) for one, two in pairs])
        )
        parts = ", ".join(f"'{name}.{column.name}'" for column in key)
        found = (
            f"case\n    when {name}.{key[0].name} is not null\n"
            f"        then {{{{ surrogate_uuid([{parts}]) }}}}\nend"
        )
        called = self._unused(role_key(relation.role, other.key_column), self._taken)
        text = f"The row of `{other.name}` that is its {own.replace('_', ' ')}."
        self.outriggers.append(Reference(called, other.name, other.key_column, found, "uuid", text))

    def _unused(self, name: str, taken: set[str]) -> str:
        found, count = name, 1
        while found in taken:
            count += 1
            found = f"{name}_{count}"
        taken.add(found)
        return found

    def renamed(self, attributes: list[Attribute]) -> list[Attribute]:
        """The columns that the dimension is to have, by the names that they are to have."""
        names = self._settled_names([each.column.name for each in attributes])
        left_out = set(self.spec.leave_out)
        return [
            replace(each, column=replace(each.column, name=names[each.column.name]))
            for each in attributes
            if each.column.name not in left_out
        ]

    def _settled_names(self, known: list[str]) -> Mapping[str, str]:
        for field_name, given in (("names", self.spec.names), ("leave_out", self.spec.leave_out)):
            for index, name in enumerate(given):
                if name not in known:
                    at = f"names.{name}" if field_name == "names" else f"leave_out[{index}]"
                    self.source.problem(f"{self.place}.{at}", unknown(name, known))
        names = {name: self.spec.names.get(name, name) for name in known}
        for old, new in self.spec.names.items():
            plain = naming.column_names([new])[0]
            if new != plain:
                self.source.problem(
                    f"{self.place}.names.{old}", f"found '{new}', expected a name such as '{plain}'"
                )
            elif [*names.values(), self.spec.key_column].count(new) > 1:
                self.source.problem(
                    f"{self.place}.names.{old}", f"another column is called '{new}' already"
                )
        return names


def made_names(source: StarSource, index: int) -> list[str]:
    """What the columns of a dimension would be called if the star gave them no other names."""
    spec = source.star.dimensions[index]
    table = source.table(f"dimensions[{index}].model", spec.model)
    if table is None:
        return []
    reader = _Reader(source, f"dimensions[{index}]", spec, table)
    return [each.column.name for each in reader.attributes()]


def resolve_dimension(
    source: StarSource, index: int, spec: Dimension, spec_path: str
) -> DimensionModel | None:
    """The dimension with everything settled; None after noting what is wrong with it."""
    place = f"dimensions[{index}]"
    before = len(source.problems)
    table = source.table(f"{place}.model", spec.model)
    if table is None:
        return None
    reader = _Reader(source, place, spec, table)
    every = reader.attributes()
    key_names = [column.name for column in source.columns(f"{place}.key", spec.key, table)]
    for position, name in enumerate(key_names):
        if name in spec.leave_out:
            source.problem(f"{place}.leave_out", f"'{name}' is in the key; it has to stay")
        if name == spec.key_column:
            source.problem(
                f"{place}.key[{position}]",
                f"'{name}' is what the surrogate key would be called; name that in surrogate_key",
            )
    step = table.step
    keys = {f"{step}.{name}" for name in key_names}
    attributes = [replace(each, is_key=each.sql in keys) for each in reader.renamed(every)]
    names = [each.column.name for each in attributes]
    hierarchies = []
    for position, hierarchy in enumerate(spec.hierarchies):
        for level, name in enumerate(hierarchy.levels):
            if name not in names:
                at = f"{place}.hierarchies[{position}].levels[{level}]"
                source.problem(at, unknown(name, names))
        hierarchies.append((hierarchy.name, tuple(hierarchy.levels)))
    if len(source.problems) > before:
        return None
    by_sql = {each.sql: each for each in attributes}
    return DimensionModel(
        spec_path=spec_path,
        name=spec.name,
        model=table.model,
        description=sentence(spec.description),
        surrogate_key=spec.key_column,
        key=tuple(by_sql[f"{step}.{name}"] for name in key_names),
        joins=tuple(reader.joins),
        attributes=tuple(attributes),
        outriggers=tuple(reader.outriggers),
        hierarchies=tuple(hierarchies),
    )


def role_key(role: str | None, key_column: str) -> str:
    """What the key of a dimension is called where its row has a role."""
    return f"{role}_{key_column.rpartition('_')[2]}" if role else key_column


def unknown(name: str, known: list[str]) -> str:
    """The message for a column that a dimension does not have."""
    return sql.unknown_column(name, known)
