"""Entries: one alone, a new one, every command on one, and the history of one.

A command is any name of ``hub.workflows.registry.COMMANDS``. Its form is shown by GET, it is performed by POST; both
answer with what belongs into the entry's slot for a swap, and with a page or a redirect without scripts.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from crdt.sections import SECTIONS, Section
from hub.live.commands import Done, Outcome, Refused
from hub.safety.weighing import DESPITE
from hub.workflows.arguments import Argument
from hub.workflows.contents import words
from hub.workflows.readings import SURE, UNLIKELY
from hub.workflows.registry import COMMANDS, Faults, arguments, beginning, build
from web.doors.guards import InSection, for_section, services
from web.edits import EntryEdit
from web.fresh import with_marks
from web.pages import tasks
from web.pages.origins import origins_of
from web.reading import reader_for, zone_of
from web.rendering import elsewhere, fragment, is_swap, page
from web.views.comments import with_mentions
from web.views.entries import Reader, entry_view, writable
from web.views.fields import FieldRow
from web.views.forms import Typed, as_filled, command_rows, creation_rows, edit_rows, kinds_of, suggestion_row
from web.views.glances import creatable, glance_row, opened_alone
from web.views.local_times import typed_instants
from web.views.sections import fields_readable

_NOT_ON_AN_ENTRY = frozenset({"entry.create", "referral.ask"})
_TASK = re.compile(r"\s*/task\b")


@for_section
async def show(request: Request, here: InSection) -> Response:
    """Show one entry open: its row with its fields for a swap, without scripts a page with its form."""
    reader, entry = await _entry(request, here)
    marked = await with_marks(request, here.member, reader, [here.section])
    row = glance_row(marked, here.section, entry)
    section = opened_alone(marked, here.section, entry)
    origins = await origins_of(request, reader, here.section, entry)
    context = {"plan_id": here.plan_id, "section": section, "row": row, "origins": origins}
    if is_swap(request):
        return page(request, "plan/row.html", context)
    standing = edit_rows(writable(reader, here.section, entry), None, {}, reader.setting)
    action = f"/plans/{here.plan_id}/entries/{here.section}/{entry}/edit"
    whole = {**context, "rows": standing, "hidden": as_filled(standing), "action": action}
    return fragment(request, "plan/entry_page.html", whole, title=row.headline, back=_at(here, entry))


@for_section
async def new(request: Request, here: InSection) -> Response:
    """Show the form for a new entry, of the kind that the query names where kinds differ."""
    reader = await reader_for(request, here.member, [here.section])
    active = any(each.values.get("status") != "retired" for each in reader.content.entries(here.section).values())
    if not creatable(reader, here.section, has_one=active):
        raise HTTPException(403)
    return _creation(request, here, reader, {"kind": [_kind(here, request.query_params.get("kind", ""))]}, {})


@for_section
async def create(request: Request, here: InSection) -> Response:
    """Make an entry, or show the form again with what was typed and what is wrong with it."""
    typed = _typed(request, await request.form())
    command = build("entry.create", typed, section=here.section)
    if isinstance(command, Faults):
        reader = await reader_for(request, here.member, [here.section])
        return _creation(request, here, reader, typed, command.messages, status=422)
    outcome = await services(request).plans.perform(here.plan_id, here.member.participant, command)
    if isinstance(outcome, Refused):
        reader = await reader_for(request, here.member, [here.section])
        faults = {outcome.field: outcome.reason}
        return _creation(request, here, reader, typed, faults, status=_status(outcome))
    return _done(request, here, outcome, next(iter(outcome.created), ""))


@for_section
async def ask(request: Request, here: InSection) -> Response:
    """Show what a command wants to know before it is performed."""
    reader, entry = await _entry(request, here)
    name = _command(request)
    begun = _begun(reader, here, entry, name) or {}
    return _asking(
        request, here, reader, entry, name, {**{each: [of] for each, of in begun.items()}, **_query(request)}, {}
    )


@for_section
async def act(request: Request, here: InSection) -> Response:
    """Perform a command on an entry, or say in its slot why not, with what was typed kept."""
    reader, entry = await _entry(request, here)
    name = _command(request)
    typed = _typed(request, await request.form())
    if name == "comment.make":
        said = next(iter(typed.get("words", ())), "")
        if _TASK.match(said):
            return await tasks.add(request, here.member, said, f"{here.section}/{entry}")
        typed = _named(with_mentions(typed, await services(request).directory.participants(here.plan_id)))
    command = build(name, typed, section=here.section, entry=entry)
    if isinstance(command, Faults):
        return _asking(request, here, reader, entry, name, typed, command.messages, status=422)
    outcome = await services(request).plans.perform(here.plan_id, here.member.participant, command)
    if isinstance(outcome, Refused):
        faults = {outcome.field: outcome.reason}
        return _asking(request, here, reader, entry, name, typed, faults, status=_status(outcome))
    return _done(request, here, outcome, entry, name=name, from_loop=_from_loop(here, typed))


@for_section
async def edit_form(request: Request, here: InSection) -> Response:
    """Show the fields that one may change as a form, for pages that hold no live document."""
    reader, entry = await _entry(request, here)
    return _editing(request, here, reader, entry, None, {})


@for_section
async def edit(request: Request, here: InSection) -> Response:
    """Change the fields that were typed anew, or show the form again with what is wrong."""
    reader, entry = await _entry(request, here)
    sent = _typed(request, await request.form())
    filled = {name.removeprefix("was."): values for name, values in sent.items() if name.startswith("was.")}
    despite = next(iter(sent.get(DESPITE, ())), "")
    command = EntryEdit(section=here.section, entry=entry, typed=sent, was=filled, despite=despite)
    outcome = await services(request).plans.perform(here.plan_id, here.member.participant, command)
    if isinstance(outcome, Refused):
        faults = {outcome.field: outcome.reason}
        return _editing(request, here, reader, entry, sent, faults, status=_status(outcome))
    return _done(request, here, outcome, entry)


def _editing(
    request: Request,
    here: InSection,
    reader: Reader,
    entry: str,
    typed: Typed | None,
    faults: Mapping[str, str],
    *,
    status: int = 200,
) -> Response:
    standing = edit_rows(writable(reader, here.section, entry), None, {}, reader.setting)
    if not standing:
        raise HTTPException(403)
    rows = edit_rows(standing, typed, faults, reader.setting) if typed is not None else standing
    filled = as_filled(standing)
    if typed is not None:
        filled = tuple((name, each) for name, values in typed.items() if name.startswith("was.") for each in values)
    view = entry_view(reader, here.section, entry)
    kind = words(reader.content.entries(here.section)[entry].values, "kind")
    context = {
        "rows": rows,
        "hidden": filled,
        "tries": _tries(here, kind, entry),
        "title": f"Edit · {view.headline}",
        "button": "Save",
        "action": f"/plans/{here.plan_id}/entries/{here.section}/{entry}/edit",
        "target": f"#form-{entry}",
        "refusal": " ".join(
            words for name, words in faults.items() if name not in {DESPITE, *(row.name for row in rows)}
        ),
        **_danger(faults, typed or {}),
    }
    return fragment(request, "plan/form.html", context, title="Edit", back=_at(here, entry), status=status)


async def _entry(request: Request, here: InSection) -> tuple[Reader, str]:
    """Return the reader and the entry of the address; 404 for what is not there or not to be seen."""
    reader = await reader_for(request, here.member, [here.section])
    entry = str(request.path_params["entry"])
    if not reader.sees(here.section, entry):
        raise HTTPException(404)
    return reader, entry


def _command(request: Request) -> str:
    name = str(request.path_params["command"])
    if name not in COMMANDS or name in _NOT_ON_AN_ENTRY:
        raise HTTPException(404)
    return name


def _typed(request: Request, form: FormData) -> dict[str, list[str]]:
    """Return what was sent, with the local times of ``datetime-local`` controls as instants."""
    return typed_instants(form.multi_items(), zone_of(request))


def _named(typed: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    return {name: list(values) for name, values in typed.items()}


def _query(request: Request) -> dict[str, list[str]]:
    return {name: [value] for name, value in request.query_params.items()}


def _kind(here: InSection, asked: str) -> str:
    kinds = kinds_of(here.section)
    return asked if asked in kinds or not kinds else kinds[0]


def _creation(
    request: Request,
    here: InSection,
    reader: Reader,
    typed: Typed,
    faults: Mapping[str, str],
    *,
    status: int = 200,
) -> Response:
    kind = typed.get("kind", [""])[0] if kinds_of(here.section) else ""
    noun = kind or SECTIONS[here.section].noun
    context = {
        "rows": creation_rows(here.section, typed, faults, reader.setting),
        "hidden": [("kind", kind)] if kind else [],
        "title": f"New {noun}",
        "button": f"Add {noun}",
        "action": f"/plans/{here.plan_id}/sections/{here.section}/entries",
        "target": f"#new-{here.section}",
        "refusal": faults.get("", ""),
        "tries": _tries(here, kind),
        **_danger(faults, typed),
    }
    back = f"/plans/{here.plan_id}#section-{here.section}"
    return fragment(request, "plan/form.html", context, title=f"New {noun}", back=back, status=status)


def _danger(faults: Mapping[str, str], typed: Typed) -> dict[str, str]:
    """Return what a form says of the danger that its change would leave, and the reason typed so far."""
    danger = faults.get(DESPITE, "")
    return {"danger": danger, "despite": next(iter(typed.get(DESPITE, ())), "")} if danger else {}


def _doubt(faults: Mapping[str, str], typed: Typed) -> dict[str, str]:
    """Return what a form asks about an unlikely value, and the value that the person may say is right."""
    asked = faults.get(SURE, "")
    return {"doubt": asked, "sure": next(iter(typed.get("value", ())), "").strip()} if asked else {}


def _tries(here: InSection, kind: str, entry: str = "") -> str:
    """Return where a medicine's form asks, before it is sent, what the rules would say; ``""`` for all else."""
    asks = here.section is Section.MEDICATIONS and kind == "medicine"
    of = f"?entry={entry}" if entry else ""
    return f"/plans/{here.plan_id}/sections/{here.section}/findings{of}" if asks else ""


