"""2.7 Engagement of organisations: represented, asked in writing, files locked down, staff told."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from .case import PAPER, Case
from .lives import decided, met, not_met, signed_off

SCHOOL = {"id": "school", "name": "Example School", "safeguarding_lead": "The lead", "email": "lead@school.example"}


def requested(case: Case | None = None, on: str = "2018-10-01", **more: Any) -> Case:
    """The hospital was asked for its information."""
    case = case or decided()
    case.step("information_requested", on, request="r-1", organisation="hospital", wanted="A chronology.", **more)
    return case


def recommended(case: Case | None = None, recommends: str = "SCR, criteria met") -> Case:
    """The Case Review Group recommended it on 12 September 2018."""
    case = case or Case.opened()
    case.step("review_recommended", "2018-09-12", recommends=recommends, reasons="The first limb is met.")
    return case


# 2.7a: represented


@pytest.mark.rule("2.7a")
def test_an_organisation_without_a_representative_is_outstanding_until_it_names_one() -> None:
    case = decided()
    assert str(case.due("representative_named:hospital")) == "2018-10-04"
    assert case.deadlines["representative_named:school"].open
    case.step("representative_named", "2018-10-03", organisation="hospital", representative="The matron")
    assert case.deadlines["representative_named:hospital"].met_on == date(2018, 10, 3)
    assert case.deadlines["representative_named:school"].open
    assert case.file.parties["hospital"].representative == "The matron"


@pytest.mark.rule("2.7a")
def test_the_organisation_is_reminded_itself_then_its_board_member_hears_and_then_the_chair() -> None:
    case = decided().until("2018-10-15")
    key = "representative_named:hospital"
    assert [(line["at"][:10], line["to"]) for line in case.told("reminded", deadline=key)] == [
        ("2018-09-27", "lead:hospital"),
        ("2018-10-02", "lead:hospital"),
    ]
    assert [(line["at"][:10], line["to"]) for line in case.told("escalated", deadline=key)] == [
        ("2018-10-05", "board_member:hospital"),
        ("2018-10-12", "chair"),
    ]


@pytest.mark.rule("2.7a")
def test_a_representative_who_leaves_is_replaced() -> None:
    case = decided()
    case.step("representative_named", "2018-10-01", organisation="hospital", representative="The matron")
    case.step("representative_named", "2018-12-03", organisation="hospital", representative="The new matron")
    assert case.file.parties["hospital"].representative == "The new matron"
    assert not case.deadlines["representative_named:hospital"].late


@pytest.mark.rule("2.7a")
def test_only_an_organisation_on_the_file_is_represented() -> None:
    case = decided(Case.opened())
    refusal = case.refused("representative_named", organisation="school", representative="A teacher")
    assert (refusal.rule, refusal.field) == ("2.7a", "organisation")
    case.step("organisation_added", "2018-11-05", organisation=SCHOOL)
    assert str(case.due("representative_named:school")) == "2018-11-19"
    case.step("representative_named", organisation="school", representative="A teacher")


TAKEN_OFF = {"organisation": "school", "reason": "Another school of that name."}


def with_a_club(on: str = "2018-10-01", case: Case | None = None) -> Case:
    """A club, which the directory does not know, was put on the file of a review."""
    case = case or decided(Case.opened())
    case.step("organisation_added", on, organisation={**SCHOOL, "id": "club", "name": "A Club"})
    return case


CLUB = {"organisation": "club", "reason": "Another club of that name."}


@pytest.mark.rule("2.7a")
def test_what_is_asked_of_an_organisation_that_was_put_on_the_file_by_mistake_falls_away_and_is_not_met() -> None:
    case = with_a_club()
    case.step("information_requested", request="r-1", organisation="club", wanted="A chronology.")
    case.step("organisation_removed", "2018-10-02", **CLUB)
    assert "club" not in case.file.parties
    assert not [key for key, deadline in case.deadlines.items() if deadline.organisation == "club"]
    gone = {line["deadline"] for line in case.told("deadline_cancelled")}
    assert gone == {
        "representative_named:club",
        "staff_informed:club",
        "files_secured:club",
        "agency_information:r-1",
    }
    assert case.refused("information_received", request="r-1", document=PAPER).field == "request"
    assert case.refused("representative_named", organisation="club", representative="N").rule == "2.7a"
    # What the others are asked stands.
    assert case.deadlines["staff_informed:hospital"].open


@pytest.mark.rule("2.7a")
def test_what_an_organisation_had_done_before_it_was_taken_off_does_not_fall_away() -> None:
    case = with_a_club()
    case.step("files_secured", organisation="club")
    case.step("organisation_removed", **CLUB)
    gone = {line["deadline"] for line in case.told("deadline_cancelled")}
    assert gone == {"representative_named:club", "staff_informed:club"}
    assert case.told("deadline_met", deadline="files_secured:club")


@pytest.mark.rule("2.7a")
def test_an_organisation_that_came_with_the_opening_is_taken_off_too() -> None:
    case = decided()
    case.step("organisation_removed", **TAKEN_OFF)
    assert list(case.file.parties) == ["hospital"]
    refusal = case.refused("organisation_removed", **TAKEN_OFF)
    assert (refusal.rule, refusal.field) == ("2.7a", "organisation")


@pytest.mark.rule("2.7a")
def test_an_organisation_is_not_taken_off_before_it_was_put_on_the_file() -> None:
    assert with_a_club().refused("organisation_removed", "2018-09-28", **CLUB).field == "happened_on"


@pytest.mark.rule("2.7a")
def test_whoever_was_written_to_hears_once_that_nothing_is_asked_any_more() -> None:
    case = with_a_club()
    case.until("2018-10-17")
    removed_parties = case.step("organisation_removed", **CLUB)
    letters = case.sent(f"corrected:{removed_parties['id']}:")
    # The lead was asked, and the board member heard that it was late.
    assert {letter.to for letter in letters} == {"lead:club", "board_member:club"}
    assert {(letter.template, letter.rule) for letter in letters} == {("organisation_removed", "2.7a")}
    assert next(letter.fallback for letter in letters if letter.to == "lead:club")
    assert case.look().letters == []


@pytest.mark.rule("2.7a")
def test_an_organisation_that_was_asked_nothing_yet_is_not_written_to() -> None:
    case = Case.opened()
    case.step("organisation_removed", organisation="hospital", reason="Another hospital.")
    assert case.letters == []


@pytest.mark.rule("2.7a")
def test_a_letter_that_was_under_way_to_it_is_followed_by_another() -> None:
    case = with_a_club()
    case.takes_mail = False
    case.step("information_requested", request="r-1", organisation="club", wanted="A chronology.")
    case.step("organisation_removed", **CLUB)
    for letter in case.sent("corrected:"):
        case.mail_accepted(letter.notice)
    case.mail_accepted("information_requested:r-1")
    assert [letter.to for letter in case.sent("corrected:")] == ["lead:club"]


@pytest.mark.rule("2.7a")
def test_a_letter_that_it_does_not_get_is_a_task_that_calls_it_by_its_name() -> None:
    case = with_a_club()
    case.takes_mail = False
    case.step("organisation_removed", **CLUB)
    [letter] = case.sent("corrected:")
    case.mail_refused(letter.notice)
    assert "A Club, its safeguarding lead" in case.deadlines[f"undelivered:{letter.notice}"].title


@pytest.mark.rule("2.7a")
def test_an_organisation_that_is_added_again_is_asked_again() -> None:
    case = with_a_club()
    case.step("representative_named", organisation="club", representative="The trainer")
    case.step("organisation_removed", "2018-10-02", **CLUB)
    with_a_club("2018-11-05", case)
    assert str(case.due("representative_named:club")) == "2018-11-19"
    assert case.deadlines["representative_named:club"].open
    for asked in ("staff_informed:club", "files_secured:club"):
        assert [letter.number for letter in case.sent(asked)] == [1, 2]


@pytest.mark.rule("2.7a")
def test_an_organisation_is_not_told_that_it_is_off_the_file_once_it_is_on_it_again() -> None:
    case = with_a_club()
    case.takes_mail = False
    case.step("organisation_removed", "2018-10-02", **CLUB)
    [letter] = case.sent("corrected:")
    with_a_club("2018-10-03", case)
    assert case.is_settled(letter)


@pytest.mark.rule("2.7a")
def test_taking_an_organisation_off_can_be_struck_out_and_its_reader_hears_so() -> None:
    case = with_a_club()
    removed_parties = case.step("organisation_removed", **CLUB)
    struck = case.step("struck_out", step=removed_parties["id"], reason="It is involved.")
    assert case.deadlines["staff_informed:club"].open
    [letter] = case.sent(f"corrected:{struck['id']}:")
    assert (letter.to, letter.template) == ("lead:club", "letter_corrected")
    assert [letter.number for letter in case.sent("staff_informed:club")] == [1, 2]


@pytest.mark.rule("2.7a")
def test_striking_out_that_an_organisation_was_added_tells_it_the_same() -> None:
    case = decided(Case.opened())
    added = case.step("organisation_added", organisation=SCHOOL)
    struck = case.step("struck_out", step=added["id"], reason="Another school.")
    [letter] = case.sent(f"corrected:{struck['id']}:")
    assert (letter.to, letter.template) == ("lead:school", "organisation_removed")


@pytest.mark.rule("2.7a")
def test_adding_an_organisation_is_not_struck_out_from_under_the_step_that_took_it_off() -> None:
    case = with_a_club()
    added = next(entry for entry in case.record if entry.name == "organisation_added")
    case.step("organisation_removed", **CLUB)
    assert "Strike that out first" in case.refused("struck_out", step=added.id, reason="R").reason


@pytest.mark.rule("2.7a")
@pytest.mark.parametrize(
    ("step", "fields", "says"),
    [
        ("action_proposed", {"action": "a-1", "text": "A form.", "owner": "school"}, "“An action was declined”"),
        ("practitioners_involved", {"organisation": "school", "how": "conversation", "how_many": 2}, "practitioners"),
        (
            "finding_recorded",
            {"finding": "f-1", "text": "F", "practice": "good practice", "organisation": "school"},
            "“A finding was recorded”",
        ),
    ],
)
def test_an_organisation_that_took_part_is_not_taken_off_before_that_is_struck_out(
    step: str, fields: dict[str, Any], says: str
) -> None:
    case = decided()
    recorded = case.step(step, **fields)
    refusal = case.refused("organisation_removed", **TAKEN_OFF)
    assert (refusal.rule, refusal.field) == ("2.7a", "organisation")
    assert says in refusal.reason and "first" in refusal.reason
    case.step("struck_out", step=recorded["id"], reason="Another school.")
    case.step("organisation_removed", **TAKEN_OFF)


@pytest.mark.rule("2.7a")
def test_an_organisation_whose_information_is_on_the_file_is_not_taken_off() -> None:
    case = requested()
    received = case.step("information_received", request="r-1", document=PAPER)
    off = {"organisation": "hospital", "reason": "Another hospital."}
    assert "“Information was received”" in case.refused("organisation_removed", **off).reason
    case.step("struck_out", step=received["id"], reason="It came from another hospital.")
    case.step("organisation_removed", **off)


@pytest.mark.rule("2.7a")
def test_an_organisation_is_taken_off_once_its_action_is_declined_and_cannot_agree_after_that() -> None:
    case = decided()
    case.step("action_proposed", action="a-1", text="A form.", owner="school")
    case.step("action_declined", action="a-1", reasons="We are not involved.")
    case.step("organisation_removed", **TAKEN_OFF)
    assert case.deadlines["action_agreed:a-1"].title.startswith("Example School: ")
    assert case.refused("action_agreed", action="a-1", agreed_by="The head").rule == "2.8a"


@pytest.mark.rule("2.7a")
def test_an_organisation_that_agreed_to_an_action_is_not_taken_off() -> None:
    case = decided()
    case.step("action_proposed", action="a-1", text="A form.", owner="school")
    case.step("action_agreed", action="a-1", agreed_by="The head")
    assert "“An action was agreed”" in case.refused("organisation_removed", **TAKEN_OFF).reason


# 2.7b: information in writing


@pytest.mark.rule("2.7b")
def test_a_request_for_information_goes_to_the_organisation_with_its_date() -> None:
    case = requested(due="2018-10-22")
    (letter,) = case.sent("information_requested:")
    assert (letter.to, letter.template, letter.rule) == ("lead:hospital", "information_requested", "2.7b")
    assert letter.content == {"wanted": "A chronology.", "due": "2018-10-22"}
    deadline = case.deadlines["agency_information:r-1"]
    assert (str(deadline.due), deadline.responsible, deadline.rule) == ("2018-10-22", "lead:hospital", "2.7b")
    assert "r-1" in deadline.title


@pytest.mark.rule("2.7b")
def test_information_may_be_wanted_on_the_day_it_is_asked_for_and_not_before() -> None:
    case = decided().until("2018-10-08")
    asked = {"organisation": "hospital", "wanted": "A chronology."}
    assert case.refused("information_requested", request="r-1", due="2018-10-07", **asked).field == "due"
    case.step("information_requested", request="r-1", due="2018-10-08", **asked)
    assert str(case.due("agency_information:r-1")) == "2018-10-08"


@pytest.mark.rule("2.7b")
@pytest.mark.parametrize(
    ("declined_on", "responsible"), [("2018-10-22", "board_member:hospital"), ("2018-10-23", "lead:hospital")]
)
def test_information_that_is_declined_by_its_day_is_the_board_members_to_settle(
    declined_on: str, responsible: str
) -> None:
    case = requested(due="2018-10-22")
    case.step("information_declined", declined_on, request="r-1", reason="Legal advice.")
    deadline = case.deadlines["agency_information:r-1"]
    assert (str(deadline.due), deadline.responsible) == ("2018-10-22", responsible)


@pytest.mark.rule("2.7b")
def test_a_request_without_a_date_is_due_in_ten_working_days_and_the_letter_says_so() -> None:
    case = requested(on="2018-12-20")
    assert str(case.due("agency_information:r-1")) == "2019-01-08"
    assert case.sent("information_requested:")[0].content["due"] == "2019-01-08"


@pytest.mark.rule("2.7b")
def test_late_information_is_reminded_escalated_and_kept_as_late() -> None:
    case = requested(due="2018-10-22").until("2018-11-05")
    key = "agency_information:r-1"
    assert {line["to"] for line in case.told("reminded", deadline=key)} == {"lead:hospital"}
    assert [(line["at"][:10], line["to"]) for line in case.told("escalated", deadline=key)] == [
        ("2018-10-23", "board_member:hospital"),
        ("2018-10-30", "chair"),
    ]
    case.step("information_received", request="r-1", document=PAPER, author="A matron", author_not_involved=True)
    assert case.deadlines[key].late
    assert (PAPER, "information") in [(digest, what) for digest, what, _ in case.file.documents]


@pytest.mark.rule("2.7b")
def test_declined_information_is_told_to_the_board_member_at_once_and_to_the_chair_a_week_later() -> None:
    case = requested(due="2018-11-30")
    case.step("information_declined", "2018-10-08", request="r-1", reason="Legal advice.")
    (letter,) = case.sent("information_declined:")
    assert (letter.to, letter.template) == ("board_member:hospital", "information_declined")
    assert letter.content == {"wanted": "A chronology.", "due": "2018-11-30"}
    case.until("2018-10-20")
    told = case.told("escalated", deadline="agency_information:r-1")
    assert [(line["at"][:10], line["to"]) for line in told] == [("2018-10-15", "chair")]


@pytest.mark.rule("2.7b")
def test_information_declined_when_it_is_late_already_goes_on_to_the_chair_in_its_turn() -> None:
    case = requested(due="2018-10-22")
    case.step("information_declined", "2018-10-24", request="r-1", reason="Legal advice.")
    case.until("2018-11-05")
    told = case.told("escalated", deadline="agency_information:r-1")
    assert [(line["at"][:10], line["to"]) for line in told] == [
        ("2018-10-23", "board_member:hospital"),
        ("2018-10-30", "chair"),
    ]


@pytest.mark.rule("2.7b")
def test_information_declined_and_sent_after_all_by_its_date_is_in_time() -> None:
    case = requested(due="2018-11-30")
    case.step("information_declined", "2018-10-08", request="r-1", reason="Legal advice.")
    case.step("information_received", "2018-11-29", request="r-1", document=PAPER)
    deadline = case.deadlines["agency_information:r-1"]
    assert (deadline.met_on, deadline.due, deadline.late) == (date(2018, 11, 29), date(2018, 11, 30), False)
    case.until("2019-03-01")
    assert case.told("escalated", deadline="agency_information:r-1")[-1]["at"][:10] == "2018-11-12"


@pytest.mark.rule("2.7b")
def test_a_request_that_is_withdrawn_leaves_no_deadline() -> None:
    case = requested()
    case.step("information_request_withdrawn", "2018-10-08", request="r-1", reason="The Chair does not insist.")
    assert case.told("deadline_cancelled", deadline="agency_information:r-1")
    for name, more in (
        ("information_request_withdrawn", {"reason": "Again."}),
        ("information_declined", {"reason": "No."}),
        ("information_received", {"document": PAPER}),
    ):
        refusal = case.refused(name, request="r-1", **more)
        assert (refusal.rule, refusal.field) == ("2.7b", "request")


@pytest.mark.rule("2.7b")
def test_a_new_request_never_takes_a_withdrawn_ones_name_so_that_its_letter_always_goes() -> None:
    case = requested()
    case.step("information_request_withdrawn", "2018-10-08", request="r-1", reason="Asked too early.")
    asked = {"organisation": "hospital", "wanted": "A chronology."}
    assert case.refused("information_requested", request="r-1", **asked).field == "request"
    case.step("information_requested", request="r-2", **asked)
    assert len(case.sent("information_requested:")) == 2


@pytest.mark.rule("2.7b")
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"organisation": "police"}, "organisation"),
        ({"wanted": "All about child-1."}, "wanted"),
        ({"due": "2018-09-30"}, "due"),
        ({"on": "2018-09-19"}, "happened_on"),
        ({"request": "r-0"}, "request"),
        ({"wanted": " "}, "wanted"),
    ],
)
def test_a_request_that_cannot_be_sent_is_refused(fields: dict[str, str], field: str) -> None:
    case = decided()
    good = {"request": "r-1", "organisation": "hospital", "wanted": "A chronology.", "on": "2018-10-01"}
    case.step("information_requested", **{**good, "request": "r-0"})
    refusal = case.refused("information_requested", **{**good, **fields})
    assert (refusal.rule, refusal.field) == ("2.7b", field)
    assert not case.sent("information_requested:r-1")


@pytest.mark.rule("2.7b")
def test_information_is_asked_for_as_part_of_a_review_only() -> None:
    fields = {"request": "r-1", "organisation": "hospital", "wanted": "A chronology."}
    assert met().refused("information_requested", **fields).rule == "2.7b"
    closed = decided(not_met(), "no review")
    assert closed.refused("information_requested", **fields).rule == "2.7b"


@pytest.mark.rule("2.7b")
def test_an_answer_needs_a_request_that_is_open() -> None:
    case = requested()
    received = {"document": PAPER}
    assert case.refused("information_received", request="r-9", **received).field == "request"
    assert case.refused("information_received", "2018-09-30", request="r-1", **received).field == "happened_on"
    assert case.refused("information_declined", request="r-9", reason="No.").field == "request"
    case.step("information_declined", "2018-10-02", request="r-1", reason="No.")
    assert case.refused("information_declined", request="r-1", reason="No.").field == "request"
    case.step("information_received", request="r-1", **received)
    for name, more in (("information_received", received), ("information_declined", {"reason": "No."})):
        assert case.refused(name, request="r-1", **more).rule == "2.7b"
    assert case.refused("information_request_withdrawn", request="r-1", reason="No need.").rule == "2.7b"


# 2.7c: staff are told


@pytest.mark.rule("2.7c")
def test_each_organisation_is_asked_to_tell_its_staff_of_the_review_and_confirms() -> None:
    case = decided()
    letters = case.sent("staff_informed:")
    assert [(letter.to, letter.template) for letter in letters] == [
        ("lead:hospital", "inform_staff"),
        ("lead:school", "inform_staff"),
    ]
    assert str(case.due("staff_informed:hospital")) == "2018-10-04"
    case.step("staff_informed", "2018-10-01", organisation="hospital", about="the review")
    assert case.deadlines["staff_informed:hospital"].met_on == date(2018, 10, 1)
    assert case.deadlines["staff_informed:school"].open


@pytest.mark.rule("2.7c")
def test_staff_are_told_of_no_review_that_is_not_held() -> None:
    case = decided(not_met(), "no review")
    assert not case.sent("staff_informed:")
    assert case.refused("staff_informed", organisation="hospital", about="the review").rule == "2.7c"


@pytest.mark.rule("2.7c")
def test_staff_are_told_the_single_agency_findings_once_that_report_is_in() -> None:
    case = requested(due="2018-10-22")
    findings = {"organisation": "hospital", "about": "the findings of the single-agency review"}
    refusal = case.refused("staff_informed", **findings)
    assert (refusal.rule, refusal.field) == ("2.7c", "about")
    assert not case.sent("agency_findings_told:")
    case.step("information_received", "2018-10-15", request="r-1", document=PAPER)
    (letter,) = case.sent("agency_findings_told:")
    assert (letter.to, letter.template) == ("lead:hospital", "inform_staff_of_findings")
    assert str(case.due("agency_findings_told:hospital")) == "2018-11-12"
    assert case.refused("staff_informed", "2018-10-14", **findings).field == "happened_on"
    case.step("staff_informed", "2018-10-29", **findings)
    assert case.deadlines["agency_findings_told:hospital"].met_on == date(2018, 10, 29)
    assert case.refused("staff_informed", **findings).rule == "2.7c"


@pytest.mark.rule("2.7c")
def test_information_that_is_no_single_agency_review_has_no_findings_to_tell() -> None:
    case = requested()
    case.step("information_received", "2018-10-08", request="r-1", document=PAPER, single_agency_review=False)
    assert not case.sent("agency_findings_told:")
    assert "agency_findings_told:hospital" not in case.deadlines


@pytest.mark.rule("2.7c")
def test_the_time_to_tell_staff_the_findings_counts_from_the_first_report_of_their_organisation() -> None:
    case = requested(due="2018-11-30")
    case.step("information_requested", request="r-2", organisation="hospital", wanted="A second review.")
    case.step("information_received", "2018-10-15", request="r-1", document=PAPER)
    due = case.due("agency_findings_told:hospital")
    case.step("information_received", "2018-10-22", request="r-2", document="9" * 64)
    assert case.due("agency_findings_told:hospital") == due


@pytest.mark.rule("2.7c")
def test_staff_are_confirmed_told_once_by_an_organisation_on_the_file_after_the_decision() -> None:
    case = decided()
    told = {"about": "the review"}
    assert case.refused("staff_informed", organisation="police", **told).field == "organisation"
    assert case.refused("staff_informed", "2018-09-19", organisation="hospital", **told).field == "happened_on"
    assert case.refused("staff_informed", organisation="hospital", about="nothing").field == "about"
    case.step("staff_informed", organisation="hospital", **told)
    assert case.refused("staff_informed", organisation="hospital", **told).rule == "2.7c"


# 2.7d: case files are locked down


@pytest.mark.rule("2.7d")
def test_the_groups_recommendation_asks_every_organisation_to_lock_down_its_files() -> None:
    case = Case.opened(organisations=("hospital", "school"))
    assert not case.sent("files_secured:")
    recommended(case)
    letters = case.sent("files_secured:")
    assert [(letter.to, letter.template, letter.rule) for letter in letters] == [
        ("lead:hospital", "lock_down", "2.7d"),
        ("lead:school", "lock_down", "2.7d"),
    ]
    assert all(letter.content == {} for letter in letters)
    assert [letter.notice for letter in letters] == ["files_secured:hospital", "files_secured:school"]
    assert str(case.due("files_secured:hospital")) == "2018-09-14"
    case.step("files_secured", "2018-09-13", organisation="hospital", how="access and recording monitored")
    assert case.deadlines["files_secured:hospital"].met_on == date(2018, 9, 13)
    assert case.deadlines["files_secured:school"].open


@pytest.mark.rule("2.7d")
@pytest.mark.parametrize("recommends", ["SCR, criteria met", "SCR, criteria not met", "alternative review"])
def test_a_recommendation_of_any_review_locks_files_down(recommends: str) -> None:
    assert recommended(recommends=recommends).sent("files_secured:")


@pytest.mark.rule("2.7d")
def test_a_recommendation_of_no_review_locks_nothing_until_a_later_one_does() -> None:
    case = recommended(recommends="no review")
    assert not case.sent("files_secured:")
    case.step("review_recommended", "2018-09-18", recommends="SCR, criteria met", reasons="A new fact.")
    assert case.sent("files_secured:")
    assert str(case.due("files_secured:hospital")) == "2018-09-20"


@pytest.mark.rule("2.7d")
@pytest.mark.parametrize(("on", "asked"), [("2018-09-13", False), ("2018-09-14", True)])
def test_a_recommendation_from_before_a_decision_for_no_review_locks_nothing(on: str, asked: bool) -> None:
    case = not_met()
    case.step("decision", "2018-09-14", choice="no review", decided_by="chair", reasons="No limb is met.")
    case.step("review_recommended", on, recommends="SCR, criteria not met", reasons="To learn.")
    assert bool(case.sent("files_secured:")) == asked


@pytest.mark.rule("2.7d")
def test_a_decision_for_a_review_asks_for_it_too_where_none_was_recommended() -> None:
    case = decided()
    assert [letter.to for letter in case.sent("files_secured:")] == ["lead:hospital", "lead:school"]
    assert str(case.due("files_secured:hospital")) == "2018-09-24"


@pytest.mark.rule("2.7d")
def test_a_decision_after_a_recommendation_asks_nobody_twice() -> None:
    case = decided(recommended())
    assert len(case.sent("files_secured:")) == 1 and str(case.due("files_secured:hospital")) == "2018-09-14"


@pytest.mark.rule("2.7d")
def test_with_a_decision_for_no_review_the_chasing_ends_and_what_was_done_stays() -> None:
    case = recommended(not_met(), "SCR, criteria not met")
    case.step("files_secured", "2018-09-13", organisation="hospital")
    case.step("decision", "2018-09-14", choice="no review", decided_by="chair", reasons="No limb is met.")
    assert case.told("deadline_cancelled", deadline="files_secured:school")
    assert case.deadlines["files_secured:hospital"].met_on == date(2018, 9, 13)
    assert not case.until("2018-10-20").told("escalated", deadline="files_secured:school")
    case.step("organisation_added", organisation={"id": "police", "name": "Example Police"})
    assert not case.sent("files_secured:police")
    late = "The group's minutes came late."
    case.step("review_recommended", happened_on="2018-09-12", recommends="alternative review", reasons=late)
    assert "files_secured:school" not in case.deadlines


@pytest.mark.rule("2.7d")
def test_when_a_review_is_held_after_all_those_who_had_not_confirmed_are_asked_again() -> None:
    case = recommended(not_met(), "SCR, criteria not met")
    case.step("files_secured", "2018-09-13", organisation="hospital")
    no_review = {"choice": "no review", "decided_by": "chair", "reasons": "No limb is met."}
    case.step("decision", "2018-09-14", **no_review)
    held = {**no_review, "choice": "SCR, criteria not met"}
    case.step("decision_revisited", "2018-11-01", because="The panel's advice.", **held)
    assert str(case.due("files_secured:school")) == "2018-11-05"
    assert [len(case.sent(f"files_secured:{name}")) for name in ("hospital", "school")] == [1, 2]
    assert not case.deadlines["files_secured:hospital"].open


@pytest.mark.rule("2.7c")
def test_a_decision_struck_out_and_made_again_asks_to_tell_staff_again() -> None:
    case = decided()
    made = next(entry for entry in case.record if entry.name == "decision")
    case.step("struck_out", "2018-09-24", step=made.id, reason="On the wrong day.")
    assert "staff_informed:hospital" not in case.deadlines
    decided(case, on="2018-09-25")
    assert [letter.number for letter in case.sent("staff_informed:hospital")] == [1, 2]
    assert str(case.due("staff_informed:hospital")) == "2018-10-09"


@pytest.mark.rule("2.7c")
def test_when_another_review_becomes_a_serious_case_review_staff_are_told_of_that_too() -> None:
    case = decided(not_met(), "alternative review", kind="Partnership Case Review")
    case.step("staff_informed", "2018-09-24", organisation="hospital", about="the review")
    held = {"choice": "SCR, criteria not met", "decided_by": "chair", "reasons": "There is more to learn."}
    case.step("decision_revisited", "2018-11-01", because="The panel's advice.", **held)
    assert case.deadlines["staff_informed:hospital"].open
    assert str(case.due("staff_informed:hospital")) == "2018-11-15"
    assert len(case.sent("staff_informed:hospital")) == 2
    case.step("staff_informed", "2018-11-05", organisation="hospital", about="the review")


@pytest.mark.rule("2.7d")
def test_files_that_are_secured_on_the_day_they_are_asked_for_again_are_so_in_time() -> None:
    case = recommended(not_met(), "SCR, criteria not met")
    case.step("decision", "2018-09-14", choice="no review", decided_by="chair", reasons="No limb is met.")
    held = {"choice": "SCR, criteria not met", "decided_by": "chair", "reasons": "There is more to learn."}
    case.step("decision_revisited", "2018-11-01", because="The panel's advice.", **held)
    case.step("files_secured", "2018-11-01", organisation="hospital")
    secured = case.deadlines["files_secured:hospital"]
    assert (str(secured.due), secured.late) == ("2018-11-05", False)


@pytest.mark.rule("2.7d")
def test_who_was_asked_to_lock_down_hears_that_it_was_wrong_also_when_no_review_is_held() -> None:
    case = not_met()
    why = {"recommends": "SCR, criteria not met", "reasons": "To learn."}
    recommendation = case.step("review_recommended", "2018-09-12", **why)["id"]
    case.step("decision", "2018-09-14", choice="no review", decided_by="chair", reasons="No limb is met.")
    case.step("struck_out", "2018-09-17", step=recommendation, reason="Meant for another file.")
    assert {letter.to for letter in case.sent("corrected:")} == {"lead:hospital", "lead:school"}


@pytest.mark.rule("2.7d")
def test_an_organisation_added_later_gets_the_letter_too_and_its_own_two_days() -> None:
    case = decided(recommended())
    case.step("organisation_added", "2018-11-05", organisation=SCHOOL)
    (letter,) = case.sent("files_secured:school")
    assert (letter.to, letter.template, letter.fallback) == ("lead:school", "lock_down", "lead@school.example")
    assert str(case.due("files_secured:school")) == "2018-11-07"
    assert len(case.sent("files_secured:hospital")) == 1
    assert case.sent("staff_informed:school")


@pytest.mark.rule("2.7d")
def test_files_that_are_not_confirmed_locked_down_are_chased_to_the_chair() -> None:
    case = recommended().until("2018-09-25")
    told = case.told("escalated", deadline="files_secured:hospital")
    assert [(line["at"][:10], line["to"]) for line in told] == [
        ("2018-09-15", "board_member:hospital"),
        ("2018-09-22", "chair"),
    ]


@pytest.mark.rule("2.7d")
def test_an_organisation_confirms_once_that_its_files_are_locked_down() -> None:
    case = recommended()
    assert case.refused("files_secured", organisation="police").field == "organisation"
    assert case.refused("files_secured", organisation="hospital", how="later").field == "how"
    case.step("files_secured", organisation="hospital")
    refusal = case.refused("files_secured", organisation="hospital")
    assert refusal.rule == "2.7d"
    assert "already" in refusal.reason


@pytest.mark.rule("2.7d")
def test_files_that_were_locked_down_before_the_letter_came_need_no_second_confirmation() -> None:
    case = Case.opened()
    case.step("files_secured", "2018-09-06", organisation="hospital")
    recommended(case)
    assert not case.deadlines["files_secured:hospital"].open


@pytest.mark.rule("2.7b", "2.7c", "2.7d", "2.7a")
def test_no_letter_to_an_organisation_holds_anything_of_the_child() -> None:
    case = requested(recommended(decided(met())), on="2018-10-01")
    case.step("information_received", request="r-1", document=PAPER)
    signed_off(case).until("2019-04-01")
    letters = [letter for letter in case.letters if letter.to.startswith(("lead:", "board_member:"))]
    assert len(letters) > 8
    child = case.file.children["child-1"]
    for letter in letters:
        text = f"{letter.notice} {letter.title} {letter.content}"
        assert not [fact for fact in ("child-1", str(child.born_on), str(child.died_on)) if fact in text]


@pytest.mark.rule("2.7b")
def test_a_declined_request_still_says_whose_information_it_is() -> None:
    case = decided()
    case.step("information_requested", request="r-1", organisation="hospital", wanted="A chronology.")
    case.step("information_declined", request="r-1", reason="It is with the coroner.")
    assert case.deadlines["agency_information:r-1"].title.startswith("Written information from Example Hospital Trust")


@pytest.mark.rule("2.7b")
def test_more_time_given_before_a_decline_does_not_keep_it_from_the_chair() -> None:
    case = decided()
    case.step("information_requested", request="r-1", organisation="hospital", wanted="A chronology.")
    key = "agency_information:r-1"
    case.step("deadline_extended", deadline=key, new_due="2019-03-01", reason="They asked for it.")
    case.step("information_declined", request="r-1", reason="It is with the coroner.")
    assert case.deadlines[key].due == case.deadlines[key].original_due
    case.step("deadline_extended", deadline=key, new_due="2018-12-03", reason="They think again.")
    assert str(case.due(key)) == "2018-12-03"


@pytest.mark.rule("2.7b")
def test_more_time_given_before_a_decline_keeps_it_from_the_chair_no_longer_than_the_first_date() -> None:
    case = requested(due="2018-10-10")
    key = "agency_information:r-1"
    case.step("deadline_extended", "2018-10-08", deadline=key, new_due="2018-12-03", reason="They asked for it.")
    case.step("information_declined", "2018-10-08", request="r-1", reason="It is with the coroner.")
    assert str(case.due(key)) == "2018-10-10"


@pytest.mark.rule("2.7a")
def test_an_organisation_of_the_directory_is_not_added_a_second_time_under_another_identifier() -> None:
    case = Case.opened()
    assert case.directory is not None
    known = next(one for one in case.directory.organisations if one.id not in case.file.parties)
    wrong = {"id": "another", "name": f" {known.name.upper()} "}
    refusal = case.refused("organisation_added", organisation=wrong)
    assert refusal.field == "organisation.id" and f"{known.name} is in the directory" in refusal.reason
    case.step("organisation_added", organisation={"id": known.id, "name": known.name})
