"""An app of a person, as its authors write one: it sends the person to the hub, gets its tokens, reads."""

import re
from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from hub.fhir.parameters import PARAMETERS
from hub.ids import new_id
from tests.web.house import ORIGIN, House

BACK = "https://diary.example/back"
SITE = "https://diary.example"
BASE = f"{ORIGIN}/fhir"
VERIFIER = "a-verifier-that-nobody-guesses-of-43-letters"
EVERYTHING = " ".join(f"patient/{kind}.rs user/{kind}.rs" for kind in PARAMETERS)
ONWARD = re.compile(r'content="0; url=([^"]+)"')


@dataclass
class App:
    """One app, registered; ``secret`` is empty for one that runs in a browser."""

    house: House
    client_id: str
    secret: str
    state: str = ""

    def request(self, **changed: str) -> dict[str, str]:
        """Return the parameters of a request for access; an empty one is left out."""
        self.state = new_id()
        told = {
            "response_type": "code", "client_id": self.client_id, "redirect_uri": BACK, "state": self.state,
            "scope": "launch/patient patient/Goal.rs patient/Patient.rs offline_access", "aud": BASE,
            "code_challenge": urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).decode().rstrip("="),
            "code_challenge_method": "S256",
        }  # fmt: skip
        return {name: value for name, value in (told | changed).items() if value}

    async def asks(self, browser: httpx2.AsyncClient, **changed: str) -> httpx2.Response:
        """Send a browser with a request, and return the page that asks the person, or what else comes."""
        sent = await browser.get("/authorize", params=self.request(**changed))
        onward = ONWARD.search(sent.text)
        return await browser.get(onward[1]) if onward is not None else sent

    async def allowed(self, browser: httpx2.AsyncClient, plan: str = "", **changed: str) -> str:
        """Have a person say yes to everything; return the code that came back."""
        page = await self.asks(browser, **changed)
        assert page.status_code == 200, page.text
        scopes = re.findall(r'name="scope" value="([^"]+)"', page.text)
        form = {"act": "allow", "scope": scopes, "plan": plan or self.house.plan}
        told = await browser.post(page.url.path, data=form)
        return self.code(told)

    def code(self, told: httpx2.Response) -> str:
        """Return the code in the answer that leads back to the app."""
        assert told.status_code == 200, told.text
        onward = ONWARD.search(told.text)
        assert onward is not None, told.text
        address = onward[1].replace("&amp;", "&")
        assert address.startswith(f"{BACK}?")
        query = parse_qs(urlsplit(address).query)
        assert query["state"] == [self.state]
        return query["code"][0]

    async def tokens(self, client: httpx2.AsyncClient, code: str, **changed: str) -> httpx2.Response:
        """Ask for tokens with a code."""
        told = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
        told |= {} if self.secret else {"client_id": self.client_id}
        basic = b64encode(f"{self.client_id}:{self.secret}".encode()).decode()
        headers = {"authorization": f"Basic {basic}"} if self.secret else {}
        return await client.post("/fhir/auth/token", data=told | changed, headers=headers)

    async def renewed(self, client: httpx2.AsyncClient, refresh_token: str, **more: str) -> httpx2.Response:
        """Ask for tokens with a refresh token."""
        told = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": self.client_id, **more}
        return await client.post("/fhir/auth/token", data=told)

    async def reader(self, token: str) -> httpx2.AsyncClient:
        """Return a client that reads with a token, from the app's own pages."""
        transport = httpx2.ASGITransport(app=self.house.served, client=("127.0.0.1", 50_000))
        headers = {"authorization": f"Bearer {token}", "origin": SITE}
        return await self.house.stack.enter_async_context(
            httpx2.AsyncClient(transport=transport, base_url=BASE, headers=headers, timeout=30)
        )

    async def of(self, named: str, plan: str = "", **changed: str) -> tuple[httpx2.AsyncClient, dict[str, Any]]:
        """Have a person give access; return a client that reads with it, and the answer that brought its tokens."""
        browser = await self.house.browser(named)
        answer = await self.tokens(browser, await self.allowed(browser, plan, **changed))
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return await self.reader(told["access_token"]), told


async def an_app(house: House, **typed: str) -> App:
    """Register an app as an administrator does, at the page."""
    form = {
        "act": "register", "name": "Health diary", "kind": "public", "redirects": BACK, "origins": SITE,
        "scopes": EVERYTHING, "kept": "yes",
    }  # fmt: skip
    falk = await house.browser("Falk")
    page = await falk.post("/admin/apps", data=form | typed)
    shown = re.findall(r'class="token">([^<]+)<', page.text)
    assert shown, page.text
    return App(house, shown[0], shown[1] if len(shown) > 1 else "")
