"""The secret that signs links."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from running.secrets import pages_secret
from running.settings import SettingsError, load_settings


def test_a_key_is_made_once_and_only_this_user_reads_it(tmp_path: Path) -> None:
    settings = load_settings(data_dir=str(tmp_path / "var"))
    key = pages_secret(settings)
    assert len(key) >= 32 and pages_secret(settings) == key
    [file] = (tmp_path / "var").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_two_systems_have_two_keys(tmp_path: Path) -> None:
    keys = {pages_secret(load_settings(data_dir=str(tmp_path / name))) for name in ("a", "b")}
    assert len(keys) == 2


def test_worker_and_pages_that_start_at_once_have_the_same_key(tmp_path: Path) -> None:
    settings = load_settings(data_dir=str(tmp_path))
    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(lambda _: pages_secret(settings), range(32)))) == 1


def test_the_setting_wins_and_nothing_is_written(tmp_path: Path) -> None:
    settings = load_settings(data_dir=str(tmp_path), pages_secret="thirty-two letters, or some more!")
    assert pages_secret(settings) == b"thirty-two letters, or some more!" and not list(tmp_path.iterdir())
    assert "thirty-two" not in repr(settings)


def test_a_secret_that_can_be_guessed_is_not_taken() -> None:
    with pytest.raises(SettingsError, match="SCR_PAGES_SECRET"):
        load_settings(pages_secret="short")
