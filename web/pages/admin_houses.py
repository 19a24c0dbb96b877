"""Which organisation a page of the administrator is about, where the hub has several."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request

from hub.store.organisations import Organisation
from web.doors.guards import keeping

ORGANISATION = "organisation"
"""The name of the choice in addresses and forms; without it the first organisation is meant."""


@dataclass(frozen=True, slots=True)
class Houses:
    """The organisation that is meant, and all there are."""

    it: Organisation
    every: tuple[Organisation, ...]

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        """Return ids and names to choose from; none where there is one organisation."""
        return tuple((each.organisation_id, each.name) for each in self.every) if len(self.every) > 1 else ()

    @property
    def context(self) -> dict[str, object]:
        """Return what ``admin/houses.html`` needs."""
        return {"houses": self.choices, "house": self.it.organisation_id}

    def back_to(self, address: str) -> str:
        """Return the address of a page with the choice kept."""
        return f"{address}?{urlencode({ORGANISATION: self.it.organisation_id})}" if self.choices else address


async def houses(request: Request, form: Mapping[str, object] | None = None) -> Houses:
    """Return the organisation that a form or the address names.

    Raises:
        HTTPException: it names one that is not there.
    """
    every = tuple(await keeping(request).organisations.all())
    named = str((form if form is not None else request.query_params).get(ORGANISATION, ""))
    found = next((each for each in every if each.organisation_id == named), None)
    if named and found is None:
        raise HTTPException(404)
    return Houses(found or every[0], every)
