"""Next for this patient: what waits on the reader, then on others, each in one line with the act that settles it.

It is the same computation as "Waiting on me" and the agenda of a huddle; here it is only put into words and ranked.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final
from urllib.parse import quote

from auth.decisions import Operation, decide, sections_readable
from crdt.sections import SECTIONS, Section
from hub.safety.rules import Severity
from hub.workflows.agendas import Brief, Cause, Reason, flags
from hub.workflows.contents import plain_day, words
from hub.workflows.suggestions import is_crossed, proposed
from hub.workflows.transition_clocks import TransitionClock, clock_owners, clock_told
from hub.workflows.waiting import Waiting, WaitingKind, waiting_on
from web.views.entries import Reader, headline
from web.views.fields import scalar_words, words_of
from web.views.findings import findings_view
from web.views.lines import first_sentences
from web.views.rows import RANKS, Rank, short_name
from web.views.words import count

LINES_MAX: Final = 7
"""Lines of each half that stand open; how many more there are is said."""

ACTS_MAX: Final = 2


class About(StrEnum):
    """What a line is about, as lists over many patients are narrowed by it."""

    HELP = "help"
    SAFETY = "safety"
    RED = "red"
    YELLOW = "yellow"
    TASK = "task"
    REFERRAL = "referral"
    MEDICINES = "medicines"
    IN_HOSPITAL = "in-hospital"
    CAME_HOME = "came-home"
    QUESTION = "question"
    SUGGESTION = "suggestion"
    VALUES = "values"
    REMARK = "remark"
    HUDDLE = "huddle"
    REVIEW = "review"


_MARKS: Final[dict[WaitingKind, tuple[Rank, str, str, About]]] = {
    WaitingKind.HELP_NOW: (Rank.DANGER, "Call now", "alert", About.HELP),
    WaitingKind.DANGER: (Rank.DANGER, "Danger", "alert", About.SAFETY),
    WaitingKind.RED_ZONE: (Rank.DANGER, "Red zone", "alert", About.RED),
    WaitingKind.YELLOW_ZONE: (Rank.WAITS, "Reading", "ring", About.YELLOW),
    WaitingKind.TASK_TO_ACCEPT: (Rank.WAITS, "Accept", "ring", About.TASK),
    WaitingKind.TASK_TO_DO: (Rank.WAITS, "To do", "ring", About.TASK),
    WaitingKind.REFERRAL_TO_ANSWER: (Rank.WAITS, "To answer", "ask", About.REFERRAL),
    WaitingKind.REFERRAL_TO_DECIDE: (Rank.WAITS, "To decide", "ring", About.REFERRAL),
    WaitingKind.MEDICINE_TO_DECIDE: (Rank.WAITS, "Reconcile", "ring", About.MEDICINES),
    WaitingKind.IN_HOSPITAL: (Rank.WAITS, "In hospital", "ring", About.IN_HOSPITAL),
    WaitingKind.STAY_REPORT: (Rank.WAITS, "In hospital?", "ask", About.IN_HOSPITAL),
    WaitingKind.HANDOFF: (Rank.WAITS, "Read back", "ring", About.CAME_HOME),
    WaitingKind.COMING_HOME: (Rank.WAITS, "Came home", "ring", About.CAME_HOME),
    WaitingKind.QUESTION: (Rank.WAITS, "Question", "ask", About.QUESTION),
    WaitingKind.ANSWER: (Rank.WAITS, "Answered", "remark", About.QUESTION),
    WaitingKind.CROSSED: (Rank.WAITS, "Two values", "ring", About.VALUES),
    WaitingKind.SUGGESTION: (Rank.SUGGESTS, "Suggestion", "pencil", About.SUGGESTION),
    WaitingKind.MENTION: (Rank.WAITS, "For you", "remark", About.REMARK),
    WaitingKind.READ_BACK: (Rank.WAITS, "Read back", "ring", About.HUDDLE),
    WaitingKind.SIGNATURE: (Rank.WAITS, "Sign", "ring", About.HUDDLE),
}

_CAUSES: Final[dict[Cause, tuple[Rank, str, str, About]]] = {
    Cause.HELP_NOW: (Rank.DANGER, "Call now", "alert", About.HELP),
    Cause.RED_ZONE: (Rank.DANGER, "Red zone", "alert", About.RED),
    Cause.YELLOW_ZONE: (Rank.WAITS, "Reading", "ring", About.YELLOW),
    Cause.STAY_REPORT: (Rank.WAITS, "In hospital?", "ask", About.IN_HOSPITAL),
    Cause.IN_HOSPITAL: (Rank.WAITS, "In hospital", "ring", About.IN_HOSPITAL),
    Cause.DISCHARGE: (Rank.WAITS, "Came home", "ring", About.CAME_HOME),
    Cause.TASK_OVERDUE: (Rank.LATE, "Late", "late", About.TASK),
    Cause.TASK_UNOWNED: (Rank.WAITS, "Not accepted", "ring", About.TASK),
    Cause.REFERRAL_LATE: (Rank.LATE, "Late", "late", About.REFERRAL),
    Cause.UNRECONCILED: (Rank.WAITS, "Reconcile", "ring", About.MEDICINES),
    Cause.QUESTION: (Rank.WAITS, "Question", "ask", About.QUESTION),
    Cause.STALE: (Rank.WAITS, "Review", "ring", About.REVIEW),
}

_ACTS: Final[dict[str, tuple[str, bool]]] = {
    "task.accept": ("Accept", False),
    "task.reject": ("Can’t take it", True),
    "task.complete": ("Complete", True),
    "question.answer": ("Answer", True),
    "question.phone": ("By telephone", True),
    "question.accept": ("It is answered", False),
    "question.calm": ("Not an emergency", False),
    "transition.follow": ("I follow it", False),
    "stay.confirm": ("Confirm as a stay", True),
    "stay.known": ("Known", True),
    "stay.deny": ("Not so", True),
    "suggestion.accept": ("Accept", False),
    "suggestion.decline": ("Decline", True),
    "medication.decide": ("Reconcile", True),
    "comment.resolve": ("Resolve", False),
    "referral.accept": ("Accept", False),
    "reading.acknowledge": ("What was done…", True),
    "transition.attempt": ("Log an attempt…", True),
    "transition.visited": ("Visit done…", True),
    "transition.reconciled": ("All decided", False),
    "huddle.read_back": ("Read back", True),
    "huddle.sign": ("Sign", True),
}
"""What is settled from here: its words, and whether it first asks for some."""


@dataclass(frozen=True, slots=True)
class NextAct:
    """One act of a line: a command, or with ``address`` a way to where it is done."""

    words: str
    command: str = ""
    asks: bool = False
    aside: bool = False
    key: str = ""
    seen: str | None = None
    address: str = ""
    query: str = ""
    """What its form is to know besides the key."""


@dataclass(frozen=True, slots=True)
class NextLine:
    """One thing to settle. ``strong`` are the words of the plan, ``rest`` says more about them."""

    rank: Rank
    mark: str
    icon: str
    strong: str
    rest: str = ""
    who: str = ""
    section: Section | None = None
    entry: str = ""
    acts: tuple[NextAct, ...] = ()
    voice: bool = False
    about: About | None = None
    of_team: bool = False
    """Everybody is told of it; the reader is not the one whom it waits on."""


@dataclass(frozen=True, slots=True)
class NextView:
    """The head of a plan: the reader's lines, those of others, and how many of each are not shown."""

    mine: tuple[NextLine, ...]
    others: tuple[NextLine, ...]
    mine_more: int = 0
    others_more: int = 0

    @property
    def worst(self) -> Rank:
        """The loudest rank in it."""
        return min((line.rank for line in (*self.mine, *self.others)), key=RANKS.index, default=Rank.PLAIN)

    @property
    def total(self) -> int:
        """All lines, shown or not."""
        return len(self.mine) + len(self.others) + self.mine_more + self.others_more


