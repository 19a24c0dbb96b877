"""What each kind of entry says in one line, by its section: pure functions of an entry's values."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Final

from crdt.fields import Value
from crdt.sections import Section
from hub.safety.allergens import AllergyKind, read_allergy
from hub.safety.plan_charts import allergy_line
from hub.workflows import monitoring
from hub.workflows.alarm_wordings import alarm_told
from hub.workflows.contents import day, instant, members, number, words
from hub.workflows.monitoring import Alarmed
from hub.workflows.question_states import WANTS_ANSWER, Side, asked_by_team, turn_of, turns
from hub.workflows.transition_clocks import TransitionClock
from web.views.medicines import tall_man, unbroken
from web.views.rows import RANKS, CellPart, ClockLine, EntryLine, Glance, Rank, RowCell, RowMark, short_name
from web.views.trends import latest_words, trend
from web.views.words import LANGUAGES, MONTHS, Reading, language, lowered, sentence
from web.views.words import day as whole_day

Values = Mapping[str, Value]

DAYS_NEAR: Final = 180
"""A date so near is written without its year in a row; the whole of it stands in the opened row and in the title."""

SHORT_CHARACTERS: Final = 72
"""So much of a problem's summary stands in its row: whole sentences of it."""

EARLIER_DAYS: Final = 30
"""A stay that ended before, a note from home older than this, is folded away."""

LOOP: Final = ("draft", "requested", "received", "accepted", "scheduled", "seen", "reported", "decided", "closed")
"""The nine steps of a referral, in order."""

_WAITED_FOR: Final[Mapping[str, str]] = {
    "draft": "asker",
    "requested": "recipient",
    "received": "recipient",
    "accepted": "recipient",
    "scheduled": "recipient",
    "seen": "recipient",
    "reported": "asker",
    "rejected": "asker",
    "no-show": "asker",
}
"""Which field names the one who is waited for in each state."""

_SEVERITIES: Final = ("severe", "risk", "moderate", "", "concern", "mild")


def line_of(section: Section, values: Values, glance: Glance) -> EntryLine:
    """Return what an entry says in its row; ``values`` hold only what the reader may see."""
    return _LINES[section](values, glance)


def near_day(value: date, today: date) -> str:
    """Return ``today``, ``26-Nov`` for a date within half a year, else the whole date."""
    if value == today:
        return "today"
    if abs(value - today) <= timedelta(days=DAYS_NEAR):
        return f"{value.day:02d}-{MONTHS[value.month - 1]}"
    return whole_day(value)


def first_sentences(text: str, characters: int = SHORT_CHARACTERS) -> str:
    """Return as many whole sentences as fit, at least the first one, on one line."""
    told = " ".join(text.split())
    cut, start = 0, 0
    while (end := _end(told, start)) > 0 and (end <= characters or cut == 0):
        cut, start = end, end
    return told[:cut].strip() or told


def _end(told: str, start: int) -> int:
    """Return where the sentence that begins at ``start`` ends, 0 at the end of the text."""
    ends = [at + 1 for mark in (". ", "! ", "? ", "; ") if (at := told.find(mark, start + 2)) >= 0]
    if ends:
        return min(ends)
    return len(told) if start < len(told) else 0


def _cell(role: str, *parts: CellPart | str, strong: bool = False, title: str = "") -> RowCell:
    made = tuple(each if isinstance(each, CellPart) else CellPart(each) for each in parts)
    return RowCell(role, tuple(part for part in made if part.words), strong, title)


def _date_cell(values: Values, name: str, reading: Reading) -> RowCell:
    due = day(values, name)
    if due is None:
        return _cell("when")
    return _cell("when", near_day(due, reading.today), strong=due == reading.today, title=whole_day(due))


def _medicine(values: Values, glance: Glance) -> EntryLine:
    name = words(values, "name") or "unnamed"
    if words(values, "kind") == "allergy":
        return _allergy(name, values)
    taking, decided = words(values, "taking"), words(values, "reconciliation")
    open_still = decided in ("unreconciled", "prepared", "")
    indication = words(values, "indication")
    reason = glance.setting.names("conditions", indication).partition(" (")[0] if indication else ""
    times = tuple(each for each in ("morning", "noon", "evening", "bedtime") if each in members(values, "times"))
    return EntryLine(
        tall_man(name),
        (
            _cell("dose", CellPart(unbroken(words(values, "dose")), "dose")),
            _cell("how", CellPart(words(values, "route"), "route"), CellPart(words(values, "frequency"), "frequency")),
            _cell("reason", reason, glance.person(values, "prescriber")),
        ),
        shows="name",
        spoken=name,
        settled="stopped" if taking == "stopped" and not open_still else "",
        order=(1 if open_still else 2, name.lower()),
        times=times,
    )


