"""A search finds one's own patients however their name, number or birth date is typed, and shows nothing unseen."""

from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from starlette.testclient import TestClient

from auth.roles import Participant, Role
from crdt.sections import Section
from hub.live.commands import EntryContent, PlanContent, SectionContent
from tests.web.conftest import ORIGIN, As
from tests.web.mary import Mary
from web.app import create_app
from web.doors.directory import Membership, Patient
from web.services import Services
from web.settings import Settings
from web.views.people import people_of
from web.views.search import actions_found, entry_found, namesakes, patients_found
from web.views.sections import reader_of
from web.views.words import Reading

NOW = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)


def a_place(family: str, given: str, *, born: date = date(1956, 5, 14), number: str = "129 728 7652") -> Membership:
    patient = Patient(family + given, family, given, born, "female", number)
    return Membership(patient, Participant("me", patient.plan_id, "Me", Role.PRIMARY_CARE))


PLACES = [
    a_place("Álvarez", "Núria"),
    a_place("O’Brien", "Mary", born=date(1972, 11, 3), number="129-730-1148"),
    a_place("Nguyễn", "", born=date(1980, 1, 2), number="77"),
]


@pytest.mark.parametrize(
    ("typed", "family"),
    [
        ("alv", "Álvarez"),
        ("NURIA alvarez", "Álvarez"),
        ("obrien", "O’Brien"),
        ("o'brien ma", "O’Brien"),
        ("nguyen", "Nguyễn"),
        ("129 728 7652", "Álvarez"),
        ("1297301148", "O’Brien"),
        ("129-730-1148", "O’Brien"),
        ("14 5 56", "Álvarez"),
        ("14-May-1956", "Álvarez"),
        ("1956-05-14", "Álvarez"),
        ("05/14/1956", "Álvarez"),
        ("3.11.1972", "O’Brien"),
    ],
)
def test_a_patient_is_found_however_it_is_typed(typed: str, family: str) -> None:
    assert [each.name.partition(",")[0] for each in patients_found(PLACES, typed)] == [family.upper()]


@pytest.mark.parametrize("typed", ["", "  ", "%", "zz", "14 5 57", "99999"])
def test_what_fits_nobody_finds_nobody(typed: str) -> None:
    assert patients_found(PLACES, typed) == []


def test_patients_of_one_name_are_called_so() -> None:
    twins = [a_place("Whitfield", "Mary"), a_place("Whitfield", "Máry", born=date(1972, 11, 3)), *PLACES]

    assert len(namesakes(patients_found(twins, "whitf"))) == 2
    assert namesakes(patients_found(twins, "alvarez")) == []


def test_pages_are_found_by_the_beginning_of_their_words() -> None:
    assert [route for _, route in actions_found("wait")] == ["work"]
    assert actions_found("") == []


def test_a_search_asks_by_post_alone_and_finds_only_ones_own_patients(mary: Mary, as_person: As) -> None:
    lee, tan = as_person("lee"), as_person("tan")

    assert 'method="post"' in lee.get("/search").text
    assert f"/plans/{mary.plan}" in lee.post("/search", data={"q": "jens"}).text
    assert "/plans/" not in lee.get("/search", params={"q": "jens"}).text
    assert "Nothing you may read says" in tan.post("/search", data={"q": "nobody of this name"}).text


def seen_by(role: Role, section: Section, values: Mapping[str, str], words: str) -> bool:
    """Whether a search of a member finds these words in an entry with these values."""
    member = Participant("me", "plan", "Me", role)
    content = PlanContent("plan", {section: SectionContent({"entry": EntryContent("entry", values, 1)})})
    reader = reader_of(member, content, people_of([member]), Reading(NOW))
    patient = replace(PLACES[0].patient, plan_id="plan")
    return entry_found(reader, patient, section, "entry", [words]) is not None


