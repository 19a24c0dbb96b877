"""One notification in words: what happened to whose plan, told to the patient or to a member of staff."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from crdt.sections import SECTIONS, Section
from hub.record.journal import Row
from hub.store.notifications import Told
from hub.workflows.contents import plain_day
from web.views.people import SOMEONE
from web.views.words import Moment, Reading, moment

_VERDICTS: Final = {"justified": "found it justified", "unjustified": "did not find it justified"}
_ACCESS: Final = {"none": "hidden from", "read": "reading only for", "granted": "open to"}

_STAYS: Final = {
    "emergency": "came to the emergency department of {place}",
    "admitted": "was admitted to {place}",
    "left": "has left {place}",
    "died": "died, as {place} tells",
    "changed": "is elsewhere, or in another kind of stay, as {place} tells",
    "moved": "was moved within {place}",
    "back": "is still in {place}: the discharge was taken back",
    "handed-over": "is handed over by {place}: the handoff waits to be read back",
    "result": "has a result that was waited for, as {place} tells",
    "no-result": "has no such result: the one that came was of somebody else, and it is still to come",
    "of-another": "is not in {place}: what was told of the stay was of somebody else",
    "taken-back": "is not in {place}: what was told of the stay was taken back",
}
"""What a hospital told, by the word of the row."""
_REPORTED: Final = {
    "emergency room": "is in an emergency room", "hospital": "is in hospital", "home again": "is home again",
}  # fmt: skip
"""What the people at home told, by the word of the row."""
_STAY_ACTS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "emergency": (
        ("Follow the stay", "/entries/transitions/{entry}/transition.follow"),
        ("Invite the hospital's nurse", "/invitations/new"),
    ),
    "admitted": (
        ("Follow the stay", "/entries/transitions/{entry}/transition.follow"),
        ("Invite the hospital's nurse", "/invitations/new"),
    ),
    "left": (
        ("See what is due now", "/coming-home/{entry}"),
        ("Log an attempt of contact", "/entries/transitions/{entry}/transition.attempt"),
    ),
    "died": (("Record the death, if it is so", "/stays/died"),),
    "handed-over": (("Read it back", "/handoff/{entry}"),),
    "result": (("Read the result", "/coming-home/{entry}"),),
    "no-result": (("See what is still to come", "/coming-home/{entry}"),),
}
_OPEN_STAY: Final = (("Open the stay in the plan", "#entry-{entry}"),)


@dataclass(frozen=True, slots=True)
class NotificationView:
    """One line."""

    words: str
    quote: str
    """What somebody typed about it."""
    when: Moment
    seen: bool
    plan_id: str
    acts: tuple[tuple[str, str], ...] = ()
    """What to do next, where that is known, and where it is done."""
    stay: str = ""
    """The stay of which a hospital told, where it did."""
    earlier: tuple[tuple[str, Moment], ...] = ()
    """What was told before of the same stay, the newest first."""


def batched(rows: Sequence[NotificationView]) -> list[NotificationView]:
    """Return the rows with those of one stay as one: the last word, with what to do now, and what came before it."""
    found: dict[str, NotificationView] = {}
    for number, row in enumerate(rows):
        first = found.get(row.stay) if row.stay else None
        if first is None:
            found[row.stay or str(number)] = row
        else:
            seen = first.seen and row.seen
            found[row.stay] = replace(first, seen=seen, earlier=(*first.earlier, (row.words, row.when)))
    return list(found.values())


def notification_view(
    told: Told, names: Mapping[str, str], patient: str, reader: str, reading: Reading
) -> NotificationView:
    """Return the row in words."""
    row = told.row
    words = {name: value for name, value in (row.words or {}).items() if isinstance(value, str)}
    actor = "You" if row.actor == reader else names.get(row.actor, SOMEONE if row.actor else "Someone with the link")
    person = "you" if words.get("person") == reader else names.get(words.get("person", ""), SOMEONE)
    quote = row.reason if row.event.startswith(("break_glass", "plan.offer", "plan.decline")) else ""
    sentence = _sentence(row, actor, person, f"{patient}'s plan" if patient else "a plan", words)
    acts = tuple((each, f"/plans/{row.plan}{where}") for each, where in _acts(row, words))
    when = moment(row.recorded, reading)
    stay = row.entry if row.event == "stay.tell" else ""
    return NotificationView(sentence, quote, when, told.seen is not None, row.plan, acts, stay)


def _acts(row: Row, words: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return what to do about the row, each with where in the plan it is done."""
    match row.event:
        case "stay.tell":
            acts = _STAY_ACTS.get(words.get("what", ""), _OPEN_STAY)
            return tuple((each, where.format(entry=row.entry)) for each, where in acts)
        case "clock.tell":
            return (("Open the checklist", f"/coming-home/{row.entry}"),)
        case "report.tell":
            at = f"/entries/{row.section}/{row.entry}"
            return (
                ("Confirm as a stay", f"{at}/stay.confirm"),
                ("It is a known one", f"{at}/stay.known"),
                ("Not so", f"{at}/stay.deny"),
            )
        case _:
            return ()


