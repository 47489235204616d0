"""Cloud Logging v2 on the wire, through Google's own async client."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.api_core import exceptions
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2AsyncClient
from google.cloud.logging_v2.services.logging_service_v2.transports import (
    LoggingServiceV2GrpcAsyncIOTransport,
)
from google.cloud.logging_v2.types import (
    ListLogEntriesRequest,
    LogEntry,
    TailLogEntriesRequest,
    TailLogEntriesResponse,
    WriteLogEntriesRequest,
)

from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.logs import entries
from buddy_tui.emulator.logs.api import handlers
from buddy_tui.emulator.logs.store import LogStore
from buddy_tui.emulator.names import Where

WHERE = Where("acme", "us-central1", "shop", "shop-00001-abc")
START = datetime(2026, 2, 10, 8, 0, tzinfo=UTC)
NO_WINDOW = timedelta()


class Tail:
    """An open tail, as its client sees it."""

    def __init__(self, call: Any) -> None:  # noqa: ANN401 - the client declares less than it returns
        self.call = call
        self.answers: AsyncIterator[TailLogEntriesResponse] = aiter(call)

    async def next(self) -> TailLogEntriesResponse:
        return await asyncio.wait_for(anext(self.answers), 3)

    async def texts(self) -> list[str]:
        return [entry.text_payload for entry in (await self.next()).entries]


@dataclass
class Wire:
    """A served log store, and Google's client of it."""

    store: LogStore
    faults: Faults
    server: grpc.aio.Server
    client: LoggingServiceV2AsyncClient

    def say(self, text: str, second: float = 0) -> None:
        at = START + timedelta(seconds=second)
        self.store.write(entries.line(WHERE, "00ff", "stdout", text, at))

    async def ask(self, *asked: TailLogEntriesRequest, stay: bool = True) -> Tail:
        """Send the requests of a tail, and keep its request side open unless told otherwise."""

        async def requests() -> AsyncIterator[TailLogEntriesRequest]:
            for each in asked:
                yield each
            if stay:
                await asyncio.sleep(60)

        return Tail(await self.client.tail_log_entries(requests=requests(), timeout=10))

    async def tail(self, filter_: str = "", window: timedelta | None = NO_WINDOW) -> Tail:
        """Open a tail and wait until the store knows of it."""
        tail = await self.ask(
            TailLogEntriesRequest(resource_names=["projects/acme"], filter=filter_, buffer_window=window)
        )
        async with asyncio.timeout(5):
            while not self.store._tails:  # noqa: ASYNC110 - an API's client is not told either
                await asyncio.sleep(0.001)
        return tail


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    faults = Faults()
    store = LogStore(Clock(lambda: START), faults)
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(handlers(store, faults))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
    client = LoggingServiceV2AsyncClient(transport=LoggingServiceV2GrpcAsyncIOTransport(channel=channel))
    yield Wire(store, faults, server, client)
    store.close()
    await channel.close(None)
    await server.stop(None)


async def test_entries_are_listed_with_filter_order_and_pages(wire: Wire) -> None:
    for second in range(7):
        wire.say(f"boot {second}", second)
    wire.say("other", 9)

    pager = await wire.client.list_log_entries(
        ListLogEntriesRequest(
            resource_names=["projects/acme"],
            filter='resource.labels.service_name="shop" AND textPayload:"boot"',
            order_by="timestamp desc",
            page_size=3,
        ),
        timeout=5,
    )

    assert [entry.text_payload async for entry in pager] == [f"boot {second}" for second in range(6, -1, -1)]


async def test_a_bad_filter_is_an_invalid_argument(wire: Wire) -> None:
    with pytest.raises(exceptions.InvalidArgument, match="line 1, column 10"):
        await wire.client.list_log_entries(
            ListLogEntriesRequest(resource_names=["projects/acme"], filter="severity="), timeout=5
        )


