"""A scenario: a whole case as a file, to be played in virtual time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache, reduce
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from models.days import LONDON
from models.directory import Directory
from models.faults import explained
from models.fold import open_record
from models.record import Refusal
from models.regimes import regime_named, step_called
from models.rulebook import Rulebook
from models.step import Step
from models.world import Surroundings, World
from running.plain_files import Place, PlainFile, read_plain_file
from running.rulebooks import plain_shelf, read_rulebook_file

_TOP = (
    "title",
    "rulebook",
    "board",
    "reference",
    "opened_at",
    "opened_by",
    "incident",
    "review",
    "documents",
    "steps",
    "until",
)
_NEEDED = ("rulebook", "board", "steps")
_OF_PLAY = ("at", "step", "expect", "fields")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class PlayedStep:
    """One step of a scenario.

    Arguments:
        at: the instant it is recorded.
        kind: the step's class.
        body: its fields, with id, who recorded it and the day it happened filled in.
        refused: whether a refusal is expected.
        rule: the rule of the refusal, when one is expected.
        place: where it stands in the file.
    """

    at: datetime
    kind: type[Step]
    body: dict[str, Any]
    refused: bool
    rule: str
    place: Place

    @property
    def name(self) -> str:
        """The step's name."""
        return self.kind.name()


@dataclass(frozen=True)
class Scenario:
    """A whole case.

    Arguments:
        file: it came from.
        rulebook: pinned into the file.
        directory: the board's.
        opened_at: the instant the file is opened.
        opening: what it is opened with.
        documents: texts that steps name as their documents.
        steps: in order of time.
        until: the instant to play on to; None to end with the last step.
    """

    file: PlainFile
    rulebook: Rulebook
    directory: Directory
    opened_at: datetime
    opening: dict[str, Any]
    documents: dict[str, str]
    steps: tuple[PlayedStep, ...]
    until: datetime | None


def read_scenario(path: Path, shelf: Mapping[str, Rulebook]) -> Scenario:
    """The scenario in a file.

    Arguments:
        path: of a YAML file.
        shelf: rulebooks by name; another is read by its path.

    Raises:
        PlainFileError: a mistake; the text names the line.
        RulebookError: a mistake in the rulebook it names.
    """
    file = read_plain_file(path)
    data = file.data
    if not isinstance(data, dict):
        raise file.error((), "a scenario is a mapping with rulebook, board, incident and steps")
    for name in data:
        if name not in _TOP:
            raise file.error((name,), f"{name} is not a part of a scenario; its parts are {', '.join(_TOP)}")
    for name in _NEEDED:
        if name not in data:
            raise file.error((), f"{name} is missing")
    if ("incident" in data) == ("review" in data):
        raise file.error((), "give either an incident or a review that needs none")
    opened_at = _opened_at(file)
    rulebook = _rulebook(file, path.parent, shelf)
    directory, steps = _directory(file, path.parent), _steps(file, rulebook, opened_at)
    # The register of a rehearsal has no extra holidays.
    surroundings = Surroundings(directory, plain_shelf([rulebook]), frozenset())
    return Scenario(
        file=file,
        rulebook=rulebook,
        directory=directory,
        opened_at=opened_at,
        opening=_opening(file, rulebook, surroundings.at(opened_at)),
        documents=_documents(file),
        steps=steps,
        until=_until(file, steps),
    )


def _until(file: PlainFile, steps: Sequence[PlayedStep]) -> datetime | None:
    if file.data.get("until") is None:
        return None
    until = _instant(file, ("until",), file.data["until"])
    if steps and until < steps[-1].at:
        raise file.error(("until",), "until is before the last step: give a later day, or leave it out")
    return until


def _rulebook(file: PlainFile, folder: Path, shelf: Mapping[str, Rulebook]) -> Rulebook:
    name = file.data["rulebook"]
    if not isinstance(name, str):
        raise file.error(("rulebook",), "rulebook is the name of one on the shelf, or a path")
    if name in shelf:
        return shelf[name]
    path = folder / name
    if not path.is_file():
        raise file.error(("rulebook",), f"there is no rulebook {name} (on the shelf: {', '.join(sorted(shelf))})")
    return read_rulebook_file(path)


def _directory(file: PlainFile, folder: Path) -> Directory:
    board = file.data["board"]
    if not isinstance(board, str):
        return directory_in(file, board, ("board",))
    path = folder / board
    if not path.is_file():
        raise file.error(("board",), f"there is no file {board} beside it: board is a directory, or a path to one")
    directory = read_plain_file(path)
    return directory_in(directory, directory.data)


def directory_in(file: PlainFile, data: Any, place: Place = ()) -> Directory:
    """The directory in a part of a file.

    Raises:
        PlainFileError: a mistake; the text names the line.
    """
    if not isinstance(data, dict):
        raise file.error(place, "a directory is a mapping with board, organisations, people and appointments")
    try:
        directory = Directory.model_validate(data)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)[:1]
        raise file.error((*place, *faults[0]["loc"]), explained(faults, "a directory", "").reason) from None
    for what in directory.faults():
        raise file.error(_named_in(file, place, what), what)
    return directory


