"""A source is drafted into a project that has specs of its own: whole, or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from controlplane.cli.init import make_project
from controlplane.config import Project, load_project
from controlplane.discover.findings import Findings
from controlplane.discover.memory import Memory
from controlplane.discover.writing import Written, source_title, write_project
from controlplane.errors import ConfigError, DatabankError, SourceError, SpecError
from controlplane.generate.pending import require_generated
from controlplane.jobs import JobCancelled
from controlplane.targets import open_target
from tests.conftest import PostgresDatabase
from tests.discover.made import column, findings, table, to

TOWN = table("town", ["code", "name"], "code", role="dimension")
ORDER = table(
    "sale",
    [column("no", "integer"), "town", column("day", "date"), column("paid", "decimal(12,2)")],
    "no",
    to("town", "town", "code"),
    role="fact",
)
FILES = {
    "town.csv": "code,name\nK,Köln\nB,Bonn\n",
    "sale.csv": "no,town,day,paid\n1,K,2024-01-02,9.5\n2,B,2024-01-03,1.25\n",
}


@dataclass
class Shown:
    """Keeps what is said; `stop` is raised once a process with this name is loaded."""

    stop: str = ""
    notes: list[str] = field(default_factory=list)

    def job(self, job_id: str, target: str) -> None: ...

    def waiting(self, message: str) -> None: ...

    def loading(self, process: str) -> None: ...

    def loaded(self, result: Any) -> None:
        if result.process == self.stop:
            raise KeyboardInterrupt

    def note(self, message: str) -> None:
        self.notes.append(message)


@dataclass
class Place:
    """A project, and the exports that are drafted into it."""

    project: Project
    exports: Path

    def write(
        self, found: Findings, *, stop: str = "", source: str = "", title: str = "exports"
    ) -> Written:
        place = source or str(self.exports)
        return write_project(found, place, title, self.project, Shown(stop))

    def specs(self) -> dict[str, str]:
        """The specs and models of the project with their texts."""
        root = self.project.root
        return {
            path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
            for folder in ("specs", "models")
            for path in sorted((root / folder).rglob("*"))
            if path.is_file()
        }

    def batches(self) -> list[tuple[Any, ...]]:
        """Process and rows of every batch that was loaded."""
        target = open_target(self.project.target)
        return target.query("select process, rows_loaded from raw._loads order by batch_id")


def made(folder: Path) -> Place:
    """An empty project, and exports beside it."""
    exports = folder / "exports"
    exports.mkdir()
    for name, text in FILES.items():
        (exports / name).write_text(text, encoding="utf-8")
    make_project(folder / "shop", None, "duckdb")
    return Place(load_project(folder / "shop", target="duckdb"), exports)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return made(tmp_path)


@pytest.fixture(scope="module")
def drafted_once(tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = made(tmp_path_factory.mktemp("drafted"))
    place.write(findings(TOWN, ORDER))
    return place


@pytest.fixture
def drafted(drafted_once: Place, tmp_path: Path) -> Place:
    """A project that has the exports as specs already."""
    shutil.copytree(drafted_once.exports.parent, tmp_path, dirs_exist_ok=True)
    return Place(load_project(tmp_path / "shop", target="duckdb"), tmp_path / "exports")


def test_a_source_becomes_specs_a_star_and_models(place: Place) -> None:
    written = place.write(findings(TOWN, ORDER))
    assert written.specs == ("specs/etl/town.yml", "specs/etl/sale.yml", "specs/stars/exports.yml")
    assert (written.star, written.records) == ("specs/stars/exports.yml", 4)
    assert place.batches() == [("town", 2), ("sale", 2)]
    assert not require_generated(place.project)
    memory = Memory.load(place.project.root).tables
    assert memory["sale"].columns["paid"].drafted == "decimal(12,2)"


def test_what_the_project_loads_already_is_left_as_it_is(drafted: Place) -> None:
    """A second call changes nothing, and a new file beside the others is all that is drafted."""
    town = drafted.project.root / "specs" / "etl" / "town.yml"
    town.write_text(town.read_text() + "# Ours.\n")
    before = drafted.specs()
    written = drafted.write(findings(TOWN, ORDER))
    assert written.specs == ()
    assert written.kept == ("specs/etl/sale.yml", "specs/etl/town.yml")
    assert drafted.specs() == before
    (drafted.exports / "visit.csv").write_text("no,town\n7,K\n")
    visit = table("visit", [column("no", "integer"), "town"], "no", to("town", "town", "code"))
    written = drafted.write(findings(TOWN, ORDER, visit))
    assert (written.specs, written.star) == (("specs/etl/visit.yml",), None)
    assert (
        "specs/stars/exports.yml has tables of this source and stays as it is" in written.notes[0]
    )
    assert {name: drafted.specs()[name] for name in before if "drafted" not in name} == {
        name: text for name, text in before.items() if "drafted" not in name
    }


def test_tables_that_were_drafted_one_by_one_are_part_of_the_star(place: Place) -> None:
    place.write(findings(TOWN), source=str(place.exports / "town.csv"), title="town")
    (place.project.root / "specs" / "stars" / "town.yml").unlink()
    written = place.write(findings(TOWN, ORDER))
    assert written.specs == ("specs/etl/sale.yml", "specs/stars/exports.yml")
    star = place.specs()["specs/stars/exports.yml"]
    assert "town_dim" in star
    assert "to: town" in star


def test_a_second_star_has_a_calendar_of_its_own(drafted: Place) -> None:
    other = drafted.exports.parent / "other"
    other.mkdir()
    (other / "trip.csv").write_text("id,day\n1,2024-05-06\n")
    trip = table("trip", [column("id", "integer"), column("day", "date")], "id", role="fact")
    drafted.write(findings(trip), source=str(other), title="other")
    assert "models/gold/other_date_dim.sql" in drafted.specs()


def test_names_that_are_taken_are_refused_together_before_anything_is_done(drafted: Place) -> None:
    root = drafted.project.root
    for path in ("specs/etl/sale.yml", "specs/stars/exports.yml"):
        (root / path).unlink()
    (root / "specs" / "etl" / "visit.json").mkdir()
    (root / "models" / "silver" / "trip_checked.sql").write_text("select 1")
    other = drafted.exports.parent / "other"
    other.mkdir()
    names = ("town", "sale", "visit", "trip")
    for name in names:
        (other / f"{name}.csv").write_text("code,name\nX,Y\n")
    before, batches = drafted.specs(), drafted.batches()
    with pytest.raises(ConfigError) as raised:
        drafted.write(
            findings(*(table(name, ["code", "name"], "code") for name in names)),
            source=str(other),
            title="other",
        )
    said = str(raised.value)
    assert "nothing was drafted, loaded or written" in said
    for line in (
        "specs/etl/town.yml: the process 'town' (specs/etl/town.yml:1) loads ../exports/town.csv",
        "specs/etl/sale.yml: the table raw.sale holds /",
        "specs/etl/visit.yml: is there already",
        "specs/etl/trip.yml: gives the model 'trip_checked', and models/silver/trip_checked.sql is",
    ):
        assert line in said
    assert (drafted.specs(), drafted.batches()) == (before, batches)


def test_a_project_that_cannot_be_generated_is_left_alone(drafted: Place) -> None:
    star = drafted.project.root / "specs" / "stars" / "exports.yml"
    star.write_text(star.read_text().replace("column: day", "column: dy"))
    (drafted.exports / "visit.csv").write_text("no,town\n7,K\n")
    before = drafted.specs()
    with pytest.raises(SpecError, match="dy"):
        drafted.write(findings(TOWN, ORDER, table("visit", ["no", "town"], "no")))
    assert drafted.specs() == before


def gone(place: Place) -> Written:
    (place.exports / "sale.csv").unlink()
    return place.write(findings(TOWN, ORDER))


def held_up(place: Place) -> Written:
    """Another process writes a spec of that name while the data are loaded."""
    path = place.project.root / "specs" / "etl" / "sale.yml"

    class Meanwhile(Shown):
        def loaded(self, result: Any) -> None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("theirs")

    found = findings(TOWN, ORDER)
    try:
        return write_project(found, str(place.exports), "exports", place.project, Meanwhile())
    finally:
        assert path.read_text() == "theirs"
        path.unlink()


@pytest.mark.parametrize(
    ("how", "error"),
    [
        (gone, SourceError),
        (held_up, DatabankError),
        (lambda place: place.write(findings(TOWN, ORDER), stop="sale"), JobCancelled),
    ],
    ids=["a file is gone", "a spec came meanwhile", "stopped"],
)
def test_what_goes_wrong_halfway_leaves_no_spec_and_can_be_said_again(
    place: Place, how: Callable[[Place], Written], error: type[BaseException]
) -> None:
    before = place.specs()
    with pytest.raises(error):
        how(place)
    assert place.specs() == before
    for name, text in FILES.items():
        if not (place.exports / name).exists():
            (place.exports / name).write_text(text, encoding="utf-8")
    assert len(place.write(findings(TOWN, ORDER)).specs) == 3
    assert sorted(place.batches()) == [("sale", 2), ("town", 2)]


@pytest.mark.parametrize("moved", [("town",), ("town", "sale")], ids=["one", "all but the star"])
def test_killed_between_two_files_the_next_call_does_the_rest(
    place: Place, moved: tuple[str, ...]
) -> None:
    place.write(findings(TOWN, ORDER))
    whole = place.specs()
    root = place.project.root
    for path in (root / "specs").glob("*/*.yml"):
        if path.stem not in moved:
            path.unlink()
    for folder in ("specs/.generated", "models", ".databank"):
        shutil.rmtree(root / folder)
    assert len(place.write(findings(TOWN, ORDER)).kept) == len(moved)
    assert place.specs().keys() == whole.keys()
    for name, text in whole.items():
        assert sorted(place.specs()[name].split("\n")) == sorted(text.split("\n")), name


def test_a_second_database_gets_a_password_of_its_own(
    place: Place, make_database: Callable[[], PostgresDatabase]
) -> None:
    towns, depots = make_database(), make_database()
    towns.execute("create table town (code text)", "insert into town values ('K')")
    depots.execute("create table depot (code text)", "insert into depot values ('D')")
    town = findings(table("town", ["code"], "code", source="public.town"))
    depot = findings(table("depot", ["code"], "code", source="public.depot"))
    assert place.write(town, source=towns.url, title="towns").records == 1
    place.project.environment["DATABANK_SOURCE_PASSWORD"] = towns.server.password  # type: ignore[index]
    assert place.write(depot, source=depots.url, title="depots").records == 1
    assert place.write(depot, source=depots.url, title="depots").specs == ()
    specs = place.specs()
    assert "env_var('DATABANK_SOURCE_PASSWORD')" in specs["specs/etl/town.yml"]
    assert "env_var('DATABANK_DEPOTS_PASSWORD')" in specs["specs/etl/depot.yml"]
    assert not any(depots.server.password in text for text in specs.values())


@pytest.mark.parametrize(
    ("source", "title"),
    [
        ("postgresql://ann@host:5432/Shop?sslmode=require", "shop"),
        ("My Orders 2024.csv.gz", "my_orders_2024"),
        (".", "exports"),
    ],
)
def test_the_star_is_called_as_the_source(
    place: Place, monkeypatch: pytest.MonkeyPatch, source: str, title: str
) -> None:
    monkeypatch.chdir(place.exports)
    assert source_title(source) == title
