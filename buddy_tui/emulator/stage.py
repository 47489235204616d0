"""Where a story is played: uploads, builds, deployments and traffic changes, each at its own date."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from google.protobuf.json_format import ParseDict

from buddy_tui.emulator.callers import Caller, calling
from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.machine.build_log import BuildLog, Order
from buddy_tui.emulator.machine.images import Built, Registry
from buddy_tui.emulator.machine.objects import Store
from buddy_tui.emulator.names import Problem, Where
from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run import conditions
from buddy_tui.emulator.run.bell import Bell
from buddy_tui.emulator.run.messages import LATEST, REVISION, Revision, Service, TrafficTarget
from buddy_tui.emulator.run.world import World
from buddy_tui.emulator.story import REGION, SERVICE, Deployment, Kept, Target
from buddy_tui.emulator.tree import Tree

# No boot takes longer than the startup limit: this is only a net under a story that hangs.
_PATIENCE = 600.0
# How gcloud names itself to Google: with the command that is run.
_GCLOUD = "google-cloud-sdk gcloud/555.0.0 command/gcloud.{command} client-os/LINUX"


@dataclass(frozen=True, slots=True)
class Stage:
    """The rooms of a running emulator, as far as a story needs them.

    `write` takes the entries of build logs. `firestore` tells the host and port of this world's Firestore. `pace` is a pause in seconds after each step, for those who watch; `say`
    takes one line of narration.
    """

    world: World
    store: Store
    registry: Registry
    clock: Clock
    bell: Bell
    write: Callable[[Message], None]
    firestore: Callable[[], str] = lambda: ""
    pace: float = 0.0
    say: Callable[[str], None] = lambda _: None

    async def deploy(self, deployment: Deployment) -> None:
        """Upload, build and deploy, and wait until the revision is ready or has failed."""
        self.clock.travel(deployment.at)
        built = await self.build(SERVICE, deployment.tree)
        if deployment.lost:
            self.registry.lose(built.reference)
        where = Where(self.world.project, REGION, SERVICE)
        with calling(_gcloud(deployment.by, "run.deploy")):
            operation = self._deploy(where, deployment, built)
        await self._done(operation)
        revision = self.world.get_revision(replace(where, revision=deployment.name).revision_path)
        outcome = "ready" if conditions.state(revision) == conditions.SUCCEEDED else "did not start"
        await self._step(deployment.at, f"deploy {deployment.name} ({deployment.idea}): {outcome}")

    def _deploy(self, where: Where, deployment: Deployment, built: Built) -> Message:
        try:
            current = self.world.get_service(where.service_path)
        except Problem:
            return self.world.create_service(
                where.parent, where.service, _configured(Service(), deployment, built)
            )
        wanted = _configured(current, deployment, built)
        return self.world.update_service(wanted, ("template", "traffic", "client", "build_config"))

    async def route(self, at: datetime, targets: Iterable[Target], by: str = "") -> None:
        """Change the traffic of the service, as `gcloud run services update-traffic` does. `by` is who does it."""
        wanted = [_target(target) for target in targets]
        shares = ", ".join(f"{target.percent} % to {target.revision or 'LATEST'}" for target in wanted)
        self.clock.travel(at)
        current = self.world.get_service(Where(self.world.project, REGION, SERVICE).service_path)
        del current.traffic[:]
        current.traffic.extend(wanted)
        with calling(_gcloud(by, "run.services.update-traffic")):
            operation = self.world.update_service(current, ("traffic",))
        await self._done(operation)
        await self._step(at, f"route {SERVICE}: {shares}")

    async def delete_revision(self, at: datetime, revision: str, by: str = "") -> None:
        """Delete a revision, given by its suffix, that has no traffic; Cloud Run removes its tag with it."""
        self.clock.travel(at)
        where = Where(self.world.project, REGION, SERVICE, f"{SERVICE}-{revision}")
        with calling(_gcloud(by, "run.revisions.delete")):
            self.world.delete_revision(where.revision_path)
        await self._step(at, f"delete {where.revision}")

    async def lose_image(self, at: datetime, revision: str) -> None:
        """Let the image of a revision, given by its suffix, be gone, as a registry's clean-up policy does it."""
        self.clock.travel(at)
        where = Where(self.world.project, REGION, SERVICE, f"{SERVICE}-{revision}")
        for container in self.world.get_revision(where.revision_path).containers:
            self.registry.lose(container.image)
        await self._step(at, f"the registry cleans up the image of {where.revision}")

    async def build(self, service: str, tree: Tree) -> Built:
        """Upload a source to where gcloud puts it, and make an image of it."""
        archive = tree.archive()
        source = self._upload(service, archive)
        reference = f"{REGION}-docker.pkg.dev/{self.world.project}/cloud-run-source-deploy/{service}"
        log = BuildLog(self.clock, self.world.project, str(uuid5(NAMESPACE_URL, source)))
        order = Order(source, reference, lambda: archive)
        building = asyncio.create_task(asyncio.to_thread(log.run, self.registry, order))
        try:
            return await asyncio.shield(building)
        finally:
            # A thread cannot be cut short, and must not write into a folder that is being deleted.
            await asyncio.wait({building})
            for entry in log.entries:
                self.write(entry)

    async def remember(self, documents: Iterable[Kept]) -> None:
        """Write what people did into Firestore, over the wire: whose Firestore it is makes no difference."""
        from buddy_tui.emulator import past

        await past.write(self.firestore(), self.world.project, documents)

    def adopt(
        self, region: str, service: str, revisions: Iterable[tuple[str, datetime]], built: Built
    ) -> None:
        """Write a service with a history of good revisions (suffix and date), all of one image."""
        where = Where(self.world.project, region, service)
        told = []
        for suffix, at in revisions:
            revision = Revision(name=replace(where, revision=f"{service}-{suffix}").revision_path)
            revision.create_time.FromDatetime(at)
            _add_container(revision, built)
            told.append(revision)
        self.world.adopt(Service(name=where.service_path), told)

    def _upload(self, service: str, archive: bytes) -> str:
        bucket = f"run-sources-{self.world.project}-{REGION}"
        try:
            self.store.bucket(bucket)
        except Problem:
            self.store.create(bucket, self.world.project, REGION)
        moment = self.clock.now()
        identity = uuid5(NAMESPACE_URL, f"{service} {moment}").hex
        spool = self.store.spool()
        spool.write(archive)
        name = f"services/{service}/{moment.timestamp():.6f}-{identity}.zip"
        stored = self.store.put(bucket, name, spool, "application/zip")
        return f"gs://{bucket}/{stored.name}#{stored.generation}"

    async def _step(self, moment: datetime, what: str) -> None:
        self.say(f"{moment:%Y-%m-%d %H:%M}  {what}")
        await asyncio.sleep(self.pace)

    async def _done(self, operation: Message) -> None:
        if not operation.done:
            await self.bell.wait(operation.name, _PATIENCE)


