"""The secret that signs links in mails: set, or made once and kept beside the data."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from running.embedded.processes import own_folder
from running.settings import Settings, SettingsError

_FILE = "pages.secret"


def pages_secret(settings: Settings) -> bytes:
    """What links in mails are signed with, the same for pages and workers.

    Without a setting it is random, and kept in ``data_dir`` for nobody else to read.

    Raises:
        SettingsError: none is set, and none can be kept.
    """
    if settings.pages_secret is not None:
        return settings.pages_secret.get_secret_value().encode()
    try:
        return _kept(own_folder(settings.data_dir) / _FILE)
    except OSError as error:
        raise SettingsError(
            f"SCR_PAGES_SECRET: is not set, and none can be kept in {settings.data_dir} ({error.strerror}); "
            "give 32 random characters or more, the same for pages and workers."
        ) from None


def _kept(path: Path) -> bytes:
    with suppress(FileNotFoundError):
        return path.read_bytes()
    # Whole or not at all, for this user alone; of two that start at once, the first one's stays and both read it.
    with NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part") as draft:
        draft.write(secrets.token_urlsafe(48).encode())
        draft.flush()
        os.fsync(draft.fileno())
        with suppress(FileExistsError):
            os.link(draft.name, path)
    return path.read_bytes()
