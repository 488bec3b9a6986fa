"""What is known of a source before anything is loaded: its columns, types and primary key.

The record of each process is kept in git beside its spec, so that models can be generated, and
checked in CI, where the source is out of reach.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class SourceColumn:
    """One column of a source.

    `name` is the raw table's column, `title` how the source spells it, `type` a portable type
    (see `controlplane.sql.SQL_TYPES`, and `decimal(p, s)`); `declared` says whether the source
    itself gave the type, `nullable` is None where that is not known.
    """

    name: str
    title: str
    type: str
    declared: bool = False
    nullable: bool | None = None

    def to_dict(self) -> dict[str, Any]:
        """The column as plain values."""
        return {
            "name": self.name,
            "title": self.title,
            "type": self.type,
            "declared": self.declared,
            "nullable": self.nullable,
        }


@dataclass(frozen=True)
class SourceSchema:
    """A source's columns, its declared primary key, and the same of the tables that joins read."""

    columns: tuple[SourceColumn, ...]
    primary_key: tuple[str, ...] = ()
    joins: Mapping[str, SourceSchema] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The schema as plain values."""
        return {
            "columns": [column.to_dict() for column in self.columns],
            "primary_key": list(self.primary_key),
            "joins": {name: schema.to_dict() for name, schema in self.joins.items()},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SourceSchema:
        """The schema that `to_dict` gave."""
        return cls(
            columns=tuple(SourceColumn(**column) for column in data["columns"]),
            primary_key=tuple(data["primary_key"]),
            joins={name: cls.from_dict(schema) for name, schema in data["joins"].items()},
        )
