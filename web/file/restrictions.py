"""Who may read a file: restricted to named people or open to every reader; and who did read it while it was."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from register.people.access import accesses, restrict, restricted_to
from register.people.accounts import Account, accounts
from web.request.opened_file import OpenFile, open_file
from web.request.roles import ROLE_WORDS, ROLES, may
from web.request.saved_input import taken, typed
from web.request.visit import Visit, allowed

router = APIRouter()

_MOST = 500
"""Lines of the audit on a page."""


@router.get("/files/{reference}/restriction")
async def restriction(reference: str, visit: Visit = allowed("read the audit")) -> Response:
    """Who may read a file, and who did."""
    file = await open_file(visit, reference, what="looked at who may read it")
    kept = [value for name, value in await typed(visit) if name == "people"]
    return await _page(visit, file, chosen=kept)


@router.post("/files/{reference}/restriction")
async def restrict_file(reference: str, visit: Visit = allowed("restrict files")) -> Response:
    """Restricts a file to the people that were chosen and whoever chooses them."""
    file = await open_file(visit, reference, what="changed who may read it")
    chosen = {value for value in visit.form.getlist("people") if isinstance(value, str)}
    readers = {account.id for account in await _readers(visit)}
    # Who is named already and stopped meanwhile cannot be chosen; their name goes with this change.
    if not chosen <= readers:
        return await _page(
            visit, file, chosen=sorted(chosen), wrong="The list has changed. Choose people from it again."
        )
    await restrict(visit.site.register, reference, chosen | {visit.account.id}, by=visit.account.id, now=visit.now)
    await taken(visit)
    return visit.redirect(f"/files/{reference}/restriction")


@router.post("/files/{reference}/restriction/open")
async def open_again(reference: str, visit: Visit = allowed("restrict files")) -> Response:
    """Opens a file to every reader again."""
    file = await open_file(visit, reference, what="changed who may read it")
    if file.restricted:
        await restrict(visit.site.register, reference, (), by=visit.account.id, now=visit.now)
    return visit.redirect(f"/files/{reference}/restriction")


async def _page(visit: Visit, file: OpenFile, *, chosen: list[str], wrong: str = "") -> Response:
    named = await restricted_to(visit.site.register, file.reference)
    ticked = set(chosen) or named
    people = [
        {
            "value": account.id,
            "text": account.name,
            "hint": {"text": ", ".join(ROLE_WORDS[role].partition(":")[0] for role in ROLES if role in account.roles)},
            "checked": account.id in ticked,
        }
        for account in await _readers(visit)
        if account.id != visit.account.id
    ]
    return visit.page(
        "restrictions/restriction.html",
        status=422 if wrong else 200,
        title=f"Who may read {file.reference}",
        reference=file.reference,
        restricted=file.restricted,
        named=[account.name for account in await accounts(visit.site.register) if account.id in named],
        people=people,
        audit=await accesses(visit.site.register, file.reference, limit=_MOST),
        most=_MOST,
        wrong=wrong,
        errors=[{"text": wrong, "href": "#people"}] if wrong else [],
    )


async def _readers(visit: Visit) -> list[Account]:
    """Who can be named: whoever may read files at all."""
    return [one for one in await accounts(visit.site.register) if one.active and may(one.roles, "read files")]