def _sentence(row: Row, actor: str, person: str, plan: str, words: Mapping[str, str]) -> str:
    match row.event:
        case "invitation.make":
            return f"{actor} invited someone ({words.get('relation', '')}) to {plan}."
        case "invitation.redeem" if row.outcome == "success":
            return f"{person} ({words.get('relation', '')}) used the invitation and now takes part in {plan}."
        case "invitation.redeem":
            return f"An invitation to {plan} has ended after five wrong codes. Send a new one if it is still wanted."
        case "break_glass.begin":
            return f"{actor} opened {plan} in an emergency, without being on the team."
        case "break_glass.review":
            return f"{actor} reviewed an emergency reading of {plan} and {_VERDICTS.get(words.get('verdict', ''), '')}."
        case "consent.record":
            title = SECTIONS[Section(row.section)].title
            verb = _ACCESS.get(words.get("access", ""), "as the role says for")
            return f"{actor} recorded the consent to {plan}: {title} is {verb} {person}."
        case "reading.tell":
            return f"A reading of {plan} is in the {words.get('zone', '')} zone, and waits for an answer."
        case "question.tell":
            return f"A question from home in {plan} waits past its day, unanswered."
        case "stay.tell":
            place = words.get("facility") or "the hospital"
            happened = _STAYS.get(words.get("what", ""), "was told of by {place}")
            return f"{plan}: the patient {happened.format(place=place)}."
        case "clock.tell":
            due = date.fromisoformat(words["due"])
            has = "you have it" if person == "you" else f"{person} has it"
            whose = has if words.get("person") else "nobody has taken it"
            return f"{plan}: {words['clock']} after {words['facility']} is due {plain_day(due)}; {whose}."
        case "report.tell":
            place = f" ({words['place']})" if words.get("place") else ""
            where = _REPORTED.get(words.get("whereabouts", ""), "is in a hospital")
            return f"{plan}: {person} tells from home that the patient {where}{place}. Nobody has confirmed it yet."
        case "plan.offer":
            return f"{actor} offers you {plan}, to answer for it. Answer under Patients, Plans offered to me."
        case "plan.take_over":
            return f"{actor} took over {plan} and answers for it now."
        case "plan.decline":
            return f"{actor} did not take over {plan}, or withdrew the offer."
        case "patient.died":
            return f"{actor} recorded that the patient of {plan} has died. Tasks and reminders have stopped."
        case "patient.lives":
            return f"{actor} recorded that the patient of {plan} lives: the death was a mistake."
        case "patient.same":
            return f"{actor} found a second record of the patient of {plan}. Decide which goes on, and close the other."
        case "participant.remove":
            return f"{actor} ended the access of {person} to {plan}."
        case "participant.end":
            return f"{actor} changed until when {person} has access to {plan}."
        case _:
            return f"{actor} changed who has access to {plan}."
