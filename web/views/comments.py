"""Remarks on an entry: whose words, whom they call, and whether they are dealt with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from auth.decisions import EntryFacts, Operation, decide, remark_visible
from auth.roles import Participant, Role
from crdt.fields import Scalar
from crdt.sections import Section
from hub.live.commands import PlanContent
from hub.workflows.comments import comments_on
from hub.workflows.one_line import Nameable, mentioned
from web.views.fields import Setting
from web.views.people import ROLE_WORDS, hue_of
from web.views.words import Moment, instant_of, moment


@dataclass(frozen=True, slots=True)
class CommentView:
    """One remark, ready to be shown."""

    key: str
    author: str
    hue: int
    initials: str
    words: str
    made: Moment | None
    calls: tuple[str, ...]
    """Names and roles it mentions."""
    for_me: bool
    answers: str
    """Whom it answers, ``""`` where it answers nobody."""
    resolved: str
    """Who dealt with it, ``""`` while nobody has."""


@dataclass(frozen=True, slots=True)
class CommentsView:
    """The remarks on one entry: the open ones, those dealt with, and whether the reader may add one."""

    open: tuple[CommentView, ...] = ()
    resolved: tuple[CommentView, ...] = ()
    may_add: bool = False


def comments_view(
    participant: Participant, content: PlanContent, section: Section, entry: str, facts: EntryFacts, setting: Setting
) -> CommentsView:
    """Return the remarks that the reader may see; each stays for good, resolved or not."""
    now = setting.reading.now
    records = {
        key: record
        for key, record in comments_on(content, section, entry).items()
        if remark_visible(participant, section, str(record.get("author") or ""), now)
    }
    views = [_view(key, record, records, participant, setting) for key, record in records.items()]
    may = decide(participant, section, Operation.COMMENT, entry=facts, now=now).allowed
    return CommentsView(
        tuple(each for each in views if not each.resolved), tuple(each for each in views if each.resolved), may
    )


def _view(
    key: str,
    record: Mapping[str, Scalar],
    records: Mapping[str, Mapping[str, Scalar]],
    participant: Participant,
    setting: Setting,
) -> CommentView:
    people = setting.people
    author = str(record.get("author") or "")
    person = people.person(author)
    called = str(record.get("mentions") or "").split()
    answered = records.get(str(record.get("reply_to") or ""))
    made = instant_of(record.get("made"))
    resolver = str(record.get("resolved_by") or "")
    return CommentView(
        key=key,
        author=people.author(author),
        hue=hue_of(author),
        initials=person.initials if person is not None else "?",
        words=str(record.get("words") or ""),
        made=moment(made, setting.reading) if made is not None else None,
        calls=tuple(ROLE_WORDS[Role(each)] if each in set(Role) else people.name(each) for each in called),
        for_me=bool({participant.person_id, participant.role.value} & set(called)),
        answers=people.author(str(answered.get("author") or "")) if answered is not None else "",
        resolved=people.name(resolver) if resolver else "",
    )


def known(participants: Sequence[Participant]) -> list[Nameable]:
    """Return whom one may name with ``@`` in a plan: those who take part now."""
    return [Nameable(each.person_id, each.name, each.role) for each in participants if not each.removed]


def with_mentions(typed: Mapping[str, Sequence[str]], participants: Sequence[Participant]) -> dict[str, Sequence[str]]:
    """Return a comment's form with whom its words call, read from them alone."""
    words = next(iter(typed.get("words", ())), "")
    return {**typed, "mentions": mentioned(words, known(participants))}
