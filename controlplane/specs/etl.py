"""The ETL process: what `specs/etl/<slug>.yml` holds, in the shape of `POST /etl`."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationInfo, model_validator

from controlplane import naming
from controlplane.specs.block import (
    Block,
    FieldProblem,
    Partitioning,
    RetryPolicy,
    repeated_names,
)
from controlplane.specs.source import (
    PLANNED_TYPES,
    Column,
    FileFormat,
    SourceConfig,
    SourceType,
)
from controlplane.specs.transform import (
    Aggregation,
    CleaningRule,
    DataQuality,
    Join,
    Severity,
    Transformation,
    TransformConfig,
    ValidationRule,
)
from controlplane.specs.values import (
    Cron,
    Identifier,
    Moment,
    Name,
    Text,
    TimeZone,
    table_name_fault,
)

__all__ = [
    "Aggregation",
    "Check",
    "CleaningRule",
    "Column",
    "DataQuality",
    "ErrorHandling",
    "EtlProcess",
    "EtlType",
    "FileFormat",
    "Join",
    "LoadStrategy",
    "Partitioning",
    "RetryPolicy",
    "Schedule",
    "Severity",
    "SourceConfig",
    "SourceType",
    "Status",
    "TargetConfig",
    "TransformConfig",
    "Transformation",
    "Validation",
    "ValidationRule",
]

EtlType = Literal["extract", "transform", "load", "full", "incremental"]
LoadStrategy = Literal["append", "upsert", "replace", "scd2"]
Status = Literal["active", "planned"]


class TargetConfig(Block):
    """Where the records go."""

    target_type: Literal["postgresql", "duckdb"] | None = Field(
        None, description="The kind of warehouse; default: that of the project's target."
    )
    connection_string: Text | None = Field(
        None,
        repr=False,
        description="The warehouse, as postgres://user@host:5432/name; the password as"
        " {{ env_var('NAME') }}. Default: the project's target.",
    )
    table_name: Identifier | None = Field(
        None, description="The table that is written; default: the process's name as a slug."
    )
    schema_name: Identifier | None = Field(
        None, alias="schema", description="The schema of the table; default: the layer's, silver."
    )
    load_strategy: LoadStrategy = Field(
        "replace",
        description="append adds records, upsert replaces those with the same key, replace rebuilds"
        " the table, scd2 keeps every version of a record.",
    )
    unique_key: list[Text] = Field(
        default_factory=list, description="The columns that identify a record."
    )
    partitioning: Partitioning | None = Field(None, description="How the table is divided.")

    @model_validator(mode="after")
    def _fields_fit_the_target(self, info: ValidationInfo) -> TargetConfig:
        problems: list[FieldProblem] = []
        if self.connection_string is not None and self.target_type == "duckdb":
            problems.append(
                (("connection_string",), "is only for target_type postgresql, not duckdb")
            )
        if self.schema_name in (naming.RAW_SCHEMA, "information_schema"):
            problems.append(
                (("schema",), f"found '{self.schema_name}', which no process may write to")
            )
        self.refuse(problems, info)
        return self


class Schedule(Block):
    """When the process runs by itself."""

    schedule_type: Literal["cron", "manual"] = Field(
        description="cron runs it at the times of the expression; manual only when asked."
    )
    cron_expression: Cron | None = Field(
        None, description="Minute, hour, day of month, month, day of week, as in '0 2 * * *'."
    )
    start_time: Moment | None = Field(
        None, description="No run is due before this moment; without an offset in `timezone`."
    )
    end_time: Moment | None = Field(
        None, description="No run is due after this moment; without an offset in `timezone`."
    )
    timezone: TimeZone = Field(
        "UTC", description="The IANA time zone of the expression, such as Europe/Berlin."
    )
    retry_policy: RetryPolicy = Field(
        default_factory=RetryPolicy, description="What happens after a failed run."
    )

    @model_validator(mode="after")
    def _times_are_in_order(self, info: ValidationInfo) -> Schedule:
        zone = ZoneInfo(self.timezone)
        for name in ("start_time", "end_time"):
            moment: datetime | None = getattr(self, name)
            if moment is not None and moment.tzinfo is None:
                # The block is frozen for its readers; until it is checked, it is ours.
                self.__dict__[name] = moment.replace(tzinfo=zone)
        problems: list[FieldProblem] = []
        if self.schedule_type == "cron" and self.cron_expression is None:
            problems.append((("cron_expression",), "is required for schedule_type cron"))
        if self.schedule_type == "manual" and self.cron_expression is not None:
            problems.append((("cron_expression",), "is only for schedule_type cron, not manual"))
        if self.start_time and self.end_time and self.end_time <= self.start_time:
            problems.append(
                (
                    ("end_time",),
                    f"found '{self.end_time.isoformat()}', expected a moment after the start_time"
                    f" '{self.start_time.isoformat()}'",
                )
            )
        self.refuse(problems, info)
        return self


class Check(Block):
    """A condition over the whole source or the whole target."""

    name: Name = Field(description="What the check is called, once in this list.")
    type: Literal["count", "expression"] = Field(
        description="count for a condition over COUNT(*), expression for any other."
    )
    expression: Text = Field(description="The SQL condition, as in `COUNT(*) > 0`.")
    severity: Severity = Field(
        "error", description="error fails the job; warning is shown and the job goes on."
    )
    description: str = Field("", description="Why the check is there.")


class Validation(Block):
    """What must hold before and after a run."""

    pre_validation: list[Check] = Field(
        default_factory=list, description="Checks of the source before anything is loaded."
    )
    post_validation: list[Check] = Field(
        default_factory=list, description="Checks of the target after it was written."
    )
    data_profiling: bool = Field(
        False, description="Whether each run also measures the columns of the target."
    )
    quality_metrics: list[Literal["completeness", "accuracy", "consistency", "timeliness"]] = Field(
        default_factory=list, description="The scores that each run computes."
    )

    @model_validator(mode="after")
    def _names_are_unique(self, info: ValidationInfo) -> Validation:
        problems = [
            *repeated_names(("pre_validation",), [c.name for c in self.pre_validation], "check"),
            *repeated_names(("post_validation",), [c.name for c in self.post_validation], "check"),
        ]
        self.refuse(problems, info)
        return self


class ErrorHandling(Block):
    """What happens with records that cannot be used."""

    error_action: Literal["stop", "skip", "quarantine"] = Field(
        "stop",
        description="What happens when a batch has more bad records than are tolerated: stop fails"
        " the run and leaves the table as it is; skip leaves the batch out as a whole; quarantine"
        " goes on with its good records. Bad records are kept in the quarantine model in any case.",
    )
    error_threshold: int = Field(
        0, ge=0, description="How many bad records of a batch are tolerated."
    )
    error_logging: bool = Field(
        True, description="Whether each bad record is written to the job's log."
    )
    error_notification: bool = Field(False, description="Whether somebody is told of bad records.")


class EtlProcess(Block):
    """An ETL process: a source, what is done with its records, and the table they end in."""

    name: Name = Field(description="What the process is called; its slug names files and tables.")
    type: EtlType = Field(
        description="extract only loads the source; load also writes it to the target as it is;"
        " transform works on a model that exists; full does everything; incremental does so for"
        " what is new."
    )
    status: Status = Field(
        "active",
        description="planned for a process that is to come: it is checked and listed, and otherwise"
        " left alone: nothing is generated, loaded, built or scheduled for it.",
    )
    description: str = Field("", description="What the process is for.")
    source_config: SourceConfig = Field(description="Where the records come from.")
    transform_config: TransformConfig = Field(
        default_factory=TransformConfig, description="What happens to the records."
    )
    target_config: TargetConfig = Field(
        default_factory=TargetConfig, description="Where the records go."
    )
    schedule: Schedule | None = Field(None, description="When the process runs by itself.")
    validation: Validation = Field(
        default_factory=Validation, description="What must hold before and after a run."
    )
    error_handling: ErrorHandling = Field(
        default_factory=ErrorHandling, description="What happens with records that cannot be used."
    )

    @property
    def slug(self) -> str:
        """The name that files and raw tables have."""
        return naming.snake_case(self.name)

    @property
    def table_name(self) -> str:
        """The table that is written."""
        return self.target_config.table_name or self.slug

    def name_in_silver(self, column: str) -> str:
        """What a column of the source, by its plain name, is called after all renaming."""
        for step in self.transform_config.transformations:
            if step.type == "rename" and step.renamed == column:
                column = str(step.parameters.get("column", column))
        return column

    @property
    def is_active(self) -> bool:
        """Whether the process is at work; a planned one is only checked and listed."""
        return self.status == "active"

    @model_validator(mode="after")
    def _parts_fit_together(self, info: ValidationInfo) -> EtlProcess:
        problems = [
            *self._naming_problems(),
            *self._type_problems(),
            *self._strategy_problems(),
        ]
        self.refuse(problems, info)
        return self

    def _naming_problems(self) -> list[FieldProblem]:
        problems: list[FieldProblem] = []
        if fault := table_name_fault(self.slug):
            problems.append(
                (("name",), f"found '{self.name}', which becomes the name '{self.slug}': {fault}")
            )
        for index, join in enumerate(self.transform_config.joins):
            raw = naming.raw_join_table(self.slug, join.right_table)
            if len(raw) > naming.MAX_NAME:
                problems.append(
                    (
                        ("transform_config", "joins", index, "right_table"),
                        f"its raw table would be called '{raw}', which has {len(raw)} characters;"
                        f" at most {naming.MAX_NAME} are allowed: give the process a shorter name",
                    )
                )
        return problems

    def _type_problems(self) -> list[FieldProblem]:
        source, transform = self.source_config, self.transform_config
        problems: list[FieldProblem] = []
        if self.is_active and not source.is_readable:
            readable = [kind for kind in get_args(SourceType) if kind not in PLANNED_TYPES]
            problems.append(
                (
                    ("source_config", "source_type"),
                    f"found '{source.source_type}', which no connector reads yet"
                    f" (can be read: {', '.join(readable)}); write 'status: planned' to keep the"
                    " process for later",
                )
            )
        refused = {
            "extract": ("transformations", "data_quality", "aggregations", "joins"),
            "load": ("transformations", "aggregations", "joins"),
        }
        for name in refused.get(self.type, ()):
            content = getattr(transform, name)
            if content != DataQuality() if name == "data_quality" else content:
                problems.append(
                    (
                        ("transform_config", name),
                        f"is not for type {self.type}; leave it out, or use type full",
                    )
                )
        if self.type == "transform" and source.source_type != "model":
            problems.append(
                (
                    ("source_config", "source_type"),
                    f"found '{source.source_type}'; type transform works on a model that exists and"
                    " takes source_type model",
                )
            )
        if source.source_type == "model" and self.type != "transform":
            problems.append(
                (
                    ("source_config", "source_type"),
                    f"model is only for type transform, not {self.type}",
                )
            )
        if (
            self.type == "incremental"
            and source.source_type == "postgresql"
            and source.incremental_key is None
        ):
            problems.append(
                (
                    ("source_config", "incremental_key"),
                    "is required for type incremental: the column that grows with every change",
                )
            )
        return problems

    def _strategy_problems(self) -> list[FieldProblem]:
        """Where the load strategy does not go with the source."""
        source, strategy = self.source_config, self.target_config.load_strategy
        place = ("target_config", "load_strategy")
        if source.source_type == "model" and strategy != "replace":
            return [
                (
                    place,
                    f"'{strategy}' is for what is delivered batch by batch, and a model holds all"
                    " of its records at any time; use 'replace'",
                )
            ]
        if source.source_type != "postgresql":
            return []
        if strategy == "replace" and source.incremental_key:
            return [
                (
                    place,
                    "'replace' with source_config.incremental_key would keep only what changed"
                    " last; use 'upsert', 'append' or 'scd2', or leave the incremental key out",
                )
            ]
        if strategy == "append" and not source.incremental_key and self.type != "incremental":
            return [
                (
                    ("source_config", "incremental_key"),
                    "is required for load_strategy append from a database, which would add every"
                    " record again at each change; name it, or use 'replace', 'upsert' or 'scd2'",
                )
            ]
        return []
