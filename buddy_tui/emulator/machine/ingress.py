"""The ingress: an HTTP address for every service and tag, a split of traffic, and an entry for every request."""

import asyncio
import re
import secrets
import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Protocol

import aiohttp
import grpc
from aiohttp import hdrs, web

from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.logs import entries
from buddy_tui.emulator.machine.fleet import Fleet, NoInstance
from buddy_tui.emulator.machine.front_end import FrontEnd, remove_signature
from buddy_tui.emulator.machine.heads import drop_hop_by_hop, is_malformed
from buddy_tui.emulator.machine.refusals import (
    BROKEN,
    NO_INSTANCE,
    NOT_FOUND,
    NOT_READY,
    TOO_LONG,
    Refusal,
)
from buddy_tui.emulator.machine.runtime import BootFailed, Instance
from buddy_tui.emulator.names import Problem, Where
from buddy_tui.emulator.rpc import Message

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-")
_CLOUD_TRACE = re.compile(r"([0-9a-f]{32})(?:/(\d{1,20}))?")

_CLIENT_GONE = 499


class Routes(Protocol):
    """Where the ingress learns who serves; the world."""

    def route(self, where: Where, tag: str = "") -> tuple[tuple[Where, int], ...]:
        """Return revisions and their percents; a NOT_FOUND Problem for an unknown service or tag."""


@dataclass(slots=True)
class _Call:
    """One request on its way. `text` is the platform's remark, when it could not be served.

    `credential` is the header whose token was checked, empty where none was.
    """

    request: web.BaseRequest
    where: Where
    began: datetime
    clock: float
    trace: str
    span: str
    credential: str = ""
    instance: str = ""
    sent: int = 0
    status: int = 0
    text: str = ""


