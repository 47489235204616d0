"""Builds: an uploaded source becomes an image, as an operation that is followed like any other."""

import asyncio
from collections.abc import Callable
from functools import partial
from uuid import uuid4

import grpc
from google.cloud import run_v2
from google.longrunning.operations_pb2 import Operation

from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.machine.archive import BuildFailed
from buddy_tui.emulator.machine.build_log import BuildLog, Order
from buddy_tui.emulator.machine.cloudbuild import FAILURE, SUCCESS, WORKING, Build, BuildOperationMetadata
from buddy_tui.emulator.machine.images import Registry
from buddy_tui.emulator.names import Problem, Where, parse
from buddy_tui.emulator.rpc import Message

SubmitBuildRequest: Message = run_v2.SubmitBuildRequest.pb()
SubmitBuildResponse: Message = run_v2.SubmitBuildResponse.pb()


class Builds:
    """Runs builds. `read` gives the bytes of an object by bucket, name and generation; `done` hears of every end.

    `write` takes the entries of their logs.

    Google has such operations followed through Cloud Build's API, here they are with Cloud Run's own. Their metadata
    is a BuildOperationMetadata, their response a Build, both of `google.devtools.cloudbuild.v1`.
    """

    def __init__(
        self,
        registry: Registry,
        read: Callable[[str, str, int], bytes],
        clock: Clock,
        done: Callable[[str], None],
        write: Callable[[Message], None],
    ) -> None:
        self._registry = registry
        self._read = read
        self._clock = clock
        self._done = done
        self._write = write
        self._operations: dict[str, Message] = {}
        self._tasks: set[asyncio.Task[None]] = set()

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
        task = asyncio.create_task(self._run(request, build, operation))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        buildpack = request.buildpack_build if request.HasField("buildpack_build") else None
        return SubmitBuildResponse(
            build_operation=operation, base_image_uri=buildpack.base_image if buildpack else ""
        )

    def operation(self, name: str) -> Message | None:
        """Return a build's operation by its name, None where it is no build's."""
        return self._operations.get(name)

    async def close(self) -> None:
        """Wait for what is under way; a build cannot be cut short, and none is long."""
        if self._tasks:
            await asyncio.wait(self._tasks)

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
        log = BuildLog(self._clock, build.project_id, build.id)
        try:
            built = await asyncio.to_thread(log.run, self._registry, self._order(request))
        except (BuildFailed, Problem) as failure:
            build.status, build.status_detail = FAILURE, str(failure)
            operation.error.code = grpc.StatusCode.FAILED_PRECONDITION.value[0]
            operation.error.message = f"Build failed; {failure}"
        else:
            build.status = SUCCESS
            name, _, digest = built.reference.partition("@")
            build.results.images.add(name=name, digest=digest)
            operation.response.Pack(build)
        for entry in log.entries:
            self._write(entry)
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
        return Order(address, request.image_uri, fetch, buildpack)