def next_view(reader: Reader) -> NextView:
    """Return what is next in this plan; dangers that the rules of safety found come before all else."""
    mine, others = next_lines(reader)
    return NextView(
        tuple(mine[:LINES_MAX]),
        tuple(others[:LINES_MAX]),
        max(len(mine) - LINES_MAX, 0),
        max(len(others) - LINES_MAX, 0),
    )


def next_lines(reader: Reader) -> tuple[list[NextLine], list[NextLine]]:
    """Return all lines of a plan by their rank, the reader's and those of others: for lists over many patients."""
    if reader.content.deceased:
        return [], []
    waiting = list(waiting_on(reader.content, reader.participant, reader.now))
    answered = {it.words for it in waiting if it.kind is WaitingKind.DANGER}
    mine = [*_dangers(reader, answered), *_mine(reader, waiting)]
    others = _others(reader, {(it.section, it.entry) for it in waiting})
    mine.sort(key=lambda line: RANKS.index(line.rank))
    others.sort(key=lambda line: RANKS.index(line.rank))
    return mine, others


def _dangers(reader: Reader, answered: Collection[str]) -> Iterable[NextLine]:
    """Return the dangerous findings that nobody has answered, each with the ways to answer it.

    ``answered`` are the words of those that wait on the reader.
    """
    told = findings_view(reader.participant, reader.content, reader.setting.people.name, reader.now)
    for each in told.open:
        if each.severity == Severity.DANGER:
            line = NextLine(
                Rank.DANGER, "Danger", "alert", each.text, section=Section.MEDICATIONS, entry=each.entry,
                about=About.SAFETY, of_team=each.text not in answered,
            )  # fmt: skip
            show = NextAct("Show", address=f"#entry-{each.entry}")
            answer = f"rule={quote(each.rule)}&fingerprint={quote(each.fingerprint)}"
            aside = NextAct("Set aside…", "finding.set_aside", asks=True, aside=True, query=answer)
            yield replace(line, acts=(aside, show) if each.may_set_aside else (show,))


