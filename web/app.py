"""Puts the pages together: every area's routes, the templates, the shell around each request."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from web import (
    accounts,
    actions,
    calendar,
    directory,
    exports,
    file_history,
    file_pages,
    file_parts,
    guide,
    health,
    letters,
    live,
    mails,
    oidc,
    opening,
    operations,
    own_account,
    published,
    recording,
    replies,
    restrictions,
    sign_in,
    statistics,
    uploads,
    work_list,
)
from web.attempts import Attempts
from web.errors import ANSWERS
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
