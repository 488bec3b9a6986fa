"""Validates batches of a process when somebody asks for it: counts, verdict, result, site."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from controlplane.config import Project
from controlplane.errors import DatabankError
from controlplane.quality.batches import AT_ONCE, batches_of, score, score_model
from controlplane.quality.compiling import compiling
from controlplane.quality.expectations import Verdict, index_of, validate
from controlplane.quality.masked import masking
from controlplane.quality.model_tests import rules_of_model
from controlplane.quality.prepared import prepare
from controlplane.quality.request import QualityRequest
from controlplane.quality.scores import Batch
from controlplane.quality.tables import validate_table
from controlplane.specs.etl import EtlProcess
from controlplane.specs.files import SpecFile
from controlplane.state.records import QualityResult
from controlplane.state.store import open_store
from controlplane.targets import Target, open_target
from controlplane.targets.base import OnWait

DOCS = "data_docs"


@dataclass(frozen=True)
class Validated:
    """What was found, what Great Expectations says of it, and the page that shows it."""

    results: tuple[QualityResult, ...]
    verdicts: tuple[Verdict, ...]
    docs: Path

    @property
    def failed(self) -> bool:
        """Whether a rule of severity error does not hold."""
        return any(verdict.failed_errors for verdict in self.verdicts)


def validate_process(
    project: Project,
    file: SpecFile[EtlProcess],
    every: Sequence[SpecFile[EtlProcess]],
    *,
    batch: int | None = None,
    all_batches: bool = False,
    on_wait: OnWait | None = None,
) -> Validated:
    """Validate the newest batch of a process, one that is named, or all of them.

    Raises:
        DatabankError: the process has no such batch, or nothing that could be validated.
    """
    process = file.spec
    if process.type == "extract":
        raise DatabankError(
            f"'{process.slug}' only extracts: it has no rules and no types",
            hint="validate a table instead, as in `databank quality validate bronze.NAME`",
        )
    target = open_target(project.target, on_wait=on_wait)
    reads_model = process.source_config.model
    chosen = [] if reads_model else _chosen(target, process.slug, batch, all_batches=all_batches)
    with compiling(project, target, on_wait) as run_dbt:
        prepared = prepare(project, [file], every, run_dbt)[process.slug]
    if not prepared.criteria:
        raise DatabankError(
            f"'{process.slug}' has nothing to check: no rules, no key, and only texts",
            hint="give it rules in transform_config.data_quality.validation_rules",
        )
    hidden, now = masking(project), datetime.now(UTC)
    if reads_model:
        results = [score_model(target, prepared, reads_model, hidden, now=now)]
    else:
        results = [
            result
            for start in range(0, len(chosen), AT_ONCE)
            for result in score(target, prepared, chosen[start : start + AT_ONCE], hidden, now=now)
        ]
    return _recorded(project, process.slug, results)


def validate_request(
    project: Project, request: QualityRequest, source: str, *, on_wait: OnWait | None = None
) -> Validated:
    """Validate a table by the rules of a request, or by those of its model where it gives none.

    Raises:
        DatabankError: there is no such table, no rule, or one that cannot be understood.
    """
    place = str(request.layer), str(request.table_name)
    rules = list(request.validation_rules)
    if not rules:
        rules = rules_of_model(project.models_dir, place[1], project.target.type)
        source = f"the properties of {place[1]}"
    if not rules:
        raise DatabankError(
            f"there are no rules for {place[0]}.{place[1]}: its model has no data tests",
            hint="give them as a file with --rules",
        )
    target = open_target(project.target, on_wait=on_wait)
    with compiling(project, target, on_wait) as run_dbt:
        result = validate_table(
            target,
            place,
            rules,
            run_dbt,
            masking(project),
            now=datetime.now(UTC),
            sample_size=request.sample_size,
            source=source,
        )
    return _recorded(project, result.subject, [result])


def _chosen(target: Target, slug: str, batch: int | None, *, all_batches: bool) -> list[Batch]:
    there = batches_of(target, [slug])[slug]
    if not there:
        raise DatabankError(f"'{slug}' has no batches", hint=f"load it with `databank run {slug}`")
    if all_batches:
        return there
    if batch is None:
        return there[-1:]
    found = [each for each in there if each.batch_id == batch]
    if not found:
        listed = ", ".join(str(each.batch_id) for each in there[-10:])
        raise DatabankError(f"'{slug}' has no batch {batch} (its newest: {listed})")
    return found


def _recorded(project: Project, subject: str, results: Sequence[QualityResult]) -> Validated:
    """The results with their verdicts: recorded, and shown on a site of their own."""
    docs = project.ensure_state_dir() / DOCS / subject
    shutil.rmtree(docs, ignore_errors=True)
    verdicts = validate(results, docs)
    with open_store(project) as store:
        store.save_quality(project.target.identity, results)
    return Validated(tuple(results), tuple(verdicts), index_of(docs))
