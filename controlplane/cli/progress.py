"""How far a run is: a live bar in a terminal, plain lines elsewhere. Both write to standard error."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from controlplane.cli.output import narrate

if TYPE_CHECKING:
    from controlplane.dbt.events import Event
    from controlplane.load import LoadResult
    from controlplane.plan import Plan
    from controlplane.quality.checks import CheckResult
    from controlplane.run import Reporter

LAYERS = ("raw", "bronze", "silver", "gold", "platinum", "metadata")


def open_reporter() -> Reporter:
    """The reporter that suits where standard error goes."""
    return LiveReporter() if sys.stderr.isatty() else PlainReporter()


class PlainReporter:
    """One line an event, for logs and CI."""

    def __init__(self) -> None:
        self._done = 0
        self._total = 0

    def job(self, job_id: str, target: str) -> None:
        """The job has begun."""
        narrate(f"Job {job_id} on {target}")

    def waiting(self, message: str) -> None:
        """The warehouse is somebody else's for now."""
        narrate(f"{message[:1].upper()}{message[1:]}")

    def loading(self, process: str) -> None:
        """A process's sources are read: said only once they are in."""

    def loaded(self, result: LoadResult) -> None:
        """A process's sources are in the warehouse."""
        narrate(load_line(result))

    def checked(self, result: CheckResult) -> None:
        """A check came out; only those that did not hold are worth a line."""
        if not result.passed:
            word = "Failed" if result.failed else "Warning"
            narrate(f"{word}: {check_line(result)}")

    def planned(self, plan: Plan) -> None:
        """It is decided what is built."""
        self._done, self._total = 0, len(plan.to_build)
        if self._total:
            narrate(f"Building {self._total} nodes; {len(plan.unchanged)} are unchanged")

    def event(self, event: Event) -> None:
        """A node is done."""
        from controlplane.dbt.events import NodeFinished

        if isinstance(event, NodeFinished):
            self._done += 1
            counter = f"{self._done}/{self._total}"
            narrate(
                f"{counter:>9} {event.status:7} {short_name(event.unique_id)} {event.seconds:.2f}s"
            )

    def note(self, message: str) -> None:
        """Something a person should know."""
        narrate(f"Note: {message}")

    def close(self) -> None:
        """Nothing is open."""


class LiveReporter(PlainReporter):
    """A bar that moves, with the layer that is being built beside it."""

    def __init__(self) -> None:
        super().__init__()
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[node]}", markup=False),
            console=Console(stderr=True),
            transient=True,
        )
        self._tasks: dict[str, Any] = {}
        self._layers: dict[str, str] = {}
        self._loading: Any = None
        self._progress.start()

    def waiting(self, message: str) -> None:
        """Said above the bars."""
        self._progress.print(f"{message[:1].upper()}{message[1:]}", markup=False, highlight=False)

    def loading(self, process: str) -> None:
        """A bar without an end while a source is read."""
        if self._loading is None:
            self._loading = self._progress.add_task("raw", total=None, node="")
        self._progress.update(self._loading, node=process)

    def loaded(self, result: LoadResult) -> None:
        """A line for what was loaded."""
        self._progress.print(load_line(result), markup=False, highlight=False)

    def checked(self, result: CheckResult) -> None:
        """A line for a check that did not hold."""
        if not result.passed:
            word = "Failed" if result.failed else "Warning"
            self._progress.print(f"{word}: {check_line(result)}", markup=False, highlight=False)

    def planned(self, plan: Plan) -> None:
        """One bar a layer, in the order in which they are built."""
        if self._loading is not None:
            self._progress.remove_task(self._loading)
        counts: dict[str, int] = {}
        for node in plan.to_build:
            layer = node.layer or "tests"
            self._layers[node.unique_id] = layer
            counts[layer] = counts.get(layer, 0) + 1
        order = [*LAYERS, *sorted(set(counts) - set(LAYERS))]
        for layer in order:
            if layer in counts:
                self._tasks[layer] = self._progress.add_task(layer, total=counts[layer], node="")

    def event(self, event: Event) -> None:
        """The bar of the node's layer moves; a failure stays as a line."""
        from controlplane.dbt.events import NodeFinished, NodeStarted

        if isinstance(event, NodeStarted):
            task = self._task(event.unique_id)
            if task is not None:
                self._progress.update(task, node=short_name(event.unique_id))
        elif isinstance(event, NodeFinished):
            task = self._task(event.unique_id)
            if task is not None:
                self._progress.update(task, advance=1, node=short_name(event.unique_id))
            if event.status in ("error", "fail", "warn"):
                line = f"{event.status}: {short_name(event.unique_id)}"
                self._progress.print(line, markup=False, highlight=False)

    def note(self, message: str) -> None:
        """Said above the bars."""
        self._progress.print(f"Note: {message}", markup=False, highlight=False)

    def close(self) -> None:
        """Take the bars away."""
        self._progress.stop()

    def _task(self, unique_id: str) -> Any:
        return self._tasks.get(self._layers.get(unique_id, "tests"))


def short_name(unique_id: str) -> str:
    """`silver.customers` of `model.databank.customers`: what a person calls the node."""
    kind, _, rest = unique_id.partition(".")
    name = rest.split(".", 1)[1] if "." in rest else rest
    return name if kind == "model" else f"{kind} {name.split('.')[0]}"


def load_line(result: LoadResult) -> str:
    """What a load did, in a line."""
    if not result.batches and not result.skipped:
        return f"Loaded {result.process}: nothing new"
    line = (
        f"Loaded {result.process}: {result.rows_loaded:,} of {result.rows_read:,} records"
        f" in {len(result.batches)} {'batch' if len(result.batches) == 1 else 'batches'}"
    )
    if result.rows_rejected:
        line += f", {result.rows_rejected:,} rejected"
    if result.skipped:
        line += f", {len(result.skipped)} skipped ({result.skipped[0].reason})"
    return line


def check_line(result: CheckResult) -> str:
    """A check that did not hold, in a line."""
    why = result.error or result.description or "its expression is false"
    return f"{result.process}: {result.stage} '{result.name}': {why}"
