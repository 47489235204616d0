"""A release to be made: what serves is pinned, one candidate is good, and one is good only while few people ask."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from buddy_tui.emulator import tree, workload
from buddy_tui.emulator.scenarios.buddy_fixes import fixes
from buddy_tui.emulator.story import Deployment, Story, Target
from buddy_tui.emulator.tree import Tree

if TYPE_CHECKING:
    from buddy_tui.emulator.stage import Stage

_ANA, _DANA = "ana@example.com", "dana@example.com"
_STABLE = "00028-bsx"
# Sessions in Firestore, and room for what a load test asks.
_ENV: Mapping[str, str] = MappingProxyType(
    {
        "SESSION_STORE": "firestore",
        "BUDDY_REQUESTS_PER_MINUTE": "60000",
        "BUDDY_DAILY_BUDGET_CENTS": "100000",
    }
)
_POOL = '''\
"""Connections to the language model: each answer opens one, and the model's server closes it after two seconds."""

import time
from collections import deque

_SECONDS = 2.0
_MOST = 24


class ConnectionPool:
    def __init__(self) -> None:
        self._opened: deque[float] = deque()
        self._asked = 0

    def connect(self) -> None:
        """Open a connection. While too many are open, two of five are refused."""
        now = time.monotonic()
        while self._opened and now - self._opened[0] > _SECONDS:
            self._opened.popleft()
        self._opened.append(now)
        self._asked += 1
        if len(self._opened) > _MOST and self._asked % 5 in (0, 2):
            raise ConnectionError("The language model refused the connection: too many are open.")
'''


async def play(stage: "Stage") -> None:
    """Deploy good revisions and one that was taken back, then from the wrong folder; roll back, and begin anew."""
    project = tree.read(workload.BUDDY)
    now = stage.clock.now()
    before, forgetful, stable = _good(project, now)
    await stage.deploy(before)
    await stage.deploy(forgetful)
    await stage.route(forgetful.at + timedelta(hours=3), [Target(before.revision, 100)], _DANA)
    await stage.deploy(stable)
    await stage.route(stable.at + timedelta(minutes=10), [Target("", 100)], _ANA)
    for deployment in _failed(project, now):
        await stage.deploy(deployment)
    await stage.route(now - timedelta(days=1, hours=20), [Target(_STABLE, 100)], _DANA)
    for deployment in _candidates(project, now):
        await stage.deploy(deployment)


def overloaded(project: Tree) -> Tree:
    """Return the project with a pool of connections that is too small: two of five chats fail from 12 a second on."""
    return (
        project.written("Back_End/connection_pool.py", _POOL)
        .edited(
            "Back_End/chat_api.py",
            "from Back_End.budget_tracker import BudgetTracker\n",
            "from Back_End.budget_tracker import BudgetTracker\nfrom Back_End.connection_pool import ConnectionPool\n",
        )
        .edited(
            "Back_End/chat_api.py",
            "        self._replies = replies\n",
            "        self._replies = replies\n        self._connections = ConnectionPool()\n",
        )
        .edited(
            "Back_End/chat_api.py",
            "        reply = self._replies.write",
            "        self._connections.connect()\n        reply = self._replies.write",
        )
    )


def _good(project: Tree, now: datetime) -> tuple[Deployment, Deployment, Deployment]:
    """Return what was deployed from the root: good for long, taken back for losing sessions, and good since."""
    good = Deployment(
        "00026-kxp",
        now - timedelta(days=40),
        _greeting(project, "Hello!"),
        "sessions in Firestore",
        env=_ENV,
        instances=1,
        by=_ANA,
    )
    forgetful = replace(
        good,
        revision="00027-tzv",
        at=now - timedelta(days=28),
        tree=_greeting(project, "Hello, I am Buddy."),
        idea="sessions in memory",
        env={**_ENV, "SESSION_STORE": "memory"},
    )
    stable = replace(
        good, revision=_STABLE, at=now - timedelta(days=21), tree=project, idea="Firestore again"
    )
    return good, forgetful, stable


def _failed(project: Tree, now: datetime) -> Iterator[Deployment]:
    """Yield three of the repairs of the incident, from inside Back_End/."""
    wrong = fixes(project)
    for fix, hours in ((wrong[0], 52), (wrong[4], 48), (wrong[8], 45)):
        yield replace(fix, at=now - timedelta(hours=hours), by=_ANA)


def _candidates(project: Tree, now: datetime) -> tuple[Deployment, ...]:
    friendly = _greeting(project, "Good to see you. What shall we do?")
    good = Deployment(
        "00038-g6r",
        now - timedelta(hours=3),
        friendly,
        "from the root again",
        env=_ENV,
        traffic=False,
        tag="candidate",
        instances=1,
        by=_ANA,
    )
    bad = replace(
        good,
        revision="00039-z4t",
        at=now - timedelta(hours=1),
        tree=overloaded(friendly),
        idea="a language model",
        tag="bad-candidate",
    )
    return good, bad


def _greeting(project: Tree, words: str) -> Tree:
    return project.edited("Back_End/reply_writer.py", "Hello, I am Buddy. What shall we do?", words)


STORY = Story("release", "A pinned revision, a good candidate, and one that fails under load.", play)
