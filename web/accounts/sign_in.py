"""Signing in and out, and choosing a password by a one-time link."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.routing import Match

from models.days import LONDON
from register.people.accounts import Account
from register.people.credentials import LinkSpent, check_password, choose_password, invited
from register.people.passwords import SHORTEST, weakness
from register.people.sessions import begin_session, end_session
from web.accounts.attempts import Attempts
from web.navigation import home
from web.request.visit import CSRF_FIELD, ForeignForm, Visit, allowed, cookie_name

router = APIRouter()
log = structlog.get_logger(__name__)

_OURS = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]{0,2000}")
_WRONG = "The e-mail address or password is wrong."


def address(then: str = "/", *, kept: bool = False) -> str:
    """Where to sign in, and come back to a page of ours.

    Arguments:
        then: the page to come back to.
        kept: whether to say that what was typed is kept.
    """
    return "/sign-in?" + urlencode({"then": then, **({"kept": "1"} if kept else {})})


def ours(then: str) -> str:
    """An address to go on to, if it is one of our own pages; else the first page.

    Anything that a browser could read as another site's is not: ``//elsewhere``, ``/\\elsewhere``, blanks within.
    """
    found = then if _OURS.fullmatch(then) else "/"
    return "/" if urlsplit(found).path in ("/sign-in", "/sign-out") else found


def page_of(request: Request) -> str:
    """The page that a form was sent from: its own address if that is a page, else the one it was on."""
    sent_to = request.url.path
    if _is_page(request, sent_to):
        return sent_to
    came_from = urlsplit(request.headers.get("referer", ""))
    path = came_from.path if came_from.netloc == request.headers.get("host") else "/"
    return path if _is_page(request, path) else "/"


def _is_page(request: Request, path: str) -> bool:
    scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)


@router.get("/sign-in")
async def sign_in_page(visit: Visit = allowed("anyone")) -> Response:
    """The form to sign in; for whoever is signed in already, the page they wanted."""
    query = visit.request.query_params
    then = ours(query.get("then", "/"))
    if visit.session is not None:
        return visit.redirect(_onward(visit.account, then))
    return _form(visit, then, kept="kept" in query, out="out" in query)


@router.post("/sign-in")
async def sign_in(visit: Visit = allowed("anyone", token=False)) -> Response:
    """Signs in with address and password. Every session has a new secret."""
    check_own_token(visit)
    email, password = visit.text("email"), visit.form.get("password")
    then, kept = ours(visit.text("then")), bool(visit.text("kept"))
    if not email or not isinstance(password, str) or not password:
        return _form(visit, then, kept=kept, wrong="Enter your e-mail address and your password.")
    attempts: Attempts = visit.request.app.state.attempts
    wait = await attempts.another(visit.request, email)
    if wait is not None:
        log.warning("sign-in refused: too many attempts")
        return _form(visit, then, kept=kept, wrong=too_many(visit, wait), wait=wait)
    attempt = await check_password(visit.site.register, email, password)
    if attempt.account is None:
        log.warning("sign-in failed", account=attempt.of or "unknown")
        return _form(visit, then, kept=kept, wrong=_WRONG)
    await attempts.succeeded(visit.request, email)
    return await begin(visit, attempt.account, then)


@router.post("/sign-out")
async def sign_out(visit: Visit = allowed("sign out")) -> Response:
    """Signs out in this browser."""
    await end_session(visit.site.register, visit.request.cookies.get(cookie_name(visit.request), ""))
    log.info("signed out", account=visit.account.id)
    answer = visit.redirect("/sign-in?out=1")
    answer.delete_cookie(cookie_name(visit.request), secure=is_safe(visit), httponly=True, samesite="lax")
    return answer


@router.get("/session/left")
async def session_left(visit: Visit = allowed("sign out", used=False)) -> Response:
    """How many seconds are left, for a page that asks by itself: that does not put the end off."""
    return _left(visit)


@router.post("/session/keep")
async def session_keep(visit: Visit = allowed("sign out")) -> Response:
    """Somebody wants to stay signed in."""
    return _left(visit)


@router.get("/welcome/{secret}")
async def welcome(secret: str, visit: Visit = allowed("anyone")) -> Response:
    """The form to choose a password, for whoever has a one-time link."""
    try:
        account = await invited(visit.site.register, secret, now=visit.now)
    except LinkSpent as error:
        return visit.page("error.html", status=410, title="This link no longer works", words=str(error))
    return _password_form(visit, account)


@router.post("/welcome/{secret}")
async def choose(secret: str, visit: Visit = allowed("anyone", token=False)) -> Response:
    """Sets the password, which spends the link, and signs in."""
    check_own_token(visit)
    password = visit.form.get("password")
    try:
        account = await invited(visit.site.register, secret, now=visit.now)
        why = weakness(password if isinstance(password, str) else "", email=account.email, name=account.name)
        if why or not isinstance(password, str):
            return _password_form(visit, account, wrong=why)
        account = await choose_password(visit.site.register, secret, password, now=visit.now)
    except LinkSpent as error:
        return visit.page("error.html", status=410, title="This link no longer works", words=str(error))
    log.info("password chosen", account=account.id)
    return await begin(visit, account, "/")


async def begin(visit: Visit, account: Account, then: str) -> Response:
    """Signs an account in and goes on to a page; whoever was signed in in this browser before is signed out.

    Arguments:
        visit: whose browser.
        account: who showed who they are.
        then: the page to go on to, already known for ours.
    """
    name = cookie_name(visit.request)
    if before := visit.request.cookies.get(name):
        await end_session(visit.site.register, before)
    secret = await begin_session(visit.site.register, account.id, now=visit.now)
    log.info("signed in", account=account.id)
    answer = visit.redirect(_onward(account, then))
    answer.set_cookie(name, secret, secure=is_safe(visit), httponly=True, samesite="lax", path="/")
    answer.delete_cookie(_form_cookie(visit), secure=is_safe(visit), httponly=True, samesite="strict")
    attempts: Attempts = visit.request.app.state.attempts
    attempts.remember(visit.request, answer, account.email)
    return answer


def _onward(account: Account, then: str) -> str:
    """The first page differs by role; every other one is as it was asked for."""
    return home(account.roles) if then == "/" else then


# --- The token of a form that a stranger sends: in the page and in a cookie, both the same. Another site's page can
# neither read the one nor set the other.


def own_token(visit: Visit) -> str:
    """The token for a stranger's form: the one their browser has, or a new one."""
    found = visit.request.cookies.get(_form_cookie(visit), "")
    return found if len(found) >= 32 else secrets.token_urlsafe(32)


