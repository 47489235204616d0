"""What the emulated Cloud Logging keeps: entries in order of time, and the live tails on them."""

import asyncio
import base64
import hashlib
import json
import sys
from bisect import bisect_left
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter
from types import TracebackType
from typing import Self

import grpc

from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.logs.entries import Entry, insert_id
from buddy_tui.emulator.logs.filter import Predicate, compile_filter
from buddy_tui.emulator.names import Problem
from buddy_tui.emulator.rpc import Message

# How long a scan may hold the event loop, in seconds.
_BREATH = 0.004
# Google's quota: open tail sessions of one project.
_SESSIONS = 10

# Nanoseconds since 1970, insert id, log name: the order of a query's result, and an entry's identity.
_Key = tuple[int, str, str]
_Row = tuple[int, str, str, bytes]


@dataclass(frozen=True, slots=True)
class Query:
    """What ListLogEntries asks for. `order_by` and `page_token` may be empty; a `page_size` of 0 means 50."""

    resource_names: tuple[str, ...]
    filter: str = ""
    order_by: str = ""
    page_size: int = 0
    page_token: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """What a tail delivers at once: entries by time, and how many others it had to leave out since the last."""

    entries: tuple[Message, ...]
    not_consumed: int = 0
    rate_limited: int = 0


class LogStore:
    """Keeps the newest `capacity` entries, fewer where they have more than `room` bytes together.

    They are kept as bytes: a parsed entry takes four times the memory.
    """

    def __init__(
        self, clock: Clock, faults: Faults, capacity: int = 200_000, room: int = 128 * 1024 * 1024
    ) -> None:
        self._clock = clock
        self._faults = faults
        self._capacity = capacity
        self._room = room
        self._size = 0
        self._rows: list[_Row] = []
        self._tails: list[Subscription] = []

    def write(self, entry: Message) -> None:
        """Take an entry over, at once or (as a fault) late; one without time or insert id gets them here.

        An entry with the log name, time and insert id of one that is kept is seen again by tails only, as
        Google promises it for query results.
        """
        now = self._clock.now()
        late = self._faults.log_delay and self._faults.strikes(self._faults.log_late_share)
        delay = self._faults.log_delay if late else 0.0
        if not entry.HasField("timestamp"):
            entry.timestamp.FromDatetime(now)
        entry.insert_id = entry.insert_id or insert_id(now)
        entry.receive_timestamp.FromDatetime(now + timedelta(seconds=delay))
        for _ in range(2 if self._faults.strikes(self._faults.log_double_share) else 1):
            if delay:
                asyncio.get_running_loop().call_later(delay, self._ingest, entry)
            else:
                self._ingest(entry)

    async def list_entries(self, query: Query) -> tuple[list[Message], str]:
        """Return one page and the token of the next; an empty token after the last entry.

        A page may be empty and still have a next one. What arrives later does not disturb a token.
        """
        size = _page_size(query.page_size)
        matches, prefixes = compile_filter(query.filter), _prefixes(query.resource_names)
        rows, found = self._from(query), list[Message]()
        until = perf_counter() + _BREATH
        for at, row in enumerate(rows):
            if at % 64 == 0 and perf_counter() > until:
                await asyncio.sleep(0)
                until = perf_counter() + _BREATH
            if row[2].startswith(prefixes) and matches(entry := Entry.FromString(row[3])):
                found.append(entry)
                if len(found) == size:
                    return found, _token(query, row[:3]) if at + 1 < len(rows) else ""
        return found, ""

    def log_names(self, resource_names: Iterable[str]) -> list[str]:
        """Return the names of the logs that have entries, sorted."""
        prefixes = _prefixes(resource_names)
        return sorted({row[2] for row in self._rows if row[2].startswith(prefixes)})

    def subscribe(self, resource_names: Iterable[str], text: str) -> "Subscription":
        """Open a tail: every matching entry that arrives from now on. The caller closes it.

        An eleventh open tail of a project is RESOURCE_EXHAUSTED; the words of that answer are unverified.
        """
        prefixes = _prefixes(resource_names)
        for prefix in prefixes:
            if sum(prefix in tail.prefixes for tail in self._tails) >= _SESSIONS:
                raise Problem(
                    grpc.StatusCode.RESOURCE_EXHAUSTED,
                    f"Quota exceeded: {_SESSIONS} open tail sessions for '{prefix.removesuffix('/logs/')}'.",
                )
        return Subscription(self._tails, prefixes, compile_filter(text))

    def close(self) -> None:
        """End every tail, so that the server that serves them can stop in peace."""
        for tail in list(self._tails):
            tail.close()

    def _ingest(self, entry: Message) -> None:
        key: _Key = (entry.timestamp.ToNanoseconds(), entry.insert_id, sys.intern(entry.log_name))
        at = bisect_left(self._rows, key)
        if at == len(self._rows) or self._rows[at][:3] != key:
            data = entry.SerializeToString()
            self._rows.insert(at, (*key, data))
            self._size += len(data)
        if len(self._rows) > self._capacity or self._size > self._room:
            # A little more than needed: dropping from the front moves the whole list.
            oldest = slice(len(self._rows) // 50 + 1)
            self._size -= sum(len(row[3]) for row in self._rows[oldest])
            del self._rows[oldest]
        for tail in self._tails:
            tail.offer(entry)

    def _from(self, query: Query) -> list[_Row]:
        """Return a copy of the rows that are still to be read, in the order that was asked for."""
        if query.order_by not in {"", "timestamp asc", "timestamp desc"}:
            raise _invalid(f"order_by must be 'timestamp asc' or 'timestamp desc', not '{query.order_by}'")
        newest_first = query.order_by == "timestamp desc"
        if not query.page_token:
            return self._rows[::-1] if newest_first else self._rows[:]
        key = _read_token(query)
        at = bisect_left(self._rows, key)
        if newest_first:
            return self._rows[:at][::-1]
        return self._rows[at + (at < len(self._rows) and self._rows[at][:3] == key) :]


class Subscription:
    """One open tail. It keeps at most `depth` entries for a reader that lags, and hands out `rate` a minute."""

    def __init__(
        self,
        tails: "list[Subscription]",
        prefixes: tuple[str, ...],
        matches: Predicate,
        *,
        depth: int = 20_000,
        rate: int = 60_000,
    ) -> None:
        self.prefixes = prefixes
        self._tails = tails
        self._matches = matches
        self._depth = depth
        self._rate = rate
        self._kept: list[Message] = []
        self._not_consumed = 0
        self._minute = float("-inf")
        self._handed_out = 0
        self._something = asyncio.Event()
        self._ended = asyncio.Event()
        tails.append(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def closed(self) -> bool:
        """Whether the tail has ended."""
        return self._ended.is_set()

    def close(self) -> None:
        """End the tail: no more entries come, and whoever waits in `take` returns at once."""
        if not self.closed:
            self._tails.remove(self)
            self._ended.set()
            self._something.set()

    def offer(self, entry: Message) -> None:
        """Keep a newly arrived entry if the tail is about it."""
        if not (entry.log_name.startswith(self.prefixes) and self._matches(entry)):
            return
        if len(self._kept) < self._depth:
            self._kept.append(entry)
        else:
            self._not_consumed += 1
        self._something.set()

    async def take(self, window: float) -> Batch:
        """Wait for an entry, then `window` seconds for others that belong before it; return all of them."""
        await self._something.wait()
        if window:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), window)
        if not self.closed:
            self._something.clear()
        kept, self._kept = self._kept, []
        missed, self._not_consumed = self._not_consumed, 0
        allowed = self._allowance(len(kept))
        kept.sort(key=lambda entry: (entry.timestamp.ToNanoseconds(), entry.insert_id))
        return Batch(tuple(kept[:allowed]), missed, len(kept) - allowed)

    def _allowance(self, wanted: int) -> int:
        now = asyncio.get_running_loop().time()
        if now - self._minute >= 60:
            self._minute, self._handed_out = now, 0
        allowed = min(wanted, self._rate - self._handed_out)
        self._handed_out += allowed
        return allowed


