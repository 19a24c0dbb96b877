"""The readings of one measure: its chart and its table, and what is marked as entered in error."""

from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.decisions import Operation, decide, sections_readable
from crdt.sections import Section
from hub.record.journal import CHANGES_CONTENT, Narrowed
from hub.workflows.contents import instant, words
from hub.workflows.digests import FieldEdit
from hub.workflows.edits import edits_of
from hub.workflows.medications import is_medicine
from hub.workflows.monitoring import every_reading
from web.doors.guards import InSection, for_section, services
from web.reading import reader_for
from web.rendering import page
from web.views.entries import Reader, headline
from web.views.readings import HEIGHT, LEFT, TOP, WIDTH, dose_changes, readings_view

DOSE_ROWS_MAX: Final = 1_000
"""Rows of the medicines' history that are looked through for changed doses."""


@for_section
async def of_measure(request: Request, here: InSection) -> Response:
    """Show all readings of a measure as a chart with its zones and the doses changed meanwhile, and as a table."""
    if here.section is not Section.MONITORING:
        raise HTTPException(404)
    member = here.member
    medicines = Section.MEDICATIONS in sections_readable(member.participant, services(request).now())
    shown = [Section.MONITORING, Section.MEDICATIONS] if medicines else [Section.MONITORING]
    reader = await reader_for(request, member, shown)
    entry = str(request.path_params["entry"])
    if not reader.sees(Section.MONITORING, entry):
        raise HTTPException(404)
    values = reader.content.entries(Section.MONITORING)[entry].values
    marks = decide(
        member.participant, Section.MONITORING, Operation.COMMAND, entry=reader.facts(Section.MONITORING, entry),
        now=reader.now, command="reading.mark_error",
    ).allowed  # fmt: skip
    setting = reader.setting
    changes = await _changes(request, here, reader, entry) if medicines else []
    context = {
        "plan_id": here.plan_id,
        "entry": entry,
        "view": readings_view(values, changes, member.participant, setting.people, setting.reading, marks=marks),
        "title": headline(Section.MONITORING, values, setting.people.name),
        "size": {"width": WIDTH, "height": HEIGHT, "left": LEFT, "top": TOP},
        "patient": await services(request).directory.patient(here.plan_id),
    }
    return page(request, "plan/readings.html", context)


async def _changes(request: Request, here: InSection, reader: Reader, entry: str) -> list[tuple[FieldEdit, str]]:
    """Return the dose changes since the first reading, of medicines that the reader may see."""
    every = every_reading(reader.content.entries(Section.MONITORING)[entry].values)
    if not every:
        return []
    medicines = Section.MEDICATIONS
    names = {
        each.id: words(each.values, "name")
        for each in reader.content.entries(medicines).values()
        if is_medicine(each) and reader.sees(medicines, each.id)
    }
    narrowed = Narrowed(since=instant(every[0][1], "when"), actions=CHANGES_CONTENT, sections=frozenset({medicines}))
    rows = await services(request).journal.history(here.plan_id, narrowed=narrowed, limit=DOSE_ROWS_MAX)
    return dose_changes(edits_of(rows), names)
