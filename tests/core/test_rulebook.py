"""Rulebooks: a board's rules as data, checked on load with an error that names the line."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from models.duty import DeadlineFactory
from models.rulebook import Clock, rulebook_from
from models.rulebook_file import RulebookError, read_rulebook
from models.serious_case_reviews import SERIOUS_CASE_REVIEWS
from models.step import rule_cited
from models.view import shown

from .case import RULEBOOKS, Case, rulebook

NAMES = [path.stem for path in sorted(RULEBOOKS.glob("*.toml"))]
TEXT = (RULEBOOKS / "hertfordshire-2018.toml").read_text(encoding="utf-8")
LINES = TEXT.splitlines()


def line_of(text: str, start: str, table: str) -> int:
    """The number of the line that begins so, after its table's header."""
    lines = text.splitlines()
    since = lines.index(f"[{table}]")
    return next(number for number in range(since, len(lines)) if lines[number].startswith(start)) + 1


def mistakes(text: str) -> list[str]:
    """What is said about a rulebook with mistakes, line by line."""
    with pytest.raises(RulebookError) as error:
        read_rulebook(text, "a.toml")
    return str(error.value).splitlines()


def changed(table: str, start: str, line: str) -> tuple[str, int]:
    """The rulebook with one line of a table replaced, and the number of that line."""
    number = line_of(TEXT, start, table)
    return "\n".join([*LINES[: number - 1], line, *LINES[number:]]), number


@pytest.mark.parametrize("name", NAMES)
def test_every_rulebook_on_the_shelf_loads_under_its_own_name(name: str) -> None:
    assert rulebook(name).name == name


def test_there_are_two_boards() -> None:
    assert len({rulebook(name).board for name in NAMES}) == len(NAMES) >= 2


@pytest.mark.parametrize("name", NAMES)
def test_every_clock_has_its_rule_its_source_and_a_ladder(name: str) -> None:
    rules = rulebook(name)
    assert rules.clocks.keys() == SERIOUS_CASE_REVIEWS.clocks.keys()
    for key, clock in rules.clocks.items():
        assert clock.rule == SERIOUS_CASE_REVIEWS.clocks[key].rule
        assert clock.source.strip()
        assert rules.ladders[clock.ladder].escalate_to


@pytest.mark.parametrize("name", NAMES)
def test_a_length_the_framework_does_not_give_is_marked_as_the_boards_own(name: str) -> None:
    for key, clock in rulebook(name).clocks.items():
        assert clock.basis == ("statutory" if SERIOUS_CASE_REVIEWS.clocks[key].bounds else "board's own"), key
        if clock.basis == "statutory":
            assert "board's own" not in clock.source


@pytest.mark.rule("2.1f")
@pytest.mark.rule("2.2b")
@pytest.mark.rule("2.6a")
@pytest.mark.rule("2.9b")
@pytest.mark.rule("2.9f")
def test_the_lengths_that_the_framework_gives() -> None:
    clocks = rulebook().clocks
    lengths = {
        name: (clocks[name].length, clocks[name].unit)
        for name in SERIOUS_CASE_REVIEWS.clocks
        if SERIOUS_CASE_REVIEWS.clocks[name].bounds
    }
    assert lengths == {
        "notify_panel": (5, "calendar days"),
        "notify_board": (5, "calendar days"),
        "decision": (1, "calendar months"),
        "panel_told_not_initiated": (14, "calendar days"),
        "completion": (6, "calendar months"),
        "panel_copy": (7, "calendar days"),
        "year_on_website": (12, "calendar months"),
    }


@pytest.mark.rule("2.1f")
def test_another_board_counts_working_days_by_its_rulebook_alone() -> None:
    here, there = (
        Case.opened(aware_on="2018-12-21", notified_on="2018-12-24", rules=rulebook(name)) for name in sorted(NAMES)
    )
    assert (str(here.due("notify_panel")), str(there.due("notify_panel"))) == ("2018-12-26", "2019-01-02")


@pytest.mark.rule("2.1c")
def test_another_board_has_no_local_definition_of_harm() -> None:
    assert rulebook().definitions.serious_sexual_abuse_is_serious_harm
    assert not rulebook("working-days-2018").definitions.serious_sexual_abuse_is_serious_harm


