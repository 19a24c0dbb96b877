"""One section, as the fragment with which an open page renews itself."""

from starlette.requests import Request
from starlette.responses import Response

from web.doors.guards import InSection, for_section
from web.fresh import with_marks
from web.reading import reader_for
from web.rendering import fragment
from web.views.sections import section_view


@for_section
async def show(request: Request, here: InSection) -> Response:
    """Show the section alone."""
    reader = await reader_for(request, here.member, [here.section])
    section = section_view(await with_marks(request, here.member, reader, [here.section]), here.section)
    context = {"plan_id": here.plan_id, "section": section}
    back = f"/plans/{here.plan_id}#section-{here.section}"
    return fragment(request, "plan/section.html", context, title=section.declaration.title, back=back)
