"""Commands about one file, or all of them: open it, record on it, look at it."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from commands.options import By, Json, Reference, one_of
from commands.printing import Printer
from commands.shared import (
    fields_in,
    known_step,
    next_reference,
    opening_in,
    placed_in,
    register_only,
    run,
    show_file,
    step_on,
    store_documents,
    whoever,
    whole_system,
)
from models.days import london_date
from models.directory import Directory
from models.incident import Opening
from models.regimes import REGIMES, every_kind, every_stage
from register.lists.files import PAGE, Filter, list_files
from running.plain_files import read_plain_file

app = typer.Typer()


@app.command("open")
def open_(
    file: Annotated[Path, typer.Argument(help="YAML or JSON with an incident or a review; see samples/.")],
    reference: Annotated[str | None, typer.Option(help="Default: the next free reference of the year.")] = None,
    by: By = None,
    json: Json = False,
) -> None:
    """Opens a file for an incident, or for a review without one."""

    async def work(printer: Printer) -> int:
        async with whole_system() as (parts, cases):
            now = cases.now()
            plain = read_plain_file(file)
            body = opening_in(plain, london_date(now), by)
            with placed_in(plain):
                if reference or "reference" not in body:
                    body["reference"] = reference or await next_reference(parts, body, london_date(now), now)
                opened = await cases.open(body, parts.rulebook)
            if opened.listed:
                await show_file(printer, parts, opened.reference, now)
            elif printer.as_json:
                printer.data(asdict(opened))
            else:
                printer.say(f"{opened.reference} is open. The lists will show it in a moment.")
        return 0

    run(work, as_json=json)


@app.command()
def record(
    reference: Reference,
    step: Annotated[str, typer.Argument(help="The step's name; `steps` lists them.")],
    file: Annotated[Path | None, typer.Option(help="YAML or JSON with the step's fields.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="A field, as name=value. Repeat for more fields.")
    ] = None,
    on: Annotated[str, typer.Option(help="The date it happened: 2018-09-30, today, today-3.")] = "today",
    by: By = None,
    id_: Annotated[
        str | None, typer.Option("--id", help="The step's id. A step sent twice with the same id is recorded once.")
    ] = None,
    json: Json = False,
) -> None:
    """Records a step. For a document, give the path of a file."""

    async def work(printer: Printer) -> int:
        known_step(step)
        async with whole_system() as (parts, cases):
            today = london_date(cases.now())
            body = {"id": id_ or str(uuid.uuid4()), "recorded_by": whoever(by)}
            kind = await step_on(parts, reference, step)
            body |= fields_in(kind, None, [f"happened_on={on}"], today) | fields_in(kind, file, set_ or [], today)
            await store_documents(parts, reference, kind, body, cases.now())
            recorded = await cases.record(reference, step, body)
        if printer.as_json:
            printer.data({"recorded": True, **asdict(recorded)})
        else:
            follows = "" if recorded.listed else " The lists will show it in a moment."
            printer.say(f"Recorded: {step} on {reference}, as {body['id']}.{follows}")
        return 0

    run(work, as_json=json)


@app.command()
def show(reference: Reference, json: Json = False) -> None:
    """Shows a file: stage, criteria, deadlines, letters, which steps can be recorded now, and why others cannot."""

    async def work(printer: Printer) -> int:
        async with register_only() as parts:
            await show_file(printer, parts, reference, datetime.now(UTC))
        return 0

    run(work, as_json=json)


@app.command("list")
def list_(
    stage: Annotated[str | None, one_of("Only files in this stage", every_stage())] = None,
    kind: Annotated[str | None, one_of("Only this kind of review", every_kind())] = None,
    contains: Annotated[str, typer.Option(help="Only references that contain this.")] = "",
    overdue: Annotated[
        bool | None, typer.Option("--overdue/--nothing-overdue", help="Only files with, or without, overdue deadlines.")
    ] = None,
    opened: Annotated[
        bool | None, typer.Option("--open/--closed", help="Only open files, or only closed files.")
    ] = None,
    page: Annotated[int, typer.Option(min=1, help="Which page; each has 50 files.")] = 1,
    json: Json = False,
) -> None:
    """Lists files by next deadline."""

    async def work(printer: Printer) -> int:
        which = Filter(stage=stage, kind=kind, overdue=overdue, open=opened, reference=contains)
        async with register_only() as parts:
            found = await list_files(parts.register, which, start=(page - 1) * PAGE)
        columns = ("reference", "stage", "kind", "finding", "next_due", "overdue", "rulebook")
        rows = [{name: getattr(line, name) for name in columns} for line in found.files]
        printer.rows(f"{found.total} files", columns, rows)
        return 0

    run(work, as_json=json)


@app.command()
def steps(
    step: Annotated[str | None, typer.Argument(help="Only this step, with its fields.")] = None, json: Json = False
) -> None:
    """Lists the steps; with --json, each with its JSON Schema."""

    async def work(printer: Printer) -> int:
        if step is not None:
            known_step(step)
        for regime in REGIMES.values():
            printer.catalogue(regime, step)
        return 0

    run(work, as_json=json)


@app.command()
def schema(
    of: Annotated[Literal["opening", "directory"], typer.Argument(help="The opening of a file, or the directory.")],
    json: Json = False,
) -> None:
    """Prints the JSON Schema of a file's opening (incident or review), or of a board's directory."""

    async def work(printer: Printer) -> int:
        printer.schema((Opening if of == "opening" else Directory).model_json_schema())
        return 0

    run(work, as_json=json)
