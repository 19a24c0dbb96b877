"""Lists beside a plan, over the real store: each decision is a row of the journal with both sources, and stands."""

import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from auth.roles import Participant, Role
from crdt.sections import Section
from hub.exchange.exchange import Exchange, Sender
from hub.exchange.medicine_listing import MedicineListing
from hub.ids import new_id
from hub.live.commands import PlanContent
from hub.workflows.list_decisions import LineDecision
from hub.workflows.medicine_lists import LISTS_MAX, ListedMedicine, ListKind, MedicineList, lines_of
from tests.hub.store.conftest import Store

pytestmark = pytest.mark.anyio

HOSPITAL = MedicineList(
    list_id="",
    kind=ListKind.HOSPITAL,
    source="Northside",
    written="2026-11-24",
    medicines=(ListedMedicine(name="lisinopril", dose="10 mg", frequency="once daily"),),
)


async def test_a_list_waits_its_lines_are_decided_once_and_signed_it_waits_no_more(store: Store) -> None:
    plan_id = (await store.a_plan()).plan_id
    plan, moved = PlanContent(plan_id, {}), list[tuple[str, int]]()
    listing = MedicineListing(
        store.engine, store.journal, lambda *told: moved.append(told), lambda: datetime.now(UTC), new_id
    )
    elena, tom = (Participant(new_id(), plan_id, name, Role.PRIMARY_CARE) for name in ("Elena", "Tom"))

    assert await listing.bring(elena, HOSPITAL) == ""
    (waiting,) = await listing.rows.waiting(plan_id)
    assert (waiting.medicines, waiting.written, waiting.person) == (HOSPITAL.medicines, "2026-11-24", elena.person_id)
    (line,) = lines_of(plan, [waiting])
    holds = LineDecision(decision="hold", until=date(2026, 12, 1), reason="Low pressure.")

    assert await listing.decide(elena, [waiting], [(line, holds)]) == []
    ((stood, first),) = await listing.decide(tom, [waiting], [(line, LineDecision(decision="stop"))])
    assert (stood.key, first.decision, first.person) == (line.key, "hold", elena.person_id)
    kept = (await listing.rows.decisions(plan_id))[line.key]
    assert replace(kept, person="", when=None) == holds

    late, row, *_ = await store.journal.history(plan_id, limit=9)
    assert (late.outcome, late.actor, late.event) == ("refused", tom.person_id, row.event)
    assert row.words is not None
    assert row.words["sources"] == ("The plan: not on it; Northside of 24-Nov-2026: lisinopril 10 mg once daily."), (
        "a row of the decision names what each list says"
    )
    assert (row.actor, row.reason, row.section) == (elena.person_id, "Low pressure.", Section.MEDICATIONS)

    await listing.undo(elena, line)
    assert await listing.rows.decisions(plan_id) == {}
    assert await listing.decide(tom, [waiting], [(line, LineDecision(decision="continue"))]) == []
    await listing.signed(tom, [waiting], {"parts": {"new": [{"name": "lisinopril"}]}, "sources": ["Northside"]}, plan)
    assert await listing.rows.waiting(plan_id) == []
    assert await listing.rows.decisions(plan_id) == {}
    assert (await listing.rows.signatures(plan_id))[0].sheet["sources"] == ["Northside"]
    assert {plan for plan, _ in moved} == {plan_id}, "pages are told"


async def test_so_many_lists_wait_and_no_more(store: Store) -> None:
    plan_id = (await store.a_plan()).plan_id
    listing = MedicineListing(store.engine, store.journal, lambda *_: None, lambda: datetime.now(UTC), new_id)
    elena = Participant(new_id(), plan_id, "Elena", Role.PRIMARY_CARE)
    for number in range(LISTS_MAX):
        assert await listing.bring(elena, replace(HOSPITAL, source=f"Hospital {number}")) == ""

    assert "Sign or remove one first" in await listing.bring(elena, HOSPITAL)
    await listing.remove(elena, (await listing.rows.waiting(plan_id))[0], "By mistake.")
    assert await listing.bring(elena, HOSPITAL) == ""


async def test_what_a_file_says_of_medicines_is_settled_with_its_list_and_the_rest_waits(store: Store) -> None:
    plan_id = (await store.a_plan()).plan_id
    plan, now = PlanContent(plan_id, {}), lambda: datetime.now(UTC)
    listing = MedicineListing(store.engine, store.journal, lambda *_: None, now, new_id)
    exchange = Exchange(store.engine, store.journal, now, new_id)
    elena, subject = Participant(new_id(), plan_id, "Elena", Role.PRIMARY_CARE), {"reference": "Patient/p"}
    file = [
        {"resourceType": "Patient", "id": "p"},
        {"resourceType": "MedicationStatement", "id": "m", "status": "active", "subject": subject,
         "medicationCodeableConcept": {"text": "lisinopril"}, "dosage": [{"text": "10 mg once daily"}]},
        {"resourceType": "AllergyIntolerance", "id": "a", "patient": subject, "code": {"text": "penicillin"}},
        {"resourceType": "Condition", "id": "c", "subject": subject, "code": {"text": "Asthma"}},
    ]  # fmt: skip
    for _ in range(2):  # Brought in twice, it is one list.
        report = await exchange.compared(io.BytesIO(json.dumps(file).encode()), plan, [], "Northside")
        arrival = await exchange.keep(plan_id, report, source="Northside", file="x.json", sender=Sender(login="root"))
        came = MedicineList(list_id="", kind=ListKind.HOSPITAL, source="Northside", medicines=report.medicines)
        assert await listing.bring(elena, replace(came, arrival=arrival)) == ""
    (waiting,) = await listing.rows.waiting(plan_id)
    named = {each.line_id: each.values["name"] for each in await exchange.arrivals.waiting(plan_id)}
    assert sorted(map(str, named.values())) == ["Asthma", "lisinopril", "penicillin"]

    await listing.signed(elena, [waiting], {}, plan)

    left = [str(each.values["name"]) for each in await exchange.arrivals.waiting(plan_id)]
    (settled,) = await exchange.arrivals.decided(plan_id)
    assert sorted(left) == ["Asthma", "penicillin"]
    assert (named[settled.line_id], settled.state, settled.decided_by) == ("lisinopril", "declined", elena.person_id)
    assert settled.reason == "Decided with the list of medicines that was signed."
