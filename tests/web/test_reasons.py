"""Reasons stand with the change they are about, and news says the words that went and came."""

import re
from datetime import UTC, datetime

import pytest

from auth.roles import Role
from crdt.changes import Assign, Rewrite
from crdt.sections import Section
from hub.record.journal import Action, Narrowed, Row
from tests.web.conftest import As
from tests.web.mary import Mary
from web.views.history import Telling, happenings

MEDS = Section.MEDICATIONS


async def rows_of(mary: Mary, event: str) -> list[Row]:
    return await mary.world.journal.history(mary.plan, narrowed=Narrowed(events=frozenset({event})), limit=10)


def a_signer(mary: Mary) -> str:
    return next(key for key, person in mary.people.items() if person.role is Role.PRIMARY_CARE)


@pytest.mark.anyio
async def test_a_code_status_is_signed_with_a_reason_that_its_history_shows(mary: Mary, as_person: As) -> None:
    signer = as_person(a_signer(mary))
    at = f"/plans/{mary.plan}/entries/advance_care/{mary.entries['wish']}"

    form = signer.get(f"{at}/advance_care.sign").text
    signed = signer.post(
        f"{at}/advance_care.sign",
        data={"code_status": "do not resuscitate", "reason": "Asked for it twice, clear and calm"},
    )

    assert 'name="reason"' in form
    assert signed.status_code == 303
    rows = await rows_of(mary, "advance_care.sign")
    assert {row.reason for row in rows} == {"Asked for it twice, clear and calm"}
    assert "Asked for it twice, clear and calm" in signer.get(f"{at}/history").text


@pytest.mark.anyio
async def test_why_is_asked_where_a_medicine_was_changed_without_a_reason_and_not_where_one_was_given(
    mary: Mary, as_person: As
) -> None:
    entry = mary.entries["furosemide"]
    at, asked = f"/plans/{mary.plan}", f"/entries/medications/{entry}/why?field=dose"
    change = [Assign(MEDS, entry, "dose", "120 mg")]

    await mary.world.plans.change(mary.plan, mary.people["lee"], change)
    opened = {"open": entry}
    without = as_person("lee").get(at, params=opened).text
    await mary.world.plans.change(
        mary.plan, mary.people["lee"], change, event="medication.decide", reason="weight up 2 kg"
    )
    given = as_person("lee").get(at, params=opened).text

    assert asked in without
    assert asked not in given
    assert "weight up 2 kg" in as_person("cole").get(f"{at}/entries/medications/{entry}/history").text


@pytest.mark.anyio
async def test_news_of_a_text_says_the_words_that_went_and_came(mary: Mary, as_person: As) -> None:
    entry = mary.entries["furosemide"]
    browser = as_person("cole")
    await mary.world.plans.change(
        mary.plan, mary.people["lee"], [Rewrite(MEDS, entry, "instructions", "Take in the morning with water")]
    )
    head = (await mary.world.journal.heads([mary.plan]))[mary.plan]
    browser.post(f"/plans/{mary.plan}/seen", data={"seq": head.seq})
    for words in ("Take in the evening with water", "Take at noon with water"):
        await mary.world.plans.change(mary.plan, mary.people["lee"], [Rewrite(MEDS, entry, "instructions", words)])

    for page in (browser.get("/panel").text, browser.get(f"/plans/{mary.plan}?open={entry}").text):
        assert re.search(r"<del><span[^>]*> removed: </span>in the morning<span", page)
        assert re.search(r"<ins><span[^>]*> added: </span>at noon<span", page)
        assert "evening" not in page.split("Since you looked")[-1].split("</p>")[0]
    await mary.world.plans.change(
        mary.plan, mary.people["lee"], [Rewrite(MEDS, entry, "instructions", "Take in the morning with water")]
    )
    assert "changed, and changed back" in browser.get(f"/plans/{mary.plan}?open={entry}").text


@pytest.mark.anyio
async def test_news_of_a_text_says_no_words_to_who_may_not_read_it(mary: Mary, as_person: As) -> None:
    entry = mary.entries["mood"]
    for key in ("lee", "cole", "kate"):
        as_person(key).post(f"/plans/{mary.plan}/seen", data={"seq": 10_000})
    for words in ("canary-one", "canary-one two"):
        change = [Rewrite(Section.BEHAVIORAL_HEALTH, entry, "need", words)]
        await mary.world.plans.change(mary.plan, mary.people["singh"], change)

    for key in ("cole", "kate"):
        for address in ("/panel", f"/plans/{mary.plan}?open={entry}", f"/plans/{mary.plan}/family"):
            assert "canary" not in as_person(key).get(address).text, (key, address)


def a_row(**told: object) -> Row:
    blank = {
        "plan": "p", "seq": 1, "recorded": datetime(2026, 11, 21, tzinfo=UTC), "actor": "ana", "on_behalf_of": "",
        "role": "", "session": "", "action": Action.REFUSE, "section": "", "entry": "", "field": "", "event": "",
        "purpose": "", "policy": "", "outcome": "refused", "reason": "canary", "update": None, "told": None,
        "prev_hash": bytes(32), "hash": bytes(32),
    }  # fmt: skip
    return Row(**blank | told)  # type: ignore[arg-type]


def a_telling(*, sees: bool = True) -> Telling:
    return Telling(
        setting=None,  # type: ignore[arg-type]
        visible=lambda section, entry: sees,
        fields_of={Section.GOALS: frozenset({"description"})},
        remarks_of=frozenset(),
        self_id="ben",
    )


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"section": ""}, True),
        ({"section": "goals"}, True),
        ({"section": "goals", "entry": "e"}, True),
        ({"section": "goals", "entry": "e", "field": "description"}, True),
        ({"section": "goals", "entry": "e", "field": "barriers"}, False),
        ({"section": "goals", "entry": "e", "field": "barriers", "action": Action.EXPLAIN}, False),
        ({"section": "staff_notes"}, False),
        ({"section": "staff_notes", "action": Action.READ}, False),
        ({"section": "goals", "entry": "e", "event": "comment.make"}, False),
        ({"section": "goals", "entry": "e", "event": "suggestion.make", "actor": "ben"}, True),
    ],
)
def test_a_row_without_words_is_told_by_its_section_entry_and_field_alone(row: dict[str, object], told: bool) -> None:
    assert a_telling().allows(a_row(**row)) is told


def test_a_row_of_an_entry_one_may_not_see_is_not_told_with_its_reason() -> None:
    rows = [a_row(section="goals", entry="e"), a_row(section="goals", entry="e", field="description")]

    assert happenings(rows, a_telling(sees=False)) == []
