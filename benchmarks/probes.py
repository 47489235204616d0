"""Probes: 40 revisions x 5 questions x 20 attempts beside a bare httpx loop, memory, and keys on the screen meanwhile.

Run it as `uv run python benchmarks/probes.py`. Both put the same requests to the same server, a process of its own,
turn by turn; `--rounds 1 --revisions 5` is the short way to see that it works. Keys are pressed in a terminal, in
which the probes screen goes on asking: `--show PORT` is that program.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from math import nan
from pathlib import Path
from statistics import median
from typing import Any, NoReturn

import httpx
from report import Promise, compared, show
from terminal import Program

from buddy_tui.model import Revision, RevisionState, Service, ServiceName, TrafficTarget
from buddy_tui.probes import ask
from buddy_tui.probes.ask import AT_ONCE
from buddy_tui.probes.door import HttpDoor
from buddy_tui.probes.values import Matrix, Verdict
from buddy_tui.question import DEFAULT_QUESTIONS, Expect, Question

NAME = ServiceName("shop-prod", "europe-west1", "shop")
REVISIONS = 40
ATTEMPTS = 20
_DOWN, _UP = b"\x1b[B", b"\x1b[A"
_KEYS = (_DOWN, _DOWN, _UP, _DOWN, _UP)
# Says on which port it listens, and answers everything alike until its input is closed.
_SERVER = """\
import asyncio, sys

BODY = b'{"status": "ok", "checks": {"database": true}}'
ANSWER = b"HTTP/1.1 200 OK\\r\\ncontent-type: application/json\\r\\ncontent-length: %d\\r\\n\\r\\n" % len(BODY) + BODY

class Server(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.rest = transport, b""

    def data_received(self, data):
        *whole, self.rest = (self.rest + data).split(b"\\r\\n\\r\\n")
        for head in whole:
            if length := head.lower().partition(b"content-length: ")[2].partition(b"\\r\\n")[0]:
                self.rest = self.rest[int(length):]
            self.transport.write(ANSWER)

async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Server, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)

asyncio.run(main())
"""
# Prints by how many MiB a process has grown when it has probed, with the matrix in its hands.
_GROWTH = """\
import asyncio, sys
from pathlib import Path
import probes

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20

port, revisions, attempts = map(int, sys.argv[1:])
asyncio.run(probes.probed(port, 1, 1))
before = resident()
matrix = asyncio.run(probes.probed(port, revisions, attempts))
print(resident() - before)
"""


class NoTokens:
    """A service that checks nobody."""

    async def identity_token(self, audience: str) -> str:
        """Return no token; nobody asks for one."""
        raise NotImplementedError(audience)


def now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


def questions() -> tuple[Question, ...]:
    """Return our defaults, with a field to compare."""
    expect = Expect(fields=(("/status", "ok"),))
    return tuple(replace(one, expect=expect) for one in DEFAULT_QUESTIONS)


def service(port: int, count: int) -> tuple[Service, tuple[Revision, ...]]:
    """Return a service with so many revisions, all of them at one address."""
    names = [f"shop-{at:05d}-abc" for at in range(count)]
    base = f"http://127.0.0.1:{port}"
    effective = tuple(
        TrafficTarget(one, 0 if at else 100, f"t{at}", uri=base) for at, one in enumerate(names)
    )
    revisions = tuple(Revision(one, state=RevisionState.READY) for one in names)
    return Service(NAME, uri=base, effective=effective, invoker_iam_disabled=True), revisions


async def probed(port: int, count: int, attempts: int) -> Matrix:
    """Put all questions to all revisions, as screen and command do."""
    asked, revisions = service(port, count)
    stream = ask(asked, revisions, questions(), HttpDoor(NoTokens()), clock=now, attempts=attempts)
    async with aclosing(stream) as matrices:
        matrix = await anext(matrices)
        async for later in matrices:
            matrix = later
    if any(cell.verdict is not Verdict.PASS for row in matrix.cells for cell in row):
        raise SystemExit("Not every probe passed: there is nothing to compare.")
    return matrix


async def bare(port: int, count: int, attempts: int) -> None:
    """Send the same requests with httpx alone: one client, the answers parsed, as many at once."""
    told = [question.ask for _ in range(count) for question in questions() for _ in range(attempts)]
    left = iter([*told, *(questions()[0].ask for _ in range(count))])
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:

        async def work() -> None:
            for one in left:
                content, headers = (
                    one.json or None,
                    {"content-type": "application/json"} if one.json else None,
                )
                answer = await client.request(one.method, one.path, content=content, headers=headers)
                if answer.status_code != 200 or json.loads(answer.content)["status"] != "ok":
                    raise SystemExit("Not every request was answered: there is nothing to compare.")

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))


def timed(work: Callable[[], Awaitable[object]]) -> float:
    """Return how many seconds it takes, the loop's own beginning and end left out."""

    async def run() -> float:
        began = time.perf_counter()
        await work()
        return time.perf_counter() - began

    return asyncio.run(run())


