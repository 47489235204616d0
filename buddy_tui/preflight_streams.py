"""What the screens of a source folder are fed with: its preflight as it comes, and its modules."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from buddy_tui.clean import clean_line
from buddy_tui.errors import BuddyError, NotFound

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
    from datetime import datetime

    from buddy_tui.deploy.looks import Look, Modules
    from buddy_tui.diagnose import Examiner
    from buddy_tui.gateway import Cloud
    from buddy_tui.model import ServiceName
    from buddy_tui.preflight.values import Facts
    from buddy_tui.source.values import Boot

# Google has so many seconds to answer what a preflight asks; the files can be judged without.
_PATIENCE = 20.0
_BOOT_SECONDS = 30.0
# The checks that wait for the smoke boot, and for Google.
_BOOT = frozenset({"boot"})
_TARGET = frozenset({"permissions", "apis", "settings"})


class PreflightStreams:
    """Streams that read a source folder in threads, and change nothing; the smoke boot alone runs something of it.

    `connected` gives the connection, which is only asked about the service that would be deployed to.
    """

    def __init__(
        self,
        connected: Callable[[], Awaitable[tuple[Cloud, Examiner]]],
        clock: Callable[[], datetime],
    ) -> None:
        self._connected = connected
        self._clock = clock

    async def looks(
        self, name: ServiceName, source: str, wake: asyncio.Event, *, smoke: bool
    ) -> AsyncGenerator[Look, None]:
        """Check a source folder: first what its files tell, then more as it is known; again whenever that is asked.

        With `smoke` the entry module is imported in a copy of the upload, which is announced before.
        """
        from buddy_tui.deploy.looks import Look
        from buddy_tui.model import Trouble

        while True:
            wake.clear()
            try:
                async with aclosing(self._looks(name, source, smoke=smoke)) as looks:
                    async for look in looks:
                        yield look
            except BuddyError as error:
                yield Look(source, done=True, trouble=Trouble.of(error, self._clock()), as_of=self._clock())
            await wake.wait()

    async def _looks(self, name: ServiceName, source: str, *, smoke: bool) -> AsyncGenerator[Look, None]:
        from buddy_tui.deploy.looks import Look
        from buddy_tui.preflight.gather import gather
        from buddy_tui.preflight.judge import preflight
        from buddy_tui.preflight.values import Target

        facts = await gather(source, smoke=False, target=Target(name))
        candidates, boots = _candidates(facts), smoke and bool(facts.graph.modules)
        if smoke and not boots:
            facts = replace(facts, boot=_nothing_to_boot())
        work: dict[frozenset[str], Callable[[], Coroutine[Any, Any, dict[str, Any]]]] = {
            _TARGET: partial(self._asked, name)
        }
        if boots:
            work[_BOOT] = partial(_booted, facts)

        async def look(pending: frozenset[str]) -> Look:
            found = await asyncio.to_thread(preflight, facts)
            running = _running(facts, pending)
            return Look(source, found, pending, running, candidates, not pending, as_of=self._clock())

        yield await look(frozenset().union(*work))
        tasks = {asyncio.create_task(one()): names for names, one in work.items()}
        try:
            while tasks:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for one in done:
                    facts = replace(facts, **one.result())
                    del tasks[one]
                yield await look(frozenset().union(*tasks.values()))
        finally:
            for one in tasks:
                one.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _asked(self, name: ServiceName) -> dict[str, Any]:
        """Ask about the service; where nobody answers, it is said why, and the files alone are judged."""
        from buddy_tui.deploy.names import new_suffix, next_revision, tag_of
        from buddy_tui.preflight.target import look_at
        from buddy_tui.preflight.values import Target

        target: Target
        try:
            async with asyncio.timeout(_PATIENCE):
                cloud, _ = await self._connected()
                target = await look_at(cloud, name)
        except BuddyError as error:
            target = Target(name, trouble=str(error))
        except TimeoutError:
            target = Target(name, trouble=f"Google did not answer within {_PATIENCE:.0f} s.")
        coming = next_revision(name.service, [one.name for one in target.revisions], new_suffix())
        return {"target": target, "tag": tag_of(name.service, coming)}

    async def modules(
        self, source: str, wake: asyncio.Event, *, smoke: bool
    ) -> AsyncGenerator[Modules, None]:
        """Map the modules of a source folder, then time them by a smoke boot; again whenever that is asked."""
        from buddy_tui.deploy.looks import Modules
        from buddy_tui.model import Trouble

        while True:
            wake.clear()
            try:
                async with aclosing(self._modules(source, smoke=smoke)) as values:
                    async for value in values:
                        yield value
            except BuddyError as error:
                yield Modules(
                    source, done=True, trouble=Trouble.of(error, self._clock()), as_of=self._clock()
                )
            await wake.wait()

    async def _modules(self, source: str, *, smoke: bool) -> AsyncGenerator[Modules, None]:
        from buddy_tui.deploy.looks import Modules
        from buddy_tui.preflight.gather import gather
        from buddy_tui.source.module_map import module_map

        facts = await gather(source, smoke=False)
        if not facts.graph.modules:
            why = clean_line(
                facts.entry.unknown or f"{facts.graph.entry} is not where the image looks for it"
            )
            raise NotFound(f"There is no entry module: {why.rstrip('.')}.", "The preflight says more.")
        found = await asyncio.to_thread(module_map, facts.graph, facts.boot)
        said = _running(facts, _BOOT) if smoke else facts.boot.said
        yield Modules(source, found, said, not smoke, as_of=self._clock())
        if smoke:
            facts = replace(facts, **await _booted(facts))
            found = await asyncio.to_thread(module_map, facts.graph, facts.boot)
            yield Modules(source, found, facts.boot.said, done=True, as_of=self._clock())


async def _booted(facts: Facts) -> dict[str, Any]:
    from buddy_tui.source.smoke import smoke_boot

    return {"boot": await smoke_boot(facts.upload, facts.image, facts.entry, seconds=_BOOT_SECONDS)}


def _nothing_to_boot() -> Boot:
    from buddy_tui.source.values import Boot, Booted

    return Boot(Booted.NOT_TRIED, "The entry module is not there to be imported.")


def _running(facts: Facts, pending: frozenset[str]) -> str:
    """Say what is run or asked for the checks that are still to come."""
    said = []
    if pending & _BOOT:
        said.append(
            f"Smoke boot: {clean_line(facts.graph.entry)} is imported in a copy of the upload, without credentials."
        )
    if pending & _TARGET:
        said.append("Google is asked about the service.")
    return " ".join(said)


def _candidates(facts: Facts) -> tuple[str, ...]:
    """Return the folders that could be meant: the one that was said, the project's, and where we are."""
    return tuple(dict.fromkeys((facts.source, str(facts.project), str(Path.cwd()))))
