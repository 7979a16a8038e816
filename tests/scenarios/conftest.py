"""One stage for all scenarios; each is played once, when the first test asks for it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from running.rehearsals.rehearsal import stage

from .play import Play, played, scenario

Plays = Callable[[str], Awaitable[Play]]


@pytest.fixture(scope="package")
async def plays(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Plays]:
    """Plays a scenario of the folder by its name."""
    done: dict[str, Play] = {}

    async def play_once(name: str) -> Play:
        if name not in done:
            done[name] = await played(scenario(name), on, tmp_path_factory.mktemp(name))
        return done[name]

    with pytest.MonkeyPatch.context() as patch:
        # No settings from this machine.
        for variable in os.environ:
            if variable.upper().startswith(("SCR_", "TEMPORAL_")):
                patch.delenv(variable)
        patch.setenv("TEMPORAL_CONFIG_FILE", "")
        async with stage() as on:
            yield play_once
