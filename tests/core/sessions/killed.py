"""Kill session probes, each at another call, and sweep after each: `python -m tests.core.sessions.killed KIND FOLDER`.

Each probe runs in a copy of this process, which ends itself at its k-th call of the outside. Documents are files, so
that they outlive it. What is left is printed as JSON.
"""

import asyncio
import json
import os
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from buddy_tui.gateway import Document, Place
from buddy_tui.probes.values import Answer, Target
from buddy_tui.question import Ask, SessionPlan
from tests.core.sessions.application import ELSEWHERE, everywhere
from tests.core.sessions.climbing import World

KINDS = {
    "firestore": everywhere(),
    "memory": everywhere(place=None),
    "wrong project": everywhere(place=ELSEWHERE),
    "own ids": everywhere(),
}
OWN_IDS = SessionPlan(create=Ask("POST", "/sessions", '{"probe": "{mark}"}'))
_KILLED = 42


class Shelf(dict[tuple[Place, str], Document]):
    """Documents as files."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        folder.mkdir(exist_ok=True)
        for path in folder.iterdir():
            document = pickle.loads(path.read_bytes())  # noqa: S301 - we wrote it ourselves
            super().__setitem__((document.place, document.path), document)

    def __setitem__(self, key: tuple[Place, str], document: Document) -> None:
        super().__setitem__(key, document)
        self._path(key).write_bytes(pickle.dumps(document))

    def pop(self, key: tuple[Place, str], default: object = None) -> object:  # type: ignore[override]
        self._path(key).unlink(missing_ok=True)
        return super().pop(key, default)

    def _path(self, key: tuple[Place, str]) -> Path:
        return self._folder / f"{key[0].project}_{key[1].replace('/', '_')}"


class Mortal:
    """Counts the calls of the outside, and ends the process at one of them: before it, or just after it was done."""

    def __init__(self, world: World, at: int) -> None:
        self._left = at
        cloud_enter, door_send = world.cloud._enter, world.door.send

        async def enter(method: str, about: str, region: str = "") -> None:
            self.tick()
            await cloud_enter(method, about, region)

        async def send(visitor: int, target: Target, ask: Ask) -> Answer:
            self.tick()
            answer = await door_send(visitor, target, ask)
            self.tick()
            return answer

        world.cloud._enter = enter  # type: ignore[method-assign]
        world.door.send = send  # type: ignore[method-assign]

    def tick(self) -> None:
        self._left -= 1
        if self._left == 0:
            os._exit(_KILLED)


def _world(kind: str, folder: Path) -> World:
    world = World(KINDS[kind], folder / "marks", seed=1)
    world.cloud._documents = Shelf(folder / "documents")
    return world


def _child(kind: str, folder: Path, at: int, plan: SessionPlan) -> NoReturn:
    world = _world(kind, folder)
    Mortal(world, at)
    asyncio.run(world.top(plan))
    os._exit(0)


def _kills(kind: str, folder: Path, plan: SessionPlan) -> Iterator[World]:
    """Yield the world after each probe that was killed, until one comes to its end alive."""
    at = 0
    while True:
        at += 1
        child = os.fork()
        if not child:
            _child(kind, folder, at, plan)
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) != _KILLED:
            return
        yield _world(kind, folder)


def main(kind: str, folder: Path) -> None:
    """Kill and sweep, and print what was found and what is left."""
    killed = found = 0
    left: list[str] = []
    markers: list[str] = []
    for world in _kills(kind, folder, OWN_IDS if kind == "own ids" else SessionPlan()):
        killed += 1
        found += bool(world.documents)
        asyncio.run(world.later())
        left += world.documents
        markers += [name for name in world.markers if name.endswith(".json")]
    print(json.dumps({"killed": killed, "found": found, "left": left, "markers": markers}))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
