"""The register's tables about the pages' users: accounts, sessions, kept forms, restrictions, and what was looked at.

Secrets are kept as digests alone: whoever reads the register cannot sign in with what it says.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlmodel import Field

from .register import Row, instant_column, json_column, words_column


def _of_account() -> Any:
    return words_column(references=ForeignKey("account.id", ondelete="CASCADE"))


class StoredAccount(Row, table=True):
    """Somebody who may sign in. ``roles`` are words of the table in ``web/request/roles.py``.

    ``password`` is an argon2id hash, empty until one is chosen; ``subject`` is the identity provider's name for them.
    """

    __tablename__ = "account"
    __table_args__ = (Index(None, "email", unique=True), Index(None, "feed", unique=True))

    id: str = words_column(key=True)
    name: str = words_column()
    email: str = words_column()
    roles: list[str] = json_column()
    organisation: str = words_column()
    """The directory's id of the organisation they speak for; empty when none."""
    person: str = words_column()
    """The directory's id of the same person; empty when they are not in it."""
    password: str = words_column()
    subject: str | None = words_column(optional=True)
    feed: str | None = words_column(optional=True)
    """The digest of the secret in their calendar's address."""
    active: bool
    changed_at: datetime = instant_column()


class StoredAccountChange(Row, table=True):
    """One change of an account: what changed, when, and by whom. Never a secret."""

    __tablename__ = "account_change"
    __table_args__ = (Index(None, "account", "at"),)

    number: int | None = Field(default=None, primary_key=True)
    account: str = words_column()
    at: datetime = instant_column()
    changed_by: str = words_column()
    what: str = words_column()


class StoredInvitation(Row, table=True):
    """A one-time link to choose a password, by the digest of its secret."""

    __tablename__ = "invitation"

    digest: str = words_column(key=True)
    account: str = _of_account()
    expires_at: datetime = instant_column()


class StoredSession(Row, table=True):
    """A session, by the digest of its secret. It is over at ``ends_at``, and when it was not used until ``idle_at``."""

    __tablename__ = "session"
    __table_args__ = (Index(None, "account"), Index(None, "ends_at"))

    digest: str = words_column(key=True)
    account: str = _of_account()
    csrf: str = words_column()
    began_at: datetime = instant_column()
    idle_at: datetime = instant_column()
    ends_at: datetime = instant_column()
    over: bool
    """Ended early: signed out, or the account's roles changed."""


class StoredKeptForm(Row, table=True):
    """What somebody typed into a form that could not be taken: nothing typed is lost with a session or a server."""

    __tablename__ = "kept_form"

    account: str = words_column(key=True, references=ForeignKey("account.id", ondelete="CASCADE"))
    page: str = words_column(key=True)
    """The form's own address, without a query."""
    values: dict[str, Any] = json_column()
    kept_at: datetime = instant_column()


class StoredRestriction(Row, table=True):
    """A file that only named people may read: one row a person."""

    __tablename__ = "restriction"
    __table_args__ = (Index(None, "account"),)

    reference: str = words_column(key=True)
    account: str = words_column(key=True)
    since: datetime = instant_column()
    by: str = words_column()


class StoredAccess(Row, table=True):
    """The audit of the pages: who looked at or took away what. Rows are only ever added."""

    __tablename__ = "access"
    __table_args__ = (Index(None, "reference", "at"), Index(None, "account", "at"))

    number: int | None = Field(default=None, primary_key=True)
    at: datetime = instant_column()
    account: str = words_column()
    reference: str = words_column()
    what: str = words_column()
