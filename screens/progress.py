"""A change under way: its steps as they come, what is effective, and how it ended. It says DONE only of what was read back."""

from math import inf
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.widgets import Static

from buddy_tui.actions.values import Ending, Plan, Progress
from buddy_tui.actions.wishes import Wish
from buddy_tui.clean import clean, clean_line
from buddy_tui.config import Settings
from buddy_tui.model import ServiceName
from screens.base import BuddyScreen, Feed
from screens.messages import Copy, RequestChange
from screens.theme import toned
from screens.widgets.header import IdentityHeader
from screens.widgets.steps import ending_in_words, steps_in_words, traffic_lines
from screens.words import Cell, Clock

_NEXT = 5.0
# What was not done as asked can be planned anew; what moved traffic can be undone.
_ANEW = frozenset((Ending.CONFLICT, Ending.NOT_DONE, Ending.REFUSED, Ending.DENIED, Ending.FAILED))
_UNDONE = frozenset((Ending.DONE, Ending.NOT_DONE))


class ProgressScreen(BuddyScreen):
    """One change, followed to its end. Leaving it stops nothing."""

    CSS_PATH = "progress.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("Y", "copy_command", "Copy gcloud command", show=False, id="progress.copy-command"),
        Binding("c", "copy_hint", "Copy way out", id="progress.copy-hint"),
        Binding("ctrl+r", "refresh", "Plan anew", id="progress.anew"),
        Binding("U", "undo", "Undo", id="service.undo"),
        Binding("H", "history", "History", id="service.history"),
    ]
    HELP = """\
The change that was begun, step by step.

- **DONE** is said only when the effective traffic was read back and is what was asked for.
- **NOT DONE** means that it was accepted, and that traffic is not where it was asked to be.
- **CONFLICT** means that somebody else was first: nothing of ours was written, and it is said what moved.

`escape` leaves, and the work goes on; a message tells how it ended. `U` undoes what was done, `ctrl+r` plans anew what
was not, and asks again. `c` copies the way out, or the command that undoes
it. `Y` copies the gcloud command that does the same.
"""

    def __init__(
        self, settings: Settings, feed: Feed[Progress], clock: Clock, plan: Plan, wish: Wish
    ) -> None:
        name = plan.name
        super().__init__(settings, feed, clock, name.project, name.region, name.service)
        self.progress = Progress(plan)
        self._wish = wish

    def about(self) -> ServiceName | None:
        """Return the service, once nothing is under way any more."""
        return self._wish.name if self.progress.ending else None

    def body(self) -> ComposeResult:
        """Put title and ending above the bars, and the steps below."""
        yield Static(clean_line(self.progress.plan.title), id="title", markup=False)
        yield Static(id="ending", markup=False)
        yield Static(id="bars", markup=False)
        with VerticalScroll(id="scroll"):
            yield Static(id="steps", markup=False)
            yield Static(id="moved", markup=False)

    def on_mount(self) -> None:
        """Begin with what is known."""
        self.query_one("#scroll").focus()
        self._show()

    def receive(self, value: Progress) -> None:
        """Take a step."""
        self.progress = value
        self._show()

    @on(Resize)
    def _show(self) -> None:
        progress = self.progress
        over = progress.ending is not None
        self.query_one(IdentityHeader).tell(progress.as_of, None, inf if over else _NEXT)
        self.query_one("#ending", Static).update(ending_in_words(progress))
        self.query_one("#bars", Static).update(traffic_lines(progress, max(20, self.size.width - 4)))
        self.query_one("#steps", Static).update(steps_in_words(progress.steps))
        self.query_one("#moved", Static).update(afterwards(progress))
        self.refresh_bindings()

    def _hint(self) -> str:
        """Return the way out, else the command that undoes what was done."""
        if self.progress.hint:
            return self.progress.hint
        return self.progress.plan.undo_command if self.progress.ending is Ending.DONE else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to plan anew what did not come to be."""
        if action == "refresh":
            return self.progress.ending in _ANEW
        if action == "undo" and self.progress.ending not in _UNDONE:
            return False
        return super().check_action(action, parameters)

    def action_refresh(self) -> None:
        """Plan it anew, and ask again."""
        if self.may_change():
            self.post_message(RequestChange(self._wish))

    def action_copy_command(self) -> None:
        """Copy the gcloud command that does the same."""
        if command := self.progress.plan.command:
            self.post_message(Copy(command, "gcloud command"))


def afterwards(progress: Progress) -> Content:
    """Return what moved meanwhile, the way out, and once it is done how to undo it."""
    cells = [Cell("\nWhat moved:\n", "warn")] if progress.moved else []
    cells += [Cell(f"  {clean(one)}\n") for one in progress.moved]
    if progress.hint:
        cells += [Cell("\n▸ ", "info"), Cell(clean(progress.hint))]
    elif progress.ending is Ending.DONE and progress.plan.undo_command:
        cells += [Cell("\nundo  ", "dim"), Cell(clean_line(progress.plan.undo_command), "info")]
    return Content.assemble(*toned(*cells))
