"""Every letter that the core starts has its words, and every template is some letter's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import cache
from pathlib import Path

import pytest

import activities.mail
from activities.mail.compose import Draft, Letterhead, Mailbox, Templates, compose
from models.letter import LetterToSend

from .case import HARMED, Case
from .lives import decided, drafted, learned, not_met, planned, published, ready_to_publish, signed_off
from .review_steps import UNDECIDED, UNHARMED, decide, without_incident

FOLDER = Path(activities.mail.__file__).parent / "templates"
LETTERHEAD = Letterhead("Example Board", "reviews@board.example", "coordinator@board.example")


def whole_life() -> Case:
    """A review from the recommendation to the end of its year, with everything that goes wrong on the way."""
    case = Case.opened(organisations=("hospital", "school"))
    case.step("review_recommended", recommends="SCR, criteria met", reasons="By the first limb.")
    case.step(
        "peer_challenge_sought", challenge="p-1", board="B", chair="C", email="c@b.example", question="Would you?"
    )
    decided(case)
    case.step("facts_corrected", reason="By the school.", residence="Elsewhere")
    case.step("information_requested", request="r-1", organisation="hospital", wanted="A chronology.")
    case.step("information_declined", request="r-1", reason="On advice.")
    case.step("information_requested", request="r-2", organisation="school", wanted="A chronology.")
    case.step("information_received", request="r-2", document="9" * 64)
    case.step("disclosed_early", what="A newspaper.")
    case.step("organisation_added", organisation={"id": "club", "name": "A Club"})
    case.step("organisation_removed", organisation="club", reason="Another club.")
    case = learned(published(ready_to_publish(planned(signed_off(drafted(case))))))
    return case.until(case.due("year_on_website"))


def not_published() -> Case:
    """A report that is not published, on advice."""
    case = signed_off()
    case.step("non_publication_proposed", reasons="A sibling would be known by it.")
    case.step("panel_advised", advice="a-1", topic="publication", text="We agree.")
    case.step("advice_considered", advice="a-1", response="accepted")
    case.step("non_publication_decided", publish=False, decided_by="Person chair", reasons="The sibling's welfare.")
    return case


def against_a_review() -> Case:
    """A decision not to initiate, whose letter could not be delivered; withdrawn later."""
    case = not_met(takes_mail=False)
    case.step("decision", choice="no review", decided_by="chair", reasons="No limb is met.")
    for letter in list(case.under_way.values()):
        case._outcome(letter, accepted=letter.to != "dfe", why="550")
    case.step("notification_withdrawn", reason="It was another child.")
    for letter in list(case.under_way.values()):
        case.mail_accepted(letter.notice)
    case.step("reopened", reason="It was this one.")
    return case


def not_held() -> Case:
    """A review without an incident, opened by mistake."""
    case = without_incident()
    case.step("review_withdrawn", reason="It was opened twice.")
    return case


def elsewhere() -> Case:
    """Another board's child."""
    case = Case.opened({**HARMED, "residence": "Exampleshire"}, concern="no")
    case.step("transferred", board="Exampleshire Board", email="board@exampleshire.example", reason="Lives there.")
    return case


def merged_into_nothing() -> Case:
    """A merger that found no other file."""
    case = Case.opened()
    case.step("merged_into", reference="EX-2018-0009", reason="The same incident.")
    case.undelivered("EX-2018-0009")
    return case


@cache
def letters() -> tuple[LetterToSend, ...]:
    """All the letters of these lives."""
    lives = (whole_life, not_published, against_a_review, not_held, elsewhere, merged_into_nothing)
    return tuple(letter for life in lives for letter in life().letters)


def written(letter: LetterToSend, content: Mapping[str, str]) -> EmailMessage:
    """The mail of a letter."""
    return compose(
        Templates(),
        Draft(
            letter.template,
            {"title": letter.title, "rule": letter.rule, **content},
            letterhead=LETTERHEAD,
            to=Mailbox("", "somebody@board.example"),
            reference="EX-2018-0001",
            notice=letter.notice,
            number=letter.number,
            at=datetime(2018, 9, 5, tzinfo=UTC),
        ),
    )