def _named_in(file: PlainFile, place: Place, what: str) -> Place:
    """Where the first thing that a fault names, in quotes, stands in a part of a file."""
    named = re.search(r"'([^']+)'", what)
    for found in file.lines:
        value = reduce(lambda part, key: part[key], found, file.data)
        if named and found[: len(place)] == place and value == named.group(1):
            return found
    return place


def _opened_at(file: PlainFile) -> datetime:
    data = file.data
    if data.get("opened_at") is not None:
        return _instant(file, ("opened_at",), data["opened_at"])
    incident = data.get("incident")
    if isinstance(incident, dict) and incident.get("notified_on") is not None:
        return _instant(file, ("incident", "notified_on"), incident["notified_on"])
    raise file.error((), "opened_at is missing: say when the file is opened")


def _opening(file: PlainFile, rulebook: Rulebook, world: World) -> dict[str, Any]:
    data = file.data
    opening = {
        "reference": data.get("reference", "REHEARSAL-1"),
        "opened_on": world.today.isoformat(),
        "recorded_by": data.get("opened_by", "coordinator"),
    }
    opening |= {name: data[name] for name in ("incident", "review") if name in data}
    refusal = open_record(opening, rulebook, world)
    if isinstance(refusal, Refusal):
        raise file.error_of(refusal.field, refusal.reason)
    return opening


def _documents(file: PlainFile) -> dict[str, str]:
    documents = file.data.get("documents") or {}
    if not isinstance(documents, dict) or not all(isinstance(text, str) for text in documents.values()):
        raise file.error(("documents",), "documents are texts by file name: report.txt: what it says")
    return documents


def _steps(file: PlainFile, rulebook: Rulebook, opened_at: datetime) -> tuple[PlayedStep, ...]:
    steps = file.data["steps"] or []
    if not isinstance(steps, list):
        raise file.error(("steps",), "steps are a list")
    found: list[PlayedStep] = []
    for number, step in enumerate(steps):
        played = _step(file, rulebook, number, step)
        if played.at < (found[-1].at if found else opened_at):
            raise file.error(("steps", number, "at"), "at is before the step above, or before the file is opened")
        found.append(played)
    return tuple(found)


def _step(file: PlainFile, rulebook: Rulebook, number: int, step: Any) -> PlayedStep:
    place: Place = ("steps", number)
    if not isinstance(step, dict) or "at" not in step or "step" not in step:
        raise file.error(place, "a step has at, step and the step's fields")
    name = step["step"]
    kind = step_called(regime_named(rulebook.regime), str(name))
    if isinstance(kind, Refusal):
        raise file.error((*place, "step"), kind.reason)
    at = _instant(file, (*place, "at"), step["at"])
    refused, rule = _expected(file, place, step.get("expect"))
    given = {
        "id": f"step-{number + 1}",
        "recorded_by": "coordinator",
        "happened_on": at.astimezone(LONDON).date().isoformat(),
    }
    body = given | {field: value for field, value in step.items() if field not in _OF_PLAY} | _more(file, place, step)
    documents = _documents(file)
    for field in document_fields(kind):
        value = body.get(field)
        if isinstance(value, str) and value not in documents and not _DIGEST.fullmatch(value):
            raise file.error((*place, field), f"{value} is not among the scenario's documents")
    return PlayedStep(at, kind, body, refused, rule, place)


def _more(file: PlainFile, place: Place, step: Mapping[str, Any]) -> dict[str, Any]:
    """Fields whose names mean something else here: a step that is struck out is given as fields: {step: step-4}."""
    for name in step:
        if " " in name:
            raise file.error((*place, name), f"{name!r} is no field: a text with a comma stands in quotes")
    more = step.get("fields", {})
    if not isinstance(more, dict):
        raise file.error((*place, "fields"), "fields are a mapping of the step's fields")
    return more


def _expected(file: PlainFile, place: Place, expect: Any) -> tuple[bool, str]:
    if expect is None:
        return False, ""
    if expect == "refused":
        return True, ""
    if isinstance(expect, dict) and set(expect) == {"refused"} and isinstance(expect["refused"], str):
        return True, expect["refused"]
    raise file.error((*place, "expect"), 'expect is refused, or {refused: "2.9f"} with the rule')


@cache
def document_fields(kind: type[Step]) -> tuple[str, ...]:
    """The fields of a step that name a document."""
    fields = []
    for name, field in kind.model_json_schema()["properties"].items():
        variants = [field, *field.get("anyOf", ())]
        if any(variant.get("document") for variant in variants):
            fields.append(name)
    return tuple(fields)


def _instant(file: PlainFile, place: Place, value: Any) -> datetime:
    """ISO 8601 with offset, to the second; a bare date is 09:00 in London.

    In UTC: London's own hours are not all an hour apart.
    """
    try:
        text = str(value)
        if len(text) == 10:
            return datetime.combine(date.fromisoformat(text), time(9), LONDON).astimezone(UTC)
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise ValueError
    except ValueError:
        raise file.error(
            place,
            f"{value} is no time: give a date (2018-09-30) or a time with its offset (2018-09-30T14:00+01:00)",
        ) from None
    return at.astimezone(UTC).replace(microsecond=0)
