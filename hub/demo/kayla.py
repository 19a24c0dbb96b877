"""Kayla, 24: bipolar disorder and lithium. What she tells her psychologist is seen only by those she names."""

from crdt.sections import Section
from hub.demo.stories import Story
from hub.demo.usual import medicines, problems, tasks, team
from hub.workflows.goals import GoalMove
from hub.workflows.readings import ReadingRecord

S = Section


def tell(story: Story) -> None:
    """Write Kayla's steps."""
    story.add(
        "kayla", S.ABOUT_ME, "about", ago=90, what_matters="Finishing my degree. Being asked, not watched.",
        preferred_name="Kay", language="en", interpreter="no", communication_needs="Text first, then call. Evenings "
        "are better.",
        living_situation="Shared flat with two friends; a sister two hours away.",
        strengths="Knows her early signs: less sleep, many plans.",
        treatment_burden=3, contact_preference="text message",
    )  # fmt: skip
    team(story, (
        ("kim", "nurse care manager", "Blood tests on time", ("coordination", "monitoring")),
        ("ruiz", "primary care", "Thyroid, kidneys, contraception", ("medicines",)),
        ("stein", "psychologist", "Therapy, early signs, the safety plan", ("mental health",)),
        ("becker", "pharmacist", "Lithium and what does not go with it", ("medicines",)),
    ))  # fmt: skip
    problems(story, (
        ("thyroid", "Thyroid on the low side", "E03.2", "problem", "mild", -100, "ruiz", "TSH 5.8 on lithium.",
         "The thyroid works a little slowly. We watch it."),
        ("migraine", "Migraine", "G43.009", "problem", "mild", -1500, "ruiz", "Two a month.", ""),
        ("pregnancy", "Pregnancy on lithium", "", "risk", "moderate", -100, "ruiz",
         "Wants no child now; implant until 2028.", ""),
    ))  # fmt: skip
    medicines(story, (
        ("lithium", "lithium carbonate ER", "450 mg", "twice daily", ("morning", "bedtime"), "", "ruiz",
         "Keeps the mood even. Drink enough; no ibuprofen; call when you vomit or have diarrhoea."),
        ("quetiapine", "quetiapine", "100 mg", "once daily", ("bedtime",), "", "ruiz",
         "Helps you sleep and keeps the mood even."),
        ("levothyroxine", "levothyroxine", "25 mcg", "once daily", ("morning",), "thyroid", "ruiz",
         "Half an hour before breakfast."),
    ))  # fmt: skip
    story.add(
        "stein", S.BEHAVIORAL_HEALTH, "bipolar", ago=60, need="Bipolar I disorder, in remission for five months after "
        "a manic episode.",
        therapy_goal="Sleep at least seven hours; call before the second short night.", provider="stein",
        safety_plan="1 Sleep first. 2 Text Dana. 3 Call Dr. Stein 555-0108. 4 988 at any hour. Car keys to Dana in a "
        "high.",
        screening=f"PHQ-9 6, {story.day(-12)}", consent="Kayla agreed to Dr. Ruiz reading this, in person",
    )  # fmt: skip
    story.add(
        "kim", S.MONITORING, "lithium-level", ago=60, measure="14334-7 Lithium level", unit="mmol/L", green="0.6..0.9",
        yellow="0.91..1.2", red="1.21..", persistence="1 of 1", repeat_days=80, responder="ruiz",
        yellow_call="call now", red_call="call now",
        yellow_instructions="Call the nurse before the next tablet.", red_instructions="Take no more tablets and call "
        "now; shaky or confused: 911.",
    )  # fmt: skip
    for days, value in ((-95, 0.7), (-10, 0.98)):
        story.do(
            "ruiz",
            ReadingRecord(
                entry=story.id("lithium-level"), value=f"{value:g}", when=story.at(days, 9), device="laboratory"
            ),
        )
    _plans(story)


def _plans(story: Story) -> None:
    story.add(
        "kayla", S.GOALS, "degree", description="Hand in my thesis in June, sleeping every night.", voice="kayla",
        priority="high",
        due=story.day(190), owner="kayla", barriers="Night shifts at the bar.",
    )  # fmt: skip
    story.add(
        "ruiz", S.GOALS, "level", description="Lithium level 0.6 to 0.9.", voice="ruiz", priority="high",
        measure="14334-7 Lithium level",
        target_low=0.6, target_high=0.9, unit="mmol/L", due=story.day(14), owner="ruiz", achievement="worsening",
    )  # fmt: skip
    story.do("kim", GoalMove(entry=story.id("degree"), to="active"))
    story.do("ruiz", GoalMove(entry=story.id("level"), to="active"))
    story.add(
        "kim", S.SOCIAL_NEEDS, "work", ago=20, domain="employment", wants_help="later", screened_on=story.day(-20),
        tool="PRAPARE",
        finding="Night shifts break her sleep; she needs the money.", sensitive="yes",
    )  # fmt: skip
    tasks(story, (
        ("level", "ruiz", "Repeat the lithium level and creatinine", "kim", 2, "accepted"),
        ("ibuprofen", "ruiz", "Ask what she takes for the migraine", "becker", -1, "asked"),
        ("letter", "stein", "Letter to the university about evening exams", "stein", 7, "accepted"),
    ))  # fmt: skip
    story.add(
        "kayla", S.ADVANCE_CARE, "wishes", kind="conversation",
        priorities="If I am high, call my sister Dana before anyone else.", limits="No haloperidol: it locked my jaw.",
    )  # fmt: skip
