"""`databank init`: a folder that is a project of its own, or nothing at all."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from controlplane.cli import databank
from controlplane.cli.init import make_project
from controlplane.config import load_project
from controlplane.discover.engine import discover
from controlplane.discover.findings import Findings
from controlplane.errors import ConfigError, SourceError, SpecError
from controlplane.generate.pending import require_generated
from controlplane.targets import open_target
from tests.conftest import PostgresDatabase
from tests.discover.made import column, findings, key, table, to


def odd(day: int) -> tuple[str, ...]:
    """A record whose values are all written in a way of their own."""
    month = ("janvier", "février", "août", "décembre")[day % 4]
    return (
        *(
            str(day),
            f'"${day * 997:,}.50"',
            f'"({day},5)"' if day % 3 else f'"{day},5"',
            f"{day}.5 %",
        ),
        *(f'"{day * 98765:,}"', f"{day}.3.2024", f"{day} {month} 2024", f"2024-W{day:02}"),
        *(
            f"3/{day}/2024 {day % 12 + 1}:05 {('AM', 'PM')[day % 2]}",
            f"2024-03-{day:02}T10:05+02:00",
        ),
        *(str(1700000000 + day), ("ja", "nein")[day % 2]),
    )


ODD_TYPES = {
    "no": "integer",
    "price": "decimal(18,2)",
    "balance": "decimal(18,1)",
    "share": "decimal(18,2)",
    "people": "integer",
    "day": "date",
    "le": "date",
    "week": "date",
    "seen": "timestamp",
    "there": "timestamp",
    "created_at": "timestamp",
    "bezahlt": "boolean",
}
ODD = "\n".join([",".join(ODD_TYPES), *(",".join(odd(day)) for day in range(1, 29))]) + "\n"
FILES = {
    "Kunden 🎉.csv": "Id,Name,Order,ville\n1,Ann,x,Köln\n2,Bo,y,\n3,Cy,,Bonn\n",
    "order.csv": (
        "No,Kunde,Bill Town,Ship Town,At,Paid\n"
        "10,1,K,B,2024-02-29 10:00:00,9.50\n"
        "11,7,K,,2023-01-01 00:00:00,1.25\n"
        "12,,B,B,,\n"
    ),
    "order_line.csv": "No,Line,Pieces\n10,1,2\n10,2,1\n11,1,4\n99,1,1\n",
    "date_dim.csv": "Code,City\nK,Köln\nB,Bonn\n",
    "odd.csv": ODD,
    "visit.csv": "Who,Day\n1,2022-05-05\n1,2022-05-05\n5,\n",
}
FOUND = findings(
    table(
        "Kunden 🎉",
        [column("Id", "integer"), "Name", "Order", "ville"],
        "Id",
        role="dimension",
    ),
    table(
        "order",
        [
            *(column("No", "integer"), column("Kunde", "integer"), "Bill Town", "Ship Town"),
            column("At", "timestamp"),
            column("Paid", "decimal(12,2)", additivity="additive"),
        ],
        "No",
        to("Kunden 🎉", "Kunde", "Id", orphans=1),
        to("date_dim", "Bill Town", "Code"),
        to("date_dim", "Ship Town", "Code"),
        role="fact",
    ),
    table(
        "order_line",
        [
            *(column("No", "integer"), column("Line", "integer")),
            column("Pieces", "integer", additivity="additive"),
        ],
        key("No", "Line"),
        to("order", "No", "No", orphans=1),
        role="fact",
    ),
    table("date_dim", ["Code", "City"], "Code", role="dimension"),
    table(
        "visit",
        [column("Who", "integer"), column("Day", "date")],
        None,
        to("Kunden 🎉", "Who", "Id", orphans=1),
        role="fact",
    ),
)
STAR = (
    "kunden_dim",
    "date_dim",
    "calendar_dim",
    "order_fact",
    "order_line_fact",
    "visit_fact",
    "odd_fact",
)


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    folder = tmp_path / "exports"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def with_odd(source: str) -> Findings:
    """What was found by hand, and the odd file as it is really found out."""
    (found,) = discover([str(Path(source) / "odd.csv")]).tables
    return Findings((*FOUND.tables, replace(found, role="fact", source="odd.csv")))


def dbt(folder: Path, environment: Mapping[str, str]) -> None:
    """A plain `dbt build`, from the folder of the project."""
    done = subprocess.run(
        [Path(sys.executable).with_name("dbt"), "build", "--quiet"],
        cwd=folder,
        env={**environment, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def rows(folder: Path, target: str, environment: Mapping[str, str], model: str) -> Counter[Any]:
    """The rows of a gold model, every value as text; batches are numbered as they come."""
    project = load_project(folder, folder, target=target, environment=environment)
    warehouse = open_target(project.target)
    names = [name for name, _ in warehouse.columns("gold", model) if name != "_batch_id"]
    shown = ", ".join(f"coalesce(cast({name} as text), '~')" for name in names)
    return Counter(warehouse.query(f"select {shown} from gold.{model}"))


def test_unknown_data_become_a_star_that_plain_dbt_builds_alike_on_every_target(
    exports: Path,
    tmp_path: Path,
    make_database: Callable[[], PostgresDatabase],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [name for name in os.environ if name.startswith("DATABANK_")]:
        monkeypatch.delenv(name)
    database = make_database()
    settings = {
        "HOST": database.server.host,
        "PORT": str(database.server.port),
        "USER": database.server.user,
        "PASSWORD": database.server.password,
        "DATABASE": database.name,
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"DATABANK_POSTGRES_{name}", value)
    for target in ("duckdb", "postgres"):
        made = make_project(tmp_path / target, str(exports), target, look=with_odd)
        assert made["records"] == 15 + 28
        dbt(tmp_path / target, os.environ)
    environment = dict(os.environ)
    found = {model: rows(tmp_path / "duckdb", "duckdb", environment, model) for model in STAR}
    for model in STAR:
        assert found[model] == rows(tmp_path / "postgres", "postgres", environment, model), model
    # Nothing is dropped; what is missing or unknown points to the unknown member.
    assert [sum(found[model].values()) for model in STAR] == [4, 3, 3 * 365 + 2, 3, 4, 3, 28]
    nobody = "00000000-0000-0000-0000-000000000000"
    warehouse = open_target(
        load_project(
            tmp_path / "duckdb", tmp_path / "duckdb", target="duckdb", environment=environment
        ).target
    )
    assert warehouse.query(
        "select f.kunde, d.name, cast(f.ship_town_key as text), f.at_date_key, f.paid"
        " from gold.order_fact as f join gold.kunden_dim as d on f.kunden_key = d.kunden_key"
        " order by f.order_no"
    )[1:] == [
        (7, "(unknown)", nobody, 20230101, pytest.approx(1.25)),
        (None, "(unknown)", *_last()),
    ]

    # What the odd file writes in its own ways has its types.
    for target in ("duckdb", "postgres"):
        folder = tmp_path / target
        project = load_project(folder, folder, target=target, environment=environment)
        built = open_target(project.target)
        types = {
            name: kind.lower().replace("numeric", "decimal").removesuffix(" without time zone")
            for name, kind in built.columns("silver", "odd")
        }
        assert {name: types[name] for name in ODD_TYPES} == ODD_TYPES
        assert built.query(
            "select cast(price as text), cast(balance as text), cast(share as text), people,"
            " cast(day as text), cast(le as text), cast(week as text), cast(seen as text),"
            " cast(there as text), cast(created_at as text), bezahlt from silver.odd where no = 11"
        ) == [
            *(("10967.50", "-11.5", "11.50", 1086415, "2024-03-11", "2024-12-11", "2024-03-11",
               "2024-03-11 12:05:00", "2024-03-11 08:05:00", "2023-11-14 22:13:31", False),)
        ]  # fmt: skip

    # What stands in the folder is what the specs ask for.
    said = CliRunner().invoke(databank, ["validate", "--project-dir", str(tmp_path / "duckdb")])
    assert said.output == "7 specs are valid\n"
    check = ["generate", "--check", "--project-dir", str(tmp_path / "duckdb")]
    assert CliRunner().invoke(databank, check).exit_code == 0
    _edited_as_every_spec(tmp_path / "duckdb", environment)


def _edited_as_every_spec(folder: Path, environment: Mapping[str, str]) -> None:
    """A star's spec is edited, merged with what people changed, and checked."""
    place = ["--project-dir", str(folder)]
    star = folder / "specs" / "stars" / "duckdb.yml"
    text = star.read_text(encoding="utf-8")
    model = folder / "models" / "gold" / "order_line_fact.sql"
    edited = model.read_text(encoding="utf-8").replace(
        "with order_line as", "-- Ours.\nwith order_line as"
    )
    model.write_text(edited, encoding="utf-8")
    renamed = text.replace("name: visit_fact", "name: visits_fact")
    star.write_text(renamed.replace("- column: pieces", "- column: pieces\n        name: units"))
    project = load_project(folder, folder, target="duckdb", environment=environment)
    with pytest.raises(ConfigError, match="models are not as the specs ask"):
        require_generated(project)
    said = CliRunner().invoke(databank, ["generate", *place])
    assert said.exit_code == 0
    for line in (
        "create   models/gold/visits_fact.sql",
        "delete   models/gold/visit_fact.sql",
        "merge    models/gold/order_line_fact.sql",
    ):
        assert line in said.output
    merged = model.read_text(encoding="utf-8")
    assert "-- Ours." in merged
    assert "order_line.pieces as units" in merged

    star.write_text(text.replace("model: visit\n", "model: visits\n"))
    said = CliRunner().invoke(databank, ["validate", *place])
    assert isinstance(said.exception, SpecError)
    assert (
        "no process writes the model 'visits' (has: dates, kunden, odd, order_line, orders, visit)"
        in (str(said.exception))
    )
    star.write_text(text.replace("name: visit_fact", "name: raw_visit"))
    said = CliRunner().invoke(databank, ["generate", *place])
    assert "'raw_visit' is a model of specs/etl/visit.yml already" in str(said.exception)
    star.unlink()
    assert CliRunner().invoke(databank, ["generate", *place]).exit_code == 0
    # What a person edited stays, with the dimensions that it reads; the rest goes with the star.
    left = {path.stem for path in (folder / "models" / "gold").glob("*.sql")}
    assert left == {"order_line_fact", "kunden_dim", "date_dim", "calendar_dim"}


