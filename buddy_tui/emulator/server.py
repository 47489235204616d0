"""The emulator as one process: every room made, tied together, served on the loopback, and cleared away."""

import os
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from aiohttp import web

from buddy_tui.emulator import fault_settings, official
from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.controller import Controller
from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.firestore.api import Firestore
from buddy_tui.emulator.knative import api as knative
from buddy_tui.emulator.logs import api as logs
from buddy_tui.emulator.logs import rest as logs_rest
from buddy_tui.emulator.logs.store import LogStore
from buddy_tui.emulator.machine import build_api, identity, manifests, project_api, storage
from buddy_tui.emulator.machine.builds import Builds
from buddy_tui.emulator.machine.fleet import Fleet
from buddy_tui.emulator.machine.front_end import FrontEnd
from buddy_tui.emulator.machine.images import Registry
from buddy_tui.emulator.machine.ingress import Ingress
from buddy_tui.emulator.machine.objects import Store
from buddy_tui.emulator.machine.proxy import proxy
from buddy_tui.emulator.machine.reaper import Reaper
from buddy_tui.emulator.machine.runtime import Runtime
from buddy_tui.emulator.run import admin, policies, rest
from buddy_tui.emulator.run.bell import Bell
from buddy_tui.emulator.run.waiting import LongRunning
from buddy_tui.emulator.run.world import World
from buddy_tui.emulator.stage import Stage
from buddy_tui.emulator.story import PROJECT, REGION, Story

# Which Firestore there is: ours, or that of the Google Cloud SDK.
EMBEDDED, OFFICIAL = "embedded", "official"

_PRINCIPAL = "operator@example.com"
_FIRESTORE = "FIRESTORE_EMULATOR_HOST"
# As Google's clients have it: no limit of their own on the size of a message. And two emulators on one port
# would share its calls, where the second must be refused.
_GRPC = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.so_reuseport", 0),
)


class CannotServe(Exception):
    """The emulator cannot have what it was asked for; one sentence says why."""


def _silence(_sentence: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Options:
    """How an emulator is to be. A port of 0 is any free one; times are in seconds.

    `startup_limit` stands for Cloud Run's four minutes: a good boot takes less than one second, on a machine that is
    busy with other things many. `pace` is the pause after each step of a story, and `say` takes its narration.
    `look_at` is the region that buddy-tui is led to. `firestore` is EMBEDDED or OFFICIAL.
    """

    project: str = PROJECT
    look_at: str = REGION
    port: int = 0
    http_port: int = 0
    firestore: str = EMBEDDED
    startup_limit: float = 30.0
    idle_limit: float = 60.0
    faults: Faults = field(default_factory=Faults)
    pace: float = 0.0
    say: Callable[[str], None] = _silence


class Emulator:
    """All rooms, tied together.

    `endpoints` are environment variables that lead clients to it, once it serves; `around` those that a container of its
    own finds, as Google leads it to the project's own Firestore. `firestore` is the embedded one, which nobody reaches
    where the official one serves.
    """

    def __init__(self, options: Options, folder: Path) -> None:
        clock, self.bell = Clock(), Bell()
        self.faults = options.faults
        self.reaper = Reaper()
        self.identities = identity.Identities()
        self.around = {"GOOGLE_CLOUD_PROJECT": options.project}
        self.logs = LogStore(clock, self.faults)
        self.firestore = Firestore(clock, self.faults)
        self.store = Store(folder, clock)
        self.registry = Registry(folder, self.faults, clock)
        # The rooms know one another in a circle: the world tells and asks only when all of them are there.
        self.world = World(
            clock,
            self.faults,
            emit=lambda event: self.controller.hear(event),  # noqa: PLW0108 - made below
            address=lambda where, tag: self.ingress.address(where, tag),  # noqa: PLW0108 - made below
            project=options.project,
            principal=_PRINCIPAL,
        )
        runtime = Runtime(
            folder,
            self.reaper,
            clock,
            self.logs.write,
            around=self.around,
            startup_limit=options.startup_limit,
        )
        self.fleet = Fleet(self.world, self.registry, runtime, idle_limit=options.idle_limit)
        front_end = FrontEnd(self.world, self.identities, self.faults)
        self.ingress = Ingress(self.world, front_end, self.fleet, clock, self.logs.write)
        self.builds = Builds(
            self.registry, self.store.read, clock, self.bell.ring, self.logs.write, self.faults
        )
        self.controller = Controller(
            self.world, self.registry, self.fleet, self.logs, clock, self.bell, principal=_PRINCIPAL
        )
        self.stage = Stage(
            self.world,
            self.store,
            self.registry,
            clock,
            self.bell,
            self.logs.write,
            firestore=lambda: self.around[_FIRESTORE],
            pace=options.pace,
            say=options.say,
        )
        self.endpoints: Mapping[str, str] = {}

    async def play(self, story: Story) -> None:
        """Let a story have happened; afterwards the clock shows real time again.

        What is to be denied or stuck is so afterwards: people had their deployments and sessions before.
        """
        with self.faults.spared():
            await story.play(self.stage)
        self.stage.clock.come_back()


@asynccontextmanager
async def serve(options: Options) -> AsyncIterator[Emulator]:
    """Serve on the loopback until the context is left; then no process and no file of it remains.

    Raises CannotServe when a port is taken, or an official Firestore was asked for where there is none.
    """
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="buddy-emulator-"))
        emulator = Emulator(options, Path(folder))
        emulator.reaper.start()
        emulator.reaper.clear(folder)
        stack.callback(emulator.reaper.close)
        for room in (emulator.fleet, emulator.controller, emulator.builds, emulator.ingress):
            stack.push_async_callback(room.close)
        await emulator.ingress.start()
        operations = LongRunning(emulator.world, emulator.bell, emulator.builds.operation)
        theirs = ""
        if options.firestore == OFFICIAL:
            theirs = await stack.enter_async_context(_official(emulator.reaper))
        port = await stack.enter_async_context(_calls(emulator, operations, options))
        http_port = await stack.enter_async_context(_requests(emulator, operations, options))
        emulator.around[_FIRESTORE] = theirs or f"127.0.0.1:{port}"
        emulator.endpoints = {**_endpoints(options, port, http_port), _FIRESTORE: emulator.around[_FIRESTORE]}
        yield emulator


