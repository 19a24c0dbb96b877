"""A task in one line: ``/task Call cardiology for the report @ana fri``: what, who, when.

line  := ["/task"] words and, anywhere, one ``@who``; the day stands at the end
who   := a first name, a last name, a whole name with dots or underscores, or a role (``@pharmacist``, ``@pcp``)
when  := today | tomorrow | mon..sun (also whole) | ``in 3 days`` | 3d | 2w | YYYY-MM-DD
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from auth.roles import Role
from crdt.fields import Value
from hub.workflows.arguments import LINE_MAX

_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MENTION: Final = re.compile(r"(?<!\S)@([\w.'\-]+)")
_AFTER: Final = re.compile(r"(?:in\s+)?(\d{1,3})\s*(d|days?|w|weeks?)", re.IGNORECASE)
_WHEN: Final = re.compile(r"(?:\s|^)(in\s+\d{1,3}\s+(?:days?|weeks?)|\S+)\s*$", re.IGNORECASE)

ROLE_NAMES: Final[Mapping[str, Role]] = {
    **{role.value: role for role in Role},
    **{role.value.replace("_", ""): role for role in Role},
    "pcp": Role.PRIMARY_CARE,
    "doctor": Role.PRIMARY_CARE,
    "nurse": Role.CARE_MANAGER,
    "psychologist": Role.BEHAVIORAL_HEALTH,
    "social": Role.SOCIAL_WORKER,
}
"""What stands for a role after ``@``."""


@dataclass(frozen=True, slots=True)
class Nameable:
    """A person of the plan whom one may name."""

    person_id: str
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class TaskLine:
    """What a line says; what it leaves open stands in ``faults`` by field, with what to type."""

    title: str = ""
    owner: str = ""
    due: date | None = None
    faults: Mapping[str, str] = field(default_factory=dict)

    def values(self) -> dict[str, Value]:
        """Return the values of the task's entry, for ``entry.create``."""
        due = self.due.isoformat() if self.due is not None else ""
        return {"title": self.title, "owner": self.owner, "due": due}


def parse(line: str, people: Sequence[Nameable], today: date) -> TaskLine:
    """Return what the line says. Never fails: whatever is missing or unclear is a fault in words."""
    rest = re.sub(r"^\s*/task\b", "", line[: 2 * LINE_MAX])
    faults: dict[str, str] = {}
    mentions = _MENTION.findall(rest)
    owner, fault = found(mentions[0], people) if mentions else ("", "Say who, as in @ana or @pharmacist.")
    if len(mentions) > 1:
        owner, fault = "", "Name one owner. Others can be mentioned in a comment."
    if fault:
        faults["owner"] = fault
    title, due = _split_day(" ".join(_MENTION.sub(" ", rest).split()), today)
    if due is None:
        faults["due"] = "Say by when, as in today, fri or 2026-11-21."
    elif due < today:
        faults["due"] = "This day has passed."
    if not title:
        faults["title"] = "Say what is to be done."
    elif len(title) > LINE_MAX:
        faults["title"] = f"Shorten it to {LINE_MAX} characters."
    return TaskLine(title, owner, due, faults)


def mentioned(words: str, people: Sequence[Nameable]) -> tuple[str, ...]:
    """Return the person ids and roles that a comment's ``@`` names, each once; what names no one is only words.

    Linear in the words and in the people, however many are named and however often.
    """
    meant = _meant(people)
    named: list[str] = []
    for bare in dict.fromkeys(map(_bare, _MENTION.findall(words))):
        role = ROLE_NAMES.get(bare)
        some = meant.get(bare, ()) if role is None else ()
        if role is not None:
            named.append(role.value)
        elif len(some) == 1:
            named.append(some[0].person_id)
    return tuple(dict.fromkeys(named))


def found(who: str, people: Sequence[Nameable]) -> tuple[str, str]:
    """Return the one person meant and ``""``, or ``""`` and what to type instead."""
    bare = _bare(who)
    some = _meant(people).get(bare, ())
    if not some and (role := ROLE_NAMES.get(bare)) is not None:
        some = [each for each in people if each.role is role]
    if len(some) == 1:
        return some[0].person_id, ""
    if not some:
        return "", f"No one here is called @{who}."
    names = ", ".join(f"@{'.'.join(_words(each.name))}" for each in some)
    return "", f"More than one person fits @{who}: {names}."


def _meant(people: Sequence[Nameable]) -> dict[str, Sequence[Nameable]]:
    """Return whom each name stands for: a whole name before a first or a last one."""
    whole: dict[str, list[Nameable]] = {}
    parts: dict[str, list[Nameable]] = {}
    for each in people:
        for name in dict.fromkeys(_whole_names(each.name)):
            whole.setdefault(name, []).append(each)
        for name in dict.fromkeys(_words(each.name)):
            parts.setdefault(name, []).append(each)
    return {**parts, **whole}


def _bare(who: str) -> str:
    return re.sub(r"[^\w]|_", "", who).lower()


def _whole_names(name: str) -> tuple[str, str]:
    """Return the name with and without what stands behind its comma (a degree)."""
    return "".join(_words(name)), "".join(_words(name.partition(",")[0]))


def _words(name: str) -> list[str]:
    return [re.sub(r"[^\w]", "", each).lower() for each in name.split() if each.strip(".")]


def _split_day(words: str, today: date) -> tuple[str, date | None]:
    """Return the title without the day at its end, and the day."""
    match = _WHEN.search(words)
    due = day_of(match[1], today) if match is not None else None
    if match is None or due is None:
        return words, None
    title = re.sub(r"\b(by|on|until)\s*$", "", words[: match.start()], flags=re.IGNORECASE)
    return title.strip(" ,;-"), due


def day_of(when: str, today: date) -> date | None:
    """Return the day meant; a day of the week is the next one after today."""
    told = when.strip().lower().rstrip(".,")
    if told == "today":
        return today
    if told == "tomorrow":
        return today + timedelta(days=1)
    if len(told) >= 3:
        for number, name in enumerate(_DAYS):
            if name == told or (name.startswith(told) and len(told) <= 5):
                return today + timedelta(days=(number - today.weekday() - 1) % 7 + 1)
    after = _AFTER.fullmatch(told)
    if after is not None:
        return today + timedelta(days=int(after[1]) * (7 if after[2].startswith("w") else 1))
    try:
        return date.fromisoformat(told) if len(told) == 10 else None
    except ValueError:
        return None
