"""Who holds which role on which day, and who acts for whom."""

from __future__ import annotations

from datetime import date

import pytest

from models.directory import Acting, Appointment, Directory, Organisation, Person

from .case import directory

DAY = date(2018, 9, 5)


def boards(*appointments: Appointment, acting: tuple[Acting, ...] = ()) -> Directory:
    """A directory of three people and two organisations."""
    return Directory(
        board="Example Board",
        organisations=(Organisation(id="hospital", name="Hospital"), Organisation(id="school", name="School")),
        people=tuple(Person(id=name, name=name.title(), email=f"{name}@board.example") for name in ("a", "b", "c")),
        appointments=appointments,
        acting=acting,
    )


def who(of: Directory, role: str, on: date = DAY, organisation: str | None = None) -> str | None:
    """The id of the holder."""
    person = of.holder(role, on, organisation)
    return person.id if person else None


def test_a_role_is_held_from_a_day_until_a_day_both_included() -> None:
    of = boards(Appointment(role="chair", person="a", since=date(2018, 1, 1), until=DAY))
    assert [who(of, "chair", day) for day in (date(2017, 12, 31), date(2018, 1, 1), DAY, date(2018, 9, 6))] == [
        *(None, "a", "a", None)
    ]


def test_a_new_chair_takes_over_on_the_first_day() -> None:
    of = boards(Appointment(role="chair", person="a"), Appointment(role="chair", person="b", since=DAY))
    assert (who(of, "chair", date(2018, 9, 4)), who(of, "chair", DAY)) == ("a", "b")


@pytest.mark.rule("2.2c")
def test_whoever_acts_for_the_chair_that_day_gets_the_chairs_mail_and_both_may_decide() -> None:
    acting = Acting(role="chair", person="b", since=DAY, until=date(2018, 9, 7))
    of = boards(Appointment(role="chair", person="a"), acting=(acting,))
    assert [who(of, "chair", date(2018, 9, day)) for day in (4, 5, 7, 8)] == ["a", "b", "b", "a"]
    assert of.may_act_as("chair", "b", DAY) and of.may_act_as("chair", "a", DAY)
    assert not of.may_act_as("chair", "b", date(2018, 9, 8))
    assert not of.may_act_as("chair", "c", DAY)


def test_leads_and_board_members_are_those_of_their_organisation() -> None:
    of = boards(
        Appointment(role="board_member", person="a", organisation="hospital"),
        Appointment(role="board_member", person="b", organisation="school"),
        Appointment(role="board_member", person="b", organisation="hospital", until=date(2018, 1, 1)),
    )
    assert (who(of, "board_member", organisation="school"), who(of, "board_member", organisation="hospital")) == (
        *("b", "a"),
    )
    assert [person.id for person in of.board_members(DAY)] == ["a", "b"]
    assert [person.id for person in of.board_members(date(2017, 1, 1))] == ["a", "b"]


def test_someone_who_sits_for_two_organisations_is_one_board_member() -> None:
    of = boards(*(Appointment(role="board_member", person="a", organisation=name) for name in ("hospital", "school")))
    assert [person.id for person in of.board_members(DAY)] == ["a"]


def test_a_directory_that_hangs_together_has_no_faults() -> None:
    assert directory().faults() == []


@pytest.mark.parametrize(
    ("of", "fault"),
    [
        (boards(Appointment(role="mayor", person="a")), "role 'mayor' is not one of"),
        (boards(Appointment(role="chair", person="z")), "person 'z' in role 'chair' is not among the people"),
        (boards(Appointment(role="board_member", person="a", organisation="x")), "organisation 'x' is not among"),
        (
            boards(Appointment(role="chair", person="a", since=DAY, until=date(2018, 9, 4))),
            "'a' holds 'chair' until before it begins",
        ),
        (
            boards(acting=(Acting(role="chair", person="z", since=DAY, until=DAY),)),
            "person 'z' in role 'chair' is not among the people",
        ),
        (boards().model_copy(update={"people": boards().people[:1] * 2}), "person 'a' is listed twice"),
        (
            boards().model_copy(update={"organisations": boards().organisations[:1] * 2}),
            "organisation 'hospital' is listed twice",
        ),
    ],
)
def test_what_does_not_hang_together_is_named(of: Directory, fault: str) -> None:
    assert any(found.startswith(fault) for found in of.faults()), of.faults()
