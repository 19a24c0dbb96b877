"""A plan of many years: what its page costs does not grow with the product of its rows and its readings."""

from collections.abc import ItemsView
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from auth.roles import Participant, Role
from crdt.documents import SectionDocument, server_client
from crdt.sections import Section
from hub.live.commands import PlanContent
from tests.bench.long_plans import ENTRIES, READINGS, changes_of
from web.views.entries import Reader
from web.views.findings import findings_view
from web.views.glances import FOLDED_MAX, ROWS_MAX, glance_section, plan_areas
from web.views.next_lines import next_view
from web.views.people import people_of
from web.views.sections import reader_of
from web.views.words import Reading

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
AUTHOR = "00000000-0000-4000-8000-000000000001"
LOOKS_MAX = 6
"""Times that a page looks through a long log from end to end: the rules once, the zones, the charts; 3 were counted."""


class Watched(dict[str, Any]):
    """A log that counts how often it is looked through."""

    looks = 0

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]
        self.looks += 1
        return super().items()


def long_reader() -> tuple[Reader, Watched]:
    """Return the reader of a plan of 1,000 entries, and the log of its longest measure."""
    sections = {}
    for section in Section:
        document = SectionDocument(section)
        changes = list(changes_of(section, ENTRIES.get(section, 0), AUTHOR, NOW))
        if changes:
            document.perform(changes, client=server_client("p", AUTHOR))
        sections[section] = document.content()
    monitoring = sections[Section.MONITORING]
    first = next(each for each in monitoring.entries.values() if len(each.values["readings"]) > READINGS / 2)  # type: ignore[arg-type]
    log = Watched(first.values["readings"])  # type: ignore[arg-type]
    entries = {**monitoring.entries, first.id: replace(first, values={**first.values, "readings": log})}
    sections[Section.MONITORING] = replace(monitoring, entries=MappingProxyType(entries))
    who = Participant(AUTHOR, "p", "Elena Ruiz", Role.PRIMARY_CARE)
    content = PlanContent("p", sections, {server_client("p", AUTHOR): AUTHOR}, seq=1)
    return reader_of(who, content, people_of([who]), Reading(NOW, UTC)), log


def test_a_page_looks_through_a_long_log_a_few_times_and_shows_a_bounded_part_of_each_section() -> None:
    reader, log = long_reader()
    areas = plan_areas(reader).values()

    shown = [glance_section(reader, section) for sections in areas for section in sections]
    next_view(reader)
    findings_view(reader.participant, reader.content, str, reader.now)

    assert log.looks <= LOOKS_MAX
    assert sum(section.total for section in shown) == sum(ENTRIES.values())
    assert max(len(section.rows) for section in shown) == ROWS_MAX
    assert all(len(section.settled[:FOLDED_MAX]) <= FOLDED_MAX for section in shown)
