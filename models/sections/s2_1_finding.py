"""2.1 From the recorded facts to a finding: which limb of the criteria is met, not met or undecided (2.1a to 2.1d)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..finding import Fact, Finding, Limb
from ..incident import SERIOUS, Child, KnownOrNot
from ..rulebook import Definitions


def find(children: Iterable[Child], concern: KnownOrNot, definitions: Definitions) -> Finding:
    """The finding for these children.

    Arguments:
        children: each with the facts recorded so far.
        concern: cause for concern about how the authority, Board partners or others worked together.
        definitions: the board's local definitions (2.1c).
    """
    return Finding(tuple(limb for child in children for limb in _limbs(child, concern, definitions)))


def _limbs(child: Child, concern: KnownOrNot, definitions: Definitions) -> Iterator[Limb]:
    def limb(rule: str, title: str, facts: Sequence[Fact]) -> Limb:
        return Limb(rule, title, child.id, tuple(facts))

    abuse, died = _abuse(child), _died(child)
    yield limb("2.1a", "abuse or neglect is known or suspected, and the child has died", [abuse, died])
    yield limb(
        "2.1a",
        "abuse or neglect is known or suspected, the child has been seriously harmed, "
        "and there is cause for concern about joint working",
        [
            abuse,
            harmed(child, definitions),
            _answer("concern_about_joint_working", "cause for concern", concern),
        ],
    )
    custody = None if child.custody == "unknown" else child.custody != "none"
    yield limb(
        "2.1d",
        "the child died in custody",
        [died, Fact(f"{child.id}.custody", f"custody: {child.custody}", custody)],
    )
    yield limb(
        "2.1d",
        "the child died while detained under the Mental Health Act 1983",
        [
            died,
            _answer(
                f"{child.id}.detained_under_mental_health_act",
                "detained under the Mental Health Act 1983",
                child.detained_under_mental_health_act,
            ),
        ],
    )
    yield limb(
        "2.1d",
        "the child died aged 16 or 17 while subject to a deprivation of liberty order",
        [
            died,
            *_aged_16_or_17(child),
            _answer(f"{child.id}.deprived_of_liberty", "deprivation of liberty order", child.deprived_of_liberty),
        ],
    )


def _answer(name: str, words: str, value: KnownOrNot) -> Fact:
    return Fact(name, f"{words}: {value}", None if value == "unknown" else value == "yes")


def _abuse(child: Child) -> Fact:
    value = child.abuse_or_neglect
    holds = None if value == "unknown" else value in ("known", "suspected")
    return Fact(f"{child.id}.abuse_or_neglect", f"abuse or neglect: {value}", holds)


def _died(child: Child) -> Fact:
    holds = None if child.outcome == "unknown" else child.outcome == "died"
    return Fact(f"{child.id}.outcome", f"outcome: {child.outcome}", holds)


def harmed(child: Child, definitions: Definitions) -> Fact:
    """Whether the child was seriously harmed, by the board's own definition too (2.1b, 2.1c).

    A kind of harm that is serious by itself is that whatever became of the child, and while that is unknown.
    """
    name, kinds = f"{child.id}.outcome", ", ".join(child.harms)
    local = "serious sexual abuse" in child.harms and definitions.serious_sexual_abuse_is_serious_harm
    if child.outcome == "not seriously harmed" and local:
        words = "harm: serious sexual abuse, which is serious harm by this board's definition (2.1c)"
        return Fact(f"{child.id}.harms", words, True)
    if child.outcome in ("died", "unknown") and (local or SERIOUS.intersection(child.harms)):
        return Fact(f"{child.id}.harms", f"seriously harmed, whatever the outcome: {kinds}", True)
    if child.outcome != "seriously harmed":
        return Fact(name, f"outcome: {child.outcome}", None if child.outcome == "unknown" else False)
    if set(child.harms) == {"serious sexual abuse"} and not definitions.serious_sexual_abuse_is_serious_harm:
        words = "harm: serious sexual abuse, which this board's definition does not name as serious harm by itself"
        return Fact(f"{child.id}.harms", words, False)
    return Fact(name, f"seriously harmed: {kinds}", True)


def _aged_16_or_17(child: Child) -> Iterator[Fact]:
    """The age at death; while it is unknown, each of the two dates that are not known. Who lives has no such age."""
    if child.outcome not in ("died", "unknown"):
        return
    age = child.age_at_death()
    if age is not None:
        yield Fact(f"{child.id}.died_on", f"age at death: {age}", age in (16, 17))
        return
    dates = (("born_on", "date of birth", child.born_on), ("died_on", "date of death", child.died_on))
    for name, what, day in dates:
        if day is None:
            yield Fact(f"{child.id}.{name}", f"{what}, for the age at death: unknown", None)
