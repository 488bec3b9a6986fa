"""The tables of the state store, the same on SQLite and PostgreSQL.

A change here needs a migration in `migrations/versions` and its number at the end of `REVISIONS`; a
test compares the two. The prefix keeps the tables apart from others in a shared database.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
)

# Every schema version, oldest first; stands here so that an up-to-date store is opened without
# importing Alembic.
REVISIONS = ("0001", "0002")
VERSION_TABLE = "databank_alembic_version"


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time; SQLite keeps no time zone, so it is taken off and put back here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The time as UTC; a time without a zone is a mistake of the caller."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a time zone: {value!r}")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002
    ) -> datetime | None:
        """The time as aware UTC, whatever zone the session has."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

jobs = Table(
    "databank_jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("project", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("params", JSON, nullable=False),
    Column("status", Text, nullable=False),
    # Counts the tries started. A process that writes names the try it belongs to, so one that was
    # taken for dead and comes back cannot overwrite its successor.
    Column("attempt", Integer, nullable=False),
    Column("progress", Integer, nullable=False),
    Column("message", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("started_at", UtcTime),
    Column("finished_at", UtcTime),
    Column("heartbeat_at", UtcTime),
    Column("host", Text),
    Column("pid", Integer),
    Column("process_start", Text),
    Column("cancel_requested", Boolean, nullable=False),
    Column("records_read", BigInteger, nullable=False),
    Column("records_loaded", BigInteger, nullable=False),
    Column("records_rejected", BigInteger, nullable=False),
    Column("records_written", BigInteger, nullable=False),
    Column("result", JSON(none_as_null=True)),
    Column("error", Text),
    Column("error_path", Text),
    Column("scheduled_for", UtcTime),
    Index("ix_databank_jobs_project_created_at", "project", "created_at"),
    Index("ix_databank_jobs_status", "status"),
)

attempts = Table(
    "databank_attempts",
    metadata,
    Column("job_id", Text, ForeignKey("databank_jobs.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("status", Text, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    Column("target_path", Text),
    Column("error", Text),
)

batches = Table(
    "databank_job_batches",
    metadata,
    Column("job_id", Text, ForeignKey("databank_jobs.id"), primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("batch_id", BigInteger, primary_key=True, autoincrement=False),
    Column("process", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("rows_read", BigInteger, nullable=False),
    Column("rows_loaded", BigInteger, nullable=False),
    Column("rows_rejected", BigInteger, nullable=False),
)

node_results = Table(
    "databank_node_results",
    metadata,
    Column("job_id", Text, ForeignKey("databank_jobs.id"), primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("unique_id", Text, primary_key=True),
    # The order in which the results came, which is the order that a person wants to read.
    Column("position", Integer, nullable=False),
    Column("resource_type", Text, nullable=False),
    Column("layer", Text),
    Column("status", Text, nullable=False),
    Column("seconds", Float),
    Column("rows", BigInteger),
    Column("message", Text),
    Column("compiled_path", Text),
)

node_states = Table(
    "databank_node_states",
    metadata,
    Column("target", Text, primary_key=True),
    Column("unique_id", Text, primary_key=True),
    Column("fingerprint", JSON, nullable=False),
    Column("status", Text, nullable=False),
    Column("message", Text),
    Column("job_id", Text),
    Column("built_at", UtcTime, nullable=False),
)

schedule_claims = Table(
    "databank_schedule_claims",
    metadata,
    Column("project", Text, primary_key=True),
    Column("process", Text, primary_key=True),
    Column("due_at", UtcTime, primary_key=True),
    Column("job_id", Text, ForeignKey("databank_jobs.id")),
    Column("claimed_at", UtcTime, nullable=False),
    Column("claimed_by", Text, nullable=False),
)

quality_results = Table(
    "databank_quality_results",
    metadata,
    # A hash of what follows up to `rules`: validated again, a batch has no second result.
    Column("id", Text, primary_key=True),
    Column("project", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("batch_id", BigInteger, nullable=False),
    Column("rules", Text, nullable=False),
    Column("job_id", Text),
    Column("source", Text),
    Column("loaded_at", UtcTime),
    Column("validated_at", UtcTime, nullable=False),
    Column("records", BigInteger, nullable=False),
    Column("filtered", BigInteger, nullable=False),
    Column("unreadable", BigInteger, nullable=False),
    Column("bad", BigInteger, nullable=False),
    Column("sample_size", BigInteger),
    Column("decision", Text, nullable=False),
    Column("overall_score", Float),
    Column("field_scores", JSON, nullable=False),
    Column("dimensions", JSON, nullable=False),
    Column("checks", JSON, nullable=False),
    Column("recommendations", JSON, nullable=False),
    Index("ix_databank_quality_results_subject", "project", "target", "subject", "batch_id"),
)

quality_violations = Table(
    "databank_quality_violations",
    metadata,
    Column("result_id", Text, ForeignKey("databank_quality_results.id"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("rule", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("field", Text),
    Column("severity", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("records", BigInteger, nullable=False),
    Column("percent", Float, nullable=False),
    Column("samples", JSON, nullable=False),
)
