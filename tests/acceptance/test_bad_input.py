"""Whatever is wrong: one clear message, the right exit code, and everything is as it was before."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

SPEC = """\
name: orders
type: full
source_config:
  source_type: csv
  path: data/orders_*.csv
  columns:
    - { name: order_id, type: integer }
    - { name: total, type: "decimal(12,2)" }
transform_config:
  transformations:
    - name: rounded
      type: transform
      expression: round(total, 1)
      parameters: { column: total }
  aggregations:
    - name: orders_by_status
      function: sum
      column: total
      group_by: [status]
target_config:
  load_strategy: upsert
  unique_key: [order_id]
"""
ORDERS = "order_id,status,total\n1,paid,10.50\n2,open,20.00\n3,paid,5.25\n"
SLOW = {
    "duckdb": "select count(*) as records from range(1000000000000) as numbers(i) where i % 7 = 3",
    "postgres": "select cast(pg_sleep(600) as text) as slept",
}
SECRET = "wr0ng-secret"
PATIENCE_SECONDS = 120.0


@pytest.fixture
def orders(make_databank: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A project on DuckDB that has been run; a copy of one that is run once a session."""
    databank = make_databank("duckdb")
    template = tmp_path_factory.getbasetemp() / "orders_on_duckdb"
    if not template.exists():
        fill(databank)
        shutil.copytree(databank.root, template)
    shutil.rmtree(databank.root)
    shutil.copytree(template, databank.root)
    return databank


def fill(databank: Any) -> Any:
    """The project with its spec, its models and its tables."""
    (databank.project.specs_dir / "etl" / "orders.yml").write_text(SPEC)
    (databank.root / "data").mkdir()
    (databank.root / "data" / "orders_1.csv").write_text(ORDERS)
    databank.expect(0, "generate")
    databank.run()
    return databank


def files(databank: Any) -> dict[str, str]:
    """The hash of every file that a person or the generator wrote."""
    root = databank.root
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file()
        and not path.name.startswith("warehouse.duckdb")
        and ".databank" not in path.relative_to(root).parts
    }


ASIDE = "__dbt_backup"


