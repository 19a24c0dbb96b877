"""Where the gateway for text messages tells what became of them, and what people answer: STOP and START.

No cookie and no origin: each call is signed with the secret of the gateway's file. What else people answer is not read
by anyone, and not kept; every text message says so.
"""

import base64
import hmac
import json
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Final
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from hub.reminders.choices import number_of
from web.asking import access
from web.doors.guards import for_anyone, services
from web.doors.machines import hurried
from web.gateways import FORM_TYPE, GatewayTold, at_path

AGE_MAX: Final = timedelta(minutes=5)
"""A signed call that is older, or so much ahead, was kept by somebody and sent again."""
STOPS: Final = frozenset(
    {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "alto", "parar"}
)
"""What ends text messages, in any case and spelling of it (47 CFR 64.1200(a)(10) names the English ones)."""
STARTS: Final = frozenset({"start", "unstop", "empezar"})


@for_anyone
async def told(request: Request) -> Response:
    """Take what the gateway tells: 401 for a call that it did not sign, 404 for a message that is not known yet."""
    gateway = services(request).settings.text_gateway
    if gateway is None or gateway.told is None or services(request).reminders is None:
        raise HTTPException(404)
    body = await request.body()
    if not signed(request.headers, body, gateway.told, services(request).now().timestamp()):
        return PlainTextResponse("Sign the call.", 429 if hurried(request) else 401)
    said = _read(body, request.headers.get("content-type", ""))
    number, words = at_path(said, gateway.told.sender), at_path(said, gateway.told.words)
    if number and words:
        await _answered(request, number, words)
    known = await _receipt(request, at_path(said, gateway.told.name), at_path(said, gateway.told.state), gateway.told)
    return PlainTextResponse("" if known else "No such message yet.", 200 if known else 404)


def signed(headers: Mapping[str, str], body: bytes, told: GatewayTold, now: float) -> bool:
    """Return whether the gateway signed this body, lately where it says when."""
    content = body
    if told.timestamp:
        when = headers.get(told.timestamp, "")
        if not when.isascii() or not when.isdecimal() or abs(now - int(when[:12])) > AGE_MAX.total_seconds():
            return False
        content = when.encode() + b"." + body
    right = hmac.digest(told.secret.encode(), content, sha256)
    given = headers.get(told.signature, "").removeprefix("sha256=").strip().encode()
    return hmac.compare_digest(given, right.hex().encode()) or hmac.compare_digest(given, base64.b64encode(right))


async def _answered(request: Request, number: str, words: str) -> None:
    """End or begin text messages to everybody with this number, where that is what was answered."""
    reminders = services(request).reminders
    assert reminders is not None, "asked before"
    said = "".join(each for each in words.casefold() if each.isalpha())
    if said in STOPS or said in STARTS:
        choices = await reminders.choices.of_number(number_of(number) or number)
        await reminders.stop_texts(choices, stopped=said in STOPS, why=said)


async def _receipt(request: Request, name: str, state: str, told: GatewayTold) -> bool:
    """Keep what became of a message; return whether it is known, or none was named."""
    if not name or state not in (*told.delivered, *told.failed):
        return True
    letters = access(request).letters
    letter = await letters.named(name[:200])
    if letter is not None and state in told.delivered:
        await letters.delivered(letter.letter_id)
    elif letter is not None:
        await letters.returned(letter.letter_id, "undelivered")
    return letter is not None


def _read(body: bytes, kind: str) -> object:
    if kind.partition(";")[0].strip().lower() == FORM_TYPE:
        return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=100))
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return {}
