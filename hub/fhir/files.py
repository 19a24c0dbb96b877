"""Resources of a file, one by one, without holding the file: Bundles, lists, single resources, NDJSON.

What can't be read is told in a ``Remark`` and passed over; what was read before it counts. Nothing here knows of plans.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, BinaryIO, Final

import ijson  # type: ignore[import-untyped]
import msgspec
from ijson.common import ObjectBuilder  # type: ignore[import-untyped]

from hub.fhir.places import Json

FILE_BYTES_MAX: Final = 64 << 20
DEPTH_MAX: Final = 60
"""Elements within elements; R4's deepest examples have some twenty."""

EVENTS_MAX: Final = 200_000
"""Names and values of one resource."""

CHARACTERS_MAX: Final = 8 << 20
"""Characters of one resource: a scanned document in base64 is longer, and is no entry of a plan."""

_BOM: Final = b"\xef\xbb\xbf"
_EXACT: Final = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class Remark:
    """One line of a report: where in the file, which resource and element, what is with it, and what was done."""

    path: str
    resource: str
    element: str
    what: str
    done: str

    def __str__(self) -> str:
        """Return the line as a person reads it."""
        where = ", ".join(each for each in (self.path, self.resource, self.element) if each)
        return f"{where}: {self.what} {self.done}".strip()

    def data(self) -> dict[str, str]:
        """Return the line as JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Located:
    """A resource and where it stands in its file, as in ``entry[3]`` or ``line 7``."""

    path: str
    resource: Json


class FileOfResources:
    """One file. ``remark`` hears what can't be read; each call of ``resources`` reads the file from its start."""

    def __init__(self, file: BinaryIO, remark: Callable[[Remark], None]) -> None:
        self._file = file
        self._remark = remark

    def resources(self) -> Iterator[Located]:
        """Yield the resources in the order of the file, those of Bundles within Bundles too."""
        self._file.seek(0)
        if self._file.read(3) != _BOM:
            self._file.seek(0)
        try:
            yield from self._values()
        except (ijson.JSONError, UnicodeDecodeError, ValueError) as error:
            told = str(error).split("\n", 1)[0][:200]
            self._remark(Remark("file", "", "", f"It is no JSON from some place on ({told}).", "The rest is not read."))

    def _values(self) -> Iterator[Located]:
        reading = _Values()
        for event, value in ijson.basic_parse(self._file, multiple_values=True):
            for path, found in reading.take(event, value):
                yield from self._located(path, found)
            if reading.deep:
                what = f"Elements stand within each other more than {DEPTH_MAX} deep."
                self._remark(Remark(reading.path, "", "", what, "The rest of the file is not read."))
                return
            for path in reading.too_large:
                self._remark(Remark(path, "", "", "It is too large to be an entry of a plan.", "Left out."))
            reading.too_large.clear()
        if reading.values == 0:
            self._remark(Remark("file", "", "", "It is empty.", "Nothing to read."))

    def _located(self, path: str, found: object) -> Iterator[Located]:
        if not isinstance(found, dict) or not isinstance(found.get("resourceType"), str):
            self._remark(Remark(path, "", "resourceType", "It is no FHIR resource.", "Left out."))
            return
        if found["resourceType"] != "Bundle":
            yield Located(path, found)
            return
        entries = found.get("entry")
        for number, entry in enumerate(entries if isinstance(entries, list) else []):
            if isinstance(entry, dict) and "resource" in entry:
                yield from self._located(f"{path}.entry[{number}]", entry["resource"])


class _Values:
    """Builds from the events of a parser what is handed on: entries of the outermost Bundle, items, other values."""

    def __init__(self) -> None:
        self.values = 0
        self.deep = False
        self.too_large: list[str] = []
        self._depth = 0
        self._listed = False
        self._entries = False
        self._number = 0
        self._key = ""
        self._whole = _Building()
        self._part: _Building | None = None

    @property
    def path(self) -> str:
        """Where the parser is."""
        outer = f"line {self.values}" if self.values > 1 else ""
        inner = f"entry[{self._number}]" if self._entries else f"[{self._number}]" if self._listed else ""
        return " ".join(each for each in (outer, inner) if each) or "file"

    def take(self, event: str, value: Any) -> Iterator[tuple[str, object]]:
        """Take in an event; yield what is complete with it."""
        opens, closes = event in ("start_map", "start_array"), event in ("end_map", "end_array")
        if self._depth == 0 and not closes:
            self._begin(event)
            if event == "start_array":
                self._depth = 1
                return
        inside = self._listed or self._entries
        if inside and closes and self._depth == (1 if self._listed else 2):
            self._depth -= 1
            self._entries = self._listed = False
            return
        if not inside and self._depth == 1 and event == "map_key":
            self._key = str(value)
        if not inside and self._depth == 1 and event == "start_array" and self._key == "entry":
            self._entries, self._number, self._depth = True, 0, 2
            self._whole.take("null", None)
            return
        self._depth += opens - closes
        self.deep = self._depth > DEPTH_MAX
        yield from self._built(event, value, inside)

    def _begin(self, event: str) -> None:
        self.values += 1
        self._listed, self._entries, self._number = event == "start_array", False, 0
        self._whole, self._part = _Building(), None

    def _built(self, event: str, value: Any, inside: bool) -> Iterator[tuple[str, object]]:
        if not inside:
            self._whole.take(event, value)
            if self._depth == 0:
                yield from self._handed(self._whole, bundle=True)
            return
        self._part = self._part or _Building()
        self._part.take(event, value)
        if self._depth == (1 if self._listed else 2):
            done, self._part = self._part, None
            yield from self._handed(done, bundle=False)
            self._number += 1

    def _handed(self, built: "_Building", *, bundle: bool) -> Iterator[tuple[str, object]]:
        if built.too_large:
            self.too_large.append(self.path)
            return
        found = built.value
        if bundle and isinstance(found, dict) and found.get("resourceType") == "Bundle":
            return  # Its entries were handed on one by one.
        if self._entries:
            found = found.get("resource") if isinstance(found, dict) else found
            if found is None:
                return  # An entry of a response, or a link alone.
        yield self.path, found


class _Building:
    """One value in the making, given up where it grows too large."""

    def __init__(self) -> None:
        self._builder: ObjectBuilder = ObjectBuilder()
        self._events = self._characters = 0

    @property
    def too_large(self) -> bool:
        return self._events > EVENTS_MAX or self._characters > CHARACTERS_MAX

    @property
    def value(self) -> object:
        return self._builder.value

    def take(self, event: str, value: Any) -> None:
        self._events += 1
        self._characters += len(value) if isinstance(value, str) else 0
        if self.too_large:
            self._builder = ObjectBuilder()
        else:
            self._builder.event(event, value)


def original(resource: object) -> str:
    """Return a resource as JSON, its decimals as they were written."""
    return _EXACT.encode(resource).decode()


def plain(element: object) -> Any:
    """Return an element with its decimals as numbers that can be reckoned with."""
    if isinstance(element, Decimal):
        return int(element) if element == element.to_integral_value() and "." not in str(element) else float(element)
    if isinstance(element, dict):
        return {name: plain(each) for name, each in element.items()}
    return [plain(each) for each in element] if isinstance(element, list) else element
