"""A file's tasks say what is still to be done, whatever was settled of it before."""

from __future__ import annotations

import pytest

from models.project import project
from models.tasks import tasks_of
from models.view import recordable, stage_of

from .case import REPLACEMENT, Case
from .lives import published, ready_to_publish, signed_off, today


def statuses(case: Case) -> dict[str, str]:
    """Every task's status, by its title."""
    world = case.world
    rows = project(case.record, [], 1, world).deadlines
    stages = tasks_of(case.file, stage_of(case.file), rows, recordable(case.file, world), world)
    return {task.title: task.status for stage in stages for task in stage.tasks}


@pytest.mark.rule("2.9a")
def test_a_report_is_no_task_completed_because_the_date_of_the_one_it_replaced_was_missed() -> None:
    fixed, task = "Fix the publication date", "Publish the report"
    case = ready_to_publish(signed_off(), on="2019-03-05")
    case.step("publication_fixed", publish_on="2019-03-11")
    assert statuses(case)[fixed] == "completed"
    signed_off(case, on="2019-03-12", document=REPLACEMENT)
    assert (statuses(case)[fixed], statuses(case)[task]) == ("cannot start yet", "cannot start yet")
    published(ready_to_publish(case, on=today(case)))
    assert (statuses(case)[fixed], statuses(case)[task]) == ("completed", "completed")
