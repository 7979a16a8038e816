"""The questions of an opening, in their order: those alone that matter after what was answered so far."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pydantic import BaseModel

from models.incident import Child, Incident, InvolvedOrganisation, Opening, PlannedReview
from web.forms.fields import FormField, Option, field_of
from web.opening.draft import Draft, Parts, Question

MORE_CHILDREN, MORE_ORGANISATIONS = "more-children", "more-organisations"

_DEATH = ("died_on", "custody", "detained_under_mental_health_act", "deprived_of_liberty")
_HARM = ("harms", "other_harm", "recovered")


def questions(draft: Draft, parts: Parts) -> list[Question]:
    """Every question that this opening asks, in order."""
    between = _of_incident(draft, parts) if draft.for_incident else _of_review()
    return [*_of_file(parts), *between, *_of_all(draft, parts)]


def unanswered(draft: Draft, asked: list[Question]) -> Question | None:
    """The first question that is not answered yet."""
    return next((question for question in asked if question.slug not in draft.answered), None)


def _of_file(parts: Parts) -> Iterator[Question]:
    hint = (
        f"Leave blank for the next reference, {parts.next_reference}. If you choose your own, use capital letters, "
        "digits and hyphens, and nothing about the child."
    )
    made = replace(
        field_of(Opening, "reference"), hint=hint, needed=False, unsaid=f"The next reference, {parts.next_reference}"
    )
    yield Question("reference", "What is the reference of the file?", (made,))


def _of_incident(draft: Draft, parts: Parts) -> Iterator[Question]:
    yield _one(Incident, "aware_on", "aware", "When did the authority become aware of what happened?", rule="2.1f")
    yield _several(Incident, ("notified_on", "late_because"), "notified", "When was the board notified?", rule="2.1f")
    yield _one(Incident, "panel_notified_on", "panel", "When did the authority notify the national panel?", rule="2.1f")
    yield _one(Incident, "where", "where", "Where did it happen?", rule="2.1f")
    yield _one(
        Incident,
        "summary",
        "summary",
        "What happened?",
        hint="Do not name anyone. This stays on the file and is never sent by e-mail.",
    )
    for number, child in enumerate(draft.children, 1):
        yield from _of_child(draft, child, number, parts.rulebook.area)
    yield _more(MORE_CHILDREN, "Was another child part of this incident?")
    concern = "Is there cause for concern about how the authority, Board partners or others worked together?"
    yield _one(Incident, "concern_about_joint_working", "joint-working", concern, rule="2.1a")


def _of_child(draft: Draft, child: str, number: int, area: str) -> Iterator[Question]:
    """A child's questions: how it died only if it did, which harm only if there was some."""
    who = f"child {number}"
    about = _several(Child, ("id", "born_on", "residence"), f"{child}-about", f"About {who}", child)
    where = f"The county or city, for example {area}. The board for that area decides (2.2a). Leave blank if unknown."
    identified = (replace(made, new=f"child-{number}") if made.key == "id" else made for made in about.fields)
    fields = tuple(replace(made, hint=where) if made.key == "residence" else made for made in identified)
    yield replace(about, fields=fields)
    yield _one(Child, "outcome", f"{child}-outcome", f"What happened to {who}?", part=child, rule="2.1a")
    outcome = draft.outcome(child)
    if outcome == "died":
        yield _several(Child, _DEATH, f"{child}-death", f"About {who}'s death", child, rule="2.1d")
    elif outcome == "seriously harmed":
        yield _several(Child, _HARM, f"{child}-harm", f"How was {who} harmed?", child, rule="2.1b")
    elif outcome == "not seriously harmed":
        keys = (*_HARM, "research_considered")
        yield _several(Child, keys, f"{child}-harm", f"How was {who} harmed?", child, rule="2.1b")
    abuse = f"Was {who} abused or neglected?"
    yield _one(Child, "abuse_or_neglect", f"{child}-abuse", abuse, part=child, rule="2.1a")


def _of_review() -> Iterator[Question]:
    yield _one(PlannedReview, "kind", "kind-of-review", "Which kind of review is it?", part="review", rule="1.1")
    yield _one(PlannedReview, "reasons", "reasons", "Why is this review held?", part="review", rule="1.2a")


def _of_all(draft: Draft, parts: Parts) -> Iterator[Question]:
    directory = parts.world.directory
    if directory is not None and directory.organisations:
        options = tuple(Option(one.id, one.name) for one in directory.organisations)
        made = FormField("organisations", "organisations", "choices", "Organisations involved", options=options)
        yield Question("organisations", "Which organisations are involved?", (made,), "nothing", rule="2.7a")
    for number, key in enumerate(draft.others, 1):
        keys = tuple(InvolvedOrganisation.model_fields)
        question = _several(InvolvedOrganisation, keys, f"{key}-about", f"About other organisation {number}", key)
        hint = "A short name in letters, digits and hyphens, for example county-ambulance."
        fields = tuple(replace(made, hint=hint) if made.key == "id" else made for made in question.fields)
        yield replace(question, fields=fields)
    yield _more(MORE_ORGANISATIONS, "Was another organisation involved, which is not in the directory?")
    made = replace(field_of(Opening, "related"), hint="References of related files, one per line.")
    yield Question("related", "Which files are related to this one?", (made,), rule="1.1")


def _more(slug: str, title: str) -> Question:
    return Question(slug, title, (FormField(slug, slug, "yes or no", title, needed=True),), "nothing")


def _one(
    model: type[BaseModel],
    key: str,
    slug: str,
    title: str,
    *,
    part: str = "incident",
    hint: str = "",
    rule: str = "",
) -> Question:
    made = _asked(model, key, part)
    made = replace(made, hint=hint) if hint else made
    return Question(slug, title, (made,), part, rule=rule)


def _several(
    model: type[BaseModel], keys: tuple[str, ...], slug: str, title: str, part: str = "incident", rule: str = ""
) -> Question:
    return Question(slug, title, tuple(_asked(model, key, part) for key in keys), part, rule=rule)


def _asked(model: type[BaseModel], key: str, part: str) -> FormField:
    return field_of(model, key, prefix="" if part in ("incident", "review") else f"{part}.")
