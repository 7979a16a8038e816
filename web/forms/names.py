"""What a field of a step can name on a file: organisations, actions, requests and so on, and the next free identifier.

One table says where on the file a field's choices are. Which of them can be chosen now, the core is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from models.called import short_name
from models.casefile import CaseFile
from models.days import NoCalendarError, count, day_words, london_date
from models.duties import deadlines_of
from models.projection import NoticeRow
from models.record import Entry
from models.responsible import responsible_words
from models.sections.s2_2_decision import facts_to_explain
from models.step import Step, refusals
from models.step_words import capital, child_words, fact_label, field_words, value_words
from models.world import World
from register.documents.store import Document
from web.forms.fields import FormField, Option, fields_of

MOST_ASKED = 60
"""Choices that the core is asked about one by one: a page is to come at once."""
NOT_IN_DIRECTORY = "Not in the directory"
SHOWN = 90
"""Characters of a text that name it in a list."""


@dataclass(frozen=True)
class Given:
    """What a form is built from besides its class.

    Arguments:
        case: the file.
        world: business time, directory, rulebooks.
        entries: the file's record.
        notices: its letters, as the register has them.
        documents: those the file names, the latest first, each with what it is.
        names: of organisations and people, by id.
    """

    case: CaseFile
    world: World
    entries: tuple[Entry, ...] = ()
    notices: tuple[NoticeRow, ...] = ()
    documents: tuple[tuple[Document, str], ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)


Options = Callable[[Given], Iterable[Option]]


@dataclass(frozen=True, slots=True)
class Names:
    """What a field names.

    Arguments:
        on_file: what there is to choose; None for something new.
        new: what a new identifier begins with; empty when nothing new can be named.
        taken: the identifiers that are taken.
        typed_hint: whether the field's hint says how to type it, which is no help where it is chosen.
    """

    on_file: Options | None = None
    new: str = ""
    taken: Callable[[CaseFile], Iterable[str]] = lambda file: ()
    typed_hint: bool = False


def step_fields(kind: type[Step], given: Given) -> list[FormField]:
    """The fields of a step's form, for this file.

    Arguments:
        kind: the step.
        given: the file, and what is around it.
    """
    left_out = frozenset({"id", "recorded_by"})
    standing = kind.as_it_stands(given.case)
    found = [_named(kind, made, given) for made in fields_of(kind, leave_out=left_out)]
    found = [_with_now(made, standing[made.key]) if made.key in standing else made for made in found]
    found = [_with_standard(kind, made, given) for made in found]
    # Where nothing on the file could be ticked or explained, there is nothing to ask.
    return [made for made in found if made.options or made.kind not in ("texts", "choices")]


def names_of(step: str, key: str) -> Names | None:
    """What a field of a step names, if it names something on the file."""
    return NAMES.get(f"{step}.{key}") or NAMES.get(key)


def _named(kind: type[Step], made: FormField, given: Given) -> FormField:
    step = kind.name()
    if made.kind == "group":
        names = NAMES.get(f"{step}.{made.key}.id")
        inner = tuple(_new(one, names, given) for one in made.fields)
        if any(one.kind == "choice" and one.key == "id" for one in inner):
            only = "Only for an organisation that is not in the directory."
            inner = tuple(replace(one, needed=False, hint=only) if one.key == "name" else one for one in inner)
        return replace(made, fields=inner)
    if made.kind == "document":
        return _document(kind, made, given)
    if made.kind == "texts":
        return replace(made, options=tuple(_unknown_facts(given)))
    if made.kind == "numbers":
        return replace(made, options=tuple(_parties(given)))
    names = names_of(step, made.key)
    if names is None:
        return made
    if names.on_file is not None:
        chosen = _chosen(kind, made, tuple(names.on_file(given)), given)
        made = replace(chosen, hint="") if names.typed_hint and chosen.kind == "choice" else chosen
    return replace(made, new=next_name(names, given.case)) if names.new else made


def _with_now(made: FormField, values: Mapping[str, Any]) -> FormField:
    return replace(made, now=_now(values), unsaid="No change")


def _with_standard(kind: type[Step], made: FormField, given: Given) -> FormField:
    """A date that may be left blank, with the time that the file's rulebook then gives."""
    extra = kind.model_fields[made.key].json_schema_extra
    if not isinstance(extra, dict) or "standard" not in extra:
        return made
    clock, start = given.case.clock(str(extra["standard"])), extra.get("counted_from")
    unit = clock.unit if clock.length != 1 else clock.unit.removesuffix("s")
    try:
        due = count(given.world.today, clock.length, clock.unit, given.world.extra_holidays).due
        counted = f" from {start}" if start else f": {day_words(due)}, if counted from today"
    except NoCalendarError:
        counted = f" from {start}" if start else ""
    return replace(made, hint=f"Leave blank for the standard time ({clock.length} {unit}{counted}).")


