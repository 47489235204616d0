"""actions: ask everybody who knows something of the ways back, side by side, and never wait long for anybody."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime, timedelta

from buddy_tui.actions.evidence import Boots, Errors, Evidence, Facts, Known, Proof, images_of, joined
from buddy_tui.actions.served import Span
from buddy_tui.errors import BuddyError
from buddy_tui.finding import Finding
from buddy_tui.gateway import Cloud
from buddy_tui.journal.values import Record
from buddy_tui.log_scope import nanoseconds
from buddy_tui.model import LogScope, Revision, RevisionState, Service
from buddy_tui.probes.ask import ask
from buddy_tui.probes.targets import targets_of
from buddy_tui.probes.values import Cell, Door, Verdict
from buddy_tui.question import DEFAULT_QUESTIONS, Question
from buddy_tui.verify.request_log import requests_filter

Clock = Callable[[], datetime]

# So long Google keeps the audit log of changes.
_KEPT = timedelta(days=400)
# Nobody chooses among more; each costs a look into a registry, and few a call of the log's quota.
_MOST_IMAGES = 12
_MOST_ASKED = 5
_MOST_PROBED = 4
_NEWEST_REQUESTS = 1000
_WINDOW = timedelta(hours=6)
# As `buddy_tui.payload.request_line` writes it.
_STATUS = re.compile(r"\S+ (\d{3}) ")


async def gather(  # noqa: PLR0913 - one look at a service, and whom to ask about it
    cloud: Cloud,
    service: Service,
    revisions: Sequence[Revision],
    records: Sequence[Record],
    clock: Clock,
    door: Door | None = None,
    *,
    findings: Sequence[Finding] = (),
    question: Question = DEFAULT_QUESTIONS[0],
    patience: float = 8.0,
) -> AsyncGenerator[Known, None]:
    """Yield what is known: at once what needs nobody, then more whenever somebody has answered; the last is `done`.

    Asked are the audit log, the request log of those who served, registries for the images, and, through a `door`,
    revisions at their tags. Whoever fails or takes longer than `patience` (seconds) leaves only that one fact unknown,
    and is named in `silent`. Closing it leaves no task behind.
    """
    asking = _Asking(cloud, service, revisions, Facts(records=records, findings=findings), clock)
    yield asking.known()
    tasks = {asyncio.create_task(one) for one in asking.questions(door, question)}
    loop = asyncio.get_running_loop()
    until = loop.time() + patience
    try:
        while tasks:
            over, tasks = await asyncio.wait(
                tasks, timeout=max(until - loop.time(), 0.0), return_when=asyncio.FIRST_COMPLETED
            )
            for task in over:
                task.result()
            if not over:
                asking.silent.append(f"Not everybody answered within {patience:g} s.")
                break
            if tasks:
                yield asking.known()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    yield replace(asking.known(), done=True)


class _Asking:
    """Who is asked, and what they said so far."""

    def __init__(
        self, cloud: Cloud, service: Service, revisions: Sequence[Revision], facts: Facts, clock: Clock
    ) -> None:
        self.silent: list[str] = []
        self._cloud = cloud
        self._service = service
        self._revisions = revisions
        self._facts = facts
        self._clock = clock
        self._looked_up: set[str] = set()

    def known(self) -> Known:
        """Join what is known now."""
        return joined(self._service, self._revisions, self._facts, self._clock(), self.silent)

    def questions(self, door: Door | None, question: Question) -> list[Coroutine[None, None, None]]:
        """Return what can be asked at the same time."""
        able = [one for one in self._revisions if one.state in {RevisionState.READY, RevisionState.RETIRED}]
        probes = [self._probed(able, door, question)] if door else []
        return [self._history(), self._images(able), *probes]

    async def _history(self) -> None:
        """Ask who served, then how requests went then."""
        since = self._clock() - _KEPT
        try:
            self._facts.changes = await self._cloud.traffic_changes(self._service.name, since)
        except BuddyError as error:
            self._miss(f"The audit log cannot be read: {error}")
        proved = sorted(self.known().of, key=lambda one: one.proof)
        served = [one for one in proved if one.proof < Proof.NONE and one.percent < 100]
        await asyncio.gather(
            self._images([one.revision for one in served]), *map(self._errors, served[:_MOST_ASKED])
        )

    async def _errors(self, one: Evidence) -> None:
        if one.best is None:
            return
        since, until = _window(one.best)
        name = self._service.name
        scope = LogScope(name, one.revision.name, nanoseconds(since), nanoseconds(until))
        try:
            page = await self._cloud.log_page(
                name.project, requests_filter(scope), size=_NEWEST_REQUESTS, newest_first=True
            )
        except BuddyError as error:
            self._miss(f"The request log cannot be read: {error}")
            return
        lines = (_STATUS.match(entry.text) for entry in page.entries if entry.log == "requests")
        statuses = [int(line[1]) for line in lines if line]
        if statuses:
            self._facts.errors[one.revision.name] = Errors(sum(it >= 500 for it in statuses), len(statuses))

    async def _images(self, revisions: Sequence[Revision]) -> None:
        wanted = {image for one in revisions[:_MOST_IMAGES] for image in images_of(one)} - self._looked_up
        self._looked_up |= wanted
        await asyncio.gather(*map(self._image, sorted(wanted)))

    async def _image(self, image: str) -> None:
        try:
            self._facts.images[image] = await self._cloud.image_is_there(image)
        except BuddyError as error:
            self._miss(f"Images cannot be looked up: {error}")

    async def _probed(self, able: Sequence[Revision], door: Door, question: Question) -> None:
        """Put one question, once, to those that have an address of their own, after it has woken them."""
        names = {one.name for one in able}
        targets = targets_of(self._service, self._revisions)
        wanted = [one.revision for one in targets if one.base and one.revision in names][:_MOST_PROBED]
        if not wanted:
            return
        matrix = None
        asking = ask(
            self._service, self._revisions, [question], door, clock=self._clock, wanted=wanted, attempts=1
        )
        try:
            async with aclosing(asking) as matrices:
                async for matrix in matrices:  # noqa: B007 - the last one counts
                    pass
        except BuddyError as error:
            self._miss(f"Revisions cannot be asked: {error}")
        for row in matrix.cells if matrix else ():
            if row and (boots := _boots(row[0], self._clock())):
                self._facts.boots[row[0].revision] = boots

    def _miss(self, sentence: str) -> None:
        if sentence not in self.silent:
            self.silent.append(sentence)


def _window(span: Span) -> tuple[datetime, datetime]:
    """Return the last hours of a span; the first ones where nobody knows when it ended."""
    if span.until is None:
        return span.last, span.last + _WINDOW
    return max(span.since or span.until - _WINDOW, span.until - _WINDOW), span.until


def _boots(cell: Cell, now: datetime) -> Boots | None:
    if cell.verdict in {Verdict.PASS, Verdict.NOT_OFFERED}:
        return Boots(answers=True, at=now)
    return Boots(answers=False, at=now, said=cell.reason) if cell.verdict is Verdict.FAIL else None
