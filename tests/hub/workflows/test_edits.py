from collections.abc import Mapping

from crdt.sections import Section
from hub.record.chain import JSON
from hub.record.journal import EMPTY, Act, Action, Batch, Row, chained
from hub.workflows.digests import collapsed
from hub.workflows.edits import edits_of
from tests.hub.workflows.plans import NOW, PLAN


def a_row(words: Mapping[str, JSON] | None, *, entry: str = "m", field: str = "", **more: str) -> Row:
    act = Act(
        plan=PLAN, actor="ana", action=Action(more.get("action", "edit")), section=Section.MEDICATIONS, entry=entry,
        field=field, outcome=more.get("outcome", "success"), words=words,
    )  # fmt: skip
    return chained(Batch(PLAN, EMPTY, [act]), NOW)[0]


def told(*rows: Row) -> list[tuple[str, str, str, str, bool]]:
    return [(each.entry, each.field, each.before, each.after, each.made) for each in edits_of(rows)]


def test_one_field_is_told_from_what_to_what() -> None:
    assert told(a_row({"before": "40 mg", "after": "80 mg"}, field="dose")) == [("m", "dose", "40 mg", "80 mg", False)]


def test_an_entry_that_was_made_is_one_edit() -> None:
    fields: list[JSON] = [
        {"entry": "m", "field": "name", "before": None, "after": "aspirin"},
        {"entry": "m", "field": "status", "before": None, "after": "active"},
        {"entry": "other", "field": "dose", "before": 1.0, "after": 2.5},
    ]

    assert told(a_row({"fields": fields}, action="command")) == [
        ("m", "status", "", "active", True),
        ("other", "dose", "1", "2.5", False),
    ]


def test_a_restored_entry_was_not_made() -> None:
    assert told(a_row({"before": "retired", "after": "active"}, field="status"))[0][-1] is False


def test_texts_and_sets_say_that_they_changed() -> None:
    rows = [
        a_row({"inserted": "with food", "deleted": 0}, field="instructions"),
        a_row({"member": "noon", "before": True, "after": False}, field="times"),
        a_row({"record": "k", "inserted": '{"value":71}'}, field="readings"),
    ]

    assert len(collapsed(edits_of(rows))) == 3
    assert told(rows[1]) == [("m", "times", "noon", "", False)]


def test_refusals_readings_and_suggestions_are_no_edits() -> None:
    words: Mapping[str, JSON] = {"before": "40 mg", "after": "80 mg"}

    assert told(
        a_row(words, field="dose", action="refuse", outcome="refused"),
        a_row(words, field="dose", outcome="failed"),
        a_row(None, action="read"),
        a_row({"root": "suggestions", "before": None, "after": "open"}, field="state"),
    ) == []  # fmt: skip
