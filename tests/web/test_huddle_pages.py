"""What of a huddle reaches whom: remarks for the team, the letter at its end, and what a signature makes final."""

import html
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import httpx2
import pytest
from websockets.sync.client import connect

from crdt.sections import Section
from tests.harness.hubs import Hub
from tests.web.test_canaries import Ear, entry_of

pytestmark = pytest.mark.slow

GRACE, ELENA, TOM, MARY, EMILY, FALK, RUTH = (
    "Grace Kim, RN", "Dr. Elena Ruiz", "Tom Becker, PharmD", "Mary Whitfield", "Emily Hart", "Jonas Falk",
    "Ruth Adeyemi",
)  # fmt: skip
REMARK, DECISION, TASK, IF = "canary-remark-5521", "canary-decision-5521", "canary-task-5521", "canary-if-5521"

LOOKS_MAX = 500


@dataclass
class Met:
    """A huddle on Mary alone that has ended, unsigned: a decision, a task of Tom's, what if, a remark."""

    hub: Hub
    plan: str
    address: str
    entry: str
    grace: httpx2.Client
    tom: httpx2.Client


def did(client: httpx2.Client, address: str, **form: str) -> str:
    answer = client.post(address, data=form)
    assert answer.status_code == 303, (address, answer.status_code, answer.text)
    return str(answer.headers["location"])


@pytest.fixture
def met(shared_hub: Hub) -> Iterator[Met]:
    hub, plan = shared_hub, shared_hub.plan("Mary")
    with ExitStack() as held:
        grace, tom = (held.enter_context(hub.pages(name)) for name in (GRACE, TOM))
        at = did(grace, "/huddles", title="Canaries", plan=plan)
        did(tom, f"{at}/join")
        did(grace, f"{at}/start")
        for kind, line in (("decide", DECISION), ("do", f"{TASK} @becker fri"), ("remark", REMARK)):
            did(grace, f"{at}/lines", plan=plan, kind=kind, line=line)
        did(tom, f"{at}/lines", plan=plan, kind="if", line=IF)
        stage = grace.get(f"{at}/stage").text
        assert REMARK in stage
        backs = tom.get(f"{at}/stage").text
        entry = re.search(r'name="entry" value="([0-9a-f-]{36})"', backs)
        assert entry is not None
        yield Met(hub, plan, at, entry[1], grace, tom)


def ended(met: Met) -> None:
    did(met.tom, f"{met.address}/read-back", plan=met.plan, entry=met.entry, line="I call them")
    did(met.grace, f"{met.address}/end", seen=met.plan)


def signed(met: Met, client: httpx2.Client) -> httpx2.Response:
    """Sign what the page shows."""
    page = client.get(met.address).text
    shown = dict(re.findall(r'name="(seen|hash\.[0-9a-f-]{36})" value="([0-9a-f]{64})"', page))
    assert set(shown) == {"seen", f"hash.{met.plan}"}
    return client.post(f"{met.address}/sign", data=shown)


def edited(met: Met, client: httpx2.Client, words: str) -> int:
    at = f"/plans/{met.plan}/entries/huddles/{met.entry}/edit"
    return int(client.post(at, data={"decision": words, "was.decision": "~"}).status_code)


def test_a_remark_for_the_team_reaches_nobody_of_the_patients_side_in_any_way(met: Met) -> None:
    hub, plan = met.hub, f"/plans/{met.plan}"
    with ExitStack() as sockets:
        ears = {
            name: Ear(sockets.enter_context(connect(**hub.live(name, met.plan).arguments, ping_interval=None)))
            for name in (MARY, EMILY, GRACE)
        }
        did(met.grace, f"{met.address}/lines", plan=met.plan, kind="remark", line=REMARK + " again")
        ended(met)
        assert signed(met, met.grace).status_code == 303
        pages = (
            plan, f"{plan}?view=whole", f"{plan}/family", f"{plan}/family/sheet", f"{plan}/history", f"{plan}/versions",
            f"{plan}/compare", f"{plan}/sections/staff_notes", f"{plan}/sections/huddles", "/panel", "/notifications",
            "/work", "/huddles", met.address, f"{met.address}/stage", f"{met.address}/mine", f"{met.address}/minutes",
            "/demo/mailbox", f"{plan}/entries/huddles/{met.entry}", f"{plan}/entries/huddles/{met.entry}/history",
            f"{plan}/mine",
        )  # fmt: skip
        served = dict.fromkeys((MARY, EMILY, FALK, RUTH, GRACE), "")
        for name in served:
            with hub.pages(name) as client:
                served[name] = "\n".join(client.get(each).text for each in pages)
                if name == FALK:
                    served[name] += client.get("/audit", params={"plan": met.plan}).text
                    for form in ("csv", "ndjson"):
                        served[name] += client.post("/audit/export", data={"plan": met.plan, "format": form}).text
        heard = {name: ear.end().decode(errors="replace") for name, ear in ears.items()}

    assert REMARK in served[GRACE]
    assert REMARK in heard[GRACE]
    for name in (MARY, EMILY, FALK, RUTH):
        assert REMARK not in served[name] + heard.get(name, ""), name
    assert DECISION in served[MARY]
    assert "canary" not in hub.log.read_text()


