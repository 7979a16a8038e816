"""Whatever derives a date is told all of the world, and no part of it has a default to forget."""

from __future__ import annotations

import inspect
import re
from dataclasses import MISSING, fields
from datetime import date
from pathlib import Path

import pytest

from models.days import count, day_off
from models.deadline_words import deadline_words, working_days_between
from models.duty import DeadlineFactory
from models.fold import open_record, rests_on
from models.record import Refusal
from models.tasks import tasks_of
from models.world import Surroundings, World
from models.wrong_letters import wrong_letters

from .case import HARMED, morning, rulebook, surroundings

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("of", [Surroundings, World, DeadlineFactory])
def test_no_part_of_the_world_has_a_default(of: type) -> None:
    assert [field.name for field in fields(of) if field.default is not MISSING] == []
    assert [field.name for field in fields(of) if field.default_factory is not MISSING] == []


@pytest.mark.parametrize(
    "asked", [count, day_off, working_days_between, deadline_words, tasks_of, open_record, rests_on, wrong_letters]
)
def test_nothing_that_counts_days_can_be_asked_without_it(asked: object) -> None:
    assert callable(asked)
    parameters = inspect.signature(asked).parameters.values()
    told = [one for one in parameters if one.name in ("world", "extra_holidays", "extra")]
    assert [one.default for one in told] == [inspect.Parameter.empty]


def test_a_world_is_made_in_one_place() -> None:
    folders = ("models", "workflows", "activities", "running", "web", "bench", "tests")
    sources = [*ROOT.glob("*.py"), *(path for folder in folders for path in (ROOT / folder).rglob("*.py"))]
    by_hand = re.compile(r"(?<![\w.])World\(")
    assert [path.name for path in sources if by_hand.search(path.read_text(encoding="utf-8"))] == ["world.py"]


def test_an_opening_counts_its_first_deadlines_with_the_extra_holidays() -> None:
    body = {
        "reference": "EX-2028-0001",
        "opened_on": "2028-12-20",
        "recorded_by": "coordinator",
        "incident": {
            "children": [HARMED],
            "notified_on": "2028-12-20",
            "aware_on": "2028-12-20",
            "concern_about_joint_working": "no",
            "organisations": [],
        },
    }
    rules, now = rulebook("working-days-2018"), morning("2028-12-20")
    assert count(date(2028, 12, 20), 5, "working days", frozenset()).due == date(2028, 12, 29)
    assert not isinstance(open_record(body, rules, surroundings().at(now)), Refusal)
    refusal = open_record(body, rules, surroundings(extra_holidays=["2028-12-28"]).at(now))
    assert isinstance(refusal, Refusal) and "2029" in refusal.reason
