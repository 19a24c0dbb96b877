"""Notices: of what one may see and of nothing else, and none of them lost on a page that is not reading just now."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from auth.roles import Participant, Role
from crdt.changes import Annotate, Assign, Change, Root
from crdt.fields import Value
from crdt.sections import Section
from hub.live.changes import WORDS_TOUCHED_MAX
from tests.hub.builders import PLAN, Changing, LiveHub, Make, a_hub, a_person, an_id, settle
from tests.hub.peers import Peer

pytestmark = pytest.mark.anyio
TASKS, NEEDS, GOALS = Section.TASKS, Section.SOCIAL_NEEDS, Section.GOALS
SEEN = {"title": "Weigh every morning", "owner": an_id(), "due": "2026-12-01", "family_visible": "yes"}
HIDDEN = {"title": "Talk of abuse", "owner": an_id(), "due": "2026-12-01", "family_visible": "no"}


def changes(peer: Peer) -> list[dict[str, Any]]:
    return [each for each in peer.notices if each["kind"] == "changed"]


def pause(peer: Peer) -> None:
    peer.line.paused = True


def resume(peer: Peer) -> None:
    peer.line.paused = False
    assert peer.place is not None
    peer.place[0].resumed(peer.place[1])


async def did(hub: LiveHub, actor: Participant, *made: Change) -> None:
    done = await hub.plans.perform(PLAN, actor, Changing(made))
    assert not hasattr(done, "reason"), done
    await hub.settle()


async def a_plan_with(section: Section, **entries: Mapping[str, Value]) -> tuple[LiveHub, Peer, Peer, dict[str, str]]:
    """A hub, a care manager and a daughter live at it, and the ids of the entries by the names given here."""
    hub = await a_hub(entries=())
    ids = {name: an_id() for name in entries}
    for name, values in entries.items():
        done = await hub.plans.perform(PLAN, a_person(), Make(section, (ids[name],), values))
        assert not hasattr(done, "reason"), done
    grace, daughter = hub.peer(Role.CARE_MANAGER, section, name="Grace"), hub.peer(Role.FAMILY, name="Kate")
    await hub.settle()
    return hub, grace, daughter, ids


def a_comment(entry: str, author: str) -> Annotate:
    record: dict[str, Any] = {"entry": entry, "words": "Call the police", "author": author, "reply_to": ""}
    return Annotate(TASKS, Root.COMMENTS, an_id(), record)


def a_suggestion(entry: str, author: str) -> Annotate:
    record: dict[str, Any] = {"entry": entry, "field": "title", "value": '"x"', "proposer": author, "state": "open"}
    return Annotate(TASKS, Root.SUGGESTIONS, an_id(), record)


@pytest.mark.parametrize("remark", [a_comment, a_suggestion])
@pytest.mark.parametrize("entry", ["hidden", "seen"])
async def test_the_family_hears_nothing_of_what_colleagues_remark_to_each_other(remark: Any, entry: str) -> None:
    hub, grace, daughter, ids = await a_plan_with(TASKS, hidden=HIDDEN, seen=SEEN)

    await did(hub, grace.participant, remark(ids[entry], grace.participant.person_id))

    assert changes(daughter) == []
    assert changes(grace)[-1]["by"] == "Grace"


async def test_whoever_suggested_something_hears_that_it_was_decided() -> None:
    hub, grace, daughter, ids = await a_plan_with(TASKS, seen=SEEN)

    await did(hub, grace.participant, a_suggestion(ids["seen"], daughter.participant.person_id))

    assert changes(daughter) == [
        {"kind": "changed", "section": "tasks", "entries": [ids["seen"]], "structure": True, "by": "Grace"}
    ]


async def test_a_hidden_entry_is_neither_counted_nor_named_nor_is_who_changed_it() -> None:
    hub, grace, daughter, ids = await a_plan_with(TASKS, hidden=HIDDEN, seen=SEEN)
    ann = a_person(Role.PRIMARY_CARE, name="Dr. Ann")

    await did(hub, ann, Assign(TASKS, ids["hidden"], "title", "Talk again"))
    of_the_hidden = changes(daughter)
    pause(daughter)
    await did(hub, ann, Assign(TASKS, ids["hidden"], "title", "Talk once more"))
    await did(hub, grace.participant, Assign(TASKS, ids["seen"], "title", "Weigh"))
    resume(daughter)
    await hub.settle()

    assert of_the_hidden == []
    assert changes(daughter) == [
        {"kind": "changed", "section": "tasks", "entries": [ids["seen"]], "structure": True, "by": "Grace"}
    ]


async def test_an_entry_that_goes_out_of_sight_leaves_the_page_without_a_word_on_which_and_by_whom() -> None:
    hub, grace, daughter, ids = await a_plan_with(TASKS, seen=SEEN)

    await did(hub, grace.participant, Assign(TASKS, ids["seen"], "family_visible", "no"))

    assert changes(daughter) == [{"kind": "changed", "section": "tasks", "entries": [], "structure": True, "by": ""}]


async def test_a_page_without_documents_hears_of_what_came_while_it_did_not_read() -> None:
    hub, grace, daughter, ids = await a_plan_with(GOALS, one={"description": "Walk", "voice": an_id()})
    pause(daughter)
    grace.write("more ", entry=ids["one"])
    await hub.settle()
    await did(hub, grace.participant, Assign(GOALS, ids["one"], "priority", "high"))
    while_paused = changes(daughter)

    resume(daughter)
    await hub.settle()

    assert while_paused == []
    assert changes(daughter) == [
        {"kind": "changed", "section": "goals", "entries": [ids["one"]], "structure": True, "by": "Grace"}
    ]


async def test_a_page_with_documents_hears_of_what_it_shows_by_html_once_it_reads_again() -> None:
    hub, grace, _, ids = await a_plan_with(GOALS, one={"description": "Walk", "voice": an_id()})
    ben = hub.peer(Role.PRIMARY_CARE, GOALS, name="Ben")
    await hub.settle()
    before = changes(ben)
    pause(ben)
    await did(hub, grace.participant, Assign(GOALS, ids["one"], "priority", "high"))

    resume(ben)
    await hub.settle()

    assert changes(ben)[len(before) :] == [
        {"kind": "changed", "section": "goals", "entries": [ids["one"]], "structure": True, "by": "Grace"}
    ]


async def test_who_lost_a_section_while_their_page_did_not_read_is_not_told_of_it_any_more() -> None:
    hub, grace, daughter, ids = await a_plan_with(GOALS, one={"description": "Walk", "voice": an_id()})
    pause(daughter)
    await did(hub, grace.participant, Assign(GOALS, ids["one"], "priority", "high"))
    assert daughter.place is not None
    daughter.place[1].stands(replace(daughter.participant, removed=True), hub.clock.now())

    resume(daughter)
    await hub.settle()

    assert changes(daughter) == []


async def test_at_another_process_the_family_hears_of_no_more_than_at_this_one() -> None:
    first, grace, _, ids = await a_plan_with(TASKS, hidden=HIDDEN, seen=SEEN)
    second = LiveHub(first.journal, first.clock, first.bus.another())
    far, colleague = second.peer(Role.FAMILY), second.peer(Role.PRIMARY_CARE, TASKS)
    await settle([first, second])
    remark = a_comment(ids["hidden"], grace.participant.person_id)

    await first.plans.perform(PLAN, grace.participant, Changing([remark]))
    await first.plans.perform(PLAN, grace.participant, Changing([Assign(TASKS, ids["hidden"], "title", "Talk again")]))
    await settle([first, second])
    of_the_hidden = changes(far)
    await first.plans.perform(PLAN, grace.participant, Changing([Assign(TASKS, ids["seen"], "title", "Weigh")]))
    await settle([first, second])

    assert of_the_hidden == []
    assert [(each["entries"], each["structure"]) for each in changes(far)] == [([ids["seen"]], True)]
    assert len(changes(colleague)) >= 2


async def test_of_a_row_with_more_places_than_it_names_the_family_hears_only_that_the_section_changed() -> None:
    first, grace, _, _ = await a_plan_with(TASKS, seen=SEEN)
    second = LiveHub(first.journal, first.clock, first.bus.another())
    far, colleague = second.peer(Role.FAMILY), second.peer(Role.PRIMARY_CARE, TASKS)
    await settle([first, second])
    many = tuple(an_id() for _ in range(WORDS_TOUCHED_MAX))

    await first.plans.perform(PLAN, grace.participant, Make(TASKS, many, HIDDEN))
    await settle([first, second])

    assert changes(far)[-1] == {"kind": "changed", "section": "tasks", "entries": [], "structure": True, "by": ""}
    assert changes(colleague)[-1]["entries"] == []
