"""A world behind its real wire, with Google's own clients in front of it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import grpc
from google.cloud import run_v2
from google.cloud.run_v2.services.revisions.transports import RevisionsGrpcAsyncIOTransport
from google.cloud.run_v2.services.services.transports import ServicesGrpcAsyncIOTransport
from google.longrunning import operations_pb2

from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.names import Where
from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run.admin import handlers
from buddy_tui.emulator.run.bell import Bell
from buddy_tui.emulator.run.events import BootWanted, Event
from buddy_tui.emulator.run.messages import Revision, Service
from buddy_tui.emulator.run.waiting import LongRunning
from buddy_tui.emulator.run.world import World

PARENT = "projects/demo-project/locations/us-central1"
SHOP = f"{PARENT}/services/shop"
LATEST = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST
REVISION = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION
SUCCEEDED = run_v2.Condition.State.CONDITION_SUCCEEDED
FAILED = run_v2.Condition.State.CONDITION_FAILED
RECONCILING = run_v2.Condition.State.CONDITION_RECONCILING
BORN = datetime(2026, 1, 5, 9, tzinfo=UTC)
PLACE = Where("demo-project", "us-central1", "shop")
DIED = "The user-provided container failed to start."


def address(where: Where, tag: str) -> str:
    """Stand in for the ingress."""
    return f"http://127.0.0.1:8000/{where.service}/{tag}"


def template(image: str = "hello:1", revision: str = "") -> run_v2.RevisionTemplate:
    """Make a template of one container."""
    return run_v2.RevisionTemplate(containers=[run_v2.Container(image=image)], revision=revision)


def latest(percent: int = 100, tag: str = "") -> run_v2.TrafficTarget:
    """Make a target of type LATEST."""
    return run_v2.TrafficTarget(type_=LATEST, percent=percent, tag=tag)


def pinned(revision: str, percent: int = 100, tag: str = "") -> run_v2.TrafficTarget:
    """Make a target of type REVISION."""
    return run_v2.TrafficTarget(type_=REVISION, revision=revision, percent=percent, tag=tag)


def service(image: str = "hello:1", traffic: Iterable[Message] = ()) -> Message:
    """Make a raw service of one container, to be written."""
    made = Service(name=SHOP, traffic=traffic)
    made.template.containers.add(image=image)
    return made


def history(count: int) -> list[Message]:
    """Make revisions `shop-00001` … that were born a minute apart."""
    revisions = []
    for number in range(1, count + 1):
        revision = Revision(name=f"{SHOP}/revisions/shop-{number:05d}")
        revision.containers.add(image=f"hello:{number}")
        revision.create_time.FromDatetime(BORN + timedelta(minutes=number))
        revisions.append(revision)
    return revisions


@dataclass
class Stand:
    """A world with all that it told; boots go as the test says."""

    clock: Clock = field(default_factory=Clock)
    faults: Faults = field(default_factory=Faults)
    bell: Bell = field(default_factory=Bell)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world = World(self.clock, self.faults, emit=self.hear, address=address)

    def hear(self, event: Event) -> None:
        self.events.append(event)
        self.bell.hear(event)

    def boot(self) -> str:
        """Let the newest wanted boot succeed; return the revision's short name."""
        where = self.wanted()
        self.world.image_imported(where, 23.22)
        self.world.provisioned(where, 31.91)
        self.world.boot_succeeded(where, 4.0)
        return where.revision

    def die(self, message: str = DIED) -> str:
        """Let the newest wanted boot fail; return the revision's short name."""
        where = self.wanted()
        self.world.image_imported(where, 23.22)
        self.world.provisioned(where, 31.91)
        self.world.boot_failed(where, "HealthCheckContainerError", message)
        return where.revision

    def wanted(self) -> Where:
        """Return the place of the newest revision that was to be booted."""
        return [event.where for event in self.events if isinstance(event, BootWanted)][-1]


@dataclass
class Admin(Stand):
    """A stand with Google's own async clients connected to it."""

    def connect(self, services: run_v2.ServicesAsyncClient, revisions: run_v2.RevisionsAsyncClient) -> None:
        self.services = services
        self.revisions = revisions

    async def create(self, service_id: str = "shop", **fields: Message) -> Message:
        """Create a service; return the raw operation."""
        service = run_v2.Service(**{"template": template(), **fields})
        call = await self.services.create_service(parent=PARENT, service=service, service_id=service_id)
        return call.operation

    async def update(self, *mask: str, **fields: Message) -> Message:
        """Update the shop; return the raw operation."""
        request = run_v2.UpdateServiceRequest(
            service=run_v2.Service(name=SHOP, **fields), update_mask={"paths": mask}
        )
        return (await self.services.update_service(request)).operation

    async def deploy(self, image: str, *, boots: bool = True) -> str:
        """Change the shop's image and let the new revision boot or die; return its short name."""
        await self.update("template", template=template(image))
        return self.boot() if boots else self.die()

    async def shop(self) -> run_v2.Service:
        """Get the shop."""
        return await self.services.get_service(name=SHOP)

    async def operation(self, operation: Message) -> Message:
        """Get an operation anew."""
        request = operations_pb2.GetOperationRequest(name=operation.name)
        return await self.services.get_operation(request)

    async def revision(self, name: str) -> run_v2.Revision:
        """Get a revision of the shop by its short name."""
        return await self.revisions.get_revision(name=f"{SHOP}/revisions/{name}")


async def no_builds(request: Message) -> Message:
    """Answer SubmitBuild with nothing."""
    return run_v2.SubmitBuildResponse.pb()()


@asynccontextmanager
async def connected(
    builds: Callable[[Message], Awaitable[Message]] = no_builds,
    elsewhere: Callable[[str], Message] = lambda _: None,
) -> AsyncIterator[tuple[Admin, str]]:
    """Serve a fresh world over gRPC on a free port; yield it connected, and its address."""
    admin = Admin()
    server = grpc.aio.server()
    running = LongRunning(admin.world, admin.bell, elsewhere)
    server.add_generic_rpc_handlers(handlers(admin.world, admin.faults, builds, running))
    endpoint = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    async with grpc.aio.insecure_channel(endpoint) as one, grpc.aio.insecure_channel(endpoint) as two:
        admin.connect(
            run_v2.ServicesAsyncClient(transport=ServicesGrpcAsyncIOTransport(channel=one)),
            run_v2.RevisionsAsyncClient(transport=RevisionsGrpcAsyncIOTransport(channel=two)),
        )
        yield admin, endpoint
    await server.stop(None)


@asynccontextmanager
async def served() -> AsyncIterator[Admin]:
    """Serve a fresh world over gRPC and yield it connected."""
    async with connected() as (admin, _):
        yield admin


async def finished(operation: Message) -> Message:
    """Return the result of one of the client's own operations."""
    return await operation.result()


def shares(targets: Iterable[Message]) -> list[tuple[str, int, str]]:
    """Say a traffic list, desired or effective, in short."""
    return [(target.revision or "LATEST", target.percent, target.tag) for target in targets]


def states(conditions: Iterable[run_v2.Condition]) -> dict[str, run_v2.Condition.State]:
    """Return the state of each condition, in order."""
    return {condition.type_: condition.state for condition in conditions}
