"""No byte of a section reaches a person who may not read it: a word planted in every section, searched in all there is.

Everything a person can be sent is captured: every frame of a socket that asks for every document, every page,
fragment and history, presence, refusals, and the log of the process.
"""

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import BytesIO
from zipfile import ZipFile

import asyncpg
import httpx2
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from crdt.awareness import AwarenessState, encode_state, encode_update
from crdt.frames import Frame, FrameKind, encode
from crdt.sections import Section
from tests.harness.hubs import Hub
from tests.web.house import LINK, SPOKEN, a_form

pytestmark = pytest.mark.slow

RUIZ, KIM, STEIN, TORRES = "Dr. Elena Ruiz", "Grace Kim, RN", "Dr. Leah Stein", "Ana Torres, LCSW"
LEE, BECKER, MARY, EMILY = "Dr. Michael Lee", "Tom Becker, PharmD", "Mary Whitfield", "Emily Hart"
FALK, ADEYEMI, NAIR, CARMEN = "Jonas Falk", "Ruth Adeyemi", "Dr. Priya Nair", "Carmen Delgado"

PLANTED = {
    Section.ABOUT_ME: (RUIZ, "strengths"),
    Section.CARE_TEAM: (RUIZ, "responsible_for"),
    Section.CONDITIONS: (RUIZ, "summary"),
    Section.GOALS: (RUIZ, "barriers"),
    Section.MEDICATIONS: (RUIZ, "instructions"),
    Section.TASKS: (KIM, "detail"),
    Section.REFERRALS: (RUIZ, "patient_card"),
    Section.MONITORING: (RUIZ, "red_instructions"),
    Section.TRANSITIONS: (RUIZ, "handoff_summary"),
    Section.SOCIAL_NEEDS: (TORRES, "eligibility"),
    Section.CAREGIVER_LOG: (RUIZ, "answer"),
    Section.ADVANCE_CARE: (RUIZ, "limits"),
    Section.STAFF_NOTES: (KIM, "words"),
}
"""Who writes the word into an entry that is there, and into which field."""

S = Section
EVERYTHING = frozenset(PLANTED) | {S.BEHAVIORAL_HEALTH}
KEPT_FROM = {
    RUIZ: {S.BEHAVIORAL_HEALTH},
    LEE: {S.BEHAVIORAL_HEALTH},
    KIM: {S.BEHAVIORAL_HEALTH},
    BECKER: {S.BEHAVIORAL_HEALTH, S.SOCIAL_NEEDS},
    TORRES: {S.BEHAVIORAL_HEALTH},
    STEIN: set(),
    MARY: {S.STAFF_NOTES},
    EMILY: {S.STAFF_NOTES, S.BEHAVIORAL_HEALTH, S.SOCIAL_NEEDS, S.TASKS},
    NAIR: {S.BEHAVIORAL_HEALTH},
    FALK: EVERYTHING - {S.CARE_TEAM},
    ADEYEMI: EVERYTHING,
    CARMEN: EVERYTHING,
}
"""Emily: the social need is not marked as one to share, and the task is not hers. Nair reads in an emergency."""


def word(section: Section) -> str:
    return f"canary-{section}-7391"


TYPED = "canary-typed-7391"


@dataclass
class Ear:
    """A socket that asks for everything and keeps all it is sent."""

    socket: ClientConnection
    heard: list[bytes] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        for document in ("plan", *Section):
            self.say(Frame(document, FrameKind.TOKEN))
            self.say(Frame(document, FrameKind.SYNC_STEP_1, b"\x00"))
        self.say(Frame("plan", FrameKind.QUERY_AWARENESS))

    def say(self, frame: Frame) -> None:
        try:
            self.socket.send(encode(frame))
        except ConnectionClosed:
            return  # Turned away: what came before is what it heard.

    def _listen(self) -> None:
        try:
            for message in self.socket:
                assert isinstance(message, bytes)
                self.heard.append(message)
                if message == b"\x09":
                    self.socket.send(b"\x0a")
        except ConnectionClosed:
            pass
        self.ended.set()

    def end(self) -> bytes:
        self.socket.close()
        self._thread.join(10)
        return b"\n".join(self.heard)


@dataclass
class Planted:
    hub: Hub
    plan: str
    entries: dict[Section, str]
    huddle: str
    """A huddle in which the plan was talked about, and that is over."""

    def at(self, rest: str) -> str:
        return f"/plans/{self.plan}{rest}"


def entry_of(pages: httpx2.Client, at: str, writable: str) -> str:
    fragment = pages.get(at, params={"open": re.findall(r'data-entry="([^"]+)"', pages.get(at).text)}).text
    found = re.search(rf'data-field="[a-z_]+/([^/"]+)/{writable}"[^>]*data-access="write"', fragment)
    assert found is not None, f"an entry with {writable} to write at {at}"
    return found.group(1)


