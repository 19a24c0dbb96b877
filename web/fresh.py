"""What the plan's page marks beside its entries: what is new to the reader, and whose reason is asked for."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from starlette.requests import Request

from auth.decisions import Operation, decide
from crdt.sections import Section
from hub.record.journal import Action, FieldPath, Latest, Narrowed
from web.doors.guards import Member, services
from web.views.entries import Reader
from web.views.news import news_of, texts_before, with_words

ASKED_WHY: Final[Mapping[Section, frozenset[str]]] = {
    Section.MEDICATIONS: frozenset(
        {"name", "dose", "form", "route", "frequency", "times", "taking", "instructions", "indication", "start", "stop"}
    ),
    Section.ADVANCE_CARE: frozenset({"code_status", "limits", "words"}),
}
"""Fields whose change asks for a reason, which nobody must give: medicines and wishes."""

JUST: Final = timedelta(minutes=15)
"""So long after an edit its writer is asked why."""


EXPLAINED_MAX: Final = 200
"""Reasons and commands of one person in that time that are looked at."""


async def with_marks(request: Request, member: Member, reader: Reader, sections: Iterable[Section]) -> Reader:
    """Return the reader with what others changed since they looked, and with their own edits that want a reason."""
    found = services(request)
    wanted = {member.plan_id: list(sections)}
    rows = (await found.directory.news(member.who, wanted)).get(member.plan_id, ())
    told = news_of(reader, rows)
    if texts := texts_before(told):
        told = with_words(told, reader, await found.plans.texts_at(member.plan_id, texts))
    news = {each.entry_id: each for each in told}
    asking = [section for section in wanted[member.plan_id] if section in ASKED_WHY]
    latest = await found.journal.latest(member.plan_id, asking) if asking else {}
    return replace(reader, news=news, unexplained=await _unexplained(request, member, reader, latest))


async def _unexplained(
    request: Request, member: Member, reader: Reader, latest: Mapping[FieldPath, Latest]
) -> frozenset[FieldPath]:
    mine = {
        path: last
        for path, last in latest.items()
        if path[2] in ASKED_WHY[path[0]]
        and last.actor == member.participant.person_id
        and reader.now - last.recorded < JUST
        and reader.sees(path[0], path[1])
        and _writes(reader, path)
    }
    if not mine:
        return frozenset()
    said = await services(request).journal.history(
        member.plan_id,
        narrowed=Narrowed(
            actor=member.participant.person_id,
            actions=frozenset({Action.EXPLAIN, Action.COMMAND}),
            since=reader.now - JUST,
        ),
        limit=EXPLAINED_MAX,
    )
    explained = {(row.words or {}).get("of") for row in said} | {row.seq for row in said if row.reason}
    return frozenset(path for path, last in mine.items() if last.seq not in explained)


def _writes(reader: Reader, path: FieldPath) -> bool:
    section, entry, name = path
    return decide(
        reader.participant, section, Operation.WRITE, field=name, entry=reader.facts(section, entry), now=reader.now
    ).allowed
