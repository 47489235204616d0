"""gcp: builds. Cloud Run's API begins them, Cloud Build's tells of them and ends them."""

import re
from collections.abc import Mapping
from typing import Any

from google.cloud.run_v2.types import SubmitBuildRequest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

from buddy_tui.clean import clean_line
from buddy_tui.errors import NotFound, Refused, UsageProblem
from buddy_tui.gateway import Build, BuildState, Stored
from buddy_tui.gcp.archives import ADDRESS
from buddy_tui.gcp.calls import Calls
from buddy_tui.gcp.clients import Clients
from buddy_tui.gcp.rest import called, told_host
from buddy_tui.model import ServiceName

SUBMIT_SECONDS = 30.0
_HOST = "cloudbuild.googleapis.com"
# What gcloud builds on where nothing else was asked for, without updating it by itself.
_BASE_IMAGE = "gcr.io/buildpacks/google-22/run"
# Fields of Cloud Build's BuildOperationMetadata and Build, by their published numbers: no client of ours knows them.
_BUILD, _NAME, _LOG_URL = 1, 45, 25
_PLACE = re.compile(r"projects/([a-z0-9.:-]+)/locations/([a-z0-9-]+)(?:/builds/[\w-]+)?", re.ASCII)
# Cloud Build lists the newest first; an archive is built soon after it was uploaded, or never.
_PAGE_SIZE = "100"
_MOST_PAGES = 2
# Cloud Build knows more states; those that end a build must not be waited in.
_STATES = {one.value: one for one in BuildState} | {
    "PENDING": BuildState.QUEUED,
    "INTERNAL_ERROR": BuildState.FAILURE,
    "EXPIRED": BuildState.TIMEOUT,
}
_ENDED = frozenset({BuildState.SUCCESS, BuildState.FAILURE, BuildState.TIMEOUT, BuildState.CANCELLED})


class GoogleBuilds(Calls):
    """Looks at builds."""

    async def build(self, name: str) -> Build:
        """Read one build. Raises NotFound."""
        return _build(await _asked(self, name, "GET", name, "cloudbuild.builds.get"))

    async def builds_from(self, name: ServiceName, source: str) -> tuple[Build, ...]:
        """List the builds of one archive (`Stored.where`), newest first, of the newest 200 of the service."""
        parent = f"projects/{name.project}/locations/{name.region}"
        query = {"filter": f'tags="{tag(name)}"', "pageSize": _PAGE_SIZE}
        found: list[Build] = []
        for _ in range(_MOST_PAGES):
            page = await _asked(
                self, parent, "GET", f"{parent}/builds", "cloudbuild.builds.list", query=tuple(query.items())
            )
            found += map(_build, page.get("builds") or ())
            if not (token := page.get("nextPageToken")):
                break
            query["pageToken"] = token
        return tuple(one for one in found if one.source == source)


async def cancel(look: GoogleBuilds, name: str) -> Build:
    """Ask that a build end; what has ended already stays as it is."""
    try:
        await _asked(look, name, "POST", f"{name}:cancel", "cloudbuild.builds.update", body={})
    except NotFound:
        raise
    except (Refused, UsageProblem):
        if (there := await look.build(name)).state not in _ENDED:
            raise
        return there
    return await look.build(name)


async def submit(
    clients: Clients, name: ServiceName, source: Stored, image: str, *, dockerfile: bool
) -> Build:
    """Begin a build as gcloud does, once. Raises what Google's client raises, UsageProblem for a strange archive."""
    address = ADDRESS.match(source.where)
    if address is None:
        raise UsageProblem(f"{clean_line(source.where)} is no address of an archive.")
    bucket, object_name, generation = address.groups()
    request = SubmitBuildRequest(
        parent=f"projects/{name.project}/locations/{name.region}",
        image_uri=image,
        storage_source={"bucket": bucket, "object_": object_name, "generation": int(generation or 0)},
        tags=[tag(name)],
        **({"docker_build": {}} if dockerfile else {"buildpack_build": {"base_image": _BASE_IMAGE}}),
    )
    told: Any = await clients.builds.submit_build(request, retry=None, timeout=SUBMIT_SECONDS)
    operation = told.build_operation
    begun = _field(operation.metadata.value, _BUILD)
    identity = clean_line(operation.name.rpartition("/")[2])
    return Build(
        clean_line(_text(begun, _NAME)) or f"{request.parent}/builds/{identity}",
        BuildState.QUEUED,
        source=source.where,
        log_url=clean_line(_text(begun, _LOG_URL)),
    )


def tag(name: ServiceName) -> str:
    """Return the tag that gcloud gives to builds of a service."""
    return f"service_{name.service}"


async def _asked(
    calls: Calls,
    name: str,
    method: str,
    path: str,
    permission: str,
    **more: Any,  # noqa: ANN401 - as `called`
) -> dict[str, Any]:
    """Call Cloud Build; `name` is that of a build, or of the place of some."""
    place = _PLACE.fullmatch(name)
    if place is None:
        raise UsageProblem(f"{clean_line(name)} is no name of a build.")
    project, region = place.groups()
    what = f"build {clean_line(name.rpartition('/')[2])}"
    host = told_host(calls.clients, _HOST)
    with calls.translated(project, region, what, host=host, product="Cloud Build", permission=permission):
        return await called(calls.clients, _HOST, method, f"v1/{path}", **more)


def _build(told: Mapping[str, Any]) -> Build:
    """Read a build as Cloud Build's REST API tells it."""
    said = told.get("statusDetail") or _at(told, "failureInfo").get("detail") or ""
    return Build(
        clean_line(str(told.get("name", ""))),
        _STATES.get(str(told.get("status", "")), BuildState.UNKNOWN),
        image=_image(_at(told, "results")),
        source=_source(_at(_at(told, "source"), "storageSource")),
        said=clean_line(str(said)),
        log_url=clean_line(str(told.get("logUrl", ""))),
    )


def _image(results: Mapping[str, Any]) -> str:
    """Return the image with its digest and without its tag; empty where there is none."""
    made = (one for one in results.get("images") or () if isinstance(one, dict) and one.get("digest"))
    for one in made:
        folder, slash, last = str(one.get("name", "")).rpartition("/")
        return clean_line(f"{folder}{slash}{last.partition(':')[0]}@{one['digest']}")
    return ""


def _source(told: Mapping[str, Any]) -> str:
    if not told.get("bucket"):
        return ""
    return clean_line(f"gs://{told['bucket']}/{told.get('object', '')}#{told.get('generation', '')}").rstrip(
        "#"
    )


def _at(told: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = told.get(key)
    return value if isinstance(value, dict) else {}


def _field(message: bytes, number: int) -> bytes:
    """Return a field of a message whose type is not known here; empty where it is not there, or no message."""
    try:
        fields: Any = UnknownFieldSet(Empty.FromString(message))
    except DecodeError:
        return b""
    found = [one.data for one in fields if one.field_number == number and isinstance(one.data, bytes)]
    return found[-1] if found else b""


def _text(message: bytes, number: int) -> str:
    return _field(message, number).decode("utf-8", "replace")
