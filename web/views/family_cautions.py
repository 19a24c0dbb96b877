"""What the safety rules say to the people at home of each medicine, with what to do until somebody has looked.

A danger that a clinician has set aside is not told: it was weighed, and the reason stands in the plan.
"""

from collections.abc import Mapping
from datetime import datetime

from hub.live.commands import PlanContent
from hub.safety.pairing import product_of
from hub.safety.plan_charts import medicine_line
from hub.safety.rules import FAMILY_DOES, FAMILY_DOES_ES, FamilyAdvice
from hub.safety.stopping import must_go_on
from hub.safety.weighing import open_dangers
from hub.workflows.contents import words
from hub.workflows.family import UNFITTING, Advice, Caution
from hub.workflows.medications import current


def cautions_of(plan: PlanContent, now: datetime, language: str = "en") -> Mapping[str, tuple[Caution, ...]]:
    """Return by medicine the open dangers, in the family's words and, where the rules have it, their language; and of
    which the chosen times of day do not fit how often it is taken: two who chose at once may have left both."""
    found: dict[str, tuple[Caution, ...]] = {}
    for finding in open_dangers(plan, now):
        advice = Advice.KEEP if finding.act is FamilyAdvice.KEEP else Advice.ASK
        # What to do is the caution's to say: of one that must not be stopped, the rule's own words would be wrong.
        told, does = (finding.family_es, FAMILY_DOES_ES) if language == "es" else (finding.family, FAMILY_DOES)
        reason = told.removesuffix(does[finding.act]).strip()
        for entry in finding.medicine_entries:
            found[entry] = (*found.get(entry, ()), Caution(advice, reason, "es" if language == "es" else "en"))
    for each in current(plan):
        if product_of(medicine_line(each)).times_contradict:
            found[each.id] = (*found.get(each.id, ()), Caution(Advice.ASK, UNFITTING))
    return found


def medicines_that_go_on(plan: PlanContent) -> frozenset[str]:
    """Return the medicines in use that must not be stopped suddenly."""
    return frozenset(each.id for each in current(plan) if must_go_on(words(each.values, "name")))
