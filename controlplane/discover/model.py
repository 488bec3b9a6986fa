"""Changes names, relations and hierarchies of a project's model in its specs, all or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from controlplane import naming
from controlplane.config import Project
from controlplane.discover import model_relations
from controlplane.discover.memory import FILE as MEMORY_FILE
from controlplane.discover.memory import DraftedTable, Memory
from controlplane.discover.model_changes import Change, unknown
from controlplane.discover.star_columns import keep_masked, rename_in_star, unknown_in_star
from controlplane.errors import DatabankError, Problem, SpecError
from controlplane.specs.edit import SpecText
from controlplane.specs.files import (
    ETL,
    STAR,
    WAREHOUSE,
    Kind,
    SpecFile,
    parse_spec,
    problems_between,
    scan,
)
from controlplane.specs.star import Star

# Fields that name columns of a dimension, some of which are made of the name of a model.
_MADE_NAME = re.compile(
    r"dimensions\[(?P<at>\d+)\]\.(leave_out\[(?P<left_out>\d+)\]|names\.(?P<name>.+)"
    r"|hierarchies\[(?P<of>\d+)\]\.levels\[(?P<level>\d+)\])"
)


class ModelSpecs:
    """The specs of a project while its model is changed; nothing is written before `changes`.

    Raises:
        SpecError: a spec of the project cannot be used as it is.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._files: dict[Path, tuple[Kind, SpecFile[Any]]] = {}
        self._before: dict[Path, str] = {}
        self._texts: dict[Path, SpecText] = {}
        self._renamed: tuple[str, str] | None = None
        self._memory: Memory | None = None
        # Of each model the columns that have another name now, old to new.
        self.names: Mapping[str, Mapping[str, str]] = {}
        for kind in (ETL, STAR, WAREHOUSE):
            found = scan(project.root, kind)
            # What is wrong with a warehouse is no reason to leave the models as they are.
            if found.problems and kind is not WAREHOUSE:
                raise SpecError(found.problems)
            for file in found.files:
                text = file.path.read_bytes().decode("utf-8")
                self._files[file.path] = (kind, file)
                self._before[file.path] = text
                is_json = text.lstrip("\ufeff \t\r\n").startswith("{")
                self._texts[file.path] = SpecText(text, is_json=is_json)

    def rename_table(self, old: str, new: str) -> None:
        """Give a silver model, or a table of a star, another name in every spec.

        Raises:
            DatabankError: there is no such table, or one with the new name.
        """
        self._known(old)
        if new in self._tables():
            raise DatabankError(
                f"there is a table '{new}' already", hint="take another name, or rename that first"
            )
        self._renamed = (old, new)
        within = re.compile(rf"(?<![\w.]){re.escape(old)}(?=\s*\.\s*[\w\"])", re.IGNORECASE)
        for file, text in self._of(ETL):
            spec = file.spec
            if spec.table_name == old:
                text.put(["target_config"], "table_name", new)
            if spec.source_config.model == old:
                text.replace(["source_config", "model"], new)
            for index, join in enumerate(spec.transform_config.joins):
                place: list[str | int] = ["transform_config", "joins", index]
                sides = {"left_table": join.left_table, "right_table": join.right_table}
                named = [side for side, table in sides.items() if table == old]
                for side in named:
                    text.replace([*place, side], new)
                if named:
                    text.rename_within([*place, "condition"], within, new)
        for file, text in self._of(STAR):
            for field_path, value in _names_in(file.spec):
                if value == old and self._stands(file, field_path):
                    text.replace(field_path, new)
            if file.spec.calendar.name == old and not self._stands(file, ["calendar", "name"]):
                text.put(["calendar"], "name", new)

    def rename_column(self, table: str, old: str, new: str) -> None:
        """Give a column of silver another name in every spec, or one of a star's table in the star.

        Raises:
            DatabankError: there is no such table or column, or it cannot be called that.
        """
        self._known(table)
        if any(file.spec.table_name == table for file, _ in self._of(ETL)):
            self._rename_in_silver(table, old, new)
            return
        known: list[str] = []
        for file, text in self._of(STAR):
            found = rename_in_star(file.spec, text, table, old, new)
            if found is None:
                return
            known += found
        raise unknown_in_star(table, old, known)

    def _rename_in_silver(self, table: str, old: str, new: str) -> None:
        from controlplane.discover.silver_columns import SilverColumns

        columns = SilverColumns(self._project, self._of(ETL), self._of(STAR))
        columns.rename(table, old, new)
        self.names = {model: names for model, names in columns.names.items() if names}
        for file, text in self._of(WAREHOUSE):
            keep_masked(file.spec, text, self.names.values())
        memory = Memory.load(self._project.root)
        for file, _ in self._of(ETL):
            if drafted := memory.tables.get(file.spec.slug):
                names = self.names.get(file.spec.table_name, {})
                renamed = {names.get(name, name): each for name, each in drafted.columns.items()}
                table_now = DraftedTable(drafted.table, renamed)
                memory = memory.with_tables({file.spec.slug: table_now})
        self._memory = memory

    def read_as_missing(self, table: str, column: str, values: Sequence[str]) -> None:
        """Read values of a column of silver as missing: those, or else all that its spec offers.

        Raises:
            DatabankError: there is no such table or column, or nothing is offered.
        """
        from controlplane.discover.silver_columns import SilverColumns, column_in
        from controlplane.discover.stand_ins import Consent

        silver = {f.spec.table_name: (f, text) for f, text in self._of(ETL)}
        if table not in silver:
            raise unknown("table", table, list(silver))
        file, text = silver[table]
        process = SilverColumns(self._project, self._of(ETL), []).process_of(file.spec)
        found = column_in(table, column, process).name if process else column
        is_json = text.text.lstrip("\ufeff \t\r\n").startswith("{")
        consent = Consent(file.spec, text.text, process, is_json=is_json)
        self._texts[file.path] = consent.given(found, values)

    def relate(
        self, table: str, columns: Sequence[str], to: str, to_columns: Sequence[str], *, drop: bool
    ) -> None:
        """Add a relation between silver models, or take one out; tables of a star stand for theirs.

        Raises:
            DatabankError: a table is unknown, or the relation is there already, or is not there.
        """
        self._known(table)
        self._known(to)
        relation = model_relations.Relation(
            self._model_of(table), columns, self._model_of(to), to_columns
        )
        said = f"{table}.{','.join(columns)} to {to}.{','.join(to_columns)}"
        model_relations.relate(self._of(STAR), relation, said, drop=drop)

    def hierarchy(self, name: str, dimension: str, levels: Sequence[str], *, drop: bool) -> None:
        """Give a dimension a hierarchy, in place of one with the same name, or take it out.

        Raises:
            DatabankError: there is no such dimension, or no such hierarchy to take out.
        """
        model_relations.hierarchy(self._of(STAR), name, dimension, levels, drop=drop)

    def changes(self) -> list[Change]:
        """What was changed, once it is sure that all specs can still be used together.

        Raises:
            SpecError: they cannot; every new problem with its line after the change.
        """
        changed, problems = self._checked()
        if problems and self._follow(problems):
            changed, problems = self._checked()
        if problems:
            raise SpecError(problems)
        return changed + self._memory_change()

    def _memory_change(self) -> list[Change]:
        """What is remembered of drafts goes by the names in silver."""
        path = self._project.root / MEMORY_FILE
        if self._memory is None or not path.is_file():
            return []
        before = path.read_bytes().decode("utf-8")
        if self._memory == Memory.load(self._project.root):
            return []
        return [Change(SpecFile(path, None, {}, MEMORY_FILE, {}), before, self._memory.text)]

    def _checked(self) -> tuple[list[Change], list[Problem]]:
        """What was changed, and what was not wrong before."""
        from controlplane.generate import check_specs

        after: dict[Kind, list[SpecFile[Any]]] = {ETL: [], STAR: [], WAREHOUSE: []}
        before: dict[Kind, list[SpecFile[Any]]] = {ETL: [], STAR: [], WAREHOUSE: []}
        changed = []
        for path, (kind, file) in self._files.items():
            text = self._texts[path].text
            before[kind].append(file)
            if text == self._before[path]:
                after[kind].append(file)
                continue
            parsed = parse_spec(text, file.source, kind, path)
            after[kind].append(parsed)
            changed.append(Change(parsed, self._before[path], text))
        if not changed:
            return [], []
        said = {_said(each) for each in check_specs(self._project, before[ETL], before[STAR])}
        problems = [p for kind, files in after.items() for p in problems_between(files, kind)]
        problems += check_specs(self._project, after[ETL], after[STAR])
        return changed, [problem for problem in problems if _said(problem) not in said]

    def _follow(self, problems: Sequence[Problem]) -> bool:
        """Change names that were made of a renamed model's: `customer_city` of `customers`."""
        if self._renamed is None:
            return False
        old, new = (naming.singular(each) for each in self._renamed)
        within = re.compile(rf"(?<![a-z0-9]){re.escape(old)}(?=_)")
        followed = False
        for file, text in self._of(STAR):
            for problem in problems:
                found = _MADE_NAME.fullmatch(problem.field)
                if problem.file != file.source or not found:
                    continue
                block: list[str | int] = ["dimensions", int(found["at"])]
                if found["left_out"]:
                    text.rename_within([*block, "leave_out", int(found["left_out"])], within, new)
                elif found["name"]:
                    shown = file.spec.dimensions[int(found["at"])].names[found["name"]]
                    text.put([*block, "names"], within.sub(new, found["name"]), shown)
                    text.remove([*block, "names", found["name"]])
                else:
                    block += ["hierarchies", int(found["of"]), "levels", int(found["level"])]
                    text.rename_within(block, within, new)
                followed = True
        return followed

    def _of(self, kind: Kind) -> list[tuple[SpecFile[Any], SpecText]]:
        return [
            (file, self._texts[path]) for path, (one, file) in self._files.items() if one is kind
        ]

    def _tables(self) -> list[str]:
        silver = [file.spec.table_name for file, _ in self._of(ETL)]
        return [
            *silver,
            *(n for file, _ in self._of(STAR) for n in file.spec.model_fields_of_names()),
        ]

    def _known(self, name: str) -> None:
        known = self._tables()
        if name not in known:
            raise unknown("table", name, known)

    def _model_of(self, table: str) -> str:
        for file, _ in self._of(STAR):
            star: Star = file.spec
            made = {each.name: each.model for each in star.dimensions}
            made |= {fact.name: fact.model for _, _, fact in star.tables}
            if table in made:
                return made[table]
        return table

    @staticmethod
    def _stands(file: SpecFile[Any], path: Sequence[str | int]) -> bool:
        """Whether a field is written in the file, and not only its default."""
        value: Any = file.document
        for step in path:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return False
        return True


def _names_in(star: Star) -> Iterable[tuple[list[str | int], str]]:
    """Every field of a star that names a table, with its value."""
    yield ["calendar", "name"], star.calendar.name
    blocks: list[tuple[str, int, Any]] = [
        ("dimensions", i, d) for i, d in enumerate(star.dimensions)
    ]
    for kind, index, each in (*blocks, *star.tables):
        yield [kind, index, "name"], each.name
        yield [kind, index, "model"], each.model
    for index, relation in enumerate(star.relations):
        yield ["relations", index, "model"], relation.model
        yield ["relations", index, "to"], relation.to


def _said(problem: Problem) -> Problem:
    """A problem without its line, which a change further up moves."""
    return replace(problem, line=0)
