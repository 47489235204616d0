"""The question before every change: the diff in the middle, Cancel in focus, and nothing that a habit could press."""

from math import inf
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Checkbox, Input, Static

from buddy_tui.actions.values import Plan, Verb
from buddy_tui.actions.wishes import Draft, Wish
from buddy_tui.clean import clean, clean_line
from buddy_tui.config import Settings
from screens.base import BuddyScreen, Feed
from screens.messages import ApplyChange, Copy
from screens.theme import toned
from screens.widgets.diff import diff
from screens.widgets.facts import Fact, FactSheet
from screens.widgets.header import IdentityHeader
from screens.widgets.notice import Notice
from screens.words import Cell, Clock

_LABELS = {
    Verb.ROLL_BACK: "Roll back",
    Verb.UNDO: "Undo",
    Verb.RESTORE_LATEST: "Restore latest",
    Verb.TAG: "Tag",
    Verb.UNTAG: "Untag",
    Verb.SPLIT: "Split",
    Verb.STAY_PINNED: "Stay pinned",
    Verb.PROMOTE: "Promote",
    Verb.PUT_BACK: "Put back",
    Verb.DEPLOY: "Deploy",
}
_REASONED = frozenset((Verb.ROLL_BACK, Verb.STAY_PINNED))
_NEXT = 10.0


class Unlock(Checkbox):
    """A box that is told ticked or not without any colour."""

    BUTTON_INNER = " "

    def watch_value(self) -> None:
        """Draw what it is."""
        self.BUTTON_INNER = "X" if self.value else " "
        super().watch_value()


