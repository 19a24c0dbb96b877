"""Photos and papers in a conversation: who sends them, what the plan names, how many, and who hides them again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from auth.roles import Participant
from crdt.changes import Append, Create
from crdt.sections import TEAM_ALONE, Section
from hub.live.authority import refused
from hub.live.commands import Refusal
from hub.workflows import attachments
from hub.workflows.attaching import QuestionAttach
from hub.workflows.attachments import (
    KEEP,
    OF_ENTRY_MAX,
    Attached,
    AttachmentHide,
    AttachmentKind,
    attachments_of,
    standing,
)
from hub.workflows.entries import EntryRetire
from hub.workflows.question_states import Side, turn_of, turns
from hub.workflows.questions import ALREADY_SENT, OVER, QuestionAccept, QuestionAnswer, QuestionAsk
from tests.hub.workflows.plans import Bench, an_id

LOG = Section.CAREGIVER_LOG


def a_photo(digest: str = "", size: int = 1_000) -> Attached:
    return Attached(an_id(), AttachmentKind.PICTURE, size, digest or an_id())


def asked(bench: Bench, **more: object) -> str:
    (entry,) = bench.perform(bench.daughter, QuestionAsk(kind="question", words="Is that red?", **more))  # type: ignore[arg-type]
    return entry


def test_a_photo_comes_with_the_words_it_was_sent_with_and_the_store_is_told_in_the_same_turn(bench: Bench) -> None:
    first, second, paper = a_photo(), a_photo(), replace(a_photo(), kind=AttachmentKind.PAPER)
    entry = asked(bench, attached=first)
    bench.perform(bench.nurse, QuestionAttach(entry=entry, words="Like this one?", attached=paper))
    bench.now += timedelta(minutes=1)
    reply = QuestionAttach(entry=entry, words="More like this.", attached=second)
    changes = bench.judge(bench.daughter, reply)
    assert not isinstance(changes, Refusal)
    jobs = reply.follow_ups(bench.plan, changes, bench.now)
    bench.perform(bench.daughter, reply)

    values = bench.entry(LOG, entry).values
    came = {each.said: each.key for each in attachments_of(values)}
    said = {turn.words: came[turn.key] for turn in turns(values)}
    assert said == {"Is that red?": first.key, "Like this one?": paper.key, "More like this.": second.key}
    assert turn_of(values) is Side.ASKED
    assert [job.payload for job in jobs if job.kind == KEEP] == [
        {"attachment": second.key, "entry": entry, "hidden": False}
    ]
    record = next(each.record for each in changes if isinstance(each, Append) and each.field == "attachments")
    assert (record["digest"], record["bytes"]) == (second.digest, 1_000)


def test_the_same_photo_sent_twice_is_there_once(bench: Bench) -> None:
    entry, photo = asked(bench), a_photo("ab")
    bench.perform(bench.daughter, QuestionAttach(entry=entry, words="Here", attached=photo))

    again = QuestionAttach(entry=entry, words="Here", attached=a_photo("ab"))

    assert bench.refused(bench.daughter, again).reason == ALREADY_SENT
    assert len(turns(bench.entry(LOG, entry).values)) == 2
    bench.perform(bench.patient, again)


def test_who_sent_it_and_the_team_hide_it_once_and_nobody_else(bench: Bench) -> None:
    entry, photo = asked(bench), a_photo()
    bench.perform(bench.daughter, QuestionAttach(entry=entry, words="Here", attached=photo))
    hide = AttachmentHide(entry=entry, attachment=photo.key)

    assert bench.refused(bench.patient, hide).code == "role"
    assert bench.refused(bench.pharmacist, hide).code == "command-refused"
    found = standing(bench.plan, photo.key)
    assert found is not None
    bench.perform(bench.daughter, hide)
    assert standing(bench.plan, photo.key) is None
    assert bench.refused(bench.nurse, hide).code == "gone"
    (kept,) = attachments_of(bench.entry(LOG, entry).values)
    assert (kept.hidden, kept.by) == (True, bench.daughter.person_id)


def test_a_retired_question_shows_nothing_of_what_came_with_it(bench: Bench) -> None:
    photo = a_photo()
    entry = asked(bench, attached=photo)

    bench.perform(bench.daughter, EntryRetire(section=LOG, entry=entry, reason="Wrong patient"))

    assert standing(bench.plan, photo.key) is None


def test_nothing_is_sent_to_what_has_ended_to_what_one_does_not_see_or_without_words(bench: Bench) -> None:
    entry, photo = asked(bench), a_photo()
    (inner,) = bench.perform(bench.doctor, QuestionAsk(kind="question", words="x", readers=TEAM_ALONE))
    sent = QuestionAttach(entry=entry, words="Here", attached=photo)

    assert bench.refused(bench.daughter, replace(sent, entry=inner)).code != "form"
    assert bench.refused(bench.daughter, replace(sent, words=" ")).code == "form"
    assert bench.refused(bench.pharmacist, sent).code == "command-refused"
    bench.perform(bench.nurse, QuestionAnswer(entry=entry, answer="No."))
    bench.perform(bench.daughter, QuestionAccept(entry=entry))
    assert bench.refused(bench.daughter, sent).reason == OVER


def test_a_question_and_a_plan_hold_a_bounded_number(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = asked(bench)
    for number in range(OF_ENTRY_MAX):
        bench.perform(bench.daughter, QuestionAttach(entry=entry, words=f"Photo {number}", attached=a_photo()))
    more = QuestionAttach(entry=entry, words="Here", attached=a_photo())
    assert "stand here already" in bench.refused(bench.daughter, more).reason

    monkeypatch.setattr(attachments, "OF_PLAN_BYTES_MAX", OF_ENTRY_MAX * 1_000 + 500)
    fresh = QuestionAsk(kind="question", words="x", attached=a_photo())
    assert "as many photos and papers" in bench.refused(bench.daughter, fresh).reason
    bench.perform(bench.daughter, replace(fresh, attached=a_photo(size=500)))
    monkeypatch.setattr(attachments, "OF_PLAN_MAX", OF_ENTRY_MAX + 1)
    assert "as many photos and papers" in bench.refused(bench.daughter, replace(fresh, words="y")).reason


@pytest.mark.parametrize("who", ["pharmacist", "specialist"])
def test_the_room_lets_nobody_attach_who_does_not_take_part_in_the_conversation(bench: Bench, who: str) -> None:
    entry, actor = asked(bench), getattr(bench, who)
    assert isinstance(actor, Participant)
    sent = QuestionAttach(entry=entry, words="Here", attached=a_photo())
    forged = [Append(LOG, entry, "attachments", an_id(), {"by": actor.person_id})]

    assert refused(bench.plan, actor, sent, forged, bench.now) is not None
    asks = QuestionAsk(kind="question", words="x")
    assert refused(bench.plan, actor, asks, [Create(LOG, an_id(), {}), *forged], bench.now) is not None
