"""A running hub told as JSON, in a file of its data folder: for ``demo --describe``, scripts and tests.

The file is written when the hub is ready and removed when it ends; one that a killed hub left behind is told by its
port, where nothing listens any more.
"""

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeAlias

from crdt.sections import Section
from hub.store.engine import create_engine
from hub.store.participants import Participants
from hub.store.people import People
from hub.store.plans import Plans
from web.settings import Settings

JSON: TypeAlias = str | int | list["JSON"] | dict[str, "JSON"] | None

FILE: Final = "hub.json"
CONNECT_SECONDS_MAX: Final = 1.0


class NotRunningError(Exception):
    """No hub runs on that data folder; the message says how to start one."""


@dataclass(frozen=True, slots=True)
class DemoDescription:
    """Who and what the demo holds."""

    people: list[JSON]
    plans: list[dict[str, JSON]]


async def story_of(database_url: str) -> DemoDescription:
    """Return the people one can sign in as, and the plans with their members."""
    engine = create_engine(database_url, connections_max=1)
    now = datetime.now(UTC)
    try:
        people = await People(engine).active()
        plans = Plans(engine)
        told: list[dict[str, JSON]] = []
        for plan in (await plans.among(await plans.all_ids())).values():
            participants = await Participants(engine).of_plan(plan.plan_id, now)
            members: list[JSON] = [{"person": each.person_id, "role": each.role.value} for each in participants]
            told.append({"id": plan.plan_id, "patient": plan.name, "members": members})
    finally:
        await engine.dispose()
    return DemoDescription(
        [{"id": each.person_id, "name": each.name, "role": each.role.value} for each in people], told
    )


def description(settings: Settings, story: DemoDescription | None) -> dict[str, JSON]:
    """Return what a script needs to know of a running hub."""
    told: dict[str, JSON] = {
        "base_url": settings.origin,
        "port": settings.port,
        "process": os.getpid(),
        "mode": settings.mode.value,
        "adt": settings.adt.address if settings.adt is not None else None,
    }
    if story is None:
        return told
    return told | {
        "people": story.people,
        "plans": [
            plan
            | {
                "url": f"{settings.origin}/plans/{plan['id']}",
                "live_url": f"{settings.live_origin}/plans/{plan['id']}/live",
            }
            for plan in story.plans
        ],
        "sections": [section.value for section in Section],
        "sign_in": {
            "method": "POST",
            "url": f"{settings.origin}/sign-in/demo",
            "field": "person",
            "cookie": settings.session_cookie,
        },
    }


def remember(settings: Settings, told: Mapping[str, JSON]) -> None:
    """Put the description into the data folder, whole or not at all."""
    path = settings.data_dir / FILE
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps(told, indent=2, ensure_ascii=False), encoding="utf-8")
    unfinished.replace(path)


def forget(settings: Settings) -> None:
    """Remove the description; nothing happens where there is none."""
    (settings.data_dir / FILE).unlink(missing_ok=True)


def describe_running(data_dir: Path) -> dict[str, JSON]:
    """Return the description of the hub that runs on the folder.

    Raises:
        NotRunningError: none does.
    """
    try:
        told: dict[str, JSON] = json.loads((data_dir / FILE).read_text(encoding="utf-8"))
        listening = _listens(int(str(told["port"])))
    except (FileNotFoundError, ValueError, KeyError):
        listening = False
    if not listening:
        raise NotRunningError(f"No hub runs on {data_dir}. Start it there first: careplan-hub demo --data {data_dir}")
    return told


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), CONNECT_SECONDS_MAX).close()
    except OSError:
        return False
    return True
