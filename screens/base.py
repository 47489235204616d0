"""What every screen of ours has: the identity line, the notice, streams, and crashes that are told, not hidden."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from functools import partial
from typing import Any, ClassVar, Protocol, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.worker import Worker

from buddy_tui.actions.values import Verb
from buddy_tui.actions.wishes import Wish
from buddy_tui.config import Settings
from buddy_tui.model import ServiceName, Trouble
from screens.messages import (
    Back,
    Copy,
    Crashed,
    OpenDoctor,
    OpenHistory,
    OpenReport,
    OpenRollback,
    RequestChange,
)
from screens.widgets.header import Identity, IdentityHeader, identity
from screens.widgets.keys import KeyLine
from screens.widgets.notice import Notice
from screens.words import Clock

Value = TypeVar("Value")
Seen_co = TypeVar("Seen_co", covariant=True)


# The class that a screen wears from that many columns or rows on.
_WIDTHS = [(0, "-cramped"), (40, "-narrow"), (100, "-wide")]
_HEIGHTS = [(0, "-flat"), (8, "-short"), (20, "-tall"), (30, "-roomy")]
_ABOUT_A_SERVICE = frozenset(("roll_back", "undo", "restore_latest", "history", "report"))


class Feed(Protocol[Seen_co]):
    """Where a screen's values come from, opened anew after it ended."""

    def stream(self) -> AsyncGenerator[Seen_co, None]:
        """Begin a stream of values, the first one as soon as there is one."""

    def refresh(self) -> None:
        """Ask the running stream to look at once."""


class Lasting:
    """The following of a stream that changes something: closed once, and never cut short while it puts things right.

    Textual cancels a worker again with every node that goes; the second time would end the stream's own cleaning up.
    """

    def __init__(self, following: Coroutine[None, None, None], over: Callable[[], object]) -> None:
        self.closing = False
        self._task = asyncio.create_task(following)
        self._task.add_done_callback(lambda _task: over())

    @property
    def running(self) -> bool:
        """Whether it goes on, if only to clean up."""
        return not self._task.done()

    def close(self) -> None:
        """Ask it to end; it may take its time for that."""
        if self.running and not self.closing:
            self.closing = True
            self._task.cancel()

    async def ended(self) -> None:
        """Wait for its end. Whoever is cancelled meanwhile has only asked it to end."""
        try:
            await asyncio.wait({self._task})
        finally:
            self.close()


