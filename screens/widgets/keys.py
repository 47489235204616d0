"""The bottom line: the keys that do something now. One widget, where Textual's Footer mounts one for each key."""

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.widget import Widget

if TYPE_CHECKING:
    from textual.binding import ActiveBinding
    from textual.screen import Screen

# The order in which keys are told; others come between, in the order of their bindings.
_FIRST = (
    "app.help",
    "list.filter",
    "table.open",
    "log.next-problem",
    "screen.copy-hint",
    "service.roll-back",
    "service.stay-pinned",
    "service.promote",
    "service.deploy",
    "service.probes",
    "list.describe",
    "service.undo",
)
_LAST = ("app.commands", "screen.quit")
_GAP = "  "
# These have room before all others: whoever is lost needs them, or wants to end what goes on.
_ALWAYS = ("app.help", "screen.back", "screen.quit", "probes.stop")


@runtime_checkable
class Dimming(Protocol):
    """A screen some of whose keys only say why they do nothing."""

    def is_dimmed(self, action: str) -> bool:
        """Tell whether the key of an action is such a one."""


class KeyLine(Widget):
    """`? Help  / Filter  enter Open  …`; what has no room stays in the help. A click presses the key."""

    DEFAULT_CSS = """
    KeyLine {
        dock: bottom; height: 1; padding: 0 1; background: $footer-background;
        color: $footer-description-foreground; text-wrap: nowrap;
    }
    """

    def on_mount(self) -> None:
        """Follow the bindings."""
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def _bindings_changed(self, _screen: "Screen[object]") -> None:
        self.refresh()

    def render(self) -> Content:
        """Write the keys that fit."""
        pieces: list[tuple[str, str]] = []
        for active in self._fitting():
            key, description = self._shown(active)
            dimmed = isinstance(active.node, Dimming) and active.node.is_dimmed(active.binding.action)
            tones = ("dim", "dim") if dimmed else ("bold $footer-key-foreground", "")
            pieces += [(key, tones[0]), (f" {description}{_GAP}", tones[1])]
        return Content.assemble(*pieces)

    def on_click(self, event: events.Click) -> None:
        """Press the key that was clicked."""
        end = 1  # the padding
        for active in self._fitting():
            key, description = self._shown(active)
            end += cell_len(f"{key} {description}{_GAP}")
            if event.x < end:
                self.app.simulate_key(active.binding.key)
                return

    def _fitting(self) -> list["ActiveBinding"]:
        active, room, fitting = self._active(), self.size.width + len(_GAP), set[str]()
        for one in sorted(active, key=lambda one: one.binding.id not in _ALWAYS):
            room -= cell_len(f"{' '.join(self._shown(one))}{_GAP}")
            if room < 0:
                break
            fitting.add(one.binding.action)
        return [one for one in active if one.binding.action in fitting]

    def _active(self) -> list["ActiveBinding"]:
        once = {
            one.binding.action: one
            for one in reversed(self.screen.active_bindings.values())
            if one.binding.show
        }
        return sorted((one for one in once.values() if one.enabled), key=_rank)

    def _shown(self, active: "ActiveBinding") -> tuple[str, str]:
        return self.app.get_key_display(active.binding), active.binding.description


def _rank(active: "ActiveBinding") -> int:
    name = active.binding.id or ""
    if name in _FIRST:
        return _FIRST.index(name) - len(_FIRST)
    return 1 + _LAST.index(name) if name in _LAST else 0
