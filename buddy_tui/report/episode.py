"""report: which troubles belong to one incident, when it began, and since when people were served again. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from buddy_tui.actions.served import taken_back
from buddy_tui.model import Revision, RevisionState
from buddy_tui.report.attempts import Attempt, attempts
from buddy_tui.report.material import Material

# Troubles with a longer pause between them are two incidents. A weekend, and some days to notice, are none.
_PAUSE = timedelta(days=7)
# No promotion of ours takes longer, and what is bad is mostly taken back earlier.
_LONGEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Back:
    """Traffic was taken from `revision` at `at`, and given to an older one, `to`; it had it since `since`, if known."""

    revision: str
    to: str
    at: datetime
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Episode:
    """One incident: from its first trouble (`since`) to its last (`last`).

    `failed` are the revisions that never started, oldest first; `back` those that traffic was taken from, the earliest
    first; `ended` are promotions of ours that did not end as asked. `before` are failures that belong to an earlier
    incident, for a revision that was deployed after them is ready.
    """

    since: datetime
    last: datetime
    failed: tuple[Revision, ...] = ()
    back: tuple[Back, ...] = ()
    ended: tuple[Attempt, ...] = ()
    before: tuple[Revision, ...] = ()

    @property
    def suspects(self) -> tuple[str, ...]:
        """Name the revisions whose traffic was taken away, or whose promotion ended badly."""
        names = [*(one.revision for one in self.back), *(one.revision for one in self.ended)]
        return tuple(dict.fromkeys(names))


def episode(material: Material, since: datetime | None = None) -> Episode | None:
    """Return the newest incident, or all troubles since then where that is told; `None` when there is none."""
    failed = [one for one in material.failures() if one.created]
    back, ended = tuple(_taken_back(material)), tuple(attempts(material.records))
    moved = sorted([*(one.at for one in back), *(one.at for one in ended)])
    moments = sorted([*(one.created for one in failed if one.created), *moved])
    begin = since or _begin(moments, _mended(material, failed, moved))
    if begin is None or not (meant := [at for at in moments if at >= begin]):
        return None
    back = tuple(one for one in back if one.at >= begin)
    ended = tuple(one for one in ended if one.at >= begin)
    # What served well for longer was no trouble from the beginning.
    soon = (one.since for one in back if one.since and one.at - one.since <= _LONGEST)
    began = [*soon, *(_began(material, one) for one in ended)]
    return Episode(
        since=min([meant[0], *(at for at in began if at and (since is None or at >= since))]),
        last=meant[-1],
        failed=tuple(one for one in failed if one.created and one.created >= begin),
        back=back,
        ended=ended,
        before=tuple(one for one in failed if one.created and one.created < begin),
    )


def _mended(material: Material, failed: list[Revision], moved: list[datetime]) -> datetime | None:
    """Return when the run of failures was over, where other trouble came later: the next deployment was ready."""
    last = max((one.created for one in failed if one.created), default=None)
    if last is None or not any(at > last for at in moved):
        return None
    ready = (one.created for one in material.revisions if one.state is RevisionState.READY and one.created)
    return min((at for at in ready if at > last), default=None)


def _begin(moments: list[datetime], mended: datetime | None) -> datetime | None:
    """Return the first of the newest moments that have no long pause, and no end of failures, between them."""
    begin: datetime | None = None
    for at in reversed(moments):
        if begin is not None and (begin - at > _PAUSE or (mended and at < mended <= begin)):
            break
        begin = at
    return begin


def _began(material: Material, one: Attempt) -> datetime | None:
    """Return when the revision of a promotion first had traffic on its way; `None` where that is not known."""
    own = (span.since for span in material.spans() if span.revision == one.revision and span.since)
    return min((at for at in own if one.at - _LONGEST <= at <= one.at), default=None)


def _taken_back(material: Material) -> Iterator[Back]:
    """Yield what was rolled back, the earliest first. What a gate of ours put back is told by its promotion."""
    put_back = {one.revision for one in attempts(material.records)}
    spans = material.spans()
    found = sorted(taken_back(spans, material.revisions).items(), key=lambda one: one[1].at)
    for name, one in found:
        if name not in put_back:
            lost = next((span for span in spans if span.revision == name and span.until == one.at), None)
            yield Back(name, one.to, one.at, lost.since if lost else None)
