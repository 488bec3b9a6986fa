"""XML: the element that repeats is the record; nothing of it is lost, and a cut file is refused."""

from __future__ import annotations

import random
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from controlplane.errors import LoadError, SourceError
from controlplane.load.rejects import RejectSpool
from controlplane.load.xml_records import split_xml

QUARANTINE = {"error_action": "quarantine"}

ORDERS = """<?xml version="1.0" encoding="UTF-8"?>
<x:orders xmlns:x="urn:shop" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" version="2">
  <created>2024-01-01</created>
  <!-- three orders -->
  <x:order id="1">
    <customer vip="yes"><name>Ann &amp; B&#246;b</name></customer>
    <item>a</item><item>b</item>
    <note>Hello <b>big</b> world</note>
  </x:order>
  <x:order id="2">
    <customer><name><![CDATA[<Zoë> "x"]]></name></customer>
    <item>c</item>
    <line sku="1"><qty>2</qty></line><line sku="2"/>
    <note xsi:nil="true"/>
    <total currency="EUR">1.50</total>
  </x:order>
  stray
  <x:order id="3"><note>1 &lt; 2</note><empty/></x:order>
</x:orders>
"""


def xml(loading: Any, path: str = "shop.xml", **settings: Any) -> Any:
    return loading.csv(path, source_type="xml", **{"error_handling": QUARANTINE, **settings})


def test_attributes_and_inner_elements_are_columns(loading: Any) -> None:
    loading.warehouse.file("shop.xml", ORDERS)
    loading.load(xml(loading))
    columns = ("id", "customer_vip", "customer_name", "item", "line", "note")
    assert loading.rows(*columns) == [
        ("1", "yes", "Ann & Böb", '["a", "b"]', None, "Hello <b>big</b> world"),
        ("2", None, '<Zoë> "x"', '["c"]', '[{"sku": "1", "qty": "2"}, {"sku": "2"}]', None),
        ("3", None, None, None, None, "1 &lt; 2"),
    ]
    assert loading.rows("total", "total_currency", "empty") == [
        (None, None, None),
        ("1.50", "EUR", None),
        (None, None, ""),
    ]
    assert [row[0] for row in loading.rows("_row_number")] == [1, 2, 3]


def test_what_stands_outside_of_the_records_is_kept(loading: Any) -> None:
    loading.warehouse.file("shop.xml", ORDERS)
    result = loading.load(xml(loading))
    outside = "stands outside of the records"
    assert [(line, text.strip(), why) for line, text, why in loading.rejects()] == [
        (2, '<orders version="2">', outside),
        (3, "<created>2024-01-01</created>", outside),
        (17, "stray", outside),
    ]
    assert (result.rows_read, result.rows_loaded) == (6, 3)


def test_a_spec_that_names_the_records_wants_nothing_else(loading: Any) -> None:
    loading.warehouse.file("shop.xml", ORDERS)
    with pytest.raises(LoadError, match="stands outside of the records"):
        loading.load(xml(loading, error_handling={}))
    for record in ("order", "orders/order"):
        loading.load(xml(loading, format={"record": record}, error_handling={}))
    assert loading.rows("id") == [("1",), ("2",), ("3",)]
    loading.load(xml(loading, name="lines", format={"record": "order/line"}, error_handling={}))
    assert loading.rows("sku", "qty", table="lines") == [("1", "2"), ("2", None)]
    with pytest.raises(SourceError, match=r"no element 'ordr' \(has: created, order, "):
        loading.load(xml(loading, name="other", format={"record": "ordr"}))


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("<a><h>1</h><l/><l/><r><v>1</v></r><r><v>2</v></r><r><v>3</v></r></a>", ["1", "2", "3"]),
        ("<a><rs><r v='1'/><r v='2'/></rs></a>", ["1", "2"]),
        ("<a><r><v>1</v><w>x</w></r></a>", ["1"]),
        ("<a><v>1</v><w>x</w></a>", ["1"]),
        ("<vs><v>1</v><v>2</v></vs>", ["1", "2"]),
    ],
)
def test_the_record_is_what_repeats_most_nearest_to_the_root(
    loading: Any, content: str, rows: list[str]
) -> None:
    loading.warehouse.file("shop.xml", content)
    loading.load(xml(loading))
    assert [row[0] for row in loading.rows("v")] == rows


def test_an_attribute_and_an_element_of_one_name_are_two_columns(loading: Any) -> None:
    for content in (
        "<a><r id='1'/><r id='2'><id>x</id></r></a>",
        "<a><r><id>y</id></r><r id='3'><id>z</id></r></a>",
    ):
        loading.warehouse.file("shop.xml", content)
        loading.load(xml(loading))
    assert loading.rows("id", "id_2") == [(None, "1"), ("x", "2"), ("y", None), ("z", "3")]


def test_what_differs_in_its_namespace_alone_is_not_lost(loading: Any) -> None:
    loading.warehouse.file(
        "shop.xml",
        "<a xmlns:m='urn:m' xmlns:n='urn:n'><r m:id='1' n:id='2'><m:v>3</m:v><n:v>4</n:v></r><r/></a>",
    )
    loading.load(xml(loading))
    assert loading.rows("id", "n_id", "v")[0] == ("1", "2", '["3", "4"]')


