"""What is a change that a form must not bring twice."""

import pytest

from hub.record.journal import Act, Action
from hub.record.submissions import CHANGES_NOTHING, Submission, changes, taking, under_way


@pytest.mark.parametrize("action", Action)
def test_every_act_that_went_through_is_a_change_unless_it_is_listed_as_none(action: Action) -> None:
    act = Act(plan="p", actor="a", action=action)

    assert changes([act]) == (action not in CHANGES_NOTHING)
    assert not changes([Act(plan="p", actor="a", action=action, outcome="refused")])


def test_a_form_is_under_way_within_its_request_until_a_turn_holds_it() -> None:
    form = Submission(b"d" * 32)

    with taking(form):
        assert under_way() is form
        form.held = True
        assert under_way() is None
    form.held = False
    assert under_way() is None
