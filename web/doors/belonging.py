"""What a page sends is taken only from the person for whom the page was rendered.

Scripts say the page's mark (``web.marks``) in the header ``page-of`` and in a socket's address, forms in their hidden
field. ``refused`` is asked by every guard before its page: what another person's page sends is answered with 409 and
who is signed in now, and nothing is done. A browser that sends a form or asks for a fragment without a mark is refused
as well. Other clients (scripts with a cookie of their own) have no page and need no mark. A new sign-in of the same
person goes on where the old one stopped.
"""

from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from web.doors.directory import SignedIn
from web.marks import FIELD, person_of
from web.rendering import is_swap, page

HEADER: Final = "page-of"
"""What a page's scripts say with everything they send."""

ANOTHER: Final = "page-belongs-to"
"""Header of the answer to another person's page: who is signed in now, percent-encoded."""

ANYONE: Final = "anyone"
SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
FORMS: Final = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


async def stated(request: Request) -> str:
    """Return the mark that the request carries, ``""`` for none: the header, else the form's last field."""
    said = request.headers.get(HEADER, "")
    if said or request.method in SAFE_METHODS:
        return said
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in FORMS:
        return ""
    fields = (await request.form()).getlist(FIELD)
    return str(fields[-1]).partition("/")[0] if fields else ""


async def refused(request: Request, guard: str) -> Response | None:
    """Return the answer to what another person's page sends, ``None`` for what may go on."""
    who: SignedIn | None = getattr(request.state, "signed_in", None)
    if who is None:
        return None  # The guard sends to sign in, or lets anyone in.
    mark = await stated(request)
    person_id = person_of(mark)
    if person_id:
        return None if person_id == who.person.person_id else await _another(request, who)
    navigates = request.method in SAFE_METHODS and not is_swap(request)
    if navigates or guard == ANYONE or "sec-fetch-site" not in request.headers:
        return None
    return await _another(request, who)


async def _another(request: Request, who: SignedIn) -> Response:
    """Return the page that says who is signed in now and hands back what was typed, to be sent by its own person."""
    typed: list[tuple[str, str]] = []
    if request.method not in SAFE_METHODS and not is_swap(request):
        form = await request.form()
        typed = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    context = {"now": who.person.name, "typed": typed, "person": None}
    answer = page(request, "another.html", context, 409)
    answer.headers[ANOTHER] = quote(who.person.name)
    return answer