def _last() -> tuple[Any, ...]:
    """Of the order without customer, day and amount: where it was shipped to, and nothing else."""
    import hashlib
    import uuid

    return str(uuid.UUID(hashlib.md5(b"B").hexdigest())), 0, None


def test_a_database_is_loaded_and_its_password_is_in_no_file(
    tmp_path: Path, database: PostgresDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    database.execute(
        'create table "Towns" (code text primary key, name text)',
        """insert into "Towns" values ('K', 'Koeln'), ('B', 'Bonn')""",
    )
    found = findings(table("Towns", ["code", "name"], "code", source="public.Towns"))
    made = make_project(tmp_path / "towns", database.url, "duckdb", look=lambda _: found)
    assert made["records"] == 2
    assert "set DATABANK_SOURCE_PASSWORD to it" in capsys.readouterr().err
    for path in (tmp_path / "towns").rglob("*"):
        if path.is_file():
            assert database.server.password.encode() not in path.read_bytes(), path


def test_an_empty_project_is_one_that_dbt_and_databank_accept(tmp_path: Path) -> None:
    done = CliRunner().invoke(databank, ["init", str(tmp_path / "2 new")])
    assert done.exit_code == 0, done.output
    assert done.output.startswith(f"Made {tmp_path / '2 new'}\n")
    folder = tmp_path / "2 new"
    said = CliRunner().invoke(databank, ["validate", "--project-dir", str(folder)])
    assert (said.exit_code, said.output) == (0, "no specs in specs/\n")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DATABANK_")}
    dbt(folder, environment)


def test_a_folder_with_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "mine.txt").write_text("mine")
    with pytest.raises(ConfigError, match=r"the folder holds files \(mine.txt\)") as caught:
        make_project(tmp_path / "shop", None, "duckdb")
    assert "name a folder that does not exist or is empty" in str(caught.value)
    with pytest.raises(ConfigError, match="is there already, and is no folder"):
        make_project(tmp_path / "shop" / "mine.txt", None, "duckdb")
    assert [path.name for path in tmp_path.rglob("*")] == ["shop", "mine.txt"]


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    make_project(tmp_path / "shop", None, "duckdb")
    assert (tmp_path / "shop" / "dbt_project.yml").is_file()


def test_what_goes_wrong_halfway_leaves_no_half_project(exports: Path, tmp_path: Path) -> None:
    """Nothing found, and a file that is gone when it is to be loaded."""

    def gone(_: str) -> Findings:
        (exports / "visit.csv").unlink()
        return FOUND

    for look, said in (
        (lambda _: Findings(()), "holds no table"),
        (gone, "visit.csv: no such file"),
    ):
        with pytest.raises(SourceError, match=said):
            make_project(tmp_path / "new" / "shop", str(exports), "duckdb", look=look)
        assert [path.name for path in (tmp_path / "new").iterdir()] == []
