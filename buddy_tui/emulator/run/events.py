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
    """A write was accepted. `request_pb` is what was asked for, e.g. an UpdateServiceRequest."""

    where: Where
    request_pb: Message


@dataclass(frozen=True, slots=True)
class CallRefused:
    """A write was refused. `code` is the number of the gRPC status: 10 for a stale write, 7 for a denied one."""

    where: Where
    request_pb: Message
    code: int
    message: str


@dataclass(frozen=True, slots=True)
class TrafficHeld:
    """Traffic should move and a fault holds it: `World.retry` has to be called until it says that it has moved."""

    where: Where


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


Event = BootWanted | ServiceCalled | CallRefused | TrafficHeld | ReadyChanged | OperationDone | RevisionGone