def _begun(reader: Reader, here: InSection, entry: str, name: str) -> Mapping[str, str] | None:
    """Return what a command's form begins with where it does not ask for all, ``None`` for all others."""
    return beginning(name, reader.content, reader.content.entries(here.section)[entry], reader.now)


def _asking(
    request: Request,
    here: InSection,
    reader: Reader,
    entry: str,
    name: str,
    typed: Typed,
    faults: Mapping[str, str],
    *,
    status: int = 200,
) -> Response:
    view = entry_view(reader, here.section, entry)
    begun = _begun(reader, here, entry, name)
    asked = [each for each in arguments(name) if begun is None or each.name in begun]
    rows: tuple[FieldRow, ...] = command_rows(here.section, entry, asked, typed, faults, reader.setting)
    hidden = [(each.name, typed[each.name][0]) for each in arguments(name) if _is_hidden(each) and typed.get(each.name)]
    from_loop = _from_loop(here, typed)
    hidden = [each for each in hidden if each[0] not in (DESPITE, SURE)]
    hidden += [("returns", "loop")] if from_loop else []
    hidden += [("slot", "next")] if _in_next(typed) else []
    proposed = typed.get("field", [""])[0]
    if name == "suggestion.make" and proposed in fields_readable(reader, here.section):
        current = reader.content.value(here.section, entry, proposed)
        first = suggestion_row(here.section, entry, proposed, current, typed, reader.setting)
        rows = (first, *(row for row in rows if row.name != "value"))
    named = {DESPITE, SURE, *(row.name for row in rows)}
    unnamed = [message for field, message in faults.items() if field not in named]
    words = next((each.words for each in view.acts if each.name == name), _words_of(name))
    context = {
        "rows": rows,
        "hidden": hidden,
        "title": f"{words} · {view.headline}",
        "button": words,
        "action": f"/plans/{here.plan_id}/entries/{here.section}/{entry}/{name}",
        "target": "#next-form" if _in_next(typed) else f"#form-{entry}",
        "refusal": " ".join(unnamed),
        **_danger(faults, typed),
        **_doubt(faults, typed),
    }
    back = _loop(here, entry) if from_loop else _at(here, entry)
    return fragment(request, "plan/form.html", context, title=words, back=back, status=status)


