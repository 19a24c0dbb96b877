from datetime import date

from crdt.sections import Section
from hub.workflows.comments import COMMENT_CHARACTERS_MAX, CommentMake, CommentResolve, CommentTask, comments_on
from tests.hub.workflows.plans import Bench, an_id

GOALS = Section.GOALS


def a_goal(bench: Bench) -> str:
    return bench.put(GOALS, description="Walk", voice=bench.nurse.person_id)


def a_comment(bench: Bench, section: Section, entry: str, words: str = "Is the scale delivered?") -> str:
    bench.perform(bench.nurse, CommentMake(section=section, entry=entry, words=words, mentions=("pharmacist",)))
    return next(reversed(comments_on(bench.plan, section, entry)))


def test_a_comment_names_its_author_and_whom_it_calls(bench: Bench) -> None:
    goal = a_goal(bench)

    key = a_comment(bench, GOALS, goal)

    record = comments_on(bench.plan, GOALS, goal)[key]
    assert (record["author"], record["mentions"], record["resolved_by"]) == (bench.nurse.person_id, "pharmacist", "")


def test_an_empty_or_endless_comment_is_not_kept(bench: Bench) -> None:
    goal = a_goal(bench)

    assert bench.refused(bench.nurse, CommentMake(section=GOALS, entry=goal, words=" ")).field == "words"
    long = "x" * (COMMENT_CHARACTERS_MAX + 1)
    assert bench.refused(bench.nurse, CommentMake(section=GOALS, entry=goal, words=long)).field == "words"


def test_an_answer_belongs_to_a_comment_on_the_same_entry(bench: Bench) -> None:
    goal, other = a_goal(bench), a_goal(bench)
    key = a_comment(bench, GOALS, goal)

    bench.perform(bench.doctor, CommentMake(section=GOALS, entry=goal, words="Yes.", reply_to=key))

    stray = CommentMake(section=GOALS, entry=other, words="Yes.", reply_to=key)
    assert bench.refused(bench.doctor, stray).code == "gone"


def test_it_is_resolved_once_and_stays(bench: Bench) -> None:
    goal = a_goal(bench)
    key = a_comment(bench, GOALS, goal)

    bench.perform(bench.doctor, CommentResolve(section=GOALS, key=key))

    assert bench.refused(bench.nurse, CommentResolve(section=GOALS, key=key)).code == "state"
    assert key in comments_on(bench.plan, GOALS, goal)
    assert bench.refused(bench.nurse, CommentResolve(section=GOALS, key=an_id())).code == "gone"


def test_a_comment_becomes_a_task_that_links_back(bench: Bench) -> None:
    goal = a_goal(bench)
    key = a_comment(bench, GOALS, goal)
    command = CommentTask(
        section=GOALS, key=key, title="Ask for the scale", owner=bench.social.person_id, due=date(2026, 11, 24)
    )

    task = bench.perform(bench.nurse, command)[0]

    values = bench.entry(Section.TASKS, task).values
    assert values["detail"] == "Is the scale delivered?"
    assert values["supports"] == {goal: True}
    assert values["state"] == "requested"
    assert bench.refused(bench.nurse, command).code == "state", "the comment is resolved by it"


def test_words_of_a_restricted_section_do_not_leave_it_with_the_task(bench: Bench) -> None:
    note = bench.put(Section.STAFF_NOTES, words="between us")
    key = a_comment(bench, Section.STAFF_NOTES, note, "she hides her drinking")
    command = CommentTask(
        section=Section.STAFF_NOTES, key=key, title="Call", owner=bench.social.person_id, due=date(2026, 11, 24)
    )

    task = bench.perform(bench.nurse, command)[0]

    assert "drinking" not in str(bench.entry(Section.TASKS, task).values)


def test_who_cannot_see_an_entry_cannot_remark_on_it(bench: Bench) -> None:
    note = bench.put(Section.STAFF_NOTES, words="between us")

    command = CommentMake(section=Section.STAFF_NOTES, entry=note, words="what is this?")

    assert bench.refused(bench.daughter, command).code not in ("form", "gone")
