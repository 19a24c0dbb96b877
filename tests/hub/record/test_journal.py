"""The chain as a pure function: what is hashed, and that nothing in a row can change unseen."""

from datetime import UTC, datetime
from itertools import pairwise

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from hub.record.chain import INTEGER_MAX, HashedRow, canonical, canonical_line, content_hash, line_hash
from hub.record.journal import EMPTY, Act, Action, Batch, chained, head_after, is_row_of, line_of

NOW = datetime(2026, 11, 21, 8, 21, 0, 123456, tzinfo=UTC)
TEXTS = st.text(max_size=20)
SCALARS = st.none() | st.booleans() | st.integers(-INTEGER_MAX, INTEGER_MAX) | TEXTS
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SMALL_FLOATS = st.floats(-(2.0**52), 2.0**52)
"""Those beyond come back from JSON as integers that are too large to be written again."""


def values(scalars: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.recursive(
        scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=12
    )


WORDS = st.none() | st.dictionaries(TEXTS, values(SCALARS | SMALL_FLOATS), max_size=4)


@st.composite
def acts(draw: st.DrawFn) -> Act:
    texts = ("actor", "role", "session", "section", "entry", "field", "event", "purpose", "policy", "reason")
    return Act(
        plan="p",
        action=draw(st.sampled_from(Action)),
        outcome=draw(st.sampled_from(["success", "refused", "failed"])),
        update=draw(st.none() | st.binary(max_size=40)),
        words=draw(WORDS),  # type: ignore[arg-type]
        **{name: draw(TEXTS) for name in texts},
    )


@given(values(SCALARS))
def test_the_fast_encoder_writes_what_rfc_8785_says(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@given(values(SCALARS | FLOATS))
def test_floats_are_written_as_rfc_8785_says(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [2**53, -(2**53), float("nan"), float("inf"), {"deep": [2**60]}])
def test_a_number_that_json_can_not_carry_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        canonical(value)  # type: ignore[arg-type]


@given(st.lists(acts(), min_size=1, max_size=4))
def test_what_is_hashed_of_a_row_is_its_canonical_json(some: list[Act]) -> None:
    for row in chained(Batch("p", EMPTY, some), NOW):
        columns = {name: getattr(row, name) for name in HashedRow.__struct_fields__}

        assert canonical_line(line_of(row)) == rfc8785.dumps(msgspec.to_builtins(columns))


@given(st.lists(acts(), min_size=1, max_size=5))
def test_rows_are_numbered_and_linked_without_a_gap(some: list[Act]) -> None:
    rows = chained(Batch("p", EMPTY, some), NOW)

    assert [row.seq for row in rows] == list(range(1, len(some) + 1))
    assert rows[0].prev_hash == EMPTY.hash
    assert all(before.hash == after.prev_hash for before, after in pairwise(rows))
    assert all(line_hash(line_of(row)) == row.hash for row in rows)


def test_a_batch_goes_on_where_the_head_stands() -> None:
    act = Act(plan="p", actor="a", action=Action.EDIT)
    whole = chained(Batch("p", EMPTY, [act, act]), NOW)

    (rest,) = chained(Batch("p", head_after(EMPTY, whole[:1]), [act]), NOW)

    assert (rest.seq, rest.prev_hash) == (2, whole[0].hash)
    assert is_row_of(act, rest)
    assert is_row_of(act, whole[1])


def test_a_row_is_an_act_only_if_it_is_in_every_column() -> None:
    act = Act(plan="p", actor="a", action=Action.EDIT, update=b"u", words={"after": "b"}, reason="why")
    (row,) = chained(Batch("p", EMPTY, [act]), NOW)
    others: dict[str, object] = {"action": Action.READ, "update": None, "words": {"after": "c"}}

    assert is_row_of(act, row)
    for name in Act.__struct_fields__:
        assert not is_row_of(msgspec.structs.replace(act, **{name: others.get(name, "other")}), row), name


def test_equal_acts_are_hashed_apart_and_no_salt_comes_twice() -> None:
    act = Act(plan="p", actor="a", action=Action.READ)

    rows = [*chained(Batch("p", EMPTY, [act] * 50), NOW), *chained(Batch("p", EMPTY, [act]), NOW)]

    assert len({row.salt for row in rows}) == len(rows)
    assert len({row.content_hash for row in rows}) == len(rows)


def test_words_and_update_are_hashed_with_halves_of_the_salt_that_tell_nothing_of_each_other() -> None:
    (row,) = chained(Batch("p", EMPTY, [Act(plan="p", actor="a", action=Action.EDIT, update=b"u", reason="r")]), NOW)
    assert row.salt is not None

    assert row.content_hash == content_hash(row.salt, b"u", "r", None)
    assert row.content_hash[:32] == content_hash(row.salt[:16] + bytes(16), b"u", "other", b"{}")[:32]
    assert row.content_hash[32:] == content_hash(bytes(16) + row.salt[16:], b"other", "r", None)[32:]
    assert content_hash(row.salt, None, "", None) != content_hash(row.salt, b"", "", b"")


@pytest.mark.parametrize("name", HashedRow.__struct_fields__)
def test_no_column_of_a_row_can_change_without_its_hash(name: str) -> None:
    act = Act(plan="p", actor="a", action=Action.EDIT, update=b"u", words={"after": "b"})
    (row,) = chained(Batch("p", EMPTY, [act]), NOW)
    others = {"seq": 2, "recorded": NOW.replace(microsecond=0), "update": None, "told": None, "prev_hash": b"\1" * 32}

    changed = msgspec.structs.replace(row, **{name: others.get(name, "other")})

    assert line_hash(line_of(changed)) != row.hash


@pytest.mark.parametrize("hostile", ["a\0b", "a\ud800b", "\udfff"])
@pytest.mark.parametrize("where", ["entry", "field", "reason", "event", "purpose", "words"])
def test_text_that_postgres_can_not_hold_is_replaced_before_it_is_hashed(hostile: str, where: str) -> None:
    told: dict[str, object] = {where: {hostile: [hostile, {"x": hostile}]} if where == "words" else hostile}
    act = Act(plan="p", actor="a", action=Action.REFUSE, **told)  # type: ignore[arg-type]

    (row,) = chained(Batch("p", EMPTY, [act]), NOW)

    kept = str(getattr(row, where))
    assert "\ufffd" in kept
    assert "\0" not in kept
    assert kept.encode()
    assert line_hash(line_of(row)) == row.hash


def test_a_name_too_long_for_an_index_is_cut() -> None:
    act = Act(plan="p", actor="a", action=Action.REFUSE, entry="e" * 9_000, field="f" * 9_000)

    (row,) = chained(Batch("p", EMPTY, [act]), NOW)

    assert (len(row.entry), len(row.field)) == (200, 200)


def test_words_come_back_as_they_were() -> None:
    words = {"before": "25 mg", "after": None, "members": {"a": True}, "ratio": 0.5}

    (row,) = chained(Batch("p", EMPTY, [Act(plan="p", actor="a", action=Action.EDIT, words=words)]), NOW)

    assert row.words == words
