"""What an entry's state means for whoever glances at it: in words, with a tone that colour only repeats."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from crdt.fields import Value
from crdt.sections import TEAM_ALONE, Section
from hub.safety.allergens import NO_ALLERGY, read_allergy
from hub.safety.plan_charts import allergy_line
from hub.workflows.alarm_wordings import alarm_told
from hub.workflows.contents import day as day_in
from hub.workflows.contents import plain_day
from hub.workflows.doses import told_lately
from hub.workflows.home_reports import is_report
from hub.workflows.monitoring import Alarmed, alarm
from hub.workflows.question_states import Side, answered, turn_of
from web.views.people import PlanPeople
from web.views.words import Reading, count, day, day_of, instant_of, sentence

TASK_OPEN: Final = frozenset({"requested", "received", "accepted", "in progress", "on hold"})
TASK_UNOWNED: Final = frozenset({"requested", "received"})
REFERRAL_WAITING: Final = frozenset({"requested", "received", "accepted", "scheduled", "seen"})
REFERRAL_QUIET_DAYS: Final = 7
"""After this many days in one state without an answer the silence is said aloud."""


class Tone(StrEnum):
    """How much a badge asks for attention; danger is kept for what can hurt the patient now."""

    DANGER = "danger"
    ALERT = "alert"
    WARN = "warn"
    GOOD = "good"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Badge:
    """A state in words."""

    words: str
    tone: Tone = Tone.PLAIN
    brief: str = ""
    """The same in the few words of a row, where those say less."""
    late: bool = False
    """A day has passed."""
    today: bool = False
    """This is the day, which a row says in its own column."""
    asks: bool = False
    """Somebody waits for an answer."""


OLD_WORDS: Final = Badge("Plain words out of date: say it anew for the family", Tone.WARN, "Plain words old")
"""What the plain words explain has changed since they were written."""

CAUTIOUS: Final = Badge("Caution", Tone.WARN)
UNCHECKED: Final = Badge("Not checked", Tone.WARN)
DANGEROUS: Final = Badge("Danger, reason missing", Tone.DANGER, "Danger")
"""A rule finds the medicine dangerous and nobody has answered."""

Values = Mapping[str, Value]


def badges(section: Section, values: Values, people: PlanPeople, reading: Reading) -> tuple[Badge, ...]:
    """Return an entry's badges, the most urgent first."""
    rule = _RULES.get(section)
    found = rule(values, people, reading) if rule is not None else []
    if values.get("status") == "retired":
        return (Badge("Retired"), *[each for each in found if each.tone is Tone.PLAIN][:1])
    review = day_of(values.get("review_due"))
    if review is not None and review < reading.today:
        found.append(Badge(f"Review was due {count((reading.today - review).days, 'day')} ago", Tone.WARN))
    if reading.died and values.get("kind") != "allergy":
        found = [each for each in found if each.tone in (Tone.GOOD, Tone.PLAIN)]
    return tuple(sorted(found, key=lambda each: list(Tone).index(each.tone)))


def overdue_days(values: Values, name: str, reading: Reading) -> int:
    """Return by how many days a date of the entry has passed, 0 where it has not."""
    due = day_of(values.get(name))
    return max((reading.today - due).days, 0) if due is not None else 0


def _late(days: int) -> str:
    return f"{count(days, 'day')} late"


def _task(values: Values, people: PlanPeople, reading: Reading) -> list[Badge]:
    state = str(values.get("state") or "requested")
    tone = Tone.GOOD if state == "completed" else Tone.ALERT if state in ("rejected", "failed") else Tone.PLAIN
    found = [Badge(sentence(state), tone)]
    if state in TASK_UNOWNED:
        owner = people.person(str(values.get("owner") or ""))
        words = f"Not accepted by {owner.name} yet" if owner else "No owner yet"
        found.append(Badge(words, Tone.WARN, "Not accepted" if owner else ""))
    days = overdue_days(values, "due", reading)
    if state in TASK_OPEN and days:
        found.append(Badge(f"Overdue by {count(days, 'day')}", Tone.ALERT, _late(days), late=True))
    elif state in TASK_OPEN and day_of(values.get("due")) == reading.today:
        found.append(Badge("Due today", Tone.WARN, today=True))
    return found


def _referral(values: Values, people: PlanPeople, reading: Reading) -> list[Badge]:
    state = str(values.get("state") or "draft")
    alert = state in ("rejected", "no-show")
    found = [Badge(sentence(state), Tone.ALERT if alert else Tone.GOOD if state == "closed" else Tone.PLAIN)]
    if state not in REFERRAL_WAITING:
        return found
    days = overdue_days(values, "expected_by", reading)
    since = instant_of(values.get("state_since"))
    quiet = (reading.now - since).days if since is not None else 0
    if days:
        found.append(Badge(f"Answer overdue by {count(days, 'day')}", Tone.ALERT, _late(days), late=True))
    elif quiet >= REFERRAL_QUIET_DAYS:
        found.append(Badge(f"No word for {count(quiet, 'day')}", Tone.WARN))
    return found


