"""Templates and responses: one environment, strict and escaping, and a page that may also be a fragment."""

import hashlib
import os
import re
import sys
from collections.abc import Mapping
from datetime import tzinfo
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import quote

import jinja2
from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined, select_autoescape
from jinja2.ext import Extension
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute

from auth.registry import Duty, Keeper, refusal
from auth.roles import CLINICIANS, PATIENT_SIDE
from hub.live.zones import Zones, zone_named
from web.languages import language_at_door, language_of
from web.marks import form_mark, marked_template, page_of, render_for
from web.views.local_times import zone_words
from web.views.people import own_chip

TEMPLATES: Final = Path(__file__).parent / "templates"
STATIC: Final = Path(__file__).parent.parent / "static"
SERVED: Final = (
    "tokens.css",
    "app.css",
    "huddles.css",
    "history.css",
    "family.css",
    "mine.css",
    "plan.css",
    "panel.css",
    "problems.css",
    "readings.css",
    "sheet.css",
    "icon.svg",
    "icon.png",
    "dist/*.js",
    "dist/*.css",
)
"""What of the static folder leaves the machine; sources stay."""

THEMES: Final = frozenset({"light", "dark"})
THEME_COOKIE: Final = "theme"


_INDENT: Final = re.compile(r"\n[ \t]+")
"""A template is indented for whoever reads it; nobody's phone has to load that."""


class Marked(Extension):
    """Puts the mark of a page into every template as it is read (``web.marks``), and leaves its indentation away."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return _INDENT.sub("\n", marked_template(source))


class Rendering:
    """Renders templates by name. ``static`` holds the served files by their address below the hash."""

    def __init__(self, templates: Path = TEMPLATES, static: Path = STATIC) -> None:
        self.static = {
            path.relative_to(static).as_posix(): path for pattern in SERVED for path in sorted(static.glob(pattern))
        }
        self.static_hash = _hash_of(self.static)
        self._environment = compiled(templates)
        self._routes: dict[str, list[BaseRoute]] = {}

    def words(self, request: Request, template: str, context: Mapping[str, object]) -> str:
        """Return the template's HTML."""

        if not self._routes:
            for route in request.app.routes:
                self._routes.setdefault(getattr(route, "name", ""), []).append(route)

        def path(name: str, **parameters: object) -> str:
            if len(named := self._routes.get(name, [])) == 1:  # Starlette would ask one route after the other.
                return str(named[0].url_path_for(name, **parameters))
            return str(request.app.url_path_for(name, **parameters))

        shared = {
            "path": path,
            "static": lambda name: f"/static/{self.static_hash}/{name}",
            "theme": theme_of(request),
            "here": "",
            **_spoken(request, template),
            **_clock(request),
            **_own(request),
            "address": request.url.path,
        }
        render_for(request)
        return self._environment.get_template(template).render({**shared, **context})


SPOKEN: Final = frozenset(
    {
        *(f"inviting/{name}.html" for name in ("door", "code", "ended", "welcome")),
        *(f"sign_in/{name}.html" for name in ("page", "address", "code", "choose", "keep", "sessions")),
        *(f"reminders/{name}.html" for name in ("page", "choices")),
        *(f"sharing/{name}.html" for name in ("looks", "page", "person")),
        *("another.html", "copies/page.html", "failure.html", "family/plans.html", "notifications.html"),
        "repeated.html",
    }
)
"""Whole pages, beside those of ``family/``, that people at home meet: they speak the reader's language."""


def _spoken(request: Request, template: str) -> dict[str, object]:
    """Return the language of a page and what says its sentences; pages of the team's own work are in English."""
    if template not in SPOKEN:
        return {"lang": "en", "say": str}
    who = getattr(request.state, "signed_in", None)
    language = language_of(request, who.person) if who is not None else language_at_door(request)
    return {"lang": language.tag, "say": language.say}


def own_clock(request: Request) -> tzinfo | None:
    """Return the clock that the reader chose for their own pages; a plan's pages have that of its home."""
    who = getattr(request.state, "signed_in", None)
    if who is None or not who.person.clock or "plan_id" in request.path_params:
        return None
    return zone_named(who.person.clock)


