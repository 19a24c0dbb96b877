"""The pages of those at home without a network: kept with their date, sealed, gone when their person may not have them;
what is typed meanwhile is kept, shown where it was typed, and sent once."""

import asyncio
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, WebSocketRoute, expect

from tests.browser.seats import a_seat
from tests.browser.test_for_everyone import violations
from tests.harness.hubs import Hub

pytestmark = pytest.mark.slow
DAUGHTER, MARY, SON = "Emily Hart", "Mary Whitfield", "Marcus Bennett"
PHONE = {"width": 390, "height": 800}

KEPT = """async () => {
    const names = (await indexedDB.databases()).map(each => each.name)
    if (!names.includes('careplan-pages')) return []
    const opened = await new Promise((done, failed) => {
        const asked = indexedDB.open('careplan-pages')
        asked.onsuccess = () => done(asked.result)
        asked.onerror = failed
    })
    if (!opened.objectStoreNames.contains('pages')) return (opened.close(), [])
    const pages = await new Promise(done => {
        const asked = opened.transaction('pages').objectStore('pages').getAll()
        asked.onsuccess = () => done(asked.result)
    })
    opened.close()
    return pages.map(({ mark, hours, key, sealed }) => ({
        hours, person: mark.split('.')[0], extractable: key.extractable, words: new TextDecoder().decode(sealed)
    }))
}"""
"""What is kept on the device: the rows as another program would find them."""

LETTERS = """() => new Promise(done => {
    const asked = indexedDB.open('careplan-letters')
    asked.onsuccess = () => {
        const counted = asked.result.transaction('letters').objectStore('letters').count()
        counted.onsuccess = () => (asked.result.close(), done(counted.result))
    }
})"""
"""How much waits on the device to be sent, whosever it is."""


def kept(page: Page) -> list[dict[str, object]]:
    return list(page.evaluate(KEPT))


def expect_kept(page: Page, count: int) -> None:
    """Wait until so many pages are kept."""
    asked = f"""async count => {{
        for (let look = 0; look < 600; look++) {{
            if ((await ({KEPT})()).length === count) return true
            await new Promise(done => setTimeout(done, 50))
        }}
        return false
    }}"""
    assert page.evaluate(asked, count), f"{count} pages are kept"


def expect_kept_by(page: Page, person: str) -> None:
    """Wait until one page is kept, and it is this person's."""
    asked = f"""async person => {{
        for (let look = 0; look < 600; look++) {{
            const pages = await ({KEPT})()
            if (pages.length === 1 && pages[0].person === person) return true
            await new Promise(done => setTimeout(done, 50))
        }}
        return false
    }}"""
    assert page.evaluate(asked, person), "their page is kept"


def journaled(hub: Hub, words: str) -> int:
    """Return how many rows of the journal hold these words."""

    async def asked() -> int:
        connection = await asyncpg.connect(hub.database_url)
        try:
            return int(await connection.fetchval("select count(*) from journal where told::text like $1", f"%{words}%"))
        finally:
            await connection.close()

    with ThreadPoolExecutor(1) as thread:  # Playwright's loop runs in this one.
        return thread.submit(asyncio.run, asked()).result()


def type_a_note(page: Page, words: str) -> None:
    page.get_by_label("Observation").check()
    page.locator("#words").fill(words)
    page.get_by_role("button", name="Send to the team").click()


def switched_on(phone: BrowserType, launch: dict[str, object], place: Path) -> BrowserContext:
    """A browser with its profile on disk: closed and opened again, it is a phone that was switched off and on."""
    return phone.launch_persistent_context(str(place), viewport=PHONE, **launch)  # type: ignore[arg-type]


