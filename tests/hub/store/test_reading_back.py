"""What is new to someone, and what an auditor asks of all journals."""

import pytest

from crdt.sections import Section
from hub.ids import new_id
from hub.journal import Action
from hub.store.audits import Audits, Question, search_query
from hub.store.looks import Looks
from tests.hub.store.conftest import Store, an_act

pytestmark = pytest.mark.anyio


async def test_what_others_changed_since_one_looked_is_news(store: Store) -> None:
    person, plan, quiet = await store.a_person(), await store.a_plan(), await store.a_plan()
    looks, goals = Looks(store.engine), {"section": Section.GOALS}
    async with store.journal.exclusively(plan.plan_id) as turn:
        await turn.append(
            [
                an_act(plan.plan_id, Action.EDIT, **goals),
                an_act(plan.plan_id, Action.EDIT, **goals),
                an_act(plan.plan_id, Action.COMMAND, section=Section.TASKS),
                an_act(plan.plan_id, Action.EDIT, actor=person.person_id, **goals),
                an_act(plan.plan_id, Action.EDIT, outcome="refused", **goals),
                an_act(plan.plan_id, Action.READ, **goals),
            ]
        )
    seqs = {Section.GOALS: 2, Section.TASKS: 9}

    before = await looks.news([plan.plan_id, quiet.plan_id], person.person_id)
    await looks.look(plan.plan_id, person.person_id, seqs)
    await looks.look(plan.plan_id, person.person_id, {Section.GOALS: 1})
    after = await looks.news([plan.plan_id], person.person_id)

    assert {section: (news.changes, news.seq) for section, news in before[plan.plan_id].items()} == {
        Section.GOALS: (2, 3), Section.TASKS: (1, 4),
    }  # fmt: skip
    assert list(before) == [plan.plan_id]
    assert {section: news.changes for section, news in after[plan.plan_id].items()} == {Section.GOALS: 1}
    assert await looks.of_person(plan.plan_id, person.person_id) == seqs


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ({}, [7, 6, 5, 4, 3, 2, 1]),
        ({"actor": "ana"}, [7, 5, 3, 1]),
        ({"actions": frozenset({Action.READ})}, [6, 5]),
        ({"actions": frozenset({Action.READ, Action.EXPORT})}, [7, 6, 5]),
        ({"section": Section.GOALS}, [6, 4, 2]),
        ({"outcome": "refused"}, [4]),
        ({"outcome": "success", "actor": "ben"}, [6, 2]),
        ({"actor": "eve"}, []),
    ],
)
async def test_an_auditor_finds_what_was_asked_newest_first_page_by_page(
    store: Store, asked: dict[str, object], numbers: list[int]
) -> None:
    plan = new_id()
    await store.journal.create_plan(plan)
    kinds = [Action.EDIT] * 4 + [Action.READ] * 2 + [Action.EXPORT]
    for number, kind in enumerate(kinds, 1):
        even = number % 2 == 0
        act = an_act(
            plan, kind, actor="ben" if even else "ana", section=Section.GOALS if even else Section.TASKS,
            outcome="refused" if number == 4 else "success",
        )  # fmt: skip
        async with store.journal.exclusively(plan) as turn:
            await turn.append([act])
    audits, question = Audits(store.engine), Question(**asked)  # type: ignore[arg-type]

    page = await audits.search(question, limit=2)
    found = [trace.seq for trace in page.traces]
    while page.after is not None:
        page = await audits.search(question, after=page.after, limit=2)
        found += [trace.seq for trace in page.traces]

    assert found == numbers


async def test_a_search_is_bounded_by_plan_and_time(store: Store) -> None:
    plan, other = await store.a_plan(), await store.a_plan()
    (row,) = await store.journal.since(plan.plan_id, 0)
    (later,) = await store.journal.since(other.plan_id, 0)
    audits = Audits(store.engine)

    async def found(**asked: object) -> list[tuple[str, int]]:
        answer = await audits.search(Question(**asked))  # type: ignore[arg-type]
        return [(trace.plan, trace.seq) for trace in answer.traces]

    assert await found(plan=plan.plan_id) == [(row.plan, row.seq)]
    assert await found(until=later.recorded) == [(row.plan, row.seq)]
    assert await found(since=later.recorded) == [(later.plan, later.seq)]


async def test_why_something_clinical_was_done_or_refused_is_not_told_to_auditors(store: Store) -> None:
    plan = (await store.a_plan()).plan_id
    acts = [
        an_act(plan, Action.COMMAND, section=Section.ADVANCE_CARE, reason="canary: no machines"),
        an_act(plan, Action.EXPLAIN, section=Section.MEDICATIONS, reason="canary: weight up"),
        an_act(plan, Action.EXPLAIN, reason="canary: of a row without a section"),
        an_act(plan, Action.REFUSE, section=Section.MEDICATIONS, outcome="refused", reason="canary: 40 mg by now"),
        an_act(plan, Action.BREAK_GLASS, reason="unconscious in the emergency room"),
        an_act(plan, Action.REVOKE, reason="moved away"),
    ]
    async with store.journal.exclusively(plan) as turn:
        await turn.append(acts)

    answer = await Audits(store.engine).search(Question(plan=plan))
    refused = await Audits(store.engine).search(Question(outcome="refused"))

    assert [trace.reason for trace in answer.traces][:6] == [
        "moved away", "unconscious in the emergency room", "", "", "", "",
    ]  # fmt: skip
    assert [trace.reason for trace in refused.traces] == [""]


async def test_a_search_for_what_succeeded_does_not_look_through_all_refusals(store: Store) -> None:
    plan = (await store.a_plan()).plan_id
    async with store.journal.exclusively(plan) as turn:
        await turn.append([an_act(plan, Action.REFUSE, outcome="refused")] * 3 + [an_act(plan, Action.READ)])
    values: list[object] = []

    search_query(Question(outcome="success"), None, 10, values)
    answer = await Audits(store.engine).search(Question(outcome="success"))

    (actions,) = (value for value in values if isinstance(value, list))
    assert Action.REFUSE not in actions
    assert set(actions) | {Action.REFUSE} == set(Action)
    assert Action.READ in {trace.action for trace in answer.traces}
