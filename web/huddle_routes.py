"""The pages of huddles, in one list below ``web.routes.ROUTES``."""

from starlette.routing import BaseRoute, Route

from web.pages import huddle_lines, huddle_records, huddle_room, huddles

HUDDLE = "/huddles/{huddle_id}"

HUDDLE_ROUTES: tuple[BaseRoute, ...] = (
    Route("/huddles", huddles.show, name="huddles", methods=["GET"]),
    Route("/huddles", huddles.create, name="huddle_create", methods=["POST"]),
    Route("/huddles/add", huddles.add, name="huddle_add", methods=["POST"]),
    Route(HUDDLE, huddle_room.show, name="huddle"),
    Route(HUDDLE + "/stage", huddle_room.stage, name="huddle_stage"),
    Route(HUDDLE + "/minutes", huddle_records.minutes, name="huddle_minutes"),
    Route(HUDDLE + "/mine", huddle_records.mine, name="huddle_mine"),
    Route(HUDDLE + "/sign", huddle_records.sign, name="huddle_sign", methods=["POST"]),
    Route(HUDDLE + "/carry", huddle_records.carry, name="huddle_carry", methods=["POST"]),
    Route(HUDDLE + "/lines", huddle_lines.note, name="huddle_note", methods=["POST"]),
    Route(HUDDLE + "/assign", huddle_lines.assign, name="huddle_assign", methods=["POST"]),
    Route(HUDDLE + "/read-back", huddle_lines.read_back, name="huddle_read_back", methods=["POST"]),
    Route(HUDDLE + "/{move}", huddle_room.act, name="huddle_act", methods=["POST"]),
)
