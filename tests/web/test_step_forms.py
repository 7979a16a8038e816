"""Every step has a form, and what is typed into it is what is recorded: through the page, as a browser reads it."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from jinja2 import Environment

from models.quick_answers import why_not
from models.serious_case_reviews import SERIOUS_CASE_REVIEWS, STEPS
from models.step import read_step
from web.app import STATIC
from web.forms.faults import faults_of, in_order, refused
from web.forms.fields import FormField
from web.forms.names import Given, step_fields
from web.forms.reading import input_names, read_fields, target, typed_from
from web.forms.values import cleaned
from web.forms.view import FormView
from web.site import Site
from web.templating import templates

from ..core import lives
from ..core.case import Case
from ..core.plausible import body as plausible
from .html_forms import Page, structure_faults

PAGE = """{% from "forms/fields.html" import fields_of with context %}
<!DOCTYPE html><html lang="en"><body><h1>A form</h1><form id="form">{{ fields_of(form) }}</form></body></html>"""


def environment() -> Environment:
    """The templates, without a board."""
    settings = SimpleNamespace(document_max_bytes=25_000_000)
    return templates(cast(Site, SimpleNamespace(settings=settings)), STATIC)


TEMPLATE = environment().from_string(PAGE)


def shown(fields: list[FormField], view: FormView) -> str:
    """A page with these fields."""
    return TEMPLATE.render(form=view)


def given(case: Case) -> Given:
    """What a form is built from, for a file of the core's tests."""
    world = case.world
    return Given(case.file, world, tuple(case.record))


def files() -> Iterator[Case]:
    """Files at several stages of their life."""
    yield lives.met()
    yield lives.not_met()
    yield lives.drafted()
    yield lives.published()


FILES = list(files())
TYPED = [name for name, kind in STEPS.items() if kind.who != ("another_file",)]
"""The steps that people record: what another file sends by itself has no form."""


@pytest.mark.parametrize("name", TYPED)
def test_every_step_has_a_form_that_a_browser_and_a_screen_reader_can_read(name: str) -> None:
    for case in FILES:
        fields = step_fields(STEPS[name], given(case))
        page = shown(fields, FormView(fields, cleaned([])))
        assert structure_faults(page) == []
        asked = {made.key for made in fields}
        unasked = {made for made in set(STEPS[name].model_fields) - asked if made not in ("id", "recorded_by")}
        assert unasked <= {"unknown_reasons", "terms_met"}, "there is nothing on the file they could be about"


@pytest.mark.parametrize("name", TYPED)
def test_what_is_typed_is_what_is_recorded(name: str) -> None:
    rng = random.Random(name)
    for case in FILES:
        fields = step_fields(STEPS[name], given(case))
        for _ in range(5):
            body = sensible(plausible(case, name, rng, "step-1"), fields)
            typed = typed_from(fields, body)
            page = Page(shown(fields, FormView(fields, typed, sent=True)))
            reading = read_fields(fields, cleaned(page.form()))
            assert reading.faults == []
            head = {"id": "step-1", "recorded_by": "coordinator"}
            step, again = read_step(STEPS[name], body), read_step(STEPS[name], {**head, **reading.body})
            assert again == step


def sensible(body: dict[str, Any], fields: list[FormField]) -> dict[str, Any]:
    """A body without what no form asks for: reasons for facts that are known, attendance of strangers, ticks twice.

    Nor does one ask for what matters only with a choice that is not made.
    """
    body = {
        name: value for name, value in body.items() if name in {"id", "recorded_by"} | {made.key for made in fields}
    }
    for made in fields:
        if made.only_with is not None:
            host, wanted = made.only_with
            chosen = body.get(host.rpartition(".")[2]) or ()
            if wanted not in ([chosen] if isinstance(chosen, str) else chosen):
                body.pop(made.key, None)
        options = [option.value for option in made.options]
        value = body.get(made.key)
        if made.kind in ("texts", "numbers") and value is not None:
            body[made.key] = {name: part for name, part in value.items() if name in options} or None
        elif made.kind == "choices" and value:
            body[made.key] = sorted(set(value) & set(options), key=options.index)
        elif made.kind == "group" and value:
            body[made.key] = sensible(value, list(made.fields))
    return {name: value for name, value in body.items() if value is not None}