def test_a_phone_that_was_off_opens_the_page_without_a_network_and_sends_once_what_was_typed(
    browser: Browser, browser_launch: dict[str, object], shared_hub: Hub, tmp_path: Path
) -> None:
    address = f"{shared_hub.base_url}/plans/{shared_hub.plan('Mary')}/family"
    cookie, value = shared_hub.cookie(DAUGHTER).split("=", 1)
    context = switched_on(browser.browser_type, browser_launch, tmp_path)
    context.add_cookies([{"name": cookie, "value": value, "url": shared_hub.base_url, "expires": time.time() + 3600}])
    page = context.new_page()
    page.goto(address)
    expect_kept(page, 1)
    (row,) = kept(page)
    assert (row["hours"], row["extractable"], row["person"]) == (24, False, shared_hub.person(DAUGHTER))
    assert "ticagrelor" not in str(row["words"])
    context.set_offline(True)
    page.reload()
    expect(page.locator("#kept-at")).to_contain_text(re.compile(r"This is from \w+day, .* No connection\."))
    assert page.locator("#kept-at").evaluate("it => parseFloat(getComputedStyle(it).fontSize)") >= 24
    page.locator("#measure input[name=value]").first.fill("143")
    page.locator("#measure form button").first.click()
    type_a_note(page, "Slept well, on two pillows.")
    expect(page.locator("#unsent")).to_contain_text("2 things are not sent yet. Kept on this device")
    context.close()

    context = switched_on(browser.browser_type, browser_launch, tmp_path)
    context.set_offline(True)
    page = context.new_page()
    page.goto(address)

    expect(page.locator("#kept-at")).to_be_visible()
    expect(page.locator("#unsent li")).to_have_text(["143", "Slept well, on two pillows."])
    expect(page.locator("#measure .letters").first).to_contain_text("Not sent yet: 143")
    expect(page.locator("#notes .letters")).to_contain_text("Not sent yet: Slept well, on two pillows.")
    assert journaled(shared_hub, "on two pillows") == 0
    other = context.new_page()  # Two pages of one person send nothing twice.
    other.goto(address)
    context.set_offline(False)

    for each in (page, other):
        each.evaluate("dispatchEvent(new Event('online'))")
        expect(each.locator("#kept-at")).to_be_hidden()
        expect(each.locator("#unsent")).to_be_hidden()
        expect(each.locator("#notes .own", has_text="Slept well, on two pillows.")).to_have_count(1)
        expect(each.locator("#measure")).to_contain_text("Last: 143 mmHg")
        expect(each.locator(".letters")).to_have_count(0)
    assert journaled(shared_hub, "on two pillows") == 1
    context.close()


def test_signing_out_takes_the_kept_page_and_leaves_everyones_unsent_words(browser: Browser, shared_hub: Hub) -> None:
    plan = shared_hub.plan("Mary")
    with a_seat(browser, shared_hub, MARY, f"/plans/{plan}/mine", viewport=PHONE) as seat:
        seat.line_may_fail = True
        page, context = seat.page, seat.page.context
        expect_kept(page, 1)
        page.reload()
        context.set_offline(True)
        page.locator("#today .three button").first.click()
        page.locator("#wrong-words").fill("Nobody weighs me.")
        page.get_by_role("button", name="Ask to put it right").click()
        expect(page.locator("#unsent")).to_contain_text("2 things are not sent yet")
        expect(page.locator("#today .letters")).to_contain_text("Not sent yet: Taken")

        # Someone else comes before the network does: their page is kept in its place, and none of the words is theirs.
        page.goto("about:blank")
        context.set_offline(False)
        cookie, value = shared_hub.cookie(DAUGHTER).split("=", 1)
        context.add_cookies([{"name": cookie, "value": value, "url": shared_hub.base_url}])
        page.goto(f"{shared_hub.base_url}/plans/{plan}/family")
        expect(page.locator("#main")).to_be_visible()
        page.wait_for_function("() => navigator.serviceWorker.controller !== null")
        expect_kept_by(page, shared_hub.person(DAUGHTER))
        expect(page.locator("#unsent")).to_be_hidden()
        # The page itself takes what is kept away, so that it goes at once, without the hub, too.
        context.set_offline(True)
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url(re.compile("^chrome-error:"))
        context.set_offline(False)
        page.goto(f"{shared_hub.base_url}/sessions")
        expect_kept(page, 0)
        cookie, value = shared_hub.cookie(DAUGHTER).split("=", 1)
        context.add_cookies([{"name": cookie, "value": value, "url": shared_hub.base_url}])
        page.goto(f"{shared_hub.base_url}/plans/{plan}/family")
        expect_kept_by(page, shared_hub.person(DAUGHTER))
        # Where no page was there to say a word, the page of nobody that comes next does.
        page.goto("about:blank")
        ended = context.request.post(f"{shared_hub.base_url}/sign-out", headers={"origin": shared_hub.base_url})
        assert ended.url.endswith("/sign-in")
        page.goto(ended.url)
        expect_kept(page, 0)
        assert page.evaluate(LETTERS) == 2
        context.set_offline(True)
        page.goto(f"{shared_hub.base_url}/plans/{plan}/family")
        expect(page.get_by_role("heading", name="No connection")).to_be_visible()
        expect(page.locator("body")).not_to_contain_text("Mary")
        context.set_offline(False)

        assert journaled(shared_hub, "Nobody weighs me") == 0
        cookie, value = shared_hub.cookie(MARY).split("=", 1)
        context.add_cookies([{"name": cookie, "value": value, "url": shared_hub.base_url}])
        page.goto(f"{shared_hub.base_url}/plans/{plan}/mine")
        expect(page.locator("#today .said[data-said=taken]").first).to_be_visible()
        expect(page.locator("#wrong .own", has_text="Nobody weighs me.")).to_be_visible()
        assert page.evaluate(LETTERS) == 0