def tables(databank: Any) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of every table and view of the warehouse."""
    return {
        f"{schema}.{name}": sorted(databank.rows(f'select * from "{schema}"."{name}"'), key=repr)
        for schema, name in sorted(databank.target.relations())
        if schema in ("raw", "bronze", "silver", "gold")
    }


@contextmanager
def unchanged(databank: Any, rows: bool = True) -> Iterator[None]:
    """What the block does leaves every file and every row as it is."""
    before = files(databank), tables(databank) if rows else None
    assert not rows or before[1]
    yield
    assert (files(databank), tables(databank) if rows else None) == before


def complaint(done: subprocess.CompletedProcess[str], code: int) -> str:
    """The one message of a command that ended with this code."""
    assert done.returncode == code, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    lines = done.stderr.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("Error: ")]
    assert len(starts) == 1, done.stderr
    for text in (done.stdout, done.stderr):
        assert "Traceback" not in text
        assert "unforeseen" not in text
        assert SECRET not in text
    return "\n".join(lines[starts[0] :]).removeprefix("Error: ")


def refused(databank: Any, code: int, *arguments: str) -> str:
    """The one message of a command that changes nothing."""
    with unchanged(databank):
        return complaint(databank.call(*arguments), code)


def edit(path: Path, old: str, new: str) -> None:
    """Replace a text that a file holds once."""
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def spec(databank: Any) -> Path:
    return Path(databank.project.specs_dir / "etl" / "orders.yml")


def last_job(databank: Any) -> dict[str, Any]:
    shown = json.loads(databank.expect(0, "job", "show", "last", "-o", "json").stdout)
    job: dict[str, Any] = shown["job"]
    return job


# --- specs: exit code 2, with file, line and field -----------------------------------------------

WRONG_SPECS = {
    "unknown field": (
        "type: full",
        "type: full\ncolour: red",
        r"specs/etl/orders\.yml:3: colour: is not a field here; allowed: name, type",
    ),
    "wrong type": (
        "  path: data",
        "  batch_size: many\n  path: data",
        r"specs/etl/orders\.yml:5: source_config\.batch_size: found the text 'many', expected a",
    ),
    "unknown value": (
        "type: full",
        "type: complete",
        r"specs/etl/orders\.yml:2: type: found 'complete'.*full",
    ),
    "missing field": (
        "name: orders\n",
        "",
        r"specs/etl/orders\.yml:\d+: name: is required, and missing",
    ),
    "unknown column": (
        "column: total\n",
        "column: totl\n",
        r"specs/etl/orders\.yml:18: .*column: no column 'totl' \(has: order_id, status, total\)",
    ),
    "unknown column in SQL": (
        "round(total, 1)",
        "round(totl, 1)",
        r"specs/etl/orders\.yml:13: .*expression: no column 'totl' \(has: order_id, status, total\)",
    ),
    "SQL that does not parse": (
        "round(total, 1)",
        "round(total, 1",
        r"specs/etl/orders\.yml:13: transform_config\.transformations\[0\]\.expression: ",
    ),
    "YAML that does not parse": ("type: full", "type: [full", r"specs/etl/orders\.yml:\d+: .*YAML"),
}


@pytest.mark.parametrize("command", ["validate", "generate", "run"])
@pytest.mark.parametrize("fault", WRONG_SPECS)
def test_a_wrong_spec_is_refused_with_its_line(orders: Any, fault: str, command: str) -> None:
    """Whichever command meets it first."""
    old, new, expected = WRONG_SPECS[fault]
    edit(spec(orders), old, new)
    assert re.search(expected, refused(orders, 2, command))


def test_every_problem_of_a_spec_is_told_at_once(orders: Any) -> None:
    """A person corrects a file once."""
    edit(spec(orders), "type: full", "type: complete\ncolour: red")
    edit(spec(orders), "  path: data", "  batch_size: many\n  path: data")
    message = refused(orders, 2, "validate")
    assert [line.split(": ")[0] for line in message.splitlines() if "orders.yml" in line] == [
        "specs/etl/orders.yml:2",
        "specs/etl/orders.yml:3",
        "specs/etl/orders.yml:6",
    ]
    assert "3 problems in 1 file" in message


@pytest.mark.parametrize("command", ["validate", "generate", "run"])
def test_two_specs_do_not_write_one_table(orders: Any, command: str) -> None:
    """The message names both."""
    second = SPEC.replace("name: orders\n", "name: other\n", 1).replace(
        "load_strategy", "table_name: orders\n  load_strategy"
    )
    (spec(orders).parent / "other.yml").write_text(second)
    message = refused(orders, 2, command)
    assert re.search(r"specs/etl/other\.yml:\d+: .*'orders'.*specs/etl/orders\.yml:1", message)


@pytest.mark.parametrize("command", ["validate", "generate", "run"])
def test_processes_that_read_each_other_are_refused(orders: Any, command: str) -> None:
    """A cycle among specs."""
    for name, model in (("egg", "hen"), ("hen", "egg")):
        (spec(orders).parent / f"{name}.yml").write_text(
            f"name: {name}\ntype: transform\n"
            f"source_config:\n  source_type: model\n  model: {model}\n"
        )
    message = refused(orders, 2, command)
    assert "specs/etl/egg.yml:5: source_config.model: " in message
    assert "read each other" in message


# --- specs and models that do not go together ----------------------------------------------------


@pytest.mark.parametrize("command", ["run", "plan"])
def test_a_spec_without_models_is_noticed_before_anything_is_loaded(
    orders: Any, command: str
) -> None:
    """It says what to do."""
    (spec(orders).parent / "more.yml").write_text(
        "name: more\ntype: full\nsource_config: { source_type: csv, path: data/orders_*.csv }\n"
    )
    message = refused(orders, 2, command)
    assert "specs/etl/more.yml: has no models yet" in message
    assert "databank generate" in message


@pytest.mark.parametrize("command", ["run", "plan"])
def test_a_spec_that_changed_since_is_noticed_before_anything_is_loaded(
    orders: Any, command: str
) -> None:
    """It says which spec, which models, and what to do."""
    (orders.root / "data" / "orders_2.csv").write_text("order_id,status,total\n4,paid,1\n")
    assert "orders_2.csv" in orders.expect(0, "plan").stdout
    edit(spec(orders), "function: sum", "function: max")
    message = refused(orders, 2, command)
    assert "specs/etl/orders.yml" in message
    assert "models/gold/orders_by_status.sql (update)" in message
    assert "databank generate" in message
    orders.expect(0, "ingest")  # loading needs no models


def test_models_edited_by_hand_are_no_reason_to_stop(orders: Any) -> None:
    """Nor is a conflict, which the generator has told of: it is noted."""
    model = orders.root / "models" / "gold" / "orders_by_status.sql"
    model.write_text(model.read_text() + "-- Seen by the finance team.\n")
    assert "Note:" not in orders.expect(0, "plan").stderr
    edit(model, "sum(total)", "sum(total + 0)")
    edit(spec(orders), "function: sum", "function: max")
    assert "Conflict: models/gold/orders_by_status.sql" in orders.expect(1, "generate").stderr
    told = orders.expect(0, "plan").stderr
    assert "models/gold/orders_by_status.sql was edited by hand where its spec asks" in told
    model.unlink()
    message = refused(orders, 2, "plan")
    assert "models/gold/orders_by_status.sql (create)" in message


# --- files: exit code 1, since the request was right ---------------------------------------------


def test_a_missing_file(orders: Any) -> None:
    """The message names the pattern, where it was looked for, and the spec."""
    (orders.root / "data" / "orders_1.csv").unlink()
    message = refused(orders, 1, "run")
    assert "specs/etl/orders.yml:3: source_config: data/orders_*.csv: no file matches" in message


def test_an_empty_file(orders: Any) -> None:
    """Not even a header."""
    (orders.root / "data" / "orders_2.csv").write_text("")
    assert "data/orders_2.csv: is empty" in refused(orders, 1, "run")


def test_a_file_whose_header_changed(orders: Any) -> None:
    """Until somebody accepts it."""
    changed = orders.root / "data" / "orders_2.csv"
    changed.write_text("order_id,state,total\n4,paid,1\n")
    message = refused(orders, 1, "run")
    assert "data/orders_2.csv: no longer has 'status' and now has 'state'" in message
    assert "--accept-drift" in message
    assert last_job(orders)["status"] == "failed"


def test_records_beyond_the_threshold_are_shown_with_their_reasons(orders: Any) -> None:
    """The most frequent failure says which records, why, and where to see the rest."""
    rows = "".join(f"{number},open,{total}\n" for number, total in enumerate("1abcd", start=10))
    (orders.root / "data" / "orders_2.csv").write_text(f"order_id,status,total\n{rows}")
    done = orders.expect(1, "run")
    assert "data/orders_2.csv row 2: total" in done.stdout
    assert "data/orders_2.csv row 4: total" in done.stdout
    assert "row 5" not in done.stdout
    where = "4 bad records; see them all with: select"
    assert where in done.stdout
    assert "from silver.orders_quarantine" in done.stdout
    told = orders.expect(0, "job", "logs", "last").stdout
    assert "orders: data/orders_2.csv row 2: total" in told
    assert where in told


def without_privileges(databank: Any) -> subprocess.CompletedProcess[str]:
    """`databank run` of somebody for whom permissions hold; for root they do not."""
    command = [sys.executable, "-m", "controlplane", "run"]
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root cannot give up its rights without setpriv")
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    return subprocess.run(
        command,
        cwd=databank.root,
        env=dict(databank.environment),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", ["profiles.yml", "specs/etl/orders.yml", ".databank"])
def test_a_project_that_may_not_be_read(orders: Any, name: str) -> None:
    """The message says which file."""
    path = orders.root / name
    path.chmod(0)
    done = without_privileges(orders)
    path.chmod(0o700)
    message = complaint(done, done.returncode)
    assert done.returncode in (1, 2)
    assert name in message
    assert "ermission denied" in message or "unable to open" in message


def test_a_file_that_may_not_be_read(orders: Any) -> None:
    """The message says which, and which spec asks for it."""
    (orders.root / "data" / "orders_2.csv").write_text(ORDERS)
    (orders.root / "data" / "orders_2.csv").chmod(0)
    before = tables(orders)
    message = complaint(without_privileges(orders), 1)
    assert "specs/etl/orders.yml:3: source_config: " in message
    assert "data/orders_2.csv: cannot be read: Permission denied" in message
    assert tables(orders) == before


# --- project, profile and models by hand ---------------------------------------------------------

WRONG_PROJECTS: dict[str, tuple[Callable[[Path], None], str]] = {
    "profile": (
        lambda root: edit(root / "profiles.yml", "\ndatabank:\n", "\nelsewhere:\n"),
        r"profiles\.yml: no profile 'databank' \(has: elsewhere\)",
    ),
    "variable": (
        lambda root: edit(root / "profiles.yml", ", 'warehouse.duckdb'", ""),
        r"profiles\.yml: the environment variable DATABANK_DUCKDB_PATH is not set",
    ),
    "project file": (
        lambda root: (root / "dbt_project.yml").unlink(),
        r"no dbt_project\.yml in .*--project-dir",
    ),
}


@pytest.mark.parametrize("fault", WRONG_PROJECTS)
def test_a_project_that_is_not_whole(orders: Any, fault: str) -> None:
    """Exit code 2: nothing can be done with it."""
    break_it, expected = WRONG_PROJECTS[fault]
    break_it(orders.root)
    del orders.environment["DATABANK_DUCKDB_PATH"]
    assert re.search(expected, refused(orders, 2, "run"), re.DOTALL)


def test_a_target_that_is_not_in_the_profile(orders: Any) -> None:
    """The message lists those that are."""
    message = refused(orders, 2, "run", "--target", "production")
    assert "has no target 'production' (has: duckdb, postgres)" in message


def test_models_by_hand_that_read_each_other(orders: Any) -> None:
    """dbt itself would find out only when it builds them."""
    gold = orders.root / "models" / "gold"
    (gold / "hen.sql").write_text("select * from {{ ref('egg') }}")
    (gold / "egg.sql").write_text("select * from {{ ref('hen') }}")
    message = refused(orders, 1, "run")
    assert "models read each other" in message
    assert "models/gold/hen.sql" in message
    assert "models/gold/egg.sql" in message


def test_a_model_by_hand_that_reads_nothing_that_exists(orders: Any) -> None:
    """dbt's own words, with the file."""
    (orders.root / "models" / "gold" / "lonely.sql").write_text("select * from {{ ref('nobody') }}")
    message = refused(orders, 1, "run")
    assert "models/gold/lonely.sql" in message
    assert "'nobody'" in message


