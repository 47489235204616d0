"""app: changing traffic: the plan and the question, the change that is under way, and production unlocked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buddy_tui.app.base import BaseApp
from buddy_tui.errors import BuddyError, Refused
from buddy_tui.feeds import LiveFeed

if TYPE_CHECKING:
    from textual.timer import Timer

    from buddy_tui.actions.values import Plan, Progress, Promotion
    from buddy_tui.actions.wishes import Draft, Past, Ways, Wish
    from buddy_tui.model import ServiceName
    from screens.base import Feed
    from screens.messages import ApplyChange, OpenHistory, OpenRollback, RequestChange, SteerPromotion


class Changing(BaseApp):
    """Asks before a service is changed, begins the change, shows it, and tells how it ended."""

    _shows_change = False
    _unlocking: Timer | None = None

    def ways_feed(self, name: ServiceName) -> Feed[Ways]:
        """Return the feed of where a service can be rolled back to."""
        return LiveFeed(lambda _: self._feeds.changes.ways(name))

    def draft_feed(self, wish: Wish) -> Feed[Draft]:
        """Return the feed of the plan of a wish."""
        return LiveFeed(lambda wake: self._feeds.changes.drafts(wish, wake))

    def progress_feed(self) -> Feed[Progress]:
        """Return the feed of the change that is under way."""
        return LiveFeed(lambda _: self._feeds.changes.progresses())

    def promotion_feed(self) -> Feed[Promotion]:
        """Return the feed of the promotion that is under way."""
        return LiveFeed(lambda _: self._feeds.changes.promotions())

    def past_feed(self, name: ServiceName) -> Feed[Past]:
        """Return the feed of what the journal tells of a service."""
        return LiveFeed(lambda wake: self._feeds.changes.pasts(name, wake))

    def on_open_rollback(self, message: OpenRollback) -> None:
        """Show where a service can be rolled back to, once, however often it was asked."""
        from screens.rollback import RollbackScreen

        if not isinstance(self.screen, RollbackScreen):
            feed = self.ways_feed(message.name)
            self.push_screen(RollbackScreen(self.settings, feed, self.clock, message.name))

    def on_open_history(self, message: OpenHistory) -> None:
        """Show what was changed of a service, once, however often it was asked."""
        from screens.history import HistoryScreen

        if not isinstance(self.screen, HistoryScreen):
            feed = self.past_feed(message.name)
            self.push_screen(HistoryScreen(self.settings, feed, self.clock, message.name))

    def on_request_change(self, message: RequestChange) -> None:
        """Show the plan and ask, once; not while another change is under way."""
        from screens.confirm import ConfirmScreen

        if not self._may_change:
            self.notify("Nothing may be changed.", title="Read-only", markup=False)
        elif running := self._feeds.changing and self._feeds.changes.running:
            self._tell_running(running)
        elif not isinstance(self.screen, ConfirmScreen):
            feed = self.draft_feed(message.wish)
            self.push_screen(ConfirmScreen(self.settings, feed, self.clock, message.wish))

    def _tell_running(self, running: Plan) -> None:
        """Say what is under way; a promotion is shown, for it can be put back at any time."""
        from buddy_tui.actions.values import Verb
        from screens.promote import PromoteScreen

        then = "wait until it is over"
        if running.verb is Verb.PROMOTE:
            then = "`a` puts everything back"
            if not isinstance(self.screen, PromoteScreen):
                self.push_screen(PromoteScreen(self.settings, self.promotion_feed(), self.clock, running))
        self.notify(f"{running.title} is under way: {then}.", title="Not now", markup=False)

    def on_steer_promotion(self, message: SteerPromotion) -> None:
        """Pass on what was said to the promotion that is under way; where it is over already, nothing happens."""
        from screens.messages import Steering

        if control := self._feeds.changes.control:
            match message.steering:
                case Steering.PAUSE:
                    control.pause()
                case Steering.RESUME:
                    control.resume()
                case Steering.SKIP:
                    control.skip(message.reason)
                case Steering.ABORT:
                    control.abort(f"It was given up: {message.reason}.")

    async def on_apply_change(self, message: ApplyChange) -> None:
        """Begin a change that was confirmed, and show it in place of what led to it."""
        try:
            self.begin_change(message)
        except BuddyError as error:
            self.notify(f"{error} {error.hint}".strip(), title="Not done", severity="error", markup=False)
            return
        self._shows_change = True
        await self._show_change(message.draft)
        self._shows_change = False
        if message.unlock:
            self._unlocking = self._unlocking or self.set_interval(1.0, self.tell_unlocked)

    def begin_change(self, message: ApplyChange) -> None:
        """Begin a change. Raises Refused by a guard."""
        draft = message.draft
        if draft.plan is None:
            raise Refused("Nothing is planned yet.")
        self._feeds.changes.start(
            draft.plan,
            typed=message.typed,
            reason=message.reason,
            evidence=draft.wish.evidence,
            unlock=message.unlock,
            over=self._change_over,
        )

    async def _show_change(self, draft: Draft) -> None:
        from buddy_tui.actions.values import Verb
        from screens.confirm import ConfirmScreen
        from screens.progress import ProgressScreen
        from screens.promote import PromoteScreen
        from screens.rollback import RollbackScreen

        while isinstance(self.screen, ConfirmScreen | RollbackScreen | ProgressScreen):
            await self.pop_screen()
        if draft.plan and draft.plan.verb is Verb.PROMOTE:
            promoted = self.promotion_feed()
            await self.push_screen(PromoteScreen(self.settings, promoted, self.clock, draft.plan))
        elif draft.plan:
            feed = self.progress_feed()
            await self.push_screen(ProgressScreen(self.settings, feed, self.clock, draft.plan, draft.wish))

    def tell_unlocked(self) -> None:
        """Let every header say what is unlocked, and for how long."""
        from screens.widgets.header import IdentityHeader

        unlocked, told = self._feeds.unlocked(), ""
        if unlocked:
            minutes, seconds = divmod(int(unlocked[1].total_seconds()), 60)
            told = f"UNLOCKED {unlocked[0].service} {minutes}:{seconds:02}"
        for screen in self.screen_stack:
            for header in screen.query(IdentityHeader):
                header.unlocked = told

    def lock_again(self) -> None:
        """Ask for names again."""
        self._feeds.changes.names.lock()
        self.tell_unlocked()

    def _change_over(self, progress: Progress) -> None:
        """Tell how a change ended to somebody who has left its screen."""
        from buddy_tui.actions.values import Ending
        from screens.progress import ProgressScreen
        from screens.promote import PromoteScreen
        from screens.widgets.steps import ending_word

        seen = self._shows_change or isinstance(self.screen, ProgressScreen | PromoteScreen)
        if not self.is_running or seen:
            return
        done = progress.ending in {Ending.DONE, Ending.NOTHING_TO_DO}
        self.notify(
            f"{progress.plan.title}. {progress.sentence}",
            title=ending_word(progress),
            severity="information" if done else "error",
            timeout=15,
            markup=False,
        )
