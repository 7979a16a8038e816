"""Puts the pages together: every area's routes, the templates, the shell around each request."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from web.accounts import oidc, sign_in
from web.accounts import own as own_account
from web.accounts import pages as accounts
from web.accounts.attempts import Attempts
from web.directory import pages as directory
from web.errors import ANSWERS
from web.figures import pages as statistics
from web.file import exports, live, restrictions
from web.file import history as file_history
from web.file import overview as file_pages
from web.file import parts as file_parts
from web.forms import uploads
from web.guide import pages as guide
from web.lists import actions, calendar, letters, published, work_list
from web.lists import caught_mail as mails
from web.opening import pages as opening
from web.operations import health
from web.operations import pages as operations
from web.operations.probes import Probes
from web.recording import pages as recording
from web.replies import pages as replies
from web.security import Assets, SecurityMiddleware
from web.site import Site
from web.templating import templates

AREAS = (
    sign_in,
    oidc,
    work_list,
    opening,
    recording,
    uploads,
    exports,
    restrictions,
    live,
    file_pages,
    file_parts,
    file_history,
    operations,
    calendar,
    actions,
    letters,
    statistics,
    directory,
    accounts,
    own_account,
    replies,
    published,
    mails,
    guide,
    health,
)
"""Each has a ``router``. Of two routes for one address the first counts."""

STATIC = Path(__file__).resolve().parent / "static"


def make_app(site: Site) -> FastAPI:
    """The pages, ready to be served."""
    # FastAPI's own pages of documentation load scripts from elsewhere.
    app = FastAPI(title="Serious case reviews", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.site = site
    app.state.attempts = Attempts(site.secret)
    app.state.probes = Probes(site)
    app.state.provider = oidc.Provider(site.settings)
    app.state.templates = templates(site, STATIC)
    for area in AREAS:
        app.include_router(area.router)
    app.mount("/static", Assets(directory=STATIC), name="static")
    app.add_middleware(GZipMiddleware, minimum_size=1_000)
    largest = site.settings.document_max_bytes + 1_000_000
    app.add_middleware(SecurityMiddleware, largest_body=largest, public_url=site.settings.public_url)
    for kind, answer in ANSWERS.items():
        app.add_exception_handler(kind, answer)
    return app
