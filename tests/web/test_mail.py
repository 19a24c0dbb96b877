"""Letters by a mail server on loopback: sent, refused, away; nobody is kept in the dark, and no secret is logged."""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from email.message import Message
from pathlib import Path

import pytest

from crdt.contents import EntryContent
from crdt.sections import Section
from hub.jobs.letters import Letter, NotSentError
from hub.record.journal import Action
from tests.harness.letters import HOST, MailServer, certificate
from tests.harness.providers import free_port
from tests.web.house import LINK, a_form, a_house
from web import mail
from web.mail import SmtpMail
from web.settings import Smtp

pytestmark = pytest.mark.anyio
KIM, LUIS, SENDER = "Grace Kim", "luis@demo.example", "plans@hub.example"
LETTER = Letter(LUIS, "Your code", "Your code is 123456.\n")


def by(server: MailServer, *, starttls: bool = False, password: str = "") -> Smtp:
    return Smtp(HOST, server.port, SENDER, "hub" if password else "", password, starttls)


def words_of(letter: Message) -> str:
    words = letter.get_payload(decode=True)
    assert isinstance(words, bytes)
    return words.decode()


async def test_a_letter_arrives_as_it_was_written() -> None:
    async with MailServer().listening() as server:
        await SmtpMail(by(server)).send(LETTER)

    [letter] = server.letters
    assert (letter["From"], letter["To"], letter["Subject"]) == (SENDER, LUIS, "Your code")
    assert letter["Auto-Submitted"] == "auto-generated"
    assert words_of(letter).strip() == "Your code is 123456."


async def test_an_appointment_comes_with_the_mail_as_a_calendar_takes_it() -> None:
    calendar = "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
    async with MailServer().listening() as server:
        await SmtpMail(by(server)).send(Letter(LUIS, "A reminder", "Appointment.\n", key="0190-key", calendar=calendar))

    [came] = server.letters
    assert came["Message-ID"] == "<0190-key@hub.example>"
    [text, file] = [part for part in came.walk() if not part.is_multipart()]
    assert words_of(text).strip() == "Appointment."
    assert (file.get_content_type(), file.get_param("method")) == ("text/calendar", "PUBLISH")
    assert words_of(file).startswith("BEGIN:VCALENDAR")


async def test_with_starttls_nothing_is_said_before_the_line_is_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    async with MailServer(certificate=pem).listening() as server:
        await SmtpMail(by(server, starttls=True, password="hunter2")).send(LETTER)

    assert server.passwords == [(True, "\0hub\0hunter2")]
    assert {line.split()[0].upper() for secure, line in server.said if not secure} <= {"EHLO", "STARTTLS"}
    assert len(server.letters) == 1


@pytest.mark.parametrize("why", ["a certificate that nobody signed", "no starttls"])
async def test_a_line_that_is_not_secret_carries_no_letter_and_no_password(tmp_path: Path, why: str) -> None:
    pem = certificate(tmp_path) if "certificate" in why else None
    async with MailServer(certificate=pem).listening() as server:
        with pytest.raises(NotSentError):
            await SmtpMail(by(server, starttls=True, password="hunter2")).send(LETTER)

    assert server.passwords == []
    assert server.letters == []


@pytest.mark.parametrize(
    ("why", "for_good", "unanswered"), [("refused", True, False), ("away", False, False), ("silent", False, False)]
)
async def test_what_can_not_be_sent_says_whether_to_try_again_and_whether_it_may_have_left(
    why: str, for_good: bool, unanswered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "SMTP_SECONDS_MAX", 0.2)
    async with MailServer(refused={LUIS}, silent=why == "silent").listening() as server:
        told = Smtp(HOST, free_port(), SENDER, starttls=False) if why == "away" else by(server)
        with pytest.raises(NotSentError) as said:
            await SmtpMail(told).send(LETTER)

    assert server.letters == []
    assert (said.value.for_good, said.value.unanswered) == (for_good, unanswered)


