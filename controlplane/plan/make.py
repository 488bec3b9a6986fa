"""Makes a plan: gets the project's nodes, what landed, and what is remembered."""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from controlplane import naming
from controlplane.config import Project
from controlplane.dbt.dag import TESTS, Dag, DagNode, make_dag
from controlplane.dbt.dag_file import load_dag, save_dag
from controlplane.dbt.events import Event
from controlplane.dbt.files import ProjectFiles, scan
from controlplane.dbt.process import DbtRun, DbtSession, Ending, dbt_dir
from controlplane.dbt.setting import Setting
from controlplane.errors import ConfigError, DbtError
from controlplane.naming import RAW_SCHEMA
from controlplane.plan.arguments import Arguments, read_arguments
from controlplane.plan.decide import World, decide
from controlplane.plan.memory import Data, recall
from controlplane.plan.values import Plan
from controlplane.state.records import NodeState
from controlplane.targets import MissingRelationError

if TYPE_CHECKING:
    from controlplane.specs.etl import EtlProcess
    from controlplane.targets import Target

_SCRATCH = "tmp-"
_ABANDONED_SECONDS = 86_400.0


@dataclass(frozen=True)
class _Dbt:
    """How to run dbt, should it be needed."""

    session: DbtSession
    target_path: Path | None
    timeout: float | None
    on_event: Callable[[Event], None] | None
    cancelled: threading.Event | None

    def run(self, command: str, args: Sequence[str], target_path: Path) -> DbtRun:
        run = self.session.run(
            command,
            args,
            target_path=target_path,
            timeout=self.timeout,
            on_event=self.on_event,
            cancelled=self.cancelled,
            reuse_manifest=True,
        )
        if run.ending is Ending.TIMEOUT:
            raise DbtError(f"dbt {command} did not end within {self.timeout:g} seconds")
        if run.ending is Ending.CANCELLED:
            raise DbtError(f"dbt {command} was cancelled")
        if run.exit_code != 0:
            said = run.error or f"exit code {run.exit_code}"
            raise DbtError(f"dbt {command} failed: {said}")
        return run


@dataclass
class ParseAhead:
    """dbt reads the project while something else is done; a plan that is made later may use it."""

    project: Project
    session: DbtSession
    target_path: Path
    dbt_args: Sequence[str] = ()
    _files: ProjectFiles | None = None

    def begin(self) -> None:
        """Begin, unless it has begun.

        Raises:
            DbtError: dbt cannot be started.
            ConfigError: an argument for dbt is not possible.
        """
        if self._files is None:
            arguments = read_arguments(self.dbt_args)
            saved = load_dag(_dag_file(self.project))
            # Looked at before dbt reads them: what changes meanwhile is found changed by the plan.
            self._files = scan(self.project, saved.files if saved else None)
            self.session.parse_ahead(arguments.for_parse, target_path=self.target_path)

    def holds(self, files: ProjectFiles) -> bool:
        """Whether dbt has read the project as it is."""
        return self._files is not None and self._files.hashes == files.hashes


