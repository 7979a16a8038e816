"""Brings the register's tables up to this release's, and says plainly when they cannot be."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from pathlib import Path

from sqlalchemy import URL, Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from .engine import Register, migrate_with, register_url
from .sqlite_file import SqliteFile
from .unavailable import reason_of, translate_outages

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"

_MIGRATION_PATIENCE = 60.0
"""Seconds to wait while another process migrates."""

_ONE_AT_A_TIME = threading.Lock()
"""Alembic keeps what it is doing in globals: in one process only one migration can be under way."""


class SchemaError(Exception):
    """The register's tables are not this release's. Its text says what they are and what to do."""


async def migrate(url: str) -> None:
    """Upgrades the register at ``url`` to this release's tables, in one transaction: all of it, or nothing.

    A folder that is missing for SQLite's file is made.

    Run it at every start: where there is nothing to do, it does nothing. Two at once wait for each other.

    Raises:
        SchemaError: the register was made by a newer release, or has tables that no migration of ours made.
        RegisterUnavailable: the database cannot be reached.
        ValueError: the address is neither SQLite's nor PostgreSQL's.
    """
    address = register_url(url)
    await asyncio.to_thread(_migrate, address)


async def check_schema(register: Register) -> None:
    """Checks, changing nothing, that a register has this release's tables.

    Raises:
        SchemaError: it has none, older ones, or those of a newer release.
        RegisterUnavailable: it did not answer.
    """
    await register.read(lambda connection: connection.run_sync(_check))


def _migrate(url: URL) -> None:
    file = SqliteFile(url, create=True).path if url.get_backend_name() == "sqlite" else None
    if file is not None:
        # If it cannot be made, opening the file says so, as for any register that cannot be reached.
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            file.touch(mode=0o600)  # for the owner alone, whoever may look into its folder
    with _ONE_AT_A_TIME, translate_outages(url):
        migrate_with(url, _upgrade, _MIGRATION_PATIENCE)


def _upgrade(connection: Connection) -> None:
    # Here and not above: nobody but who migrates waits for it to load, which takes a tenth of a second.
    from alembic import command
    from alembic.config import Config

    _known(connection)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        raise SchemaError(
            f"The register's tables could not be brought up to this release: {reason_of(error)}. Nothing was "
            "changed. If something else made tables in this database, give the register one of its own."
        ) from error


def _check(connection: Connection) -> None:
    stored, head = _known(connection)
    if stored is None:
        raise SchemaError("The register has no tables yet: run `starter.py migrate`.")
    if stored != head:
        raise SchemaError(
            f"The register's tables are at {stored}; this release needs {head}: run `starter.py migrate`."
        )


def _known(connection: Connection) -> tuple[str | None, str]:
    """The revision that the register has and the one that this release needs: the latest of those in its folder."""
    revisions = sorted(path.stem.partition("_")[0] for path in (MIGRATIONS / "versions").glob("*.py"))
    stored = None
    if inspect(connection).has_table("alembic_version"):
        stored = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if stored is not None and stored not in revisions:
        raise SchemaError(
            f"The register's tables were made by a newer release: they are at {stored}, which this one does "
            "not know. Run that release or a later one; releases go forward only."
        )
    return stored, revisions[-1]
