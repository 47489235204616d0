"""app: deploying from a folder: the preflight, the modules, the plan, and the deployment that is under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buddy_tui.app.changing import Changing
from buddy_tui.app.looking import Looking
from buddy_tui.clean import clean_line
from buddy_tui.feeds import LiveFeed

if TYPE_CHECKING:
    from buddy_tui.actions.wishes import Draft
    from buddy_tui.deploy.looks import DeployDraft, Look, Modules
    from buddy_tui.deploy.values import Deployment, Release
    from buddy_tui.model import ServiceName
    from screens.base import Feed
    from screens.messages import ApplyChange, CancelDeployment, OpenModules, OpenPreflight, RequestDeployment


class Releasing(Looking, Changing):
    """Leads from a source folder to a deployment, which is confirmed as every change is."""

    def preflight_feed(self, name: ServiceName, source: str, *, smoke: bool) -> Feed[Look]:
        """Return the feed of the preflight of a source folder."""
        return LiveFeed(lambda wake: self._feeds.preflights.looks(name, source, wake, smoke=smoke))

    def modules_feed(self, source: str, *, smoke: bool) -> Feed[Modules]:
        """Return the feed of the modules of a source folder."""
        return LiveFeed(lambda wake: self._feeds.preflights.modules(source, wake, smoke=smoke))

    def release_feed(self) -> Feed[Deployment]:
        """Return the feed of the deployment that is under way."""
        return LiveFeed(lambda _: self._feeds.deploys.progresses())

    async def on_open_preflight(self, message: OpenPreflight) -> None:
        """Show the deployment of the service that is under way, or ask about one that was left; else look at a source."""
        name, release = message.name, self._feeds.deploying
        if release and release.plan.name == name:
            await self._show_deployment(release)
        elif self._may_deploy and (left := await self._feeds.deploys.left(name)):
            self._ask_to_deploy(LiveFeed(lambda wake: self._feeds.deploys.resumptions(left, wake)), name)
        else:
            self._show_preflight(name)

    def _show_preflight(self, name: ServiceName) -> None:
        """Show the preflight, once, however often it was asked before it was there."""
        from screens.preflight import PreflightScreen

        def open_feed(source: str, smoke: bool) -> Feed[Look]:  # noqa: FBT001 - as the screen calls it
            return self.preflight_feed(name, source, smoke=smoke)

        if not isinstance(self.screen, PreflightScreen):
            self.push_screen(PreflightScreen(self.settings, open_feed, self.clock, name))

    def on_open_modules(self, message: OpenModules) -> None:
        """Show the modules of a source folder, once, however often it was asked."""
        from screens.modules import ModulesScreen

        if not isinstance(self.screen, ModulesScreen):
            feed = self.modules_feed(message.source, smoke=message.smoke)
            self.push_screen(ModulesScreen(self.settings, feed, self.clock, message.name))

    def on_request_deployment(self, message: RequestDeployment) -> None:
        """Show the plan of a deployment and ask, once; not while another one is under way."""
        from buddy_tui.deploy.preparing import Said

        name = message.name
        # That a first revision serves at once is asked by the confirmation, in a box of its own.
        said = Said(message.source, reason=message.reason, first=True, smoke=message.smoke)
        if not self._may_deploy:
            self.notify("Nothing may be deployed.", title="Read-only", markup=False)
        elif release := self._feeds.deploying:
            self.notify(f"{release.revision} is being deployed.", title="Not now", markup=False)
        else:
            feed = LiveFeed(lambda wake: self._feeds.deploys.drafts(name, said, wake))
            self._ask_to_deploy(feed, name, message.reason)

    def _ask_to_deploy(self, feed: Feed[DeployDraft], name: ServiceName, reason: str = "") -> None:
        from buddy_tui.actions.values import Verb
        from buddy_tui.actions.wishes import Wish
        from screens.confirm import ConfirmScreen
        from screens.confirm_deploy import ConfirmDeployScreen

        if not isinstance(self.screen, ConfirmScreen):
            wish = Wish(name, Verb.DEPLOY)
            self.push_screen(ConfirmDeployScreen(self.settings, feed, self.clock, wish, reason))

    async def _show_deployment(self, release: Release) -> None:
        """Show a deployment in place of what led to it."""
        from screens.confirm import ConfirmScreen
        from screens.preflight import PreflightScreen
        from screens.release import ReleaseScreen

        while isinstance(self.screen, ConfirmScreen | PreflightScreen | ReleaseScreen):
            await self.pop_screen()
        feed, served = self.release_feed(), self.service_feed(release.plan.name)
        await self.push_screen(ReleaseScreen(self.settings, feed, served, self.clock, release))

    def begin_change(self, message: ApplyChange) -> None:
        """Begin a deployment too. Raises Refused by a guard."""
        from buddy_tui.deploy.looks import DeployDraft

        draft, over = message.draft, self._deployment_over
        if isinstance(draft, DeployDraft):
            self._feeds.deploys.start(draft, typed=message.typed, reason=message.reason, over=over)
        else:
            super().begin_change(message)

    async def _show_change(self, draft: Draft) -> None:
        from buddy_tui.deploy.looks import DeployDraft

        if not isinstance(draft, DeployDraft):
            await super()._show_change(draft)
        elif draft.release:
            await self._show_deployment(draft.release)

    def on_cancel_deployment(self, message: CancelDeployment) -> None:
        """Give the deployment up that is under way."""
        self._feeds.deploys.cancel(message.reason)

    def _deployment_over(self, deployment: Deployment) -> None:
        """Tell how a deployment ended to somebody who has left its screen."""
        from buddy_tui.actions.values import Ending
        from screens.release import ReleaseScreen

        if not self.is_running or self._shows_change or isinstance(self.screen, ReleaseScreen):
            return
        self.notify(
            clean_line(f"{deployment.sentence} {deployment.hint}"),
            title=deployment.release.plan.title,
            severity="information" if deployment.ending is Ending.DONE else "error",
            timeout=15,
            markup=False,
        )
