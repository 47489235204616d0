"""gcp: source archives in Cloud Storage, where gcloud keeps those of Cloud Run, through its official client.

That client blocks, and runs in a thread. It takes up a piece that was cut off by itself, and has the server compare
checksums at the end; an upload that never ends leaves no object behind.
"""

import asyncio
import io
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

import google_crc32c
from google.api_core.client_info import ClientInfo
from google.api_core.exceptions import BadRequest, Conflict, NotFound, PreconditionFailed
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession

from buddy_tui.clean import clean_line
from buddy_tui.errors import Refused, ServerTrouble, UsageProblem
from buddy_tui.gateway import Stored
from buddy_tui.gcp.archives import HOST, storage_base
from buddy_tui.gcp.blocking import in_thread
from buddy_tui.gcp.calls import FOREIGN, Calls
from buddy_tui.gcp.clients import CALL_SECONDS, CLIENT_INFO, Clients
from buddy_tui.gcp.errors import translate
from buddy_tui.gcp.rest import told_host
from buddy_tui.model import ServiceName

# How long a call is tried again, in seconds: a look, and one piece of an upload.
LOOK_PATIENCE = 8.0
PIECE_PATIENCE = 60.0
# How long one try may take, and a whole upload, in seconds.
_PIECE_SECONDS = 60.0
_UPLOAD_SECONDS = 3600.0
# In bytes. Cloud Storage keeps multiples of 256 KiB of a piece that is cut off, and ignores what it has already.
_PIECE = 1 << 20

# The client carries no types.
_Client = Any
_Bucket = Any
_Value = TypeVar("_Value")


class GoogleSources(Calls):
    """Looks at the uploaded archives of services."""

    async def stored(self, name: ServiceName, object_name: str) -> Stored | None:
        """Find an archive that was uploaded for a service; `None` when there is none.

        What lies in a bucket that is not the project's own is none either: anybody may have put it there.
        """

        def look(client: _Client) -> Stored | None:
            bucket = _own(client, name)
            return _found(bucket, name, object_name) if bucket else None

        return await _in_storage(self.clients, name, "storage.objects.get", look, LOOK_PATIENCE * 4)


async def upload(
    clients: Clients, name: ServiceName, archive: Path, object_name: str, tell: Callable[[int], None]
) -> Stored:
    """Upload an archive, as `gateway.Deploys` says. Cancelled, it stops before its next piece."""
    loop, stop = asyncio.get_running_loop(), Event()

    def send(client: _Client) -> Stored:
        with _reading(archive, lambda there: loop.call_soon_threadsafe(tell, there), stop) as file:
            return _put(_bucket(client, name), name, object_name, file)

    try:
        return await _in_storage(clients, name, "storage.objects.create", send, _UPLOAD_SECONDS)
    finally:
        stop.set()


def bucket_of(name: ServiceName) -> str:
    """Name the bucket as gcloud does: no bucket may have a dot, a colon or Google's name in it."""
    project = name.project.replace(":", "_").replace(".", "_").replace("google", "elgoog")
    return f"run-sources-{project}-{name.region}"


async def _in_storage(
    clients: Clients, name: ServiceName, permission: str, work: Callable[[_Client], _Value], seconds: float
) -> _Value:
    about = replace(
        clients.about,
        project=name.project,
        region=name.region,
        what=f"source bucket {bucket_of(name)}",
        host=told_host(clients, HOST),
        product="Cloud Storage",
        permission=permission,
        seconds=seconds,
    )
    try:
        return await in_thread(lambda: _with_client(clients, name.project, work), seconds)
    except (*FOREIGN, OSError) as error:  # a TimeoutError among them
        raise translate(error, about) from error


def _with_client(clients: Clients, project: str, work: Callable[[_Client], _Value]) -> _Value:
    from google.cloud.storage import Client

    # One of its own: the client writes into it.
    info = ClientInfo(user_agent=CLIENT_INFO.user_agent)  # type: ignore[no-untyped-call]
    session = None
    if clients.credentials is None:
        session = AuthorizedSession(AnonymousCredentials())  # type: ignore[no-untyped-call]
        session.trust_env = False  # past any proxy, as every call to an emulator
    with Client(
        project=project,
        credentials=clients.credentials or AnonymousCredentials(),  # type: ignore[no-untyped-call]
        client_info=info,
        client_options={"api_endpoint": storage_base(clients)},
        _http=session,
    ) as client:
        return work(client)


def _again(patience: float) -> dict[str, Any]:
    from google.cloud.storage.retry import DEFAULT_RETRY

    retry: Any = DEFAULT_RETRY.with_delay(initial=0.1, maximum=4.0).with_timeout(patience)
    return {"retry": retry, "timeout": CALL_SECONDS}


