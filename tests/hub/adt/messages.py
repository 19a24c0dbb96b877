"""Hand-made messages, as an interface engine of a hospital writes them."""

from datetime import UTC, datetime

from hub.adt.events import HospitalEvent
from hub.adt.headers import header_of
from hub.adt.reading import event_of

MARY = "PID|1||004471920^^^NGH^MR||WHITFIELD^MARY^A||19560514|F|||12 LAKE RD^^NORTHSIDE^IL^60000||5550121"


def a_message(
    trigger: str,
    *,
    at: str = "20261127150900-0500",
    control: str = "",
    kind: str = "I",
    visit: str = "V0091",
    person: str = MARY,
    pv1: dict[int, str] | None = None,
    more: str = "",
    charset: str = "",
    encoding: str = "utf-8",
    processing: str = "P",
    sender: str = "EPIC|NGH",
) -> bytes:
    """Return a message; ``pv1`` are further fields of PV1 by number, ``more`` further segments."""
    control = control or f"{trigger}-{at}-{visit}"
    fields = {1: "1", 2: kind, 3: "3W^302^1^NORTHSIDE GENERAL", 19: visit, **(pv1 or {})}
    visit_line = "|".join(["PV1", *(fields.get(number, "") for number in range(1, 51))]).rstrip("|")
    lines = [
        f"MSH|^~\\&|{sender}|HUB|NORTHSIDE|{at}||ADT^{trigger}|{control}|{processing}|2.5.1||||||{charset}",
        f"EVN|{trigger}|{at}",
        person,
        visit_line,
        *([more] if more else []),
    ]
    return ("\r".join(lines) + "\r").encode(encoding)


def an_event(trigger: str, **told: object) -> HospitalEvent:
    """Return such a message, read."""
    message = a_message(trigger, **told)  # type: ignore[arg-type]
    header = header_of(message)
    assert header is not None
    return event_of(message, header, UTC)


def at(day: int, hour: int, *, year: int = 2026) -> str:
    """Return an instant of November as a message has it."""
    return datetime(year, 11, day, hour, tzinfo=UTC).strftime("%Y%m%d%H%M%S+0000")


def a_result(
    *, test: str = "57698-3^Lipid panel^LN", values: str = "13457-7^LDL^LN||128|mg/dL|0-100|H|||F", status: str = "F",
    number: str = "A4711", control: str = "R1", person: str = MARY, at: str = "20261127150900-0500",
) -> bytes:  # fmt: skip
    """Return an ORU^R01 with one order and one value."""
    order = {2: f"{number}^LAB", 4: test, 7: at[:14], 25: status}
    lines = [
        f"MSH|^~\\&|LAB|NGH|HUB|NORTHSIDE|{at}||ORU^R01^ORU_R01|{control}|P|2.5.1",
        person,
        "|".join(["OBR", "1", *(order.get(each, "") for each in range(2, 26))]),
        *([f"OBX|1|NM|{values}"] if values else []),
    ]
    return ("\r".join(lines) + "\r").encode()
