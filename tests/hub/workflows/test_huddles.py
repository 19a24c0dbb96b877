from dataclasses import replace
from datetime import timedelta

import pytest

from auth.roles import Participant
from crdt.changes import Rewrite
from crdt.sections import Section
from hub.workflows.entries import EntryRetire
from hub.workflows.huddles import (
    SIGNED_FIELDS,
    HuddleDecide,
    HuddleReadBack,
    HuddleSign,
    content_hash,
    is_signed,
    signers,
    to_read_back,
)
from hub.workflows.imagined import imagined
from hub.workflows.steps import Step
from tests.hub.workflows.plans import NOW, Bench

HUDDLES = Section.HUDDLES


def a_decision(bench: Bench, *owners: Participant) -> str:
    steps = tuple(Step(title=f"Do {n}", owner=each.person_id, due=NOW.date()) for n, each in enumerate(owners))
    attendees = tuple(each.person_id for each in (bench.doctor, bench.nurse, *owners))
    command = HuddleDecide(topic="Weight", decision="Double furosemide", steps=steps, attendees=attendees)
    made = bench.perform(bench.doctor, command)
    return next(each for each in made if bench.plan.entry(HUDDLES, each) is not None)


def sign(bench: Bench, actor: Participant, entry: str) -> HuddleSign:
    return HuddleSign(entry=entry, seen=content_hash(bench.entry(HUDDLES, entry)))


def test_a_decision_makes_its_tasks_and_says_who_was_there(bench: Bench) -> None:
    entry = a_decision(bench, bench.social)

    values = bench.entry(HUDDLES, entry).values
    (task,) = bench.plan.entries(Section.TASKS).values()
    assert values["tasks"] == {task.id: True}
    assert values["date"] == NOW.date().isoformat()
    assert values["decider"] == bench.doctor.person_id
    assert set(values["attendees"]) == {bench.doctor.person_id, bench.nurse.person_id, bench.social.person_id}  # type: ignore[arg-type]


@pytest.mark.parametrize(("owner", "due", "field"), [("", NOW.date(), "owner"), ("social", None, "due"),
                                                     ("social", NOW.date() - timedelta(days=1), "due")])  # fmt: skip
def test_nothing_is_decided_while_a_task_lacks_owner_or_day(bench: Bench, owner: str, due: object, field: str) -> None:
    person = bench.social.person_id if owner else ""
    command = HuddleDecide(topic="t", decision="d", steps=(Step(title="Call", owner=person, due=due),))  # type: ignore[arg-type]

    assert bench.refused(bench.doctor, command).field == f"steps.0.{field}"
    assert bench.plan.entries(HUDDLES) == {}


@pytest.mark.parametrize(("topic", "decision", "field"), [("", "d", "topic"), ("t", " ", "decision")])
def test_a_decision_has_a_topic_and_words(bench: Bench, topic: str, decision: str, field: str) -> None:
    assert bench.refused(bench.doctor, HuddleDecide(topic=topic, decision=decision)).field == field


def test_the_patients_side_decides_nothing_in_a_huddle(bench: Bench) -> None:
    for actor in (bench.patient, bench.daughter):
        assert bench.refused(actor, HuddleDecide(topic="t", decision="d")).code != "form"


def test_reading_back_accepts_the_tasks_and_happens_once(bench: Bench) -> None:
    entry = a_decision(bench, bench.social)
    assert to_read_back(bench.plan, bench.entry(HUDDLES, entry)) == (bench.social.person_id,)
    assert bench.refused(bench.nurse, HuddleReadBack(entry=entry, words="I will")).code == "person"

    bench.perform(bench.social, HuddleReadBack(entry=entry, words="I call cardiology today"))

    (task,) = bench.plan.entries(Section.TASKS).values()
    assert task.values["state"] == "accepted"
    assert to_read_back(bench.plan, bench.entry(HUDDLES, entry)) == ()
    assert bench.refused(bench.social, HuddleReadBack(entry=entry, words="again")).code == "state"


def test_nobody_signs_before_every_attending_owner_has_read_back(bench: Bench) -> None:
    entry = a_decision(bench, bench.social)

    assert "1 owner has" in bench.refused(bench.doctor, sign(bench, bench.doctor, entry)).reason


def test_each_attendee_signs_the_same_hash_once(bench: Bench) -> None:
    entry = a_decision(bench)

    bench.perform(bench.doctor, sign(bench, bench.doctor, entry))
    bench.perform(bench.nurse, sign(bench, bench.nurse, entry))

    found = bench.entry(HUDDLES, entry)
    assert set(signers(found)) == {bench.doctor.person_id, bench.nurse.person_id}
    assert found.values["content_hash"] == content_hash(found)
    assert "signed this already" in bench.refused(bench.nurse, sign(bench, bench.nurse, entry)).reason


def test_who_was_not_there_does_not_sign(bench: Bench) -> None:
    entry = a_decision(bench)

    assert bench.refused(bench.pharmacist, sign(bench, bench.pharmacist, entry)).code not in ("state", "stale")


def test_what_changed_since_it_was_read_is_not_signed(bench: Bench) -> None:
    entry = a_decision(bench)
    command = sign(bench, bench.doctor, entry)
    bench.plan = imagined(bench.plan, [Rewrite(HUDDLES, entry, "decision", "Triple it")], by=1)

    assert bench.refused(bench.doctor, command).code == "stale"


def test_a_signed_decision_changes_no_more(bench: Bench) -> None:
    entry = a_decision(bench, bench.social)
    bench.perform(bench.social, HuddleReadBack(entry=entry, words="I will"))
    bench.perform(bench.doctor, sign(bench, bench.doctor, entry))

    assert is_signed(bench.entry(HUDDLES, entry))
    bench.refused(bench.social, HuddleReadBack(entry=entry, words="more"))
    bench.refused(bench.doctor, EntryRetire(section=HUDDLES, entry=entry, reason="tidy"))


@pytest.mark.parametrize("field", [*SIGNED_FIELDS, "tasks", "attendees", "read_back"])
def test_the_hash_covers_every_field_that_was_decided(bench: Bench, field: str) -> None:
    entry = bench.entry(HUDDLES, a_decision(bench))
    other = {"tasks": {"x": True}, "attendees": {"x": True}, "read_back": {"k": {"words": "x"}}}.get(field, "other")

    assert content_hash(entry) != content_hash(replace(entry, values={**entry.values, field: other}))  # type: ignore[dict-item]
    assert content_hash(entry) == content_hash(replace(entry, values={**entry.values, "position": 9.0}))
