"""The states of a referral, and what can be said of one at a glance: its silence, its lateness, what is undecided.

    draft -> requested -> received -> accepted | rejected(reason) -> scheduled -> seen | no-show -> reported -> closed

Accepting implies having received; an answer implies having been seen. A rejected or missed one can be sent or booked
again. A community referral needs no report: it closes once it is recorded whether the need was met.
"""

from dataclasses import dataclass
from datetime import date, datetime

from crdt.contents import Record
from hub.workflows.contents import Values, day, instant, records, words
from hub.workflows.states import Machine, move

UNDERWAY = frozenset({"requested", "received", "accepted", "scheduled", "seen", "no-show"})
"""Sent, and no answer yet: silence is counted here."""

OPEN = UNDERWAY | {"reported", "rejected"}
"""The loop is not closed yet: someone still has to do something."""

MACHINE = Machine(
    "referral",
    {
        "send": move(["draft", "rejected"], "requested", "sent"),
        "receive": move(["requested"], "received", "received"),
        "accept": move(["requested", "received"], "accepted", "accepted"),
        "reject": move(["requested", "received"], "rejected", "rejected"),
        "schedule": move(["accepted", "scheduled", "no-show"], "scheduled", "booked"),
        "seen": move(["accepted", "scheduled"], "seen", "marked as seen"),
        "no_show": move(["scheduled"], "no-show", "marked as missed"),
        "report": move(["accepted", "scheduled", "seen"], "reported", "answered"),
        "close": move(["reported"], "closed", "closed"),
        "cancel": move(["draft", *sorted(UNDERWAY), "rejected"], "cancelled", "cancelled"),
    },
)

COMMUNITY_CLOSES_FROM = frozenset({"accepted", "scheduled", "seen", "reported"})
"""From where a community referral closes once its need is recorded as met, partly met or not."""

RECOMMENDED_IN = frozenset({"accepted", "scheduled", "seen", "reported"})
"""States in which recommendations may be added."""


@dataclass(frozen=True, slots=True)
class Silence:
    """How long nothing was heard: ``days`` in this state, ``late`` days past the day an answer was expected."""

    days: int
    late: int


def silence(values: Values, now: datetime, today: date) -> Silence:
    """Return the silence of a referral that is under way; zeros for any other. ``today`` is the plan's day."""
    if words(values, "state") not in UNDERWAY:
        return Silence(0, 0)
    since = instant(values, "state_since")
    expected = day(values, "expected_by")
    days = (now - since).days if since is not None else 0
    late = (today - expected).days if expected is not None else 0
    return Silence(max(days, 0), max(late, 0))


def may_close_early(values: Values) -> bool:
    """Say whether this closes without a report: a community referral does, once its need is recorded."""
    return (
        is_community(values)
        and words(values, "state") in COMMUNITY_CLOSES_FROM - {"reported"}
        and bool(words(values, "need_met"))
    )


def undecided(values: Values) -> dict[str, Record]:
    """Return the recommendations on which nothing was decided yet, by key."""
    return {key: each for key, each in records(values, "recommendations").items() if not words(each, "decision")}


def is_community(values: Values) -> bool:
    """Say whether this goes to a community resource and ends with the need met or not."""
    return words(values, "kind") == "community"
