"""Every move of a huddle in every state, and by everyone who may not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from auth.roles import CLINICIANS, Role
from hub.workflows.huddle_driving import Back, Carry, End, FlagPatient, Go, Next, Park, Sign
from hub.workflows.huddle_moves import Add, HandOver, HuddleMove, JoinHuddle, MovePatient, Remove, StartHuddle, Take
from hub.workflows.huddle_states import (
    Attendee,
    Course,
    Huddle,
    HuddleItem,
    No,
    Stand,
    Who,
    frame_hash,
    next_waiting,
    spent,
)

NOW = datetime(2026, 11, 21, 8, 15, tzinfo=UTC)
GRACE, ELENA, TOM = (Who(name, Role.CARE_MANAGER) for name in ("grace", "elena", "tom"))


def a_huddle(*stands: Stand, course: Course = Course.PLANNED) -> Huddle:
    """Grace drives, Elena attends, Tom does not; a, b, c stand as told."""
    items = tuple(
        HuddleItem(name, stand) for name, stand in zip("abcdefghi", stands or (Stand.WAITING,) * 3, strict=False)
    )
    people = (Attendee("grace", NOW), Attendee("elena", NOW))
    huddle = Huddle("h", "Morning", "grace", NOW, items=items, attendees=people)
    if course is Course.PLANNED:
        return huddle
    running = did(StartHuddle(), huddle)
    return running if course is Course.RUNNING else replace(running, course=Course.ENDED, ended=NOW, driver="")


def did(move: HuddleMove, huddle: Huddle, who: Who = GRACE, *, after: int = 0) -> Huddle:
    done = move.on(huddle, who, NOW + timedelta(seconds=after))
    assert isinstance(done, Huddle), done
    return done


def refused(move: HuddleMove, huddle: Huddle, who: Who = GRACE) -> str:
    done = move.on(huddle, who, NOW)
    assert isinstance(done, No), f"allowed: {done}"
    assert done.reason.endswith((".", "?"))
    return done.code


MOVES: dict[type, HuddleMove] = {
    type(move): move
    for move in (
        JoinHuddle(), Add(plan_id="z"), Remove(plan_id="b"), MovePatient(plan_id="b", by=1), StartHuddle(),
        Take(seen="grace", driver_here=False), HandOver(to="elena"), Go(plan_id="b", seen="a"), Next(seen="a"),
        Back(seen="a"), Park(seen="a"), FlagPatient(plan_id="b", on_=True), Carry(plan_id="b"), End(seen="a"),
        Sign(seen="", decisions={}),
    )
}  # fmt: skip

COURSES = {
    JoinHuddle: {Course.PLANNED, Course.RUNNING},
    Add: {Course.PLANNED, Course.RUNNING},
    Remove: {Course.PLANNED, Course.RUNNING},
    MovePatient: {Course.PLANNED, Course.RUNNING},
    StartHuddle: {Course.PLANNED},
    Carry: {Course.RUNNING, Course.ENDED},
    Sign: {Course.ENDED},
} | {key: {Course.RUNNING} for key in (Take, HandOver, Go, Next, Back, Park, FlagPatient, End)}
DRIVES = (HandOver, Go, Next, Back, Park, End)


@pytest.mark.parametrize("course", Course)
@pytest.mark.parametrize("kind", MOVES)
def test_a_move_out_of_its_course_is_refused(kind: type, course: Course) -> None:
    if course not in COURSES[kind]:
        assert refused(MOVES[kind], a_huddle(course=course)) == "state"


@pytest.mark.parametrize("kind", [each for each in MOVES if each is not JoinHuddle])
def test_nobody_moves_a_huddle_they_have_not_joined(kind: type) -> None:
    course = next(each for each in Course if each in COURSES[kind])

    assert refused(MOVES[kind], a_huddle(course=course), TOM) == "person"


@pytest.mark.parametrize("kind", DRIVES)
def test_only_the_driver_drives(kind: type) -> None:
    assert refused(MOVES[kind], a_huddle(course=Course.RUNNING), ELENA) == "driver"


@pytest.mark.parametrize("role", sorted(set(Role) - CLINICIANS))
@pytest.mark.parametrize("kind", MOVES)
def test_nobody_but_the_team_does_anything(kind: type, role: Role) -> None:
    for course in COURSES[kind]:
        assert refused(MOVES[kind], a_huddle(course=course), Who("grace", role)) == "person"


@pytest.mark.parametrize("kind", [Go, Next, Back, Park, End])
def test_a_stale_page_moves_nothing(kind: type) -> None:
    moved_on = did(Next(seen="a"), a_huddle(course=Course.RUNNING))

    assert refused(MOVES[kind], moved_on) == "stale"


def test_no_next_and_no_end_while_a_task_lacks_its_owner_or_its_day() -> None:
    running = a_huddle(course=Course.RUNNING)

    assert refused(Next(seen="a", unfinished=("Call",)), running) == "open"
    assert refused(End(seen="a", unfinished=("Call",)), running) == "open"
    assert did(Park(seen="a"), running).current == "b"


def test_of_two_who_press_next_at_once_the_second_is_told() -> None:
    once = did(Next(seen="a"), a_huddle(course=Course.RUNNING))

    assert once.current == "b"
    assert refused(Next(seen="a"), once) == "stale"


def test_of_two_who_take_over_at_once_the_second_is_told() -> None:
    running = did(JoinHuddle(), a_huddle(course=Course.RUNNING), TOM)
    taken = did(Take(seen="grace", driver_here=False), running, ELENA)

    assert taken.driver == "elena"
    assert refused(Take(seen="grace", driver_here=False), taken, TOM) == "stale"
    assert refused(Take(seen="elena", driver_here=True), taken, ELENA) == "twice"


def test_a_driver_who_is_here_is_not_replaced_by_one_key() -> None:
    running = a_huddle(course=Course.RUNNING)

    assert refused(Take(seen="grace", driver_here=True), running, ELENA) == "here"
    assert did(Take(seen="grace", driver_here=True, sure=True), running, ELENA).driver == "elena"


@pytest.mark.parametrize(
    ("move", "code"),
    [
        (JoinHuddle(), "twice"), (Add(plan_id="a"), "twice"), (Remove(plan_id="z"), "gone"),
        (Remove(plan_id="a"), "state"),
        (MovePatient(plan_id="z", by=1), "gone"), (HandOver(to="tom"), "person"), (HandOver(to="grace"), "twice"),
        (Go(plan_id="a", seen="a"), "twice"), (Go(plan_id="z", seen="a"), "gone"), (Back(seen="a"), "first"),
        (FlagPatient(plan_id="a", on_=False), "twice"), (FlagPatient(plan_id="z", on_=True), "gone"),
        (Carry(plan_id="a"), "state"), (Carry(plan_id="z"), "gone"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_now_is_refused(move: HuddleMove, code: str) -> None:
    assert refused(move, a_huddle(course=Course.RUNNING)) == code


def test_after_the_last_patient_there_is_no_next_and_no_park() -> None:
    over = did(Next(seen="a"), a_huddle(Stand.WAITING, course=Course.RUNNING))

    assert over.current == ""
    assert refused(Next(seen=""), over) == "state"
    assert refused(Park(seen=""), over) == "state"
    assert did(Back(seen=""), over).current == "a"
    assert did(End(seen=""), over).course is Course.ENDED


def test_an_empty_agenda_does_not_start() -> None:
    assert refused(StartHuddle(), replace(a_huddle(), items=())) == "empty"


def test_agenda_and_attendance_are_bounded() -> None:
    full = replace(a_huddle(), items=tuple(HuddleItem(str(n)) for n in range(40)))
    crowd = replace(a_huddle(), attendees=tuple(Attendee(str(n), NOW) for n in range(30)))

    assert refused(Add(plan_id="z"), full) == "full"
    assert refused(JoinHuddle(), crowd, TOM) == "full"


def test_time_is_counted_for_whoever_is_talked_about_and_goes_on_where_one_comes_back() -> None:
    there = did(Go(plan_id="c", seen="a"), a_huddle(course=Course.RUNNING), after=70)
    back = did(Go(plan_id="a", seen="c"), there, after=90)

    assert spent(back, "a", NOW + timedelta(seconds=100)) == 80
    assert spent(back, "c", NOW + timedelta(seconds=100)) == 20
    assert back.item("c") == HuddleItem("c", Stand.WAITING, seconds=20)


def test_who_was_done_stays_done_after_one_looks_again() -> None:
    second = did(Next(seen="a"), a_huddle(course=Course.RUNNING))
    again = did(Back(seen="b"), second)
    on = did(Go(plan_id="c", seen="a"), again)

    assert [item.stand for item in on.items] == [Stand.DONE, Stand.WAITING, Stand.CURRENT]
    assert next_waiting(on, "c") == "b"


def test_parked_and_unreached_are_carried_and_done_is_not() -> None:
    ended = did(End(seen="b"), did(Park(seen="a"), a_huddle(course=Course.RUNNING)))

    assert [item.stand for item in ended.items] == [Stand.PARKED, Stand.DONE, Stand.WAITING]
    assert did(Carry(plan_id="a"), ended).tally(Stand.CARRIED) == 1
    assert refused(Carry(plan_id="b"), ended) == "state"
    assert refused(Carry(plan_id="a"), did(Carry(plan_id="a"), ended)) == "state"


def test_a_signature_covers_the_huddle_and_is_given_once() -> None:
    ended = did(End(seen="a"), a_huddle(course=Course.RUNNING))
    signed = did(Sign(seen=frame_hash(ended), decisions={}), ended)

    assert signed.content_hash == frame_hash(ended)
    assert refused(Sign(seen=frame_hash(ended), decisions={}), signed) == "twice"
    assert refused(Sign(seen="other", decisions={}), signed, ELENA) == "stale"
    assert did(Sign(seen=frame_hash(signed), decisions={}), signed, ELENA).attendees[1].signed == NOW
    changed = replace(signed, items=signed.items[:1])
    assert refused(Sign(seen=frame_hash(changed), decisions={}), changed, ELENA) == "stale"


def test_carrying_over_changes_nothing_that_is_signed() -> None:
    ended = did(End(seen="b"), did(Park(seen="a"), a_huddle(course=Course.RUNNING)))

    assert frame_hash(did(Carry(plan_id="a"), ended)) == frame_hash(ended)


@pytest.mark.parametrize("change", [{"title": "x"}, {"ended": NOW + timedelta(1)}, {"attendees": ()}, {"items": ()}])
def test_the_hash_says_whenever_anything_signed_differs(change: dict[str, object]) -> None:
    ended = did(End(seen="a"), a_huddle(course=Course.RUNNING))

    assert frame_hash(replace(ended, **change)) != frame_hash(ended)  # type: ignore[arg-type]