def _now(values: Mapping[str, Any]) -> str:
    """What the file says now, in words: of several children, each one's."""
    told = [(whose, _short(value_words(value)) or "not recorded") for whose, value in values.items()]
    if len(told) == 1:
        return capital(told[0][1])
    return "; ".join(f"{capital(child_words(whose)) or 'The incident'}: {words}" for whose, words in told)


def _new(made: FormField, names: Names | None, given: Given) -> FormField:
    if made.key != "id" or names is None:
        return made
    made = replace(made, new=next_name(names, given.case))
    options = tuple(names.on_file(given)) if names.on_file else ()
    if not options:
        return made
    return replace(
        made, kind="choice", title="Which organisation", hint="", options=options, limit=0, new_words=NOT_IN_DIRECTORY
    )


def named_by_directory(body: Mapping[str, Any], world: World) -> dict[str, Any]:
    """A step's body in which an organisation that was chosen from the directory has the directory's name."""
    organisation = body.get("organisation")
    if world.directory is None or not isinstance(organisation, dict):
        return dict(body)
    known = next((one for one in world.directory.organisations if one.id == organisation.get("id")), None)
    return {**body, "organisation": {**organisation, "name": known.name}} if known else dict(body)


def next_name(names: Names, file: CaseFile) -> str:
    """The next identifier that nothing on the file has, ``action-3``."""
    taken = {name.casefold() for name in names.taken(file)}
    number = len(taken) + 1
    while f"{names.new}-{number}" in taken:
        number += 1
    return f"{names.new}-{number}"


def _chosen(kind: type[Step], made: FormField, options: tuple[Option, ...], given: Given) -> FormField:
    if made.kind == "lines":
        return replace(made, kind="choices", options=options, limit=0)
    if not options:
        return made
    free, blocked = _sorted_out(kind, made.key, options, given)
    return replace(made, kind="choice", options=free, blocked=blocked, limit=0)


def _document(kind: type[Step], made: FormField, given: Given) -> FormField:
    options = tuple(document_option(document, what) for document, what in given.documents)
    free, blocked = _sorted_out(kind, made.key, options, given)
    return replace(made, options=free, blocked=blocked, upload=f"{kind.name()}.{made.key}" not in ON_FILE_ALREADY)


def document_option(document: Document, what: str = "") -> Option:
    """A document as one choice."""
    return Option(document.sha256, document.filename, ", ".join(filter(None, (what, document.words))))


def _sorted_out(
    kind: type[Step], key: str, options: tuple[Option, ...], given: Given
) -> tuple[tuple[Option, ...], tuple[Option, ...]]:
    """The choices that the core would not refuse for themselves, and those it would, with its reason as the hint.

    A reason that holds for every choice does not tell them apart, and is left to the check of what was typed; so are
    lists too long to be asked about one by one.
    """
    if len(options) > MOST_ASKED:
        return options, ()
    filled = _filled(kind, given)
    reasons = {option.value: _against(kind, key, option.value, filled, given) for option in options}
    if all(reasons.values()):
        return options, ()
    free = tuple(option for option in options if not reasons[option.value])
    return free, tuple(replace(o, hint=reasons[o.value]) for o in options if reasons[o.value])


def _against(kind: type[Step], key: str, value: str, filled: Mapping[str, Any], given: Given) -> str:
    """What the core has against this choice, whatever else is typed; empty when nothing."""
    world = replace(given.world, quick=True)
    try:
        tried = kind.model_construct(**{**filled, key: value})
        found = [refusal for refusal in refusals(tried, given.case, world) if refusal.field in (key, None)]
    except (LookupError, TypeError, ValueError, AttributeError, NoCalendarError):
        return ""  # It was asked about fields nobody has typed yet; what is typed is checked in full.
    blocked = list(kind.ready(given.case, world))
    return next((refusal.reason for refusal in found if refusal not in blocked), "")


