"""Photos and papers on pages: sent from home and by the team, shown to who may see the question, hidden and erased.

And what else people at home send from a page of its own: how care is for them.
"""

import asyncio
import re
from io import BytesIO

import asyncpg
import httpx2
import pytest
from PIL import Image

from crdt.sections import Section
from hub.record.journal import Action
from hub.store.erasing import RowsAsked, erase
from tests.hub.attachments.test_taking_in import PDF, SECRET, bomb, with_place
from tests.web.house import House

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
LOG = Section.CAREGIVER_LOG


async def send(
    browser: httpx2.AsyncClient, at: str, content: bytes, name: str = "IMG_1.jpg", **typed: str
) -> httpx2.Response:
    form = {"words": "What is that?", **typed}
    return await browser.post(at, data=form, files={"file": (name, content, "text/html")})


def shown(page: httpx2.Response) -> list[str]:
    """The addresses of what a page shows, in order."""
    return list(dict.fromkeys(re.findall(r'href="(/plans/[^"/]+/attachments/[^"]+)"', page.text)))


async def test_a_photo_from_home_reaches_the_team_without_its_place_and_an_answer_with_a_pdf_comes_back(
    house: House,
) -> None:
    mary, kim = await house.browser("Mary"), await house.browser("Kim")
    mine = f"/plans/{house.plan}/mine/attachments"
    form = await mary.get(mine)
    assert 'enctype="multipart/form-data"' in form.text

    sent = await send(mary, mine, with_place(), words="My ankle today. Is that right?")

    assert sent.status_code == 303
    (at,) = shown(await mary.get(sent.headers["location"]))
    entries = (await house.services.plans.content(house.plan)).entries(LOG)
    entry = next(each.id for each in entries.values() if each.values["words"] == "My ankle today. Is that right?")
    team = f"/plans/{house.plan}/questions/{entry}"
    assert f"{team}/attachments#a-" in (await kim.get(team)).text
    assert shown(await kim.get(f"{team}/attachments")) == [at]
    photo = await kim.get(at)
    with Image.open(BytesIO(photo.content)) as kept:
        assert kept.size == (40, 60)
    assert SECRET not in photo.content
    headers = photo.headers
    assert (headers["content-type"], headers["content-disposition"][:8]) == ("image/jpeg", "inline; ")
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")
    (row, *_) = await house.rows(Action.READ, event="attachment.read")
    assert (row.actor, row.entry) == (house.person("Kim").person_id, entry)

    await send(kim, f"{team}/attachments", PDF, "<script>.html", words="Fill this in, please.")

    page = await mary.get(mine)
    paper = next(each for each in shown(page) if each != at)
    answer = await mary.get(paper)
    assert answer.content == PDF
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith('attachment; filename="paper-2')
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert "Fill this in, please." in page.text
    assert "Paper (PDF)" in (await mary.get(f"/plans/{house.plan}/mine")).text


async def test_what_is_refused_keeps_the_words_and_says_what_to_do(house: House) -> None:
    mary, kim = await house.browser("Mary"), await house.browser("Kim")
    mine = f"/plans/{house.plan}/mine/attachments"
    before = len((await house.services.plans.content(house.plan)).entries(LOG))

    bomb_sent = await send(mary, mine, bomb(), words="Kept words")
    none = await mary.post(mine, data={"words": "Kept words"}, files={"file": ("", b"")})
    page = await send(mary, mine, b"<!doctype html><script>alert(1)</script>", words="Kept words")
    mary.cookies.set("language", "es")
    spanish = await send(mary, mine, b"words", words="Kept words")
    wordless = await send(mary, mine, with_place(), words=" ")
    ended = await send(kim, f"/plans/{house.plan}/questions/none/attachments", with_place())

    for answer, told in (
        (bomb_sent, "too many pixels"), (none, "Choose a photo or a PDF."), (page, "neither a photo"),
        (spanish, "Esto no es una foto"),
    ):  # fmt: skip
        assert (answer.status_code, told in answer.text, "Kept words" in answer.text) == (422, True, True), told
    assert wordless.status_code == 422
    assert ended.status_code in (404, 415)
    assert len((await house.services.plans.content(house.plan)).entries(LOG)) == before
    assert await house.services.attachments.rows.lately(house.person("Mary").person_id, house.services.now()) == 0  # type: ignore[union-attr]


