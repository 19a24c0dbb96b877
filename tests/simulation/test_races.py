"""Two people, two processes, one journal: whatever both want at the same instant, one wins and the other is told."""

import asyncio
import itertools
import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from auth.roles import Participant, Role
from crdt.sections import Section
from hub.live.commands import Command, Done, Outcome, Refused
from hub.record.journal import Action, Row
from hub.workflows.entries import EntryCreate
from hub.workflows.recommendations import ReferralDecideRecommendation, ReferralRecommend
from hub.workflows.referral_asking import ReferralAsk
from hub.workflows.referral_states import undecided
from hub.workflows.referrals import ReferralAccept, ReferralCancel, ReferralClose, ReferralReject, ReferralReport
from hub.workflows.tasks import MACHINE, TaskAccept, TaskCancel, TaskComplete, TaskReassign, TaskReject, TaskStart
from tests.hub.builders import PLAN, LiveHub, a_hub, a_person

pytestmark = pytest.mark.anyio

TASKS, REFERRALS = Section.TASKS, Section.REFERRALS
ROUNDS = 12


async def two_hubs() -> tuple[LiveHub, LiveHub]:
    """Return two processes on one journal."""
    first = await a_hub(entries=())
    return first, LiveHub(first.journal.beside(), first.clock, first.bus.another())


async def at_once(*wishes: tuple[LiveHub, Participant, Command]) -> list[Outcome]:
    """Issue all commands at the same instant."""
    return list(await asyncio.gather(*(hub.plans.perform(PLAN, who, command) for hub, who, command in wishes)))


async def done(hub: LiveHub, who: Participant, command: Command) -> str:
    outcome = await hub.plans.perform(PLAN, who, command)
    assert isinstance(outcome, Done), outcome
    return next(iter(outcome.created), "")


async def a_task(hub: LiveHub, asker: Participant, owner: Participant, backup: Participant | None = None) -> str:
    due = (hub.clock.now() + timedelta(days=1)).date().isoformat()
    values = {"title": "Call", "owner": owner.person_id, "due": due, "backup": backup.person_id if backup else ""}
    return await done(hub, asker, EntryCreate(section=TASKS, values={name: it for name, it in values.items() if it}))


async def test_a_task_is_accepted_by_one_of_two_and_the_other_is_told_who() -> None:
    here, there = await two_hubs()
    asker, owner, backup = a_person(), a_person(Role.PHARMACIST), a_person(Role.SOCIAL_WORKER)
    task = await a_task(here, asker, owner, backup)

    outcomes = await at_once((here, owner, TaskAccept(entry=task)), (there, backup, TaskAccept(entry=task)))

    _one_won(outcomes, "accepted now")
    winner = owner if isinstance(outcomes[0], Done) else backup
    for hub in (here, there):
        content = await hub.plans.content(PLAN)
        assert (content.value(TASKS, task, "owner"), content.value(TASKS, task, "state")) == (
            winner.person_id, "accepted",
        )  # fmt: skip


async def test_a_loop_closes_once() -> None:
    here, there = await two_hubs()
    asker, lee = a_person(Role.PRIMARY_CARE), a_person(Role.SPECIALIST)
    referral = await _reported(here, asker, lee)

    outcomes = await at_once(*((hub, asker, ReferralClose(entry=referral)) for hub in (here, there)))

    _one_won(outcomes, "closed now")


async def test_a_recommendation_is_decided_once_and_a_referral_cancelled_or_accepted() -> None:
    here, there = await two_hubs()
    asker, lee = a_person(Role.PRIMARY_CARE), a_person(Role.SPECIALIST)
    referral = await _reported(here, asker, lee, recommended=True)
    key = next(iter(undecided((await here.plans.content(PLAN)).entries(REFERRALS)[referral].values)))
    yes = ReferralDecideRecommendation(entry=referral, key=key, decision="accepted")
    no = ReferralDecideRecommendation(entry=referral, key=key, decision="declined", reason="No.")

    _one_won(await at_once((here, asker, yes), (there, a_person(Role.PRIMARY_CARE), no)), "already")
    asked = await _asked(here, asker, lee)
    outcomes = await at_once(
        (here, lee, ReferralReject(entry=asked, reason="Full.")), (there, lee, ReferralAccept(entry=asked))
    )
    _one_won(outcomes, "now")


