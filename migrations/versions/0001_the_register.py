"""The register."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Brings the tables to this revision."""
    op.create_table(
        "archive",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("case", sa.LargeBinary(), nullable=False),
        sa.Column("history", sa.LargeBinary(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("reference", "revision", name=op.f("pk_archive")),
    )
    op.create_table(
        "board",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board")),
    )
    op.create_table(
        "case_file",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("regime", sa.Text(), nullable=False),
        sa.Column("rulebook", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("notified_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("next_due", sa.Date(), nullable=True),
        sa.Column("overdue", sa.Integer(), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("initiated_on", sa.Date(), nullable=True),
        sa.Column("completed_on", sa.Date(), nullable=True),
        sa.Column("published_on", sa.Date(), nullable=True),
        sa.Column("held", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_case_file")),
    )
    with op.batch_alter_table("case_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_file_decided_on"), ["decided_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_file_kind_opened_on"), ["kind", "opened_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_file_next_due_reference"), ["next_due", "reference"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_file_opened_on"), ["opened_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_file_overdue_next_due"), ["overdue", "next_due"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_file_stage_next_due"), ["stage", "next_due"], unique=False)

    op.create_table(
        "delivery",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("notice_key", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("operations_must_act", sa.Boolean(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("reference", "notice_key", "number", name=op.f("pk_delivery")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_status_updated_at"), ["status", "updated_at"], unique=False)

    op.create_table(
        "directory_change",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("was", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("became", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("revision", "number", name=op.f("pk_directory_change")),
    )
    op.create_table(
        "document",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_document")),
    )
    op.create_table(
        "organisation",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_table(
        "reference_claim",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("opening", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=True),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_reference_claim")),
    )
    with op.batch_alter_table("reference_claim", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reference_claim_opening"), ["opening"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_reference_claim_prefix_year_number"), ["prefix", "year", "number"], unique=False
        )

    op.create_table(
        "acting",
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_acting_person")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_acting")),
    )
    op.create_table(
        "action",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("impact", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reference"], ["case_file.reference"], name=op.f("fk_action_reference"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("reference", "id", name=op.f("pk_action")),
    )
    with op.batch_alter_table("action", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_action_due"), ["due"], unique=False)
        batch_op.create_index(batch_op.f("ix_action_owner_due"), ["owner", "due"], unique=False)

    op.create_table(
        "appointment",
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["organisation"], ["organisation.id"], name=op.f("fk_appointment_organisation")),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_appointment_person")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_appointment")),
    )
    op.create_table(
        "deadline",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("clock", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("responsible", sa.Text(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("original_due", sa.Date(), nullable=False),
        sa.Column("counted", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("met_on", sa.Date(), nullable=True),
        sa.Column("period", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reference"], ["case_file.reference"], name=op.f("fk_deadline_reference"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("reference", "key", name=op.f("pk_deadline")),
    )
    with op.batch_alter_table("deadline", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deadline_due_clock"), ["due", "clock"], unique=False)
        batch_op.create_index(batch_op.f("ix_deadline_status_due"), ["status", "due"], unique=False)

    op.create_table(
        "entry",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("envelope", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("payload_metadata", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["reference"], ["case_file.reference"], name=op.f("fk_entry_reference"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("reference", "position", name=op.f("pk_entry")),
    )
    op.create_table(
        "file_document",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("step_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reference"],
            ["case_file.reference"],
            name=op.f("fk_file_document_reference"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("reference", "sha256", "kind", "step_id", name=op.f("pk_file_document")),
    )
    with op.batch_alter_table("file_document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_file_document_sha256"), ["sha256"], unique=False)

    op.create_table(
        "involved_organisation",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("representative", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reference"],
            ["case_file.reference"],
            name=op.f("fk_involved_organisation_reference"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("reference", "id", name=op.f("pk_involved_organisation")),
    )
    with op.batch_alter_table("involved_organisation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_involved_organisation_id"), ["id"], unique=False)

    op.create_table(
        "notice",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("accepted_on", sa.Date(), nullable=True),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reference"], ["case_file.reference"], name=op.f("fk_notice_reference"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("reference", "key", "number", name=op.f("pk_notice")),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_status"), ["status"], unique=False)

    op.create_table(
        "timeline_event",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("fields", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["reference"],
            ["case_file.reference"],
            name=op.f("fk_timeline_event_reference"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("reference", "position", name=op.f("pk_timeline_event")),
    )


def downgrade() -> None:
    """Releases go forward only: a register is taken back from a copy of it."""
    raise NotImplementedError("Restore the copy of the register from before the upgrade.")
