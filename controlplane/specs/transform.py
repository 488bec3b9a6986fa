"""What an ETL process does with its records: the block `transform_config`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, ValidationInfo, model_validator

from controlplane import naming
from controlplane.specs.block import Block, FieldProblem, repeated_names
from controlplane.specs.values import ModelTitle, Name, Text

Severity = Literal["error", "warning"]
AggregateFunction = Literal[
    "count", "count_distinct", "sum", "avg", "min", "max", "median", "stddev"
]


class Transformation(Block):
    """A condition that records must meet, an expression that changes a column, or its new name."""

    name: Name = Field(description="What the step is called, once in this list.")
    type: Literal["filter", "transform", "rename"] = Field(
        description="filter keeps the records for which the expression is true; transform sets a"
        " column to it; rename gives the column that the expression names another name, which all"
        " that follows knows it by."
    )
    expression: Text = Field(
        description="An SQL expression over the columns of the source, in PostgreSQL's dialect; its"
        " functions are those that give the same on every target (docs/concepts/models.md)."
    )
    parameters: dict[str, Any] = Field(
        default_factory=dict,
        description="Settings of the step; `column` names the column that a transform sets, and is"
        " the new name for rename.",
    )
    description: str = Field("", description="Why the step is there.")

    @property
    def renamed(self) -> str:
        """The plain name of the column that a rename is about."""
        return naming.column_names([self.expression.strip().strip('"')])[0]


class ValidationRule(Block):
    """What must hold for each record; one that fails with severity error goes to quarantine."""

    name: Name = Field(description="What the rule is called, once in this list.")
    type: Literal[
        "regex", "not_null", "unique", "range", "accepted_values", "length", "expression"
    ] = Field(description="What is checked.")
    expression: Text = Field(
        "",
        description="The pattern, bounds, values or condition; required for regex and expression.",
    )
    severity: Severity = Field(
        "error", description="error sends the record to quarantine; warning only counts it."
    )
    description: str = Field("", description="Why the rule is there.")
    parameters: dict[str, Any] = Field(
        default_factory=dict,
        description="Settings of the rule; `column` names the column it checks.",
    )

    @model_validator(mode="after")
    def _expression_is_there(self, info: ValidationInfo) -> ValidationRule:
        self.refuse(_without_expression(self, ("regex", "expression")), info)
        return self


class CleaningRule(Block):
    """How values are put right, or which records count as the same."""

    name: Name = Field(description="What the rule is called, once in this list.")
    type: Literal[
        "deduplication",
        "trim",
        "lowercase",
        "uppercase",
        "null_if",
        "default",
        "replace",
        "normalize",
        "remove_control_characters",
        "expression",
    ] = Field(
        description="What is done; normalize writes letters and their accents as one character"
        " (Unicode's form NFC), remove_control_characters leaves tabs and line ends."
    )
    expression: Text = Field(
        "",
        description="The column, value or SQL expression; `DISTINCT ON (email)` for deduplication.",
    )
    description: str = Field("", description="Why the rule is there.")
    parameters: dict[str, Any] = Field(
        default_factory=dict,
        description="Settings of the rule; `column` names the column it changes.",
    )

    @model_validator(mode="after")
    def _expression_is_there(self, info: ValidationInfo) -> CleaningRule:
        self.refuse(_without_expression(self, ("expression",)), info)
        return self


def _without_expression(
    rule: ValidationRule | CleaningRule, kinds: tuple[str, ...]
) -> list[FieldProblem]:
    if rule.type in kinds and not rule.expression:
        return [(("expression",), f"is required for type {rule.type}")]
    return []


class DataQuality(Block):
    """What is checked and put right, record by record."""

    validation_rules: list[ValidationRule] = Field(
        default_factory=list, description="What must hold for each record."
    )
    cleaning_rules: list[CleaningRule] = Field(
        default_factory=list, description="How values are put right and duplicates resolved."
    )
    profiling: bool = Field(
        False, description="Whether each load also measures the columns of the source."
    )

    @model_validator(mode="after")
    def _names_are_unique(self, info: ValidationInfo) -> DataQuality:
        self.refuse(
            repeated_names(("validation_rules",), [r.name for r in self.validation_rules], "rule")
            + repeated_names(("cleaning_rules",), [r.name for r in self.cleaning_rules], "rule"),
            info,
        )
        return self


class Aggregation(Block):
    """A gold model that summarises the target table."""

    name: ModelTitle = Field(description="What the gold model is called.")
    function: AggregateFunction = Field(description="How the records of a group become one number.")
    group_by: list[Text] = Field(
        default_factory=list,
        description="The columns or SQL expressions that make the groups; none for one row.",
    )
    having: Text | None = Field(
        None,
        description="Which groups stay: a condition over the groups; the result goes by the"
        " function's name, as in `count > 100`.",
    )
    description: str = Field("", description="What a row of the gold model means.")
    parameters: dict[str, Any] = Field(
        default_factory=dict, description="Settings; `column` names the column that is summarised."
    )
    column: Text | None = Field(
        None, description="The column that is summarised; count without one counts records."
    )


class Join(Block):
    """A model that joins the target table with another table of the source."""

    name: ModelTitle = Field(description="What the joined model is called.")
    type: Literal["inner", "left", "right", "full"] = Field(
        description="Which records without a partner stay."
    )
    left_table: Text = Field(description="The table on the left side, as the condition names it.")
    right_table: Text = Field(description="The table on the right side, as the condition names it.")
    condition: Text = Field(
        description="When two records belong together, as in `customers.id = orders.customer_id`. A"
        " table such as `sales.orders` goes by `sales_orders`, and by `orders` unless the other"
        " table is called that."
    )
    description: str = Field("", description="What a row of the joined model means.")


class TransformConfig(Block):
    """What happens to the records between source and target."""

    transformations: list[Transformation] = Field(
        default_factory=list, description="Filters and changes of columns, one after the other."
    )
    data_quality: DataQuality = Field(
        default_factory=DataQuality, description="What is checked and put right."
    )
    aggregations: list[Aggregation] = Field(
        default_factory=list, description="Gold models that summarise the target table."
    )
    joins: list[Join] = Field(
        default_factory=list, description="Models that join the target table with others."
    )

    @model_validator(mode="after")
    def _names_are_unique(self, info: ValidationInfo) -> TransformConfig:
        self.refuse(
            repeated_names(("transformations",), [t.name for t in self.transformations], "step")
            + repeated_names(("aggregations",), [a.name for a in self.aggregations], "aggregation")
            + repeated_names(("joins",), [join.name for join in self.joins], "join"),
            info,
        )
        return self