@pytest.mark.parametrize("seed", range(4))
async def test_many_commands_at_once_leave_a_history_in_which_every_step_was_legal(seed: int) -> None:
    chance = random.Random(seed)
    hubs = await two_hubs()
    asker, owner, backup = a_person(), a_person(Role.PHARMACIST), a_person(Role.SOCIAL_WORKER)
    task = await a_task(hubs[0], asker, owner, backup)
    for _ in range(ROUNDS):
        wishes = [
            (chance.choice(hubs), chance.choice((asker, owner, backup)), _some(chance, task, owner, backup))
            for _ in range(chance.randint(2, 5))
        ]
        await at_once(*wishes)

    contents = [await hub.plans.content(PLAN) for hub in hubs]
    assert contents[0].entry(TASKS, task) == contents[1].entry(TASKS, task)
    rows = [row for row in hubs[0].journal.rows() if row.entry == task and row.event.startswith("task.")]
    state = "requested"
    for row in rows:
        move = MACHINE.moves[row.event.removeprefix("task.")]
        assert (row.action, row.outcome) == (Action.COMMAND, "success")
        assert state in move.sources, f"{row.event} from {state}"
        state = _state_after(row) or state
        assert state == move.target or (row.event, state) == ("task.reassign", "accepted")
    assert contents[0].value(TASKS, task, "state") == state
    seqs = [row.seq for row in hubs[0].journal.rows()]
    assert seqs == list(itertools.accumulate([seqs[0]] + [1] * (len(seqs) - 1)))


def _state_after(row: Row) -> str:
    told: Any = row.words or {}
    fields = told.get("fields", [{"field": row.field, **told}])
    return next((str(each["after"]) for each in fields if each["field"] == "state"), "")


def _some(chance: random.Random, task: str, *owners: Participant) -> Command:
    wishes: list[Command] = [
        TaskAccept(entry=task),
        TaskReject(entry=task, reason="No time."),
        TaskStart(entry=task),
        TaskComplete(entry=task, outcome="Done."),
        TaskCancel(entry=task, reason="Not needed."),
        TaskReassign(entry=task, owner=chance.choice(owners).person_id),
    ]
    return chance.choice(wishes)


def _one_won(outcomes: Sequence[Outcome], told: str) -> None:
    assert sorted(type(each).__name__ for each in outcomes) == ["Done", "Refused"]
    (refused,) = (each for each in outcomes if isinstance(each, Refused))
    assert told in refused.reason


async def _asked(hub: LiveHub, asker: Participant, lee: Participant) -> str:
    question = ReferralAsk(
        kind="specialist", to="Cardiology", question="Why?", urgency="urgent", recipient=lee.person_id, send=True,
        expected_by=(hub.clock.now() + timedelta(days=7)).date(),
    )  # fmt: skip
    return await done(hub, asker, question)


async def _reported(hub: LiveHub, asker: Participant, lee: Participant, *, recommended: bool = False) -> str:
    referral = await _asked(hub, asker, lee)
    await done(hub, lee, ReferralAccept(entry=referral))
    if recommended:
        await done(hub, lee, ReferralRecommend(entry=referral, recommendation="Echo"))
    await done(hub, lee, ReferralReport(entry=referral, answer="Because."))
    return referral


async def test_what_was_cancelled_at_the_same_instant_is_not_answered() -> None:
    here, there = await two_hubs()
    asker, lee = a_person(Role.PRIMARY_CARE), a_person(Role.SPECIALIST)
    referral = await _asked(here, asker, lee)
    await done(there, lee, ReferralAccept(entry=referral))

    outcomes = await at_once(
        (here, asker, ReferralCancel(entry=referral, reason="She is well.")),
        (there, lee, ReferralReport(entry=referral, answer="Because.")),
    )

    _one_won(outcomes, "now")
