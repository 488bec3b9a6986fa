"""What is checked of each record of a batch: a spec's rules, its types and its key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from controlplane.generate.process import Process

# Which of the four dimensions a kind of check counts for.
DIMENSIONS = {
    "not_null": "completeness",
    "key": "completeness",
    "type": "accuracy",
    "regex": "accuracy",
    "range": "accuracy",
    "length": "accuracy",
    "accepted_values": "accuracy",
    "unique": "consistency",
    "expression": "consistency",
}
_SAID = {
    "regex": "{0} has its pattern",
    "range": "{0} is within its bounds",
    "length": "{0} is as long as it may be",
    "accepted_values": "{0} has one of its values",
    "unique": "{0} is there once",
    "not_null": "{0} is there",
}


@dataclass(frozen=True)
class Criterion:
    """One check of each record.

    `violation` is SQL, in a model's Jinja, that is true for a record that breaks it; None for a type,
    whose violations the checked model names in `_reason`, by the text in `mark`.
    """

    name: str
    kind: str
    column: str | None
    severity: str
    message: str
    violation: str | None = None
    mark: str | None = None

    @property
    def dimension(self) -> str:
        """Which of the four dimensions it counts for."""
        return DIMENSIONS[self.kind]


def criteria(process: Process) -> tuple[Criterion, ...]:
    """All that is checked of the records of a process, before it is known which of them break it."""
    return (*_types(process), *_key(process), *_rules(process))


def _types(process: Process) -> Iterator[Criterion]:
    if process.reads_model is not None:
        return
    from controlplane import sql

    # Texts that a step reads count like the source's types: their value is the source's text.
    read = {str(step.column): step.reads for step in process.steps if step.reads}
    for source in process.source_columns:
        column = sql.Column(source.name, read.get(source.name) or source.type)
        if column.type == "text":
            continue
        kind = sql.sql_type(column.type)
        article = "an" if kind[0] in "aeiou" else "a"
        yield Criterion(
            name=f"{column.name}:type",
            kind="type",
            column=column.name,
            severity="error",
            message=f"{column.name} is {article} {kind}",
            # The words of the macro `cast_error`.
            mark=f"{column.name} is not {article} {kind}",
        )


def _key(process: Process) -> Iterator[Criterion]:
    for name in process.key if process.strategy in ("upsert", "scd2") else ():
        yield Criterion(
            name=f"{name}:key",
            kind="key",
            column=name,
            severity="error",
            message=f"{name} is there: it tells records apart",
            violation=f"{name} is null",
        )


def _rules(process: Process) -> Iterator[Criterion]:
    deduplicated = {each.columns for each in process.deduplications}
    for rule in process.rules:
        violation = rule.violation
        if rule.kind == "unique":
            if (rule.column,) in deduplicated:
                continue  # of several records one stays
            violation = _repeated(process, str(rule.column))
        message = rule.description or _SAID.get(rule.kind, rule.name).format(rule.column)
        yield Criterion(
            rule.name, rule.kind, rule.column, rule.severity, message.rstrip("."), violation
        )


def _repeated(process: Process, column: str) -> str:
    """True for a record whose value another record has: one of another key, where there are keys."""
    window = f"over (partition by {column}, _outcome = 'filtered')"
    if process.strategy == "append" or not process.key:
        return f"{column} is not null and count(*) {window} > 1"
    differs = " or ".join(
        f'min(cast({name} as text) collate "C") {window}'
        f' <> max(cast({name} as text) collate "C") {window}'
        for name in process.key
    )
    return f"{column} is not null and ({differs})"