def with_own_token(visit: Visit, page: Response, token: str) -> Response:
    """A page with that token's cookie."""
    page.set_cookie(_form_cookie(visit), token, secure=is_safe(visit), httponly=True, samesite="strict", path="/")
    return page


def check_own_token(visit: Visit) -> None:
    """Refuses a stranger's form that does not come from our page in this very browser.

    Raises:
        ForeignForm: it does not.
    """
    given, kept = visit.form.get(CSRF_FIELD), visit.request.cookies.get(_form_cookie(visit), "")
    if not isinstance(given, str) or len(kept) < 32 or not secrets.compare_digest(given.encode(), kept.encode()):
        raise ForeignForm


def _form_cookie(visit: Visit) -> str:
    return "__Host-form" if is_safe(visit) else "form"


def is_safe(visit: Visit) -> bool:
    """Whether the visit is over HTTPS, so that cookies can be kept to it."""
    return visit.request.url.scheme == "https"


def _form(
    visit: Visit, then: str, *, kept: bool = False, out: bool = False, wrong: str = "", wait: timedelta | None = None
) -> Response:
    token = own_token(visit)
    page = visit.page(
        "sign_in/sign_in.html",
        status=429 if wait else 422 if wrong else 200,
        title="Sign in",
        token=token,
        then=then,
        kept=kept,
        out=out,
        email=visit.text("email"),
        errors=[{"text": wrong, "href": "#email"}] if wrong else [],
    )
    if wait:
        page.headers["Retry-After"] = str(int(wait.total_seconds()))
    return with_own_token(visit, page, token)


def _password_form(visit: Visit, account: Account, *, wrong: str = "") -> Response:
    token = own_token(visit)
    page = visit.page(
        "sign_in/welcome.html",
        status=422 if wrong else 200,
        title="Choose a password",
        token=token,
        account=account,
        shortest=SHORTEST,
        errors=[{"text": wrong, "href": "#password"}] if wrong else [],
    )
    return with_own_token(visit, page, token)


def too_many(visit: Visit, wait: timedelta) -> str:
    """What to tell somebody who has to wait before the next attempt."""
    until = (visit.now + wait + timedelta(minutes=1)).astimezone(LONDON)
    return f"Too many attempts to sign in. Try again after {until:%H:%M}."


def _left(visit: Visit) -> Response:
    session = visit.session
    left = (session.until - visit.now).total_seconds() if session else 0
    return JSONResponse({"left": max(0, int(left)), "more": bool(session and session.can_go_on)})
