"""Rosa, 68: diabetes and kidneys that slowly fail; her family speaks Spanish, ibuprofen comes from the corner shop."""

from crdt.sections import Section
from hub.demo.stories import Story
from hub.demo.usual import allergy, medicines, problems, tasks, team
from hub.workflows.goals import GoalMove
from hub.workflows.questions import QuestionAnswer
from hub.workflows.readings import ReadingRecord
from hub.workflows.referrals import ReferralReceive, ReferralSend
from hub.workflows.suggestions import SuggestionMake

S = Section


def tell(story: Story) -> None:
    """Write Rosa's steps."""
    story.add(
        "rosa", S.ABOUT_ME, "about", ago=90,
        what_matters="Cocinar los domingos para toda la familia. To cook on Sundays, and never to need dialysis like "
        "my sister.",
        preferred_name="Doña Rosa", language="es", interpreter="yes",
        communication_needs="Spanish. Carmen interprets at home, a trained interpreter at visits. Reads a little.",
        faith_culture_diet="Catholic. Tortillas, beans and rice; salt by habit. Fasts on Good Friday.",
        living_situation="With her daughter Carmen and two grandchildren, second floor, no lift.",
        strengths="Walks every morning. Knows every plant in the garden.", treatment_burden=6,
        contact_preference="telephone",
    )  # fmt: skip
    team(story, (
        ("kim", "nurse care manager", "Holds the plan together; calls with an interpreter", ("coordination",
         "monitoring")),
        ("ruiz", "primary care", "Diabetes, blood pressure, all medicines", ("medicines",)),
        ("nair", "nephrology", "Kidneys: how fast, and what comes next", ()),
        ("becker", "pharmacist", "Doses that fit the kidneys", ("medicines",)),
        ("carmen", "daughter", "Interprets, fills the pill box, cooks with less salt", ("daily care",)),
    ))  # fmt: skip
    problems(story, (
        ("ckd", "Chronic kidney disease, stage 3b", "N18.32", "problem", "moderate", -1400, "nair",
         "eGFR 52, 47, 41 and now 38 in four years; albumin 320 mg/g.",
         "The kidneys clean the blood. Yours do about a third of their work."),
        ("dm", "Type 2 diabetes", "E11.22", "problem", "moderate", -5400, "ruiz",
         "A1c 8.4 %. No low sugars since glipizide was stopped.",
         "Too much sugar in the blood. It harms the kidneys and the eyes."),
        ("htn", "High blood pressure", "I10", "problem", "moderate", -4000, "ruiz",
         "142/84 in the clinic, 136/80 at home.", ""),
        ("knees", "Pain in both knees", "M17.0", "problem", "mild", -900, "ruiz", "Worse on the stairs.", ""),
        ("dialysis", "Fears dialysis", "", "concern", "moderate", -30, "nair",
         "Her sister died on it. She avoids the word.", ""),
    ))  # fmt: skip
    medicines(story, (
        ("losartan", "losartan", "100 mg", "once daily", ("morning",), "htn", "ruiz",
         "Protects the kidneys and lowers the pressure."),
        ("metformin", "metformin", "500 mg", "twice daily", ("morning", "evening"), "dm", "ruiz",
         "Lowers the sugar. With food."),
        ("empagliflozin", "empagliflozin", "10 mg", "once daily", ("morning",), "ckd", "nair",
         "Protects kidneys and heart. Stop it on days when you vomit or cannot drink."),
        ("rosuvastatin", "rosuvastatin", "10 mg", "once daily", ("evening",), "dm", "ruiz", "Lowers cholesterol."),
    ))  # fmt: skip
    medicines(story, (
        ("ibuprofen", "ibuprofen", "600 mg", "two times daily", ("morning", "evening"), "knees", "", ""),
    ), decided=False)  # fmt: skip
    allergy(story, "Sulfa antibiotics", "hives", "high")
    _follow(story)