@pytest.mark.slow
def test_a_model_by_hand_with_broken_sql(orders: Any) -> None:
    """The job fails, says why, and where the SQL is that the database refused."""
    (orders.root / "models" / "gold" / "broken.sql").write_text("selec 1 as one")
    before = tables(orders)
    done = orders.expect(1, "run")
    assert "syntax error" in done.stdout
    found = re.search(r"SQL: (\S+broken\.sql)", done.stdout)
    assert found is not None
    assert "selec 1 as one" in Path(found[1]).read_text()
    job = last_job(orders)
    assert job["status"] == "failed"
    assert "broken" in job["error"]
    assert "syntax error" in job["error"]
    assert job["error_path"] == found[1]
    assert found[1] in orders.expect(0, "job", "show", "last").stdout
    assert tables(orders) == before
    # It stays red until somebody mends it.
    assert orders.expect(1, "run", "-o", "json").stdout
    (orders.root / "models" / "gold" / "broken.sql").unlink()
    assert orders.run()["status"] == "completed"


@pytest.mark.slow
def test_a_check_that_failed_fails_again_until_it_holds(orders: Any) -> None:
    """Running again what is already built does not make it right."""
    with spec(orders).open("a") as file:
        file.write(
            "validation:\n  post_validation:\n"
            "    - { name: enough, type: count, expression: COUNT(*) >= 4 }\n"
        )
    orders.expect(0, "generate")
    first = complaint(orders.call("run", "--rebuild"), 1)
    again = complaint(orders.call("run"), 1)
    assert "post_validation 'enough'" in first
    assert "post_validation 'enough'" in again
    (orders.root / "data" / "orders_2.csv").write_text("order_id,status,total\n4,paid,1\n")
    assert orders.run()["status"] == "completed"
    assert orders.run()["nodes"] == []