async def test_a_tail_delivers_new_entries_alone_in_order(wire: Wire) -> None:
    wire.say("boot too early")
    tail = await wire.tail('textPayload:"boot"')

    wire.say("boot two", 2)
    wire.say("boot one", 1)
    wire.say("other", 3)

    assert await tail.texts() == ["boot one", "boot two"]


async def test_a_tail_without_a_window_answers_at_once(wire: Wire) -> None:
    tail = await wire.tail()

    for text in ("one", "two"):
        wire.say(text)
        assert await tail.texts() == [text]


async def test_a_tail_waits_for_its_window(wire: Wire) -> None:
    loop = asyncio.get_running_loop()
    tail = await wire.tail(window=timedelta(seconds=0.1))
    began = loop.time()
    wire.say("second", 2)
    loop.call_later(0.02, wire.say, "first", 1)

    assert await tail.texts() == ["first", "second"]
    assert loop.time() - began >= 0.1


async def test_a_tail_without_a_stated_window_takes_two_seconds(wire: Wire) -> None:
    tail = await wire.tail(window=None)
    wire.say("one")

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(tail.answers), 0.2)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (TailLogEntriesRequest(resource_names=["projects/acme"], filter="thud=1"), "Field not found"),
        (TailLogEntriesRequest(), "resource_names"),
        (
            TailLogEntriesRequest(resource_names=["projects/acme"], buffer_window=timedelta(seconds=61)),
            "buffer_window",
        ),
    ],
)
async def test_a_bad_tail_is_refused(wire: Wire, asked: TailLogEntriesRequest, words: str) -> None:
    tail = await wire.ask(asked)

    with pytest.raises(exceptions.InvalidArgument, match=words):
        await tail.next()


@pytest.mark.parametrize(
    "asked",
    [(), (TailLogEntriesRequest(resource_names=["projects/acme"]),)],
    ids=["before the request", "after the request"],
)
async def test_closing_the_request_side_ends_a_tail_at_once(
    wire: Wire, asked: tuple[TailLogEntriesRequest, ...]
) -> None:
    tail = await wire.ask(*asked, stay=False)

    assert [answer async for answer in tail.answers] == []
    assert wire.store._tails == []


async def test_an_eleventh_tail_of_a_project_is_refused(wire: Wire) -> None:
    for _ in range(10):
        wire.store.subscribe(["projects/acme"], "")

    tail = await wire.tail()

    with pytest.raises(exceptions.ResourceExhausted):
        await tail.next()


async def test_a_tail_tells_what_it_left_out(wire: Wire) -> None:
    tail = await wire.tail()
    wire.store._tails[0]._depth = 2
    wire.store._tails[0]._rate = 1

    for second in range(5):
        wire.say(f"{second}", second)
    answer = await tail.next()

    assert [entry.text_payload for entry in answer.entries] == ["0"]
    assert {(info.reason.name, info.suppressed_count) for info in answer.suppression_info} == {
        ("NOT_CONSUMED", 3),
        ("RATE_LIMIT", 1),
    }


async def test_a_tail_is_cut_off_when_the_world_says_so(wire: Wire) -> None:
    wire.faults.drop_tail_after = 2
    tail = await wire.tail()
    for text in ("one", "two"):
        wire.say(text)
        assert await tail.texts() == [text]

    wire.say("three")

    with pytest.raises(exceptions.ServiceUnavailable):
        await tail.next()


async def test_the_faults_of_the_world_strike_logging_too(wire: Wire) -> None:
    wire.faults.exhausted = 1.0

    with pytest.raises(exceptions.ResourceExhausted):
        await wire.client.list_log_entries(
            ListLogEntriesRequest(resource_names=["projects/acme"]), timeout=5, retry=None
        )


async def _cancel(wire: Wire, tail: Tail) -> None:
    tail.call.cancel()
    await wire.server.stop(1)


async def _stop(wire: Wire, tail: Tail) -> None:
    await wire.server.stop(0)


