"""The command line: open an incident, record a step, rehearse a case, run everything on this machine.

Exit codes: 0 done; 1 refused, or an expectation was not met; 2 what was given is wrong; 3 Temporal or the register
is away.
"""

from __future__ import annotations

import signal

if __name__ == "__main__":
    # Ctrl-C while the rest is loaded, which takes a moment, ends it at once and without a stack trace.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import sys
import uuid
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from activities.accounts import accounts
from activities.credentials import invite
from activities.directory import load_directory, replace_directory
from activities.figures import annual_report, count_by_kind_and_year
from activities.files import PAGE, Filter, list_files
from activities.ledger import unaddressed, undelivered
from activities.left_documents import LEFT_AFTER, left_documents, remove_left
from activities.schema import migrate
from models.counting import london_date
from models.directory import Directory
from models.incident import Opening
from models.view import Kind, Stage
from running.accounts import account_row, link_for, new_account, set_active
from running.command_line import (
    REFUSED,
    fields_in,
    known_step,
    next_reference,
    opening_in,
    placed_in,
    register_only,
    run,
    show_file,
    store_documents,
    whoever,
    whole_system,
)
from running.first_account import link
from running.plain_files import read_plain_file
from running.printing import Printer
from running.recheck import NewRulebook, Recheck
from running.rehearsal import play, stage
from running.scenario import directory_in, read_scenario
from running.settings import load_settings
from running.shelf import read_shelf
from running.system import System
from running.up import SMTP_PORT, TEMPORAL_PORT, WEB_PORT, Ports, run_everything
from web.roles import ROLES

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
directory_app = typer.Typer(no_args_is_help=True, help="The board's directory: who holds which role.")
app.add_typer(directory_app, name="directory")
account_app = typer.Typer(no_args_is_help=True, help="Accounts: who may sign in to the pages.")
app.add_typer(account_app, name="account")

Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, for machines.")]
Reference = Annotated[str, typer.Argument(help="The file's reference.")]
Email = Annotated[str, typer.Argument(help="The account's e-mail address.")]
By = Annotated[str | None, typer.Option("--by", help="Who records it; the user of this machine when left out.")]


@app.command("open")
def open_(
    file: Annotated[Path, typer.Argument(help="YAML or JSON with an incident, or a review; see samples/.")],
    reference: Annotated[str | None, typer.Option(help="The next free one of the year when left out.")] = None,
    by: By = None,
    json: Json = False,
) -> None:
    """Opens an incident, or a review that needs none."""

    async def work(printer: Printer) -> int:
        async with whole_system() as (parts, cases):
            now = cases.now()
            plain = read_plain_file(file)
            body = opening_in(plain, london_date(now), by)
            with placed_in(plain):
                if reference or "reference" not in body:
                    body["reference"] = reference or await next_reference(parts, body, london_date(now), now)
                opened = await cases.open(body, parts.rulebook)
            await show_file(printer, parts, opened, now)
        return 0

    run(work, as_json=json)


