"""What an update did, in words for the journal and the page: from what it touched and the section's declaration."""

from typing import Final

from crdt.changes import Root
from crdt.contents import Touched
from crdt.fields import Kind, Scalar
from crdt.sections import Declaration

WORDS_SHOWN_MAX: Final = 120
"""Characters of a value or text that stand in one line of the journal."""

EMPTY: Final = "empty"

_ANNOTATIONS: Final = {Root.SUGGESTIONS: "suggestion", Root.COMMENTS: "comment"}


def in_words(declaration: Declaration, headline: str, touched: Touched) -> str:
    """Return one line, as in ``changed Metoprolol, dose: 25 mg -> 50 mg``.

    ``headline`` names the entry; empty, the section's noun stands for it.
    """
    if touched.root is not Root.ENTRIES:
        return f"changed a {_ANNOTATIONS[touched.root]}, {touched.field}: {shown(touched.after)}"
    field = declaration.field(touched.field)
    label = _lowered(field.label) if field else touched.field
    name = _shortened(headline) or f"a {declaration.noun}"
    return f"changed {name}, {label}: {_what(touched)}"


def _what(touched: Touched) -> str:
    match touched.kind:
        case Kind.TEXT:
            return _text(touched)
        case Kind.SET:
            return f"{'added' if touched.after else 'removed'} {_shortened(touched.member)}"
        case Kind.LOG:
            return f"recorded {_shortened(touched.inserted)}"
        case Kind.REGISTER:
            if touched.before == touched.after:
                return f"{shown(touched.after)} stays, written at the same time by someone else"
            return f"{shown(touched.before)} -> {shown(touched.after)}"


def _text(touched: Touched) -> str:
    said = []
    if touched.inserted:
        said.append(f"wrote \u201c{_shortened(touched.inserted)}\u201d")
    if touched.deleted:
        said.append(f"deleted {touched.deleted} character{'' if touched.deleted == 1 else 's'}")
    return ", ".join(said) or "no words"


def shown(value: Scalar) -> str:
    """Return a value as a person reads it."""
    if value is None or value == "":
        return EMPTY
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _shortened(str(value))


def _shortened(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= WORDS_SHOWN_MAX else f"{line[: WORDS_SHOWN_MAX - 1]}\u2026"


def _lowered(label: str) -> str:
    """Return the label for the middle of a sentence; one all in capitals loses them."""
    return label.lower() if label.isupper() else label[:1].lower() + label[1:]
