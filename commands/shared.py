"""What every command shares: its parts, its input, and errors as one line and an exit code."""

from __future__ import annotations

import getpass
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import typer
from temporalio.service import RPCError

from commands.account_checks import AccountError
from commands.printing import Printer
from commands.samples import with_days
from models.days import NoCalendarError
from models.fold import fold, open_record
from models.record import Refusal, Refused
from models.regimes import regime_of, steps_called
from models.rulebook_file import RulebookError
from models.step import Step
from models.view import shown
from register.directory import FaultyDirectory, NoDirectory
from register.documents.store import DocumentMissing, DocumentRefused, DocumentStoreUnavailable
from register.extra_holidays import FaultyHoliday
from register.files.references import ReferenceTaken, claim_next_reference
from register.files.store import read_entries
from register.people.accounts import EmailTaken
from register.schema import SchemaError, check_schema
from register.unavailable import RegisterUnavailable
from running import event_loop
from running.case_client import CaseClient, NoSuchFileError, UnansweredError
from running.embedded.processes import EmbeddedServerError
from running.logs import set_up_logging
from running.plain_files import PlainFile, PlainFileError, read_plain_file, read_plain_text
from running.rehearsals.scenario import document_fields
from running.search_attributes import SearchAttributesError
from running.settings import SettingsError, load_settings
from running.system import System, system
from running.temporal import TemporalUnavailable, connect

REFUSED, WRONG, AWAY = 1, 2, 3
"""Exit codes: refused or an expectation not met; what was given is wrong; Temporal or the register is away."""


class NoSuchStepError(Exception):
    """There is no step by that name."""


_WRONG = (
    PlainFileError,
    RulebookError,
    SettingsError,
    SchemaError,
    SearchAttributesError,
    FaultyDirectory,
    FaultyHoliday,
    NoDirectory,
    NoSuchFileError,
    NoSuchStepError,
    AccountError,
    EmailTaken,
    ReferenceTaken,
    NoCalendarError,
    DocumentRefused,
    DocumentMissing,
    EmailTaken,
    EmbeddedServerError,
)
_AWAY = (TemporalUnavailable, RegisterUnavailable, DocumentStoreUnavailable, UnansweredError, RPCError)

Work = Callable[[Printer], Awaitable[int]]


def run(work: Work, *, as_json: bool, log_level: str | None = "warning", timeline: bool = False) -> None:
    """Runs a command's work and exits with its code; what goes wrong is one line on standard error.

    Arguments:
        work: prints its result and returns the exit code.
        as_json: results and errors as JSON.
        log_level: of what is logged, to standard error; None for what the settings say.
        timeline: standard output is a timeline, of events alone; an error then is a line on standard error also for
            machines.
    """
    printer = Printer(as_json=as_json, timeline=timeline)
    raise typer.Exit(event_loop.run(_guarded(work, printer, log_level)))


async def _guarded(work: Work, printer: Printer, log_level: str | None) -> int:
    try:
        set_up_logging(load_settings(**({"log_level": log_level} if log_level else {})))
        return await work(printer)
    except Refused as error:
        refusal = error.refusal
        told = {"refused": True, "rule": refusal.rule, "field": refusal.field, "reason": refusal.reason}
        _complain(printer, told, f"{refusal.reason}{f' ({refusal.rule})' if refusal.rule else ''}")
        return REFUSED
    except _WRONG as error:
        _complain(printer, {"error": str(error)}, str(error))
        return WRONG
    except _AWAY as error:
        text = f"Temporal did not answer: {error.message}" if isinstance(error, RPCError) else str(error)
        _complain(printer, {"error": text}, text)
        return AWAY


def _complain(printer: Printer, told: Mapping[str, Any], text: str) -> None:
    if printer.as_json and not printer.timeline:
        printer.data(told)
    else:
        print(text, file=sys.stderr)


@asynccontextmanager
async def register_only() -> AsyncIterator[System]:
    """The system's parts, for what only reads the register: it works while Temporal is away."""
    async with system(load_settings()) as parts:
        await check_schema(parts.register)
        yield parts


@asynccontextmanager
async def whole_system() -> AsyncIterator[tuple[System, CaseClient]]:
    """The system's parts, and the files to speak to."""
    async with register_only() as parts:
        client = await connect(parts.settings)
        yield parts, CaseClient(client, parts.register, parts.surroundings, parts.settings.task_queue)


def whoever(by: str | None) -> str:
    """Who records: as given, or who is signed in on this machine."""
    return by or getpass.getuser()


