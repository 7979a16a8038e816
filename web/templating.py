"""The templates: our own pages on the GOV.UK Design System's macros, with the words and numbers they share."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import ChainableUndefined, ChoiceLoader, Environment, FileSystemLoader, PackageLoader, PrefixLoader

from models.called import short_name
from models.days import LONDON, day_words, moment_words
from models.step_words import capital, child_words, step_label
from web.navigation import navigation
from web.site import Site, stamp

_TEMPLATES = Path(__file__).resolve().parent / "templates"


def templates(site: Site, static: Path) -> Environment:
    """The environment of every page. Text is escaped unless a macro of the design system made it."""
    environment = Environment(
        loader=ChoiceLoader(
            [
                FileSystemLoader(_TEMPLATES),
                PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
            ]
        ),
        autoescape=True,
        auto_reload=False,  # else each macro looks at its files again
        undefined=ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    @cache
    def asset(name: str) -> str:
        """The address of a file in ``web/static``, another one whenever its content changes."""
        return f"/static/{name}?{stamp(static / name)}"

    environment.globals.update(asset=asset, site=site, navigation=navigation)
    environment.filters.update(
        child=lambda name: capital(child_words(name)),
        clock=lambda at: f"{at.astimezone(LONDON):%H:%M}",
        day=day_words,
        step_label=lambda name, regime: step_label(regime, name),
        moment=moment_words,
        short_name=short_name,
    )
    return environment