@pytest.mark.parametrize("name", TYPED)
def test_what_is_left_empty_is_told_beside_its_field_and_in_a_link_to_it(name: str) -> None:
    for case in FILES[:1]:
        fields = step_fields(STEPS[name], given(case))
        faults = in_order(
            fields, faults_of(SERIOUS_CASE_REVIEWS, STEPS[name], {"id": "step-1", "recorded_by": "somebody"}, fields)
        )
        needed = [made for made in fields if made.needed]
        assert len(faults) == len(needed) and all(fault.field for fault in faults)
        view = FormView(fields, cleaned([]), faults, sent=True)
        ids = {found.get("id") for _, found in Page(shown(fields, view)).elements}
        for error in view.errors:
            assert error["href"].removeprefix("#") in ids, error


@pytest.mark.parametrize("name", TYPED)
def test_nothing_is_chosen_before_somebody_chooses(name: str) -> None:
    for case in FILES[:1]:
        fields = step_fields(STEPS[name], given(case))
        page = shown(fields, FormView(fields, cleaned([])))
        chosen = [found for found in re.findall(r"<input[^>]* checked", page) if not re.search(r'value="[+]?"', found)]
        assert chosen == []


def test_what_a_step_would_take_for_granted_is_asked_and_has_to_be_answered() -> None:
    fields = step_fields(STEPS["information_received"], given(FILES[0]))
    body = {"id": "x", "recorded_by": "-", "happened_on": "2018-10-08", "request": "r-1", "document": "0" * 64}
    (fault,) = faults_of(SERIOUS_CASE_REVIEWS, STEPS["information_received"], body, fields)
    assert (fault.field, fault.text) == (
        "single_agency_review",
        "Choose an answer to “This is the report of a single-agency review”",
    )
    assert (
        faults_of(SERIOUS_CASE_REVIEWS, STEPS["information_received"], {**body, "single_agency_review": False}, fields)
        == []
    )


def test_what_matters_only_with_one_choice_stands_behind_it_and_counts_with_it_alone() -> None:
    fields = step_fields(STEPS["decision"], given(lives.not_met()))
    page = shown(fields, FormView(fields, cleaned([])))
    behind = page[page.index('id="conditional-') :]
    assert page.count('name="kind"') == behind.count('name="kind"') == 4
    assert behind.index('name="kind"') < behind.index('value="no review"') < behind.index('name="reasons"')
    for choice, kind in (("alternative review", "audit of practice"), ("no review", None)):
        sent = cleaned([("choice", choice), ("kind", "audit of practice")])
        assert read_fields(fields, sent).body.get("kind") == kind
        answers = [answer.title for answer in FormView(fields, sent).answers()]
        assert ("Kind of alternative review" in answers) is (kind is not None)


HOSTILE = (
    "",
    " ",
    "<b>",
    "9" * 40,
    "-1",
    "31",
    "Feb",
    "2018",
    "yes",
    "+",
    "-",
    "x" * 3_000,
    "a\nb\n" * 40,
    "\u202e",
    "é",
)


@pytest.mark.parametrize("name", TYPED)
def test_whatever_is_sent_is_taken_or_told_beside_a_field(name: str) -> None:
    rng = random.Random(name)
    for case in FILES[1:3]:
        world = case.world
        fields = step_fields(STEPS[name], given(case))
        inputs = [one for made in fields for one in input_names(made)]
        for _ in range(5):
            sent = cleaned((rng.choice(inputs), rng.choice(HOSTILE)) for _ in range(len(inputs) * 2))
            reading = read_fields(fields, sent)
            body = {"id": "step-1", "recorded_by": "somebody", **reading.body}
            faults = in_order(fields, [*reading.faults, *faults_of(SERIOUS_CASE_REVIEWS, STEPS[name], body, fields)])
            assert all(fault.text for fault in faults)
            if not faults:
                refusal = why_not(case.record, name, body, world)
                faults = [refused(SERIOUS_CASE_REVIEWS, refusal, fields)] if refusal else []
            ids = {
                found.get("id") for _, found in Page(shown(fields, FormView(fields, sent, faults, sent=True))).elements
            }
            assert all(target(f.field, fields) in ids for f in faults)


def test_no_field_of_a_step_has_the_name_of_a_button() -> None:
    fields = {name for kind in STEPS.values() for name in kind.model_fields}
    assert not [name for name in fields if name.startswith("_") or name == "csrf"]
