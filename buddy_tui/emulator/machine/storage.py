"""Cloud Storage's JSON API over HTTP: what a source upload and its like need."""

import json
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import grpc
from aiohttp import hdrs, web

from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.machine.objects import Spool, Store, StoredObject
from buddy_tui.emulator.machine.storage_json import bucket_json, object_json
from buddy_tui.emulator.names import Problem
from buddy_tui.emulator.rpc import suffer

_OCTETS = "application/octet-stream"
_CHUNK = 1 << 18
_STATUSES = {
    grpc.StatusCode.INVALID_ARGUMENT: (400, "invalid"),
    grpc.StatusCode.PERMISSION_DENIED: (403, "forbidden"),
    grpc.StatusCode.NOT_FOUND: (404, "notFound"),
    grpc.StatusCode.ALREADY_EXISTS: (409, "conflict"),
    grpc.StatusCode.FAILED_PRECONDITION: (412, "conditionNotMet"),
    grpc.StatusCode.RESOURCE_EXHAUSTED: (429, "rateLimitExceeded"),
    grpc.StatusCode.UNAVAILABLE: (503, "backendError"),
}
_BOUNDARY = re.compile(r"""boundary=["']?([^"';,\s]+)""")
_CONTENT_TYPE = re.compile(rb"^content-type:\s*([^\r\n]+)", re.IGNORECASE | re.MULTILINE)
_RANGE = re.compile(r"bytes (?:(?P<start>\d+)-(?P<end>\d+)|\*)/(?P<total>\d+|\*)")

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def routes(store: Store, faults: Faults) -> list[web.RouteDef]:
    """Return the routes of the JSON API, to be added to an application's router."""
    api = _Api(store, faults)
    buckets, bucket = "/storage/v1/b", "/storage/v1/b/{bucket}"
    objects, one = f"{bucket}/o", f"{bucket}/o/{{object:.+}}"
    table: list[tuple[str, str, _Handler]] = [
        ("GET", buckets, api.list_buckets),
        ("POST", buckets, api.create_bucket),
        ("GET", bucket, api.get_bucket),
        ("DELETE", bucket, api.delete_bucket),
        ("GET", objects, api.list_objects),
        ("GET", one, api.get_object),
        ("DELETE", one, api.delete_object),
        ("GET", f"/download{one}", api.get_object),
        ("POST", f"/upload{objects}", api.upload),
        ("PUT", f"/upload{objects}", api.resume),
    ]
    return [web.route(method, path, _answering(handler, faults)) for method, path, handler in table]


@dataclass(slots=True)
class _Upload:
    """A resumable upload under way; asked again at its end, it tells the object that was made of it."""

    bucket: str
    resource: dict[str, Any]
    match: str | None
    spool: Spool
    finished: StoredObject | None = None


