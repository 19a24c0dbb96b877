"""A plain list, one fact a line: a medicine, or ``allergy:``, ``problem:``, ``lab:``, ``age:``, ``sex:`` before it."""

import re
from datetime import date
from typing import Final

from hub.safety.charts import Chart, ChartAllergy, ChartMedicine, ChartProblem, ChartValue
from hub.safety.conditions import MEASURES, measure_of
from hub.safety.names import FORM_WORDS, PHRASES, key_of
from hub.safety.wordings import bare, numbered

LINES_MAX: Final = 1_000

_KIND: Final = re.compile(
    r"(allergy|allergies|intolerance|problem|condition|diagnosis|lab|age|sex|gender|medicine|medication)\s*:\s*(.*)",
    re.I,
)
_BULLET: Final = re.compile(r"^(?:[-*•]\s+|\d{1,2}[.)]\s+)")
_SIG: Final = re.compile(
    r"\s*[,;]\s+|\s+(?=[\d.½¼¾⅓⅔])|\s+(?=(?:take|takes|one|two|three|four|half|once|twice|daily|every|each|qd|"
    r"bid|tid|qid|q\d|qhs|qam|"
    r"qpm|prn|as directed|as needed|when needed|at bedtime|nightly|weekly|apply|inhale|inject|tabs?|po|by mouth)\b)",
    re.I,
)  # fmt: skip
_GONE: Final = re.compile(
    r"\b(?:stopped|discontinued|d/c'?d|no longer|not taking|on hold|held|"
    r"suspendid[oa])\b",
    re.I,
)
_DATE: Final = re.compile(r"\(?\b(?:on )?(\d{4}-\d{2}-\d{2})\b\)?")
_LAB: Final = re.compile(
    r"(?P<name>[\w+/ .%-]*?[a-z+)])(?:\s*[:=]\s*|\s+(?:(?:level|of|is|"
    r"was)\s*)?[:=]?\s*)(?P<value>[<>]?=?\s*\d+(?:\.\d+)?)(?:/\d+)?\s*(?P<unit>\S.*)?",
    re.I,
)
_LOINC: Final = re.compile(r"(\d{1,6}-\d)\s+(.*)")


class ListError(ValueError):
    """The list can't be read at all; the message says why."""


def read_list(told: str) -> Chart:
    """Return the chart of a plain list. A line that can't be read stands in ``unread``.

    Raises:
        ListError: there is nothing in it, or too much.
    """
    lines = [_BULLET.sub("", line.strip()) for line in told.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    if not lines or len(lines) > LINES_MAX:
        raise ListError("The list is empty." if not lines else f"The list has more than {LINES_MAX:,} lines.")
    medicines: list[ChartMedicine] = []
    allergies: list[ChartAllergy] = []
    problems: list[ChartProblem] = []
    labs: list[ChartValue] = []
    unread: list[tuple[str, str]] = []
    age: float | None = None
    sex = ""
    for number, line in enumerate(lines, start=1):
        kind, words = _kind(line)
        entry = f"line-{number}"
        if kind == "allergy":
            allergies.append(ChartAllergy(entry, words, intolerance=line.lower().startswith("intolerance")))
        elif kind == "problem":
            problems.append(_problem(entry, words))
        elif kind == "lab":
            _read_labs(entry, words, labs, unread)
        elif kind == "age":
            age = _age(words)
            unread += [(line, "the age is not understood")] if age is None else []
        elif kind == "sex":
            sex = {"f": "female", "m": "male", "w": "female"}.get(words[:1].lower(), "")
        elif _GONE.search(words):
            unread.append((words, "it says that it is not taken; it was not counted"))
        else:
            medicines.append(medicine_of(entry, words))
    return Chart(tuple(medicines), tuple(allergies), tuple(problems), tuple(labs), age, sex, tuple(unread))


def _kind(line: str) -> tuple[str, str]:
    found = _KIND.fullmatch(line)
    if found is None:
        return "medicine", line
    kind = found[1].lower()
    kinds = {
        "allergies": "allergy",
        "intolerance": "allergy",
        "condition": "problem",
        "diagnosis": "problem",
        "gender": "sex",
    }
    return kinds.get(kind, "medicine" if kind.startswith("medic") else kind), found[2].strip()


def medicine_of(entry: str, line: str) -> ChartMedicine:
    """Return one medicine written on one line, cut where its directions begin."""
    cuts = [found for found in _SIG.finditer(line) if found.start() > 0]
    name, rest = line, ""
    for found in cuts:
        name, rest = line[: found.start()], line[found.end() :]
        following = re.match(r"\S+", rest)
        longer = f"{name} {following[0].rstrip(',;')}" if following else name
        if key_of(longer) in PHRASES and following is not None:
            name, rest = longer, rest[following.end() :].strip(" ,;")
        if re.search(r"[a-zA-Z]", re.sub(r"\b\d+ ?(?:hr|hour)\b", "", name, flags=re.I)):
            break
    forms = " ".join(word for word in re.findall(r"[a-z-]+", bare(rest)) if word in FORM_WORDS)
    return ChartMedicine(entry, name.strip(" ,;:-"), rest.strip(), "", forms)


def _problem(entry: str, words: str) -> ChartProblem:
    codes = re.findall(r"\b[A-TV-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?\b", words)
    resolved = re.search(r"[(,;-]\s*(?:resolved|inactive|in remission)\b", words, re.I)
    return ChartProblem(entry, words, tuple(codes), "resolved" if resolved else "")


def _read_labs(entry: str, words: str, labs: list[ChartValue], unread: list[tuple[str, str]]) -> None:
    for part in re.split(r"[;]\s*|,\s+(?=[A-Za-z])", words):
        dated = _DATE.search(part)
        when = _day(dated[1]) if dated else None
        rest = _DATE.sub("", part).strip(" ,()")
        coded = _LOINC.match(rest)
        code = (coded[1],) if coded else ()
        rest = coded[2] if coded else rest
        found = _LAB.fullmatch(rest.strip()) or (_LAB.fullmatch(f"x {rest.strip()}") if code else None)
        if found is None:
            unread.append((part.strip(), "the value is not understood"))
            continue
        value = float(re.sub(r"[<>=\s]", "", numbered(found["value"])))
        unit = (found["unit"] or "").strip(" ,()")
        line = ChartValue(entry, found["name"].strip(), value, unit, code, when)
        if measure_of(line) is None:
            unread.append(
                (part.strip(), f"no rule asks for it; known are {', '.join(each.name for each in MEASURES.values())}")
            )
        else:
            labs.append(line)


def _day(told: str) -> date | None:
    try:
        return date.fromisoformat(told)
    except ValueError:
        return None


def _age(words: str) -> float | None:
    found = re.fullmatch(r"(\d{1,3})\s*(years?|yrs?|y/?o?|months?|mo|weeks?|days?)?(?: old)?\.?", words.strip(), re.I)
    if found is None or int(found[1]) > 130:
        return None
    unit = (found[2] or "y")[:1].lower()
    return int(found[1]) / {"y": 1, "m": 12, "w": 52, "d": 365}[unit]
