"""World: the raw protobuf classes of Cloud Run Admin v2, and what copies one into another.

They are raw, not wrapped by proto-plus, because a copy then costs microseconds. A field that is a word of Python
keeps its trailing underscore: `type_`.
"""

from google.cloud import run_v2

from buddy_tui.emulator.rpc import Message

Service: Message = run_v2.Service.pb()
Revision: Message = run_v2.Revision.pb()
RevisionTemplate: Message = run_v2.RevisionTemplate.pb()
TrafficTarget: Message = run_v2.TrafficTarget.pb()
Condition: Message = run_v2.Condition.pb()
CreateServiceRequest: Message = run_v2.CreateServiceRequest.pb()
UpdateServiceRequest: Message = run_v2.UpdateServiceRequest.pb()
DeleteServiceRequest: Message = run_v2.DeleteServiceRequest.pb()
DeleteRevisionRequest: Message = run_v2.DeleteRevisionRequest.pb()
ListServicesResponse: Message = run_v2.ListServicesResponse.pb()
ListRevisionsResponse: Message = run_v2.ListRevisionsResponse.pb()

LATEST = int(run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST)
REVISION = int(run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION)
INGRESS_ALL = int(run_v2.IngressTraffic.INGRESS_TRAFFIC_ALL)
GENERALLY_AVAILABLE = Service.DESCRIPTOR.fields_by_name["launch_stage"].enum_type.values_by_name["GA"].number

_SHARED = frozenset(field.name for field in RevisionTemplate.DESCRIPTOR.fields) & frozenset(
    field.name for field in Revision.DESCRIPTOR.fields
)


def copied(message: Message) -> Message:
    """Return a copy of `message`."""
    copy = type(message)()
    copy.CopyFrom(message)
    return copy


def hand_on(source: Message, target: Message) -> None:
    """Merge into `target` what a revision and its template have in common (containers, scaling, labels …)."""
    for field, value in source.ListFields():
        if field.name not in _SHARED:
            continue
        part = getattr(target, field.name)
        if hasattr(part, "MergeFrom"):
            part.MergeFrom(value)
        else:
            setattr(target, field.name, value)


def same_configuration(template: Message, revision: Message) -> bool:
    """Tell whether a revision made from `template` would be configured as `revision` is."""
    wanted, found = Revision(), Revision()
    hand_on(template, wanted)
    hand_on(revision, found)
    return bool(wanted == found)
