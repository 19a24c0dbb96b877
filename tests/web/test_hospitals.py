"""What a hospital tells, from the message to the plan: once, in order, to the right patient, and to who must know."""

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from auth.roles import Role
from crdt.sections import Section
from hub.adt.answers import MessageFault
from hub.hospitals.receiving import MLLP
from hub.ids import HUB
from hub.live.commands import Done, EntryContent
from hub.record.chain import JSON
from hub.record.jobs import Job
from hub.record.journal import Act, Action
from hub.sockets.mllp import MllpListener
from hub.store.engine import connection_of
from hub.store.hospital_messages import HospitalMessage
from hub.store.jobs import enqueue
from hub.workflows.clock_alarms import BEHIND, OWNER, TELL_CLOCK
from hub.workflows.coming_home import TransitionAttempt, TransitionTake
from hub.workflows.contents import instant, members, plain_day
from hub.workflows.hospital_stays import OF_ANOTHER
from hub.workflows.transitions import TransitionRecord
from tests.harness import browsers
from tests.hub.adt.messages import MARY, a_message, a_result, at
from tests.hub.adt.test_bundles import a_bundle
from tests.web.house import House, a_house, posted
from web.doors.hospitals import Hospitals

pytestmark = [pytest.mark.slow, pytest.mark.anyio]

OURS = MARY.replace("004471920", "X1")
"""Mary as she is registered here: name, birth date, sex and telephone."""


