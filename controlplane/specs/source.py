"""Where the records of an ETL process come from: the block `source_config`."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, WithJsonSchema, model_validator

from controlplane.specs.block import Block, FieldProblem, repeated_names
from controlplane.specs.cursor_query import query_fault
from controlplane.specs.storage import Storage, place_problems
from controlplane.specs.values import Scalar, Text

SourceType = Literal[
    "postgresql",
    "csv",
    "tsv",
    "json",
    "jsonl",
    "parquet",
    "excel",
    "xml",
    "model",
    "rest",
    "graphql",
    "webhook",
    "mqtt",
    "cdc",
]
# What no connector reads yet: only a planned process may name them.
PLANNED_TYPES = ("rest", "graphql", "webhook", "mqtt", "cdc")
FILE_TYPES = ("csv", "tsv", "json", "jsonl", "parquet", "excel", "xml")
# The source types to which a field of `format` applies.
_TEXT = ("csv", "tsv")
FORMAT_FIELDS = {
    "delimiter": _TEXT,
    "quote": _TEXT,
    "escape": _TEXT,
    "encoding": _TEXT,
    "header": (*_TEXT, "excel"),
    "skip_lines": (*_TEXT, "excel"),
    "sheet": ("excel",),
    "record": ("xml",),
}
SchemaDrift = Literal["freeze", "evolve", "discard"]
COLUMN_TYPES = (
    "text",
    "integer",
    "bigint",
    "double",
    "boolean",
    "date",
    "timestamp",
    "time",
    "uuid",
    "json",
)
_DECIMAL = r"^decimal\(\s*([0-9]{1,2})\s*,\s*([0-9]{1,2})\s*\)$"


def _column_type(text: str) -> str:
    if text in COLUMN_TYPES:
        return text
    match = re.match(_DECIMAL, text)
    if match is None:
        raise ValueError(f"found '{text}', allowed: {', '.join(COLUMN_TYPES)}, decimal(p,s)")
    precision, scale = int(match[1]), int(match[2])
    if not 1 <= precision <= 38 or scale > precision:
        raise ValueError(
            f"found '{text}', expected decimal(p,s) with p from 1 to 38 and s from 0 to p"
        )
    return f"decimal({precision},{scale})"


ColumnType = Annotated[
    str,
    AfterValidator(_column_type),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": COLUMN_TYPES},
                {"type": "string", "pattern": _DECIMAL, "examples": ["decimal(18,2)"]},
            ]
        }
    ),
]


class FileFormat(Block):
    """How a file is laid out."""

    delimiter: str | None = Field(
        None,
        min_length=1,
        max_length=4,
        description="The text between two values; default: a comma for csv, a tab for tsv.",
    )
    quote: str | None = Field(
        None, max_length=1, description='The character around a value; empty for none. Default: ".'
    )
    escape: str | None = Field(
        None,
        max_length=1,
        description="The character before a quote inside a quoted value; default: the quote.",
    )
    encoding: Text = Field(
        "utf-8", description="The encoding of the file, such as utf-8 or latin-1."
    )
    header: bool = Field(
        True,
        description="Whether the first line names the columns. For csv, tsv and excel; where neither"
        " this nor `skip_lines` is given for a sheet, its header is found.",
    )
    skip_lines: int = Field(
        0,
        ge=0,
        description="How many lines, or rows of the sheet, to pass over before the header.",
    )
    sheet: Text | None = Field(
        None,
        description="The sheet of the workbook; default: the one that holds something. For excel.",
    )
    record: Text | None = Field(
        None,
        pattern=r"^[^\s/@]+(/[^\s/@]+)*$",
        description="The element that is a record: its name, or its path such as orders/order;"
        " default: the one that repeats. For xml.",
    )


class Column(Block):
    """A column of the source whose type or meaning is declared."""

    name: Text = Field(description="The column's name in the source.")
    type: ColumnType | None = Field(
        None,
        description=f"Its type: {', '.join(COLUMN_TYPES)} or decimal(p,s); default: found out.",
    )
    description: str = Field("", description="What a value of the column means.")


class SourceConfig(Block):
    """Where the records come from."""

    source_type: SourceType = Field(
        description="A PostgreSQL database, files of one format, or a model of this project;"
        f" {', '.join(PLANNED_TYPES)} only for a process with status planned."
    )
    connection_string: Text | None = Field(
        None,
        repr=False,
        description="How to reach the database, as postgres://user@host:5432/name or"
        " 'host=… dbname=…'; the password as {{ env_var('NAME') }}. For postgresql.",
    )
    query: Text | None = Field(
        None,
        description="The SELECT that gives the records; $1 stands for the cursor that the last load"
        " reached. For postgresql; either this or `table`.",
    )
    table: Text | None = Field(
        None,
        description="The table that gives the records. For postgresql; either this or `query`.",
    )
    path: str | list[str] | None = Field(
        None,
        description="A file, a glob or a list of them, relative to the project, or where else they"
        " lie: s3://bucket/key, gs://bucket/key, az://container/key, https://host/path or"
        " sftp://user@host/path. For files.",
    )
    storage: Storage | None = Field(
        None,
        description="How the place of files that lie elsewhere is reached. For files.",
    )
    format: FileFormat | None = Field(
        None, description="How the files are laid out. For csv, tsv, excel and xml."
    )
    model: Text | None = Field(
        None, description="The dbt model that gives the records. For source_type model."
    )
    columns: list[Column] = Field(
        default_factory=list, description="Columns whose type or meaning is declared."
    )
    filters: dict[str, Scalar | Annotated[list[Scalar], Field(min_length=1)]] = Field(
        default_factory=dict,
        description="Only records whose column has this value, or one of these values, go into the"
        " table. A database gives no others; those of files and models count as filtered.",
    )
    schema_drift: SchemaDrift | None = Field(
        None,
        description="What happens when a delivery has columns that no earlier one had, or lacks some:"
        " freeze (the default) refuses it; evolve adds the new columns to the raw table; discard"
        " leaves them out. With evolve and discard a missing column is null. For files and databases.",
    )
    incremental_key: Text | None = Field(
        None,
        description="The column that grows with every change. A load from a database asks for what"
        " lies beyond the value that the last one reached, and takes a column of numbers, dates or"
        " times; with it the newest of several records is known, wherever they come from.",
    )
    batch_size: int = Field(
        100_000,
        ge=1,
        description="How many records one batch takes from the database, where there is an"
        " incremental key; without one, all of them are one batch. For postgresql.",
    )

    @property
    def paths(self) -> list[str]:
        """The files and globs, as a list."""
        if self.path is None:
            return []
        return [self.path] if isinstance(self.path, str) else list(self.path)

    @property
    def is_readable(self) -> bool:
        """Whether there is a connector for it."""
        return self.source_type not in PLANNED_TYPES

    @property
    def is_file(self) -> bool:
        """Whether the records come from files."""
        return self.source_type in FILE_TYPES

    @model_validator(mode="after")
    def _fields_fit_the_source(self, info: ValidationInfo) -> SourceConfig:
        problems: list[FieldProblem] = []
        kind = self.source_type
        belongs = {
            "connection_string": ("postgresql",),
            "query": ("postgresql",),
            "table": ("postgresql",),
            "incremental_key": ("postgresql", *FILE_TYPES),
            "path": FILE_TYPES,
            "storage": FILE_TYPES,
            "format": tuple(
                dict.fromkeys(each for kinds in FORMAT_FIELDS.values() for each in kinds)
            ),
            "schema_drift": ("postgresql", *FILE_TYPES),
            "model": ("model",),
        }
        for name, kinds in belongs.items():
            if getattr(self, name) is not None and kind not in kinds:
                problems.append(
                    ((name,), f"is only for source_type {', '.join(kinds)}, not {kind}")
                )
        if self.format is not None and kind in belongs["format"]:
            problems += [
                (("format", name), f"is only for source_type {', '.join(kinds)}, not {kind}")
                for name, kinds in FORMAT_FIELDS.items()
                if name in self.format.model_fields_set and kind not in kinds
            ]
        if kind == "postgresql":
            if self.connection_string is None:
                problems.append((("connection_string",), "is required for source_type postgresql"))
            if (self.query is None) == (self.table is None):
                both = "has both query and table" if self.query else "has neither query nor table"
                problems.append(((), f"{both}; source_type postgresql takes exactly one of them"))
            if self.query and "$1" in self.query and not self.incremental_key:
                problems.append(
                    (
                        ("incremental_key",),
                        "is required because the query has $1, which stands for it",
                    )
                )
            elif fault := query_fault(self.query or ""):
                problems.append((("query",), fault))
        if "batch_size" in self.model_fields_set and kind != "postgresql":
            problems.append((("batch_size",), f"is only for source_type postgresql, not {kind}"))
        if self.is_file and not [path for path in self.paths if path.strip()]:
            problems.append((("path",), f"is required for source_type {kind}"))
        if self.is_file:
            problems += place_problems(self.path, self.storage)
        if kind == "model" and self.model is None:
            problems.append((("model",), "is required for source_type model"))
        if (
            kind == "model"
            and self.model
            and not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", self.model)
        ):
            problems.append((("model",), f"found '{self.model}', which names no dbt model"))
        problems += repeated_names(("columns",), [c.name for c in self.columns], "column")
        self.refuse(problems, info)
        return self
