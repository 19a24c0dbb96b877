"""What a family is told of the list that comes out: new, changed, stopped, held, the same; and what has to be done."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from auth.roles import Participant, Role
from hub.workflows.contents import plain_day
from hub.workflows.list_decisions import CHANGE, CONTINUE, HOLD, OPEN, STOP, LineDecision, taken, why
from hub.workflows.medicine_lists import ListedMedicine, ListLine
from hub.workflows.steps import Step

PARTS: Final[Mapping[str, str]] = {
    "new": "New",
    "changed": "Changed",
    "stopped": "Stopped: do not take it any more",
    "held": "On hold",
    "same": "The same",
    "open": "Not decided yet",
}
"""The parts of the sheet in their order."""

TITLE_CHARACTERS_MAX: Final = 300


def part_of(line: ListLine, decision: LineDecision | None) -> str:
    """Return in which part of the sheet a line stands."""
    if decision is None or decision.decision in OPEN:
        return "open"
    if decision.decision in (STOP, HOLD):
        return "stopped" if decision.decision == STOP else "held"
    if not line.entry:
        return "new"
    held = next(each for each in line.items if each.entry)
    changed = decision.decision == CHANGE and taken(line, decision) != held.medicine
    return "changed" if changed or held.taking == "on hold" else "same"


def sheet_of(
    lines: Sequence[ListLine],
    decisions: Mapping[str, LineDecision],
    sources: Mapping[str, str],
    plain: Mapping[str, str],
) -> dict[str, list[dict[str, str]]]:
    """Return each part with its medicines. ``plain``: what the plan says of an entry in plain words.

    Of a medicine that is stopped it says how to take it, and not to stop: there it is left out.
    """
    parts: dict[str, list[dict[str, str]]] = {name: [] for name in PARTS}
    for line in lines:
        decision = decisions.get(line.key)
        part = part_of(line, decision)
        said = decision or LineDecision(decision=CONTINUE)
        medicine = taken(line, said)
        was = next((each.medicine for each in line.items if each.entry), None)
        told = {
            "name": medicine.name,
            "now": _how(medicine),
            "was": _how(was) if part == "changed" and was is not None and _how(was) != _how(medicine) else "",
            "words": said.family.strip() or ("" if part == "stopped" else plain.get(line.entry, "")),
            "why": why(line, said, sources) if part in ("new", "changed", "stopped", "held") else "",
            "until": plain_day(said.until) if part == "held" and said.until is not None else "",
            "until_day": said.until.isoformat() if part == "held" and said.until is not None else "",
        }
        parts[part].append(told)
    return parts


def _how(medicine: ListedMedicine) -> str:
    return ", ".join(each for each in (medicine.dose, medicine.route, medicine.frequency) if each)


def following(
    lines: Sequence[ListLine],
    decisions: Mapping[str, LineDecision],
    team: Sequence[Participant],
    signer: str,
    today: date,
) -> list[Step]:
    """Return the tasks that follow, with whoever is nearest to each: what was stopped leaves the house, and so on."""
    parts: dict[str, list[str]] = {}
    steps: list[Step] = []
    for line in lines:
        decision = decisions.get(line.key)
        part = part_of(line, decision)
        parts.setdefault(part, []).append(line.name)
        if part == "held" and decision is not None and decision.until is not None:
            title = _title(f"Decide on {line.name}: on hold until {plain_day(decision.until)}", [])
            steps.append(Step(title=title, owner=signer, due=decision.until))
        if part == "stopped" and line.entry:
            parts.setdefault("leaves", []).append(line.name)
    told = [f"{word} {', '.join(parts[part])}" for part, word in _CHANGES if parts.get(part)]
    if told:
        owner = _first(team, Role.PHARMACIST) or signer
        steps.insert(0, Step(title=_title("Tell the pharmacy", told), owner=owner, due=today + timedelta(days=1)))
    if parts.get("leaves"):
        owner = _first(team, Role.GUARDIAN) or _first(team, Role.FAMILY) or _first(team, Role.CARE_MANAGER) or signer
        title = _title(f"Take {', '.join(parts['leaves'])} out of the house", [])
        steps.insert(0, Step(title=title, owner=owner, due=today + timedelta(days=1)))
    return steps


_CHANGES: Final = (("new", "new"), ("changed", "changed"), ("stopped", "stopped"), ("held", "on hold"))


def _title(told: str, rest: Sequence[str]) -> str:
    whole = f"{told}: {'; '.join(rest)}" if rest else told
    return whole if len(whole) <= TITLE_CHARACTERS_MAX else f"{told}: see the signed list of medicines"[:300]


def _first(team: Sequence[Participant], role: Role) -> str:
    return next((each.person_id for each in team if each.role is role and not each.removed), "")
