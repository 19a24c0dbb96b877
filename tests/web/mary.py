"""A plan in mid-story for the tests of pages: a team, medicines, goals, tasks, a referral; and a quiet patient."""

from dataclasses import dataclass
from datetime import timedelta

from auth.roles import Participant, Role
from crdt.changes import Annotate, Append, Assign, Create, Root
from crdt.fields import Scalar, Value
from crdt.sections import Section
from hub.ids import new_id
from tests.web.fakes import NOW, Here, World, a_patient, a_world
from web.doors.directory import Account

S = Section


@dataclass
class Mary:
    """The world, with the ids that tests want to name."""

    world: World
    plan: str
    people: dict[str, Participant]
    entries: dict[str, str]


TEAM = (
    ("lee", "Dr Mina Lee", Role.PRIMARY_CARE, "primary care"),
    ("okafor", "Dr Chidi Okafor", Role.SPECIALIST, "cardiology"),
    ("ruiz", "Ana Ruiz", Role.CARE_MANAGER, "care manager"),
    ("tan", "Wei Tan", Role.PHARMACIST, "pharmacist"),
    ("cole", "Jordan Cole", Role.SOCIAL_WORKER, "social worker"),
    ("singh", "Dr Priya Singh", Role.BEHAVIORAL_HEALTH, "psychology"),
    ("mary", "Mary Jensen", Role.PATIENT, ""),
    ("kate", "Kate Jensen", Role.FAMILY, "daughter"),
)


async def a_story() -> Mary:
    """Return Mary's plan two days after her discharge."""
    world = a_world()
    plan, other = new_id(), new_id()
    people: dict[str, Participant] = {}
    for days, (key, name, role, profession) in enumerate(TEAM):
        person = Account(new_id(), name, role, profession)
        world.directory.persons[person.person_id] = person
        since = NOW - timedelta(days=40 - days)
        people[key] = Participant(person.person_id, plan, name, role, profession, since)
        world.directory.members[plan, person.person_id] = people[key]
    world.directory.patients[plan] = a_patient(plan, "Jensen", "Mary")
    world.directory.patients[other] = a_patient(other, "Abara", "Tomas")
    lee = people["lee"]
    world.directory.members[other, lee.person_id] = Participant(lee.person_id, other, lee.name, lee.role, "", lee.since)
    mary = Mary(world, plan, people, {})
    await _history(mary)
    await world.plans.change(
        other, lee, [Create(S.CONDITIONS, new_id(), {"name": "Asthma", "kind": "problem", "owner": lee.person_id})]
    )
    world.clock.now = NOW
    world.plans.here[plan] = [Here(people["lee"].person_id), Here(people["ruiz"].person_id)]
    return mary


async def _history(mary: Mary) -> None:
    p = {key: each.person_id for key, each in mary.people.items()}
    await _person_and_team(mary, p)
    await _goals_and_medicines(mary, p)
    await _work(mary, p)
    await _home_and_wishes(mary, p)
    await _this_morning(mary, p)
    await _later(mary, p)


async def _person_and_team(mary: Mary, p: dict[str, str]) -> None:
    await _make(
        mary,
        "mary",
        S.ABOUT_ME,
        "about",
        hours=-400,
        what_matters="Walking to church on Sundays without stopping, and not being a burden to Kate.",
        preferred_name="Mary",
        language="es",
        interpreter="yes",
        living_situation="Lives alone on the second floor. Kate comes on weekends.",
        treatment_burden=6,
    )
    await _make(
        mary,
        "ruiz",
        S.CARE_TEAM,
        "team1",
        hours=-390,
        person=p["ruiz"],
        role="Care manager",
        responsible_for="Keeps the plan whole and calls within two business days of any discharge",
        areas={"coordination": True, "transitions": True},
        steward="yes",
        accepted="yes",
        phone="555-0142",
        hours_="",
    )
    await _make(
        mary,
        "ruiz",
        S.CARE_TEAM,
        "team2",
        hours=-389,
        person=p["kate"],
        role="Daughter",
        responsible_for="Weekend shopping and the pill box",
        accepted="asked",
        phone="555-0177",
    )


