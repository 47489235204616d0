"""A Cloud Logging of a few lines on loopback: real gRPC, scripted answers."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.cloud.logging_v2 import types

from buddy_tui import gcp
from buddy_tui.config import Known, Settings
from buddy_tui.gateway import Cloud

# A raw protobuf message: the generated classes carry no types.
Message = Any

_SERVICE = "google.logging.v2.LoggingServiceV2"


@dataclass
class Logging:
    """`pages` answer the coming lists, `answers` a tail; after these it stays open, or `ends` with a status.

    `asked` keeps the requests. `open` counts the tails that are open, `half_closed` those whose client has finished
    asking.
    """

    pages: list[Message] = field(default_factory=list)
    answers: list[Message] = field(default_factory=list)
    ends: tuple[grpc.StatusCode, str] | None = None
    asked: list[Message] = field(default_factory=list)
    open: int = 0
    half_closed: int = 0

    async def list(self, request: Message, context: Any) -> Message:  # noqa: ANN401 - gRPC's own
        self.asked.append(request)
        if self.ends:
            await context.abort(*self.ends)
        return self.pages.pop(0)

    async def tail(
        self,
        requests: AsyncIterator[Message],
        context: Any,  # noqa: ANN401 - gRPC's own
    ) -> AsyncIterator[Message]:
        self.open += 1
        asking = asyncio.create_task(self._ask(requests))
        try:
            for answer in self.answers:
                yield answer
            if self.ends:
                await context.abort(*self.ends)
            await asking
        finally:
            asking.cancel()
            self.open -= 1

    async def _ask(self, requests: AsyncIterator[Message]) -> None:
        async for request in requests:
            self.asked.append(request)
        self.half_closed += 1


@asynccontextmanager
async def running(logging: Logging) -> AsyncGenerator[Cloud, None]:
    """Serve `logging` on a free port of loopback, and connect to it."""
    server = grpc.aio.server()
    methods: dict[str, grpc.RpcMethodHandler[Message, Message]] = {
        "ListLogEntries": grpc.unary_unary_rpc_method_handler(
            logging.list,
            types.ListLogEntriesRequest.pb().FromString,
            lambda message: message.SerializeToString(),
        ),
        "TailLogEntries": grpc.stream_stream_rpc_method_handler(
            logging.tail,
            types.TailLogEntriesRequest.pb().FromString,
            lambda message: message.SerializeToString(),
        ),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, methods),))
    host = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    cloud = await gcp.connect(Settings(project=Known("acme-prod"), emulated=Known(host)))
    try:
        yield cloud
    finally:
        await cloud.close()
        await server.stop(None)
