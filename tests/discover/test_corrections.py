"""What people corrected moves later answers."""

from __future__ import annotations

import random
from pathlib import Path

import duckdb
import pytest

from controlplane.discover.column_types import find_column_types
from controlplane.discover.corrections import Correction, Corrections
from controlplane.errors import SpecError

REFERENCE = Correction(
    "orders", "customer_ref", "integer", "identifier", "9+", "string", "identifier"
)


def test_corrections_are_kept_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "specs" / "corrections.yml"
    date = Correction("t", "größe ☃: #1", "integer", None, "9+", "date", None, "%y%m%d")
    Corrections().add(REFERENCE).add(date).save(path)
    assert Corrections.load(path).items == (REFERENCE, date)
    assert [each.name for each in path.parent.iterdir()] == ["corrections.yml"]


def test_no_file_is_no_corrections(tmp_path: Path) -> None:
    assert Corrections.load(tmp_path / "corrections.yml").items == ()


def test_the_last_correction_of_a_column_counts() -> None:
    later = Correction("orders", "customer_ref", "integer", "identifier", "9+", "integer")
    assert Corrections().add(REFERENCE).add(later).items == (later,)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("corrections:\n  - column: a\n    found: {type: number}\n", 3, "found 'number'"),
        ("corrections:\n  - column: a\n    found: {type: date}\n", 2, "meant: is required"),
        ("corections: []\n", 1, "Did you mean 'corrections'?"),
        ("corrections:\n  - colum: a\n", 2, "Did you mean 'column'?"),
        ("corrections:\n  - 5\n", 2, "is no block of fields"),
        ("corrections: [\n", 1, "is not valid YAML"),
        ("", 1, "the file is empty"),
        (
            "corrections:\n" + "  - {column: a, found: {type: date}, meant: {type: string}}\n" * 2,
            3,
            "corrects the same column as line 2",
        ),
    ],
    ids=["type", "meant", "field", "entry field", "entry", "yaml", "empty", "twice"],
)
def test_a_bad_file_is_refused_with_its_line(
    tmp_path: Path, text: str, line: int, message: str
) -> None:
    path = tmp_path / "corrections.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as raised:
        Corrections.load(path, tmp_path)
    assert f"corrections.yml:{line}:" in str(raised.value)
    assert message in str(raised.value)


def test_a_column_alike_gets_the_corrected_answer() -> None:
    vote = Corrections((REFERENCE,)).vote("invoices", "customer_ref", "integer", "identifier", "9+")
    assert vote is not None
    assert (vote.type, vote.semantic) == ("string", "identifier")
    assert "orders.customer_ref" in vote.reason


@pytest.mark.parametrize(
    ("column", "found", "pattern"),
    [("weight", "integer", "9+"), ("customer_ref", "date", "9+"), ("c1", "integer", "9+")],
)
def test_other_columns_are_left_alone(column: str, found: str, pattern: str) -> None:
    corrections = Corrections((REFERENCE,))
    assert corrections.vote("invoices", column, found, None, pattern) is None  # type: ignore[arg-type]


def test_the_key_of_one_thing_says_nothing_of_the_keys_of_others() -> None:
    key = Correction("orders", "order_id", "integer", "identifier", "9+", "string", "identifier")
    heard = {
        column: Corrections((key,)).vote("x", column, "integer", "identifier", "9+") is not None
        for column in ("order_id", "first_order_id", "order_no", "visit_id", "id")
    }
    assert heard == {
        "order_id": True,
        "first_order_id": True,
        "order_no": True,
        "visit_id": False,
        "id": False,
    }


def test_names_that_were_made_up_make_no_columns_alike() -> None:
    first = Correction("export", "column_1", "integer", None, "9+", "string")
    corrections = Corrections((first,))
    assert corrections.vote("export", "column_1", "integer", None, "9+") is not None
    assert corrections.vote("export", "column_2", "integer", None, "9+") is None


def test_corrections_that_disagree_decide_nothing() -> None:
    other = Correction("bills", "customer_ref", "integer", "identifier", "9+", "integer")
    corrections = Corrections((REFERENCE, other))
    assert corrections.vote("x", "customer_ref", "integer", "identifier", "9+") is None


def test_a_corrected_column_is_answered_as_the_person_did() -> None:
    reader = duckdb.connect()
    reader.execute("create table t as select (10 + i)::varchar as customer_ref from range(9) r(i)")
    before = find_column_types(reader, "t", ["customer_ref"], table="orders")[0]
    assert before.type == "integer"
    after = find_column_types(
        reader, "t", ["customer_ref"], corrections=Corrections((REFERENCE,)), table="orders"
    )[0]
    assert (after.type, after.storage) == ("string", "text")
    assert "a person said so" in after.reason


def test_accuracy_rises_on_columns_that_nobody_corrected() -> None:
    """A house that writes codes as plain digits and flags as 0 and 1, which no rule can know."""
    r = random.Random(3)
    reader = duckdb.connect()
    kinds = {"article": "string", "depot": "string", "sold": "boolean", "boxes": "integer"}
    columns = [
        (f"{prefix}_{word}", truth)
        for prefix in ("first", "last", "main", "other", "spare", "own", "base", "old")
        for word, truth in kinds.items()
    ]
    r.shuffle(columns)

    def values(truth: str) -> list[str]:
        if truth == "boolean":
            return [r.choice("01") for _ in range(40)]
        return [str(r.randint(100, 9999)) for _ in range(40)]

    answers: dict[str, tuple[str, list[str]]] = {
        name: (truth, values(truth)) for name, truth in columns
    }

    def share_right(corrections: Corrections, names: list[str]) -> float:
        right = 0
        for name in names:
            truth, given = answers[name]
            reader.execute(f"create or replace table t ({name} varchar)")
            reader.execute("insert into t select unnest(?::varchar[])", [given])
            found = find_column_types(reader, "t", [name], corrections=corrections)[0]
            right += found.type == truth
        return right / len(names)

    names = [name for name, _ in columns]
    taught, held_out = names[:12], names[12:]
    corrections = Corrections()
    shares = [share_right(corrections, held_out)]
    for start in (0, 6):
        for name in taught[start : start + 6]:
            truth, given = answers[name]
            reader.execute(f"create or replace table t ({name} varchar)")
            reader.execute("insert into t select unnest(?::varchar[])", [given])
            found = find_column_types(reader, "t", [name], corrections=corrections)[0]
            corrections = corrections.add(
                Correction(
                    "t",
                    name,
                    found.type,
                    found.semantic,
                    found.pattern,
                    truth,  # type: ignore[arg-type]
                )
            )
        shares.append(share_right(corrections, held_out))
    assert shares[0] < 0.5
    assert shares[1] > shares[0]
    assert shares[2] >= 0.9
