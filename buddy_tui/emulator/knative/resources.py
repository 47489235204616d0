"""Run v1: services, revisions, configurations and routes as Knative's JSON, and a service read from it."""

import base64
import json
from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import Any

from buddy_tui.emulator.knative import settings
from buddy_tui.emulator.knative.template import read_template, spec_of, template_json
from buddy_tui.emulator.names import Where, parse
from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run.entry import short
from buddy_tui.emulator.run.knative import conditions_of
from buddy_tui.emulator.run.messages import LATEST, REVISION, TrafficTarget, copied
from buddy_tui.emulator.run.wording import etag, version_of

_Json = dict[str, Any]
API = "serving.knative.dev/v1"
OPERATION = "run.googleapis.com/operation-id"
SERVICE = "serving.knative.dev/service"
# What a replaced service is written with: all that v1 can say.
WRITTEN = (
    "labels",
    "annotations",
    "template",
    "traffic",
    "client",
    "client_version",
    "description",
    "ingress",
    "launch_stage",
    "scaling",
    "invoker_iam_disabled",
    "default_uri_disabled",
    "custom_audiences",
    "build_config",
)
_ALL_TO_LATEST = TrafficTarget(type_=LATEST, percent=100)


def service_json(service: Message, number: str, operation: str = "") -> _Json:
    """Return a service. `number` is the project's, `operation` the id of the one that a write has begun."""
    where = parse(service.name)
    annotations = {
        **settings.of_service(service),
        "run.googleapis.com/urls": json.dumps(list(service.urls)),
        "run.googleapis.com/ingress-status": settings.of_service(service).get(
            "run.googleapis.com/ingress", ""
        ),
        "serving.knative.dev/creator": service.creator,
        "serving.knative.dev/lastModifier": service.last_modifier,
        OPERATION: operation,
    }
    if service.build_config.name:
        annotations["run.googleapis.com/build-id"] = short(service.build_config.name)
    return {
        **_head("Service", where, number, service, annotations),
        "spec": {
            "template": template_json(service.template),
            "traffic": [_target(one) for one in service.traffic or (_ALL_TO_LATEST,)],
        },
        "status": {
            **_status(where, service),
            **_latest(service),
            "url": service.uri,
            "address": {"url": service.uri},
            "traffic": _served(service),
        },
    }


def revision_json(revision: Message, number: str) -> _Json:
    """Return a revision."""
    where = parse(revision.name)
    annotations = {**settings.of_template(revision), "serving.knative.dev/creator": revision.creator}
    head = _head("Revision", where, number, revision, annotations)
    head["metadata"]["labels"] |= {
        SERVICE: where.service,
        "serving.knative.dev/configuration": where.service,
        "serving.knative.dev/configurationGeneration": str(revision.generation),
    }
    images = [{"name": one.name, "imageDigest": one.image} for one in revision.containers]
    return {
        **head,
        "spec": spec_of(revision),
        "status": {
            **_status(where, revision),
            "logUrl": revision.log_uri,
            "imageDigest": images[0]["imageDigest"] if images else "",
            "containerStatuses": images,
        },
    }


def configuration_json(service: Message, number: str) -> _Json:
    """Return what of a service is its configuration: the template, and what became of it."""
    whole = service_json(service, number)
    status = {
        key: whole["status"].get(key) for key in ("observedGeneration", "conditions", *_latest(service))
    }
    return {
        **whole,
        "kind": "Configuration",
        "spec": {"template": whole["spec"]["template"]},
        "status": status,
    }


def route_json(service: Message, number: str) -> _Json:
    """Return what of a service is its route: the traffic."""
    whole = service_json(service, number)
    status = {
        key: whole["status"][key] for key in ("observedGeneration", "conditions", "traffic", "url", "address")
    }
    return {**whole, "kind": "Route", "spec": {"traffic": whole["spec"]["traffic"]}, "status": status}


def list_json(kind: str, items: Iterable[_Json], token: str = "") -> _Json:
    """Return a list of a kind."""
    return {
        "apiVersion": API,
        "kind": f"{kind}List",
        "metadata": {"continue": token} if token else {},
        "items": list(items),
    }


def read_service(said: Mapping[str, Any], current: Message) -> Message:
    """Return the service that Knative's JSON says, where `current` is there (or an empty one to be made).

    What v1 has no word for stays as it is; system labels and annotations without a field in v2 are dropped. The etag
    is that of the `metadata.resourceVersion`. Raises ValueError (also json_format.ParseError).
    """
    service, meta, spec = copied(current), said.get("metadata", {}), said.get("spec", {})
    service.labels.clear()
    service.labels.update(settings.own(meta.get("labels", {})))
    settings.write_service(meta.get("annotations", {}), service)
    service.template.CopyFrom(read_template(spec.get("template", {}), current.template))
    del service.traffic[:]
    service.traffic.extend(_read_target(one) for one in spec.get("traffic", ()))
    service.etag = _etag(meta.get("resourceVersion", ""), service.name)
    return service


def _head(kind: str, where: Where, number: str, resource: Message, annotations: Mapping[str, str]) -> _Json:
    name = where.revision or where.service
    meta = {
        "name": name,
        "namespace": number,
        "selfLink": f"/apis/{API}/namespaces/{number}/{kind.lower()}s/{name}",
        "uid": resource.uid,
        "resourceVersion": _version(resource.etag),
        "generation": resource.generation,
        "creationTimestamp": resource.create_time.ToDatetime(UTC).isoformat().replace("+00:00", "Z"),
        "labels": {**resource.labels, "cloud.googleapis.com/location": where.region},
        "annotations": {key: value for key, value in annotations.items() if value},
    }
    return {"apiVersion": API, "kind": kind, "metadata": meta}


def _status(where: Where, resource: Message) -> _Json:
    # v1 has observed a generation when it has judged it; v2 only when it serves.
    return {"observedGeneration": resource.generation, "conditions": conditions_of(where, resource)}


def _latest(service: Message) -> _Json:
    told = {
        "latestReadyRevisionName": short(service.latest_ready_revision),
        "latestCreatedRevisionName": short(service.latest_created_revision),
    }
    return {key: name for key, name in told.items() if name}


def _target(target: Message) -> _Json:
    told: _Json = {"percent": target.percent} if target.percent else {}
    told |= {"tag": target.tag} if target.tag else {}
    which = {"latestRevision": True} if target.type_ == LATEST else {"revisionName": target.revision}
    return {**which, **told}


def _served(service: Message) -> list[_Json]:
    newest = short(service.latest_ready_revision)
    return [
        {**_target(one), "revisionName": one.revision or newest, **({"url": one.uri} if one.uri else {})}
        for one in service.traffic_statuses
    ]


def _read_target(said: Mapping[str, Any]) -> Message:
    name = said.get("revisionName", "")
    return TrafficTarget(
        type_=REVISION if name else LATEST,
        revision=name,
        percent=int(said.get("percent") or 0),
        tag=said.get("tag", ""),
    )


def _version(tag: str) -> str:
    """Return the version of an etag as v1 has it: eight bytes of microseconds in base 64."""
    return base64.urlsafe_b64encode(int(version_of(tag)).to_bytes(8, "big")).decode().rstrip("=")


def _etag(version: str, name: str) -> str:
    if not version:
        return ""
    micros = int.from_bytes(base64.urlsafe_b64decode(f"{version}="), "big")
    return etag(micros, name)
