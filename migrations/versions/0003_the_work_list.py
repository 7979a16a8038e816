"""The work list: indexes of what is open alone, by its day and by its file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Brings the tables to this revision."""
    still = {"sqlite_where": sa.text("met_on IS NULL"), "postgresql_where": sa.text("met_on IS NULL")}
    with op.batch_alter_table("deadline", schema=None) as batch_op:
        due = ["due", "reference", "key", "period", "responsible"]
        batch_op.create_index("ix_deadline_open_due", due, unique=False, **still)
        file = ["reference", "responsible", "due", "period"]
        batch_op.create_index("ix_deadline_open_file", file, unique=False, **still)
    with op.batch_alter_table("case_file", schema=None) as batch_op:
        name = batch_op.f("ix_case_file_reference_stage_kind")
        batch_op.create_index(name, ["reference", "stage", "kind"], unique=False)


def downgrade() -> None:
    """Releases go forward only: a register is taken back from a copy of it."""
    raise NotImplementedError("Restore the copy of the register from before the upgrade.")
