"""Where a field stands in its resource, as the declarations write it, and reading and writing there.

Grammar of ``Field.fhir``: places separated by `` | ``, each ``[Type.]step.step...[ as kind]``. A step is an element's
name; ``name[0]`` is that item of a list, ``name[green]`` the item whose ``id`` is that, ``name[]`` every item (of a
set, one item a member). ``Type.`` is said where it is not the section's own resource. ``kind`` says how the value is
written where its form does not say it: see ``hub.fhir.elements``.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeAlias

from crdt.fields import Field

Json: TypeAlias = dict[str, Any]
"""A resource, or an element with elements of its own."""

_STEP: Final = re.compile(r"([a-z]\w*)(?:\[(\w*)\])?")


@dataclass(frozen=True, slots=True)
class FhirPlace:
    """One place: the resource it is in (``""``: the section's own), its steps and how the value is written."""

    resource: str
    steps: tuple[tuple[str, str | None], ...]
    kind: str

    def __str__(self) -> str:
        """Return the place as FHIRPath writers do, without how it is written."""
        steps = (name if at is None else f"{name}[{at}]" for name, at in self.steps)
        return ".".join([*([self.resource] if self.resource else []), *steps])


@cache
def places_of(field: Field) -> tuple[FhirPlace, ...]:
    """Return a field's places, none where only an extension says it."""
    return tuple(map(_read, field.fhir.split(" | "))) if field.fhir else ()


def place_in(field: Field, resource: str, own: str) -> FhirPlace | None:
    """Return the field's place in a resource of this type, where ``own`` is the section's type."""
    for place in places_of(field):
        if (place.resource or own) == resource:
            return place
    return None


def _read(told: str) -> FhirPlace:
    path, _, kind = told.partition(" as ")
    names = path.split(".")
    resource = names.pop(0) if names[0][0].isupper() else ""
    steps = [_STEP.fullmatch(name) for name in names]
    assert all(steps), f"{told} is no place"
    return FhirPlace(resource, tuple((step.group(1), step.group(2)) for step in steps if step), kind)


def put(resource: Json, place: FhirPlace, value: object) -> None:
    """Write one value at the place; for ``name[]`` as one more item."""
    here, last = resource, len(place.steps) - 1
    for number, (name, at) in enumerate(place.steps):
        if at is None:
            if number == last:
                here[name] = value
                return
            here = here.setdefault(name, {})
            continue
        items: list[Any] = here.setdefault(name, [])
        if number == last and at in ("", "0"):
            items.append(value) if at == "" or not items else items.__setitem__(0, value)
            return
        found = _item(items, at) if at else None
        if found is None:
            found = {} if at == "" or at.isdecimal() else {"id": at}
            items.append(found)
        if number == last:
            assert isinstance(value, dict), "only elements have an id"
            found |= value
            return
        here = found


def get(resource: object, place: FhirPlace) -> list[object]:
    """Return what stands at the place, every item of ``name[]``; nothing where the resource has another shape there."""
    here: list[object] = [resource]
    for name, at in place.steps:
        found = [each[name] for each in here if isinstance(each, dict) and name in each]
        if at is None:
            here = found
        elif at == "":
            here = [item for items in found if isinstance(items, list) for item in items]
        else:
            chosen = (_item(items, at) for items in found if isinstance(items, list))
            here = [item for item in chosen if item is not None]
    return here


def _item(items: list[Any], at: str) -> Any:
    if at.isdecimal():
        return items[int(at)] if int(at) < len(items) else None
    return next((each for each in items if isinstance(each, dict) and each.get("id") == at), None)
