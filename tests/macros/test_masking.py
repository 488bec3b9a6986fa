"""Masks of personal data: keyed, equal on every target, and nothing of the key is written down."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from controlplane.dbt.salt import postgres_options

SALT = "a 'quoted' \\ salt; with $igns, äöü and = -c x=y"
VALUES = [
    "Anna.Muster@Example.com ",
    "anna.muster@example.com",
    "anna.muster(at)example.com",
    "+49 30 23125 7335",
    "+493023125-7335",
    "030/231257335",
    "n/a",
    "Jutta",
    "J.",
    "Schülze",
    "Schluze",
    "SCHULLZE",
    "Lindenstraße 7",
    "lindenstrasse 7",
    "1980-05-17",
    "17.05.1980",
    "05/17/1980",
    "not a date",
    "  ",
    "李雷",
    "Write to me@example.org, or call +49 (30) 23125-7335. 100 % sure.",
]
MASKS = (
    "pii_hash",
    "mask_email",
    "mask_phone",
    "mask_name",
    "mask_words",
    "mask_date",
    "mask_text",
)
MODEL = """
with given as (
    %s
)

select
    number,
    value,
%s
from given
"""


def made_with(make: Callable[..., Any], target: str) -> Any:
    made = make(target, name=target)
    listed = [f"    {{{{ {mask}('value') }}}} as {mask}" for mask in MASKS]
    given = " union all ".join(
        f"select {number} as number, cast({_quoted(value)} as varchar) as value"
        for number, value in enumerate([*VALUES, None])
    )
    made.file("models/bronze/masked.sql", MODEL % (given, ",\n".join(listed)))
    made.file("models/bronze/masked.yml", "models: [{name: masked, config: {materialized: table}}]")
    return made


def _quoted(value: str | None) -> str:
    return "null" if value is None else "'" + value.replace("'", "''") + "'"


def run(
    made: Any, command: str, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run dbt by hand, or Databank, with these variables."""
    start = {
        "dbt": [str(Path(sys.executable).parent / "dbt"), "--debug", "build"],
        "databank": [sys.executable, "-m", "controlplane", "run"],
    }
    inherited = {key: value for key, value in os.environ.items() if "SALT" not in key}
    return subprocess.run(
        [*start[command], "--target", made.project.target.name],
        cwd=made.project.root,
        env={**inherited, **made.project.environment, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def with_salt(salt: str) -> dict[str, str]:
    environment = {"DATABANK_PII_SALT": salt}
    return environment | {"PGOPTIONS": postgres_options(environment)}


def rows(made: Any) -> list[dict[str, Any]]:
    names = ["value", *MASKS]
    found = made.target.query(f"select {', '.join(names)} from bronze.masked order by number")
    return [dict(zip(names, row, strict=True)) for row in found]


def keyed(salt: str, text: str) -> str:
    """What `pii_hash` is by its definition."""

    def digest(value: str) -> str:
        return hashlib.sha256(value.encode()).hexdigest()

    return digest(digest("outer|" + salt) + digest(digest("inner|" + salt) + text))


def test_masks_are_equal_on_both_targets_and_keep_their_form(
    make_warehouse: Callable[..., Any],
) -> None:
    told: dict[str, list[dict[str, Any]]] = {}
    for target in ("duckdb", "postgres"):
        made = made_with(make_warehouse, target)
        done = run(made, "dbt", with_salt(SALT))
        assert done.returncode == 0, done.stdout
        told[target] = rows(made)
        # The control plane hands the same salt on.
        assert run(made, "databank", {"DATABANK_PII_SALT": SALT}).returncode == 0
        assert rows(made) == told[target]
    assert told["duckdb"] == told["postgres"]
    row = {each["value"]: each for each in told["duckdb"]}
    for value in VALUES:
        assert row[value]["pii_hash"] == keyed(SALT, value)
    assert [row[None][mask] for mask in MASKS] == [None] * len(MASKS)
    assert {row["  "][mask] for mask in MASKS[1:]} == {"  "}

    mail, shouted = row["anna.muster@example.com"], row["Anna.Muster@Example.com "]
    assert mail["mask_email"] == shouted["mask_email"]
    assert mail["mask_email"] == keyed(SALT, "anna.muster@example.com")[:16] + "@masked.invalid"
    assert "@" not in row["anna.muster(at)example.com"]["mask_email"]

    phone = row["+49 30 23125 7335"]["mask_phone"]
    assert phone == row["+493023125-7335"]["mask_phone"]
    assert phone[0] == "+"
    assert phone[1:].isdigit()
    assert len(phone) == len("+4930231257335")
    assert row["030/231257335"]["mask_phone"].isdigit()
    assert row["n/a"]["mask_phone"].startswith("x")

    name = row["Schülze"]["mask_name"]
    assert name == row["Schluze"]["mask_name"] == row["SCHULLZE"]["mask_name"]
    assert len(name) == 10
    assert name.isalpha()
    assert name.istitle()
    assert row["Jutta"]["mask_name"][0] == row["J."]["mask_name"][0]
    assert row["Jutta"]["mask_name"] != row["J."]["mask_name"]
    assert row["Lindenstraße 7"]["mask_words"] == row["lindenstrasse 7"]["mask_words"]

    for date in ("1980-05-17", "17.05.1980", "05/17/1980"):
        assert row[date]["mask_date"] == "1980-01-01"
    assert row["not a date"]["mask_date"] == "masked"
    text = "Write to (e-mail), or call (number). 100 % sure."
    assert row[VALUES[-1]]["mask_text"] == text


@pytest.mark.parametrize("target", ["duckdb", "postgres"])
def test_nothing_that_is_written_holds_the_salt(
    make_warehouse: Callable[..., Any], target: str
) -> None:
    """Not dbt's log of statements, not what it compiled, not the jobs, not the warehouse's file."""
    made = made_with(make_warehouse, target)
    salt = "this-salt-must-not-be-found-anywhere"
    for command in ("dbt", "databank"):
        done = run(made, command, with_salt(salt))
        assert done.returncode == 0, done.stdout
        assert salt not in done.stdout + done.stderr
    first = rows(made)
    written = [path for path in made.project.root.rglob("*") if path.is_file()]
    assert {"dbt.log", "manifest.json", "partial_parse.msgpack", "state.db"} <= {
        path.name for path in written
    }
    assert [path for path in written if salt.encode() in path.read_bytes()] == []
    # Another salt gives other pseudonyms.
    assert run(made, "dbt", with_salt(salt[::-1])).returncode == 0
    pairs = zip(first, rows(made), strict=True)
    assert all(one["pii_hash"] != other["pii_hash"] for one, other in pairs if one["value"])


@pytest.mark.parametrize("salt", ["", "short-secret"])
@pytest.mark.parametrize("target", ["duckdb", "postgres"])
def test_without_a_good_salt_nothing_is_masked(
    make_warehouse: Callable[..., Any], target: str, salt: str
) -> None:
    made = made_with(make_warehouse, target)
    done = run(made, "dbt", with_salt(salt))
    assert done.returncode == 1
    assert "DATABANK_PII_SALT is not set, or has less than 16 characters" in done.stdout
    assert not salt or salt not in done.stdout + done.stderr
    assert ("bronze", "masked") not in made.target.relations()


@pytest.mark.parametrize(
    ("salt", "word"),
    [(None, "is not set"), ("", "is not set"), ("short-secret", "has 12 characters")],
)
@pytest.mark.parametrize("where", ["project", "scope", "command"])
def test_a_run_that_masks_wants_a_salt_before_it_begins(
    make_warehouse: Callable[..., Any], salt: str | None, word: str, where: str
) -> None:
    made = made_with(make_warehouse, "duckdb")
    settings = made.project.root / "dbt_project.yml"
    text = settings.read_text(encoding="utf-8")
    masks = {"project": "mask_pii: true", "scope": "databank: {mask_pii: true}"}
    settings.write_text(text.replace("mask_pii: false", masks.get(where, "mask_pii: false")))
    arguments = ["--", "--vars", json.dumps({"mask_pii": True})] if where == "command" else []
    environment = {key: value for key, value in os.environ.items() if "SALT" not in key}
    if salt is not None:
        environment["DATABANK_PII_SALT"] = salt
    done = subprocess.run(
        [sys.executable, "-m", "controlplane", "run", "--target", "duckdb", *arguments],
        cwd=made.project.root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert f"the environment variable DATABANK_PII_SALT {word}" in done.stderr
    assert "Traceback" not in done.stderr
    assert not salt or salt not in done.stderr
    assert not (made.project.root / "warehouse.duckdb").exists()
