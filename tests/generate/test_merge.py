"""A generated file that a person edited is merged with what is generated now; nothing is lost."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlplane.generate.merge import MergeConflictError, merge

SQL = "with records as (\n    select * from a\n),\n\nfinal as (\n    select\n        id\n    from records\n)\n"
YAML = """\
version: 2

models:
  - name: orders
    description: One row per order.
    columns:
      - name: id
        data_type: bigint
        description: "`id` of the source."
        data_tests:
          - unique
          - satisfies:
              name: satisfies_orders_id
              arguments:
                expression: id > 0
      - name: amount
        data_type: double precision
        description: "`amount` of the source."
"""


def test_what_nobody_edited_is_taken_as_it_is_generated() -> None:
    assert merge("a.sql", SQL, SQL, "new") == "new"
    assert merge("a.sql", "mine", SQL, SQL) == "mine"
    assert merge("a.sql", "new", SQL, "new") == "new"


def test_edits_in_different_places_of_sql_are_both_kept() -> None:
    mine = SQL.replace("select * from a", "select * from a  -- all of it")
    generated = SQL.replace("        id\n", "        id,\n        amount\n")
    merged = merge("a.sql", mine, SQL, generated)
    assert merged == mine.replace("        id\n", "        id,\n        amount\n")
    # The same again: a crash may come between writing the file and noting what it was made from.
    assert merge("a.sql", merged, SQL, generated) == merged


def test_edits_of_one_place_of_sql_are_a_conflict() -> None:
    with pytest.raises(MergeConflictError):
        merge("a.sql", SQL.replace("from a", "from b"), SQL, SQL.replace("from a", "from c"))


def test_neighbouring_edits_of_yaml_are_both_kept_with_comments_and_order() -> None:
    mine = YAML.replace(
        '        description: "`amount` of the source."\n',
        "        # Asked by finance.\n        description: In US dollars.  # net\n\n"
        "        meta: {owner: finance}\n",
    ).replace("          - unique\n", "          - unique  # always\n")
    generated = YAML.replace("double precision", "decimal(12,2)").replace(
        "      - name: amount\n",
        "      - name: tax\n        data_type: text\n        description: Tax.\n      - name: amount\n",
    )
    merged = merge("a.yml", mine, YAML, generated)
    for kept in (
        "# Asked by finance.",
        "In US dollars.  # net",
        "meta: {owner: finance}",
        "# always",
    ):
        assert kept in merged
    assert merged.index("name: id") < merged.index("name: tax") < merged.index("name: amount")
    assert "data_type: decimal(12,2)" in merged
    assert "double precision" not in merged
    assert merge("a.yml", merged, YAML, generated) == merged


def test_a_new_field_of_yaml_stands_where_it_is_generated() -> None:
    mine = YAML.replace("description: One row per order.", "description: Mine.")
    generated = YAML.replace(
        "    description: One row per order.\n",
        "    description: One row per order.\n    config:\n      tags: [a]\n",
    )
    merged = merge("a.yml", mine, YAML, generated)
    assert merged.index("description: Mine.") < merged.index("config:") < merged.index("columns:")


def test_tests_of_one_kind_are_told_apart() -> None:
    second = """          - satisfies:
              name: satisfies_orders_id_2
              arguments:
                expression: id < 99
"""
    anchor = "                expression: id > 0\n"
    mine = YAML.replace(anchor, f"{anchor}              config:\n                severity: warn\n")
    merged = merge("a.yml", mine, YAML, YAML.replace(anchor, anchor + second))
    assert merged.count("satisfies:") == 2
    assert "severity: warn" in merged
    assert "id < 99" in merged


@pytest.mark.parametrize(
    ("mine", "generated", "place"),
    [
        ("description: Mine.", "description: Theirs.", "models[orders].description"),
    ],
)
def test_a_conflict_in_yaml_names_the_field(mine: str, generated: str, place: str) -> None:
    old = "description: One row per order."
    with pytest.raises(MergeConflictError) as conflict:
        merge("a.yml", YAML.replace(old, mine), YAML, YAML.replace(old, generated))
    assert str(conflict.value) == place


def test_a_column_that_was_edited_is_not_removed_silently() -> None:
    mine = YAML.replace('description: "`amount` of the source."', "description: In US dollars.")
    gone = YAML[: YAML.index("      - name: amount")]
    with pytest.raises(MergeConflictError, match=r"models\[orders\].columns\[amount\]"):
        merge("a.yml", mine, YAML, gone)


def test_a_column_that_a_person_added_or_removed_stays_so() -> None:
    mine = (
        YAML[: YAML.index("      - name: amount")] + "      - name: mine\n        data_type: text\n"
    )
    generated = YAML.replace('"`id` of the source."', "The number.")
    merged = merge("a.yml", mine, YAML, generated)
    assert "name: mine" in merged
    assert "name: amount" not in merged
    assert "The number." in merged


def test_yaml_that_a_person_broke_is_a_conflict() -> None:
    broken = YAML.replace("    columns:\n", "    columns: [\n")
    with pytest.raises(MergeConflictError, match="not valid YAML"):
        merge("a.yml", broken, YAML, YAML.replace("One row per order.", "Other."))


LINES = st.lists(st.sampled_from(["a", "b", "c", "", "  d", "é"]), max_size=8)


@settings(deadline=None, max_examples=40)
@given(base=LINES, edited=LINES, generated=LINES)
def test_a_merge_is_a_conflict_or_can_be_repeated(
    base: list[str], edited: list[str], generated: list[str]
) -> None:
    texts = ["".join(f"{line}\n" for line in lines) for lines in (edited, base, generated)]
    try:
        merged = merge("a.sql", *texts)
    except MergeConflictError:
        return
    assert merge("a.sql", merged, texts[2], texts[2]) == merged
