"""Services and revisions as the Knative JSON that Google's system events carry in their `response`."""

from datetime import UTC
from typing import Any

from buddy_tui.emulator.names import Where
from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run import conditions
from buddy_tui.emulator.run.messages import Condition

_STATUS = {conditions.SUCCEEDED: "True", conditions.FAILED: "False"}


def resource(where: Where, resource_pb: Message) -> dict[str, Any]:
    """Return kind, metadata and status conditions of a revision (or, where none is named, of a service)."""
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Revision" if where.revision else "Service",
        "metadata": {
            "name": where.revision or where.service,
            "namespace": where.project,
            "generation": resource_pb.generation,
            "uid": resource_pb.uid,
            "labels": {"cloud.googleapis.com/location": where.region},
        },
        "status": {
            "observedGeneration": resource_pb.observed_generation,
            "conditions": conditions_of(where, resource_pb),
        },
    }


def conditions_of(where: Where, resource_pb: Message) -> list[dict[str, str]]:
    """Return the status conditions of a revision (or, where none is named, of a service), as v1 tells them."""
    told = [_condition(one) for one in resource_pb.conditions]
    return told if where.revision else [_condition(resource_pb.terminal_condition), *told]


def _condition(one: Message) -> dict[str, str]:
    told = {
        "type": one.type_,
        "status": _STATUS.get(one.state, "Unknown"),
        "reason": _reason(one),
        "message": one.message,
        "severity": "Info" if one.severity == Condition.INFO else "",
        "lastTransitionTime": one.last_transition_time.ToDatetime(UTC).isoformat().replace("+00:00", "Z"),
    }
    return {key: value for key, value in told.items() if value}


def _reason(one: Message) -> str:
    """Return the reason in v1's words: `HealthCheckContainerError` for v2's HEALTH_CHECK_CONTAINER_ERROR."""
    names = {"revision_reason": Condition.RevisionReason, "reason": Condition.CommonReason}
    kind = one.WhichOneof("reasons")
    name = names[kind].Name(getattr(one, kind)) if kind in names else ""
    return name.title().replace("_", "")
