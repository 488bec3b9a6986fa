"""Scores of batches and tables, and what broke which rule."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "databank_quality_results",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text()),
        sa.Column("source", sa.Text()),
        sa.Column("loaded_at", sa.DateTime(timezone=True)),
        sa.Column("validated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column("filtered", sa.BigInteger(), nullable=False),
        sa.Column("unreadable", sa.BigInteger(), nullable=False),
        sa.Column("bad", sa.BigInteger(), nullable=False),
        sa.Column("sample_size", sa.BigInteger()),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("overall_score", sa.Float()),
        sa.Column("field_scores", sa.JSON(), nullable=False),
        sa.Column("dimensions", sa.JSON(), nullable=False),
        sa.Column("checks", sa.JSON(), nullable=False),
        sa.Column("recommendations", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_databank_quality_results"),
    )
    op.create_index(
        "ix_databank_quality_results_subject",
        "databank_quality_results",
        ["project", "target", "subject", "batch_id"],
    )
    op.create_table(
        "databank_quality_violations",
        sa.Column("result_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("field", sa.Text()),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column("percent", sa.Float(), nullable=False),
        sa.Column("samples", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["result_id"],
            ["databank_quality_results.id"],
            name="fk_databank_quality_violations_result_id",
        ),
        sa.PrimaryKeyConstraint("result_id", "position", name="pk_databank_quality_violations"),
    )
