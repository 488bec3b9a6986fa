"""Jobs with their attempts, batches and node results; node states; claims of due times."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "databank_jobs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True)),
        sa.Column("host", sa.Text()),
        sa.Column("pid", sa.Integer()),
        sa.Column("process_start", sa.Text()),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("records_read", sa.BigInteger(), nullable=False),
        sa.Column("records_loaded", sa.BigInteger(), nullable=False),
        sa.Column("records_rejected", sa.BigInteger(), nullable=False),
        sa.Column("records_written", sa.BigInteger(), nullable=False),
        sa.Column("result", sa.JSON()),
        sa.Column("error", sa.Text()),
        sa.Column("error_path", sa.Text()),
        sa.Column("scheduled_for", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_databank_jobs"),
    )
    op.create_index(
        "ix_databank_jobs_project_created_at", "databank_jobs", ["project", "created_at"]
    )
    op.create_index("ix_databank_jobs_status", "databank_jobs", ["status"])
    op.create_table(
        "databank_attempts",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("target_path", sa.Text()),
        sa.Column("error", sa.Text()),
        sa.ForeignKeyConstraint(
            ["job_id"], ["databank_jobs.id"], name="fk_databank_attempts_job_id"
        ),
        sa.PrimaryKeyConstraint("job_id", "number", name="pk_databank_attempts"),
    )
    op.create_table(
        "databank_job_batches",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("batch_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("rows_read", sa.BigInteger(), nullable=False),
        sa.Column("rows_loaded", sa.BigInteger(), nullable=False),
        sa.Column("rows_rejected", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["databank_jobs.id"], name="fk_databank_job_batches_job_id"
        ),
        sa.PrimaryKeyConstraint("job_id", "attempt", "batch_id", name="pk_databank_job_batches"),
    )
    op.create_table(
        "databank_node_results",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("unique_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("resource_type", sa.Text(), nullable=False),
        sa.Column("layer", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Float()),
        sa.Column("rows", sa.BigInteger()),
        sa.Column("message", sa.Text()),
        sa.Column("compiled_path", sa.Text()),
        sa.ForeignKeyConstraint(
            ["job_id"], ["databank_jobs.id"], name="fk_databank_node_results_job_id"
        ),
        sa.PrimaryKeyConstraint("job_id", "attempt", "unique_id", name="pk_databank_node_results"),
    )
    op.create_table(
        "databank_node_states",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("unique_id", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.JSON(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("message", sa.Text()),
        sa.Column("job_id", sa.Text()),
        sa.Column("built_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("target", "unique_id", name="pk_databank_node_states"),
    )
    op.create_table(
        "databank_schedule_claims",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("job_id", sa.Text()),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["databank_jobs.id"], name="fk_databank_schedule_claims_job_id"
        ),
        sa.PrimaryKeyConstraint("project", "process", "due_at", name="pk_databank_schedule_claims"),
    )