def shown(port: int) -> None:
    """Run the probes screen in this terminal, asking without end."""
    from buddy_tui.app import BuddyApp
    from buddy_tui.config import Settings
    from screens.probes import ProbeFeeds, ProbesScreen

    class Asking:
        async def stream(self) -> AsyncGenerator[Matrix, None]:
            asked, revisions = service(port, REVISIONS)
            while True:
                again = ask(asked, revisions, questions(), HttpDoor(NoTokens()), clock=now, attempts=ATTEMPTS)
                async with aclosing(again) as matrices:
                    async for matrix in matrices:
                        yield replace(matrix, done=False)

        def refresh(self) -> None:
            pass

    class Probing(BuddyApp):
        def get_default_screen(self) -> ProbesScreen:
            never: Any = None  # nobody asks for a session, an audit or log lines
            feeds = ProbeFeeds(matrix=lambda _: Asking(), session=never, audit=never, lines=never)
            return ProbesScreen(self.settings, feeds, self.clock, NAME)

        async def _open_first(self) -> None:
            pass

    async def connect() -> NoReturn:
        raise NotImplementedError

    Probing(Settings(), connect).run()


def keys(port: int) -> list[float]:
    """Return the seconds from each key to the cursor's move on the screen; those that never came are left out."""
    command = (sys.executable, __file__, "--show", str(port))
    with Program(command, environ=os.environ) as program:
        program.when(program.listen(quiet=9, timeout=5), bool)
        chance = random.Random(7)  # noqa: S311 - a key comes at any moment, the same ones in every run
        taken = [_moved(program, key, chance.uniform(0.2, 0.4)) for key in _KEYS * 10]
    return [one for one in taken if one is not None]


def _moved(program: Program, key: bytes, pause: float) -> float | None:
    program.when(program.listen(quiet=pause, timeout=pause), lambda _: False)
    before = _pointed(program.screen.text())
    at, until = program.type(key), time.perf_counter() + 2
    while time.perf_counter() < until:
        chunks = program.listen(quiet=0.0, timeout=0.05)
        if (seen := program.when(chunks, lambda text: _pointed(text) != before)) is not None:
            return seen - at
    return None


def _pointed(text: str) -> list[str]:
    """Return the row under the cursor as far as only a key changes it."""
    return next((line.split()[:2] for line in text.split("\n") if "▸" in line), [])


def memory(port: int, count: int, attempts: int) -> float:
    """Return the MiB by which a process grows, in a process of its own."""
    command = (sys.executable, "-c", _GROWTH, str(port), str(count), str(attempts))
    return float(
        subprocess.run(
            command, cwd=Path(__file__).parent, stdout=subprocess.PIPE, check=True, text=True
        ).stdout
    )


def promises(port: int, count: int, attempts: int, rounds: int) -> Iterator[Promise]:
    """Measure A, B, A, B …, so that neighbours in time share the machine's noise."""
    requests = count * (1 + len(questions()) * attempts)
    ours, theirs = list[float](), list[float]()
    for at in range(1 + rounds):
        took = timed(lambda: probed(port, count, attempts)), timed(lambda: bare(port, count, attempts))
        if at:  # the first round imports and compiles
            ours.append(took[0])
            theirs.append(took[1])
    yield compared(f"{requests:,} requests, over bare httpx", ours, theirs, goal=1.15)
    taken = keys(port)
    note = f"median of {len(taken)}, worst {max(taken, default=nan) * 1000:.0f} ms"
    yield Promise("key to paint meanwhile", median(taken or [nan]) * 1000, 33, "ms", note)
    yield Promise(
        "memory",
        memory(port, count, attempts),
        unit="MiB",
        note="grown, with the matrix, in a process of its own",
    )


@contextmanager
def serving() -> Iterator[int]:
    """Serve in a process of its own, and tell the port."""
    command = (sys.executable, "-c", _SERVER)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin  # noqa: S101 - both are pipes
        assert server.stdout  # noqa: S101
        try:
            yield int(server.stdout.readline())
        finally:
            server.stdin.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--revisions", type=int, default=REVISIONS)
    parser.add_argument("--attempts", type=int, default=ATTEMPTS)
    parser.add_argument("--show", type=int, metavar="PORT", help="run the screen here")
    chosen = parser.parse_args()
    if chosen.show:
        shown(chosen.show)
        return
    with serving() as port:
        measured = list(promises(port, chosen.revisions, chosen.attempts, chosen.rounds))
    show(f"Probes, {chosen.revisions} revisions x {len(questions())} questions x {chosen.attempts}", measured)


if __name__ == "__main__":
    main()
