"""dbt runs in a group of its own, which ends when it shall, and never outlives who asked for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb
import psutil
import pytest

from controlplane.config import Project
from controlplane.dbt.artifacts import read_manifest, read_run_results, results_of
from controlplane.dbt.events import Event, LogLine, NodeStarted
from controlplane.dbt.process import DbtSession, Ending, dbt_dir, run_dbt
from controlplane.errors import DbtError
from tests.dbt.conftest import wait_for

MakeProject = Callable[[Mapping[str, str]], Project]

# The second model would take for ever.
SLOW = {
    "models/silver/quick.sql": "select 1 as id",
    "models/silver/slow.sql": """\
-- depends_on: {{ ref('quick') }}
select count(*) as n
from range(1000000000000) as numbers
where hash(numbers.range) = 42
""",
}


def group_of(pid: int) -> list[psutil.Process]:
    """The processes that are left of a process group."""
    left = []
    for each in psutil.process_iter():
        try:
            if os.getpgid(each.pid) == pid and each.status() != psutil.STATUS_ZOMBIE:
                left.append(each)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return left


def test_one_session_parses_once_and_runs_several_commands(
    session: DbtSession, tmp_path: Path
) -> None:
    parse = session.run("parse", target_path=tmp_path / "parse")
    pid = session.pid
    build = session.run("build", target_path=tmp_path / "build", reuse_manifest=True)
    listed = session.run("ls", target_path=tmp_path / "ls", reuse_manifest=True)

    assert [parse.exit_code, build.exit_code, listed.exit_code] == [0, 0, 0]
    assert session.pid == pid
    assert listed.printed == ("shop.silver.one",)
    assert read_manifest(build.manifest_path) is not None
    results = read_run_results(build.run_results_path)
    assert results is not None
    assert list(results.results) == ["model.shop.one"]


def test_the_warehouse_is_free_between_two_commands_of_a_session(
    make_project: MakeProject, tmp_path: Path
) -> None:
    project = make_project({"models/silver/one.sql": "select 1 as id"})
    with DbtSession(project) as session:
        session.run("build", target_path=tmp_path / "one")
        with duckdb.connect(str(project.root / "shop.duckdb")) as connection:
            connection.execute("update silver.one set id = 2")
        assert session.run("build", target_path=tmp_path / "two").exit_code == 0
    with duckdb.connect(str(project.root / "shop.duckdb"), read_only=True) as connection:
        assert connection.execute("select id from silver.one").fetchall() == [(1,)]
    assert not (project.root / "shop.duckdb.wal").exists()


def test_the_warehouse_is_free_after_a_command_that_had_to_wait_for_it(
    make_project: MakeProject, tmp_path: Path
) -> None:
    """The error of the connection that was refused holds what the next one opened."""
    project = make_project({"models/silver/one.sql": "select 1 as id"})
    with (project.root / "profiles.yml").open("a") as profiles:
        profiles.write(
            "      retries: {connect_attempts: 5, retryable_exceptions: [IOException]}\n"
        )
    path = str(project.root / "shop.duckdb")
    duckdb.connect(path).close()
    with DbtSession(project) as session:
        session.run("parse", target_path=tmp_path / "parse")
        reader = duckdb.connect(path, read_only=True)
        threading.Timer(2, reader.close).start()
        waited = session.run("build", target_path=tmp_path / "build", reuse_manifest=True)
        assert waited.exit_code == 0
        assert waited.seconds > 2
        with duckdb.connect(path) as connection:
            assert connection.execute("select id from silver.one").fetchall() == [(1,)]


def test_a_parse_that_was_begun_ahead_is_what_the_next_command_goes_on_with(
    make_project: MakeProject, tmp_path: Path
) -> None:
    project = make_project({"models/silver/one.sql": "select 1 as id"})
    with DbtSession(project) as session:
        session.parse_ahead(target_path=tmp_path / "ahead")
        wait_for((tmp_path / "ahead/manifest.json").exists, 60)
        (project.root / "models/silver/one.sql").write_text("select 2 as id", encoding="utf-8")
        build = session.run("build", target_path=tmp_path / "build", reuse_manifest=True)
    assert build.exit_code == 0, build.error
    with duckdb.connect(str(project.root / "shop.duckdb")) as connection:
        assert connection.execute("select id from silver.one").fetchall() == [(1,)]
    assert (dbt_dir(project) / "partial_parse.msgpack").exists()


def test_what_a_parse_ahead_warned_of_is_heard_by_the_next_command(
    make_project: MakeProject, tmp_path: Path
) -> None:
    project = make_project({"models/silver/one.sql": "select 1 as id"})
    settings = project.root / "dbt_project.yml"
    unused = "    nowhere:\n      +materialized: table\n"
    settings.write_text(settings.read_text(encoding="utf-8") + unused, encoding="utf-8")
    heard: list[Event] = []
    with DbtSession(project) as session:
        session.parse_ahead(target_path=tmp_path / "ahead")
        build = session.run(
            "build", target_path=tmp_path / "build", on_event=heard.append, reuse_manifest=True
        )
    said = [each.message for each in heard if isinstance(each, LogLine) and each.level == "warn"]
    assert len([message for message in said if "models.shop.nowhere" in message]) == 1
    assert [each.message for each in build.messages if "models.shop.nowhere" in each.message]


def test_a_parse_ahead_that_fails_is_said_once_by_the_next_command(
    make_project: MakeProject, tmp_path: Path
) -> None:
    project = make_project({"models/silver/one.sql": "select * from {{ ref('nowhere') }}"})
    with DbtSession(project) as session:
        session.parse_ahead(target_path=tmp_path / "ahead")
        run = session.run("build", target_path=tmp_path / "build", reuse_manifest=True)
    assert (run.exit_code, run.ending) == (2, Ending.ITSELF)
    assert run.error.count("depends on a node named 'nowhere' which was not found") == 1


def test_a_session_that_ends_while_it_parses_ahead_leaves_nothing(
    make_project: MakeProject, tmp_path: Path
) -> None:
    project = make_project({"models/silver/one.sql": "select 1 as id"})
    with DbtSession(project) as session:
        session.parse_ahead(target_path=tmp_path / "ahead")
        pid = session.pid
    assert pid is not None
    assert group_of(pid) == []
    with pytest.raises(DbtError, match="is over"):
        session.parse_ahead(target_path=tmp_path / "again")


def test_what_was_parsed_is_known_to_the_next_process(
    make_project: MakeProject, tmp_path: Path
) -> None:
    project = make_project({"models/silver/one.sql": "select 1 as id"})

    def names(folder: str) -> set[str]:
        said: list[Event] = []
        run_dbt(project, "parse", target_path=tmp_path / folder, on_event=said.append)
        return {event.name for event in said if isinstance(event, LogLine)}

    assert "UnableToPartialParse" in names("first")
    assert "UnableToPartialParse" not in names("second")


def test_dbt_gets_the_environment_it_is_given_and_sends_nothing_home(
    make_project: MakeProject, tmp_path: Path
) -> None:
    project = make_project(
        {"models/silver/one.sql": "select '{{ env_var(\"COLOUR\") }}' as colour"}
    )
    environment = {**project.environment, "COLOUR": "red"}
    run = run_dbt(project, "compile", target_path=tmp_path / "target", environment=environment)
    assert run.exit_code == 0
    compiled = tmp_path / "target/compiled/shop/models/silver/one.sql"
    assert compiled.read_text(encoding="utf-8") == "select 'red' as colour"
    manifest = (tmp_path / "target/manifest.json").read_text(encoding="utf-8")
    assert '"send_anonymous_usage_stats": false' in manifest


def test_a_project_that_cannot_be_parsed_says_why(
    make_project: MakeProject, tmp_path: Path
) -> None:
    project = make_project({"models/silver/one.sql": "select * from {{ ref('nowhere') }}"})
    run = run_dbt(project, "build", target_path=tmp_path / "target")
    assert (run.exit_code, run.ending) == (2, Ending.ITSELF)
    assert "depends on a node named 'nowhere' which was not found" in run.error
    assert read_run_results(run.run_results_path) is None


def test_an_argument_that_dbt_does_not_know_is_an_error_in_its_words(
    session: DbtSession, tmp_path: Path
) -> None:
    run = session.run("build", ["--no-such-option"], target_path=tmp_path / "target")
    assert run.exit_code == 2
    assert "No such option" in run.error


def test_a_file_of_the_project_cannot_take_the_place_of_a_module_of_dbts(
    make_project: MakeProject, tmp_path: Path
) -> None:
    project = make_project(
        {"models/silver/one.sql": "select 1 as id", "yaml.py": "raise SystemExit('shadowed')"}
    )
    assert run_dbt(project, "parse", target_path=tmp_path / "target").exit_code == 0


def test_a_timeout_ends_the_whole_group_and_keeps_what_was_done(
    make_project: MakeProject, tmp_path: Path
) -> None:
    project = make_project(SLOW)
    with DbtSession(project) as session:
        session.run("parse", target_path=tmp_path / "parse")
        pid = session.pid
        assert pid is not None
        run = session.run("build", target_path=tmp_path / "target", timeout=6, reuse_manifest=True)
        assert run.ending is Ending.TIMEOUT
        assert run.exit_code != 0
        wait_for(lambda: group_of(pid) == [])
        with pytest.raises(DbtError, match="over"):
            session.run("build", target_path=tmp_path / "again")
    results = results_of(run)
    assert results["model.shop.quick"].status == "success"
    assert not results.get("model.shop.slow") or not results["model.shop.slow"].is_good
    with duckdb.connect(str(project.root / "shop.duckdb"), read_only=True) as connection:
        assert connection.execute("select id from silver.quick").fetchall() == [(1,)]


def test_a_cancelled_command_ends_soon_whatever_dbt_is_at(
    make_project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # dbt does not cancel a query that is just about to start: then the grace is what ends it.
    monkeypatch.setattr("controlplane.dbt.running.GRACE_SECONDS", 2)
    cancelled = threading.Event()

    def cancel(event: Event) -> None:
        if isinstance(event, NodeStarted) and event.unique_id == "model.shop.slow":
            cancelled.set()

    with DbtSession(make_project(SLOW)) as session:
        session.start()
        pid = session.pid
        assert pid is not None
        run = session.run(
            "build", target_path=tmp_path / "target", on_event=cancel, cancelled=cancelled
        )
        assert run.ending is Ending.CANCELLED
        wait_for(lambda: group_of(pid) == [])
    assert results_of(run)["model.shop.quick"].is_good


def test_a_process_that_does_not_listen_is_killed_after_a_grace(
    make_project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controlplane.dbt.running.GRACE_SECONDS", 0.5)
    project = make_project({"models/silver/one.sql": "select 1 as id"})
    with DbtSession(project) as session:
        session.start()
        pid = session.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        run = session.run("parse", target_path=tmp_path / "target", timeout=0.1)
        assert run.ending is Ending.TIMEOUT
        assert run.exit_code == -signal.SIGKILL
        wait_for(lambda: group_of(pid) == [])


def test_a_process_that_dies_by_itself_is_a_failed_command(
    make_project: MakeProject, tmp_path: Path
) -> None:
    project = make_project({"models/silver/one.sql": "select 1 as id"})
    with DbtSession(project) as session:
        session.start()
        pid = session.pid
        assert pid is not None

        def kill(_: Event) -> None:
            os.kill(pid, signal.SIGKILL)

        run = session.run("build", target_path=tmp_path / "target", on_event=kill)
        assert (run.exit_code, run.ending) == (-signal.SIGKILL, Ending.ITSELF)
        assert read_run_results(run.run_results_path) is None


PARENT = """
import sys
from pathlib import Path
from controlplane.config import load_project
from controlplane.dbt.events import NodeStarted
from controlplane.dbt.process import DbtSession

