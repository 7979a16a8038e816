"""Every log goes one way, and tells nothing about a person."""

from __future__ import annotations

import io
import json
import logging
from typing import Any, Literal

import pytest
import structlog
from pydantic import TypeAdapter, ValidationError

from running.logs import set_up_logging
from running.settings import load_settings

pytestmark = pytest.mark.usefixtures("logging_of_its_own")


class Log:
    """What was logged."""

    def __init__(self, log_format: Literal["console", "json"], log_level: str = "info") -> None:
        self._stream = io.StringIO()
        set_up_logging(load_settings(log_format=log_format, log_level=log_level), self._stream)

    @property
    def text(self) -> str:
        """As it was written."""
        return self._stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Each line of a log in JSON."""
        return [json.loads(line) for line in self.text.splitlines()]


def test_a_line_for_machines_says_when_who_and_what() -> None:
    log = Log("json")
    structlog.get_logger("worker").info("step recorded", reference="SCR-2027-001", seconds=0.5)
    [line] = log.lines
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "step recorded",
        "logger": "worker",
        "level": "info",
        "reference": "SCR-2027-001",
        "seconds": 0.5,
    }


def test_a_line_for_people_is_plain_text_where_it_is_not_shown_on_a_terminal() -> None:
    log = Log("console")
    structlog.get_logger("worker").warning("mail server away", reference="SCR-2027-001")
    assert "mail server away" in log.text
    assert "reference=SCR-2027-001" in log.text
    assert "\x1b" not in log.text


def test_the_standard_librarys_loggers_go_the_same_way() -> None:
    log = Log("json")
    logging.getLogger("temporalio.worker").warning("No longer polling %s", "a queue")
    [line] = log.lines
    assert (line["event"], line["logger"], line["level"]) == (
        "No longer polling a queue",
        "temporalio.worker",
        "warning",
    )


def test_setting_up_again_does_not_log_twice() -> None:
    stream = io.StringIO()
    for _ in range(2):
        set_up_logging(load_settings(), stream)
    logging.getLogger("x").warning("once")
    assert stream.getvalue().count("once") == 1


def test_only_what_is_worth_a_line_is_written() -> None:
    log = Log("json", log_level="warning")
    structlog.get_logger("x").info("no")
    logging.getLogger("x").info("no")
    structlog.get_logger("x").warning("yes")
    logging.getLogger("x").warning("yes")
    assert [line["event"] for line in log.lines] == ["yes", "yes"]


def test_the_mail_servers_conversations_are_not_logged_even_when_everything_is() -> None:
    log = Log("json", log_level="debug")
    logging.getLogger("mail.log").debug("DATA readline: Dear Chair")
    logging.getLogger("mail.log").info("sender: someone")
    assert log.text == ""


def test_a_line_of_temporals_says_which_file_it_is_about() -> None:
    log = Log("json")
    about = {
        "workflow_id": "SCR-2027-001",
        "attempt": 3,
        "activity_type": "send_letter",
        "namespace": "default",
    }
    logging.getLogger("temporalio.activity").warning("Failed", extra={"temporal_activity": about})
    [line] = log.lines
    assert (line["workflow_id"], line["attempt"], line["activity_type"]) == ("SCR-2027-001", 3, "send_letter")
    assert "namespace" not in line


@pytest.mark.parametrize("name", ["body", "content", "html", "message", "payload", "record", "subject", "text"])
def test_what_holds_more_than_a_reference_is_left_out(name: str) -> None:
    log = Log("json")
    structlog.get_logger("x").info("step recorded", **{name: {"child": "Alex"}})
    assert "Alex" not in log.text
    assert log.lines[0][name] == "…"


def test_mail_addresses_are_cut_to_their_domain_wherever_they_are() -> None:
    log = Log("json")
    structlog.get_logger("x").info("to anna.b@council.example", to=["<anna.b@council.example>"])
    try:
        raise ValueError("anna.b@council.example refused")
    except ValueError:
        logging.getLogger("y").exception("for anna.b@council.example")
    assert "anna" not in log.text.replace("test_logs", "").replace('raise ValueError(\\"anna', "")
    assert log.text.count("…@council.example") >= 4


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_an_error_tells_neither_local_variables_nor_what_was_checked(
    log_format: Literal["console", "json"],
) -> None:
    log = Log(log_format)
    name = ["Alex", "of", "Sometown"]  # in pieces, so that the line of code does not hold it
    try:
        TypeAdapter(int).validate_python(" ".join(name))
    except ValidationError:
        structlog.get_logger("x").exception("not decoded")
    assert "Input should be a valid integer" in log.text
    assert "Alex of" not in log.text


def test_no_line_is_endless() -> None:
    log = Log("json")
    structlog.get_logger("x").info("x" * 100_000, more="y" * 100_000)
    assert len(log.text) < 5_000