def _clock(request: Request) -> dict[str, object]:
    """Return whose clock the page tells: its name for scripts, and in words for who reads it by another clock."""
    zones: Zones = request.app.state.services.zones
    plan_id = request.path_params.get("plan_id")
    zone = own_clock(request) or (zones.of(str(plan_id)) if plan_id else zones.default)
    return {"zone": str(zone), "zone_words": zone_words(zone)}


@cache
def compiled(templates: Path = TEMPLATES) -> Environment:
    """Return the templates of a folder, each compiled when it is first asked for, once a process."""
    environment = Environment(
        loader=FileSystemLoader(templates),
        bytecode_cache=_kept_beside(templates),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[Marked],
    )
    environment.globals |= {"page_of": page_of, "form_mark": form_mark}
    return environment


class KeptTemplates(FileSystemBytecodeCache):
    """Compiled templates, known by their source and by all that makes code of it: to compile a plan's takes 0.7 s."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        makers = (Path(__file__), Path(sys.modules[marked_template.__module__].__file__ or ""))
        self._made_by = "".join([jinja2.__version__, *(each.read_text("utf-8") for each in makers)])

    def get_source_checksum(self, source: str) -> str:
        """Return a digest of the source and of its makers."""
        return super().get_source_checksum(f"{source}\0{self._made_by}")


def _kept_beside(templates: Path) -> KeptTemplates | None:
    """Return where compiled templates are kept: beside their sources, as Python keeps modules, and trusted as those.

    ``None`` where nothing may be written there, or Python keeps nothing either.
    """
    folder = templates.parent / "__pycache__" / templates.name
    if sys.dont_write_bytecode:
        return None
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return KeptTemplates(folder) if os.access(folder, os.W_OK) else None


def _own(request: Request) -> dict[str, object]:
    """Return who is signed in, for the bar at the top, and which places they are shown the way to."""
    who = getattr(request.state, "signed_in", None)
    if who is None:
        return {
            "person": None,
            "may_audit": False,
            "may_huddle": False,
            "may_search": False,
            "at_home": True,
            "may_administer": False,
            "may_register": False,
            "panel_name": "My patients",
        }
    person = who.person
    chip = own_chip(person.person_id, person.name, person.profession)
    return {
        "person": chip,
        "may_audit": person.may_audit,
        "may_huddle": person.role in CLINICIANS,
        "at_home": person.role in PATIENT_SIDE,
        "may_search": person.role not in PATIENT_SIDE,
        "may_administer": person.may_administer,
        "may_register": not refusal(Keeper(person.person_id, person.role, person.may_administer), Duty.REGISTER),
        "panel_name": "My plans" if person.role in PATIENT_SIDE else "My patients",
    }


def _hash_of(files: dict[str, Path]) -> str:
    digest = hashlib.sha256()
    for name, path in sorted(files.items()):
        digest.update(name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def theme_of(request: Request) -> str:
    """Return the person's choice of appearance, ``""`` to follow the device."""
    theme = request.cookies.get(THEME_COOKIE, "")
    return theme if theme in THEMES else ""


def is_swap(request: Request) -> bool:
    """Say whether htmx asks for a fragment rather than a browser for a page."""
    return request.headers.get("hx-request") == "true"


def page(request: Request, template: str, context: Mapping[str, object], status: int = 200) -> Response:
    """Return a whole page."""
    rendering: Rendering = request.app.state.rendering
    return HTMLResponse(rendering.words(request, template, context), status)


def fragment(
    request: Request, template: str, context: Mapping[str, object], *, title: str, back: str, status: int = 200
) -> Response:
    """Return the fragment alone for a swap, or the same fragment on a page of its own without scripts."""
    if is_swap(request):
        return page(request, template, context, status)
    whole = {**context, "fragment": template, "title": title, "back": back, "back_words": "Back to the plan"}
    return page(request, "fragment.html", whole, status)


ADDRESS_MARKS: Final = ":/%#?=@[]!$&'()*+,;"
"""What an address may hold as it stands; anything else in a header is written as its bytes, as in a 303."""


def elsewhere(request: Request, address: str) -> Response:
    """Send the browser to another page after a form: 303, or htmx's own redirect inside a swap."""
    if is_swap(request):
        return Response(status_code=204, headers={"HX-Redirect": quote(address, safe=ADDRESS_MARKS)})
    return RedirectResponse(address, 303)
