"""What columns refer to where their names do not repeat the name of a table."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import count
from typing import Any

from controlplane.discover.findings import Table

Rows = list[list[Any]]


def references(table: Table) -> dict[tuple[str, ...], str]:
    """What each reference of a table points to."""
    return {
        key.columns: f"{key.ref_table}({', '.join(key.ref_columns)})" for key in table.foreign_keys
    }


def with_gaps(number: int, chance: random.Random, start: int = 1) -> list[int]:
    """Numbers that were given one after the other, of which a fifth is gone."""
    numbers: Iterator[int] = (n for n in count(start) if chance.random() < 0.8)
    return [next(numbers) for _ in range(number)]


def league() -> dict[str, Rows]:
    """Clubs and teams, and people who have a part in them."""
    chance = random.Random(1)
    people = with_gaps(400, chance)
    clubs = with_gaps(40, chance, start=100)
    teams = with_gaps(90, chance)
    return {
        "people": [
            ["id", "first_name", "last_name", "guardian_id"],
            *[
                [n, f"F{n}", f"L{n % 90}", chance.choice(people[:200]) if i > 300 else ""]
                for i, n in enumerate(people)
            ],
        ],
        "clubs": [
            ["id", "name", "chair_id", "merged_into_id"],
            *[
                [n, f"Club {n}", chance.choice(people), chance.choice(clubs) if i % 5 == 0 else ""]
                for i, n in enumerate(clubs)
            ],
        ],
        "teams": [
            ["id", "club_id", "label", "coach_id"],
            *[[n, chance.choice(clubs), f"U{n % 9}", chance.choice(people)] for n in teams],
        ],
        "matches": [
            ["id", "home_team_id", "away_team_id", "approved_by_id", "spectators"],
            *[
                [n, chance.choice(teams), chance.choice(teams), chance.choice(people), n % 320]
                for n in range(1, 700)
            ],
        ],
    }


def test_roles_of_persons_refer_to_the_table_of_persons(found_in: Any) -> None:
    found = found_in(league())
    assert references(found.table("clubs"))[("chair_id",)] == "people(id)"
    assert references(found.table("teams")) == {
        ("club_id",): "clubs(id)",
        ("coach_id",): "people(id)",
    }
    assert references(found.table("matches")) == {
        ("home_team_id",): "teams(id)",
        ("away_team_id",): "teams(id)",
        ("approved_by_id",): "people(id)",
    }


def test_what_a_row_became_or_belongs_to_is_of_the_same_table(found_in: Any) -> None:
    found = found_in(league())
    assert references(found.table("clubs"))[("merged_into_id",)] == "clubs(id)"
    assert references(found.table("people")) == {("guardian_id",): "people(id)"}


def test_values_in_the_smaller_of_two_keys_refer_to_it(found_in: Any) -> None:
    chance = random.Random(2)
    staff = with_gaps(500, chance, start=2000)
    doctors = sorted(chance.sample(staff, 90))
    found = found_in(
        {
            "employee": [["emp_no", "last_name"], *[[n, f"L{n}"] for n in staff]],
            "physician": [["phys_no", "licence"], *[[n, f"Z{n * 7}"] for n in doctors]],
            "operation": [
                ["op_no", "surgeon", "nurse"],
                *[[n, chance.choice(doctors), chance.choice(staff)] for n in range(1, 400)],
            ],
        }
    )
    assert references(found.table("operation")) == {
        ("surgeon",): "physician(phys_no)",
        ("nurse",): "employee(emp_no)",
    }


def test_names_that_were_shortened_and_written_together_are_read(found_in: Any) -> None:
    chance = random.Random(3)
    accounts = [1_000_000 + 37 * n for n in range(300)]
    groups = [f"{chr(65 + n)}{chr(75 + n)}1" for n in range(12)]
    found = found_in(
        {
            "ACCTMS": [
                ["ACNO", "OPNAM", "LNKAC"],
                *[
                    [n, f"Name {n}", chance.choice(accounts) if i % 4 == 0 else ""]
                    for i, n in enumerate(accounts)
                ],
            ],
            "PRDTAB": [
                ["PRDCD", "PRDNM", "SUCPRD"],
                *[
                    [each, f"Product {each}", groups[3] if i > 7 else ""]
                    for i, each in enumerate(groups)
                ],
            ],
        }
    )
    assert references(found.table("ACCTMS")) == {("LNKAC",): "ACCTMS(ACNO)"}
    assert references(found.table("PRDTAB")) == {("SUCPRD",): "PRDTAB(PRDCD)"}


def test_tables_are_called_by_the_word_that_their_columns_begin_with(found_in: Any) -> None:
    chance = random.Random(9)
    found = found_in(
        {
            "city": [["ct_id", "ct_name"], *[[n, f"City {n}"] for n in range(1, 60)]],
            "venue": [
                ["vn_id", "vn_name", "vn_ct", "vn_parking"],
                *[
                    [n, f"Venue {n}", chance.randint(1, 59), chance.randint(1, 300)]
                    for n in range(1, 80)
                ],
            ],
            "promoter": [
                ["pr_id", "pr_name", "pr_ct"],
                *[[n, f"Promoter {n}", chance.choice((3, 5, 8))] for n in range(1, 30)],
            ],
        }
    )
    assert references(found.table("venue")) == {("vn_ct",): "city(ct_id)"}
    assert references(found.table("promoter")) == {("pr_ct",): "city(ct_id)"}


def offices() -> dict[str, Rows]:
    """Two clients whose customers share some numbers, and orders with three customers each."""
    chance = random.Random(4)
    numbers = {"010": range(100_001, 100_081), "020": range(100_051, 100_101)}
    customers = [(client, n) for client, each in numbers.items() for n in each]

    def other(client: str) -> int:
        return chance.choice(numbers[client])

    return {
        "client": [["client", "name"], ["010", "North"], ["020", "South"], ["030", "East"]],
        "customer": [
            ["client", "customer_no", "name", "payer"],
            *[[c, n, f"Name {c}{n}", other(c) if n % 3 else ""] for c, n in customers],
        ],
        "sales_order": [
            ["client", "order_no", "customer_no", "payer", "receiver"],
            *[
                [c, n, other(c), other(c), other(c)]
                for c in ("010", "020")
                for n in range(4_500_001, 4_500_151)
            ],
        ],
    }


def test_a_table_may_refer_to_a_key_of_two_columns_several_times(found_in: Any) -> None:
    found = references(found_in(offices()).table("sales_order"))
    wanted = "customer(client, customer_no)"
    for column in ("customer_no", "payer", "receiver"):
        assert found.get(("client", column)) == wanted


def test_a_table_may_refer_to_itself_by_two_columns(found_in: Any) -> None:
    found = references(found_in(offices()).table("customer"))
    assert found[("client", "payer")] == "customer(client, customer_no)"


def test_lines_that_are_numbered_in_tens_are_a_key(found_in: Any) -> None:
    chance = random.Random(5)
    rows = [
        [order, 10 * line, f"{order % 40:03}", chance.randint(1, 3), line]
        for order in range(70_001, 70_120)
        for line in range(1, chance.randint(3, 6))
    ]
    found = found_in({"lines": [["order_no", "pos_no", "article", "box", "shelf"], *rows]})
    key = found.table("lines").primary_key
    assert key is not None
    assert key.columns == ("order_no", "pos_no")


def test_a_column_that_begins_empty_refers_all_the_same(found_in: Any) -> None:
    """A sample of the first rows says nothing of it."""
    chance = random.Random(6)
    clubs = with_gaps(80, chance, start=100)
    found = found_in(
        {
            "clubs": [["club_id", "name"], *[[n, f"Club {n}"] for n in clubs]],
            "members": [
                ["member_id", "club_id"],
                *[[n, chance.choice(clubs) if n > 3000 else ""] for n in range(1, 4000)],
            ],
        }
    )
    assert references(found.table("members")) == {("club_id",): "clubs(club_id)"}


def test_whole_numbers_that_have_decimals_later_are_not_rounded(found_in: Any) -> None:
    """A sample of the first rows has none; rounded, all of them would be one."""
    values = ["1"] * 2500 + [f"1.{n:02}" for n in range(1, 41)]
    found = found_in({"readings": [["n", "x"], *[[n, x] for n, x in enumerate(values)]]})
    assert found.table("readings").column("x").distinct == 41


def test_years_refer_to_no_numbers(found_in: Any) -> None:
    chance = random.Random(7)
    found = found_in(
        {
            "registrations": [["id", "label"], *[[n, f"R{n}"] for n in range(1001, 3500)]],
            "clubs": [
                ["id", "founded"],
                *[[n, chance.randint(1890, 2020)] for n in range(1, 200)],
            ],
        }
    )
    assert not found.table("clubs").foreign_keys


def test_numbers_with_a_point_that_differ_as_texts_alone_are_codes(found_in: Any) -> None:
    """Read as decimals, the tenth of a year would be its first."""
    codes = [f"{year}.{n}" for year in range(1960, 1990) for n in range(1, 14)]
    rows = [[code, f"S{index % 40}"] for index, code in enumerate(codes)]
    table = found_in({"acquisition": [["acquisition_no", "source"], *rows]}).table("acquisition")
    assert table.primary_key is not None
    assert table.primary_key.columns == ("acquisition_no",)
    assert table.columns[0].kind.type == "string"
