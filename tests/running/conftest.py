"""What the tests of `running` share: no settings but their own, and an embedded server to use."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
import temporalio.activity
import temporalio.workflow

from running.embedded.processes import free_ports
from running.embedded.temporal_server import TemporalServer, temporal_server


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings but a test's own, from this machine's environment or a file where tests are run."""
    for name in os.environ:
        if name.upper().startswith(("SCR_", "TEMPORAL_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def logging_of_its_own() -> Iterator[None]:
    """Puts the process's logging back as it was: other tests look at it too."""
    root, loggers = logging.getLogger(), logging.root.manager.loggerDict
    handlers, level = list(root.handlers), root.level
    levels = {name: logger.level for name, logger in loggers.items() if isinstance(logger, logging.Logger)}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()
    temporalio.workflow.logger.workflow_info_on_message = True
    temporalio.activity.logger.activity_info_on_message = True


@pytest.fixture(scope="package")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TemporalServer]:
    """An embedded server that tests may use but not end."""
    folder = tmp_path_factory.mktemp("temporal")
    port, web_port = free_ports(2)
    async with temporal_server(folder, port=port, web_port=web_port) as running:
        yield running
