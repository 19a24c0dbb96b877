"""A person's own views of their panel: each is kept, chosen to begin with and removed in one turn with its row."""

from collections.abc import Sequence
from typing import Final

from auth.roles import Role
from hub.ids import HUB
from hub.record.chain import JSON
from hub.record.journal import Act, Action, Journal
from hub.store.engine import Engine
from hub.store.saved_views import SavedView, SavedViews

NAME_CHARACTERS_MAX: Final = 40


class ViewError(Exception):
    """A view that was not kept; the message is a sentence for the person."""


class PersonalViews:
    """The views of all people; everybody reaches their own and no other."""

    def __init__(self, engine: Engine, journal: Journal) -> None:
        self._journal, self._rows = journal, SavedViews(engine)

    async def of_person(self, person_id: str) -> Sequence[SavedView]:
        """Return a person's views in the order in which they were made."""
        return await self._rows.of_person(person_id)

    async def save(self, person_id: str, role: Role, session_id: str, view: SavedView) -> None:
        """Keep what the person asks of their panel under a name.

        Raises:
            ViewError: no name, one that is taken, or more views than anybody looks through.
        """
        if not view.name:
            raise ViewError("Give the view a name.")
        async with self._journal.exclusively(HUB) as turn:
            kept = await self._rows.add(turn, person_id, view)
            words: dict[str, JSON] = {"name": view.name, "asked": view.asked, "begins": view.begins}
            await turn.append([_act(person_id, role, session_id, "view.save", words, kept=kept)])
        if not kept:
            raise ViewError("You have a view of this name, or too many. Choose another name, or delete a view first.")

    async def begin_with(self, person_id: str, role: Role, session_id: str, name: str) -> None:
        """Let the person's panel begin with one of their views, ``""``: with everyone."""
        async with self._journal.exclusively(HUB) as turn:
            found = await self._rows.begin_with(turn, person_id, name)
            await turn.append([_act(person_id, role, session_id, "view.begin", {"name": name}, kept=found)])

    async def remove(self, person_id: str, role: Role, session_id: str, name: str) -> None:
        """Delete one of the person's views; one that is gone already is no fault."""
        async with self._journal.exclusively(HUB) as turn:
            found = await self._rows.remove(turn, person_id, name)
            await turn.append([_act(person_id, role, session_id, "view.remove", {"name": name}, kept=found)])


def _act(person_id: str, role: Role, session_id: str, event: str, words: dict[str, JSON], *, kept: bool) -> Act:
    return Act(
        plan=HUB, actor=person_id, action=Action.ADMIN, role=role, session=session_id, event=event, entry=person_id,
        words=words, outcome="success" if kept else "refused",
    )  # fmt: skip
