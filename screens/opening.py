"""The first frame: where we are and as whom, before anything slow is even imported."""

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from screens.widgets.header import IdentityHeader, identity
from screens.widgets.keys import KeyLine
from screens.words import Clock

if TYPE_CHECKING:
    from buddy_tui.config import Settings


class OpeningScreen(Screen[None]):
    """Identity line and keys; the app lays the real screen over it right after the first paint."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "app.quit", "Quit", id="opening.quit")]

    def __init__(self, settings: "Settings", clock: Clock) -> None:
        super().__init__()
        regions = ", ".join(region.value for region in settings.regions) or "all regions"
        place = filter(None, (settings.project.value, regions, settings.service.value))
        self._header = IdentityHeader(identity(settings, *place), clock)

    def compose(self) -> ComposeResult:
        """Put the identity line above, the keys below nothing yet."""
        yield self._header
        yield KeyLine()
