"""`databank model` changes what a spec says in one place, and leaves what a person wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from controlplane.cli import databank
from controlplane.config import load_project
from controlplane.discover.model import ModelSpecs
from controlplane.discover.model_changes import save_all
from controlplane.errors import DatabankError
from controlplane.scaffold import write_project
from controlplane.specs.edit import SpecText
from controlplane.specs.write import Draft, save

CUSTOMERS = """\
# Who buys.
name: customers
type: full
source_config:
  source_type: csv
  path: data/customers.csv   # from the shop
target_config:
  load_strategy: replace
  unique_key: [customer_id]
"""
ORDERS = """\
name: orders
type: full
source_config:
  source_type: csv
  path: data/orders.csv
  columns:
    - {name: ordered_on, type: date}
transform_config:
  joins:
    - name: orders_with_customers
      type: left
      left_table: orders
      right_table: customers
      condition: >
        orders.customer_id = customers.customer_id
target_config: { load_strategy: replace, unique_key: [order_id] }
"""
STAR = """\
name: shop
# The dimensions come first.
dimensions:
  - name: customers_dim
    model: customers  # one row a customer
    key: [customer_id]
    hierarchies:
      # Where they live.
      - name: place
        levels:
          - country
          - city
facts:
  - name: orders_fact
    model: orders
    key: [order_id]
    dates:
      - column: ordered_on
    measures:
      - {column: amount, additivity: additive}

relations:
  # Who ordered.
  - model: orders
    columns: [customer_id]
    to: customers
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    write_project(root, "shop", "duckdb")
    texts = {
        "specs/etl/customers.yml": CUSTOMERS,
        "specs/etl/orders.yml": ORDERS,
        "specs/stars/shop.yml": STAR,
        "data/customers.csv": "customer_id,name,city,country\n1,Ann,Bonn,DE\n2,Bo,Paris,FR\n",
        "data/orders.csv": (
            "order_id,customer_id,reseller_id,ordered_on,amount\n7,1,2,2024-01-01,9.5\n8,2,1,2024-01-02,1.25\n"
        ),
    }
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8", newline="\n")
    said = run(root, "generate")
    assert said.exit_code == 0, said.output
    return root


