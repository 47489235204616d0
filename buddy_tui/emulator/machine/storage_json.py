"""Cloud Storage's resources as its JSON API tells them."""

from typing import Any

from buddy_tui.emulator.machine.objects import Bucket, StoredObject


def bucket_json(bucket: Bucket) -> dict[str, Any]:
    """Return a bucket resource."""
    return {
        "kind": "storage#bucket",
        "id": bucket.name,
        "name": bucket.name,
        "location": bucket.location,
        "storageClass": "STANDARD",
        "timeCreated": bucket.created.isoformat(),
        "updated": bucket.created.isoformat(),
        "metageneration": "1",
        "etag": "CAE=",
    }


def object_json(stored: StoredObject) -> dict[str, Any]:
    """Return an object resource."""
    return {
        "kind": "storage#object",
        "id": f"{stored.bucket}/{stored.name}/{stored.generation}",
        "name": stored.name,
        "bucket": stored.bucket,
        "generation": str(stored.generation),
        "metageneration": "1",
        "contentType": stored.content_type,
        "size": str(stored.size),
        "md5Hash": stored.md5,
        "crc32c": stored.crc32c,
        "metadata": dict(stored.metadata),
        "storageClass": "STANDARD",
        "timeCreated": stored.created.isoformat(),
        "updated": stored.created.isoformat(),
    }
