"""Which files the register is behind with, and a row that is written to see that it takes writes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Brings the tables to this revision."""
    op.create_table(
        "register_behind",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("ahead", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_register_behind")),
    )
    op.create_table(
        "write_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_write_check")),
    )


def downgrade() -> None:
    """Releases go forward only: a register is taken back from a copy of it."""
    raise NotImplementedError("Restore the copy of the register from before the upgrade.")
