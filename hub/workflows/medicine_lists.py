"""Two lists of medicines side by side: what the plan says, and what came in from hospital, pharmacy or the house.

Each medicine of each list stands on exactly one line; a line holds what is the same or similar, one of each list. Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final

from crdt.sections import Section
from hub.live.commands import EntryContent, PlanContent
from hub.safety.charts import ChartMedicine, Product
from hub.safety.pairing import Kinship, compared, pairs, product_of
from hub.workflows.contents import active, words
from hub.workflows.medications import is_medicine

MEDICINES_MAX: Final = 100
"""Medicines of one list."""

LISTS_MAX: Final = 5
"""Lists that wait for a decision at one time in a plan."""

THE_PLAN: Final = ""
"""Stands where a list's id stands, for the medicines of the plan itself."""


class ListKind(StrEnum):
    """Where a list comes from."""

    HOSPITAL = "hospital"
    PHARMACY = "pharmacy"
    HOME = "home"


class LineGroup(StrEnum):
    """Where a line stands on the page; what needs most thought first."""

    DIFFERS = "differs"
    HOME = "only at home"
    OTHER = "only on the other list"
    SAME = "the same"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedMedicine:
    """One medicine as its list says it. ``stopped``: the list says that it is not to be taken any more."""

    name: str
    dose: str = ""
    route: str = ""
    frequency: str = ""
    instructions: str = ""
    rxcui: str = ""
    original: str = ""
    """The words as they came, where they were read out of a text."""
    stopped: bool = False

    @property
    def line(self) -> ChartMedicine:
        """The medicine as the rules read it."""
        codes = (self.rxcui,) if self.rxcui else ()
        return ChartMedicine("", self.name, self.dose, self.frequency, self.route, codes)


@dataclass(frozen=True, slots=True, kw_only=True)
class MedicineList:
    """A list that came in. ``written`` is the day it is of, as its bringer says, ``""`` where nobody said.

    ``arrival`` is the file that it was part of, whose lines wait as well; ``""`` for a list that was pasted or typed.
    """

    list_id: str
    kind: ListKind
    source: str
    written: str = ""
    person: str = ""
    received: datetime | None = None
    medicines: tuple[ListedMedicine, ...] = ()
    arrival: str = ""


@dataclass(frozen=True, slots=True)
class LineItem:
    """One medicine of one list: ``entry`` names it where the list is the plan, else its ``place`` in the list does."""

    list_id: str
    medicine: ListedMedicine
    entry: str = ""
    taking: str = ""
    place: int = 0

    @property
    def product(self) -> Product:
        """The medicine as understood."""
        return product_of(self.medicine.line)


@dataclass(frozen=True, slots=True)
class ListLine:
    """One line of the page. ``key`` names exactly what it shows: where any of it changes, so does the key."""

    key: str
    items: tuple[LineItem, ...]
    group: LineGroup
    differs: tuple[str, ...] = ()
    shares: tuple[str, ...] = ()
    """Names on other lines that hold an ingredient of this one."""

    @property
    def entry(self) -> str:
        """The medicine of the plan that it is about, ``""`` where it is in no plan yet."""
        return next((each.entry for each in self.items if each.entry), "")

    @property
    def name(self) -> str:
        """The medicine's name, as the first list says it."""
        return self.items[0].medicine.name


def medicine_in_plan(entry: EntryContent) -> LineItem:
    """Return a medicine of the plan as an item of a line."""
    values = entry.values
    listed = ListedMedicine(
        name=words(values, "name"),
        dose=words(values, "dose"),
        route=words(values, "route"),
        frequency=words(values, "frequency"),
        instructions=words(values, "instructions"),
        rxcui=words(values, "rxcui"),
    )
    return LineItem(THE_PLAN, listed, entry.id, words(values, "taking"))


def in_order(lists: Iterable[MedicineList]) -> list[MedicineList]:
    """Return the lists of the house before the others, each in the order in which they came."""
    return sorted(lists, key=lambda each: (each.kind is ListKind.HOSPITAL, each.list_id))


def of_the_house(lists: Sequence[MedicineList]) -> frozenset[str]:
    """Return the lists of the left side: the plan's, and what is at home where a hospital's list stands against it."""
    if any(each.kind is ListKind.HOSPITAL for each in lists):
        return frozenset({THE_PLAN, *(each.list_id for each in lists if each.kind is not ListKind.HOSPITAL)})
    return frozenset({THE_PLAN})


def lines_of(plan: PlanContent, lists: Sequence[MedicineList]) -> tuple[ListLine, ...]:
    """Return every line: each medicine in use, and each of every list, on exactly one of them."""
    standing = [each for each in active(plan, Section.MEDICATIONS) if is_medicine(each)]
    rows = [[medicine_in_plan(each)] for each in standing if words(each.values, "taking") != "stopped"]
    for each in in_order(lists):
        _join(rows, [LineItem(each.list_id, told, place=place) for place, told in enumerate(each.medicines)])
    rows = [row for row in rows if len(row) > 1 or row[0].taking != "planned"]
    house = of_the_house(lists)
    names = {id(row): row[0].medicine.name for row in rows}
    made = [_line(row, house, [names[id(other)] for other in rows if other is not row and _share(row, other)])
            for row in rows]  # fmt: skip
    order = list(LineGroup)
    return tuple(sorted(made, key=lambda line: order.index(line.group)))


def _join(rows: list[list[LineItem]], items: Sequence[LineItem]) -> None:
    """Put each item on the line that holds the same or a similar medicine of another list, or on a line of its own."""
    found = pairs([row[0].product for row in rows], [each.product for each in items])
    alone = [[item] for place, item in enumerate(items) if place not in found]
    for place, (row, _) in found.items():
        rows[row].append(items[place])
    rows += alone


def _line(row: Sequence[LineItem], house: frozenset[str], shares: Sequence[str]) -> ListLine:
    told = [compared(row[0].product, each.product) for each in row[1:]]
    differs = tuple(dict.fromkeys(name for each in told for name in each.differs))
    if any(each.medicine.stopped for each in row) or any(each.taking in ("on hold", "planned") for each in row):
        differs = (*differs, "USE")
    sides = {each.list_id in house for each in row}
    same = not differs and all(each.likeness is Kinship.SAME for each in told)
    if len(row) > 1 and not same:
        group = LineGroup.DIFFERS
    elif len(sides) > 1:
        group = LineGroup.SAME
    else:
        group = LineGroup.HOME if True in sides else LineGroup.OTHER
    return ListLine(_key(row), tuple(row), group, differs, tuple(dict.fromkeys(shares)))


def _share(row: Sequence[LineItem], other: Sequence[LineItem]) -> bool:
    mine = {each.name for item in row for each in item.product.ingredients}
    return any(mine & {each.name for each in item.product.ingredients} for item in other)


def _key(row: Sequence[LineItem]) -> str:
    told = "\x1f".join(
        f"{each.list_id}\x1e{each.entry}\x1e{each.place}\x1e{each.taking}\x1e{each.medicine!r}" for each in row
    )
    return sha256(told.encode()).hexdigest()[:32]