async def _goals_and_medicines(mary: Mary, p: dict[str, str]) -> None:
    await _make(
        mary,
        "lee",
        S.CONDITIONS,
        "infarct",
        hours=-50,
        name="Heart attack (NSTEMI)",
        code="I21.4",
        kind="problem",
        clinical_status="active",
        severity="severe",
        onset="2026-11-14",
        owner=p["okafor"],
        summary="Two stents on 14-Nov-2026. Ejection fraction 40 %.",
    )
    await _make(
        mary,
        "lee",
        S.CONDITIONS,
        "hypertension",
        hours=-380,
        name="Hypertension",
        code="I10",
        kind="problem",
        clinical_status="active",
        onset="2011-03-01",
        owner=p["lee"],
    )
    await _make(
        mary,
        "mary",
        S.GOALS,
        "church",
        hours=-300,
        description="Walk to church on Sundays without stopping",
        voice=p["mary"],
        priority="high",
        lifecycle="active",
        achievement="improving",
        due="2027-02-01",
    )


async def _work(mary: Mary, p: dict[str, str]) -> None:
    await _make(
        mary,
        "lee",
        S.GOALS,
        "pressure",
        hours=-299,
        description="Keep blood pressure under control without dizziness",
        voice=p["lee"],
        priority="medium",
        lifecycle="active",
        measure="85354-9 Blood pressure",
        target_high=130,
        unit="mmHg",
        due="2026-11-15",
        owner=p["lee"],
    )
    for name, dose, frequency, by, state in (
        ("metoprolol succinate", "25 mg", "once daily", "okafor", "unreconciled"),
        ("aspirin", "81 mg", "once daily", "okafor", "continue"),
        ("atorvastatin", "80 mg", "once daily at bedtime", "okafor", "unreconciled"),
        ("furosemide", "40 mg", "once daily in the morning", "lee", "continue"),
    ):
        await _make(
            mary,
            by,
            S.MEDICATIONS,
            name,
            hours=-48,
            kind="medicine",
            name=name,
            dose=dose,
            route="oral",
            frequency=frequency,
            prescriber=p[by],
            taking="active",
            reconciliation=state,
            times={"morning": True},
            instructions="Take with food." if name == "aspirin" else "",
        )
    await _make(
        mary,
        "lee",
        S.MEDICATIONS,
        "penicillin",
        hours=-380,
        kind="allergy",
        name="penicillin",
        reaction="rash",
        criticality="high",
        verification="confirmed",
    )


async def _home_and_wishes(mary: Mary, p: dict[str, str]) -> None:
    await _make(
        mary,
        "ruiz",
        S.TASKS,
        "scale",
        hours=-30,
        title="Deliver a bathroom scale",
        owner=p["cole"],
        requester=p["ruiz"],
        due="2026-11-19",
        priority="urgent",
        state="requested",
        detail="Third floor entrance, ring twice.",
    )
    await _make(
        mary,
        "lee",
        S.TASKS,
        "call",
        hours=-20,
        title="Call cardiology for the echo report",
        owner=p["lee"],
        requester=p["lee"],
        due="2026-11-21",
        priority="routine",
        state="accepted",
    )
    await _make(
        mary,
        "lee",
        S.REFERRALS,
        "rehab",
        hours=-200,
        kind="specialist",
        to="Cardiac rehabilitation, Northside",
        recipient=p["okafor"],
        asker=p["lee"],
        question="Is she ready for supervised walking?",
        urgency="urgent",
        expected_by="2026-11-15",
        state="requested",
        state_since="2026-11-10T09:00:00+00:00",
        tests_done={"Echo 14-Nov-2026": True},
    )


