"""The dbt project without specs: its settings, macros and generic tests.

The macros and tests are those of this repository, which the package carries along; a new project gets
the ones that generated models and their tests use.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from controlplane import naming

# What generated models, and the macros below, call; and what dbt looks for by name.
MACROS = (
    "by_target",
    "cast_error",
    "computed_once",
    "create_indexes",
    "each_number_to",
    "generate_schema_name",
    "is_date",
    "matches",
    "partitioned_table",
    "record_builds",
    "stored_in_order",
    "surrogate_uuid",
    "try_cast",
    "try_cast_json",
    "unknown_key",
)
TESTS = (
    "adds_up",
    "error_threshold",
    "matches_pattern",
    "reconciles",
    "rolls_up",
    "satisfies",
    "unique_combination",
)
LAYERS = ("bronze", "silver", "gold")

_DBT_PROJECT = """\
name: {name}
version: "0.1.0"
config-version: 2
profile: {name}
require-dbt-version: [">=1.11.0", "<2.0.0"]

model-paths: ["models"]
seed-paths: ["seeds"]
macro-paths: ["macros"]
test-paths: ["tests/data_tests"]
docs-paths: ["models"]
clean-targets: ["target"]

flags:
  send_anonymous_usage_stats: false
  # A layer's schema stands below before the layer has its first model.
  warn_error_options:
    silence: [UnusedResourceConfigPath]

# Who made what is written down before it is made; see the macro.
on-run-start: ["{{{{ record_builds() }}}}"]

models:
  {name}:
    bronze:
      +schema: bronze
      +materialized: view
    silver:
      +schema: silver
      +materialized: table
    gold:
      +schema: gold
      +materialized: table
"""
_PROFILES = """\
# Settings come from the environment; the defaults work as they stand. No secret belongs here.
{name}:
  target: "{{{{ env_var('DATABANK_TARGET', '{target}') }}}}"
  outputs:
    duckdb:
      type: duckdb
      path: "{{{{ env_var('DATABANK_DUCKDB_PATH', 'warehouse.duckdb') }}}}"
      schema: main
      # Whoever reads the file shuts a writer out: dbt tries again for half a minute.
      retries: {{ connect_attempts: 5 }}
      threads: "{{{{ env_var('DATABANK_THREADS', '4') | as_number }}}}"
    postgres:
      type: postgres
      host: "{{{{ env_var('DATABANK_POSTGRES_HOST', 'localhost') }}}}"
      port: "{{{{ env_var('DATABANK_POSTGRES_PORT', '5432') | as_number }}}}"
      user: "{{{{ env_var('DATABANK_POSTGRES_USER', 'databank') }}}}"
      password: "{{{{ env_var('DATABANK_POSTGRES_PASSWORD', '') }}}}"
      dbname: "{{{{ env_var('DATABANK_POSTGRES_DATABASE', 'databank') }}}}"
      schema: public
      threads: "{{{{ env_var('DATABANK_THREADS', '4') | as_number }}}}"
"""
_IGNORED = """\
.databank/
target/
logs/
dbt_packages/
*.duckdb
*.duckdb.wal
*.duckdb.lock
.user.yml
"""
_README = """\
# {title}

A data warehouse: a dbt project, with the specs that its models are generated from.

| place | holds |
| --- | --- |
| `specs/etl/` | one file per source table: where it comes from, its types, its key |
| `specs/stars/` | the star schema: dimensions, facts, bridges, and how they belong together |
| `models/` | dbt models: generated from the specs, and yours to edit |
| `macros/`, `tests/data_tests/generic/` | what the models and their tests need |

    databank validate    # check the specs
    databank generate    # write the models after a spec changed
    databank run         # load what is new, build and test what it changes
    dbt build            # build and test everything, without the control plane
"""


def project_name(folder: str) -> str:
    """The name of the dbt project in a folder of this name."""
    name = naming.snake_case(folder)[: naming.MAX_TABLE_NAME].strip("_")
    return name if name[:1].isalpha() else f"project_{name}".strip("_")


def write_project(folder: Path, title: str, target: str) -> None:
    """Write a project without specs into an empty folder.

    Args:
        folder: where to.
        title: what the project is called; its slug names the dbt project and its profile.
        target: the target that is used where nobody names one.
    """
    name = project_name(title)
    texts = {
        "dbt_project.yml": _DBT_PROJECT.format(name=name),
        "profiles.yml": _PROFILES.format(name=name, target=target),
        ".gitignore": _IGNORED,
        "README.md": _README.format(title=title),
    }
    carried = files("controlplane.scaffold")
    for macro in MACROS:
        text = carried.joinpath("macros", f"{macro}.sql").read_text(encoding="utf-8")
        texts[f"macros/{macro}.sql"] = text
    for test in TESTS:
        text = carried.joinpath("generic_tests", f"{test}.sql").read_text(encoding="utf-8")
        texts[f"tests/data_tests/generic/{test}.sql"] = text
    for path, text in texts.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    for path in ("specs/etl", "specs/stars", "seeds", *(f"models/{layer}" for layer in LAYERS)):
        (folder / path).mkdir(parents=True, exist_ok=True)
