"""What a command's line in the table may say (``auth.commands``): who issues it, and what it may change."""

from dataclasses import dataclass
from enum import StrEnum

from auth.roles import Role
from crdt.sections import Section


class Operation(StrEnum):
    """What a participant wants to do."""

    READ = "read"
    CREATE = "create"
    WRITE = "write"
    RETIRE = "retire"
    COMMAND = "command"
    SUGGEST = "suggest"
    COMMENT = "comment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """A change that a command makes beyond its own entry and beyond the person's own grant; nothing else goes there."""

    section: Section | None
    """``None`` for the section of the command's own entry."""
    field: str
    says: str | None = None
    """The only value that it may set; ``None`` for any."""
    named: str = ""
    """This field of the entry must name the person."""
    creates: bool = False
    """It may make an entry that says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRule:
    """Any one of ``follows``, ``roles``, ``at_large`` and ``relations`` that holds is enough."""

    section: Section | None = None
    """Where it lives; ``None`` for every section."""
    follows: Operation | None = None
    """It is allowed exactly where this action is."""
    roles: frozenset[Role] = frozenset()
    """They issue it on any entry."""
    at_large: bool = False
    """So do those whose cell reaches entries of others, for the entries it reaches."""
    unless_named: str = ""
    """With ``at_large``: only while this field of the entry names nobody."""
    unfilled: str = ""
    """In any case only while this field of the entry names nobody."""
    relations: frozenset[str] = frozenset()
    """Fields that must name the person, or ``creator``."""
    by: frozenset[Role] = frozenset(Role)
    """Roles in which a relation counts."""
    sets: frozenset[str] = frozenset()
    """Fields it may set beyond those which the person may write anyway."""
    refusal: str = ""
    """Who may, as a sentence for whoever may not."""
    carries: frozenset[str] = frozenset()
    """Commands that it does in the same act, each as far as the person may issue that one."""
    also: tuple[Consequence, ...] = ()
    """What else it changes, where it changes what it may."""
    withdraws: bool = False
    """It takes back remarks and suggestions that the person made, on entries they may see."""
