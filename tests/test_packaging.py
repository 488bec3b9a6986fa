"""The lock files hold all that is installed, and the environment is made from them alone."""

from __future__ import annotations

import ast
import base64
import hashlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ("requirements.lock", "requirements-dev.lock")


@dataclass(frozen=True)
class Pin:
    """One requirement of a lock file: a name at a version, for some platforms or for all."""

    name: str
    version: Version
    marker: str
    hashes: tuple[str, ...]


def pins(lock: str) -> list[Pin]:
    """The requirements of a lock file; any other line in it fails the test."""
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    found = []
    for line in text.splitlines():
        matched = re.fullmatch(
            r"([a-z0-9-]+)(?:\[[a-z0-9,]+\])?==([^\s;]+)"
            r"(?: ; ([^#]+?))?((?:\s+--hash=sha256:[0-9a-f]{64})*)",
            line.strip(),
        )
        assert matched, f"{lock}: not a requirement by name, version and hash: {line[:100]}"
        name, version, marker, hashes = matched.groups()
        found.append(Pin(name, Version(version), marker or "", tuple(hashes.split())))
    return found


def applying(lock: str, python: str, platform: str) -> dict[str, Version]:
    """What the lock installs on one Python and platform; two versions of one name fail the test."""
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": platform,
        "platform_system": {"linux": "Linux", "darwin": "Darwin"}[platform],
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }
    chosen: dict[str, Version] = {}
    for pin in pins(lock):
        if pin.marker and not Marker(pin.marker).evaluate(environment):
            continue
        assert pin.name not in chosen, f"{lock}: two versions of {pin.name} on Python {python}"
        chosen[pin.name] = pin.version
    return chosen


def declared(extra: str | None = None) -> list[Requirement]:
    """The requirements of `pyproject.toml`: those of the project, or of one extra."""
    project = PYPROJECT["project"]
    listed = project["optional-dependencies"][extra] if extra else project["dependencies"]
    return [Requirement(text) for text in listed]