def make_plan(
    project: Project,
    target: Target,
    states: Mapping[str, NodeState],
    *,
    processes: Collection[EtlProcess] | None = None,
    select: Sequence[str] = (),
    exclude: Sequence[str] = (),
    full_refresh: bool = False,
    rebuild: bool = False,
    dbt_args: Sequence[str] = (),
    incoming: Collection[str] = (),
    session: DbtSession | None = None,
    ahead: ParseAhead | None = None,
    target_path: Path | None = None,
    timeout: float | None = None,
    on_event: Callable[[Event], None] | None = None,
    cancelled: threading.Event | None = None,
) -> Plan:
    """What a run would do to each node.

    Args:
        project: the project; its files are compared with those of the last plan.
        target: the warehouse, which is asked once for its relations and once for its ledger.
        states: what the state store has for this target, by `unique_id`.
        processes: plan only what reads their raw tables and, where it was never built, what that
            needs besides.
        select: what to plan, in dbt's grammar.
        exclude: what to leave out, in dbt's grammar.
        full_refresh: build everything planned, incremental models from all raw data.
        rebuild: build everything planned.
        dbt_args: arguments of a person for `dbt build`.
        incoming: raw tables to plan for as if a new batch had landed in them.
        session: where dbt runs if it has to; the build can go on in it. Default: its own.
        ahead: what dbt may have begun to read in that session.
        target_path: where dbt's artifacts go if it runs; default: a folder that is removed.
        timeout: seconds that each command of dbt's may take.
        on_event: called with what dbt says, if it runs.
        cancelled: ends dbt soon after it is set, if it runs.

    Raises:
        DbtError: dbt cannot read the project, or was ended.
        ConfigError: nothing reads what a process loads, or an argument for dbt is not possible.
        TargetError: the warehouse cannot be asked.
    """
    from controlplane.load.ledger import current_batches

    arguments = read_arguments(dbt_args)
    own = DbtSession(project) if session is None else None
    dbt = _Dbt(own or session or DbtSession(project), target_path, timeout, on_event, cancelled)
    try:
        dag, started_dbt = _current_dag(project, arguments, dbt, ahead)
        if not asks_dbt(select, exclude):
            listed = {key for key, node in dag.nodes.items() if _word_of_type(node) not in exclude}
        else:
            listed = _listed(project, select, exclude, arguments, dbt, parsed=started_dbt)
            started_dbt = True
    finally:
        if own is not None:
            own.close()
    batches = current_batches(target) | dict.fromkeys(incoming, "to come")
    memories = {key: recall(state) for key, state in states.items()}
    known = {key: memory for key, memory in memories.items() if memory is not None}
    columns = _raw_columns(target)
    world = World(
        dag=dag,
        data=Data(
            dag,
            batches,
            columns,
            builds={key: memory.build for key, memory in known.items()},
            origins={key: memory.origin for key, memory in known.items()},
        ),
        incoming=frozenset(incoming),
        memories=known,
        relations={(schema.lower(), name.lower()) for schema, name in target.relations()},
        database=project.target.path.stem if project.target.path else project.target.dbname,
        made=_made(target),
    )
    selected = listed & dag.nodes.keys()
    if processes is not None:
        selected &= _of_processes(world, processes)
    return Plan(
        nodes=decide(
            world,
            selected,
            full_refresh=full_refresh or arguments.full_refresh,
            rebuild=rebuild,
        ),
        dag=dag,
        states=dict(states),
        batches=batches,
        columns=columns,
        started_dbt=started_dbt,
        dbt_args=arguments.for_build,
    )


def _made(target: Target) -> dict[str, str] | None:
    """The build that made each node, as the warehouse has it; None where it has no such table."""
    try:
        return dict(target.query("select unique_id, invocation_id from metadata._builds"))
    except MissingRelationError:
        return None


def _raw_columns(target: Target) -> dict[str, str]:
    """The columns of each raw table, by its full name, in one text."""
    rows = target.query(
        "select table_schema || '.' || table_name,"
        " string_agg(column_name || ' ' || data_type, ', ' order by ordinal_position)"
        " from information_schema.columns"
        " where table_catalog = current_database() and table_schema = ? group by 1",
        (RAW_SCHEMA,),
    )
    return dict(rows)


def is_parsed(project: Project) -> bool:
    """Whether a plan was made before: without one, the next needs dbt for certain."""
    return _dag_file(project).exists()


def _dag_file(project: Project) -> Path:
    return dbt_dir(project) / "dag.json"


def asks_dbt(select: Sequence[str], exclude: Sequence[str]) -> bool:
    """Whether dbt must say what a selection means; what leaves out tests alone is plain."""
    return bool(select) or not {f"resource_type:{kind}" for kind in TESTS}.issuperset(exclude)


def _word_of_type(node: DagNode) -> str:
    return f"resource_type:{node.resource_type}"


