"""Tiny servers that answer as no good one would."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from buddy_tui.probes.values import Target
from tests import make

Write = Callable[[bytes], Awaitable[None]]
Behave = Callable[[str, Write], Awaitable[None]]


@dataclass
class Seen:
    """A server's address and what it was sent: heads of requests, whole."""

    origin: str = ""
    heads: list[str] = field(default_factory=list)
    connections: int = 0

    def target(self, audience: str = "https://api-abcdefghij-ew.a.run.app") -> Target:
        return Target("api-00001-aaa", self.origin, audience, (self.origin,), percent=100, service=make.NAME)

    def headers(self, at: int = -1) -> dict[str, str]:
        """Return the headers of a request, names in lower case."""
        lines = self.heads[at].split("\r\n")[1:]
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}


@asynccontextmanager
async def serving(behave: Behave) -> AsyncGenerator[Seen, None]:
    """Serve one request after another: `behave` gets its path and a way to write, which waits while nobody reads."""
    seen, tasks = Seen(), set[asyncio.Task[None]]()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        tasks.add(task)
        seen.connections += 1

        async def write(data: bytes) -> None:
            writer.write(data)
            await writer.drain()

        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                seen.heads.append(head)
                await reader.readexactly(int(seen.headers().get("content-length", "0")))
                await behave(head.split(" ")[1], write)
        except (OSError, EOFError, asyncio.CancelledError):
            pass  # how every connection to us ends
        finally:
            writer.transport.abort()
            tasks.discard(task)

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    seen.origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield seen
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def answer(body: bytes = b"", status: str = "200 OK", *headers: str, length: int | None = None) -> bytes:
    """Return a whole answer; `length` lies about its body."""
    lines = (f"HTTP/1.1 {status}", *headers, f"content-length: {len(body) if length is None else length}")
    return "\r\n".join((*lines, "", "")).encode("latin-1") + body


def always(data: bytes) -> Behave:
    """Return a server that gives every request the same bytes."""

    async def behave(path: str, write: Write) -> None:
        await write(data)

    return behave


def closing(data: bytes) -> Behave:
    """Return a server that writes this and closes the connection."""

    async def behave(path: str, write: Write) -> None:
        await write(data)
        raise EOFError

    return behave


async def silent(path: str, write: Write) -> None:
    """Never answer."""
    await asyncio.Event().wait()
