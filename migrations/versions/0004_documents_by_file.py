"""Documents: what one is called stands for each file by itself, so that no file hears another's name for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Brings the tables to this revision. What no file names yet must be sent again; its content stays in the store."""
    connection = op.get_bind()
    stored_at = sa.column("stored_at", sa.DateTime(timezone=True))
    old = sa.table("document", *map(sa.column, ("sha256", "filename", "media_type", "size")), stored_at)
    of_file = sa.table("file_document", sa.column("reference"), sa.column("sha256"))
    named = sa.select(of_file.c.reference, *old.c).join_from(of_file, old, of_file.c.sha256 == old.c.sha256).distinct()
    rows = connection.execute(named).mappings().all()

    op.drop_table("document")
    new = op.create_table(
        "document",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("reference", "sha256", name=op.f("pk_document")),
    )
    if rows:
        connection.execute(sa.insert(new), [dict(row) for row in rows])


def downgrade() -> None:
    """Releases go forward only: a register is taken back from a copy of it."""
    raise NotImplementedError("Restore the copy of the register from before the upgrade.")
