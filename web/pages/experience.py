"""How care is for the people at home, asked in three questions; and what the clinic makes of the answers."""

from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.access.experiences import ANSWERS, FEW, QUESTIONS, ExperienceKeeping
from hub.access.keeping_rows import KeepingError
from web.doors.directory import SignedIn
from web.doors.guards import Member, for_administrator, for_member, services
from web.homing import ALONE, Sent, context_of, form_of, home_of, one
from web.languages import _, language_of
from web.pages.admin_houses import houses
from web.rendering import page
from web.views.homes import address_of

ASKED: Final = {
    "calling": _("When something changes, do you know whom to call?"),
    "mattering": _("Does your team know what matters most to you?"),
    "fitting": _("Do visits, medicines and help at home fit together?"),
}
SAID: Final = (_("Never"), _("Seldom"), _("Sometimes"), _("Mostly"), _("Always"))
"""What the numbers of ``ANSWERS`` are called."""
FAULTS: Final = (_("Choose an answer to each question."), _("You have answered already. Thank you."))


def _keeping(request: Request) -> ExperienceKeeping:
    found = services(request).experiences
    if found is None:
        raise HTTPException(404)
    return found


@for_member
async def show(request: Request, member: Member) -> Response:
    """Show the three questions, or that they are answered for now."""
    if not home_of(request).is_of(member.participant):
        raise HTTPException(404)
    return await _show(request, member, {}, "", "")


@for_member
async def tell(request: Request, member: Member) -> Response:
    """Keep the answers for the clinic; what was chosen and typed stays where it is refused."""
    form = await form_of(request, member)
    chosen = {each: one(form, each) for each in QUESTIONS}
    answers = {each: int(value) for each, value in chosen.items() if value in map(str, ANSWERS)}
    words = one(form, "words")
    try:
        await _keeping(request).tell(member.participant, answers, words)
    except KeepingError as error:
        fault = language_of(request, member.who.person).say(str(error))
        return await _show(request, member, chosen, words, fault, 422)
    return RedirectResponse(f"{address_of(member.participant)}/experience?done=experience", 303)


async def _show(
    request: Request, member: Member, chosen: dict[str, str], words: str, fault: str, status: int = 200
) -> Response:
    context = await context_of(request, member, Sent("experience", words=words, fault=fault))
    more = {
        "alone": "family/experience.html",
        "may_tell": await _keeping(request).may_tell(member.participant),
        "asked_now": ASKED.items(),
        "answers": list(zip(map(str, ANSWERS), SAID, strict=True)),
        "chosen": chosen,
    }
    return page(request, "family/page.html", {**context, **ALONE, **more}, status)


@for_administrator
async def told(request: Request, who: SignedIn) -> Response:
    """Show what patients and relatives said, in numbers and words, without names."""
    chosen = await houses(request)
    months, words = await _keeping(request).months(chosen.it.organisation_id)
    context = {
        **chosen.context,
        "months": months,
        "words": words,
        "asked_now": ASKED.items(),
        "said": SAID,
        "few": FEW,
        "here": "admin",
    }
    return page(request, "admin/experience.html", context)