def _filled(kind: type[Step], given: Given) -> dict[str, Any]:
    """Something in each field that must be given."""
    values: dict[str, Any] = {}
    for made in fields_of(kind):
        if not made.needed:
            continue
        match made.kind:
            case "date":
                values[made.key] = given.world.today
            case "choice":
                values[made.key] = made.options[0].value if made.options else ""
            case "yes or no" | "checkbox":
                values[made.key] = True
            case "number":
                values[made.key] = 1
            case "numbers":
                values[made.key] = dict.fromkeys(given.case.parties, 1)
            case "texts":
                values[made.key] = {}
            case _:
                values[made.key] = "-"
    return values


# What there is on a file


def _parties(given: Given) -> Iterator[Option]:
    for name, party in given.case.parties.items():
        yield Option(name, party.facts.name)


def _in_directory(given: Given) -> Iterator[Option]:
    for known in given.world.directory.organisations if given.world.directory else ():
        if known.id not in given.case.parties:
            yield Option(known.id, known.name)


def _owners(given: Given) -> Iterator[Option]:
    yield from _parties(given)
    yield Option("board", "The board itself")


def _children(given: Given) -> Iterator[Option]:
    for name in given.case.children:
        yield Option(name, capital(child_words(name)))


def _deadlines(given: Given) -> Iterator[Option]:
    deadlines = deadlines_of(given.case, given.world)
    for key, deadline in sorted(deadlines.items(), key=lambda item: (item[1].due, item[0])):
        if deadline.open:
            rule = f"; {deadline.rule}" if deadline.rule else ""
            yield Option(key, deadline.title, f"Due on {day_words(deadline.due)}{rule}")


def _steps(given: Given) -> Iterator[Option]:
    regime = given.case.regime
    for entry in reversed(given.entries):
        if not entry.is_fact and entry.name in regime.steps:
            day = day_words(given.case.dates.get(entry.id) or london_date(entry.recorded_at))
            words = field_words(regime, entry.name, entry.body, given.names)
            said = next((field.value for field in words), "")
            by = f"{day}, recorded by {entry.body.get('recorded_by', 'nobody named')}"
            yield Option(entry.id, regime.steps[entry.name].label, f"{by}: {_short(said)}" if said else by)


def _letters(given: Given) -> Iterator[Option]:
    titles = {row.key: row.title for row in given.notices}
    for key, letter in given.case.letters.items():
        hint = f"To {responsible_words(letter.to, given.names)}"
        yield Option(key, titles.get(key, key), f"{hint}, {'accepted' if letter.accepted_at else 'refused'}")


def _readers(given: Given) -> Iterator[Option]:
    for to in sorted({letter.to for letter in given.case.letters.values()}):
        yield Option(to, responsible_words(to, given.names))


def _deciders(given: Given) -> Iterator[Option]:
    """Everybody who is or was the Chair, or acted for the Chair: for which day, the core asks (2.2c)."""
    directory = given.world.directory
    if directory is None:
        return
    told: dict[str, list[str]] = {}
    for held in directory.appointments:
        if held.role == "chair":
            until = f" until {day_words(held.until)}" if held.until else ""
            told.setdefault(held.person, []).append(f"Chair{until}")
    for acting in directory.acting:
        if acting.role == "chair":
            days = f"from {day_words(acting.since)} until {day_words(acting.until)}"
            told.setdefault(acting.person, []).append(f"Acts for the Chair {days}")
    for name, hints in told.items():
        if person := directory.person(name):
            yield Option(person.name, person.name, "; ".join(hints))


def _unknown_facts(given: Given) -> Iterator[Option]:
    for fact in facts_to_explain(given.case):
        yield Option(fact, fact_label(fact))


def _of(
    where: Callable[[CaseFile], Mapping[str, Any]], words: Callable[[Any, Mapping[str, str]], tuple[str, str]]
) -> Options:
    """The choices of one part of a file, by identifier, with what each is and a hint, given what things are called."""

    def options(given: Given) -> Iterator[Option]:
        for name, value in where(given.case).items():
            text, hint = words(value, given.names)
            yield Option(name, f"{short_name(name)}: {_short(text)}" if text else capital(child_words(name)), hint)

    return options


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[:SHOWN].rsplit(' ', 1)[0]} …"


def _asked(request: Any, names: Mapping[str, str]) -> tuple[str, str]:
    of = names.get(request.organisation, request.organisation)
    return request.what, ", ".join(filter(None, (of, day_words(request.asked_on))))


