"""Cloud Storage's resources as its JSON API tells them."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

from buddy_tui.emulator.machine.objects import Bucket, StoredObject


def bucket_json(bucket: Bucket) -> dict[str, Any]:
    """Return a bucket resource."""
    return {
        "kind": "storage#bucket",
        "id": bucket.name,
        "name": bucket.name,
        "location": bucket.location,
        "storageClass": "STANDARD",
        "timeCreated": _time(bucket.created),
        "updated": _time(bucket.created),
        "metageneration": "1",
        "etag": "CAE=",
    }


def object_json(stored: StoredObject, origin: str) -> dict[str, Any]:
    """Return an object resource, with links to `origin`."""
    path = f"/storage/v1/b/{stored.bucket}/o/{quote(stored.name, safe='')}"
    content = f"/download{path}?generation={stored.generation}&alt=media"
    told = {
        "kind": "storage#object",
        "id": f"{stored.bucket}/{stored.name}/{stored.generation}",
        "selfLink": f"{origin}{path}",
        "mediaLink": f"{origin}{content}",
        "name": stored.name,
        "bucket": stored.bucket,
        "generation": str(stored.generation),
        "metageneration": "1",
        "contentType": stored.content_type,
        "size": str(stored.size),
        "md5Hash": stored.md5,
        "crc32c": stored.crc32c,
        "storageClass": "STANDARD",
        "timeCreated": _time(stored.created),
        "updated": _time(stored.created),
    }
    return told | ({"metadata": dict(stored.metadata)} if stored.metadata else {})


def _time(moment: datetime) -> str:
    """Write a UTC time as Google does, e.g. `2026-11-23T08:30:00.250Z`: its client reads no offset but `Z`."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
