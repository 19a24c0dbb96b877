"""Harold, 84, with dementia, and Ingrid, who has not slept through a night in months."""

from crdt.sections import Section
from hub.demo.stories import Story
from hub.demo.usual import allergy, medicines, problems, tasks, team
from hub.workflows.advance_care import AdvanceCareSign
from hub.workflows.goals import GoalMove
from hub.workflows.referrals import ReferralReject, ReferralSend

S = Section


def tell(story: Story) -> None:
    """Write Harold's steps."""
    story.add(
        "ingrid", S.ABOUT_ME, "about", ago=90, what_matters="He wants to be with me, in our garden. He says: where is "
        "Ingrid?",
        preferred_name="Harold", language="en", interpreter="no", communication_needs="Short sentences, one thing at "
        "a time, eye contact. Wears hearing aids.",
        living_situation="With his wife Ingrid, 81, two-storey house, bedroom upstairs.",
        strengths="Loves music and the garden. Still shaves himself.",
        treatment_burden=6, contact_preference="telephone",
    )  # fmt: skip
    team(story, (
        ("kim", "nurse care manager", "Holds the plan together", ("coordination",)),
        ("ruiz", "primary care", "Medicines, fewer rather than more", ("medicines",)),
        ("torres", "social worker", "Day care, respite, Ingrid", ("social",)),
        ("becker", "pharmacist", "What can be stopped", ("medicines",)),
        ("ingrid", "wife", "Everything, day and night", ("daily care",)),
    ))  # fmt: skip
    problems(story, (
        ("dementia", "Alzheimer's disease, moderate", "G30.1", "problem", "moderate", -1500, "ruiz",
         "Needs help with washing and dressing. Wanders at night.",
         "An illness of the brain that slowly takes memory and orientation."),
        ("falls", "Falls", "R29.6", "risk", "severe", -90, "kim", "Two falls in three months, one on the stairs, no "
         "fracture.", ""),
        ("strain", "Ingrid is exhausted", "Z63.6", "concern", "severe", -60, "torres",
         "Zarit 52 of 88. She forgets her own pills.", ""),
        ("prostate", "Enlarged prostate", "N40.1", "problem", "mild", -3000, "ruiz", "Up three times a night.", ""),
    ))  # fmt: skip
    allergy(story, "Codeine", "confusion", "high")
    medicines(story, (
        ("donepezil", "donepezil", "10 mg", "once daily", ("bedtime",), "dementia", "ruiz",
         "For memory. It can give bad dreams; tell us."),
        ("tamsulosin", "tamsulosin", "0.4 mg", "once daily", ("evening",), "prostate", "ruiz",
         "Helps him pass water. Stand up slowly."),
        ("sertraline", "sertraline", "50 mg", "once daily", ("morning",), "dementia", "ruiz", "For low mood."),
    ))  # fmt: skip
    medicines(story, (
        ("diphenhydramine", "diphenhydramine", "25 mg", "once daily", ("bedtime",), "", "", ""),
        ("lorazepam", "lorazepam", "0.5 mg", "once daily", ("bedtime",), "dementia", "ruiz", ""),
    ), decided=False)  # fmt: skip
    _home(story)


def _home(story: Story) -> None:
    story.add(
        "ingrid", S.CAREGIVER_LOG, "told-of-strain", kind="strain", severity="severe", when=story.at(-1, 5).isoformat(),
        words="I was up with him five times. I shouted at him and I am ashamed. I do not know how long I can do this.",
    )  # fmt: skip
    story.add(
        "ingrid", S.CAREGIVER_LOG, "pills", kind="question", severity="mild", when=story.at(-2, 18).isoformat(),
        words="Someone in the pharmacy gave us a sleeping tablet, the pink one. Is it good for him?",
        related="diphenhydramine",
    )  # fmt: skip
    story.add(
        "torres", S.SOCIAL_NEEDS, "respite", ago=20, domain="loneliness", wants_help="yes",
        screened_on=story.day(-20), tool="Zarit Burden Interview",
        finding="No one relieves her. Neighbours come on Saturdays only.",
        resource="Adult day centre, two days a week", sensitive="no",
    )  # fmt: skip
    story.add(
        "torres", S.SOCIAL_NEEDS, "safety", ago=20, domain="safety", wants_help="later", screened_on=story.day(-20),
        finding="Stove left on twice. Front door has no alarm. Asked gently about rough handling: none.",
        sensitive="yes",
    )  # fmt: skip
    story.add(
        "torres", S.REFERRALS, "day-centre", ago=15, kind="community", to="Lakeside adult day centre", urgency="urgent",
        question="Two days a week for a man with moderate dementia who walks and wanders.", expected_by=story.day(-5),
        need="respite",
    )  # fmt: skip
    story.do("torres", ReferralSend(entry=story.id("day-centre")), ago=15)
    story.do(
        "torres",
        ReferralReject(entry=story.id("day-centre"), reason="No place before spring. Try Oak House, 555-0190."),
        ago=3,
    )
    story.add(
        "ingrid", S.GOALS, "night", description="One night of sleep a week.", voice="ingrid", priority="high",
        due=story.day(30),
        addresses=("strain",), owner="torres",
    )  # fmt: skip
    story.add(
        "kim", S.GOALS, "no-falls", description="No fall in three months.", voice="kim", priority="high",
        measure="52552-7 Falls in the past 7 days",
        target_high=0, unit="falls", due=story.day(90), addresses=("falls",), owner="kim",
    )  # fmt: skip
    story.do("kim", GoalMove(entry=story.id("night"), to="active"))
    story.do("kim", GoalMove(entry=story.id("no-falls"), to="active"))
    tasks(story, (
        ("respite", "torres", "Ask Oak House for a place", "torres", 1, "accepted"),
        ("taper", "ruiz", "Plan to taper lorazepam and stop diphenhydramine", "becker", -3, "asked"),
        ("rails", "ruiz", "Order a second rail for the stairs", "kim", -1, "accepted"),
        ("call", "kim", "Call Ingrid this morning about the night", "torres", 0, "asked"),
    ))  # fmt: skip
    story.add(
        "ruiz", S.ADVANCE_CARE, "wishes", ago=200, kind="POLST", document="POLST of 2025", agent="ingrid",
        priorities="At home, with music, without pain.", limits="No hospital unless a bone is broken or he is in pain.",
    )  # fmt: skip
    story.do("ruiz", AdvanceCareSign(entry=story.id("wishes"), code_status="do not resuscitate"), ago=10)
    story.add("torres", S.STAFF_NOTES, "note", words="Ingrid cries when Harold is out of the room. Offer her own "
    "appointment with Dr. Stein.")  # fmt: skip
