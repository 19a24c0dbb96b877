"""The grammar of directions: an amount and a rate count only when every word of them is understood.

``scan`` cuts directions into pieces at one position after the other; what no pattern takes is what was not understood,
and then nothing of the directions counts. Abbreviations are those of common use in US prescriptions; which of them
ISMP calls error-prone is said by ``notations``. Ranges count by their upper end, intervals by their shortest.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hub.safety.wordings import numbered

WORDS_MAX: Final = 600
"""Directions longer than this many characters are not read."""


class Part(StrEnum):
    """What one piece of directions says."""

    MASS = "mass"
    COUNT = "count"
    BARE = "bare number"
    VOLUME = "volume"
    STRENGTHS = "strengths"
    CONCENTRATION = "concentration"
    RATE = "rate of a patch"
    FORM = "form"
    TIMES = "times a day"
    DAILY = "daily"
    MOMENT = "moment of the day"
    MEALS = "meals"
    DAYS = "days a week"
    ONCE = "once"
    NEEDED = "when needed"
    MOST = "most a day"
    LASTS = "lasts"
    THEN = "then"
    TOTAL = "in all"
    OPEN = "opening parenthesis"
    EACH = "each"
    FILLER = "filler"


@dataclass(frozen=True, slots=True)
class Piece:
    """One understood piece: its part, its number (upper end), its unit, and its place in the words."""

    part: Part
    value: float = 0.0
    unit: str = ""
    values: tuple[float, ...] = ()


_N: Final = r"(\d+(?:\.\d+)?)"
_TO: Final = r" ?(?:-|to|or|a) ?"
_RANGE: Final = rf"{_N}(?:{_TO}{_N})?"
_NUMBER: Final = r"\d+(?:\.\d+)?"
_MASS_UNIT: Final = (
    r"(?:mgs?|milligrams?|miligramos?|mcgs?|ug|μg|micrograms?|g|gms?|gr|grams?|units?|u|iu|unt|unidades|meq|mmol)"
)
_MASS: Final = rf"{_MASS_UNIT}\b\.?"
_ML: Final = r"(?:mls?|cc|milliliters?|tsp|teaspoons?|teaspoonfuls?|tbsp|tablespoons?|drops?|gtts?)\b\.?"
_ADJECTIVE: Final = (
    r"(?:(?:extra strength|regular strength|oral|film[- ]coated|enteric[- ]coated|chewable|delayed[- ]release|"
    r"extended[- ]release|er|xr|sr|dr|ec|odt|sublingual|sl|low[- ]dose|whole|full|of the) )*"
)
_PIECE_UNIT: Final = (
    r"(?:tabs?|tablets?|tabletas?|caps?|capsules?|capsulas?|comprimidos?|pills?|pastillas?|caplets?|gelcaps?|"
    r"softgels?|"
    r"lozenges?|puffs?|inhalations?|inh|sprays?|patch(?:es)?|parches|parche|suppositor(?:y|ies)|packets?|sachets?|"
    r"vials?|ampules?|scoops?|gumm(?:y|ies)|doses?|applications?|pens?|gram strips?|films?|strips?|pieces?)"
)
_PIECE: Final = rf"{_PIECE_UNIT}\b\.?"
_DAY: Final = r"(?:day|daily|d|dia|diario|diaria|24 ?(?:h|hr|hrs|hours?))\b"
_PER: Final = r"(?:a|per|each|every|in|in a|over|/|al|por|in any|within)"
_HOURS: Final = r"(?:h|hr|hrs|hour|hours|hourly|hora|horas)\b\.?"
_WEEKDAY: Final = r"(?:mon|tue|tues|wed|weds|thu|thur|thurs|fri|sat|sun)(?:day|nesday|rsday|sday|urday)?s?\b"
_LIST: Final = rf"{_WEEKDAY}(?:(?: ?(?:,|/|-|&|and|, and) ?){_WEEKDAY})*"
_ABBREVIATED: Final = {
    "bid": 2.0, "bd": 2.0, "tid": 3.0, "tds": 3.0, "qid": 4.0, "qds": 4.0, "qam": -1.0, "qpm": -1.0, "qhs": -1.0,
    "hs": -1.0, "nightly": -1.0, "qnight": -1.0, "qn": -1.0,
}  # fmt: skip
_REASON_STOPS: Final = (
    r"then|max|maximum|not|no|until|double|half|increase|decrease|alternate|alternating|every|daily|each|once|twice|"
    r"times|or|if|unless|except|prn|bid|tid|qid|qd|qhs|at|in|by|total|x|take|with|as|when|up|weekly|week|weeks|days?|"
    r"nightly|morning|evening|bedtime"
)
_WHY: Final = rf"(?: (?:(?:or|and) )?(?!(?:{_REASON_STOPS})\b)[a-z'/-]+(?![a-z0-9']))"
_REASON: Final = rf"(?:for|para|due to|to help with|to prevent|to treat){_WHY}{{1,6}}"


def _upper(low: str, high: str | None) -> float:
    return max(float(low), float(high)) if high else float(low)


def _mass(found: re.Match[str]) -> Piece:
    unit = _unit(found["unit"])
    value = _upper(found[1], found[2])
    return Piece(Part.MASS, value * unit[0], unit[1])


def _two_masses(found: re.Match[str]) -> Piece:
    low, high = _unit(found["one"]), _unit(found["two"])
    return Piece(Part.MASS, max(float(found[1]) * low[0], float(found[3]) * high[0]), high[1])


def _unit(told: str) -> tuple[float, str]:
    """Return the factor and the unit that counts: milligrams for masses, else the unit by its plain name."""
    told = told.rstrip(".")
    if told.startswith("mg") or told.startswith("mil"):
        return 1.0, "mg"
    if told in ("mcg", "mcgs", "ug", "μg") or told.startswith("micro"):
        return 0.001, "mg"
    if told in ("g", "gm", "gms", "gr") or told.startswith("gram"):
        return 1000.0, "mg"
    if told in ("meq", "mmol"):
        return 1.0, told
    return 1.0, "units"


def _volume(found: re.Match[str]) -> Piece:
    told = found["unit"].rstrip(".")
    if told.startswith(("drop", "gtt")):
        return Piece(Part.VOLUME, _upper(found[1], found[2]), "drops")
    factor = 5.0 if told.startswith("t") and "tb" not in told and "table" not in told else 1.0
    factor = 15.0 if told.startswith(("tb", "tables")) else factor
    return Piece(Part.VOLUME, _upper(found[1], found[2]) * factor, "ml")


def _concentration(found: re.Match[str]) -> Piece:
    factor, unit = _unit(found["unit"])
    return Piece(Part.CONCENTRATION, float(found[1]) * factor / float(found["ml"] or 1), unit)


def _strengths(found: re.Match[str]) -> Piece:
    factor, unit = _unit(found["unit"])
    return Piece(Part.STRENGTHS, unit=unit, values=tuple(float(each) * factor for each in found["all"].split("/")))


def _mass_list(found: re.Match[str]) -> Piece:
    each = re.findall(rf"{_N} ?({_MASS_UNIT})\b", found[0])
    values = tuple(float(number) * _unit(unit)[0] for number, unit in each)
    return Piece(Part.STRENGTHS, unit="mg", values=values)


def _most(found: re.Match[str]) -> Piece:
    value = _upper(found[1], found[2])
    told = (found["unit"] or "").rstrip(".")
    if re.fullmatch(_MASS_UNIT, told):
        factor, unit = _unit(told)
        return Piece(Part.MOST, value * factor, unit)
    if told in ("ml", "mls", "cc"):
        return Piece(Part.MOST, value, "ml")
    if not told:
        return Piece(Part.MOST, value, "either")
    return Piece(Part.MOST, value, "times" if told in ("times", "time", "x", "dose", "doses") else "count")


def _every_hours(found: re.Match[str]) -> Piece | None:
    hours = min(float(found[1]), float(found[2] or found[1]))
    if not 1 <= hours <= 24 * 31:
        return None
    return Piece(Part.TIMES, 24 / hours) if hours <= 24 else Piece(Part.DAYS, 7 * 24 / hours, "interval")


def _every_days(found: re.Match[str]) -> Piece | None:
    many = float(found[1]) * {"d": 1, "w": 7, "m": 30}[found["of"][0]]
    if many < 1:
        return None
    return Piece(Part.DAILY) if many == 1 else Piece(Part.DAYS, 7 / many, "interval")


def _weekdays(found: re.Match[str]) -> Piece:
    named = {each[:3] for each in re.findall(_WEEKDAY, found[0])}
    if re.search(r"\w ?- ?\w", found[0]):
        order = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        first, last = (order.index(each[:3]) for each in re.findall(_WEEKDAY, found[0])[:2])
        return Piece(Part.DAYS, float((last - first) % 7 + 1), "weekdays")
    return Piece(Part.DAYS, float(len(named)), "weekdays")


def _abbreviated(found: re.Match[str]) -> Piece:
    times = _ABBREVIATED[found[1]]
    return Piece(Part.MOMENT, 1.0) if times < 0 else Piece(Part.TIMES, times)


def _of(part: Part, value: float = 0.0, unit: str = "") -> Callable[[re.Match[str]], Piece | None]:
    return lambda found: Piece(part, value, unit)


def _times(part: Part, unit: str = "") -> Callable[[re.Match[str]], Piece | None]:
    return lambda found: Piece(part, _upper(found[1], found[2]), unit)


def _shape(words: str, read: Callable[[re.Match[str]], Piece | None]) -> tuple[re.Pattern[str], Callable[..., object]]:
    return re.compile(words), read


_MOST: Final = (
    r"(?:max(?:imum)?\.?(?: daily)?(?: dose)?|up to(?: a max(?:imum)? of)?|(?:do )?not (?:to )?exceed(?:ing)?|"
    r"(?:do not take |not |no )more than|limit(?: to)?|limited to|maximo|at most)(?: of| is|:)? ?"
)
_MOST_UNIT: Final = rf"(?P<unit>{_MASS_UNIT}|mls?|cc|times?|x|doses?|{_PIECE_UNIT})"

_SHAPES: Final = (
    _shape(rf"{_MOST}{_RANGE} ?{_MOST_UNIT}?\b\.?(?: total)? ?(?:{_PER} ?{_DAY}|daily\b)", _most),
    _shape(rf"{_N} ?(?P<unit>{_MASS}) ?(?:/|per|in|por) ?(?P<ml>\d+(?:\.\d+)?)? ?mls?\b", _concentration),
    _shape(rf"{_N} ?(?:mcg|mg|ug|μg) ?(?:/|per) ?(?:h|hr|hour|24 ?h|24 ?hr|24 ?hours|72 ?h)\b\.?", _of(Part.RATE)),
    _shape(
        rf"(?P<all>\d+(?:\.\d+)?(?:/\d+(?:\.\d+)?)+) ?(?P<unit>{_MASS}) ?(?:/|per) ?"
        r"(?:actuation|act|puff|spray|inhalation|inh|blister|dose)\b\.?",
        _of(Part.RATE),
    ),
    _shape(
        rf"{_N} ?{_MASS} ?(?:/|per) ?(?:actuation|act|puff|spray|inhalation|inh|blister|dose|pen|drop)\b\.?",
        _of(Part.RATE),
    ),
    _shape(r"\d+(?:\.\d+)? ?%", _of(Part.RATE)),
    _shape(rf"(?P<all>\d+(?:\.\d+)?(?: ?/ ?\d+(?:\.\d+)?){{1,3}}) ?(?P<unit>{_MASS})", _strengths),
    _shape(rf"{_NUMBER} ?{_MASS}(?: ?[/+] ?{_NUMBER} ?{_MASS}){{1,3}}", _mass_list),
    _shape(rf"{_N} ?(?P<one>{_MASS}){_TO}{_N} ?(?P<two>{_MASS})", _two_masses),
    _shape(rf"{_RANGE} ?(?P<unit>{_MASS}) ?(?:/|per) ?(?=tab|cap|pill)", _mass),
    _shape(rf"{_N}() ?(?:x|×|\*) ?(?={_NUMBER} ?{_MASS})", _times(Part.COUNT, "of")),
    _shape(rf"{_N}() (?={_NUMBER} ?-?{_MASS} ?{_ADJECTIVE}{_PIECE})", _times(Part.COUNT, "of")),
    _shape(rf"{_RANGE} ?-?(?P<unit>{_MASS})", _mass),
    _shape(rf"{_RANGE} ?(?P<unit>{_ML})", _volume),
    _shape(rf"{_RANGE} ?(?:times?|x|veces|vez) ?(?:{_PER} ?)?{_DAY}", _times(Part.TIMES)),
    _shape(rf"x ?{_N}()(?: times?)? ?(?:{_PER} ?)?(?:day|daily)\b", _times(Part.TIMES)),
    _shape(rf"{_RANGE} ?(?:times?|x|veces) ?(?:{_PER} ?)?(?:week|weekly|wk|semana)\b", _times(Part.DAYS, "weekly")),
    _shape(rf"{_RANGE} ?(?:days?) ?{_PER} ?(?:week|wk)\b", _times(Part.DAYS, "weekly")),
    _shape(rf"(?:take |for |x ?){_RANGE} ?(?:days?|d|weeks?|wks?|w|months?|dias|semanas?)\b\.?", _of(Part.LASTS)),
    _shape(rf"(?:every|each|q|cada) ?{_RANGE} ?(?:minutes?|mins?)\b\.?(?:,? ?(?:for )?(?:x|up to|times) ?\d+"
           rf"(?: ?(?:doses?|times?|{_PIECE_UNIT}))?\b)?", _of(Part.FILLER)),
    _shape(r"x ?([2-4])() (?=(?:bid|tid|qid|daily|nightly|once|twice|every|each|at|in the|q\d)\b)",
           _times(Part.COUNT, "of")),
    _shape(rf"(?:every|each|q|cada) ?{_RANGE} ?{_HOURS}", _every_hours),
    _shape(rf"(?:every|each|q|cada) ?{_N} ?(?P<of>days?|d|weeks?|wks?|w|months?|mo|dias|semanas|"
               rf"meses)\b", _every_days),
    _shape(rf"{_RANGE} ?{_ADJECTIVE}{_PIECE}", _times(Part.COUNT)),
    _shape(r"(?:at )?(?:1[0-2]|0?[1-9])(?::[0-5]\d)? ?(?:am|pm|a m|p m)\b", _of(Part.MOMENT, 1.0)),
    _shape(r"at (?:[01]?\d|2[0-3]):[0-5]\d\b", _of(Part.MOMENT, 1.0)),
    _shape(rf"in {_RANGE} ?(?:divided |equal |equally divided )?doses?\b", _of(Part.TOTAL)),
    _shape(r"(?:on )?days? \d+(?: ?(?:-|to|through|thru|and) ?\d+)?\b|(?:on )?the first day\b", _of(Part.LASTS)),
    _shape(r"\((?:pain )?(?:scale |score )?\d+ ?(?:-|to) ?\d+(?:/10)?\)", _of(Part.FILLER)),
    _shape(r"(?:24|12) ?(?:hr|hour)s? (?=tab|cap|er\b|extended)", _of(Part.FILLER)),
    _shape(rf"{_N}()(?= (?:by mouth|po|orally|at|in the|every|each|q|once|twice|daily|bid|tid|qid|as needed|prn|"
               rf"{_NUMBER} ?(?:times|x) )|$| ?[,;.])",
           _times(Part.BARE)),
    _shape(r"(?:every|q) ?(?:other|alternate|2nd|second) (?:day|night|morning|evening)\b|qod\b|"
               r"(?:on )?alternate days?\b|"
           r"alternating days\b|eod\b", _of(Part.DAYS, 3.5, "interval")),
    _shape(r"(?:once|1 time|1x) ?(?:a |per |every |each |/)?(?:week|weekly|wk|semana)\b|(?:every|each|q|per|"
               r"a) ?(?:week|wk)\b|weekly\b|"
           r"(?:once )?(?:per|a) week\b|1 vez (?:a la|por) semana\b", _of(Part.DAYS, 1.0, "weekly")),
    _shape(r"twice ?(?:a |per |every |each )?(?:week|weekly)\b|biweekly twice", _of(Part.DAYS, 2.0, "weekly")),
    _shape(r"(?:every|q) ?other week\b|fortnightly\b", _of(Part.DAYS, 0.5, "interval")),
    _shape(r"(?:once )?(?:a|per|every|each) month\b|(?:once )?monthly\b", _of(Part.DAYS, 0.25, "interval")),
    _shape(r"quarterly\b|yearly\b|(?:once )?(?:a|per|every) year\b|annually\b", _of(Part.DAYS, 0.1, "interval")),
    _shape(r"(?:on )?(?:the )?(?:all )?(?:other|remaining) days(?: of the week)?\b|(?:the )?rest of the week\b|"
           r"all other days\b|the other days\b", _of(Part.DAYS, 1.0, "rest")),
    _shape(r"mwf\b|m-w-f\b|m/w/f\b", _of(Part.DAYS, 3.0, "weekdays")),
    _shape(r"tiw\b", _of(Part.DAYS, 3.0, "weekly")),
    _shape(rf"(?:on |every |each |only on |only )*{_LIST}(?: only)?", _weekdays),
    _shape(r"(?:on )?weekdays\b", _of(Part.DAYS, 5.0, "weekdays")),
    _shape(r"(?:on )?weekends\b", _of(Part.DAYS, 2.0, "weekdays")),
    _shape(r"once (?:a |per |each |every )?(?:day|daily)\b|(?:once |1 )(?:in|every) 24 ?h(?:ours?)?\b|1 vez al dia\b",
           _of(Part.TIMES, 1.0)),
    _shape(r"twice[ -]?(?:a[ -]|per |each |every )?(?:day|daily)\b|twice in 24 hours\b", _of(Part.TIMES, 2.0)),
    _shape(r"thrice[ -]?(?:a |per |each )?(?:day|daily)\b", _of(Part.TIMES, 3.0)),
    _shape(rf"({'|'.join(_ABBREVIATED)})\b\.?", _abbreviated),
    _shape(r"(?:q ?d|qday|od|q24h|daily|every day|each day|per day|a day|/ ?day|/ ?d|qdaily|al dia|por dia|cada dia|"
           r"diariamente|diario|per 24 hours|in 24 hours|/ ?24 ?h(?:ours?)?)\b\.?", _of(Part.DAILY)),
    _shape(r"(?:once )?(?:every|each|in the|at|por la|en la|cada|q) ?(?:morning|evening|night|noon|midday|"
               r"bedtime|afternoon|"
           r"manana|noche|tarde|am|pm)\b(?: time)?", _of(Part.MOMENT, 1.0)),
    _shape(r"(?:\d+ ?(?:minutes?|mins?|hours?|hrs?) )?(?:before|at|with|after|around) (?:going to )?(?:bed|bedtime|"
               r"sleep|breakfast|lunch|dinner|"
               r"supper)\b|al acostarse\b|"
           r"(?:with |before |after )?(?:the )?(?:morning|evening|midday|noon|main) meal\b|"
           r"con (?:el )?(?:desayuno|almuerzo|la cena)\b|"
           r"antes de dormir\b", _of(Part.MOMENT, 1.0)),
    _shape(r"(?:the )?(?:mornings?|am|evenings?|pm|noon|bedtime|night|lunch|dinner|supper|breakfast|afternoon|"
               r"midday)\b",
           _of(Part.MOMENT, 1.0)),
    _shape(r"(?:\d+ (?:minutes?|min|hours?) )?(?:with|before|after|at) (?:each |every |all |your |"
               r"the )?meals?\b|\bac\b|\bpc\b|"
           r"con las comidas\b|con cada comida\b", _of(Part.MEALS, 3.0)),
    _shape(rf"(?:(?:only )?(?:as|when|if|where|whenever)(?: ?ever)? (?:it is |it's )?(?:needed|required|"
               rf"necessary|necesary)|prn)\b"
           rf"{_WHY}{{0,4}}|"
           r"cuando sea necesario\b|si es necesario\b|segun (?:sea necesario|necesidad)\b|(?:only )?if (?:pain|"
           r"fever|headache)\b",
           _of(Part.NEEDED)),
    _shape(r"(?:then|followed by|after that|thereafter|luego|despues)\b|except\b", _of(Part.THEN)),
    _shape(r"once\b|1 time(?: only)?\b|single dose\b|x ?1(?: dose)?\b|stat\b|now\b|initially\b|first\b(?! day)",
           _of(Part.ONCE, 1.0)),
    _shape(rf"{_REASON}", _of(Part.FILLER)),
    _shape(r"until (?:finished|gone|all taken|done|complete(?:d)?)\b|(?:for )?(?:\d+ )?refills?\b|as a single dose\b|"
           r"(?:and )?(?:then )?stop\b|as (?:directed|prescribed|tolerated)\b|to (?:the )?affected areas?\b|"
           r"(?:in|into|to) (?:each|both|the|left|right|affected) (?:nostrils?|eyes?|ears?|eye\(s\))\b|\bou\b|\bos\b|"
           r"(?:on an |with an )?empty stomach\b|with (?:a )?(?:full )?(?:glass of )?(?:food|water|milk|juice|"
           r"a snack|a meal)\b|"
           r"without (?:regard to )?food\b|without food\b|con (?:alimentos|comida|agua)\b|with or without food\b|"
           r"\d+ (?:minutes?|min|hours?) (?:before|after) (?:meals|food|eating|sex)\b|"
           r"with (?:plenty of|lots of|a lot of) (?:water|fluids?|liquids?)\b|"
           r"(?:under|into|in) the (?:skin|muscle|abdomen|thigh)\b|(?:via|by|with) nebuli[sz]er\b|"
           r"at (?:the )?(?:first sign|onset) of (?:a )?(?:migraine|headache|flare|attack)\b|"
           r"around the clock\b|at the same time (?:each|every) day\b|sig\b:?|"
           r"u-?(?:100|200|300|500)\b|do not crush\b|swallow(?:ed)? whole\b|rinse mouth\b|in divided doses\b|"
           r"divided\b|"
           r"slowly\b|"
           r"sliding scale\b(?=x)", _of(Part.FILLER)),
    _shape(r"(?:by mouth|po|orally|oral(?:ly)? route|via oral|por via oral|por boca|oral|sublingual(?:ly)?|sl|"
               r"under the tongue|"
           r"subcutaneous(?:ly)?|subcut|subq|sub-q|sq|sc|intramuscular(?:ly)?|im|intravenous(?:ly)?|iv|inhaled|"
           r"inhale|"
           r"by inhalation|nasal(?:ly)?|topical(?:ly)?|transdermal(?:ly)?|rectal(?:ly)?|vaginal(?:ly)?|inject|"
           r"apply|instill|use|"
           r"take|takes|taking|tome|tomar|chew|dissolve|place|give|to be taken|usual dose|dose|dosis|per dose|of|de|"
           r"w/|and|y|plus|the|a|an|is|total|only|on|strength|sig|generic|in|scheduled|regularly|per|"
           r"patient|please|also|maintenance|starting dose|target dose|under)(?![a-z0-9])", _of(Part.FILLER)),
    _shape(r"each\b|apiece\b", _of(Part.EACH)),
    _shape(r"\(", _of(Part.OPEN)),
    _shape(r"[),;:.&+]", _of(Part.FILLER)),
    _shape(rf"-? ?{_ADJECTIVE}{_PIECE}", _of(Part.FORM)),
    _shape(r"(?:extended|delayed|immediate|sustained|controlled)[- ]release\b|film[- ]coated\b|enteric[- ]coated\b|"
           r"(?:er|xr|xl|sr|la|cr|dr|ec|ir|odt|hfa|mdi|dpi|liquid|solution|suspension|syrup|elixir|gel|cream|"
           r"ointment|"
           r"lotion|foam|powder|injection|pen|inhaler|nebuli[sz]er|spray|chewable)\b", _of(Part.FORM)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scan:
    """The pieces of directions in their order, or the words that were not understood."""

    pieces: tuple[Piece, ...] = ()
    left: str = ""


def scan(told: str, *, parts: int = 1) -> Scan:
    """Return the pieces of directions; ``left`` names the first words that no shape takes, and then nothing counts.

    ``parts`` is how many ingredients the product has: where it is more than one, ``5-325 mg`` are its strengths.
    """
    if len(told) > WORDS_MAX:
        return Scan(left="directions of this length")
    text = numbered(told)
    if parts > 1:
        text = re.sub(r"(?<![\d.])(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))(?:-(\d+(?:\.\d+)?))?(?= ?(?:mg|mcg)\b)",
                      lambda found: "/".join(each for each in found.groups() if each), text)  # fmt: skip
        text = re.sub(
            rf"(?<![\d.])(\d+(?:\.\d+)?(?:/\d+(?:\.\d+)?){{{parts - 1}}})(?! ?(?:{_MASS_UNIT}\b)|[\d./])",
            r"\1 mg",
            text,
        )
    pieces: list[Piece] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        taken = _take(text, at)
        if taken is None:
            return Scan(left=_left(text[at:]))
        piece, at = taken
        pieces.append(piece)
    return Scan(tuple(pieces))


def _take(text: str, at: int) -> tuple[Piece, int] | None:
    if at and text[at - 1].isalnum() and text[at].isalpha() and text[at - 1].isalpha():
        return None
    for shape, read in _SHAPES:
        found = shape.match(text, at)
        if found is not None and found.end() > at:
            piece = read(found)
            if isinstance(piece, Piece):
                return piece, found.end()
    return None


def _left(text: str) -> str:
    words = text.split()
    return " ".join(words[:4])
