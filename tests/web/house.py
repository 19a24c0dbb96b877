"""The application on a real store, in this process and loop: browsers at addresses of one's choice, many at once."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from auth.roles import Participant
from hub.access.keeping_rows import Doer
from hub.access.machines import NewMachine
from hub.record.journal import Action, Row
from hub.store.people import Person
from web.access import Access
from web.app import create_app
from web.doors.directory import Account, SignedIn
from web.gateways import TextGateway
from web.services import Services
from web.settings import Mode, Settings, Smtp

ORIGIN = "http://127.0.0.1:8000"
LINK = re.compile(r'value="(http[^"]+)/i/([^"#]+)#([^"]+)"')
SPOKEN = re.compile(r"The code is</span>([\d ]+)<")


@dataclass
class House:
    """A hub with the demo's people and Mary's plan."""

    app: Starlette
    services: Services
    people: dict[str, Person]
    plan: str
    stack: AsyncExitStack
    state: dict[str, Any]
    """What the lifespan gives to every request, as the server does."""

    @property
    def database_url(self) -> str:
        return self.services.settings.database_url

    async def numbers(self) -> list[dict[str, str]]:
        """The record numbers of the plan's patient, each with its system."""
        connection = await asyncpg.connect(self.database_url)
        query = "select system, value from identifier join plan on patient = subject where plan.id = $1"
        rows = await connection.fetch(query, self.plan)
        await connection.close()
        return [dict(row) for row in rows]

    @property
    def access(self) -> Access:
        assert self.services.access is not None, "it has a store"
        return self.services.access

    async def served(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as behind a server, with the lifespan's state."""
        await self.app({**scope, "state": dict(self.state)}, receive, send)

    def person(self, named: str) -> Person:
        return next(each for name, each in self.people.items() if named in name)

    async def member(self, named: str) -> Participant:
        """Return a person's part in the plan."""
        person = self.person(named)
        who = SignedIn(Account(person.person_id, person.name, person.role), "")
        found = await self.services.directory.participant(self.plan, who)
        assert found is not None, "they take part"
        return found

    async def browser(self, named: str = "", *, address: str = "127.0.0.1") -> httpx2.AsyncClient:
        """Return a browser at an address, in which a person has signed in; ``""`` for nobody."""
        transport = httpx2.ASGITransport(app=self.served, client=(address, 50_000))
        client = await self.stack.enter_async_context(
            httpx2.AsyncClient(transport=transport, base_url=ORIGIN, headers={"origin": ORIGIN}, timeout=30)
        )
        if named:
            answer = await client.post("/sign-in/demo", data={"person": self.person(named).person_id})
            assert answer.status_code == 303
        return client

    async def rows(self, *actions: Action, event: str = "") -> list[Row]:
        """Return the plan's rows of these actions, the newest first."""
        found = await self.services.journal.history(self.plan, limit=1_000)
        return [row for row in found if row.action in actions and event in ("", row.event)]

    async def invited(self, by: httpx2.AsyncClient, **typed: object) -> "Link":
        """Make an invitation as its form does and return its link."""
        form = a_form() | typed
        answer = await by.post(f"/plans/{self.plan}/invitations", data=form)
        assert answer.status_code == 200, re.findall(r"<h3>.*?</p>|refusal.*?</p>", answer.text)
        found, code = LINK.search(answer.text), SPOKEN.search(answer.text)
        assert found is not None, "the page shows the link"
        return Link("/i/" + found.group(2), found.group(3), code.group(1) if code else "")


@dataclass(frozen=True)
class Link:
    """An invitation as the invited person holds it."""

    path: str
    secret: str
    code: str

    @property
    def invitation_id(self) -> str:
        return self.path.removeprefix("/i/")

    async def open(self, browser: httpx2.AsyncClient) -> httpx2.Response:
        return await browser.post(self.path, data={"secret": self.secret})

    async def redeem(self, browser: httpx2.AsyncClient, code: str = "", *, comes: str = "") -> httpx2.Response:
        """Enter the code; ``comes`` says who comes in, where somebody is signed in."""
        return await browser.post(self.path, data={"secret": self.secret, "code": code or self.code, "as": comes})


def a_form() -> dict[str, object]:
    return {
        "role": "family",
        "name": "Luis Hart",
        "relation": "grandson",
        "sections": ["goals", "medications", "tasks", "caregiver_log"],
        "may_change": "yes",
        "ends": "2027-03-01",
        "how": "telephone",
        "delivery": "spoken",
        "address": "",
    }


@asynccontextmanager
async def a_house(
    database_url: str, folder: Path, *, smtp: Smtp | None = None, texts: TextGateway | None = None
) -> AsyncIterator[House]:
    """Open a hub on a database with the demo; its letters go to its mailbox, or by a mail server, and so do texts."""
    settings = Settings(
        mode=Mode.DEMO,
        origin=ORIGIN,
        data_dir=folder,
        checkpoints_dir=folder,
        database_url=database_url,
        secret_key="k" * 32,
        smtp=smtp,
        text_gateway=texts,
    )
    app = create_app(settings)
    async with AsyncExitStack() as stack:
        state = await stack.enter_async_context(app.router.lifespan_context(app))
        services: Services = app.state.services
        assert services.access is not None, "it has a store"
        people = {each.name: each for each in await services.access.people.active()}
        mary = next(each for name, each in people.items() if "Mary" in name)
        places = await services.directory.places(SignedIn(Account(mary.person_id, mary.name, mary.role), ""))
        yield House(app, services, people, places[0].patient.plan_id, stack, dict(state or {}))


async def posted(house: House, address: str, scope: str, body: object) -> httpx2.Response:
    """Post a resource as a system with this scope does."""
    assert house.services.machines is not None
    admin = replace(house.person("Grace Kim"), may_administer=True)
    asked = NewMachine(name="Northside", days=9, purpose="fhir", role="care_manager", scopes=[scope])
    _, token = await house.services.machines.make(Doer(admin), asked)
    browser = await house.browser()
    headers = {"authorization": f"Bearer {token}", "content-type": "application/fhir+json"}
    return await browser.post(address, content=json.dumps(body), headers=headers)
