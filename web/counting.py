"""What is only known at the moment of asking, kept fresh where other processes tell it."""

import asyncio
from typing import Final

from hub.live.plans import CarePlans
from hub.process import measures
from hub.sockets.live_socket import outboxes
from web.views.findings import FindingsView

COUNT_SECONDS: Final = 1.0


def count(plans: CarePlans) -> None:
    """Set the levels of this process."""
    now = plans.counts()
    waiting, paused = outboxes()
    measures.ROOMS.set(now.rooms)
    measures.SOCKETS.set(now.sockets)
    measures.SECTIONS.set(now.sections)
    measures.STORAGE_AWAY.set(now.storage_away)
    measures.DEAF.set(now.deaf)
    measures.TASKS.set(len(asyncio.all_tasks()))
    measures.OUTBOX_BYTES.set(waiting)
    measures.SOCKETS_PAUSED.set(paused)


def count_shown(findings: FindingsView) -> None:
    """Count the open findings that a page shows, by rule: beside those set aside or acted on they tell of fatigue."""
    for each in findings.open:
        measures.FINDINGS.labels(each.rule, "shown").inc()


async def keep_counting(plans: CarePlans) -> None:
    """Set them every second, until cancelled: any process behind the port may be asked for all."""
    while True:
        count(plans)
        await asyncio.sleep(COUNT_SECONDS)
