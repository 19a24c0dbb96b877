"""A search as it is asked for, read from its parameters; and where the next page of it begins."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from hub.fhir.outcomes import ApiRefusedError
from hub.fhir.parameters import PARAMETERS, SearchParameter
from hub.fhir.searching import Criterion, criterion, includes

COUNT: Final = 50
COUNT_MAX: Final = 200
PARAMETERS_MAX: Final = 40
IDS_MAX: Final = 200
_PATIENT: Final = ("patient", "subject")
_SILENT: Final = frozenset({"_format", "_pretty", "_total"})
PAGE: Final = "_page"


@dataclass(frozen=True, slots=True)
class PagePlace:
    """After which resource of which plan a page begins; all at the beginning where both are empty."""

    plan: str = ""
    key: str = ""

    def token(self) -> str:
        """Return it as the opaque word of a ``next`` link."""
        return base64.urlsafe_b64encode(msgspec.json.encode([self.plan, self.key])).decode().rstrip("=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One search. ``patients`` and ``ids`` are empty where the search names none."""

    kind: str
    criteria: Sequence[Criterion] = ()
    patients: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    named: str = ""
    """A number or name by which Patients are looked up."""
    included: Sequence[SearchParameter] = ()
    reverse: Sequence[tuple[str, SearchParameter]] = ()
    """Types, and by which of their references they name what was found."""
    count: int = COUNT
    only_count: bool = False
    after: PagePlace = PagePlace()
    used: tuple[tuple[str, str], ...] = ()
    """The parameters that were understood, for the links; without the page."""
    warnings: list[str] = field(default_factory=list)

    @property
    def is_bound(self) -> bool:
        """Whether it names patients, ids or a Patient, so that few plans are looked at."""
        return bool(self.patients or self.ids or self.named)


def read_query(kind: str, told: Sequence[tuple[str, str]], *, strict: bool) -> Query:
    """Return the search that these parameters ask for.

    Raises:
        ApiRefusedError: 400, something can't be read, or with ``strict`` is not known here.
    """
    if len(told) > PARAMETERS_MAX:
        raise ApiRefusedError(400, f"A search has at most {PARAMETERS_MAX} parameters.")
    found = _Reading(kind)
    for name, value in told:
        found.take(name, value)
    if strict and found.warnings:
        raise ApiRefusedError(400, " ".join(found.warnings))
    return found.query()


class _Reading:
    """The parameters of one search, taken one by one."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._criteria: list[Criterion] = []
        self._patients: list[str] = []
        self._ids: list[str] = []
        self._included: list[SearchParameter] = []
        self._reverse: list[tuple[str, SearchParameter]] = []
        self._count, self._only_count, self._after, self._named = COUNT, False, PagePlace(), ""
        self._used: list[tuple[str, str]] = []
        self.warnings: list[str] = []

    def take(self, name: str, value: str) -> None:
        """Take one parameter in.

        Raises:
            ApiRefusedError: 400, its value can't be read.
        """
        if name == PAGE:
            self._after = _place(value)
            return
        if name not in _SILENT and not self._special(name, value) and not self._criterion(name, value):
            self.warnings.append(f"The parameter {name[:60]} is not supported and was left out.")
            return
        self._used.append((name, value))

    def _special(self, name: str, value: str) -> bool:
        match name:
            case "_count":
                if not value.isdecimal() or len(value) > 6:
                    raise ApiRefusedError(400, "_count is a number.")
                self._count, self._only_count = min(int(value), COUNT_MAX), int(value) == 0 or self._only_count
            case "_summary" if value == "count":
                self._only_count = True
            case "_include":
                self._included.append(includes(self._kind, value, reverse=False))
            case "_revinclude":
                self._reverse.append((value.partition(":")[0], includes(self._kind, value, reverse=True)))
            case _:
                return False
        return True

    def _criterion(self, name: str, value: str) -> bool:
        asked = criterion(self._kind, name, value)
        if asked is None:
            return False
        base = name.partition(":")[0]
        if base in _PATIENT and not asked.modifier:
            ids = [each.rpartition("/")[2] for each in asked.values]
            if any("/" in each and each.split("/")[-2] != "Patient" for each in asked.values):
                raise ApiRefusedError(400, f"{base} names a Patient.")
            self._patients += ids
            return True
        if base == "_id" and not asked.modifier:
            self._ids += asked.values
        if self._kind == "Patient" and base in ("identifier", "name", "family", "given") and not asked.modifier:
            self._named = self._named or asked.values[0].rpartition("|")[2]
        self._criteria.append(asked)
        return True

    def query(self) -> Query:
        """Return what was asked for.

        Raises:
            ApiRefusedError: 400, more is asked for than one search takes.
        """
        if len(self._patients) > IDS_MAX or len(self._ids) > IDS_MAX:
            raise ApiRefusedError(400, f"A search names at most {IDS_MAX} ids.")
        return Query(
            kind=self._kind, criteria=tuple(self._criteria), patients=tuple(self._patients), ids=tuple(self._ids),
            named=self._named, included=tuple(self._included), reverse=tuple(self._reverse), count=self._count or COUNT,
            only_count=self._only_count, after=self._after, used=tuple(self._used), warnings=self.warnings,
        )  # fmt: skip


def _place(token: str) -> PagePlace:
    try:
        plan, key = msgspec.json.decode(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)), type=tuple[str, str])
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise ApiRefusedError(400, "This link to a next page can't be read. Begin the search again.") from error
    return PagePlace(plan[:100], key[:200])


def searchable(kind: str) -> bool:
    """Say whether there is such a type here."""
    return kind in PARAMETERS