async def _close_the_store(wire: Wire, tail: Tail) -> None:
    wire.store.close()
    assert [answer async for answer in tail.answers] == []
    await wire.server.stop(1)


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """Collect what any logger says: warnings are printed to the terminal by default."""
    said = list[str]()

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    ear = Ear(logging.WARNING)
    logging.getLogger().addHandler(ear)
    yield said
    logging.getLogger().removeHandler(ear)


@pytest.mark.parametrize("end", [_cancel, _stop, _close_the_store])
async def test_the_end_of_an_open_tail_is_quiet(
    wire: Wire,
    complaints: list[str],
    capfd: pytest.CaptureFixture[str],
    end: Callable[[Wire, Tail], Awaitable[None]],
) -> None:
    tail = await wire.tail()
    wire.say("one")
    await tail.next()

    await end(wire, tail)

    assert wire.store._tails == []
    assert complaints == []
    assert "Traceback" not in capfd.readouterr().err


async def test_written_entries_get_what_the_batch_says_and_they_do_not(wire: Wire) -> None:
    await wire.client.write_log_entries(
        WriteLogEntriesRequest(
            log_name="projects/acme/logs/mine",
            resource={"type": "global", "labels": {"project_id": "acme"}},
            labels={"tier": "web", "zone": "a"},
            entries=[
                LogEntry(text_payload="plain"),
                LogEntry(
                    log_name="projects/acme/logs/other",
                    text_payload="own",
                    labels={"tier": "own"},
                    resource={"type": "cloud_run_revision", "labels": {"location": "l"}},
                ),
            ],
        ),
        timeout=5,
    )

    pager = await wire.client.list_log_entries(
        ListLogEntriesRequest(resource_names=["projects/acme"]), timeout=5
    )
    plain, own = [entry async for entry in pager]

    assert (plain.log_name, own.log_name) == ("projects/acme/logs/mine", "projects/acme/logs/other")
    assert (plain.resource.type, own.resource.type) == ("global", "cloud_run_revision")
    assert (dict(plain.resource.labels), dict(own.resource.labels)) == (
        {"project_id": "acme"},
        {"location": "l"},
    )
    assert (dict(plain.labels), dict(own.labels)) == (
        {"tier": "web", "zone": "a"},
        {"tier": "own", "zone": "a"},
    )
    assert plain.insert_id < own.insert_id


@pytest.mark.parametrize(("partial", "kept"), [(False, 0), (True, 1)])
async def test_a_batch_with_a_bad_entry_is_refused_whole_or_in_part(
    wire: Wire,
    partial: bool,  # noqa: FBT001 - a table's column
    kept: int,
) -> None:
    batch = WriteLogEntriesRequest(
        resource={"type": "global"},
        entries=[LogEntry(log_name="projects/acme/logs/good"), LogEntry(log_name="bad")],
        partial_success=partial,
    )

    with pytest.raises(exceptions.InvalidArgument, match=r"entries\[1\]: invalid log name 'bad'"):
        await wire.client.write_log_entries(batch, timeout=5)

    logs = await wire.client.list_logs(parent="projects/acme", timeout=5)
    assert len([name async for name in logs]) == kept


async def test_a_dry_run_writes_nothing(wire: Wire) -> None:
    batch = WriteLogEntriesRequest(
        resource={"type": "global"}, entries=[LogEntry(log_name="projects/acme/logs/good")], dry_run=True
    )

    await wire.client.write_log_entries(batch, timeout=5)

    assert wire.store.log_names(["projects/acme"]) == []


async def test_an_entry_without_a_resource_is_refused(wire: Wire) -> None:
    batch = WriteLogEntriesRequest(entries=[LogEntry(log_name="projects/acme/logs/good")])

    with pytest.raises(exceptions.InvalidArgument, match="resource type"):
        await wire.client.write_log_entries(batch, timeout=5)


async def test_the_logs_of_a_project_are_listed(wire: Wire) -> None:
    wire.say("one")

    logs = await wire.client.list_logs(parent="projects/acme", timeout=5)

    assert [name async for name in logs] == ["projects/acme/logs/run.googleapis.com%2Fstdout"]