def _in_next(typed: Typed) -> bool:
    """Say whether the form stands among what is next, at the head of the plan, and not at its entry."""
    return list(typed.get("slot", ())) == ["next"]


def _from_loop(here: InSection, typed: Typed) -> bool:
    """Say whether the form stands on a referral's or a stay's own page, to which one comes back."""
    return here.section in _WITH_A_PAGE and list(typed.get("returns", ())) == ["loop"]


def _is_hidden(argument: Argument) -> bool:
    return argument.asked is not None and argument.asked.hidden


_WITH_A_PAGE: Final = {
    Section.REFERRALS: "referrals",
    Section.TRANSITIONS: "coming-home",
    Section.CAREGIVER_LOG: "questions",
}
"""Sections whose entries have a page of their own, by its name in the address."""

_OWN_WORDS: Final = {
    "question.reply": "Say more",
    "question.accept": "It is answered",
    "question.phone": "Answered by telephone",
    "question.task": "Make it a task",
    "suggestion.make": "Suggest",
    "transition.attempt": "Log an attempt",
    "transition.take": "Take it",
    "transition.check": "Note how it stands",
    "transition.ask_result": "Ask for the result",
    "transition.expect_result": "A result is still to come",
    "transition.code_result": "Give its code",
    "transition.result": "Note the result",
}


