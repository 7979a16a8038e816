"""Every rule of ``docs/rules.md`` has a test of its own, and the list says of the code what the code says of itself."""

from __future__ import annotations

import re

import pytest

from models.rulebook import Clock, Ladder, Rulebook
from models.rulebook_file import read_rulebook
from models.serious_case_reviews import SERIOUS_CASE_REVIEWS, STEPS

from .rules_list import LIST, NUMBER, ROOT, Rule, marks, marks_in, mentions, rules, section, table

TEXT = LIST.read_text(encoding="utf-8")
RULES = rules(TEXT)
MARKS = marks()
LETTERS = {
    "1.2": "abcde",
    "1.3": "abcdefg",
    "2.1": "abcdefgh",
    "2.2": "abcdefg",
    "2.3": "ab",
    "2.4": "ab",
    "2.5": "abcd",
    "2.6": "ab",
    "2.7": "abcd",
    "2.8": "abc",
    "2.9": "abcdefg",
    "2.10": "abcde",
}
"""How many rules each section of the framework has; 1.1 is one."""

each_rule = pytest.mark.parametrize("rule", RULES, ids=[rule.number for rule in RULES])


def test_the_list_has_every_rule_of_the_framework_once_and_in_order() -> None:
    expected = ["1.1", *(f"{number}{letter}" for number, letters in LETTERS.items() for letter in letters)]
    assert [rule.number for rule in RULES] == expected


@each_rule
def test_a_rule_has_a_test_that_is_marked_with_its_number(rule: Rule) -> None:
    assert rule.number in MARKS, f'no test is marked with @pytest.mark.rule("{rule.number}")'


def test_no_test_is_marked_with_a_number_that_is_not_in_the_list() -> None:
    known = {rule.number for rule in RULES}
    assert {number: files for number, files in MARKS.items() if number not in known} == {}


@each_rule
def test_the_modules_of_a_rule_exist_and_name_it(rule: Rule) -> None:
    assert rule.modules, "no module holds it"
    for module in rule.modules:
        path = ROOT / module
        assert path.is_file(), f"there is no {module}"
        assert mentions(path.read_text(encoding="utf-8"), rule.number), f"{module} does not mention {rule.number}"


@each_rule
def test_the_kinds_of_a_rule_are_the_ones_that_are_explained(rule: Rule) -> None:
    assert set(rule.kinds) <= {"clock", "gate", "notice", "record", "track"}
    assert ("clock" in rule.kinds or "track" in rule.kinds) or not rule.clocks


@each_rule
def test_a_rule_lists_every_step_that_cites_it_and_none_that_does_not_exist(rule: Rule) -> None:
    assert set(rule.steps) <= set(STEPS)
    citing = {name for name, kind in STEPS.items() if rule.number in kind.rules}
    assert citing <= set(rule.steps), f"not listed: {sorted(citing - set(rule.steps))}"


@each_rule
def test_a_rule_lists_its_clocks_and_says_which_are_statutory(rule: Rule) -> None:
    assert rule.clocks == {
        name: clock.bounds is not None
        for name, clock in SERIOUS_CASE_REVIEWS.clocks.items()
        if clock.rule == rule.number
    }


def test_every_step_serves_a_rule_of_the_list_or_a_situation_of_every_week() -> None:
    rows = table(section(TEXT, "What happens every week"))
    every_week = {step for row in rows for step in re.findall(r"`(\w+)`", row[2])}
    assert len(rows) >= 10
    assert every_week <= set(STEPS)
    assert {step for rule in RULES for step in rule.steps} | every_week == set(STEPS)


def test_every_step_is_recorded_by_a_test_of_the_core() -> None:
    core = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "core").glob("*.py"))
    assert [step for step in STEPS if f'"{step}"' not in core] == []


def test_the_clocks_are_those_of_the_rulebook() -> None:
    rulebook = _hertfordshire()
    rows = [row for row in table(section(TEXT, "The clocks")) if len(row) == 6]
    assert rows == [[f"`{name}`", *_about(clock)] for name, clock in rulebook.clocks.items()]


def test_the_ladders_are_those_of_the_rulebook() -> None:
    rows = [row for row in table(section(TEXT, "The clocks")) if len(row) == 5]
    assert rows == [[name, *_told(ladder)] for name, ladder in _hertfordshire().ladders.items()]


def test_a_rule_that_a_text_cites_exists() -> None:
    known = {rule.number for rule in RULES}
    cited = set(re.findall(rf"(?<![\d.]){NUMBER}(?![\da-z.])", TEXT)) - {f"{number}" for number in LETTERS}
    assert cited - known == set()


def test_marks_are_found_wherever_they_stand() -> None:
    source = """
import pytest
pytestmark = pytest.mark.rule("1.1")

@pytest.mark.rule("2.9f")
@pytest.mark.parametrize("x", [pytest.param(1, marks=[pytest.mark.rule("2.9g")])])
async def test_it(x): ...
"""
    assert sorted(marks_in(source)) == ["1.1", "2.9f", "2.9g"]


def test_a_number_is_not_found_within_another() -> None:
    assert mentions("by rule 2.9f, say", "2.9f")
    assert not mentions("2.9f", "2.9")
    assert not mentions("2.10a", "2.1")
    assert not mentions("12.9f", "2.9f")


def _hertfordshire() -> Rulebook:
    path = ROOT / "rulebooks" / "hertfordshire-2018.toml"
    return read_rulebook(path.read_text(encoding="utf-8"), path.name)


def _about(clock: Clock) -> list[str]:
    title = clock.title.replace(" {organisation}", " the organisation").replace("{organisation}", "The organisation")
    unit = clock.unit if clock.length != 1 else clock.unit.removesuffix("s")
    return [clock.rule, title, f"{clock.length} {unit}", clock.basis, clock.ladder]


def _told(ladder: Ladder) -> list[str]:
    words = {"chair": "the Chair", "coordinator": "the coordinator", "board_member": "the organisation's board member"}
    told = ", ".join(words[role] for role in ladder.escalate_to)
    apart = f", {ladder.next_after_days} days apart" if len(ladder.escalate_to) > 1 else ""
    repeats = ladder.repeat_every_days
    return [
        ", ".join(str(reminder.days_before) for reminder in ladder.reminders),
        told + apart,
        f"{repeats} days" if repeats else "never",
        f"after {ladder.above_after_repeats} repeats" if repeats else "",
    ]
