"""The SQL with which batches of processes are judged, kept for as long as nothing it is made of changed.

It is the compiled model of checked records, reading the compiled models of the raw records instead
of their tables: so it judges a batch before dbt has built anything, and as dbt is going to judge it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from controlplane import naming
from controlplane.config import Project
from controlplane.dbt.dag import Dag, make_dag
from controlplane.dbt.dag_file import load_dag
from controlplane.dbt.files import scan
from controlplane.dbt.process import dbt_dir
from controlplane.dbt.setting import Setting
from controlplane.errors import DatabankError, DbtError
from controlplane.quality.criteria import Criterion

if TYPE_CHECKING:
    from controlplane.dbt.artifacts import Manifest
    from controlplane.generate.process import Process
    from controlplane.specs.etl import EtlProcess
    from controlplane.specs.files import SpecFile

BATCHES = "/* batches */"
# What the judged records are called in the SQL that gives them.
RECORDS = "databank_checked"
# As a build of the models from nothing would be, without their tests.
_FROM_NOTHING = ("--full-refresh", "--indirect-selection", "empty")
# Of what a model's fingerprint tells apart, what its SQL is made of.
_ASPECTS = ("code", "variables", "environment")
_INLINE = "inline_query"
_MARK = "-- databank rule"
# Runs a command of dbt's with these arguments: where its artifacts are.
RunDbt = Callable[[str, Sequence[str]], Path]


@dataclass(frozen=True)
class Prepared:
    """How records are judged: `records` is SQL that gives them as the checked model has them.

    `BATCHES` in it stands for the ids of the batches. `raw` is SQL for the records as their source
    has them, `types` has the columns that are read as one, `skipped` the reason of a record whose
    whole batch was left out, and `time` the column whose age counts, with the longest in seconds.
    A table is one batch, with the number 0; `_brought_by` says then which batch a record is of.
    """

    subject: str
    criteria: tuple[Criterion, ...]
    records: str
    raw: str | None
    skipped: str
    time: tuple[str, int] | None
    action: str
    threshold: int
    is_table: bool = False

    @property
    def checksum(self) -> str:
        """Equal for two that check the same of the same records."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def prepare(
    project: Project,
    files: Sequence[SpecFile[EtlProcess]],
    every: Sequence[SpecFile[EtlProcess]],
    run_dbt: RunDbt,
    *,
    variables: Mapping[str, Any] | None = None,
    changing: Sequence[str] = (),
) -> dict[str, Prepared]:
    """How the batches of each of these processes are judged, by its slug.

    Args:
        project: whose models.
        files: the processes; those that only extract judge nothing and are left out.
        every: all processes of the project.
        run_dbt: compiles models, where what is kept does not hold any more.
        variables: dbt's, of the command line.
        changing: options of the command line that change what dbt builds.

    Raises:
        DbtError: the models cannot be compiled.
        SpecError: a spec cannot be used.
    """
    wanted = [file for file in files if file.spec.type != "extract"]
    if not wanted:
        return {}
    keys = Keys(project, Setting(project, variables or {}, tuple(changing)))
    found: dict[str, Prepared] = {}
    if keys.dag is not None:
        for file in wanted:
            kept = _read(project, file.spec.slug, keys.of(file, keys.dag))
            if kept is not None:
                found[file.spec.slug] = kept
    lacking = [file for file in wanted if file.spec.slug not in found]
    if lacking:
        manifest, made = _compile(project, lacking, every, run_dbt)
        dag = keys.dag or make_dag(manifest, keys.read, keys.setting)
        for file in lacking:
            _write(project, file.spec.slug, keys.of(file, dag), made[file.spec.slug])
        found |= made
    return found


# --- what is kept ---------------------------------------------------------------------------------


class Keys:
    """What the SQL of each process is valid for: its models, all macros, its spec, our own code.

    `dag` is the project's, if it is known without dbt.
    """

    def __init__(self, project: Project, setting: Setting) -> None:
        saved = load_dag(dbt_dir(project) / "dag.json")
        self.read = scan(project, saved.files if saved else None)
        self.setting = setting
        self.dag = saved.dag if saved and saved.holds(self.read, setting) else None
        self._specs_dir = project.specs_dir
        folders = tuple(
            f"{name}/" for name in (self.read.settings.get("macro-paths") or ["macros"])
        )
        macros = {
            path: content
            for path, content in self.read.hashes.items()
            if path.startswith((*folders, "dbt_packages/"))
        }
        self._common = [macros, project.target.identity, _code_version()]

    def of(self, file: SpecFile[EtlProcess], dag: Dag) -> str:
        """The key of one process."""
        from controlplane.generate.bronze import BATCHES_MODEL
        from controlplane.generate.record import record_path

        table = file.spec.table_name
        names = {naming.checked_model(table), naming.bronze_model(table), BATCHES_MODEL}
        nodes = [
            [node.name, node.relation, {name: node.fingerprint.get(name) for name in _ASPECTS}]
            for node in dag.nodes.values()
            if node.resource_type == "model" and node.name in names
        ]
        own = [_digest(file.path), _digest(record_path(self._specs_dir, file.spec.slug))]
        text = json.dumps([self._common, sorted(nodes), own], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()


def _digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def _code_version() -> str:
    """Changes with our own code, whose words are in the SQL."""
    package = Path(__file__).parent.parent
    sources = [
        path for name in ("quality", "generate", "sql") for path in (package / name).glob("*.py")
    ]
    seen = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in sorted(sources)]
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()


