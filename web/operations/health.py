"""Whether the system is well: a page for operations and administrators, and a word for machines."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from temporalio.service import RPCError

from models.days import moment_words
from register.files.behind import all_behind
from register.files.deliveries import unaddressed, undelivered
from register.schema import SchemaError, check_schema
from register.unavailable import RegisterUnavailable
from web.operations.pages import workflow_page
from web.operations.probes import Probes
from web.request.visit import Visit, allowed

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the system.

    Arguments:
        name: what it is called.
        well: whether it works.
        words: what was seen, and what to do about it.
        files: those that it is about: the reference, the address of its workflow's page, and what is wrong with it.
    """

    name: str
    well: bool
    words: str
    files: tuple[tuple[str, str, str], ...] = ()


@router.get("/health")
async def health(visit: Visit = allowed("see health")) -> Response:
    """Each part, without anything of a file but its reference."""
    found = await asyncio.gather(_register(visit), _behind(visit), _temporal(visit), _documents(visit), _mail(visit))
    parts = [part for some in found for part in some]
    return visit.page("health.html", title="Health", parts=parts, temporal_page=visit.site.temporal_page)


@router.get("/readyz")
async def readyz(visit: Visit = allowed("anyone")) -> Response:
    """Whether this process can show pages, for what hands out requests: 200 or 503. It can while Temporal is away."""
    try:
        await check_schema(visit.site.register)
    except (RegisterUnavailable, SchemaError):
        return JSONResponse({"ready": False}, status_code=503)
    return JSONResponse({"ready": True})


@router.get("/healthz")
async def healthz(visit: Visit = allowed("anyone")) -> Response:
    """Whether steps can be recorded and documents stored, for what wakes somebody: 200 or 503.

    A register that is behind with a file is told and is no 503: everything else goes on. No file is named to strangers.
    """
    probes: Probes = visit.request.app.state.probes
    faults = await asyncio.gather(probes.register.fault(), probes.temporal.fault(), probes.documents.fault())
    well = dict(zip(("register", "temporal", "documents"), (not fault for fault in faults), strict=True))
    well["workers"] = await _workers(visit) > 0
    behind: dict[str, int] | None = None
    with suppress(RegisterUnavailable):
        found = await all_behind(visit.site.register)
        seconds = (visit.now - found.since).total_seconds() if found.since else 0
        behind = {"files": found.files, "ahead": found.ahead, "seconds": max(round(seconds), 0)}
    answer = {"well": all(well.values()), **well, "register_behind": behind}
    return JSONResponse(answer, status_code=200 if answer["well"] else 503)


async def _register(visit: Visit) -> list[Part]:
    probes: Probes = visit.request.app.state.probes
    if fault := await probes.register.fault():
        words = f"Cannot be written. {fault} Steps are still recorded, and are shown once it can be written again."
        return [Part("Register", False, words)]
    return [Part("Register", True, "Responding. It saves changes, and its tables match this release.")]


async def _behind(visit: Visit) -> list[Part]:
    found = await all_behind(visit.site.register)
    if found.since is None:
        return [Part("Register and files", True, "The register is up to date with every file.")]
    words = [f"Files whose latest steps are not in the register: {found.files}, since {moment_words(found.since)}."]
    if found.ahead:
        words.append(
            f"Files for which the register has steps that the file does not have: {found.ahead}. For each, a person "
            "must decide which version is right: run starter.py recheck with its reference."
        )
    if found.files > found.ahead:
        words.append("Each is updated within five minutes of the cause being fixed.")
    files = tuple(
        (one.reference, workflow_page(visit, one.reference), f"since {moment_words(one.since)}. {one.reason}")
        for one in found.named
    )
    return [Part("Register and files", False, " ".join(words), files)]


async def _temporal(visit: Visit) -> list[Part]:
    probes: Probes = visit.request.app.state.probes
    try:
        cluster = visit.site.cases.cluster
        workers, still = await cluster.workers(), await cluster.standing_still()
    except RPCError:
        away = (
            "Not responding. Files can be read, but nothing can be recorded and no letters are sent until it is back."
        )
        unknown = "Unknown while Temporal is not responding."
        return [Part("Temporal", False, away), Part("Workers", False, unknown), Part("Files", False, unknown)]
    fault = await probes.temporal.fault()
    keeps_nothing = (
        f"Responding, but not saving: {fault}. Files can be read, but nothing can be recorded and no letters are sent. "
        "Check whether the disk of its database is full, and read its log."
    )
    there = {
        0: "No worker is running. Nothing can be recorded and no letters are sent. Start a worker.",
        1: "1 worker running.",
    }
    return [
        Part("Temporal", not fault, keeps_nothing if fault else "Responding, and saving what it is sent."),
        Part("Workers", workers > 0, there.get(workers, f"{workers} workers running.")),
        Part("Files", not still, _standing_still(still)),
    ]


async def _workers(visit: Visit) -> int:
    try:
        return await visit.site.cases.cluster.workers()
    except RPCError:
        return 0


async def _documents(visit: Visit) -> list[Part]:
    probes: Probes = visit.request.app.state.probes
    if fault := await probes.documents.fault():
        return [Part("Documents", False, f"{fault} Documents cannot be uploaded. Check whether the disk is full.")]
    return [Part("Documents", True, "Documents can be saved.")]


def _standing_still(files: int | None) -> str:
    if files is None:
        return "This Temporal server does not count stuck files. Watch the metric for failed workflow tasks."
    if not files:
        return "No files stuck."
    return (
        f"{files} stuck, because their workflow tasks fail. Nothing is lost; they continue once the release or the "
        "calendar is fixed. Temporal's page and the worker's log say why."
    )


async def _mail(visit: Visit) -> list[Part]:
    register = visit.site.register
    letters = await undelivered(register, visit.now)
    of = Counter("operations" if one.operations_must_act else one.status for one in letters)
    waiting = of["waiting"] + of["sending"]
    words = f"Letters waiting for the mail server: {waiting}. Letters not delivered, which coordinators must correct: "
    words += f"{of['refused']}. Letters without an e-mail address: {len(await unaddressed(register))}."
    if of["operations"]:
        words += (
            f" Letters waiting until the mail settings (password, TLS, certificate) are corrected: "
            f"{of['operations']}. Correct them, and restart the workers."
        )
    return [Part("Mail", not waiting and not of["operations"], words)]
