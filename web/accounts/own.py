"""Somebody's own account: details, password, and where else they are signed in."""

from __future__ import annotations

import structlog
from fastapi import APIRouter
from fastapi.responses import Response

from register.people.credentials import change_password, check_password
from register.people.passwords import SHORTEST, weakness
from register.people.sessions import count_sessions, end_sessions
from web.accounts.attempts import Attempts
from web.accounts.sign_in import begin, too_many
from web.request.roles import ROLE_WORDS, ROLES
from web.request.visit import Visit, allowed, cookie_name

router = APIRouter()
log = structlog.get_logger(__name__)

_PRESENT, _NEW = "password", "new_password"
_DONE = {
    "changed": "Your password has been changed. You are signed out everywhere else.",
    "elsewhere": "You are signed out everywhere else.",
}


@router.get("/account")
async def own_account(visit: Visit = allowed("sign out")) -> Response:
    """One's own details."""
    directory = await visit.site.directory()
    account = visit.account
    organisation = (
        next((o.name for o in directory.organisations if o.id == account.organisation), "") if directory else ""
    )
    person = directory.person(account.person) if directory and account.person else None
    return visit.page(
        "accounts/own.html",
        title="Your account",
        words=[ROLE_WORDS[role] for role in ROLES if role in account.roles],
        organisation=organisation or account.organisation,
        person=person.name if person else account.person,
        others=await count_sessions(visit.site.register, account.id, now=visit.now) - 1,
        done=_DONE.get(visit.request.query_params.get("done", "")),
    )


@router.post("/account/sessions/end")
async def end_others(visit: Visit = allowed("sign out")) -> Response:
    """Signs out everywhere but here."""
    here = visit.request.cookies.get(cookie_name(visit.request), "")
    await end_sessions(visit.site.register, visit.account.id, but=here)
    log.info("signed out elsewhere", account=visit.account.id)
    return visit.redirect("/account?done=elsewhere")


@router.get("/account/password")
async def password_form(visit: Visit = allowed("sign out")) -> Response:
    """The form for another password."""
    return _form(visit, {})


@router.post("/account/password")
async def new_password(visit: Visit = allowed("sign out")) -> Response:
    """Changes one's password: whoever does it must know the present one, and is signed out everywhere else."""
    account = visit.account
    present, new = visit.form.get(_PRESENT), visit.form.get(_NEW)
    if not isinstance(present, str) or not isinstance(new, str):
        present = new = ""
    if why := weakness(new, email=account.email, name=account.name):
        return _form(visit, {_NEW: why})
    attempts: Attempts = visit.request.app.state.attempts
    wait = await attempts.another(visit.request, account.email)
    if wait is not None:
        return _form(visit, {_PRESENT: too_many(visit, wait)}, status=429)
    if (await check_password(visit.site.register, account.email, present)).account is None:
        return _form(visit, {_PRESENT: "This is not your current password."})
    await attempts.succeeded(visit.request, account.email)
    await change_password(visit.site.register, account, new, now=visit.now)
    log.info("password changed", account=account.id)
    return await begin(visit, account, "/account?done=changed")


def _form(visit: Visit, wrong: dict[str, str], *, status: int = 422) -> Response:
    return visit.page(
        "accounts/password.html",
        status=status if wrong else 200,
        title="Change your password",
        wrong=wrong,
        errors=[{"text": text, "href": f"#{field}"} for field, text in wrong.items()],
        shortest=SHORTEST,
    )