@pytest.mark.parametrize("address", ["luis@demo.example\r\nBcc: all@demo.example", "lu is@demo.example", "a@b\0"])
async def test_an_address_never_becomes_a_header(address: str) -> None:
    async with MailServer().listening() as server:
        with contextlib.suppress(NotSentError):
            await SmtpMail(by(server)).send(Letter(address, "Your code", "Your code is 123456.\n"))

    assert not [line for _, line in server.said if "all@demo" in line.lower()]
    assert all(letter["Bcc"] is None for letter in server.letters)


async def until(there: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(60):
        while not await there():
            await asyncio.sleep(0)


@pytest.mark.slow
async def test_a_letter_to_a_mailbox_that_is_not_there_becomes_the_stewards_task_and_sending_anew_works(
    demo_database: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(MailServer(refused={LUIS}).listening())
        house = await stack.enter_async_context(a_house(demo_database, tmp_path, smtp=by(server)))
        kim, luis = await house.browser(KIM), await house.browser()
        form = a_form() | {"delivery": "sent", "address": LUIS}

        async def tasks() -> list[EntryContent]:
            content = await house.services.plans.content(house.plan)
            return [each for each in content.entries(Section.TASKS).values() if "letter" in str(each.values["title"])]

        async def came(count: int) -> bool:
            return len(server.letters) >= count

        made = await kim.post(f"/plans/{house.plan}/invitations", data=form)
        assert f"The link is on its way to {LUIS}" in made.text
        await until(tasks)
        [task] = await tasks()
        assert task.values["owner"] == house.person(KIM).person_id, "the plan's steward"
        assert "no such mailbox" in str(task.values["detail"])
        [row] = await house.rows(Action.COMMAND, event="letter.fail")
        assert (row.actor, row.role) == ("", ""), "the hub says it, under nobody's name"
        listed = await kim.get(f"/plans/{house.plan}/invitations")
        assert "The letter could not be delivered" in listed.text

        [(kept, _)] = await house.access.inviting.of_plan(house.plan)
        server.refused.clear()
        again = await kim.post(f"/plans/{house.plan}/invitations/{kept.invitation_id}/resend")
        link = LINK.search(again.text)
        assert link is not None
        await until(lambda: came(1))
        assert link.group(3) in words_of(server.letters[0])

        secret = link.group(3)
        await luis.post(f"/i/{link.group(2)}", data={"secret": secret})
        await until(lambda: came(2))
        found = re.search(r"\d{6}", words_of(server.letters[1]))
        assert found is not None
        entered = await luis.post(f"/i/{link.group(2)}", data={"secret": secret, "code": found.group()})
        assert entered.status_code == 303

    logged = "".join(capfd.readouterr())
    for word in (secret, found.group(), LUIS, "Luis", "luis"):
        assert word not in logged, "no token, code, address or name is logged"


@pytest.mark.slow
async def test_a_mail_server_that_is_away_keeps_nobody_from_inviting_and_a_stranger_sees_no_difference(
    demo_database: str, tmp_path: Path
) -> None:
    smtp = Smtp(HOST, free_port(), SENDER, starttls=False)
    async with a_house(demo_database, tmp_path, smtp=smtp) as house:
        kim, luis = await house.browser(KIM), await house.browser()
        made = await kim.post(f"/plans/{house.plan}/invitations", data=a_form() | {"delivery": "sent", "address": LUIS})
        link = LINK.search(made.text)
        assert link is not None

        opened = await luis.post(f"/i/{link.group(2)}", data={"secret": link.group(3)})

        assert opened.status_code == 200
        assert "We sent it to the address" in opened.text


@pytest.mark.slow
@pytest.mark.parametrize("address", ["luis@demo.example\nBcc: all@demo.example", "lu is@demo.example", "@", "luis@"])
async def test_what_is_no_address_comes_back_with_the_form(demo_database: str, tmp_path: Path, address: str) -> None:
    async with a_house(demo_database, tmp_path) as house:
        kim = await house.browser(KIM)
        for delivery in ("sent", "spoken"):
            form = a_form() | {"delivery": delivery, "address": address}
            answer = await kim.post(f"/plans/{house.plan}/invitations", data=form)
            assert answer.status_code == 422
            assert "Give an e-mail address" in answer.text