@pytest.mark.parametrize(
    ("role", "section", "sees"),
    [
        (Role.CARE_MANAGER, Section.STAFF_NOTES, True),
        (Role.FAMILY, Section.STAFF_NOTES, False),
        (Role.PATIENT, Section.STAFF_NOTES, False),
        (Role.ADMIN, Section.STAFF_NOTES, False),
        (Role.AUDITOR, Section.STAFF_NOTES, False),
        (Role.BEHAVIORAL_HEALTH, Section.BEHAVIORAL_HEALTH, True),
        (Role.SPECIALIST, Section.BEHAVIORAL_HEALTH, False),
        (Role.ADMIN, Section.MEDICATIONS, False),
    ],
)
def test_an_entry_is_found_by_those_alone_who_may_see_it(role: Role, section: Section, sees: bool) -> None:
    name = {Section.STAFF_NOTES: "words", Section.MEDICATIONS: "name"}.get(section, "need")

    assert seen_by(role, section, {name: "canary", "status": "active"}, "canary") is sees


@pytest.mark.parametrize("visible", ["yes", "no"])
def test_a_task_that_is_kept_from_the_family_is_not_found_by_it(visible: str) -> None:
    task = {"title": "canary", "family_visible": visible, "status": "active"}

    assert seen_by(Role.FAMILY, Section.TASKS, task, "canary") is (visible == "yes")
    assert seen_by(Role.CARE_MANAGER, Section.TASKS, task, "canary")


def test_an_entry_is_not_found_by_words_of_a_field_that_one_may_not_see() -> None:
    decided = {"decision": "Walk every day", "dissent": "canary", "status": "active"}

    assert seen_by(Role.PRIMARY_CARE, Section.HUDDLES, decided, "canary")
    assert seen_by(Role.PATIENT, Section.HUDDLES, decided, "walk")
    assert not seen_by(Role.PATIENT, Section.HUDDLES, decided, "canary")


class EverythingHolds:
    """A read model in which every entry holds every word; it keeps what it was asked for."""

    def __init__(self, mary: Mary) -> None:
        self._mary = mary
        self.asked: Mapping[str, Collection[Section]] = {}

    async def holding(
        self, wanted: Mapping[str, Collection[Section]], words: Sequence[str]
    ) -> Sequence[tuple[str, Section, str]]:
        """Return every entry of the plan, asked for or not."""
        self.asked = wanted
        content = await self._mary.world.plans.content(self._mary.plan)
        return [(self._mary.plan, section, entry) for section in Section for entry in content.entries(section)]


@pytest.fixture
def everything(mary: Mary) -> EverythingHolds:
    return EverythingHolds(mary)


@pytest.fixture
def searching(mary: Mary, everything: EverythingHolds) -> Iterator[TestClient]:
    def opening(settings: Settings) -> AbstractAsyncContextManager[Services]:
        @asynccontextmanager
        async def opened() -> AsyncIterator[Services]:
            async with mary.world.opening(settings) as services:
                yield replace(services, entries=everything)

        return opened()

    app, here = create_app(mary.world.settings, opening), ("127.0.0.1", 50_000)
    with TestClient(app, base_url=ORIGIN, headers={"origin": ORIGIN}, client=here, follow_redirects=False) as client:
        yield client


@pytest.mark.parametrize(
    ("key", "kept"),
    [
        ("lee", {Section.BEHAVIORAL_HEALTH}),
        ("kate", {Section.STAFF_NOTES, Section.HUDDLES, Section.BEHAVIORAL_HEALTH}),
    ],
)
def test_the_read_model_is_asked_only_for_sections_that_one_may_read(
    mary: Mary, searching: TestClient, everything: EverythingHolds, key: str, kept: set[Section]
) -> None:
    searching.post("/sign-in/demo", data={"person": mary.people[key].person_id})

    answer = searching.post("/search", data={"q": "worried"})

    assert everything.asked[mary.plan]
    assert kept.isdisjoint(everything.asked[mary.plan])
    assert (mary.entries["note"] in answer.text) is (key == "lee")
