"""The register's tables: what pages, lists and statistics read, and what the board keeps beside the files.

Two kinds of tables. A *projection* of the files (``case_file`` and what hangs from it) has the columns of
the plain rows in :mod:`models.projection`, name for name; a file can always be written again from its
workflow. The rest is kept here alone: claimed references, deliveries, the directory with its changes,
extra holidays, documents, the archive. These name a file by its reference without a foreign key: a letter must not
wait until the register has caught up with its file.

Nothing here validates: rows are made from plain models that did.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    text,
)
from sqlmodel import Field, SQLModel


class Instant(TypeDecorator[datetime]):
    """An instant, in UTC on the way in and out. SQLite keeps no zone and would give a naive one back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuses an instant without a zone: nobody could say which instant it is."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without a time zone: give it one, UTC by preference")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The instant, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(TypeDecorator[str]):
    """Text of any length. What a database cannot keep in text becomes U+FFFD.

    People and other systems may send U+0000 and lone surrogates inside JSON. A step is kept as it was sent,
    in its JSON, which can hold both; a column of text cannot, and such a file would never reach the register.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """The text, with what cannot be kept replaced."""
        return None if value is None else storable(value)


def storable(text: str) -> str:
    """A text as a column of the register keeps it."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\ufffd")


class Row(SQLModel):
    """A table of the register. Every constraint has a name, so that a migration can speak of it."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )
    __table__: ClassVar[Table]


def words_column(*, key: bool = False, optional: bool = False, references: ForeignKey | None = None) -> Any:
    """A column of text."""
    return Field(sa_type=Words, primary_key=key, nullable=optional, sa_column_args=[references] if references else [])


def instant_column(*, optional: bool = False) -> Any:
    """A column of instants."""
    return Field(sa_type=Instant, nullable=optional)


def json_column(*, optional: bool = False) -> Any:
    """A column of JSON."""
    # JSON and not JSONB: bodies are kept as they were sent, in their order, U+0000 included.
    return Field(sa_type=JSON(none_as_null=True), nullable=optional)


def _of_file() -> Any:
    return words_column(key=True, references=ForeignKey("case_file.reference", ondelete="CASCADE"))


# --- The projection of the files ---


class StoredFile(Row, table=True):
    """A file at one revision: :class:`models.projection.Projection` without its rows."""

    __tablename__ = "case_file"
    __table_args__ = (
        Index(None, "next_due", "reference"),
        Index(None, "stage", "next_due"),
        Index(None, "kind", "opened_on"),
        Index(None, "overdue", "next_due"),
        Index(None, "opened_on"),
        Index(None, "decided_on"),
        Index(None, "reference", "stage", "kind"),
    )

    reference: str = words_column(key=True)
    revision: int
    regime: str = words_column()
    rulebook: str = words_column()
    kind: str = words_column()
    stage: str = words_column()
    opened_on: date
    notified_on: date | None
    closed_on: date | None
    next_due: date | None
    overdue: int
    finding: str = words_column()
    decision: str = words_column()
    decided_on: date | None
    initiated_on: date | None
    completed_on: date | None
    published_on: date | None
    held: dict[str, Any] = json_column()
    """What hangs from the file: how many entries and events and which is the last, and a digest of each other list."""


class StoredEntry(Row, table=True):
    """One step or fact of a file's record, at its position."""

    __tablename__ = "entry"

    reference: str = _of_file()
    position: int = Field(primary_key=True)
    name: str = words_column()
    body: dict[str, Any] = json_column()
    id: str = words_column()
    source: str = words_column()
    recorded_at: datetime = instant_column()
    envelope: dict[str, Any] = json_column()
    payload_metadata: dict[str, Any] = json_column()


class StoredEvent(Row, table=True):
    """One line of a file's timeline, at its position."""

    __tablename__ = "timeline_event"

    reference: str = _of_file()
    position: int = Field(primary_key=True)
    at: datetime = instant_column()
    what: str = words_column()
    fields: dict[str, Any] = json_column()


