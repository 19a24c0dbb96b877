"""Walter, 72: COPD with oxygen at home, an empty refrigerator, and a machine that needs electricity."""

from crdt.sections import Section
from hub.demo.stories import Story
from hub.demo.usual import medicines, problems, tasks, team
from hub.workflows.goals import GoalMove
from hub.workflows.recommendations import ReferralRecommend, ReferralRecordNeedMet
from hub.workflows.referrals import ReferralAccept, ReferralReport, ReferralSend

S = Section


def tell(story: Story) -> None:
    """Write Walter's steps."""
    story.add(
        "walter", S.ABOUT_ME, "about", ago=90, what_matters="Fishing on the pier once more. Not being a burden to "
        "anyone.",
        preferred_name="Walt", language="en", interpreter="no", communication_needs="Hard of hearing on the left. "
        "Short calls: he gets breathless.",
        living_situation="Alone in a ground-floor flat. Oxygen concentrator, 2 litres. A neighbour, Pete, has a key.",
        strengths="Stopped smoking three years ago. Handy.", treatment_burden=7, contact_preference="telephone",
    )  # fmt: skip
    team(story, (
        ("kim", "nurse care manager", "Calls twice a week, watches the oxygen", ("coordination", "monitoring")),
        ("ruiz", "primary care", "All medicines", ("medicines",)),
        ("okafor", "pulmonology", "Lungs and oxygen", ()),
        ("torres", "social worker", "Food, the electricity bill, company", ("social",)),
    ))  # fmt: skip
    problems(story, (
        ("copd", "COPD, severe", "J44.9", "problem", "severe", -3600, "okafor",
         "FEV1 34 %. Two flare-ups this year, one in hospital.",
         "The airways are narrow and scarred. Breathing out takes long."),
        ("oxygen", "Chronic low oxygen", "J96.11", "problem", "severe", -500, "okafor",
         "2 litres at rest, 3 when walking.",
         "Your blood carries too little oxygen without the machine."),
        ("weight", "Losing weight", "R63.4", "problem", "moderate", -60, "ruiz",
         "5 kg (11 lb) in three months; 54 kg (119 lb) now.", ""),
        ("power", "Power cut at home", "", "risk", "severe", -40, "torres",
         "Electricity bill two months behind; the concentrator depends on it.", ""),
    ))  # fmt: skip
    medicines(story, (
        ("tiotropium", "tiotropium", "18 mcg", "once daily", ("morning",), "copd", "okafor",
         "Opens the airways all day. Every morning, also on good days."),
        ("albuterol", "albuterol", "90 mcg", "every 6 hours when needed", ("when needed",), "copd", "okafor",
         "Opens the airways fast. Four times a day at most; more than that, call."),
    ), route="inhaled")  # fmt: skip
    medicines(story, (
        ("prednisone", "prednisone", "40 mg", "once daily for 5 days", ("morning",), "copd", "okafor",
         "Calms the flare-up. Five days, then stop."),
    ), decided=False)  # fmt: skip
    story.add(
        "okafor", S.MONITORING, "spo2", ago=40, measure="59408-5 Oxygen saturation", unit="%", green="90..100",
        yellow="86..89",
        red="..85", persistence="2 of 3", responder="kim", green_instructions="Go on as you do.",
        yellow_call="call in opening hours", red_call="emergency number",
        yellow_instructions="Call the nurse: oxygen below 90 twice. Rest, pursed lips.",
        red_instructions="Call 911: oxygen at 85 or below, or you cannot finish a sentence.",
    )  # fmt: skip
    story.readings("walter", "spo2", 92, 91, 88, 89, device="finger oximeter")
    _needs(story)


def _needs(story: Story) -> None:
    story.add(
        "torres", S.SOCIAL_NEEDS, "food", ago=30, domain="food", wants_help="yes", screened_on=story.day(-30),
        tool="Hunger Vital Sign",
        finding="Eats once a day in the last week of the month. Cooking makes him breathless.",
        resource="Meals on Wheels", eligibility="Over 60 and homebound: yes.", sensitive="no",
    )  # fmt: skip
    story.add(
        "torres", S.SOCIAL_NEEDS, "power-bill", ago=30, domain="utilities", wants_help="yes",
        screened_on=story.day(-30),
        finding="Two months behind. The company does not know of the oxygen.", resource="Medical baseline programme",
        sensitive="yes",
    )  # fmt: skip
    story.add(
        "torres", S.REFERRALS, "meals", ago=28, kind="community", to="Meals on Wheels, Northside", urgency="urgent",
        question="One warm meal a day, soft, with enough protein.", expected_by=story.day(-14), need="food",
    )  # fmt: skip
    meals = story.id("meals")
    story.do("torres", ReferralSend(entry=meals), ago=28)
    story.do("torres", ReferralAccept(entry=meals), ago=20)
    story.do("torres", ReferralRecordNeedMet(entry=meals, need_met="partly"), ago=2)
    story.add(
        "ruiz", S.REFERRALS, "lungs", ago=20, kind="specialist", to="Pulmonology, Dr. Samuel Okafor",
        recipient="okafor",
        urgency="routine", question="Second flare-up this year: is there more to do than prednisone?",
        expected_by=story.day(2),
        tests_done=("Chest X-ray without infiltrate", "FEV1 34 %"), patient_card="Dr. Okafor looks at your lungs and "
        "your inhalers.",
    )  # fmt: skip
    lungs = story.id("lungs")
    story.do("ruiz", ReferralSend(entry=lungs), ago=20)
    story.do("okafor", ReferralAccept(entry=lungs), ago=18)
    story.do(
        "okafor",
        ReferralReport(
            entry=lungs, answer="Frequent flare-ups despite tiotropium. Inhaler technique was poor and is corrected."
        ),
        ago=1,
    )
    story.do(
        "okafor",
        ReferralRecommend(entry=lungs, recommendation="Add a long-acting beta agonist inhaler after an ECG"),
        ago=1,
    )
    story.do(
        "okafor", ReferralRecommend(entry=lungs, recommendation="Pulmonary rehabilitation at home by video"), ago=1
    )
    story.add(
        "walter", S.GOALS, "pier", description="Fish from the pier with Pete in spring.", voice="walter",
        priority="high",
        due=story.day(150), addresses=("copd",), barriers="The portable oxygen lasts two hours.", owner="walter",
    )  # fmt: skip
    story.add(
        "kim", S.GOALS, "gain", description="Back to 58 kg (128 lb).", voice="kim", priority="high",
        measure="29463-7 Body weight",
        target_low=58, unit="kg", due=story.day(60), addresses=("weight",), owner="kim",
    )  # fmt: skip
    story.do("kim", GoalMove(entry=story.id("pier"), to="active"))
    story.do("kim", GoalMove(entry=story.id("gain"), to="active"))
    tasks(story, (
        ("register", "kim", "Register the oxygen with the power company", "torres", -1, "accepted"),
        ("backup", "okafor", "Order a second oxygen cylinder for power cuts", "kim", 1, "asked"),
        ("weigh", "ruiz", "Weigh Walter at home and write it down", "kim", 4, "accepted"),
    ))  # fmt: skip
    story.add(
        "kim", S.ADVANCE_CARE, "wishes", kind="conversation",
        priorities="No breathing machine for long. The mask at night is all right.", limits="Not a nursing home.",
    )  # fmt: skip