def test_the_letter_after_a_huddle_says_that_there_is_something_to_read_and_nothing_else(met: Met) -> None:
    ended(met)

    link = f"{met.hub.base_url}{met.address}/mine"
    letters: list[str] = []
    for _ in range(LOOKS_MAX):  # They leave by the queue, each by itself.
        box = html.unescape(met.grace.get("/demo/mailbox").text)
        letters = [each for each in box.split('<li class="sheet-block">') if link in each]
        if len(letters) >= 2:
            break
    assert len(letters) == 2, "Grace and Tom, who attended"
    assert sorted(re.findall(r"(No task is yours|1 task is yours)", "".join(letters))) == [
        "1 task is yours", "No task is yours",
    ]  # fmt: skip
    for letter in letters:
        said = re.sub(r"<[^>]+>", " ", letter).replace(link, "")
        assert not re.search(r"(?i)canary|mary|whitfield|metoprolol|cardio|dose|medic|diagnos|decision", said), said
    mine = met.tom.get(f"{met.address}/mine").text
    assert TASK in mine
    with met.hub.pages(MARY) as mary:
        assert mary.get(f"{met.address}/mine").status_code == 404


def test_an_unsigned_decision_is_edited_and_a_signed_one_never_again(met: Met) -> None:
    ended(met)
    shown = met.grace.get(met.address).text
    assert edited(met, met.grace, "Edited before anyone signed") == 303
    stale = dict(re.findall(r'name="(seen|hash\.[0-9a-f-]{36})" value="([0-9a-f]{64})"', shown))

    refused = met.tom.post(f"{met.address}/sign", data=stale)
    assert refused.status_code == 409
    assert "changed since you read it" in refused.text
    assert signed(met, met.grace).status_code == 303

    assert edited(met, met.grace, "Edited after") == 403
    assert edited(met, met.tom, "Edited after") == 403
    with met.hub.pages(ELENA) as elena:
        assert edited(met, elena, "Edited after") == 403
        at = f"/plans/{met.plan}/entries/huddles/{met.entry}"
        for command, form in (("entry.retire", {"reason": "Wrong."}), ("huddle.read_back", {"words": "I too"})):
            assert elena.post(f"{at}/{command}", data=form).status_code in (403, 409), command
        assert "Edited after" not in elena.get(at).text
    assert signed(met, met.tom).status_code == 303
    page = met.grace.get(f"/plans/{met.plan}/sections/{Section.HUDDLES}").text
    assert "Edited before anyone signed" in page


def test_what_changed_since_the_last_huddle_stays_in_sight_when_a_task_is_typed(shared_hub: Hub) -> None:
    plan = shared_hub.plan("Mary")
    with shared_hub.pages(ELENA) as elena:
        medicine = entry_of(elena, f"/plans/{plan}/sections/medications", "dose")
        changed = {"dose": "33.5 mg", "was.dose": "~", "despite": "Agreed with her doctor."}
        did(elena, f"/plans/{plan}/entries/medications/{medicine}/edit", **changed)
        at = did(elena, "/huddles", title="Since", plan=plan)
        did(elena, f"{at}/start")

        did(elena, f"{at}/lines", plan=plan, kind="do", line="Look at the new dose @becker fri")

        since = elena.get(f"{at}/stage").text.split('id="row-since"')[1].split('id="row-worry"')[0]
    assert "33.5 mg" in since
