"""Run v1: what runs, as a template and as a revision's spec: Knative's JSON <-> v2's template.

v1 and v2 call most things alike. What v2 says and this JSON has no room for (networks, other volumes than secrets and
memory) is kept as it is when a template is replaced.
"""

from collections.abc import Mapping
from typing import Any

from google.cloud import run_v2
from google.protobuf.json_format import MessageToDict, ParseDict

from buddy_tui.emulator.knative import settings
from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run.messages import copied

_Json = dict[str, Any]
_VOLUME: Message = run_v2.Volume.pb()
# What v2 puts into a container and v1 elsewhere; it stays with the container of that name, and all but the first
# with its image.
_ELSEWHERE = ("dependsOn", "baseImageUri", "buildInfo", "sourceCode")
_MEMORY = {"MEMORY": "Memory", "DISK": "Disk"}


def spec_of(template: Message) -> _Json:
    """Return the spec of a template or of a revision."""
    volumes = [_volume(one) for one in map(MessageToDict, template.volumes) if _is_spoken(one)]
    said = {
        "containerConcurrency": template.max_instance_request_concurrency,
        "timeoutSeconds": template.timeout.ToSeconds(),
        "serviceAccountName": template.service_account,
        "containers": [_container(MessageToDict(one)) for one in template.containers],
        "volumes": volumes,
    }
    return {key: value for key, value in said.items() if value}


def template_json(template: Message) -> _Json:
    """Return `spec.template` of a service."""
    said = {
        "name": template.revision,
        "labels": dict(template.labels),
        "annotations": settings.of_template(template),
    }
    return {
        "metadata": {key: value for key, value in said.items() if value},
        "spec": spec_of(template),
    }


def read_template(said: Mapping[str, Any], current: Message) -> Message:
    """Return the template that `spec.template` says, where a service has the `current` one.

    Raises ValueError (also json_format.ParseError) for what cannot be read.
    """
    template, meta, spec = copied(current), said.get("metadata", {}), said.get("spec", {})
    template.revision = meta.get("name", "")
    template.labels.clear()
    template.labels.update(settings.own(meta.get("labels", {})))
    template.max_instance_request_concurrency = int(spec.get("containerConcurrency") or 0)
    template.timeout.FromSeconds(int(spec.get("timeoutSeconds") or 300))
    template.service_account = spec.get("serviceAccountName", "")
    _read_containers(spec.get("containers", ()), template)
    _read_volumes(spec.get("volumes", ()), template)
    settings.write_template(meta.get("annotations", {}), template)
    return template


def _container(said: _Json) -> _Json:
    """Turn v2's JSON of a container into v1's."""
    told = {key: value for key, value in said.items() if key not in _ELSEWHERE}
    if "env" in told:
        told["env"] = [_variable(one) for one in told["env"]]
    if "resources" in told:
        told["resources"] = {"limits": told["resources"].get("limits", {})}
    return told


def _variable(said: _Json) -> _Json:
    secret = said.get("valueSource", {}).get("secretKeyRef")
    if secret is None:
        return said
    reference = {"name": secret.get("secret", ""), "key": secret.get("version", "")}
    return {"name": said["name"], "valueFrom": {"secretKeyRef": reference}}


def _read_containers(said: Any, template: Message) -> None:  # noqa: ANN401 - JSON of anybody
    before = {one.name: MessageToDict(one) for one in template.containers}
    del template.containers[:]
    only = len(said) == 1 == len(before)
    for one in said:
        wanted = {key: value for key, value in one.items() if key not in _ELSEWHERE}
        wanted["env"] = [_read_variable(variable) for variable in one.get("env", ())]
        # gcloud may leave the name of the only container out.
        known = next(iter(before.values())) if only else before.get(one.get("name", ""), {})
        kept = _ELSEWHERE if one.get("image") == known.get("image") else _ELSEWHERE[:1]
        wanted |= {key: known[key] for key in kept if key in known}
        ParseDict(wanted, template.containers.add(), ignore_unknown_fields=True)


def _read_variable(said: _Json) -> _Json:
    secret = said.get("valueFrom", {}).get("secretKeyRef")
    if secret is None:
        return {"name": said["name"], "value": said.get("value", "")}
    reference = {"secret": secret.get("name", ""), "version": secret.get("key", "")}
    return {"name": said["name"], "valueSource": {"secretKeyRef": reference}}


def _is_spoken(volume: Mapping[str, Any]) -> bool:
    return "secret" in volume or "emptyDir" in volume


def _volume(said: _Json) -> _Json:
    if "secret" in said:
        items = [
            {"key": one.get("version", ""), **{name: one[name] for name in ("path", "mode") if name in one}}
            for one in said["secret"].get("items", ())
        ]
        rest = {key: value for key, value in said["secret"].items() if key == "defaultMode"}
        return {
            "name": said["name"],
            "secret": {"secretName": said["secret"]["secret"], "items": items, **rest},
        }
    memory = said["emptyDir"]
    medium = {"medium": _MEMORY[memory["medium"]]} if "medium" in memory else {}
    return {"name": said["name"], "emptyDir": {**memory, **medium}}


def _read_volumes(said: Any, template: Message) -> None:  # noqa: ANN401 - JSON of anybody
    """Replace what v1 can say, in the place where it was: another order would be another template."""
    before = [copied(one) for one in template.volumes]
    places = {one.name: at for at, one in enumerate(before)}
    wanted = [one for one in before if not _is_spoken(MessageToDict(one))]
    wanted += [ParseDict(_read_volume(one), _VOLUME(), ignore_unknown_fields=True) for one in said]
    del template.volumes[:]
    template.volumes.extend(sorted(wanted, key=lambda one: places.get(one.name, len(places))))


def _read_volume(said: _Json) -> _Json:
    if "secret" in said:
        items = [
            {"version": item["key"], **{name: item[name] for name in ("path", "mode") if name in item}}
            for item in said["secret"].get("items", ())
        ]
        secret = {**said["secret"], "secret": said["secret"]["secretName"], "items": items}
        return {"name": said["name"], "secret": secret}
    if "emptyDir" in said:
        medium = said["emptyDir"].get("medium", "")
        memory = {**said["emptyDir"], **({"medium": medium.upper()} if medium else {})}
        return {"name": said["name"], "emptyDir": memory}
    raise ValueError(f"volumes: '{said['name']}' is of a kind that is not emulated.")
