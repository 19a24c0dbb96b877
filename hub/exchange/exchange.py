"""What pages ask about plans that leave as FHIR: whom a plan is for."""

from hub.exchange.subjects import subject_of
from hub.fhir.people import Subject
from hub.store.engine import Engine


class Exchange:
    """What pages and doors ask of the store when a plan leaves or something comes for it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def subject(self, plan_id: str) -> Subject | None:
        """Return whom the plan is for, ``None`` where there is no such plan."""
        return await subject_of(self._engine, plan_id)
