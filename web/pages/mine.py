"""What only the patient does from their own page: say what matters, set goals, ask for something to be put right."""

from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from crdt.sections import Section
from hub.live.commands import Command
from hub.workflows.entries import EntryCreate
from hub.workflows.registry import Faults, build
from web.doors.guards import Member, for_member
from web.edits import EntryEdit
from web.homing import Sent, done, form_of, one

OWN_WORDS: Final = {"matters": (Section.ABOUT_ME, "what_matters"), "goal": (Section.GOALS, "description")}
"""The texts that the patient changes on this page."""


@for_member
async def say(request: Request, member: Member) -> Response:
    """Say anew what matters, or what a goal of one's own is."""
    form = await form_of(request, member)
    entry = str(request.path_params["entry"])
    part = OWN_WORDS.get(str(request.path_params["part"]))
    if part is None:
        raise HTTPException(404)
    section, field = part
    words = one(form, "words").strip()
    command = EntryEdit(section=section, entry=entry, typed={field: [words]}, was={field: [one(form, "was")]})
    return await done(request, member, command, Sent("goals", entry, words=words))


@for_member
async def add(request: Request, member: Member) -> Response:
    """Add a goal in one's own words, or say for the first time what matters."""
    form = await form_of(request, member)
    words = one(form, "words").strip()
    command: Command | Faults = (
        EntryCreate(section=Section.ABOUT_ME, values={"what_matters": words})
        if one(form, "kind") == "matters"
        else EntryCreate(section=Section.GOALS, values={"description": words, "voice": member.participant.person_id})
    )
    return await done(request, member, command, Sent("goals", words=words, kind=one(form, "kind")))


@for_member
async def correct(request: Request, member: Member) -> Response:
    """Ask the team to put something right: it becomes a task with an owner and a day."""
    form = await form_of(request, member)
    words, about = one(form, "words"), one(form, "related")
    command = build("correction.ask", {"words": [words], "related": [about]})
    return await done(request, member, command, Sent("wrong", words=words, about=about))
