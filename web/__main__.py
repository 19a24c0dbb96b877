"""``careplan-hub``, and ``python -m web``: the command line, imported without the garbage collector's help.

What is imported lives as long as the process. Not collecting while it is made saves a fifth of the start, and freezing
it keeps every later collection from walking through it.
"""

import gc


def main() -> None:
    """Run the command line."""
    gc.disable()
    from web.cli import commands  # noqa: PLC0415 - what the collector is switched off for

    gc.enable()
    gc.freeze()
    commands(prog_name="careplan-hub")


if __name__ == "__main__":
    main()
