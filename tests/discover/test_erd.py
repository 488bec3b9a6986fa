"""Diagrams of what was found out: any names, no two boxes over each other, every line at a box."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from defusedxml import ElementTree

from controlplane.cli import databank
from controlplane.discover.erd import dbml, mermaid, svg, write_erd
from controlplane.discover.erd.layout import Box, Link, arrange
from controlplane.discover.findings import Findings
from controlplane.errors import DatabankError
from tests.discover.made import column, findings, key, table, to

SVG = "{http://www.w3.org/2000/svg}"
SHOP = findings(
    table("customers", [column("customer_id", "integer"), "city"], "customer_id", role="dimension"),
    table(
        "orders",
        [column("order_id", "integer"), column("customer_id", "integer")],
        "order_id",
        to("customers", "customer_id", "customer_id", orphans=1),
        role="fact",
    ),
    table(
        "lines",
        [column("order_id", "integer"), "line", column("amount", "decimal(12,2)")],
        key("order_id", "line"),
        to("orders", "order_id", "order_id"),
        role="fact",
    ),
    table(
        "parcels",
        ["order_id", "line"],
        None,
        to("lines", ("order_id", "line"), ("order_id", "line")),
    ),
    table("staff", ["id", "boss"], "id", to("staff", "boss", "id")),
    table("alone", ["x"]),
)
ODD = findings(
    table('say "hi" \\ 🎉', ['a"b', "<script>&amp;</script>", "select", "1st", "日本"], 'a"b'),
    table("title", ["end", "PK", "a b", "a-b", "\x07bell\n"], "end"),
    table(
        "erDiagram",
        ["style"],
        None,
        to('say "hi" \\ 🎉', "style", 'a"b'),
        to("title", "style", "end"),
    ),
    table("it's %% {x}", ["direction TB"]),
    table("🎉", ["'"], "'"),
    table("no columns", []),
)


def many(count: int) -> Findings:
    """Tables that refer to others in a way that has long lines, circles and loops."""
    return findings(
        *(
            table(
                f"t{n}",
                ["id", *(f"c{i}" for i in range(n * 7 % 23))],
                "id",
                *(
                    to(f"t{other}", "id", "id")
                    for other in {n // 3, n * 5 % count, (n + 9) % count}
                ),
            )
            for n in range(count)
        )
    )


def boxes_of(text: str) -> list[tuple[float, float, float, float]]:
    """The rectangles of the tables: left, top, right, bottom."""
    found = []
    for group in ElementTree.fromstring(text).iter(f"{SVG}g"):
        if group.get("class") == "table":
            moved = re.findall(r"-?[\d.]+", group.get("transform") or "")
            x, y = float(moved[0]), float(moved[1])
            frame = group.find(f"{SVG}rect")
            assert frame is not None
            found.append(
                (x, y, x + float(frame.get("width") or 0), y + float(frame.get("height") or 0))
            )
    return found


def ends_of(text: str) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    found = []
    for path in ElementTree.fromstring(text).iter(f"{SVG}path"):
        if path.get("class") == "line":
            numbers = [float(each) for each in re.findall(r"-?\d+\.?\d*", path.get("d") or "")]
            # The last curve ends at a level that the last horizontal piece keeps.
            found.append(((numbers[0], numbers[1]), (numbers[-1], numbers[-2])))
    return found


@pytest.mark.parametrize("count", [1, 5, 30, 70])
def test_boxes_do_not_overlap_and_lines_end_at_boxes(count: int) -> None:
    given = many(count)
    text = svg(given)
    boxes = boxes_of(text)
    assert len(boxes) == count
    for index, (left, top, right, bottom) in enumerate(boxes):
        for other in boxes[index + 1 :]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
    places = {each.name: box for each, box in zip(given.tables, boxes, strict=True)}
    keys = [(each.name, one.ref_table) for each in given.tables for one in each.foreign_keys]
    ends = ends_of(text)
    assert len(ends) == len(keys)
    for pair, names in zip(ends, keys, strict=True):
        for (x, y), name in zip(pair, names, strict=True):
            left, top, right, bottom = places[name]
            assert min(abs(x - left), abs(x - right)) < 0.2
            assert top <= y <= bottom


def test_lines_pass_no_box_on_their_way() -> None:
    boxes = [Box(100 + n % 5 * 30, 60 + n * 37 % 300) for n in range(40)]
    links = [Link(n, 20, n * 3 % 40, 30) for n in range(40) if n * 3 % 40 != n]
    made = arrange(boxes, links)
    for link, way in zip(links, made.ways, strict=True):
        for (x, y), (to_x, _) in way:
            for index, (left, top) in enumerate(made.corners):
                if index in (link.start, link.end):
                    continue
                right, bottom = left + boxes[index].width, top + boxes[index].height
                apart = max(x, to_x) <= left or right <= min(x, to_x) or y <= top or bottom <= y
                assert apart


def test_the_picture_is_the_same_each_time_and_shows_every_column() -> None:
    assert svg(SHOP) == svg(SHOP)
    shown = "".join(ElementTree.fromstring(svg(SHOP)).itertext())
    for each in SHOP.tables:
        assert each.name in shown
        for one in each.columns:
            assert one.name in shown
    assert "decimal(12,2)" in shown


def test_of_a_very_wide_table_keys_are_shown_and_the_rest_is_counted() -> None:
    wide = table("wide", [*(f"c{n}" for n in range(200)), "id"], "id")
    shown = "".join(ElementTree.fromstring(svg(findings(wide))).itertext())
    assert "id" in shown
    assert "and 141 more columns" in shown


def test_odd_names_stay_what_they_are_in_the_picture() -> None:
    text = svg(ODD)
    shown = "".join(ElementTree.fromstring(text).itertext())
    assert 'say "hi" \\ 🎉' in shown
    assert "<script>&amp;</script>" in shown
    assert "<script>" not in text


def test_mermaid_has_entities_keys_and_cardinalities() -> None:
    text = mermaid(SHOP)
    assert text.startswith("erDiagram\n    customers {\n        integer customer_id PK\n")
    assert "        integer customer_id FK\n" in text
    assert "        decimal(12_2) amount\n" in text
    assert '    orders }o--o| customers : "customer_id"\n' in text
    assert '    lines }o--|| orders : "order_id"\n' in text
    assert '    parcels }o--|| lines : "order_id, line"\n' in text


def test_mermaid_writes_odd_names_as_labels_and_comments() -> None:
    text = mermaid(ODD)
    assert '    say_hi["say #quot;hi#quot; #92; 🎉"] {' in text
    assert '        text a_b PK "a#quot;b"' in text
    assert '        text n1st "1st"' in text
    assert '    title_2["title"] {' in text
    assert "        text a_b\n" not in text
    entities = re.findall(r"^    (\w+)(?:\[.*\])?(?: \{)?$", text, re.M)
    assert len(set(entities)) == len(ODD.tables)


def test_dbml_has_tables_keys_and_references() -> None:
    text = dbml(SHOP)
    assert 'Table "customers" {\n  "customer_id" integer [pk]\n  "city" text [not null]\n' in text
    assert '    ("order_id", "line") [pk]\n' in text
    assert 'Ref: "orders"."customer_id" > "customers"."customer_id"' in text
    assert 'Ref: "parcels".("order_id", "line") > "lines".("order_id", "line")' in text
    assert 'Table "say \\"hi\\" \\\\ 🎉" {' in dbml(ODD)


def test_nothing_found_is_an_empty_diagram() -> None:
    assert mermaid(findings()) == "erDiagram\n"
    assert ElementTree.fromstring(svg(findings())).tag == f"{SVG}svg"
    assert dbml(findings()) == "\n"


def test_the_command_writes_three_files(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,b\n1,x\n2,y\n", encoding="utf-8")
    place = tmp_path / "docs" / "erd"
    done = CliRunner().invoke(databank, ["discover", str(tmp_path / "a.csv"), "--erd", str(place)])
    assert done.exit_code == 0, done.output
    assert {each.name for each in place.iterdir()} == {"erd.mmd", "erd.dbml", "erd.svg"}


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(DatabankError, match="cannot be written"):
        write_erd(SHOP, tmp_path / "file")
