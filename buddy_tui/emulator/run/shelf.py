"""World: where its services stand."""

from collections.abc import Iterator
from dataclasses import replace

from buddy_tui.emulator.names import Where
from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run import wording
from buddy_tui.emulator.run.entry import Entry


class Shelf:
    """All services by their places. `where` may name a revision too."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}

    def __contains__(self, where: Where) -> bool:
        return where.service_path in self._entries

    def put(self, entry: Entry) -> None:
        """Let `entry` stand in its place."""
        self._entries[entry.where.service_path] = entry

    def drop(self, where: Where) -> None:
        """Take a service away."""
        del self._entries[where.service_path]

    def entry(self, where: Where) -> Entry:
        """Return a service; NOT_FOUND if there is none."""
        entry = self._entries.get(where.service_path)
        if entry is None:
            raise wording.missing(replace(where, revision=""))
        return entry

    def revision(self, where: Where) -> Message:
        """Return a revision; NOT_FOUND if there is none."""
        revision = self.entry(where).revisions.get(where.revision)
        if revision is None:
            raise wording.missing(where)
        return revision

    def revisions(self, where: Where) -> Iterator[tuple[str, Message]]:
        """Return the revisions of a service (`-`: of its whole region), with keys that sort the newest first."""
        entries = self.in_region(where) if where.service == "-" else (self.entry(where),)
        for entry in entries:
            for revision in entry.revisions.values():
                yield f"{10**20 - revision.create_time.ToNanoseconds():021d}/{revision.name}", revision

    def booting(self, where: Where) -> Entry | None:
        """Return the service of a revision whose boot is under way, or nothing."""
        entry = self._entries.get(where.service_path)
        return entry if entry and where.revision in entry.boot_seconds else None

    def held(self, where: Where) -> Entry | None:
        """Return a service whose traffic is held by a fault, or nothing."""
        entry = self._entries.get(where.service_path)
        return entry if entry and entry.held else None

    def in_region(self, where: Where) -> Iterator[Entry]:
        """Return the services of the region of `where`."""
        return (entry for entry in self._entries.values() if entry.where.region == where.region)

    def regions(self) -> frozenset[str]:
        """Return the regions that have services."""
        return frozenset(entry.where.region for entry in self._entries.values())
