"""app: leaving: what is under way is told and tidied first, and the terminal is given back as it was."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress

from buddy_tui.app.base import BaseApp
from buddy_tui.errors import ExitCode

# Seconds that a session probe which was broken off has to take its session away again, and how long that needs no words.
_TIDIES_WITHIN = 15.0
_AT_ONCE = 0.2


class Leaving(BaseApp):
    """Ends the app."""

    _leaving = False
    _told_what_is_left = ""

    def _end_when_told(self) -> None:
        with suppress(RuntimeError):  # on Windows, and outside the main thread
            for told in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(told, self._end)

    def _end(self) -> None:
        self.exit(return_code=ExitCode.INTERRUPTED)

    def _fatal_error(self) -> None:
        """Leave without Textual's page of locals, which hold foreign text; `conclusion` raises the bug."""
        self._close_messages_no_wait()

    def conclusion(self) -> int:
        """Return the exit code of a run that is over. A bug that ended it is raised."""
        if self._exception:
            raise self._exception
        return self.return_code or ExitCode.OK

    async def action_quit(self) -> None:
        """Leave when what a session probe wrote is taken away again; asked once more, at once."""
        from screens.base import BuddyScreen

        if (release := self._feeds.deploying) and release.id != self._told_what_is_left:
            self._told_what_is_left = release.id
            self.notify(
                "Once more leaves it as it is; the next start tells so, and D on its service goes on with it.",
                title=f"{release.revision} is being deployed",
                severity="warning",
                timeout=15,
                markup=False,
            )
            return
        for screen in self.screen_stack:
            if isinstance(screen, BuddyScreen):
                screen.let_go()
        if self._leaving or await self._feeds.tidied(_AT_ONCE):
            self.exit()
            return
        self._leaving = True
        what, then = self._leaving_behind()
        self.notify(
            f"Once more leaves at once; {then}",
            title=what,
            timeout=_TIDIES_WITHIN,
            markup=False,
        )
        self.run_worker(self._leave_tidied(), group="leave")

    def _leaving_behind(self) -> tuple[str, str]:
        """Say what is waited for before we leave, and what becomes of it when nobody does."""
        from buddy_tui.actions.values import Verb

        running = self._feeds.changes.running if self._feeds.changing else None
        if running is None:
            return "Taking the session away again…", "the next session probe then sweeps what is left."
        if running.verb is Verb.PROMOTE:
            return (
                "A promotion is under way",
                "the traffic then stays where it is, and nobody watches its gates.",
            )
        return "Waiting for the end of the change…", "the journal then tells at the next start how it ended."

    async def _leave_tidied(self) -> None:
        await self._feeds.tidied(_TIDIES_WITHIN)
        self.exit()

    async def on_unmount(self) -> None:
        """Close the connections. Who left by a key has waited for session probes as long as wanted."""
        await self._feeds.close(0.0 if self._leaving else _TIDIES_WITHIN)
