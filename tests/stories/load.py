"""A load on an address: so many chats a second, counted by who answered and how. Not a test; a tool of some."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp

# No answer at all; who should have given it is not known.
NO_ANSWER = ("", 0)
_CHAT = {"message": "hello"}
_ENOUGH = aiohttp.ClientTimeout(total=30)


@dataclass(slots=True)
class Load:
    """What became of the requests so far: `answers` counts them by revision and status."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)

    @property
    def asked(self) -> int:
        """Return how many requests have ended."""
        return self.answers.total()

    @property
    def failed(self) -> int:
        """Return how many had no answer, or one of 400 or more."""
        return sum(count for (_, status), count in self.answers.items() if not 200 <= status < 400)

    def served(self, revision: str) -> int:
        """Return how many answers came from a revision."""
        return sum(count for (name, _), count in self.answers.items() if name == revision)

    async def until(self, more: int) -> None:
        """Wait until so many more requests have ended."""
        wanted = self.asked + more
        while self.asked < wanted:  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.01)


@asynccontextmanager
async def loading(address: str, rate: float = 40.0, most: int = 40) -> AsyncIterator[Load]:
    """Ask `address` `rate` times a second, with at most `most` requests under way, until the context is left.

    Then those under way are waited for.
    """
    load, places = Load(), asyncio.Semaphore(most)
    async with aiohttp.ClientSession(timeout=_ENOUGH) as session, asyncio.TaskGroup() as requests:

        async def ask() -> None:
            load.answers[await _asked(session, f"{address}/chat")] += 1
            places.release()

        async def pour() -> None:
            loop = asyncio.get_running_loop()
            due = loop.time()
            while True:
                await places.acquire()
                requests.create_task(ask())
                due = max(due + 1 / rate, loop.time() - 0.25)  # what was missed for long is not made up for
                await asyncio.sleep(due - loop.time())

        pouring = requests.create_task(pour())
        try:
            yield load
        finally:
            pouring.cancel()


async def _asked(session: aiohttp.ClientSession, url: str) -> tuple[str, int]:
    try:
        async with session.post(url, json=_CHAT) as response:
            return _answered_by(await response.text()), response.status
    except (aiohttp.ClientError, TimeoutError):
        return NO_ANSWER


def _answered_by(body: str) -> str:
    """Return the revision that an answer names; none where it is one of Google's own pages."""
    try:
        return str(json.loads(body)["revision"])
    except (ValueError, KeyError, TypeError):
        return ""