@app.command()
def record(
    reference: Reference,
    step: Annotated[str, typer.Argument(help="The step's name; `steps` lists them.")],
    file: Annotated[Path | None, typer.Option(help="YAML or JSON with the step's fields.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="A field, name=value; as often as needed.")] = None,
    on: Annotated[str, typer.Option(help="The day it happened: 2018-09-30, today, today-3.")] = "today",
    by: By = None,
    id_: Annotated[str | None, typer.Option("--id", help="The step's id: sent twice, it is recorded once.")] = None,
    json: Json = False,
) -> None:
    """Records a step. A field that names a document takes the path of a file."""

    async def work(printer: Printer) -> int:
        known_step(step)
        async with whole_system() as (parts, cases):
            today = london_date(cases.now())
            body = {"id": id_ or str(uuid.uuid4()), "recorded_by": whoever(by)}
            body |= fields_in(step, None, [f"happened_on={on}"], today) | fields_in(step, file, set_ or [], today)
            await store_documents(parts, reference, step, body, cases.now())
            answer = await cases.record(reference, step, body)
        if printer.as_json:
            printer.data(answer)
        else:
            printer.say(f"Recorded: {step} on {reference}, as {body['id']}.")
        return 0

    run(work, as_json=json)


@app.command()
def show(reference: Reference, json: Json = False) -> None:
    """Shows a file: stage, finding, duties, what may be recorded next, and what not and why."""

    async def work(printer: Printer) -> int:
        async with register_only() as parts:
            await show_file(printer, parts, reference, datetime.now(UTC))
        return 0

    run(work, as_json=json)


@app.command("list")
def list_(
    in_stage: Annotated[Stage | None, typer.Option("--stage", help="Only files in this stage.")] = None,
    kind: Annotated[Kind | None, typer.Option(help="Only this kind of review.")] = None,
    contains: Annotated[str, typer.Option(help="Only references with this in them.")] = "",
    overdue: Annotated[bool | None, typer.Option("--overdue/--nothing-overdue", help="By what is overdue.")] = None,
    opened: Annotated[bool | None, typer.Option("--open/--closed", help="By whether it is open.")] = None,
    page: Annotated[int, typer.Option(min=1, help="Pages of 50.")] = 1,
    json: Json = False,
) -> None:
    """Lists files by what is due next."""

    async def work(printer: Printer) -> int:
        which = Filter(stage=in_stage, kind=kind, overdue=overdue, open=opened, reference=contains)
        async with register_only() as parts:
            found = await list_files(parts.register, which, start=(page - 1) * PAGE)
        columns = ("reference", "stage", "kind", "finding", "next_due", "overdue", "rulebook")
        rows = [{name: getattr(line, name) for name in columns} for line in found.files]
        printer.rows(f"{found.total} files", columns, rows)
        return 0

    run(work, as_json=json)


@app.command()
def steps(
    step: Annotated[str | None, typer.Argument(help="Only this one, with its fields.")] = None, json: Json = False
) -> None:
    """The catalogue of steps; with --json each with its JSON Schema."""

    async def work(printer: Printer) -> int:
        printer.catalogue(known_step(step) if step is not None else None)
        return 0

    run(work, as_json=json)


@app.command()
def schema(
    of: Annotated[
        Literal["opening", "directory"], typer.Argument(help="What a file is opened with, or the directory.")
    ],
    json: Json = False,
) -> None:
    """The JSON Schema of what a file is opened with (incident or review), or of a board's directory."""

    async def work(printer: Printer) -> int:
        printer.schema((Opening if of == "opening" else Directory).model_json_schema())
        return 0

    run(work, as_json=json)


@app.command()
def rehearse(
    file: Annotated[Path, typer.Argument(help="A scenario; see scenarios/.")],
    keep: Annotated[Path | None, typer.Option(help="A folder to keep the mails and the register in.")] = None,
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
    reference: Annotated[str | None, typer.Argument(help="One file; every open one when left out.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Do it, and do not only show it.")] = False,
    json: Json = False,
) -> None:
    """Which duties would move under today's code and calendar; files without a run are started again."""

    async def work(printer: Printer) -> int:
        async with whole_system() as (parts, cases):
            async for found in Recheck(cases, parts).files(reference, apply=apply):
                printer.rechecked(found)
        return 0

    run(work, as_json=json)


@app.command("rulebook")
def rulebook_(
    name: Annotated[str, typer.Argument(help="The rulebook to follow; one on the shelf.")],
    reason: Annotated[str, typer.Option(help="Why; kept with each file.")],
    only: Annotated[str | None, typer.Option("--only", help="One file; every open one when left out.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Do it, and do not only show it.")] = False,
    by: By = None,
    json: Json = False,
) -> None:
    """Changes the rulebook of running files, one or many, after showing what would move."""

    async def work(printer: Printer) -> int:
        async with whole_system() as (parts, cases):
            change = NewRulebook(name, reason, whoever(by))
            async for found in Recheck(cases, parts, change).files(only, apply=apply):
                printer.rechecked(found)
        return 0

    run(work, as_json=json)


@app.command()
def letters(json: Json = False) -> None:
    """Letters that wait, were refused, or have nobody to go to, on every file."""

    async def work(printer: Printer) -> int:
        async with register_only() as parts:
            found = await undelivered(parts.register, datetime.now(UTC))
            nobody = await unaddressed(parts.register)
        columns = ("reference", "notice_key", "recipient", "status", "attempts", "operations_must_act", "words")
        rows = [{name: getattr(one, name) for name in columns} for one in found]
        words = "Nobody to send it to: complete the directory, then record address_corrected."
        rows += [{**asdict(one), "status": "not sent", "attempts": 0, "words": words} for one in nobody]
        printer.rows(f"{len(rows)} letters wait, were refused or have nobody to go to", columns, rows)
        return 0

    run(work, as_json=json)


@app.command()
def documents(
    apply: Annotated[bool, typer.Option("--apply", help="Remove them, and do not only show them.")] = False,
    json: Json = False,
) -> None:
    """Documents that no step names, sent 90 days ago or earlier with a form that was never confirmed."""

    async def work(printer: Printer) -> int:
        before = datetime.now(UTC) - LEFT_AFTER
        async with register_only() as parts:
            found = list(await left_documents(parts.register, before))
            if apply:
                found = [one for one in found if await remove_left(parts.register, parts.documents, one, before)]
        title = f"{len(found)} documents that no step names{', removed' if apply else ''}"
        printer.rows(title, ("reference", "sha256", "size", "stored_at"), [asdict(left) for left in found])
        return 0

    run(work, as_json=json)


@app.command()
def report(
    year: Annotated[int | None, typer.Argument(help="Which year; without it, reviews by year and kind.")] = None,
    json: Json = False,
) -> None:
    """The figures of the annual report: files, decisions, timeliness, actions and their impact (1.2a, 1.2e)."""

    async def work(printer: Printer) -> int:
        async with register_only() as parts:
            if year is None:
                counts = [asdict(count) for count in await count_by_kind_and_year(parts.register)]
                printer.rows("Files opened", ("year", "kind", "files"), counts)
                return 0
            printer.report(await annual_report(parts.register, year))
        return 0

    run(work, as_json=json)


@directory_app.command("show")
def directory_show() -> None:
    """Shows the directory, as JSON that `directory load` takes."""

    async def work(printer: Printer) -> int:
        async with register_only() as parts:
            printer.data((await load_directory(parts.register)).model_dump(mode="json"))
        return 0

    run(work, as_json=True)


@directory_app.command("load")
def directory_load(
    file: Annotated[Path, typer.Argument(help="YAML or JSON; see samples/board.yaml.")],
    by: By = None,
    json: Json = False,
) -> None:
    """Replaces the directory; every change is kept with who and when."""

    async def work(printer: Printer) -> int:
        plain = read_plain_file(file)
        wanted, who = directory_in(plain, plain.data), whoever(by)
        async with register_only() as parts:
            changes = await replace_directory(parts.register, wanted, changed_by=who, at=datetime.now(UTC))
        if printer.as_json:
            printer.data({"changes": len(changes)})
        else:
            printer.say(f"{len(changes)} changes.")
        return 0

    run(work, as_json=json)


@account_app.command("add")
def account_add(
    name: Annotated[str, typer.Argument(help="As it stands beside what they record.")],
    email: Email,
    role: Annotated[list[str], typer.Option("--role", help=f"As often as needed: {', '.join(ROLES)}.")],
    organisation: Annotated[str, typer.Option(help="The directory's id of the one they speak for.")] = "",
    person: Annotated[str, typer.Option(help="The directory's id of the same person.")] = "",
    by: By = None,
    json: Json = False,
) -> None:
    """Adds an account and prints its one-time link to choose a password."""

    async def work(printer: Printer) -> int:
        now, who = datetime.now(UTC), whoever(by)
        async with register_only() as parts:
            account = await new_account(
                parts.register,
                name=name,
                email=email,
                roles=role,
                known_roles=ROLES,
                organisation=organisation,
                person=person,
                by=who,
                now=now,
            )
            secret = await invite(parts.register, account.id, by=who, now=now)
            _hand_over(printer, parts, account.email, secret)
        return 0

    run(work, as_json=json)


@account_app.command("list")
def account_list(json: Json = False) -> None:
    """All accounts."""

    async def work(printer: Printer) -> int:
        async with register_only() as parts:
            rows = [account_row(account) for account in await accounts(parts.register)]
        printer.rows(
            f"{len(rows)} accounts", ("name", "email", "roles", "organisation", "active", "has_password"), rows
        )
        return 0

    run(work, as_json=json)


@account_app.command("link")
def account_link(email: Email, by: By = None, json: Json = False) -> None:
    """Prints a new one-time link to choose a password; the one before is good no more."""

    async def work(printer: Printer) -> int:
        async with register_only() as parts:
            secret = await link_for(parts.register, email, by=whoever(by), now=datetime.now(UTC))
            _hand_over(printer, parts, email, secret)
        return 0

    run(work, as_json=json)


@account_app.command("stop")
def account_stop(email: Email, by: By = None, json: Json = False) -> None:
    """Stops an account: it is signed out everywhere at once."""
    _set_active(email, by, active=False, as_json=json)


@account_app.command("allow")
def account_allow(email: Email, by: By = None, json: Json = False) -> None:
    """Lets a stopped account sign in again."""
    _set_active(email, by, active=True, as_json=json)


def _set_active(email: str, by: str | None, *, active: bool, as_json: bool) -> None:
    async def work(printer: Printer) -> int:
        async with register_only() as parts:
            account = await set_active(parts.register, email, active=active, by=whoever(by), now=datetime.now(UTC))
        if printer.as_json:
            printer.data(account_row(account))
        else:
            printer.say(f"{account.email} {'may sign in again' if active else 'is stopped'}.")
        return 0

    run(work, as_json=as_json)


def _hand_over(printer: Printer, parts: System, email: str, secret: str) -> None:
    address = link(parts.settings.public_url, secret)
    if printer.as_json:
        printer.data({"email": email, "link": address})
        return
    printer.say(f"To choose a password for {email}, once, within three days:\n\n  {address}\n")
    if not parts.settings.public_url:
        printer.say("Put the pages' address before it, or set SCR_PUBLIC_URL.")


@app.command("migrate")
def migrate_() -> None:
    """Brings the register's tables up to this release's; `up` does it by itself."""

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
    smtp_port: Annotated[int, _a_port("For the mail server that keeps mail.")] = SMTP_PORT,
    pages_port: Annotated[int | None, _a_port("For the pages; as set when left out.")] = None,
    json: Json = False,
) -> None:
    """Runs everything on this machine, until Ctrl-C."""
    from web.server import pages  # takes a moment to load, and other commands do without

    async def work(printer: Printer) -> int:
        await run_everything(printer, Ports(temporal_port, web_port, smtp_port, pages_port), pages)
        return 0

    run(work, as_json=json)


@app.command("pages")
def pages_() -> None:
    """Serves the pages, until Ctrl-C or SIGTERM. They start, and can be read, while Temporal is away."""
    from web.server import serve_pages  # takes a moment to load, and other commands do without

    async def work(_: Printer) -> int:
        await serve_pages(load_settings())
        return 0

    run(work, as_json=False, log_level=None)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    app()
