"""What the people at home can read up: what to do in which zone of a measure, and what the team gives them to read.

Both from what stands in the plan and its reader may see. Pure.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from auth.roles import Participant
from crdt.sections import Section
from hub.live.commands import PlanContent
from hub.workflows.contents import words
from hub.workflows.family import HelpLine
from hub.workflows.grants import visible
from hub.workflows.monitoring import measure_name
from hub.workflows.zones import ZONES, bounds

_ADDRESS: Final = re.compile(r"https://[^\s<>\"']{4,500}")
_ENDS: Final = ".,;:!?)]"
"""What a sentence puts behind an address."""


@dataclass(frozen=True, slots=True)
class MeasureZones:
    """A measure with its zones, from green to red; a zone without range and words is left out."""

    entry: str
    measure: str
    zones: tuple[tuple[str, HelpLine], ...]


@dataclass(frozen=True, slots=True)
class ToRead:
    """What the team gives to read about one problem: its words, and the addresses in them."""

    entry: str
    about: str
    words: str
    addresses: tuple[str, ...]


def measure_zones(plan: PlanContent, viewer: Participant, now: datetime) -> tuple[MeasureZones, ...]:
    """Return the measures that have zones, in the order of the plan."""
    found = []
    for entry in visible(plan, viewer, Section.MONITORING, now):
        values, name = entry.values, measure_name(entry.values)
        lines = {
            zone: HelpLine(
                words(values, f"{zone}_instructions"),
                words(values, f"{zone}_call") if zone != "green" else "",
                name,
                *bounds(values, zone),
                words(values, "unit"),
            )
            for zone in reversed(ZONES)
        }
        told = tuple((zone, line) for zone, line in lines.items() if line.words or line.low or line.high)
        found += [MeasureZones(entry.id, name, told)] if told else []
    return tuple(found)


def to_read(plan: PlanContent, viewer: Participant, now: datetime) -> tuple[ToRead, ...]:
    """Return what there is to read about the problems, in the order of the plan."""
    return tuple(
        ToRead(entry.id, words(entry.values, "name"), told, addresses_in(told))
        for entry in visible(plan, viewer, Section.CONDITIONS, now)
        if (told := words(entry.values, "education"))
    )


def addresses_in(told: str) -> tuple[str, ...]:
    """Return the addresses in a text, each once; only such as are fetched over TLS."""
    return tuple(dict.fromkeys(each.rstrip(_ENDS) for each in _ADDRESS.findall(told)))