# --- the warehouse and the state store -----------------------------------------------------------


def test_a_warehouse_file_that_is_none(orders: Any) -> None:
    """It is left alone."""
    path = orders.root / "warehouse.duckdb"
    path.write_bytes(b"a letter to my aunt")
    with unchanged(orders, rows=False):
        message = complaint(orders.call("run"), 1)
    assert "is not a DuckDB database file" in message
    assert path.read_bytes() == b"a letter to my aunt"


def test_a_state_store_that_is_none(orders: Any) -> None:
    """Its password is not in the message."""
    orders.environment["DATABANK_STATE_URL"] = f"mysql://somebody:{SECRET}@localhost/state"
    assert "cannot hold jobs" in refused(orders, 1, "run")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of 16 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)],
            capture_output=True,
            check=False,
        ).returncode
    )
    if not mounted:
        pytest.skip("only root can make a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.slow
def test_a_disk_that_fills_while_a_file_is_loaded(orders: Any, small_disk: Path) -> None:
    """Warehouse and state store are on it; what was loaded before is still there."""
    before = tables(orders)
    shutil.move(orders.root / "warehouse.duckdb", small_disk / "warehouse.duckdb")
    shutil.move(orders.root / ".databank", small_disk / "state")
    (orders.root / ".databank").symlink_to(small_disk / "state")
    (orders.root / "warehouse.duckdb").symlink_to(small_disk / "warehouse.duckdb")
    large = orders.root / "data" / "orders_2.csv"
    with large.open("w") as file:
        file.write("order_id,status,total\n")
        for number in range(400_000):
            digest = hashlib.sha256(str(number).encode()).hexdigest()
            file.write(f"{number},{digest},{number}.50\n")
    for _ in range(2):
        message = complaint(orders.call("run"), 1)
        assert "disk is full" in message
        assert "run the same command again" in message
        assert tables(orders) == before
    large.write_text("order_id,status,total\n4,paid,1\n")
    for path in small_disk.rglob("*.csv"):
        path.unlink()
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    assert orders.run()["status"] == "completed"
    assert orders.rows("select count(*) from silver.orders") == [(4,)]


def test_a_disk_that_is_full_before_anything_begins(orders: Any, small_disk: Path) -> None:
    """Not even the job can be written down."""
    shutil.move(orders.root / ".databank", small_disk / "state")
    (orders.root / ".databank").symlink_to(small_disk / "state")
    with (small_disk / "ballast").open("wb", buffering=0) as ballast, suppress(OSError):
        while ballast.write(b"x" * 4096):
            pass
    for command in ("run", "ingest"):
        assert "disk is full" in refused(orders, 1, command)


@pytest.mark.slow
def test_a_disk_that_fills_while_dbt_builds(orders: Any, small_disk: Path) -> None:
    """The job says so, and the tables are as they were."""
    shutil.move(orders.root / "warehouse.duckdb", small_disk / "warehouse.duckdb")
    (orders.root / "warehouse.duckdb").symlink_to(small_disk / "warehouse.duckdb")
    before = tables(orders)
    wide = orders.root / "models" / "gold" / "wide.sql"
    wide.write_text(
        "select i, md5(cast(i as text)) as one, md5(cast(i + 1 as text)) as other"
        " from range(2000000) as numbers(i)"
    )
    done = orders.expect(1, "run")
    assert "No space left on device" in done.stdout
    job = last_job(orders)
    assert job["status"] == "failed"
    assert "No space left on device" in job["error"]
    after = tables(orders)
    # dbt puts a view aside while it makes it anew; on a full disk it may not get to removing that.
    assert {name: rows for name, rows in after.items() if not name.endswith(ASIDE)} == before
    wide.unlink()
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    assert orders.run()["status"] == "completed"
    assert not [name for name in tables(orders) if name.endswith(ASIDE)]


# --- databases -----------------------------------------------------------------------------------

UNREACHABLE = {
    "wrong password": ({"PASSWORD": SECRET}, "password authentication failed"),
    "no such database": ({"NAME": "nowhere"}, 'database "nowhere" does not exist'),
    "no such host": ({"HOST": "nowhere.invalid"}, "could not translate host name"),
    "nobody listens": ({"PORT": "1"}, "cannot be reached"),
}


def read_from(databank: Any, database: Any, **source: Any) -> None:
    """A process that loads the table or query of a database, which the environment describes."""
    place = {
        "HOST": database.server.host,
        "PORT": str(database.server.port),
        "NAME": database.name,
        "PASSWORD": database.server.password,
    }
    parts = {name: f"{{{{ env_var('SOURCE_{name}') }}}}" for name in place}
    databank.environment.update({f"SOURCE_{name}": value for name, value in place.items()})
    databank.spec(
        "customers",
        {
            "name": "customers",
            "type": "extract",
            "source_config": {
                "source_type": "postgresql",
                "connection_string": f"postgres://{database.server.user}:{parts['PASSWORD']}"
                f"@{parts['HOST']}:{parts['PORT']}/{parts['NAME']}",
                **source,
            },
        },
    )
    databank.expect(0, "generate")


@pytest.mark.parametrize("fault", UNREACHABLE)
def test_a_source_that_cannot_be_reached(
    orders: Any, make_database: Callable[[], Any], fault: str
) -> None:
    """The message says which spec, which place, and never which password."""
    change, expected = UNREACHABLE[fault]
    source = make_database()
    source.execute("create table customers as select 1 as id, 'somebody' as name")
    read_from(orders, source, table="customers")
    orders.expect(0, "ingest", "customers")
    orders.environment.update({f"SOURCE_{name}": value for name, value in change.items()})
    message = refused(orders, 1, "run", "customers")
    assert message.startswith("specs/etl/customers.json:4: source_config: postgres://")
    assert expected in message
    assert source.server.password not in message
    assert last_job(orders)["status"] == "failed"


def test_a_source_that_goes_away_in_the_middle(
    orders: Any, make_database: Callable[[], Any]
) -> None:
    """Half of the rows have come; none of them is kept."""
    source = make_database()
    source.execute(
        "create table customers as select number as id from generate_series(1, 100000) as number"
    )
    gate = "cast(pg_advisory_xact_lock_shared(4711) as text)"
    query = f"select id, case when id = 60000 then {gate} end as gate from customers order by id"
    read_from(orders, source, query=query)
    orders.expect(0, "ingest", "customers")
    source.execute("insert into customers values (0)")
    with unchanged(orders), closing(source.server.connect(source.name)) as connection:
        cursor = connection.cursor()
        cursor.execute("select pg_advisory_lock(4711)")
        process = orders.start("run", "customers")
        until(lambda: source.rows(WAITING), "the source is read")
        source.execute(f"select pg_terminate_backend(pid) from ({WAITING}) as waiting")
        message = complaint(finished(process), 1)
    assert "specs/etl/customers.json:4: source_config: postgres://" in message
    assert "went away in the middle" in message
    assert "run the same command again" in message
    orders.expect(0, "ingest", "customers")
    assert orders.rows("select count(*) from raw.customers where _batch_id = 3") == [(100_001,)]


WAITING = "select pid from pg_locks where locktype = 'advisory' and objid = 4711 and not granted"


def until(condition: Callable[[], object], what: str) -> None:
    """Returns once the condition holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.02)


def finished(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    """What a process did that ends by itself."""
    stdout, stderr = process.communicate(timeout=PATIENCE_SECONDS)
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


@pytest.mark.parametrize("fault", UNREACHABLE)
def test_a_target_that_cannot_be_reached(
    orders: Any, make_database: Callable[[], Any], fault: str
) -> None:
    """dbt is not even started."""
    change, expected = UNREACHABLE[fault]
    target = make_database()
    place = {
        "HOST": target.server.host,
        "PORT": str(target.server.port),
        "USER": target.server.user,
        "DATABASE": target.name,
        "PASSWORD": target.server.password,
    }
    place |= {"DATABASE" if name == "NAME" else name: value for name, value in change.items()}
    orders.environment.update({f"DATABANK_POSTGRES_{name}": place[name] for name in place})
    message = refused(orders, 1, "run", "--target", "postgres")
    assert message.startswith("postgres://")
    assert expected in message
    assert target.server.password not in message
    job = last_job(orders)
    assert job["status"] == "failed"
    assert list(Path(job["attempts"][0]["target_path"]).iterdir()) == []


@pytest.mark.slow
def test_a_target_that_stops_while_dbt_builds(
    make_databank: Callable[..., Any], database_server: Any
) -> None:
    """The job is failed, and when the server is back the same command puts everything right."""
    databank = fill(make_databank("postgres"))
    name = databank.project.target.dbname
    gate = databank.root / "models" / "gold" / "gate.sql"
    gate.write_text("select cast(pg_advisory_xact_lock_shared(4711) as text) as gate")
    before = tables(databank)
    (databank.root / "data" / "orders_2.csv").write_text("order_id,status,total\n4,paid,1\n")
    with closing(database_server.connect(name)) as connection:
        cursor = connection.cursor()
        cursor.execute("select pg_advisory_lock(4711)")
        process = databank.start("run")
        until(lambda: databank.rows(WAITING), "dbt builds")
        database_server.execute(f"alter database {name} with allow_connections false")
        database_server.execute(
            f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"
        )
        done = finished(process)
    database_server.execute(f"alter database {name} with allow_connections true")
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert "unforeseen" not in done.stderr
    job = last_job(databank)
    assert job["status"] == "failed"
    assert "model gate (models/gold/gate.sql)" in job["error"]
    assert "server closed the connection" in job["error"]
    # The batch was committed before dbt began; what dbt was at is as before or complete.
    assert before["raw._loads"][0] in tables(databank)["raw._loads"]
    gate.unlink()
    assert databank.run()["status"] == "completed"
    assert databank.rows("select count(*) from silver.orders") == [(4,)]
    assert databank.rows("select * from gold.orders_by_status order by status") == [
        ("open", Decimal("20.00")),
        ("paid", Decimal("16.80")),
    ]


# --- stopped by somebody -------------------------------------------------------------------------


def slow(databank: Any) -> Path:
    """A model that is never done."""
    path = Path(databank.root / "models" / "gold" / "slow.sql")
    path.write_text(SLOW[databank.project.target.type])
    return path


def building(databank: Any, *arguments: str) -> subprocess.Popen[str]:
    """A run in which dbt is at the slow model and done with the others."""
    process: subprocess.Popen[str] = databank.start("run", "--rebuild", *arguments)
    assert process.stderr is not None
    watch = threading.Timer(PATIENCE_SECONDS, process.kill)
    watch.start()
    try:
        for line in process.stderr:
            if "test unique_orders_by_status_status" in line:
                return process
    finally:
        watch.cancel()
    raise AssertionError("the run ended early")


@pytest.mark.slow
@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM", "job cancel", "--timeout"])
def test_a_run_that_is_stopped_leaves_everything_whole(
    orders: Any, how: str, request: pytest.FixtureRequest
) -> None:
    """Whoever stops it, and however; dbt stops with it, and soon."""
    path = slow(orders)
    before = tables(orders)
    arguments = ("--timeout", "15") if how == "--timeout" else ()
    process = building(orders, *arguments)
    # One that did not stop would take a processor from all tests after this one.
    request.addfinalizer(process.kill)
    started = time.monotonic()
    if how == "job cancel":
        assert "asked to stop" in orders.expect(0, "job", "cancel", "last").stdout
    elif how != "--timeout":
        process.send_signal(signal.Signals[how])
    done = finished(process)
    if how != "--timeout":
        assert time.monotonic() - started < 15
    job = last_job(orders)
    if how == "--timeout":
        assert "dbt was stopped after 15 seconds (--timeout)" in complaint(done, 1)
        assert job["status"] == "failed"
    else:
        complaint(done, 130)
        assert job["status"] == "cancelled"
    assert tables(orders) == before
    path.unlink()
    assert orders.run()["status"] == "completed"
    assert tables(orders) == before


def test_a_reader_of_the_output_may_go_away(orders: Any) -> None:
    """What is said about the work does not fail the work."""
    command = f"set -o pipefail; {sys.executable} -m controlplane run 2>&1 | head -n 1"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=orders.root,
        env=dict(orders.environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert last_job(orders)["status"] == "completed"


@pytest.mark.parametrize("command", ["run", "plan"])
def test_an_upgrade_of_databank_is_no_reason_to_stop(orders: Any, command: str) -> None:
    """The models are those of yesterday, and the specs too; that newer ones are to be had is noted."""
    orders.expect(0, "plan")
    model = "models/gold/orders_by_status.sql"
    record = spec(orders).parent.parent / ".generated" / "orders.json"
    for path in (orders.root / model, record):
        edit(path, "    group by status", "    group by 1")
    path = orders.root / ".databank" / "generated.json"
    answer = json.loads(path.read_text())
    answer["seen"]["code"] = "earlier"
    answer["seen"]["records"]["orders.json"] = [record.stat().st_size, record.stat().st_mtime_ns]
    path.write_text(json.dumps(answer))
    for _ in range(2):
        done = orders.expect(0, command)
        assert "an earlier version of Databank wrote 1 of the model files" in done.stderr
