"""What nobody expected of the database is answered by a calm page that keeps the words, and never by a bare error."""

import asyncio
import html
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import Message

from tests.harness.databases import Databases
from web.app import create_app
from web.failures import HANDLERS
from web.middleware import HEADERS
from web.settings import Mode, Settings

ORIGIN = "http://127.0.0.1:8000"
PEOPLE = ("Dr. Elena Ruiz", "Mary Whitfield")
SWAP = {"hx-request": "true"}
FAULTS = {
    "a table is gone": ("alter table participant rename to gone", "alter table gone rename to participant"),
    "a check refuses": (
        "alter table journal add constraint never check (section <> 'goals') not valid",
        "alter table journal drop constraint never",
    ),
}

pytestmark = pytest.mark.slow

OF_MARY = "select plan.id from plan join patient on patient.id = subject where family = 'Whitfield'"


@dataclass
class Failing:
    """A hub in which something can be made to fail, and Mary's doctor in it."""

    client: TestClient
    url: str
    plan: str
    mary: str

    @contextmanager
    def broken(self, how: str) -> Iterator[None]:
        breaks, mends = FAULTS[how]
        asked(self.url, breaks)
        try:
            yield
        finally:
            asked(self.url, mends)


def asked(url: str, statement: str) -> str:
    """Run a statement as the owner; return its one value, if any."""

    async def done() -> str:
        connection = await asyncpg.connect(url)
        try:
            return str(await connection.fetchval(statement))
        finally:
            await connection.close()

    return asyncio.run(done())


@pytest.fixture
def failing(databases: Databases, tmp_path: Path) -> Iterator[Failing]:
    with databases.demo() as url:
        settings = Settings(
            mode=Mode.DEMO, origin=ORIGIN, data_dir=tmp_path, checkpoints_dir=tmp_path, database_url=url
        )
        with TestClient(
            create_app(settings), base_url=ORIGIN, headers={"origin": ORIGIN}, client=("127.0.0.1", 50_000),
            follow_redirects=False,
        ) as client:  # fmt: skip
            doctor, mary = (asked(url, f"select id from person where name = '{each}'") for each in PEOPLE)
            client.post("/sign-in/demo", data={"person": doctor})
            yield Failing(
                client,
                url,
                asked(url, OF_MARY),
                mary,
            )


def test_who_goes_while_a_form_is_read_is_no_error_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    async def read(request: Request) -> Response:
        return Response(str(len(await request.form())))

    app = Starlette(routes=[Route("/", read, methods=["POST"])], exception_handlers=HANDLERS)
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/x-www-form-urlencoded")]
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers, "app": app}
    asyncio.run(app(scope, receive, send))

    assert sent[0]["status"] == 400
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_words_that_could_not_be_taken_are_handed_back_and_can_be_sent_again(failing: Failing) -> None:
    at = f"/plans/{failing.plan}/sections/goals/entries"
    form = {"description": 'Walk to "church" & back', "voice": failing.mary}
    with failing.broken("a check refuses"):
        refused = failing.client.post(at, data=form)
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', refused.text)
    again = {name: html.unescape(value) for name, value in fields}

    assert refused.status_code in (500, 503)
    assert "Nothing was saved." in refused.text
    assert "Walk to &#34;church&#34; &amp; back</dd>" in refused.text
    assert f'action="{at}"' in refused.text
    assert again == form
    assert failing.client.post(at, data=again).status_code == 303
    assert "Walk to &#34;church&#34; &amp; back" in failing.client.get(f"/plans/{failing.plan}").text


@pytest.mark.parametrize("how", FAULTS)
def test_a_page_that_fails_says_what_to_do_and_has_the_headers_of_any_other(failing: Failing, how: str) -> None:
    at = f"/plans/{failing.plan}/sections/goals/entries"
    form = {"description": "Walk to church", "voice": failing.mary}
    with failing.broken(how):
        answers = [
            failing.client.post(at, data=form),
            failing.client.post(at, data=form, headers=SWAP),
            failing.client.get(f"/plans/{failing.plan}/family"),
        ]
    answers = [answer for answer in answers if answer.status_code >= 500]

    assert len(answers) >= 2
    for answer in answers:
        assert "Try again in a minute" in answer.text or "Try this page again in a minute" in answer.text
        assert "Whitfield" not in answer.text
        for name, value in HEADERS.items():
            assert answer.headers[name] == value
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-request-id"]
    assert "Walk to church" not in answers[1].text, "a swap leaves the form, with its words, where it stands"
