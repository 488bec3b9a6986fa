"""The pipeline: what `specs/pipelines/<slug>.yml` holds, in the shape of `POST /pipelines`."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import Literal

from pydantic import Field, ValidationInfo, model_validator

from controlplane import naming
from controlplane.specs.block import Block, FieldProblem, RetryPolicy, repeated_names
from controlplane.specs.values import Cron, Duration, Name, Text, TimeZone, did_you_mean


class StageConfiguration(Block):
    """What a stage works on; which fields matter depends on its type."""

    source: Text | None = Field(None, description="The source that an extract stage reads.")
    query: Text | None = Field(None, description="The SELECT that an extract stage reads.")
    batch_size: int | None = Field(
        None, ge=1, description="How many records an extract stage fetches at a time."
    )
    operations: list[Text] = Field(
        default_factory=list, description="What a transform stage does, one after the other."
    )
    enrichment_sources: list[Text] = Field(
        default_factory=list, description="What a transform stage adds to the records."
    )
    target: Text | None = Field(None, description="The warehouse that a load stage writes.")
    table: Text | None = Field(None, description="The table that a load stage writes.")
    strategy: Literal["append", "upsert", "replace", "scd2"] | None = Field(
        None, description="How a load stage writes the table."
    )


class Stage(Block):
    """One step of a pipeline."""

    name: Name = Field(description="What the stage is called, once in the pipeline.")
    type: Literal["extract", "transform", "load"] = Field(description="What the stage does.")
    order: int = Field(ge=1, description="Its place among the stages, once in the pipeline.")
    configuration: StageConfiguration = Field(
        default_factory=StageConfiguration, description="What the stage works on."
    )
    dependencies: list[Text] = Field(
        default_factory=list, description="The stages that must be done before."
    )
    timeout: Duration | None = Field(
        None, description="How long it may take, such as '30 minutes'; default: without limit."
    )
    retry_policy: RetryPolicy = Field(
        default_factory=RetryPolicy, description="What happens when it failed."
    )


class TriggerConfiguration(Block):
    """What a trigger waits for."""

    timezone: TimeZone | None = Field(
        None, description="The IANA time zone of the schedule; default: UTC. For type schedule."
    )
    file_pattern: Text | None = Field(
        None, description="The files that are waited for, such as customers_*.csv. For type event."
    )
    location: Text | None = Field(
        None, description="The folder or bucket that is watched. For type event."
    )


class Trigger(Block):
    """What starts a pipeline."""

    name: Name = Field(description="What the trigger is called, once in the pipeline.")
    type: Literal["schedule", "event"] = Field(description="Whether a time or an event starts it.")
    condition: Literal["time_based", "file_ready"] | None = Field(
        None, description="What is waited for: time_based for schedule, file_ready for event."
    )
    schedule: Cron | None = Field(
        None, description="The cron expression of the times. For type schedule."
    )
    configuration: TriggerConfiguration = Field(
        default_factory=TriggerConfiguration, description="What the trigger waits for."
    )

    @model_validator(mode="after")
    def _fields_fit_the_type(self, info: ValidationInfo) -> Trigger:
        problems: list[FieldProblem] = []
        fitting = {"schedule": "time_based", "event": "file_ready"}[self.type]
        if self.condition not in (None, fitting):
            problems.append(
                (
                    ("condition",),
                    f"found '{self.condition}', expected {fitting} for type {self.type}",
                )
            )
        if self.type == "schedule":
            if self.schedule is None:
                problems.append((("schedule",), "is required for type schedule"))
            misplaced: tuple[str, ...] = ("file_pattern", "location")
        else:
            if self.schedule is not None:
                problems.append((("schedule",), "is only for type schedule, not event"))
            if self.configuration.file_pattern is None:
                problems.append((("configuration", "file_pattern"), "is required for type event"))
            misplaced = ("timezone",)
        problems += [
            (("configuration", name), f"is not for type {self.type}")
            for name in misplaced
            if getattr(self.configuration, name) is not None
        ]
        self.refuse(problems, info)
        return self


class PipelineMonitoring(Block):
    """What is watched while a pipeline runs."""

    metrics: list[Literal["execution_time", "records_processed", "error_rate"]] = Field(
        default_factory=list, description="What is measured."
    )
    logging: bool = Field(True, description="Whether each stage writes a log.")
    tracing: bool = Field(False, description="Whether the time of each step is recorded.")
    health_checks: list[Literal["stage_completion", "data_quality", "performance"]] = Field(
        default_factory=list, description="What is checked after each stage."
    )


class Alert(Block):
    """When somebody is told."""

    name: Name = Field(description="What the alert is called, once in the pipeline.")
    condition: Text = Field(description="When it is raised, as in `status == 'failed'`.")
    severity: Literal["info", "warning", "error", "critical"] = Field(
        "warning", description="How urgent it is."
    )
    threshold: str | int | float = Field(
        1, description="How often the condition must hold before somebody is told."
    )
    duration: Duration | None = Field(
        None, description="Within which time, such as '5 minutes'; default: within one run."
    )


class Alerting(Block):
    """When somebody is told, and how."""

    alerts: list[Alert] = Field(default_factory=list, description="When somebody is told.")
    notification_channels: list[Text] = Field(
        default_factory=list, description="How they are told, such as email or slack."
    )
    escalation_policy: Literal["none", "delayed", "immediate"] = Field(
        "none", description="Whether and when the next person is told."
    )

    @model_validator(mode="after")
    def _names_are_unique(self, info: ValidationInfo) -> Alerting:
        self.refuse(repeated_names(("alerts",), [a.name for a in self.alerts], "alert"), info)
        return self


class Versioning(Block):
    """How changes of a pipeline are kept."""

    version_control: bool = Field(False, description="Whether each change is kept as a version.")
    branching: bool = Field(False, description="Whether versions can be worked on side by side.")
    tagging: bool = Field(False, description="Whether versions can be given names.")
    rollback: bool = Field(False, description="Whether an earlier version can be brought back.")


class Pipeline(Block):
    """A pipeline: stages that build on each other, and what starts them."""

    name: Name = Field(description="What the pipeline is called; its slug names its file.")
    description: str = Field("", description="What the pipeline is for.")
    stages: list[Stage] = Field(min_length=1, description="The steps of the pipeline.")
    triggers: list[Trigger] = Field(default_factory=list, description="What starts the pipeline.")
    monitoring: PipelineMonitoring = Field(
        default_factory=PipelineMonitoring, description="What is watched while it runs."
    )
    alerting: Alerting = Field(
        default_factory=Alerting, description="When somebody is told, and how."
    )
    versioning: Versioning = Field(
        default_factory=Versioning, description="How changes of the pipeline are kept."
    )

    @property
    def slug(self) -> str:
        """The name that the file has."""
        return naming.snake_case(self.name)

    @model_validator(mode="after")
    def _stages_fit_together(self, info: ValidationInfo) -> Pipeline:
        names = [stage.name for stage in self.stages]
        problems = [
            *repeated_names(("stages",), names, "stage"),
            *repeated_names(("triggers",), [t.name for t in self.triggers], "trigger"),
        ]
        orders: dict[int, str] = {}
        for index, stage in enumerate(self.stages):
            other = orders.setdefault(stage.order, stage.name)
            if other != stage.name:
                problems.append(
                    (
                        ("stages", index, "order"),
                        f"found {stage.order}, which stage '{other}' has too; give each its own",
                    )
                )
            for position, dependency in enumerate(stage.dependencies):
                if dependency not in names:
                    problems.append(
                        (
                            ("stages", index, "dependencies", position),
                            f"found '{dependency}', which is no stage (has: {', '.join(names)})"
                            f"{did_you_mean(dependency, names)}",
                        )
                    )
        self.refuse(problems or self._circle() or self._out_of_order(), info)
        return self

    def _circle(self) -> list[FieldProblem]:
        try:
            TopologicalSorter({stage.name: stage.dependencies for stage in self.stages}).prepare()
        except CycleError as error:
            circle: list[str] = error.args[1]
            index = min(i for i, stage in enumerate(self.stages) if stage.name in circle)
            way = " waits for ".join(f"'{name}'" for name in reversed(circle))
            return [(("stages", index, "dependencies"), f"stages wait for each other: {way}")]
        return []

    def _out_of_order(self) -> list[FieldProblem]:
        orders = {stage.name: stage.order for stage in self.stages}
        return [
            (
                ("stages", index, "order"),
                f"found {stage.order}, but it waits for '{dependency}', whose order is"
                f" {orders[dependency]}; give it a higher one",
            )
            for index, stage in enumerate(self.stages)
            for dependency in stage.dependencies
            if orders[dependency] > stage.order
        ]
