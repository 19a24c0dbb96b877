"""What a connection brings that is too long for one beat: looked at and taken in over several (``crdt.intakes``).

Everything it sends for the same section behind that waits, and it is acknowledged once, when the last slice is
committed. Each slice is a row of its own.
"""

from typing import TYPE_CHECKING, Final

from crdt.contents import Refusal
from crdt.effects import Edit
from crdt.gate import refusal_of
from crdt.intakes import SLICE_STEPS, Effort, Intake
from crdt.updates import FROM_SLICES, UpdateError

if TYPE_CHECKING:
    from hub.live.batches import Work
    from hub.live.connections import Connection
    from hub.live.open_sections import OpenSection
    from hub.live.rooms import Room

EFFORT_STEPS_MAX: Final = 4_000
"""What all rooms together do of this in one beat: 5 to 25 milliseconds, in which the loop does nothing else. Measured,
in microseconds: a range that is deleted already 1.2, a struct that is new 6.4, one that is known and compared 8."""

SLICE_COST: Final = 500 * SLICE_STEPS
"""What a slice counts for in steps."""


def is_of_several(update: bytes) -> bool:
    """Return whether an update holds structs of several client ids: what a peer repeats of others, known as a rule."""
    return update[:1] > b"\x01"


def take_in(room: "Room", work: "Work", connection: "Connection", edit: Edit, effort: Effort) -> bool:
    """Go on with an edit of a section that the connection has; return whether it is done with, one way or the other."""
    reading = connection.readings[edit.section]
    section = room.sections[edit.section]
    room.judging = connection
    if reading.intake is not None and not section.document.began(reading.intake):
        reading.intake = None  # The section was loaded anew: what was known there may not be known here.
    if reading.intake is None and not section.document.repeats(edit.update):
        reading.intake = section.intake(connection, edit.update, room.clock.now())
    refusal = _go_on(room, work, connection, section, reading.intake, effort) if reading.intake is not None else None
    room.judging = None
    if refusal is not None and is_of_several(edit.update) and not edit.answers:
        refusal = refusal_of(UpdateError("client", "what others wrote is told by us"))  # Not worth to be asked again.
    if refusal is not None:
        room.decline(work, connection, edit.section, refusal, answers=edit.answers)
    elif reading.intake is not None and not reading.intake.done:
        return False
    else:
        room.acknowledge(work, connection, edit.section, 1, answers=edit.answers)
    return True


def _go_on(
    room: "Room", work: "Work", connection: "Connection", section: "OpenSection", intake: Intake, effort: Effort
) -> Refusal | None:
    """Look further, or take the next slice."""
    if not intake.surveyed:
        refusal = intake.survey(effort)
        if refusal is not None or not intake.surveyed:
            return refusal
    if not intake.slices or effort.left <= 0:
        return None
    effort.left -= SLICE_COST
    verdict = section.judge(connection, intake.slices[0], room.clock.now(), FROM_SLICES)
    if isinstance(verdict, Refusal):
        return intake.explained(verdict)
    intake.take()
    room.accept(work, connection, section, verdict)
    return None
