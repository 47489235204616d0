"""Boots a revision as a real process of this machine, keeps the container contract, and leaves no process behind."""

import asyncio
import contextlib
import secrets
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import NoReturn

from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.logs import entries
from buddy_tui.emulator.logs.agent import Agent
from buddy_tui.emulator.machine.images import Image
from buddy_tui.emulator.machine.probe import CANCELLED, Probe, check, probe_of
from buddy_tui.emulator.machine.process import PATH, Disguise, Output, Start, prepare
from buddy_tui.emulator.machine.reaper import Reaper, kill
from buddy_tui.emulator.names import Where
from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run import wording

DEPLOYMENT = "DEPLOYMENT_ROLLOUT"
AUTOSCALING = "AUTOSCALING"
MINIMUM = "MANUAL_OR_CUSTOMER_MIN_INSTANCE"

_REASONS = {
    DEPLOYMENT: "Instance started due to traffic shifting between revisions due to deployment, "
    "traffic split adjustment, or deployment health check.",
    # How it goes on after "CPU util" is unverified.
    AUTOSCALING: "Instance started due to configured scaling factors (e.g. CPU utilization, request throughput, "
    "etc.) or no existing capacity for current traffic.",
    MINIMUM: "Instance started because of customer-configured min-instances or manual scaling.",
}
_CONTAINER_PORT = 8080
# Cloud Run's own limits for a revision that sets none.
_CONCURRENCY = 80
_TIMEOUT = 300.0
# What a dead container's pipes may still hold is read for so long (seconds).
_LAST_WORDS = 1.0


