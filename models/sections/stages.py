"""Where the file of a serious case review stands, and what kind of review it is."""

from __future__ import annotations

from typing import get_args

from ..casefile import CaseFile
from ..incident import ReviewKind
from .s2_9_publication import to_be_published

KINDS: tuple[str, ...] = (*get_args(ReviewKind), "undecided", "no review")


def stage_of(file: CaseFile) -> str:
    """Where a file that has not ended stands, in one word."""
    if file.review is None:
        return "deciding" if file.decision is None else "follow-up"
    if file.report is None:
        return "review"
    if not file.review.serious:
        return "follow-up"
    if file.publication.published_on is None and to_be_published(file):
        return "publication"
    learning = file.learning
    done = learning.held_on and learning.considered_on and learning.training_changed_on and learning.bulletins
    return "follow-up" if done else "learning"


def kind_of(file: CaseFile) -> str:
    """The kind of review, or that none is decided on."""
    if file.review is not None:
        return file.review.kind
    return "undecided" if file.decision is None else "no review"
