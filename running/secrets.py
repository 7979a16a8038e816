"""The secret that signs links in mails: set, or made once and kept beside the data."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from running.processes import own_folder
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
    if not path.exists():
        # Written aside and linked: of two processes that start at once, one wins, and both read the same.
        aside = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(aside, path)
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    return path.read_bytes()
