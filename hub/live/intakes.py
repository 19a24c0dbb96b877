"""What a connection brings that is too long for one beat: looked at and taken in over several (``crdt.intakes``).

Everything it sends for the same section behind that waits, and it is acknowledged once, when the last slice is
committed. Each slice is a row of its own.
"""

from datetime import datetime
from typing import Final

from crdt.contents import Accepted, Refusal
from crdt.effects import Edit
from crdt.gate import refusal_of
from crdt.intakes import SLICE_STEPS, Effort, Intake
from crdt.updates import FROM_SLICES, UpdateError
from hub.live.connections import Connection
from hub.live.open_sections import OpenSection

EFFORT_STEPS_MAX: Final = 4_000
"""What all rooms together do of this in one beat: 5 to 25 milliseconds, in which the loop does nothing else. Measured,
in microseconds: a range that is deleted already 1.2, a struct that is new 6.4, one that is known and compared 8."""

SLICE_COST: Final = 500 * SLICE_STEPS
"""What a slice counts for in steps."""


def is_of_several(update: bytes) -> bool:
    """Return whether an update holds structs of several client ids: what a peer repeats of others, known as a rule."""
    return update[:1] > b"\x01"


def go_on(
    section: OpenSection, connection: Connection, edit: Edit, now: datetime, effort: Effort
) -> Accepted | Refusal | None:
    """Go on with an edit of a section that the connection has, as far as ``effort`` allows.

    Return the slice that passed, or why nothing more of it is taken; ``None`` where there is more to look at, or
    nothing that is new. It is done with where the connection's ``intake`` says so, or has none afterwards.
    """
    reading = connection.readings[edit.section]
    if reading.intake is not None and not section.document.began(reading.intake):
        reading.intake = None  # The section was loaded anew: what was known there may not be known here.
    if reading.intake is None and not section.document.repeats(edit.update):
        reading.intake = section.intake(connection, edit.update, now)
    judged = _further(section, connection, reading.intake, now, effort) if reading.intake is not None else None
    if isinstance(judged, Refusal) and is_of_several(edit.update) and not edit.answers:
        return refusal_of(UpdateError("client", "what others wrote is told by us"))  # Not worth to be asked again.
    return judged


def _further(
    section: OpenSection, connection: Connection, intake: Intake, now: datetime, effort: Effort
) -> Accepted | Refusal | None:
    """Look further, or judge the next slice."""
    if not intake.surveyed:
        refusal = intake.survey(effort)
        if refusal is not None or not intake.surveyed:
            return refusal
    if not intake.slices or effort.left <= 0:
        return None
    effort.left -= SLICE_COST
    verdict = section.judge(connection, intake.slices[0], now, FROM_SLICES)
    if isinstance(verdict, Refusal):
        return intake.explained(verdict)
    intake.take()
    return verdict
