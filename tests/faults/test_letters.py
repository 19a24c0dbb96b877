"""A letter outlives the process that was to send it: kill -9 between the commit and the mail server."""

import asyncio
from pathlib import Path

import pytest

from auth.roles import Role
from tests.conftest import StartHub
from tests.faults.typists import a_while
from tests.harness.letters import HOST, MailServer
from tests.harness.providers import free_port
from tests.web.house import LINK, a_form

pytestmark = [pytest.mark.slow, pytest.mark.anyio]


async def test_a_letter_put_down_before_a_kill_arrives_once_after_it(
    a_hub: StartHub, demo_database: str, tmp_path: Path
) -> None:
    port = free_port()
    told = {"SMTP_HOST": HOST, "SMTP_PORT": str(port), "SMTP_FROM": "plans@hub.example", "SMTP_STARTTLS": "off"}
    hub = await asyncio.to_thread(a_hub, database_url=demo_database, environment=told)
    plan = next(each["id"] for each in hub.description["plans"] if "Mary" in str(each))
    with hub.pages(Role.CARE_MANAGER) as kim:
        form = a_form() | {"delivery": "sent", "address": "luis@demo.example"}
        made = await asyncio.to_thread(kim.post, f"/plans/{plan}/invitations", data=form)
    link = LINK.search(made.text)
    assert link is not None
    hub.kill()

    async with MailServer(port=port).listening() as server:
        await asyncio.to_thread(hub.start)
        async with asyncio.timeout(60):
            while not server.letters:
                await a_while(0.05)
        hub.stop()

    assert [link.group(3).encode() in bytes(letter.get_payload(decode=True)) for letter in server.letters] == [True]
