"""A small shop that was loaded and built, as every test finds it."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from controlplane.config import Project, load_project
from controlplane.dbt.artifacts import NodeResult, results_of
from controlplane.dbt.process import DbtSession
from controlplane.load.ledger import LedgerLine, create_tables, next_batch_id, write
from controlplane.plan import Plan, make_plan, new_states, pending_states, steps
from controlplane.state.records import NodeState
from controlplane.targets import Target, open_target

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
_minutes = itertools.count()
FILES = {
    "dbt_project.yml": """\
name: shop
version: "1.0.0"
profile: shop
test-paths: ["tests/data_tests"]
flags:
  send_anonymous_usage_stats: false
vars:
  factor: 1
on-run-start: ["{{ record_builds() }}"]
models:
  shop:
    bronze: {+schema: bronze, +materialized: view}
    silver: {+schema: silver, +materialized: table}
    gold: {+schema: gold, +materialized: table}
seeds:
  shop: {+schema: raw}
""",
    "profiles.yml": """\
shop:
  target: dev
  outputs:
    dev:
      type: duckdb
      path: shop.duckdb
      schema: main
      threads: "{{ env_var('SHOP_THREADS', '2') | as_number }}"
    pg:
      type: postgres
      host: "{{ env_var('DATABANK_POSTGRES_HOST', 'localhost') }}"
      port: "{{ env_var('DATABANK_POSTGRES_PORT', '5432') | as_number }}"
      user: "{{ env_var('DATABANK_POSTGRES_USER', 'shop') }}"
      password: "{{ env_var('DATABANK_POSTGRES_PASSWORD', '') }}"
      dbname: "{{ env_var('DATABANK_POSTGRES_DATABASE', 'shop') }}"
      schema: public
      threads: 2
""",
    "macros/generate_schema_name.sql": """\
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
""",
    "macros/record_builds.sql": (ROOT / "macros/record_builds.sql").read_text(encoding="utf-8"),
    "macros/twice.sql": "{% macro twice(x) %}2 * {{ once(x) }}{% endmacro %}",
    "macros/once.sql": "{% macro once(x) %}{{ x }}{% endmacro %}",
    "macros/idle.sql": "{% macro idle() %}0{% endmacro %}",
    "macros/note.sql": "{% macro note() %}'a note'{% endmacro %}",
    "seeds/colours.csv": "colour,name\\n1,red\\n2,blue\\n".replace("\\n", "\n"),
    "models/bronze/_raw.yml": """\
sources:
  - name: raw
    tables: [{name: orders}, {name: customers}]
""",
    "models/bronze/raw_orders.sql": "select * from {{ source('raw', 'orders') }}",
    "models/bronze/raw_customers.sql": "select * from {{ source('raw', 'customers') }}",
    "models/silver/clean_orders.sql": """\
{{ config(materialized='incremental') }}
select id, {{ twice('amount') }} as amount, _batch_id from {{ ref('raw_orders') }}
{% if is_incremental() %}
where _batch_id > (select max(_batch_id) from {{ this }})
{% endif %}
""",
    "models/silver/clean_orders.yml": """\
models:
  - name: clean_orders
    columns:
      - name: id
        data_tests: [unique]
""",
    "models/silver/clean_customers.sql": """\
select id, '{{ env_var("REGION", "eu") }}' as region, {{ var('factor') }} as factor
from {{ ref('raw_customers') }}
""",
    "models/silver/shared_orders.sql": """\
{{ config(materialized='ephemeral') }}
select id, amount from {{ ref('clean_orders') }}
""",
    "models/gold/colour_totals.sql": """\
select colours.name, sum(shared_orders.amount) as amount
from {{ ref('colours') }} as colours
left join {{ ref('shared_orders') }} as shared_orders on colours.colour = shared_orders.id
group by colours.name
""",
    "models/gold/customers_dim.sql": """\
{% if execute %}
select *, {{ note() }} as note from {{ ref('clean_customers') }}
{% else %}
select * from {{ ref('clean_customers') }}
{% endif %}
""",
    "models/gold/colour_totals.yml": """\
unit_tests:
  - name: totals_add_up
    model: colour_totals
    given:
      - input: ref('colours')
        rows: [{colour: 1, name: red}]
      - input: ref('shared_orders')
        format: sql
        rows: select 1 as id, 2 as amount union all select 1, 3
    expect:
      rows: [{name: red, amount: 5}]