def _path(project: Project, slug: str) -> Path:
    return project.state_dir / "quality" / project.target.name / f"{slug}.json"


def _read(project: Project, slug: str, key: str) -> Prepared | None:
    try:
        data = json.loads(_path(project, slug).read_text(encoding="utf-8"))
        if data.pop("key") != key:
            return None
        data["criteria"] = tuple(Criterion(**each) for each in data["criteria"])
        data["time"] = tuple(data["time"]) if data["time"] else None
        return Prepared(**data)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(project: Project, slug: str, key: str, made: Prepared) -> None:
    """Keep it; that it cannot be kept costs time and is no failure."""
    with suppress(OSError):
        project.ensure_state_dir()
        path = _path(project, slug)
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.new")
        fresh.write_text(json.dumps({"key": key, **asdict(made)}), encoding="utf-8")
        fresh.replace(path)


# --- making it ------------------------------------------------------------------------------------


def _compile(
    project: Project,
    files: Sequence[SpecFile[EtlProcess]],
    every: Sequence[SpecFile[EtlProcess]],
    run_dbt: RunDbt,
) -> tuple[Manifest, dict[str, Prepared]]:
    from controlplane.dbt.artifacts import read_manifest
    from controlplane.quality.criteria import criteria
    from controlplane.quality.settled import settled

    processes = settled(project, files, every)
    names = {name for each in processes for name in (each.checked, *_inputs(each))}
    folder = run_dbt("compile", [*_FROM_NOTHING, "--select", *sorted(names)])
    manifest = read_manifest(folder / "manifest.json")
    if manifest is None:
        raise DbtError(f"dbt compile wrote no manifest that can be read ({folder})")
    judged = {each.slug: criteria(each) for each in processes}
    texts = [each.violation or "" for listed in judged.values() for each in listed]
    rendered = iter(render(texts, run_dbt))
    return manifest, {
        each.slug: _prepared(each, manifest, [_plain(c, next(rendered)) for c in judged[each.slug]])
        for each in processes
    }


def _plain(criterion: Criterion, violation: str) -> Criterion:
    return Criterion(**{**asdict(criterion), "violation": violation or None})


def render(texts: Sequence[str], run_dbt: RunDbt) -> list[str]:
    """The texts as dbt renders them in a model: all at once, since starting is what takes time."""
    if not any("{{" in text or "{%" in text or "{#" in text for text in texts):
        return list(texts)
    joined = f"\n{_MARK}\n".join(["select 1", *texts])
    folder = run_dbt("compile", ["--inline", joined])
    found = next((path for path in sorted(folder.rglob(_INLINE)) if path.is_file()), None)
    parts = found.read_text(encoding="utf-8").split(f"\n{_MARK}\n") if found else []
    if len(parts) != len(texts) + 1:
        raise DbtError("dbt compiled the rules, and left no SQL of them behind")
    return parts[1:]


def _inputs(process: Process) -> tuple[str, ...]:
    """The models that the checked model reads the batches and their records from."""
    from controlplane.generate.bronze import BATCHES_MODEL

    return () if process.reads_model else (BATCHES_MODEL, process.bronze)


def _prepared(process: Process, manifest: Manifest, judged: Sequence[Criterion]) -> Prepared:
    nodes = {node.name: node for node in manifest.nodes.values() if node.resource_type == "model"}

    def compiled(name: str) -> str:
        code = str(nodes[name].raw.get("compiled_code") or "") if name in nodes else ""
        if not code:
            raise DatabankError(
                f"{process.spec_path}: there is no model {name} that can be compiled",
                hint="write the models of the process with `databank generate`",
            )
        return code.strip().rstrip(";")

    inputs = _inputs(process)

    def without_tables(code: str) -> str:
        """The code, reading the steps before it by their names instead of tables to come."""
        for name in inputs:
            if relation := nodes[name].relation_name:
                code = code.replace(relation, name)
        return code

    steps = []
    for name in inputs:
        code = f"select * from (\n{compiled(name)}\n) as given"
        if name == process.bronze:
            code = f"{without_tables(code)}\nwhere _batch_id in ({BATCHES})"
        steps.append(f"{name} as (\n{code}\n)")
    steps.append(f"{RECORDS} as (\n{without_tables(compiled(process.checked))}\n)")
    return Prepared(
        subject=process.slug,
        criteria=tuple(judged),
        records=f"with {', '.join(steps)}",
        raw=None if process.reads_model else process.bronze,
        skipped=f"its batch was skipped: more than {process.error_threshold} bad records",
        time=_time(process),
        action=process.error_action,
        threshold=process.error_threshold,
    )


def _time(process: Process) -> tuple[str, int] | None:
    """The column of the time that a record is of, and how many seconds later it is to be there."""
    column = process.order_column
    if column is None or column.type not in ("date", "timestamp"):
        return None
    amount: Mapping[str, Any] = process.freshness.get("freshness", {}).get("warn_after") or {}
    units = {"minute": 60, "hour": 3600, "day": 86_400}
    seconds = int(amount["count"]) * units[amount["period"]] if amount else 86_400
    return column.name, seconds
