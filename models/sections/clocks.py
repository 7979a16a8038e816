"""The clocks of serious case reviews, one row each: by the stage and the task that a file meets them in."""

from __future__ import annotations

from ..casefile import CaseFile
from ..regime import Bounds, ClockKind, StageKind, TaskKind

_NOTIFIED = Bounds(0, 5, ("calendar days", "working days"))


def _always(title: str, *clocks: ClockKind) -> TaskKind:
    return TaskKind(title, clocks)


def _asked(title: str, *clocks: ClockKind) -> TaskKind:
    return TaskKind(title, clocks, only_if_asked=True)


def _unpublished(file: CaseFile) -> bool:
    return file.publication.published_on is None


def _to_be_fixed(file: CaseFile) -> bool:
    return _unpublished(file) and file.publication.fixed_for is None


_DECIDING = (
    _asked(
        "Notification of the board by the local authority",
        ClockKind("notify_board", "2.1f", bounds=_NOTIFIED, asks="local_authority"),
    ),
    _asked(
        "Notification of the national panel by the local authority",
        ClockKind("notify_panel", "2.1f", "notified_panel", ("child",), bounds=_NOTIFIED, asks="local_authority"),
    ),
    TaskKind(
        "Recommendation of the Case Review Group",
        step="review_recommended",
        done=lambda file: file.recommended_on is not None,
    ),
    _always(
        "Chair's decision on a Serious Case Review",
        ClockKind("decision", "2.2b", "decision", bounds=Bounds(0, 1, ("calendar months",))),
    ),
    _always(
        "Letters about the decision",
        ClockKind("decision_told", "2.2e", by_letters=True),
        ClockKind("panel_told_not_initiated", "2.2e", bounds=Bounds(0, 14, ("calendar days",)), by_letters=True),
    ),
    _asked("Revisit the decision", ClockKind("decision_revisited", "2.1e", "decision_revisited")),
    _asked(
        "Answer to the request for peer challenge",
        ClockKind("peer_challenge_answered", "2.2d", "peer_challenge_answered", ("challenge",)),
    ),
    _asked(
        "Answer requests from the national panel or the Department",
        ClockKind("panel_request_answered", "2.2f", "panel_request_answered", ("request",), after_end=True),
    ),
    _asked(
        "The board's response to the national panel's advice",
        ClockKind("advice_considered", "2.3a", "advice_considered", ("advice",)),
    ),
)

_REVIEW = (
    _asked(
        "Organisations: lock down case files",
        ClockKind(
            "files_secured",
            "2.7d",
            "files_secured",
            ("organisation",),
            asks="lead",
            letter="lock_down",
            reply="Confirm that the case files are secured",
        ),
    ),
    _always("Appoint a lead reviewer", ClockKind("reviewer_appointed", "2.5a", "reviewer_named")),
    _asked(
        "Letter to the national panel with the reviewers' names",
        ClockKind("panel_told_of_reviewer", "2.5c", by_letters=True),
    ),
    _asked(
        "Resolve conflicts of interest",
        ClockKind("conflict_resolved", "2.5b", "conflict_resolved", ("reviewer", "organisation")),
    ),
    _always("Set the scope", ClockKind("scope_set", "1.3a", "scope_set")),
    _always("Choose the model", ClockKind("model_chosen", "2.4a", "model_chosen")),
    _always(
        "Organisations: name representatives",
        ClockKind(
            "representative_named",
            "2.7a",
            "representative_named",
            ("organisation",),
            asks="lead",
            reply="Name your representative",
        ),
    ),
    _always(
        "Organisations: tell staff about the review",
        ClockKind(
            "staff_informed",
            "2.7c",
            "staff_informed",
            ("organisation",),
            always={"about": "the review"},
            asks="lead",
            letter="inform_staff",
            reply="Confirm that you told your staff about the review",
        ),
    ),
    TaskKind(
        "Written information from organisations",
        (
            ClockKind(
                "agency_information",
                "2.7b",
                "information_received",
                ("request",),
                asks="lead",
                letter="information_requested",
                reply="Upload your information",
                declines=(("information_declined", "Say that you cannot provide the information"),),
                by_replying=True,
            ),
        ),
        step="information_requested",
    ),
    _asked(
        "Organisations: tell staff their own findings",
        ClockKind(
            "agency_findings_told",
            "2.7c",
            "staff_informed",
            ("organisation",),
            always={"about": "the findings of the single-agency review"},
            asks="lead",
            letter="inform_staff_of_findings",
            reply="Confirm that you told your staff the findings of your own review",
        ),
    ),
    _always("Involve practitioners", ClockKind("practitioners_involved", "1.3c", "practitioners_involved")),
    _always("Invite the family", ClockKind("family_invited", "1.3d", "family_invited", ("member",))),
    _asked("Record the family's answers", ClockKind("family_answered", "1.3d", "family_answered", ("member",))),
    _asked(
        "Follow court proceedings",
        ClockKind("proceedings_checked", "2.6b", "proceedings_recorded", ("proceedings",)),
    ),
    _asked("Record interim learning", ClockKind("interim_learning", "2.6b", "interim_learning")),
    TaskKind("Draft the report", step="report_drafted", done=lambda file: bool(file.drafts)),
    _always(
        "Sign off the report",
        ClockKind("completion", "2.6a", "report_signed_off", bounds=Bounds(0, 6, ("calendar months",))),
        ClockKind("other_review_completed", "1.2a", "report_signed_off"),
    ),
)

