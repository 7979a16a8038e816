"""Accounts, for administrators: who may sign in, and what they may do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import structlog
from fastapi import APIRouter
from fastapi.responses import Response

from register.people.accounts import (
    Account,
    EmailTaken,
    LastAdministrator,
    account_changes,
    accounts,
    add_account,
    change_account,
    faults,
    find_account,
)
from register.people.credentials import INVITED_FOR, invite
from web.accounts.sign_in import is_safe
from web.request.roles import ROLE_WORDS, ROLES
from web.request.saved_input import taken, typed
from web.request.visit import NotFound, Visit, allowed

router = APIRouter()
log = structlog.get_logger(__name__)

_LINK = "new-link"
"""The cookie that carries a one-time link over the redirect to the page that shows it, once."""


@router.get("/accounts")
async def account_list(visit: Visit = allowed("manage accounts")) -> Response:
    """All accounts."""
    return visit.page(
        "accounts/list.html",
        title="Accounts",
        accounts=await accounts(visit.site.register),
        words=_role_names(),
        names=await _names(visit),
    )


@router.get("/accounts/add")
async def add_form(visit: Visit = allowed("manage accounts")) -> Response:
    """The form for a new account."""
    return await _form(visit, "Add an account", _given(await typed(visit)))


@router.post("/accounts/add")
async def add(visit: Visit = allowed("manage accounts")) -> Response:
    """Adds an account, and makes the one-time link that its page then shows."""
    given = _given(_sent(visit))
    wrong = await _faults(visit, given)
    if not wrong:
        try:
            added = await add_account(visit.site.register, **given, by=visit.account.name, now=visit.now)
        except EmailTaken as error:
            wrong = {"email": str(error)}
    if wrong:
        return await _form(visit, "Add an account", given, wrong)
    await taken(visit)
    log.info("account added", account=added.id, by=visit.account.id)
    return await _with_link(visit, added)


@router.get("/accounts/{id}")
async def account_page(id: str, visit: Visit = allowed("manage accounts")) -> Response:
    """One account: what it may do, and every change of it. A new one-time link is shown here once."""
    account = await _one(visit, id)
    secret = visit.request.cookies.get(_cookie(visit), "")
    of, _, secret = secret.partition(":")
    page = visit.page(
        "accounts/account.html",
        title=account.name,
        account=account,
        words=ROLE_WORDS,
        roles=ROLES,
        names=await _names(visit),
        changes=await account_changes(visit.site.register, id),
        link=f"{_base(visit)}/welcome/{secret}" if of == id and secret else "",
        days=INVITED_FOR.days,
        refused=visit.request.query_params.get("refused"),
        why_not=str(LastAdministrator()),
    )
    if secret:
        page.delete_cookie(_cookie(visit), secure=is_safe(visit), httponly=True, samesite="strict")
    return page


@router.get("/accounts/{id}/change")
async def change_form(id: str, visit: Visit = allowed("manage accounts")) -> Response:
    """The form to change an account."""
    account = await _one(visit, id)
    kept = await typed(visit)
    return await _form(visit, f"Change {account.name}", _given(kept) if kept else _as_given(account), account=account)


@router.post("/accounts/{id}/change")
async def change(id: str, visit: Visit = allowed("manage accounts")) -> Response:
    """Changes an account. Other roles sign it out everywhere."""
    account, given = await _one(visit, id), _given(_sent(visit))
    wrong = await _faults(visit, given)
    if not wrong:
        try:
            await _changed(visit, replace(account, **given))
        except EmailTaken as error:
            wrong = {"email": str(error)}
        except LastAdministrator as error:
            wrong = {"roles": str(error)}
    if wrong:
        return await _form(visit, f"Change {account.name}", given, wrong, account=account)
    await taken(visit)
    return visit.redirect(f"/accounts/{id}")


@router.post("/accounts/{id}/stop")
async def stop(id: str, visit: Visit = allowed("manage accounts")) -> Response:
    """Stops an account: nobody signs in with it any more, and whoever is signed in is signed out."""
    try:
        await _changed(visit, replace(await _one(visit, id), active=False))
    except LastAdministrator:
        return visit.redirect(f"/accounts/{id}?refused=1")
    return visit.redirect(f"/accounts/{id}")


@router.post("/accounts/{id}/allow")
async def allow(id: str, visit: Visit = allowed("manage accounts")) -> Response:
    """Lets a stopped account sign in again."""
    await _changed(visit, replace(await _one(visit, id), active=True))
    return visit.redirect(f"/accounts/{id}")


@router.post("/accounts/{id}/link")
async def new_link(id: str, visit: Visit = allowed("manage accounts")) -> Response:
    """Makes a new one-time link; its page shows it."""
    account = await _one(visit, id)
    if not account.active:
        return visit.redirect(f"/accounts/{id}")
    return await _with_link(visit, account)


async def _one(visit: Visit, id: str) -> Account:
    account = await find_account(visit.site.register, id)
    if account is None:
        raise NotFound("There is no such account.")
    return account


async def _changed(visit: Visit, account: Account) -> None:
    await change_account(visit.site.register, account, by=visit.account.name, now=visit.now)
    log.info("account changed", account=account.id, by=visit.account.id)


async def _with_link(visit: Visit, account: Account) -> Response:
    """On to the account's page. The link goes there in a cookie: an address would stay in histories and logs."""
    secret = await invite(visit.site.register, account.id, by=visit.account.name, now=visit.now)
    answer = visit.redirect(f"/accounts/{account.id}")
    value = f"{account.id}:{secret}"
    answer.set_cookie(_cookie(visit), value, max_age=120, secure=is_safe(visit), httponly=True, samesite="strict")
    return answer


