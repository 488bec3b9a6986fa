"""Values that stand for a missing one are null, and their column has its type, once a person says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pytest
import yaml
from click.testing import CliRunner, Result

from controlplane.cli import databank
from controlplane.config import load_project
from controlplane.discover.draft import draft_process
from controlplane.discover.findings import Column as FoundColumn
from controlplane.discover.findings import ColumnType, Sentinel, Written
from controlplane.discover.names import TableName
from controlplane.scaffold import write_project
from tests.conftest import ROOT, PostgresDatabase
from tests.discover.made import column, table

ODD = "it's \\N {{ x }} #"
FOUND = [
    column("id", "integer"),
    FoundColumn(
        "temp",
        ColumnType(
            *("integer", None, None, 1.0, ""),
            sentinels=(Sentinel("N/A", 2, "a word: for\nnothing"), Sentinel(ODD, 1, "odd")),
            storage_without="integer",
        ),
        0,
        5,
    ),
    FoundColumn(
        "total",
        ColumnType(
            *("decimal", None, None, 1.0, "", "text"),
            sentinels=(Sentinel("-", 1, "a word"),),
            written=Written(sign="€", decimal=",", group=".", scale=2, digits=6),
        ),
        0,
        5,
    ),
    column("due", "date", form="%d.%m.%Y", sentinels=[Sentinel("31.12.9999", 1, "the end")]),
    column("note", sentinels=[Sentinel("unknown", 1, "a word")]),
]
ROWS = [
    ("1", "N/A", "-", "31.12.9999", "unknown"),
    ("2", " N/A ", "1.234,50 €", "3.12.2024", "N/A"),
    ("3", ODD, " -", "31.12.2024", None),
    ("4", "-5", "2,00", "", "x"),
    ("5", "n/a", "--", "never", "y"),
]
Judged = Callable[[str], list[Any]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    write_project(root, "shop", "duckdb")
    place = tmp_path / "orders.csv"
    place.write_text("id,temp,total,due,note\n1,2,3,4,5\n", encoding="utf-8")
    project = load_project(root, root, target="duckdb", environment={})
    draft = draft_process(
        table("orders", FOUND), TableName("orders", "orders"), project, place=place
    )
    (root / draft.path).parent.mkdir(parents=True, exist_ok=True)
    (root / draft.path).write_text(draft.text, encoding="utf-8", newline="\n")
    done(run(root, "generate"))
    return root


def run(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(databank, [*arguments, "--project-dir", str(root)])


def done(said: Result) -> None:
    assert said.exit_code == 0, said.exception or said.output


def spec_of(root: Path) -> str:
    return (root / "specs/etl/orders.yml").read_text(encoding="utf-8")


def written(value: str | None) -> str:
    return "null" if value is None else "'" + value.replace("'", "''") + "'"


@pytest.fixture
def judged(root: Path, make_database: Callable[[], PostgresDatabase]) -> Judged:
    """Columns of the checked records as the generated model gives them, alike on both targets."""
    database = make_database()
    values = ", ".join(
        f"({', '.join(map(written, row))}, {number})" for number, row in enumerate(ROWS)
    )
    records = (
        "(select id, temp, total, due, note, 1 as _batch_id, n as _row_number,"
        f" timestamp '2024-01-01' as _loaded_at from (values {values})"
        " as v (id, temp, total, due, note, n)) as bronze"
    )
    macros = "".join(
        (ROOT / "macros" / f"{name}.sql").read_text("utf-8")
        for name in ("is_date", "try_cast", "cast_error", "computed_once", "by_target")
    )

    def rows(columns: str) -> list[Any]:
        model = (root / "models/silver/orders_checked.sql").read_text(encoding="utf-8")
        answers = []
        for target in ("duckdb", "postgres"):
            template = jinja2.Environment(autoescape=False).from_string(macros + model)
            text = template.render(ref=lambda _: records, target={"type": target})
            asked = f"select {columns} from ({text}) as judged order by _row_number"
            if target == "postgres":
                answers.append(database.rows(asked))
            else:
                with duckdb.connect() as duck:
                    answers.append(duck.execute(asked).fetchall())
        assert answers[0] == answers[1]
        return answers[0]

    return rows


def test_without_consent_every_value_stays(judged: Judged) -> None:
    assert judged("temp, total") == [row[1:3] for row in ROWS]
    assert judged("due, note")[0] == (date(9999, 12, 31), "unknown")


def test_with_consent_stand_ins_are_null_and_the_column_has_its_type(
    root: Path, judged: Judged
) -> None:
    for name in ("temp", "total", "due", "note"):
        done(run(root, "model", "missing", f"orders.{name}"))
        done(run(root, "validate"))
    # Nothing is left to consent to.
    assert not [line for line in spec_of(root).splitlines() if line.startswith("#")]
    done(run(root, "generate"))
    assert judged("id, temp, total, due, note, _outcome, _reason") == [
        (1, None, None, None, None, "accepted", None),
        (2, None, Decimal("1234.50"), date(2024, 12, 3), "N/A", "accepted", None),
        (3, None, None, date(2024, 12, 31), None, "accepted", None),
        (4, -5, Decimal("2.00"), None, "x", "accepted", None),
        (5, None, None, None, "y", "quarantine",
         "due is not a date; temp is not an integer; total is not a decimal(18,2)"),
    ]  # fmt: skip


def test_a_value_that_comes_later_is_said_by_name(root: Path, judged: Judged) -> None:
    """A word that is none of the column's type is null before the text is read, a value after it."""
    done(run(root, "model", "missing", "orders.temp"))
    done(run(root, "model", "missing", "orders.temp", "n/a", "-5"))
    done(run(root, "model", "missing", "orders.due", "never"))
    done(run(root, "model", "missing", "orders.id", "3", "x"))
    done(run(root, "generate"))
    assert judged("id, temp, due, _outcome") == [
        (1, None, date(9999, 12, 31), "accepted"),
        (2, None, date(2024, 12, 3), "accepted"),
        (None, None, date(2024, 12, 31), "accepted"),
        (4, None, None, "accepted"),
        (5, None, None, "accepted"),
    ]
    document = yaml.safe_load(spec_of(root))
    assert document["source_config"]["columns"][0] == {"name": "id", "type": "text"}


