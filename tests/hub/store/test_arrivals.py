"""Files that came in, over the real store: kept with their row, told once, decided once."""

import io
import json
from datetime import UTC, datetime

import pytest

from crdt.sections import Section
from hub.exchange.exchange import Exchange, ImportRefusedError, Sender
from hub.ids import new_id
from hub.live.commands import PlanContent
from hub.record.journal import Action
from tests.hub.store.conftest import Store

pytestmark = pytest.mark.anyio


@pytest.fixture
def exchange(store: Store) -> Exchange:
    return Exchange(store.engine, store.journal, lambda: datetime.now(UTC), new_id)


def a_file(name: str = "Asthma", *, born: str = "1956-03-02") -> io.BytesIO:
    patient = {"resourceType": "Patient", "id": "p", "birthDate": born, "name": [{"family": "Okafor"}]}
    condition = {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p"}, "code": {"text": name}}
    return io.BytesIO(json.dumps([patient, condition]).encode())


async def test_a_file_waits_once_a_newer_version_takes_its_place_and_what_was_declined_stays_so(
    store: Store, exchange: Exchange
) -> None:
    plan = PlanContent((await store.a_plan()).plan_id, {})

    async def bring(file: io.BytesIO) -> list[str]:
        report = await exchange.compared(file, plan, [], "Mercy")
        await exchange.keep(plan.plan_id, report, source="Mercy", file="x.json", sender=Sender(login="root"))
        return [str(each.values["name"]) for each in await exchange.arrivals.waiting(plan.plan_id)]

    assert await bring(a_file()) == ["Asthma"]
    assert await bring(a_file()) == ["Asthma"]
    assert await bring(a_file("Severe asthma")) == ["Severe asthma"]
    line = (await exchange.arrivals.waiting(plan.plan_id))[0]
    assert (line.section, json.loads(line.original)["id"]) == (Section.CONDITIONS, "c")
    await exchange.arrivals.decide(plan.plan_id, [line.line_id], "declined", by="ana", now=datetime.now(UTC))
    assert await bring(a_file("Severe asthma")) == []

    rows = await store.journal.history(plan.plan_id, limit=10)
    received = [row for row in rows if row.action is Action.IMPORT]
    assert len(received) == 4
    assert "asthma" not in str([row.words for row in received]).lower(), "the row tells of the file, not its words"


async def test_a_file_of_another_patient_is_refused_unless_somebody_says_it_is_the_same(
    store: Store, exchange: Exchange
) -> None:
    plan = PlanContent((await store.a_plan()).plan_id, {})

    with pytest.raises(ImportRefusedError, match="born 1957-01-01"):
        await exchange.compared(a_file(born="1957-01-01"), plan, [], "Mercy")
    report = await exchange.compared(a_file(born="1957-01-01"), plan, [], "Mercy", same_person=True)

    assert len(report.lines) == 1