def test_whose_access_ended_while_away_finds_the_page_covered_the_kept_one_gone_and_their_own_words(
    browser: Browser, shared_hub: Hub
) -> None:
    plan = shared_hub.plan("Joyce")
    with a_seat(browser, shared_hub, SON, f"/plans/{plan}/family", viewport=PHONE, locale="es-MX") as seat:
        seat.line_may_fail = True
        page, context = seat.page, seat.page.context
        page.get_by_role("button", name="Español").click()
        page.locator("#offline summary").click()
        page.get_by_role("button", name="Guardarla siete días").click()
        expect(page.locator("#offline")).to_contain_text("se abre durante siete días")
        expect_kept_by(page, shared_hub.person(SON))
        page.goto(f"{shared_hub.base_url}/plans/{plan}/family")
        context.set_offline(True)
        page.reload()
        expect(page.locator("#kept-at")).to_contain_text(re.compile("Esto es del .* Sin conexión"))
        assert kept(page)[0]["hours"] == 168
        assert violations(seat) == []
        page.locator("#words").fill("¿Puede conducir?")
        page.get_by_role("button", name="Enviar al equipo").click()
        expect(page.locator("#notes .letters")).to_contain_text("Todavía no se ha enviado: ¿Puede conducir?")
        with shared_hub.pages("Joyce Bennett") as mother:
            assert mother.post(f"/plans/{plan}/sharing/{shared_hub.person(SON)}/remove").status_code == 303

        context.set_offline(False)

        expect(page.locator("#access-ended")).to_contain_text("Terminó su acceso a este plan")
        expect(page.locator("main")).not_to_contain_text("911")
        expect(page.locator("#unsent")).to_contain_text("No se aceptó: ¿Puede conducir?")
        expect_kept(page, 0)
        context.set_offline(True)
        page.goto(f"{shared_hub.base_url}/plans/{plan}/family")
        expect(page.get_by_role("heading", name="No connection")).to_be_visible()


def test_what_changes_between_a_pages_answer_and_its_first_connection_is_seen(
    browser: Browser, shared_hub: Hub
) -> None:
    address, held = f"/plans/{shared_hub.plan('Mary')}/family", True

    def met(line: WebSocketRoute) -> None:
        if held:
            line.close()
        else:
            line.connect_to_server()

    with (
        a_seat(browser, shared_hub, DAUGHTER, "/sessions") as late,
        a_seat(browser, shared_hub, DAUGHTER, address) as seat,
    ):
        late.line_may_fail = True
        late.page.route_web_socket(re.compile("/live"), met)
        late.page.goto(shared_hub.base_url + address)
        type_a_note(seat.page, "He ate soup at noon.")
        expect(seat.page.locator("#notes .own", has_text="He ate soup at noon.")).to_have_count(1)
        expect(late.page.locator("#notes .own", has_text="He ate soup at noon.")).to_have_count(0)
        held = False

        expect(late.page.locator("#notes .own", has_text="He ate soup at noon.")).to_have_count(1)
