"""What a page makes of a plan, made beside the event loop: however long the plan is, others are served meanwhile.

A thread holds the interpreter for some milliseconds at a time (``sys.getswitchinterval``), then the loop has its turn.
What is made here reads contents, which never change, and touches nothing of the live plan.
"""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

Asked = ParamSpec("Asked")
Made = TypeVar("Made")


async def beside(make: Callable[Asked, Made], *args: Asked.args, **more: Asked.kwargs) -> Made:
    """Return what ``make`` returns."""
    return await asyncio.to_thread(make, *args, **more)
