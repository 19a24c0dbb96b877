"""The plan as it was at an instant, two instants side by side, and the names that versions were given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.decisions import assignments, facts_of, sections_readable
from auth.roles import CLINICIANS, Basis, Participant
from hub.live.commands import PlanContent
from hub.record.chain import JSON
from hub.record.journal import ROWS_READ_MAX, Act, Action, Narrowed, Row
from hub.record.standings_then import ACCESS, participant_then
from web.doors.guards import Member, for_member, services
from web.pages.history import telling_for
from web.reading import reader_for
from web.rendering import elsewhere, page
from web.views.entries import Reader
from web.views.local_times import instant_for_form, last_instant
from web.views.people import PersonView, role_words
from web.views.versions import Version, back_then, compared, plan_back_then
from web.views.words import day_and_time, listed_name, moment

NAME_CHARACTERS_MAX: Final = 80
VERSIONS_MAX: Final = 100
KEPT: Final = {"version.name": "named", "huddle.sign": "huddle", "transition.record": "stay"}
"""Events at which a version is kept by name: a clinician's own, a signed huddle, a stay or discharge recorded."""

_SELF_NAMED: Final = {"huddle.sign": "Huddle signed", "transition.record": "Stay or discharge recorded"}


@dataclass(frozen=True, slots=True)
class Instant:
    """A point of the journal, and when it was."""

    seq: int
    at: datetime

    def local(self, reader: Reader) -> str:
        """Return it as a ``datetime-local`` control holds it."""
        return instant_for_form(self.at.isoformat(), reader.setting.reading.zone)


@for_member
async def as_of(request: Request, member: Member) -> Response:
    """Show the whole plan as it was, to read; with a person, only what they could see of it then as well."""
    reader = await reader_for(request, member)
    instant = await _instant(request, member, reader, "at", "seq")
    then = await _content(request, member, reader, instant)
    asked = request.query_params.get("person", "")
    other = await _other(request, member, then, asked, instant.at) if asked else None
    if asked and reader.setting.people.person(asked) is None:
        raise HTTPException(404)
    await _record(request, member, "version.read", instant, asked)
    past = back_then(reader, then, also=other, at=instant.at) if other is not None or not asked else None
    context = {
        "plan_id": member.plan_id,
        "patient": await _patient_name(request, member),
        "sections": plan_back_then(past) if past is not None else [],
        "when_words": day_and_time(instant.at, reader.setting.reading),
        "local": instant.local(reader),
        "seq": instant.seq,
        "people": list(reader.setting.people.by_id.values()),
        "asked": asked,
        "other": reader.setting.people.person(asked) if other is not None else None,
        "other_missing": bool(asked) and other is None,
        "other_role": role_words(other) if other is not None else "",
        "other_sees": len(sections_readable(other, instant.at)) if other is not None else 0,
        "versions": await _versions(request, member, reader),
        "restores": names_versions(member.participant),
        "names_versions": names_versions(member.participant),
    }
    return page(request, "plan/as_of.html", {**context, "person": _me(reader)})


@for_member
async def compare(request: Request, member: Member) -> Response:
    """Show what differs between two instants of the plan, side by side."""
    reader = await reader_for(request, member)
    first = await _instant(request, member, reader, "from", "from_seq", back=timedelta(days=7))
    last = await _instant(request, member, reader, "to", "to_seq")
    if first.seq > last.seq:
        first, last = last, first
    before = back_then(reader, await _content(request, member, reader, first))
    after = back_then(reader, await _content(request, member, reader, last))
    await _record(request, member, "version.compare", last)
    context = {
        "plan_id": member.plan_id,
        "patient": await _patient_name(request, member),
        "sections": compared(before, after),
        "from_words": day_and_time(first.at, reader.setting.reading),
        "to_words": day_and_time(last.at, reader.setting.reading),
        "from_local": first.local(reader),
        "to_local": last.local(reader),
        "versions": await _versions(request, member, reader),
        "names_versions": names_versions(member.participant),
    }
    return page(request, "plan/compare.html", {**context, "person": _me(reader)})


