"""What every story has: a team, problems, medicines, tasks. Rows in, steps out."""

from collections.abc import Iterable

from crdt.sections import Section
from hub.demo.stories import Story
from hub.workflows.medications import MedicationDecide
from hub.workflows.tasks import TaskAccept
from hub.workflows.team import TeamAccept, TeamSteward

TeamRow = tuple[str, str, str, tuple[str, ...]]
"""Person, role, what they answer for, areas; the first row is the steward."""

ProblemRow = tuple[str, str, str, str, str, int, str, str, str]
"""Label, name, code, kind, severity, onset in days from today, owner, summary, plain words."""

MedicineRow = tuple[str, str, str, str, tuple[str, ...], str, str, str]
"""Label, name, dose, how often, times of day, indication, prescriber, plain words."""

TaskRow = tuple[str, str, str, str, int, str]
"""Label, asked by, title, owner, due in days from today, ``accepted`` or ``asked``."""


def team(story: Story, rows: Iterable[TeamRow]) -> None:
    """Add the team; the first is the steward, staff accept at once."""
    some = list(rows)
    for key, role, does, areas in some:
        story.add(
            "kim", Section.CARE_TEAM, f"team-{key}", ago=90, person=key, role=role, responsible_for=does, areas=areas,
            phone=story.cast[key].phone, hours="Mon to Fri, 8 to 5",
        )  # fmt: skip
    for key, *_ in some:
        if key != "kim":
            story.do(key, TeamAccept(entry=story.id(f"team-{key}")), ago=89)
    story.do("kim", TeamSteward(entry=story.id(f"team-{some[0][0]}")), ago=88)


def problems(story: Story, rows: Iterable[ProblemRow]) -> None:
    """Add problems, concerns and risks, all active, by primary care."""
    for label, name, code, kind, severity, onset, owner, summary, plain in rows:
        story.add(
            "ruiz", Section.CONDITIONS, label, ago=60, name=name, code=code, kind=kind, clinical_status="active",
            severity=severity, onset=story.day(onset), owner=owner, summary=summary, plain_words=plain,
        )  # fmt: skip


def medicines(story: Story, rows: Iterable[MedicineRow], *, decided: bool = True, route: str = "oral") -> None:
    """Add medicines in use by primary care, reconciled unless said otherwise."""
    for label, name, dose, often, times, indication, prescriber, plain in rows:
        story.add(
            "ruiz", Section.MEDICATIONS, label, ago=60, kind="medicine", name=name,
            ingredients=(name.split()[0].lower(),), dose=dose, route=route, frequency=often, times=times,
            indication=indication, prescriber=prescriber, taking="active", plain_words=plain,
        )  # fmt: skip
        if decided:
            story.do("ruiz", MedicationDecide(entry=story.id(label), decision="continue"), ago=30)


def allergy(story: Story, name: str, reaction: str, criticality: str = "low") -> None:
    """Add one confirmed allergy."""
    story.add(
        "ruiz", Section.MEDICATIONS, ago=60, kind="allergy", name=name, reaction=reaction, criticality=criticality,
        verification="confirmed",
    )  # fmt: skip


def tasks(story: Story, rows: Iterable[TaskRow], *, family: bool = False) -> None:
    """Add tasks; those marked ``accepted`` are by their owners. One that is late was asked for in time."""
    some = list(rows)
    for label, asker, title, owner, due, _ in some:
        story.add(
            asker, Section.TASKS, f"task-{label}", ago=max(2 - due, 2), title=title, owner=owner, due=story.day(due),
            priority="routine", family_visible="yes" if family else "no",
        )  # fmt: skip
    for label, asker, _, owner, due, state in some:
        if state == "accepted" and owner != asker:
            story.do(owner, TaskAccept(entry=story.id(f"task-{label}")), ago=max(1 - due, 1))
