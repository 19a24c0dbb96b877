"""What is said at home of each dose: taken, not taken, or differently; one tap, for one time of one day.

A medicine keeps the last seven days, a record for each weekday and time: a week later the same record is written anew,
so that the plan does not grow with the years. The journal keeps all of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, ClassVar, Final

from auth.roles import Participant
from crdt.changes import Append, Change, Decide
from crdt.contents import Record
from crdt.fields import Form
from crdt.sections import Section
from hub.live.commands import PlanContent, Refusal
from hub.workflows.arguments import LINE_MAX, Asked
from hub.workflows.contents import Values, day, members, records, stamp, words
from hub.workflows.grants import commanded
from hub.workflows.medications import is_medicine
from hub.workflows.team import NewId

MEDICATIONS: Final = Section.MEDICATIONS
TAKEN: Final = "taken"
SAID: Final = (TAKEN, "not taken", "differently")
"""What may be said of a dose."""

KEPT_DAYS: Final = 7
"""As many days as a week has: the record of a weekday is that of its last one."""

ANY_TIME: Final = "at another time"
"""The time of a medicine of which no time of day is said."""
NOT_TIMED: Final = "when needed"
"""No dose is due at this time, so none can be missed."""

ALREADY: Final = "This is noted already."


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseSay:
    """Someone at home says what happened to a dose; said anew, the later word counts."""

    entry: str
    time: Annotated[str, Asked("Time of day")]
    said: Annotated[str, Asked("What happened", choices=SAID)]
    why: Annotated[str, Asked("Why")] = ""
    when: Annotated[datetime | None, Asked("When", Form.INSTANT)] = None
    """When it was said; a page that was cut off sends it later."""
    name: ClassVar[str] = "medication.say_taken"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the record; refused for what is not due at this time, or lies too long back."""
        entry = commanded(plan, actor, MEDICATIONS, self.entry, self.name, now)
        if isinstance(entry, Refusal):
            return entry
        if self.said not in SAID:
            return Refusal("form", f"Choose one of: {', '.join(SAID)}.", self.entry, "said")
        if not is_medicine(entry) or self.time not in times_due(entry.values):
            return Refusal("state", "This medicine is not taken at this time any more.", self.entry)
        if len(self.why) > LINE_MAX:
            return Refusal("form", f"Shorten it to {LINE_MAX} characters.", self.entry, "why")
        said_at = min(self.when or now, now)
        of_day = plan.day_of(said_at)
        if of_day <= plan.day_of(now) - timedelta(days=KEPT_DAYS):
            return Refusal("state", "This is too long ago. Tell the team in your words.", self.entry)
        key = f"{of_day.isoweekday()} {self.time}"
        record: Record = {
            "day": of_day.isoformat(), "time": self.time, "said": self.said, "why": self.why.strip(),
            "by": actor.person_id, "when": stamp(said_at),
        }  # fmt: skip
        known = records(entry.values, "doses").get(key)
        if known is None:
            return [Append(MEDICATIONS, self.entry, "doses", key, record)]
        if all(known.get(name) == record[name] for name in ("day", "said", "why")):
            return Refusal("again", ALREADY, self.entry)
        return [
            Decide(MEDICATIONS, self.entry, "doses", key, name, value)
            for name, value in record.items()
            if known.get(name) != value
        ]


def times_due(values: Values) -> tuple[str, ...]:
    """Return the times of day at which a dose of a medicine in use is due."""
    if words(values, "taking") not in ("", "active"):
        return ()
    return tuple(each for each in members(values, "times") or (ANY_TIME,) if each != NOT_TIMED)


def dose_of(values: Values, today: date, time: str) -> Record | None:
    """Return what was said of this day's dose, ``None`` for nothing."""
    found = records(values, "doses").get(f"{today.isoweekday()} {time}")
    return found if found is not None and day(found, "day") == today else None


def told_lately(values: Values, today: date) -> tuple[int, int]:
    """Return how many doses of the last seven days were not taken as prescribed, of how many that were told."""
    found = [
        each
        for each in records(values, "doses").values()
        if (of := day(each, "day")) is not None and today - timedelta(days=KEPT_DAYS) < of <= today
    ]
    return sum(words(each, "said") != TAKEN for each in found), len(found)
