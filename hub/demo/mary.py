"""Mary, 70: three days home after a heart attack, cardiology ahead, two lists of medicines, a daughter who helps."""

from crdt.sections import Section
from hub.demo.stories import Story
from hub.workflows.advance_care import AdvanceCareSign
from hub.workflows.comments import CommentMake
from hub.workflows.goals import GoalMove
from hub.workflows.huddles import HuddleDecide, HuddleReadBack
from hub.workflows.medications import MedicationDecide, MedicationPrepare
from hub.workflows.readings import ReadingAcknowledge, ReadingRecord
from hub.workflows.referrals import ReferralAccept, ReferralReceive, ReferralSchedule, ReferralSend
from hub.workflows.steps import Step
from hub.workflows.suggestions import SuggestionMake
from hub.workflows.tasks import TaskAccept, TaskComplete, TaskStart
from hub.workflows.team import TeamAccept, TeamSteward
from hub.workflows.transitions import TransitionContacted, TransitionRecord

S = Section


def tell(story: Story) -> None:
    """Write Mary's steps."""
    _person(story)
    _problems(story)
    _home_list(story)
    _hospital(story)
    _new_list(story)
    _referrals(story)
    _home(story)
    _tasks(story)
    _goals(story)
    _huddle(story)


def _person(story: Story) -> None:
    story.add(
        "mary", S.ABOUT_ME, "about", ago=200,
        what_matters="Being there for my grandson Noah. Walking to the lake with him, and staying in my own house.",
        preferred_name="Mary", language="en", interpreter="no",
        communication_needs="Reads with glasses. Likes things written down in large print. Hears well.",
        faith_culture_diet="Methodist. Eats little meat; soup and bread in the evening.",
        living_situation="Alone in a one-storey house with her cat. Emily lives 20 minutes away. No longer drives at "
        "night.",
        strengths="Organised: keeps a pill box and a notebook. Knows her neighbours.",
        treatment_burden=4, contact_preference="telephone",
    )  # fmt: skip
    parts = (
        ("ruiz", "primary care", "Medicines, blood pressure, the whole picture", ("medicines",), "Mon to Fri, 8 to 5"),
        ("lee", "cardiology", "Heart: medicines after the heart attack, rehabilitation", (), "Tue and Thu, 9 to 4"),
        ("kim", "nurse care manager", "Coming home, calls, appointments. Call first with any question.",
         ("transitions", "coordination", "monitoring"), "Mon to Fri, 8 to 6"),
        ("becker", "pharmacist", "Comparing the hospital's list with what is in the house", ("medicines",),
         "Mon to Fri, 9 to 5"),
        ("torres", "social worker", "Rides and help at home", ("social",), "Mon to Thu, 9 to 4"),
        ("emily", "daughter", "Fills the pill box on Sundays, comes to visits", ("daily care",), "evenings"),
    )  # fmt: skip
    for key, role, does, areas, hours in parts:
        story.add(
            "kim", S.CARE_TEAM, f"team-{key}", ago=4, person=key, role=role, responsible_for=does, areas=areas,
            phone=story.cast[key].phone, hours=hours,
        )  # fmt: skip
    story.do("kim", TeamSteward(entry=story.id("team-kim")))
    for key in ("ruiz", "lee", "torres"):
        story.do(key, TeamAccept(entry=story.id(f"team-{key}")))


def _problems(story: Story) -> None:
    rows = (
        ("nstemi", "Heart attack (non-ST elevation)", "I21.4", "problem", "severe", -8, "lee",
         "Chest pain at rest for two hours. Troponin raised. One drug-eluting stent to the left anterior descending "
         "artery. Ejection fraction 50 %.",
         "No second event. Two antiplatelets for twelve months, then review.",
         "A blood vessel of the heart was blocked. It was opened with a small tube called a stent."),
        ("cad", "Coronary artery disease", "I25.10", "problem", "moderate", -8, "lee",
         "Remaining 40 % narrowing of the right coronary artery, treated with medicines.", "", ""),
        ("htn", "High blood pressure", "I10", "problem", "mild", -4200, "ruiz",
         "On lisinopril since 2015. Home readings 128 to 146.", "Below 130 at home.",
         "The pressure in the blood vessels is too high. It strains the heart."),
        ("lipids", "High cholesterol", "E78.5", "problem", "moderate", -2900, "ruiz",
         "LDL 128 mg/dL in hospital on a moderate dose.", "LDL below 70 mg/dL.", ""),
        ("knee", "Arthritis of the left knee", "M17.12", "problem", "mild", -1800, "ruiz",
         "Took naproxen from the pharmacy on most days.", "Pain 3 of 10 or less without an NSAID.", ""),
        ("fear", "Afraid of another heart attack", "", "concern", "moderate", -3, "kim",
         "Sleeps with the light on since she came home. Did not go to the mailbox alone until yesterday.", "", ""),
        ("bleeding", "Bleeding on two antiplatelets", "", "risk", "moderate", -5, "ruiz",
         "Age 70, aspirin and ticagrelor, naproxen in the house.", "", ""),
    )  # fmt: skip
    for label, name, code, kind, severity, onset, owner, summary, outcome, plain in rows:
        story.add(
            "ruiz", S.CONDITIONS, label, ago=3, name=name, code=code, kind=kind, clinical_status="active",
            severity=severity, onset=story.day(onset), owner=owner, summary=summary, expected_outcome=outcome,
            plain_words=plain,
        )  # fmt: skip


