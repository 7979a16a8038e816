"""A scenario with a mistake: one error that names the file and the line. And expectations that are not met."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from models.rulebook_file import RulebookError
from running.plain_files import PlainFileError
from running.rehearsals.rehearsal import stage
from running.rehearsals.scenario import read_scenario

from .play import FILES, FOLDER, ROOT, SHELF, played, scenario, when

GUIDE = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")

BOARD = """\
board: Exampleshire Safeguarding Children Board
people:
  - {id: chair, name: Sam Sample, email: chair@board.example}
  - {id: panel, name: The Panel, email: panel@panel.example}
appointments:
  - {role: chair, person: chair}
  - {role: national_panel, person: panel}
"""

SCENARIO = """\
title: A small one
rulebook: working-days-2018
board: board.yaml
incident:
  children:
    - {id: child-1, outcome: died, born_on: 2010-01-01, died_on: 2018-10-27, residence: Exampleshire}
  aware_on: 2018-10-29
  notified_on: 2018-10-30
documents:
  report.txt: Made up.
steps:
  - {at: 2018-10-31, step: notified_panel}
  - {at: 2018-11-01T14:00+00:00, step: note_added, text: A note.}
until: 2018-11-02
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the small scenario and its board, with one text in them changed."""

    def written(old: str = "", new: str = "") -> Path:
        assert old in SCENARIO + BOARD
        (tmp_path / "board.yaml").write_text(BOARD.replace(old, new) if old in BOARD else BOARD)
        path = tmp_path / "small.yaml"
        path.write_text(SCENARIO.replace(old, new, 1) if old in SCENARIO else SCENARIO)
        return path

    return written


def test_a_board_and_a_rulebook_can_be_named_by_a_path_from_the_scenario(write: Write, tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text((ROOT / "rulebooks" / "working-days-2018.toml").read_text(encoding="utf-8"))
    read = read_scenario(write("working-days-2018", "ours.toml"), {})
    assert read.rulebook.name == "working-days-2018"
    assert read.directory.board == "Exampleshire Safeguarding Children Board"


def test_a_fraction_of_a_second_is_left_out_so_that_a_step_stays_on_its_day(write: Write) -> None:
    step = read_scenario(write("14:00+00:00", "23:59:59.999+00:00"), SHELF).steps[1]
    assert (step.at.isoformat(), step.body["happened_on"]) == ("2018-11-01T23:59:59+00:00", "2018-11-01")


def test_a_bare_date_is_nine_o_clock_in_london_in_summer_and_in_winter() -> None:
    read = scenario("published-review")
    days = {step.name: f"{step.at:%d %B %H:%M %Z}" for step in read.steps}
    assert (days["notified_panel"], days["family_answered"]) == ("06 September 08:00 UTC", "14 November 09:00 UTC")


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("title:", "subject:", "small.yaml, line 1: subject is not a part of a scenario"),
        ("board: board.yaml\n", "", "small.yaml, line 1: board is missing"),
        ("board.yaml", "boards.yaml", "small.yaml, line 3: there is no file boards.yaml beside it"),
        ("board.yaml", "[1]", "small.yaml, line 3: a directory is a mapping with board"),
        ("working-days-2018", "ours.toml", "small.yaml, line 2: there is no rulebook ours.toml (on the shelf: hert"),
        ("outcome: died", "outcome: dead", "small.yaml, line 6: incident.children.0.outcome: "),
        ("notified_on: 2018-10-30", "notified_on: 2018-10-28", "small.yaml, line 4: incident: notified_on is before"),
        ("2018-10-27", "2019-10-27", "small.yaml, line 6: Date of death: 27 October 2019 is in the future."),
        ("at: 2018-10-31", "at: 2018-10-29", "small.yaml, line 12: at is before the step above"),
        ("at: 2018-10-31", "at: tomorrow", "small.yaml, line 12: tomorrow is no time: give a date (2018-09-30)"),
        ("14:00+00:00", "14:00", "small.yaml, line 13: 2018-11-01T14:00 is no time"),
        ("step: note_added", "step: note", "small.yaml, line 13: There is no step called note"),
        ("step: note_added", "step: [note_added]", "small.yaml, line 13: There is no step called ['note_added']"),
        ("A note.", "A note, and more.", "small.yaml, line 13: 'and more.' is no field: a text with a comma stands in"),
        ("text: A note.", "fields: A note.", "small.yaml, line 13: fields are a mapping of the step's fields"),
        ("text: A note.", "text: A, expect: maybe", "small.yaml, line 13: expect is refused, or {refused:"),
        ("note_added, text: A note.", "report_drafted, document: r.txt", "small.yaml, line 13: r.txt is not among the"),
        ("text: A note.", "text: A note.}}", "small.yaml, line 13: "),
        ("until: 2018-11-02", "until: 2018-11-31", "small.yaml, line 14: 2018-11-31 is no time"),
        # In the board's own file, its own lines.
        ("name: The Panel, ", "", "board.yaml, line 4: people.1.name is missing"),
        ("people:", "persons:", "board.yaml, line 2: persons is not a field of a directory"),
        ("role: chair,", "role: char,", "board.yaml, line 6: role 'char' is not one of"),
        ("national_panel, person: panel", "national_panel, person: pane", "board.yaml, line 7: person 'pane' in role"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_line(old: str, new: str, error: str, write: Write) -> None:
    with pytest.raises(PlainFileError) as raised:
        read_scenario(write(old, new), SHELF)
    text = str(raised.value)
    assert text.startswith(error) and "\n" not in text


def test_a_mistake_in_a_rulebook_is_named_with_its_own_file_and_line(write: Write, tmp_path: Path) -> None:
    rules = (ROOT / "rulebooks" / "working-days-2018.toml").read_text(encoding="utf-8")
    (tmp_path / "ours.toml").write_text(rules.replace("length = 1\n", "length = -1\n", 1))
    line = rules[: rules.index("length = 1\n")].count("\n") + 1
    with pytest.raises(RulebookError, match=rf"^ours\.toml, line {line}: clocks\.\w+\.length: "):
        read_scenario(write("working-days-2018", "ours.toml"), SHELF)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlainFileError, match=r"none\.yaml: No such file"):
        read_scenario(tmp_path / "none.yaml", SHELF)


async def test_an_expectation_that_is_not_met_is_told_with_its_line_and_the_reason(
    write: Write, tmp_path: Path
) -> None:
    path = write(
        "  - {at: 2018-11-01T14:00+00:00, step: note_added, text: A note.}",
        "  - {at: 2018-11-01T10:00+00:00, step: note_added, text: A note., expect: refused}\n"
        "  - {at: 2018-11-01T11:00+00:00, step: publication_fixed, publish_on: 2018-12-01}\n"
        '  - {at: 2018-11-01T12:00+00:00, step: published, address: /, expect: {refused: "2.9f"}}\n'
        "  - {at: 2018-11-01T13:00+00:00, step: reopened, reason: It is open., expect: refused}",
    )
    async with stage() as on:
        play = await played(read_scenario(path, SHELF), on, tmp_path / "kept")
    first, second, third = play.played.failures
    assert first == "small.yaml, line 13: note_added was expected to be refused, and was recorded"
    assert second.startswith(
        "small.yaml, line 14: publication_fixed was expected to be recorded, and was refused (2.9f): "
    )
    assert third.startswith("small.yaml, line 15: published was expected to be refused by 2.9f, and 2.9a did: ")
    with pytest.raises(PlainFileError, match="kept: holds a register already"):  # a board's own, it might be
        await played(read_scenario(path, SHELF), on, tmp_path / "kept")
    # What went wrong is in the timeline all the same.
    assert [(line["step"], when(line)) for line in play.all("step_refused")] == [
        ("publication_fixed", "2018-11-01 11:00"),
        ("published", "2018-11-01 12:00"),
        ("reopened", "2018-11-01 13:00"),
    ]


async def test_what_is_refused_stands_where_it_happened_among_steps_of_the_same_second(
    write: Write, tmp_path: Path
) -> None:
    path = write(
        "  - {at: 2018-11-01T14:00+00:00, step: note_added, text: A note.}",
        "  - {at: 2018-11-01T10:00+00:00, step: reopened, reason: First., expect: refused}\n"
        "  - {at: 2018-11-01T10:00+00:00, step: note_added, text: Second.}\n"
        "  - {at: 2018-11-01T10:00+00:00, step: published, address: /, expect: refused}\n"
        "  - {at: 2018-11-01T10:00+00:00, step: reopened, reason: Fourth., expect: refused}\n"
        "  - {at: 2018-11-01T10:00+00:00, step: note_added, text: Fifth.}",
    )
    async with stage() as on:
        play = await played(read_scenario(path, SHELF), on, tmp_path / "kept")
    told = [line["step"] for line in play.played.timeline if line["what"] in ("step_recorded", "step_refused")]
    assert told == ["notified_panel", "reopened", "note_added", "published", "reopened", "note_added"]


def test_the_scenarios_share_their_boards() -> None:
    boards = {path.name for path in (FOLDER / "boards").glob("*.yaml")}
    assert boards == {"exampleshire.yaml", "hertfordshire.yaml"}


def test_the_guide_tells_of_every_scenario() -> None:
    told = re.findall(r"^\| `([\w-]+)\.yaml` \|", GUIDE, re.MULTILINE)
    assert sorted(told) == [path.stem for path in FILES]


async def test_the_guides_example_can_be_played(tmp_path: Path) -> None:
    [example] = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    shutil.copytree(FOLDER / "boards", tmp_path / "boards")
    (tmp_path / "example.yaml").write_text(example)
    async with stage() as on:
        play = await played(read_scenario(tmp_path / "example.yaml", SHELF), on, tmp_path / "kept")
    assert play.played.failures == []
    assert not play.one("deadline_met", deadline="decision")["late"]