@pytest.fixture
def planted(running_hub: Hub) -> Planted:
    hub, entries = running_hub, {}
    plan = hub.plan("Mary")
    for section, (writer, name) in PLANTED.items():
        with hub.pages(writer) as pages:
            entry = entry_of(pages, f"/plans/{plan}/sections/{section}", name)
            sent = {name: word(section), f"was.{name}": "~"}
            answer = pages.post(f"/plans/{plan}/entries/{section}/{entry}/edit", data=sent)
            assert answer.status_code == 303, (section, answer.status_code)
            entries[section] = entry
    with hub.pages(STEIN) as pages:
        need = {"need": word(S.BEHAVIORAL_HEALTH)}
        made = pages.post(f"/plans/{plan}/sections/behavioral_health/entries", data=need)
        assert made.status_code == 303
    with hub.pages(NAIR) as pages:
        reason = {"reason": "She collapsed at the dialysis unit, no one else is here"}
        assert pages.post(f"/emergency/{plan}", data=reason).status_code == 303
    return Planted(hub, plan, entries, a_huddle(hub, plan))


def a_huddle(hub: Hub, plan: str) -> str:
    """Hold a huddle about the plan in which something restricted is decided, asked for and carried over."""
    with hub.pages(KIM) as pages:
        made = pages.post("/huddles", data={"title": "Tuesday", "plan": plan}).headers["location"]
        pages.post(f"{made}/start")
        noted = {"plan": plan, "kind": "decide", "line": word(S.HUDDLES)}
        assert pages.post(f"{made}/lines", data=noted).status_code == 303
        seen = re.findall(r'data-current="([^"]*)"', pages.get(made).text)[0]
        assert pages.post(f"{made}/end", data={"seen": seen}).status_code == 303
    return made


def everything_served(it: Planted, person: str) -> bytes:
    """Return every byte of the pages, fragments, histories and refusals that a person can ask for."""
    addresses = ["/panel", "/notifications", "/emergency", "/reviews", it.at(""), it.at("/history"), it.at("/family")]
    addresses += [it.at("/family/sheet"), it.at("/sharing"), it.at("/sharing/looks"), it.at("/invitations")]
    addresses += [it.at(f"/sharing/{it.hub.person(who)}/preview") for who in (STEIN, EMILY, RUIZ)]
    addresses += [it.at(f"/sections/{section}") for section in Section]
    addresses += ["/work", "/work/count", "/huddles", it.huddle, f"{it.huddle}/stage", f"{it.huddle}/minutes"]
    addresses += [f"{it.huddle}/mine", it.at("/as-of"), it.at("/compare"), it.at("/visit"), it.at("/referrals/new")]
    addresses += [it.at("/files"), it.at("/files/plan"), it.at("?view=whole"), it.at("/mine"), it.at("/mine/sheet")]
    addresses += [it.at(f"/mine/{block}") for block in ("today", "changes", "goals", "team", "who", "wrong")]
    addresses += [it.at(f"/family/{block}") for block in ("now", "today", "changes", "notes", "tasks", "contacts")]
    for section, entry in it.entries.items():
        at = it.at(f"/entries/{section}/{entry}")
        addresses += [
            at,
            at + "/history",
            it.at(f"?view=whole&open={entry}"),
            it.at(f"/sections/{section}?open={entry}"),
        ]
        if section in (S.STAFF_NOTES, S.SOCIAL_NEEDS, S.TASKS):  # Those that one of the two sides may not see.
            addresses += [f"{at}/writers?field={PLANTED[section][1]}", f"{at}/restore?version=1", f"{at}/comment.make"]
        if section is S.REFERRALS:
            addresses.append(it.at(f"/referrals/{entry}"))
    served = []
    with it.hub.pages(person) as pages:
        for address in addresses:
            answer = pages.get(address)
            assert answer.status_code != 500, address
            served.append(str(answer.headers).encode() + answer.content)
        served.append(pages.post("/search", data={"q": "canary 739"}).content)  # Finds all of it, and echoes no word.
        if person == ADEYEMI:
            served += audited(pages)
    return b"\n".join(served)


def audited(pages: httpx2.Client) -> Iterator[bytes]:
    """Return all that the auditor finds and takes out: rows, never the words of the plan."""
    yield pages.post("/audit", data={}).content
    for form in ("csv", "ndjson", "fhir"):
        with ZipFile(BytesIO(pages.post("/audit/export", data={"format": form}).content)) as packed:
            yield from (packed.read(each) for each in packed.namelist())


