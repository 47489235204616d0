"""The filter line: `/` opens it, enter keeps what was typed, esc closes it."""

from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static


class FilterBar(Horizontal):
    """One line above a table, with how many rows pass; hidden while nobody types and no filter is on."""

    DEFAULT_CSS = """
    FilterBar {
        display: none; height: 1; padding: 0 1; background: $panel;
        Static { width: auto; color: $text-muted; }
        Input { width: 1fr; height: 1; border: none; padding: 0 1; background: $panel; }
    }
    FilterBar.-shown { display: block; }
    """

    def __init__(self, *, hint: str) -> None:
        super().__init__()
        self._typed = Input(placeholder=hint, id="filter", compact=True, select_on_focus=False)
        self._count = Static(markup=False)
        self._passing = Content("")

    @property
    def typing(self) -> bool:
        """Whether keys go into the line."""
        return self._typed.has_focus

    async def open(self, query: str | None = None) -> None:
        """Show the line and type into it; with a `query`, put that in and leave the keys where they are.

        What the line holds is mounted only now: most first frames never need it.
        """
        self.add_class("-shown")
        if not self.children:
            await self.mount(Static("filter ", markup=False), self._typed, self._count)
            self._count.update(self._passing)
        if query is None:
            self.screen.set_focus(self._typed)
        else:
            self._typed.value = query

    def close(self) -> None:
        """Stop typing; the line stays in view as long as a filter is on."""
        self.set_class(bool(self._typed.value.strip()), "-shown")

    def clear_filter(self) -> None:
        """Take the filter away."""
        self._typed.value = ""
        self.close()

    def count(self, passing: int, total: int) -> None:
        """Tell how many rows pass."""
        self._passing = Content(f"{passing} of {total}")
        if self.children:
            self._count.update(self._passing)
