"""Two lists side by side: a danger is said on every line that has a part in it, not by a colour."""

from datetime import UTC, datetime

from auth.roles import Participant, Role
from crdt.sections import Section
from hub.live.commands import EntryContent, PlanContent, SectionContent
from hub.workflows.list_decisions import LineDecision, sources_of
from hub.workflows.list_sheets import sheet_of
from hub.workflows.medicine_lists import ListedMedicine, ListKind, MedicineList, lines_of
from web.languages import language
from web.views.list_sheets import sheet_parts, source_words
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


def test_the_sheet_is_in_the_family_s_language_and_says_of_a_stopped_medicine_no_more_how_to_take_it() -> None:
    at_home = {"kind": "medicine", "name": "aspirin", "dose": "81 mg", "frequency": "once daily", "taking": "active",
               "status": "active", "plain_words": "Do not stop it on your own."}  # fmt: skip
    content = PlanContent("plan", {Section.MEDICATIONS: SectionContent({"entry": EntryContent("entry", at_home, 1)})})
    came = (ListedMedicine(name="furosemide", dose="20 mg", route="oral", frequency="once daily"),)
    listed = MedicineList(
        list_id="list", kind=ListKind.HOSPITAL, source="Northside", written="2026-11-21", medicines=came
    )
    lines, sources = lines_of(content, [listed]), sources_of([listed])
    decisions = {each.key: LineDecision(decision="stop" if each.entry else "continue") for each in lines}
    told = sheet_of(lines, decisions, sources, {"entry": "Do not stop it on your own."})

    new, stopped = sheet_parts(told, language("es"))

    assert (stopped.title, stopped.lines[0].said) == (
        "Suspendido: no lo tome más", "No está en la lista de Northside del 21 de noviembre de 2026.",
    )  # fmt: skip
    assert (new.lines[0].now, new.lines[0].said) == (
        "20 mg, por la boca, una vez al día", "Nuevo, de Northside del 21 de noviembre de 2026.",
    )  # fmt: skip
    assert source_words("The bottles", language("es")) == "The bottles"
