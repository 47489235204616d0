"""World: what the writer of a service may ask for, and how it is merged into what is there.

Refusals keep the shape that v2 answers with, `Violation in UpdateServiceRequest.service.FIELD: …`. Where no real
sentence was seen the words are unverified and the code INVALID_ARGUMENT is what counts.
"""

import re
from collections.abc import Iterable, Mapping

from google.protobuf.field_mask_pb2 import FieldMask

from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run import wording
from buddy_tui.emulator.run.entry import Entry
from buddy_tui.emulator.run.messages import LATEST, REVISION, Service, copied, same_configuration

_MUTABLE = (
    "description",
    "labels",
    "annotations",
    "client",
    "client_version",
    "ingress",
    "launch_stage",
    "binary_authorization",
    "template",
    "traffic",
    "scaling",
    "invoker_iam_disabled",
    "default_uri_disabled",
    "iap_enabled",
    "multi_region_settings",
    "custom_audiences",
    "build_config",
)
_RESERVED = ("run.googleapis.com", "cloud.googleapis.com", "serving.knative.dev", "autoscaling.knative.dev")
_NAME = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")
_TAG = re.compile(r"[a-z][a-z0-9-]+[a-z0-9]")


def merged(current: Message, asked: Message, paths: Iterable[str], request: str) -> Message:
    """Return `current` with the fields that `paths` name taken from `asked`; no path, or `*`, names all mutable ones.

    Paths are those of the proto: `template.containers`, never `buildConfig`. Output-only fields stay as they are.
    """
    mask = FieldMask(paths=paths)
    if not mask.paths or list(mask.paths) == ["*"]:
        mask = FieldMask(paths=_MUTABLE)
    for path in mask.paths:
        if not FieldMask(paths=[path]).IsValidForDescriptor(Service.DESCRIPTOR):
            raise wording.violation(f"{request}.update_mask", f"'{path}' is not a field of the service.")
    mutable = [path for path in mask.paths if path.split(".")[0] in _MUTABLE]
    wanted = copied(current)
    FieldMask(paths=mutable).MergeMessage(
        asked, wanted, replace_message_field=True, replace_repeated_field=True
    )
    return wanted


def desired_state(service: Message) -> Message:
    """Return what the writer of a service decides, without what Cloud Run adds."""
    state = Service()
    FieldMask(paths=_MUTABLE).MergeMessage(service, state)
    return state


def check_name(service_id: str) -> None:
    """Refuse a service id that is not a name of at most 49 characters."""
    if not _NAME.fullmatch(service_id) or len(service_id) >= 50:
        raise wording.violation(
            "CreateServiceRequest.service_id",
            "must use only lowercase letters, numbers and '-'. Must begin with a letter and cannot end with a '-'. "
            "Maximum length is 49 characters.",
        )


def admit(wanted: Message, entry: Entry, request: str) -> None:
    """Refuse `wanted` as the next state of `entry` if Cloud Run would; INVALID_ARGUMENT or ALREADY_EXISTS."""
    path = f"{request}.service"
    current = entry.service
    _check_keys(wanted.labels, current.labels, f"{path}.labels", "labels")
    _check_keys(wanted.annotations, current.annotations, f"{path}.annotations", "annotations")
    if len(wanted.description) > 512:
        raise wording.violation(f"{path}.description", "must not be longer than 512 characters.")
    _check_template(wanted.template, entry, f"{path}.template")
    _check_traffic(wanted, entry.where.service, f"{path}.traffic")
    if not entry.revisions:
        _check_first_traffic(wanted, path)


def _check_keys(asked: Mapping[str, str], known: Mapping[str, str], path: str, what: str) -> None:
    for key in asked:
        # What is there already came from v1 of the API, and stays.
        if key.partition("/")[0] in _RESERVED and known.get(key) != asked[key]:
            raise wording.violation(f"{path}[{key}]", f"system {what} are not supported in Cloud Run API v2.")


def _check_template(template: Message, entry: Entry, path: str) -> None:
    current = entry.service.template
    _check_keys(template.labels, current.labels, f"{path}.labels", "labels")
    _check_keys(template.annotations, current.annotations, f"{path}.annotations", "annotations")
    if not template.containers:
        raise wording.violation(f"{path}.containers", "should contain exactly one container with a port.")
    for index, container in enumerate(template.containers):
        if not container.image or " " in container.image:
            raise wording.violation(
                f"{path}.containers[{index}].image",
                "must be a container image path in the form [hostname/]repo-path[:tag and/or @digest]",
            )
    if template.timeout.ToSeconds() > 3600:
        raise wording.violation(f"{path}.timeout", "maximum allowed time is one hour.")
    if template.revision:
        _check_revision(template, entry, f"{path}.revision")


def _check_revision(template: Message, entry: Entry, path: str) -> None:
    name = template.revision
    if not name.startswith(f"{entry.where.service}-") or len(name) > 63 or not _NAME.fullmatch(name):
        raise wording.violation(
            path,
            f"'{name}' must be prefixed by the service name and '-', use only lowercase letters, numbers and '-', "
            "and have at most 63 characters.",
        )
    known = entry.revisions.get(name)
    if known is not None and not same_configuration(template, known):
        raise wording.revision_exists(name)


def _check_traffic(wanted: Message, service: str, path: str) -> None:
    tags = [target.tag for target in wanted.traffic if target.tag]
    for index, target in enumerate(wanted.traffic):
        _check_target(target, f"{path}[{index}]")
    for tag in tags:
        _check_tag(tag, service, path)
        if tags.count(tag) > 1:
            raise wording.violation(path, f"tag '{tag}' is used more than once.")
    total = sum(target.percent for target in wanted.traffic)
    if wanted.traffic and total != 100:
        raise wording.violation(path, f"percentages must sum to 100, but sum to {total}.")


def _check_target(target: Message, path: str) -> None:
    if target.type_ not in (LATEST, REVISION):
        raise wording.violation(f"{path}.type", "must be set.")
    if (target.type_ == REVISION) != bool(target.revision):
        raise wording.violation(
            f"{path}.revision", "must be set for a target of type REVISION, and only for it."
        )
    if not 0 <= target.percent <= 100:
        raise wording.violation(f"{path}.percent", "must be between 0 and 100.")


def _check_tag(tag: str, service: str, path: str) -> None:
    if not _TAG.fullmatch(tag):
        raise wording.violation(
            f"{path}.tag",
            f"'{tag}' must have at least three characters, use only lowercase letters, numbers and '-', "
            "begin with a letter and not end with '-'.",
        )
    if len(tag) + len(service) > 46:
        raise wording.tag_too_long(tag, service)


def _check_first_traffic(wanted: Message, path: str) -> None:
    for index, target in enumerate(wanted.traffic):
        if target.type_ == REVISION and target.revision != wanted.template.revision:
            raise wording.violation(
                f"{path}.traffic[{index}].revision", wording.revision_gone(target.revision)
            )


def check_version(name: str, specified: str, current: str) -> None:
    """Refuse a write whose etag is not the current one: ABORTED. No etag means that the last write wins."""
    if specified and specified != current:
        raise wording.conflict(name, wording.version_of(specified), wording.version_of(current))


def check_deletable(entry: Entry, name: str) -> None:
    """Refuse to delete a revision that can receive traffic or is the latest (or only) one: FAILED_PRECONDITION."""
    if any(share.percent and share.revision == name for share in (*entry.effective, *entry.desired())):
        raise wording.undeletable(name, "able to receive traffic")
    if name in (entry.latest_created, entry.latest_ready):
        raise wording.undeletable(name, "the latest revision of its service")