def _home_list(story: Story) -> None:
    story.add(
        "ruiz", S.MEDICATIONS, "penicillin", ago=300, kind="allergy", name="Penicillin", reaction="rash, 1988",
        criticality="low", verification="confirmed",
    )  # fmt: skip
    home = (
        ("lisinopril", "lisinopril", "10 mg", "once daily", ("morning",), "htn",
         "Protects heart and kidneys, lowers the pressure."),
        ("atorvastatin", "atorvastatin", "20 mg", "once daily", ("bedtime",), "lipids", "Lowers cholesterol."),
        ("naproxen", "naproxen", "220 mg", "twice daily", ("morning", "evening"), "knee", ""),
    )  # fmt: skip
    for label, name, dose, often, times, indication, plain in home:
        story.add(
            "ruiz", S.MEDICATIONS, label, ago=200, kind="medicine", name=name, ingredients=(name,), dose=dose,
            route="oral", frequency=often, times=times, indication=indication, prescriber="ruiz", taking="active",
            takes="as prescribed", plain_words=plain,
        )  # fmt: skip
        story.do("ruiz", MedicationDecide(entry=story.id(label), decision="continue"), ago=200)


def _hospital(story: Story) -> None:
    story.do(
        "ruiz",
        TransitionRecord(
            event="admitted", facility="Northside General Hospital, cardiology ward", setting="inpatient",
            start=story.at(-8, 3), reason="Chest pain; heart attack (NSTEMI), one stent.",
        ),
        "stay", ago=7,
    )  # fmt: skip
    story.do(
        "ruiz",
        TransitionRecord(
            entry=story.id("stay"), event="discharged", destination="home",
            end=story.at(-3, 16), visit_days="7", severity="watcher",
            summary="NSTEMI with one stent, uncomplicated. Lives alone. Two antiplatelets are new.",
            actions="Reconcile medicines. Cardiology within a week. Cardiac rehabilitation.",
            contingency_call="emergency number",
            contingency="Chest pain that does not go away after 5 minutes and one nitroglycerin: call 911.",
            plain_words="You had a heart attack. A small tube keeps the blood vessel open. The new pills keep it open "
            "too.",
        ),
        ago=2,
    )  # fmt: skip


def _new_list(story: Story) -> None:
    new = (
        ("aspirin", "aspirin", "81 mg", "oral", "once daily", ("morning",),
         "Keeps the stent open. Do not stop it on your own."),
        ("ticagrelor", "ticagrelor", "90 mg", "oral", "twice daily", ("morning", "evening"),
         "Keeps the stent open, together with aspirin. Take it for a year. You bruise more easily."),
        ("metoprolol", "metoprolol succinate ER", "25 mg", "oral", "once daily", ("morning",),
         "Slows the heart so that it rests. Stand up slowly."),
        ("nitroglycerin", "nitroglycerin", "0.4 mg", "sublingual", "when needed for chest pain", ("when needed",),
         "One under the tongue for chest pain. Sit down first. Still pain after 5 minutes: call 911."),
    )  # fmt: skip
    for label, name, dose, route, often, times, plain in new:
        story.add(
            "ruiz", S.MEDICATIONS, label, ago=2, kind="medicine", name=name, ingredients=(name.split()[0],), dose=dose,
            route=route, frequency=often, times=times, indication="nstemi", prescriber="lee", taking="active",
            plain_words=plain,
        )  # fmt: skip
    story.edit("ruiz", S.MEDICATIONS, "atorvastatin", "dose", "80 mg")
    story.do("ruiz", MedicationDecide(entry=story.id("lisinopril"), decision="continue"), ago=1)
    story.do(
        "kim",
        MedicationPrepare(
            entry=story.id("naproxen"), proposal="stop",
            words="Not on the hospital's list. Mary still has it at home and took it on Tuesday. With two "
            "antiplatelets "
            "it adds bleeding; with lisinopril it is hard on the kidneys.",
        ),
        ago=1,
    )  # fmt: skip
    story.do(
        "becker",
        CommentMake(
            section=S.MEDICATIONS, entry=story.id("atorvastatin"),
            words="The bottle at home is still 20 mg; the hospital gave 80 mg. Please decide before she refills on "
            "Friday.",
            mentions=(story.cast["ruiz"].person_id,),
        ),
    )  # fmt: skip


