"""Changes names, relations and hierarchies of a project's model in its specs, all or nothing."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from controlplane import naming
from controlplane.config import Project
from controlplane.errors import DatabankError, Problem, SpecError
from controlplane.specs.edit import SpecText
from controlplane.specs.files import (
    ETL,
    STAR,
    Kind,
    SpecFile,
    parse_spec,
    problems_between,
    scan,
)
from controlplane.specs.star import Dimension, Star
from controlplane.specs.values import did_you_mean
from controlplane.specs.write import Draft, save

# Fields that name columns of a dimension, some of which are made of the name of a model.
_MADE_NAME = re.compile(
    r"dimensions\[(?P<at>\d+)\]\.(leave_out\[(?P<left_out>\d+)\]|names\.(?P<name>.+)"
    r"|hierarchies\[(?P<of>\d+)\]\.levels\[(?P<level>\d+)\])"
)


@dataclass(frozen=True)
class Change:
    """A spec before and after."""

    file: SpecFile[Any]
    before: str
    after: str

    def diff(self) -> str:
        """The difference, in the unified format."""
        name = self.file.source
        lines = difflib.unified_diff(
            self.before.splitlines(keepends=True), self.after.splitlines(keepends=True), name, name
        )
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


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
        for kind in (ETL, STAR):
            found = scan(project.root, kind)
            if found.problems:
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
        """Give a column another name in a table of a star, or in all that are made of a silver model.

        Raises:
            DatabankError: there is no such table or column, or nothing where it could be renamed.
        """
        self._known(table)
        done, known = False, []
        for file, text in self._of(STAR):
            star: Star = file.spec
            for index, dimension in enumerate(star.dimensions):
                if table in (dimension.name, dimension.model):
                    done = _rename_in_dimension(text, index, dimension, old, new) or done
            for kind, index, fact in star.tables:
                if table not in (fact.name, fact.model):
                    continue
                place: list[str | int] = [kind, index]
                for at, measure in enumerate(fact.measures):
                    known.append(measure.name or measure.column)
                    if known[-1] == old:
                        text.put([*place, "measures", at], "name", new)
                        done = True
                originals = {
                    name: fact.names.get(name, name) for name in (*fact.key, *fact.degenerate)
                }
                known += originals.values()
                for original, shown in originals.items():
                    if shown == old:
                        text.put([*place, "names"], original, new)
                        done = True
        if done:
            return
        if known:
            raise DatabankError(
                f"'{table}' has no column '{old}' whose name a spec gives"
                f" (has: {', '.join(dict.fromkeys(known))}){did_you_mean(old, known)}",
                hint="keys of dimensions and of days are named by a relation's or a date's role",
            )
        raise DatabankError(
            f"no star has a table that is made of '{table}', and a silver model has the names of its"
            " source",
            hint="rename the column in a dimension or a fact",
        )

    def relate(
        self, table: str, columns: Sequence[str], to: str, to_columns: Sequence[str], *, drop: bool
    ) -> None:
        """Add a relation between silver models, or take one out; tables of a star stand for theirs.

        A further relation to the same table gets a role by its column, such as `reseller`.

        Raises:
            DatabankError: a table is unknown, or the relation is there already, or is not there.
        """
        self._known(table)
        self._known(to)
        said = f"{table}.{','.join(columns)} to {to}.{','.join(to_columns)}"
        left, right = self._model_of(table), self._model_of(to)
        stars = [(file, text) for file, text in self._of(STAR) if left in _models(file.spec)]
        if not stars:
            raise DatabankError(
                f"no star is made of '{left}'", hint="relations stand in specs/stars/<name>.yml"
            )
        found = False
        for file, text in stars:
            places = [
                index
                for index, each in enumerate(file.spec.relations)
                if (each.model, each.to) == (left, right)
                and each.columns == list(columns)
                and (each.to_columns or each.columns) == list(to_columns)
            ]
            found = found or bool(places)
            if drop:
                for index in reversed(places):
                    text.remove(["relations", index])
            elif not places:
                block: dict[str, Any] = {"model": left, "columns": list(columns), "to": right}
                if list(columns) != list(to_columns):
                    block["to_columns"] = list(to_columns)
                others = [e.role for e in file.spec.relations if (e.model, e.to) == (left, right)]
                role = re.sub("_(id|key|code|no|number|sk)$", "", naming.snake_case(columns[0]))
                if others and role not in others:
                    # A second row of one table is told from the first by what it is for.
                    block["role"] = role
                text.append(["relations"], block)
        if found is not drop:
            there = [
                f"{e.model}.{','.join(e.columns)} to {e.to}"
                for f, _ in stars
                for e in f.spec.relations
            ]
            raise DatabankError(
                f"there is a relation from {said} already"
                if found
                else f"there is no relation from {said} (has: {'; '.join(there) or 'none'})"
            )

    def hierarchy(self, name: str, dimension: str, levels: Sequence[str], *, drop: bool) -> None:
        """Give a dimension a hierarchy, in place of one with the same name, or take it out.

        Raises:
            DatabankError: there is no such dimension, or no such hierarchy to take out.
        """
        known = [each.name for file, _ in self._of(STAR) for each in file.spec.dimensions]
        if dimension not in known:
            raise _unknown("dimension", dimension, known)
        if not drop and len(levels) < 2:
            raise DatabankError(
                "a hierarchy has two levels at least",
                hint="name the columns from the coarsest to the finest, such as country city",
            )
        for file, text in self._of(STAR):
            for index, each in enumerate(file.spec.dimensions):
                if each.name != dimension:
                    continue
                place: list[str | int] = ["dimensions", index, "hierarchies"]
                names = [one.name for one in each.hierarchies]
                if drop and name not in names:
                    raise _unknown("hierarchy", name, names)
                if drop:
                    text.remove([*place, names.index(name)])
                elif name in names:
                    text.put([*place, names.index(name)], "levels", list(levels))
                else:
                    text.append(place, {"name": name, "levels": list(levels)})

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
        return changed

    def _checked(self) -> tuple[list[Change], list[Problem]]:
        """What was changed, and what was not wrong before."""
        from controlplane.generate import check_specs

        after: dict[Kind, list[SpecFile[Any]]] = {ETL: [], STAR: []}
        before: dict[Kind, list[SpecFile[Any]]] = {ETL: [], STAR: []}
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
            raise _unknown("table", name, known)

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


def written_by_hand(project: Project, table: str) -> list[str]:
    """The models that read a table and were not generated: nobody but a person changes them."""
    reads = re.compile(rf"""ref\(\s*['"]{re.escape(table)}['"]\s*\)""")
    found = []
    for path in sorted((project.root / "models").rglob("*.sql")):
        text = path.read_text(encoding="utf-8", errors="replace")
        if reads.search(text) and not text.startswith("-- Generated from"):
            found.append(path.relative_to(project.root).as_posix())
    return found


def save_all(changes: Sequence[Change], write: Callable[[Draft], None] = save) -> None:
    """Write all of the changes; where one cannot be written, those before it are taken back.

    Raises:
        DatabankError: a file cannot be written; all files are as they were.
    """
    done: list[Change] = []
    try:
        for change in changes:
            write(Draft(change.file, change.after, replaces=True, variables={}))
            done.append(change)
    except BaseException:
        for change in done:
            save(Draft(change.file, change.before, replaces=True, variables={}))
        raise


def _rename_in_dimension(
    text: SpecText, index: int, dimension: Dimension, old: str, new: str
) -> bool:
    originals = [name for name, shown in dimension.names.items() if shown == old]
    original = originals[0] if originals else old
    if not originals and old in dimension.names:
        raise DatabankError(
            f"the column '{old}' of '{dimension.name}' is called '{dimension.names[old]}' already",
            hint=f"say databank model rename {dimension.name}.{dimension.names[old]} {new}",
        )
    place: list[str | int] = ["dimensions", index]
    if original == new:
        text.remove([*place, "names", original])
    else:
        text.put([*place, "names"], original, new)
    for at, hierarchy in enumerate(dimension.hierarchies):
        for level, name in enumerate(hierarchy.levels):
            if name == old:
                text.replace([*place, "hierarchies", at, "levels", level], new)
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


def _models(star: Star) -> set[str]:
    related = {name for each in star.relations for name in (each.model, each.to)}
    made = {each.model for each in star.dimensions} | {fact.model for _, _, fact in star.tables}
    return related | made


def _said(problem: Problem) -> Problem:
    """A problem without its line, which a change further up moves."""
    return replace(problem, line=0)


def _unknown(what: str, name: str, known: Sequence[str]) -> DatabankError:
    listed = ", ".join(dict.fromkeys(known)) or "none"
    return DatabankError(f"no {what} '{name}' (has: {listed}){did_you_mean(name, list(known))}")
