"""The mark of a page: for whom it is rendered, and the keys of its forms.

The mark is ``person.sign-in`` (never the token; ``""`` for a page rendered for nobody). It stands in the page's head;
every form that changes something carries it in the hidden field ``_page``, as ``mark/key``, where the key is that of
this rendering of this form. Both are put into every template by ``marked_template``, so no page and no form has to
remember. What the marks are for: ``web.doors.belonging``.
"""

import hmac
import re
import secrets
from contextvars import ContextVar
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from typing import Final

from starlette.requests import Request

from web.doors.directory import SignedIn

FIELD: Final = "_page"
"""The hidden field of every form: the mark, a slash, and the key of the rendered form."""

_KEY_BYTES: Final = 12
_MARK: Final = re.compile(r"([0-9A-Za-z-]{1,64})\.([0-9A-Za-z-]{1,64})")
_FORM: Final = re.compile(r"<form\b", re.IGNORECASE)
_POSTS: Final = re.compile(r"""\smethod=["']?post\b""", re.IGNORECASE)
_STOP: Final = re.compile(r"\{\{|\{%|>")
_HEAD: Final = (
    '<meta name="page-of" content="{{ page_of().mark }}" data-name="{{ page_of().name }}" '
    'data-draft-key="{{ page_of().draft_key }}">'
)
_HIDDEN: Final = '<input type="hidden" name="_page" value="{{ form_mark() }}" autocomplete="off">'
"""A browser must not fill it with what it remembers."""
_COVER: Final = '{% if page_of().name %}{% include "parts/cover.html" %}{% endif %}'
_END_OF: Final = {"{{": "}}", "{%": "%}"}


@dataclass(frozen=True, slots=True)
class PageOf:
    """For whom pages are rendered now, and the keys of their forms."""

    mark: str
    name: str = ""
    draft_key: str = ""


class FormKeys:
    """A key for every form of one rendering."""

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._render = secrets.token_urlsafe(_KEY_BYTES)
        self._numbers = count()

    def next(self) -> str:
        """Return what the hidden field of the next form says; nobody's pages are the same for all, without a key."""
        if not self._mark:
            return "/"
        return f"{self._mark}/{self._render}-{next(self._numbers)}"


_rendered_for: Final[ContextVar[tuple[PageOf, FormKeys]]] = ContextVar("rendered_for")


def mark_of(who: SignedIn | None) -> str:
    """Return the mark of pages rendered for this person in this sign-in."""
    return f"{who.person.person_id}.{who.session_id}" if who is not None else ""


def person_of(mark: str) -> str:
    """Return the person a mark names, ``""`` where it names nobody or is none."""
    found = _MARK.fullmatch(mark)
    return found[1] if found is not None else ""


def draft_key(secret_key: str, who: SignedIn) -> str:
    """Return the key under which a browser keeps this person's unsent words: 32 bytes in hex, theirs alone.

    It stands only in pages rendered for them, so the next person at the browser can't read what is kept for the first.
    """
    words = f"draft:{who.person.person_id}"
    return hmac.digest(secret_key.encode() or b"-", words.encode(), sha256).hex()


def marked_template(source: str) -> str:
    """Return a template's source with the mark in its head, the cover at its end, and the mark in its forms."""
    source = source.replace("<head>", "<head>" + _HEAD)
    source = source.replace("</body>", _COVER + "</body>")
    parts, at = [], 0
    for form in _FORM.finditer(source):
        end = _tag_end(source, form.end())
        if _POSTS.search(source, form.end(), end):
            parts += [source[at:end], _HIDDEN]
            at = end
    return "".join([*parts, source[at:]])


def _tag_end(source: str, at: int) -> int:
    """Return where the tag that is open at ``at`` ends; a ``>`` inside what the template computes is not its end."""
    while (stop := _STOP.search(source, at)) is not None and stop[0] != ">":
        at = source.index(_END_OF[stop[0]], stop.end()) + 2
    assert stop is not None, "a tag of ours is closed"
    return stop.end()


def render_for(request: Request) -> None:
    """Have what is rendered from here on marked as the page of whoever is signed in."""
    who: SignedIn | None = getattr(request.state, "signed_in", None)
    mark = mark_of(who)
    name = who.person.name if who is not None else ""
    key = draft_key(request.app.state.services.settings.secret_key, who) if who is not None else ""
    _rendered_for.set((PageOf(mark, name, key), FormKeys(mark)))


def page_of() -> PageOf:
    """Return for whom the page is rendered; a global of every template."""
    return _rendered_for.get()[0]


def form_mark() -> str:
    """Return what the hidden field of the next form says; a global of every template."""
    return _rendered_for.get()[1].next()