def _own(client: _Client, name: ServiceName) -> _Bucket | None:
    """Return the bucket if it is there and the project's own, which only a listing of the project's buckets tells."""
    wanted = bucket_of(name)
    listed = client.list_buckets(prefix=wanted, project=name.project, **_again(LOOK_PATIENCE))
    return next((one for one in listed if one.name == wanted), None)


def _bucket(client: _Client, name: ServiceName) -> _Bucket:
    """Return the bucket, made where there is none. Raises Refused when somebody else has a bucket of that name."""
    if there := _own(client, name):
        return there
    bucket = client.bucket(bucket_of(name))
    bucket.iam_configuration.uniform_bucket_level_access_enabled = True
    try:
        return client.create_bucket(
            bucket, project=name.project, location=name.region, **_again(LOOK_PATIENCE)
        )
    except Conflict as error:
        if there := _own(client, name):  # it was made meanwhile, or the answer was lost
            return there
        raise Refused(
            f"Bucket {bucket.name}, where sources of this project and region go, belongs to another project.",
            "Nothing was uploaded. Whoever made it could have read and replaced the source; use another region, or"
            " deploy an image.",
        ) from error


def _found(bucket: _Bucket, name: ServiceName, object_name: str) -> Stored | None:
    try:
        blob = bucket.get_blob(_path(name, object_name), **_again(LOOK_PATIENCE))
    except NotFound:
        return None
    return _stored(blob) if blob else None


def _put(bucket: _Bucket, name: ServiceName, object_name: str, file: "_Reader") -> Stored:
    """Upload to a name that is free. What is there already is taken if it is the same, else Refused is raised."""
    from google.cloud.storage.exceptions import DataCorruption

    if there := _found(bucket, name, object_name):
        return _same(there, file)
    blob = bucket.blob(_path(name, object_name), chunk_size=_PIECE)
    more = _again(PIECE_PATIENCE) | {"timeout": (CALL_SECONDS, _PIECE_SECONDS)}
    try:
        # Without its size it is sent in pieces, however small it is.
        blob.upload_from_file(
            file, content_type="application/zip", if_generation_match=0, checksum="crc32c", **more
        )
    except PreconditionFailed:
        if there := _found(bucket, name, object_name):
            return _same(there, file)
        raise
    except BadRequest as error:
        # Cloud Storage's words for it: Provided CRC32C "…" doesn't match calculated CRC32C "…".
        if "match calculated" not in error.message:
            raise
        raise _damaged() from error
    except (DataCorruption, ValueError) as error:
        raise _damaged() from error
    file.tell_all()
    return _stored(blob)


def _damaged() -> ServerTrouble:
    return ServerTrouble("Cloud Storage did not receive what was sent; nothing of it is kept.", "Try again.")


def _same(there: Stored, file: "_Reader") -> Stored:
    if there.checksum != file.checksum():
        raise Refused(
            f"There is another archive at {there.where}, and it is not overwritten.", "Deploy anew."
        )
    file.tell_all()
    return there


def _path(name: ServiceName, object_name: str) -> str:
    return f"services/{name.service}/{object_name}.zip"


def _stored(blob: Any) -> Stored:  # noqa: ANN401 - the client carries no types
    where = f"gs://{blob.bucket.name}/{blob.name}#{blob.generation}"
    return Stored(clean_line(where), int(blob.size or 0), clean_line(blob.crc32c or ""))


class _Stopped(Exception):
    """The upload is not wanted any more; nobody hears of this."""


class _Reader(io.BufferedReader):
    """An archive that tells how far it is uploaded: what was read before is there when the next piece is read."""

    def __init__(self, path: Path, tell: Callable[[int], object], stop: Event) -> None:
        super().__init__(io.FileIO(path))
        self._tell = tell
        self._stop = stop

    def read(self, size: int | None = -1, /) -> bytes:
        if self._stop.is_set():
            raise _Stopped
        self._tell(self.tell())
        return super().read(size)

    def tell_all(self) -> None:
        """Tell that all of it is there."""
        self._tell(self.seek(0, io.SEEK_END))

    def checksum(self) -> str:
        """Return the CRC32C of all of it, in base 64."""
        self.seek(0)
        checksum = google_crc32c.Checksum()  # type: ignore[no-untyped-call]
        while data := super().read(_PIECE):
            checksum.update(data)  # type: ignore[no-untyped-call]
        return b64encode(checksum.digest()).decode()  # type: ignore[no-untyped-call]


@contextmanager
def _reading(path: Path, tell: Callable[[int], object], stop: Event) -> Iterator[_Reader]:
    try:
        reader = _Reader(path, tell, stop)
    except OSError as error:
        raise UsageProblem(
            f"The archive {clean_line(path.name)} cannot be read: {error.strerror}.", "Deploy anew."
        ) from error
    with reader:
        yield reader