def _follow(story: Story) -> None:
    story.add(
        "nair", S.MONITORING, "egfr", ago=80, measure="33914-3 eGFR", unit="mL/min/1.73 m2", green="45..",
        yellow="30..44",
        red="..29", persistence="2 of 2", repeat_days=90, responder="nair",
        yellow_call="call in opening hours", red_call="call in opening hours",
        yellow_instructions="Kidneys a little weaker: drink as usual, no ibuprofen, call before any new medicine.",
        red_instructions="Dr. Nair calls you the same day.",
    )  # fmt: skip
    for days, value in ((-340, 47), (-200, 41), (-60, 38)):
        command = ReadingRecord(entry=story.id("egfr"), value=f"{value:g}", when=story.at(days, 9), device="laboratory")
        story.do("nair", command)
    story.add(
        "ruiz", S.MONITORING, "a1c", ago=80, measure="4548-4 Hemoglobin A1c", unit="%", green="..7.5",
        yellow="7.6..8.9",
        red="9..", persistence="1 of 1", repeat_days=90, responder="ruiz",
    )  # fmt: skip
    story.do("ruiz", ReadingRecord(entry=story.id("a1c"), value="8.4", when=story.at(-20, 9), device="laboratory"))
    story.add(
        "rosa", S.GOALS, "cook", description="To cook on Sundays until Lucía's quinceañera, and after.", voice="rosa",
        priority="high", due=story.day(300), addresses=("ckd",), owner="rosa",
    )  # fmt: skip
    story.add(
        "ruiz", S.GOALS, "sugar", description="A1c below 7.5 % without low sugars.", voice="ruiz", priority="medium",
        measure="4548-4 Hemoglobin A1c", target_high=7.5, unit="%", due=story.day(90), addresses=("dm",), owner="ruiz",
        achievement="improving",
    )  # fmt: skip
    story.add(
        "nair", S.GOALS, "sugar-kidney", description="A1c between 7.6 and 8 %: no low sugars with these kidneys.",
        voice="nair",
        priority="medium", measure="4548-4 Hemoglobin A1c", target_low=7.6, target_high=8, unit="%", due=story.day(90),
        addresses=("ckd",), owner="nair",
    )  # fmt: skip
    for label, actor in (("cook", "ruiz"), ("sugar", "ruiz"), ("sugar-kidney", "nair")):
        story.do(actor, GoalMove(entry=story.id(label), to="active"))
    story.add(
        "ruiz", S.REFERRALS, "eyes", ago=25, kind="specialist", to="Eye clinic, Northside", urgency="routine",
        question="Yearly look at the retina with diabetes; the last was two years ago.", expected_by=story.day(-4),
        tests_done=("A1c 8.4 %",), patient_card="El médico de los ojos mira el fondo del ojo. (The eye doctor looks "
        "into the eye.)",
    )  # fmt: skip
    story.do("ruiz", ReferralSend(entry=story.id("eyes")), ago=25)
    story.do("kim", ReferralReceive(entry=story.id("eyes")), ago=20)
    story.add(
        "carmen", S.CAREGIVER_LOG, "can-she", ago=3, kind="question", when=story.at(-3, 20).isoformat(),
        words="Can she take the ibuprofen from the shop for her knees? It is the only thing that helps.",
    )  # fmt: skip
    story.add(
        "carmen", S.CAREGIVER_LOG, "swelling", kind="observation", severity="mild", when=story.at(-1, 20).isoformat(),
        words="Her ankles are a bit swollen in the evening.",
    )  # fmt: skip
    story.do(
        "ruiz",
        QuestionAnswer(
            entry=story.id("can-she"),
            answer="Please not: ibuprofen harms her kidneys. Acetaminophen 500 mg up to three times a day is safe. I "
            "call you today.",
        ),
    )  # fmt: skip
    story.do(
        "nair",
        SuggestionMake(
            section=S.MEDICATIONS, entry=story.id("ibuprofen"), field="taking", value="stopped",
            words="NSAID with an eGFR of 38 and losartan. Please stop it.",
        ),
    )  # fmt: skip
    story.add(
        "kim", S.SOCIAL_NEEDS, "food", ago=10, domain="food", wants_help="yes", screened_on=story.day(-10),
        tool="Hunger Vital Sign", resource="Northside food pantry, low-salt box", sensitive="no",
        finding="Money for food runs out in the last week of the month; then it is canned soup.",
    )  # fmt: skip
    tasks(story, (
        ("interpreter", "ruiz", "Book a Spanish interpreter for the kidney visit", "kim", 3, "accepted"),
        ("doses", "nair", "Check all doses against an eGFR of 38", "becker", -2, "asked"),
        ("diet", "ruiz", "Send the low-salt recipes in Spanish", "kim", 5, "accepted"),
    ))  # fmt: skip
    tasks(story, (("shop", "kim", "Leave the ibuprofen out of the shopping", "carmen", 1, "accepted"),), family=True)
