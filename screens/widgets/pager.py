"""A pane that scrolls with the same keys as the tables."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll


class Pager(VerticalScroll):
    """Text that may be longer than the screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_down", "Next line", show=False, id="pager.down"),
        Binding("up,k", "scroll_up", "Previous line", show=False, id="pager.up"),
        Binding("ctrl+d,pagedown", "page_down", "Page down", show=False, id="pager.page-down"),
        Binding("ctrl+u,pageup", "page_up", "Page up", show=False, id="pager.page-up"),
        Binding("g,home", "scroll_home", "Top", show=False, id="pager.first"),
        Binding("G,end", "scroll_end", "Bottom", show=False, id="pager.last"),
    ]
