"""The state store's schema comes up to date by itself, whoever opens it and whenever."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from controlplane.config import Project
from controlplane.errors import StateError
from controlplane.state.engine import Database, alembic_config
from controlplane.state.store import Store, open_store
from controlplane.state.tables import REVISIONS, VERSION_TABLE, metadata


def test_tables_and_migrations_do_not_drift_apart(state_url: str) -> None:
    """An empty store after all migrations has exactly the tables that the code uses."""
    database = Database(state_url)
    with database.read() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "version_table": VERSION_TABLE}
        )
        differences = compare_metadata(context, metadata)
    database.close()
    assert differences == []


def test_the_list_of_revisions_is_that_of_the_migrations() -> None:
    scripts = ScriptDirectory.from_config(alembic_config())
    assert tuple(script.revision for script in scripts.walk_revisions())[::-1] == REVISIONS


def test_an_upgraded_store_keeps_what_it_holds(project: Project) -> None:
    with open_store(project) as store:
        store.begin_schedule("orders", owner=_owner(), now=store.store_time())
    with open_store(project) as store:
        assert list(store.last_claims()) == ["orders"]


def test_an_up_to_date_store_is_opened_without_alembic(project: Project, python: Any) -> None:
    open_store(project).close()
    child = python.start("open_store(project).close(); say('alembic' in sys.modules)")
    assert child.communicate()[0] == "False\n"


def test_processes_that_open_a_new_store_at_once_all_find_it_complete(python: Any) -> None:
    children = [
        python.start("sys.stdin.readline(); s = open_store(project); say(s.jobs())")
        for _ in range(6)
    ]
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    for child in children:
        output, errors = child.communicate()
        assert (output, errors) == ("[]\n", "")


def test_a_process_killed_while_it_makes_the_store_leaves_one_that_can_be_opened(
    project: Project, python: Any
) -> None:
    """The upgrade is one transaction; the kill comes in the middle of it."""
    child = python.start(
        """
from controlplane.state import engine
from sqlalchemy import event
from sqlalchemy.engine import Engine
@event.listens_for(Engine, "before_cursor_execute")
def before(connection, cursor, statement, *rest):
    if "databank_node_states" in statement:
        say("half way")
        time.sleep(60)
open_store(project)
"""
    )
    assert child.stdout.readline() == "half way\n"
    child.kill()
    child.wait()
    with open_store(project) as store:
        assert store.jobs() == []


def test_a_store_newer_than_the_code_is_refused_and_left_alone(project: Project) -> None:
    open_store(project).close()
    database = Database(project.state_url)
    with database.write() as connection:
        connection.execute(text(f"update {VERSION_TABLE} set version_num = '9999'"))
    with pytest.raises(StateError, match="schema version 9999, newer than this Databank"):
        open_store(project)
    with database.read() as connection:
        version = connection.execute(text(f"select version_num from {VERSION_TABLE}")).scalar()
    database.close()
    assert version == "9999"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://me:hunter2@db/state", "cannot hold jobs"),
        ("sqlite://", "cannot hold jobs"),
        ("nonsense password=hunter2", "not a database address"),
        ("postgresql://me:hunter2@localhost:1/state", "refused"),
        ("postgres://me:hunter2@localhost:1/state", "refused"),
        ("sqlite:////proc/nowhere/state.db", "cannot be made"),
    ],
)
def test_an_address_that_cannot_be_used_is_named_without_its_password(
    url: str, message: str
) -> None:
    with pytest.raises(StateError, match=message) as caught:
        Store(url, "shop")
    assert "hunter2" not in str(caught.value)


def test_a_file_that_is_no_database_is_one_clear_error(
    tmp_path: Path, make_project: Callable[..., Project]
) -> None:
    file = tmp_path / "state.db"
    file.write_text("this is a text, and not a database at all\n" * 100)
    with pytest.raises(StateError, match="not a database"):
        open_store(make_project(f"sqlite:///{file}"))


def test_opening_the_store_imports_no_alembic_orm_or_pandas() -> None:
    heavy = "{'alembic', 'sqlalchemy.orm', 'pandas'}"
    code = f"import sys, controlplane.jobs; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def _owner() -> Any:
    from controlplane.state.owner import current_owner

    return current_owner()
