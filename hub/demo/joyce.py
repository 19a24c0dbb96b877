"""Joyce, 77: heart failure, and the scale says red: three kilograms in four days."""

from crdt.sections import Section
from hub.demo.stories import Story
from hub.demo.usual import allergy, medicines, problems, tasks, team
from hub.workflows.goals import GoalMove
from hub.workflows.transitions import TransitionContacted, TransitionRecord

S = Section


def tell(story: Story) -> None:
    """Write Joyce's steps."""
    story.add(
        "joyce", S.ABOUT_ME, "about", ago=90, what_matters="Singing in the choir at Easter. Sleeping flat in my own "
        "bed.",
        preferred_name="Joyce", language="en", interpreter="no", communication_needs="Large print. Uses the "
        "telephone, not the computer.",
        faith_culture_diet="Baptist; church suppers are salty.", living_situation="With her son Marcus, who works "
        "nights.",
        strengths="Weighs herself every morning without fail.", treatment_burden=5, contact_preference="telephone",
    )  # fmt: skip
    team(story, (
        ("kim", "nurse care manager", "Watches the weight, calls the same day", ("monitoring", "coordination",
         "transitions")),
        ("ruiz", "primary care", "All medicines", ("medicines",)),
        ("lee", "cardiology", "Heart failure medicines", ("medicines",)),
        ("marcus", "son", "Shopping, rides, the pill box", ("daily care",)),
    ))  # fmt: skip
    problems(story, (
        ("hf", "Heart failure with reduced ejection fraction", "I50.22", "problem", "severe", -800, "lee",
         "Ejection fraction 32 %. In hospital 24 days ago with fluid.",
         "The heart pumps weakly, so water stays in legs and lungs."),
        ("af", "Atrial fibrillation", "I48.20", "problem", "moderate", -700, "lee", "Rate controlled, on apixaban.",
         "The heart beats unevenly. A blood thinner prevents strokes."),
        ("ckd", "Chronic kidney disease, stage 3a", "N18.31", "problem", "mild", -600, "ruiz", "eGFR 51.", ""),
    ))  # fmt: skip
    allergy(story, "Lisinopril", "cough", "low")
    story.do(
        "ruiz",
        TransitionRecord(
            event="admitted", facility="Northside General Hospital, 4 West", setting="inpatient", start=story.at(-24,
            8),
            reason="Breathless, 6 kg of fluid.",
        ),
        "stay", ago=23,
    )  # fmt: skip
    story.do(
        "ruiz",
        TransitionRecord(
            entry=story.id("stay"), event="discharged", destination="home",
            end=story.at(-19, 15), visit_days="7", severity="watcher",
            summary="Fluid lost 6 kg (13 lb); dry weight 68 kg (150 lb).",
            contingency="Cannot breathe lying down, or chest pain: call 911.", contingency_call="emergency number",
            plain_words="Water had gathered in your lungs. The water pill took it away. Weigh yourself every morning.",
        ),
        ago=18,
    )  # fmt: skip
    story.do("kim", TransitionContacted(entry=story.id("stay"), when=story.at(-18, 10)))
    medicines(story, (
        ("furosemide", "furosemide", "40 mg", "once daily", ("morning",), "hf", "lee",
         "Water pill. You will pass more water for a few hours."),
        ("entresto", "sacubitril and valsartan", "49 mg/51 mg", "twice daily", ("morning", "evening"), "hf", "lee",
         "Helps the heart. Stand up slowly."),
        ("metoprolol", "metoprolol succinate ER", "100 mg", "once daily", ("morning",), "hf", "lee",
         "Slows the heart."),
        ("apixaban", "apixaban", "5 mg", "twice daily", ("morning", "evening"), "af", "lee",
         "Blood thinner. Do not skip it."),
    ))  # fmt: skip
    _watch(story)


def _watch(story: Story) -> None:
    story.add(
        "kim", S.MONITORING, "weight", ago=18, measure="29463-7 Body weight", unit="kg", green="66..69",
        yellow="69.1..70.4",
        red="70.5..", persistence="2 of 3", responder="kim", green_instructions="Go on as you do.",
        yellow_call="call in opening hours", red_call="call now",
        yellow_instructions="Call the nurse: 1 kg (2 lb) over your dry weight of 68 kg (150 lb) for two days.",
        red_instructions="Call the nurse now: 2.5 kg (5 lb) over. Cannot breathe lying down: call 911.",
    )  # fmt: skip
    story.readings("joyce", "weight", 68.2, 68.4, 68.9, 69.8, 70.6, 71.2, device="bathroom scale")
    story.add(
        "kim", S.MONITORING, "pressure", ago=18, measure="8480-6 Systolic blood pressure", unit="mmHg", green="95..129",
        yellow="130..159", red="160..", persistence="2 of 3", responder="kim",
    )  # fmt: skip
    story.readings("joyce", "pressure", 118, 122, 121, device="upper arm cuff")
    story.add(
        "marcus", S.CAREGIVER_LOG, "night", kind="concern", severity="moderate", when=story.at(-1, 22).isoformat(),
        words="She slept in the armchair the last two nights, breathless at night.", related="hf",
    )  # fmt: skip
    story.add(
        "marcus", S.CAREGIVER_LOG, "supper", kind="observation", severity="mild", when=story.at(-3, 21).isoformat(),
        words="Church supper on Sunday: ham and gravy.",
    )  # fmt: skip
    story.add(
        "joyce", S.GOALS, "choir", description="Sing in the choir at Easter.", voice="joyce", priority="high",
        due=story.day(120), addresses=("hf",), owner="joyce",
    )  # fmt: skip
    story.add(
        "lee", S.GOALS, "dry", description="Dry weight 68 kg (150 lb), within 1 kg.", voice="lee", priority="high",
        measure="29463-7 Body weight", target_low=67, target_high=69, unit="kg", due=story.day(30), addresses=("hf",),
        owner="kim", achievement="worsening",
    )  # fmt: skip
    story.do("kim", GoalMove(entry=story.id("choir"), to="active"))
    story.do("lee", GoalMove(entry=story.id("dry"), to="active"))
    tasks(story, (
        ("visit", "kim", "See Joyce within 7 days of discharge", "ruiz", -12, "accepted"),
        ("scale", "lee", "Call Joyce about the weight today", "kim", 0, "asked"),
        ("potassium", "ruiz", "Order potassium and creatinine", "ruiz", 1, "accepted"),
    ))  # fmt: skip
    tasks(
        story,
        (("salt", "kim", "Look for hidden salt in the kitchen with the list", "marcus", 2, "asked"),),
        family=True,
    )
    story.add(
        "ruiz", S.ADVANCE_CARE, "wishes", ago=60, kind="living will", document="Signed 2025", agent="marcus",
        priorities="Comfort and my church.", limits="No feeding tube.",
    )  # fmt: skip
    story.edit("kim", S.CARE_TEAM, "team-kim", "hours", "Every day, 8 to 6, for the weight")
