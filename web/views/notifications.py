"""One notification in words: what happened to whose plan, told to the patient or to a member of staff."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from crdt.sections import SECTIONS, Section
from hub.record.journal import Row
from hub.store.notifications import Told
from hub.workflows.contents import plain_day
from web.languages import Language, _
from web.views.words import Moment, Reading

_VERDICTS: Final = {"justified": _("found it justified"), "unjustified": _("did not find it justified")}
_ACCESS: Final = {
    "none": _("%(title)s is hidden from %(person)s"),
    "read": _("%(title)s is reading only for %(person)s"),
    "granted": _("%(title)s is open to %(person)s"),
}
_AS_THE_ROLE: Final = _("%(title)s is as the role says for %(person)s")

_STAYS: Final = {
    "emergency": _("the patient came to the emergency department of %(place)s"),
    "admitted": _("the patient was admitted to %(place)s"),
    "left": _("the patient has left %(place)s"),
    "died": _("the patient died, as %(place)s tells"),
    "changed": _("the patient is elsewhere, or in another kind of stay, as %(place)s tells"),
    "moved": _("the patient was moved within %(place)s"),
    "back": _("the patient is still in %(place)s: the discharge was taken back"),
    "handed-over": _("the patient is handed over by %(place)s: the handoff waits to be read back"),
    "result": _("the patient has a result that was waited for, as %(place)s tells"),
    "no-result": _("the patient has no such result: the one that came was of somebody else, and it is still to come"),
    "of-another": _("the patient is not in %(place)s: what was told of the stay was of somebody else"),
    "taken-back": _("the patient is not in %(place)s: what was told of the stay was taken back"),
}
"""What a hospital told, by the word of the row."""
_TOLD_OF: Final = _("the patient was told of by %(place)s")
_REPORTED: Final = {
    "emergency room": _("the patient is in an emergency room"),
    "hospital": _("the patient is in hospital"),
    "home again": _("the patient is home again"),
}
"""What the people at home told, by the word of the row."""
_SENTENCES: Final[Mapping[str, str]] = {
    "invitation.make": _("%(actor)s invited someone (%(relation)s) to %(plan)s."),
    "invitation.redeem": _("%(person)s (%(relation)s) used the invitation and now takes part in %(plan)s."),
    "break_glass.begin": _("%(actor)s opened %(plan)s in an emergency, without being on the team."),
    "break_glass.review": _("%(actor)s reviewed an emergency reading of %(plan)s and %(verdict)s."),
    "consent.record": _("%(actor)s recorded the consent to %(plan)s: %(consent)s."),
    "reading.tell": _("A reading of %(plan)s is in the %(zone)s zone, and waits for an answer."),
    "question.tell": _("A question from home in %(plan)s waits past its day, unanswered."),
    "stay.tell": _("%(plan)s: %(happened)s."),
    "clock.tell": _("%(plan)s: %(clock)s after %(facility)s is due %(day)s; %(whose)s."),
    "report.tell": _("%(plan)s: %(person)s tells from home that %(happened)s. Nobody has confirmed it yet."),
    "plan.offer": _("%(actor)s offers you %(plan)s, to answer for it. Answer under Patients, Plans offered to me."),
    "plan.take_over": _("%(actor)s took over %(plan)s and answers for it now."),
    "plan.decline": _("%(actor)s did not take over %(plan)s, or withdrew the offer."),
    "patient.died": _("%(actor)s recorded that the patient of %(plan)s has died. Tasks and reminders have stopped."),
    "patient.lives": _("%(actor)s recorded that the patient of %(plan)s lives: the death was a mistake."),
    "patient.same": _(
        "%(actor)s found a second record of the patient of %(plan)s. Decide which goes on, and close the other."
    ),
    "participant.remove": _("%(actor)s ended the access of %(person)s to %(plan)s."),
    "participant.end": _("%(actor)s changed until when %(person)s has access to %(plan)s."),
}
"""What is said of a row by its event."""
_WRONG_CODES: Final = _(
    "An invitation to %(plan)s has ended after five wrong codes. Send a new one if it is still wanted."
)
_CHANGED: Final = _("%(actor)s changed who has access to %(plan)s.")
_HAVE_IT, _HAS_IT = _("you have it"), _("%(person)s has it")
_NOBODY_HAS_IT: Final = _("nobody has taken it")
_FOLLOWED: Final = (
    (_("Follow the stay"), "/entries/transitions/{entry}/transition.follow"),
    (_("Invite the hospital's nurse"), "/invitations/new"),
)
_STAY_ACTS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "emergency": _FOLLOWED,
    "admitted": _FOLLOWED,
    "left": (
        (_("See what is due now"), "/coming-home/{entry}"),
        (_("Log an attempt of contact"), "/entries/transitions/{entry}/transition.attempt"),
    ),
    "died": ((_("Record the death, if it is so"), "/stays/died"),),
    "handed-over": ((_("Read it back"), "/handoff/{entry}"),),
    "result": ((_("Read the result"), "/coming-home/{entry}"),),
    "no-result": ((_("See what is still to come"), "/coming-home/{entry}"),),
}
_OPEN_STAY: Final = ((_("Open the stay in the plan"), "#entry-{entry}"),)


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
    told: Told, names: Mapping[str, str], patient: str, reader: str, reading: Reading, language: Language
) -> NotificationView:
    """Return the row in words of the reader's language."""
    row, say = told.row, language.say
    words = {name: value for name, value in (row.words or {}).items() if isinstance(value, str)}
    someone = say(_("someone no longer in this plan"))
    actor = say(_("You")) if row.actor == reader else names.get(row.actor, "")
    person = say(_("you")) if words.get("person") == reader else names.get(words.get("person", ""), someone)
    quote = row.reason if row.event.startswith(("break_glass", "plan.offer", "plan.decline")) else ""
    values = {
        "actor": actor or (someone if row.actor else say(_("Someone with the link"))),
        "person": person,
        "plan": say(_("%(name)s's plan")) % {"name": patient} if patient else say(_("a plan")),
        "relation": words.get("relation", ""),
        "zone": say(words.get("zone", "")),
        "verdict": say(_VERDICTS.get(words.get("verdict", ""), "")),
    }
    sentence = say(_sentence(row)) % {**values, **_more(row, words, values, language)}
    acts = tuple((say(each), f"/plans/{row.plan}{where}") for each, where in _acts(row, words))
    when = language.moment(row.recorded, reading)
    stay = row.entry if row.event == "stay.tell" else ""
    return NotificationView(sentence, quote, when, told.seen is not None, row.plan, acts, stay)


