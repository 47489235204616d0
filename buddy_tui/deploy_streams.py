"""What the screens of deployments are fed with: plans, the deployment that is under way, and those that were left."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from buddy_tui.errors import BuddyError, NotFound, Refused

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from datetime import datetime

    from buddy_tui.config import Settings
    from buddy_tui.deploy.looks import DeployDraft
    from buddy_tui.deploy.memory import Left
    from buddy_tui.deploy.outside import Outside
    from buddy_tui.deploy.preparing import Said
    from buddy_tui.deploy.values import Deployment, Release
    from buddy_tui.diagnose import Examiner
    from buddy_tui.gateway import Cloud, Deploys, Writes
    from buddy_tui.journal.keep import Journal
    from buddy_tui.model import ServiceName

# Seconds between two looks whether a plan still holds, while somebody decides.
_PAUSE = 5.0


class _Run:
    """The deployment that is under way, or the last one."""

    def __init__(self, latest: Deployment) -> None:
        from buddy_tui.deploy.control import Control

        self.latest = latest
        self.control = Control()
        self.changed = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self.crash: Exception | None = None

    def tell(self, deployment: Deployment) -> None:
        """Hand a value to everybody who waits for one."""
        self.latest = deployment
        told, self.changed = self.changed, asyncio.Event()
        told.set()


class DeployStreams:
    """Streams of values for those who want to deploy, and the one door through which a deployment begins.

    `connected` gives the connection. `writes` and `deploys` are the ways to change something; `None` where nothing
    may be changed. `needs_name` tells whether the name of a service must be typed before, `journal` is this machine's.
    """

    def __init__(
        self,
        settings: Settings,
        connected: Callable[[], Awaitable[tuple[Cloud, Examiner]]],
        clock: Callable[[], datetime],
        writes: Callable[[Cloud], Writes] | None,
        deploys: Callable[[Cloud], Deploys] | None,
        *,
        needs_name: Callable[[ServiceName], bool],
        journal: Callable[[], Journal],
    ) -> None:
        self._settings = settings
        self._connected = connected
        self._clock = clock
        self._writes = writes
        self._deploys = deploys
        self._needs_name = needs_name
        self._journal = journal
        self._run: _Run | None = None

    @property
    def running(self) -> Release | None:
        """The deployment that is under way."""
        run = self._run
        return run.latest.release if run and run.task and not run.task.done() else None

    async def drafts(
        self, name: ServiceName, said: Said, wake: asyncio.Event
    ) -> AsyncGenerator[DeployDraft, None]:
        """Plan what is said, from a preflight of its own, and look every few seconds whether the plan still holds.

        It is planned anew only when that is asked.
        """
        from buddy_tui.actions.values import Verb
        from buddy_tui.actions.wishes import Wish
        from buddy_tui.deploy.looks import DeployDraft
        from buddy_tui.model import Trouble

        told = "The preflight is done once more for it"
        told += ", with a smoke boot in a copy of the upload." if said.smoke else ", without a smoke boot."
        draft = DeployDraft(Wish(name, Verb.DEPLOY), told=told)
        wake.set()
        while True:
            anew = wake.is_set()
            wake.clear()
            try:
                if anew:
                    yield replace(draft, plan=None, moved=(), needs_name=self._needs_name(name))
                    draft = await self._drafted(draft, said)
                else:
                    draft = await self._checked(draft)
            except BuddyError as error:
                draft = replace(draft, trouble=Trouble.of(error, self._clock()))
            yield replace(draft, needs_name=self._needs_name(name))
            with suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), _PAUSE)

    async def _drafted(self, draft: DeployDraft, said: Said) -> DeployDraft:
        from buddy_tui.actions.drafting import Terms
        from buddy_tui.deploy.preparing import prepare

        cloud, _ = await self._connected()
        prepared = await prepare(cloud, draft.wish.name, said, Terms.of(self._settings, self._clock()))
        release = prepared.release
        return replace(draft, plan=release.plan, release=release, moved=(), trouble=None, as_of=self._clock())

    async def _checked(self, draft: DeployDraft) -> DeployDraft:
        """Look whether the plan still holds; what moved stays told until it is planned anew."""
        from buddy_tui.actions.state import revised

        plan = draft.plan
        if plan is None or draft.moved:
            return draft
        cloud, _ = await self._connected()
        try:
            service = await cloud.service(plan.name)
        except NotFound:
            moved: tuple[str, ...] = ("The service is not there any more.",) if plan.etag else ()
        else:
            moved = revised(plan, service) if plan.etag else ("The service was created meanwhile.",)
        return replace(draft, moved=moved, trouble=None, as_of=self._clock())

    async def resumptions(self, left: Left, wake: asyncio.Event) -> AsyncGenerator[DeployDraft, None]:
        """Tell what was left, for whoever is asked whether it is gone on with, as long as it is still so."""
        from buddy_tui.actions.wishes import Wish
        from buddy_tui.deploy.looks import DeployDraft
        from buddy_tui.deploy.resume import in_words

        plan = left.release.plan
        also = (in_words(left), "It is gone on with from the last step that is proved.")
        draft = DeployDraft(
            Wish(plan.name, plan.verb),
            replace(plan, title=f"Go on: {plan.title}", also=also),
            release=left.release,
            left=left,
        )
        while True:
            wake.clear()
            now = await self.left(plan.name)
            is_over = now is None or now.release.id != left.release.id
            moved = ("It has come to its end meanwhile.",) if is_over else ()
            yield replace(draft, moved=moved, needs_name=self._needs_name(plan.name), as_of=self._clock())
            with suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), _PAUSE)

    async def left(self, name: ServiceName) -> Left | None:
        """Return the deployment of a service that nobody has brought to its end."""
        from buddy_tui.deploy.resume import unfinished

        return await asyncio.to_thread(unfinished, self._journal(), name)

    async def unfinished(self) -> tuple[str, ...]:
        """Tell in sentences which deployments of this project were left before their end."""
        return await asyncio.to_thread(_left_in_words, self._journal(), self._settings.project.value)

    def start(
        self,
        draft: DeployDraft,
        *,
        typed: str,
        reason: str,
        over: Callable[[Deployment], None],
    ) -> None:
        """Begin a deployment, or go on with one, whoever looks; `over` is told its end. Raises Refused by a guard.

        `typed` is what was typed as the name of the service.
        """
        from buddy_tui.deploy.values import Deployment

        release = draft.release
        if self._writes is None or self._deploys is None:
            raise Refused(f"{self._settings.read_only.origin or 'This session'} is read-only.")
        if running := self.running:
            raise Refused(f"{running.revision} is being deployed.", "Wait until that is over.")
        if release is None:
            raise Refused("Nothing is planned yet.")
        plan = release.plan
        if self._needs_name(plan.name) and typed != plan.name.service:
            raise Refused("This is production: the name of the service must be typed.")
        if plan.refusal:
            raise Refused(plan.refusal, plan.hint)
        if plan.needs_reason and not reason and draft.left is None:
            raise Refused("This deployment wants a reason.")
        if draft.first and not draft.agreed:
            raise Refused("A first revision serves everything at once: that must be agreed to.")
        self._run = run = _Run(Deployment(release))
        run.task = asyncio.create_task(self._deploy(run, draft, reason, over))

    async def _deploy(
        self, run: _Run, draft: DeployDraft, reason: str, over: Callable[[Deployment], None]
    ) -> None:
        from buddy_tui.actions.values import Ending

        try:
            outside = self.outside(*await self._connected())
            async with aclosing(self._deployments(run, draft, outside, reason)) as values:
                async for deployment in values:
                    run.tell(deployment)
        except BuddyError as error:
            run.tell(replace(run.latest, ending=Ending.UNKNOWN, sentence=str(error), hint=error.hint))
        except Exception as error:  # noqa: BLE001 - a bug of ours, which whoever looks must be told
            run.crash = error
            said = "A bug in buddy-tui ended it here: the deployment was left, and can be gone on with."
            run.tell(replace(run.latest, ending=Ending.UNKNOWN, sentence=said))
        over(run.latest)

    def _deployments(
        self, run: _Run, draft: DeployDraft, outside: Outside, reason: str
    ) -> AsyncGenerator[Deployment, None]:
        from buddy_tui.actions.recording import Author
        from buddy_tui.deploy.deploying import deploy
        from buddy_tui.deploy.resume import resume

        if draft.left:
            return resume(draft.left, outside, control=run.control)
        author = Author.of(self._settings, reason)
        return deploy(run.latest.release, outside, author, control=run.control)

    def outside(self, cloud: Cloud, examiner: Examiner) -> Outside:
        """Open everything that a deployment touches. Raises Refused where nothing may be changed."""
        from buddy_tui.deploy.archiving import packed
        from buddy_tui.deploy.outside import Outside
        from buddy_tui.probes.door import HttpDoor

        if self._writes is None or self._deploys is None:
            raise Refused("This session is read-only.")
        return Outside(
            reads=cloud,
            writes=self._writes(cloud),
            deploys=self._deploys(cloud),
            journal=self._journal(),
            logs=examiner,
            door=HttpDoor(cloud),
            questions=self._settings.questions,
            clock=self._clock,
            pack=packed,
        )

    def cancel(self, reason: str) -> None:
        """Give the deployment up that is under way: end its build, or take its candidate back."""
        if self._run and self.running:
            self._run.control.cancel(f"It was given up: {reason}")

    async def progresses(self) -> AsyncGenerator[Deployment, None]:
        """Follow the deployment that is under way, or tell how the last one ended."""
        run = self._run
        while run:
            changed, latest = run.changed, run.latest
            yield latest
            if latest.ending:
                break
            await changed.wait()
        if run and run.crash:
            raise run.crash

    async def over(self) -> None:
        """Wait until nothing is under way."""
        if self._run and self._run.task:
            await asyncio.wait({self._run.task})

    async def close(self) -> None:
        """Leave what is under way, as it then is; the next start goes on with it."""
        if self._run and self._run.task:
            self._run.task.cancel()
            await asyncio.wait({self._run.task})


def _left_in_words(journal: Journal, project: str) -> tuple[str, ...]:
    from buddy_tui.actions.values import Verb
    from buddy_tui.deploy.resume import in_words, unfinished

    records = journal.read().records
    names = dict.fromkeys(one.name for one in records if one.verb == Verb.DEPLOY)
    lefts = (unfinished(journal, name) for name in names if name.project == project)
    return tuple(in_words(one) for one in lefts if one)
