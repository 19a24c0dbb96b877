"""``careplan-hub``, and ``python -m web``: the command line, imported without the garbage collector's help.

What is imported lives as long as the process. Not collecting while it is made saves a fifth of the start, and freezing
it keeps every later collection from walking through it. What is made later is mostly documents, which stay, and
messages, which are gone before the collector comes: it comes rarely, so that nobody's keystroke waits for it.
"""

import gc
from typing import Final

COLLECT_AT: Final = (20_000, 20, 50)
"""New objects before a young collection, and how many of those before each older one; Python's own is (700, 10, 10)."""


def main() -> None:
    """Run the command line."""
    gc.disable()
    from web.commands.cli import commands  # noqa: PLC0415 - what the collector is switched off for

    gc.set_threshold(*COLLECT_AT)
    gc.enable()
    gc.freeze()
    commands(prog_name="careplan-hub")


if __name__ == "__main__":
    main()
