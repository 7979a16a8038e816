"""Whether the system is well: a page for operations and administrators, and a word for machines."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from temporalio.service import RPCError

from activities.away import RegisterAway
from activities.ledger import unaddressed, undelivered
from activities.schema import SchemaError, check_schema
from web.visit import Visit, allowed

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the system.

    Arguments:
        name: what it is called.
        well: whether it works.
        words: what was seen, and what to do about it.
    """

    name: str
    well: bool
    words: str


@router.get("/health")
async def health(visit: Visit = allowed("see health")) -> Response:
    """Register, Temporal, workers and mail, without anything of a file."""
    parts = [await _register(visit), *await _temporal(visit), await _mail(visit)]
    return visit.page("health.html", title="Health", parts=parts, temporal_page=visit.site.temporal_page)


@router.get("/healthz")
async def healthz(visit: Visit = allowed("anyone")) -> Response:
    """Whether the pages can answer, for whatever watches them: 200 or 503. They can be read while Temporal is away."""
    try:
        await check_schema(visit.site.register)
    except (RegisterAway, SchemaError):
        return JSONResponse({"well": False}, status_code=503)
    return JSONResponse({"well": True})


async def _register(visit: Visit) -> Part:
    try:
        await check_schema(visit.site.register)
    except SchemaError as error:
        return Part("Register", False, str(error))
    return Part("Register", True, "It answers, and its tables are those of this release.")


async def _temporal(visit: Visit) -> list[Part]:
    try:
        workers, still = await visit.site.cases.workers(), await visit.site.cases.standing_still()
    except RPCError:
        away = "It does not answer. Files can be read; nothing can be recorded, and no letter goes, until it is back."
        unknown = "Not known while Temporal does not answer."
        return [Part("Temporal", False, away), Part("Workers", False, unknown), Part("Files", False, unknown)]
    there = {0: "None asks for work. Steps are not answered and no letter goes: start one.", 1: "One asks for work."}
    return [
        Part("Temporal", True, "It answers."),
        Part("Workers", workers > 0, there.get(workers, f"{workers} ask for work.")),
        Part("Files", not still, _standing_still(still)),
    ]


def _standing_still(files: int | None) -> str:
    if files is None:
        return "This Temporal does not count those that stand still: watch failed workflow tasks in its figures."
    if not files:
        return "None stands still."
    return (
        f"{files} stand still, as their workflow tasks fail: nothing is lost, and they go on once the release or the "
        "calendar is mended. Temporal's page and the worker's log say why."
    )


async def _mail(visit: Visit) -> Part:
    register = visit.site.register
    letters = await undelivered(register, visit.now)
    of = Counter("operations" if one.operations_must_act else one.status for one in letters)
    waiting = of["waiting"] + of["under way"]
    words = f"Letters that wait for the mail server: {waiting}. Letters that were refused, which coordinators correct: "
    words += f"{of['refused']}. Letters that nobody is in the directory for: {len(await unaddressed(register))}."
    if of["operations"]:
        words += (
            f" Letters that wait until its settings (password, TLS, certificate) are mended: {of['operations']}. Mend "
            "them, and start the workers again."
        )
    return Part("Mail", not waiting and not of["operations"], words)
