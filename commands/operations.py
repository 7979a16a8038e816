"""Commands for those who run the system."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from commands.options import By, Json
from commands.printing import Printer
from commands.shared import (
    REFUSED,
    register_only,
    run,
    whoever,
    whole_system,
)
from commands.up import SMTP_PORT, TEMPORAL_PORT, WEB_PORT, Ports, run_everything
from models.days import day_words
from register.documents.unclaimed import LEFT_AFTER, left_documents, remove_left
from register.extra_holidays import add_holiday, extra_holidays, remove_holiday
from register.files.deliveries import unaddressed, undelivered
from register.lists.figures import annual_report, count_by_kind_and_year
from register.schema import migrate
from running.case_client import CaseClient
from running.recheck import NewRulebook, Recheck, Side
from running.rehearsals.rehearsal import play, stage
from running.rehearsals.scenario import read_scenario
from running.replay import replay_open_files
from running.rulebooks import read_shelf
from running.settings import load_settings
from running.system import system
from running.temporal import connect

app = typer.Typer()
HolidayOn = Annotated[
    datetime, typer.Argument(formats=["%Y-%m-%d"], metavar="DAY", help="The day, for example 2027-05-04.")
]
holidays = typer.Typer(
    no_args_is_help=True, help="Extra holidays: bank holidays that are not in the built-in calendar."
)


@app.command()
def rehearse(
    file: Annotated[Path, typer.Argument(help="A scenario; see scenarios/.")],
    keep: Annotated[Path | None, typer.Option(help="A folder in which to keep the e-mails and the register.")] = None,
    json: Json = False,
) -> None:
    """Plays a whole case in virtual time and prints its timeline."""

    async def work(printer: Printer) -> int:
        scenario = read_scenario(file, read_shelf(load_settings().rulebooks_dir))
        async with stage() as on:
            played = await play(scenario, on, keep)
        for line in played.timeline:
            printer.event(line)
        for failure in played.failures:
            print(failure, file=sys.stderr)
        return REFUSED if played.failures else 0

    run(work, as_json=json, log_level="error", timeline=True)


@app.command()
def recheck(
    reference: Annotated[str | None, typer.Argument(help="One file. Default: every open file.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Make the changes. Without this they are only shown.")] = False,
    counts: Annotated[
        Side | None, typer.Option(help="Which version is right, if the register has steps that the file does not have.")
    ] = None,
    json: Json = False,
) -> None:
    """Shows which deadlines and letters today's code and calendar would change; restarts files without a run."""

    async def work(printer: Printer) -> int:
        if counts and not reference:
            raise typer.BadParameter("Give the reference: --counts applies to one file at a time.")
        failed = False
        async with whole_system() as (parts, cases):
            async for found in Recheck(cases, parts, counts=counts).files(reference, apply=apply):
                printer.rechecked(found)
                failed = failed or found["failed"]
        return int(failed)

    run(work, as_json=json)


@app.command()
def replay(
    reference: Annotated[str | None, typer.Argument(help="One file. Default: every open file.")] = None,
    json: Json = False,
) -> None:
    """Checks that every open file can continue with this release. Run it before an upgrade."""

    async def work(printer: Printer) -> int:
        # The register may be older than the code at hand: nothing is read from it.
        async with system(load_settings()) as parts:
            client = await connect(parts.settings)
            cases = CaseClient(client, parts.register, parts.surroundings, parts.settings.task_queue)
            found = [one async for one in replay_open_files(client, cases, reference)]
        faults = [asdict(one) for one in found if one.fault]
        title = f"{len(found)} open files replayed, {len(faults)} would be stuck"
        printer.rows(title, ("reference", "events", "fault"), [asdict(one) for one in found] if json else faults)
        return int(bool(faults))

    run(work, as_json=json)


@app.command("rulebook")
def rulebook_(
    name: Annotated[str, typer.Argument(help="The name of an available rulebook.")],
    reason: Annotated[str, typer.Option(help="The reason, kept on each file.")],
    only: Annotated[str | None, typer.Option("--only", help="One file. Default: every open file.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Make the changes. Without this they are only shown.")] = False,
    by: By = None,
    json: Json = False,
) -> None:
    """Changes the rulebook of one or all open files. Without --apply it shows what would change."""

    async def work(printer: Printer) -> int:
        async with whole_system() as (parts, cases):
            change = NewRulebook(name, reason, whoever(by))
            failed = False
            async for found in Recheck(cases, parts, change).files(only, apply=apply):
                printer.rechecked(found)
                failed = failed or found["failed"]
        return int(failed)

    run(work, as_json=json)


@app.command()
def letters(json: Json = False) -> None:
    """Lists letters that are waiting, could not be delivered or have no address, on every file."""

    async def work(printer: Printer) -> int:
        async with register_only() as parts:
            found = await undelivered(parts.register, datetime.now(UTC))
            nobody = await unaddressed(parts.register)
        columns = ("reference", "notice_key", "recipient", "status", "attempts", "operations_must_act", "words")
        rows = [{name: getattr(one, name) for name in columns} for one in found]
        words = "Not sent: no e-mail address. Add one to the directory, then record address_corrected."
        rows += [{**asdict(one), "status": "not sent", "attempts": 0, "words": words} for one in nobody]
        printer.rows(f"{len(rows)} letters are waiting, could not be delivered or have no address", columns, rows)
        return 0

    run(work, as_json=json)


