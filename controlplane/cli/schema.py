"""`databank schema`: the JSON Schema of specs."""

from __future__ import annotations

import json

import click

from controlplane.cli.output import emit


@click.command(epilog="Example: databank schema etl > etl.schema.json")
@click.argument("kind", type=click.Choice(["etl", "warehouse", "pipeline", "star"]))
def schema(kind: str) -> None:
    """Print the JSON Schema of a kind of spec, for editors and other tools.

    Example: databank schema etl > etl.schema.json
    """
    from controlplane.specs.files import KINDS
    from controlplane.specs.schema import json_schema

    document = json_schema(next(known for known in KINDS if known.name == kind))
    # The schema is the answer, also for a program: it is printed as it is.
    emit(document, "text", lambda: json.dumps(document, indent=2, ensure_ascii=False))
