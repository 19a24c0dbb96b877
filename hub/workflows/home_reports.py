"""What the people at home tell of a hospital stay: a report, which the team confirms. It never is a stay by itself.

A stay that a hospital tells of meanwhile settles the reports of it (``StayFollow``), so that nothing stands twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Annotated, ClassVar, Final

from auth.decisions import EntryFacts, Operation, decide
from auth.roles import Participant
from crdt.changes import Assign, Change, Create, Rewrite
from crdt.fields import LINE_CHARACTERS_MAX, TEXT_CHARACTERS_MAX, Form, Value
from crdt.sections import WHEREABOUTS, Section
from hub.live.commands import EntryContent, PlanContent, Refusal
from hub.record.jobs import Job
from hub.workflows.arguments import Asked
from hub.workflows.clock_alarms import tellings_of
from hub.workflows.contents import Values, active, instant, plain_instant, stamp, words
from hub.workflows.family_news import said
from hub.workflows.grants import commanded, missing
from hub.workflows.ongoing_stays import ongoing
from hub.workflows.question_states import CAREGIVER_LOG, answered
from hub.workflows.questions import ALREADY_SENT, told_past_its_time
from hub.workflows.team import NewId, next_place
from hub.workflows.transition_clocks import VISIT_DAYS
from hub.workflows.transitions import DESTINATIONS, SETTINGS, TRANSITIONS, TransitionRecord

EMERGENCY_ROOM, HOSPITAL, HOME_AGAIN = WHEREABOUTS

TELL_REPORT: Final = "report.tell"
"""The kind of the job that tells the team of a report at once, and the event of the row that they are shown."""

SAME_WITHIN: Final = timedelta(hours=24)
"""A report and a stay that began, or ended, within a day of each other are of the same stay."""

REPORTED_LATE_MAX: Final = timedelta(days=366)

CONFIRMED: Final = said("The team has written this stay down. Thank you.")
KNOWN: Final = said("The team knows of this stay. Thank you.")
TOLD_BY_HOSPITAL: Final = said("The hospital has told the team of this stay, too. Thank you.")
ANSWERS: Final = frozenset({CONFIRMED, KNOWN, TOLD_BY_HOSPITAL})
"""What the people at home read once the report is settled; a page says it in their language."""

NOT_SAID: Final = said("Choose where they are.")
AHEAD: Final = said("This time lies ahead. Check the day and the hour.")
TOO_LONG_AGO: Final = said("This is too long ago. Tell the team in your words.")
TOO_LONG: Final = said("This is too long. Make it shorter.")

_EVENTS: Final[Mapping[str, tuple[str, str]]] = {
    EMERGENCY_ROOM: ("visited", "emergency department"),
    HOSPITAL: ("admitted", "inpatient"),
    HOME_AGAIN: ("discharged", ""),
}
"""What a report would be as a stay: its event and setting."""


def is_report(values: Values) -> bool:
    """Say whether a note from home tells of a hospital stay."""
    return bool(words(values, "whereabouts"))


def open_reports(plan: PlanContent) -> list[EntryContent]:
    """Return the reports that nobody has settled yet, in the order of the page."""
    return [each for each in active(plan, CAREGIVER_LOG) if is_report(each.values) and not answered(each.values)]


def report_told(values: Values, zone: tzinfo) -> str:
    """Return what a report says in words, as in ``In the emergency room of Mercy since 21-Nov-2026 08:21``."""
    where, place = words(values, "whereabouts"), words(values, "place")
    since = instant(values, "since")
    told = {EMERGENCY_ROOM: "In the emergency room", HOSPITAL: "In hospital"}.get(where, "Home again")
    if place:
        told += {EMERGENCY_ROOM: f" of {place}", HOSPITAL: f", {place},"}.get(where, f" from {place}")
    return f"{told} since {plain_instant(since, zone)}" if since is not None else told.rstrip(",")


def own_words(values: Values, zone: tzinfo) -> str:
    """Return what was written in a report beside what it tells."""
    return words(values, "words").removeprefix(report_told(values, zone)).strip()


def of_the_same_stay(report: Values, stay: Values) -> bool:
    """Say whether a report is of this stay: they began within a day, or for who is home again, ended."""
    home = words(report, "whereabouts") == HOME_AGAIN
    since, at = instant(report, "since"), instant(stay, "end" if home else "start")
    return since is not None and at is not None and abs(since - at) <= SAME_WITHIN


def likeliest(plan: PlanContent, report: Values, now: datetime) -> EntryContent | None:
    """Return the stay that a report is most likely of, ``None`` where none comes near."""
    same = [each for each in active(plan, TRANSITIONS) if of_the_same_stay(report, each.values)]
    if not same and words(report, "whereabouts") == HOME_AGAIN:
        return None
    return same[-1] if same else ongoing(plan, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class StayReport:
    """Someone at home tells that the patient is in a hospital, or home again. Sent again, it is there once."""

    whereabouts: str
    place: str = ""
    since: datetime | None = None
    words: str = ""
    when: datetime | None = None
    """When it was written; a page that was cut off sends it later."""
    name: ClassVar[str] = "stay.report"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the report as a note from home; refused where it can't be, or is there already."""
        when = min(self.when or now, now).replace(microsecond=0)
        since = self.since or when
        fault = self._fault(since, now)
        if fault is not None:
            return fault
        values: dict[str, Value] = {
            "kind": "concern", "when": stamp(when), "whereabouts": self.whereabouts, "place": self.place.strip(),
            "since": stamp(since), "status": "active", "source": "person", "position": next_place(plan, CAREGIVER_LOG),
        }  # fmt: skip
        values["words"] = "\n".join(filter(None, (report_told(values, plan.zone), self.words.strip())))
        for entry in active(plan, CAREGIVER_LOG):
            same = all(words(entry.values, name) == values[name] for name in ("whereabouts", "since", "words"))
            if same and plan.creator(CAREGIVER_LOG, entry.id) == actor.person_id:
                return Refusal("again", ALREADY_SENT, entry.id)
        known = EntryFacts(creator=actor.person_id, values=values)
        decision = decide(actor, CAREGIVER_LOG, Operation.CREATE, entry=known, now=now)
        if not decision.allowed:
            return Refusal(decision.code, decision.reason)
        return [Create(CAREGIVER_LOG, new_id(), values)]

    def _fault(self, since: datetime, now: datetime) -> Refusal | None:
        if self.whereabouts not in WHEREABOUTS:
            return Refusal("form", NOT_SAID, "", "whereabouts")
        if since > now + timedelta(minutes=5):
            return Refusal("form", AHEAD, "", "since")
        if since < now - REPORTED_LATE_MAX:
            return Refusal("form", TOO_LONG_AGO, "", "since")
        if len(self.place) > LINE_CHARACTERS_MAX or len(self.words) > TEXT_CHARACTERS_MAX // 2:
            return Refusal("form", TOO_LONG, "", "words")
        return None

    def follow_ups(self, plan: PlanContent, changes: Sequence[Change], now: datetime) -> Sequence[Job]:
        """Return the jobs that tell the team at once, and the steward where nobody has settled it by its day."""
        found = [each for each in changes if isinstance(each, Create) and each.section is CAREGIVER_LOG]
        at_once = [
            Job(
                kind=TELL_REPORT, payload={"plan": plan.plan_id, "entry": each.entry}, key=f"{TELL_REPORT}/{each.entry}"
            )
            for each in found
        ]
        return [*at_once, *told_past_its_time(plan, changes, plan.house.promised("worry", now, plan.zone))]


