"""What a person changed in drafted specs is noticed, remembered, and taken back with the change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from controlplane.discover.corrections import Correction, Corrections
from controlplane.discover.findings import ColumnType
from controlplane.discover.memory import DraftedColumn, DraftedTable, Memory
from controlplane.discover.noticing import learn, notice
from controlplane.errors import SpecError
from controlplane.generate.record import Record, record_path, write_record
from controlplane.specs.source_schema import SourceColumn, SourceSchema

INTEGER = ColumnType("integer", "identifier", None, 0.9, "", "integer", pattern="9+")
REF = DraftedColumn.of("Customer Ref", INTEGER, "integer")
SPEC = "specs/etl/orders.yml"
NOTICED = Correction(
    "Orders", "Customer Ref", "integer", "identifier", "9+", "string", "identifier", None, SPEC
)


def memory(column: DraftedColumn = REF) -> Memory:
    return Memory({"orders": DraftedTable("Orders", {"customer_ref": column})})


def now(kind: str, name: str = "customer_ref") -> Mapping[str, tuple[str, Mapping[str, str]]]:
    return {"orders": (SPEC, {name: kind})}


def test_a_changed_type_is_a_correction() -> None:
    noticed = notice(memory(), now("text"), Corrections())
    assert noticed.corrections.items == (NOTICED,)
    assert noticed.sentence == (
        "1 correction of a type was noticed and written to specs/corrections.yml"
    )
    again = notice(memory(), now("text"), noticed.corrections)
    assert (again.corrections, again.sentence) == (noticed.corrections, "")


@pytest.mark.parametrize(
    ("kind", "name"),
    [("integer", "customer_ref"), ("bigint", "customer_ref"), ("text", "client")],
    ids=["as drafted", "another size", "another name"],
)
def test_what_says_nothing_of_a_type_is_no_correction(kind: str, name: str) -> None:
    assert notice(memory(), now(kind, name), Corrections()).corrections.items == ()


def test_a_type_that_was_put_back_withdraws_its_correction() -> None:
    noticed = notice(memory(), now("integer"), Corrections((NOTICED,)))
    assert noticed.corrections.items == ()
    assert "1 was put back in the specs" in noticed.sentence


def test_a_spec_that_is_gone_says_nothing() -> None:
    noticed = notice(memory(), {}, Corrections((NOTICED,)))
    assert (noticed.corrections.items, noticed.sentence) == ((NOTICED,), "")


def test_what_was_written_by_hand_stays_and_wins() -> None:
    own = replace(NOTICED, type="decimal", semantic=None, noticed_in=None)
    for kind in ("text", "integer"):
        noticed = notice(memory(), now(kind), Corrections((own,)))
        assert (noticed.corrections.items, noticed.sentence) == ((own,), "")


def test_a_type_that_was_only_drafted_with_care_is_no_correction() -> None:
    """Text for the sake of a few odd values is not what was answered."""
    careful = replace(REF, drafted="text")
    assert notice(memory(careful), now("integer"), Corrections()).corrections.items == ()


def test_an_answer_that_a_correction_moved_can_be_corrected_back() -> None:
    moved = replace(INTEGER, type="string", storage="text", by_itself=("integer", "identifier"))
    column = DraftedColumn.of("Customer Ref", moved, "text")
    (found,) = notice(memory(column), now("integer"), Corrections()).corrections.items
    assert (found.found_type, found.type) == ("integer", "integer")


def test_a_year_that_becomes_a_whole_number_again_is_a_year() -> None:
    moved = replace(INTEGER, type="string", storage="text", by_itself=("year", None))
    column = DraftedColumn.of("Model", moved, "text")
    (found,) = notice(memory(column), now("integer"), Corrections()).corrections.items
    assert found.type == "year"


def test_what_was_drafted_is_remembered_in_a_file(tmp_path: Path) -> None:
    odd = replace(REF, column="größe ☃: #1", found_semantic=None, pattern="", answer="string")
    kept = Memory({"on": DraftedTable("a: b", {"no": odd}), **memory().tables})
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "drafted.yml").write_text(kept.text, encoding="utf-8")
    assert Memory.load(tmp_path) == kept
    assert Memory.load(tmp_path / "elsewhere") == Memory()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("orders:\n  table: Orders\n", 1),
        ("orders:\n  table: o\n  columns:\n    a: {found: number, drafted: text}\n", 4),
        ("orders:\n  table: o\n  columns:\n    a: {found: date, drafted: date}\n<<<<<<<\n", 5),
    ],
    ids=["block", "type", "conflict"],
)
def test_a_memory_that_cannot_be_used_is_told_with_its_line(
    tmp_path: Path, text: str, line: int
) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "drafted.yml").write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as raised:
        Memory.load(tmp_path)
    assert f"specs/drafted.yml:{line}" in str(raised.value)
    assert "git checkout" in str(raised.value)


# --- from the specs themselves --------------------------------------------------------------------

TEXT = """\
name: orders
type: full
source_config:
  source_type: csv
  path: data/orders.csv
  columns:
    - name: Customer Ref
      type: integer
    - name: Sold
      type: text
{more}target_config:
  load_strategy: replace