def _cookie(visit: Visit) -> str:
    return f"__Host-{_LINK}" if is_safe(visit) else _LINK


def _base(visit: Visit) -> str:
    return visit.site.settings.public_url or str(visit.request.base_url).rstrip("/")


def _sent(visit: Visit) -> list[tuple[str, str]]:
    return [(name, value) for name, value in visit.form.multi_items() if isinstance(value, str)]


def _given(items: list[tuple[str, str]]) -> dict[str, Any]:
    """An account's fields as they were typed."""
    one = {name: value.strip() for name, value in items}
    fields = {name: one.get(name, "") for name in ("name", "email", "organisation", "person")}
    return {**fields, "roles": frozenset(value for name, value in items if name == "roles")}


def _as_given(account: Account) -> dict[str, Any]:
    return {name: getattr(account, name) for name in ("name", "email", "organisation", "person", "roles")}


async def _faults(visit: Visit, given: dict[str, Any]) -> dict[str, str]:
    wrong = faults(given["name"], given["email"], given["roles"], given["organisation"])
    if not given["roles"] <= set(ROLES):
        wrong["roles"] = "Choose roles from the list."
    directory = await visit.site.directory()
    for field, known in (
        ("organisation", directory.organisations if directory else ()),
        ("person", directory.people if directory else ()),
    ):
        if given[field] and given[field] not in {one.id for one in known}:
            wrong.setdefault(field, "This entry is no longer in the directory. Choose another.")
    return wrong


async def _form(
    visit: Visit, title: str, given: dict[str, Any], wrong: dict[str, str] | None = None, account: Account | None = None
) -> Response:
    directory = await visit.site.directory()
    # The first box of a group has the group's own name; a select and an input have theirs.
    errors = [{"text": text, "href": f"#{field}"} for field, text in (wrong or {}).items()]
    return visit.page(
        "accounts/form.html",
        status=422 if wrong else 200,
        title=title,
        account=account,
        given=given,
        wrong=wrong or {},
        errors=errors,
        roles=ROLES,
        words=ROLE_WORDS,
        organisations=_choices(directory.organisations if directory else (), given["organisation"]),
        people=_choices(directory.people if directory else (), given["person"]),
    )


def _choices(known: Any, chosen: str) -> list[dict[str, Any]]:
    rows = [{"value": one.id, "text": one.name} for one in sorted(known, key=lambda one: one.name.casefold())]
    if chosen and all(row["value"] != chosen for row in rows):
        rows.append({"value": chosen, "text": f"{chosen} (not in the directory)"})
    return [{"value": "", "text": "None"}, *rows]


async def _names(visit: Visit) -> dict[str, str]:
    """What the directory's ids of organisations and people stand for."""
    directory = await visit.site.directory()
    if directory is None:
        return {}
    organisations = {one.id: one.name for one in directory.organisations}
    return organisations | {one.id: one.name for one in directory.people}


def _role_names() -> dict[str, str]:
    return {role: words.partition(":")[0] for role, words in ROLE_WORDS.items()}
