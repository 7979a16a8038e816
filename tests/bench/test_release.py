"""Measurements say what was measured."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from bench.__main__ import ROOT, release

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def test_the_version_is_said_also_where_there_is_no_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert release().startswith(VERSION)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert release() == VERSION
