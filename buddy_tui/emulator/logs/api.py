"""Cloud Logging v2 of the emulated Cloud Run over gRPC: translation between the wire and the log store."""

import asyncio
import re
from collections.abc import AsyncIterator

import grpc
from google.cloud.logging_v2 import types

from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.logs.entries import Entry
from buddy_tui.emulator.logs.store import Batch, LogStore, Query, Subscription
from buddy_tui.emulator.names import Problem
from buddy_tui.emulator.rpc import Bidi, Message, Unary, service

_TAIL_ANSWER: Message = types.TailLogEntriesResponse.pb()
_REASON = types.TailLogEntriesResponse.SuppressionInfo.Reason
_LOG_NAME = re.compile(r"(projects|folders|organizations|billingAccounts)/[^/]+/logs/[^/]+")


def handlers(store: LogStore, faults: Faults) -> "tuple[grpc.GenericRpcHandler[Message, Message], ...]":
    """Return the handlers of `google.logging.v2.LoggingServiceV2` over `store`."""

    async def list_entries(request: Message) -> Message:
        query = Query(
            tuple(request.resource_names),
            request.filter,
            request.order_by,
            request.page_size,
            request.page_token,
        )
        entries, token = await store.list_entries(query)
        return types.ListLogEntriesResponse.pb()(entries=entries, next_page_token=token)

    async def list_logs(request: Message) -> Message:
        names = store.log_names([*filter(None, [request.parent]), *request.resource_names])
        return types.ListLogsResponse.pb()(log_names=names)

    async def write_entries(request: Message) -> Message:
        write(store, request)
        return types.WriteLogEntriesResponse.pb()()

    def tail(requests: AsyncIterator[Message]) -> AsyncIterator[Message]:
        return _tail(store, faults, requests)

    methods: dict[str, Unary | Bidi] = {
        "ListLogEntries": Unary(types.ListLogEntriesRequest.pb(), list_entries),
        "ListLogs": Unary(types.ListLogsRequest.pb(), list_logs),
        "WriteLogEntries": Unary(types.WriteLogEntriesRequest.pb(), write_entries),
        "TailLogEntries": Bidi(types.TailLogEntriesRequest.pb(), tail),
    }
    return (service("google.logging.v2.LoggingServiceV2", methods, faults),)


async def _tail(store: LogStore, faults: Faults, requests: AsyncIterator[Message]) -> AsyncIterator[Message]:
    """Answer a tail until the client closes its side of the stream: then, as observed, the stream ends at once."""
    asked = await anext(requests, None)
    if asked is None:
        return
    window = _window(asked)
    with store.subscribe(asked.resource_names, asked.filter) as subscription:
        hung_up = asyncio.ensure_future(_hang_up(requests, subscription))
        try:
            sent = 0
            while batch := await _batch(subscription, window):
                if 0 < faults.drop_tail_after <= sent:
                    raise Problem(grpc.StatusCode.UNAVAILABLE, "The connection was reset.")
                yield _answer(batch)
                sent += 1
        finally:
            hung_up.cancel()


async def _hang_up(requests: AsyncIterator[Message], subscription: Subscription) -> None:
    """Close the subscription when the client's side of the stream is closed, or broken."""
    try:
        async for _ in requests:
            pass
    finally:
        subscription.close()


async def _batch(subscription: Subscription, window: float) -> Batch | None:
    batch = await subscription.take(window)
    return None if subscription.closed else batch


def _answer(batch: Batch) -> Message:
    answer = _TAIL_ANSWER(entries=batch.entries)
    for reason, count in (
        (_REASON.NOT_CONSUMED, batch.not_consumed),
        (_REASON.RATE_LIMIT, batch.rate_limited),
    ):
        if count:
            answer.suppression_info.add(reason=reason, suppressed_count=count)
    return answer


def _window(asked: Message) -> float:
    """Return how long a tail collects entries before it sends them, in seconds."""
    if not asked.HasField("buffer_window"):
        return 2.0
    seconds: float = asked.buffer_window.ToNanoseconds() / 1e9
    if not 0 <= seconds <= 60:
        raise _invalid(f"buffer_window must be between 0 and 60 seconds, not {seconds:g}")
    return seconds


def write(store: LogStore, request: Message) -> None:
    """Store a batch: all of it or nothing, or (`partial_success`) what is valid.

    The answer names the first entry that is not; Google's list of all of them, a detail of its status, is left out.
    """
    valid, first = [], None
    for at, entry in enumerate(request.entries):
        try:
            valid.append(_completed(entry, request, at))
        except Problem as problem:
            first = first or problem
    if not request.dry_run and (first is None or request.partial_success):
        for entry in valid:
            store.write(entry)
    if first is not None:
        raise first


def _completed(entry: Message, request: Message, at: int) -> Message:
    """Return a copy of the entry with the batch's log name, resource and labels where it has none of its own."""
    whole = Entry(log_name=request.log_name, labels=request.labels, resource=request.resource)
    if entry.HasField("resource"):
        whole.ClearField("resource")
    whole.MergeFrom(entry)
    if not _LOG_NAME.fullmatch(whole.log_name):
        raise _invalid(f"entries[{at}]: invalid log name '{whole.log_name}'")
    if not whole.resource.type:
        raise _invalid(f"entries[{at}]: a monitored resource type is required")
    return whole


def _invalid(message: str) -> Problem:
    return Problem(grpc.StatusCode.INVALID_ARGUMENT, message)