class BuddyScreen(Screen[None]):
    """A screen fed by one stream, and by others beside it for as long as they are wanted."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", id="screen.back"),
        Binding("ctrl+r", "refresh", "Refresh", show=False, id="screen.refresh"),
        Binding("c", "copy_hint", "Copy fix", id="screen.copy-hint"),
        Binding("R", "roll_back", "Roll back", id="service.roll-back"),
        Binding("U", "undo", "Undo", show=False, id="service.undo"),
        Binding("L", "restore_latest", "Latest", show=False, id="service.restore-latest"),
        Binding("H", "history", "History", show=False, id="service.history"),
        Binding("i", "report", "Incident report", show=False, id="service.report"),
        Binding("exclamation_mark", "doctor", "Doctor", key_display="!", show=False, id="screen.doctor"),
        Binding("q", "app.quit", "Quit", id="screen.quit"),
    ]
    CHANGES: ClassVar[frozenset[str]] = frozenset(("roll_back", "undo", "restore_latest"))
    """The actions that lead to a change: read-only, their keys are dimmed and say why."""
    HORIZONTAL_BREAKPOINTS = _WIDTHS
    VERTICAL_BREAKPOINTS = _HEIGHTS

    def __init__(self, settings: Settings, feed: Feed[Any], clock: Clock, *place: str) -> None:
        super().__init__()
        self.settings = settings
        self.clock = clock
        self.identity: Identity = identity(settings, *place)
        self._feed = feed
        self._following: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        """Put the identity line and the notice above, the keys below what `body` yields."""
        yield IdentityHeader(self.identity, self.clock)
        yield Notice()
        yield from self.body()
        yield KeyLine()

    def body(self) -> ComposeResult:
        """Yield the widgets between notice and footer."""
        yield from ()

    def about(self) -> ServiceName | None:
        """Return the service that keys which change something are about, if there is one."""
        return None

    def receive(self, value: Any) -> None:  # noqa: ANN401 - each screen knows what its feed yields
        """Show a value of the feed."""

    def on_mount(self) -> None:
        """Begin after the first paint, so that nothing slow comes before it."""
        self.set_interval(1.0, self.tick)
        self.call_after_refresh(self._begin)

    def tick(self) -> None:
        """Let what shows an age go on."""
        self.query_one(IdentityHeader).tick()

    def follow(
        self, stream: AsyncGenerator[Value, None], receive: Callable[[Value], None], group: str = "stream"
    ) -> Worker[None]:
        """Hand each value of `stream` to `receive` until the screen goes; a new one takes over from the group's old.

        An unexpected exception ends the stream and is shown as what it is, a bug of ours; the dashboard lives on.
        """
        return self.run_worker(
            partial(self._follow, stream, receive), exclusive=True, group=group, exit_on_error=False
        )

    def follow_to_the_end(
        self,
        stream: AsyncGenerator[Value, None],
        receive: Callable[[Value], None],
        over: Callable[[], object],
    ) -> Lasting:
        """Follow a stream that changes something. Whoever calls closes it; `over` is called when it has ended."""
        return Lasting(self._follow(stream, receive), over)

    def let_go(self) -> None:
        """End the stream: the dashboard is about to."""
        if self._following:
            self._following.cancel()

    async def _follow(self, stream: AsyncGenerator[Value, None], receive: Callable[[Value], None]) -> None:
        try:
            async with aclosing(stream) as values:
                async for value in values:
                    receive(value)
        except Exception as error:  # noqa: BLE001 - whatever it is, the operator keeps the dashboard
            self._tell_crash(error)

    def _tell_crash(self, error: Exception) -> None:
        sentence = f"{type(error).__name__}: {error}"
        self.tell(
            Trouble(sentence, "Press ctrl+r to go on. The log file has the traceback.", 1, self.clock())
        )
        self.post_message(Crashed(error))

    def tell(self, trouble: Trouble | None) -> None:
        """Show trouble, or take it away."""
        self.query_one(Notice).trouble = trouble
        self.refresh_bindings()

    def on_screen_suspend(self) -> None:
        """Ask Cloud Run nothing while another screen has taken over; a page on top leaves us in sight."""
        if self._following and isinstance(self.app.screen, BuddyScreen):
            self._following.cancel()

    def on_screen_resume(self) -> None:
        """Go on when we are back; what is shown keeps its age until the first new look."""
        if self._following and self._following.is_cancelled:
            self._begin()

    def _begin(self) -> None:
        self._following = self.follow(self._feed.stream(), self.receive)

    def is_dimmed(self, action: str) -> bool:
        """Tell whether a key is there and does nothing but say why."""
        return bool(self.settings.read_only) and action in self.CHANGES

    def may_change(self) -> bool:
        """Tell whether anything may be changed here; where not, say why."""
        if self.settings.read_only:
            why = f"{self.settings.read_only.origin} says that nothing may be changed."
            self.notify(why, title="Read-only", markup=False)
        return not self.settings.read_only

    def request(self, verb: Verb, **wanted: Any) -> None:  # noqa: ANN401 - the fields of a Wish
        """Ask whether to change the service; read-only, say why not."""
        if self.may_change() and (name := self.about()):
            self.post_message(RequestChange(Wish(name, verb, **wanted)))

    def action_roll_back(self) -> None:
        """List where traffic can be rolled back to."""
        if self.may_change() and (name := self.about()):
            self.post_message(OpenRollback(name))

    def action_undo(self) -> None:
        """Ask whether to undo the last change."""
        self.request(Verb.UNDO)

    def action_restore_latest(self) -> None:
        """Ask whether to give traffic back to the latest revision."""
        self.request(Verb.RESTORE_LATEST)

    def action_history(self) -> None:
        """Show what was changed from this machine."""
        if name := self.about():
            self.post_message(OpenHistory(name))

    def action_report(self) -> None:
        """Show what happened to the service, and why."""
        if name := self.about():
            self.post_message(OpenReport(name))

    def action_doctor(self) -> None:
        """Look at what this machine can do, also where nothing can be reached."""
        self.post_message(OpenDoctor(self.about()))

    def action_refresh(self) -> None:
        """Look at once; a stream that has ended begins anew."""
        if self._following is None or self._following.is_finished:
            self._begin()
        else:
            self._feed.refresh()

    def action_back(self) -> None:
        """Leave for the screen below; the last one stays, for esc never quits."""
        if self._has_one_below():
            self.post_message(Back(self))

    def action_copy_hint(self) -> None:
        """Copy the way out that the notice tells."""
        if hint := self._hint():
            self.post_message(Copy(hint, "the way out"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to copy a way out, to go back, and to change a service, only where there is one."""
        del parameters
        if action in _ABOUT_A_SERVICE:
            return self.is_mounted and self.about() is not None
        if action == "copy_hint":
            return bool(self._hint())
        return action != "back" or self._has_one_below()

    def _has_one_below(self) -> bool:
        stack = self.app.screen_stack
        # A key may still be on its way to a screen that has gone, and a page may have come between.
        return self in stack and any(isinstance(one, BuddyScreen) for one in stack[: stack.index(self)])

    def _hint(self) -> str:
        notices = self.query(Notice)
        trouble = notices.first().trouble if notices else None
        return trouble.hint if trouble else ""