def _words_of(name: str) -> str:
    noun, _, verb = name.partition(".")
    return _OWN_WORDS.get(name, f"{verb.replace('_', ' ').capitalize()} {noun.replace('_', ' ')}")


def _done(
    request: Request, here: InSection, outcome: Done, entry: str, *, name: str = "", from_loop: bool = False
) -> Response:
    """Empty the slot and let the section renew itself; without scripts go where one was, and say there what is done."""
    if not is_swap(request) and name:
        told = f"?done={name}"
        return elsewhere(request, _loop(here, entry) + told if from_loop else _at(here, entry, told))
    if not is_swap(request):
        return elsewhere(request, _at(here, entry) if entry else f"/plans/{here.plan_id}#section-{here.section}")
    answer = page(request, "plan/done.html", {"entry": entry if outcome.created else "", "words": outcome.summary})
    answer.headers["hx-trigger"] = f"plan:changed-{here.section}"
    return answer


def _at(here: InSection, entry: str, told: str = "") -> str:
    return f"/plans/{here.plan_id}{told}#entry-{entry}"


def _loop(here: InSection, entry: str) -> str:
    return f"/plans/{here.plan_id}/{_WITH_A_PAGE[here.section]}/{entry}"


def _status(outcome: Outcome) -> int:
    """Return 422 for what can be typed better, 409 for what is otherwise now, 403 for what is not theirs to do."""
    assert isinstance(outcome, Refused), "only refusals have a status of their own"
    return {"form": 422, "danger": 422, UNLIKELY: 422, "state": 409, "gone": 409, "seen": 409}.get(outcome.code, 403)
