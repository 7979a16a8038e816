"""Roles that letters need and nobody holds are known before a letter is refused."""

from __future__ import annotations

from datetime import date

from models.directory import NEEDED, ROLES, Acting, Appointment, Directory, Organisation, Person

TODAY = date(2026, 11, 23)
SOMEBODY = Person(id="somebody", name="Somebody", email="s@board.example")
SCHOOL = Organisation(id="school", name="School")


def board(**parts: tuple[object, ...]) -> Directory:
    return Directory.model_validate({"board": "A Board", "people": (SOMEBODY,), **parts})


def test_an_empty_directory_lacks_all_that_letters_need() -> None:
    assert board().gaps(TODAY) == [(role, "") for role in NEEDED]
    assert set(NEEDED) <= set(ROLES)


def test_each_organisation_needs_a_safeguarding_lead_and_a_board_member() -> None:
    everyone = tuple(Appointment(role=role, person="somebody") for role in NEEDED)
    lead = Appointment(role="safeguarding_lead", person="somebody", organisation="school")
    assert board(appointments=everyone, organisations=(SCHOOL,)).gaps(TODAY) == [
        ("safeguarding_lead", "school"),
        ("board_member", "school"),
    ]
    member = Appointment(role="board_member", person="somebody", organisation="elsewhere")
    found = board(appointments=(*everyone, lead, member), organisations=(SCHOOL,)).gaps(TODAY)
    assert found == [("board_member", "school")]


def test_what_ended_or_has_not_begun_is_missing_unless_somebody_acts() -> None:
    ended = Appointment(role="chair", person="somebody", until=date(2026, 11, 22))
    to_come = Appointment(role="chair", person="somebody", since=date(2026, 11, 24))
    assert ("chair", "") in board(appointments=(ended, to_come)).gaps(TODAY)
    acting = Acting(role="chair", person="somebody", since=TODAY, until=TODAY)
    assert ("chair", "") not in board(appointments=(ended,), acting=(acting,)).gaps(TODAY)