_OPEN = text("met_on IS NULL")


class StoredDeadline(Row, table=True):
    """A deadline of a file, as it stands."""

    __tablename__ = "deadline"
    __table_args__ = (
        Index(None, "status", "due"),
        # The work list: of all deadlines those that are open, by their day, and counted by file.
        *(
            Index(name, *columns, sqlite_where=_OPEN, postgresql_where=_OPEN)
            for name, columns in (
                ("ix_deadline_open_due", ("due", "reference", "key", "period", "responsible")),
                ("ix_deadline_open_file", ("reference", "responsible", "due", "period")),
            )
        ),
    )

    reference: str = _of_file()
    key: str = words_column(key=True)
    position: int
    clock: str = words_column()
    rule: str = words_column()
    title: str = words_column()
    basis: str = words_column()
    responsible: str = words_column()
    due: date
    original_due: date
    counted: str = words_column()
    status: str = words_column()
    met_on: date | None
    period: bool


class StoredNotice(Row, table=True):
    """A notice of a file and what became of it."""

    __tablename__ = "notice"
    __table_args__ = (Index(None, "status"),)

    reference: str = _of_file()
    key: str = words_column(key=True)
    number: int = Field(primary_key=True)
    position: int
    rule: str = words_column()
    title: str = words_column()
    recipient: str = words_column()
    status: str = words_column()
    accepted_on: date | None
    message_id: str = words_column()


class StoredAction(Row, table=True):
    """An action of a review's plan."""

    __tablename__ = "action"
    __table_args__ = (Index(None, "owner", "due"), Index(None, "due"))

    reference: str = _of_file()
    id: str = words_column(key=True)
    position: int
    text: str = words_column()
    owner: str = words_column()
    status: str = words_column()
    due: date | None
    done_on: date | None
    impact: str = words_column()


class StoredInvolvement(Row, table=True):
    """An organisation involved in a case."""

    __tablename__ = "involved_organisation"
    __table_args__ = (Index(None, "id"),)

    reference: str = _of_file()
    id: str = words_column(key=True)
    position: int
    name: str = words_column()
    representative: str = words_column()


class StoredFileDocument(Row, table=True):
    """A document that a file names. It may be named before the store has it, so there is no key to it."""

    __tablename__ = "file_document"
    __table_args__ = (Index(None, "sha256"),)

    reference: str = _of_file()
    sha256: str = words_column(key=True)
    kind: str = words_column(key=True)
    step_id: str = words_column(key=True)
    position: int


# --- What the register alone keeps ---


class StoredBehind(Row, table=True):
    """A file that could not be written up to a revision: what the projection shows of it is not so, or not all."""

    __tablename__ = "register_behind"

    reference: str = words_column(key=True)
    revision: int
    ahead: bool
    """Whether the register has steps that the file does not have."""
    since: datetime = instant_column()
    reason: str = words_column()


class StoredWriteCheck(Row, table=True):
    """When a write was last tried for nothing but to see that the register takes one: one row."""

    __tablename__ = "write_check"

    id: int = Field(primary_key=True)
    at: datetime = instant_column()


class StoredClaim(Row, table=True):
    """A reference that an opening has claimed. If it is ``PREFIX-YEAR-NUMBER``, these are there too."""

    __tablename__ = "reference_claim"
    __table_args__ = (Index(None, "prefix", "year", "number"), Index(None, "opening"))

    reference: str = words_column(key=True)
    opening: str = words_column()
    prefix: str | None = words_column(optional=True)
    year: int | None
    number: int | None
    claimed_at: datetime = instant_column()
    begun_at: datetime | None = instant_column(optional=True)
    """When Temporal had taken the file's first run: from then on it is never begun again from nothing."""