def _medicine(values: Values, people: PlanPeople, reading: Reading) -> list[Badge]:
    if values.get("kind") == "allergy":
        if read_allergy(allergy_line(values)).kind in NO_ALLERGY:
            return []
        high = values.get("criticality") == "high"
        return [Badge("Allergy, high criticality" if high else "Allergy", Tone.ALERT if high else Tone.WARN)]
    found = []
    if values.get("reconciliation") == "unreconciled":
        found.append(Badge("Not reconciled", Tone.WARN))
    elif values.get("reconciliation") == "prepared":
        found.append(Badge("Prepared, not decided yet", Tone.WARN, "Not reconciled"))
    elif values.get("reconciliation") == "continue":
        found.append(Badge("Reconciled, continue", Tone.GOOD, "Reconciled"))
    elif values.get("reconciliation"):
        found.append(Badge(f"Reconciled, {values['reconciliation']}", brief="Reconciled"))
    if values.get("taking") in ("on hold", "stopped", "planned"):
        until = day_in(values, "hold_until") if values["taking"] == "on hold" else None
        found.append(Badge(sentence(str(values["taking"])) + (f" until {plain_day(until)}" if until else "")))
    if values.get("takes") in ("differently", "no"):
        how = "Taken differently than prescribed" if values["takes"] == "differently" else "Not taken"
        found.append(Badge(how, Tone.WARN, "Taken differently" if values["takes"] == "differently" else ""))
    missed, told = told_lately(values, reading.today)
    if missed:
        words = f"{missed} of {count(told, 'dose')} not taken as prescribed, in 7 days"
        found.append(Badge(words, Tone.WARN, "Missed doses"))
    return found


def _goal(values: Values, people: PlanPeople, reading: Reading) -> list[Badge]:
    found = [Badge(sentence(str(values["lifecycle"])))] if values.get("lifecycle") else []
    achieved = str(values.get("achievement") or "")
    if achieved in ("achieved", "improving"):
        found.append(Badge(sentence(achieved), Tone.GOOD))
    elif achieved in ("worsening", "not attainable", "not achieved"):
        found.append(Badge(sentence(achieved), Tone.WARN))
    days = overdue_days(values, "due", reading)
    if days and achieved != "achieved":
        found.append(Badge(f"Target date passed {count(days, 'day')} ago", Tone.WARN, f"{_late(days)}"))
    return found


def _transition(values: Values, people: PlanPeople, reading: Reading) -> list[Badge]:
    found = [Badge(sentence(str(values["event"])))] if values.get("event") else []
    if values.get("severity") in ("watcher", "unstable"):
        found.append(Badge(sentence(str(values["severity"])), Tone.ALERT))
    for due, done, what in (("contact_due", "contact_done", "Contact"), ("visit_due", "visit_done", "Visit")):
        by, days = day_of(values.get(due)), overdue_days(values, due, reading)
        if by is None or values.get(done):
            continue
        late = f"{what} overdue by {count(days, 'day')}"
        late_badge = Badge(late, Tone.ALERT, f"{what} {_late(days)}", late=True)
        found.append(late_badge if days else Badge(f"{what} by {day(by)}", Tone.WARN))
    if values.get("visit_due") and values.get("medicines_reconciled") != "yes":
        found.append(Badge("Medicines not reconciled", Tone.WARN))
    return found


def _social_need(values: Values, people: PlanPeople, reading: Reading) -> list[Badge]:
    met = values.get("need_met")
    if met == "yes":
        return [Badge("Need met", Tone.GOOD)]
    found = [
        Badge(
            "Need partly met" if met == "partly" else "Need not met",
            Tone.WARN,
            "Partly met" if met == "partly" else "Not met",
        )
    ]
    return found if values.get("wants_help") == "yes" else [Badge("Help not wanted now")]


def _from_home(values: Values, people: PlanPeople, reading: Reading) -> list[Badge]:
    if is_report(values):
        if answered(values):
            return [Badge("Hospital stay")]
        return [Badge("Hospital stay told from home, not confirmed yet", Tone.WARN, "Not confirmed", asks=True)]
    kind = str(values.get("topic") or values.get("kind") or "")
    found = [Badge("For the team alone", brief="Team alone")] if values.get("readers") == TEAM_ALONE else []
    if turn_of(values) is Side.ASKED:
        return [Badge(f"{sentence(kind)}, no answer yet", Tone.WARN, "No answer", asks=True), *found]
    return [Badge(sentence(kind)), *found] if kind else found


def _care_team(values: Values, people: PlanPeople, reading: Reading) -> list[Badge]:
    found = [Badge("Steward of the plan", Tone.GOOD, "Steward")] if values.get("steward") == "yes" else []
    if values.get("accepted") == "asked":
        found.append(Badge("Has not accepted yet", Tone.WARN, "Not accepted"))
    return found


def _huddle(values: Values, people: PlanPeople, reading: Reading) -> list[Badge]:
    return [Badge("Signed", Tone.GOOD)] if values.get("content_hash") else [Badge("Not signed yet", brief="Not signed")]


def _measure(values: Values, people: PlanPeople, reading: Reading) -> list[Badge]:
    standing = alarm(values, reading.now)
    if standing is None:
        return []
    told = alarm_told(values, standing, reading.zone)
    if standing.zone == "red":
        return [Badge(told, Tone.ALERT, "red, not answered", asks=True)]
    brief = {Alarmed.SILENCE: "no reading", Alarmed.TREND: "changed fast"}.get(standing.about, "not answered")
    return [Badge(told, Tone.WARN, brief)]


_RULES: Final[Mapping[Section, Callable[[Values, PlanPeople, Reading], list[Badge]]]] = {
    Section.TASKS: _task,
    Section.REFERRALS: _referral,
    Section.MEDICATIONS: _medicine,
    Section.GOALS: _goal,
    Section.TRANSITIONS: _transition,
    Section.SOCIAL_NEEDS: _social_need,
    Section.CAREGIVER_LOG: _from_home,
    Section.CARE_TEAM: _care_team,
    Section.HUDDLES: _huddle,
    Section.MONITORING: _measure,
}
