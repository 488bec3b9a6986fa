"""The command line: one module per command, imported when the command is called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

import click

# Name to module:attribute and one line of help, which stands here so that `databank --help` imports
# no command.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "init": ("init:init", "Make a new project; with a source, draft its specs and star schema."),
    "discover": ("discover:discover", "Find out what unknown data are, and how sure that is."),
    "validate": ("validate:validate", "Check every spec, and say everything that is wrong."),
    "schema": ("schema:schema", "Print the JSON Schema of a kind of spec, for editors."),
    "etl": ("etl:etl", "List, show, create and delete ETL processes."),
    "warehouse": ("warehouse:warehouse", "List, show, create and delete warehouses."),
    "pipeline": ("pipeline:pipeline", "List, show, create and delete pipelines."),
    "model": ("model:model", "Change names, relations and hierarchies in the specs."),
    "generate": ("generate:generate", "Write the dbt models of the specs."),
    "ingest": ("ingest:ingest", "Load the sources of ETL processes into raw tables."),
    "run": ("run:run", "Load, build and validate as one tracked job."),
    "plan": ("plan:plan", "Say what a run would do, and why."),
    "job": ("job:job", "List, show, cancel and retry executions."),
    "schedule": ("schedule:schedule", "Run the processes that are due; list what comes next."),
    "rejects": ("rejects:rejects", "Say which records loads could not read; read them again."),
    "quarantine": (
        "quarantine:quarantine",
        "Say which records did not pass, and why; judge them again.",
    ),
    "quality": ("quality:quality", "Validate batches and tables; say how their scores went."),
    "lineage": ("lineage:lineage", "Say where tables and columns come from, and what uses them."),
    "demo": ("demo:demo", "Write the data of the reference warehouse's source systems."),
    "docs": ("docs:docs", "Write and open the dbt docs site."),
}


class LazyGroup(click.Group):
    """A group that knows its commands' names and help, and imports one only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The commands in the order of a day's work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command with this name, imported now; None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        module_name, _, attribute = COMMANDS[cmd_name][0].partition(":")
        module = importlib.import_module(f"controlplane.cli.{module_name}")
        command: click.Command = getattr(module, attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write names and help without importing the commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "DATABANK",
        "max_content_width": 100,
    },
    epilog="Example: databank run",
)
@click.version_option(package_name="databank", prog_name="databank")
def databank() -> None:
    """A medallion warehouse you own as a dbt project: feed it, generate it, run it, watch it."""
