"""The two servers that are compared."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc

from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.firestore.api import Firestore
from buddy_tui.emulator.machine.reaper import Reaper
from buddy_tui.emulator.official import find, serving

OFFICIAL = find(os.environ)


@asynccontextmanager
async def official() -> AsyncIterator[str]:
    """Serve Google's emulator, which has been found. Raises UnfitJava."""
    assert OFFICIAL
    reaper = Reaper()
    reaper.start()
    try:
        async with serving(OFFICIAL, reaper) as address:
            yield address
    finally:
        reaper.close()


@asynccontextmanager
async def ours() -> AsyncIterator[str]:
    """Serve ours as the emulator does, and nothing else."""
    firestore = Firestore(Clock(), Faults())
    server = grpc.aio.server(options=(("grpc.max_receive_message_length", -1),))
    server.add_generic_rpc_handlers(firestore.handlers())
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        firestore.close()
        await server.stop(grace=0.2)
