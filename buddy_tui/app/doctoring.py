"""app: the doctor, which looks at this machine, and asks on a connection of its own."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from buddy_tui.app.base import BaseApp
from buddy_tui.feeds import LiveFeed

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncGenerator, Callable

    from textual.geometry import Size

    from buddy_tui.doctor.gather import Outside
    from buddy_tui.doctor.values import Examination, Machine
    from buddy_tui.model import ServiceName
    from screens.base import Feed
    from screens.messages import OpenDoctor


class Doctoring(BaseApp):
    """Opens the doctor. The connection of the other screens is not asked: that it works is what is to be found out."""

    def doctor_feed(self, outside: Callable[[], Outside]) -> Feed[Examination]:
        """Return the feed of a machine; `outside` is asked for anew before each look."""

        def look(wake: asyncio.Event) -> AsyncGenerator[Examination, None]:
            from buddy_tui.doctor.examine import examinations

            return examinations(outside, self.clock, wake)

        return LiveFeed(look)

    def on_open_doctor(self, message: OpenDoctor) -> None:
        """Show the doctor, once, however often it was asked before it was there."""
        from screens.doctor import DoctorScreen

        if self._doctor is None:
            self.notify("From a shell: buddy-tui doctor", title="There is no doctor here", markup=False)
        elif not isinstance(self.screen, DoctorScreen):
            feed = self.doctor_feed(partial(self._outside, self._doctor, message.name))
            self.push_screen(DoctorScreen(self.settings, feed, self.clock, message.name))

    def _outside(self, doctor: Callable[[ServiceName | None], Outside], name: ServiceName | None) -> Outside:
        outside = doctor(name)
        return replace(outside, look=partial(_from_inside, outside.look, self.size, self._feeds.log_reads))


def _from_inside(look: Callable[[], Machine], size: Size, reads: tuple[int, int] | None) -> Machine:
    """Look, and add what only the dashboard knows: the terminal that it is drawn in, and its own log reads."""
    machine = look()
    terminal = replace(machine.terminal, none="", columns=size.width, lines=size.height)
    return replace(machine, terminal=terminal, meter=reads)
