"""What a command asks of a person: the labels and forms of its arguments, declared beside their types.

A command's argument is ``name: Annotated[type, Asked("Label")]``; one without a default is required. Arguments that
are not ``Asked`` (``section``, ``entry``) come from the page's address.
"""

import dataclasses
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from crdt.fields import Form

ROWS_MAX = 40
"""Rows of one kind (tasks, medicine lines) that one form may hold."""

WORDS_MAX = 20_000
"""Characters of one free-text argument, as in ``crdt.fields``."""

LINE_MAX = 500
"""Characters of one line, as in ``crdt.fields``."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How an argument is asked for: its label, its form, and whether its words may run over lines."""

    label: str
    form: Form = Form.LINE
    wide: bool = False
    choices: tuple[str, ...] = ()
    help: str = ""
    hidden: bool = False
    """Filled by the page, not by the person: what was seen, which suggestion is meant."""
    refers_to: str = ""
    """Of ``Form.ENTRY``: the section of the entries to choose from."""


Reason = Annotated[str, Asked("Why")]
"""One line that says why; shown beside the state afterwards."""

Seen = Annotated[str | None, Asked("What the page showed", hidden=True)]
"""What stood there when the person decided; another value there now refuses the command."""

Despite = Annotated[str, Asked("Why it is right all the same", hidden=True)]
"""The reason for a change that leaves a danger standing; asked for where there is one."""

Key = Annotated[str, Asked("Which", hidden=True)]
"""The key of a suggestion, a comment or a log's record."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a command, ready for a form. ``row`` holds the arguments of each row where it takes rows."""

    name: str
    type: object
    required: bool
    asked: Asked | None
    row: tuple["Argument", ...] = ()


def arguments_of(of: type[Any]) -> tuple[Argument, ...]:
    """Return the arguments of a command (or of a row) in the order of their declaration."""
    hints = get_type_hints(of, include_extras=True)
    return tuple(_argument(field, hints[field.name]) for field in dataclasses.fields(of))


def _argument(field: "dataclasses.Field[Any]", hint: object) -> Argument:
    asked: Asked | None = None
    if get_origin(hint) is Annotated:
        hint, *extras = get_args(hint)
        asked = next((extra for extra in extras if isinstance(extra, Asked)), None)
    required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    return Argument(field.name, hint, required, asked, _row(hint))


def row_type(hint: object) -> type[Any] | None:
    """Return the row's dataclass of ``tuple[Row, ...]``, ``None`` for any other type."""
    if get_origin(hint) is tuple:
        inner = get_args(hint)[0]
        if isinstance(inner, type) and dataclasses.is_dataclass(inner):
            return inner
    return None


def _row(hint: object) -> tuple[Argument, ...]:
    inner = row_type(hint)
    return arguments_of(inner) if inner is not None else ()
