"""Whom somebody at home can ask, in their language: who reads it, who else, and by when it is answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from auth.decisions import Grant, grant_of
from auth.roles import PATIENT_SIDE, Participant
from auth.standings import membership
from crdt.sections import Section
from hub.directory.houses import OTHER
from web.languages import Language, _
from web.questioning import Way, Ways
from web.views.family import TOPIC_WORDS
from web.views.words import Reading


@dataclass(frozen=True, slots=True)
class Asking:
    """The choices of the form."""

    topics: tuple[tuple[str, str], ...]
    """(value, words) of each topic but a worry, which is a kind of its own."""
    people: tuple[tuple[str, str], ...]
    one_person: str
    """What heads the people: by when each of them answers."""
    worry: str
    """To whom a worry goes, and by when it is answered."""
    alone: bool
    """The person may write what nobody else at home reads."""


def asking_of(ways: Ways, everyone: Sequence[Participant], language: Language, reading: Reading) -> Asking:
    """Return the choices of one person."""
    people = {each.person_id: each for each in everyone}

    def told(way: Way, what: str) -> str:
        reads = people.get(way.reads)
        said = {"what": what, "when": language.when(way.until, reading), "who": reads.name if reads is not None else ""}
        if reads is None:
            return language.say(_("%(what)s: the team, by %(when)s")) % said
        return language.say(_("%(what)s: %(who)s, by %(when)s")) % said

    def named(way: Way) -> str:
        person = people[way.asked]
        name = f"{person.name}, {language.say(person.profession)}" if person.profession else person.name
        if way.reads == way.asked:
            return name
        return language.say(_("%(name)s (%(who)s stands in)")) % {"name": name, "who": people[way.reads].name}

    until = language.when(ways.of_topic(OTHER).until, reading)
    return Asking(
        topics=tuple(
            (way.value, told(way, language.say(TOPIC_WORDS[way.topic]))) for way in ways.topics if way.topic != "worry"
        ),
        people=tuple((way.value, named(way)) for way in ways.people),
        one_person=language.say(_("One person, by %(when)s")) % {"when": until},
        worry=told(ways.of_topic("worry"), language.say(_("A worry"))),
        alone=ways.alone,
    )


def readers_told(everyone: Sequence[Participant], writer: Participant, now: datetime) -> str:
    """Return the names of those at home who read what the writer writes to the team, ``""`` for nobody."""
    return ", ".join(
        each.name
        for each in everyone
        if each.role in PATIENT_SIDE
        and each.person_id != writer.person_id
        and not membership(each, now)
        and grant_of(each, Section.CAREGIVER_LOG, now) is not Grant.NONE
    )
