"""The board's directory: who holds which role on which day, and where mail reaches them."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

ROLES = {
    "coordinator": "the coordinator",
    "chair": "the Chair",
    "above_chair": "the escalation contact above the Chair",
    "case_review_group": "the Case Review Group",
    "learning_and_development": "the Learning and Development Sub-Group",
    "ofsted": "Ofsted",
    "dfe": "the Department for Education",
    "national_panel": "the national panel",
    "local_authority": "the local authority",
    "board_member": "a board member",
    "safeguarding_lead": "an organisation's safeguarding lead",
}
"""The roles a directory knows. Board members and safeguarding leads hold theirs for an organisation."""


NEEDED = (
    "coordinator",
    "chair",
    "case_review_group",
    "learning_and_development",
    "ofsted",
    "dfe",
    "national_panel",
    "local_authority",
)
"""Roles that letters go to on every board: empty, a letter is refused until somebody holds them."""

NEEDED_OF_EACH = ("safeguarding_lead", "board_member")
"""Roles that letters go to in each organisation."""


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Organisation(_Plain):
    """A partner of the board."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,49}$")
    name: str = Field(min_length=1, max_length=200)


class Person(_Plain):
    """Someone, or an office, that mail can be sent to."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,49}$")
    name: str = Field(min_length=1, max_length=200)
    email: str = Field(pattern=r"^[^@\s<>,;]+@[^@\s<>,;]+$", max_length=254)


class Appointment(_Plain):
    """A person in a role, from a day until a day, both included; without ``until`` it goes on."""

    role: str
    person: str
    organisation: str | None = None
    since: date = date(1900, 1, 1)
    until: date | None = None


class Acting(_Plain):
    """Someone who acts for the holder of a role, from a day until a day, both included."""

    role: str
    person: str
    since: date
    until: date


class Directory(_Plain):
    """A board's organisations, people, appointments and who acts for whom."""

    board: str = Field(min_length=1, max_length=200)
    organisations: tuple[Organisation, ...] = ()
    people: tuple[Person, ...] = ()
    appointments: tuple[Appointment, ...] = ()
    acting: tuple[Acting, ...] = ()

    def faults(self) -> list[str]:
        """What does not hang together: unknown roles, people or organisations. Empty when all does."""
        people = {person.id for person in self.people}
        organisations = {organisation.id for organisation in self.organisations}
        found = [f"person {name!r} is listed twice" for name in _twice([p.id for p in self.people])]
        found += [f"organisation {name!r} is listed twice" for name in _twice([o.id for o in self.organisations])]
        holders: tuple[Appointment | Acting, ...] = (*self.appointments, *self.acting)
        for held in holders:
            if held.role not in ROLES:
                found.append(f"role {held.role!r} is not one of {', '.join(ROLES)}")
            if held.person not in people:
                found.append(f"person {held.person!r} in role {held.role!r} is not among the people")
            if held.until is not None and held.until < held.since:
                found.append(f"{held.person!r} holds {held.role!r} until before it begins")
        for appointment in self.appointments:
            if appointment.organisation is not None and appointment.organisation not in organisations:
                found.append(f"organisation {appointment.organisation!r} is not among the organisations")
        return found

    def person(self, id: str) -> Person | None:
        """The person with this id."""
        return next((person for person in self.people if person.id == id), None)

    def holder(self, role: str, on: date, organisation: str | None = None) -> Person | None:
        """Who is to get what is sent to a role on a day: whoever acts that day, else the latest appointed."""
        for acting in self.acting:
            if acting.role == role and organisation is None and acting.since <= on <= acting.until:
                return self.person(acting.person)
        held = [a for a in self.holding(role, on) if organisation is None or a.organisation == organisation]
        return self.person(max(held, key=lambda a: a.since).person) if held else None

    def may_act_as(self, role: str, person: str, on: date) -> bool:
        """Whether a person held a role, or acted for its holder, on a day (2.2c)."""
        acted = any(a.role == role and a.person == person and a.since <= on <= a.until for a in self.acting)
        return acted or any(a.person == person for a in self.holding(role, on))

    def gaps(self, on: date) -> list[tuple[str, str]]:
        """Roles that letters need and nobody holds on a day: the role, and the organisation's id or nothing."""
        found = [(role, "") for role in NEEDED if self.holder(role, on) is None]
        for organisation in self.organisations:
            roles = (role for role in NEEDED_OF_EACH if self.holder(role, on, organisation.id) is None)
            found += [(role, organisation.id) for role in roles]
        return found

    def board_members(self, on: date) -> tuple[Person, ...]:
        """Every board member on a day, each once, in the directory's order."""
        ids = {a.person for a in self.holding("board_member", on)}
        return tuple(person for person in self.people if person.id in ids)

    def partners(self, on: date) -> tuple[str, ...]:
        """Every organisation that has a safeguarding lead on a day, in the directory's order."""
        led = {a.organisation for a in self.holding("safeguarding_lead", on)}
        return tuple(organisation.id for organisation in self.organisations if organisation.id in led)

    def name_of(self, organisation: str) -> str:
        """An organisation's name; its id when it is not in the directory."""
        return next((known.name for known in self.organisations if known.id == organisation), organisation)

    def holding(self, role: str, on: date) -> list[Appointment]:
        """Who is appointed to a role on a day."""
        return [a for a in self.appointments if a.role == role and a.since <= on and (a.until is None or on <= a.until)]


def _twice(ids: list[str]) -> list[str]:
    return sorted({name for name in ids if ids.count(name) > 1})