def _open(plan: PlanContent, actor: Participant, now: datetime, entry_id: str, command: str) -> EntryContent | Refusal:
    """Return the report that the person may settle and nobody has settled, or why not."""
    entry = commanded(plan, actor, CAREGIVER_LOG, entry_id, command, now)
    if isinstance(entry, Refusal):
        return entry
    if not is_report(entry.values):
        return Refusal("state", "This note tells of no hospital stay.", entry_id)
    if answered(entry.values):
        return Refusal("state", f"This is settled already: {words(entry.values, 'answer')}", entry_id)
    return entry


def _settled(entry_id: str, actor: Participant, answer: str, stay: str = "") -> list[Change]:
    named: list[Change] = [Assign(CAREGIVER_LOG, entry_id, "stay", stay)] if stay else []
    return [
        *named,
        Rewrite(CAREGIVER_LOG, entry_id, "answer", answer),
        Assign(CAREGIVER_LOG, entry_id, "answered_by", actor.person_id),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class StayConfirm:
    """The team makes a stay of a report, or ends the one that goes on; what is left empty is as it was told."""

    entry: str
    facility: Annotated[str, Asked("Place")] = ""
    setting: Annotated[str, Asked("Setting", Form.CHOICE, choices=SETTINGS)] = ""
    start: Annotated[datetime | None, Asked("From", Form.INSTANT)] = None
    end: Annotated[datetime | None, Asked("To", Form.INSTANT)] = None
    destination: Annotated[str, Asked("Where to", Form.CHOICE, choices=DESTINATIONS)] = ""
    visit_days: Annotated[str, Asked("Visit within (days)", Form.CHOICE, choices=VISIT_DAYS)] = "14"
    name: ClassVar[str] = "stay.confirm"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the stay and the answer; refused where a stay of these days stands in the plan already."""
        entry = _open(plan, actor, now, self.entry, self.name)
        if isinstance(entry, Refusal):
            return entry
        record = self._record(plan, entry.values, now)
        told = {"whereabouts": words(entry.values, "whereabouts"), "since": stamp(record.end or record.start or now)}
        twin = next((each for each in active(plan, TRANSITIONS) if of_the_same_stay(told, each.values)), None)
        if twin is not None and twin.id != record.entry:
            place = words(twin.values, "facility")
            return Refusal(
                "state", f"A stay of these days is recorded: {place}. Say that it is a known one.", self.entry
            )
        made = record.changes(plan, actor, now, new_id)
        if isinstance(made, Refusal):
            return Refusal(made.code, made.reason, self.entry, made.field)
        stay = record.entry or next(each.entry for each in made if isinstance(each, Create))
        return [*made, *_settled(self.entry, actor, CONFIRMED, stay)]

    def follow_ups(self, plan: PlanContent, changes: Sequence[Change], now: datetime) -> Sequence[Job]:
        """Return the tellings of the clocks before they are late."""
        return tellings_of(plan, changes, now)

    def _record(self, plan: PlanContent, report: Values, now: datetime) -> TransitionRecord:
        event, setting = _EVENTS[words(report, "whereabouts")]
        since = instant(report, "since")
        going_on = ongoing(plan, now) if event == "discharged" else None
        if event != "discharged":
            return TransitionRecord(
                event=event, facility=self.facility or words(report, "place"), setting=self.setting or setting,
                start=self.start or since,
            )  # fmt: skip
        return TransitionRecord(
            entry=going_on.id if going_on is not None else "", event=event,
            facility=self.facility or words(report, "place"), setting=self.setting, start=self.start,
            end=self.end or since, destination=self.destination or DESTINATIONS[0], visit_days=self.visit_days,
        )  # fmt: skip

    @staticmethod
    def beginning(plan: PlanContent, entry: EntryContent, now: datetime) -> Mapping[str, str]:
        """Return what its form asks for, each with what it begins with: as the report tells it."""
        place, since = words(entry.values, "place"), words(entry.values, "since")
        event, setting = _EVENTS.get(words(entry.values, "whereabouts"), ("", ""))
        if event != "discharged":
            return {"facility": place, "setting": setting, "start": since}
        leaves = {"destination": DESTINATIONS[0], "end": since, "visit_days": VISIT_DAYS[-1]}
        return leaves if ongoing(plan, now) is not None else {"facility": place, "setting": "", "start": "", **leaves}


@dataclass(frozen=True, slots=True, kw_only=True)
class StayKnown:
    """A report is of a stay that stands in the plan already."""

    entry: str
    stay: Annotated[str, Asked("Which stay", Form.ENTRY, refers_to=TRANSITIONS.value)]
    name: ClassVar[str] = "stay.known"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the answer, and which stay it is."""
        entry = _open(plan, actor, now, self.entry, self.name)
        if isinstance(entry, Refusal):
            return entry
        if self.stay not in {each.id for each in active(plan, TRANSITIONS)}:
            return Refusal("form", "Choose the stay.", self.entry, "stay")
        return _settled(self.entry, actor, KNOWN, self.stay)

    @staticmethod
    def beginning(plan: PlanContent, entry: EntryContent, now: datetime) -> Mapping[str, str]:
        """Return the stay that it is most likely of."""
        near = likeliest(plan, entry.values, now)
        return {"stay": near.id if near is not None else ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class StayDeny:
    """It is not so: the people at home read why, in words for everyday life."""

    entry: str
    answer: Annotated[str, Asked("What they read", wide=True, help="In words for everyday life.")]
    name: ClassVar[str] = "stay.deny"

    def changes(
        self, plan: PlanContent, actor: Participant, now: datetime, new_id: NewId
    ) -> Sequence[Change] | Refusal:
        """Return the answer; refused without words."""
        empty = missing(self.answer, "answer", "Write what they are to know.", self.entry)
        entry = empty or _open(plan, actor, now, self.entry, self.name)
        return entry if isinstance(entry, Refusal) else _settled(self.entry, actor, self.answer.strip())


def joined_reports(plan: PlanContent, stay: str, values: Values) -> list[Change]:
    """Return what settles the open reports of a stay that a hospital has told of."""
    return [
        change
        for each in open_reports(plan)
        if of_the_same_stay(each.values, values)
        for change in (
            Assign(Section.CAREGIVER_LOG, each.id, "stay", stay),
            Rewrite(Section.CAREGIVER_LOG, each.id, "answer", TOLD_BY_HOSPITAL),
        )
    ]
