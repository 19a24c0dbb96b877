"""Before a command changes a medicine: a danger that would stand on it afterwards needs a reason.

Facts are never refused: an allergy, a problem or a reading is recorded whatever follows from it. Live edits are kept as
they are; the page marks them. What is brought in from elsewhere (``brought_in``) is marked too, never refused.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from auth.roles import Participant
from crdt.changes import Append, Assign, Change, Create, Include
from crdt.sections import Section
from hub.live.commands import Command, PlanContent, Refusal, why
from hub.safety.findings import Finding
from hub.safety.plan_charts import screened
from hub.safety.rules import Severity
from hub.workflows.findings import ASIDE, asides, set_aside
from hub.workflows.imagined import imagined

DANGER: Final = "danger"
"""The code of the refusal; its field is ``DESPITE``."""
DESPITE: Final = "despite"

_TELLING: Final = frozenset({"name", "dose", "frequency", "route", "rxcui", "ingredients", "taking", "status", "kind"})
_DECIDED: Final = frozenset({"continue", "change"})


def despite(command: Command) -> str:
    """Return why the command is right all the same, ``""`` where nobody said."""
    reason = getattr(command, DESPITE, "")
    return reason.strip() if isinstance(reason, str) and reason.strip() else why(command)


def weighed(
    plan: PlanContent,
    command: Command,
    changes: Sequence[Change],
    actor: Participant,
    now: datetime,
    new_id: Callable[[], str],
) -> Sequence[Change] | Refusal:
    """Return the changes, with the reason kept beside each danger that they leave standing; a refusal without one."""
    touched = _medicines(changes)
    if not touched or getattr(command, "brought_in", False):
        return changes
    dangers = dangers_of(plan, changes, now)
    if not dangers:
        return changes
    reason = despite(command)
    if not reason:
        told = " ".join(each.text for each in dangers)
        first = next(each for each in dangers[0].medicine_entries if each in touched)
        return Refusal(DANGER, f"{told} Say why it is right all the same.", first, DESPITE)
    kept = [
        set_aside(each.medicine_entries[0], each.rule, each.fingerprint, reason, actor, now, new_id) for each in dangers
    ]
    return [*changes, *kept]


def dangers_of(plan: PlanContent, changes: Sequence[Change], now: datetime) -> list[Finding]:
    """Return the dangers that the changes would leave on the medicines they touch, unless they are set aside."""
    touched = _medicines(changes)
    if not touched:
        return []
    return [each for each in open_dangers(imagined(plan, changes, by=0), now) if touched & set(each.medicine_entries)]


def answered_by(plan: PlanContent, changes: Sequence[Change], now: datetime) -> tuple[tuple[str, str], ...]:
    """Return what became of findings by a command's changes, as rule and ``set-aside`` or ``acted-on``.

    Acted on is a danger that stood open before and stands in no way any more, other than by being set aside.
    """
    aside = [each.record for each in changes if isinstance(each, Append) and each.field == ASIDE]
    found = [(str(each.get("rule", "")), "set-aside") for each in aside]
    if _medicines(changes):
        after = {_of(each) for each in screened(imagined(plan, changes, by=0), now).findings}
        found += [(each.rule, "acted-on") for each in open_dangers(plan, now) if _of(each) not in after]
    return tuple(found)


def _of(finding: Finding) -> tuple[str, tuple[str, ...]]:
    return finding.rule, finding.medicine_entries


def open_dangers(plan: PlanContent, now: datetime) -> list[Finding]:
    """Return the dangers of a plan that nobody has set aside."""
    known = asides(plan)
    return [
        each
        for each in screened(plan, now).findings
        if each.severity is Severity.DANGER and each.fingerprint not in known
    ]


def _medicines(changes: Sequence[Change]) -> set[str]:
    """Return the medicines of which the changes say something that the rules read."""
    touched: set[str] = set()
    for change in changes:
        if change.section is not Section.MEDICATIONS:
            continue
        match change:
            case Create(entry=entry):
                touched.add(entry)
            case Assign(entry=entry, field=name, value=value):
                if name in _TELLING or (name == "reconciliation" and value in _DECIDED):
                    touched.add(entry)
            case Include(entry=entry, field=name):
                if name in _TELLING:
                    touched.add(entry)
            case _:
                pass
    return touched
