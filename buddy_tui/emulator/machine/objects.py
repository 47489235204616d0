"""Cloud Storage's state: buckets and objects. Contents lie in numbered files; an object's name never becomes a path."""

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path

import google_crc32c
import grpc

from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.names import Problem

# As Google's documentation has it, but for network addresses and misspellings of "google". Longer than 63 letters is a
# name with dots alone.
_NAME = re.compile(r"(?!goog)(?!.*google)[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One generation of an object. `generation` is in microseconds and grows; the hashes are in base 64."""

    bucket: str
    name: str
    generation: int
    path: Path
    size: int
    md5: str
    crc32c: str
    content_type: str
    metadata: tuple[tuple[str, str], ...]
    created: datetime


@dataclass(slots=True)
class Bucket:
    """A bucket and its live objects by name. `project` is whose it is."""

    name: str
    project: str
    location: str
    created: datetime
    objects: dict[str, StoredObject] = field(default_factory=dict)


@dataclass(slots=True)
class Spool:
    """A file that an upload is written to, with its hashes so far."""

    path: Path
    size: int = 0
    md5: "hashlib._Hash" = field(default_factory=lambda: hashlib.md5(usedforsecurity=False))
    crc32c: google_crc32c.Checksum = field(default_factory=google_crc32c.Checksum)

    def write(self, data: bytes) -> None:
        """Append `data`."""
        with self.path.open("ab") as file:
            file.write(data)
        self.size += len(data)
        self.md5.update(data)
        self.crc32c.update(data)  # type: ignore[no-untyped-call]

    def hashes(self) -> tuple[str, str]:
        """Return MD5 and CRC32C of what was written, in base 64."""
        crc32c: bytes = self.crc32c.digest()  # type: ignore[no-untyped-call]
        return base64.b64encode(self.md5.digest()).decode(), base64.b64encode(crc32c).decode()

    def verify(self, md5: str | None, crc32c: str | None) -> None:
        """Compare with what the client says that it has sent; INVALID_ARGUMENT when something else came."""
        for kind, said, found in zip(("MD5 hash", "CRC32C"), (md5, crc32c), self.hashes(), strict=True):
            if said is not None and said != found:
                words = f'Provided {kind} "{said}" doesn\'t match calculated {kind} "{found}".'
                raise Problem(grpc.StatusCode.INVALID_ARGUMENT, words)


class Store:
    """All buckets of the world; contents are kept below `folder`."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder / "storage"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        self._files = count(1)
        self._last_generation = 0
        self._buckets: dict[str, Bucket] = {}

    def create(self, name: str, project: str, location: str) -> Bucket:
        """Make a bucket; INVALID_ARGUMENT for a name that no bucket may have, ALREADY_EXISTS for one that is taken."""
        if not _allowed(name):
            raise Problem(grpc.StatusCode.INVALID_ARGUMENT, f"Invalid bucket name: '{name}'")
        if name in self._buckets:
            raise Problem(grpc.StatusCode.ALREADY_EXISTS, _taken(self._buckets[name], project))
        bucket = Bucket(name, project, location.upper() or "US", self._clock.now())
        return self._buckets.setdefault(name, bucket)

    def bucket(self, name: str) -> Bucket:
        """Return a bucket; NOT_FOUND when there is none."""
        if name not in self._buckets:
            raise Problem(grpc.StatusCode.NOT_FOUND, "The specified bucket does not exist.")
        return self._buckets[name]

    def of_project(self, project: str) -> list[Bucket]:
        """Return the buckets of a project, by name."""
        return [bucket for _, bucket in sorted(self._buckets.items()) if bucket.project == project]

    def drop(self, name: str) -> None:
        """Delete a bucket; ALREADY_EXISTS (that is HTTP's 409) as long as it holds objects."""
        if self.bucket(name).objects:
            raise Problem(grpc.StatusCode.ALREADY_EXISTS, "The bucket you tried to delete is not empty.")
        del self._buckets[name]

    def spool(self) -> Spool:
        """Return a fresh file for an upload."""
        return Spool(self._folder / str(next(self._files)))

    def put(
        self,
        bucket: str,
        name: str,
        spool: Spool,
        content_type: str,
        metadata: Iterable[tuple[str, str]] = (),
    ) -> StoredObject:
        """Let a finished upload be the object `name`; what was there before is gone, as without versioning."""
        now = self._clock.now()
        self._last_generation = max(self._last_generation + 1, int(now.timestamp() * 1_000_000))
        stored = StoredObject(
            bucket,
            name,
            self._last_generation,
            spool.path,
            spool.size,
            *spool.hashes(),
            content_type,
            tuple(metadata),
            now,
        )
        spool.path.touch()
        before = self.bucket(bucket).objects.get(name)
        self.bucket(bucket).objects[name] = stored
        if before:
            before.path.unlink(missing_ok=True)
        return stored

    def get(self, bucket: str, name: str, generation: int = 0) -> StoredObject:
        """Return an object; NOT_FOUND when it, or that generation of it (0: any), is not there."""
        stored = self.bucket(bucket).objects.get(name)
        if stored is None or generation not in (0, stored.generation):
            raise Problem(grpc.StatusCode.NOT_FOUND, f"No such object: {bucket}/{name}")
        return stored

    def read(self, bucket: str, name: str, generation: int = 0) -> bytes:
        """Return an object's content; NOT_FOUND as `get`."""
        return self.get(bucket, name, generation).path.read_bytes()

    def delete(self, bucket: str, name: str, generation: int = 0) -> None:
        """Delete an object; NOT_FOUND as `get`."""
        stored = self.get(bucket, name, generation)
        del self.bucket(bucket).objects[name]
        stored.path.unlink(missing_ok=True)

    def check(self, bucket: str, name: str, generation: str | None) -> None:
        """Check an `ifGenerationMatch`; `0` asks that there be no object. FAILED_PRECONDITION when it does not hold."""
        stored = self.bucket(bucket).objects.get(name)
        if generation is not None and generation != str(stored.generation if stored else 0):
            raise Problem(
                grpc.StatusCode.FAILED_PRECONDITION,
                "At least one of the pre-conditions you specified did not hold.",
            )


def _allowed(name: str) -> bool:
    return _NAME.fullmatch(name) is not None and max(map(len, name.split("."))) <= 63


def _taken(bucket: Bucket, project: str) -> str:
    if bucket.project == project:
        return "Your previous request to create the named bucket succeeded and you already own it."
    return (
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system."
        " Please select a different name and try again."
    )