class BootFailed(Exception):
    """A revision that did not start: message and reason of its Ready condition, and the exit code if it had one."""

    def __init__(self, message: str, reason: str, exit_code: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.exit_code = exit_code


@dataclass(slots=True, eq=False)
class Instance:
    """A running container. It listens on `port` of the loopback; `life` ends with its exit code (of a signal: minus).

    It takes `concurrency` requests at once, each for `timeout` seconds at most. `busy` counts those under way.
    """

    where: Where
    id: str
    port: int
    transport: asyncio.SubprocessTransport
    life: "asyncio.Task[int]"
    concurrency: int
    timeout: float
    busy: int = 0


@dataclass(frozen=True, slots=True)
class _Boot:
    """What is known of an instance before it runs."""

    where: Where
    instance: str
    name: str
    container_port: int
    probe: Probe


class Runtime:
    """Starts and stops instances. `write` takes their log entries.

    No startup probe waits longer than `startup_limit` seconds: Cloud Run's four minutes, scaled down. After SIGTERM
    an instance has `grace` seconds to go, ten on Cloud Run. `around` are environment variables of every container, read
    at each start; the revision's own win.
    """

    def __init__(
        self,
        folder: Path,
        reaper: Reaper,
        clock: Clock,
        write: Callable[[Message], None],
        *,
        around: Mapping[str, str] = MappingProxyType({}),
        startup_limit: float = 10.0,
        grace: float = 1.0,
    ) -> None:
        self._folder = folder / "homes"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._reaper = reaper
        self._clock = clock
        self._write = write
        self._around = around
        self._startup_limit = startup_limit
        self._grace = grace
        # Instances that are ended on purpose: their exit is not news.
        self._ending: set[str] = set()

    async def start(self, revision: Message, image: Image, where: Where, reason: str) -> Instance:
        """Boot one instance of `revision` (run.v2 Revision) and return it when its startup probe has passed.

        `reason` is DEPLOYMENT, AUTOSCALING or MINIMUM. What Cloud Run logs about a boot is logged. Raises BootFailed.
        """
        container = ingress_container(revision)
        name = container.name or f"{where.service}-1"
        port = container.ports[0].container_port if container.ports else _CONTAINER_PORT
        # Real ones are between 130 and 200 hexadecimal digits.
        boot = _Boot(where, f"00{secrets.token_hex(91)}", name, port, probe_of(container, name, port))
        text = f"Starting new instance. Reason: {reason} - {_REASONS[reason]}"
        self._say(boot, "INFO", text, scaling_reason=reason)
        home = Path(tempfile.mkdtemp(dir=self._folder))
        with _reserved_port() as private:
            try:
                start = prepare(container, image, where, (port, private), home, self._around)
            except ValueError as problem:
                self._refuse(boot, str(problem))
            transport, output = await self._spawn(boot, start, image)
            life = asyncio.create_task(self._live(boot, transport, output, home))
            instance = Instance(
                where,
                boot.instance,
                private,
                transport,
                life,
                revision.max_instance_request_concurrency or _CONCURRENCY,
                revision.timeout.ToTimedelta().total_seconds() or _TIMEOUT,
            )
            await self._await_start(boot, instance)
        return instance

    async def stop(self, instance: Instance, remark: str = "") -> None:
        """End an instance: SIGTERM, and SIGKILL when it takes longer than the grace. `remark` is logged before."""
        if remark:
            self._write(entries.system(instance.where, instance.id, "INFO", remark, self._clock.now()))
        if not instance.life.done():
            self._ending.add(instance.id)
            with contextlib.suppress(ProcessLookupError):
                instance.transport.terminate()
            await asyncio.wait({instance.life}, timeout=self._grace)
        await self._kill(instance)

    async def _kill(self, instance: Instance) -> None:
        if not instance.life.done():
            self._ending.add(instance.id)
            with contextlib.suppress(OSError):
                kill(instance.transport.get_pid(), group=True)
        await instance.life

    async def _spawn(
        self, boot: _Boot, start: Start, image: Image
    ) -> tuple[asyncio.SubprocessTransport, Output]:
        """Start the process in a session of its own, so that it can be ended with all that it starts."""
        if not start.argv:
            self._refuse(boot, f'"{start.word}" not found (PATH={PATH})')
        agents = {
            1: Agent(boot.where, boot.instance, "stdout", self._clock, self._write),
            2: Agent(boot.where, boot.instance, "stderr", self._clock, self._write),
        }
        try:
            transport, output = await asyncio.get_running_loop().subprocess_exec(
                lambda: Output(agents, Disguise(image.root)),
                *start.argv,
                stdin=asyncio.subprocess.DEVNULL,
                env=start.env,
                cwd=start.folder,
                start_new_session=True,
            )
        except OSError as problem:
            self._refuse(boot, f'"{start.word}": {(problem.strerror or "cannot be started").lower()}')
        except ValueError as problem:
            # No system takes a NUL in a word, nor an equals sign in a variable's name.
            self._refuse(boot, f'"{start.word}": {problem}')
        self._reaper.watch(transport.get_pid(), group=True)
        return transport, output

    async def _live(
        self, boot: _Boot, transport: asyncio.SubprocessTransport, output: Output, home: Path
    ) -> int:
        """Wait for the end of the process, end what it has left behind, and log how it ended."""
        await output.exited
        with contextlib.suppress(OSError):
            kill(transport.get_pid(), group=True)
        await asyncio.wait({output.closed}, timeout=_LAST_WORDS)
        transport.close()
        with contextlib.suppress(OSError):
            self._reaper.forget(transport.get_pid())
        shutil.rmtree(home, ignore_errors=True)
        code = transport.get_returncode() or 0
        if boot.instance not in self._ending:
            self._say_exit(boot, code)
        self._ending.discard(boot.instance)
        return code

    async def _await_start(self, boot: _Boot, instance: Instance) -> None:
        probing = asyncio.create_task(check(boot.probe, instance.port, self._startup_limit))
        try:
            await asyncio.wait({probing, instance.life}, return_when=asyncio.FIRST_COMPLETED)
            if not instance.life.done() and probing.done():
                attempts, status = probing.result()
                if not status:
                    self._say(boot, "INFO", boot.probe.succeeded(attempts))
                    return
                self._fail(boot, attempts, status, None)
            self._fail(boot, 1, CANCELLED, instance.life.result())
        except (BootFailed, asyncio.CancelledError):
            await self._kill(instance)
            raise
        finally:
            probing.cancel()

    def _refuse(self, boot: _Boot, problem: str) -> NoReturn:
        """Log that the command was never run, and fail."""
        self._say(boot, "ERROR", f"terminated: Application failed to start: {problem}")
        self._fail(boot, 1, CANCELLED, None)

    def _fail(self, boot: _Boot, attempts: int, status: str, code: int | None) -> NoReturn:
        self._say(boot, "ERROR", boot.probe.failed(attempts, status))
        raise BootFailed(_unhealthy(boot), "HEALTH_CHECK_CONTAINER_ERROR", code)

    def _say_exit(self, boot: _Boot, code: int) -> None:
        if code < 0:
            self._say(boot, "ERROR", f"Uncaught signal: {-code}, pid=1, tid=1, fault_addr=0.")
        else:
            self._say(boot, "WARNING", f"Container called exit({code}).", container_name=boot.name)

    def _say(self, boot: _Boot, severity: str, text: str, **labels: str) -> None:
        self._write(entries.system(boot.where, boot.instance, severity, text, self._clock.now(), **labels))


def ingress_container(revision: Message) -> Message:
    """Return the container of a revision that takes its requests; the emulator runs no other."""
    return next((one for one in revision.containers if one.ports), revision.containers[0])


def _unhealthy(boot: _Boot) -> str:
    """Return what Cloud Run says of a container that failed its health check ("defined provided" is Google's)."""
    if boot.probe.default:
        said = (
            "The user-provided container failed to start and listen on the port defined provided by the"
            f" PORT={boot.container_port} environment variable within the allocated timeout. This can happen when the"
            " container port is misconfigured or if the timeout is too short. The health check timeout can be"
            " extended. Logs for this revision might contain more information."
        )
    else:
        said = (
            "The user-provided container failed the configured startup probe checks."
            " Logs for this revision might contain more information."
        )
    return (
        f"{said}\n\nLogs URL: {wording.logs_url(boot.where)} \nFor more troubleshooting guidance, see"
        " https://cloud.google.com/run/docs/troubleshooting#container-failed-to-start"
    )


@contextlib.contextmanager
def _reserved_port() -> Iterator[int]:
    """Tell a free port of the loopback. On Linux nobody else is given it meanwhile; the instance may still bind it."""
    with socket.socket() as reservation:
        reservation.bind(("127.0.0.1", 0))
        port = int(reservation.getsockname()[1])
        if sys.platform == "linux":
            # Two sockets may be bound to one port while neither listens, if both say so.
            reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            reservation.close()
        yield port