async def _this_morning(mary: Mary, p: dict[str, str]) -> None:
    await _make(
        mary,
        "ruiz",
        S.MONITORING,
        "weight",
        hours=-46,
        measure="29463-7 Body weight",
        unit="kg",
        green="70..74",
        yellow="74..76",
        red="76..",
        persistence="2 of 3",
        responder=p["ruiz"],
        yellow_instructions="Call Ana the same day.",
        red_instructions="Call 555-0100 now.",
    )
    for day, value in ((19, 73.4), (20, 74.1), (21, 74.6)):
        record: dict[str, Scalar] = {"value": value, "when": f"2026-11-{day}T07:10:00+00:00", "by": p["kate"]}
        await mary.world.plans.change(
            mary.plan, mary.people["kate"], [Append(S.MONITORING, mary.entries["weight"], "readings", new_id(), record)]
        )
    await _make(
        mary,
        "ruiz",
        S.TRANSITIONS,
        "stay",
        hours=-47,
        event="discharged",
        facility="Northside General",
        setting="inpatient",
        start="2026-11-14T03:10:00+00:00",
        end="2026-11-19T11:00:00+00:00",
        reason="Chest pain, heart attack",
        contact_due="2026-11-20",
        visit_due="2026-11-26",
        medicines_reconciled="no",
        severity="watcher",
        handoff_summary="NSTEMI, two stents, dry weight 72 kg.",
    )
    await _make(
        mary,
        "cole",
        S.SOCIAL_NEEDS,
        "ride",
        hours=-25,
        domain="transport",
        finding="No ride to rehabilitation three times a week.",
        wants_help="yes",
        resource="Northside rides",
    )


async def _later(mary: Mary, p: dict[str, str]) -> None:
    await _make(
        mary,
        "kate",
        S.CAREGIVER_LOG,
        "question",
        hours=-3,
        kind="question",
        words="She is breathless at night and props herself up on three pillows. Is that the new pills?",
        when="2026-11-21T05:20:00+00:00",
        severity="moderate",
    )
    await _make(
        mary,
        "lee",
        S.ADVANCE_CARE,
        "wish",
        hours=-370,
        kind="living will",
        priorities="To be at home, and to know my family is there.",
        code_status="full code",
        agent=p["kate"],
    )
    await _make(
        mary,
        "singh",
        S.BEHAVIORAL_HEALTH,
        "mood",
        hours=-24,
        need="Low mood since the heart attack",
        provider=p["singh"],
    )
    await _make(
        mary, "cole", S.STAFF_NOTES, "note", hours=-24, words="Worried about money, would rather not say so to Kate."
    )
    mary.world.clock.now = NOW - timedelta(minutes=38)
    await mary.world.plans.change(
        mary.plan, mary.people["lee"], [Assign(S.MEDICATIONS, mary.entries["furosemide"], "dose", "80 mg")]
    )
    suggestion: dict[str, Scalar] = {
        "entry": mary.entries["metoprolol succinate"],
        "field": "dose",
        "value": '"50 mg"',
        "words": "Pulse 88 on three mornings.",
        "proposer": p["ruiz"],
        "made": "2026-11-21T08:02:00+00:00",
        "state": "open",
    }
    await mary.world.plans.change(
        mary.plan, mary.people["ruiz"], [Annotate(S.MEDICATIONS, Root.SUGGESTIONS, new_id(), suggestion)]
    )


async def _make(mary: Mary, by: str, section: Section, key: str, *, hours: float, **values: Value) -> None:
    mary.world.clock.now = NOW + timedelta(hours=hours)
    mary.entries[key] = new_id()
    values = {name.rstrip("_") if name == "hours_" else name: value for name, value in values.items()}
    whole = {**values, "status": "active", "source": "person", "position": float(len(mary.entries))}
    await mary.world.plans.change(
        mary.plan, mary.people[by], [Create(section, mary.entries[key], whole)], event="entry.create"
    )