class Ingress:
    """Serves every address that was asked for. `write` takes the request log; `random` decides the split."""

    def __init__(
        self,
        routes: Routes,
        front_end: FrontEnd,
        fleet: Fleet,
        clock: Clock,
        write: Callable[[Message], None],
        random: Random | None = None,
    ) -> None:
        self._routes = routes
        self._front_end = front_end
        self._fleet = fleet
        self._clock = clock
        self._write = write
        self._random = random or Random(7)  # noqa: S311 - chance, not secrecy
        self._ports: dict[tuple[Where, str], int] = {}
        self._places: dict[int, tuple[Where, str]] = {}
        self._sockets: list[socket.socket] = []
        self._runner: web.ServerRunner | None = None
        self._client: aiohttp.ClientSession | None = None
        self._opening: set[asyncio.Task[None]] = set()

    def address(self, where: Where, tag: str = "") -> str:
        """Return the URL of a service or of one of its tags: the same for ever, and reserved from now on."""
        key = (Where(where.project, where.region, where.service), tag)
        if key not in self._ports:
            listener = socket.create_server(("127.0.0.1", 0))
            self._ports[key] = listener.getsockname()[1]
            self._places[self._ports[key]] = key
            self._sockets.append(listener)
            if self._runner is not None:
                task = asyncio.get_running_loop().create_task(self._open(self._runner, listener))
                self._opening.add(task)
                task.add_done_callback(self._opening.discard)
        return f"http://127.0.0.1:{self._ports[key]}"

    async def start(self) -> None:
        """Begin to answer, on the addresses that there are and on those to come."""
        self._client = aiohttp.ClientSession(
            # Idle connections go before the usual servers close them: a request on a dying one would be lost.
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=1.0),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=(hdrs.USER_AGENT, hdrs.ACCEPT, hdrs.ACCEPT_ENCODING, hdrs.CONTENT_TYPE),
        )
        self._runner = web.ServerRunner(web.Server(self._serve, access_log=None), shutdown_timeout=1.0)
        await self._runner.setup()
        for listener in self._sockets:
            await self._open(self._runner, listener)

    async def close(self) -> None:
        """Stop answering and give the addresses back."""
        if self._runner is not None:
            await self._runner.cleanup()
        if self._client is not None:
            await self._client.close()
        for listener in self._sockets:
            listener.close()

    async def _open(self, runner: web.ServerRunner, listener: socket.socket) -> None:
        await web.SockSite(runner, listener).start()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        service, tag = self._places[_port(request)]
        trace, span = _trace(request)
        call = _Call(request, service, self._clock.now(), asyncio.get_running_loop().time(), trace, span)
        try:
            admitted = self._front_end.admit(service, request)
            call.where = self._pick(service, tag)
            response = await self._answer(call, admitted)
        except Problem:
            # No revision is there, so nobody whose log this could be.
            return NOT_FOUND.page(request.path)
        if call.text or not isinstance(admitted, Refusal):
            self._log(call)
        return response

    def _pick(self, service: Where, tag: str) -> Where:
        targets = self._routes.route(service, tag)
        if not targets:
            raise Problem(grpc.StatusCode.NOT_FOUND, "The service has never been ready.")
        percents = [percent for _, percent in targets]
        return self._random.choices(targets, percents)[0][0]

    async def _answer(self, call: _Call, admitted: Refusal | str) -> web.StreamResponse:
        if isinstance(admitted, Refusal):
            return _refused(call, admitted)
        call.credential = admitted
        try:
            instance = await self._fleet.acquire(call.where)
        except BootFailed:
            return _refused(call, NOT_READY)
        except NoInstance:
            return _refused(call, NO_INSTANCE)
        call.instance = instance.id
        try:
            await _invite_body(call.request)
            return await self._forward(call, instance)
        finally:
            self._fleet.release(instance)

    async def _forward(self, call: _Call, instance: Instance) -> web.StreamResponse:
        """Carry the request to `instance` and its answer back, both as they come."""
        request = call.request
        response: web.StreamResponse | None = None
        try:
            async with self._upstream(call, instance) as answer:
                if is_malformed(answer):
                    raise aiohttp.ClientPayloadError
                call.status = answer.status
                response = web.StreamResponse(status=answer.status, reason=answer.reason)
                response.headers.extend(answer.headers)
                drop_hop_by_hop(response.headers)
                response.headers[hdrs.SERVER] = "Google Frontend"
                response.headers["X-Cloud-Trace-Context"] = f"{call.trace};o=1"
                await response.prepare(request)
                async for data in answer.content.iter_any():
                    await response.write(data)
                    call.sent += len(data)
                await response.write_eof()
                return response
        except TimeoutError:
            refusal = TOO_LONG
        except (aiohttp.ClientError, ConnectionError):
            refusal = BROKEN
        if request.transport is None or request.transport.is_closing():
            call.status = _CLIENT_GONE
            return response or web.Response(status=_CLIENT_GONE)
        failed = _refused(call, refusal)
        if response is None or not response.prepared:
            return failed
        # Half an answer is out: only a broken connection tells the client that the rest is missing.
        request.transport.close()
        return response

    def _upstream(
        self, call: _Call, instance: Instance
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        if self._client is None:
            raise RuntimeError("The ingress was not started.")
        request = call.request
        headers = request.headers.copy()
        drop_hop_by_hop(headers)
        if call.credential:
            remove_signature(headers, call.credential)
        client = request.remote or "127.0.0.1"
        before = headers.get("X-Forwarded-For")
        headers["X-Forwarded-For"] = f"{before}, {client}" if before else client
        headers["X-Forwarded-Proto"] = "http"
        headers.setdefault("X-Cloud-Trace-Context", f"{call.trace}/{int(call.span, 16)};o=1")
        headers.setdefault("traceparent", f"00-{call.trace}-{call.span}-01")
        return self._client.request(
            request.method,
            request.url.with_scheme("http").with_host("127.0.0.1").with_port(instance.port),
            headers=headers,
            data=request.content if request.body_exists else None,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=instance.timeout),
        )

    def _log(self, call: _Call) -> None:
        request = call.request
        exchange = entries.Exchange(
            method=request.method,
            url=f"http://{request.host}{request.rel_url.raw_path_qs}",
            status=call.status,
            latency_seconds=asyncio.get_running_loop().time() - call.clock,
            request_size=request.content_length or 0,
            response_size=call.sent,
            user_agent=request.headers.get(hdrs.USER_AGENT, ""),
            remote_ip=request.remote or "",
            protocol=f"HTTP/{request.version.major}.{request.version.minor}",
            trace=call.trace,
            span=call.span,
            text=call.text,
        )
        self._write(entries.request(call.where, call.instance, exchange, call.began))


async def _invite_body(request: web.BaseRequest) -> None:
    """Tell a client that asks before it sends a large body to go on, as Google's front end does."""
    if request.headers.get(hdrs.EXPECT, "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        # It was not part of the answer, whose headers may still be chosen.
        request.writer.output_size = 0


def _refused(call: _Call, refusal: Refusal) -> web.Response:
    """Return Google's own page for a request that no instance answered, and note why for the log."""
    call.status, call.text = refusal.status, refusal.log
    page = refusal.page(call.request.path)
    call.sent = len(page.body) if isinstance(page.body, bytes) else 0
    return page


def _trace(request: web.BaseRequest) -> tuple[str, str]:
    """Return the trace and span ids that the request came with, or new ones: 32 and 16 hexadecimal digits."""
    if found := _TRACEPARENT.match(request.headers.get("traceparent", "")):
        return found[1], found[2]
    found = _CLOUD_TRACE.match(request.headers.get("X-Cloud-Trace-Context", ""))
    span = int(found[2] or 0) % (1 << 64) if found else 0
    return (found[1] if found else secrets.token_hex(16)), (f"{span:016x}" if span else secrets.token_hex(8))


def _port(request: web.BaseRequest) -> int:
    if request.transport is None:
        raise ConnectionResetError
    return int(request.transport.get_extra_info("sockname")[1])
