"""A Firestore of a few lines on loopback that only says no, or nothing: real gRPC, scripted answers."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.cloud.firestore_v1 import types
from google.rpc import error_details_pb2, status_pb2

# A raw protobuf message: the generated classes carry no types.
Message = Any


@dataclass
class Refusing:
    """`status` is said `times` times, then there is no document. `calls` tells what was called; `mute` says nothing."""

    status: grpc.StatusCode = grpc.StatusCode.PERMISSION_DENIED
    text: str = "Missing or insufficient permissions."
    reason: str = ""
    api: str = ""
    times: int = 1000
    mute: bool = False
    calls: list[str] = field(default_factory=list)

    async def refuse(self, method: str, context: Any) -> None:  # noqa: ANN401 - gRPC's own
        self.calls.append(method)
        if self.mute:
            await asyncio.sleep(60)
        if len(self.calls) <= self.times:
            status = status_pb2.Status(code=self.status.value[0], message=self.text)
            if self.reason:
                detail = error_details_pb2.ErrorInfo(reason=self.reason, metadata={"service": self.api})
                status.details.add().Pack(detail)
            details = (("grpc-status-details-bin", status.SerializeToString()),)
            await context.abort(self.status, self.text, details)


@asynccontextmanager
async def running(refusing: Refusing) -> AsyncGenerator[str, None]:
    """Serve on a free port of loopback; yield host and port."""

    def streaming(method: str, request: Any, answers: Callable[[Message], Message]) -> Any:  # noqa: ANN401
        async def call(message: Message, context: Any) -> AsyncIterator[Message]:  # noqa: ANN401
            await refusing.refuse(method, context)
            yield answers(message)

        return grpc.unary_stream_rpc_method_handler(call, request.pb().FromString, _bytes)

    async def commit(_message: Message, context: Any) -> Message:  # noqa: ANN401
        await refusing.refuse("Commit", context)
        return types.CommitResponse.pb()()

    methods = {
        "BatchGetDocuments": streaming(
            "BatchGetDocuments",
            types.BatchGetDocumentsRequest,
            lambda asked: types.BatchGetDocumentsResponse.pb()(missing=asked.documents[0]),
        ),
        "RunQuery": streaming("RunQuery", types.RunQueryRequest, lambda _: types.RunQueryResponse.pb()()),
        "RunAggregationQuery": streaming(
            "RunAggregationQuery",
            types.RunAggregationQueryRequest,
            lambda _: types.RunAggregationQueryResponse.pb()(),
        ),
        "Commit": grpc.unary_unary_rpc_method_handler(commit, types.CommitRequest.pb().FromString, _bytes),
    }
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("google.firestore.v1.Firestore", methods),)
    )
    host = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    try:
        yield host
    finally:
        await server.stop(None)


def _bytes(message: Message) -> bytes:
    told: bytes = message.SerializeToString()
    return told
