"""World: what happened in it, told after the state has changed. Other rooms live on these."""

from dataclasses import dataclass

from buddy_tui.emulator.names import Where
from buddy_tui.emulator.rpc import Message


@dataclass(frozen=True, slots=True)
class BootWanted:
    """A new revision exists and must be health-checked."""

    where: Where


@dataclass(frozen=True, slots=True)
class ServiceCalled:
    """A write was accepted. `method` is as in audit logs, e.g. `google.cloud.run.v2.Services.UpdateService`.

    `service_pb` is the service after the write (before it, for a deletion of the service itself).
    """

    where: Where
    method: str
    service_pb: Message


@dataclass(frozen=True, slots=True)
class CallRefused:
    """A write was refused. `code` is the number of the gRPC status: 10 for a stale write."""

    where: Where
    method: str
    code: int
    message: str


@dataclass(frozen=True, slots=True)
class ReadyChanged:
    """The Ready condition was decided. For a service, `where.revision` is empty."""

    where: Where
    ready: bool
    message: str
    resource_pb: Message


@dataclass(frozen=True, slots=True)
class OperationDone:
    """The long-running operation `name` has its response or error."""

    name: str


@dataclass(frozen=True, slots=True)
class RevisionGone:
    """The revision was deleted: its instances must stop."""

    where: Where


Event = BootWanted | ServiceCalled | CallRefused | ReadyChanged | OperationDone | RevisionGone