def _mine(reader: Reader, waiting: Iterable[Waiting]) -> list[NextLine]:
    items = [
        it for it in waiting if it.kind is not WaitingKind.DANGER
    ]  # Those head the list, whoever is to answer them.
    medicines = [it for it in items if it.kind is WaitingKind.MEDICINE_TO_DECIDE]
    found = [_line(reader, it) for it in items if len(medicines) < 2 or it.kind is not WaitingKind.MEDICINE_TO_DECIDE]
    if len(medicines) > 1:
        names = ", ".join(_told(reader, Section.MEDICATIONS, it.entry) for it in medicines)
        rank, mark, icon, about = _MARKS[WaitingKind.MEDICINE_TO_DECIDE]
        way = NextAct("Reconcile all", address=f"/plans/{reader.content.plan_id}/reconcile")
        told = count(len(medicines), "medicine")
        found.append(NextLine(rank, mark, icon, told, names, section=Section.MEDICATIONS, acts=(way,), about=about))
    return found


def _line(reader: Reader, it: Waiting) -> NextLine:
    rank, mark, icon, about = _MARKS[it.kind]
    if it.late and rank is not Rank.DANGER:
        rank, icon = Rank.LATE, "late"
        mark = "Late today" if it.late_today else f"{count(it.late, 'day')} late"
    told = (
        it.words
        if it.section in (Section.MONITORING, Section.TRANSITIONS) and not it.key
        else _told(reader, it.section, it.entry) or it.words
    )
    line = NextLine(rank, mark, icon, told, section=it.section, entry=it.entry, about=about)
    if it.kind is WaitingKind.COMING_HOME and it.due is not None:
        line = replace(line, rest=f"by {plain_day(it.due)}{_time_left(it.due, reader)}")
    if it.kind in (WaitingKind.QUESTION, WaitingKind.ANSWER, WaitingKind.HELP_NOW, WaitingKind.STAY_REPORT):
        creator = reader.setting.people.name(reader.content.creator(it.section, it.entry))
        line = replace(line, strong=f"“{line.strong}”", who=creator, voice=True)
    if it.kind is WaitingKind.DANGER:
        line = replace(line, rest=it.words)
    seen: str | None = None
    if it.key:
        line, seen = _with_record(reader, it, line)
    acts = tuple(_acts(reader, it, seen))
    return replace(line, acts=acts if it.commands[:1] == ("stay.confirm",) else acts[:ACTS_MAX])


def _time_left(due: date, reader: Reader) -> str:
    left = (due - reader.setting.reading.today).days
    return f", {count(left, 'day')} left" if left > 0 else ", the last day" if left == 0 else ""


def _with_record(reader: Reader, it: Waiting, line: NextLine) -> tuple[NextLine, str | None]:
    """Return the line of a remark or a suggestion with who said what, and what stands where the suggestion would go."""
    content, people = reader.content.sections[it.section], reader.setting.people
    if it.kind is WaitingKind.MENTION:
        record = content.comments[it.key]
        who = short_name(people.author(words(record, "author")))
        return replace(line, rest=first_sentences(words(record, "words"), 80), who=who), None
    record = content.suggestions[it.key]
    who = short_name(people.name(words(record, "proposer")))
    declared, value = SECTIONS[it.section].field(words(record, "field")), proposed(record)
    if declared is None or isinstance(value, dict):
        return replace(line, rest="a new entry", who=who), None
    stands = reader.content.value(it.section, it.entry, declared.name)
    shown = f"{stands:g}" if isinstance(stands, float) else str(stands if stands is not None else "")
    told = f"{declared.label} {scalar_words(declared, value, reader.setting)}"
    before = words_of(declared, stands, reader.setting)
    if is_crossed(record):
        wrote = short_name(people.name(words(record, "beside")))
        said = f"{told} was written by {who} at the same time; {before or 'nothing'} stands"
        return replace(line, rest=said, who=wrote), shown
    return replace(line, rest=f"{told}{f' instead of {before}' if before else ''}", who=who), shown


