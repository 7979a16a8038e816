"""One-off bank holidays that the calendar does not know."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.tables.register import Instant, Words

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Brings the tables to this revision."""
    op.create_table(
        "extra_holiday",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("added_at", Instant(timezone=True), nullable=False),
        sa.Column("added_by", Words(), nullable=False),
        sa.Column("removed_at", Instant(timezone=True), nullable=True),
        sa.Column("removed_by", Words(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extra_holiday")),
    )
    with op.batch_alter_table("extra_holiday", schema=None) as batch_op:
        in_force = sa.text("removed_at IS NULL")
        batch_op.create_index(
            "ix_extra_holiday_in_force", ["day"], unique=True, sqlite_where=in_force, postgresql_where=in_force
        )


def downgrade() -> None:
    """Releases go forward only: a register is taken back from a copy of it."""
    raise NotImplementedError("Restore the copy of the register from before the upgrade.")
