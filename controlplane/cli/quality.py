"""`databank quality`: how good batches and tables are, and how that changed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from controlplane.cli.options import output_option, project_options

if TYPE_CHECKING:
    from controlplane.config import Project
    from controlplane.quality.expectations import Verdict
    from controlplane.quality.history import Worse
    from controlplane.quality.request import QualityRequest
    from controlplane.quality.validation import Validated
    from controlplane.state.records import QualityResult

LAYERS = ("raw", "bronze", "silver", "gold", "platinum", "metadata")
DIMENSIONS = ("completeness", "accuracy", "consistency", "timeliness")
SHOWN_WORSE = 10


@click.group(epilog="Example: databank quality report")
def quality() -> None:
    """Validate batches and tables, and say how their scores went."""


@quality.command(epilog="Example: databank quality validate shop_orders --all")
@click.argument("name", required=False, metavar="[ETL|LAYER.TABLE]")
@click.option("--batch", type=click.IntRange(1), help="This batch of the process; default: newest.")
@click.option("--all", "all_batches", is_flag=True, help="All batches of the process.")
@click.option("--layer", type=click.Choice(LAYERS), help="The layer of a table.")
@click.option("--rules", metavar="FILE", help="A request with rules, JSON or YAML; - for stdin.")
@output_option
@project_options
def validate(
    project: Project,
    name: str | None,
    batch: int | None,
    all_batches: bool,
    layer: str | None,
    rules: str | None,
    output: str,
) -> int:
    """Validate a batch of an ETL process by its spec, or a table by rules.

    Great Expectations gives the verdict. The exit code is 1 if a rule of severity error fails.
    """
    from controlplane.cli.output import emit, narrate
    from controlplane.errors import DatabankError, ExitCode
    from controlplane.quality.validation import validate_process, validate_request

    if layer or rules or (name and "." in name):
        if batch or all_batches:
            raise DatabankError("--batch and --all are for ETL processes; a table has no batches")
        done = validate_request(
            project,
            _request(name, layer, rules),
            "standard input" if rules == "-" else str(rules),
            on_wait=narrate,
        )
    elif name:
        if batch and all_batches:
            raise DatabankError("--batch and --all exclude each other")
        from controlplane.destination import destination
        from controlplane.run.job import choose
        from controlplane.specs.files import read_etl_specs

        every = read_etl_specs(project.root)
        (file,) = choose(every, [name], project.root)
        done = validate_process(
            destination(project, [file]),
            file,
            every,
            batch=batch,
            all_batches=all_batches,
            on_wait=narrate,
        )
    else:
        raise DatabankError("name an ETL process, a table as LAYER.TABLE, or give --rules")
    emit(_document(project, done, several=all_batches), output, lambda: _validated(done))
    return int(ExitCode.FAILED if done.failed else ExitCode.DONE)


@quality.command(epilog="Example: databank quality report shop_orders")
@click.argument("name", required=False, metavar="[ETL|LAYER.TABLE]")
@click.option(
    "--docs",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the site of Great Expectations on these results into this folder.",
)
@click.option("--limit", type=click.IntRange(1), default=10, help="Batches of each; default: 10.")
@output_option
@project_options
def report(project: Project, name: str | None, docs: Path | None, limit: int, output: str) -> None:
    """Show the scores of batches and tables, and what got worse."""
    from controlplane.cli.output import emit
    from controlplane.quality.history import history, worse
    from controlplane.state.store import open_store

    with open_store(project) as store:
        found = history(store.quality(project.target.identity, _subject(project, name)))
    kept: list[QualityResult] = []
    for each in found:
        if sum(other.subject == each.subject for other in kept) < limit:
            kept.append(each)
    fell = worse(kept)
    page = None
    if docs is not None:
        from controlplane.quality.expectations import index_of
        from controlplane.quality.expectations import validate as judge

        judge(kept, docs)
        page = index_of(docs)
    document = {
        "target": project.target.identity,
        "results": [_result(each) for each in kept],
        "worse": [asdict(each) for each in fell],
        **({"data_docs": page} if page else {}),
    }
    emit(document, output, lambda: _reported(kept, fell, page))


def _request(name: str | None, layer: str | None, rules: str | None) -> QualityRequest:
    from controlplane.errors import ConfigError
    from controlplane.quality.request import QualityRequest, read_request, read_request_file

    request = QualityRequest()
    if rules == "-":
        request = read_request(sys.stdin.read(), "standard input")
    elif rules:
        request = read_request_file(Path(rules))
    before, _, table = (name or "").rpartition(".")
    for what, said in (("table_name", table), ("layer", before), ("layer", layer)):
        there = getattr(request, what)
        if said and there and said != there:
            raise ConfigError(f"{what} is {there} and {said}: say it once")
        if said:
            if what == "layer" and said not in LAYERS:
                raise ConfigError(f"there is no layer '{said}' (has: {', '.join(LAYERS)})")
            request = request.model_copy(update={what: said})
    if not request.table_name or not request.layer:
        raise ConfigError("it is open which table: name it as LAYER.TABLE")
    return request


def _subject(project: Project, name: str | None) -> str | None:
    if name is None or "." in name:
        return name
    from controlplane.run.job import choose
    from controlplane.specs.files import read_etl_specs

    return choose(read_etl_specs(project.root), [name], project.root)[0].spec.slug


# --- the answers ----------------------------------------------------------------------------------


def _result(result: QualityResult) -> dict[str, Any]:
    return asdict(result)


def _document(project: Project, done: Validated, *, several: bool) -> dict[str, Any]:
    """The newest result at the top; with several of them all, oldest first."""
    listed = [
        {**_result(result), "success": not verdict.failed_errors, "verdict": asdict(verdict)}
        for result, verdict in zip(done.results, done.verdicts, strict=True)
    ]
    return {
        "target": project.target.identity,
        **listed[-1],
        "data_docs": done.docs,
        **({"results": listed} if several else {}),
    }


def _validated(done: Validated) -> str:
    blocks = [
        _one(result, verdict) for result, verdict in zip(done.results, done.verdicts, strict=True)
    ]
    return "\n\n".join([*blocks, f"Data Docs: {done.docs}"])


def _one(result: QualityResult, verdict: Verdict) -> str:
    from controlplane.cli.output import table

    word = "fails" if verdict.failed_errors else "passes"
    batch = "" if "." in result.subject else f" batch {result.batch_id} ({result.source})"
    lines = [
        f"{result.subject}{batch} {word}: {verdict.evaluated - len(verdict.failed)} of"
        f" {verdict.evaluated} rules hold, score {_share(result.overall_score)}"
    ]
    seen = f"{result.records:,} records"
    if result.sample_size:
        seen = f"a sample of {seen} (sample_size)"
    more = [
        f"{result.filtered:,} filtered" if result.filtered else "",
        f"{result.unreadable:,} unreadable" if result.unreadable else "",
        f"{result.bad:,} bad" if result.bad else "",
    ]
    lines.append(", ".join([seen, *(each for each in more if each)]))
    lines.append(", ".join(f"{name} {_share(result.dimensions.get(name))}" for name in DIMENSIONS))
    if result.violations:
        rows = [
            (
                each.field or "-",
                each.rule,
                each.severity,
                each.records,
                f"{each.percent:.2f} %",
                _samples(each.samples),
            )
            for each in result.violations
        ]
        lines += ["", table(("field", "rule", "severity", "records", "share", "such as"), rows)]
    if result.recommendations:
        lines += ["", *(f"- {each}" for each in result.recommendations)]
    return "\n".join(lines)


def _samples(samples: Sequence[Any]) -> str:
    if not samples:
        return "-"
    first = samples[0]
    place = ":".join(str(first[name]) for name in ("source", "row") if first.get(name))
    return f"{place} {first['value']!r}" if "value" in first else place or "-"


def _reported(results: Sequence[QualityResult], fell: Sequence[Worse], page: Path | None) -> str:
    from controlplane.cli.output import table

    if not results:
        return "no batch has a score yet: `databank run` gives each one"
    rows = [
        (
            each.subject,
            each.batch_id,
            each.validated_at,
            each.records,
            _share(each.overall_score),
            *(_share(each.dimensions.get(name)) for name in DIMENSIONS),
            each.decision or "-",
        )
        for each in results
    ]
    header = ("validated", "batch", "when", "records", "score", *DIMENSIONS, "decision")
    blocks = [table(header, rows)]
    if fell:
        lines = [
            f"- {each.subject}: {each.what} {_share(each.score_before)} -> {_share(each.score)}"
            f" (batch {each.before} -> {each.batch_id})"
            for each in fell[:SHOWN_WORSE]
        ]
        if len(fell) > SHOWN_WORSE:
            lines.append(f"- and {len(fell) - SHOWN_WORSE} more")
        blocks.append("\n".join(["What got worse with the last batch:", *lines]))
    if page:
        blocks.append(f"Data Docs: {page}")
    return "\n\n".join(blocks)


def _share(score: float | None) -> str:
    return "-" if score is None else f"{score:.1%}"
