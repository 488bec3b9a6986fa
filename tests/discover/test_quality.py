"""Scores of discovered data say what share of the data is good, and which rows are not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from controlplane.cli import databank
from controlplane.discover.engine import discover
from controlplane.discover.findings import Findings
from controlplane.discover.quality_scores import Score

NOW = datetime(2024, 4, 19, tzinfo=UTC)
TOWNS = ("Bonn", "Ulm", "Kiel", "Hof")


def scored(folder: Path, **files: Sequence[Sequence[object]]) -> Findings:
    """What is found, with scores, in files of rows, the first of which is the header."""
    for name, rows in files.items():
        lines = [",".join(str(cell) for cell in row) for row in rows]
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return discover([folder], quality_at=NOW)


def against(score: Score) -> list[tuple[str, int, list[tuple[int, str | None]]]]:
    return [
        (one.reason, one.rows, [(each.row, each.value) for each in one.examples])
        for one in score.against
    ]


def orders(count: int = 100) -> list[list[object]]:
    """Orders of a hundred days, of which nothing is wrong."""
    header: list[object] = ["order_id", "ordered_on", "town", "amount", "email"]
    return [
        header,
        *(
            [
                n,
                f"{1 + (n * 7) % 28:02}/{1 + n % 4:02}/2024",
                TOWNS[n % 4],
                f"{n}.50",
                f"a{n}@mail.org",
            ]
            for n in range(1, count + 1)
        ),
    ]


def test_good_data_have_nothing_against_them(tmp_path: Path) -> None:
    quality = scored(tmp_path, orders=orders()).quality["orders"]
    for scores in (quality.scores, *(each.scores for each in quality.columns)):
        for name, score in scores.items():
            assert score.score in (1.0, None), name
            assert not score.against
    assert quality.uniqueness.score == 1.0
    assert quality.column("amount").uniqueness.score is None


def test_empty_blank_and_stand_in_values_are_missing(tmp_path: Path) -> None:
    rows = orders()
    rows[3][2] = ""
    rows[5][2] = "   "
    rows[9][2] = "N/A"
    found = scored(tmp_path, orders=rows)
    quality = found.quality["orders"]
    town = quality.column("town")
    assert town.completeness.score == pytest.approx(0.97)
    reason, count, examples = against(town.completeness)[0]
    assert (reason, count, examples) == ("without a value", 3, [(3, None), (5, None), (9, None)])
    assert quality.completeness.score == pytest.approx(1 - 3 / 500)
    # What is missing is not wrong, too.
    assert town.validity.score in (1.0, None)
    assert town.consistency.score == 1.0


def test_values_that_are_not_of_the_type_are_invalid(tmp_path: Path) -> None:
    rows = orders()
    rows[4][3] = "twelve"
    rows[7][1] = "31/02/2024"
    quality = scored(tmp_path, orders=rows).quality["orders"]
    assert against(quality.column("amount").validity) == [("not a decimal", 1, [(4, "twelve")])]
    assert against(quality.column("ordered_on").validity) == [
        ("not a date (%d/%m/%Y)", 1, [(7, "31/02/2024")])
    ]
    assert quality.column("amount").validity.score == pytest.approx(0.99)
    assert quality.validity.against[0].rows == 2
    assert [each.row for each in quality.validity.against[0].examples] == [4, 7]


def test_dates_in_another_order_are_inconsistent_and_not_invalid(tmp_path: Path) -> None:
    rows = orders()
    rows[2][1] = "02/28/2024"
    rows[8][1] = "2024-03-05"
    ordered = scored(tmp_path, orders=rows).quality["orders"].column("ordered_on")
    assert ordered.validity.score == 1.0
    assert against(ordered.consistency) == [
        ("a date, but not written %d/%m/%Y", 2, [(2, "02/28/2024"), (8, "2024-03-05")])
    ]


def test_spellings_of_one_value_are_inconsistent(tmp_path: Path) -> None:
    rows = orders()
    rows[1][2], rows[2][2] = "ulm ", "KIEL"
    town = scored(tmp_path, orders=rows).quality["orders"].column("town")
    reason, count, examples = against(town.consistency)[0]
    assert "case or white space" in reason
    assert (count, {row for row, _ in examples}) == (2, {1, 2})
    assert town.consistency.score == pytest.approx(0.98)


def test_texts_of_which_case_means_something_are_left_alone(tmp_path: Path) -> None:
    marks = [letter + other for letter in "aAbBcCdD" for other in "xXyYzZ"]
    rows: list[list[object]] = [["n", "mark"]]
    rows += [[n, marks[n % len(marks)]] for n in range(200)]
    assert scored(tmp_path, marks=rows).quality["marks"].column("mark").consistency.score == 1.0


def test_orphans_are_inconsistent_where_they_are(tmp_path: Path) -> None:
    customers: list[list[object]] = [["customer_id", "city"]]
    customers += [[n, TOWNS[n % 4]] for n in range(1, 41)]
    sales: list[list[object]] = [["sale_id", "customer_id", "amount"]]
    sales += [[1000 + n, 1 + n % 40, f"{n}.25"] for n in range(200)]
    sales[17][1] = 777
    found = scored(tmp_path, customers=customers, sales=sales)
    quality = found.quality["sales"]
    assert against(quality.column("customer_id").consistency) == [
        ("not in customers.customer_id", 1, [(17, "777")])
    ]
    assert quality.consistency.score is not None
    assert quality.consistency.score < 1
    assert quality.consistency.against[0].reason == "customer_id: not in customers.customer_id"


def test_a_number_that_should_tell_rows_apart_and_is_there_twice_counts(tmp_path: Path) -> None:
    rows = orders()
    rows[6][0] = rows[5][0]
    quality = scored(tmp_path, orders=rows).quality["orders"]
    assert quality.column("order_id").uniqueness.score == pytest.approx(0.99)
    assert against(quality.column("order_id").uniqueness)[0][1:] == (1, [(6, "5")])
    assert quality.uniqueness.score == pytest.approx(0.99)


def test_copies_of_whole_rows_count_against_the_table(tmp_path: Path) -> None:
    rows: list[list[object]] = [["town", "amount"]]
    rows += [[TOWNS[n % 4], n % 20] for n in range(60)]
    quality = scored(tmp_path, visits=rows).quality["visits"]
    different = len({tuple(row) for row in rows[1:]})
    assert different < 60
    assert quality.uniqueness.against[0].rows == 60 - different
    assert quality.uniqueness.score == pytest.approx(different / 60)


def test_timeliness_is_the_usual_distance_of_days_in_the_age_of_the_newest(tmp_path: Path) -> None:
    rows: list[list[object]] = [["id", "birth_date", "logged_at"]]
    rows += [[n, f"19{60 + n}-05-05", f"2024-04-{n:02} 00:00:00"] for n in range(1, 10)]
    time = scored(tmp_path, logs=rows).quality["logs"].timeliness
    assert time is not None
    assert (time.column, time.newest.day, time.interval_days) == ("logged_at", 9, 1.0)
    assert time.age_days == pytest.approx(10)
    assert time.score == pytest.approx(0.1)


def test_times_in_the_future_are_named_and_are_not_the_newest(tmp_path: Path) -> None:
    rows: list[list[object]] = [["id", "logged_on"]]
    rows += [[n, f"2024-04-{n:02}"] for n in range(1, 20)]
    rows[4][1] = "2031-01-01"
    time = scored(tmp_path, logs=rows).quality["logs"].timeliness
    assert time is not None
    assert (time.newest.year, time.score) == (2024, 1.0)
    assert against(Score(1.0, time.against)) == [("logged_on lies in the future", 1, [(4, None)])]


def test_a_table_without_times_has_no_timeliness(tmp_path: Path) -> None:
    rows: list[list[object]] = [["id", "town"], *([n, TOWNS[n % 4]] for n in range(9))]
    assert scored(tmp_path, towns=rows).quality["towns"].timeliness is None


def test_personal_values_are_not_shown(tmp_path: Path) -> None:
    rows = orders()
    rows[3][4] = "ann at mail"
    rows[0] = ["order_id", "ordered_on", "customer_name", "amount", "email"]
    rows[4][2], rows[8][3] = "ulm", "b@mail.org"
    found = scored(tmp_path, orders=rows)
    quality = found.quality["orders"]
    assert against(quality.column("email").validity) == [("not written like email", 1, [(3, None)])]
    assert [row for row, _ in against(quality.column("customer_name").consistency)[0][2]] == [4]
    shown = json.dumps([quality.to_dict(), *(each.to_dict() for each in quality.columns)])
    assert "ann at mail" not in shown
    assert "b@mail.org" not in shown
    assert "ulm" not in shown


def test_any_name_and_a_table_without_rows_are_scored(tmp_path: Path) -> None:
    odd = 'say "hi" 🎉; drop'
    rows = [['"' + odd.replace('"', '""') + '"', "select"], ["1", "a"], ["2", ""], ["x", "b"]]
    found = scored(tmp_path, odd=rows, none=[["a", "b"]])
    assert found.quality["odd"].column("select").completeness.score == pytest.approx(2 / 3)
    if "none" in found.quality:
        assert found.quality["none"].completeness.score is None


def test_the_command_adds_scores_to_both_outputs(tmp_path: Path) -> None:
    rows = orders(20)
    rows[3][2] = ""
    scored(tmp_path, orders=rows)
    runner = CliRunner()
    plain = runner.invoke(databank, ["discover", str(tmp_path), "--quality"])
    assert plain.exit_code == 0, plain.output
    assert "quality     completeness 0.99" in plain.stdout
    assert "without a value" in plain.stdout
    told = runner.invoke(databank, ["discover", str(tmp_path), "--quality", "-o", "json"])
    table = json.loads(told.stdout)["tables"][0]
    assert table["quality"]["completeness"]["rows"] == 1
    assert set(table["quality"]) == {
        "completeness",
        "uniqueness",
        "validity",
        "consistency",
        "timeliness",
    }
    town = next(each for each in table["columns"] if each["name"] == "town")
    assert town["quality"]["completeness"] == {
        "score": 0.95,
        "rows": 1,
        "against": [
            {"reason": "without a value", "rows": 1, "examples": [{"row": 3, "value": None}]}
        ],
    }