def _sentence(row: Row) -> str:
    """Return what is said of a row, with places for who and what."""
    if row.event == "invitation.redeem" and row.outcome != "success":
        return _WRONG_CODES
    return _SENTENCES.get(row.event, _CHANGED)


def _more(row: Row, words: Mapping[str, str], values: Mapping[str, str], language: Language) -> dict[str, str]:
    """Return the parts that only this kind of row has."""
    say = language.say
    match row.event:
        case "consent.record":
            told = say(_ACCESS.get(words.get("access", ""), _AS_THE_ROLE))
            title = say(SECTIONS[Section(row.section)].title)
            return {"consent": told % {"title": title, "person": values["person"]}}
        case "stay.tell":
            place = words.get("facility") or say(_("the hospital"))
            return {"happened": say(_STAYS.get(words.get("what", ""), _TOLD_OF)) % {"place": place}}
        case "report.tell":
            place = f" ({words['place']})" if words.get("place") else ""
            return {"happened": say(_REPORTED.get(words.get("whereabouts", ""), _REPORTED["hospital"])) + place}
        case "clock.tell":
            mine = values["person"] == say(_("you"))
            has = say(_HAVE_IT) if mine else say(_HAS_IT) % {"person": values["person"]}
            due = date.fromisoformat(words["due"])
            return {
                "clock": say(words["clock"]),
                "facility": words["facility"],
                "day": plain_day(due) if language.tag == "en" else language.day(due),
                "whose": has if words.get("person") else say(_NOBODY_HAS_IT),
            }
        case _:
            return {}


def _acts(row: Row, words: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return what to do about the row, each with where in the plan it is done."""
    match row.event:
        case "stay.tell":
            acts = _STAY_ACTS.get(words.get("what", ""), _OPEN_STAY)
            return tuple((each, where.format(entry=row.entry)) for each, where in acts)
        case "clock.tell":
            return ((_("Open the checklist"), f"/coming-home/{row.entry}"),)
        case "report.tell":
            at = f"/entries/{row.section}/{row.entry}"
            return (
                (_("Confirm as a stay"), f"{at}/stay.confirm"),
                (_("It is a known one"), f"{at}/stay.known"),
                (_("Not so"), f"{at}/stay.deny"),
            )
        case _:
            return ()
