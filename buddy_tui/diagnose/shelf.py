"""diagnose: the source trees around a revision, each listed once."""

import asyncio
from collections.abc import Callable, Sequence

from buddy_tui.errors import BuddyError
from buddy_tui.gateway import SourceReads
from buddy_tui.model import Revision, RevisionState, Sources, SourceTree
from buddy_tui.rules.trees import TEXTS


class Shelf:
    """Source archives by address, and the project where the operator stands.

    `disk` lists that project, with the texts of files of the given names; it is asked once, and only when an archive
    is missing.
    """

    def __init__(self, archives: SourceReads, disk: Callable[[Sequence[str]], SourceTree | None]) -> None:
        self._archives = archives
        self._look_at_disk = disk
        self._disk: SourceTree | None = None
        self._looked_at_disk = False
        self._trees: dict[str, SourceTree | None] = {}

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
        if where not in self._trees:
            try:
                self._trees[where] = await self._archives.source_tree(where, TEXTS)
            except BuddyError:
                self._trees[where] = None
        return self._trees[where]

    def trees(self, revisions: Sequence[Revision]) -> dict[str, SourceTree]:
        """Return the listings that were read so far, by revision."""
        known = {one.name: self._trees.get(one.source) for one in revisions}
        return {name: tree for name, tree in known.items() if tree is not None}


def _last_good(revision: Revision, revisions: Sequence[Revision]) -> Revision | None:
    """Return the newest revision before this one that worked; `revisions` are newest first."""
    names = [one.name for one in revisions]
    older = revisions[names.index(revision.name) + 1 :] if revision.name in names else revisions
    return next((one for one in older if one.state in {RevisionState.READY, RevisionState.RETIRED}), None)
