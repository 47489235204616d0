"""World: reconciling. What was asked for becomes what is, as far as the revisions can carry it.

Every function changes one entry and returns what happened, in order, for the world to tell.
"""

from collections.abc import Callable
from datetime import datetime
from random import Random

import grpc

from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.names import Where
from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run import conditions, wording
from buddy_tui.emulator.run.entry import Entry, Share
from buddy_tui.emulator.run.events import (
    BootWanted,
    Event,
    OperationDone,
    ReadyChanged,
    RevisionGone,
    TrafficHeld,
)
from buddy_tui.emulator.run.messages import Revision, copied, hand_on
from buddy_tui.emulator.run.operations import Operations

# A service keeps so many revisions; the oldest that nothing needs make room (Cloud Run quotas).
MOST_REVISIONS = 1000
# What the server draws the end of a revision's name from, as Kubernetes does: no vowels, so no words.
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


class Rollout:
    """Makes revisions, learns how they boot, and moves traffic when everything it depends on is ready."""

    def __init__(
        self,
        clock: Clock,
        faults: Faults,
        operations: Operations,
        address: Callable[[Where, str], str],
        random: Random,
    ) -> None:
        self._clock = clock
        self._faults = faults
        self._operations = operations
        self._address = address
        self._random = random

    def deploy(self, entry: Entry) -> tuple[Event, ...]:
        """Make a revision of the template, unless it names one that exists; that one is the newest then."""
        name = entry.service.template.revision or self._fresh_name(entry)
        entry.count(name)
        entry.fresh = name
        entry.service.latest_created_revision = entry.at(name).revision_path
        if name in entry.revisions:
            return ()
        entry.revisions[name] = self._revision(entry, name)
        entry.boot_seconds[name] = 0.0
        return (*self._make_room(entry), BootWanted(entry.at(name)))

    def _fresh_name(self, entry: Entry) -> str:
        while True:
            suffix = "".join(self._random.choice(_LETTERS) for _ in range(3))
            name = f"{entry.where.service}-{entry.deployed + 1:05d}-{suffix}"
            if name not in entry.revisions:
                return name

    def _revision(self, entry: Entry, name: str) -> Message:
        revision = Revision()
        hand_on(entry.service.template, revision)
        now = self._clock.now()
        revision.create_time.FromDatetime(now)
        revision.creator = entry.service.last_modifier
        revision.launch_stage = entry.service.launch_stage
        self.identify(revision, entry.at(name))
        conditions.booting(revision, now)
        return revision

    def identify(self, revision: Message, where: Where) -> None:
        """Fill in what a revision is called and known by, as far as it is not told; it must have a create_time."""
        revision.name = where.revision_path
        revision.service = where.service
        revision.generation = revision.generation or 1
        revision.uid = revision.uid or self._operations.uuid()
        revision.log_uri = revision.log_uri or wording.logs_url(where)
        if not revision.HasField("update_time"):
            revision.update_time.CopyFrom(revision.create_time)
        revision.etag = revision.etag or wording.etag(revision.update_time.ToMicroseconds(), revision.name)

    def _make_room(self, entry: Entry) -> tuple[Event, ...]:
        needed = {entry.latest_created, entry.latest_ready, *entry.depends_on()}
        needed |= {share.revision for share in entry.effective} | set(entry.pending.values())
        surplus = max(0, len(entry.revisions) - MOST_REVISIONS)
        gone = [name for name in entry.revisions if name not in needed][:surplus]
        return tuple(event for name in gone for event in self.remove(entry, name))

    def remove(self, entry: Entry, name: str) -> tuple[Event, ...]:
        """Take a revision away for good."""
        del entry.revisions[name]
        entry.boot_seconds.pop(name, None)
        return (RevisionGone(entry.at(name)),)

    def abandon(self, entry: Entry) -> tuple[Event, ...]:
        """Let go of a service that was deleted: its revisions go, and its operations fail (unverified)."""
        gone = [event for name in tuple(entry.revisions) for event in self.remove(entry, name)]
        problem = wording.missing(entry.where)
        for operation in entry.pending:
            self._operations.finish(operation, (problem.code, problem.message))
        return (*gone, *map(OperationDone, entry.pending))

    def imported(self, entry: Entry, name: str, seconds: float) -> None:
        """Note that the image of a booting revision was imported."""
        entry.boot_seconds[name] += seconds
        conditions.imported(entry.revisions[name], seconds, self._clock.now())

    def provisioned(self, entry: Entry, name: str, seconds: float) -> None:
        """Note that the containers of a booting revision were laid out."""
        entry.boot_seconds[name] += seconds
        conditions.provisioned(entry.revisions[name], seconds, self._clock.now())

    def booted(self, entry: Entry, name: str, seconds: float) -> tuple[Event, ...]:
        """Note that a booting revision is healthy, and go on with what waited for it."""
        total = entry.boot_seconds.pop(name) + seconds
        revision = entry.revisions[name]
        conditions.booted(revision, seconds, total, self._clock.now())
        told = ReadyChanged(
            entry.at(name), ready=True, message=wording.deployed(total), resource_pb=copied(revision)
        )
        return (told, *self.settle(entry))

    def broke(self, entry: Entry, name: str, reason: str, message: str) -> tuple[Event, ...]:
        """Note that a booting revision failed, and go on with what waited for it."""
        del entry.boot_seconds[name]
        revision = entry.revisions[name]
        conditions.broke(revision, reason, message, self._clock.now())
        told = ReadyChanged(entry.at(name), ready=False, message=message, resource_pb=copied(revision))
        return (told, *self.settle(entry))

    def settle(self, entry: Entry) -> tuple[Event, ...]:
        """Bring the service as near to what was asked for as its revisions let it.

        While one that matters is booting, or a fault holds the traffic, nothing moves. When one that matters failed
        or is gone, effective traffic, observed generation and latest ready revision stay as they were. Otherwise all
        of the traffic moves.

        A revision matters when the desired traffic names it (LATEST names the newest) or the last write made it. So a
        later write that names only good revisions makes the service Ready again, though the newest one is broken:
        that is unverified.
        """
        service = entry.service
        before = service.terminal_condition.state
        booting = any(map(entry.is_undecided, (*entry.depends_on(), *entry.pending.values())))
        made = self._failure(entry, entry.fresh)
        named = next(filter(None, (self._failure(entry, name) for name in entry.depends_on())), "")
        movable = not booting and not made and not named
        held, entry.held = entry.held, movable and self._is_held(entry)
        service.reconciling = waiting = booting or entry.held
        if movable and not entry.held:
            self._serve(entry)
        self._tell_addresses(entry)
        self._judge(entry, made, named, waiting=waiting)
        told = (TrafficHeld(entry.where),) if entry.held and not held else ()
        return (
            *told,
            *self._ready_changed(entry, before),
            *self._finish(entry, made or named, waiting=waiting),
        )

    def _failure(self, entry: Entry, name: str) -> str:
        if not name:
            return ""
        revision = entry.revisions.get(name)
        if revision is None:
            return wording.revision_gone(name)
        ready = conditions.find(revision, "Ready")
        if ready is None or ready.state != conditions.FAILED:
            return ""
        return wording.revision_not_ready(name, ready.message)

    def _is_held(self, entry: Entry) -> bool:
        """Tell whether a fault keeps the traffic from where it should be: for good, or for some time after a write."""
        if _wanted(entry) == entry.effective:
            return False
        since = self._clock.now().timestamp() - entry.version / 1_000_000
        return self._faults.traffic_stuck or since < self._faults.traffic_delay

    def _serve(self, entry: Entry) -> None:
        service = entry.service
        service.observed_generation = service.generation
        if self._faults.traffic_ignored:
            return
        service.latest_ready_revision = entry.at(_newest(entry)).revision_path
        entry.effective = _wanted(entry)
        del service.traffic_statuses[:]
        for target in entry.desired():
            # A status of type LATEST names no revision: seen in states that Terraform read through v2.
            service.traffic_statuses.add(
                type_=target.type_,
                revision=target.revision,
                percent=target.percent,
                tag=target.tag,
            )
        self.activate(entry)

    def _tell_addresses(self, entry: Entry) -> None:
        """Say where the service and its tags are reached: nowhere while its default URI is disabled.

        gcloud then shows no URL; that v2 leaves all three fields empty is unverified.
        """
        service = entry.service
        told = not service.default_uri_disabled
        service.uri = (service.uri or self._address(entry.where, "")) if told else ""
        service.urls[:] = (service.urls or [service.uri]) if told else []
        for status in service.traffic_statuses:
            status.uri = self._address(entry.where, status.tag) if told and status.tag else ""

    def activate(self, entry: Entry) -> None:
        """Let the revisions that have traffic or a tag be active, and retire the others that are ready."""
        serving = {share.revision for share in entry.effective}
        now = self._clock.now()
        for name, revision in entry.revisions.items():
            if entry.is_ready(name):
                conditions.activate(revision, now, active=name in serving)

    def _judge(self, entry: Entry, made: str, named: str, *, waiting: bool) -> None:
        service, now = entry.service, self._clock.now()
        pending = "" if not waiting else wording.ROUTING if entry.held else wording.DEPLOYING
        for kind, failure in (("RoutesReady", named), ("ConfigurationsReady", made)):
            conditions.put(service, _verdict(kind, failure, now, pending))
        conditions.turn(service.terminal_condition, _verdict("Ready", made or named, now, pending))

    def _ready_changed(self, entry: Entry, before: int) -> tuple[Event, ...]:
        ready = entry.service.terminal_condition
        if ready.state in (before, conditions.RECONCILING):
            return ()
        good = ready.state == conditions.SUCCEEDED
        return (ReadyChanged(entry.where, good, ready.message, copied(entry.service)),)

    def _finish(self, entry: Entry, outcome: str, *, waiting: bool) -> tuple[Event, ...]:
        done: list[Event] = []
        for operation, revision in tuple(entry.pending.items()):
            failure = self._failure(entry, revision) or ("" if waiting else outcome)
            if failure or not waiting:
                del entry.pending[operation]
                error = (grpc.StatusCode.FAILED_PRECONDITION, failure) if failure else None
                self._operations.finish(operation, error)
                done.append(OperationDone(operation))
        return tuple(done)


def _newest(entry: Entry) -> str:
    """Return the newest revision that is ready: what LATEST stands for."""
    return next(filter(entry.is_ready, (entry.latest_created, *reversed(entry.revisions))), "")


def _wanted(entry: Entry) -> tuple[Share, ...]:
    """Return the shares that were asked for, with LATEST resolved."""
    newest = _newest(entry)
    return tuple(Share(target.revision or newest, target.percent, target.tag) for target in entry.desired())


def _verdict(kind: str, failure: str, now: datetime, pending: str) -> Message:
    if pending:
        return conditions.condition(kind, conditions.RECONCILING, now, message=pending)
    if failure:
        # Unverified reason: v1 of the API repeats the revision's own.
        return conditions.condition(kind, conditions.FAILED, now, message=failure, reason="REVISION_FAILED")
    return conditions.condition(kind, conditions.SUCCEEDED, now)
