"""What of a file is open to the public: its published report and the board's response, or that one can be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from .casefile import CaseFile
from .casefile_parts import Publication

_PUBLISHING = frozenset({"published", "report_restored"})


@dataclass(frozen=True, slots=True)
class PublicReport:
    """A report that the public may know of.

    Arguments:
        reference: of the file; it is the report's title.
        kind: of the review.
        published_on: the day it was published first.
        on_request: its year is over, and it is available on request alone.
        report: the report's digest; empty when it is available on request.
        response: the digest of the board's response; empty when it is part of the report, or with it on request.
    """

    reference: str
    kind: str
    published_on: date
    on_request: bool
    report: str
    response: str


def public_report(file: CaseFile) -> PublicReport | None:
    """What the public may see of a file; None when nothing.

    Nothing is shown of a report that was taken down (2.9b), nor while a court restricts publication and its terms
    are not confirmed by a check made since (2.9d). What is shown is what was on the file when it was published or put
    back: a response that was made ready later goes up when that is recorded.
    """
    publication, report, kind = file.public, file.report, file.review.kind if file.review else ""
    if file.earlier is not None and publication is file.earlier.publication:
        report, kind = file.earlier.report, file.earlier.kind
    if publication.published_on is None or publication.off_since is not None or _restricted(publication):
        return None
    if publication.availability == "available on request":
        return PublicReport(file.reference, kind, publication.published_on, True, "", "")
    then = _before_publishing(file)
    if report is None or report.step not in then:
        return None
    return PublicReport(file.reference, kind, publication.published_on, False, report.sha256, _response(file, then))


def _restricted(publication: Publication) -> bool:
    stand = [restriction for restriction in publication.restrictions.values() if restriction.lifted_on is None]
    return any(restriction.forbids for restriction in stand) or (bool(stand) and publication.checked_on is None)


def _before_publishing(file: CaseFile) -> list[str]:
    """The ids of the steps, in order, that were on the file when the report last went up."""
    steps = list(file.ids)
    at = max(n for n, step in enumerate(steps) if file.ids[step] in _PUBLISHING and step not in file.struck)
    return [step for step in steps[:at] if step not in file.struck]


def _response(file: CaseFile, then: list[str]) -> str:
    responded = [step for step in then if file.ids[step] == "board_responded"]
    named = {step: digest for digest, what, step in file.documents if what == "board's response"}
    return named.get(responded[-1], "") if responded else ""
