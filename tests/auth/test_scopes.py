"""Scopes of SMART: what is none is refused, and what is asked for never gets more than is held."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.scopes import SCOPES_MAX, ScopeError, SmartScope, categories, narrowed, read_scope, read_scopes

LETTERS = st.lists(st.sampled_from("cruds"), min_size=1, unique=True).map(
    lambda some: "".join(sorted(some, key="cruds".index))
)
SCOPES = st.builds(
    SmartScope, st.sampled_from(["system", "patient"]), st.sampled_from(["*", "Goal", "Task"]), LETTERS,
    st.sampled_from(["", "a|b"]),
)  # fmt: skip


@pytest.mark.parametrize(
    "word",
    ["", "Goal.rs", "system/Goal", "system/Goal.", "system/Goal.sr", "system/goal.rs", "all/Goal.rs", "openid",
     "system/Goal.rs?code=1", "system/Goal.rs?category=a&category=b", "system/Goal.rs system/Task.rs"],
)  # fmt: skip
def test_what_is_no_scope_is_refused(word: str) -> None:
    with pytest.raises(ScopeError):
        read_scope(word)


def test_words_of_version_one_are_read_and_a_scope_is_written_as_it_is_read() -> None:
    assert str(read_scope("system/*.read")) == "system/*.rs"
    assert str(read_scope("system/Goal.write")) == "system/Goal.cud"
    assert str(read_scope("system/Condition.rs?category=http://x|y")) == "system/Condition.rs?category=http://x|y"
    with pytest.raises(ScopeError):
        read_scopes(f"system/A{'a' * number}.rs" for number in range(1, SCOPES_MAX + 2))


@given(st.lists(SCOPES, max_size=4), st.lists(SCOPES, max_size=4))
def test_nobody_gets_more_than_they_hold(held: list[SmartScope], asked: list[SmartScope]) -> None:
    left = narrowed(held, asked)

    for level in ("system", "patient"):
        for kind in ("Goal", "Task", "Other"):
            for letter in "cruds":
                mine, whole = (
                    categories((each for each in some if each.level == level), kind, letter) for some in (left, held)
                )
                assert mine is None or (whole is not None and ("" in whole or mine <= whole))