def _referrals(story: Story) -> None:
    story.add(
        "ruiz", S.REFERRALS, "cardiology", ago=3, kind="specialist", to="Cardiology, Dr. Michael Lee", recipient="lee",
        urgency="urgent", expected_by=story.day(5),
        question="Heart attack with one stent. Which antiplatelets for how long, is metoprolol the right dose at a "
        "resting pulse of 58, and may she start rehabilitation?",
        tests_done=("Echocardiogram, ejection fraction 50 %", "Coronary angiogram with one stent", "LDL 128 mg/dL",
                    "Creatinine 0.9 mg/dL"),
        patient_card="Dr. Lee is the heart doctor. He looks at how your heart heals and at your new pills. His office "
        "has "
        "booked the visit. Bring your pill box and your notebook.",
    )  # fmt: skip
    cardiology = story.id("cardiology")
    story.do("ruiz", ReferralSend(entry=cardiology), ago=3)
    story.do("lee", ReferralReceive(entry=cardiology), ago=2)
    story.do("lee", ReferralAccept(entry=cardiology), ago=2)
    story.do("kim", ReferralSchedule(entry=cardiology, appointment=story.at(2, 15)), ago=1)
    story.add(
        "torres", S.SOCIAL_NEEDS, "transport", ago=2, domain="transport",
        finding="Must not drive for two weeks and has no ride to cardiology or rehabilitation; Emily works on "
        "weekdays.",
        screened_on=story.day(-2), tool="PRAPARE", wants_help="yes", resource="Northside Ride Service",
        eligibility="Over 65, medical appointment: free, book two days ahead.", sensitive="no",
    )  # fmt: skip
    story.add(
        "torres", S.REFERRALS, "rides", ago=2, kind="community", to="Northside Ride Service", urgency="urgent",
        question="Door-to-door rides to cardiology and, from next month, to rehabilitation three times a week.",
        expected_by=story.day(-1), need="transport",
        patient_card="A driver rings the bell 30 minutes before the visit and takes you home again. It costs nothing.",
    )  # fmt: skip
    story.do("torres", ReferralSend(entry=story.id("rides")), ago=2)
    story.add(
        "ruiz", S.REFERRALS, "rehab", kind="specialist", to="Cardiac rehabilitation, Northside", urgency="routine",
        question="Supervised training after a heart attack, 36 sessions.", expected_by=story.day(21),
    )  # fmt: skip


def _home(story: Story) -> None:
    story.add(
        "kim", S.MONITORING, "pressure", ago=3, measure="8480-6 Systolic blood pressure", unit="mmHg", green="100..129",
        yellow="130..159", red="160..", persistence="2 of 3", responder="kim",
        green_instructions="Go on as you do.", yellow_instructions="Call the nurse: blood pressure 130 or more twice.",
        yellow_call="call in opening hours", red_call="call now",
        red_instructions="Call the nurse now: blood pressure 160 or more. With chest pain call 911.",
    )  # fmt: skip
    story.add(
        "ruiz", S.MONITORING, "ldl", ago=8, measure="13457-7 LDL cholesterol", unit="mg/dL", green="..70",
        yellow="71..129",
        red="130..", persistence="1 of 1", repeat_days=42, responder="ruiz",
    )  # fmt: skip
    story.do(
        "ruiz", ReadingRecord(entry=story.id("ldl"), value="128", when=story.at(-7, 9), device="hospital laboratory")
    )
    story.do("ruiz", ReadingAcknowledge(entry=story.id("ldl"), done="Atorvastatin raised to 80 mg"))
    story.readings("mary", "pressure", 138, 134, 128, device="upper arm cuff")
    story.add(
        "emily", S.CAREGIVER_LOG, "question", kind="question", severity="moderate", when=story.at(-1, 21).isoformat(),
        words="There are two boxes of atorvastatin now, 20 and 80. Which one does Mom take?", related="atorvastatin",
    )  # fmt: skip
    story.add(
        "emily", S.CAREGIVER_LOG, "observation", kind="observation", severity="mild", when=story.at(-1, 20).isoformat(),
        words="She walked to the mailbox and back, a little out of breath, no pain.",
    )  # fmt: skip
    story.add(
        "ruiz", S.ADVANCE_CARE, "wishes", ago=120, kind="health care proxy", document="Proxy form of 2024, scanned",
        agent="emily", priorities="Time with family. Being at home.", limits="No long time on machines without hope.",
    )  # fmt: skip
    story.do("ruiz", AdvanceCareSign(entry=story.id("wishes"), code_status="full code"), ago=1)
    story.add(
        "kim", S.STAFF_NOTES, "note", words="She says she is fine before she says anything else. Ask twice.",
    )  # fmt: skip