def _acts(reader: Reader, it: Waiting, seen: str | None) -> Iterable[NextAct]:
    plan = f"/plans/{it.plan_id}"
    if it.section is Section.REFERRALS and it.kind is not WaitingKind.MENTION and it.entry:
        if it.commands[:1] == ("referral.accept",):
            yield NextAct("Accept", "referral.accept")
        yield NextAct("Open the loop", address=f"{plan}/referrals/{it.entry}", aside=True)
        return
    if it.kind is WaitingKind.CROSSED:
        yield from _either(reader, it, seen)
        return
    for command in it.commands:
        if command in _ACTS:
            told, asks = _ACTS[command]
            aside = command in ("suggestion.decline", "task.reject", "stay.known", "stay.deny")
            yield NextAct(told, command, asks, aside, it.key, seen if command == "suggestion.accept" else None)
    if it.kind is WaitingKind.HANDOFF:
        yield NextAct("Read it back", address=f"{plan}/handoff/{it.entry}")
    if it.kind is WaitingKind.IN_HOSPITAL:
        yield NextAct("Went home…", address=f"{plan}/stays/home")
    if it.kind is WaitingKind.COMING_HOME:
        yield NextAct("Checklist", address=f"{plan}/coming-home/{it.entry}", aside=True)
    if it.kind in (WaitingKind.RED_ZONE, WaitingKind.YELLOW_ZONE, WaitingKind.DANGER):
        yield NextAct("Show", address=f"#entry-{it.entry}")


def _either(reader: Reader, it: Waiting, seen: str | None) -> Iterable[NextAct]:
    """Return the choice between two values that crossed, by the values themselves."""
    record = reader.content.sections[it.section].suggestions[it.key]
    declared, other = SECTIONS[it.section].field(words(record, "field")), proposed(record)
    assert declared is not None, "what crossed is a declared field"
    assert not isinstance(other, dict), "and a scalar"
    stands = words_of(declared, reader.content.value(it.section, it.entry, declared.name), reader.setting)
    written = scalar_words(declared, other, reader.setting)
    yield NextAct(f"Keep {stands}" if stands else "Leave empty", "suggestion.keep", aside=True, key=it.key)
    yield NextAct(f"Take {written}" if written else "Empty it", "suggestion.accept", key=it.key, seen=seen)


def _others(reader: Reader, settled: set[tuple[Section, str]]) -> list[NextLine]:
    readable = sections_readable(reader.participant, reader.now)
    brief = Brief(reader.content, "")
    shown = [
        flag
        for flag in flags(brief, reader.now)
        if flag.section in readable
        and flag.cause in _CAUSES
        and ((flag.section, flag.entry) not in settled or _others_clocks(reader, flag))
        and reader.sees(Section(flag.section), flag.entry)
    ]
    together = (Cause.TASK_UNOWNED, Cause.UNRECONCILED)
    merged = {cause: [each for each in shown if each.cause is cause] for cause in together}
    found = [_flagged(reader, each) for each in shown if len(merged.get(each.cause, ())) < 2]
    found += [_together(reader, cause, each) for cause, each in merged.items() if len(each) > 1]
    return found


def _others_clocks(reader: Reader, flag: Reason) -> list[TransitionClock]:
    """Return the running clocks of a discharge that are not the reader's own, which stand among their own lines."""
    if flag.cause is not Cause.DISCHARGE:
        return []
    owners = clock_owners(reader.content.entries(Section.TRANSITIONS)[flag.entry].values)
    return [each for each in flag.clocks if owners.get(each.name) != reader.participant.person_id]


def _discharged(reader: Reader, flag: Reason) -> NextLine:
    """Return a discharge with its clocks: the day and the time left of each, and who has accepted it."""
    rank, mark, icon, about = _CAUSES[flag.cause]
    values, running = reader.content.entries(Section.TRANSITIONS)[flag.entry].values, _others_clocks(reader, flag)
    late = max((each.late for each in running), default=0)
    if late:
        rank, mark, icon = Rank.LATE, f"{count(late, 'day')} late", "late"
    owners = {name: short_name(reader.setting.people.name(each)) for name, each in clock_owners(values).items()}
    today = reader.setting.reading.today
    told, who = [clock_told(each, today) for each in running], {owners.get(each.name, "") for each in running}
    if who != {""}:
        told = [f"{words}, {owners.get(each.name) or 'nobody yet'}" for words, each in zip(told, running, strict=True)]
    else:
        told[-1] += f": nobody has taken {'it' if len(told) == 1 else 'them'} yet"
    strong = f"Home from {headline(Section.TRANSITIONS, values, reader.setting.people.name)}"
    line = NextLine(rank, mark, icon, strong, "; ".join(told), section=Section.TRANSITIONS, entry=flag.entry)
    return replace(line, about=about, acts=tuple(_ways(reader, flag, "")))