def test_a_word_of_every_section_reaches_only_those_who_may_read_it(planted: Planted) -> None:
    it = planted
    with ExitStack() as open_sockets:

        def listening(person: str) -> Ear:
            live = it.hub.live(person, it.plan).arguments
            return Ear(open_sockets.enter_context(connect(**live, ping_interval=None)))

        ears = {person: listening(person) for person in KEPT_FROM}
        noted = f"staff_notes/{it.entries[S.STAFF_NOTES]}/words"
        state = f'{{"field":"{noted}","draft":"{TYPED}","caret":null}}'
        ears[KIM].say(Frame("plan", FrameKind.AWARENESS, encode_update([encode_state(AwarenessState(4711, 1, state))])))
        with it.hub.pages(KIM) as pages:
            again = {"words": word(S.STAFF_NOTES) + " again", "was.words": "~"}
            at = it.at(f"/entries/staff_notes/{it.entries[S.STAFF_NOTES]}/edit")
            assert pages.post(at, data=again).status_code == 303

        served = {person: everything_served(it, person) for person in KEPT_FROM}
        heard = {person: ear.end() for person, ear in ears.items()}

    leaks = [
        (person, str(section))
        for person, kept in KEPT_FROM.items()
        for section in kept
        if word(section).encode() in served[person] + heard[person]
    ]
    assert leaks == []
    outside = [person for person, kept in KEPT_FROM.items() if S.STAFF_NOTES in kept]
    assert [person for person in outside if noted.encode() in heard[person]] == []
    assert [person for person in outside if TYPED.encode() in served[person] + heard[person]] == []
    assert b"canary" not in it.hub.log.read_bytes()
    for person in (RUIZ, LEE, KIM, STEIN, MARY, NAIR):  # What may be read does come: the search finds what is there.
        open_to = EVERYTHING - KEPT_FROM[person]
        missing = [each for each in open_to if word(each).encode() not in served[person] + heard[person]]
        assert missing == [], person
    assert noted.encode() in heard[RUIZ]


def let_in(hub: Hub, plan: str, name: str) -> httpx2.Client:
    """Invite someone of the family and let them in; return their pages, signed in."""
    with hub.pages(KIM) as kim:
        made = kim.post(f"/plans/{plan}/invitations", data=a_form() | {"name": name}).text
    link, code = LINK.search(made), SPOKEN.search(made)
    assert link is not None
    assert code is not None
    pages, at = hub.pages(), f"/i/{link.group(2)}"
    pages.post(at, data={"secret": link.group(3)})
    assert pages.post(at, data={"secret": link.group(3), "code": code.group(1)}).status_code == 303
    return pages


def test_who_was_put_out_or_whose_time_is_over_gets_no_byte_more(running_hub: Hub, demo_database: str) -> None:
    hub, plan = running_hub, running_hub.plan("Mary")
    with ExitStack() as stack:
        people = {name: let_in(hub, plan, name) for name in ("Removed Hart", "Expired Hart")}
        for pages in people.values():
            stack.callback(pages.close)
        live = hub.live(KIM, plan).arguments
        ears = {}
        for name, pages in people.items():
            cookie = {"Cookie": "; ".join(f"{each}={value}" for each, value in pages.cookies.items())}
            socket = connect(**(live | {"additional_headers": cookie}), ping_interval=None)
            ears[name] = Ear(stack.enter_context(socket))
        whole = {name: pages.get(f"/plans/{plan}?view=whole").text for name, pages in people.items()}
        ids = {name: re.findall(r'data-person="([0-9a-f-]{36})"', shown)[0] for name, shown in whole.items()}
        with hub.pages(MARY) as mary:
            assert mary.post(f"/plans/{plan}/sharing/{ids['Removed Hart']}/remove").status_code == 303
        run_out(demo_database, ids["Expired Hart"])
        for ear in ears.values():
            ear.ended.wait(30)

        with hub.pages(RUIZ) as pages:
            at = f"/plans/{plan}/sections/goals"
            goal = entry_of(pages, at, "barriers")
            sent = {"barriers": word(S.GOALS), "was.barriers": "~"}
            assert pages.post(f"/plans/{plan}/entries/goals/{goal}/edit", data=sent).status_code == 303
        heard = b"".join(ear.end() for ear in ears.values())
        addresses = ["", "/family", "/family/sheet", "/family/today", "/mine", "/history", "/as-of", "/sections/goals"]
        addresses += [f"/entries/goals/{goal}", f"/entries/goals/{goal}/history", "/welcome", "/sharing"]
        answers = {
            (name, address): pages.get(f"/plans/{plan}{address}")
            for name, pages in people.items()
            for address in addresses
        }

    assert {each.status_code for each in answers.values()} == {404}
    assert [at for at, each in answers.items() if b"canary" in each.content or b"Whitfield" in each.content] == []
    assert b"canary" not in heard


def run_out(database_url: str, person: str) -> None:
    """Let a person's time in their plans be over, as it is when the day has come."""

    async def moved() -> None:
        connection = await asyncpg.connect(database_url)
        await connection.execute("update participant set ends = clock_timestamp() where person = $1", person)
        await connection.close()

    asyncio.run(moved())