@app.command()
def documents(
    apply: Annotated[bool, typer.Option("--apply", help="Remove them. Without this they are only shown.")] = False,
    json: Json = False,
) -> None:
    """Lists documents that no step uses: uploaded at least 90 days ago with a form that was never confirmed."""

    async def work(printer: Printer) -> int:
        before = datetime.now(UTC) - LEFT_AFTER
        async with register_only() as parts:
            found = list(await left_documents(parts.register, before))
            if apply:
                found = [one for one in found if await remove_left(parts.register, parts.documents, one, before)]
        title = f"{len(found)} documents that no step uses{', removed' if apply else ''}"
        printer.rows(title, ("reference", "sha256", "size", "stored_at"), [asdict(left) for left in found])
        return 0

    run(work, as_json=json)


@app.command()
def report(
    year: Annotated[int | None, typer.Argument(help="The year. Default: reviews by year and kind.")] = None,
    json: Json = False,
) -> None:
    """Prints the figures for the annual report: files, decisions, timeliness, actions, impact (1.2a, 1.2e)."""

    async def work(printer: Printer) -> int:
        async with register_only() as parts:
            if year is None:
                counts = [asdict(count) for count in await count_by_kind_and_year(parts.register)]
                printer.rows("Files opened", ("year", "kind", "files"), counts)
                return 0
            printer.report(await annual_report(parts.register, year))
        return 0

    run(work, as_json=json)


@holidays.command("list")
def holidays_list(json: Json = False) -> None:
    """Lists extra holidays, including removed ones."""

    async def work(printer: Printer) -> int:
        async with register_only() as parts:
            found = await extra_holidays(parts.register)
        columns = ("day", "name", "added_at", "added_by", "removed_at", "removed_by")
        in_force = sum(holiday.removed_at is None for holiday in found)
        printer.rows(f"{in_force} extra holidays", columns, [asdict(holiday) for holiday in found])
        return 0

    run(work, as_json=json)


@holidays.command("add")
def holidays_add(
    day: HolidayOn,
    name: Annotated[str, typer.Option(help="What the holiday is for.")],
    by: By = None,
    json: Json = False,
) -> None:
    """Adds an extra holiday. Who added it, and when, is kept."""

    async def work(printer: Printer) -> int:
        async with register_only() as parts:
            await add_holiday(parts.register, day.date(), name=name, by=whoever(by), at=datetime.now(UTC))
        _holiday_changed(printer, day.date(), f"is now an extra holiday: {name}")
        return 0

    run(work, as_json=json)


@holidays.command("remove")
def holidays_remove(day: HolidayOn, by: By = None, json: Json = False) -> None:
    """Removes an extra holiday. The entry is kept, with who removed it and when."""

    async def work(printer: Printer) -> int:
        async with register_only() as parts:
            await remove_holiday(parts.register, day.date(), by=whoever(by), at=datetime.now(UTC))
        _holiday_changed(printer, day.date(), "is no longer an extra holiday")
        return 0

    run(work, as_json=json)


def _holiday_changed(printer: Printer, day: date, how: str) -> None:
    if printer.as_json:
        printer.data({"day": day.isoformat(), "next": "recheck"})
        return
    printer.say(f"{day_words(day)} {how}.")
    printer.say(
        "To see which deadlines on open files this changes, run `starter.py recheck`; to change them, "
        "`recheck --apply`."
    )


@app.command("migrate")
def migrate_() -> None:
    """Upgrades the register's tables to this release. `up` does this automatically."""

    async def work(_: Printer) -> int:
        await migrate(load_settings().register_url)
        return 0

    run(work, as_json=False)


def _a_port(what: str) -> Any:
    return typer.Option(help=what, min=1, max=65535)


@app.command()
def up(
    temporal_port: Annotated[int, _a_port("For Temporal.")] = TEMPORAL_PORT,
    web_port: Annotated[int, _a_port("For Temporal's web page.")] = WEB_PORT,
    smtp_port: Annotated[int, _a_port("For the mail server that keeps all e-mails.")] = SMTP_PORT,
    pages_port: Annotated[int | None, _a_port("For the pages. Default: the port in the settings.")] = None,
    json: Json = False,
) -> None:
    """Runs everything on this machine until Ctrl-C."""
    from web.server import pages  # takes a moment to load, and other commands do without

    async def work(printer: Printer) -> int:
        await run_everything(printer, Ports(temporal_port, web_port, smtp_port, pages_port), pages)
        return 0

    run(work, as_json=json)


@app.command("pages")
def pages_() -> None:
    """Serves the pages until Ctrl-C or SIGTERM. They can be read while Temporal is down."""
    from web.server import serve_pages  # takes a moment to load, and other commands do without

    async def work(_: Printer) -> int:
        await serve_pages(load_settings())
        return 0

    run(work, as_json=False, log_level=None)