@for_member
async def name(request: Request, member: Member) -> Response:
    """Give the plan as it stands now a name, for clinicians; the journal keeps it."""
    who = member.participant
    if not names_versions(who):
        raise HTTPException(403)
    given = " ".join(str((await request.form()).get("name", "")).split())
    if not 0 < len(given) <= NAME_CHARACTERS_MAX:
        raise HTTPException(422)
    await services(request).plans.record([_act(who, Action.VERSION, "version.name", {"name": given})])
    return elsewhere(request, f"/plans/{member.plan_id}/as-of")


def names_versions(who: Participant) -> bool:
    """Say whether this person keeps versions by name: the clinicians of the team do."""
    return who.role in CLINICIANS and who.broke_glass_until is None


def _me(reader: Reader) -> PersonView | None:
    return reader.setting.people.person(reader.participant.person_id)


def _act(who: Participant, action: Action, event: str, words: Mapping[str, JSON]) -> Act:
    return Act(
        plan=who.plan_id,
        actor=who.person_id,
        action=action,
        role=who.role,
        session=who.session_id,
        event=event,
        words=words,
    )


async def _record(request: Request, member: Member, event: str, instant: Instant, person: str = "") -> None:
    """Write that an earlier state was read: no audit, no data."""
    words: dict[str, JSON] = {"version": instant.seq}
    if person:
        words["for"] = person
    await services(request).plans.record([_act(member.participant, Action.READ, event, words)])


async def _instant(
    request: Request, member: Member, reader: Reader, at: str, seq: str, *, back: timedelta = timedelta(0)
) -> Instant:
    """Return the point that the address names, by row or by instant; now (or ``back`` from it) where it names none."""
    journal, asked = services(request).journal, request.query_params
    by_row = asked.get(seq, "")
    if by_row.isdecimal() and len(by_row) < 16:
        rows = await journal.history(member.plan_id, before_seq=int(by_row) + 1, limit=1)
        return Instant(rows[0].seq, rows[0].recorded) if rows else Instant(0, reader.now)
    meant = last_instant(asked.get(at, ""), reader.setting.reading.zone)
    if meant is not None and len(asked.get(at, "")) == len("2026-11-21T08:21"):
        meant += timedelta(seconds=59)  # The whole minute that the control shows.
    instant = min(meant.astimezone(UTC), reader.now) if meant is not None else reader.now - back
    return Instant(await journal.seq_at(member.plan_id, instant), instant)


async def _content(request: Request, member: Member, reader: Reader, instant: Instant) -> PlanContent:
    readable = sections_readable(member.participant, reader.now)
    return await services(request).plans.content_at(member.plan_id, instant.seq, readable)


async def _other(request: Request, member: Member, then: PlanContent, person: str, at: datetime) -> Participant | None:
    """Return the part someone had at the instant, as the journal's rows of access say."""
    rows = await services(request).journal.history(
        member.plan_id, narrowed=Narrowed(actions=ACCESS), limit=ROWS_READ_MAX
    )
    found = participant_then(reversed(rows), member.plan_id, person, at)
    if found is None:
        return None
    facts = (
        (section, facts_of(section, then.creator(section, entry), it.values))
        for section in then.sections
        for entry, it in then.entries(section).items()
    )
    everyone = await services(request).directory.participants(member.plan_id)
    now = next((each for each in everyone if each.person_id == person), None)
    return replace(
        found,
        patient_id=member.participant.patient_id,
        assigned=assignments(person, facts),
        confidential_from=now.confidential_from if now is not None and found.basis is Basis.MINOR else None,
    )


async def _versions(request: Request, member: Member, reader: Reader) -> list[Version]:
    """Return the kept versions, the newest first, of what the reader may be told."""
    rows: Sequence[Row] = await services(request).journal.history(
        member.plan_id, narrowed=Narrowed(events=frozenset(KEPT)), limit=VERSIONS_MAX
    )
    telling = telling_for(reader)
    return [
        Version(
            row.seq,
            str((row.words or {}).get("name") or _SELF_NAMED.get(row.event, "")),
            reader.setting.people.name(row.actor),
            moment(row.recorded, reader.setting.reading),
            KEPT[row.event],
        )
        for row in rows
        if row.outcome == "success" and telling.allows(row)
    ]


async def _patient_name(request: Request, member: Member) -> str:
    patient = await services(request).directory.patient(member.plan_id)
    if patient is None:
        raise HTTPException(404)
    return listed_name(patient.family_name, patient.given_name)