def run(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(databank, [*arguments, "--project-dir", str(root)])


def star_of(root: Path) -> Any:
    return yaml.safe_load((root / "specs/stars/shop.yml").read_text(encoding="utf-8"))


def texts(root: Path) -> dict[str, str]:
    return {each.name: each.read_text(encoding="utf-8") for each in (root / "specs").rglob("*.yml")}


def test_a_renamed_silver_table_is_renamed_everywhere_and_comments_stay(root: Path) -> None:
    said = run(root, "model", "rename", "customers", "clients")
    assert said.exit_code == 0, said.output
    after = texts(root)
    assert after["customers.yml"] == CUSTOMERS + "  table_name: clients\n"
    assert after["orders.yml"] == ORDERS.replace(
        "right_table: customers", "right_table: clients"
    ).replace("customers.customer_id", "clients.customer_id")
    assert after["shop.yml"] == STAR.replace("model: customers ", "model: clients ").replace(
        "to: customers", "to: clients"
    )
    assert run(root, "generate").exit_code == 0
    assert (root / "models/silver/clients.sql").is_file()
    assert not (root / "models/silver/customers.sql").exists()
    assert "ref('clients')" in (root / "models/gold/customers_dim.sql").read_text(encoding="utf-8")


def add_cities(root: Path) -> None:
    """Cities that customers refer to: the star has names made of theirs."""
    (root / "specs/etl/cities.yml").write_text(
        "name: cities\ntype: full\nsource_config: {source_type: csv, path: data/cities.csv}\n"
    )
    (root / "data/cities.csv").write_text("city,name,mayor\nBonn,Bundesstadt,Ann\n")
    star = STAR.replace("    hierarchies:", "    leave_out: [city_mayor]\n    hierarchies:")
    star = star.replace("levels:", "levels:\n          - city_name")
    star += "  - {model: customers, columns: [city], to: cities}\n"
    (root / "specs/stars/shop.yml").write_text(star)
    assert run(root, "generate").exit_code == 0


def test_names_that_were_made_of_a_renamed_model_follow_it(root: Path) -> None:
    add_cities(root)
    assert run(root, "model", "rename", "cities", "towns").exit_code == 0
    dimension = star_of(root)["dimensions"][0]
    assert dimension["leave_out"] == ["town_mayor"]
    assert dimension["hierarchies"][0]["levels"] == ["town_name", "country", "city"]
    assert run(root, "generate").exit_code == 0


def test_a_renamed_dimension_gives_a_model_of_that_name(root: Path) -> None:
    assert run(root, "model", "rename", "customers_dim", "clients_dim").exit_code == 0
    assert texts(root)["shop.yml"] == STAR.replace("customers_dim", "clients_dim")
    assert run(root, "generate").exit_code == 0
    assert (root / "models/gold/clients_dim.sql").is_file()
    assert not (root / "models/gold/customers_dim.sql").exists()


def test_a_renamed_calendar_is_written_where_only_its_default_was(root: Path) -> None:
    assert run(root, "model", "rename", "date_dim", "days_dim").exit_code == 0
    assert star_of(root)["calendar"] == {"name": "days_dim"}
    assert run(root, "generate").exit_code == 0
    assert (root / "models/gold/days_dim.sql").is_file()


def test_a_renamed_column_of_a_dimension_is_renamed_in_its_hierarchies(root: Path) -> None:
    assert run(root, "model", "rename", "customers_dim.city", "town").exit_code == 0
    dimension = star_of(root)["dimensions"][0]
    assert dimension["names"] == {"city": "town"}
    assert dimension["hierarchies"][0]["levels"] == ["country", "town"]
    assert "# Where they live." in texts(root)["shop.yml"]
    assert run(root, "generate").exit_code == 0
    assert "as town" in (root / "models/gold/customers_dim.sql").read_text(encoding="utf-8")
    # Once more, and back to what the source calls it.
    assert run(root, "model", "rename", "customers_dim.town", "place_name").exit_code == 0
    assert star_of(root)["dimensions"][0]["names"] == {"city": "place_name"}
    assert run(root, "model", "rename", "customers_dim.place_name", "city").exit_code == 0
    assert texts(root)["shop.yml"] == STAR


def test_measures_and_keys_of_a_fact_are_renamed(root: Path) -> None:
    assert run(root, "model", "rename", "orders_fact.amount", "revenue").exit_code == 0
    assert run(root, "model", "rename", "orders_fact.order_id", "order_number").exit_code == 0
    fact = star_of(root)["facts"][0]
    assert fact["measures"] == [{"column": "amount", "additivity": "additive", "name": "revenue"}]
    assert fact["names"] == {"order_id": "order_number"}
    assert run(root, "generate").exit_code == 0
    made = (root / "models/gold/orders_fact.sql").read_text(encoding="utf-8")
    assert "as revenue" in made
    assert "as order_number" in made


FULL = """\
name: orders
type: full
source_config:
  source_type: csv
  path: data/orders.csv
  incremental_key: ordered_on
  columns:
    - {name: ordered_on, type: date}   # the day in the shop
    - {name: amount, type: text}
transform_config:
  transformations:
    - name: only dear ones
      type: filter
      expression: amount <> '0'
    - {name: amount as decimal, type: transform, expression: "replace(amount, ',', '.')", parameters: {column: amount, type: "decimal(18,2)"}}
    - {name: doubled, type: transform, expression: amount * 2, parameters: {column: twice, type: "decimal(18,2)"}}
  data_quality:
    cleaning_rules:
      - {name: the newest, type: deduplication, expression: "DISTINCT ON (order_id) ORDER BY amount DESC"}
      - name: amount missing
        type: null_if
        expression: "-999"
      - name: rounded  # to cents
        type: expression
        expression: >
          round(coalesce("AMOUNT",
          0), 2)
        parameters: {column: amount}
    validation_rules:
      - {name: dear enough, type: expression, expression: 'orders.amount > 0 or note = ''amount'' or twice = amount'}
      - {name: amount range, type: range, expression: '>= 0'}
      - {name: has amount, type: not_null, expression: amount}
  aggregations:
    - {name: per day, function: sum, column: amount, group_by: [ordered_on], having: "sum_amount > 1 and max(amount) < 5000"}
    - {name: per amount, function: count, group_by: [amount, "cast(amount as text) as more"]}
  joins:
    - name: orders_with_customers
      type: left
      left_table: orders
      right_table: customers
      condition: orders.customer_id = customers.customer_id and orders.amount > 0
target_config:
  load_strategy: upsert
  unique_key: [order_id, amount]
  partitioning: {strategy: range, columns: [amount], partitions: 2}
validation:
  post_validation:
    - {name: some, type: expression, expression: sum(amount) >= 0}
"""


def renamed_in_text(text: str, old: str, new: str, *places: str) -> str:
    for place in places:
        assert text.count(place) == 1, place
        text = text.replace(place, place.replace(old, new))
    return text


@pytest.fixture
def full(root: Path) -> Path:
    (root / "specs/etl/orders.yml").write_text(FULL, encoding="utf-8")
    data = (root / "data/orders.csv").read_text(encoding="utf-8").splitlines()
    lines = [f"{data[0]},note", *(f"{line},x" for line in data[1:])]
    (root / "data/orders.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    said = run(root, "generate")
    assert said.exit_code == 0, said.output
    return root


def test_a_column_of_silver_is_renamed_wherever_a_spec_names_it(full: Path) -> None:
    said = run(full, "model", "rename", "orders.amount", "price")
    assert said.exit_code == 0, said.output
    after = texts(full)
    expected = renamed_in_text(
        FULL,
        "amount",
        "price",
        *("ORDER BY amount DESC", "parameters: {column: amount}\n", "orders.amount > 0 or"),
        *("twice = amount", "expression: amount}\n", "column: amount, group_by", "sum_amount > 1"),
        *("max(amount)", "[amount, ", '"cast(amount as text)', "orders.amount > 0\n"),
        *("[order_id, amount]", "columns: [amount]", "sum(amount) >= 0"),
    ).replace('coalesce("AMOUNT",', "coalesce(price,")
    expected = expected.replace(
        '        expression: "-999"\n',
        '        expression: "-999"\n        parameters: {column: price}\n',
    ).replace("expression: '>= 0'}", "expression: '>= 0', parameters: {column: price}}")
    step = (
        "    - name: amount is called price\n      type: rename\n      expression: amount\n"
        "      parameters: {column: price}\n"
    )
    expected = expected.replace("  data_quality:\n", f"{step}  data_quality:\n")
    assert after["orders.yml"] == expected
    assert after["shop.yml"] == STAR.replace("column: amount", "column: price")
    assert after["customers.yml"] == CUSTOMERS
    for command in ("validate", "generate"):
        said = run(full, command)
        assert said.exit_code == 0, (command, said.output)
    silver = (full / "models/silver/orders_checked.sql").read_text(encoding="utf-8")
    assert "amount as price" in silver
    assert "price" in (full / "models/gold/orders_fact.sql").read_text(encoding="utf-8")
    assert "`amount` of the source" in (full / "models/silver/orders.yml").read_text("utf-8")
    # Once more, and back to what the source calls it.
    assert run(full, "model", "rename", "orders.price", "cost").exit_code == 0
    assert texts(full)["orders.yml"].count("amount is called cost") == 1
    assert "price" not in texts(full)["orders.yml"]
    assert run(full, "model", "rename", "orders.cost", "amount").exit_code == 0
    assert "rename" not in texts(full)["orders.yml"]
    assert run(full, "validate").exit_code == 0
    assert texts(full)["shop.yml"] == STAR


def test_a_column_that_a_step_makes_is_renamed_in_that_step(full: Path) -> None:
    assert run(full, "model", "rename", "orders.twice", "double_price").exit_code == 0
    expected = renamed_in_text(FULL, "twice", "double_price", "column: twice", "twice = amount")
    assert texts(full)["orders.yml"] == expected
    assert run(full, "generate").exit_code == 0


def test_keys_relations_and_hierarchies_follow_a_renamed_column(root: Path) -> None:
    assert run(root, "model", "rename", "customers.customer_id", "client_no").exit_code == 0
    assert run(root, "model", "rename", "customers.city", "town").exit_code == 0
    star = star_of(root)
    assert star["dimensions"][0]["key"] == ["client_no"]
    assert star["dimensions"][0]["hierarchies"][0]["levels"] == ["country", "town"]
    assert star["relations"] == [
        {
            "model": "orders",
            "columns": ["customer_id"],
            "to": "customers",
            "to_columns": ["client_no"],
        }
    ]
    assert "customers.client_no" in texts(root)["orders.yml"]
    assert "unique_key: [client_no]" in texts(root)["customers.yml"]
    assert run(root, "generate").exit_code == 0
    made = (root / "models/gold/customers_dim.sql").read_text(encoding="utf-8")
    assert "town" in made


def test_names_that_a_star_makes_of_a_renamed_column_follow_it(root: Path) -> None:
    add_cities(root)
    assert run(root, "model", "rename", "cities.name", "title").exit_code == 0
    assert run(root, "model", "rename", "cities.mayor", "head").exit_code == 0
    dimension = star_of(root)["dimensions"][0]
    assert dimension["leave_out"] == ["city_head"]
    assert dimension["hierarchies"][0]["levels"] == ["city_title", "country", "city"]
    assert run(root, "generate").exit_code == 0


def test_what_is_made_of_the_renamed_table_follows(root: Path) -> None:
    """A process that reads the model has the column by its new name, unless it has one of its own."""
    (root / "specs/etl/dear.yml").write_text(
        "name: dear\ntype: transform\nsource_config:\n  source_type: model\n  model: orders\n"
        "  filters: {amount: 9.5}\n"
        "transform_config:\n  transformations:\n"
        "    - {name: day, type: rename, expression: ordered_on, parameters: {column: day}}\n"
        "  aggregations:\n    - {name: most, function: max, column: amount, group_by: [day]}\n"
    )
    assert run(root, "generate").exit_code == 0
    assert run(root, "model", "rename", "orders.amount", "price").exit_code == 0
    assert run(root, "model", "rename", "orders.ordered_on", "bought_on").exit_code == 0
    document = yaml.safe_load(texts(root)["dear.yml"])
    assert document["source_config"]["filters"] == {"price": 9.5}
    steps = document["transform_config"]["transformations"]
    assert [step["expression"] for step in steps] == ["bought_on"]
    assert document["transform_config"]["aggregations"][0]["column"] == "price"
    assert run(root, "generate").exit_code == 0
    assert "price" in (root / "models/silver/dear.sql").read_text(encoding="utf-8")
    # What it was renamed to already needs no step any more.
    assert run(root, "model", "rename", "orders.bought_on", "day").exit_code == 0
    assert "transformations" not in yaml.safe_load(texts(root)["dear.yml"])["transform_config"]
    assert run(root, "generate").exit_code == 0


def test_a_name_that_a_table_made_of_it_has_is_refused(root: Path) -> None:
    (root / "specs/etl/dear.yml").write_text(
        "name: dear\ntype: transform\nsource_config: {source_type: model, model: orders}\n"
        "transform_config:\n  transformations:\n"
        '    - {name: p, type: transform, expression: "1", parameters: {column: price, type: integer}}\n'
    )
    assert run(root, "generate").exit_code == 0
    before = texts(root)
    said = run(root, "model", "rename", "orders.amount", "price")
    assert "'dear', which has the column 'amount' from there, has a column 'price'" in str(
        said.exception
    )
    assert texts(root) == before


def test_a_masked_column_stays_masked_and_what_was_drafted_is_remembered(root: Path) -> None:
    (root / "specs/warehouses").mkdir(exist_ok=True)
    (root / "specs/warehouses/main.yml").write_text(
        "name: main\ntype: olap\nstorage_config: {storage_type: duckdb}\n"
        "security_config:\n  data_masking:\n    enabled: true\n    sensitive_data: [Name]  # of people\n"
    )
    head = "# What was found.\ncustomers:\n  table: customers\n  columns:\n"
    (root / "specs/drafted.yml").write_text(
        head + "    name: {found: string, drafted: text}\n"
        "    city: {found: string, drafted: text}\n"
    )
    assert run(root, "model", "rename", "customers.name", "full_name").exit_code == 0
    assert "sensitive_data: [Name, full_name]  # of people" in texts(root)["main.yml"]
    drafted = yaml.safe_load(texts(root)["drafted.yml"])["customers"]["columns"]
    assert drafted == {
        "full_name": {"column": "name", "found": "string", "drafted": "text"},
        "city": {"found": "string", "drafted": "text"},
    }


def test_files_written_by_hand_that_read_a_renamed_column_are_named(root: Path) -> None:
    models = root / "models/gold"
    (models / "best.sql").write_text("select city from {{ ref('customers') }}\n")
    (models / "star.sql").write_text("select CITY from {{ ref('customers_dim') }}\n")
    (models / "other.sql").write_text("select country from {{ ref('customers') }}\n")
    (root / "tests").mkdir(exist_ok=True)
    (root / "tests/known.sql").write_text(
        "select 1 from {{ ref(\"customers\") }} where city = ''\n"
    )
    said = run(root, "model", "rename", "customers.city", "town")
    assert [line.split(" reads ")[0].split()[-1] for line in said.stderr.splitlines()] == [
        *("models/gold/best.sql", "models/gold/star.sql", "tests/known.sql")
    ]
    assert "select city" in (models / "best.sql").read_text()


def test_a_relation_is_added_and_dropped(root: Path) -> None:
    pair = ("orders.customer_id", "customers_dim.customer_id")
    assert run(root, "model", "relate", *pair, "--drop").exit_code == 0
    assert "relations" not in star_of(root)
    assert run(root, "generate").exit_code == 0
    fact = root / "models/gold/orders_fact.sql"
    assert "customer_key" not in fact.read_text(encoding="utf-8")
    assert run(root, "model", "relate", *pair).exit_code == 0
    assert star_of(root)["relations"] == [
        {"model": "orders", "columns": ["customer_id"], "to": "customers"}
    ]
    assert run(root, "generate").exit_code == 0
    assert "customer_key" in fact.read_text(encoding="utf-8")


def test_a_second_relation_to_a_table_has_a_role(root: Path) -> None:
    said = run(root, "model", "relate", "orders.reseller_id", "customers.customer_id")
    assert said.exit_code == 0, said.output
    assert texts(root)["shop.yml"].startswith(STAR)
    assert star_of(root)["relations"][1] == {
        "model": "orders",
        "columns": ["reseller_id"],
        "to": "customers",
        "to_columns": ["customer_id"],
        "role": "reseller",
    }
    assert run(root, "generate").exit_code == 0
    assert "as reseller_key" in (root / "models/gold/orders_fact.sql").read_text(encoding="utf-8")


def test_models_that_were_written_by_hand_are_named(root: Path) -> None:
    (root / "models/gold/best.sql").write_text("select * from {{ ref('customers_dim') }}\n")
    said = run(root, "model", "rename", "customers_dim", "clients_dim")
    assert "models/gold/best.sql reads 'customers_dim'" in said.stderr


def test_a_hierarchy_is_added_changed_and_dropped(root: Path) -> None:
    assert run(root, "model", "hierarchy", "who", "customers_dim", "country", "name").exit_code == 0
    assert star_of(root)["dimensions"][0]["hierarchies"][1] == {
        "name": "who",
        "levels": ["country", "name"],
    }
    assert run(root, "model", "hierarchy", "place", "customers_dim", "city", "name").exit_code == 0
    assert star_of(root)["dimensions"][0]["hierarchies"][0]["levels"] == ["city", "name"]
    assert run(root, "model", "hierarchy", "who", "customers_dim", "--drop").exit_code == 0
    assert run(root, "model", "hierarchy", "place", "customers_dim", "--drop").exit_code == 0
    assert "hierarchies" not in star_of(root)["dimensions"][0]
    assert run(root, "generate").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rename", "custmers", "x"], "Did you mean 'customers'?"),
        (["rename", "customers", "orders"], "there is a table 'orders' already"),
        (["rename", "customers", "Not A Name"], "specs/etl/customers.yml"),
        (["rename", "customers_dim.citty", "town"], "Did you mean 'city'?"),
        (["rename", "orders_fact.amuont", "x"], "Did you mean 'amount'?"),
        (["rename", "customers.citty", "town"], "Did you mean 'city'?"),
        (["rename", "customers.city", "name"], "there is a column 'name' already"),
        (["rename", "customers.city", "Town Hall"], "such as 'town_hall'"),
        (["rename", "customers.city", "order"], "a word that SQL reserves"),
        (["rename", "customers.city", "_batch_id"], "such as 'batch_id'"),
        (["rename", "customers.city", "valid_from"], "a name for histories alone"),
        (["relate", "orders.custmer_id", "customers.customer_id"], "no column 'custmer_id'"),
        (["relate", "orders.customer_id", "customers.customer_id"], "already"),
        (["relate", "orders.x", "customers.x", "--drop"], "has: orders.customer_id to customers"),
        (["hierarchy", "h", "customers_dim", "country", "citi"], "citi"),
        (["hierarchy", "h", "customers_dm", "country", "city"], "Did you mean 'customers_dim'?"),
        (["hierarchy", "plce", "customers_dim", "--drop"], "Did you mean 'place'?"),
        (["hierarchy", "h", "customers_dim", "country"], "two levels"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    root: Path, arguments: list[str], said: str
) -> None:
    before = texts(root)
    answer = run(root, "model", *arguments)
    assert answer.exit_code != 0
    assert said in str(answer.exception)
    assert texts(root) == before


def test_a_dry_run_prints_the_difference_and_writes_nothing(root: Path) -> None:
    before = texts(root)
    said = run(root, "model", "rename", "orders_fact", "sales_fact", "--dry-run")
    assert said.exit_code == 0
    assert "-  - name: orders_fact\n+  - name: sales_fact\n" in said.stdout
    told = run(root, "model", "rename", "orders_fact", "sales_fact", "--dry-run", "-o", "json")
    document = json.loads(told.stdout)
    assert document["written"] is False
    assert [each["file"] for each in document["changes"]] == ["specs/stars/shop.yml"]
    assert texts(root) == before


def test_where_one_file_cannot_be_written_all_are_as_they_were(root: Path) -> None:
    before = texts(root)
    specs = ModelSpecs(load_project(root, root, target="duckdb", environment={}))
    specs.rename_table("customers", "clients")
    changes = specs.changes()
    assert len(changes) == 3

    def write(draft: Draft) -> None:
        if draft.file.path.name == "shop.yml":
            raise DatabankError("the disk is full")
        save(draft)

    with pytest.raises(DatabankError, match="full"):
        save_all(changes, write)
    assert texts(root) == before


@pytest.mark.parametrize(
    ("text", "path", "value", "after"),
    [
        ("a: [ 1 ]  # x\n", ["a"], "b", "a: [ 1, b ]  # x\n"),
        ("a:\n- 1\n# end\n", ["a"], "b", "a:\n- 1\n- b\n# end\n"),
        ("a: []\nc: 1\n", ["a"], "b", "c: 1\na:\n  - b\n"),
        ("c: 1", ["a"], {"k": "no: 1"}, "c: 1\na:\n  - k: 'no: 1'\n"),
        ("a:\r\n  - 1\r\n", ["a"], "x", "a:\r\n  - 1\r\n  - x\r\n"),
    ],
    ids=["flow", "unindented", "empty", "missing", "windows"],
)
def test_items_are_added_as_the_list_is_written(
    text: str, path: list[str], value: Any, after: str
) -> None:
    edited = SpecText(text)
    edited.append(path, value)
    assert edited.text == after


def test_json_stays_json() -> None:
    edited = SpecText('{\n  "a": [{"n": "x"}],\n  "b": 1\n}\n', is_json=True)
    edited.append(["a"], {"n": 'say "hi"'})
    edited.put(["c"], "name", "y")
    edited.replace(["a", 0, "n"], "z")
    edited.remove(["b"])
    assert json.loads(edited.text) == {"a": [{"n": "z"}, {"n": 'say "hi"'}], "c": {"name": "y"}}


def test_the_first_field_of_an_item_can_be_removed() -> None:
    edited = SpecText("l:\n  - names: {a: b}\n    k: 1\n  - k: 2\n")
    edited.remove(["l", 0, "names", "a"])
    assert edited.text == "l:\n  - k: 1\n  - k: 2\n"


@pytest.mark.parametrize(
    ("text", "changes", "after"),
    [
        ("e: a + 'a' + a  # a\n", [(0, 1, "b"), (10, 11, "b")], "e: b + 'a' + b  # a\n"),
        ("e: 'x = ''a'' or a'\n", [(11, 12, "b")], "e: 'x = ''a'' or b'\n"),
        ("e: >\n  x or\n  a\n", [(5, 6, "b")], "e: >\n  x or\n  b\n"),
        ('e: "\\x61 or a"\n', [(5, 6, "b")], "e: a or b\n"),
    ],
    ids=["plain", "quoted", "folded", "escaped"],
)
def test_parts_of_a_text_are_changed_as_it_is_written(
    text: str, changes: list[tuple[int, int, str]], after: str
) -> None:
    edited = SpecText(text)
    edited.revise(["e"], changes)
    assert edited.text == after


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("a: 1\n# end\n", "a: 1\nt:\n  l:\n    - n: x\n# end\n"),
        ("t:\na: 1\n", "a: 1\nt:\n  l:\n    - n: x\n"),
        ("{a: 1}\n", "{a: 1, t: {l: [{n: x}]}}\n"),
    ],
    ids=["missing", "empty", "flow"],
)
def test_a_list_is_made_with_the_block_around_it(text: str, after: str) -> None:
    edited = SpecText(text)
    edited.append(["t", "l"], {"n": "x"})
    assert edited.text == after
    edited.insert(["t", "l"], {"n": "w"})
    assert yaml.safe_load(edited.text)["t"] == {"l": [{"n": "w"}, {"n": "x"}]}
