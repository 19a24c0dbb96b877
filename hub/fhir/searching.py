"""Whether a resource is what a search asks for, and which resources it includes. Pure; nothing hidden is compared.

Values of one parameter are alternatives (a comma between them, ``\\,`` for a comma in a value), parameters all hold.
Dates without a zone are those of UTC; a date is the whole of its day, month or year.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hub.directory.names import search_key
from hub.fhir.outcomes import ApiRefusedError
from hub.fhir.parameters import PARAMETERS, ParameterKind, SearchParameter
from hub.fhir.places import Json

VALUES_MAX: Final = 200
"""Values of all parameters of one search."""

_DATE: Final = re.compile(
    r"(eq|ne|gt|lt|ge|le|sa|eb)?(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?"
)
_MODIFIERS: Final = {
    ParameterKind.TOKEN: ("", "not", "text", "missing"),
    ParameterKind.STRING: ("", "exact", "contains", "missing"),
    ParameterKind.REFERENCE: ("", "missing"),
    ParameterKind.DATE: ("", "missing"),
}
_EARLIEST: Final = datetime(1, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Criterion:
    """One parameter of a search with its alternatives."""

    parameter: SearchParameter
    modifier: str
    values: tuple[str, ...]

    def holds(self, resource: Mapping[str, Any]) -> bool:
        """Say whether the resource is what is asked for."""
        found = [value for path in self.parameter.paths for value in _at(resource, path.split("."))]
        if self.modifier == "missing":
            return bool(found) != (self.values[0] == "true")
        matches = any(self._is(each, value) for each in self.values for value in found)
        return not matches if self.modifier == "not" else matches

    def _is(self, asked: str, value: object) -> bool:
        match self.parameter.kind:
            case ParameterKind.TOKEN:
                return _text_is(asked, value) if self.modifier == "text" else _token_is(asked, value)
            case ParameterKind.REFERENCE:
                return _reference_is(asked, value)
            case ParameterKind.STRING:
                return _string_is(asked, value, self.modifier)
            case ParameterKind.DATE:
                return _date_is(asked, value)


def criterion(kind: str, name: str, value: str) -> Criterion | None:
    """Return what one parameter of a search of this type asks, ``None`` for a parameter that is not known.

    Raises:
        ApiRefusedError: 400, the value or the modifier can't be read.
    """
    base, _, modifier = name.partition(":")
    parameter = PARAMETERS[kind].get(base)
    if parameter is None:
        return None
    if modifier not in _MODIFIERS[parameter.kind]:
        raise ApiRefusedError(400, f"{base} has no modifier {modifier[:40]}.")
    values = tuple(each.replace("\\,", ",") for each in re.split(r"(?<!\\),", value) if each)
    if not values or len(values) > VALUES_MAX:
        raise ApiRefusedError(400, f"{base} needs 1 to {VALUES_MAX} values.")
    if modifier == "missing" and values[0] not in ("true", "false"):
        raise ApiRefusedError(400, f"{base}:missing is true or false.")
    if parameter.kind is ParameterKind.DATE and modifier != "missing":
        for each in values:
            _asked_span(each)
    return Criterion(parameter, modifier, values)


def includes(kind: str, value: str, *, reverse: bool) -> SearchParameter:
    """Return the parameter that ``_include`` or ``_revinclude`` names, as in ``Task:owner``.

    Raises:
        ApiRefusedError: 400, there is no such reference.
    """
    source, _, rest = value.partition(":")
    name = rest.partition(":")[0]
    parameter = PARAMETERS.get(source, {}).get(name)
    if parameter is None or parameter.kind is not ParameterKind.REFERENCE or (not reverse and source != kind):
        raise ApiRefusedError(400, f"There is no reference {value[:80]} to follow.")
    return parameter


def references(resource: Mapping[str, Any], parameter: SearchParameter) -> Iterator[str]:
    """Yield what a resource refers to by this parameter, as type and id."""
    for path in parameter.paths:
        for value in _at(resource, path.split(".")):
            if isinstance(value, Mapping) and isinstance(target := value.get("reference"), str):
                yield target


def _at(value: object, path: Sequence[str]) -> Iterator[object]:
    if isinstance(value, list):
        for each in value:
            yield from _at(each, path)
    elif not path:
        yield value
    elif isinstance(value, Mapping) and path[0] in value:
        yield from _at(value[path[0]], path[1:])


def _token_is(asked: str, value: object) -> bool:
    system, bar, code = asked.rpartition("|")
    for told_system, told_code in _codes(value):
        if (not code or told_code == code) and (not bar or told_system == system):
            return True
    return False


def _codes(value: object) -> Iterator[tuple[str, str]]:
    """Yield system and code of whatever a token looks at."""
    if isinstance(value, bool):
        yield "", "true" if value else "false"
    elif isinstance(value, str):
        yield "", value
    elif isinstance(value, Mapping):
        if "coding" in value:
            for each in value["coding"]:
                yield str(each.get("system", "")), str(each.get("code", ""))
        elif "value" in value or "code" in value:
            yield str(value.get("system", "")), str(value.get("code", value.get("value", "")))


def _text_is(asked: str, value: object) -> bool:
    told = value if isinstance(value, Mapping) else {}
    words = [told.get("text"), *(each.get("display") for each in told.get("coding", []))]
    return any(search_key(asked) in search_key(each) for each in words if isinstance(each, str))


def _reference_is(asked: str, value: object) -> bool:
    target = value.get("reference") if isinstance(value, Mapping) else None
    if not isinstance(target, str):
        return False
    wanted = "/".join(asked.rstrip("/").split("/")[-2:])
    return target == wanted or ("/" not in wanted and target.partition("/")[2] == wanted)


def _string_is(asked: str, value: object, modifier: str) -> bool:
    if not isinstance(value, str):
        return False
    if modifier == "exact":
        return value == asked
    told, wanted = search_key(value), search_key(asked)
    return bool(wanted) and (wanted in told if modifier == "contains" else f" {told}".find(f" {wanted}") >= 0)


def _date_is(asked: str, value: object) -> bool:
    prefix, low, high = _asked_span(asked)
    if isinstance(value, Mapping):
        told = (_span(str(value.get("start", ""))), _span(str(value.get("end", ""))))
        begins, ends = told[0][0] if told[0] else _EARLIEST, told[1][1] if told[1] else _LATEST
    else:
        found = _span(str(value))
        if found is None:
            return False
        begins, ends = found
    within = low <= begins and ends <= high
    match prefix:
        case "ne":
            return not within
        case "gt":
            return ends > high
        case "lt":
            return begins < low
        case "ge":
            return ends > high or within
        case "le":
            return begins < low or within
        case "sa":
            return begins >= high
        case "eb":
            return ends <= low
        case _:
            return within


def _asked_span(asked: str) -> tuple[str, datetime, datetime]:
    """Return prefix, begin and end of a date that is asked for.

    Raises:
        ApiRefusedError: 400, it is no date.
    """
    prefix = asked[:2] if asked[:2].isalpha() else ""
    span = _span(asked[len(prefix) :])
    if span is None or (prefix and _DATE.fullmatch(asked) is None):
        raise ApiRefusedError(400, "A date is such as ge2026-11-27, or 2026-11-27T08:00:00Z.")
    return prefix, *span


def _span(told: str) -> tuple[datetime, datetime] | None:
    """Return from when to before when a date or instant of FHIR lasts, ``None`` for what is none."""
    found = _DATE.fullmatch(told)
    if found is None or found[1]:
        return None
    year, month, day, hour, _, second = (int(each) if each else None for each in found.groups()[1:7])
    try:
        if month is None or year is None:
            begins, ends = datetime(year or 1, 1, 1, tzinfo=UTC), datetime((year or 1) + 1, 1, 1, tzinfo=UTC)
        elif day is None:
            begins = datetime(year, month, 1, tzinfo=UTC)
            ends = (begins + timedelta(days=32)).replace(day=1)
        elif hour is None:
            begins = datetime(year, month, day, tzinfo=UTC)
            ends = begins + timedelta(days=1)
        else:
            begins = datetime.fromisoformat(told)
            begins = begins.replace(tzinfo=UTC) if begins.tzinfo is None else begins.astimezone(UTC)
            ends = begins + (timedelta(minutes=1) if second is None else timedelta(milliseconds=1))
    except (ValueError, OverflowError):
        return None
    return begins, ends


def instant_of(told: str) -> datetime:
    """Return the instant, or the beginning of the date, that is told.

    Raises:
        ApiRefusedError: 400, it is none.
    """
    span = _span(told)
    if span is None:
        raise ApiRefusedError(400, "An instant is such as 2026-11-27T08:00:00Z.")
    return span[0]


def all_hold(criteria: Iterable[Criterion], resource: Json) -> bool:
    """Say whether a resource is what all criteria ask for."""
    return all(each.holds(resource) for each in criteria)
