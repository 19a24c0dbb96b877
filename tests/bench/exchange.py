"""What other systems and devices cost: ``python -m tests.bench.exchange`` prints the numbers of docs/scale.md.

Devices send to a demo hub in a process of its own, through its door, at a steady rate; a Bundle is read and mapped in
this process. The numbers are of this machine at that moment: its load stands beside them.
"""

import asyncio
import io
import json
import os
import re
import sys
import tempfile
import time
from array import array
from collections import Counter
from pathlib import Path
from typing import Any, Final

import httpx2
import psutil

from crdt.sections import Section
from hub.fhir.arriving import Arriving, learned
from hub.fhir.files import FileOfResources
from hub.fhir.proposing import Proposing
from hub.ids import new_id
from hub.live.commands import PlanContent, SectionContent
from tests.bench.scenarios import percentiles
from tests.bench.servers import SERVER_CORE, on_core
from tests.harness.hubs import Hub

A_SECOND: Final = 100
SECONDS: Final = 5
DEVICES_A_PLAN: Final = 18
RESOURCES: Final = 20_000
_TOKEN: Final = re.compile(r'class="token">(careplan-[^<]+)<')
_MEASURE: Final = re.compile(r'name="measure" value="([^"]+)"><span>[^<]*\(mmHg\)')


def main() -> None:
    """Measure and print."""
    _say(f"load {', '.join(f'{each:.1f}' for each in os.getloadavg())}")
    _mapped()
    with tempfile.TemporaryDirectory(prefix="exchange-", dir="/tmp") as scratch:
        hub = Hub(Path(scratch))
        try:
            with on_core(SERVER_CORE):
                hub.start()
            asyncio.run(_devices(hub))
        finally:
            hub.end()


async def _devices(hub: Hub) -> None:
    tokens = _paired(hub)
    process = psutil.Process(hub.process)
    async with httpx2.AsyncClient(base_url=f"{hub.base_url}/fhir", timeout=60) as client:
        for each in tokens:
            await _sent(client, each, 120)  # The plans are open from here on.
        before, began = _cpu(process), time.perf_counter()
        waits: list[asyncio.Task[tuple[int, float]]] = []
        for number in range(A_SECOND * SECONDS):
            due = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_later(began + number / A_SECOND - time.perf_counter(), due.set_result, None)
            await due
            waits.append(asyncio.create_task(_sent(client, tokens[number % len(tokens)], 110 + number % 30)))
        answers = await asyncio.gather(*waits)
        taken, used = time.perf_counter() - began, _cpu(process) - before
    made = sum(status == 201 for status, _ in answers)
    others = Counter(status for status, _ in answers if status != 201)
    p50, p95 = percentiles(array("d", [seconds for _, seconds in answers]), 0.5, 0.95)
    _say(
        f"{len(tokens)} devices, {A_SECOND} readings a second asked: {made} of {len(answers)} recorded, "
        f"answers beside 201: {dict(others)}, "
        f"{made / taken:,.0f} a second, p50 {p50:,.0f} ms, p95 {p95:,.0f} ms, {used * 1e3 / max(made, 1):.1f} ms of "
        "one core a reading without PostgreSQL"
    )


def _paired(hub: Hub) -> list[str]:
    tokens = []
    with hub.pages("primary_care") as pages:
        for plan in hub.description["plans"]:
            at = f"/plans/{plan['id']}/devices"
            measure = _MEASURE.search(pages.get(at).text)
            for number in range(DEVICES_A_PLAN if measure is not None else 0):
                form = {"act": "pair", "name": f"Cuff {number}", "days": "1", "measure": measure[1]}  # type: ignore[index]
                found = _TOKEN.search(pages.post(at, data=form).text)
                assert found is not None, "primary care pairs devices"
                tokens.append(found[1])
    return tokens


async def _sent(client: httpx2.AsyncClient, token: str, value: int) -> tuple[int, float]:
    began = time.perf_counter()
    reading = {
        "resourceType": "Observation", "status": "final", "identifier": [{"system": "urn:bench", "value": new_id()}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
        "valueQuantity": {"value": value, "code": "mm[Hg]"},
    }  # fmt: skip
    answer = await client.post("/Observation", json=reading, headers={"authorization": f"Bearer {token}"})
    return answer.status_code, time.perf_counter() - began


def _mapped() -> None:
    """Read, map and compare a Bundle of one patient with an empty plan."""
    entries = [{"resource": _resource(number)} for number in range(RESOURCES)]
    file = io.BytesIO(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode())
    began = time.process_time()
    known = learned(FileOfResources(file, lambda _: None))
    came = list(Arriving(FileOfResources(file, lambda _: None), known, (), "bench").entries())
    read = time.process_time() - began
    plan = PlanContent("bench", dict.fromkeys(Section, SectionContent()))
    found = Proposing(plan, {}, new_id).proposals(came)
    whole = time.process_time() - began
    _say(
        f"a Bundle of {RESOURCES:,} resources: {RESOURCES / read:,.0f} a second read and mapped, "
        f"{RESOURCES / whole:,.0f} with {len(found):,} proposals compared"
    )


def _resource(number: int) -> dict[str, Any]:
    subject = {"reference": "Patient/1"}
    if number % 2:
        return {
            "resourceType": "Observation", "id": f"o{number}", "status": "final", "subject": subject,
            "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}], "text": "Systolic blood pressure"},
            "effectiveDateTime": f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}T08:00:00Z",
            "valueQuantity": {"value": 100 + number % 60, "unit": "mmHg"},
        }  # fmt: skip
    return {
        "resourceType": "Condition", "id": f"c{number}", "subject": subject, "code": {"text": f"Problem {number}"},
        "clinicalStatus": {"coding": [{"code": "active"}]}, "onsetDateTime": "2020-01-01",
    }  # fmt: skip


def _cpu(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
