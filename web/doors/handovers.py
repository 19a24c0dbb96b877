"""A referral handed to someone outside: invited for it, they hold it from their first page on."""

from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request

from auth.decisions import Operation, decide, sections_readable
from crdt.sections import Section
from hub.access.redeeming import Redeemed
from hub.record.journal import JournalAwayError
from hub.workflows.contents import active, words
from hub.workflows.referral_asking import ReferralTakeUp
from hub.workflows.referrals import ReferralSend
from web.doors.guards import Member, services
from web.reading import reader_for
from web.views.entries import headline

HANDED: Final = frozenset({"draft", "requested", "rejected"})
"""States in which a referral goes to someone who is still to be invited."""


async def handed_over(request: Request, member: Member, entry: str) -> str:
    """Return the words of the referral that someone is to be invited for, ``""`` where none is named.

    404 for one that this person may not send, that somebody in the plan has already, or that is not there.
    """
    if not entry:
        return ""
    now = services(request).now()
    if Section.REFERRALS not in sections_readable(member.participant, now):
        raise HTTPException(404)
    reader = await reader_for(request, member, [Section.REFERRALS])
    found = {each.id: each for each in active(reader.content, Section.REFERRALS)}.get(entry)
    if found is None or not reader.sees(Section.REFERRALS, entry):
        raise HTTPException(404)
    facts = reader.facts(Section.REFERRALS, entry)
    may = decide(
        reader.participant, Section.REFERRALS, Operation.COMMAND, entry=facts, now=now, command=ReferralSend.name
    )
    if not may.allowed or words(found.values, "recipient") or words(found.values, "state") not in HANDED:
        raise HTTPException(404)
    return headline(Section.REFERRALS, found.values, reader.setting.people.name)


async def sent(request: Request, member: Member, entry: str) -> None:
    """Send the referral with the invitation; its clock runs from now on, whether or not anyone comes."""
    content = await services(request).plans.content(member.plan_id)
    if entry and words(content.entries(Section.REFERRALS)[entry].values, "state") != "requested":
        await services(request).plans.perform(member.plan_id, member.participant, ReferralSend(entry=entry))


async def first_page(request: Request, admitted: Redeemed) -> str:
    """Return where an invited person begins: at the referral they come for, which is theirs now, or at the welcome.

    Whatever became of the referral meanwhile, and wherever the record is: they are in, so they are led to a page.
    """
    found, welcome = services(request), f"/plans/{admitted.plan_id}/welcome"
    if not admitted.referral:
        return welcome
    try:
        who = await found.directory.signed_in(admitted.token, active=False)
        participant = await found.directory.participant(admitted.plan_id, who) if who is not None else None
        content = await found.plans.content(admitted.plan_id)
        if participant is None or admitted.referral not in {each.id for each in active(content, Section.REFERRALS)}:
            return welcome
        await found.plans.perform(admitted.plan_id, participant, ReferralTakeUp(entry=admitted.referral))
    except JournalAwayError:
        return welcome
    return f"/plans/{admitted.plan_id}/referrals/{admitted.referral}?first=yes"