def known_step(name: str) -> list[type[Step]]:
    """The classes of a step, one in each regime that has it.

    Raises:
        NoSuchStepError: none has.
    """
    kinds = steps_called(name)
    if not kinds:
        raise NoSuchStepError(f"There is no step called {name}: `starter.py steps` lists them.")
    return kinds


async def step_on(parts: System, reference: str, name: str) -> type[Step]:
    """The class of a step on a file; where the file has none, or the register no such file, that of any regime.

    Raises:
        NoSuchStepError: no regime has such a step.
    """
    entries = await read_entries(parts.register, reference)
    of_file = regime_of(entries).steps.get(name) if entries else None
    return of_file or known_step(name)[0]


def opening_in(plain: PlainFile, today: date, by: str | None) -> dict[str, Any]:
    """What a file is opened with, from a YAML or JSON file."""
    data = _mapping(plain, today)
    data.pop("steps", None)
    return {"opened_on": today.isoformat(), "recorded_by": whoever(by), **data}


@contextmanager
def placed_in(plain: PlainFile) -> Iterator[None]:
    """Tells a refusal of what a file holds with the file and the line.

    Raises:
        PlainFileError: no rule of the framework is behind it: what was given is wrong.
    """
    try:
        yield
    except Refused as error:
        refusal = error.refusal
        given = refusal.field is None or refusal.field.partition(".")[0] in plain.data
        told = plain.error_of(refusal.field, refusal.reason) if given else PlainFileError(refusal.reason)
        if not refusal.rule:
            raise told from None
        raise Refused(replace(refusal, reason=str(told))) from None


def fields_in(kind: type[Step], path: Path | None, given: Sequence[str], today: date) -> dict[str, Any]:
    """A step's fields, from a file and from ``name=value``. A text is taken as it is, anything else is read as YAML.

    Raises:
        PlainFileError: something is no name=value, or no YAML.
    """
    fields = _mapping(read_plain_file(path), today) if path else {}
    texts = _texts(kind)
    for one in given:
        name, equals, value = one.partition("=")
        name = name.strip()
        if not equals or not name:
            raise PlainFileError(f"--set {one}: give it as name=value")
        if name in texts:
            fields[name] = value or None
        else:
            fields[name] = with_days(read_plain_text(value, f"--set {name}").data, today)
    return fields


def _texts(kind: type[Step]) -> frozenset[str]:
    """The fields of a step that hold text and nothing else; days are no text, as ``today`` is one."""
    return frozenset(
        name
        for name, schema in kind.model_json_schema()["properties"].items()
        if any(one.get("type") == "string" and one.get("format") != "date" for one in schema.get("anyOf", [schema]))
    )


def _mapping(plain: PlainFile, today: date) -> dict[str, Any]:
    if not isinstance(plain.data, dict):
        raise plain.error((), "give a mapping of names and values")
    found: dict[str, Any] = with_days(plain.data, today)
    return found


async def next_reference(parts: System, body: Mapping[str, Any], today: date, now: datetime) -> str:
    """The next free reference of the year, claimed for this opening.

    Raises:
        Refused: it may not be opened, and no reference is used up.
    """
    world = (await parts.surroundings.refresh()).at(now)
    refusal = open_record({**body, "reference": "NOT-YET"}, parts.rulebook, world)
    if isinstance(refusal, Refusal):
        raise Refused(refusal)
    prefix, opening = parts.rulebook.reference_prefix, CaseClient.token(body)
    return (await claim_next_reference(parts.register, prefix, today.year, opening, now)).reference


async def store_documents(parts: System, reference: str, kind: type[Step], body: dict[str, Any], now: datetime) -> None:
    """Puts files that the body names by path into the document store, and their digests into the body.

    Raises:
        PlainFileError: a path that cannot be read.
        DocumentRefused: a document that is not kept.
        DocumentMissing: a digest of no document that was stored for this file.
    """
    for field in document_fields(kind):
        value = body.get(field)
        if not isinstance(value, str):
            continue
        path = Path(value)
        if len(value) == 64 and not path.exists():
            await parts.documents.about(reference, value)
            continue
        try:
            content = path.read_bytes()
        except OSError as error:
            raise PlainFileError(f"{field}: {path}: {error.strerror or error}") from None
        body[field] = (await parts.documents.put(reference, content, path.name, now)).sha256


async def show_file(printer: Printer, parts: System, reference: str, now: datetime) -> None:
    """Prints a file as the register has it.

    Raises:
        NoSuchFileError: the register has no such file.
    """
    entries = await read_entries(parts.register, reference)
    if not entries:
        raise NoSuchFileError(reference)
    printer.file(shown(fold(entries), (await parts.surroundings.refresh()).at(now)))