_ACTIONS = _of(lambda f: f.actions, lambda a, names: (a.text, f"{a.status}, owner: {names.get(a.owner, a.owner)}"))
_REQUESTS = _of(lambda f: f.requests, _asked)
_PANEL = _of(lambda f: f.panel_requests, _asked)
_COPIES = _of(lambda f: f.publication.copies, _asked)
_CHALLENGES = _of(lambda f: f.challenges, _asked)
_ADVICE = _of(lambda f: f.advice, lambda a, _: (f"on {a.topic}", f"of {day_words(a.on)}"))
_REVIEWERS = _of(lambda f: f.reviewers, lambda r, _: (r.name, "lead reviewer" if r.lead else "reviewer"))
_FAMILY = _of(lambda f: f.family, lambda m, _: (m.relationship, ""))
_EVENTS = _of(lambda f: f.learning.events, lambda e, _: (f"planned for {day_words(e[0])}", ""))
_RESTRICTIONS = _of(lambda f: f.publication.restrictions, lambda r, _: (r.terms or "forbids publication", ""))
_PROCEEDINGS = _of(lambda f: f.proceedings, lambda p, _: (f"{p.kind} proceedings", ""))


def _rulebooks(given: Given) -> Iterator[Option]:
    for name in sorted(given.world.rulebooks):
        title = str(given.world.rulebooks[name].get("title") or name)
        yield Option(
            name, title, f"{name}, the present rulebook of this file" if name == given.case.rules.name else name
        )


NAMES: Mapping[str, Names] = {
    "organisation": Names(_parties),
    "owner": Names(_owners, typed_hint=True),
    "child": Names(_children),
    "notified_panel.child": Names(_of(lambda f: f.added_children, lambda _, __: ("", ""))),
    "deadline": Names(_deadlines, typed_hint=True),
    "step": Names(_steps, typed_hint=True),
    "notice": Names(_letters, typed_hint=True),
    "recipient": Names(_readers, typed_hint=True),
    "decided_by": Names(_deciders),
    "rulebook": Names(_rulebooks, typed_hint=True),
    "terms_met": Names(_RESTRICTIONS),
    "action": Names(_ACTIONS),
    "action_proposed.action": Names(new="action", taken=lambda f: f.actions),
    "request": Names(_REQUESTS),
    "information_requested.request": Names(new="request", taken=lambda f: f.requests),
    "panel_request_answered.request": Names(_PANEL),
    "panel_requested.request": Names(new="panel-request", taken=lambda f: f.panel_requests),
    "copy_supplied.request": Names(_COPIES),
    "copy_requested.request": Names(new="copy", taken=lambda f: f.publication.copies),
    "peer_challenge_sought.challenge": Names(new="challenge", taken=lambda f: f.challenges),
    "peer_challenge_answered.challenge": Names(_CHALLENGES),
    "panel_advised.advice": Names(new="advice", taken=lambda f: f.advice),
    "advice_considered.advice": Names(_ADVICE),
    "reviewer_named.reviewer": Names(new="reviewer", taken=lambda f: f.reviewers),
    "reviewer": Names(_REVIEWERS),
    "finding_recorded.finding": Names(new="finding", taken=lambda f: f.findings),
    "family_listed.member": Names(new="family", taken=lambda f: f.family),
    "family_invited.member": Names(_FAMILY, new="family", taken=lambda f: f.family),
    "family_answered.member": Names(_FAMILY),
    "proceedings_recorded.proceedings": Names(_PROCEEDINGS, new="proceedings", taken=lambda f: f.proceedings),
    "learning_event_planned.event": Names(new="event", taken=lambda f: f.learning.events),
    "learning_event_held.event": Names(_EVENTS),
    "court_restriction_set.restriction": Names(new="restriction", taken=lambda f: f.publication.restrictions),
    "court_restriction_lifted.restriction": Names(_RESTRICTIONS),
    "organisation_added.organisation.id": Names(_in_directory, new="organisation", taken=lambda f: f.parties),
    "child_added.child.id": Names(new="child", taken=lambda f: f.children),
}
"""By the name of a field, or of a step and its field where the step means something else by it."""

ON_FILE_ALREADY = frozenset({"report_drafted.same_text_as", "report_signed_off.document"})
"""Documents that must be on the file before: they are chosen, not sent."""
