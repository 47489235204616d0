"""deploy: what an operator may say to a deployment that is under way, from another task."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from buddy_tui.redact import redact

_Value = TypeVar("_Value")


class Cancelled(Exception):
    """The operator has given the deployment up."""


class Control:
    """Gives a deployment up. `why` is a sentence, empty as long as nobody did."""

    def __init__(self) -> None:
        self.why = ""
        self._said = asyncio.Event()

    def cancel(self, why: str = "It was given up.") -> None:
        """End the build that is under way, or take the candidate back where there is one already."""
        self.why = redact(why)
        self._said.set()

    async def unless_cancelled(self, work: Coroutine[Any, Any, _Value]) -> _Value:
        """Do `work`, or raise Cancelled as soon as it is given up; then the work is cancelled, and has ended."""
        task = asyncio.create_task(work)
        said = asyncio.create_task(self._said.wait())
        try:
            await asyncio.wait({task, said}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise Cancelled(self.why)
            return task.result()
        finally:
            said.cancel()
            task.cancel()
            await asyncio.gather(said, task, return_exceptions=True)
