"""The handoff of one stay as values: its five parts, what was done with it, and what the reader may do now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from auth.decisions import Operation, decide
from auth.roles import PATIENT_SIDE
from crdt.sections import Section
from hub.live.commands import EntryContent
from hub.workflows.contents import instant, records, words
from hub.workflows.handoffs import ACCEPTED, HANDED_OVER, WRITTEN, actions_of, last_step, state_of_handoff, whole
from hub.workflows.registry import arguments, beginning
from web.views.entries import Reader
from web.views.fields import FieldRow
from web.views.forms import Typed, command_rows
from web.views.words import day_and_time, sentence

STATES: Final[Mapping[str, str]] = {
    "": "It is not handed over yet.",
    WRITTEN: "A draft: it is not handed over yet.",
    HANDED_OVER: "Handed over. It waits to be read back.",
    ACCEPTED: "Read back and accepted.",
}


@dataclass(frozen=True, slots=True)
class HandoffPart:
    """One part of I-PASS."""

    letter: str
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnerChoice:
    """Somebody who can have a task."""

    person_id: str
    words: str


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One handed-over action, as the receiver may make it a task."""

    number: int
    words: str
    chosen: bool
    owner: str
    due: str


@dataclass(frozen=True, slots=True)
class HandoffView:
    """The page. ``faults`` are told above the forms; the forms are empty for who may not."""

    place: str
    state: str
    done: bool
    parts: tuple[HandoffPart, ...]
    steps: tuple[str, ...]
    writing: tuple[FieldRow, ...]
    may_give: bool
    may_accept: bool
    actions: tuple[ActionRow, ...]
    owners: tuple[OwnerChoice, ...]
    synthesis: str
    faults: tuple[str, ...]


def handoff_view(reader: Reader, stay: EntryContent, typed: Typed | None, faults: Mapping[str, str]) -> HandoffView:
    """Return the page of one stay's handoff, with what was typed where it was refused."""
    values, sent = stay.values, typed or {}
    state, last = state_of_handoff(values), last_step(values)
    mine = last is not None and words(last, "by") == reader.participant.person_id
    begun = beginning("handoff.write", reader.content, stay, reader.now) or {}
    shown = sent if "summary" in sent else {name: [value] for name, value in begun.items()}
    rows = command_rows(Section.TRANSITIONS, stay.id, arguments("handoff.write"), shown, faults, reader.setting)
    return HandoffView(
        place=words(values, "facility"),
        state=STATES[state],
        done=state == ACCEPTED,
        parts=_parts(stay),
        steps=tuple(_told(reader, each) for each in records(values, "handoffs").values() if words(each, "step")),
        writing=rows if _may(reader, stay, "handoff.write") else (),
        may_give=state in ("", WRITTEN) and (bool(state) or whole(values)) and _may(reader, stay, "handoff.give"),
        may_accept=state == HANDED_OVER and not mine and _may(reader, stay, "handoff.accept"),
        actions=tuple(_action(reader, number, each, sent) for number, each in enumerate(actions_of(values))),
        owners=tuple(
            OwnerChoice(each.person_id, f"{each.name}, {each.role}") for each in reader.setting.people.by_id.values()
        ),
        synthesis=next(iter(sent.get("synthesis", ())), ""),
        faults=tuple(each for each in faults.values() if each),
    )


def _parts(stay: EntryContent) -> tuple[HandoffPart, ...]:
    values = stay.values
    call = words(values, "contingency_call")
    watch = (*words(values, "handoff_contingency").splitlines(), *((f"Then: {call}",) if call else ()))
    severity = words(values, "severity")
    return (
        HandoffPart("I", "Illness severity", (sentence(severity),) if severity else ()),
        HandoffPart("P", "Patient summary", tuple(words(values, "handoff_summary").splitlines())),
        HandoffPart("A", "Action list", actions_of(values)),
        HandoffPart("S", "Situation awareness", tuple(each for each in watch if each.strip())),
        HandoffPart("S", "Synthesis by the receiver", tuple(words(values, "read_back").splitlines())),
    )


def _may(reader: Reader, stay: EntryContent, command: str) -> bool:
    facts = reader.facts(Section.TRANSITIONS, stay.id)
    asked = decide(
        reader.participant, Section.TRANSITIONS, Operation.COMMAND, entry=facts, now=reader.now, command=command
    )
    return asked.allowed and reader.participant.role not in PATIENT_SIDE


def _told(reader: Reader, record: Mapping[str, object]) -> str:
    said = {name: str(record.get(name) or "") for name in ("step", "by", "when")}
    when = instant({"when": said["when"]}, "when")
    on = day_and_time(when, reader.setting.reading) if when is not None else ""
    return f"{sentence(said['step'])} by {reader.setting.people.name(said['by'])}, {on}"


def _action(reader: Reader, number: int, action: str, sent: Typed) -> ActionRow:
    tomorrow = (reader.setting.reading.today + timedelta(days=1)).isoformat()
    typed = {name: next(iter(sent.get(f"steps.{number}.{name}", ())), "") for name in ("title", "owner", "due")}
    owner = typed["owner"] or reader.participant.person_id
    return ActionRow(number, action, bool(typed["title"]), owner, typed["due"] or tomorrow)
