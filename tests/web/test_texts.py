"""Text messages by an HTTP gateway: sent as its file tells, told of by signed calls, ended by STOP."""

import hmac
import json
import re
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest

from crdt.sections import Section
from hub.ids import HUB
from hub.jobs.letters import Channel, Letter, NotSentError
from hub.record.journal import Action
from hub.reminders.choices import Matter
from tests.harness.providers import free_port
from tests.harness.texts import TextSink
from tests.web.house import House, a_house
from tests.web.test_reminders import MARY, Clockwork
from web.doors.gateways import signed
from web.gateways import GATEWAY_AT, GatewayTold, TextGateway, read_gateway
from web.texts import HttpTexts

pytestmark = pytest.mark.anyio
NUMBER, SECRET = "+12025550123", "a secret of the gateway"
TEXT = Letter(NUMBER, "", "Your care team: something is due.", channel=Channel.TEXT, key="0190-key")
FILE = {
    "url": "https://sms.example/messages", "headers": {"Authorization": "Bearer x", "Idempotency-Key": "{key}"},
    "body": {"to": "{number}", "parts": [{"text": "{words}"}]}, "name": "message.id",
    "told": {"secret": SECRET, "signature": "x-signature", "timestamp": "x-timestamp", "name": "id", "state": "status",
             "delivered": ["delivered"], "failed": ["undelivered"], "from": "from", "words": "text"},
}  # fmt: skip


def gateway_of(folder: Path, **more: Any) -> TextGateway:
    told, problems = written(folder, **more)
    assert told is not None, problems
    return told


def written(folder: Path, *, mode: int = 0o600, **more: Any) -> tuple[TextGateway | None, list[str]]:
    file = folder / "gateway.json"
    file.write_text(json.dumps(FILE | more))
    file.chmod(mode)
    problems: list[str] = []
    return read_gateway(str(file), problems), problems


async def test_a_message_is_sent_as_the_file_tells_and_known_by_the_gateway_s_name(tmp_path: Path) -> None:
    with TextSink().listening() as sink:
        name = await HttpTexts(gateway_of(tmp_path, url=sink.url)).send(TEXT)

    assert name == "SM1"
    assert sink.came == [{"to": NUMBER, "parts": [{"text": TEXT.words}]}]
    assert sink.keys == [TEXT.key]


@pytest.mark.parametrize(
    ("status", "for_good", "unanswered"),
    [(400, True, False), (429, False, False), (401, False, False), (500, False, False), (502, False, True),
     (0, False, True)],
)  # fmt: skip
async def test_what_the_gateway_answers_says_whether_to_try_again_and_whether_it_may_have_left(
    tmp_path: Path, status: int, for_good: bool, unanswered: bool
) -> None:
    with TextSink(status=status).listening() as sink, pytest.raises(NotSentError) as said:
        await HttpTexts(gateway_of(tmp_path, url=sink.url)).send(TEXT)

    assert (said.value.for_good, said.value.unanswered) == (for_good, unanswered)


async def test_a_gateway_that_is_away_has_nothing(tmp_path: Path) -> None:
    away = gateway_of(tmp_path, url=f"http://127.0.0.1:{free_port()}/messages")
    with pytest.raises(NotSentError) as said:
        await HttpTexts(away).send(TEXT)

    assert (said.value.for_good, said.value.unanswered) == (False, False)


def test_a_file_that_is_wrong_or_open_to_others_is_refused_with_what_to_do(tmp_path: Path) -> None:
    assert "chmod 600" in written(tmp_path, mode=0o644)[1][0]
    assert "https" in written(tmp_path, url="http://sms.example/")[1][0]
    assert "body" in written(tmp_path, body="to")[1][0]
    assert "16 characters" in written(tmp_path, told={"secret": "short", "signature": "x"})[1][0]
    problems: list[str] = []
    assert read_gateway(str(tmp_path / "nowhere"), problems) is None
    assert problems


