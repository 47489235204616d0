"""actions: what an operator may say to a promotion that is under way, from another task."""

import asyncio

from buddy_tui.errors import UsageProblem


class Control:
    """Pause, resume, skip, abort. Each is heeded at once, or when the step that is being written is effective."""

    def __init__(self) -> None:
        self.paused = False
        self.aborted = False
        self._skip = ""
        self._news = asyncio.Event()

    def pause(self) -> None:
        """Go no further; the gates are watched on."""
        self.paused = True
        self._news.set()

    def resume(self) -> None:
        """Go on."""
        self.paused = False
        self._news.set()

    def skip(self, reason: str) -> None:
        """Wait for nothing more in this step, and go on if no gate has failed. Raises UsageProblem without a reason."""
        if not reason.strip():
            raise UsageProblem("Skipping a gate wants a reason.")
        self._skip = reason.strip()
        self._news.set()

    def abort(self) -> None:
        """Put back what was before."""
        self.aborted = True
        self._news.set()

    def skipped(self) -> str:
        """Return the reason of a skip, once; empty where nobody asked for one."""
        reason, self._skip = self._skip, ""
        return reason

    async def news(self) -> None:
        """Return when something was said since the last time."""
        await self._news.wait()
        self._news.clear()
