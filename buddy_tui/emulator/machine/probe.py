"""The startup probe: when a container counts as started, and what the platform's log says about it."""

import asyncio
import contextlib
from dataclasses import dataclass

from buddy_tui.emulator.rpc import Message

# Cloud Run's own probe, as it stores it in a revision that has none: one long try.
_DEFAULT_SECONDS = 240
_LOOK_AGAIN = 0.02

CANCELLED = "CANCELLED"
DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
REFUSED = "ERROR_CONNECTION_FAILED"
# An answer, but a bad one. Google's word for it is unverified.
UNHEALTHY = "UNHEALTHY"


@dataclass(frozen=True, slots=True)
class Probe:
    """A startup probe. Times are in seconds; `subject` is the container and port in the words of the log.

    A gRPC probe asks no more than whether its port is open; Cloud Run would ask for the health of the service.
    """

    kind: str = "TCP"
    path: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    subject: str = ""
    default: bool = True
    reachable: bool = True
    delay: float = 0.0
    period: float = _DEFAULT_SECONDS
    timeout: float = _DEFAULT_SECONDS
    threshold: int = 1

    def succeeded(self, attempts: int) -> str:
        """Return the log's line about a start."""
        return f"{self._name} succeeded after {_times(attempts, 'attempt')} for {self.subject}."

    def failed(self, attempts: int, status: str) -> str:
        """Return the log's line about a failed start; `status` is a word of this module."""
        times = _times(attempts, "time")
        line = f"{self._name} failed {times} consecutively for {self.subject}. The instance was not started."
        return f"{line}\nConnection failed with status {status}."

    @property
    def _name(self) -> str:
        return f"{'Default ' if self.default else ''}STARTUP {self.kind} probe"


def probe_of(container: Message, name: str, port: int) -> Probe:
    """Read the startup probe of a container (run.v2 Container) that is called `name` and listens on `port`."""
    raw = container.startup_probe
    kind = raw.WhichOneof("probe_type") if container.HasField("startup_probe") else None
    if kind is None:
        return Probe(subject=f'container "{name}" on port {port}')
    action = getattr(raw, kind)
    asked = action.port or port
    path = (action.path or "/") if kind == "http_get" else ""
    period, threshold = raw.period_seconds or 10, raw.failure_threshold or 3
    return Probe(
        kind={"http_get": "HTTP", "tcp_socket": "TCP", "grpc": "GRPC"}[kind],
        path=path,
        headers=tuple((one.name, one.value) for one in action.http_headers) if path else (),
        subject=f'container "{name}" on port {asked}' + (f' path "{path}"' if path else ""),
        default=(kind, period, threshold) == ("tcp_socket", _DEFAULT_SECONDS, 1),
        reachable=asked == port,
        delay=raw.initial_delay_seconds,
        period=period,
        timeout=raw.timeout_seconds or 1,
        threshold=threshold,
    )


async def check(probe: Probe, port: int, limit: float) -> tuple[int, str]:
    """Probe `port` of this machine until it passes or fails, for `limit` seconds at most.

    Returns how many attempts it took, and why the last one failed: a word of this module, empty when it passed.
    """
    attempt, status = 0, DEADLINE_EXCEEDED
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(limit):
            await asyncio.sleep(probe.delay)
            for attempt in range(1, probe.threshold + 1):
                pause = asyncio.get_running_loop().time() + probe.period
                status = DEADLINE_EXCEEDED
                status = await _attempt(probe, port)
                if not status:
                    break
                if attempt < probe.threshold:
                    await asyncio.sleep(max(0.0, pause - asyncio.get_running_loop().time()))
    return max(1, attempt), status


async def _attempt(probe: Probe, port: int) -> str:
    try:
        async with asyncio.timeout(probe.timeout):
            if probe.kind == "HTTP":
                return await _get(probe, port)
            while not (probe.reachable and await _connects(port)):  # noqa: ASYNC110 - a port has no event
                await asyncio.sleep(_LOOK_AGAIN)
    except TimeoutError:
        return DEADLINE_EXCEEDED
    return ""


async def _connects(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def _get(probe: Probe, port: int) -> str:
    """Ask for the probe's path; every answer from 200 to 399 will do."""
    try:
        if not probe.reachable:
            return REFUSED
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        headers = "".join(f"{name}: {value}\r\n" for name, value in probe.headers)
        writer.write(
            f"GET {probe.path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n".encode()
        )
        try:
            status = (await reader.readline()).split()[1:2]
        finally:
            writer.close()
    except OSError:
        return REFUSED
    return "" if status and b"200" <= status[0] < b"400" else UNHEALTHY


def _times(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