def _current_dag(
    project: Project, arguments: Arguments, dbt: _Dbt, ahead: ParseAhead | None
) -> tuple[Dag, bool]:
    """The project's dag, and whether the session has dbt's manifest of it."""
    path = _dag_file(project)
    setting = Setting(project, arguments.variables, arguments.changing)
    saved = load_dag(path)
    # Looked at before dbt reads them: a file that changes meanwhile is found changed next time.
    files = scan(project, saved.files if saved else None)
    if saved is not None and saved.holds(files, setting):
        if saved.files.files != files.files:
            save_dag(path, saved.dag, files, setting)  # only times changed
        return saved.dag, ahead is not None and ahead.holds(files)
    from controlplane.dbt.artifacts import read_manifest

    with _folder(dbt.target_path, path.parent) as folder:
        run = dbt.run("parse", arguments.for_parse, folder)
        manifest = read_manifest(run.manifest_path)
    if manifest is None:
        raise DbtError(f"dbt parse wrote no manifest that can be read ({run.manifest_path})")
    dag = make_dag(manifest, files, setting)
    save_dag(path, dag, files, setting)
    return dag, True


def _listed(
    project: Project,
    select: Sequence[str],
    exclude: Sequence[str],
    arguments: Arguments,
    dbt: _Dbt,
    *,
    parsed: bool,
) -> set[str]:
    """The nodes that a selection in dbt's grammar means."""
    selection = [
        *(("--select", *select) if select else ()),
        *(("--exclude", *exclude) if exclude else ()),
    ]
    output = ("--output", "json", "--output-keys", "unique_id")
    with _folder(dbt.target_path, dbt_dir(project)) as folder:
        if not parsed:  # so that what follows in this session need not parse
            dbt.run("parse", arguments.for_parse, folder)
        run = dbt.run("ls", [*selection, *output, *arguments.for_parse], folder)
    return {key for line in run.printed if (key := _unique_id(line))}


def _unique_id(line: str) -> str | None:
    try:
        record: Any = json.loads(line)
    except ValueError:
        return None
    return record.get("unique_id") if isinstance(record, dict) else None


def _of_processes(world: World, processes: Iterable[EtlProcess]) -> set[str]:
    """The nodes that read what these processes load, with what they lack."""
    dag = world.dag
    start: set[str] = set()
    for process in processes:
        found = _roots(dag, process)
        if not found:
            raise ConfigError(
                f"no model reads {RAW_SCHEMA}.{naming.raw_table(process.slug)}",
                hint="write the models of the process with `databank generate`",
            )
        start |= found
    wanted = dag.downstream(start) & dag.nodes.keys()
    lacking = {
        key
        for key in dag.upstream(wanted) - wanted
        if not dag.nodes[key].is_test and world.is_missing(dag.nodes[key])
    }
    return wanted | lacking


def _roots(dag: Dag, process: EtlProcess) -> set[str]:
    """The raw tables of a process, and its own models: one may read a model instead of a source."""
    table = naming.raw_table(process.slug)
    target = process.table_name
    models = {
        target,
        naming.bronze_model(target),
        naming.checked_model(target),
        naming.quarantine_model(target),
        naming.outcomes_model(target),
    }
    sources = {
        source.unique_id
        for source in dag.sources.values()
        if source.schema == RAW_SCHEMA
        and (source.identifier == table or source.identifier.startswith(f"{table}__"))
    }
    return sources | {
        node.unique_id
        for node in dag.nodes.values()
        if node.resource_type == "model" and node.name in models
    }


@contextmanager
def _folder(given: Path | None, parent: Path) -> Iterator[Path]:
    """The folder for the artifacts of a command: the given one, or one that is gone afterwards."""
    if given is not None:
        yield given
        return
    parent.mkdir(parents=True, exist_ok=True)
    for left in parent.glob(f"{_SCRATCH}*"):
        if left.stat().st_mtime < time.time() - _ABANDONED_SECONDS:  # of a process that was killed
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(dir=parent, prefix=_SCRATCH))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