def _allergy(name: str, values: Values) -> EntryLine:
    level, verification = words(values, "criticality"), words(values, "verification")
    how = ", ".join(filter(None, (f"{level} criticality" if level else "", verification)))
    rest = "; ".join(filter(None, (words(values, "reaction"), how)))
    kind = read_allergy(allergy_line(values)).kind
    if kind in (AllergyKind.NONE_KNOWN, AllergyKind.NOT_KNOWN, AllergyKind.TOLERATES):
        said = {AllergyKind.TOLERATES: "tolerated, no allergy"}.get(kind, "said of allergies")
        return EntryLine(name, (_cell("rest", said),), shows="name", order=(0, name.lower()))
    return EntryLine(
        name,
        (_cell("rest", f"allergy {rest}".strip()),),
        shows="name",
        settled="refuted" if verification == "refuted" else "",
        order=(0, name.lower()),
        allergy=True,
    )


def _task(values: Values, glance: Glance) -> EntryLine:
    state, reading = words(values, "state"), glance.setting.reading
    due = day(values, "due")
    return EntryLine(
        words(values, "title") or "task without words",
        (_cell("who", glance.person(values, "owner")), _date_cell(values, "due", reading)),
        plain=True,
        shows="title",
        settled="done" if state == "completed" else state if state in ("cancelled", "failed") else "",
        order=(0 if state == "rejected" else 1, (due or date.max).isoformat()),
    )


def _problem(values: Values, glance: Glance) -> EntryLine:
    kind, severity, state = words(values, "kind"), words(values, "severity"), words(values, "clinical_status")
    how_bad = kind if kind in ("risk", "concern") and severity != "severe" else severity
    summary, aim = words(values, "summary"), words(values, "expected_outcome")
    told = first_sentences(summary)
    if aim and len(told) + len(aim) < SHORT_CHARACTERS:
        told = f"{told} Aim: {lowered(aim)}".strip()
    shown = ", ".join(filter(None, (told, state if state not in ("active", "") else "")))
    return EntryLine(
        words(values, "name") or "problem without words",
        (
            _cell("bad", how_bad, strong=how_bad in ("severe", "risk")),
            _cell("short", shown),
            _cell("who", glance.person(values, "owner")),
        ),
        shows="name",
        settled=state if state in ("resolved", "inactive") else "",
        order=(float(_SEVERITIES.index(how_bad)) if how_bad in _SEVERITIES else 9.0,),
    )


def _goal(values: Values, glance: Glance) -> EntryLine:
    voice = words(values, "voice")
    is_theirs = voice in glance.patient
    low, high, unit = number(values, "target_low"), number(values, "target_high"), words(values, "unit")
    ends = [f"{each:g}" for each in (low, high) if each is not None]
    aim = f"aim {' to '.join(ends)} {unit}".strip() if ends else first_sentences(words(values, "barriers"), 60)
    whose = glance.person(values, "voice", is_first=True)
    owner = "" if voice == words(values, "owner") else glance.person(values, "owner")
    return EntryLine(
        words(values, "description") or "goal without words",
        (
            _cell("where", words(values, "achievement"), aim),
            _cell("who", f"{whose}’s words" if is_theirs else whose, "" if is_theirs else owner),
            _date_cell(values, "due", glance.setting.reading),
        ),
        voice=is_theirs,
        plain=True,
        shows="description",
        settled=words(values, "lifecycle") if words(values, "lifecycle") in ("completed", "cancelled") else "",
        order=(0 if is_theirs else 1, {"high": 0, "medium": 1, "low": 2}.get(words(values, "priority"), 3)),
    )


def _referral(values: Values, glance: Glance) -> EntryLine:
    state = words(values, "state") or "draft"
    at = LOOP.index(state) if state in LOOP else LOOP.index({"no-show": "scheduled"}.get(state, "requested"))
    steps = tuple("done" if index < at else "here" if index == at else "ahead" for index in range(len(LOOP)))
    where = {"requested": "Sent", "scheduled": "Booked", "reported": "Answered", "no-show": "Did not come"}
    appointment = instant(values, "appointment")
    booked = ""
    if state == "scheduled" and appointment is not None:
        local = appointment.astimezone(glance.setting.reading.zone)
        booked = f"{near_day(local.date(), glance.setting.reading.today)} {local:%H:%M}"
    name = _WAITED_FOR.get(state, "")
    waits = glance.person(values, name) if name else ""
    outside = "no answer" if name == "recipient" and not waits else waits
    expected = day(values, "expected_by")
    return EntryLine(
        words(values, "to") or "referral without a name",
        (
            _cell("question", words(values, "question")),
            _cell("stage", f"{where.get(state, sentence(state))} {booked}".strip()),
            _cell("who", outside),
            _date_cell(values, "expected_by", glance.setting.reading),
        ),
        shows="to",
        steps=steps,
        settled=state if state in ("closed", "cancelled") else "",
        order=((expected or date.max).isoformat(),),
    )


