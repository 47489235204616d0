"""probes: the way out. httpx, bounded in every way: time, size, number of redirects, and where a token may go.

httpx is imported late, for it takes longer than a first frame may.
"""

import asyncio
import secrets
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from buddy_tui.clean import clean_line
from buddy_tui.gateway import TokenReads
from buddy_tui.probes import mishaps, request
from buddy_tui.probes.body import Body
from buddy_tui.probes.front_end import Pass, refusal_of
from buddy_tui.probes.passes import Passes
from buddy_tui.probes.values import Answer, Refusal, Target
from buddy_tui.question import Ask

if TYPE_CHECKING:
    import httpx

MOST_REDIRECTS = 5

# Shorter than servers keep an idle connection, so that none is used just when the other side closes it.
_IDLE = 2.0
# A body may come in pieces of a byte each; after so many of them everything else has its turn.
_BREATH = 256
_UNSENDABLE = "the request cannot be sent as it is written"


def _now() -> datetime:
    return datetime.now(UTC)


class HttpDoor:
    """A Door to real addresses. `tokens` are asked for where a target needs one."""

    def __init__(self, tokens: TokenReads, *, clock: Callable[[], datetime] = _now) -> None:
        self._passes = Passes(tokens, time.monotonic)
        self._clock = clock
        self._loading = asyncio.Lock()
        self._secure: ssl.SSLContext | None = None

    def visit(self) -> "HttpVisit":
        """Return a new visitor."""
        return HttpVisit(self._passes, self._trusted, self._clock)

    async def _trusted(self) -> ssl.SSLContext:
        """Return what all visitors trust; reading the certificates is slow, and done once and elsewhere."""
        async with self._loading:
            if self._secure is None:
                self._secure = await asyncio.to_thread(_load)
            return self._secure


class HttpVisit:
    """A Visit over httpx: connections and cookies of its own."""

    def __init__(
        self,
        passes: Passes,
        trusted: Callable[[], Awaitable[ssl.SSLContext]],
        clock: Callable[[], datetime],
    ) -> None:
        self._passes = passes
        self._trusted = trusted
        self._clock = clock
        self._clients: dict[bool, httpx.AsyncClient] = {}

    async def send(self, target: Target, ask: Ask, *, timeout: float) -> Answer:  # noqa: ASYNC109 - for one whole answer
        """Send one request. Raises UsageProblem for one that cannot be sent, e.g. an unset variable in a header.

        Getting a token is not part of `timeout`, which covers everything from the connection to the body's end.
        """
        own = request.headers_of(ask)
        trip = _Trip(target, Answer(self._clock(), trace=secrets.token_hex(16)))
        client = await self._client(local=_is_local(target.base))
        url = _parsed(target.base + ask.path)
        if stopped := _stopped(target, ask, own, url):
            return _refused(trip.answer, stopped)
        if url is None:
            return replace(trip.answer, trouble=_UNSENDABLE, ours=True)
        shown = await self._pass(target)
        headers = request.marked(ask, own, shown.token, trip.answer.trace)
        content = ask.json.encode() if ask.json else None
        extensions = {"trace": trip.noted}
        first = client.build_request(ask.method, url, headers=headers, content=content, extensions=extensions)
        answer = await trip.made(client, first, timeout)
        return _refused(answer, refusal_of(target, answer, shown))

    async def close(self) -> None:
        """Close the connections."""
        while self._clients:
            await self._clients.popitem()[1].aclose()

    async def _pass(self, target: Target) -> Pass:
        if target.audience and not target.base.startswith("https://") and not _is_local(target.base):
            return Pass(trouble="its address is not encrypted, and a token would be read on the way.")
        return await self._passes.for_audience(target.audience)

    async def _client(self, *, local: bool) -> "httpx.AsyncClient":
        """Return the client for this machine, which no proxy of the environment may see, or for the world."""
        trusted = await self._trusted()
        if local not in self._clients:
            import httpx

            limits = httpx.Limits(max_connections=None, keepalive_expiry=_IDLE)
            self._clients[local] = httpx.AsyncClient(
                verify=trusted,
                trust_env=not local,
                timeout=None,  # noqa: S113 - one limit covers a whole answer
                limits=limits,
            )
        return self._clients[local]


