"""Reads the files of specs: every problem of every file at once, each with its line.

`specs/etl`, `specs/warehouses`, `specs/pipelines` and `specs/stars` hold one spec per `.yml`,
`.yaml` or `.json` file. The functions that read raise one `SpecError` that lists everything; `scan`
hands back what could be read beside what could not.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from controlplane.errors import ConfigError, Problem, SpecError
from controlplane.specs import faults
from controlplane.specs.block import Block, Step
from controlplane.specs.document import join_path, read_document
from controlplane.specs.secrets import has_literal_password, password_variable, reference

if TYPE_CHECKING:
    from controlplane.specs.etl import EtlProcess
    from controlplane.specs.pipeline import Pipeline
    from controlplane.specs.star import Star
    from controlplane.specs.warehouse import Warehouse

SUFFIXES = (".yml", ".yaml", ".json")
Spec = TypeVar("Spec", bound=Block)


@dataclass(frozen=True)
class Kind:
    """A kind of spec: its folder in `specs/`, its model, and what it is called."""

    name: str
    folder: str
    title: str
    module: str
    class_name: str

    @property
    def model(self) -> type[Block]:
        """The model; it is imported now, because no command needs all of them."""
        return cast("type[Block]", getattr(import_module(self.module), self.class_name))


ETL = Kind("etl", "etl", "ETL process", "controlplane.specs.etl", "EtlProcess")
WAREHOUSE = Kind(
    "warehouse", "warehouses", "warehouse", "controlplane.specs.warehouse", "Warehouse"
)
PIPELINE = Kind("pipeline", "pipelines", "pipeline", "controlplane.specs.pipeline", "Pipeline")
STAR = Kind("star", "stars", "star schema", "controlplane.specs.star", "Star")
KINDS = (ETL, WAREHOUSE, PIPELINE, STAR)


@dataclass(frozen=True)
class SpecFile(Generic[Spec]):
    """A spec with the file it came from and the line of each of its fields."""

    path: Path
    spec: Spec
    lines: Mapping[str, int] = field(default_factory=dict, repr=False)
    source: str = ""
    document: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def line(self, field_path: str) -> int:
        """The line of a field such as `joins[0].condition`, or of the nearest block around it."""
        return line_of(self.lines, field_path)

    def problem(self, field_path: str, message: str) -> Problem:
        """A problem with a field, with the file and the line where it stands."""
        return Problem(self.source or str(self.path), self.line(field_path), field_path, message)


@dataclass(frozen=True)
class Scan(Generic[Spec]):
    """The specs of one kind that could be read, and what is wrong with the others."""

    files: list[SpecFile[Spec]]
    problems: list[Problem]


def line_of(lines: Mapping[str, int], field_path: str) -> int:
    """The line of the field, or of the nearest block around it that has one."""
    while field_path and field_path not in lines:
        field_path = re.sub(r"(?:^|\.)[^.\[]*$|\[[^\]]*\]?$", "", field_path)
    return lines.get(field_path, 1)


def read_etl_specs(project_root: Path) -> list[SpecFile[EtlProcess]]:
    """Every ETL process in `specs/etl` that is at work, sorted by path.

    Planned ones are checked like the others, and left out.

    Raises:
        SpecError: any of them cannot be used, or two cannot stand side by side.
    """
    return [file for file in _all(scan(project_root, ETL)) if file.spec.is_active]


def refuse_planned(project_root: Path, names: Iterable[str]) -> None:
    """Raise `ConfigError` if a name, slug or table is that of a planned process."""
    wanted = set(names)
    for file in scan(project_root, ETL).files:
        spec = file.spec
        if not spec.is_active and wanted & {spec.name, spec.slug, spec.table_name}:
            raise ConfigError(
                f"the ETL process '{spec.slug}' is planned, and nothing is done for it yet"
                f" ({file.source}:{file.line('status')})",
                hint="take 'status: planned' out of its spec when its source can be read",
            )


def read_warehouse_specs(project_root: Path) -> list[SpecFile[Warehouse]]:
    """Every warehouse in `specs/warehouses`, sorted by path; raises as `read_etl_specs` does."""
    return _all(scan(project_root, WAREHOUSE))


def read_pipeline_specs(project_root: Path) -> list[SpecFile[Pipeline]]:
    """Every pipeline in `specs/pipelines`, sorted by path; raises as `read_etl_specs` does."""
    return _all(scan(project_root, PIPELINE))


def read_star_specs(project_root: Path) -> list[SpecFile[Star]]:
    """Every star schema in `specs/stars`, sorted by path; raises as `read_etl_specs` does."""
    return _all(scan(project_root, STAR))


def read_etl_spec(path: Path, root: Path) -> SpecFile[EtlProcess]:
    """The ETL process in one file; raises `SpecError` with everything that is wrong in it."""
    return read_spec(path, root, ETL)


def read_warehouse_spec(path: Path, root: Path) -> SpecFile[Warehouse]:
    """The warehouse in one file; raises `SpecError` with everything that is wrong in it."""
    return read_spec(path, root, WAREHOUSE)


def read_pipeline_spec(path: Path, root: Path) -> SpecFile[Pipeline]:
    """The pipeline in one file; raises `SpecError` with everything that is wrong in it."""
    return read_spec(path, root, PIPELINE)


def parse_etl(text: str, source_name: str) -> SpecFile[EtlProcess]:
    """The ETL process in a text; a password in it is no problem, because it is in no file yet."""
    return parse_spec(text, source_name, ETL)


def parse_warehouse(text: str, source_name: str) -> SpecFile[Warehouse]:
    """The warehouse in a text; raises `SpecError` with everything that is wrong in it."""
    return parse_spec(text, source_name, WAREHOUSE)


def parse_pipeline(text: str, source_name: str) -> SpecFile[Pipeline]:
    """The pipeline in a text; raises `SpecError` with everything that is wrong in it."""
    return parse_spec(text, source_name, PIPELINE)


def kind_of(path: Path, root: Path) -> Kind:
    """The kind of spec a file holds: by its folder in the project, else by its fields."""
    for kind in KINDS:
        if path.parent == root / "specs" / kind.folder:
            return kind
    try:
        fields = set(read_document(path.read_bytes().decode("utf-8"), path.name).fields or ())
    except (OSError, UnicodeDecodeError):
        return ETL
    return max(KINDS, key=lambda kind: len(fields & set(faults.field_names(kind.model))))


def source_name(path: Path, root: Path) -> str:
    """What messages call a file: its place in the project, or else the whole path."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def scan(
    project_root: Path, kind: Kind, without: Iterable[Path] = (), more: Iterable[Path] = ()
) -> Scan[Any]:
    """The specs of one kind that can be used, and every problem of every file and between them.

    Args:
        project_root: the folder of the project.
        kind: which specs.
        without: files that are passed over, because they are about to be replaced.
        more: files that are read too, wherever they are.
    """
    folder = project_root / "specs" / kind.folder
    inside = (
        (path for path in folder.iterdir() if path.suffix in SUFFIXES and path.is_file())
        if folder.is_dir()
        else ()
    )
    paths = {path for path in inside if not path.name.startswith(".")} - set(without)
    files: list[SpecFile[Any]] = []
    problems: list[Problem] = []
    for path in sorted(paths | set(more)):
        file, found = _read(path, project_root, kind)
        problems += found
        if file is not None:
            files.append(file)
    return Scan(files, problems + problems_between(files, kind))


