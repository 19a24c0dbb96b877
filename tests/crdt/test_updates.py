"""Updates: the reader of Yjs update v1, state vectors, merging."""

import contextlib

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pycrdt import Array, Doc, Map, Text

from crdt.lib0 import NUMBER_MAX, EncodingError, number, read_number, read_signed, read_string, string
from crdt.updates import (
    EMPTY_UPDATE,
    FROM_JOURNAL,
    FROM_PEERS,
    MERGE_CHUNK_MAX,
    PLAIN,
    STRING,
    Limits,
    Squashed,
    UpdateError,
    merge,
    read_state_vector,
    read_update,
    write_state_vector,
)
from hub.fuzz.writing import a_struct, plain_value, written

SCALARS = st.none() | st.booleans() | st.integers(-NUMBER_MAX, NUMBER_MAX) | st.text(max_size=20)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
IDS = st.tuples(st.integers(0, NUMBER_MAX), st.integers(0, 1 << 31))


@given(st.integers(0, NUMBER_MAX))
def test_a_number_is_read_as_it_was_written(value: int) -> None:
    assert read_number(number(value) + b"\xff", 0) == (value, len(number(value)))


@pytest.mark.parametrize("data", [b"\xff" * 7 + b"\x7f", b"\xff" * 8 + b"\x01", b"\x80" * 9 + b"\x00"])
def test_a_number_that_javascript_can_not_hold_is_refused(data: bytes) -> None:
    with pytest.raises(EncodingError):
        read_number(data, 0)
    with pytest.raises(EncodingError):
        read_signed(b"\xbf" + data, 0)


@pytest.mark.parametrize("data", [b"\x80\x00", b"\x85\x80\x00", b"\xff\x80\x80\x80\x80\x00"])
def test_a_number_with_more_bytes_than_it_needs_is_refused(data: bytes) -> None:
    with pytest.raises(EncodingError):
        read_number(data, 0)
    with pytest.raises(EncodingError):
        read_signed(data, 0)


@given(st.integers(-NUMBER_MAX, NUMBER_MAX))
def test_a_signed_number_is_read_as_it_was_written(value: int) -> None:
    data = plain_value(value)[1:]

    assert read_signed(data + b"\xff", 0) == (value, len(data))


@given(st.text())
def test_a_string_is_read_as_it_was_written(words: str) -> None:
    assert read_string(string(words), 0) == (words, len(string(words)))


@pytest.mark.parametrize("data", [b"\x02a", b"\x01\xff", b"\x03\xed\xa0\x80"])
def test_a_string_cut_short_or_not_utf_8_is_refused(data: bytes) -> None:
    with pytest.raises(EncodingError):
        read_string(data, 0)


@st.composite
def structs(draw: st.DrawFn, clock: int) -> tuple[object, ...]:
    origin = draw(st.none() | IDS)
    right = draw(st.none() | IDS)
    place: dict[str, object] = {"origin": origin, "right": right}
    if origin is None and right is None:
        place = {"parent": draw(IDS | st.text(max_size=9)), "key": draw(st.none() | st.text(max_size=9))}
    if draw(st.booleans()):
        return a_struct(STRING, clock, draw(st.text(min_size=1, max_size=20)), **place)  # type: ignore[arg-type]
    values = draw(st.lists(SCALARS, min_size=1, max_size=3))
    content = values[0] if len(values) == 1 else Squashed(tuple(values))
    return a_struct(PLAIN, clock, content, length=len(values), **place)  # type: ignore[arg-type]


@given(st.integers(0, NUMBER_MAX), st.integers(0, 1 << 20), st.data())
def test_an_update_is_read_as_it_was_written(client: int, clock: int, data: st.DataObject) -> None:
    assume(client != 3)  # It would stand twice in the delete set.
    told = []
    for _ in range(data.draw(st.integers(1, 4))):
        told.append(data.draw(structs(clock)))
        clock += told[-1][2]  # type: ignore[operator]

    update = read_update(written(client, told, [(client, 0, 2), (client, 5, 6), (3, 1, 2)]), FROM_PEERS)  # type: ignore[arg-type]

    assert update.blocks == [(client, told)]
    assert set(update.deletes) == {(client, 0, 2), (client, 5, 6), (3, 1, 2)}


@given(FLOATS)
def test_a_whole_number_is_one_number_however_it_is_written(value: float) -> None:
    update = written(1, [a_struct(PLAIN, 0, value, parent="entries", key="k")])

    read = read_update(update, FROM_PEERS).blocks[0][1][0][7]

    assert read == value
    assert isinstance(read, int) is (value.is_integer() and abs(value) <= NUMBER_MAX)


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_raise_an_update_error(data: bytes) -> None:
    for limits in (FROM_PEERS, FROM_JOURNAL):
        with contextlib.suppress(UpdateError):
            read_update(data, limits)


