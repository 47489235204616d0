"""World: the exact sentences of Cloud Run, its etags, and the console's address of a revision's logs.

Sentences were seen in real answers, except where marked unverified: there, the code is what counts.
"""

import base64
import binascii
from urllib.parse import quote

import grpc
from google.protobuf.message import DecodeError
from google.protobuf.timestamp_pb2 import Timestamp

from buddy_tui.emulator.names import Problem, Where

DEPLOYING = "Deploying Revision."
# Unverified: gcloud says so while it waits for the traffic of a service.
ROUTING = "Routing traffic."
RETIRED = "Revision retired."
RETRY = "System will retry after 00:00 from lastTransitionTime for attempt 0."


def missing(where: Where) -> Problem:
    """Say that the service or revision is not there."""
    kind, name = ("REVISION", where.revision) if where.revision else ("SERVICE", where.service)
    return Problem(
        grpc.StatusCode.NOT_FOUND,
        f"Resource '{name}' of kind '{kind}' in region '{where.region}' in project '{where.project}' does not exist.",
    )


def denied(permission: str, resource: str) -> Problem:
    """Say that the project is another's, or none: Google does not tell which."""
    return Problem(
        grpc.StatusCode.PERMISSION_DENIED,
        f"Permission '{permission}' denied on resource '{resource}' (or resource may not exist).",
    )


def denied_account(account: str) -> Problem:
    """Say that the caller may not let a revision run as this service account."""
    return Problem(
        grpc.StatusCode.PERMISSION_DENIED,
        f"Permission 'iam.serviceaccounts.actAs' denied on service account {account} (or it may not exist).",
    )


def no_location(region: str) -> Problem:
    """Say that there is no such region."""
    return Problem(
        grpc.StatusCode.PERMISSION_DENIED,
        f"Permission denied on 'locations/{region}' (or it may not exist).",
    )


def exists(service: str) -> Problem:
    """Say that the service to create is there already. Unverified."""
    return Problem(grpc.StatusCode.ALREADY_EXISTS, f"Resource '{service}' already exists.")


def revision_exists(revision: str) -> Problem:
    """Say that a template names a revision that is there, and is not the same."""
    return Problem(
        grpc.StatusCode.ALREADY_EXISTS,
        f"Revision named '{revision}' with different configuration already exists.",
    )


def conflict(name: str, specified: str, current: str) -> Problem:
    """Say that a write was bound to an etag that is no longer the newest."""
    return Problem(
        grpc.StatusCode.ABORTED,
        f"Conflict for resource '{name}': version '{specified}' was specified but current version is '{current}'.",
    )


def violation(path: str, text: str) -> Problem:
    """Refuse a request for one field. `path` is e.g. `UpdateServiceRequest.service.traffic`."""
    return Problem(grpc.StatusCode.INVALID_ARGUMENT, f"Violation in {path}: {text}")


def tag_too_long(tag: str, service: str) -> Problem:
    """Refuse a tag whose address would be too long."""
    return Problem(
        grpc.StatusCode.INVALID_ARGUMENT,
        f"spec.traffic.tag: traffic tag '{tag}' and service name '{service}' together are too long. "
        "Combined traffic tag and service name cannot exceed 46 characters.",
    )


def undeletable(revision: str, why: str) -> Problem:
    """Refuse to delete a revision that is needed. The sentence is unverified."""
    return Problem(
        grpc.StatusCode.FAILED_PRECONDITION, f"Revision '{revision}' cannot be deleted because it is {why}."
    )


def revision_not_ready(revision: str, message: str) -> str:
    """Say that traffic names a revision that did not boot."""
    return f"Revision '{revision}' is not ready and cannot serve traffic. {message}"


def revision_gone(revision: str) -> str:
    """Say that traffic names a revision that is not there."""
    return (
        f"Revision '{revision}' does not exist or is deleted. "
        "Update all traffic to route to currently available revisions."
    )


def imported(seconds: float) -> str:
    """Say that the image is on the machine."""
    return f"Container image import completed in {seconds:.2f}s."


def provisioned(seconds: float) -> str:
    """Say that the containers are laid out, and their health check begins."""
    return (
        f"Provisioning imported containers completed in {seconds:.2f}s. Checking container health. This will wait "
        "for up to 4m for the configured startup probe, including an initial delay of 0s."
    )


def healthy(seconds: float) -> str:
    """Say that the startup probe succeeded."""
    return f"Containers became healthy in {seconds:.2f}s."


def deployed(seconds: float) -> str:
    """Say how long all steps of the boot took together."""
    return f"Deploying revision succeeded in {seconds:.2f}s."


def logs_url(where: Where) -> str:
    """Return the console's address of a revision's logs."""
    query = "\n".join(
        (
            'resource.type="cloud_run_revision"',
            f'resource.labels.service_name="{where.service}"',
            f'resource.labels.revision_name="{where.revision}"',
        )
    )
    return (
        f"https://console.cloud.google.com/logs/viewer?project={where.project}"
        f"&resource=cloud_run_revision/service_name/{where.service}/revision_name/{where.revision}"
        f"&advancedFilter={quote(query, safe='.')}"
    )


def etag(version: int, name: str) -> str:
    """Return the etag of `version` (microseconds since 1970): like Google's, a timestamp and a name in base 64."""
    stamp = Timestamp()
    stamp.FromMicroseconds(version)
    return f'"{_base64(stamp.SerializeToString())}/{_base64(name.encode())}"'


def version_of(tag: str) -> str:
    """Return the version that an etag carries, or the etag itself when it carries none."""
    stamp = Timestamp()
    try:
        stamp.ParseFromString(base64.urlsafe_b64decode(tag.strip('"').split("/")[0] + "=="))
    except (binascii.Error, DecodeError, ValueError):
        return tag
    return str(stamp.ToMicroseconds())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
