"""The expectation that all records keep a rule, over a table of counts with one row a rule.

Importing this imports Great Expectations, which takes seconds.
"""

from __future__ import annotations

from typing import Any, ClassVar

from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from great_expectations.render.components import LegacyRendererType, RenderedStringTemplateContent
from great_expectations.render.renderer.renderer import renderer

_METRIC = "table.databank_rule"


class RuleCounts(TableMetricProvider):
    """How many records there are, how many break a rule, and some of them."""

    metric_name = _METRIC
    value_keys = ("rule",)

    @metric_value(engine=PandasExecutionEngine)
    def _pandas(  # type: ignore[no-untyped-def]
        cls,  # noqa: N805
        execution_engine: PandasExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],  # noqa: ARG002
        runtime_configuration: dict[str, Any],  # noqa: ARG002
    ):
        frame, _, _ = execution_engine.get_compute_domain(
            metric_domain_kwargs, domain_type=MetricDomainTypes.TABLE
        )
        row = frame[frame["rule"] == metric_value_kwargs["rule"]].iloc[0]
        return int(row["records"]), int(row["broken"]), list(row["samples"])


class ExpectRecordsToKeepRule(BatchExpectation):
    """Expect that no record breaks a rule.

    Args:
        rule: the rule, as the table of counts names it.
        column: what it is about.
        message: what it says.
    """

    rule: str
    column: str
    message: str

    metric_dependencies: ClassVar[tuple[str, ...]] = (_METRIC,)
    success_keys: ClassVar[tuple[str, ...]] = ("rule", "column", "message")
    args_keys: ClassVar[tuple[str, ...]] = ("rule", "column", "message")

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,  # noqa: ARG002
        execution_engine: Any = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        records, broken, samples = metrics[_METRIC]
        return {
            "success": broken == 0,
            "result": {
                "element_count": records,
                "missing_count": 0,
                "unexpected_count": broken,
                "unexpected_percent": 100 * broken / records if records else 0.0,
                "partial_unexpected_list": samples,
            },
        }

    @classmethod
    @renderer(renderer_type=LegacyRendererType.PRESCRIPTIVE)
    def _prescriptive_renderer(
        cls,
        configuration: Any = None,
        result: Any = None,
        runtime_configuration: Any = None,
    ) -> list[Any]:
        used = configuration or result.expectation_config
        styling = (runtime_configuration or {}).get("styling", {})
        return [
            RenderedStringTemplateContent(
                content_block_type="string_template",
                string_template={
                    "template": "$rule: $message",
                    "params": {name: used.kwargs[name] for name in ("rule", "message")},
                    "styling": styling,
                },
            )
        ]