class _Api:
    def __init__(self, store: Store, faults: Faults) -> None:
        self._store = store
        self._faults = faults
        self._uploads: dict[str, _Upload] = {}

    async def list_buckets(self, request: web.Request) -> web.StreamResponse:
        found = self._store.of_project(request.query.get("project", ""))
        prefix = request.query.get("prefix", "")
        items = [bucket_json(bucket) for bucket in found if bucket.name.startswith(prefix)]
        return web.json_response({"kind": "storage#buckets"} | ({"items": items} if items else {}))

    async def create_bucket(self, request: web.Request) -> web.StreamResponse:
        self._check_writable("storage.buckets.create")
        body = await _json(request)
        name = str(body.get("name", ""))
        if not name:
            raise Problem(grpc.StatusCode.INVALID_ARGUMENT, "Required parameter: name")
        project = request.query.get("project", "")
        return web.json_response(
            bucket_json(self._store.create(name, project, str(body.get("location", ""))))
        )

    async def get_bucket(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(bucket_json(self._store.bucket(request.match_info["bucket"])))

    async def delete_bucket(self, request: web.Request) -> web.StreamResponse:
        self._store.drop(request.match_info["bucket"])
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def list_objects(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        found = self._store.bucket(request.match_info["bucket"]).objects
        # An object below a delimiter is told by its folder alone, and folders count towards a page.
        names = sorted({_folded(name, prefix, delimiter) for name in found if name.startswith(prefix)})
        names = [name for name in names if name > query.get("pageToken", "")]
        page = names[: int(query.get("maxResults") or 1000)]
        answer: dict[str, Any] = {"kind": "storage#objects"}
        answer["items"] = [object_json(found[name], _origin(request)) for name in page if name in found]
        answer["prefixes"] = [name for name in page if name not in found]
        if len(names) > len(page):
            answer["nextPageToken"] = page[-1]
        return web.json_response({key: value for key, value in answer.items() if value})

    async def get_object(self, request: web.Request) -> web.StreamResponse:
        stored = self._named(request)
        if request.query.get("alt") != "media":
            return web.json_response(object_json(stored, _origin(request)))
        headers = {
            hdrs.CONTENT_TYPE: stored.content_type,
            "X-Goog-Generation": str(stored.generation),
            "X-Goog-Hash": f"crc32c={stored.crc32c},md5={stored.md5}",
            "X-Goog-Stored-Content-Length": str(stored.size),
        }
        return web.FileResponse(stored.path, chunk_size=_CHUNK, headers=headers)

    async def delete_object(self, request: web.Request) -> web.StreamResponse:
        stored = self._named(request)
        self._store.delete(stored.bucket, stored.name)
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def upload(self, request: web.Request) -> web.StreamResponse:
        self._check_writable("storage.objects.create")
        bucket, kind = request.match_info["bucket"], request.query.get("uploadType", "")
        self._store.bucket(bucket)
        upload = _Upload(bucket, {}, request.query.get("ifGenerationMatch"), self._store.spool())
        if kind == "multipart":
            await _read_parts(request, upload)
            return self._finish(request, upload)
        if kind == "media":
            upload.resource = {"contentType": request.headers.get(hdrs.CONTENT_TYPE, _OCTETS)}
            async for data in request.content.iter_chunked(_CHUNK):
                upload.spool.write(data)
            return self._finish(request, upload)
        if kind == "resumable":
            return await self._begin(request, upload)
        raise Problem(grpc.StatusCode.INVALID_ARGUMENT, f"Invalid upload type: '{kind}'.")

    async def resume(self, request: web.Request) -> web.StreamResponse:
        """Take one more chunk; 308 and the range that is there, until the upload is whole."""
        identity = request.query.get("upload_id", "")
        upload = self._uploads.get(identity)
        if upload is None:
            raise Problem(grpc.StatusCode.NOT_FOUND, "No such upload session.")
        asked = request.headers.get(hdrs.CONTENT_RANGE)
        if asked is None:
            size = request.content_length or 0
            asked = f"bytes 0-{size - 1}/{size}" if size else "bytes */0"
        found = _RANGE.fullmatch(asked)
        if found is None:
            raise Problem(
                grpc.StatusCode.INVALID_ARGUMENT, f"Failed to parse Content-Range header: '{asked}'."
            )
        if upload.finished:
            return web.json_response(object_json(upload.finished, _origin(request)))
        if found["start"] is not None:
            await self._receive(request, upload.spool, int(found["start"]))
        if found["total"] != str(upload.spool.size):
            return _incomplete(upload.spool.size)
        return self._finish(request, upload)

    async def _receive(self, request: web.Request, spool: Spool, start: int) -> None:
        """Take a piece that begins at `start`; what is there already is skipped, and one behind a gap is ignored.

        Cut off, its connection breaks when half of it is there.
        """
        cut, self._faults.upload_cut = self._faults.upload_cut > 0, max(0, self._faults.upload_cut - 1)
        data = b"".join([chunk async for chunk in request.content.iter_chunked(_CHUNK)])
        fresh = data[spool.size - start :] if start <= spool.size else b""
        spool.write(fresh[: len(fresh) // 2] if cut else fresh)
        if cut and request.transport:
            request.transport.abort()

    def _check_writable(self, permission: str) -> None:
        if self._faults.storage_denied or permission in self._faults.denied:
            raise Problem(
                grpc.StatusCode.PERMISSION_DENIED,
                f"The caller does not have {permission} access to the Google Cloud Storage bucket."
                f" Permission '{permission}' denied on resource (or it may not exist).",
            )

    async def _begin(self, request: web.Request, upload: _Upload) -> web.Response:
        """Open a session. What must match is looked at when all is there: the object may come to be meanwhile."""
        upload.resource = await _json(request)
        declared = request.headers.get("X-Upload-Content-Type")
        if declared:
            upload.resource.setdefault("contentType", declared)
        upload.resource.setdefault("name", request.query.get("name"))
        identity = secrets.token_urlsafe(24)
        self._uploads[identity] = upload
        location = request.url.with_query(uploadType="resumable", upload_id=identity)
        return web.Response(headers={hdrs.LOCATION: str(location), "X-GUploader-UploadID": identity})

    def _finish(self, request: web.Request, upload: _Upload) -> web.Response:
        resource = upload.resource
        name = resource.get("name") or request.query.get("name")
        if not name:
            raise Problem(grpc.StatusCode.INVALID_ARGUMENT, "Required parameter: name")
        upload.spool.verify(*_said_hashes(request, resource))
        self._store.check(upload.bucket, name, upload.match)
        stored = self._store.put(
            upload.bucket,
            name,
            upload.spool,
            resource.get("contentType", _OCTETS),
            resource.get("metadata", {}).items(),
        )
        upload.finished = stored
        return web.json_response(object_json(stored, _origin(request)))

    def _named(self, request: web.Request) -> StoredObject:
        bucket, name = request.match_info["bucket"], request.match_info["object"]
        stored = self._store.get(bucket, name, int(request.query.get("generation") or 0))
        self._store.check(bucket, name, request.query.get("ifGenerationMatch"))
        return stored


def _origin(request: web.Request) -> str:
    """Return the address that was asked, which an object's links lead to."""
    return str(request.url.origin())


def _answering(handler: _Handler, faults: Faults) -> _Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            await suffer(faults)
            return await handler(request)
        except Problem as problem:
            return _refusal(request, *_STATUSES[problem.code], problem.message)
        except (ValueError, TypeError, AttributeError):
            return _refusal(request, 400, "invalid", "The request cannot be understood.")

    return answer


def _refusal(request: web.Request, status: int, reason: str, message: str) -> web.Response:
    """Answer with an error in JSON; who asks for a content gets bare words, as from Google."""
    if request.query.get("alt") == "media":
        return web.Response(text=message, status=status, content_type="text/html")
    detail = {"message": message, "domain": "global", "reason": reason}
    return web.json_response(
        {"error": {"code": status, "message": message, "errors": [detail]}}, status=status
    )


async def _json(request: web.Request) -> dict[str, Any]:
    body = json.loads(await request.read() or b"{}")
    if not isinstance(body, dict):
        raise Problem(grpc.StatusCode.INVALID_ARGUMENT, "Parse Error")
    return body


async def _read_parts(request: web.Request, upload: _Upload) -> None:
    """Read a multipart/related body: the resource as JSON, then the content. Clients send small ones so, to 8 MB.

    gcloud ends its lines without a carriage return, and puts the boundary between apostrophes; Google takes both.
    """
    boundary = _BOUNDARY.search(request.headers.get(hdrs.CONTENT_TYPE, ""))
    if request.content_type != "multipart/related" or boundary is None:
        raise Problem(grpc.StatusCode.INVALID_ARGUMENT, "Invalid multipart request.")
    mark = f"--{boundary[1]}".encode()
    rest = (await request.content.read()).partition(mark)[2]
    newline = b"\r\n" if rest.startswith(b"\r\n") else b"\n"
    parts = [part.partition(newline * 2) for part in rest.split(newline + mark)]
    if len(parts) < 3:
        raise Problem(grpc.StatusCode.INVALID_ARGUMENT, "Invalid multipart request with 0 mime parts.")
    upload.resource = json.loads(parts[0][2])
    declared = _CONTENT_TYPE.search(parts[1][0])
    upload.resource.setdefault("contentType", declared[1].decode() if declared else _OCTETS)
    upload.spool.write(parts[1][2])


def _said_hashes(request: web.Request, resource: dict[str, Any]) -> tuple[str | None, str | None]:
    """Return MD5 and CRC32C as the client tells them, with the resource or, of a piece at the end, in a header."""
    pairs = (one.strip().partition("=") for one in request.headers.get("X-Goog-Hash", "").split(","))
    told = {name: value for name, _, value in pairs}
    return told.get("md5", resource.get("md5Hash")), told.get("crc32c", resource.get("crc32c"))


def _incomplete(size: int) -> web.Response:
    headers = {hdrs.RANGE: f"bytes=0-{size - 1}"} if size else {}
    return web.Response(status=HTTPStatus.PERMANENT_REDIRECT, reason="Resume Incomplete", headers=headers)


def _folded(name: str, prefix: str, delimiter: str) -> str:
    inner, found, _ = name.removeprefix(prefix).partition(delimiter) if delimiter else (name, "", "")
    return f"{prefix}{inner}{found}" if found else name
