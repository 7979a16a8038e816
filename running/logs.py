"""Logs: for people or for machines, ours and Temporal's alike, with nothing about a person in them.

A log goes to places that a file on a child never should: it carries references. What is known to hold more
(``body``, ``record``, a letter's text) is left out by name, mail addresses are cut to their domain, errors do
not tell their local variables nor what pydantic was given.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import TextIO

import structlog
import temporalio.activity
import temporalio.workflow
from structlog.typing import EventDict, Processor, WrappedLogger

from running.settings import Settings

_LEFT_OUT = frozenset({"body", "content", "html", "message", "payload", "record", "subject", "text"})
_ADDRESS = re.compile(r"[^\s@<>,;:'\"()\[\]{}]{1,64}@(?=\S)")
_GIVEN = re.compile(r"input_value=.*?, input_type=", re.DOTALL)
_LONGEST = 2_000
_LONGEST_ERROR = 8_000
_NOISY = ("asyncio", "mail.log", "alembic.runtime.migration", "httpx", "httpcore", "uvicorn")
"""Libraries whose lower levels say what they do with what, ours included; only their warnings are kept."""


def set_up_logging(settings: Settings, stream: TextIO | None = None) -> None:
    """Sends every log of this process, structlog's and the standard library's, one way. May be called again.

    Arguments:
        settings: its `log_level` and `log_format`.
        stream: where to; standard error without one, as standard output is for what a command answers.
    """
    target = stream or sys.stderr
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _where_in_temporal],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _leave_out,
                _renderer(settings, target),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _NOISY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    # Temporal's loggers would add the same to each message as text; `_where_in_temporal` takes it as fields.
    temporalio.workflow.logger.workflow_info_on_message = False
    temporalio.activity.logger.activity_info_on_message = False


def _renderer(settings: Settings, target: TextIO) -> Processor:
    if settings.log_format == "json":
        return structlog.processors.JSONRenderer(sort_keys=False, ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(colors=target.isatty(), exception_formatter=structlog.dev.plain_traceback)


def _where_in_temporal(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Says which file, workflow or activity a line of Temporal's is about."""
    record: logging.LogRecord = event["_record"]
    for source in ("temporal_workflow", "temporal_activity"):
        details = getattr(record, source, None)
        if isinstance(details, dict):
            for key in ("workflow_id", "workflow_type", "activity_type", "attempt"):
                if key in details:
                    event.setdefault(key, details[key])
    return event


def _leave_out(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    for key, value in event.items():
        if key in _LEFT_OUT:
            event[key] = "…"
        elif not isinstance(value, bool | int | float | None):
            event[key] = _shortened(str(value), _LONGEST_ERROR if key == "exception" else _LONGEST)
    return event


def _shortened(text: str, longest: int) -> str:
    text = _GIVEN.sub("input_value=…, input_type=", _ADDRESS.sub("…@", text))
    # An error's last lines say what it was, anything else says it first.
    return text if len(text) <= longest else f"{text[: longest // 2]} … {text[-longest // 2 :]}"
