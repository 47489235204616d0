"""One door for gcloud: a forward proxy in front of the emulator's HTTP, with a tunnel to its gRPC.

gcloud speaks gRPC over TLS alone, and asks its proxy for a tunnel to it. TLS ends here.
"""

import asyncio
import ssl
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from buddy_tui.emulator.machine.proxy import is_ours

_CHUNK = 1 << 16
_OPEN = b"HTTP/1.1 200 Connection established\r\n\r\n"
_SHUT = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_Address = tuple[str, int]


@asynccontextmanager
async def opened(http: _Address, grpc: _Address, tls: ssl.SSLContext) -> AsyncIterator[int]:
    """Open the door on a free port of the loopback and yield the port; with the context every connection ends.

    A tunnel to a host of the emulator's domain leads to `grpc`, one to any other is refused (403). What is no tunnel
    is for `http`, which looks at its host itself.
    """
    guests: set[asyncio.Task[None]] = set()

    def come_in(reader: StreamReader, writer: StreamWriter) -> None:
        guest = asyncio.create_task(_lead(reader, writer, http, grpc, tls))
        guests.add(guest)
        guest.add_done_callback(guests.discard)

    server = await asyncio.start_server(come_in, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for guest in guests:
            guest.cancel()
        await asyncio.gather(*guests, return_exceptions=True)


async def _lead(
    reader: StreamReader, writer: StreamWriter, http: _Address, grpc: _Address, tls: ssl.SSLContext
) -> None:
    try:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"CONNECT "):
                await _join(reader, writer, http, head)
            elif is_ours(head.split(b" ", 2)[1].rpartition(b":")[0].decode("latin-1")):
                writer.write(_OPEN)
                await writer.drain()
                await writer.start_tls(tls)
                await _join(reader, writer, grpc)
            else:
                writer.write(_SHUT)
                await writer.drain()
    finally:
        writer.close()


async def _join(reader: StreamReader, writer: StreamWriter, address: _Address, first: bytes = b"") -> None:
    """Carry bytes both ways until one side has no more; `first` were read already."""
    there, away = await asyncio.open_connection(*address)
    away.write(first)
    ways = {asyncio.create_task(_carry(reader, away)), asyncio.create_task(_carry(there, writer))}
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        away.close()
        await asyncio.gather(*ways, return_exceptions=True)


async def _carry(reader: StreamReader, writer: StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
