"""Each rule of the plan: what makes a node be built, and what does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from controlplane.dbt.process import DbtSession
from controlplane.errors import ConfigError, DbtError
from controlplane.plan import Cause, ParseAhead, Plan, steps
from tests.dbt.conftest import wait_for
from tests.plan.conftest import MODELS

ORDERS = {"clean_orders", "colour_totals", "unique_clean_orders_id"}
CUSTOMERS = {"clean_customers", "customers_dim"}


def built(plan: Plan) -> set[str]:
    return {node.name for node in plan.to_build}


def reason(plan: Plan, name: str) -> str:
    return next(node.reason for node in plan.nodes if node.name == name)


def cause(plan: Plan, name: str) -> Cause:
    return next(node.cause for node in plan.nodes if node.name == name)


def anew(plan: Plan) -> set[str]:
    return {node.name for node in plan.nodes if node.full_refresh}


def test_nothing_changed_is_found_without_starting_dbt(shop: Any) -> None:
    session = DbtSession(shop.project)
    plan = shop.plan(session=session)
    assert built(plan) == set()
    assert {node.reason for node in plan.nodes} == {"unchanged"}
    assert len(plan.nodes) == 9
    assert not plan.started_dbt
    assert session.pid is None


def test_what_was_never_built_here_is_built(shop: Any) -> None:
    del shop.states["model.shop.customers_dim"]
    plan = shop.plan()
    assert built(plan) == {"customers_dim"}
    assert cause(plan, "customers_dim") is Cause.NEW


def test_new_data_of_a_source_rebuilds_what_reads_it_and_nothing_else(shop: Any) -> None:
    batch = shop.land("orders", [(3, 30)])
    plan = shop.run()
    assert built(plan) == ORDERS
    assert reason(plan, "raw_orders") == (
        f"source raw.orders has new data (batch {batch}), which a view shows by itself"
    )
    assert reason(plan, "clean_orders") == "bronze.raw_orders shows new data"
    assert reason(plan, "colour_totals") == "silver.clean_orders is rebuilt"
    assert not plan.started_dbt
    assert anew(plan) == set()
    assert shop.rows("select id, amount from silver.clean_orders order by id") == [
        (1, 20),
        (2, 40),
        (3, 60),
    ]
    assert built(shop.plan()) == set()


def test_data_that_land_during_a_build_are_new_to_the_next_plan(shop: Any) -> None:
    shop.land("orders", [(3, 30)])
    plan = shop.plan()
    shop.mark(plan)
    shop.land("orders", [(4, 40)])  # dbt will see these rows, but may have begun before
    shop.record(plan, shop.build(plan))
    assert built(shop.plan()) == ORDERS


def test_a_plan_for_data_that_are_about_to_land(shop: Any) -> None:
    plan = shop.plan(incoming=["customers"])
    assert built(plan) == CUSTOMERS
    assert reason(plan, "raw_customers").startswith("source raw.customers has new data to load,")


def test_a_source_without_a_ledger_is_always_read_again(shop: Any) -> None:
    shop.change("models/bronze/_raw.yml", "{name: customers}", "{name: customers}, {name: extra}")
    shop.write("models/bronze/raw_extra.sql", "select * from {{ source('raw', 'extra') }}")
    shop.execute("create table raw.extra as select 1 as id")
    assert built(shop.run()) == {"raw_extra"}
    again = shop.plan()
    assert built(again) == {"raw_extra"}
    assert reason(again, "raw_extra") == "source raw.extra has no load ledger: always rebuilt"


def test_a_failed_test_stays_owed_with_what_it_held_up_until_it_passes(shop: Any) -> None:
    shop.land("orders", [(1, 99)])  # an id that is there already
    first = shop.run()
    assert built(first) == ORDERS
    assert shop.states["model.shop.clean_orders"].status == "success"

    second = shop.run()
    assert built(second) == {"unique_clean_orders_id", "colour_totals"}
    assert reason(second, "unique_clean_orders_id") == "its last result was fail"
    assert reason(second, "colour_totals") == "its last result was skipped"
    assert shop.states["model.shop.colour_totals"].status == "skipped"

    shop.execute("delete from raw.orders where amount = 99")
    shop.execute("delete from silver.clean_orders where amount = 198")
    third = shop.run()
    assert built(third) == built(second)
    assert built(shop.plan()) == set()


def test_a_node_that_failed_is_owed_with_those_that_were_skipped(shop: Any) -> None:
    shop.change("models/silver/clean_customers.sql", "select id,", "select nothing, id,")
    shop.run()
    plan = shop.plan()
    assert built(plan) == {"clean_customers", "customers_dim"}
    assert reason(plan, "clean_customers") == "its last result was error"
    assert reason(plan, "customers_dim") == "its last result was skipped"


def test_changed_sql_rebuilds_the_node_and_what_reads_it(shop: Any) -> None:
    shop.change("models/silver/clean_customers.sql", "select id,", "select id + 1 as id,")
    plan = shop.run()
    assert built(plan) == {"clean_customers", "customers_dim"}
    assert reason(plan, "clean_customers") == "changed: code"
    assert plan.started_dbt
    assert shop.rows("select id from gold.customers_dim") == [(2,)]
    assert built(shop.plan()) == set()


@pytest.mark.parametrize(
    ("macro", "expected"),
    [
        ("twice", ORDERS | {"totals_add_up"}),
        ("once", ORDERS | {"totals_add_up"}),  # called by the macro that the model calls
        ("note", {"customers_dim"}),  # called where dbt does not look while it parses
        ("idle", set()),
    ],
)
def test_a_changed_macro_rebuilds_what_calls_it_and_nothing_else(
    shop: Any, macro: str, expected: set[str]
) -> None:
    shop.change(f"macros/{macro}.sql", "{% endmacro %}", " {% endmacro %}")
    plan = shop.plan()
    assert built(plan) == expected
    assert {node.reason.partition(";")[0] for node in plan.nodes if node.cause is Cause.CODE} <= {
        "changed: macros",
        "the code of what it checks has changed",
    }


def test_a_macro_in_place_of_one_of_dbts_own_counts_for_every_node(shop: Any) -> None:
    shop.write(
        "macros/collect_freshness.sql",
        "{% macro should_full_refresh() %}{{ return(flags.FULL_REFRESH) }}{% endmacro %}",
    )
    assert len(built(shop.plan())) == 9


def test_a_changed_variable_rebuilds_what_reads_it(shop: Any) -> None:
    shop.change("dbt_project.yml", "factor: 1", "factor: 2")
    plan = shop.plan()
    assert built(plan) == {"clean_customers", "customers_dim"}
    assert reason(plan, "clean_customers") == "changed: variables"


def test_a_variable_of_the_command_line_counts_like_one_of_the_project(shop: Any) -> None:
    plan = shop.run(dbt_args=["--vars", "{factor: 3, unread: 1}"])
    assert built(plan) == {"clean_customers", "customers_dim"}
    assert shop.rows("select factor from gold.customers_dim") == [(3,)]
    assert built(shop.plan(dbt_args=["--vars={factor: 3}"])) == set()
    assert built(shop.plan()) == {"clean_customers", "customers_dim"}


def test_a_changed_environment_variable_rebuilds_what_reads_it_and_is_not_kept(
    shop: Any,
) -> None:
    shop.set_environment(REGION="somewhere-secret", UNREAD="x")
    with DbtSession(shop.project) as session:
        plan = shop.plan(session=session)
    assert built(plan) == {"clean_customers", "customers_dim"}
    assert reason(plan, "clean_customers") == "changed: environment"
    shop.mark(plan)
    assert "somewhere-secret" not in repr(plan) + repr(shop.states)
    # dbt's own artifacts have the value of what a model reads, as its compiled SQL does.
    dag = shop.project.root / ".databank/dbt/dev/dag.json"
    assert "somewhere-secret" not in dag.read_text(encoding="utf-8")


def test_how_the_target_is_reached_does_not_change_what_is_in_it(shop: Any) -> None:
    shop.set_environment(SHOP_THREADS="1", DATABANK_POSTGRES_PASSWORD="hush-hush")
    with DbtSession(shop.project) as session:
        assert built(shop.plan(session=session)) == set()
    for path in (shop.project.root / ".databank").rglob("*"):
        assert not path.is_file() or b"hush-hush" not in path.read_bytes()
    dag = (shop.project.root / ".databank/dbt/dev/dag.json").read_text(encoding="utf-8")
    assert "DATABANK_POSTGRES_HOST" in dag
    assert "DATABANK_POSTGRES_PASSWORD" in dag  # its name is there, and no hash of its value
    assert "DATABANK_POSTGRES_PASSWORD" not in json.loads(dag)["setting"]["environment"]


def test_a_variable_with_a_computed_name_is_never_known_to_be_unchanged(shop: Any) -> None:
    shop.write("models/silver/region.sql", "select '{{ env_var('REG' ~ 'ION', 'eu') }}' as region")
    assert built(shop.run()) == {"region"}
    plan = shop.plan()
    assert built(plan) == {"region"}
    assert "computed" in reason(plan, "region")


def test_configuration_and_columns_count_and_descriptions_do_not(shop: Any) -> None:
    text = "models:\n  - name: clean_customers\n    description: {0}\n    config: {{{1}}}\n"
    path = "models/silver/clean_customers.yml"
    shop.write(path, text.format("One row per customer.", "tags: [nightly]"))
    assert built(shop.plan()) == set()
    shop.write(path, text.format("A customer.", "meta: {owner: ann}"))
    plan = shop.plan()
    assert built(plan) == {"clean_customers", "customers_dim"}
    assert reason(plan, "clean_customers") == "changed: configuration"


def test_a_dashboard_that_reads_a_model_is_nothing_to_build(shop: Any) -> None:
    shop.write(
        "models/exposures.yml",
        "exposures:\n  - name: sales\n    type: dashboard\n    owner: {email: a@example.com}\n"
        "    depends_on: [ref('colour_totals')]\n",
    )
    assert built(shop.plan()) == set()
    shop.land("orders", [(3, 30)])
    plan = shop.run(select=["+exposure:sales"])
    assert "colour_totals" in built(plan)
    assert {node.resource_type for node in plan.nodes} <= {"model", "seed", "test", "unit_test"}


def test_a_seed_is_rebuilt_when_its_content_changes(shop: Any) -> None:
    shop.write("seeds/colours.csv", "colour,name,shade\n1,red,dark\n")
    plan = shop.run()
    assert built(plan) == {"colours", "colour_totals", "totals_add_up"}
    assert anew(plan) == {"colours"}  # another column does not fit into the table that is there
    assert shop.rows("select shade from raw.colours") == [("dark",)]


def test_an_ephemeral_model_passes_its_changes_on(shop: Any) -> None:
    shop.change(
        "models/silver/shared_orders.sql", "select id, amount", "select id, -amount as amount"
    )
    plan = shop.run()
    assert built(plan) == {"colour_totals", "totals_add_up"}
    assert shop.rows("select sum(amount) from gold.colour_totals") == [(-60,)]


def test_a_changed_hook_of_the_project_counts_for_every_node(shop: Any) -> None:
    shop.change("dbt_project.yml", 'builds() }}"]', 'builds() }}", "select 1"]')
    plan = shop.plan()
    assert len(built(plan)) == 9
    assert reason(plan, "raw_orders") == "changed: hooks"


def test_a_table_that_is_gone_is_made_again_with_what_reads_it(shop: Any) -> None:
    shop.execute("drop table silver.clean_customers")
    plan = shop.run()
    assert built(plan) == {"clean_customers", "customers_dim"}
    assert reason(plan, "clean_customers") == "it is gone from the warehouse"


def test_rebuild_builds_everything_and_goes_on_with_incremental_models(shop: Any) -> None:
    plan = shop.plan(rebuild=True)
    assert len(built(plan)) == 9
    assert anew(plan) == set()
    assert reason(plan, "raw_orders") == "--rebuild"


def test_full_refresh_builds_everything_anew(shop: Any) -> None:
    shop.execute("update silver.clean_orders set amount = 0")
    plan = shop.run(full_refresh=True)
    assert len(built(plan)) == 9
    assert anew(plan) == {"clean_orders", "colours"}
    assert shop.rows("select sum(amount) from silver.clean_orders") == [(60,)]


def test_a_selection_is_dbts_own(shop: Any) -> None:
    plan = shop.plan(select=["raw_orders+"], exclude=["test_type:data", "gold"], rebuild=True)
    assert built(plan) == {"raw_orders", "clean_orders"}
    assert {node.name for node in plan.nodes} == built(plan)
    plan = shop.run(select=["clean_orders"], rebuild=True)
    assert built(plan) == {"clean_orders", "unique_clean_orders_id"}


def test_a_selection_that_dbt_does_not_understand_is_an_error_in_its_words(shop: Any) -> None:
    with pytest.raises(DbtError, match="is not a valid method name"):
        shop.plan(select=["colour:red"])


def test_what_was_left_out_is_built_later(shop: Any) -> None:
    shop.land("orders", [(3, 30)])
    shop.run(select=["clean_orders"])
    plan = shop.plan()
    assert built(plan) == {"colour_totals"}
    assert reason(plan, "colour_totals") == "silver.clean_orders was rebuilt since"


def test_a_selection_without_a_test_does_not_run_it(shop: Any) -> None:
    plan = shop.run(select=["clean_orders"], exclude=["unique_clean_orders_id"], rebuild=True)
    assert built(plan) == {"clean_orders"}


def test_most_of_a_type_is_built_without_the_rest_and_without_tests(shop: Any) -> None:
    without = ["raw_customers", "resource_type:test", "resource_type:unit_test"]
    plan = shop.run(exclude=without, rebuild=True)
    assert built(plan) == (MODELS | {"colours"}) - {"raw_customers"}
    (step,) = steps(plan)
    # All models but one: each word is compared with every node of the project.
    assert step.arguments == (
        *("--indirect-selection", "empty"),
        *("--select", "resource_type:model", "resource_type:seed"),
        *("--exclude", "fqn:shop.bronze.raw_customers"),
    )


def test_views_that_are_left_alone_are_left_out_with_one_word(shop: Any) -> None:
    without = ["config.materialized:view", "resource_type:test", "resource_type:unit_test"]
    plan = shop.run(exclude=without, rebuild=True)
    assert built(plan) == (MODELS | {"colours"}) - {"raw_customers", "raw_orders"}
    (step,) = steps(plan)
    assert step.arguments == (
        *("--indirect-selection", "empty"),
        *("--select", "resource_type:model", "resource_type:seed"),
        *("--exclude", "config.materialized:view"),
    )


@pytest.mark.parametrize(
    "without",
    [
        ["resource_type:test"],
        ["resource_type:unit_test"],
        ["resource_type:test", "resource_type:unit_test"],
    ],
)
def test_what_leaves_out_tests_alone_needs_no_dbt_and_is_what_dbt_would_say(
    shop: Any, without: list[str]
) -> None:
    session = DbtSession(shop.project)
    plan = shop.plan(session=session, exclude=without)
    assert session.pid is None
    assert not plan.started_dbt
    words = ["--exclude", *without, "--output", "json", "--output-keys", "unique_id"]
    listed = shop.session.run("ls", words, target_path=shop.project.root.parent / "ls").printed
    found = {json.loads(line)["unique_id"] for line in listed}
    assert {node.unique_id for node in plan.nodes} == found & plan.dag.nodes.keys()


def test_what_dbt_read_ahead_is_used_as_long_as_no_file_has_changed(shop: Any) -> None:
    def begun() -> ParseAhead:
        ahead = ParseAhead(shop.project, shop.session, shop.project.root.parent / "ahead")
        ahead.begin()
        return ahead

    assert shop.plan(ahead=begun()).started_dbt

    ahead = begun()
    shop.change("models/silver/clean_customers.sql", "'{{ env_var", "'in {{ env_var")
    plan = shop.run(ahead=ahead)
    assert built(plan) == CUSTOMERS
    assert shop.rows("select distinct region from silver.clean_customers") == [("in eu",)]


def test_what_dbt_read_ahead_of_a_file_that_was_put_back_is_not_used(shop: Any) -> None:
    name = "models/silver/clean_customers.sql"
    shop.change(name, "'{{ env_var", "'in {{ env_var")
    ahead = ParseAhead(shop.project, shop.session, shop.project.root.parent / "ahead")
    ahead.begin()
    wait_for((shop.project.root.parent / "ahead/manifest.json").exists, 60)
    shop.change(name, "'in {{ env_var", "'{{ env_var")
    shop.land("customers", [(5, 0)])
    plan = shop.run(ahead=ahead)
    assert built(plan) == CUSTOMERS
    assert shop.rows("select distinct region from silver.clean_customers") == [("eu",)]


def test_a_project_that_dbt_cannot_read_is_an_error_in_its_words(shop: Any) -> None:
    shop.write("models/silver/bad.sql", "select * from {{ ref('nowhere') }}")
    with pytest.raises(DbtError, match="node named 'nowhere' which was not found"):
        shop.plan()


@pytest.mark.parametrize("word", ["--select", "-s", "--exclude=a", "--target", "--target-path"])
def test_arguments_that_databank_gives_cannot_be_handed_on(shop: Any, word: str) -> None:
    with pytest.raises(ConfigError, match="cannot be handed on to dbt"):
        shop.plan(dbt_args=[word, "x"])


def test_a_build_with_an_option_that_changes_its_result_is_not_taken_for_a_plain_one(
    shop: Any,
) -> None:
    plan = shop.run(dbt_args=["--empty", "--threads", "1"])
    assert len(built(plan)) == 9
    assert shop.rows("select count(*) from gold.customers_dim") == [(0,)]
    shop.run()
    assert shop.rows("select count(*) from gold.customers_dim") == [(1,)]
