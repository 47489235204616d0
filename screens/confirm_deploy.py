"""The question before a deployment: the plan as of any change; that a first one serves at once is asked separately."""

from dataclasses import replace
from typing import cast

from textual import on
from textual.app import ComposeResult
from textual.widgets import Button, Checkbox, Input, Static

from buddy_tui.actions.wishes import Draft, Wish
from buddy_tui.clean import clean_line
from buddy_tui.config import Settings
from buddy_tui.deploy.looks import DeployDraft
from screens.base import Feed
from screens.confirm import ConfirmScreen, Unlock
from screens.words import Clock

_AT_ONCE = "It is the first: it serves everything at once"


class ConfirmDeployScreen(ConfirmScreen):
    """A deployment that is planned, or one that was left; `reason` is what was said for it already."""

    DEFAULT_CSS = """
    ConfirmDeployScreen {
        #first { margin: 0 2; color: $text-warning; }
        #unlock { visibility: hidden; }
    }
    """

    def __init__(
        self, settings: Settings, feed: Feed[Draft], clock: Clock, wish: Wish, reason: str = ""
    ) -> None:
        super().__init__(settings, feed, clock, wish)
        self._reason = reason

    def body(self) -> ComposeResult:
        """Put the box of a first deployment above the fields."""
        yield from super().body()
        yield Unlock(_AT_ONCE, id="first", compact=True)

    def on_mount(self) -> None:
        """Begin with the reason that was said before the plan."""
        self.move_child(self.query_one("#first"), before=self.query_one("#ask"))
        self.query_one("#first").display = False
        self.query_one("#reason", Input).value = self._reason

    def receive(self, value: Draft) -> None:
        """Show the plan, or what is done for it."""
        draft = cast("DeployDraft", value)
        box = self.query_one("#first", Checkbox)
        box.display = draft.first and not (draft.plan and draft.plan.refusal)
        if draft.left:
            self.query_one("#do", Button).label = "Go on"
        if draft.plan is None:
            self.query_one("#told", Static).update(f"Planning …\n{clean_line(draft.told)}")
        super().receive(replace(draft, agreed=box.value))

    @on(Checkbox.Changed, "#first")
    def _agree(self, event: Checkbox.Changed) -> None:
        self._draft = replace(cast("DeployDraft", self._draft), agreed=event.value)
        self._weigh()

    def _why_not(self) -> str:
        draft = self._draft
        why = super()._why_not()
        if not why and isinstance(draft, DeployDraft) and draft.first and not draft.agreed:
            return "tick that it serves everything at once"
        return why
