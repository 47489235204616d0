"""diagnose: the source trees around a revision, each listed once."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from buddy_tui.errors import BuddyError
from buddy_tui.gateway import SourceReads
from buddy_tui.model import Revision, RevisionState, Sources, SourceTree
from buddy_tui.rules.trees import TEXTS

# An archive that could not be read is asked for again after this time.
_GIVEN_UP = timedelta(seconds=60)
# As many as are examined at a time, and some more; one of a large project takes megabytes.
_MOST_TREES = 40


class Shelf:
    """Source archives by address, and the project where the operator stands.

    `disk` lists that project, with the texts of files of the given names; it is asked once, and only when an archive
    is missing.
    """

    def __init__(
        self,
        archives: SourceReads,
        disk: Callable[[Sequence[str]], SourceTree | None],
        clock: Callable[[], datetime],
    ) -> None:
        self._archives = archives
        self._clock = clock
        self._look_at_disk = disk
        self._disk: SourceTree | None = None
        self._looked_at_disk = False
        self._trees: dict[str, SourceTree] = {}
        self._troubles: dict[str, tuple[BuddyError, datetime]] = {}

    async def sources(self, revision: Revision, revisions: Sequence[Revision]) -> Sources:
        """Gather the source trees around a failed revision; what cannot be read is left out."""
        good = _last_good(revision, revisions)
        uploaded = await self.tree(revision.source)
        other = await self.tree(good.source) if good else None
        if (uploaded is None or other is None) and not self._looked_at_disk:
            self._looked_at_disk = True
            self._disk = await asyncio.to_thread(self._look_at_disk, TEXTS)
        return Sources(uploaded, other, good.name if good else "", self._disk)

    async def tree(self, where: str) -> SourceTree | None:
        """Return a source archive's listing, `None` when there is none that can be read."""
        if not where.startswith("gs://"):
            return None
        if where not in self._trees and not self._given_up(where):
            self._troubles.pop(where, None)
            try:
                self._trees[where] = await self._archives.source_tree(where, TEXTS)
            except BuddyError as error:
                self._troubles[where] = error, self._clock()
            while len(self._trees) > _MOST_TREES:
                del self._trees[next(iter(self._trees))]
        return self._trees.get(where)

    def trouble(self, revision: Revision, revisions: Sequence[Revision]) -> BuddyError | None:
        """Return why one of the archives around a revision could not be read."""
        good = _last_good(revision, revisions)
        sources = [one.source for one in (revision, good) if one is not None]
        unread = (self._troubles[source] for source in sources if source in self._troubles)
        return next((error for error, _ in unread), None)

    def trees(self, revisions: Sequence[Revision]) -> dict[str, SourceTree]:
        """Return the listings that were read so far, by revision."""
        return {one.name: self._trees[one.source] for one in revisions if one.source in self._trees}

    def _given_up(self, where: str) -> bool:
        """Tell whether an archive was asked for in vain a moment ago."""
        vain = self._troubles.get(where)
        return vain is not None and self._clock() - vain[1] < _GIVEN_UP


def _last_good(revision: Revision, revisions: Sequence[Revision]) -> Revision | None:
    """Return the newest revision before this one that worked; `revisions` are newest first."""
    names = [one.name for one in revisions]
    older = revisions[names.index(revision.name) + 1 :] if revision.name in names else revisions
    return next((one for one in older if one.state in {RevisionState.READY, RevisionState.RETIRED}), None)