def _gcloud(email: str, command: str) -> Caller:
    return Caller(email, _GCLOUD.format(command=command))


def _configured(service: Message, deployment: Deployment, built: Built) -> Message:
    """Let `service` be what gcloud sends for a deployment."""
    service.client = "gcloud"
    service.build_config.source_location = built.source
    service.build_config.image_uri = built.reference.partition("@")[0]
    template = service.template
    template.Clear()
    template.revision = deployment.name
    template.scaling.min_instance_count = deployment.instances
    container = _add_container(template, built)
    container.resources.cpu_idle = True
    container.resources.limits.update({"cpu": "1", "memory": deployment.memory})
    if deployment.probe:
        ParseDict(dict(deployment.probe), container.startup_probe)
    for name, value in deployment.env.items():
        container.env.add(name=name, value=value)
    _keep_traffic(service, deployment)
    return service


def _add_container(owner: Message, built: Built) -> Message:
    container = owner.containers.add(image=built.reference)
    container.build_info.source_location = built.source
    return container


def _keep_traffic(service: Message, deployment: Deployment) -> None:
    """Do what `--no-traffic` and `--tag` do to the traffic list."""
    ready = service.latest_ready_revision.rpartition("/")[2]
    if not deployment.traffic and ready:
        percent = 100 - sum(target.percent for target in service.traffic if target.type_ == REVISION)
        kept = [target for target in service.traffic if target.type_ == REVISION]
        del service.traffic[:]
        service.traffic.extend(kept)
        if percent:
            service.traffic.insert(0, TrafficTarget(type_=REVISION, revision=ready, percent=percent))
    if deployment.tag and not service.traffic:
        service.traffic.add(type_=LATEST, percent=100)
    if deployment.tag:
        service.traffic.add(type_=REVISION, revision=deployment.name, tag=deployment.tag)


def _target(target: Target) -> Message:
    kind = REVISION if target.revision else LATEST
    name = f"{SERVICE}-{target.revision}" if target.revision else ""
    return TrafficTarget(type_=kind, revision=name, percent=target.percent, tag=target.tag)