class StoredArchive(Row, table=True):
    """A closed file: its whole case and its workflow's history, compressed. Once for each time it closed."""

    __tablename__ = "archive"

    reference: str = words_column(key=True)
    revision: int = Field(primary_key=True)
    case: bytes = Field(sa_type=LargeBinary)
    history: bytes | None = Field(sa_type=LargeBinary, nullable=True)
    closed_at: datetime = instant_column()


class StoredDelivery(Row, table=True):
    """One letter in the ledger. ``status`` is ``sending``, ``waiting``, ``accepted`` or ``refused``."""

    __tablename__ = "delivery"
    __table_args__ = (Index(None, "status", "updated_at"),)

    reference: str = words_column(key=True)
    notice_key: str = words_column(key=True)
    number: int = Field(primary_key=True)
    recipient: str = words_column()
    address: str = words_column()
    message_id: str = words_column()
    status: str = words_column()
    attempts: int
    holder: str = words_column()
    held_until: datetime = instant_column()
    words: str = words_column()
    operations_must_act: bool
    claimed_at: datetime = instant_column()
    updated_at: datetime = instant_column()


class StoredBoard(Row, table=True):
    """The board that the directory belongs to: one row. ``revision`` counts the directory's replacements."""

    __tablename__ = "board"

    id: int = Field(primary_key=True)
    name: str = words_column()
    revision: int


class StoredOrganisation(Row, table=True):
    """A partner of the board."""

    __tablename__ = "organisation"

    id: str = words_column(key=True)
    position: int
    name: str = words_column()


class StoredPerson(Row, table=True):
    """Someone, or an office, that mail can be sent to."""

    __tablename__ = "person"

    id: str = words_column(key=True)
    position: int
    name: str = words_column()
    email: str = words_column()


class StoredAppointment(Row, table=True):
    """A person in a role, from a day until a day, both included."""

    __tablename__ = "appointment"
    __table_args__ = (
        ForeignKeyConstraint(["person"], ["person.id"]),
        ForeignKeyConstraint(["organisation"], ["organisation.id"]),
    )

    position: int = Field(primary_key=True)
    role: str = words_column()
    person: str = words_column()
    organisation: str | None = words_column(optional=True)
    since: date
    until: date | None


class StoredActing(Row, table=True):
    """Someone who acts for the holder of a role, from a day until a day, both included."""

    __tablename__ = "acting"
    __table_args__ = (ForeignKeyConstraint(["person"], ["person.id"]),)

    position: int = Field(primary_key=True)
    role: str = words_column()
    person: str = words_column()
    since: date
    until: date


class StoredExtraHoliday(Row, table=True):
    """A one-off bank holiday that the calendar does not know. One that was removed stays, and counts no more."""

    __tablename__ = "extra_holiday"
    __table_args__ = (
        Index(
            "ix_extra_holiday_in_force",
            "day",
            unique=True,
            sqlite_where=text("removed_at IS NULL"),
            postgresql_where=text("removed_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    day: date
    name: str = words_column()
    added_at: datetime = instant_column()
    added_by: str = words_column()
    removed_at: datetime | None = instant_column(optional=True)
    removed_by: str | None = words_column(optional=True)


class StoredDirectoryChange(Row, table=True):
    """One change of the directory: what it was, what it became, when, and by whom."""

    __tablename__ = "directory_change"

    revision: int = Field(primary_key=True)
    number: int = Field(primary_key=True)
    at: datetime = instant_column()
    changed_by: str = words_column()
    what: str = words_column()
    was: dict[str, Any] | None = json_column(optional=True)
    became: dict[str, Any] | None = json_column(optional=True)


class StoredDocument(Row, table=True):
    """What a document in the store is called on a file. The folder has each content once, whoever sent it."""

    __tablename__ = "document"

    reference: str = words_column(key=True)
    sha256: str = words_column(key=True)
    filename: str = words_column()
    media_type: str = words_column()
    size: int
    stored_at: datetime = instant_column()