def _tasks(story: Story) -> None:
    rows = (
        ("call", "ruiz", "Call Mary within two business days of discharge", "kim", -1, 3, "urgent", "no"),
        ("compare", "kim", "Compare the hospital's list with the bottles at home", "becker", 0, 2, "urgent", "no"),
        ("lipid", "ruiz", "Get the hospital's final report and lipid result", "kim", -1, 3, "routine", "no"),
        ("enrol", "ruiz", "Enrol Mary in cardiac rehabilitation", "lee", 4, 1, "routine", "no"),
        ("ride", "kim", "Arrange the ride to cardiology", "torres", 1, 2, "urgent", "yes"),
        ("cuff", "kim", "Bring the blood pressure notebook to the cardiology visit", "emily", 2, 1, "routine", "yes"),
    )  # fmt: skip
    for label, asker, title, owner, due, ago, priority, family in rows:
        story.add(
            asker, S.TASKS, f"task-{label}", ago=ago, title=title, owner=owner, due=story.day(due), priority=priority,
            family_visible=family,
        )  # fmt: skip
    outcome = "Spoke with Mary for 15 minutes. No pain. Confused about two cholesterol pills. Knows when to call 911."
    call, stay = story.id("task-call"), story.id("stay")
    story.do("kim", TaskAccept(entry=call), ago=2)
    story.do("kim", TaskComplete(entry=call, outcome=outcome), ago=1)
    story.do("kim", TransitionContacted(entry=stay, when=story.at(-1, 10)))
    story.do("kim", TaskAccept(entry=story.id("task-lipid")), ago=2)
    story.do("becker", TaskAccept(entry=story.id("task-compare")), ago=1)
    story.do("becker", TaskStart(entry=story.id("task-compare")))
    story.do("torres", TaskAccept(entry=story.id("task-ride")), ago=1)


def _goals(story: Story) -> None:
    story.add(
        "mary", S.GOALS, "lake", description="Walk to the lake and back with Noah on his birthday.", voice="mary",
        priority="high", due=story.day(60), addresses=("nstemi",), barriers="Afraid to be far from the telephone.",
        owner="mary",
    )  # fmt: skip
    story.add(
        "ruiz", S.GOALS, "bp", description="Blood pressure at home below 130.", voice="ruiz", priority="high",
        achievement="in progress", measure="8480-6 Systolic blood pressure", target_high=130, unit="mmHg",
        due=story.day(42), addresses=("htn",), owner="ruiz",
    )  # fmt: skip
    story.do("ruiz", GoalMove(entry=story.id("lake"), to="active"))
    story.do("ruiz", GoalMove(entry=story.id("bp"), to="active"))
    story.do(
        "lee",
        SuggestionMake(
            section=S.GOALS, entry=story.id("bp"), field="due", value=story.day(28),
            words="I will see her in four weeks; let us look at it then.",
        ),
    )  # fmt: skip


def _huddle(story: Story) -> None:
    people = story.cast
    story.do(
        "ruiz",
        HuddleDecide(
            topic="Home after a heart attack", summary="Two cholesterol pills at home and naproxen still in the "
            "cupboard.",
            decision="Reconcile all medicines before cardiology on the booked day; naproxen out of the house today.",
            contingency="Any chest pain over 5 minutes: 911. Pulse below 50 or dizzy: the nurse calls Dr. Lee the "
            "same day.",
            options="Waiting for cardiology to decide on everything.", family_words="We will tell you today which "
            "pills stay.",
            attendees=tuple(people[key].person_id for key in ("ruiz", "kim", "becker")),
            steps=(
                Step(title="Visit Mary and take the naproxen out", owner=people["kim"].person_id,
                due=story.at(0).date()),
            ),
            revisit_on=story.at(3).date(),
        ),
        "task-naproxen", "huddle",
    )  # fmt: skip
    story.do("kim", HuddleReadBack(entry=story.id("huddle"), words="I visit Mary at 3 and bring the naproxen back."))
