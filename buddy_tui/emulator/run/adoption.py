"""World: history that a story writes straight into it."""

from collections.abc import Iterable

from buddy_tui.emulator.names import Where, parse
from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run import conditions
from buddy_tui.emulator.run.defaults import complete, complete_template
from buddy_tui.emulator.run.entry import Entry, Share
from buddy_tui.emulator.run.messages import LATEST, copied, hand_on
from buddy_tui.emulator.run.rollout import Rollout


def adopted(
    where: Where, service_pb: Message, revisions_pb: Iterable[Message], rollout: Rollout, number: str
) -> Entry:
    """Return the entry of a service with a history; see `World.adopt` for what may be left empty."""
    entry = Entry(where, copied(service_pb))
    for revision in sorted(map(copied, revisions_pb), key=lambda pb: pb.create_time.ToNanoseconds()):
        _adopt_revision(entry, revision, rollout, number)
    _complete_service(entry, number)
    entry.effective = tuple(
        Share(entry.latest_ready if status.type_ == LATEST else status.revision, status.percent, status.tag)
        for status in entry.service.traffic_statuses
    )
    return entry


def _adopt_revision(entry: Entry, revision: Message, rollout: Rollout, number: str) -> None:
    where = entry.at(parse(revision.name).revision)
    complete_template(revision, where, number)
    rollout.identify(revision, where)
    if not revision.conditions:
        born = revision.create_time.ToDatetime()
        conditions.imported(revision, 1.0, born)
        conditions.provisioned(revision, 1.0, born)
        conditions.booted(revision, 1.0, 3.0, born)
    entry.revisions[where.revision] = revision
    entry.count(where.revision)


def _complete_service(entry: Entry, number: str) -> None:
    service = entry.service
    newest = next(reversed(entry.revisions))
    ready = next(filter(entry.is_ready, reversed(entry.revisions)), "")
    if not service.template.containers:
        hand_on(entry.revisions[newest], service.template)
    complete(service, entry.where, number)
    if not service.latest_created_revision:
        service.latest_created_revision = entry.at(newest).revision_path
    if ready and not service.latest_ready_revision:
        service.latest_ready_revision = entry.at(ready).revision_path
    if not service.HasField("create_time"):
        service.create_time.CopyFrom(next(iter(entry.revisions.values())).create_time)
    wrote = service.update_time if service.HasField("update_time") else entry.revisions[newest].create_time
    entry.stamp(wrote.ToMicroseconds(), service.last_modifier)
