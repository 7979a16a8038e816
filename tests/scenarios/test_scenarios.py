"""Every scenario meets its expectations, and together they show everything there is.

What each of them promises in words is in the files beside this one.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from models.days import day_off, london_date
from models.serious_case_reviews import STEPS
from running.rehearsals.rehearsal import stage

from .conftest import Plays
from .play import FILES, mappings, played, scenario, when

NAMES = [path.stem for path in FILES]

DEADLINE = {"deadline", "rule", "due", "original_due"}
LETTER = {"notice", "rule", "to", "subject", "message_id"}
FIELDS = {
    "step_recorded": {"step"},
    "step_refused": {"step", "rule", "reason"},
    "stage": {"stage"},
    "deadline_set": DEADLINE,
    "deadline_moved": DEADLINE,
    "deadline_met": {*DEADLINE, "late"},
    "deadline_passed": DEADLINE,
    "deadline_cancelled": DEADLINE,
    "reminded": {"deadline", "to"},
    "escalated": {"deadline", "to"},
    "notice_sent": LETTER,
    "notice_failed": LETTER,
    "closed": set(),
}
"""What `rehearse --json` promises of each kind of line."""


def _with_the_rules_it_shows(name: str) -> object:
    """A scenario with a mark for each rule that its expected refusals show."""
    rules = sorted({step.rule for step in scenario(name).steps if step.rule})
    return pytest.param(name, marks=[pytest.mark.rule(rule) for rule in rules])


@pytest.mark.parametrize("name", [_with_the_rules_it_shows(name) for name in NAMES])
async def test_a_scenario_meets_its_expectations(name: str, plays: Plays) -> None:
    assert (await plays(name)).played.failures == []


def test_the_scenarios_together_record_every_step_there_is() -> None:
    recorded = {step.name for name in NAMES for step in scenario(name).steps if not step.refused}
    assert set(STEPS) - recorded == set()


async def test_every_kind_of_line_occurs_in_some_timeline(plays: Plays) -> None:
    kinds = {line["what"] for name in NAMES for line in (await plays(name)).played.timeline}
    assert kinds == set(FIELDS)


@pytest.mark.parametrize("name", NAMES)
async def test_each_line_has_the_fields_that_are_promised(name: str, plays: Plays) -> None:
    for line in (await plays(name)).played.timeline:
        assert {"at", "what", *FIELDS[line["what"]]} <= set(line), line
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", line["at"]), line
        assert json.loads(json.dumps(line)) == line


@pytest.mark.parametrize("name", NAMES)
async def test_a_timeline_is_in_order_of_time(name: str, plays: Plays) -> None:
    instants = [line["at"] for line in (await plays(name)).played.timeline]
    assert instants == sorted(instants)


@pytest.mark.parametrize("name", NAMES)
async def test_what_was_set_is_met_or_cancelled_or_stands_at_the_end(name: str, plays: Plays) -> None:
    play = await plays(name)
    standing: set[str] = set()
    for line in play.played.timeline:
        if line["what"] == "deadline_set":
            standing.add(line["deadline"])
        elif line["what"] in ("deadline_met", "deadline_cancelled"):
            assert line["deadline"] in standing, line
            standing.discard(line["deadline"])
        elif line["what"] in ("deadline_passed", "escalated"):
            assert line["deadline"] in standing, line
    assert not (play.all("closed") and play.all("stage")[-1]["stage"] == "closed" and standing)


@pytest.mark.parametrize("name", NAMES)
async def test_each_letter_is_a_mail_of_its_own_and_names_nobody_but_the_reference(name: str, plays: Plays) -> None:
    play = await plays(name)
    reference, opening = play.scenario.opening["reference"], play.scenario.file.data
    family = [part for part in mappings(opening) if "member" in part]
    nobody = {part[name] for part in family for name in ("member", "relationship") if name in part}
    nobody |= {child["id"] for part in mappings(opening) for child in part.get("children", ())}
    nobody |= {part["child"]["id"] for part in mappings(opening) if isinstance(part.get("child"), dict)}
    for mail in play.mails:
        assert len(mail.recipients) == 1
        assert reference in mail.subject and f"Reference: {reference}" in mail.text and reference in mail.html
        everything = f"{mail.subject}\n{mail.text}\n{mail.html}".casefold()
        assert [who for who in nobody if re.search(rf"\b{re.escape(who.casefold())}\b", everything)] == [], mail.text
    sent = [(line["message_id"], line["to"], line["subject"]) for line in play.all("notice_sent")]
    kept = [(mail.message["Message-ID"], mail.recipients[0], mail.subject.strip()) for mail in play.mails]
    assert sorted(sent) == sorted(kept)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_scenario_begins_with_its_title_and_its_story(path: Path) -> None:
    title, story, *_ = path.read_text(encoding="utf-8").splitlines()
    assert title.startswith("title: ") and re.match(r"# \w.{40,}", story)


def test_each_scenario_has_a_reference_of_its_own() -> None:
    references = [scenario(name).opening["reference"] for name in NAMES]
    assert len(set(references)) == len(references)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_scenario_is_yaml_that_any_other_reader_takes(path: Path) -> None:
    assert isinstance(yaml.safe_load(path.read_text(encoding="utf-8")), dict)


@pytest.mark.parametrize("name", NAMES)
def test_in_a_scenario_nobody_works_on_a_day_off(name: str) -> None:
    for step in scenario(name).steps:
        assert day_off(london_date(step.at), frozenset()) is None, f"{step.name} on {step.at:%A %d %B %Y}"


def test_both_rulebooks_are_used_one_of_them_by_its_path() -> None:
    named = {scenario(name).file.data["rulebook"] for name in NAMES}
    assert named == {"hertfordshire-2018", "working-days-2018", "../rulebooks/working-days-2018.toml"}


async def test_a_scenario_played_twice_has_the_same_timeline(plays: Plays, tmp_path: Path) -> None:
    async with stage() as another:
        for name in ("nobody-to-write-to", "reopened"):
            again = await played(scenario(name), another, tmp_path / name)
            first, second = (
                sorted(json.dumps({**line, "at": when(line)}, sort_keys=True) for line in play.played.timeline)
                for play in (await plays(name), again)
            )
            assert first == second