def _endpoints(options: Options, port: int, http_port: int) -> dict[str, str]:
    host, url = f"127.0.0.1:{port}", f"http://127.0.0.1:{http_port}"
    return {
        "CLOUD_RUN_EMULATOR_HOST": host,
        "CLOUD_LOGGING_EMULATOR_HOST": host,
        "CLOUD_RUN_EMULATOR_REST": url,
        "STORAGE_EMULATOR_HOST": url,
        "GOOGLE_CLOUD_PROJECT": options.project,
        "CLOUDSDK_CORE_PROJECT": options.project,
        "CLOUDSDK_RUN_REGION": REGION,
        # These win over a buddy.toml of the operator's real project.
        "BUDDY_ENVIRONMENT": "DEMO",
        "BUDDY_PROJECT": options.project,
        "BUDDY_REGION": options.look_at,
    }


@asynccontextmanager
async def _official(reaper: Reaper) -> AsyncIterator[str]:
    """Run the official Firestore emulator and yield its host and port."""
    found = official.find(os.environ)
    if found is None:
        raise CannotServe(
            "There is no official Firestore emulator: it needs Java, and the Google Cloud SDK with its component"
            " cloud-firestore-emulator."
        )
    try:
        async with official.serving(found, reaper) as host:
            yield host
    except official.CannotStart as problem:
        raise CannotServe(str(problem)) from None


@asynccontextmanager
async def _calls(emulator: Emulator, operations: LongRunning, options: Options) -> AsyncIterator[int]:
    """Serve gRPC and yield its port."""
    _check_free(options.port)
    server = grpc.aio.server(options=_GRPC)
    server.add_generic_rpc_handlers(
        (
            *admin.handlers(emulator.world, emulator.faults, emulator.builds.submit, operations),
            *logs.handlers(emulator.logs, emulator.faults),
            *(emulator.firestore.handlers() if options.firestore == EMBEDDED else ()),
        )
    )
    bound = server.add_insecure_port(f"127.0.0.1:{options.port}")
    await server.start()
    try:
        yield bound
    finally:
        # Tails and listeners have no end of their own, and a server stops in peace only when they have ended.
        emulator.logs.close()
        emulator.firestore.close()
        await server.stop(grace=0.2)


@asynccontextmanager
async def _requests(emulator: Emulator, operations: LongRunning, options: Options) -> AsyncIterator[int]:
    """Serve HTTP and yield its port."""
    _check_free(options.http_port)
    app = web.Application(middlewares=(proxy,))
    app.router.add_routes(storage.routes(emulator.store, emulator.faults))
    app.router.add_routes(policies.routes(emulator.world, emulator.faults))
    app.router.add_routes(rest.routes(emulator.world, emulator.faults, operations))
    app.router.add_routes(knative.routes(emulator.world, emulator.faults, operations))
    app.router.add_routes(logs_rest.routes(emulator.logs, emulator.faults))
    app.router.add_routes(build_api.routes(emulator.builds, emulator.faults))
    app.router.add_routes(project_api.routes(options.project, emulator.world.number, emulator.faults))
    app.router.add_routes(manifests.routes(emulator.registry, emulator.faults))
    app.router.add_routes(fault_settings.routes(emulator.faults))
    app.router.add_routes(identity.routes(emulator.identities, emulator.faults, _PRINCIPAL))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", options.http_port).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _check_free(port: int) -> None:
    """Raise CannotServe where a port cannot be had; gRPC itself would print to standard error as well."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as problem:
        raise CannotServe(f"Port {port} cannot be had: {os.strerror(problem.errno or 0)}.") from None
