"""What an auditor asks, out of the form: people and patients by name, number or id, days, saved questions.

Names are looked up on the server and posted like everything else: an address with a patient's name would stay in
histories and logs. A name that several have is answered with a choice; what was settled stays so until the text in
the field is another.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request

from hub.ids import HUB
from hub.record.journal import Act, Action
from hub.store.audits import Key, Question
from web.auditing import CHOICES_MAX, DISCLOSED, EXPORTED, Saved
from web.doors.directory import SignedIn
from web.doors.guards import auditing, services
from web.views.audit import Named, key_from
from web.views.local_times import start_of_day

SIX_YEARS: Final = timedelta(days=6 * 366)
"""How far back an accounting of disclosures goes (45 CFR 164.528)."""

ASKED: Final = ("person", "patient", "action", "section", "outcome", "since", "until", "question")
NAMED: Final = ("person", "patient")
_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class AuditForm:
    """A form as it was sent, with ids for names; ``settled`` is false where a name is nobody's or several people's."""

    form: dict[str, str]
    named: dict[str, Named]

    @property
    def settled(self) -> bool:
        return not any(each.fault for each in self.named.values())


async def asked(request: Request, who: SignedIn) -> AuditForm:
    """Return what the form asks; that names were looked up is a row before they are."""
    sent = await request.form()
    form = told(sent)
    if any(form.get(name) and not _settled(form, name) for name in NAMED):
        await record(request, who, Action.SEARCH, "audit.names", {name: form.get(name, "") for name in NAMED})
    named = {name: await _named(request, form, name) for name in NAMED}
    if saved_of(form) is Saved.ACCOUNTING and not form.get("patient"):
        named["patient"] = Named(fault="Name the patient whose disclosures are to be accounted for.")
    return AuditForm(form | {name: each.ident for name, each in named.items()}, named)


def told(form: FormData) -> dict[str, str]:
    """Return the texts of a form."""
    return {name: value.strip() for name, value in form.items() if isinstance(value, str) and "\0" not in value}


def _settled(form: dict[str, str], name: str) -> str:
    """Return the id that the field stands for already: typed itself, or chosen for the text that still stands there."""
    text, chosen = form.get(name, ""), form.get(f"{name}_id", "")
    if _ID.fullmatch(text):
        return text
    return chosen if _ID.fullmatch(chosen) and form.get(f"{name}_told") == text else ""


async def _named(request: Request, form: dict[str, str], name: str) -> Named:
    text = form.get(name, "")
    if not text:
        return Named()
    keeper, ident = auditing(request), _settled(form, name)
    look_up = keeper.people_named if name == "person" else keeper.patients_named
    found = await look_up(ident or text)
    if ident:
        return Named(found.get(ident, ident), ident)
    if len(found) == 1:
        ((ident, words),) = found.items()
        return Named(words, ident)
    if not found:
        return Named(text, fault="Nobody has this name, number or id. Type a part of the name as the record spells it.")
    more = "" if len(found) <= CHOICES_MAX else f"More than {CHOICES_MAX} match. Choose, or type more of the name."
    return Named(text, choices=tuple(found.items())[:CHOICES_MAX], fault=more or "Several match. Choose one.")


def saved_of(form: dict[str, str]) -> Saved | None:
    """Return the saved question that is asked."""
    try:
        return Saved(form["question"]) if form.get("question") else None
    except ValueError:
        raise HTTPException(400) from None


def after_of(form: dict[str, str]) -> Key | None:
    """Return where the page before ended."""
    try:
        return key_from(form.get("after", ""))
    except (ValueError, OverflowError):
        raise HTTPException(400) from None


def question_of(form: dict[str, str], saved: Saved | None) -> Question:
    """Return the search that the form, or a saved question, stands for."""
    try:
        actions = frozenset({Action(form["action"])}) if form.get("action") else frozenset()
        since, until = _instant(form.get("since", "")), _instant(form.get("until", ""), days=1)
    except ValueError:
        raise HTTPException(400) from None
    if form.get("outcome", "") not in ("", "success", "refused", "failed"):
        raise HTTPException(400)
    plan = form.get("patient", "")
    if saved is Saved.ACCOUNTING:
        return Question(plan=plan, actions=DISCLOSED, since=datetime.now(UTC) - SIX_YEARS)
    if saved is Saved.EXPORTS:
        return Question(actions=EXPORTED, since=since, until=until)
    return Question(
        actor=form.get("person", ""),
        plan=plan,
        actions=actions,
        section=form.get("section", ""),
        outcome=form.get("outcome", ""),
        since=since,
        until=until,
    )


def _instant(text: str, *, days: int = 0) -> datetime | None:
    """Return the beginning of a day, so many days later."""
    if not text:
        return None
    return start_of_day(date.fromisoformat(text), UTC, days=days)


async def record(
    request: Request, who: SignedIn, action: Action, event: str, form: dict[str, str] | None = None
) -> None:
    """Write what is asked before it is asked: no audit, no data."""
    words = {name: value for name, value in (form or {}).items() if value and name in (*ASKED, "after", "format")}
    await services(request).plans.record([act_of(who, action, event, words=words)])


def act_of(
    who: SignedIn, action: Action, event: str, *, entry: str = "", outcome: str = "success", words: object = None
) -> Act:
    """Return a row of the hub's own journal that the auditor makes."""
    person = who.person
    return Act(
        plan=HUB, actor=person.person_id, action=action, role=person.role, session=who.session_id, event=event,
        entry=entry, outcome=outcome, words=words or None,  # type: ignore[arg-type]
    )  # fmt: skip
