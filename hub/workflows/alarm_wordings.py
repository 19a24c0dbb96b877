"""An alarm of a measure in one line: the value, how it moved, and since when it is so."""

from datetime import datetime, tzinfo

from crdt.contents import Record
from hub.workflows.contents import Values, number, plain_day, words
from hub.workflows.monitoring import Alarm, Alarmed, counted, measure_name, taken


def alarm_told(values: Values, standing: Alarm, zone: tzinfo) -> str:
    """Return as in ``Body weight 71.2 kg, 3 higher in 5 days, red since 21-Nov-2026``; days are those of the zone."""
    name = measure_name(values)
    if standing.about is Alarmed.SILENCE:
        return f"{name}: no reading for {_days(standing.days)}"
    value = value_told(standing.reading)
    unit = words(values, "unit")
    if standing.about is Alarmed.TREND:
        way = "higher" if standing.by > 0 else "lower"
        return f"{name} {value} {unit}".strip() + f", {abs(standing.by):g} {way} within {_days(standing.days)}"
    moved = _moved(values, standing)
    since = plain_day(standing.since.astimezone(zone).date())
    return f"{name} {value} {unit}".strip() + f"{moved}, {standing.zone} since {since}"


def never_told(values: Values, since: datetime, zone: tzinfo) -> str:
    """Return as in ``Body weight: no reading yet, overdue since 21-Nov-2026``."""
    return f"{measure_name(values)}: no reading yet, overdue since {plain_day(since.astimezone(zone).date())}"


def value_told(record: Record) -> str:
    """Return the value as it is read, both numbers of a blood pressure with a stroke between."""
    value, second = number(record, "value"), number(record, "second")
    if value is None:
        return ""
    return f"{value:g}" if second is None else f"{max(value, second):g}/{min(value, second):g}"


def _moved(values: Values, standing: Alarm) -> str:
    """Return how the value has moved since two readings before, ``""`` for a first one."""
    found = counted(values)
    at = next(index for index, (key, _) in enumerate(found) if key == standing.key)
    if at == 0:
        return ""
    before = found[max(at - 2, 0)][1]
    value, earlier = number(standing.reading, "value"), number(before, "value")
    last, then = taken(standing.reading), taken(before)
    if value is None or earlier is None or value == earlier:
        return ""
    days = (last - then).days if last is not None and then is not None else 0
    return f", {abs(value - earlier):.6g} {'higher' if value > earlier else 'lower'}" + (
        f" in {_days(days)}" if days else ""
    )


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"
