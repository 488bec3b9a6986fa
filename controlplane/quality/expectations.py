"""Great Expectations: a suite of a process's checks, its verdict on a batch, and its static site.

The records are counted in the warehouse, in one pass over all of them (`counting`); what Great
Expectations validates is the table of these counts, one row a check. So it sees every record, and the
same ones as the models do: it reads no pattern and no date by itself.
"""

from __future__ import annotations

import contextlib
import html
import io
import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from controlplane.state.records import QualityResult

if TYPE_CHECKING:
    from great_expectations.data_context.data_context.abstract_data_context import (
        AbstractDataContext,
    )

SITE = "databank"


@dataclass(frozen=True)
class Verdict:
    """What Great Expectations says of one result: which rules hold, and whether all that must do."""

    success: bool
    failed: tuple[str, ...]
    failed_errors: tuple[str, ...]
    evaluated: int


def validate(results: Sequence[QualityResult], docs: Path | None = None) -> list[Verdict]:
    """The verdict on each result; with `docs` the site of all of them is written there.

    Raises:
        OSError: the site cannot be written.
    """
    with _quiet():
        context = _context(docs)
        verdicts = [_validate(context, result) for result in results]
        if docs is not None:
            context.build_data_docs(site_names=[SITE])
    return verdicts


def index_of(docs: Path) -> Path:
    """The page to open."""
    return docs / "index.html"


def _context(docs: Path | None) -> AbstractDataContext:
    import great_expectations as gx

    context: AbstractDataContext = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    for name in list(context.get_site_names()):
        context.delete_data_docs_site(name)
    if docs is not None:
        docs.mkdir(parents=True, exist_ok=True)
        context.add_data_docs_site(
            SITE,
            {
                "class_name": "SiteBuilder",
                "store_backend": {
                    "class_name": "TupleFilesystemStoreBackend",
                    "base_directory": str(docs.resolve()),
                },
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            },
        )
    return context


def _validate(context: AbstractDataContext, result: QualityResult) -> Verdict:
    import great_expectations as gx
    import pandas as pd
    from great_expectations.core import RunIdentifier
    from great_expectations.expectations.metadata_types import FailureSeverity

    from controlplane.quality.rule_expectation import ExpectRecordsToKeepRule

    severities = {"error": FailureSeverity.CRITICAL, "warning": FailureSeverity.WARNING}
    name = f"{result.subject}, batch {result.batch_id}, rules {result.rules}"
    samples = {each.rule: [_shown(sample) for sample in each.samples] for each in result.violations}
    frame = pd.DataFrame(
        {
            "rule": [str(each["rule"]) for each in result.checks],
            "records": result.records,
            "broken": [int(each["records"]) for each in result.checks],
            "samples": [samples.get(each["rule"], []) for each in result.checks],
        }
    )
    source = context.data_sources.add_or_update_pandas(result.subject)
    asset = source.add_dataframe_asset(f"batch {result.batch_id}, {result.rules}")
    definition = asset.add_batch_definition_whole_dataframe("all records")
    suite = gx.ExpectationSuite(name=name)
    for each in result.checks:
        suite.add_expectation(
            ExpectRecordsToKeepRule(
                rule=each["rule"],
                column=each["field"] or "(record)",
                message=each["message"],
                severity=severities[each["severity"]],
            )
        )
    suite = context.suites.add(suite)
    validation = context.validation_definitions.add(
        gx.ValidationDefinition(name=name, data=definition, suite=suite)
    )
    checkpoint = context.checkpoints.add(
        gx.Checkpoint(name=name, validation_definitions=[validation])
    )
    run_id = RunIdentifier(run_name=name, run_time=result.validated_at)
    done = checkpoint.run(batch_parameters={"dataframe": frame}, run_id=run_id)
    (found,) = done.run_results.values()
    failed = [
        each.expectation_config
        for each in found.results
        if not each.success and each.expectation_config
    ]
    return Verdict(
        success=bool(found.success),
        failed=tuple(each.kwargs["rule"] for each in failed),
        failed_errors=tuple(
            each.kwargs["rule"] for each in failed if each.severity == FailureSeverity.CRITICAL
        ),
        evaluated=len(found.results),
    )


def _shown(sample: Any) -> str:
    """A sample for the site, which puts such values into its pages as they are."""
    place = f"{sample.get('source') or '-'}:{sample.get('row') or '-'}"
    return html.escape(f"{place} {sample['value']}" if "value" in sample else place)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Great Expectations without telemetry, progress bars and the warnings of its dependencies."""
    before = os.environ.get("GX_ANALYTICS_ENABLED")
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        if before is None:
            del os.environ["GX_ANALYTICS_ENABLED"]
        else:
            os.environ["GX_ANALYTICS_ENABLED"] = before
