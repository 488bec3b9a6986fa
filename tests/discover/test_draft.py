"""A draft says what was found out, and no more than the data confirm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from controlplane.config import Project, load_project
from controlplane.discover.confirm import agreeing, confirmed
from controlplane.discover.draft import Draft, draft_process
from controlplane.discover.findings import Sentinel, Table
from controlplane.discover.names import TableName, name_tables
from controlplane.errors import TargetError
from controlplane.generate import resolve
from controlplane.generate.process import Process
from controlplane.naming import column_names
from controlplane.scaffold import write_project
from controlplane.specs.files import parse_etl
from controlplane.specs.source_schema import SourceColumn, SourceSchema
from tests.discover.made import column, findings, key, table, to

NAMES = TableName("orders", "orders")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tmp_path / "shop"
    write_project(root, "shop", "duckdb")
    return load_project(root, root, target="duckdb", environment={})


def drafted(project: Project, found: Table, text: str = "", name: str = "orders.csv") -> Draft:
    if not text:
        text = ",".join(each.name for each in found.columns) + "\n" + "1," * 9 + "\n"
    place = project.root.parent / "data" / name
    place.parent.mkdir(exist_ok=True)
    place.write_text(text, encoding="utf-8")
    return draft_process(found, NAMES, project, place=place)


def settled(draft: Draft, found: Table) -> Process:
    """The draft as the generator understands it."""
    titles = [each.name for each in found.columns]
    schema = SourceSchema(
        tuple(
            SourceColumn(name, title, "text")
            for name, title in zip(column_names(titles), titles, strict=True)
        )
    )
    return resolve(parse_etl(draft.text, draft.path), schema, draft.path)


def test_names_are_cleaned_and_originals_kept(project: Project) -> None:
    found = table("Orders", [column("OrderID", "integer"), "Ship To", "order"], "OrderID")
    draft = drafted(project, found, "OrderID,Ship To,order\n1,x,y\n2,x,z\n")
    document = yaml.safe_load(draft.text)
    assert document["source_config"]["columns"] == [
        {"name": "OrderID", "type": "integer"},
        {"name": "Ship To", "type": "text"},
        {"name": "order", "type": "text"},
    ]
    assert document["target_config"] == {"load_strategy": "replace", "unique_key": ["order_id"]}
    process = settled(draft, found)
    assert [each.name for each in process.columns] == ["order_id", "ship_to", "order_"]
    assert process.key == ("order_id",)


def test_a_file_outside_is_kept_as_a_path_from_the_project(project: Project) -> None:
    draft = drafted(project, table("orders", ["a", "b"]), "a;b\n1;2\n3;4\n")
    source = draft.document["source_config"]
    assert source["path"] == "../data/orders.csv"
    assert source["format"]["delimiter"] == ";"


@pytest.mark.parametrize("wrong", [key("a", duplicates=1), key("a", nulls=2), key("gone")])
def test_a_key_that_the_data_do_not_have_is_not_written(project: Project, wrong: Any) -> None:
    draft = drafted(project, table("orders", ["a", "b"], wrong), "a,b\n1,2\n1,3\n")
    assert "unique_key" not in draft.document["target_config"]


def test_stand_ins_for_missing_values_wait_for_consent(project: Project) -> None:
    """As they stand the values are kept; the rule that is offered can be taken as it is."""
    sentinels = (Sentinel("-999", 3, "far from all\nothers"), Sentinel('N/A: "x"', 1, "a word"))
    found = table("orders", ["id", column("temp", "integer", sentinels=sentinels)])
    draft = drafted(project, found, "id,temp\n1,-999\n2,5\n")
    document = yaml.safe_load(draft.text)
    assert "transform_config" not in document
    # One of them is no number: the column is text until it is said to be missing.
    assert document["source_config"]["columns"][1] == {"name": "temp", "type": "text"}
    comment = "\n".join(
        line.removeprefix("#").removeprefix(" ")
        for line in draft.text.splitlines()
        if line.startswith("#")
    )
    offered = yaml.safe_load(comment[comment.index("transformations:") :])
    (step,) = offered["transformations"]
    assert step["expression"] == (
        "case when trim(temp, ' ') in ('N/A: \"x\"') then null else temp end"
    )
    (rule,) = offered.pop("cleaning_rules")
    assert rule["parameters"] == {"column": "temp", "value": "-999"}
    assert "3 rows, far from all others" in rule["description"]
    process = settled(Draft(draft.path, document | {"transform_config": offered}), found)
    assert [each.type for each in process.columns] == ["text", "integer"]


def test_a_stand_in_that_is_a_number_keeps_the_type(project: Project) -> None:
    found = table("orders", [column("temp", "integer", sentinels=[Sentinel("-999", 3, "far off")])])
    draft = drafted(project, found, "temp\n-999\n5\n")
    assert draft.document["source_config"]["columns"] == [{"name": "temp", "type": "integer"}]


def test_a_stand_in_that_a_reading_knows_is_named_as_the_type_has_it(project: Project) -> None:
    """What no reading knows is in its way until somebody says what it means."""
    last = Sentinel("31.12.9999", 3, "the end of the calendar")
    known = column("due", "date", form="%d.%m.%Y", sentinels=[last])
    word = column("paid", "date", form="%d.%m.%Y", sentinels=[last, Sentinel("never", 1, "a word")])
    found = table("orders", [known, word])
    draft = drafted(project, found, "due,paid\n31.12.9999,never\n1.2.2024,1.2.2024\n")
    assert draft.types == {"due": "date", "paid": "text"}
    assert not draft.notes
    offered = yaml.safe_load("\n".join(draft.comments[draft.comments.index("transformations:") :]))
    rules = offered["cleaning_rules"]
    assert [rule["parameters"] for rule in rules] == [
        {"column": name, "value": "9999-12-31"} for name in ("due", "paid")
    ]
    agreed = {**draft.document}
    drafted_steps = agreed["transform_config"]["transformations"]
    agreed["transform_config"] = {
        "transformations": [*drafted_steps, *offered["transformations"]],
        "data_quality": {"cleaning_rules": rules},
    }
    process = settled(Draft(draft.path, agreed), found)
    assert {each.name: each.type for each in process.columns} == {"due": "date", "paid": "date"}
    assert [(step.column, step.reads) for step in process.steps] == [
        *(("due", None), ("due", "date"), ("paid", None), ("paid", "date")),
        *(("due", None), ("paid", None)),
    ]


def test_a_type_that_no_spec_knows_is_text(project: Project) -> None:
    draft = drafted(project, table("orders", [column("a", "money"), "b"]), "a,b\n1,2\n")
    assert draft.types == {"a": "text", "b": "text"}


@pytest.mark.parametrize(
    ("form", "storage", "kind"),
    [
        ("%d/%m/%Y", "date", "date"),
        ("%d.%m.%Y %H:%M", "timestamp", "timestamp"),
        ("%Y%m%d", "date", "date"),
        ("%d %b %Y", "date", "date"),
        ("%d %b %Y %Z", "date", "text"),
        ("%Y-%m-%d", "date", "date"),
    ],
)
def test_dates_of_another_order_are_read_or_stay_text(
    project: Project, form: str, storage: str, kind: str
) -> None:
    found = table("orders", [column("day", storage, form=form), "b"])
    draft = drafted(project, found, "day,b\n1,2\n3,4\n")
    assert draft.types["day"] == kind
    process = settled(draft, found)
    assert next(each.type for each in process.columns if each.name == "day") == kind
    assert bool(draft.notes) == (kind == "text")


def test_the_expression_for_a_date_reads_days_of_one_digit(project: Project) -> None:
    import duckdb

    cases = {
        "%d/%m/%Y": ("date", "3/12/2024", "2024-12-03"),
        "%m/%d/%Y %H:%M:%S": ("timestamp", "1/2/2024 9:05:06", "2024-01-02 09:05:06"),
        "%Y%m%d": ("date", "20240102", "2024-01-02"),
    }
    for form, (storage, text, wanted) in cases.items():
        found = table("orders", [column("day", storage, form=form), "b"])
        process = settled(drafted(project, found, "day,b\n1,2\n3,4\n"), found)
        step, read = process.steps
        assert read.reads == storage
        row = duckdb.execute(f"select {step.expression} from (select ? as day)", [text]).fetchone()
        assert row == (wanted,)


def test_columns_of_one_title_are_declared_by_what_loads_call_them(project: Project) -> None:
    found = table("orders", [column("a", "integer"), column("a", "date"), "A ", "1st"])
    draft = drafted(project, found, "a,a,A ,1st\n1,2024-01-02,x,y\n2,2024-01-03,x,y\n")
    process = settled(draft, found)
    assert [each.type for each in process.columns] == ["integer", "date", "text", "text"]
    assert [each.name for each in process.columns] == ["a", "a_2", "a_3", "column_1st"]


def test_a_database_is_named_without_its_password(project: Project) -> None:
    from controlplane.discover.draft import outside_password

    url, password = outside_password("postgresql://ann:se%40cret@host/shop")
    assert password == "se@cret"
    draft = draft_process(
        table("orders", ["a"], source="public.orders"), NAMES, project, connection=url
    )
    assert draft.document["source_config"] == {
        "source_type": "postgresql",
        "connection_string": "postgresql://ann:{{ env_var('DATABANK_SOURCE_PASSWORD') }}@host/shop",
        "table": "public.orders",
        "columns": [{"name": "a", "type": "text"}],
    }
    assert "cret" not in draft.text


def test_names_of_models_never_collide() -> None:
    titles = [
        *("order", "Order", "orders", "raw_orders", "orders_checked", "date_dim", "time"),
        *("🎉", "💥", "123", "x" * 80, "x" * 81, "load_batches", "DimCustomer", "customer_dim"),
        *("customer", "FactSales", "sales", "Größe", "quarantine", "orders_quarantine"),
    ]
    names = name_tables([table(title, ["a"]) for title in titles])
    assert set(names) == set(titles)
    claimed: list[str] = ["load_batches", "load_rejects"]
    for each in names.values():
        claimed += [
            *(each.model, f"raw_{each.model}", f"{each.model}_checked", f"{each.model}_outcomes"),
            f"{each.model}_quarantine",
            *(f"{each.entity}_{kind}" for kind in ("dim", "fact", "bridge")),
        ]
    assert len(claimed) == len(set(claimed))
    for each in names.values():
        draft = {"name": each.model, "type": "full", "source_config": {"source_type": "csv"}}
        draft["source_config"] |= {"path": "x.csv"}  # type: ignore[operator]
        assert parse_etl(yaml.safe_dump(draft), "x.yml").spec.table_name == each.model


def test_a_prefix_that_all_tables_share_is_left_out() -> None:
    names = name_tables([table("raw_customers", ["a"]), table("raw_orders", ["a"])])
    assert [each.model for each in names.values()] == ["customers", "orders"]
    names = name_tables([table("raw_customers", ["a"]), table("orders", ["a"])])
    assert names["raw_customers"].model == "raw_customers"


def test_what_a_value_speaks_against_is_text_again(project: Project) -> None:
    """The macro that models read text with decides, in the warehouse itself."""
    import duckdb

    found = table(
        "orders",
        [
            *(column("id", "integer"), column("total", "decimal(12,2)"), column("due", "date")),
            *(column("at", "timestamp"), column("paid", "boolean"), column("note")),
            *(column("day", "date", form="%d/%m/%Y"), column("last", "date", form="%d/%m/%Y")),
        ],
        "id",
    )
    draft = drafted(
        project, found, "id,total,due,at,paid,note,day,last\n1,2,3,4,5,6,7,8\n9,,,,,,,\n"
    )
    with duckdb.connect() as warehouse:
        warehouse.execute("create schema raw")
        warehouse.execute("create table raw.orders as select * from (values"
                          " ('1', '1.50', '2024-02-29', '', 'yes', 'x', '1/2/2024', '31/12/2024'),"
                          " ('2', '1,50', '2024-02-30', ' ', 'no', 'y', '', 'soon')"
                          ") as t(id, total, due, at_, paid, note, day, last)")  # fmt: skip

        def query(statement: str) -> list[Any]:
            try:
                return warehouse.execute(statement).fetchall()
            except duckdb.Error as error:
                raise TargetError(str(error)) from error

        right = confirmed(draft, query)
        assert [name for name, kind in right.types.items() if kind == "text"] == [
            *("total", "due", "note", "last")
        ]
        assert len(right.notes) == 3
        assert [step.column for step in settled(right, found).steps] == ["day", "day"]
        # Two keys that are one number are two texts.
        warehouse.execute("insert into raw.orders (id) values ('01')")
        assert confirmed(draft, query).types["id"] == "text"


def test_both_sides_of_a_reference_have_one_type() -> None:
    """A key that has to stay text takes with it what refers to it, and what refers to that."""
    found = findings(
        table("customers", ["id"], "id"),
        table("orders", ["id", "customer", "shop"], "id", to("customers", "customer", "id")),
        table("members", ["id", "since"], "id", to("customers", "id", "id")),
        table("visits", ["visited", "member", "due"], None, to("members", "member", "id")),
        table("shops", ["id"], "id"),
        table("clerks", ["shop"], None, to("shops", "shop", "id")),
    )
    types = {
        "customers": {"id": "text"},
        "orders": {"id": "integer", "customer": "integer", "shop": "integer"},
        "members": {"id": "bigint", "since": "date"},
        "visits": {"visited": "timestamp", "member": "decimal(18,2)", "due": "date"},
        "shops": {"id": "integer"},
        "clerks": {"shop": "bigint"},
    }
    drafts = {
        each.name: Draft(
            "",
            {
                "name": each.name,
                "source_config": {"columns": [{"name": one.name} for one in each.columns]},
                "transform_config": {
                    "transformations": [{"parameters": {"column": "customer"}, "expression": "1"}]
                },
            },
            types=types[each.name],
        )
        for each in found.tables
    }
    agreed = agreeing(drafts, found)
    changed = {
        (name, column)
        for name, draft in agreed.items()
        for column, kind in draft.types.items()
        if kind != drafts[name].types[column]
    }
    assert changed == {("orders", "customer"), ("members", "id"), ("visits", "member")}
    assert "transform_config" not in agreed["orders"].document
    assert agreed["orders"].document["source_config"]["columns"][1]["type"] == "text"
    assert agreed["orders"].notes == (
        "orders.customer: is text, as the other side of its reference",
    )
