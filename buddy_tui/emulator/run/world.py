"""World: the pure state of the emulated Cloud Run, and its API: services, revisions, traffic, tags, operations.

No IO, no threads, no event loop. Time comes from the clock and chance from a seeded generator, so a world can be
deep-copied and played on; `emit` and `address` should be plain functions then, which copies share.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from random import Random

from google.protobuf.field_mask_pb2 import FieldMask

from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.names import Problem, Where, parse
from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run import admission, messages, paging, wording
from buddy_tui.emulator.run.access import NO_POLICY, Access, access, succeeding
from buddy_tui.emulator.run.adoption import adopted
from buddy_tui.emulator.run.defaults import complete
from buddy_tui.emulator.run.entry import Entry
from buddy_tui.emulator.run.events import CallRefused, Event, OperationDone, ServiceCalled
from buddy_tui.emulator.run.messages import copied
from buddy_tui.emulator.run.operations import Operations
from buddy_tui.emulator.run.places import OFFERED, Places
from buddy_tui.emulator.run.rollout import Rollout
from buddy_tui.emulator.run.shelf import Shelf


class World:
    """Everything that this Cloud Run knows. One project; every method is an API call unless it says otherwise.

    Messages are raw protobuf ones of `google.cloud.run.v2`; those that are handed out are copies. API methods raise a
    Problem with Google's code and words; a refused write is also told as a CallRefused.
    """

    def __init__(
        self,
        clock: Clock,
        faults: Faults,
        *,
        emit: Callable[[Event], None],
        address: Callable[[Where, str], str],
        project: str = "demo-project",
        number: str = "123456789012",
        principal: str = "operator@example.com",
    ) -> None:
        """Start empty. `address(service, tag)` is where the ingress serves a tag, or with tag "" the service."""
        self.project, self.number = project, number
        self._places = Places(project, number, faults)
        self._principal = principal
        self._clock = clock
        self._emit = emit
        self._address = address
        random = Random(11)  # noqa: S311 - names, not secrets
        self._operations = Operations(random)
        self._rollout = Rollout(clock, faults, self._operations, address, random)
        self._shelf = Shelf()

    def get_service(self, name: str) -> Message:
        """Return the service `name`."""
        return copied(self._shelf.entry(self._places.find(name, "services.get", 1)).service)

    def list_services(self, parent: str, page_size: int = 0, page_token: str = "") -> Message:
        """Return a ListServicesResponse: the services of a region by name."""
        where = self._places.find(parent, "services.list", 0)
        keyed = ((entry.where.service, entry.service) for entry in self._shelf.in_region(where))
        services, token = paging.page(keyed, page_size, page_token)
        return messages.ListServicesResponse(services=services, next_page_token=token)

    def create_service(
        self, parent: str, service_id: str, service: Message, *, validate_only: bool = False
    ) -> Message:
        """Create a service and its first revision; return the operation."""
        where = replace(self._places.find(parent, "services.create", 0), service=service_id)
        asked = messages.CreateServiceRequest(parent=parent, service_id=service_id, service=service)
        with self._audited(where, asked, "services.create"):
            return self._create(where, service, asked, validate_only=validate_only)

    def update_service(
        self,
        service: Message,
        update_mask_paths: Iterable[str] = (),
        *,
        validate_only: bool = False,
        allow_missing: bool = False,
    ) -> Message:
        """Change the fields of a service that the mask names (none: all); return the operation.

        A changed template makes a revision. `service.etag` binds the write to a version; without one, the last wins.
        """
        where = self._places.find(service.name, "services.update", 1)
        asked = messages.UpdateServiceRequest(service=service, update_mask=FieldMask(paths=update_mask_paths))
        with self._audited(where, asked, "services.update"):
            if allow_missing and where not in self._shelf:
                return self._create(where, service, asked, validate_only=validate_only)
            entry = self._shelf.entry(where)
            admission.check_version(where.service, service.etag, entry.service.etag)
            wanted = admission.merged(entry.service, service, asked.update_mask.paths, asked.DESCRIPTOR.name)
            return self._write(entry, wanted, asked, validate_only=validate_only)

    def delete_service(self, name: str, etag: str = "", *, validate_only: bool = False) -> Message:
        """Delete a service with all its revisions; return the operation, which is done."""
        where = self._places.find(name, "services.delete", 1)
        asked = messages.DeleteServiceRequest(name=name, etag=etag)
        with self._audited(where, asked, "services.delete"):
            entry = self._shelf.entry(where)
            admission.check_version(where.service, etag, entry.service.etag)
        if validate_only:
            return self._operations.finished(where, entry.service)
        self._shelf.drop(where)
        self._tell(ServiceCalled(where, asked))
        self._tell(*self._rollout.abandon(entry))
        entry.service.delete_time.FromDatetime(self._clock.now())
        return self._done(where, entry.service)

    def get_revision(self, name: str) -> Message:
        """Return the revision `name`."""
        return copied(self._shelf.revision(self._places.find(name, "revisions.get", 2)))

    def list_revisions(self, parent: str, page_size: int = 0, page_token: str = "") -> Message:
        """Return a ListRevisionsResponse, newest first; the parent `…/services/-` means all services of a region."""
        where = self._places.find(parent, "revisions.list", 1)
        revisions, token = paging.page(self._shelf.revisions(where), page_size, page_token)
        return messages.ListRevisionsResponse(revisions=revisions, next_page_token=token)

    def delete_revision(self, name: str, etag: str = "", *, validate_only: bool = False) -> Message:
        """Delete a revision that nothing needs, and its tag; return the operation, which is done."""
        where = self._places.find(name, "revisions.delete", 2)
        asked = messages.DeleteRevisionRequest(name=name, etag=etag)
        with self._audited(where, asked, "revisions.delete"):
            entry, revision = self._shelf.entry(where), self._shelf.revision(where)
            admission.check_version(where.revision, etag, revision.etag)
            admission.check_deletable(entry, where.revision)
        if validate_only:
            return self._operations.finished(where, revision)
        gone = self._rollout.remove(entry, where.revision)
        if entry.untag(where.revision):
            entry.service.generation += 1
            entry.stamp(self._micros(), self._principal)
        settled = self._rollout.settle(entry)
        self._tell(ServiceCalled(where, asked), *gone, *settled)
        revision.delete_time.FromDatetime(self._clock.now())
        return self._done(where, revision)

    def get_policy(self, resource: str) -> Message:
        """Return the IAM policy (google.iam.v1 Policy) of a service; an empty one where nobody ever set one."""
        policy = self._shelf.entry(self._places.find(resource, "services.getIamPolicy", 1)).policy
        return copied(NO_POLICY if policy is None else policy)

    def set_policy(self, resource: str, policy: Message) -> Message:
        """Replace the IAM policy of a service and return it; from now on it decides who may call the service.

        `policy.etag` binds the write to a version; without one, the last wins.
        """
        entry = self._shelf.entry(self._places.find(resource, "services.setIamPolicy", 1))
        entry.policy = succeeding(entry.policy, policy, self._micros())
        return copied(entry.policy)

    def get_operation(self, name: str) -> Message:
        """Return a `google.longrunning.Operation`; while it is under way its metadata is the service as it is now."""
        return self._operations.get(name)

    def list_operations(self, parent: str, page_size: int = 0, page_token: str = "") -> Message:
        """Return a ListOperationsResponse of a region's operations."""
        return self._operations.list(self._places.find(parent, "operations.list", 0), page_size, page_token)

    def delete_operation(self, name: str) -> None:
        """Forget an operation that is done."""
        self._operations.delete(name)

    def regions(self, parent: str) -> tuple[str, ...]:
        """Return the regions to offer to `projects/P`: some that every project has, and those with services."""
        self._places.check_project(parent.removeprefix("projects/"), "locations.list", parent)
        return tuple(sorted(OFFERED | self._shelf.regions()))

    def image_imported(self, where: Where, seconds: float) -> None:
        """Learn from the runtime that a booting revision has its image. Not an API call, nor are the next three.

        They do nothing for a revision that is gone or decided: a boot may outlive its revision.
        """
        if entry := self._shelf.booting(where):
            self._rollout.imported(entry, where.revision, seconds)

    def provisioned(self, where: Where, seconds: float) -> None:
        """Learn that the containers of a booting revision are laid out."""
        if entry := self._shelf.booting(where):
            self._rollout.provisioned(entry, where.revision, seconds)

    def boot_succeeded(self, where: Where, seconds: float) -> None:
        """Learn that a booting revision passed its startup probe; `seconds` are those of the health check alone."""
        if entry := self._shelf.booting(where):
            self._tell(*self._rollout.booted(entry, where.revision, seconds))

    def boot_failed(self, where: Where, reason: str, message: str) -> None:
        """Learn that a booting revision failed. `reason` e.g. `HealthCheckContainerError`, `ContainerMissing`."""
        if entry := self._shelf.booting(where):
            self._tell(*self._rollout.broke(entry, where.revision, reason, message))

    def retry(self, where: Where) -> bool:
        """Try again to move the traffic that a fault held, and tell whether nothing is held any more."""
        if entry := self._shelf.held(where):
            self._tell(*self._rollout.settle(entry))
        return self._shelf.held(where) is None

    def route(self, where: Where, tag: str = "") -> tuple[tuple[Where, int], ...]:
        """Tell the ingress which revisions serve, with their percents: effective traffic, or a tag's one at 100.

        Empty for a service that has never been ready. Raises NOT_FOUND for an unknown service or tag.
        """
        entry = self._shelf.entry(where)
        percents: dict[str, int] = {}
        for share in entry.effective:
            if tag and share.tag == tag:
                return ((entry.at(share.revision), 100),)
            percents[share.revision] = percents.get(share.revision, 0) + share.percent
        if tag:
            raise wording.missing(replace(where, service=f"{tag}---{where.service}"))
        return tuple((entry.at(name), percent) for name, percent in percents.items() if percent)

    def access(self, where: Where) -> Access:
        """Tell the front end who may call a service. Raises NOT_FOUND for an unknown one."""
        entry = self._shelf.entry(where)
        return access(entry.service, entry.policy)

    def adopt(self, service_pb: Message, revisions_pb: Iterable[Message]) -> None:
        """Write a service's history into the world, as if it had always been. Nothing is told; nothing is checked.

        `service_pb` needs a name, each of `revisions_pb` (at least one) a name and a create_time. What else is empty
        gets what a good life would have left there: a revision without conditions has booted, the newest is the
        latest, the traffic is served.
        """
        where = self._places.canonical(parse(service_pb.name))
        entry = adopted(where, service_pb, revisions_pb, self._rollout, self._places.number)
        entry.service.last_modifier = service_pb.last_modifier or service_pb.creator or self._principal
        entry.introduce(self._operations.uuid)
        self._shelf.put(entry)
        self._rollout.settle(entry)
        self._rollout.activate(entry)

    def _create(self, where: Where, service: Message, asked: Message, *, validate_only: bool) -> Message:
        admission.check_name(where.service)
        if where in self._shelf:
            raise wording.exists(where.service)
        entry = Entry(where)
        wanted = admission.merged(entry.service, service, (), asked.DESCRIPTOR.name)
        wanted.name = where.service_path
        return self._write(entry, wanted, asked, validate_only=validate_only)

    def _write(self, entry: Entry, wanted: Message, asked: Message, *, validate_only: bool) -> Message:
        complete(wanted, entry.where, self._places.number)
        self._places.check_acting(wanted.template.service_account)
        admission.admit(wanted, entry, asked.DESCRIPTOR.name)
        if validate_only:
            return self._operations.finished(entry.where, wanted)
        service = entry.service
        anew = not entry.revisions or wanted.template != service.template
        if admission.desired_state(wanted) != admission.desired_state(service):
            wanted.generation += 1
        service.CopyFrom(wanted)
        entry.stamp(self._micros(), self._principal)
        entry.introduce(self._operations.uuid)
        self._shelf.put(entry)
        entry.fresh = ""
        made = self._rollout.deploy(entry) if anew else ()
        operation = self._operations.start(entry.where, service)
        entry.pending[operation] = entry.fresh
        settled = self._rollout.settle(entry)
        self._tell(ServiceCalled(entry.where, asked), *made, *settled)
        return self._operations.get(operation)

    def _done(self, where: Where, resource: Message) -> Message:
        operation = self._operations.start(where, resource)
        self._operations.finish(operation)
        self._tell(OperationDone(operation))
        return self._operations.get(operation)

    def _micros(self) -> int:
        return round(self._clock.now().timestamp() * 1_000_000)

    def _tell(self, *events: Event) -> None:
        for event in events:
            self._emit(event)

    @contextmanager
    def _audited(self, where: Where, asked: Message, permission: str) -> Iterator[None]:
        """Let a write happen if it may; a refused one is told, too."""
        try:
            self._places.check_allowed(permission, where.service_path)
            yield
        except Problem as problem:
            self._tell(CallRefused(where, asked, int(problem.code.value[0]), problem.message))
            raise
