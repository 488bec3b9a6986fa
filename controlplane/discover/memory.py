"""What was found of each column and drafted, kept in `specs/drafted.yml` beside the specs.

By it, and by the specs as they are now, it is seen what a person corrected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast, get_args

from controlplane.discover.findings import ColumnType, ValueType
from controlplane.errors import Problem, SpecError
from controlplane.specs.document import read_document
from controlplane.specs.files import line_of, source_name
from controlplane.specs.write import flow_text

FILE = "specs/drafted.yml"
_TYPES = get_args(ValueType)
_FIELDS = ("column", "found", "semantic", "pattern", "answer", "drafted")
_HEAD = """\
# What was found of each column and drafted. By it `databank discover` sees what you change in a spec,
# and learns from that: commit it, and leave it as it is.
"""
_HINT = (
    "take the version of your branch (git checkout), or delete the file: then nothing is learned"
)


@dataclass(frozen=True)
class DraftedColumn:
    """A column when it was drafted.

    `column` is its name in the source, `found_type` and `found_semantic` what its values and its name
    said by themselves, `answer` the type with corrections heard, `drafted` its type in silver.
    """

    column: str
    found_type: ValueType
    found_semantic: str | None
    pattern: str
    answer: ValueType
    drafted: str

    @classmethod
    def of(cls, column: str, kind: ColumnType, drafted: str) -> DraftedColumn:
        """The entry of a column that was found to be `kind`."""
        found, semantic = kind.by_itself or (kind.type, kind.semantic)
        return cls(column, found, semantic, kind.pattern, kind.type, drafted)


@dataclass(frozen=True)
class DraftedTable:
    """A table when its process was drafted; the columns go by their names in silver."""

    table: str
    columns: Mapping[str, DraftedColumn]


@dataclass(frozen=True)
class Memory:
    """Every table that was drafted in a project, by the slug of its process."""

    tables: Mapping[str, DraftedTable] = field(default_factory=dict)

    @classmethod
    def load(cls, root: Path) -> Memory:
        """What a project remembers; nothing where it has no such file.

        Raises:
            SpecError: the file cannot be used.
        """
        path = root / FILE
        source = source_name(path, root)
        try:
            text = path.read_bytes().decode("utf-8")
        except FileNotFoundError:
            return cls()
        except (OSError, UnicodeDecodeError) as error:
            raise SpecError([Problem(source, 0, "", f"cannot be read: {error}")]) from error
        return cls(_read(text, source))

    def with_tables(self, tables: Mapping[str, DraftedTable]) -> Memory:
        """The memory with these tables, in place of those of the same processes."""
        return Memory({**self.tables, **tables})

    @property
    def text(self) -> str:
        """The text of the file: a line for each column."""
        lines = [_HEAD.rstrip("\n")]
        for slug, drafted in sorted(self.tables.items()):
            lines += [f"{flow_text(slug)}:", f"  table: {flow_text(drafted.table)}", "  columns:"]
            for name, each in drafted.columns.items():
                entry = ", ".join(f"{k}: {flow_text(v)}" for k, v in _entry(name, each).items())
                lines.append(f"    {flow_text(name)}: {{{entry}}}")
        return "\n".join(lines) + "\n"


def _entry(name: str, each: DraftedColumn) -> dict[str, str]:
    entry = {"column": each.column} if each.column != name else {}
    entry["found"] = each.found_type
    if each.found_semantic:
        entry["semantic"] = each.found_semantic
    if each.pattern:
        entry["pattern"] = each.pattern
    if each.answer != each.found_type:
        entry["answer"] = each.answer
    return {**entry, "drafted": each.drafted}


def _read(text: str, source: str) -> dict[str, DraftedTable]:
    document = read_document(text, source)
    if document.fields is None or document.problems:
        raise SpecError(document.problems, hint=_HINT)
    tables: dict[str, DraftedTable] = {}
    problems: list[Problem] = []
    for slug, block in document.fields.items():
        columns = block.get("columns") if isinstance(block, Mapping) else None
        table = block.get("table") if isinstance(block, Mapping) else None
        if not isinstance(columns, Mapping) or not isinstance(table, str):
            line = line_of(document.lines, str(slug))
            problems.append(Problem(source, line, str(slug), "needs a table and its columns"))
            continue
        read: dict[str, DraftedColumn] = {}
        for name, entry in columns.items():
            place = f"{slug}.columns.{name}"
            column = _column(str(name), entry)
            if column is None:
                message = f"is no column as it was drafted; expected {', '.join(_FIELDS)}"
                problems.append(Problem(source, line_of(document.lines, place), place, message))
            else:
                read[str(name)] = column
        tables[str(slug)] = DraftedTable(table, read)
    if problems:
        raise SpecError(problems, hint=_HINT)
    return tables


def _column(name: str, entry: Any) -> DraftedColumn | None:
    if not isinstance(entry, Mapping) or not set(entry) <= set(_FIELDS):
        return None
    if not all(isinstance(each, str) for each in entry.values()):
        return None
    found, drafted = entry.get("found"), entry.get("drafted")
    answer = entry.get("answer", found)
    if found not in _TYPES or answer not in _TYPES or drafted is None:
        return None
    return DraftedColumn(
        entry.get("column", name),
        cast("ValueType", found),
        entry.get("semantic"),
        entry.get("pattern", ""),
        cast("ValueType", answer),
        drafted,
    )
