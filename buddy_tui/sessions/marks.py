"""sessions: what is written down before a session is made, so that a probe that was killed leaves nothing behind.

A marker is a JSON file; beside it lies a lock that its probe holds as long as it lives. A marker whose lock can be had
belongs to nobody any more.
"""

import contextlib
import os
from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from buddy_tui.errors import Unwritable
from buddy_tui.gateway import Place
from buddy_tui.model import ServiceName
from buddy_tui.probes.values import Target
from buddy_tui.question import Ask
from buddy_tui.sessions.fill import is_id, is_mark

_VERSION = 1
_LARGEST = 64 << 10


@dataclass(frozen=True, slots=True)
class Marker:
    """One session that may be there, and all that it takes to remove it.

    `mark` is our word for it; `id` is the same word where the id was ours to choose, the service's own where that is
    known, else empty. `document` is the template of its path, `mark_field` the field that keeps `mark` (or empty).
    `target` is the revision that was asked and `delete` the request that removes it, both without secrets. What was
    asked of the service at `begun` cannot land any more after `deadline`; `timeout` is for one answer, in seconds.
    One that `waits` has seen all of it go, and is kept for what may come until then.
    """

    service: ServiceName
    place: Place
    document: str
    mark: str
    mark_field: str
    target: Target
    delete: Ask
    timeout: float
    begun: datetime
    deadline: datetime
    id: str = ""
    waits: bool = False

    @property
    def path(self) -> str:
        """The path of the document, empty as long as its id is not known."""
        return self.document.replace("{id}", self.id) if self.id else ""

    @property
    def collection(self) -> str:
        """The path of the collection that the document lies in."""
        return self.document.rpartition("/")[0]


class _Stored(msgspec.Struct):
    version: int
    marker: Marker


class Held:
    """A marker's files while its lock is ours. Release it."""

    def __init__(self, path: Path, lock: FileLock) -> None:
        self._path = path
        self._lock = lock

    def write(self, marker: Marker) -> None:
        """Write the marker, so that it is there even when the machine loses its power. Raises Unwritable."""
        try:
            _write(self._path, msgspec.json.encode(_Stored(_VERSION, _public(marker))))
        except OSError as error:
            raise Unwritable(
                f"The note of a session probe cannot be written to {self._path}: {error}."
            ) from None

    def read(self) -> Marker | None:
        """Return the marker, `None` where the file is none that we understand."""
        try:
            if self._path.stat().st_size > _LARGEST:
                return None
            stored = msgspec.json.decode(self._path.read_bytes(), type=_Stored)
        except (OSError, msgspec.MsgspecError, ValueError):
            return None
        return stored.marker if stored.version == _VERSION and _is_sound(stored.marker) else None

    def remove(self) -> None:
        """Take the marker away: there is nothing left to remove. Where that fails, a later sweep sees so as well."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    def release(self) -> None:
        """Let go of the lock. Without a marker, its file goes too. Safe to call twice."""
        self._lock.release()
        if not self._path.exists():
            with contextlib.suppress(OSError):  # somebody looks whether there is something to sweep
                Path(self._lock.lock_file).unlink(missing_ok=True)


def folder() -> Path:
    """Return where markers lie on this system."""
    from platformdirs import user_state_path

    return user_state_path("buddy-tui", appauthor=False) / "session-probes"


def hold(place: Path, mark: str) -> Held:
    """Take the lock for a new marker. Raises Unwritable."""
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = place / f"{mark}.json"
        lock = _lock(path)
        lock.acquire()
    except (OSError, Timeout) as error:
        raise Unwritable(f"The notes of session probes cannot be kept in {place}: {error}.") from None
    return Held(path, lock)


def deserted(place: Path) -> Generator[tuple[str, Held], None, None]:
    """Yield the markers whose probe lives no more, oldest first, each with its file's name and held by us."""
    for path in sorted(place.glob("*.json"), key=_age):
        lock = _lock(path)
        try:
            lock.acquire()
        except (OSError, Timeout):
            continue
        held = Held(path, lock)
        try:
            if path.exists():  # or its probe was just done with it
                yield path.name, held
        finally:
            held.release()


def with_secrets(ask: Ask, current: Ask) -> Ask:
    """Return a marker's request with the header values of `current`, which the marker does not keep."""
    values = {name.lower(): value for name, value in current.headers}
    return replace(ask, headers=tuple((name, values.get(name.lower(), "")) for name, _ in ask.headers))


def _lock(path: Path) -> FileLock:
    # Whoever closes a generator may do so from another thread than the one that began it.
    return FileLock(path.with_suffix(".lock"), timeout=0, mode=0o600, thread_local=False)


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _public(marker: Marker) -> Marker:
    names = tuple((name, "") for name, _ in marker.delete.headers)
    target = marker.target
    return replace(
        marker,
        delete=replace(marker.delete, headers=names),
        target=Target(target.revision, target.base, target.audience, target.origins),
    )


def _write(path: Path, data: bytes) -> None:
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    with contextlib.suppress(OSError):  # Windows opens no folders, and keeps names safe by itself
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _is_sound(marker: Marker) -> bool:
    """Tell whether a marker says what we would have written: nothing else may lead to a deletion."""
    return (
        is_mark(marker.mark)
        and (not marker.id or is_id(marker.id))
        and marker.document.endswith("/{id}")
        and marker.document.count("{") == 1
        and marker.begun.tzinfo is not None
        and marker.deadline.tzinfo is not None
        and any(_origin(marker.target.base) == origin for origin in marker.target.origins)
    )


def _origin(base: str) -> str:
    return "/".join(base.split("/")[:3])
