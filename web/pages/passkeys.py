"""Passkeys: made by someone signed in, used to come back without a code. The page's script carries the JSON."""

import base64
import binascii
import secrets
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth.passkeys import (
    CHALLENGE_BYTES,
    PasskeyError,
    authenticated,
    authentication_options,
    credential_named,
    registered,
    registration_options,
)
from hub.access.entering import BY_PASSKEY
from hub.jobs.letters import LETTER_LASTS, Envelope, Occasion
from hub.store.tickets import Purpose
from web.asking import access
from web.doors.directory import SignedIn
from web.doors.entrances import entrances
from web.doors.guards import for_anyone, for_person, services
from web.languages import language
from web.mail import passkey_letter
from web.pages.sign_in import AGENT_CHARACTERS_MAX
from web.rendering import elsewhere

LABEL_CHARACTERS_MAX: Final = 60
CREDENTIAL_CHARACTERS_MAX: Final = 2_048
STALE: Final = "Sign in again first: a passkey is made within fifteen minutes of signing in."
REFUSED: Final = "That did not work. Try again, or use your link and a code."


@for_anyone
async def challenge(request: Request) -> Response:
    """Give the browser a challenge to sign; the same for whoever asks."""
    found, random = entrances(request), secrets.token_bytes(CHALLENGE_BYTES)
    answer = Response(authentication_options(found.party, challenge=random), media_type="application/json")
    await found.keep(answer, Purpose.CHALLENGE, {"challenge": _text(random), "person": ""})
    return answer


@for_anyone
async def use(request: Request) -> Response:
    """Begin a session for whoever signed this browser's challenge, which serves once."""
    found = entrances(request)
    response = await _response(request)
    words = await found.take(request, Purpose.CHALLENGE)
    try:
        if words is None or words["person"]:
            raise PasskeyError("no-challenge")
        passkey = await found.entering.passkey(credential_named(response))
        if passkey is None:
            raise PasskeyError("unknown")
        used = authenticated(found.party, passkey, challenge=_bytes(words["challenge"]), response=response)
    except PasskeyError as error:
        await found.entering.refused(BY_PASSKEY, error.code)
        return _refused(403)
    entered = await found.entering.by_passkey(used, agent=request.headers.get("user-agent", "")[:AGENT_CHARACTERS_MAX])
    if entered is None:
        return _refused(403)
    answer = Response(status_code=204)
    answer.headers.append("set-cookie", found.session_cookie.set(entered.token))
    answer.headers.append("set-cookie", found.under_way_cookie.clear())
    return answer


@for_person
async def options(request: Request, who: SignedIn) -> Response:
    """Give the browser of someone signed in what it needs to make a passkey."""
    if not await access(request).reauthenticated(who):
        return JSONResponse({"words": STALE}, 403)
    found, random, person = entrances(request), secrets.token_bytes(CHALLENGE_BYTES), who.person
    known = [each.passkey.credential_id for each in await found.entering.passkeys_of(person.person_id)]
    told = registration_options(
        found.party, challenge=random, person_id=person.person_id, name=person.name, known=known
    )
    answer = Response(told, media_type="application/json")
    await found.keep(answer, Purpose.CHALLENGE, {"challenge": _text(random), "person": person.person_id})
    return answer


@for_person
async def add(request: Request, who: SignedIn) -> Response:
    """Keep the passkey that the browser made for this person's challenge, which serves once."""
    found, person_id = entrances(request), who.person.person_id
    if not await access(request).reauthenticated(who):
        await found.entering.refused("passkey.add", "reauthenticate")
        return JSONResponse({"words": STALE}, 403)
    response = await _response(request)
    words = await found.take(request, Purpose.CHALLENGE)
    try:
        if words is None or words["person"] != person_id:
            raise PasskeyError("no-challenge")
        made = registered(found.party, challenge=_bytes(words["challenge"]), person_id=person_id, response=response)
    except PasskeyError as error:
        await found.entering.refused("passkey.add", error.code)
        return _refused(422)
    added = await found.entering.add_passkey(made, request.headers.get("user-agent", "")[:LABEL_CHARACTERS_MAX])
    if not added:
        return _refused(409)
    await _tell(request, person_id)
    return Response(status_code=204)


async def _tell(request: Request, person_id: str) -> None:
    """Write to the person that there is another way in as them: whoever sat at their open browser made it, too."""
    found = access(request)
    person = await found.people.get(person_id)
    if person is not None and person.email:
        letter = passkey_letter(person.email, f"{services(request).settings.origin}/sessions", language(person.locale))
        envelope = Envelope(occasion=Occasion.SIGN_IN, expires=found.now() + LETTER_LASTS, sender=person_id)
        await found.letters.put_alone(letter, envelope)


@for_person
async def forget(request: Request, who: SignedIn) -> Response:
    """Remove one of one's own passkeys."""
    named = str((await request.form()).get("passkey", ""))[:CREDENTIAL_CHARACTERS_MAX]
    try:
        credential = bytes.fromhex(named)
    except ValueError:
        credential = b""
    await entrances(request).entering.forget_passkey(who.person.person_id, credential)
    return elsewhere(request, "/sessions")


async def _response(request: Request) -> str:
    return str((await request.form()).get("response", ""))


def _refused(status: int) -> Response:
    return JSONResponse({"words": REFUSED}, status)


def _text(random: bytes) -> str:
    return base64.urlsafe_b64encode(random).decode()


def _bytes(kept: object) -> bytes:
    try:
        return base64.urlsafe_b64decode(str(kept))
    except binascii.Error:
        raise PasskeyError("no-challenge") from None
