"""gRPC without generated servicers: a table of methods, Google's own message types, and our Problems as statuses."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import grpc

from buddy_tui.emulator.callers import Caller, calling
from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.names import Problem

# A protobuf message or its class: the generated ones carry no types.
Message = Any


@dataclass(frozen=True, slots=True)
class Unary:
    """One request, one answer. `request` is the raw protobuf class."""

    request: Message
    handle: Callable[[Message], Awaitable[Message]]


@dataclass(frozen=True, slots=True)
class Stream:
    """One request, a stream of answers."""

    request: Message
    handle: Callable[[Message], AsyncIterator[Message]]


@dataclass(frozen=True, slots=True)
class Bidi:
    """A stream of requests, a stream of answers."""

    request: Message
    handle: Callable[[AsyncIterator[Message]], AsyncIterator[Message]]


def service(
    name: str, methods: Mapping[str, Unary | Stream | Bidi], faults: Faults
) -> "grpc.GenericRpcHandler[Message, Message]":
    """Return a handler for the gRPC service `name`; every call passes through `faults` first."""
    handlers = {rpc: _handler(method, faults) for rpc, method in methods.items()}
    return grpc.method_handlers_generic_handler(name, handlers)


def _handler(method: Unary | Stream | Bidi, faults: Faults) -> "grpc.RpcMethodHandler[Message, Message]":
    if isinstance(method, Unary):
        return grpc.unary_unary_rpc_method_handler(
            _unary(method, faults), method.request.FromString, _serialize
        )
    if isinstance(method, Stream):
        return grpc.unary_stream_rpc_method_handler(
            _streamed(method, faults), method.request.FromString, _serialize
        )
    return grpc.stream_stream_rpc_method_handler(
        _streamed(method, faults), method.request.FromString, _serialize
    )


def _serialize(message: Message) -> bytes:
    data: bytes = message.SerializeToString()
    return data


def _unary(method: Unary, faults: Faults) -> Callable[..., Awaitable[Message]]:
    async def call(request: Message, context: Any) -> Message:  # noqa: ANN401 - grpc.aio's own
        try:
            await suffer(faults)
            with calling(Caller(agent=_agent(context))):
                return await method.handle(request)
        except Problem as problem:
            await context.abort(problem.code, problem.message)

    return call


def _streamed(method: Stream | Bidi, faults: Faults) -> Callable[..., AsyncIterator[Message]]:
    async def call(asked: Any, context: Any) -> AsyncIterator[Message]:  # noqa: ANN401 - grpc.aio's own
        try:
            await suffer(faults)
            async for answer in method.handle(asked):
                yield answer
        except Problem as problem:
            await context.abort(problem.code, problem.message)

    return call


def _agent(context: Any) -> str:  # noqa: ANN401 - grpc.aio's own
    return next((str(value) for key, value in context.invocation_metadata() or () if key == "user-agent"), "")


def lose_reply(faults: Faults) -> None:
    """Let the answer of a call that was done be lost, if the world wants that now."""
    if faults.lost_replies > 0:
        faults.lost_replies -= 1
        raise Problem(grpc.StatusCode.UNAVAILABLE, "Socket closed")


async def suffer(faults: Faults) -> None:
    """Let the faults of the world strike one API call: wait, or raise the Problem that it meets."""
    if faults.latency:
        await asyncio.sleep(faults.latency)
    if faults.strikes(faults.unavailable):
        raise Problem(grpc.StatusCode.UNAVAILABLE, "The service is currently unavailable.")
    if faults.strikes(faults.exhausted):
        raise Problem(grpc.StatusCode.RESOURCE_EXHAUSTED, "Quota exceeded for quota metric 'Read requests'.")
