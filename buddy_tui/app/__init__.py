"""app: BuddyApp, the single door to the outside. It hands streams to screens and answers their messages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import SystemCommand
from textual.binding import Binding, BindingType

from buddy_tui.app.doctoring import Doctoring
from buddy_tui.app.handing_out import HandingOut
from buddy_tui.app.leaving import Leaving
from buddy_tui.app.releasing import Releasing
from buddy_tui.app.reporting import Reporting
from screens.opening import OpeningScreen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual.screen import Screen

    from screens.messages import Back
    from screens.palette import ScreenCommands


def _screen_commands() -> type[ScreenCommands]:
    from screens.palette import ScreenCommands

    return ScreenCommands


class BuddyApp(Releasing, Reporting, Doctoring, HandingOut, Leaving):
    """The dashboard: the first screen, the way back, the palette, the help, and all that its parts do."""

    TITLE = "buddy-tui"
    CSS_PATH = Path(__file__).with_name("app.tcss")  # absolute, so that a subclass finds it too
    COMMANDS: ClassVar[set[Callable[[], type[ScreenCommands]]]] = {_screen_commands}  # type: ignore[assignment]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "help", "Help", key_display="?", id="app.help"),
        Binding("colon", "command_palette", "Commands", key_display=":", id="app.commands"),
        Binding("ctrl+p", "command_palette", "Commands", show=False, priority=True, id="app.palette"),
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True, id="app.quit"),
    ]

    def get_default_screen(self) -> Screen[None]:
        """Begin with next to nothing, so that the first frame comes at once."""
        return OpeningScreen(self.settings, self.clock)

    def on_mount(self) -> None:
        """Go on after the first paint. When we are told to end, the terminal is given back as it was."""
        self._end_when_told()
        self.call_after_refresh(self._open_first)

    async def _open_first(self) -> None:
        await self.push_screen(self._first_screen())
        if self._may_change:
            self.run_worker(self._tell_unfinished(), group="unfinished")

    async def _tell_unfinished(self) -> None:
        """Tell what became of changes that a former run did not see the end of."""
        for sentence in await self._feeds.changes.unfinished():
            self.notify(sentence, title="A former change", severity="warning", timeout=15, markup=False)
        for sentence in await self._feeds.deploys.unfinished():
            self.notify(
                f"{sentence} D on its service goes on with it.",
                title="A former deployment",
                severity="warning",
                timeout=15,
                markup=False,
            )

    def _first_screen(self) -> Screen[None]:
        """Return the one service that the context names, or all of the project."""
        from buddy_tui.model import ServiceName

        project, regions, service = (
            self.settings.project.value,
            self.settings.regions,
            self.settings.service.value,
        )
        if service and len(regions) == 1:
            return self._service_screen(ServiceName(project, regions[0].value, service))
        return self._services_screen(wanted=service)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Leave out what our own help and keys do better."""
        for command in super().get_system_commands(screen):
            if command.title not in {"Keys", "Quit", "Maximize", "Minimize"}:
                yield command
        if unlocked := self._feeds.unlocked():
            name = unlocked[0].service
            yield SystemCommand(f"Lock {name} again", "Ask for its name before each change", self.lock_again)

    def on_back(self, message: Back) -> None:
        """Leave the screen, once, however often it was asked before that was done."""
        if message.screen is self.screen:
            self.pop_screen()

    def action_command_palette(self) -> None:
        """Open the palette; it leads to commands and rows."""
        from screens.palette import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette())

    def action_help(self) -> None:
        """Show the keys that work here, and what the screen shows."""
        from screens.help import help_page

        self.push_screen(help_page(self.screen, self.get_key_display))
