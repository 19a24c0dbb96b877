"""Next steps typed in a huddle or a visit: each becomes a task with an owner and a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from auth.roles import Participant
from crdt.changes import Change, Create
from crdt.fields import Form, Value
from crdt.sections import Section
from hub.live.commands import PlanContent, Refusal
from hub.workflows.arguments import Asked
from hub.workflows.contents import words
from hub.workflows.entries import made
from hub.workflows.team import NewId, joined


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One task to be: what, who, by when."""

    title: Annotated[str, Asked("Task")]
    owner: Annotated[str, Asked("Owner", Form.PERSON)]
    due: Annotated[date | None, Asked("Due", Form.DATE)] = None


def tasks_of(
    plan: PlanContent,
    actor: Participant,
    now: datetime,
    steps: Sequence[Step],
    row: str,
    new_id: NewId,
    *,
    supports: str = "",
) -> list[Create] | Refusal:
    """Return the tasks, all or none; the refusal names the step by its number and its field as ``row.0.owner``."""
    created: list[Create] = []
    for index, step in enumerate(steps):
        if step.due is None:
            return Refusal("form", f"Step {index + 1} has no day. Say by when.", "", f"{row}.{index}.due")
        if step.due < plan.day_of(now):
            return Refusal("form", f"The day of step {index + 1} has passed.", "", f"{row}.{index}.due")
        values: dict[str, Value] = {"title": step.title, "owner": step.owner, "due": step.due.isoformat()}
        if supports:
            values["supports"] = {supports: True}
        task = made(plan, actor, now, Section.TASKS, values, new_id, beside=index)
        if isinstance(task, Refusal):
            return Refusal(task.code, f"Step {index + 1}. {task.reason}", "", f"{row}.{index}.{task.field or 'title'}")
        created.append(task)
    return created


def joined_by(plan: PlanContent, actor: Participant, new_id: NewId, created: Sequence[Create]) -> list[Change]:
    """Return the place in the team of someone who takes a task themself, once for all of them."""
    own = [words(task.values, "title") for task in created if words(task.values, "state") == "accepted"]
    return joined(plan, actor, new_id, own[0]) if own else []
