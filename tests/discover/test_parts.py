"""What each table is in a star is what a modeller would make of it."""

from __future__ import annotations

from dataclasses import replace

from controlplane.discover.findings import Column, Findings, Table
from controlplane.discover.parts import parts
from tests.discover.made import column, findings, key, table, to


def rows(found: Table, count: int) -> Table:
    return replace(found, rows=count)


def values(found: Column, distinct: int, nulls: int = 0) -> Column:
    return replace(found, distinct=distinct, nulls=nulls)


def number(name: str) -> Column:
    return column(name, "integer", additivity="additive")


def of(found: Findings, name: str) -> str | None:
    return parts(found)[name]


PEOPLE = table("people", ["id", "name"], "id", role="dimension")
TEAMS = table("teams", ["id", "name"], "id", role="dimension")


def test_what_plays_several_roles_is_a_thing() -> None:
    """A match has two referees, each with the day of a licence; an order has one header."""
    referee = table(
        "referees",
        ["id", "person_id", column("licensed", "date"), number("fee")],
        "id",
        to("people", "person_id", "id"),
        role="fact",
    )
    match = table(
        "matches",
        ["id", "first_id", "second_id", column("played", "date")],
        "id",
        to("referees", "first_id", "id"),
        to("referees", "second_id", "id"),
        role="fact",
    )
    assert of(findings(PEOPLE, rows(referee, 9), rows(match, 90)), "referees") == "dimension"
    # An exchange names two sales, and fewer than there are.
    assert of(findings(PEOPLE, rows(referee, 900), rows(match, 90)), "referees") == "fact"


def test_a_day_that_many_lack_is_no_event() -> None:
    ward = table("wards", ["ward", "name"], "ward", role="dimension")
    move = table(
        "moves",
        ["id", "ward", "bed", column("moved", "date")],
        "id",
        to("beds", ("ward", "bed"), ("ward", "bed")),
        role="fact",
    )

    def beds(without: int) -> Findings:
        inspected = values(column("inspected", "date"), 50, nulls=without)
        bed = table(
            "beds",
            ["ward", "bed", inspected],
            key("ward", "bed"),
            to("wards", "ward", "ward"),
            role="fact",
        )
        return findings(ward, rows(bed, 100), move)

    assert of(beds(20), "beds") == "dimension"
    assert of(beds(5), "beds") == "fact"


def test_what_many_tables_speak_of_is_a_thing() -> None:
    """Four of them, or three where nothing adds up: a patient has a day of registration too."""

    def patients(readers: int, *more: Column) -> Findings:
        patient = table(
            "patients",
            ["id", column("registered", "date"), "clerk", *more],
            "id",
            to("people", "clerk", "id"),
            role="fact",
        )
        names = [f"t{index}" for index in range(readers)]
        return findings(
            PEOPLE,
            patient,
            *(
                table(name, ["id", "patient"], "id", to("patients", "patient", "id"), role="fact")
                for name in names
            ),
        )

    assert of(patients(2), "patients") == "fact"
    assert of(patients(3), "patients") == "dimension"
    assert of(patients(3, number("amount")), "patients") == "fact"
    assert of(patients(4, number("amount")), "patients") == "dimension"


def test_the_goals_of_a_match_are_events_though_others_name_them() -> None:
    match = table(
        "matches",
        ["id", "team_id", column("played", "date"), number("visitors")],
        "id",
        to("teams", "team_id", "id"),
        role="fact",
    )
    appeal = table("appeals", ["id", "goal_id"], "id", to("goals", "goal_id", "id"), role="fact")

    def goals(count: int, without: int = 0) -> str | None:
        leads = replace(to("matches", "match_id", "id"), nulls=without)
        goal = table("goals", ["id", "match_id"], "id", leads, role="dimension")
        return of(findings(TEAMS, rows(match, 10), rows(goal, count), appeal), "goals")

    assert goals(30) == "fact"
    # As a customer, who has a first order, or none yet.
    assert goals(3) == "dimension"
    assert goals(30, without=20) == "dimension"


def test_orders_are_events_however_many_tables_name_them() -> None:
    items = table("items", ["id", "name"], "id", role="dimension")

    def trade(header: str, *more: str) -> Findings:
        order = table(
            "orders",
            ["id", "person_id", "team_id", column("ordered", "date"), *more],
            "id",
            to("people", "person_id", "id"),
            *([to("teams", "team_id", "id")] if header == "order" else []),
            role="dimension",
        )
        line = table(
            "lines",
            ["order_id", column("line", "integer"), "item_id", number("pieces")],
            key("order_id", "line"),
            to("orders", "order_id", "id"),
            to("items", "item_id", "id"),
            role="dimension",
        )
        delivery = table(
            "deliveries",
            ["id", "order_id", "line"],
            "id",
            to("lines", ("order_id", "line"), ("order_id", "line")),
            role="dimension",
        )
        return findings(PEOPLE, TEAMS, items, rows(order, 20), rows(line, 60), rows(delivery, 50))

    found = parts(trade("order"))
    assert [found[name] for name in ("orders", "lines", "items")] == ["fact", "fact", "dimension"]
    # A branch has numbered tills, and a name; or hangs on one table only.
    assert of(trade("order", "name"), "orders") == "dimension"
    assert of(trade("branch"), "orders") == "dimension"


def test_a_stay_by_the_minute_is_an_event_and_an_account_of_a_day_is_none() -> None:
    def stays(kind: str) -> Findings:
        stay = table(
            "stays",
            ["id", "person_id", "team_id", "place_id", values(column("begun", kind), 80)],
            "id",
            to("people", "person_id", "id"),
            to("teams", "team_id", "id"),
            to("places", "place_id", "id"),
            role="dimension",
        )
        bill = table("bills", ["id", "stay_id"], "id", to("stays", "stay_id", "id"), role="fact")
        place = table("places", ["id", "name"], "id", role="dimension")
        return findings(PEOPLE, TEAMS, place, rows(stay, 100), bill)

    assert of(stays("timestamp"), "stays") == "fact"
    assert of(stays("date"), "stays") == "dimension"


def test_the_makers_of_a_work_are_a_bridge() -> None:
    work = table("works", ["id", "title"], "id", role="dimension")
    maker = table(
        "makers",
        ["work_id", "number", "person_id", "part"],
        key("work_id", "number"),
        to("works", "work_id", "id"),
        to("people", "person_id", "id"),
        role="dimension",
    )
    assert of(findings(work, PEOPLE, maker), "makers") == "bridge"


def test_a_part_of_one_thing_alone_is_no_bridge() -> None:
    """The company is a part of what the customer is known by."""
    company = table("companies", ["company", "name"], "company", role="dimension")
    customer = table(
        "customers",
        ["company", "customer", "name"],
        key("company", "customer"),
        to("companies", "company", "company"),
        role="dimension",
    )
    contact = table(
        "contacts",
        ["company", "customer", "number", "phone"],
        key("company", "customer", "number"),
        to("companies", "company", "company"),
        to("customers", ("company", "customer"), ("company", "customer")),
        role="dimension",
    )
    assert of(findings(company, customer, contact), "contacts") == "dimension"
