"""How migrations reach the register: on a connection they are given, or by SCR_REGISTER_URL or `-x url=`."""

from __future__ import annotations

import os
from typing import Literal

from alembic import context
from alembic.util import CommandError
from sqlalchemy import Connection, TypeDecorator

from models.tables import access as register_access  # noqa: F401  its tables belong to the register as well
from models.tables.register import Row
from register.engine import migrate_with, register_url

_LOCK = 7_205_816_394
"""PostgreSQL's advisory lock that one migration at a time holds. Any number, always the same."""


def migrate(connection: Connection) -> None:
    """Runs what was asked for, in the connection's transaction."""
    on_sqlite = connection.dialect.name == "sqlite"
    if not on_sqlite:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    # SQLite alters a table by copying it, hence batches. Its transactions hold, though alembic would not
    # trust them: all of a migration is kept, or nothing.
    context.configure(
        connection=connection,
        target_metadata=Row.metadata,
        render_as_batch=True,
        transactional_ddl=True,
        render_item=_plainly,
    )
    with context.begin_transaction():
        context.run_migrations()
    if on_sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
        raise CommandError(f"The migration left {len(broken)} rows without the row they hang from.")


def _plainly(kind: str, item: object, _: object) -> str | Literal[False]:
    """A migration names the database's types alone, as it must still run when ours have gone."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl!r}"
    return False


def migrate_by_address() -> None:
    """As above, for the ``alembic`` command."""
    address = context.get_x_argument(as_dictionary=True).get("url") or os.environ.get("SCR_REGISTER_URL")
    if not address:
        raise CommandError("Which register? Set SCR_REGISTER_URL, or give: alembic -x url=sqlite:///register.db …")
    try:
        url = register_url(address)
    except ValueError as error:
        raise CommandError(str(error)) from None
    migrate_with(url, migrate)


if context.is_offline_mode():
    raise CommandError("Migrations need the register itself: leave out --sql.")
if (given := context.config.attributes.get("connection")) is not None:
    migrate(given)
else:
    migrate_by_address()