@dataclass(slots=True)
class _Trip:
    """One request on its way, and what has come back so far. `sent` is when its first byte went out, in seconds."""

    target: Target
    answer: Answer
    sent: float = 0.0
    body: Body = field(default_factory=lambda: Body(""))

    async def made(
        self,
        client: "httpx.AsyncClient",
        first: "httpx.Request",
        timeout: float,  # noqa: ASYNC109 - the words need it as well
    ) -> Answer:
        """Go there and back, and tell what came of it."""
        import httpx

        began, host = time.perf_counter(), first.url.netloc.decode("ascii")
        try:
            async with asyncio.timeout(timeout):
                await self._follow(client, first)
        except TimeoutError:
            sent, status = bool(self.sent), self.answer.status
            self._failed(mishaps.too_late(timeout, sent=sent, status=status, host=host), ours=not sent)
        except (httpx.LocalProtocolError, httpx.UnsupportedProtocol):
            self._failed(_UNSENDABLE, ours=True)
        except (httpx.TransportError, OSError) as error:
            if self.sent:
                self._failed(mishaps.broken(error, self.answer.status, self.body.arrived))
            else:  # what fails before anything was sent says nothing about the revision
                self._failed(mishaps.unreached(error, host), ours=True)
        return self._over(time.perf_counter() - (self.sent or began))

    async def noted(self, event: str, about: Mapping[str, Any]) -> None:
        """Take note of when the first byte goes out; what a proxy is told before that does not count."""
        if self.sent or not event.endswith("send_request_headers.started"):
            return
        if about["request"].method != b"CONNECT":
            self.sent = time.perf_counter()

    async def _follow(self, client: "httpx.AsyncClient", first: "httpx.Request") -> None:
        """Send a request, and those that redirects to the target's own origins ask for."""
        onward = first
        for _ in range(1 + MOST_REDIRECTS):
            response = await _sent(client, onward)
            try:
                await self._read(response)
            finally:
                await response.aclose()
            if response.next_request is None:
                return
            onward = response.next_request
            if not _is_own(onward.url, self.target):
                where = clean_line(f"{onward.url.scheme}://{onward.url.netloc.decode('ascii')}")
                self._failed(f"it leads on to {where}, which is not this revision's address: not followed")
                return
        self._failed(f"it leads on and on: {MOST_REDIRECTS} redirects were followed")

    async def _read(self, response: "httpx.Response") -> None:
        headers = request.seen(response.headers.multi_items())
        self.answer = replace(self.answer, status=response.status_code, headers=headers)
        self.body = Body(response.headers.get("content-encoding", "").strip().lower())
        pieces = 0
        async with aclosing(response.aiter_raw()) as chunks:  # type: ignore[type-var]
            async for chunk in chunks:
                if not self.body.take(chunk):
                    return
                pieces += 1
                if pieces % _BREATH == 0:
                    await asyncio.sleep(0)

    def _failed(self, trouble: str, *, ours: bool = False) -> None:
        self.answer = replace(self.answer, trouble=trouble, ours=ours)

    def _over(self, took: float) -> Answer:
        self.body.end(whole=not self.answer.trouble)
        trouble = self.answer.trouble or self.body.trouble
        return replace(self.answer, took=took, body=self.body.data, cut=self.body.cut, trouble=trouble)


async def _sent(client: "httpx.AsyncClient", onward: "httpx.Request") -> "httpx.Response":
    import httpx

    try:
        return await client.send(onward, stream=True)
    except (
        httpx.InvalidURL,
        ValueError,
    ) as error:  # what httpx makes of some addresses that a hostile redirect names
        raise httpx.RemoteProtocolError("not an address") from error


def _load() -> ssl.SSLContext:
    import httpx

    return httpx.create_ssl_context()


def _stopped(
    target: Target, ask: Ask, own: Mapping[str, str], url: "httpx.URL | None"
) -> tuple[Refusal, str, str] | None:
    """Return why nothing may be sent: the target is refused, or the request would come out elsewhere."""
    if target.refusal is not None:
        return target.refusal, target.reason, target.fix
    if "host" in own:  # the front end finds the service by it
        return Refusal.FOREIGN_HOST, "A Host header would lead the request to another service.", ""
    straight = ask.path.startswith("/") and not ask.path.startswith("//")
    if not straight or (url is not None and not _is_own(url, target)):
        return Refusal.FOREIGN_HOST, "The path would lead the request to another host.", ""
    return None


def _refused(answer: Answer, why: tuple[Refusal, str, str] | None) -> Answer:
    if why is None:
        return answer
    refusal, reason, fix = why
    return replace(answer, refusal=refusal, reason=reason, fix=fix)


@lru_cache(maxsize=256)
def _parsed(url: str) -> "httpx.URL | None":
    import httpx

    try:
        return httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        return None


def _is_own(url: "httpx.URL", target: Target) -> bool:
    """Compare scheme, host and port as httpx understands them, which decides where a request really goes."""
    return (url.scheme, url.netloc) in map(_origin, target.origins)


@lru_cache(maxsize=256)
def _origin(origin: str) -> tuple[str, bytes] | None:
    parsed = _parsed(origin)
    return (parsed.scheme, parsed.netloc) if parsed else None


@lru_cache(maxsize=256)
def _is_local(base: str) -> bool:
    host = urlsplit(base).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
