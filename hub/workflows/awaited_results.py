"""What is known of each result of a stay: the code of one that is still to come, and what one said that came.

Both stand in one log of the stay, so that a result stays where it was waited for, whoever told it and by which way.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from crdt.contents import Record
from crdt.fields import Scalar
from hub.workflows.contents import Values, records, stamp, words
from hub.workflows.panels import analytes, code_in, usual_code

CODED: Final = "coded"
CAME: Final = "came"
WITHDRAWN: Final = "withdrawn"
SAID_CHARACTERS_MAX: Final = 500
"""Of what a result says in the log; all of it stands in the remark that called who waits."""


def code_of(values: Values, result: str) -> str:
    """Return the LOINC code of a result that is to come: as somebody said, as it stands in its words, as it is usual.

    ``""`` where nobody can tell.
    """
    said = [each for each in records(values, "results").values() if words(each, "what") == CODED]
    coded = [words(each, "code") for each in said if words(each, "result") == result]
    return coded[-1] if coded else code_in(result) or usual_code(result)


def results_come(values: Values) -> tuple[Record, ...]:
    """Return the results of a stay that came, in their order, without those that were of somebody else."""
    found: list[Record] = []
    for each in records(values, "results").values():
        if words(each, "what") == CAME:
            found.append(each)
        elif words(each, "what") == WITHDRAWN:
            found = [one for one in found if words(one, "message") != words(each, "message")]
    return tuple(found)


def coded(result: str, code: str, person: str, now: datetime) -> dict[str, Scalar]:
    """Return the record of a code that somebody gave a result."""
    return {"what": CODED, "result": result, "code": code, "by": person, "when": stamp(now)}


def came(
    values: Values, result: str, said: str, now: datetime, *, person: str = "", told: Mapping[str, str] | None = None
) -> dict[str, Scalar]:
    """Return the record of a result that came; ``told`` is what whoever sent it says beside: name, codes, where."""
    beside = {name: value for name, value in (told or {}).items() if value}
    record = {"what": CAME, "result": result, "code": code_of(values, result), "words": said[:SAID_CHARACTERS_MAX],
              "by": person, "when": stamp(now)}  # fmt: skip
    return {**record, **beside}


def withdrawn(record: Record, message: str, now: datetime) -> dict[str, Scalar]:
    """Return the record that a result which came by this message was of somebody else."""
    return {"what": WITHDRAWN, "result": words(record, "result"), "message": message, "by": "", "when": stamp(now)}


def measured_in(record: Record) -> frozenset[str]:
    """Return what a result that came measures: by the codes it was sent with, by its own, by its name."""
    told = [*words(record, "codes").split(), words(record, "code"), words(record, "result")]
    return frozenset().union(*(analytes(each) for each in told if each))
