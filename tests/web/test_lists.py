"""Two lists side by side: a danger is said on every line that has a part in it, not by a colour."""

from datetime import UTC, datetime

from auth.roles import Participant, Role
from crdt.sections import Section
from hub.live.commands import EntryContent, PlanContent, SectionContent
from hub.workflows.medicine_lists import ListedMedicine, ListKind, MedicineList
from web.views.lists import lists_view
from web.views.people import people_of
from web.views.sections import reader_of
from web.views.words import Reading

NOW = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)


def test_a_danger_between_the_lists_is_said_on_both_lines() -> None:
    doctor = Participant("me", "plan", "Me", Role.PRIMARY_CARE)
    at_home = {"kind": "medicine", "name": "ticagrelor", "dose": "90 mg", "frequency": "twice daily",
               "taking": "active", "status": "active"}  # fmt: skip
    entries = {"entry": EntryContent("entry", at_home, 1)}
    content = PlanContent("plan", {Section.MEDICATIONS: SectionContent(entries)})
    came = (
        ListedMedicine(name="clopidogrel", dose="75 mg", frequency="once daily"),
        ListedMedicine(name="vitamin C", dose="500 mg", frequency="once daily"),
    )
    listed = MedicineList(list_id="list", kind=ListKind.HOSPITAL, source="Northside", medicines=came)

    view = lists_view(reader_of(doctor, content, people_of([doctor]), Reading(NOW)), [listed], {}, [doctor])

    said = {pair.name: pair.dangers for group in view.groups for pair in group.lines}
    (danger,) = said["ticagrelor"]
    assert danger.endswith("two P2Y12 inhibitors.")
    assert said["clopidogrel"] == (danger,)
    assert said["vitamin C"] == ()
