"""The finding is three-valued: what is unknown is never taken for no, and never for yes (2.1a to 2.1e)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.finding import Fact, Finding, Limb
from models.incident import SERIOUS, Child, Custody, Harm, KnownOrNot, Outcome, Suspicion
from models.rulebook import Definitions
from models.sections.s2_1_finding import find

LOCAL, NONE = (Definitions(serious_sexual_abuse_is_serious_harm=local, partners_began=None) for local in (True, False))

TRIED = settings(max_examples=150, deadline=None, derandomize=True)

BORN = date(2002, 3, 4)


def child(**facts: Any) -> Child:
    """A child with these facts; the rest is unknown. What an outcome needs beside it is added."""
    needs: dict[Any, dict[str, Any]] = {
        "seriously harmed": {"harms": ("life-threatening injury",)},
        "not seriously harmed": {"research_considered": "A review of the evidence."},
    }
    return Child.model_validate({"id": "child-1", **needs.get(facts.get("outcome"), {}), **facts})


def held(concern: KnownOrNot = "unknown", local: Definitions = LOCAL, **facts: Any) -> str:
    """What is found for one child with these facts."""
    return find([child(**facts)], concern, local).held


def died(**facts: Any) -> Child:
    """A child who died, with nothing that speaks for a limb but what is given."""
    spoken: dict[str, Any] = {
        "outcome": "died",
        "abuse_or_neglect": "not suspected",
        "custody": "none",
        "detained_under_mental_health_act": "no",
        "deprived_of_liberty": "no",
    }
    return child(**spoken | facts)


@pytest.mark.rule("2.1a")
@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ((True, True), "met"),
        ((True, None), "undecided"),
        ((None, None), "undecided"),
        ((False, None), "not met"),
        ((None, False), "not met"),
        ((True, False), "not met"),
    ],
)
def test_a_limb_is_decided_by_one_no_and_left_open_by_one_unknown(
    facts: tuple[bool | None, ...], expected: str
) -> None:
    assert Limb("2.1a", "", "child-1", tuple(Fact("a", "a", fact) for fact in facts)).held == expected


@pytest.mark.rule("2.1a")
@pytest.mark.parametrize("states", list(product(("met", "not met", "undecided"), repeat=2)))
def test_one_limb_that_is_met_is_enough_and_one_undecided_leaves_the_rest_open(states: tuple[str, str]) -> None:
    holds = {"met": True, "not met": False, "undecided": None}
    finding = Finding(tuple(Limb("2.1a", "", "c", (Fact("a", "a", holds[state]),)) for state in states))
    expected = next((state for state in ("met", "undecided") if state in states), "not met")
    assert finding.held == expected


@pytest.mark.rule("2.1a")
@pytest.mark.parametrize("outcome", get_args(Outcome))
@pytest.mark.parametrize("abuse", get_args(Suspicion))
@pytest.mark.parametrize("concern", get_args(KnownOrNot))
def test_the_two_limbs_of_the_regulation(outcome: Outcome, abuse: Suspicion, concern: KnownOrNot) -> None:
    suspected = {"known": True, "suspected": True, "not suspected": False, "unknown": None}[abuse]
    concerned = {"yes": True, "no": False, "unknown": None}[concern]

    def all_of(*facts: bool | None) -> str:
        return "not met" if False in facts else "undecided" if None in facts else "met"

    unknown = outcome == "unknown"
    by_death = all_of(suspected, None if unknown else outcome == "died")
    by_harm = all_of(suspected, None if unknown else outcome == "seriously harmed", concerned)
    finding = find([child(outcome=outcome, abuse_or_neglect=abuse)], concern, LOCAL)
    assert [limb.held for limb in finding.limbs if limb.rule == "2.1a"] == [by_death, by_harm]


@pytest.mark.rule("2.1d")
@pytest.mark.parametrize("custody", get_args(Custody))
def test_the_limb_of_a_death_in_custody(custody: Custody) -> None:
    expected = {"none": "not met", "unknown": "undecided"}.get(custody, "met")
    assert find([died(custody=custody)], "no", LOCAL).held == expected


@pytest.mark.rule("2.1d")
@pytest.mark.parametrize(("answer", "expected"), [("yes", "met"), ("no", "not met"), ("unknown", "undecided")])
def test_the_limbs_of_a_death_detained_or_deprived_of_liberty(answer: str, expected: str) -> None:
    assert find([died(detained_under_mental_health_act=answer)], "no", LOCAL).held == expected
    at_17 = {"born_on": BORN, "died_on": BORN.replace(year=BORN.year + 17)}
    assert find([died(deprived_of_liberty=answer, **at_17)], "no", LOCAL).held == expected


@pytest.mark.rule("2.1d")
@pytest.mark.parametrize(
    ("born_on", "died_on", "age"),
    [
        ("2002-03-04", "2018-03-03", 15),
        ("2002-03-04", "2018-03-04", 16),
        ("2002-03-04", "2020-03-03", 17),
        ("2002-03-04", "2020-03-04", 18),
        ("2004-02-29", "2020-02-28", 15),
        ("2004-02-29", "2020-02-29", 16),
        ("2004-02-29", "2022-02-28", 17),
        ("2004-02-29", "2022-03-01", 18),
        ("2002-12-31", "2019-01-01", 16),
    ],
)
def test_the_age_is_the_age_at_death_exactly_at_birthdays(born_on: str, died_on: str, age: int) -> None:
    given_dates = {"born_on": date.fromisoformat(born_on), "died_on": date.fromisoformat(died_on)}
    dead = died(deprived_of_liberty="yes", **given_dates)
    assert dead.age_at_death() == age
    assert find([dead], "no", LOCAL).held == ("met" if age in (16, 17) else "not met")


@pytest.mark.rule("2.1d")
@pytest.mark.parametrize(
    ("dates", "unknown"),
    [
        ({"born_on": BORN}, ("child-1.died_on",)),
        ({"died_on": date(2018, 9, 1)}, ("child-1.born_on",)),
        ({}, ("child-1.born_on", "child-1.died_on")),
    ],
)
def test_with_a_date_unknown_the_limb_is_undecided_and_each_such_date_is_named(
    dates: dict[str, date], unknown: tuple[str, ...]
) -> None:
    finding = find([died(deprived_of_liberty="yes", **dates)], "no", LOCAL)
    assert (finding.held, finding.unknown()) == ("undecided", unknown)
    assert find([died(deprived_of_liberty="no", **dates)], "no", LOCAL).held == "not met"


@pytest.mark.rule("2.1c")
def test_serious_sexual_abuse_alone_is_serious_harm_by_the_local_definition_only() -> None:
    facts = {"outcome": "seriously harmed", "abuse_or_neglect": "known"}
    assert held("yes", LOCAL, **facts, harms=("serious sexual abuse",)) == "met"
    assert held("yes", NONE, **facts, harms=("serious sexual abuse",)) == "not met"
    more = ("serious sexual abuse", "impairment of health or development")
    assert held("yes", NONE, **facts, harms=more) == "met"


@pytest.mark.rule("2.1a", "2.1b")
@pytest.mark.parametrize("outcome", ["unknown", "died", "seriously harmed"])
def test_a_harm_that_is_serious_by_itself_meets_the_criteria_whatever_became_of_the_child(outcome: str) -> None:
    facts: dict[str, Any] = {"outcome": outcome, "abuse_or_neglect": "known", "harms": ("life-threatening injury",)}
    assert held("yes", NONE, **facts) == "met"
    assert held("yes", NONE, **facts | {"abuse_or_neglect": "unknown"}) == "undecided"
    assert held("no", NONE, **facts) == {"unknown": "undecided", "died": "met"}.get(outcome, "not met")


@pytest.mark.rule("2.1b", "2.1c")
def test_a_harm_that_may_turn_out_not_serious_leaves_it_open_while_the_outcome_is_unknown() -> None:
    facts: dict[str, Any] = {"outcome": "unknown", "abuse_or_neglect": "known"}
    assert held("yes", LOCAL, **facts, harms=("other",), other_harm="Bruises.") == "undecided"
    assert held("yes", NONE, **facts, harms=("serious sexual abuse",)) == "undecided"
    assert held("yes", LOCAL, **facts, harms=("serious sexual abuse",)) == "met"


@pytest.mark.rule("2.1e")
def test_the_unknown_facts_are_those_that_a_limb_waits_for_and_no_others() -> None:
    finding = find([child(outcome="seriously harmed", abuse_or_neglect="known")], "unknown", LOCAL)
    assert finding.unknown() == ("concern_about_joint_working",)
    assert find([child(outcome="seriously harmed", abuse_or_neglect="known")], "no", LOCAL).unknown() == ()


@pytest.mark.rule("2.1d")
def test_no_fact_of_a_limb_stands_twice_and_a_child_alive_has_no_age_at_death() -> None:
    def facts(**facts: Any) -> list[str]:
        return [fact.words for fact in find([child(**facts)], "no", LOCAL).limbs[-1].facts]

    assert facts(outcome="died")[1:3] == [
        "date of birth, for the age at death: unknown",
        "date of death, for the age at death: unknown",
    ]
    assert facts(outcome="seriously harmed") == ["outcome: seriously harmed", "deprivation of liberty order: unknown"]


@pytest.mark.rule("2.1a")
def test_a_limb_is_met_for_the_file_when_it_is_met_for_any_of_its_children() -> None:
    lives = child(id="child-1", outcome="not seriously harmed", abuse_or_neglect="not suspected")
    died_of_neglect = died(id="child-2", abuse_or_neglect="suspected")
    finding = find([lives, died_of_neglect], "no", LOCAL)
    assert finding.held == "met"
    assert {limb.child for limb in finding.met()} == {"child-2"}


# Whatever the facts are: no limb is decided before its facts are known, and none stays open when they are.

OPEN: dict[str, tuple[Any, ...]] = {
    "abuse_or_neglect": get_args(Suspicion),
    "custody": ("none", "police custody", "unknown"),
    "detained_under_mental_health_act": get_args(KnownOrNot),
    "deprived_of_liberty": get_args(KnownOrNot),
}
OUTCOMES: list[dict[str, Any]] = [
    {"outcome": "unknown"},
    {"outcome": "died"},
    {"outcome": "seriously harmed", "harms": ("other",), "other_harm": "Something grave."},
    {"outcome": "seriously harmed", "harms": ("serious sexual abuse",)},
    {"outcome": "not seriously harmed", "research_considered": "Studies."},
]
TICKED: list[tuple[Harm, ...]] = [(), ("life-threatening injury",), ("serious sexual abuse",)]
"""What may be ticked already of a child of whom it is not known what became of it."""


@st.composite
def some_child(draw: st.DrawFn) -> Child:
    """A child with some facts known and some not."""
    facts: dict[str, Any] = {name: draw(st.sampled_from(values)) for name, values in OPEN.items()}
    facts |= draw(st.sampled_from(OUTCOMES))
    if facts["outcome"] in ("unknown", "died"):
        facts["harms"] = draw(st.sampled_from(TICKED))
    if draw(st.booleans()):
        facts["born_on"] = BORN
    if facts["outcome"] == "died" and draw(st.booleans()):
        facts["died_on"] = BORN + timedelta(days=draw(st.integers(0, 19 * 365)))
    return Child.model_validate({"id": "child-1", **facts})


def completions(one: Child) -> Iterator[Child]:
    """Every child this one may turn out to be."""
    known = one.model_dump()
    outcomes = [{**outcome, "harms": (*outcome.get("harms", ()), *one.harms)} for outcome in OUTCOMES[1:]]
    if one.outcome != "unknown":
        outcomes = [{}]
    elif SERIOUS.intersection(one.harms):
        outcomes = [outcome for outcome in outcomes if outcome["outcome"] != "not seriously harmed"]
    choices = [
        [value for value in values if value != "unknown"] if known[name] == "unknown" else [known[name]]
        for name, values in OPEN.items()
    ]
    for outcome, *values in product(outcomes, *choices):
        facts = known | outcome | dict(zip(OPEN, values, strict=True))
        if facts["outcome"] != "died":
            yield Child.model_validate(facts)
            continue
        for age in (15, 16) if one.age_at_death() is None else (None,):
            dates: dict[str, Any] = {}
            if age is not None:
                born = one.born_on or (one.died_on or BORN) - timedelta(days=age * 366)
                dates = {"born_on": born, "died_on": one.died_on or born + timedelta(days=age * 366)}
            yield Child.model_validate(facts | dates)


@pytest.mark.rule("2.1a")
@pytest.mark.rule("2.1e")
@TRIED
@given(one=some_child(), concern=st.sampled_from(get_args(KnownOrNot)), local=st.sampled_from([LOCAL, NONE]))
def test_a_fact_that_becomes_known_overturns_nothing_that_was_found_without_it(
    one: Child, concern: KnownOrNot, local: Definitions
) -> None:
    before = find([one], concern, local)
    concerns: list[KnownOrNot] = ["yes", "no"] if concern == "unknown" else [concern]
    after = [find([child], answer, local) for child in completions(one) for answer in concerns]
    for number, limb in enumerate(before.limbs):
        reached = {finding.limbs[number].held for finding in after}
        # Decided: as it is, whatever turns out. Undecided: it really can turn out either way.
        assert reached == ({"met", "not met"} if limb.held == "undecided" else {limb.held}), limb
    if before.held != "undecided":
        assert {finding.held for finding in after} == {before.held}


@pytest.mark.rule("2.1e")
@TRIED
@given(one=some_child(), concern=st.sampled_from(get_args(KnownOrNot)), local=st.sampled_from([LOCAL, NONE]))
def test_an_undecided_finding_names_what_is_unknown_and_a_decided_one_needs_nothing(
    one: Child, concern: KnownOrNot, local: Definitions
) -> None:
    finding = find([one], concern, local)
    facts = one.model_dump() | {"concern_about_joint_working": concern}
    for name in finding.unknown():
        assert facts[name.rpartition(".")[2]] in ("unknown", None)
    if finding.held == "undecided":
        assert finding.unknown()


@pytest.mark.rule("2.1b")
@TRIED
@given(one=some_child(), concern=st.sampled_from(get_args(KnownOrNot)))
def test_that_a_child_has_recovered_changes_nothing(one: Child, concern: KnownOrNot) -> None:
    recovered = one.model_copy(update={"recovered": True})
    assert find([recovered], concern, LOCAL) == find([one], concern, LOCAL)
