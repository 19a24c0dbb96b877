"""One section, as the fragment with which an open page renews itself."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from web.beside import beside
from web.doors.guards import InSection, for_section
from web.fresh import with_marks
from web.reading import reader_for
from web.rendering import fragment
from web.views.glances import FOLDED_MAX, ROWS_MAX, glance_section

UPTO_MAX: Final = 2_000
"""Rows of a section that one answer may hold."""


@for_section
async def show(request: Request, here: InSection) -> Response:
    """Show the section alone: the rows that stand open on the asking page stay open."""
    reader = await reader_for(request, here.member, [here.section])
    marked = await with_marks(request, here.member, reader, [here.section])
    opened = frozenset(request.query_params.getlist("open"))
    section = await beside(glance_section, marked, here.section, opened=opened, upto=_upto(request))
    context = {"plan_id": here.plan_id, "section": section, "rows_max": ROWS_MAX, "folded_max": FOLDED_MAX}
    back = f"/plans/{here.plan_id}#section-{here.section}"
    return await beside(fragment, request, "plan/section.html", context, title=section.declaration.title, back=back)


def _upto(request: Request) -> int:
    asked = request.query_params.get("upto", "")
    return min(max(int(asked), ROWS_MAX), UPTO_MAX) if asked.isdecimal() else ROWS_MAX