@given(st.data())
def test_an_update_of_pycrdt_with_bytes_changed_raises_no_other_error(data: st.DataObject) -> None:
    doc: Doc[Map[object]] = Doc(client_id=9)
    entries = doc.get("entries", type=Map)
    entries["e"] = Map({"t": Text("né😀"), "m": Map({"a": True}), "n": 1.5, "l": {"a": [1, None]}})
    del entries["e"]["n"]  # type: ignore[attr-defined]
    update = bytearray(doc.get_update())
    read_update(bytes(update), FROM_PEERS)
    for _ in range(data.draw(st.integers(1, 3))):
        update[data.draw(st.integers(0, len(update) - 1))] = data.draw(st.integers(0, 255))

    with contextlib.suppress(UpdateError):
        read_update(bytes(update), FROM_PEERS)


def test_every_prefix_of_an_update_is_refused() -> None:
    update = written(1, [a_struct(STRING, 0, "né😀", origin=(2, 3), right=(300, 4))], [(1, 0, 1), (2, 300, 600)])
    read_update(update, FROM_PEERS)

    for end in range(len(update)):
        with pytest.raises(UpdateError, match=r"short|over"):
            read_update(update[:end], FROM_PEERS)
    with pytest.raises(UpdateError, match="too many"):
        read_update(update + b"\x00", FROM_PEERS)


def test_an_array_is_no_content_of_a_care_plan() -> None:
    doc: Doc[Map[object]] = Doc()
    doc.get("entries", type=Map)["list"] = Array([1])

    with pytest.raises(UpdateError) as caught:
        read_update(doc.get_update(), FROM_JOURNAL)
    assert caught.value.code == "content"


@pytest.mark.parametrize(
    "struct",
    ["0000", "010001016100", "040101016100", "08010101610000", "8000000101", "2001"],
    ids=["collected", "deleted", "words", "values", "collected with an origin", "collected under a key"],
)
def test_a_struct_of_no_length_or_collected_and_not_is_refused(struct: str) -> None:
    with pytest.raises(UpdateError):
        read_update(bytes.fromhex("01010500" + struct + "00"), FROM_PEERS)


@pytest.mark.parametrize(
    "deletes",
    ["02 0501 0001 0501 0401", "01 0502 0302 0401", "01 0501 0000", "01 0501 ffffffff0702"],
    ids=["a client twice", "overlapping", "of no length", "over the last clock"],
)
def test_a_delete_set_out_of_order_is_refused(deletes: str) -> None:
    with pytest.raises(UpdateError):
        read_update(b"\x00" + bytes.fromhex(deletes), FROM_PEERS)


def test_the_bounds_are_the_reader_s() -> None:
    update = written(1, [a_struct(PLAIN, clock, 1, origin=(1, 0)) for clock in range(3)], [(1, 0, 1), (1, 2, 3)])
    fits = Limits(len(update), 1, 3, 2)
    read_update(update, fits)

    for limits, code in (
        (Limits(len(update) - 1, 1, 3, 2), "size"),
        (Limits(len(update), 0, 3, 2), "client"),
        (Limits(len(update), 1, 2, 2), "size"),
        (Limits(len(update), 1, 3, 1), "size"),
    ):
        with pytest.raises(UpdateError) as caught:
            read_update(update, limits)
        assert caught.value.code == code


@given(st.dictionaries(st.integers(0, NUMBER_MAX), st.integers(0, NUMBER_MAX)))
def test_a_state_vector_is_read_as_it_was_written(clocks: dict[int, int]) -> None:
    assert read_state_vector(write_state_vector(clocks)) == clocks


@pytest.mark.parametrize("data", ["", "01", "0105", "010500ff", "0205000500", "ffffff7f", "01ffffffffffffffffff0100"])
def test_what_is_no_state_vector_is_refused(data: str) -> None:
    with pytest.raises(UpdateError):
        read_state_vector(bytes.fromhex(data))


@pytest.mark.parametrize("count", [0, 1, 2, MERGE_CHUNK_MAX, MERGE_CHUNK_MAX + 1, 3 * MERGE_CHUNK_MAX + 7])
def test_merged_updates_say_what_they_said_one_by_one(count: int) -> None:
    doc: Doc[Text] = Doc(client_id=1)
    text = doc.get("t", type=Text)
    updates: list[bytes] = []
    subscription = doc.observe(lambda event: updates.append(event.update))
    for at in range(count):
        text.insert(at // 2 * 2, "é")  # pycrdt counts bytes: two each.

    merged = merge(updates)

    doc.unobserve(subscription)
    again: Doc[Text] = Doc()
    again.apply_update(merged)
    assert str(again.get("t", type=Text)) == str(text)
    assert count or merged == EMPTY_UPDATE


def test_plain_values_nest_as_deep_as_a_log_needs() -> None:
    def update(value: object) -> bytes:
        return written(1, [a_struct(PLAIN, 0, value, parent="entries", key="k")])

    assert read_update(update({"a": [1, "b", None]}), FROM_JOURNAL).blocks[0][1][0][7] == {"a": [1, "b", None]}
    with pytest.raises(UpdateError):
        read_update(update([[[[[1]]]]]), FROM_JOURNAL)
    assert plain_value(-5) == b"\x7d\x45"