def _measure(values: Values, glance: Glance) -> EntryLine:
    state = monitoring.zone_state(values)
    standing = monitoring.alarm(values, glance.setting.reading.now)
    told = latest_words(values, glance.setting.reading)
    rank = {"red": Rank.DANGER, "yellow": Rank.WAITS, "green": Rank.GOOD}.get(state.zone)
    icon = {"red": "alert", "yellow": "ring", "green": "check"}.get(state.zone, "")
    return EntryLine(
        monitoring.measure_name(values) or "measure without words",
        (
            _cell("value", told.value, strong=True),
            _cell("unit", words(values, "unit")),
            _cell("when", told.when),
        ),
        plain=True,
        marks=(_zone_mark(values, standing, rank, state.zone, icon, glance),) if rank is not None else (),
        order=(float(RANKS.index(rank)) if rank is not None else 9.0,),
        trend=trend(values, glance.setting.reading),
    )


def _zone_mark(
    values: Values, standing: monitoring.Alarm | None, rank: Rank, zone: str, icon: str, glance: Glance
) -> RowMark:
    """Return the zone as a mark; one that somebody has answered is quiet and says what was done."""
    if standing is not None:
        told = alarm_told(values, standing, glance.setting.reading.zone)
        brief = {Alarmed.TREND: "changed fast", Alarmed.SILENCE: "no reading"}.get(standing.about, zone)
        return RowMark(min(rank, Rank.WAITS, key=RANKS.index), brief, icon if rank is Rank.DANGER else "ring", told)
    last = monitoring.readings(values)[-1]
    if zone in ("red", "yellow") and monitoring.answered(last):
        said = f"{zone}, answered. {glance.person(last, 'answered_by')}: {words(last, 'answered')}"
        return RowMark(Rank.GOOD, "red, answered" if zone == "red" else zone, "check", said)
    return RowMark(rank, zone, icon, f"in the {zone} zone")


def _stay(values: Values, glance: Glance) -> EntryLine:
    reading = glance.setting.reading
    start, end = instant(values, "start"), instant(values, "end")
    days = [near_day(each.astimezone(reading.zone).date(), reading.today) for each in (start, end) if each is not None]
    span = " to ".join(days) if end is not None else f"since {days[0]}" if days else ""
    earlier = end is not None and (reading.today - end.astimezone(reading.zone).date()).days > EARLIER_DAYS
    return EntryLine(
        words(values, "facility") or "place not named",
        (_cell("text", sentence(words(values, "event")), span), _cell("text", words(values, "reason"))),
        shows="facility",
        clocks=tuple(_clock(each, values, reading) for each in glance.clocks),
        settled="earlier" if earlier else "",
        order=(-(start.timestamp() if start is not None else 0.0),),
    )


def _clock(clock: TransitionClock, values: Values, reading: Reading) -> ClockLine:
    done = instant(values, {"contact": "contact_done", "visit": "visit_done"}.get(clock.name, ""))
    name = {"contact": "Contact", "visit": "Visit"}.get(clock.name, sentence(clock.name))
    if clock.done:
        when = near_day(done.astimezone(reading.zone).date(), reading.today) if done is not None else "done"
        return ClockLine(Rank.GOOD, f"{name} made" if clock.name == "contact" else name, when)
    due = near_day(clock.due, reading.today)
    return ClockLine(Rank.LATE if clock.late else Rank.WAITS, name, f"was due {due}" if clock.late else f"due {due}")


def _need(values: Values, glance: Glance) -> EntryLine:
    met = words(values, "need_met") == "yes"
    return EntryLine(
        sentence(words(values, "domain")) or "need without words",
        (_cell("text", CellPart(words(values, "finding"), "finding")), _cell("text", words(values, "resource"))),
        settled="met" if met else "",
        order=(0 if words(values, "wants_help") == "yes" else 1,),
    )


