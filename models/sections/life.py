"""The life of a file as a table: what leads from stage to stage, and in which stages each step can be recorded.

Tests hold both against what happens on files; ``docs/life-of-a-file.md`` and the help show them.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..regime import Move

_OPEN = ("deciding", "review", "publication", "learning", "follow-up")
_SIGNED_OFF = ("learning", "follow-up")
_LAST_OF_FOUR = "It is the last of the four that learning asks for."

MOVES: tuple[Move, ...] = (
    Move(("deciding",), "decision", "review", "The Chair decides to hold a review."),
    Move(("deciding",), "decision", "follow-up", "The Chair decides not to hold one."),
    Move(("follow-up",), "decision_revisited", "review", "The Chair decides to hold a review after all."),
    Move(("review",), "decision_revisited", "follow-up", "The Chair decides not to hold a review after all."),
    Move(("review",), "report_signed_off", "publication", "The criteria are met, so the report will be published."),
    Move(("review",), "report_signed_off", "learning", "A Serious Case Review was held though no criterion is met."),
    Move(("review",), "report_signed_off", "follow-up", "The review was not a Serious Case Review."),
    Move(_SIGNED_OFF, "decision_revisited", "publication", "The criteria are met after all."),
    Move(_SIGNED_OFF, "publication_fixed", "publication", "The board publishes a report that it need not publish."),
    Move(_SIGNED_OFF, "non_publication_proposed", "publication", "Whether to publish has to be decided."),
    Move(_SIGNED_OFF, "non_publication_decided", "publication", "The board decides to publish after all."),
    Move(("publication",), "published", "learning", "The report is published."),
    Move(("publication",), "published", "follow-up", "The report is published, and learning was finished before."),
    Move(("publication",), "non_publication_decided", "learning", "The board decides not to publish."),
    Move(("learning",), "learning_event_held", "follow-up", _LAST_OF_FOUR),
    Move(("learning",), "training_changed", "follow-up", _LAST_OF_FOUR),
    Move(("learning",), "bulletin_approved", "follow-up", _LAST_OF_FOUR),
    Move(("follow-up",), "closed", "closed", "Everything is done."),
    Move(("deciding", "follow-up"), "notification_withdrawn", "closed", "The board should not have been notified."),
    Move(("deciding",), "transferred", "closed", "Another board decides."),
    Move(("review",), "review_withdrawn", "closed", "A review without an incident was opened by mistake."),
    Move(_OPEN, "merged_into", "closed", "Work continues on another file about the same incident."),
    Move(("closed",), "reopened", "", "The file goes back to the stage in which it ended."),
    Move(_OPEN, "struck_out", "", "The file goes to the stage in which it would be without that step."),
)
"""What leads a file from stage to stage. Nothing else does, and time alone never does."""


def _stages_of_steps(table: str) -> Mapping[str, frozenset[str]]:
    heads, *rows = (line.split() for line in table.strip().splitlines())
    return {
        name: frozenset(stage for stage, mark in zip(heads, marks, strict=True) if mark == "x") for name, *marks in rows
    }


POSSIBLE = _stages_of_steps("""
                                deciding  review  publication  learning  follow-up  closed
notified_panel                  x         x       x            x         x          .
review_recommended              x         x       x            x         x          .
decision                        x         .       .            .         .          .
decision_revisited              .         x       x            x         x          .
peer_challenge_answered         x         x       x            x         x          .
panel_request_answered          .         x       x            x         x          x
advice_considered               .         x       x            x         x          .
facts_corrected                 x         x       x            x         x          .
child_added                     x         x       x            x         x          .
notification_withdrawn          x         .       .            .         x          .
transferred                     x         .       .            .         .          .
peer_challenge_sought           x         x       x            x         x          .
panel_requested                 x         x       x            x         x          x
panel_advised                   x         x       x            x         x          .
notification_copy_sent          .         x       .            .         x          .
acknowledged                    x         x       x            x         x          x
files_secured                   x         x       x            x         x          .
reviewer_named                  .         x       x            x         x          .
conflict_resolved               .         x       x            x         x          .
scope_set                       .         x       x            x         x          .
model_chosen                    .         x       x            x         x          .
representative_named            x         x       x            x         x          .
staff_informed                  .         x       x            x         x          .
information_requested           .         x       x            x         x          .
information_received            .         x       x            x         x          .
practitioners_involved          .         x       x            x         x          .
family_invited                  .         x       x            x         x          .
family_answered                 .         x       x            x         x          .
proceedings_recorded            x         x       x            x         x          .
interim_learning                .         x       x            x         x          .
report_drafted                  .         x       x            x         x          .
report_signed_off               .         x       x            x         x          .
organisation_added              x         x       x            x         x          .
organisation_removed            x         x       x            x         x          .
reviewer_stood_down             .         x       x            x         x          .
information_declined            .         x       x            x         x          .
information_request_withdrawn   .         x       x            x         x          .
family_listed                   .         x       x            x         x          .
finding_recorded                .         x       x            x         x          .
delay_recorded                  .         x       x            x         x          .
review_withdrawn                .         x       .            .         .          .
action_proposed                 .         x       x            x         x          .
action_agreed                   .         x       x            x         x          .
action_plan_drafted             .         x       x            x         x          .
findings_shared                 .         .       x            x         x          .
board_responded                 .         x       x            x         x          .
publication_checked             .         .       x            x         x          .
publication_fixed               .         .       x            x         .          .
published                       .         .       x            .         .          .
non_publication_decided         .         .       x            x         x          .
action_declined                 .         x       x            x         x          .
non_publication_proposed        .         .       x            x         x          .
court_restriction_set           x         x       x            x         x          .
court_restriction_lifted        .         x       x            x         x          .
situation_changed               .         x       x            x         x          .
disclosed_early                 x         x       x            x         x          .
report_withdrawn                .         .       .            x         x          .
report_restored                 .         .       .            .         x          .
learning_event_held             .         .       x            x         x          .
learning_considered             .         .       x            x         x          .
training_changed                .         .       x            x         x          .
learning_taken_forward          .         .       x            x         x          .
bulletin_approved               .         .       x            x         x          .
outcome_shared                  .         .       x            x         x          .
outcome_confirmed               .         .       x            x         x          .
learning_event_planned          .         x       x            x         x          .
action_done                     .         x       x            x         x          .
impact_recorded                 .         x       x            x         x          .
monitoring_reviewed             .         .       x            x         x          .
moved_to_request                .         .       .            x         x          .
copy_supplied                   .         .       .            x         x          x
closed                          .         .       .            .         x          .
action_progressed               .         x       x            x         x          .
copy_requested                  .         .       .            x         x          x
reopened                        .         .       .            .         .          x
joined_with                     x         x       x            x         x          .
merged_into                     x         x       x            x         x          .
merged_from                     x         x       x            x         x          .
note_added                      x         x       x            x         x          .
struck_out                      x         x       x            x         x          .
address_corrected               x         x       x            x         x          x
deadline_extended               x         x       x            x         x          .
escalation_acknowledged         x         x       x            x         x          .
rulebook_changed                x         x       x            x         x          .
""")
"""The stages in which each step can be recorded, on some file at least: the file says whether it can be on this one."""