""",
}
MODELS = frozenset(
    {
        "raw_orders",
        "raw_customers",
        "clean_orders",
        "clean_customers",
        "colour_totals",
        "customers_dim",
    }
)
# Every node that can be run, by its name.
NODES = MODELS | {"colours", "unique_clean_orders_id", "totals_add_up"}


@dataclass
class Shop:
    """The project with what the state store would remember of it."""

    project: Project
    session: DbtSession
    states: dict[str, NodeState] = field(default_factory=dict)
    builds: int = 0

    @property
    def target(self) -> Target:
        return open_target(self.project.target)

    def write(self, name: str, text: str) -> None:
        path = self.project.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def change(self, name: str, old: str, new: str) -> None:
        text = (self.project.root / name).read_text(encoding="utf-8")
        assert old in text
        self.write(name, text.replace(old, new))

    def set_environment(self, **variables: str) -> None:
        environment = {**self.project.environment, **variables}
        self.project = load_project(
            self.project.root, target=self.project.target.name, environment=environment
        )

    def land(self, table: str, rows: Sequence[tuple[int, int]], rejects: int = 0) -> int:
        """Load one batch of (id, amount) rows into a raw table, with its line in the ledger."""
        scratch = self.project.root.parent
        with self.target.load_session("test", scratch) as session, session.transaction():
            create_tables(session)
            session.query(
                f"create table if not exists raw.{table}"
                " (id bigint, amount bigint, _batch_id bigint)"
            )
            batch = next_batch_id(session)
            for number, amount in rows:
                session.query(f"insert into raw.{table} values (?, ?, ?)", (number, amount, batch))
            for number in range(rejects):
                session.query(
                    "insert into raw._rejects (batch_id, process, raw_table, source, line_number,"
                    " reason, rejected_at) values (?, ?, ?, 'file', ?, 'bad', ?)",
                    (batch, table, table, number, NOW.replace(tzinfo=None)),
                )
            write(session, _line(batch, table, len(rows), rejects))
        return batch

    def execute(self, statement: str) -> None:
        """Run a statement in the warehouse, as somebody else might."""
        with self.target.load_session("test", self.project.root.parent) as session:
            session.query(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.target.query(query)

    def plan(self, **options: Any) -> Plan:
        return make_plan(
            self.project, self.target, self.states, **{"session": self.session, **options}
        )

    def mark(self, plan: Plan) -> None:
        """What a run writes before dbt starts."""
        self._save(pending_states(plan, job_id="job", now=NOW))

    def record(self, plan: Plan, results: Mapping[str, NodeResult]) -> None:
        """What a run writes when results are known."""
        self.builds += 1
        self._save(new_states(plan, results, job_id="job", build=f"job/{self.builds}", now=NOW))

    def build(self, plan: Plan) -> dict[str, NodeResult]:
        """How the nodes of a plan ended; exactly those that it builds were run."""
        results: dict[str, NodeResult] = {}
        for number, step in enumerate(steps(plan)):
            left, skipped = step.after(results)
            results |= skipped
            if left.nodes:
                done = self.session.run(
                    "build",
                    left.arguments,
                    target_path=self.project.root.parent / f"target_{self.builds}_{number}",
                    reuse_manifest=plan.started_dbt,
                )
                assert done.exit_code in (0, 1), done.error
                results |= results_of(done)
        assert set(results) == {node.unique_id for node in plan.to_build}
        return results

    def run(self, **options: Any) -> Plan:
        """Plan and build, as `databank run` does."""
        plan = self.plan(**options)
        self.mark(plan)
        self.record(plan, self.build(plan))
        return plan

    def _save(self, states: Sequence[NodeState]) -> None:
        self.states |= {state.unique_id: state for state in states}


def _line(batch: int, table: str, loaded: int, rejects: int) -> LedgerLine:
    return LedgerLine(
        batch_id=batch,
        process=table,
        raw_table=table,
        source="file",
        fingerprint=str(batch),
        rows_read=loaded + rejects,
        rows_loaded=loaded,
        rows_rejected=rejects,
        cursor_column=None,
        cursor_value=None,
        source_columns="[]",
        raw_columns="[]",
        schema_hash="",
        is_delivery=False,
        job_id=None,
        loaded_at=NOW.replace(tzinfo=None) + timedelta(minutes=next(_minutes)),
    )


def make_shop(root: Path, target: str, environment: Mapping[str, str]) -> Shop:
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    project = load_project(root, target=target, environment=environment)
    return Shop(project, DbtSession(project))


def plain_environment() -> dict[str, str]:
    return {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR") if key in os.environ}


@pytest.fixture(scope="session")
def built_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shop, Path]]:
    """The shop after its first run, and a copy of its files as they were then."""
    folder = tmp_path_factory.mktemp("plan")
    shop = make_shop(folder / "shop", "dev", plain_environment())
    with shop.session:
        shop.land("orders", [(1, 10), (2, 20)])
        shop.land("customers", [(1, 0)])
        # A file that was written a moment ago is not trusted to be as it was.
        for path in (folder / "shop").rglob("*"):
            os.utime(path, (1_700_000_000, 1_700_000_000))
        plan = shop.run()
        assert {node.name for node in plan.to_build} == NODES
        assert {state.status for state in shop.states.values()} == {"success", "pass"}
        copy = folder / "copy"
        shutil.copytree(folder / "shop", copy)
        yield shop, copy


@pytest.fixture
def shop(built_shop: tuple[Shop, Path]) -> Shop:
    """The shop, built, with nothing changed since; dbt is loaded already."""
    first, copy = built_shop
    root = first.project.root
    for each in root.iterdir():  # the folder itself is where dbt runs
        if each.is_dir():
            shutil.rmtree(each)
        else:
            each.unlink()
    shutil.copytree(copy, root, dirs_exist_ok=True)
    return replace(first, states=dict(first.states))


@pytest.fixture
def postgres_shop(tmp_path: Path, database: Any) -> Iterator[Shop]:
    """The shop on PostgreSQL, with nothing in it."""
    server = database.server
    environment = plain_environment() | {
        "DATABANK_POSTGRES_HOST": server.host,
        "DATABANK_POSTGRES_PORT": str(server.port),
        "DATABANK_POSTGRES_USER": server.user,
        "DATABANK_POSTGRES_PASSWORD": server.password,
        "DATABANK_POSTGRES_DATABASE": database.name,
    }
    shop = make_shop(tmp_path / "shop", "pg", environment)
    with shop.session:
        yield shop