MISTAKES: dict[str, tuple[str, str, str, str]] = {
    "a length that is no number": ("clocks.decision", "length", 'length = "one"', "integer"),
    "a length in quotes": ("clocks.decision", "length", 'length = "1"', "integer"),
    "a length below nought": ("clocks.decision", "length", "length = -1", "greater than or equal to 0"),
    "a unit that is none": ("clocks.decision", "unit", 'unit = "fortnights"', "'working days'"),
    "a unit that the law does not have": ("clocks.decision", "unit", 'unit = "working days"', "set by law or guidance"),
    "a length that the law does not have": ("clocks.decision", "length", "length = 2", "at most 1 calendar months"),
    "a basis that is none": ("clocks.decision", "basis", 'basis = "habit"', "statutory"),
    "a statutory clock marked as the board's own": (
        "clocks.decision",
        "basis",
        'basis = "board\'s own"',
        "is statutory",
    ),
    "the board's own clock marked as statutory": ("clocks.scope_set", "basis", 'basis = "statutory"', "board's own"),
    "another rule's number": ("clocks.decision", "rule", 'rule = "2.2c"', "is 2.2b, not 2.2c"),
    "an empty source": ("clocks.decision", "source", 'source = " "', "pattern"),
    "an empty title": ("clocks.decision", "title", 'title = ""', "at least 1"),
    "a placeholder misspelt": ("clocks.decision", "title", 'title = "{organisaton} decides"', "only {organisation}"),
    "a brace left open": ("clocks.decision", "title", 'title = "{organisation decides"', "only {organisation}"),
    "a ladder that there is not": ("clocks.decision", "ladder", 'ladder = "steep"', "no ladder called 'steep'"),
    "a field misspelt": ("clocks.decision", "length", "lenght = 1", "not permitted"),
    "a reminder after the date": (
        "ladders.statutory",
        "reminders",
        "reminders = [{ days_before = -1 }]",
        "than or equal",
    ),
    "two reminders on one day": (
        "ladders.statutory",
        "reminders",
        'reminders = [{ days_before = 2 }, { days_before = 2, to = "chair" }]',
        "two on the same day",
    ),
    "nobody to escalate to": ("ladders.statutory", "escalate_to", "escalate_to = []", "at least 1"),
    "somebody else to escalate to": ("ladders.statutory", "escalate_to", 'escalate_to = ["mayor"]', "'chair'"),
    "repeats that go backwards": ("ladders.statutory", "repeat_every_days", "repeat_every_days = -7", "than or equal"),
    "an addressee that is no role": (
        "addressees",
        "decision",
        'decision = ["ofsted", "dfe", "national_panel", "ofstead"]',
        "ofstead is not a role",
    ),
    "an addressee of the framework left out": (
        "addressees",
        "decision",
        'decision = ["ofsted", "dfe"]',
        "national_panel is missing",
    ),
    "a definition that is neither true nor false": (
        "definitions",
        "serious_sexual_abuse",
        'serious_sexual_abuse_is_serious_harm = "often"',
        "boolean",
    ),
    "no TOML": ("clocks.decision", "length", "length = one", "value"),
    "a key given twice": ("clocks.decision", "length", "length = 1\nlength = 2", "overwrite"),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_told_with_its_line(what: str) -> None:
    table, start, line, told = MISTAKES[what]
    text, number = changed(table, start, line)
    found = mistakes(text)
    on = number + line.count("\n")
    assert any(f"a.toml, line {on}: " in text and told in text for text in found), found
    assert any(line.split(" =")[0] in text for text in found) or "TOML" in what or "twice" in what


def test_a_field_left_out_is_told_with_the_line_of_its_table() -> None:
    number = line_of(TEXT, "length", "clocks.decision")
    text = "\n".join([*LINES[: number - 1], *LINES[number:]])
    header = LINES.index("[clocks.decision]") + 1
    # The field under the wrong name or not there at all: the table's own line is the nearest there is.
    assert mistakes(text) == [f"a.toml, line {header}: clocks.decision.length: Field required"]


def test_a_clock_left_out_is_named() -> None:
    text = re.sub(r"\[clocks\.decision\]\n(.+\n)+", "", TEXT)
    assert [told.partition(": ")[2] for told in mistakes(text)] == [
        "clocks.decision: is missing: give it a length, a unit and a ladder"
    ]


def test_a_clock_that_the_rules_do_not_know_is_told_with_its_line() -> None:
    text = TEXT.replace("[clocks.scope_set]", "[clocks.scope_sett]")
    header = text.splitlines().index("[clocks.scope_sett]") + 1
    told = mistakes(text)
    assert f"a.toml, line {header}: clocks.scope_sett: is not a clock of scr-2015" in told
    assert any("clocks.scope_set: is missing" in line for line in told)


@pytest.mark.parametrize(
    ("table", "start", "line"),
    [
        ("ladders.statutory", "repeat_every_days", "repeat_every_days = = 7"),
        ("ladders.statutory", "repeat_every_days", "repeat_every_days = true"),
        ("addressees", "decision", 'decision = ["ofsted", "dfe", "national_panel", "mayor"]'),
    ],
)
def test_a_mistake_on_line_40_says_line_40(table: str, start: str, line: str) -> None:
    text, number = changed(table, start, line)
    text = "# One more line.\n" * (40 - number) + text
    assert text.splitlines()[39] == line
    assert [told.partition(": ")[0] for told in mistakes(text)] == ["a.toml, line 40"]


def test_every_mistake_of_a_kind_is_told_and_each_once() -> None:
    text, first = changed("clocks.decision", "ladder", 'ladder = "steep"')
    text = text.replace('basis = "board\'s own"\nladder = "gentle"', 'basis = "board\'s own"\nladder = "flat"', 1)
    second = text.splitlines().index('ladder = "flat"') + 1
    assert [told.partition(":")[0] for told in mistakes(text)] == [f"a.toml, line {first}", f"a.toml, line {second}"]


def test_a_table_that_never_ends_is_told_with_the_last_line() -> None:
    assert mistakes(TEXT + "\n[clocks.decision")[0].startswith(f"a.toml, line {len(LINES) + 2}: ")


@pytest.mark.parametrize("table", ["definitions", "addressees", "ladders.statutory", "clocks.decision"])
def test_nothing_that_was_typed_is_repeated_in_an_error(table: str) -> None:
    text = TEXT.replace(f"[{table}]", f'[{table}]\nsecret = "the child\'s name"')
    assert "the child" not in "\n".join(mistakes(text))


# A rulebook that is pinned into a file is read for years.


def pinned(change: Callable[[dict[str, dict[str, Any]]], object]) -> Case:
    """A file whose rulebook was pinned by another release."""
    case = Case.opened()
    data = case.record[1].body["rulebook"]
    change(data["clocks"])
    return case


def test_a_pinned_rulebook_reads_back_as_it_was() -> None:
    for name in NAMES:
        assert rulebook_from(rulebook(name).model_dump(mode="json")) == rulebook(name)


def test_a_file_whose_rulebook_is_older_than_a_clock_has_the_clock_all_the_same() -> None:
    case = pinned(lambda clocks: clocks.pop("decision"))
    case.look()
    assert str(case.due("decision")) == "2018-10-05"
    assert case.file.ladder("decision").escalate_to


def test_a_file_whose_rulebook_has_a_clock_that_a_release_gave_up_is_read_all_the_same() -> None:
    case = pinned(lambda clocks: clocks.update(given_up={**clocks["decision"], "forgotten": True}))
    case.look()
    assert shown(case.file, case.world)["reference"] == "EX-2018-0001"
    assert DeadlineFactory(case.file, case.world).deadline("decision", case.file.begun_on).rule == "2.2b"


@pytest.mark.rule("2.9f")
@pytest.mark.parametrize(
    ("clock", "was", "becomes"),
    [("panel_copy", "length = 7", "length = 6"), ("completion", "length = 6", "length = 7")],
)
def test_a_rulebook_cannot_give_a_statutory_clock_more_or_less_than_the_law(clock: str, was: str, becomes: str) -> None:
    before, header, after = TEXT.partition(f"[clocks.{clock}]")
    with pytest.raises(RulebookError, match=f"{clock}.*set by law or guidance"):
        read_rulebook(before + header + after.replace(was, becomes, 1), "a.toml")


@pytest.mark.rule("2.1h")
def test_a_rule_of_any_letter_can_be_cited_and_stand_in_a_rulebook() -> None:
    assert rule_cited("The new panel is told (2.1h).") == "2.1h"
    clock = rulebook().clocks["decision"]
    assert Clock.model_validate({**clock.model_dump(), "rule": "2.1h"}).rule == "2.1h"


@pytest.mark.parametrize("length", ["9" * 5000, "[" * 3000 + "]" * 3000])
def test_a_value_that_cannot_be_read_at_all_is_a_mistake_of_the_rulebook(length: str) -> None:
    with pytest.raises(RulebookError, match=r"^mine\.toml: "):
        read_rulebook(f"length = {length}", "mine.toml")