def _flagged(reader: Reader, flag: Reason) -> NextLine:
    if flag.cause is Cause.DISCHARGE:
        return _discharged(reader, flag)
    rank, mark, icon, about = _CAUSES[flag.cause]
    assert flag.section is not None, "only a pinned patient is flagged without a section"
    section = flag.section
    values = reader.content.entries(section)[flag.entry].values
    told = _told(reader, section, flag.entry)
    late = flag.words.removeprefix(told).lstrip(", ")
    if flag.cause in (Cause.TASK_OVERDUE, Cause.REFERRAL_LATE):
        mark, late = f"{late} late" if late else mark, ""
    strong = flag.words if flag.cause in (Cause.IN_HOSPITAL, Cause.RED_ZONE, Cause.YELLOW_ZONE) else told
    name = {Section.TASKS: "owner", Section.REFERRALS: "recipient", Section.MONITORING: "responder"}.get(section, "")
    who = words(values, name) if name else flag.who
    line = NextLine(
        rank, mark, icon, strong[:1].upper() + strong[1:],
        who=short_name(reader.setting.people.name(who)) if who else "", section=section, entry=flag.entry,
        voice=flag.cause in (Cause.QUESTION, Cause.HELP_NOW, Cause.STAY_REPORT), about=about,
    )  # fmt: skip
    return replace(line, acts=tuple(_ways(reader, flag, who)))


def _ways(reader: Reader, flag: Reason, who: str) -> Iterable[NextAct]:
    """Return what one can do about what waits on somebody else: remind them, or look at it."""
    assert flag.section is not None, "as above"
    facts = reader.facts(flag.section, flag.entry)
    may = decide(reader.participant, flag.section, Operation.COMMENT, entry=facts, now=reader.now).allowed
    if flag.cause is Cause.IN_HOSPITAL:
        follow = "transition.follow"
        me, now = reader.participant, reader.now
        if decide(me, flag.section, Operation.COMMAND, entry=facts, now=now, command=follow).allowed:
            yield NextAct("I follow it", follow, aside=bool(flag.who))
        yield NextAct("Handoff", address=f"/plans/{reader.content.plan_id}/handoff/{flag.entry}", aside=True)
    elif flag.cause is Cause.DISCHARGE:
        yield NextAct("Checklist", address=f"/plans/{reader.content.plan_id}/coming-home/{flag.entry}")
    elif flag.section is Section.REFERRALS:
        yield NextAct("Open the loop", address=f"/plans/{reader.content.plan_id}/referrals/{flag.entry}")
    elif who and may and who != reader.participant.person_id:
        yield NextAct("Remind", "comment.make", asks=True, key=_called(reader.setting.people.name(who)))
    else:
        yield NextAct("Show", address=f"#entry-{flag.entry}")


def _called(name: str) -> str:
    """Return the words a reminder begins with: the person called as a remark calls people."""
    bare = [word for word in name.partition(",")[0].split() if not word.endswith(".")]
    return f"@{'.'.join(bare).lower()} "


def _together(reader: Reader, cause: Cause, each: Sequence[Reason]) -> NextLine:
    rank, mark, icon, about = _CAUSES[cause]
    section = Section(each[0].section or "")
    noun = "medicine" if cause is Cause.UNRECONCILED else "task"
    rest = ", ".join(_told(reader, section, flag.entry) for flag in each)
    owners = {words(reader.content.entries(section)[flag.entry].values, "owner") for flag in each} - {""}
    who = ", ".join(sorted(short_name(reader.setting.people.name(owner)) for owner in owners))
    way = NextAct("Show", address=f"#section-{section}")
    return NextLine(rank, mark, icon, count(len(each), noun), rest, who, section, acts=(way,), about=about)


def _told(reader: Reader, section: Section, entry: str) -> str:
    found = reader.content.entry(section, entry)
    if found is not None and section is Section.HUDDLES and (topic := words(found.values, "topic")):
        return topic
    return headline(section, found.values, reader.setting.people.name) if found is not None else ""