def test_only_what_the_gateway_signed_lately_is_taken(tmp_path: Path) -> None:
    told, now, body = gateway_of(tmp_path).told, 1_800_000_000, b'{"id": "SM1"}'
    assert told is not None
    right = hmac.digest(SECRET.encode(), b"%d." % now + body, sha256)
    for given in (right.hex(), "sha256=" + right.hex(), b64encode(right).decode()):
        assert signed({"x-signature": given, "x-timestamp": str(now)}, body, told, now + 60)

    good = {"x-signature": right.hex(), "x-timestamp": str(now)}
    assert not signed(good, body + b" ", told, now)
    assert not signed(good, body, told, now + 301)
    assert not signed(good, body, told, now - 301)
    assert not signed(good | {"x-timestamp": str(now + 1)}, body, told, now)
    assert not signed({"x-timestamp": str(now)}, body, told, now)
    assert not signed({"x-signature": right.hex()}, body, told, now)
    unstamped = GatewayTold(secret=SECRET, signature="x-signature")
    assert signed({"x-signature": hmac.digest(SECRET.encode(), body, sha256).hex()}, body, unstamped, 0)


async def tell(browser: httpx2.AsyncClient, secret: str = SECRET, **said: str) -> int:
    """Call as the gateway does."""
    body, now = json.dumps(said).encode(), int(datetime.now(UTC).timestamp())
    sign = hmac.digest(secret.encode(), b"%d." % now + body, sha256).hex()
    headers = {"x-signature": sign, "x-timestamp": str(now), "content-type": "application/json", "origin": ""}
    return (await browser.post(GATEWAY_AT, content=body, headers=headers)).status_code


async def until(done) -> None:  # type: ignore[no-untyped-def]
    with anyio.fail_after(20):
        while not await done():
            await anyio.lowlevel.checkpoint()


@pytest.mark.slow
async def test_a_text_goes_to_who_asked_is_known_to_have_arrived_or_becomes_a_task_and_ends_with_stop(
    demo_database: str, tmp_path: Path
) -> None:
    with TextSink().listening() as sink:
        async with a_house(demo_database, tmp_path, texts=gateway_of(tmp_path, url=sink.url)) as house:
            mary, gateway, clock = await house.browser(MARY), await house.browser(), Clockwork(house)
            form = {"channel-appointment": "text", "mobile": "(202) 555-0123"}
            refused = await mary.post("/reminders/choices", data=form)
            assert refused.status_code == 422
            assert "(202) 555-0123" in refused.text
            assert (await mary.post("/reminders/choices", data=form | {"agrees": "yes"})).status_code == 303
            await clock.pass_at(clock.now)
            await clock.pass_at((await clock.ahead(MARY))[Matter.APPOINTMENT])

            async def left() -> bool:
                return [each.outcome for each in await house.access.letters.latest()] == ["sent"]

            await until(left)
            [text] = sink.came
            assert text["to"] == NUMBER
            assert re.fullmatch(r"Your care team: Appointment: .+ http\S+/told/\S+ Nobody .+", text["parts"][0]["text"])
            await told_of(house, gateway, mary)


async def told_of(house: House, gateway: httpx2.AsyncClient, mary: httpx2.AsyncClient) -> None:
    """Receipts and answers: only signed ones count."""
    assert await tell(gateway, "another secret of someone", id="SM1", status="delivered") == 401
    assert await tell(gateway, id="SM9", status="delivered") == 404
    assert (await house.access.letters.latest())[0].delivered is None

    assert await tell(gateway, id="SM1", status="undelivered") == 200
    assert await tell(gateway, id="SM1", status="undelivered") == 200

    async def task() -> bool:
        content = await house.services.plans.content(house.plan)
        titles = [str(each.values["title"]) for each in content.entries(Section.TASKS).values()]
        return sum(title.startswith(f"A reminder did not reach {MARY}") for title in titles) == 1

    await until(task)

    assert await tell(gateway, **{"from": "12025550123", "text": "My chest hurts"}) == 200
    assert "STOP was answered" not in (await mary.get("/reminders/choices")).text
    assert await tell(gateway, **{"from": "12025550123", "text": " Stop. "}) == 200
    assert "STOP was answered" in (await mary.get("/reminders/choices")).text
    rows = await house.services.journal.history(HUB, limit=20)
    events = [row.event for row in rows if row.action is Action.CONSENT]
    assert events == ["reminder.stop", "reminder.choose"]