def text_of(letter: LetterToSend, content: Mapping[str, str]) -> str:
    """What the mail of a letter says, in one line."""
    body = written(letter, content).get_body(("plain",))
    assert body is not None
    return " ".join(str(body.get_content()).split())


def test_every_letter_has_its_template_and_finds_every_value_that_the_template_shows() -> None:
    for letter in letters():
        assert "EX-2018-0001" in str(written(letter, letter.content)["Subject"])


@pytest.mark.rule("2.2e")
@pytest.mark.parametrize("choice", ["no review", "alternative review", "SCR, criteria not met"])
def test_a_letter_about_a_decision_says_that_the_criteria_are_not_met_only_when_that_was_found(choice: str) -> None:
    kind = {"kind": "Partnership Case Review"} if choice == "alternative review" else {}
    open_facts = Case.opened(UNDECIDED, concern="unknown")
    unknown = dict.fromkeys(open_facts.file.finding.unknown(), "The inquest is not held yet.")
    decide(open_facts, "2018-09-12", choice, unknown_reasons=unknown, **kind)
    settled = Case.opened(UNHARMED)
    decide(settled, "2018-09-12", choice, **kind)
    for case, says in (
        (open_facts, "it is undecided whether the criteria are met"),
        (settled, "the criteria are not met"),
    ):
        [ofsted] = [letter for letter in case.letters if letter.to == "ofsted"]
        assert says in text_of(ofsted, ofsted.content)
        without = {name: value for name, value in ofsted.content.items() if name != "finding"}
        assert "the criteria are not met" in text_of(ofsted, without), "a letter of an earlier release"
        [panel] = [letter for letter in case.letters if letter.to == "national_panel"]
        assert ("undecided" in text_of(panel, panel.content)) == (case is open_facts)


@pytest.mark.rule("2.2e")
def test_a_letter_of_a_later_decision_promises_no_notification_that_the_panel_has() -> None:
    case = Case.opened(UNHARMED)
    decide(case, "2018-09-12", "no review")
    again = {"decided_by": "chair", "reasons": "Nothing new.", "because": "The panel asked."}
    case.step("decision_revisited", "2018-09-13", choice="no review", **again)
    case.step("notification_copy_sent", "2018-09-14", how="By the panel's own portal.")
    case.step("decision_revisited", "2018-09-17", choice="no review", **again)
    with_copy = {"notification_document": "9" * 64}
    case.step("decision_revisited", "2018-09-18", choice="no review", **again, **with_copy)
    letters = [letter for letter in case.letters if letter.to == "national_panel"]
    promised, sent = "The coordinator will send you a copy", "You were sent a copy of the notification on 14 September"
    for letter, says in zip(letters, (promised, promised, sent, "is attached"), strict=True):
        assert says in text_of(letter, letter.content)
    old = {name: value for name, value in letters[0].content.items() if name != "notification_had_on"}
    assert promised in text_of(letters[0], old), "a letter of an earlier release"


@pytest.mark.rule("2.9g")
def test_a_letter_about_a_period_says_which_and_that_nothing_is_overdue() -> None:
    case = signed_off()
    case.step("non_publication_proposed", reasons="A sibling would be known by it.", advice_by="2019-04-15")
    case.until("2019-04-16")
    reminder, over = (
        case.sent("reminder:non_publication_advice:")[-1],
        case.sent("period_ended:non_publication_advice:")[-1],
    )
    assert "time to advise ends" in str(written(over, over.content)["Subject"])
    assert "(section 2.9 of the framework, Publication). We have no record" in text_of(over, over.content)
    assert "has until 15 April 2019 to advise" in text_of(reminder, reminder.content)
    (year,) = [letter for letter in whole_life().letters if letter.notice.startswith("period_ended:year_on_website:")]
    assert "twelve months on the website are over" in str(written(year, year.content)["Subject"])


def test_every_template_is_some_letters() -> None:
    of_no_file = {"weekly_list"}
    assert {letter.template for letter in letters()} | of_no_file == {
        path.name.removesuffix(".txt.j2") for path in FOLDER.glob("*.txt.j2") if not path.name.startswith("_")
    }