@pytest.fixture
async def house(demo_database: str, tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(demo_database, tmp_path) as house:
        yield house


def hospitals(house: House) -> Hospitals:
    assert house.services.hospitals is not None
    return house.services.hospitals


async def told(house: House, *messages: bytes) -> list[HospitalMessage]:
    """Have messages received, and return them once each was applied."""
    found = []
    for message in messages:
        receipt = await hospitals(house).receiving.receive(message, MLLP, "")
        found.append(await settled(house, receipt.message_id))
    return found


async def settled(house: House, message_id: str) -> HospitalMessage:
    async def done() -> HospitalMessage | None:
        found = await hospitals(house).receiving.messages.get(message_id)
        assert found is not None
        return found if found.state != "received" else None

    found: HospitalMessage = await until(done)
    return found


async def until(there: Callable[[], Awaitable[Any]]) -> Any:
    async with asyncio.timeout(60):
        while not (found := await there()):
            await asyncio.sleep(0)
        return found


async def stays(house: House) -> list[EntryContent]:
    """Return Mary's stays that a hospital told."""
    content = await house.services.plans.content(house.plan)
    entries = content.entries(Section.TRANSITIONS).values()
    return [each for each in entries if each.values.get("source") == "import"]


async def test_a_visit_is_one_stay_that_follows_its_messages_and_the_team_is_told_of_each_step(house: House) -> None:
    kim = await house.browser("Grace Kim")
    before = await medicines(house)

    await told(house, a_message("A04", kind="E", at=at(1, 15, year=2025), person=OURS))
    [stay] = await stays(house)
    assert (stay.values["event"], stay.values["setting"]) == ("visited", "emergency department")
    assert stay.values["facility"] == "NORTHSIDE GENERAL"

    await told(house, a_message("A03", kind="I", at=at(3, 20, year=2025), person=OURS, pv1={36: "01"}))
    [stay] = await stays(house)
    assert (stay.values["event"], stay.values["destination"]) == ("discharged", "home")
    assert (stay.values["contact_due"], stay.values["visit_due"]) == ("2025-11-05", "2025-11-17")
    assert set((await medicines(house)).values()) == {"unreconciled"}

    await told(house, a_message("A02", kind="I", at=at(2, 9, year=2025), person=OURS))
    assert (await stays(house))[0].values["event"] == "discharged", "a late message does not undo a newer one"

    await told(house, a_message("A13", kind="I", at=at(3, 21, year=2025), person=OURS))
    [stay] = await stays(house)
    assert stay.values["event"] == "admitted"
    assert not any(stay.values.get(name) for name in ("end", "destination", "contact_due", "visit_due"))
    assert await medicines(house) == before, "each medicine stands as it stood"

    async def all_told() -> bool:
        return len(await house.rows(Action.NOTIFY, event="stay.tell")) >= 4

    await until(all_told)
    page = (await kim.get("/notifications")).text
    assert "came to the emergency department of NORTHSIDE GENERAL" in page
    assert "the discharge was taken back" in page
    assert "3 earlier of this stay" in page, "one notice a stay, with the last word first"
    assert page.index("the discharge was taken back") < page.index("came to the emergency department of NORTHSIDE")
    assert f"#entry-{stay.id}" in page, "with what to do next"

    await told(house, a_message("A11", kind="E", at=at(3, 22, year=2025), person=OURS))
    [stay] = await stays(house)
    assert stay.values.get("status") == "active", "it cancels the arrival; the move and what follows stand"

    keys = re.findall(r'name="key" value="([^"]+)"', (await kim.get("/hospitals")).text)
    assert (await kim.post("/hospitals", data={"act": "forget", "key": keys})).status_code == 303
    [asked] = await told(house, a_message("A08", kind="I", at=at(4, 9, year=2025), person=OURS))
    assert asked.state == "waiting", "a rule that was wrong decides no more while somebody is asked"


async def test_the_hospital_s_nurse_comes_by_invitation_and_hands_over_and_the_receiver_reads_it_back(
    house: House,
) -> None:
    kim, nora = await house.browser("Grace Kim"), await house.browser()
    await told(house, a_message("A01", kind="I", at=at(1, 15, year=2025), person=OURS))
    [stay] = await stays(house)

    async def is_told(word: str) -> bool:
        return any((row.words or {}).get("what") == word for row in await house.rows(Action.NOTIFY))

    await until(lambda: is_told("admitted"))
    notices = (await kim.get("/notifications")).text
    assert f'href="/plans/{house.plan}/invitations/new"' in notices
    nurse = {"role": "facility_nurse", "relation": "Northside General, 3 West", "name": "Nora Stay",
             "sections": ["medications", "transitions"]}  # fmt: skip
    link = await house.invited(kim, **nurse)
    await link.open(nora)
    assert (await link.redeem(nora)).status_code == 303

    at_handoff = f"/plans/{house.plan}/handoff/{stay.id}"
    entry = await nora.get(f"/plans/{house.plan}/entries/transitions/{stay.id}")
    assert at_handoff in entry.text, "the stay leads to it"
    written = {"severity": "watcher", "summary": "Stent on day 1.", "actions": "Call her on Monday\nCheck INR",
               "contingency": "Chest pain: 911.", "contingency_call": "emergency number"}  # fmt: skip
    assert (await nora.post(f"{at_handoff}/write", data=written)).status_code == 303
    assert (await nora.post(f"{at_handoff}/give")).status_code == 303
    assert "Read back and accept" not in (await nora.get(at_handoff)).text, "who gives does not read back"

    await until(lambda: is_told("handed-over"))
    assert f'href="{at_handoff}"' in (await kim.get("/notifications")).text, "the notice leads to its next act"
    accepted = {"synthesis": "I call her on Monday, the INR is checked at the visit.",
                "steps.0.title": "Call her on Monday", "steps.0.owner": house.person("Grace Kim").person_id,
                "steps.0.due": "2031-01-01"}  # fmt: skip
    assert (await kim.post(f"{at_handoff}/accept", data=accepted)).status_code == 303
    page = (await nora.get(at_handoff)).text
    assert "Read back and accepted." in page
    assert "I call her on Monday, the INR is checked at the visit." in page
    assert "Call her on Monday" in (await kim.get("/work")).text


async def medicines(house: House) -> dict[str, object]:
    content = await house.services.plans.content(house.plan)
    entries = content.entries(Section.MEDICATIONS).values()
    return {
        each.id: each.values.get("reconciliation")
        for each in entries
        if each.values.get("kind") == "medicine" and each.values.get("taking") in ("active", "on hold")
        and each.values.get("status") == "active"
    }  # fmt: skip


async def test_the_same_message_again_has_the_same_answer_and_another_under_its_id_is_refused_and_kept(
    house: House,
) -> None:
    message = a_message("A01", person=OURS, control="7")
    receiving = hospitals(house).receiving

    first, again = await receiving.receive(message, MLLP, ""), await receiving.receive(message, MLLP, "")
    other = await receiving.receive(a_message("A03", person=OURS, control="7"), MLLP, "")
    broken = a_message("A01", visit="", control="8")
    wrong = [await receiving.receive(broken, MLLP, "") for _ in range(2)]

    assert (first.message_id, first.fault) == (again.message_id, None)
    assert isinstance(other.fault, MessageFault)
    assert (other.fault.code, other.fault.number) == ("AE", "205")
    kept = await receiving.messages.get(other.message_id)
    assert kept is not None
    assert (kept.state, kept.content) == ("parked", a_message("A03", person=OURS, control="7"))
    assert wrong[0] == wrong[1]
    await settled(house, first.message_id)
    [stay] = await stays(house)
    assert stay.values["event"] == "admitted", "nothing followed from the other one"


async def test_nobody_is_taken_for_another_and_no_message_opens_a_plan(house: House) -> None:
    near = OURS.replace("WHITFIELD", "WHITFELD")
    stranger = OURS.replace("WHITFIELD^MARY", "ABARA^TOM").replace("19560514", "19880101")
    stranger = stranger.replace("5550121", "5550999").replace("X1", "X9")

    found = await told(
        house,
        a_message("A01", person=near, visit="1"),
        a_message("A01", person=stranger, visit="2"),
        a_message("A01", person=OURS, visit="3", processing="T"),
        a_message("A01", person=OURS.replace("X1", "129 728 7652"), visit="4"),
    )

    assert [(each.state, each.reason) for each in found] == [
        ("waiting", ""), ("aside", "nobody"), ("aside", "training"), ("applied", ""),
    ]  # fmt: skip
    assert len(await stays(house)) == 1
    assert {each.role for each in house.people.values()} >= {Role.PRIMARY_CARE}


async def test_the_queue_shows_identities_to_who_may_see_both_and_a_decision_is_made_once_and_remembered(
    house: House,
) -> None:
    near = OURS.replace("WHITFIELD", "WHITFELD")
    more = "PV2|||^Chest pain"
    [asked, later] = await told(
        house,
        a_message("A04", kind="E", person=near, at=at(1, 15, year=2025), more=more),
        a_message("A08", kind="E", person=near, at=at(1, 16, year=2025), more=more),
    )
    assert (asked.state, later.state) == ("waiting", "waiting")
    kim, lee, mary = [await house.browser(each) for each in ("Grace Kim", "Lee", "Mary")]

    assert (await lee.get("/hospitals")).status_code == 404, "a specialist keeps no identities"
    assert (await mary.get("/hospitals")).status_code == 404
    page = (await kim.get("/hospitals")).text
    assert "Whitfeld" in page or "WHITFELD" in page
    assert "4 of 5 are the same" in page or "3 of 5 are the same" in page
    assert "Chest pain" not in page, "identity alone"
    assert page.count("Not in any plan yet") == 1, "one question for one person, however many messages wait"
    assert "1 to decide" in (await kim.get("/patients")).text or "2 to decide" in (await kim.get("/patients")).text

    patient = next(part.split('"')[0] for part in page.split('name="patient" value="')[1:])
    form = {"message": asked.message_id, "act": "is", "patient": patient}
    assert (await lee.post("/hospitals", data=form)).status_code == 404
    assert [each.values["event"] for each in await stays(house)] == []
    decided = await kim.post("/hospitals", data=form)
    again = await kim.post("/hospitals", data=form | {"act": "nobody"})

    assert decided.status_code == 303
    assert again.status_code == 409
    assert "decided this meanwhile" in again.text
    await settled(house, asked.message_id)
    await settled(house, later.message_id)
    [stay] = await stays(house)
    assert (stay.values["event"], stay.values["reason"]) == ("visited", "Chest pain")
    [known] = await told(house, a_message("A03", kind="E", person=near, at=at(1, 20, year=2025), pv1={36: "01"}))
    assert known.state == "applied", "remembered"

    listed = (await kim.get("/hospitals")).text
    assert "Decided by Grace Kim" in listed
    keys = re.findall(r'name="key" value="([^"]+)"', listed)
    assert (await lee.post("/hospitals", data={"act": "forget", "key": keys})).status_code == 404
    assert (await kim.post("/hospitals", data={"act": "forget", "key": keys})).status_code == 303
    assert (await kim.post("/hospitals", data={"act": "forget", "key": keys})).status_code == 409

    async def gone() -> bool:
        return [each.values["status"] for each in await stays(house)] == ["retired"]

    await until(gone)
    assert [each.values["retired_reason"] for each in await stays(house)] == [OF_ANOTHER]
    assert (await kim.get("/hospitals")).text.count("Not in any plan yet") == 1, "it is asked anew"
    [late] = await told(house, a_message("A08", kind="E", person=near, at=at(1, 21, year=2025)))
    assert late.state == "waiting", "nothing is taken for sure while somebody is asked"
    await kim.post("/hospitals", data={"message": asked.message_id, "act": "is", "patient": patient})
    assert (await settled(house, late.message_id)).state == "applied"
    await settled(house, known.message_id)
    [stay] = await stays(house)
    assert (stay.values["status"], stay.values["event"]) == ("active", "discharged")


async def test_a_notification_comes_in_as_fhir_from_a_system_that_may_tell_of_stays_and_from_no_other(
    house: House,
) -> None:
    bundle = a_bundle()
    bundle["entry"][2]["resource"] |= {"telecom": [{"system": "phone", "value": "555-0121"}]}

    async def told_by(scope: str, body: object = bundle) -> httpx2.Response:
        return await posted(house, "/fhir/$process-message", scope, body)

    assert (await told_by("system/*.rs")).status_code == 403
    assert (await told_by("system/DiagnosticReport.c")).status_code == 403, "results are another right than stays"
    assert await stays(house) == []
    wrong = await told_by("system/Encounter.c", {"resourceType": "Bundle", "type": "batch"})
    assert (wrong.status_code, wrong.json()["resourceType"]) == (400, "OperationOutcome")
    taken = await told_by("system/Encounter.c")
    assert taken.status_code == 200, taken.text
    [stay] = await until(lambda: stays(house))
    assert (stay.values["event"], stay.values["facility"]) == ("admitted", "Northside")


async def test_numbers_that_a_hospital_joins_are_the_same_patients_from_then_on(house: House) -> None:
    other = OURS.replace("X1", "X2").replace("WHITFIELD^MARY", "DOE^JANE").replace("19560514", "")
    first, merge, after = await told(
        house,
        a_message("A01", person=OURS, visit="1", at=at(1, 8, year=2025)),
        a_message("A40", person=other, visit="", more="MRG|X1^^^NGH^MR", control="m"),
        a_message("A03", person=other, visit="1", at=at(2, 8, year=2025), pv1={36: "01"}),
    )

    assert (first.state, merge.state) == ("applied", "applied")
    assert (after.state, after.patient) == ("applied", first.patient)
    assert [each.values["event"] for each in await stays(house)] == ["discharged"]


async def test_a_stay_told_from_home_is_told_to_the_team_with_its_acts_and_the_hospital_s_word_joins_it(
    house: House,
) -> None:
    kim, emily = await house.browser("Grace Kim"), await house.browser("Emily")
    home = f"/plans/{house.plan}/family"
    assert house.services.zones is not None
    began = (house.services.now() - timedelta(days=40)).replace(minute=30, second=0, microsecond=0)
    local = f"{began.astimezone(house.services.zones.of(house.plan)):%Y-%m-%dT%H:%M}"
    form = {"whereabouts": "emergency room", "place": "Northside", "since": local, "words": "She fell."}

    assert "Which hospital, if you know" in (await emily.get(f"{home}/stay")).text
    sent = await emily.post(f"{home}/stay", data=form, headers={"hx-request": "true"})
    urgent = await emily.post(f"{home}/stay", data=form | {"since": "", "words": "She cannot breathe."})
    wrong = await emily.post(f"{home}/stay", data=form | {"whereabouts": "", "place": "Mercy"})

    assert sent.text == "Sent. The team is told at once. Its answer comes on your page."
    assert "call 911 at once" in (await emily.get(urgent.headers["location"])).text
    assert (wrong.status_code, "Choose where they are." in wrong.text, 'value="Mercy"' in wrong.text) == (
        422,
        True,
        True,
    )
    assert "In the emergency room, Northside. Since" in (await emily.get(home)).text

    async def all_told() -> bool:
        return len(await house.rows(Action.NOTIFY, event="report.tell")) >= 2

    await until(all_told)
    notices = (await kim.get("/notifications")).text
    assert "tells from home that the patient is in an emergency room (Northside)" in notices
    acts = re.findall(r'href="(/plans/[^"]+/entries/caregiver_log/[^"]+/stay[.]confirm)"', notices)
    asked = acts[-1]
    shown = (await kim.get(asked)).text
    assert 'value="emergency department" selected' in shown
    assert f'value="{local}"' in shown

    confirmed = await kim.post(asked, data={"facility": "Northside", "setting": "emergency department"})
    assert confirmed.status_code == 303
    assert "The team has written this stay down." in (await emily.get(home)).text
    await told(house, a_message("A04", kind="E", at=f"{began + timedelta(hours=2):%Y%m%d%H%M}+0000", person=OURS))

    content = await house.services.plans.content(house.plan)
    starts = [instant(each.values, "start") for each in content.entries(Section.TRANSITIONS).values()]
    assert len([each for each in starts if each and abs(each - began) < timedelta(days=2)]) == 1, (
        "one stay, told by two"
    )
    assert (await house.rows(Action.COMMAND, event="stay.confirm"))[-1].actor == house.person("Grace Kim").person_id


async def test_a_clock_is_told_before_it_is_late_once_to_its_owner_then_further_and_not_when_it_was_met(
    house: House,
) -> None:
    kim, now, plans = await house.member("Grace Kim"), house.services.now(), house.services.plans
    left = now - timedelta(minutes=1)
    record = TransitionRecord(event="discharged", facility="Mercy", setting="inpatient", destination="home",
                              start=left - timedelta(days=3), end=left)  # fmt: skip
    done = await plans.perform(house.plan, kim, record)
    assert isinstance(done, Done)
    stay = next(each for each, section in done.created.items() if section is Section.TRANSITIONS)
    await plans.perform(house.plan, kim, TransitionTake(entry=stay, clock="contact"))
    due = str((await plans.content(house.plan)).value(Section.TRANSITIONS, stay, "contact_due"))

    async def timed(step: str, on: str = due) -> None:
        """Have the queue do what it does at that step's instant."""
        payload: dict[str, JSON] = {"plan": house.plan, "entry": stay, "clock": "contact", "due": on, "step": step}
        async with house.access.changes.of_plan(HUB) as turn:
            await enqueue(connection_of(turn), [Job(kind=TELL_CLOCK, payload=payload)])
            await turn.append([Act(plan=HUB, actor="", action=Action.ADMIN, event="test.timer")])

    async def rows(wanted: int) -> bool:
        return len(await house.rows(Action.NOTIFY, event=TELL_CLOCK)) == wanted

    doctor, nurse = await house.browser("Dr. Elena Ruiz"), await house.browser("Grace Kim")
    said = f"contact after Mercy is due {plain_day(date.fromisoformat(due))}"
    await timed(OWNER)
    await until(lambda: rows(1))
    assert f"{said}; you have it." in (await nurse.get("/notifications")).text
    assert f"/plans/{house.plan}/coming-home/{stay}" in (await nurse.get("/notifications")).text
    assert said not in (await doctor.get("/notifications")).text

    await timed(OWNER)
    await timed(OWNER, on="2025-01-01")
    await timed(BEHIND)
    await until(lambda: rows(2))
    assert f"{said}; Grace Kim, RN has it." in (await doctor.get("/notifications")).text

    await plans.perform(house.plan, kim, TransitionAttempt(entry=stay, reached="yes"))
    page = (await nurse.get(f"/plans/{house.plan}")).text
    assert "contact due" not in page


async def test_a_result_closes_its_line_once_and_tells_who_waits_and_a_preliminary_one_nothing(house: House) -> None:
    kim, plans = await house.member("Grace Kim"), house.services.plans
    left = house.services.now() - timedelta(minutes=1)
    record = TransitionRecord(event="discharged", facility="Mercy", setting="inpatient", destination="home",
                              start=left - timedelta(days=3), end=left, pending=("TSH", "biopsy"))  # fmt: skip
    done = await plans.perform(house.plan, kim, record)
    assert isinstance(done, Done)
    stay = next(each for each, section in done.created.items() if section is Section.TRANSITIONS)
    tsh = {"test": "3016-3^Thyrotropin^LN", "values": "3016-3^TSH^LN||2.1|mIU/L|0.4-4.0||||F"}

    early, final, again = await told(
        house,
        a_result(**tsh, person=OURS, status="P", control="1"),
        a_result(**tsh, person=OURS, control="2"),
        a_result(**tsh, person=OURS, control="3"),
    )

    assert [(each.state, each.reason) for each in (early, final, again)] == [
        ("aside", "not-final"), ("applied", ""), ("aside", "no-line-waits"),
    ]  # fmt: skip
    values = (await plans.content(house.plan)).entries(Section.TRANSITIONS)[stay].values
    assert members(values, "pending_results") == ("biopsy",)

    async def all_told() -> bool:
        return any((row.words or {}).get("what") == "result" for row in await house.rows(Action.NOTIFY))

    await until(all_told)
    nurse = await house.browser("Grace Kim")
    assert "has a result that was waited for" in (await nurse.get("/notifications")).text
    assert (await reported(house, "system/*.rs", patient=final.patient or "")).status_code == 403
    sent = await reported(house, "system/DiagnosticReport.c", patient=final.patient or "")
    assert (sent.status_code, sent.json()["resourceType"]) == (202, "OperationOutcome")

    async def report_came() -> bool:
        found = (await plans.content(house.plan)).entries(Section.TRANSITIONS)[stay].values
        return members(found, "pending_results") == ()

    await until(report_came)
    checklist = (await nurse.get(f"/plans/{house.plan}/coming-home/{stay}")).text
    assert "Benign tissue" in checklist
    assert "Northside Pathology" in checklist
    page = (await nurse.get(f"/plans/{house.plan}")).text
    assert "TSH 2.1 mIU/L" in page
    assert "The hub for a hospital" in page


async def reported(house: House, scope: str, patient: str) -> httpx2.Response:
    """Post a report of a biopsy as a laboratory does."""
    report = {
        "resourceType": "DiagnosticReport", "status": "final", "subject": {"reference": f"Patient/{patient}"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "11529-5"}]}, "issued": "2025-11-27T15:09:00Z",
        "conclusion": "Benign tissue", "performer": [{"display": "Northside Pathology"}],
    }  # fmt: skip
    return await posted(house, "/fhir/DiagnosticReport", scope, report)


async def test_a_client_of_hl7_that_is_not_ours_is_answered_message_by_message(house: House) -> None:
    browsers.packages()
    own = socket.create_server(("127.0.0.1", 0))
    listener = MllpListener(own, hospitals(house).receiving.answered, None)
    await listener.start()
    accented = a_message("A01", person=OURS.replace("MARY", "MARÍA"), visit="V2", control="2", charset="UNICODE UTF-8")
    sent = [a_message("A04", kind="E", person=OURS, control="1"), accented, a_result(person=OURS, control="3"),
            a_message("A01", visit="", control="4"), a_message("A04", kind="E", person=OURS, control="1")]  # fmt: skip
    lines = "".join(json.dumps(each.decode()) + "\n" for each in sent)

    process = await asyncio.create_subprocess_exec(
        browsers.node(), "tests/harness/hl7_sender.mjs", str(own.getsockname()[1]),
        cwd=browsers.ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await asyncio.wait_for(process.communicate(lines.encode()), 60)
    await listener.stop()

    assert [json.loads(each) for each in said.splitlines()] == [
        ["AA", "1"], ["AA", "2"], ["AA", "3"], ["AE", "4"], ["AA", "1"],
    ]  # fmt: skip
