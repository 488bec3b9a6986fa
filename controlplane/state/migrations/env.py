"""Runs the migrations on the connection that the state store hands over."""

from __future__ import annotations

from typing import Any

from alembic import context

from controlplane.state.tables import VERSION_TABLE, metadata


def _ours(_item: Any, name: str | None, kind: str, *_: Any) -> bool:
    # A PostgreSQL database may hold much else.
    return kind != "table" or str(name).startswith("databank_")


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,  # SQLite cannot alter columns in place
    include_object=_ours,
)
with context.begin_transaction():
    context.run_migrations()
