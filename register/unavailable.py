"""When the register counts as away, and why, in words for operations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from asyncpg import PostgresError
from sqlalchemy import URL
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoConnectionInTimeError

_MISSING = {"42P01", "42703"}
"""PostgreSQL's codes for a table and a column that are not there."""

_MISTAKES = {"0A", "21", "22", "23", "42"}
"""How its codes begin when a statement or a value is wrong. SQLAlchemy has no class for some of them."""


class RegisterUnavailable(Exception):
    """The register did not answer in time, or cannot: try again later. What was asked may have been done.

    Arguments:
        reason: why, in one line for operations, without the password and without anything of a file.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@contextmanager
def translate_outages(url: URL) -> Iterator[None]:
    """Turns what drivers raise when a database is away into :class:`RegisterUnavailable`. Our mistakes stay."""
    try:
        yield
    except (DBAPIError, NoConnectionInTimeError, PostgresError, OSError, TimeoutError) as error:
        if (words := _why(error)) is None:
            raise
        raise RegisterUnavailable(f"The register at {shown(url)} is away: {words}") from error


def reason_of(error: Exception) -> str:
    """What the database said, in one line."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return str(cause).partition("\n")[0].rpartition(">: ")[2] or type(cause).__name__


def shown(url: URL) -> str:
    """An address as it may be shown, without its password."""
    return url.render_as_string(hide_password=True)


def _why(error: Exception) -> str | None:
    """Why this error means that the register is away; None when it means a mistake of ours."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    words = reason_of(error)
    code: str = getattr(cause, "sqlstate", None) or ""
    if code in _MISSING or words.startswith(("no such table", "no such column")):
        return f"{words}. Its tables are missing or older than this release: run `starter.py migrate`."
    ours = isinstance(error, IntegrityError | DataError | ProgrammingError | NotSupportedError)
    return None if ours or code[:2] in _MISTAKES else words
