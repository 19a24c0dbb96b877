"""The tables of this room: text files, one fact a line, columns divided by ``|``; ``# `` begins what only tells."""

from collections.abc import Iterator
from importlib.resources import files

_ROOM = files("hub.safety") / "tables"


def rows(name: str, columns: int) -> Iterator[tuple[str, ...]]:
    """Yield the lines of a table as stripped columns.

    Raises:
        ValueError: a line has another number of columns; the table is ours, so this is a fault of the house.
    """
    for number, line in enumerate((_ROOM / name).read_text("utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("# "):
            continue
        cells = tuple(cell.strip() for cell in line.split("|"))
        if len(cells) != columns:
            raise ValueError(f"{name}, line {number}: {len(cells)} columns, {columns} are expected")
        yield cells


def listed(cell: str) -> tuple[str, ...]:
    """Return the members of a cell that lists them with commas."""
    return tuple(each.strip() for each in cell.split(",") if each.strip())


def plain_words(name: str) -> frozenset[str]:
    """Return all words of a table that is nothing but words."""
    lines = (_ROOM / name).read_text("utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("# ") for word in line.split())
