"""Builds: an uploaded source becomes an image, as an operation that is followed like any other."""

import asyncio
from collections.abc import Callable
from functools import partial
from time import monotonic
from uuid import uuid4

import grpc
from google.cloud import run_v2
from google.longrunning.operations_pb2 import Operation

from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.machine.archive import BuildFailed
from buddy_tui.emulator.machine.build_log import BuildLog, Order
from buddy_tui.emulator.machine.cloudbuild import (
    CANCELLED,
    FAILURE,
    SUCCESS,
    WORKING,
    Build,
    BuildOperationMetadata,
)
from buddy_tui.emulator.machine.images import Registry
from buddy_tui.emulator.names import Problem, Where, parse
from buddy_tui.emulator.rpc import Message

SubmitBuildRequest: Message = run_v2.SubmitBuildRequest.pb()
SubmitBuildResponse: Message = run_v2.SubmitBuildResponse.pb()

# How often a build that hangs looks whether it may go on, in seconds.
_PAUSE = 0.02


class Builds:
    """Runs builds. `read` gives the bytes of an object by bucket, name and generation; `done` hears of every end.

    `write` takes the entries of their logs.

    Google has builds followed through Cloud Build's API; here their operations are with Cloud Run's own, too. The
    metadata is a BuildOperationMetadata, the response a Build, both of `google.devtools.cloudbuild.v1`.
    """

    def __init__(
        self,
        registry: Registry,
        read: Callable[[str, str, int], bytes],
        clock: Clock,
        done: Callable[[str], None],
        write: Callable[[Message], None],
        faults: Faults,
    ) -> None:
        self._registry = registry
        self._read = read
        self._clock = clock
        self._done = done
        self._write = write
        self._faults = faults
        self._operations: dict[str, Message] = {}
        self._builds: dict[str, Message] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._closing = False

    async def submit(self, request: Message) -> Message:
        """Begin a build: a run.v2 SubmitBuildRequest in, a SubmitBuildResponse out. INVALID_ARGUMENT Problem."""
        where = parse(request.parent)
        if not request.image_uri or not request.storage_source.bucket or not request.storage_source.object_:
            raise Problem(
                grpc.StatusCode.INVALID_ARGUMENT,
                "A build needs image_uri, storage_source.bucket and .object.",
            )
        build = self._new(where, request)
        operation = Operation(name=f"{where.parent}/operations/{build.id}")
        operation.metadata.Pack(BuildOperationMetadata(build=build))
        self._operations[operation.name] = operation
        self._builds[build.name] = build
        self._tasks[build.name] = asyncio.create_task(self._run(request, build, operation))
        buildpack = request.buildpack_build if request.HasField("buildpack_build") else None
        return SubmitBuildResponse(
            build_operation=operation, base_image_uri=buildpack.base_image if buildpack else ""
        )

    def operation(self, name: str) -> Message | None:
        """Return a build's operation by its name, None where it is no build's."""
        return self._operations.get(name)

    def get(self, name: str) -> Message:
        """Return a build by its name; NOT_FOUND where there is none."""
        if name not in self._builds:
            raise Problem(grpc.StatusCode.NOT_FOUND, "Requested entity was not found.")
        return self._builds[name]

    def below(self, parent: str) -> list[Message]:
        """Return the builds of a region, newest first."""
        return [
            build for name, build in reversed(self._builds.items()) if name.startswith(f"{parent}/builds/")
        ]

    def cancel(self, name: str) -> Message:
        """End a build and return it. FAILED_PRECONDITION when it has ended already: that code is unverified."""
        build = self.get(name)
        if build.status != WORKING:
            raise Problem(
                grpc.StatusCode.FAILED_PRECONDITION, "Cannot cancel a build that is not in progress."
            )
        operation = self._operations[name.replace("/builds/", "/operations/")]
        operation.error.code = grpc.StatusCode.CANCELLED.value[0]
        operation.error.message = "Build cancelled."
        build.status = CANCELLED
        log = BuildLog(self._clock, build.project_id, build.id)
        log.tell("CANCELLED\nERROR: context canceled")
        self._keep(log)
        self._end(build, operation)
        self._tasks[name].cancel()
        return build

    async def close(self) -> None:
        """Wait for what is under way; a build cannot be cut short, and none is long."""
        self._closing = True
        if self._tasks:
            await asyncio.wait(self._tasks.values())

    def _new(self, where: Where, request: Message) -> Message:
        identity = str(uuid4())
        build = Build(
            id=identity,
            name=f"{where.parent}/builds/{identity}",
            project_id=where.project,
            status=WORKING,
            images=[request.image_uri],
            tags=request.tags,
            log_url="https://console.cloud.google.com/cloud-build/builds"
            f";region={where.region}/{identity}?project={where.project}",
        )
        source = request.storage_source
        build.source.storage_source.bucket = source.bucket
        build.source.storage_source.object = source.object_
        build.source.storage_source.generation = source.generation
        build.create_time.FromDatetime(self._clock.now())
        build.start_time.FromDatetime(self._clock.now())
        return build

    async def _run(self, request: Message, build: Message, operation: Message) -> None:
        begun = monotonic()
        while self._is_held(begun):  # noqa: ASYNC110 - a fault that ends tells nobody
            await asyncio.sleep(_PAUSE)
        log = BuildLog(self._clock, build.project_id, build.id)
        order = self._order(request)
        working = asyncio.ensure_future(asyncio.to_thread(log.run, self._registry, order))
        try:
            built = await asyncio.shield(working)
        except (BuildFailed, Problem) as failure:
            build.status, build.status_detail = FAILURE, str(failure)
            operation.error.code = grpc.StatusCode.FAILED_PRECONDITION.value[0]
            operation.error.message = f"Build failed; {failure}"
        except asyncio.CancelledError:
            # A thread cannot be cut short, and must not write into a folder that is being deleted.
            await asyncio.wait({working})
            working.exception()
            raise
        else:
            build.status = SUCCESS
            name, _, digest = built.reference.partition("@")
            build.results.images.add(name=name, digest=digest)
            operation.response.Pack(build)
        self._keep(log)
        self._end(build, operation)

    def _keep(self, log: BuildLog) -> None:
        for entry in log.entries:
            self._write(entry)

    def _is_held(self, begun: float) -> bool:
        faults = self._faults
        return not self._closing and (faults.build_hangs or monotonic() - begun < faults.build_delay)

    def _end(self, build: Message, operation: Message) -> None:
        build.finish_time.FromDatetime(self._clock.now())
        operation.metadata.Pack(BuildOperationMetadata(build=build))
        operation.done = True
        self._done(operation.name)

    def _order(self, request: Message) -> Order:
        source = request.storage_source
        asked = request.WhichOneof("build_type")
        buildpack = None if asked is None else asked == "buildpack_build"
        address = f"gs://{source.bucket}/{source.object_}#{source.generation}"
        fetch = partial(self._read, source.bucket, source.object_, source.generation)
        return Order(address, request.image_uri, fetch, buildpack, broken=self._faults.build_fails)