# --- the lock files ----------------------------------------------------------------------------


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_neither_address_nor_path(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    for part in ("://", "/", "@", "index-url", "find-links", "trusted-host", "#"):
        assert part not in text, f"{lock} holds {part!r}"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_of_a_lock_has_a_hash(lock: str) -> None:
    assert [pin.name for pin in pins(lock) if not pin.hashes] == []


def test_the_development_lock_holds_the_base_lock() -> None:
    assert set(pins("requirements.lock")) <= set(pins("requirements-dev.lock"))


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_the_locks_satisfy_what_is_declared(python: str, platform: str) -> None:
    base = applying("requirements.lock", python, platform)
    dev = applying("requirements-dev.lock", python, platform)
    for held, requirements in ((base, declared()), (dev, declared() + declared("dev"))):
        for requirement in requirements:
            version = held.get(canonicalize_name(requirement.name))
            assert version is not None, f"{requirement.name} is in no lock on {platform} {python}"
            assert requirement.specifier.contains(version), f"{requirement} is locked at {version}"


@pytest.mark.parametrize("lock", LOCKS)
def test_dbt_is_locked_below_the_line_that_downloads_a_binary(lock: str) -> None:
    """The range that is declared allows 1.12, so only the lock keeps it out."""
    versions = {pin.name: pin.version for pin in pins(lock)}
    assert versions["dbt-core"].release[:2] == (1, 11)
    assert versions["duckdb"].release[:2] == (1, 5)


def test_the_build_needs_nothing_that_is_not_locked() -> None:
    build = [Requirement(text) for text in PYPROJECT["build-system"]["requires"]]
    for lock in LOCKS:
        versions = {pin.name: pin.version for pin in pins(lock)}
        for requirement in build:
            assert requirement.specifier.contains(versions[requirement.name])


# --- what is declared --------------------------------------------------------------------------


def imported_modules(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every top-level module that the code in `folder` imports, wherever in a file it does."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((alias.name.split(".")[0], path) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                yield node.module.split(".")[0], path


def test_what_the_package_imports_is_declared() -> None:
    known = {canonicalize_name(requirement.name) for requirement in declared()}
    providers = importlib.metadata.packages_distributions()
    for module, path in imported_modules(ROOT / "controlplane"):
        if module in sys.stdlib_module_names or module == "controlplane":
            continue
        names = {canonicalize_name(name) for name in providers.get(module, [module])}
        assert names & known, f"{path.relative_to(ROOT)} imports {module}, which is not declared"


def test_every_declared_requirement_is_used() -> None:
    used = {module for module, _ in imported_modules(ROOT / "controlplane")}
    # Adapters that dbt loads by name; SQLAlchemy's driver; what zoneinfo reads where the system
    # has no time zones.
    loaded_by_name = {"dbt-core", "dbt-duckdb", "dbt-postgres", "psycopg2-binary", "tzdata"}
    modules: dict[str, set[str]] = {}
    for module, names in importlib.metadata.packages_distributions().items():
        for name in names:
            modules.setdefault(canonicalize_name(name), set()).add(module)
    unused = [
        requirement.name
        for requirement in declared()
        if not modules.get(canonicalize_name(requirement.name), set()) & used
        and requirement.name not in loaded_by_name
    ]
    assert unused == []


def test_the_package_carries_what_a_new_project_needs(tmp_path: Path) -> None:
    """Macros and generic tests are this project's own, and are in the wheel as files."""
    from controlplane.scaffold.project import MACROS, TESTS

    for name in ("controlplane", "macros", "tests/data_tests/generic"):
        shutil.copytree(
            ROOT / name,
            tmp_path / name,
            symlinks=True,
            ignore=shutil.ignore_patterns("__pycache__", "demo"),
        )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    build = "import setuptools.build_meta as build; print(build.build_wheel('.'))"
    done = subprocess.run(
        [sys.executable, "-c", build], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    with zipfile.ZipFile(tmp_path / done.stdout.split()[-1]) as archive:
        packed = {
            name: archive.read(name).decode() for name in archive.namelist() if ".sql" in name
        }
    for folder, original, names in (
        ("macros", "macros", MACROS),
        ("generic_tests", "tests/data_tests/generic", TESTS),
    ):
        for name in names:
            text = (ROOT / original / f"{name}.sql").read_text(encoding="utf-8")
            assert packed[f"controlplane/scaffold/{folder}/{name}.sql"] == text


# --- make and .ci ------------------------------------------------------------------------------


@pytest.mark.parametrize("script", [".ci/run", ".ci/install"])
def test_a_script_can_be_started_and_parses(script: str) -> None:
    path = ROOT / script
    assert os.access(path, os.X_OK)
    shell = path.read_text(encoding="utf-8").splitlines()[0].split("/")[-1].split()[-1]
    subprocess.run([shell, "-n", str(path)], check=True)


def make(folder: Path, target: str) -> list[str]:
    """Run make; the lock files that were installed since the last call."""
    subprocess.run(["make", "--silent", target], cwd=folder, check=True, capture_output=True)
    log = folder / "installed"
    lines = log.read_text().splitlines() if log.exists() else []
    log.write_text("")
    return lines


def test_an_environment_is_installed_once_for_each_change_of_its_lock(tmp_path: Path) -> None:
    """The real Makefile with an installer that only notes what it was asked for."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in (*LOCKS, "pyproject.toml"):
        (tmp_path / name).touch()
    installer = tmp_path / ".ci" / "install"
    installer.parent.mkdir()
    installer.write_text("#!/bin/sh\nmkdir -p .venv && echo $1 >>installed\n")
    installer.chmod(0o755)

    assert make(tmp_path, ".venv/.base") == ["requirements.lock"]
    assert make(tmp_path, ".venv/.base") == []
    assert make(tmp_path, ".venv/.dev") == ["requirements-dev.lock"]
    assert make(tmp_path, ".venv/.base") == []  # the development environment will do
    later = (tmp_path / ".venv" / ".dev").stat().st_mtime + 10
    os.utime(tmp_path / "requirements-dev.lock", (later, later))
    assert make(tmp_path, ".venv/.base") == []
    assert make(tmp_path, ".venv/.dev") == ["requirements-dev.lock"]


def wheel(folder: Path, name: str, files: Mapping[str, str]) -> str:
    """Write a wheel of version 1.0; its hash as a lock file has it."""
    info = f"{name}-1.0.dist-info"
    contents = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{path},sha256={digest},{len(text)}\n"
        for path, text in contents.items()
        for digest in [
            base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        ]
    )
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in {**contents, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            archive.writestr(member, text)
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


BACKEND = """
from pathlib import Path
import shutil
def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    shutil.copy("wheels/project-1.0-py3-none-any.whl", wheel_directory)
    return "project-1.0-py3-none-any.whl"
build_wheel = build_editable
"""


@pytest.fixture
def small_project(tmp_path: Path) -> Path:
    """A project with one locked dependency, and a build that needs no setuptools."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    digest = wheel(wheels, "dependency", {"dependency.py": "ANSWER = 42\n"})
    wheel(wheels, "project", {"project.py": "from dependency import ANSWER\n"})
    (tmp_path / "small.lock").write_text(f"dependency==1.0 \\\n    --hash={digest}\n")
    (tmp_path / "backend.py").write_text(BACKEND)
    (tmp_path / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "project"\nversion = "1.0"\n'
    )
    return tmp_path


def install(project: Path, lock: str = "small.lock", **environment: str) -> int:
    """Run the installer as the Makefile does, with the project's wheels as the only index."""
    wheels = str(project / "wheels")
    return subprocess.run(
        [str(ROOT / ".ci" / "install"), lock],
        cwd=project,
        env={
            **os.environ,
            "PYTHON": sys.executable,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": wheels,
            "UV_NO_INDEX": "1",
            "UV_FIND_LINKS": wheels,
            **environment,
        },
        check=False,
        capture_output=True,
    ).returncode


def answer(project: Path) -> str:
    """What the environment's Python finds in the installed project."""
    return subprocess.run(
        [str(project / ".venv" / "bin" / "python"), "-c", "import project; print(project.ANSWER)"],
        cwd=project.parent,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


def test_the_installer_makes_the_environment_and_starts_afresh_after_an_interruption(
    small_project: Path,
) -> None:
    assert install(small_project) == 0
    assert answer(small_project) == "42"

    # An index that has gone away in the middle looks to the installer as one that has no such file.
    cut_off = small_project / "cut_off.lock"
    cut_off.write_text(f"absent==1.0 \\\n    --hash=sha256:{'0' * 64}\n")
    assert install(small_project, "cut_off.lock") != 0
    half_a_package = small_project / ".venv" / "half_a_package"
    half_a_package.touch()

    assert install(small_project) == 0
    assert not half_a_package.exists()
    assert answer(small_project) == "42"


def test_an_install_that_is_complete_is_kept(small_project: Path) -> None:
    assert install(small_project) == 0
    kept = small_project / ".venv" / "kept"
    kept.touch()
    assert install(small_project) == 0
    assert kept.exists()


def test_a_python_that_cannot_be_used_is_named(small_project: Path) -> None:
    done = subprocess.run(
        [str(ROOT / ".ci" / "install"), "small.lock"],
        cwd=small_project,
        env={**os.environ, "PYTHON": "python-of-nowhere"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "needs Python 3.11 or later; found none as python-of-nowhere" in done.stderr
