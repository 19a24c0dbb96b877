"""Stays in a hospital that go on: somebody came, and nobody has told yet that they left."""

from datetime import datetime, timedelta, tzinfo
from typing import Final

from crdt.sections import Section
from hub.live.commands import EntryContent, PlanContent
from hub.workflows.contents import active, headline, instant, plain_instant, words

EMERGENCY_FOR: Final = timedelta(days=3)
"""A visit to an emergency department of which no end is told counts as going on for so long; ours (2026-11)."""

_AT_HOME_THERE: Final = frozenset({"skilled nursing", "home", "hospice"})
"""Where people live; they are not in a hospital."""


def going_on(entry: EntryContent, now: datetime) -> bool:
    """Say whether nobody has told yet how this stay ended."""
    began, event = instant(entry.values, "start"), words(entry.values, "event")
    if began is None or instant(entry.values, "end") is not None:
        return False
    return event == "admitted" or (event == "visited" and now - began < EMERGENCY_FOR)


def ongoing(plan: PlanContent, now: datetime) -> EntryContent | None:
    """Return the stay in a hospital that goes on, ``None`` for none: one that another followed is over."""
    stays = [each for each in active(plan, Section.TRANSITIONS) if instant(each.values, "start") is not None]
    last = max(stays, key=lambda each: instant(each.values, "start") or now, default=None)
    if last is None or plan.deceased or not going_on(last, now):
        return None
    return None if words(last.values, "setting") in _AT_HOME_THERE else last


def stay_told(entry: EntryContent, zone: tzinfo) -> str:
    """Return a stay that goes on in words, as in ``In Northside since 21-Nov-2026 08:21``."""
    began = instant(entry.values, "start")
    since = f" since {plain_instant(began, zone)}" if began is not None else ""
    return f"In {headline(Section.TRANSITIONS, entry)}{since}"