class ConfirmScreen(BuddyScreen):
    """A plan, and whether it is meant. Enter alone only ever cancels."""

    CSS_PATH = "confirm.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Cancel", id="confirm.cancel"),
        Binding("tab", "app.focus_next", "Next", show=False, id="confirm.next"),
        Binding("ctrl+r", "refresh", "Plan anew", id="confirm.anew"),
        Binding("Y", "copy_command", "Copy gcloud command", id="confirm.copy-command"),
        Binding("down", "scroll(1)", "Down", show=False, id="confirm.down"),
        Binding("up", "scroll(-1)", "Up", show=False, id="confirm.up"),
        Binding("pagedown", "scroll(8)", "Page down", show=False, id="confirm.page-down"),
        Binding("pageup", "scroll(-8)", "Page up", show=False, id="confirm.page-up"),
    ]
    HELP = """\
What a change would do, before anything is done. `escape` cancels, and so does `enter` where the cursor begins.

`tab` goes on to the button that does it; `enter` there is what begins it. In production the name of the service must be
typed before; a reason, where one is asked for, is kept in the journal. `enter` in a field only goes to the next one.
Who has typed the name can unlock that service for 5 minutes: the header then says so, and everything else stays asked.

When the service changes while this is open, it is said what moved, and nothing can be done until `ctrl+r` has planned
anew. `Y` copies the gcloud command that would do the same, the arrows scroll.
"""

    def __init__(self, settings: Settings, feed: Feed[Draft], clock: Clock, wish: Wish) -> None:
        name = wish.name
        super().__init__(settings, feed, clock, name.project, name.region, name.service)
        self._wish = wish
        self._draft = Draft(wish, needs_name=settings.production)
        self._asked = False

    def body(self) -> ComposeResult:
        """Put the plan above, the fields and the two buttons below."""
        with VerticalScroll(id="plan", can_focus=False):
            yield Static("Planning …", id="told", markup=False)
            yield FactSheet()
        with Vertical(id="ask"):
            with Horizontal(id="name-line"):
                yield Static(f"type {clean_line(self._wish.name.service)}", markup=False, classes="label")
                yield Input(placeholder="the name of the service", id="name", compact=True)
            with Horizontal(id="reason-line"):
                yield Static("reason", markup=False, classes="label")
                yield Input(placeholder="why, for whoever reads it later", id="reason", compact=True)
            with Horizontal(id="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button(_LABELS[self._wish.verb], id="do", compact=True, disabled=True)
                yield Static(id="why", markup=False)
                yield Unlock("unlock for 5 min", id="unlock", compact=True)

    def on_mount(self) -> None:
        """Begin on Cancel: a key that is pressed out of habit changes nothing."""
        self.query_one("#cancel").focus()
        self._weigh()

    def receive(self, value: Draft) -> None:
        """Show the plan as it is now, or that it does not hold any more."""
        self._draft = value
        self.query_one(IdentityHeader).tell(value.as_of, value.trouble, inf if value.moved else _NEXT)
        self.query_one(Notice).as_of = value.as_of
        self.tell(value.trouble)
        if value.plan:
            self.query_one("#told", Static).update(head(value.plan, value.moved))
            self.query_one(FactSheet).facts = facts(value.plan)
        self._weigh()

    @property
    def _plan(self) -> Plan | None:
        return self._draft.plan

    def _word(self, which: str) -> str:
        return clean_line(self.query_one(f"#{which}", Input).value).strip()

    @on(Input.Changed)
    def _weigh(self) -> None:
        """Offer the button only when everything is told, and say what lacks."""
        plan, why = self._plan, self._why_not()
        refused = plan is not None and bool(plan.refusal)
        needs_name = self._draft.needs_name and not refused
        self.query_one("#name-line").display = needs_name
        self.query_one("#unlock").display = needs_name and self._is_named()
        self.query_one("#reason-line").display = self._needs_reason() and not refused
        button = self.query_one("#do", Button)
        button.display, button.disabled = not refused, bool(why)
        if why and button.has_focus:
            self.query_one("#cancel").focus()
        self.query_one("#why", Static).update("" if refused else why or "tab, then enter")

    def _is_named(self) -> bool:
        return self._word("name") == self._wish.name.service

    def _needs_reason(self) -> bool:
        """Before there is a plan, the fields are those that it will probably have: what is typed early is not lost."""
        if self._plan:
            return self._plan.needs_reason
        return self.settings.production or self._wish.verb in _REASONED

    def _why_not(self) -> str:
        plan, draft = self._plan, self._draft
        if plan is None:
            return "planning"
        if plan.refusal:
            return plan.refusal
        if draft.moved:
            return "the service changed: ctrl+r plans anew"
        if draft.trouble:
            return "the service cannot be read: ctrl+r tries again"
        if draft.needs_name and not self._is_named():
            return "type the name of the service"
        return "say why" if plan.needs_reason and not self._word("reason") else ""

    @on(Input.Submitted)
    def _go_on(self) -> None:
        """Enter in a field goes to the next; it never does anything."""
        self.focus_next()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "cancel":
            self.action_back()
        elif self._plan and not self._why_not() and not self._asked:
            self._asked = True
            unlock = self.query_one("#unlock", Checkbox)
            self.post_message(
                ApplyChange(
                    self._draft,
                    typed=self._word("name"),
                    reason=self._word("reason"),
                    unlock=unlock.value and unlock.display,
                )
            )

    def action_scroll(self, lines: int) -> None:
        """Scroll the plan."""
        self.query_one("#plan").scroll_relative(y=lines, animate=False)

    def action_copy_command(self) -> None:
        """Copy the gcloud command that does the same."""
        if self._plan and self._plan.command:
            self.post_message(Copy(self._plan.command, "gcloud command"))

    def _hint(self) -> str:
        return super()._hint() or (self._plan.hint if self._plan else "")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to copy a command only where there is one."""
        if action == "copy_command":
            return bool(self._plan and self._plan.command)
        return super().check_action(action, parameters)


def head(plan: Plan, moved: tuple[str, ...]) -> Content:
    """Return the title, what moved meanwhile, and the diff; or why it may not be done."""
    parts = [Cell(f"{clean_line(plan.title)}\n", "strong")]
    if moved:
        parts += [
            Cell("\n! The service changed while you were looking. Nothing can be done until ctrl+r.\n", "bad")
        ]
        parts += [Cell(f"  {clean(one)}\n", "warn") for one in moved]
    if plan.refusal:
        parts += [Cell(f"\n✗ {clean(plan.refusal)}\n", "bad")]
        parts += [Cell(f"▸ {clean(plan.hint)}\n", "info")] if plan.hint else []
        return Content.assemble(*toned(*parts))
    return Content.assemble(*toned(*parts, Cell("\n")), diff(plan.before, plan.after), "\n ")


def facts(plan: Plan) -> tuple[Fact, ...]:
    """Return what is to be known before, and the command that does the same."""
    sections = (
        ("careful", plan.warnings, "warn"),
        ("also", plan.also, ""),
        ("for good", plan.irrevocable, ""),
        ("command", tuple(filter(None, [plan.command])), "info"),
        ("plan", (plan.hash,), "dim"),
    )
    told = (
        Fact(label, tuple(Cell(one, tone) for one in sentences))
        for label, sentences, tone in sections
        if sentences
    )
    return () if plan.refusal else tuple(told)
