"""Aisha, 31: home with her first child after a caesarean and high blood pressure at the end of the pregnancy."""

from crdt.sections import Section
from hub.demo.stories import Story
from hub.demo.usual import allergy, medicines, problems, tasks, team
from hub.workflows.goals import GoalMove
from hub.workflows.referrals import ReferralAccept, ReferralSchedule, ReferralSend
from hub.workflows.transitions import TransitionContacted, TransitionRecord

S = Section


def tell(story: Story) -> None:
    """Write Aisha's steps."""
    story.add(
        "aisha", S.ABOUT_ME, "about", ago=20, what_matters="Feeding Zayn myself, and feeling like myself again.",
        preferred_name="Aisha",
        language="en", interpreter="no", faith_culture_diet="Muslim; halal. Prefers a woman for examinations.",
        living_situation="With her husband Omar and the baby, third floor with lift. Her mother comes for a month.",
        strengths="A teacher; reads everything; asks.", treatment_burden=4, contact_preference="portal",
    )  # fmt: skip
    team(story, (
        ("kim", "nurse care manager", "Blood pressure after the birth", ("monitoring", "transitions", "coordination")),
        ("ruiz", "primary care", "Blood pressure in the long run", ("medicines",)),
        ("cole", "obstetrics", "Wound, blood pressure, six-week visit", ("medicines",)),
        ("stein", "psychologist", "Mood after the birth", ("mental health",)),
        ("omar", "husband", "Nights, shopping, the cuff", ("daily care",)),
    ))  # fmt: skip
    problems(story, (
        ("preeclampsia", "Preeclampsia, after birth", "O14.95", "problem", "severe", -9, "cole",
         "158/98 on day two; no seizures; platelets normal.",
         "High blood pressure from the pregnancy. It can still rise in the first weeks."),
        ("section", "Caesarean birth", "O82", "problem", "moderate", -9, "cole", "Wound clean. Haemoglobin 9.8.",
         "The cut heals in about six weeks. Nothing heavier than Zayn."),
        ("anemia", "Low iron", "D50.0", "problem", "mild", -8, "cole", "Blood loss 900 mL.",
         "Too little iron. It makes you tired."),
        ("mood", "Baby blues", "", "concern", "mild", -4, "kim", "Cries in the evenings, laughs too.", ""),
    ))  # fmt: skip
    story.do(
        "cole",
        TransitionRecord(event="admitted", facility="Northside Birth Centre", setting="inpatient", start=story.at(-9,
        4), reason="Birth by caesarean; preeclampsia."),
        "stay", ago=8,
    )  # fmt: skip
    story.do(
        "cole",
        TransitionRecord(
            entry=story.id("stay"), event="discharged", destination="home",
            end=story.at(-5, 13), visit_days="7", severity="watcher",
            summary="Day four after a caesarean, blood pressure 142/90 on nifedipine.",
            contingency_call="emergency number",
            contingency="Worst headache, flashes before the eyes, pain under the right ribs, or short of breath: call "
            "911.",
            plain_words="Your blood pressure is still high after the birth. Measure it twice a day.",
        ),
        ago=4,
    )  # fmt: skip
    story.do("kim", TransitionContacted(entry=story.id("stay"), when=story.at(-4, 15)))
    _medicines(story)
    _home(story)


def _medicines(story: Story) -> None:
    allergy(story, "Latex", "itching", "low")
    medicines(story, (
        ("nifedipine", "nifedipine ER", "30 mg", "once daily", ("morning",), "preeclampsia", "cole",
         "Lowers the pressure. Fine with breastfeeding."),
        ("iron", "ferrous sulfate", "325 mg", "every other day", ("noon",), "anemia", "cole",
         "Iron. Dark stools are normal."),
        ("acetaminophen", "acetaminophen", "1,000 mg", "every 8 hours when needed", ("when needed",), "section",
         "cole", "For pain, three times a day at most."),
    ), decided=False)  # fmt: skip


def _home(story: Story) -> None:
    story.add(
        "kim", S.MONITORING, "pressure", ago=4, measure="8480-6 Systolic blood pressure", unit="mmHg",
        green="100..139", yellow="140..159",
        red="160..", persistence="1 of 1", responder="kim", green_instructions="Good. Measure again tonight.",
        yellow_call="call now", red_call="emergency number",
        yellow_instructions="Call the nurse today: 140 or more.", red_instructions="Rest five minutes, measure again. "
        "Still 160 or more: call 911.",
    )  # fmt: skip
    story.readings("aisha", "pressure", 138, 142, 146, device="upper arm cuff")
    story.add(
        "omar", S.CAREGIVER_LOG, "headache", kind="question", severity="moderate", when=story.at(-1, 23).isoformat(),
        words="She had a headache last night, it went away with acetaminophen. When do we call?",
        related="preeclampsia",
    )  # fmt: skip
    story.add(
        "cole", S.REFERRALS, "lactation", ago=3, kind="community", to="Lactation clinic, Northside", urgency="urgent",
        question="Sore on the left, baby lost 8 %. Please watch a feed.", expected_by=story.day(3),
        patient_card="A nurse watches you feed and helps with how Zayn lies. Bring him hungry.",
    )  # fmt: skip
    lactation = story.id("lactation")
    story.do("cole", ReferralSend(entry=lactation), ago=3)
    story.do("kim", ReferralAccept(entry=lactation), ago=2)
    story.do("kim", ReferralSchedule(entry=lactation, appointment=story.at(1, 15)), ago=1)
    story.add(
        "aisha", S.GOALS, "feed", description="Breastfeed Zayn without pain.", voice="aisha", priority="high",
        due=story.day(21), owner="aisha",
    )  # fmt: skip
    story.add(
        "cole", S.GOALS, "bp", description="Blood pressure below 140 without medicine at twelve weeks.", voice="cole",
        priority="high",
        measure="8480-6 Systolic blood pressure", target_high=139, unit="mmHg", due=story.day(75),
        addresses=("preeclampsia",), owner="cole",
    )  # fmt: skip
    story.do("kim", GoalMove(entry=story.id("feed"), to="active"))
    story.do("cole", GoalMove(entry=story.id("bp"), to="active"))
    story.add(
        "stein", S.BEHAVIORAL_HEALTH, "blues", ago=2, need="Low mood in the evenings since the birth; no thoughts of "
        "harm.", provider="stein",
        therapy_goal="Sleep four hours in a row.", screening=f"EPDS 9, {story.day(-2)}",
    )  # fmt: skip
    tasks(story, (
        ("wound", "cole", "Look at the wound on the visit", "ruiz", 2, "accepted"),
        ("epds", "ruiz", "Repeat the EPDS at two weeks", "stein", 5, "asked"),
        ("cuff", "cole", "Check that the cuff fits the arm", "kim", 0, "accepted"),
    ))  # fmt: skip
    tasks(
        story,
        (("nights", "kim", "Take the feed at two with pumped milk, twice a week", "omar", 3, "accepted"),),
        family=True,
    )
