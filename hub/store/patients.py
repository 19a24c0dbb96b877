"""Patients and their record numbers as rows, found by name, sound, date of birth, telephone or number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from hub.directory.births import NOT_KNOWN, BirthDate, birth_date
from hub.directory.names import number_key, search_key, sort_key, sounds
from hub.record.journal import Turn
from hub.store.engine import connected, connection_of
from hub.store.tables import identifier, organisation
from hub.store.tables import patient as table

CANDIDATES_MAX: Final = 60
"""Patients who are compared with somebody being registered."""


@dataclass(frozen=True, slots=True)
class Number:
    """A record number of a system, such as an organisation's own."""

    system: str
    value: str

    @property
    def key(self) -> str:
        """The value as it is compared."""
        return number_key(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredPatient:
    """Whom plans are for, as registered. A person of one name has it as ``family``, and ``given`` is empty."""

    patient_id: str
    organisation: str
    """Who registered them."""
    family: str
    given: str = ""
    born: BirthDate = NOT_KNOWN
    gender: str = "unknown"
    """Sex in the record."""
    gender_words: str = ""
    called: str = ""
    language: str = "en"
    interpreter: bool = False
    phone: str = ""
    address: str = ""
    person: str | None = None
    """The patient's own person, where they sign in."""
    deceased: str = ""
    """The day of death, ``""`` for the living."""
    moved: str = ""
    """Where they moved to, as it was told, ``""`` for who is here."""
    same_as: str | None = None
    """The record that goes on for the same human being."""
    numbers: tuple[Number, ...] = ()

    @property
    def name(self) -> str:
        """Given and family name."""
        return f"{self.given} {self.family}".strip()


class Patients:
    """Patients as rows."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, turn: Turn, patient: RegisteredPatient) -> None:
        """Add somebody who is not there yet, with their numbers."""
        connection = connection_of(turn)
        await connection.execute(sa.insert(table).values(id=patient.patient_id, **_values(patient)))
        await self._number(connection, patient)

    async def change(self, turn: Turn, patient: RegisteredPatient) -> None:
        """Make the rows say what ``patient`` says."""
        connection = connection_of(turn)
        await connection.execute(sa.update(table).where(table.c.id == patient.patient_id).values(_values(patient)))
        await connection.execute(sa.delete(identifier).where(identifier.c.patient == patient.patient_id))
        await self._number(connection, patient)

    async def get(self, patient_id: str) -> RegisteredPatient | None:
        """Return the patient of that id."""
        found = await self._many(table.c.id == patient_id, 1)
        return found[0] if found else None

    async def with_number(self, number: Number) -> RegisteredPatient | None:
        """Return whose number it is in that system."""
        theirs = sa.exists().where(
            (identifier.c.patient == table.c.id)
            & (identifier.c.system == number.system)
            & (identifier.c.key == number.key)
        )
        found = await self._many(theirs, 1)
        return found[0] if found else None

    async def with_numbers(self, system: str, keys: Sequence[str]) -> dict[str, RegisteredPatient]:
        """Return whose these numbers of a system are, by the number as it is compared. Two queries."""
        query = sa.select(identifier.c.key, identifier.c.patient).where(
            identifier.c.system == system, identifier.c.key.in_(list(keys))
        )
        async with connected(self._engine) as connection:
            holders = {row.key: row.patient for row in await connection.execute(query)}
            theirs = sa.select(table).where(table.c.id.in_(set(holders.values())))
            found = await _with_numbers(connection, (await connection.execute(theirs)).all())
        by_id = {each.patient_id: each for each in found}
        return {key: by_id[patient_id] for key, patient_id in holders.items()}

    async def alike(self, typed: RegisteredPatient) -> list[RegisteredPatient]:
        """Return patients who may be the one typed: by a word, a sound, date of birth, telephone or number."""
        wanted: list[sa.ColumnElement[bool]] = []
        for word in search_key(typed.name).split():
            if len(word) > 2:
                wanted.append(table.c.search_key.like(f"%{escaped(word)}%", escape="\\"))
        if heard := sounds(typed.name):
            wanted.append(table.c.sounds.overlap(list(heard)))
        if typed.born.whole is not None:
            wanted.append(table.c.born == str(typed.born))
        if len(digits := number_key(typed.phone)) >= 4:
            wanted.append(sa.func.regexp_replace(table.c.phone, "[^0-9]", "", "g").like(f"%{digits[-7:]}"))
        keys = [each.key for each in typed.numbers if each.key]
        if keys:
            wanted.append(sa.exists().where((identifier.c.patient == table.c.id) & identifier.c.key.in_(keys)))
        return await self._many(sa.or_(*wanted), CANDIDATES_MAX) if wanted else []

    async def matching(self, text: str, limit: int) -> list[RegisteredPatient]:
        """Return patients whose name holds all words of the text, or whose number it is, by name."""
        return await self._many(named_like(table.c.search_key, text) | numbered(table.c.id, text), limit)

    async def among(self, patient_ids: Sequence[str]) -> dict[str, RegisteredPatient]:
        """Return the patients of those ids that exist, by id. Two queries."""
        found = await self._many(table.c.id.in_(list(patient_ids)), len(patient_ids))
        return {each.patient_id: each for each in found}

    async def newest(self, limit: int) -> list[RegisteredPatient]:
        """Return the patients registered last."""
        query = sa.select(table).order_by(table.c.created.desc(), table.c.id).limit(limit)
        async with connected(self._engine) as connection:
            return await _with_numbers(connection, (await connection.execute(query)).all())

    async def count(self) -> int:
        """Return how many patients there are."""
        async with connected(self._engine) as connection:
            return int(await connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)

    async def _many(self, where: sa.ColumnElement[bool], limit: int) -> list[RegisteredPatient]:
        query = sa.select(table).where(where).order_by(table.c.sort_key, table.c.id).limit(limit)
        async with connected(self._engine) as connection:
            return await _with_numbers(connection, (await connection.execute(query)).all())

    async def _number(self, connection: AsyncConnection, patient: RegisteredPatient) -> None:
        rows = [
            {"system": each.system, "key": each.key, "value": each.value, "patient": patient.patient_id}
            for each in patient.numbers
            if each.key
        ]
        if rows:
            await connection.execute(sa.insert(identifier), rows)


def named_like(column: sa.ColumnElement[str], text: str) -> sa.ColumnElement[bool]:
    """Return whether a search key holds every word of the text, however it is spelt; false for a text without any."""
    words = search_key(text).split()
    if not words:
        return sa.false()
    return sa.and_(*(column.like(f"%{escaped(word)}%", escape="\\") for word in words))


def numbered(patient_id: sa.ColumnElement[str], text: str) -> sa.ColumnElement[bool]:
    """Return whether the text is a record number of the patient."""
    key = number_key(text)
    if not key:
        return sa.false()
    return sa.exists().where((identifier.c.patient == patient_id) & (identifier.c.key == key))


def own_number() -> sa.ScalarSelect[str]:
    """Return a patient's number in the system of the organisation that registered them, for a query of patients."""
    home = organisation.alias("registering")
    query = sa.select(identifier.c.value).outerjoin(home, home.c.number_system == identifier.c.system)
    mine = query.where(identifier.c.patient == table.c.id).correlate(table)
    first = (home.c.id.is_distinct_from(table.c.organisation), identifier.c.system, identifier.c.key)
    return mine.order_by(*first).limit(1).scalar_subquery()


def keyed(patient: RegisteredPatient) -> dict[str, object]:
    """Return what a patient is sorted, found and heard by."""
    return {
        "sort_key": sort_key(f"{patient.family}, {patient.given}" if patient.given else patient.family),
        "search_key": search_key(patient.name),
        "sounds": list(sounds(patient.name)),
    }


def escaped(word: str) -> str:
    """Return the word for a pattern of ``like`` that means itself."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def whole_date(born: str) -> date | None:
    """Return the date of birth of a row where all of it is known."""
    return birth_date(born).whole


def _values(patient: RegisteredPatient) -> dict[str, object]:
    names = (
        "organisation", "family", "given", "gender", "gender_words", "called", "language", "interpreter", "phone",
        "address", "person", "deceased", "moved", "same_as",
    )  # fmt: skip
    return {name: getattr(patient, name) for name in names} | {"born": str(patient.born)} | keyed(patient)


async def _with_numbers(
    connection: AsyncConnection, rows: Sequence[sa.Row[tuple[object, ...]]]
) -> list[RegisteredPatient]:
    numbers: dict[str, list[Number]] = {str(row._mapping["id"]): [] for row in rows}
    query = (
        sa.select(identifier).where(identifier.c.patient.in_(numbers)).order_by(identifier.c.system, identifier.c.key)
    )
    for row in await connection.execute(query):
        numbers[row.patient].append(Number(row.system, row.value))
    return [_patient(row._mapping, numbers) for row in rows]


def _patient(row: sa.RowMapping, numbers: Mapping[str, Sequence[Number]]) -> RegisteredPatient:
    values: dict[str, object] = dict(row)
    for name in ("created", "sort_key", "search_key", "sounds"):
        del values[name]
    patient_id = str(values.pop("id"))
    born = birth_date(str(values.pop("born")))
    return RegisteredPatient(patient_id=patient_id, born=born, numbers=tuple(numbers[patient_id]), **values)  # type: ignore[arg-type]
