"""What every block of a spec is, and the blocks that several kinds of spec share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from controlplane.specs.values import Duration, Text, parse_duration

FIELDS_ARE_WRONG = "fields_are_wrong"
Step = str | int
FieldProblem = tuple[tuple[Step, ...], str]


class Block(BaseModel):
    """A block of fields in a spec: unknown fields and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    def refuse(self, problems: Sequence[FieldProblem], info: ValidationInfo) -> None:
        """Raise what a check of this block found: where in the block, and what is wrong there.

        A block in `info.context` has been refused before; to hear what the blocks around it say,
        it is let pass.
        """
        if not problems or any(self == refused for refused in info.context or ()):
            return
        text = "; ".join(
            f"{'.'.join(map(str, path))}: {message}" if path else message
            for path, message in problems
        )
        raise PydanticCustomError(
            FIELDS_ARE_WRONG, "{text}", {"text": text, "found": list(problems), "block": self}
        )


def repeated_names(path: tuple[Step, ...], names: Sequence[str], what: str) -> list[FieldProblem]:
    """A problem for every block in the list at `path` whose `name` an earlier one has."""
    return [
        ((*path, index, "name"), f"another {what} is called '{name}'; give each its own name")
        for index, name in enumerate(names)
        if name in names[:index]
    ]


class RetryPolicy(Block):
    """How often and when failed work is tried again."""

    max_retries: int = Field(0, ge=0, description="How often it is tried again; 0 for never.")
    retry_interval: Duration = Field(
        parse_duration("5 minutes"), description="How long to wait before the first retry."
    )
    backoff_strategy: Literal["fixed", "linear", "exponential"] = Field(
        "fixed",
        description="Whether every wait is the same, grows by the interval, or doubles.",
    )


class Partitioning(Block):
    """How a table is divided: natively on PostgreSQL; on DuckDB the rows are stored in order.

    DuckDB has no partitions. It keeps the smallest and the largest value of each part of a column:
    where the rows are in order of the columns, a query for some of their values reads little.
    """

    strategy: Literal["hash", "range", "list", "date_range"] = Field(
        description="What decides in which partition a record is; date_range divides by months."
    )
    columns: list[Text] = Field(
        min_length=1, description="The columns that are looked at; for list and date_range one."
    )
    partitions: int | None = Field(
        None,
        ge=1,
        description="How many partitions there are, for hash and range; how many values (the most"
        " frequent) or months (the newest) have one, for list and date_range.",
    )
    auto_partition: bool = Field(
        False,
        description="Whether each value or month has a partition, and new ones get theirs as they"
        " come; for list and date_range, instead of `partitions`.",
    )
