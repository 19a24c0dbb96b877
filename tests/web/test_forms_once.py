"""Every form that changes something carries a key, and the same form goes through once, on every route."""

import re
from pathlib import Path

import pytest
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from hub.record.submissions import under_way
from web.doors.directory import Account, SignedIn
from web.marks import marked_template
from web.routes import ROUTES
from web.services import Services
from web.submitting import Submitted

pytestmark = pytest.mark.anyio

TEMPLATES = sorted((Path(__file__).parents[2] / "web" / "templates").rglob("*.html"))
POSTED = {route.name: route for route in ROUTES if isinstance(route, Route) and "POST" in (route.methods or ())}


def test_every_posted_form_of_every_template_carries_the_key() -> None:
    forms = {path.name: path.read_text().count('method="post"') for path in TEMPLATES}

    assert forms == {path.name: marked_template(path.read_text()).count('name="_page"') for path in TEMPLATES}
    assert sum(forms.values()) > 50


@pytest.mark.parametrize("name", POSTED)
async def test_the_same_form_goes_through_once_and_its_second_gets_the_first_answer(name: str) -> None:
    ran = 0

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal ran
        ran += 1
        form = under_way()
        assert form is not None, "its turn knows the form"
        form.held = True
        await send({"type": "http.response.start", "status": 303, "headers": [(b"location", b"/on")]})
        await send({"type": "http.response.body", "body": str(ran).encode()})

    once = Submitted(page, services=lambda: _NOTHING)
    path = re.sub(r"\{.*?\}", "1", POSTED[name].path)

    first, second = [await answered(once, path, "_page=mark/key-1&words=x") for _ in range(2)]
    third = await answered(once, path, "_page=mark/key-2&words=x")

    assert first == second == b"1"
    assert third == b"2", "a form rendered anew is another act"


class _Nothing:
    submissions = None


_NOTHING: Services = _Nothing()  # type: ignore[assignment]


async def answered(app: Submitted, path: str, body: str) -> bytes:
    who = SignedIn(Account("p1", "Ana", "nurse"), "s1")  # type: ignore[arg-type]
    said: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body.encode(), "more_body": False}

    async def send(message: Message) -> None:
        said.append(message)

    headers = [(b"content-type", b"application/x-www-form-urlencoded")]
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "state": {"signed_in": who}}
    await app(scope, receive, send)
    return b"".join(each.get("body", b"") for each in said)
