"""What is new to someone, and what an auditor asks of all journals."""

from collections.abc import Mapping

import pytest

from crdt.sections import Section
from hub.ids import new_id
from hub.record.journal import Action, Row
from hub.store.audits import Audits, Question, search_query
from hub.store.looks import ROWS_MAX, Looks
from tests.hub.store.conftest import Store, an_act

pytestmark = pytest.mark.anyio


def seqs(news: Mapping[str, list[Row]]) -> dict[str, list[int]]:
    return {plan: [row.seq for row in rows] for plan, rows in news.items()}


async def test_news_is_what_others_changed_since_one_looked_section_by_section(store: Store) -> None:
    plan, other, quiet = [(await store.a_plan()).plan_id for _ in range(3)]
    person, goals, tasks = await store.a_person(), Section.GOALS, Section.TASKS
    me = person.person_id
    acts = [  # Rows 2 to 9: the plan's own is the first.
        an_act(plan, Action.EDIT, section=goals),
        an_act(plan, Action.COMMAND, section=tasks),
        an_act(plan, Action.EDIT, section=goals, actor=me),
        an_act(plan, Action.EDIT, section=goals, outcome="refused"),
        an_act(plan, Action.READ, section=goals),
        an_act(plan, Action.EDIT, section=Section.STAFF_NOTES),
        an_act(plan, Action.EXPLAIN, section=goals, reason="because"),
        an_act(plan, Action.EDIT, section=tasks),
    ]
    async with store.journal.exclusively(plan) as turn:
        await turn.append(acts)
    async with store.journal.exclusively(other) as turn:
        await turn.append([an_act(other, Action.EDIT, section=goals)])
    looks = Looks(store.engine)
    wanted = {plan: [goals, tasks], other: [goals], quiet: [goals]}

    never = await looks.rows(me, wanted)
    await looks.look(plan, me, {goals: 2})
    goals_seen = await looks.rows(me, wanted)
    await looks.look(plan, me, {goals: 1, tasks: 9})
    both_seen = await looks.rows(me, wanted)
    await looks.put_back(plan, me, {tasks: 3, goals: 5})
    put_back = await looks.rows(me, wanted)

    assert seqs(never) == {plan: [2, 3, 8, 9], other: [2]}
    assert seqs(goals_seen) == {plan: [3, 8, 9], other: [2]}
    assert seqs(both_seen) == {plan: [8], other: [2]}, "a look never runs back"
    assert seqs(put_back) == {plan: [8, 9], other: [2]}, "what is put back only goes back"
    assert await looks.of_person(plan, me) == {goals: 2, tasks: 3}
    assert seqs(await looks.rows("someone else", {plan: [goals]})) == {plan: [2, 4, 8]}
    assert await looks.rows(me, {}) == {}
    assert [row.reason for row in put_back[plan]] == ["because", ""]


async def test_news_of_a_plan_is_its_newest_rows_and_ends_at_a_bound(store: Store) -> None:
    plan = (await store.a_plan()).plan_id
    async with store.journal.exclusively(plan) as turn:
        await turn.append([an_act(plan, Action.EDIT, section=Section.GOALS)] * (ROWS_MAX + 5))

    rows = (await Looks(store.engine).rows("me", {plan: [Section.GOALS]}))[plan]

    assert [row.seq for row in rows] == list(range(7, ROWS_MAX + 7)), "in their order, the newest of them"


async def test_who_changed_something_last_is_told_of_the_sections_asked_for(store: Store) -> None:
    plan, quiet = [(await store.a_plan()).plan_id for _ in range(2)]
    async with store.journal.exclusively(plan) as turn:
        await turn.append(
            [
                an_act(plan, Action.EDIT, section=Section.GOALS, actor="ana"),
                an_act(plan, Action.EDIT, section=Section.TASKS, actor="ben"),
                an_act(plan, Action.EDIT, section=Section.GOALS, actor="eve", outcome="refused"),
                an_act(plan, Action.READ, section=Section.GOALS, actor="eve"),
            ]
        )
    looks = Looks(store.engine)

    both = await looks.last({plan: [Section.GOALS, Section.TASKS], quiet: [Section.GOALS]})
    goals = await looks.last({plan: [Section.GOALS]})

    assert {each: (last.actor, last.seq) for each, last in both.items()} == {plan: ("ben", 3)}
    assert {each: (last.actor, last.seq) for each, last in goals.items()} == {plan: ("ana", 2)}
    assert await looks.last({plan: [Section.STAFF_NOTES]}) == {}


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