def test_text_beside_elements_is_not_lost_in_a_record_or_a_list(loading: Any) -> None:
    loading.warehouse.file(
        "shop.xml",
        "<a><r>before<v>1</v>after</r><r><p>x <i>y</i></p><p k='1'>z</p></r></a>",
    )
    loading.load(xml(loading))
    assert loading.rows("r", "v", "p") == [
        ("beforeafter", "1", None),
        (None, None, '[{"text": "x <i>y</i>"}, {"k": "1", "text": "z"}]'),
    ]


def test_a_list_is_a_list_also_where_it_has_one_element(loading: Any) -> None:
    loading.warehouse.file(
        "shop.xml", "<a><r><i><n>1</n></i></r><r><i><n>2</n></i><i><n>3</n></i></r><r/></a>"
    )
    loading.load(xml(loading))
    assert loading.rows("i") == [('[{"n": "1"}]',), ('[{"n": "2"}, {"n": "3"}]',), (None,)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "windows-1252", "shift_jis", "koi8-r"])
def test_the_encoding_is_the_one_that_the_file_declares(loading: Any, encoding: str) -> None:
    name = {"shift_jis": "日本", "koi8-r": "Мир"}.get(encoding, "Zoë")
    text = f'<?xml version="1.0" encoding="{encoding}"?><a><r><n>{name}</n></r><r/></a>'
    loading.warehouse.file("shop.xml", text.encode(encoding))
    loading.load(xml(loading))
    assert loading.rows("n")[0] == (name,)


BOMB = '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;">]><a><r>&y;</r></a>'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (ORDERS[:-20], r"shop\.xml:\d+:\d+: is not well-formed XML"),
        ("<a>\n<r><v>1</r></a>", r"shop\.xml:2:10: is not well-formed XML: mismatched tag"),
        ("<a><r/><r/></a><b/>", r"not well-formed XML: junk after document element"),
        ("<a><r>&what;</r><r/></a>", "undefined entity"),
        (BOMB, "declares the entity 'x'"),
        ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>', "entity 'x'"),
        ('<!DOCTYPE a SYSTEM "http://localhost/a.dtd"><a><r/></a>', "refers to http://localhost"),
        ('<?xml version="1.0" encoding="klingon"?><a/>', "encoding that it declares: .*klingon"),
        ('<?xml version="1.0"?>\n', "not well-formed"),
        ("", "is empty"),
        ("id,name\n1,x\n", "not well-formed"),
        ("<a></a>", "has no record"),
        (f"{'<a>' * 300}{'</a>' * 300}", "more than 200 levels"),
        (b"<a><r>\xff</r></a>", r"shop\.xml:1:7: is not well-formed XML"),
        ('<?xml version="1.0" encoding="shift_jis"?><a>\x80\x80</a>'.encode("latin-1"), "encoding"),
    ],
)
def test_what_is_no_whole_and_harmless_xml_is_refused_and_nothing_is_loaded(
    loading: Any, content: str | bytes, said: str
) -> None:
    loading.warehouse.file("shop.xml", content)
    with pytest.raises(SourceError, match=said):
        loading.load(xml(loading))
    assert ("raw", "shop") not in loading.warehouse.target.relations()


def test_a_delivery_without_records_is_loaded_where_the_spec_declares_columns(loading: Any) -> None:
    loading.warehouse.file("shop.xml", "<orders/>")
    told: dict[str, Any] = {
        "format": {"record": "order"},
        "columns": [{"name": "id"}, {"name": "total"}],
    }
    loading.load(xml(loading, **told))
    assert loading.rows("id", "total") == []
    loading.warehouse.file("shop.xml", "<orders><order id='1'/></orders>")
    loading.load(xml(loading, **told))
    assert loading.rows("id", "total") == [("1", None)]


@pytest.mark.parametrize("seed", range(20))
def test_no_value_of_a_random_document_is_lost(tmp_path: Path, seed: int) -> None:
    """Each value is a number of its own: all of them are in the records or in the rejects."""
    chance, values = random.Random(seed), 1000

    def value() -> str:
        nonlocal values
        values += 1
        return f"v{values}"

    def element(depth: int) -> str:
        name = chance.choice("abcd")
        mark = f' k="{value()}"' if chance.random() < 0.3 else ""
        inner = value() if chance.random() < 0.5 else ""
        if depth:
            inner += "".join(element(depth - 1) for _ in range(chance.randrange(4)))
            inner += value() if chance.random() < 0.1 else ""
        return f"<{name}{mark}>{inner}</{name}>"

    path, good = tmp_path / "x.xml", tmp_path / "good.csv"
    path.write_text(f"<root>{''.join(element(4) for _ in range(5))}</root>", encoding="utf-8")
    with RejectSpool(tmp_path / "rejects.csv") as rejects:
        split_xml(path, "x.xml", None, [], good, rejects)
    kept = good.read_text() + (tmp_path / "rejects.csv").read_text()
    assert [n for n in range(1001, values + 1) if kept.count(f"v{n}") != 1] == []


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    def peak(records: int) -> int:
        path = tmp_path / f"{records}.xml"
        with path.open("w", encoding="utf-8") as out:
            out.write("<a>")
            out.writelines(f"<r id='{n}'><v>{'x' * 50}</v></r>" for n in range(records))
            out.write("</a>")
        with RejectSpool(tmp_path / "rejects.csv") as rejects:
            tracemalloc.start()
            split_xml(path, "x.xml", None, [], tmp_path / "good.csv", rejects)
            used = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return used

    peak(10)
    assert peak(20_000) < peak(2_000) + 100_000
