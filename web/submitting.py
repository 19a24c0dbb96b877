"""A form that comes twice is answered twice and done once.

Every form carries the key of its rendering (``web.marks``). The same person sending the same words with the same key to
the same address is the same form: while the first is under way the second waits for its answer; afterwards it gets that
answer again. Another process, or this one after a restart, knows the form by its row (``hub.record.submissions``) and
leads to where the first answer led. Words that were changed, or a form rendered anew, are another form.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.record.journal import JournalAwayError
from hub.record.submissions import Submission, taking
from web.forms import brings_file
from web.marks import FIELD
from web.services import Services

SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
FIELDS_MAX: Final = 1_000
"""Starlette reads no more fields of a form."""

ANSWERS_MAX: Final = 200
ANSWER_BYTES_MAX: Final = 256 << 10
"""Answers kept to be given again; larger ones, and those that bring a cookie, are not."""

WAIT_SECONDS_MAX: Final = 30.0
"""How long the second waits for the answer of the first."""


@dataclass(slots=True)
class FirstAnswer:
    """What was answered, as it went out."""

    messages: list[Message] = field(default_factory=list)
    way_on: str = ""
    bytes_in_all: int = 0
    brings_cookie: bool = False

    def take(self, message: Message) -> None:
        """Note a part of it."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=list(message["headers"]))
            self.way_on = headers.get("location") or headers.get("hx-redirect") or ""
            self.brings_cookie = "set-cookie" in headers
        self.bytes_in_all += len(message.get("body", b""))
        self.messages.append(dict(message))

    @property
    def may_be_kept(self) -> bool:
        """Whether it may be given to whoever sends the same form again."""
        return bool(self.messages) and not self.brings_cookie and self.bytes_in_all <= ANSWER_BYTES_MAX

    async def give(self, send: Send) -> None:
        """Give it again."""
        for message in self.messages:
            await send({**message, "headers": list(message["headers"])} if "headers" in message else dict(message))


class Submitted:
    """Reads a form before its page does, and lets it through once. ``state.typed`` is what it says, until it is
    answered: a page of a failure hands it back; ``state.submission`` is how the journal knows it."""

    def __init__(self, app: ASGIApp, *, services: Callable[[], Services]) -> None:
        self._app = app
        self._services = services
        self._under_way: dict[bytes, asyncio.Future[FirstAnswer | None]] = {}
        self._answers: OrderedDict[bytes, FirstAnswer] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS or brings_file(scope):
            await self._app(scope, receive, send)
            return
        body = await _read(receive)
        if body is None:
            return  # Whoever sent it has gone: nothing is done, and nobody is there to be answered.
        state = scope.setdefault("state", {})
        state["typed"], state["submission"] = body, None
        digest = _digest(scope, body)
        again = _replaying(body, receive)
        if digest is None:
            await self._app(scope, again, send)
            return
        known = await self._known(digest)
        if known is not None:
            await known.give(send)
            return
        state["submission"] = form = Submission(digest)
        await self._first(scope, again, send, form)

    async def _known(self, digest: bytes) -> FirstAnswer | None:
        waiting = self._under_way.get(digest)
        if waiting is not None:
            try:
                async with asyncio.timeout(WAIT_SECONDS_MAX):
                    return await asyncio.shield(waiting)
            except TimeoutError:
                return None  # It goes on by itself, and finds in the journal's turn what became of the first.
        return self._answers.get(digest)

    async def _first(self, scope: Scope, receive: Receive, send: Send, form: Submission) -> None:
        answer = FirstAnswer()
        done = self._under_way[form.digest] = asyncio.get_running_loop().create_future()

        async def answering(message: Message) -> None:
            answer.take(message)
            await send(message)

        try:
            with taking(form):
                await self._app(scope, receive, answering)
        finally:
            del self._under_way[form.digest]
            done.set_result(answer if answer.messages else None)
            if form.held and answer.may_be_kept:
                self._answers[form.digest] = answer
                while len(self._answers) > ANSWERS_MAX:
                    self._answers.popitem(last=False)
        submissions = self._services().submissions
        if form.held and submissions is not None:
            try:
                await submissions.answered(form.digest, answer.way_on)
            except JournalAwayError:
                return  # The form stays taken; whoever sends it again is told so, and not led anywhere.


async def _read(receive: Receive) -> bytes | None:
    """Return the whole body, whose length was checked before (``web.middleware.Addressed``); ``None`` if cut short."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _replaying(body: bytes, receive: Receive) -> Receive:
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _digest(scope: Scope, body: bytes) -> bytes | None:
    """Return what makes this form itself, ``None`` for one without a key or of nobody who is signed in."""
    who = scope["state"].get("signed_in")
    kind = Headers(scope=scope).get("content-type", "").partition(";")[0].strip().lower()
    if who is None or kind != "application/x-www-form-urlencoded" or FIELD.encode() not in body:
        return None
    try:
        said = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError:
        return None  # No form of ours.
    keys = [value.partition("/")[2] for name, value in said if name == FIELD]
    if not keys or not keys[-1]:
        return None
    # A page that hands a form back (web/failures.py) has a key of its own in front: the form's own is the last.
    words = urlencode([pair for pair in said if pair[0] != FIELD])
    parts = [each.encode() for each in (who.person.person_id, scope["path"], keys[-1], words)]
    return sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest()
