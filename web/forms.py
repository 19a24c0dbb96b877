"""The one place where forms come in: bounded before anything is looked at, and without what can't be seen.

A form is ``application/x-www-form-urlencoded`` of at most ``FORM_BYTES_MAX`` bytes and ``FIELDS_MAX`` values. A value
is at most as long as its name allows (``characters_max``); what a page does with it may therefore cost what its length
costs, and never more than that (a test sends the longest value of every field of every form). What is too long is
handed back with its words.
"""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote_plus, urlencode

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth.oidc import TOKEN_CHARACTERS_MAX
from auth.passkeys import RESPONSE_CHARACTERS_MAX
from crdt.characters import visible
from crdt.fields import Kind
from crdt.sections import SECTIONS
from hub.workflows.arguments import WORDS_MAX, Argument
from hub.workflows.registry import COMMANDS, arguments
from web.failures import failure

FORM_BYTES_MAX: Final = 1 << 20
"""A form above one mebibyte is refused before it is read."""

FIELDS_MAX: Final = 1_000
"""Values in one form; the largest page of ours sends some hundreds."""

NAME_CHARACTERS_MAX: Final = 100

LINE_VALUE_MAX: Final = 2_000
"""Four times the longest line that any field keeps: what is a little too long is told beside its field."""

QUERY_BYTES_MAX: Final = 40_000
"""What stands behind an address's question mark; a provider's code alone may take ``TOKEN_CHARACTERS_MAX``."""

DOORS: Final = ("/cds-services/", "/scim/v2/", "/fhir/", "/gateway/")
"""Doors of standards, for machines: they take no form, and no cookie, so that no page can act as a person there."""

FILE_BYTES_MAX: Final = 16 << 20
"""A page that takes a file takes one of at most that; the command takes larger ones."""

ATTACHMENT_BYTES_MAX: Final = 32 << 20
"""A form with a photo or a paper: the largest that is taken, and the words beside it."""

_PLAN: Final = "/plans/[0-9a-f-]{36}/"
_ATTACHES: Final = re.compile(_PLAN + "(?:family|mine|questions/[0-9a-f-]{36})/attachments")
_TAKES_FILE: Final = re.compile(f"{_PLAN}(?:files|lists/file)|{_ATTACHES.pattern}|/patients/file|/admin/people/file")
MULTIPART: Final = "multipart/form-data"

SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
URLENCODED: Final = "application/x-www-form-urlencoded"

_OWN_BOUNDS: Final = {
    "csv": FORM_BYTES_MAX,
    "words": WORDS_MAX,
    "value": WORDS_MAX,
    "seen": WORDS_MAX,
    "reason": WORDS_MAX,
    "scopes": WORDS_MAX,
    "redirects": WORDS_MAX,
    "origins": WORDS_MAX,
    "keys": WORDS_MAX,
    "response": RESPONSE_CHARACTERS_MAX,
    "logout_token": TOKEN_CHARACTERS_MAX,
    "code": TOKEN_CHARACTERS_MAX,
    "id_token_hint": TOKEN_CHARACTERS_MAX,
}
"""Names of pages' own that take more than a line."""


def _wide(named: tuple[Argument, ...]) -> Iterator[str]:
    for each in named:
        yield from _wide(each.row)
        if each.asked is not None and each.asked.wide:
            yield each.name


_LONG: Final = frozenset(
    {field.name for each in SECTIONS.values() for field in each.all_fields if field.kind in (Kind.TEXT, Kind.SET)}
    | {name for command in COMMANDS for name in _wide(arguments(command))}
)
"""Names of the fields and arguments that take words over many lines, or a list in one line."""


def brings_file(scope: Scope) -> bool:
    """Say whether a request is a form with a file, for the pages that take files.

    Such a form is not read into memory: Starlette's parser writes its file to the disk while it comes.
    """
    if scope["method"] != "POST" or not _TAKES_FILE.fullmatch(scope["path"]):
        return False
    return Headers(scope=scope).get("content-type", "").partition(";")[0].strip().lower() == MULTIPART


def form_bytes_max(scope: Scope) -> int:
    """Return how long a form at this address may be."""
    if not brings_file(scope):
        return FORM_BYTES_MAX
    return ATTACHMENT_BYTES_MAX if _ATTACHES.fullmatch(scope["path"]) else FILE_BYTES_MAX


def characters_max(name: str) -> int:
    """Return how long a value of this name may be; a row's is ``steps.0.title``, what a form showed is ``was.x``."""
    base = name.rpartition(".")[2]
    return _OWN_BOUNDS.get(base, WORDS_MAX if base in _LONG else LINE_VALUE_MAX)


class FormError(ValueError):
    """It can't be taken; ``status`` says for which of the reasons there are."""

    def __init__(self, status: int) -> None:
        super().__init__(f"a form is refused with {status}")
        self.status = status


def read_form(body: bytes) -> list[tuple[str, str]]:
    """Return the form's values in order, as they may be looked at. Linear in the body's length.

    Raises:
        FormError: 400 for what is no form of text, 413 for too many values, or one that is too long.
    """
    if body.count(b"&") >= FIELDS_MAX:
        raise FormError(413)
    found: list[tuple[str, str]] = []
    for part in body.split(b"&"):
        if not part:
            continue
        name, _, value = part.partition(b"=")
        found.append((_read(name), _read(value)))
    if any(len(name) > NAME_CHARACTERS_MAX for name, _ in found):
        raise FormError(400)
    if any(len(value) > characters_max(name) for name, value in found):
        raise FormError(413)
    return [(name, visible(value)) for name, value in found]


def _read(sent: bytes) -> str:
    try:
        words = unquote_plus(sent.decode("ascii"), encoding="utf-8", errors="strict")
    except UnicodeDecodeError:
        raise FormError(400) from None
    if "\0" in words:
        raise FormError(400)
    return words


class Bounded:
    """Lets only such forms and queries through, and keeps what a form says for the page of a failure."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            if "\0" in scope["path"]:
                raise FormError(404)  # Nothing of ours is called so, and no store takes it.
            scope["query_string"] = _query(scope["query_string"])
            form = scope["method"] not in SAFE_METHODS and not scope["path"].startswith(DOORS)
            if form and not brings_file(scope):
                body = await _body(request)
                request.state.typed = body
                receive = _replaying(_form(body, request.headers.get("content-type", "")), receive)
        except FormError as error:
            await failure(request, error.status)(scope, receive, send)
            return
        except ClientDisconnect:
            return  # Nobody is there to be answered.
        await self._app(scope, receive, send)


def _query(sent: bytes) -> bytes:
    if len(sent) > QUERY_BYTES_MAX:
        raise FormError(414)
    return urlencode(read_form(sent)).encode() if sent else sent


def _form(body: bytes, content_type: str) -> bytes:
    if not body:
        return body
    if content_type.partition(";")[0].strip().lower() != URLENCODED:
        raise FormError(415)
    return urlencode(read_form(body)).encode()


async def _body(request: Request) -> bytes:
    """Return the whole body; the length that its header told is within bounds (``web.middleware.Addressed``)."""
    read = bytearray()
    async for chunk in request.stream():
        read.extend(chunk)
        assert len(read) <= FORM_BYTES_MAX, "the server takes no more than the header says"
    return bytes(read)


def _replaying(body: bytes, receive: Receive) -> Receive:
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