def _prefixes(resource_names: Iterable[str]) -> tuple[str, ...]:
    """Return how the log names of the resources begin; a view counts as all of its project."""
    names = tuple(resource_names)
    if not names or any(name.count("/") < 1 or not all(name.split("/")[:2]) for name in names):
        raise _invalid(f"resource_names must name projects, as 'projects/PROJECT_ID', not {list(names)}")
    return tuple("/".join(name.split("/")[:2]) + "/logs/" for name in names)


def _page_size(size: int) -> int:
    if not 0 <= size <= 1000:
        raise _invalid(f"page_size must be between 0 and 1000, not {size}")
    return size or 50


def _token(query: Query, key: _Key) -> str:
    return base64.urlsafe_b64encode(json.dumps([_digest(query), *key]).encode()).decode()


def _read_token(query: Query) -> _Key:
    try:
        digest, nanoseconds, identity, log_name = json.loads(base64.urlsafe_b64decode(query.page_token))
    except (ValueError, TypeError):
        digest = ""
    if digest != _digest(query):
        raise _invalid("page_token doesn't match arguments from the request")
    return nanoseconds, identity, log_name


def _digest(query: Query) -> str:
    said = json.dumps([query.resource_names, query.filter, query.order_by])
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _invalid(message: str) -> Problem:
    return Problem(grpc.StatusCode.INVALID_ARGUMENT, message)