def problems_between(files: Sequence[SpecFile[Any]], kind: Kind) -> list[Problem]:
    """What keeps specs that are right by themselves from standing side by side."""
    from controlplane.specs import collisions

    problems = list(collisions.same_slugs(files))
    if kind is ETL:
        problems += collisions.process_collisions(files)
        problems += collisions.process_cycles(files)
    return problems


def read_spec(path: Path, root: Path, kind: Kind) -> SpecFile[Any]:
    """The spec in one file; raises `SpecError` with everything that is wrong in it."""
    file, problems = _read(path, root, kind)
    if file is None:
        raise SpecError(problems)
    return file


def parse_spec(text: str, source_name: str, kind: Kind, path: Path | None = None) -> SpecFile[Any]:
    """The spec in a text; raises `SpecError` with everything that is wrong in it."""
    file, problems = _parse(text, source_name, kind, path or Path(source_name))
    if file is None or problems:
        raise SpecError(problems)
    return file


def _all(found: Scan[Any]) -> list[SpecFile[Any]]:
    if found.problems:
        raise SpecError(found.problems)
    return found.files


def _read(path: Path, root: Path, kind: Kind) -> tuple[SpecFile[Any] | None, list[Problem]]:
    source = source_name(path, root)
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        return None, [Problem(source, 0, "", f"cannot be read: {error.strerror}")]
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return None, [Problem(source, line, "", "is not UTF-8 text; save it in that encoding")]
    file, problems = _parse(text, source, kind, path)
    if file is not None:
        problems += _passwords(file)
    return (None if problems else file), problems


def _parse(
    text: str, source: str, kind: Kind, path: Path
) -> tuple[SpecFile[Any] | None, list[Problem]]:
    document = read_document(text, source)
    problems = list(document.problems)
    if document.fields is None:
        return None, problems
    fields = _with_new_names(document.fields, document.lines, kind, source)
    spec, wrong = faults.check(kind.model, fields)
    for steps, message in wrong:
        field_path = _field_path(steps)
        problems.append(Problem(source, line_of(document.lines, field_path), field_path, message))
    if spec is None or problems:
        return None, problems
    return SpecFile(path, spec, document.lines, source, fields), []


def _field_path(steps: Iterable[Step]) -> str:
    field_path = ""
    for step in steps:
        field_path = join_path(field_path, step)
    return field_path


def _with_new_names(
    fields: Mapping[str, Any], lines: Mapping[str, int], kind: Kind, source: str
) -> Mapping[str, Any]:
    """The document with today's names for older ones; each older one is a warning."""
    if kind is not WAREHOUSE:
        return fields
    from controlplane.specs.warehouse import OLDER_TYPES, older_type_warning

    older = fields.get("type")
    if not isinstance(older, str) or older not in OLDER_TYPES:
        return fields
    place = Problem(source, line_of(lines, "type"), "type", older_type_warning(older))
    warnings.warn(str(place), DeprecationWarning, stacklevel=2)
    return {**fields, "type": OLDER_TYPES[older]}


def _passwords(file: SpecFile[Any]) -> list[Problem]:
    """A problem for each connection string that holds a password itself."""
    problems = []
    for side in ("source", "target"):
        block = file.document.get(f"{side}_config")
        text = block.get("connection_string") if isinstance(block, Mapping) else None
        if isinstance(text, str) and has_literal_password(text):
            variable = password_variable(file.spec.slug, side)
            problems.append(
                file.problem(
                    f"{side}_config.connection_string",
                    f"holds a password; write {reference(variable)} in its place and set the"
                    f" environment variable {variable}",
                )
            )
    return problems