def on_event(event):
    if isinstance(event, NodeStarted) and event.unique_id == "model.shop.slow":
        print("building", flush=True)

lock = open(sys.argv[2], "w")
with DbtSession(load_project(Path(sys.argv[1]))) as session:
    session.start()
    print(session.pid, flush=True)
    session.run(
        "build", target_path=Path(sys.argv[3]), on_event=on_event, pass_fds=(lock.fileno(),)
    )
"""


def test_dbt_dies_with_a_parent_that_is_killed_and_holds_its_descriptors_until_then(
    make_project: MakeProject, tmp_path: Path
) -> None:
    project = make_project(SLOW)
    lock = tmp_path / "lock"
    command = [sys.executable, "-c", PARENT, str(project.root), str(lock), str(tmp_path / "target")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert parent.stdout.readline() == "building\n"
        open_files = {each.path for each in psutil.Process(pid).open_files()}
        assert str(lock) in open_files
        parent.kill()
        wait_for(lambda: group_of(pid) == [])
    # What it was doing is undone, what it had done is there.
    tables: list[tuple[str]] = []

    def can_be_read() -> bool:
        try:
            connection = duckdb.connect(str(project.root / "shop.duckdb"))
        except duckdb.IOException:  # the system is still freeing its memory
            return False
        with connection:
            query = "select table_name from information_schema.tables"
            tables.extend(connection.execute(query).fetchall())
        return True

    wait_for(can_be_read)
    assert tables == [("quick",)]