_PUBLICATION = (
    TaskKind("Propose actions", step="action_proposed", done=lambda file: bool(file.actions)),
    _asked(
        "Owners: agree to the actions",
        ClockKind(
            "action_agreed",
            "2.8a",
            "action_agreed",
            ("action",),
            asks="lead",
            letter="action_proposed",
            reply="Agree to the action",
            declines=(("action_declined", "Decline the action"),),
            by_replying=True,
        ),
    ),
    _always("Action plan", ClockKind("action_plan", "2.8b", "action_plan_drafted")),
    _always("Report and action plan to every board member", ClockKind("board_copy", "2.8b", by_letters=True)),
    _always(
        "Organisations: share the findings with staff",
        ClockKind(
            "findings_shared",
            "2.8c",
            "findings_shared",
            ("organisation",),
            asks="board_member",
            letter="board_copy",
            reply="Confirm that you shared the findings with your staff",
        ),
    ),
    _always("The board's response", ClockKind("board_responded", "2.9e", "board_responded")),
    TaskKind(
        "Check the publication",
        step="publication_checked",
        done=lambda file: file.publication.checked_on is not None,
    ),
    _asked("Repeat the check of the publication", ClockKind("publication_rechecked", "2.9d", "publication_checked")),
    TaskKind(
        "Fix the publication date",
        (ClockKind("publication_fixed", "2.9a", "publication_fixed"),),
        again=_to_be_fixed,
    ),
    _asked(
        "Copy of the report to the national panel",
        ClockKind("panel_copy", "2.9f", bounds=Bounds(7, 400, ("calendar days",)), by_letters=True),
    ),
    TaskKind("Publish the report", (ClockKind("publication", "2.9a", "published"),), again=_unpublished),
    _asked(
        "Letter to the national panel about the proposal not to publish",
        ClockKind("panel_told_not_publishing", "2.9g", by_letters=True),
    ),
    _asked(
        "Time for the national panel to advise on not publishing",
        ClockKind("non_publication_advice", "2.9g", "panel_advised", period=True),
    ),
    _asked(
        "Chair's decision whether to publish", ClockKind("non_publication_decided", "2.9g", "non_publication_decided")
    ),
)

_LEARNING = (
    _always("Hold a learning event", ClockKind("learning_event", "2.10a", "learning_event_held")),
    _always("Sub-group: consider the findings", ClockKind("learning_considered", "2.10b", "learning_considered")),
    _always("Change the training programme", ClockKind("training_changed", "2.10b", "training_changed")),
    _always(
        "Organisations: take the learning forward",
        ClockKind(
            "learning_taken_forward",
            "2.10c",
            "learning_taken_forward",
            ("organisation",),
            asks="lead",
            reply="Say how your organisation takes the learning forward",
        ),
    ),
    _always("Approve a bulletin", ClockKind("bulletin_approved", "2.10d", "bulletin_approved")),
    _always("Share the outcome with partners", ClockKind("outcome_shared", "2.10e", "outcome_shared")),
    _asked(
        "Organisations: confirm that they have the outcome",
        ClockKind(
            "outcome_confirmed",
            "2.10e",
            "outcome_confirmed",
            ("organisation",),
            asks="lead",
            letter="outcome",
            reply="Confirm that you have the outcome",
        ),
    ),
)

_FOLLOW_UP = (
    _always(
        "Complete the actions",
        ClockKind("action_done", "1.2d", "action_done", ("action",), asks="lead", reply="Say that the action is done"),
    ),
    _always(
        "Record the impact of each action",
        ClockKind(
            "impact_recorded",
            "1.2d",
            "impact_recorded",
            ("action",),
            asks="lead",
            reply="Say what the action has changed",
        ),
    ),
    _asked("Review the open actions", ClockKind("monitoring_reviewed", "1.3g", "monitoring_reviewed")),
    _asked(
        "The report's year on the website",
        ClockKind("year_on_website", "2.9b", bounds=Bounds(12, 400, ("calendar months",)), period=True),
    ),
    _asked(
        "Decide what happens to the report after its year", ClockKind("moved_to_request", "2.9b", "moved_to_request")
    ),
    _asked(
        "Answer requests for a copy",
        ClockKind("copy_supplied", "2.9b", "copy_supplied", ("request",), after_end=True),
    ),
    _asked("Undelivered letters", ClockKind("undelivered", step="address_corrected")),
    TaskKind("Close the file", (ClockKind("closing", step="closed"),), done=lambda file: file.ended is not None),
)

STAGES: tuple[StageKind, ...] = (
    StageKind(
        "deciding",
        "Deciding whether to hold a review",
        _DECIDING,
        (
            *("facts_corrected", "child_added", "notification_withdrawn", "transferred", "peer_challenge_sought"),
            *("panel_requested", "panel_advised", "notification_copy_sent", "acknowledged"),
        ),
    ),
    StageKind(
        "review",
        "The review",
        _REVIEW,
        (
            *("organisation_added", "organisation_removed", "reviewer_stood_down", "information_declined"),
            *("information_request_withdrawn", "family_listed", "finding_recorded", "delay_recorded"),
            "review_withdrawn",
        ),
    ),
    StageKind(
        "publication",
        "Publication",
        _PUBLICATION,
        (
            *("action_declined", "non_publication_proposed", "court_restriction_set", "court_restriction_lifted"),
            *("situation_changed", "disclosed_early", "report_withdrawn", "report_restored"),
        ),
    ),
    StageKind("learning", "Learning", _LEARNING, ("learning_event_planned",)),
    StageKind("follow-up", "Follow-up", _FOLLOW_UP, ("action_progressed", "copy_requested")),
    StageKind("closed", "Closed", more=("reopened",)),
)
"""The table. Tasks stand in the order in which they usually come up."""

ANY_TIME: tuple[str, ...] = (
    *("joined_with", "merged_into", "merged_from", "note_added", "struck_out", "address_corrected"),
    *("deadline_extended", "escalation_acknowledged", "rulebook_changed"),
)
"""The steps that belong to no stage."""
