"""How care is for the people at home: three questions now and then, kept for the clinic and never in the plan.

The clinic's administrators, who see nothing of any plan, read the answers without names; the journal says that somebody
answered, and nothing of what.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from auth.roles import PATIENT_SIDE, Participant
from hub.access.changes import AccessChanges
from hub.access.keeping_rows import KeepingError
from hub.record.journal import Act, Action
from hub.store.engine import Engine
from hub.store.experiences import Experience, Experiences
from hub.store.plans import Plans
from hub.workflows.arguments import WORDS_MAX

QUESTIONS: Final = ("calling", "mattering", "fitting")
"""Whether they know whom to call, whether the team knows what matters to them, whether all of it fits together."""
ANSWERS: Final = (1, 2, 3, 4, 5)
"""From never to always."""
AGAIN_AFTER: Final = timedelta(days=28)
LOOKED_BACK: Final = timedelta(days=365)
FEW: Final = 5
"""Below so many answers of a month a clinic would see single people in its numbers."""


@dataclass(frozen=True, slots=True)
class MonthToldOf:
    """A month's answers, as (question, how many gave each of ``ANSWERS``)."""

    month: str
    """As in ``2026-11``."""
    said: int
    counts: Mapping[str, tuple[int, ...]]


class ExperienceKeeping:
    """Its methods raise ``JournalAwayError`` where the store can't be reached."""

    def __init__(
        self, engine: Engine, changes: AccessChanges, now: Callable[[], datetime], new_id: Callable[[], str]
    ) -> None:
        self._rows, self._plans = Experiences(engine), Plans(engine)
        self._changes, self._now, self._new_id = changes, now, new_id

    async def may_tell(self, member: Participant) -> bool:
        """Say whether somebody may answer now: those at home, once in ``AGAIN_AFTER``."""
        if member.role not in PATIENT_SIDE:
            return False
        last = await self._rows.last(member.plan_id, member.person_id)
        return last is None or last + AGAIN_AFTER <= self._now()

    async def tell(self, member: Participant, answers: Mapping[str, int], words: str) -> None:
        """Keep what somebody said.

        Raises:
            KeepingError: it was said already, not for this member, or a question has no answer.
        """
        if any(answers.get(each) not in ANSWERS for each in QUESTIONS):
            raise KeepingError("Choose an answer to each question.", "answers")
        if len(words) > WORDS_MAX:
            raise KeepingError(f"This is over {WORDS_MAX:,} characters. Shorten it.", "words")
        plan = await self._plans.get(member.plan_id)
        if plan is None or not await self.may_tell(member):
            raise KeepingError("You have answered already. Thank you.")
        told = Experience(
            experience_id=self._new_id(), organisation=plan.organisation, plan=member.plan_id, person=member.person_id,
            answers={each: answers[each] for each in QUESTIONS}, words=words.strip(), made=self._now(),
        )  # fmt: skip
        act = Act(
            plan=member.plan_id, actor=member.person_id, action=Action.COMMAND, role=member.role,
            session=member.session_id, event="experience.tell",
        )  # fmt: skip
        async with self._changes.of_plan(member.plan_id) as turn:
            await self._rows.add(turn, told)
            await turn.append([act])

    async def months(self, organisation: str) -> tuple[Sequence[MonthToldOf], Sequence[str]]:
        """Return the months of an organisation's last year that have enough answers to hide each single one, the
        newest first, and what people added in them, in the order of its words: not in that of time."""
        by_month: dict[str, list[Experience]] = {}
        for each in await self._rows.since(organisation, self._now() - LOOKED_BACK):
            by_month.setdefault(f"{each.made:%Y-%m}", []).append(each)
        enough = {month: some for month, some in by_month.items() if len(some) >= FEW}
        told = [
            MonthToldOf(
                month,
                len(some),
                {each: tuple(sum(it.answers.get(each) == value for it in some) for value in ANSWERS)
                 for each in QUESTIONS},
            )
            for month, some in enough.items()
        ]  # fmt: skip
        return told, sorted(each.words for some in enough.values() for each in some if each.words)
