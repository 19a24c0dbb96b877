"""The session: whatever bytes come, effects come out, and nothing for documents that one may not have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.effects import Ask, AskPresent, Close, Edit, Join, Leave, Present, Scope, Send, Watch
from crdt.frames import Frame, FrameKind, decode, encode
from crdt.sections import Section
from crdt.sessions import BAD_FRAME, JOINS_MAX, STRAYS_MAX, PlanSession
from crdt.updates import EMPTY_UPDATE

GOALS, NOTES = Section.GOALS, Section.STAFF_NOTES
CONTENT = [FrameKind.SYNC_STEP_1, FrameKind.SYNC_STEP_2, FrameKind.UPDATE, FrameKind.AWARENESS, FrameKind.STATELESS]


def a_session() -> PlanSession:
    return PlanSession({GOALS: Scope.WRITE})


def a_joined_session() -> PlanSession:
    session = a_session()
    session.receive(encode(Frame(GOALS, FrameKind.TOKEN)))
    session.receive(encode(Frame("plan", FrameKind.TOKEN)))
    return session


@pytest.mark.parametrize(
    ("kind", "effect"),
    [
        (FrameKind.SYNC_STEP_1, Ask(GOALS, b"\x00")),
        (FrameKind.SYNC_STEP_2, Edit(GOALS, b"\x00", answers=True)),
        (FrameKind.UPDATE, Edit(GOALS, b"\x00", answers=False)),
    ],
)
def test_a_frame_for_a_joined_section_becomes_its_effect(kind: FrameKind, effect: object) -> None:
    assert a_joined_session().receive(encode(Frame(GOALS, kind, b"\x00"))) == [effect]


def test_joining_a_section_one_may_have_asks_the_room() -> None:
    assert a_session().receive(encode(Frame(GOALS, FrameKind.TOKEN, b"x"))) == [Join(GOALS)]


@pytest.mark.parametrize("document", [NOTES.value, "no_such_section", "GOALS", ""])
def test_what_one_may_not_read_and_what_does_not_exist_are_denied_alike(document: str) -> None:
    [effect] = a_session().receive(encode(Frame(document, FrameKind.TOKEN)))

    assert isinstance(effect, Send)
    frame = decode(effect.payload)
    assert (frame.document, frame.kind) == (document, FrameKind.PERMISSION_DENIED)
    assert frame.payload == b"This part of the plan is not open to you."


@pytest.mark.parametrize("kind", CONTENT)
@pytest.mark.parametrize("document", [NOTES, GOALS, "plan", "elsewhere"])
def test_no_frame_reaches_a_document_that_is_not_joined(document: str, kind: FrameKind) -> None:
    assert a_session().receive(encode(Frame(document, kind, b"\x00"))) == []


def test_frames_for_documents_not_joined_are_bounded() -> None:
    session = a_session()
    stray = encode(Frame(NOTES, FrameKind.UPDATE, b"\x00"))

    for _ in range(STRAYS_MAX):
        assert session.receive(stray) == []

    assert isinstance(session.receive(stray)[0], Close)
    assert session.receive(encode(Frame(GOALS, FrameKind.TOKEN))) == []


def test_joins_are_bounded() -> None:
    session = a_session()

    effects = [session.receive(encode(Frame(GOALS, FrameKind.TOKEN))) for _ in range(JOINS_MAX + 1)]

    assert effects[-2] == [Join(GOALS)]
    assert isinstance(effects[-1][0], Close)


@given(st.binary(max_size=200))
def test_a_session_never_raises(data: bytes) -> None:
    session = a_joined_session()

    for effect in session.receive(data):
        if isinstance(effect, Close):
            assert effect.code == BAD_FRAME
            assert session.receive(encode(Frame(GOALS, FrameKind.SYNC_STEP_1, b"\x00"))) == []


def test_a_ping_is_answered_and_a_pong_is_enough() -> None:
    assert a_session().receive(b"\x09") == [Send(b"\x0a")]
    assert a_session().receive(b"\x0a") == []


def test_the_plans_own_document_syncs_empty_and_takes_no_edit() -> None:
    session = a_joined_session()

    step_1 = session.receive(encode(Frame("plan", FrameKind.SYNC_STEP_1, b"\x00")))
    step_2 = session.receive(encode(Frame("plan", FrameKind.SYNC_STEP_2, EMPTY_UPDATE)))
    edit = session.receive(encode(Frame("plan", FrameKind.UPDATE, b"\x01\x01\x01\x00")))

    assert [decode(each.payload).kind for each in step_1 if isinstance(each, Send)] == [
        FrameKind.SYNC_STEP_2,
        FrameKind.SYNC_STEP_1,
    ]
    assert [decode(each.payload).kind for each in step_2 if isinstance(each, Send)] == [FrameKind.SYNC_STATUS]
    assert isinstance(edit[0], Close)


def test_presence_lives_in_the_plans_own_document() -> None:
    session = a_session()

    assert Watch() in session.receive(encode(Frame("plan", FrameKind.TOKEN)))
    assert session.receive(encode(Frame("plan", FrameKind.AWARENESS, b"\x00"))) == [Present(b"\x00")]
    assert session.receive(encode(Frame("plan", FrameKind.QUERY_AWARENESS))) == [AskPresent()]


def test_a_peer_that_closes_a_document_has_left_it() -> None:
    session = a_joined_session()

    assert session.receive(encode(Frame(GOALS, FrameKind.CLOSE))) == [Leave(GOALS)]
    assert session.receive(encode(Frame(GOALS, FrameKind.UPDATE, b"\x00"))) == []


def test_a_dismissed_document_takes_nothing_until_it_is_joined_anew() -> None:
    session = a_joined_session()
    session.dismiss(GOALS)

    assert session.receive(encode(Frame(GOALS, FrameKind.UPDATE, b"\x00"))) == []
    assert session.receive(encode(Frame(GOALS, FrameKind.TOKEN))) == [Join(GOALS)]


def test_access_that_goes_ends_the_document_at_once() -> None:
    session = a_joined_session()

    effects = session.regrant({})

    assert [decode(each.payload).kind for each in effects if isinstance(each, Send)] == [
        FrameKind.PERMISSION_DENIED,
        FrameKind.CLOSE,
    ]
    assert effects[-1] == Leave(GOALS)
    assert session.receive(encode(Frame(GOALS, FrameKind.UPDATE, b"\x00"))) == []


@pytest.mark.parametrize("kind", [FrameKind.AUTHENTICATED, FrameKind.PERMISSION_DENIED, FrameKind.SYNC_STATUS])
def test_what_only_the_hub_says_is_refused_from_a_peer(kind: FrameKind) -> None:
    assert isinstance(a_joined_session().receive(encode(Frame(GOALS, kind, b"\x01")))[0], Close)