"""
CAST = """\
transform_config:
  transformations:
    - name: sold is a day
      type: transform
      expression: cast(nullif(replace(sold, '.', '-'), '') as date)
      parameters: { column: sold }
"""
BOTH = Memory(
    {
        "orders": DraftedTable(
            "Orders",
            {
                "customer_ref": REF,
                "sold": DraftedColumn("Sold", "string", None, "9+.9+.9+", "string", "text"),
            },
        )
    }
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one spec as it was drafted and generated."""
    (tmp_path / "specs" / "etl").mkdir(parents=True)
    columns = (
        SourceColumn("customer_ref", "Customer Ref", "integer"),
        SourceColumn("sold", "Sold", "text"),
    )
    record = Record(SPEC, "", SourceSchema(columns), {})
    write_record(record_path(tmp_path / "specs", "orders"), record)
    (tmp_path / "specs" / "drafted.yml").write_text(BOTH.text, encoding="utf-8")
    (tmp_path / SPEC).write_text(TEXT.format(more=""), encoding="utf-8")
    return tmp_path


def edited(project: Path, old: str, new: str, more: str = "") -> dict[str, str]:
    """The corrections after an edit of the spec: each column's new type."""
    (project / SPEC).write_text(TEXT.format(more=more).replace(old, new), encoding="utf-8")
    learn(project)
    path = project / "specs" / "corrections.yml"
    return {each.column: each.type for each in Corrections.load(path).items}


def test_types_are_those_that_silver_gets(project: Path) -> None:
    assert edited(project, "", "") == {}
    assert edited(project, "type: integer", "type: text", CAST) == {
        "Customer Ref": "string",
        "Sold": "date",
    }
    assert edited(project, "type: integer", "type: bigint", CAST) == {"Sold": "date"}
    assert edited(project, "", "") == {}


def test_a_spec_that_cannot_be_used_changes_nothing(project: Path) -> None:
    before = edited(project, "type: integer", "type: text")
    assert before == {"Customer Ref": "string"}
    assert edited(project, "type: integer", "type: number") == before


def test_columns_of_another_name_and_models_that_were_renamed_keep_the_others(
    project: Path,
) -> None:
    renamed = TEXT.format(more="").replace("name: Sold", "name: Day").replace("integer", "text")
    renamed += "  table_name: bills\n"
    (project / SPEC).write_text(renamed, encoding="utf-8")
    assert [each.column for each in learn(project).corrections.items] == ["Customer Ref"]


def test_comments_and_corrections_of_a_person_stay_in_the_file(project: Path) -> None:
    path = project / "specs" / "corrections.yml"
    own = (
        "# Ours.\ncorrections:\n  # Depots are codes.\n  - column: depot\n"
        "    found: {type: integer}\n    meant: {type: string}\n"
    )
    path.write_text(own, encoding="utf-8")
    edited(project, "type: integer", "type: text")
    text = path.read_text(encoding="utf-8")
    assert text.startswith(own)
    assert f"noticed_in: {SPEC}" in text
    edited(project, "", "")
    assert path.read_text(encoding="utf-8") == own
