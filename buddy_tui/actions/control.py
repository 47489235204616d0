"""actions: what an operator may say to a promotion that is under way, from another task."""

import asyncio

from buddy_tui.errors import UsageProblem
from buddy_tui.redact import redact


class Control:
    """Pause, resume, skip, abort. Each is heeded at once, or when the step that is being written is effective."""

    def __init__(self) -> None:
        self.paused = False
        self.aborted = ""
        self._skip = ""
        self._news = asyncio.Event()

    def pause(self) -> None:
        """Go no further; the gates are watched on."""
        self._set(paused=True)

    def resume(self) -> None:
        """Go on."""
        self._set(paused=False)

    def skip(self, reason: str) -> None:
        """Wait for nothing more in this step, and go on if no gate has failed. Raises UsageProblem without a reason."""
        if not reason.strip():
            raise UsageProblem("Skipping a gate wants a reason.")
        self._skip = redact(reason.strip())
        self._news.set()

    def abort(self, why: str = "It was given up.") -> None:
        """Put back what was before; `why` is a sentence."""
        self.aborted = redact(why)
        self._news.set()

    def skipped(self) -> str:
        """Return the reason of a skip, once; empty where nobody asked for one."""
        reason, self._skip = self._skip, ""
        return reason

    def _set(self, *, paused: bool) -> None:
        if paused is not self.paused:
            self.paused = paused
            self._news.set()

    async def news(self) -> None:
        """Return when something was said since the last time."""
        await self._news.wait()
        self._news.clear()
