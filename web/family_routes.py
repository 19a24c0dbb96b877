"""Where the family's page is, and what it answers to."""

from typing import Final

from starlette.routing import Route

from web.pages import family

_FAMILY: Final = "/plans/{plan_id}/family"

FAMILY_ROUTES: Final = (
    Route(_FAMILY, family.show, name="family"),
    Route(_FAMILY + "/sheet", family.sheet, name="family_sheet"),
    Route(_FAMILY + "/readings/{entry}", family.read, name="family_read", methods=["POST"]),
    Route(_FAMILY + "/notes", family.write, name="family_write", methods=["POST"]),
    Route(_FAMILY + "/tasks/{entry}/{verb}", family.act, name="family_act", methods=["POST"]),
    Route(_FAMILY + "/seen", family.seen, name="family_seen", methods=["POST"]),
    Route(_FAMILY + "/settings", family.settings, name="family_settings", methods=["POST"]),
    Route(_FAMILY + "/{block}", family.block, name="family_block"),
)
