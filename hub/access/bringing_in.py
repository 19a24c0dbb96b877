"""Many people or patients at once, from a CSV file: looked at line by line first, then kept; again changes nothing.

A patient is known by the number at this organisation, a person by the address of the work account.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from auth.registry import Duty
from auth.roles import PATIENT_SIDE, Role
from hub.access.keeping import Keeping
from hub.access.keeping_rows import Doer, KeepingError, require
from hub.directory.births import BirthDateError, birth_date
from hub.directory.csv_files import CsvLine, read_csv
from hub.store.organisations import Organisation
from hub.store.patients import Number, RegisteredPatient
from hub.store.people import Person

PATIENT_COLUMNS: Final = (
    "number", "family", "given", "born", "gender", "called", "gender_words", "phone", "language", "interpreter",
    "address",
)  # fmt: skip
PERSON_COLUMNS: Final = ("name", "email", "role", "profession", "phone")
GENDERS: Final = frozenset({"female", "male", "other", "unknown"})
TOGETHER_MAX: Final = 200
"""Patients that are kept in one transaction."""


class LineOutcome(StrEnum):
    """What becomes of a line."""

    ADD = "added"
    CHANGE = "changed"
    SAME = "as it is"
    WRONG = "left out"


@dataclass(frozen=True, slots=True)
class LineReport:
    """What becomes of one line, and why where it is left out."""

    number: int
    name: str
    outcome: LineOutcome
    told: str = ""


class BringingIn:
    """Files of patients and people."""

    def __init__(self, keeping: Keeping) -> None:
        self._keeping = keeping

    async def patients(self, doer: Doer, text: str, *, keep: bool) -> list[LineReport]:
        """Return what becomes of each line, and do it where it is to be kept.

        Raises:
            KeepingError: not allowed.
            CsvError: the file can't be read.
        """
        require(doer, Duty.REGISTER)
        home = await self._home(doer)
        lines = read_csv(text, PATIENT_COLUMNS, {"number", "family"})
        numbers = [Number(home.number_system, each.values.get("number", "")) for each in lines]
        known = await self._keeping.patients.with_numbers(home.number_system, [each.key for each in numbers])
        reports: list[LineReport] = []
        wanted: list[tuple[RegisteredPatient | None, RegisteredPatient]] = []
        seen: dict[str, int] = {}
        for line, number in zip(lines, numbers, strict=True):
            was = known.get(number.key)
            typed, fault = _patient(line, home, number, was)
            if not fault and number.key in seen:
                fault = f"the number stands in line {seen[number.key]} already"
            seen.setdefault(number.key, line.number)
            name = f"{line.values.get('family', '')}, {line.values.get('given', '')}".strip(", ")
            if fault:
                reports.append(LineReport(line.number, name, LineOutcome.WRONG, fault))
                continue
            outcome = LineOutcome.ADD if was is None else LineOutcome.SAME if typed == was else LineOutcome.CHANGE
            reports.append(LineReport(line.number, name, outcome))
            if outcome is not LineOutcome.SAME:
                wanted.append((was, typed))
        if keep:
            for start in range(0, len(wanted), TOGETHER_MAX):
                await self._keeping.keep_patients(doer, wanted[start : start + TOGETHER_MAX])
        return reports

    async def people(self, doer: Doer, text: str, *, keep: bool) -> list[LineReport]:
        """Return what becomes of each line, and do it where it is to be kept. Nobody becomes an administrator by it.

        Raises:
            KeepingError: not an administrator.
            CsvError: the file can't be read.
        """
        require(doer, Duty.ADMINISTER)
        home = await self._home(doer)
        known = {each.email.lower(): each for each in await self._keeping.people.everyone() if each.email}
        reports: list[LineReport] = []
        seen: dict[str, int] = {}
        for line in read_csv(text, PERSON_COLUMNS, {"name", "email", "role"}):
            email = line.values.get("email", "").lower()
            typed, fault = _person(line, known.get(email), home)
            if not fault and email in seen:
                fault = f"the address stands in line {seen[email]} already"
            seen.setdefault(email, line.number)
            if typed is None or fault:
                reports.append(LineReport(line.number, line.values.get("name", ""), LineOutcome.WRONG, fault))
                continue
            was = known.get(email)
            outcome = LineOutcome.ADD if was is None else LineOutcome.SAME if typed == was else LineOutcome.CHANGE
            told = await self._kept(doer, typed, outcome) if keep else ""
            reports.append(LineReport(line.number, typed.name, LineOutcome.WRONG if told else outcome, told))
        return reports

    async def _home(self, doer: Doer) -> Organisation:
        """Return for which organisation somebody brings people in: where they work themselves."""
        organisations = self._keeping.organisations
        own = await organisations.get(doer.person.organisation) if doer.person.organisation else None
        return own or await organisations.default()

    async def _kept(self, doer: Doer, person: Person, outcome: LineOutcome) -> str:
        """Keep one person; return why not, or nothing."""
        try:
            if outcome is LineOutcome.ADD:
                await self._keeping.add_person(doer, person)
            elif outcome is LineOutcome.CHANGE:
                await self._keeping.change_person(doer, person)
        except KeepingError as error:
            return str(error)
        return ""


def counted(reports: Sequence[LineReport]) -> Iterator[tuple[LineOutcome, int]]:
    """Return how many lines there are of each outcome that there is."""
    for outcome in LineOutcome:
        count = sum(each.outcome is outcome for each in reports)
        if count:
            yield outcome, count


def _patient(
    line: CsvLine, home: Organisation, number: Number, was: RegisteredPatient | None
) -> tuple[RegisteredPatient, str]:
    values, fault = line.values, line.fault
    standing = was or RegisteredPatient(
        patient_id="", organisation=home.organisation_id, family="?", language=home.language, numbers=(number,)
    )
    found: dict[str, object] = {name: values[name] for name in _PLAIN if name in values}
    try:
        if "born" in values:
            found["born"] = birth_date(values["born"])
    except BirthDateError as error:
        fault = fault or str(error)
    if values.get("gender"):
        found["gender"] = values["gender"].lower()
        if found["gender"] not in GENDERS:
            fault = fault or f"gender must be one of {', '.join(sorted(GENDERS))}"
    else:
        found.pop("gender", None)
    if "interpreter" in values:
        found["interpreter"] = values["interpreter"].lower() in ("yes", "true", "1")
    if not found.get("language", "x"):
        del found["language"]
    if not number.key:
        fault = fault or "the number has no letter and no digit"
    return replace(standing, **found), fault  # type: ignore[arg-type]


_PLAIN: Final = ("family", "given", "called", "gender_words", "phone", "language", "address")


def _person(line: CsvLine, was: Person | None, home: Organisation) -> tuple[Person | None, str]:
    values: Mapping[str, str] = line.values
    role = _ROLES.get(values.get("role", "").lower().replace(" ", "_"))
    if line.fault or role is None:
        return None, line.fault or f"role must be one of {', '.join(sorted(_ROLES))}"
    if was is not None and was.role in PATIENT_SIDE:
        return None, "this address belongs to a patient or a relative"
    standing = was or Person(
        person_id="", name="?", role=role, email=values["email"], organisation=home.organisation_id
    )
    found = {name: values[name] for name in ("name", "profession", "phone") if name in values}
    return replace(standing, role=role, **found), ""  # type: ignore[arg-type]


_ROLES: Final[Mapping[str, Role]] = {
    role.value: role for role in Role if role not in PATIENT_SIDE and role not in (Role.ADMIN, Role.AUDITOR)
}