def _from_home(values: Values, glance: Glance) -> EntryLine:
    reading, when = glance.setting.reading, instant(values, "when")
    said, turn = turns(values), turn_of(values)
    last, asks = said[-1], turn is Side.ASKED
    ended = words(values, "kind") in WANTS_ANSWER and (bool(words(values, "ended")) or turn is Side.ASKER)
    old = when is not None and (reading.now - when).days > EARLIER_DAYS
    told = ""
    if when is not None:
        local = when.astimezone(reading.zone)
        told = f"{near_day(local.date(), reading.today)} {local:%H:%M}"
    kind = "" if asks else words(values, "topic") or words(values, "kind")
    answer = "" if len(said) == 1 else f"Answer: {last.words}" if last.side is Side.ASKED else f"Then: {last.words}"
    return EntryLine(
        words(values, "words") or "note without words",
        (_cell("text", glance.by, kind, told), _cell("text", answer)),
        voice=not asked_by_team(values),
        plain=True,
        shows="words",
        settled="answered" if ended else "earlier" if old and turn is Side.NOBODY else "",
        order=(0 if asks else 1, -(when.timestamp() if when is not None else 0.0)),
    )


def _decision(values: Values, glance: Glance) -> EntryLine:
    reading, on = glance.setting.reading, day(values, "date")
    again = day(values, "revisit_on")
    told = near_day(on, reading.today) if on is not None else ""
    earlier = on is not None and (reading.today - on).days > EARLIER_DAYS and bool(words(values, "content_hash"))
    return EntryLine(
        words(values, "decision") or words(values, "topic") or "decision without words",
        (_cell("text", told, f"look again {near_day(again, reading.today)}" if again is not None else ""),),
        plain=True,
        shows="decision",
        settled="earlier" if earlier else "",
        order=(-(on.toordinal() if on is not None else 0),),
    )


def _wish(values: Values, glance: Glance) -> EntryLine:
    code, agent = words(values, "code_status"), glance.person(values, "agent")
    said = "limits" if words(values, "limits") else "priorities"
    return EntryLine(
        sentence(code or words(values, "kind")) or "wish without words",
        (
            _cell("text", f"Speaks for the person: {agent}" if agent else words(values, "document")),
            _cell("voiced", CellPart(words(values, said), said)),
        ),
        order=(0 if code else 1,),
    )


def _behavioural(values: Values, glance: Glance) -> EntryLine:
    told = first_sentences(words(values, "therapy_goal"))
    cells = (_cell("text", told), _cell("text", glance.person(values, "provider"), words(values, "screening")))
    return EntryLine(words(values, "need") or "need without words", cells, plain=True, shows="need")


def _note(values: Values, glance: Glance) -> EntryLine:
    related = words(values, "related")
    about = glance.setting.names("", related) if related else ""
    cells = (_cell("text", short_name(glance.by), f"about {about}" if about else ""),)
    return EntryLine(words(values, "words") or "note without words", cells, plain=True, shows="words")


def _member(values: Values, glance: Glance) -> EntryLine:
    person_id = words(values, "person")
    name = glance.setting.people.name(person_id).partition(",")[0] if person_id else "not named"
    return EntryLine(
        name,
        (
            _cell("role", CellPart(words(values, "role"), "role")),
            _cell("phone", words(values, "phone")),
            _cell("text", CellPart(words(values, "responsible_for"), "responsible_for")),
        ),
        order=(0 if words(values, "steward") == "yes" else 1,),
    )


def _about(values: Values, glance: Glance) -> EntryLine:
    tag = words(values, "language")
    needs = {"yes": "needs an interpreter", "no": "no interpreter"}.get(words(values, "interpreter"), "")
    speaks = f"speaks {language(tag)}" if tag.split("-")[0] in LANGUAGES else ""
    called = ", ".join(filter(None, (words(values, "preferred_name"), speaks, needs)))
    needs_said = first_sentences(words(values, "communication_needs"), 60)
    contact = "; ".join(filter(None, (words(values, "contact_preference"), needs_said)))
    facts = (
        ("Called", called),
        ("Contact", contact),
        ("Lives", first_sentences(words(values, "living_situation"), 70)),
    )
    return EntryLine(
        words(values, "what_matters") or "Nothing here yet.",
        voice=True,
        plain=True,
        shows="what_matters",
        facts=tuple((label, sentence(told)) for label, told in facts if told),
    )


_LINES: Final[Mapping[Section, Callable[[Values, Glance], EntryLine]]] = {
    Section.ABOUT_ME: _about,
    Section.CARE_TEAM: _member,
    Section.CONDITIONS: _problem,
    Section.GOALS: _goal,
    Section.MEDICATIONS: _medicine,
    Section.TASKS: _task,
    Section.REFERRALS: _referral,
    Section.MONITORING: _measure,
    Section.TRANSITIONS: _stay,
    Section.SOCIAL_NEEDS: _need,
    Section.CAREGIVER_LOG: _from_home,
    Section.HUDDLES: _decision,
    Section.ADVANCE_CARE: _wish,
    Section.BEHAVIORAL_HEALTH: _behavioural,
    Section.STAFF_NOTES: _note,
}