def test_some_of_the_values_leave_the_column_as_it_is(root: Path, judged: Judged) -> None:
    done(run(root, "model", "missing", "orders.temp", "N/A"))
    done(run(root, "generate"))
    assert [row[0] for row in judged("temp")] == [None, " N/A ", ODD, "-5", "n/a"]
    # The rest is still offered, with what is said of the others.
    assert "#   - name: temp as integer" in spec_of(root)


def test_a_renamed_column_is_consented_to_by_its_new_name(root: Path, judged: Judged) -> None:
    done(run(root, "model", "rename", "orders.temp", "degrees"))
    done(run(root, "model", "rename", "orders.total", "price"))
    done(run(root, "model", "missing", "orders.degrees"))
    done(run(root, "model", "missing", "orders.price"))
    done(run(root, "generate"))
    assert judged("degrees, price")[:2] == [(None, None), (None, Decimal("1234.50"))]


def test_what_is_not_offered_is_asked_for_and_nothing_is_written(root: Path) -> None:
    before = spec_of(root)
    for name, said in {
        "orders.id": "offers no values of 'id'",
        "orders.tmp": "no column 'tmp'",
        "order.temp": "Did you mean 'orders'?",
        "orders": "expected TABLE.COLUMN",
    }.items():
        answer = run(root, "model", "missing", name)
        assert answer.exit_code != 0
        assert said in str(answer.exception) + answer.output
    told = run(root, "model", "missing", "orders.note", "--dry-run", "-o", "json")
    assert "- name: note is missing" in json.loads(told.stdout)["changes"][0]["diff"]
    assert spec_of(root) == before