async def test_it_is_shown_only_to_who_sees_the_question_and_to_nobody_once_it_is_hidden_or_erased(
    house: House,
) -> None:
    mary, kim, emily = [await house.browser(each) for each in ("Mary", "Kim", "Emily")]
    mine = f"/plans/{house.plan}/mine/attachments"
    before = set(shown(await mary.get(mine)))
    await send(mary, mine, with_place(), words="Take this away again.")
    (at,) = set(shown(await mary.get(mine))) - before
    stranger, nobody = await house.browser("Rosa"), await house.browser()

    assert (await kim.get(at)).status_code == 200
    assert [(await each.get(at)).status_code for each in (stranger, nobody)] == [404, 303]
    assert (await emily.post(at)).status_code == 403
    key = at.rpartition("/")[2]
    assert (await kim.get(at)).status_code == 200, "nobody but who sent it, or the team, hides it"
    assert (await mary.post(at)).status_code == 303
    for browser in (mary, kim, emily):
        assert (await browser.get(at)).status_code == 404
    assert at not in shown(await mary.get(mine))
    (hid, *_) = await house.rows(Action.COMMAND, event="question.hide_attachment")
    assert hid.entry

    rows = house.services.attachments.rows  # type: ignore[union-attr]
    assert await rows.content(house.plan, key) is not None, "the record keeps what it showed"
    async with asyncio.timeout(20):  # The job that notes it is on its way.
        while not (
            found := await erase(house.database_url, asked(house, hid.entry), code="", reason="r", by="op")
        ).attachments:
            await asyncio.sleep(0)
    done = await erase(house.database_url, asked(house, hid.entry), code=found.code, reason="right to erasure", by="op")
    assert (list(done.attachments), done.seq > 0) == ([key], True)
    assert await rows.content(house.plan, key) is None
    (erased,) = await house.rows(Action.ERASE)
    assert erased.words is not None
    assert erased.words["attachments"] == [key]


def asked(house: House, entry: str) -> RowsAsked:
    return RowsAsked(house.plan, (), LOG.value, entry)


async def test_what_stands_with_a_question_within_the_team_is_shown_to_nobody_at_home(house: House) -> None:
    kim, mary, emily = [await house.browser(each) for each in ("Kim", "Mary", "Emily")]
    new = {"words": "Look at this bill.", "whom": "medicines"}
    asked = await kim.post(f"/plans/{house.plan}/questions", data=new)
    at = asked.headers["location"].partition("#")[0]
    await send(kim, f"{at}/attachments", with_place(), words="Here it is.")
    (photo,) = shown(await kim.get(f"{at}/attachments"))

    seen = [(await each.get(photo)).status_code for each in (kim, await house.browser("Becker"), mary, emily)]

    assert seen == [200, 200, 404, 404]


async def test_how_care_is_goes_to_the_clinic_once_in_four_weeks_without_a_name_and_never_into_the_plan(
    house: House,
) -> None:
    mary, kim, jonas = [await house.browser(each) for each in ("Mary", "Kim", "Jonas")]
    at = f"/plans/{house.plan}/mine/experience"
    answers = {"calling": "5", "mattering": "4", "fitting": "2", "words": "SECRET: call me back"}

    half = await mary.post(at, data=answers | {"fitting": ""})
    assert (half.status_code, "SECRET" in half.text, "Choose an answer" in half.text) == (422, True, True)
    assert (await mary.post(at, data=answers)).headers["location"].endswith("?done=experience")
    assert (await mary.post(at, data=answers)).status_code == 422
    assert "We ask again in four weeks." in (await mary.get(at)).text
    assert (await kim.get(at)).status_code == (await kim.get("/admin/experience")).status_code == 404
    assert (await kim.post(at, data=answers)).status_code == 403

    few = (await jonas.get("/admin/experience")).text
    assert "SECRET" not in few, "one answer is one person"
    driver = await asyncpg.connect(house.database_url)
    await driver.execute("""
        insert into experience (id, organisation, plan, person, answers, words, made)
        select 'x' || n, organisation, plan, person, answers, words, made from experience, generate_series(1, 4) as n
    """)
    await driver.close()
    enough = (await jonas.get("/admin/experience")).text
    assert ("SECRET: call me back" in enough, "5 answers" in enough) == (True, True)
    assert "Mary" not in enough
    (row,) = await house.rows(Action.COMMAND, event="experience.tell")
    assert row.words is None
