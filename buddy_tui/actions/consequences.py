"""actions: what a change of traffic brings with it, in sentences: what else happens, what to fear, what stays."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from buddy_tui.actions.arithmetic import LATEST, percents_of, tags_of
from buddy_tui.actions.marks import Lock, rolled_back_of
from buddy_tui.actions.values import Targets
from buddy_tui.model import Revision, RevisionState, Service
from buddy_tui.traffic import TrafficTruth, apart, truth


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a service's desired list. `was` tells of the list as it is, `will` as if it were `after` already."""

    service: Service
    revisions: tuple[Revision, ...]
    after: Targets
    was: TrafficTruth
    will: TrafficTruth

    @property
    def before(self) -> Targets:
        """The list as it is on the wire."""
        return self.service.desired

    @property
    def moves_traffic(self) -> bool:
        """Whether percents change, and not tags alone."""
        return percents_of(self.before) != percents_of(self.after)

    def means(self, key: str) -> str:
        """Return the revision that a key stands for now, empty where LATEST stands for none."""
        return self.service.latest_ready if key == LATEST else key

    @property
    def serving(self) -> dict[str, int]:
        """The effective percent of each revision that has any."""
        return {one.revision: one.percent for one in self.was.effective if one.percent}

    @property
    def rising(self) -> tuple[Revision, ...]:
        """The revisions that get more traffic than they have now, in list order."""
        if not self.moves_traffic:
            return ()
        asked: dict[str, int] = {}
        for key, percent in percents_of(self.after).items():
            asked[self.means(key)] = asked.get(self.means(key), 0) + percent
        known = {one.name: one for one in self.revisions}
        up = (name for name, percent in asked.items() if percent > self.serving.get(name, 0))
        return tuple(known[name] for name in up if name in known)


def change_to(after: Targets, service: Service, revisions: tuple[Revision, ...]) -> Change:
    """Look at a change from both ends."""
    will = truth(replace(service, desired=after), revisions)
    return Change(service, revisions, after, truth(service, revisions), will)


def also(change: Change) -> tuple[str, ...]:
    """Tell what else changes, and what does not."""
    return (
        _next_deployment(change),
        *_tags(change),
        *_healed(change),
        *_end_of_a_roll_back(change),
    )


def warnings(change: Change, own: Iterable[str], lock: Lock | None) -> tuple[str, ...]:
    """Tell what should make somebody hesitate, the gravest first.

    `own` are the warnings of the verb, `lock` is somebody else's.
    """
    return (
        *_marked(change),
        *own,
        *_twice(change),
        *_poison(change),
        *_locked(lock),
        *_unsettled(change),
        *_first_traffic(change),
        *_cold(change),
    )


def irrevocable(change: Change) -> tuple[str, ...]:
    """Tell what undoing the change will not bring back. A change of tags alone can be undone altogether."""
    if not change.moves_traffic:
        return ()
    return (
        "What was written to databases and buckets meanwhile stays written.",
        "Requests under way end on the revision where they began.",
        *_secrets(change),
    )


def _next_deployment(change: Change) -> str:
    if not change.moves_traffic:
        return "Traffic stays as it is."
    was, will = percents_of(change.before).get(LATEST, 0), percents_of(change.after).get(LATEST, 0)
    if will:
        again = "" if was else "The service follows the latest revision again. "
        return f"{again}The next deployment takes {will} % as soon as it is ready."
    if was:
        return (
            "The next deployment will get 0 %: traffic is pinned by name, until it is restored to the latest."
        )
    return "The service stays pinned: the next deployment gets 0 %, until traffic is restored to the latest."


def _tags(change: Change) -> Iterator[str]:
    was, will = tags_of(change.before), tags_of(change.after)
    for tag, key in will.items():
        if tag not in was:
            yield f"Tag {tag} is put on {key}."
        elif was[tag] != key:
            yield f"Tag {tag} moves from {was[tag]} to {key}."
    for tag, key in was.items():
        if tag not in will:
            yield f"Tag {tag} is taken from {key}, and its address ends."
    if kept := [f"{tag} on {key}" for tag, key in was.items() if will.get(tag) == key]:
        yield f"{'Tags stay' if len(kept) > 1 else 'A tag stays'}: {', '.join(kept)}."


def _healed(change: Change) -> Iterator[str]:
    for name in change.was.poisoned:
        if name not in change.will.poisoned:
            yield f"{name}, which cannot serve, leaves the list."


def _poison(change: Change) -> Iterator[str]:
    known = {one.name for one in change.revisions}
    for name in change.will.poisoned:
        if name in known:
            yield (
                f"The list still names {name}, which failed: Cloud Run may report its failure again, "
                "and leave traffic where it is."
            )
        else:
            yield f"The list still names {name}, which is gone: Cloud Run may refuse it until that is taken out."


def _end_of_a_roll_back(change: Change) -> Iterator[str]:
    mark = rolled_back_of(change.service)
    if mark and percents_of(change.after) != {mark.to: 100}:
        yield f"This ends the roll-back from {mark.origin} to {mark.to}{_by(mark.by)}."


def _marked(change: Change) -> Iterator[str]:
    mark = rolled_back_of(change.service)
    if mark and any(one.name == mark.origin for one in change.rising):
        yield f"{mark.origin} is what was rolled back from at {mark.at:%Y-%m-%d %H:%M} UTC{_by(mark.by)}."


def _twice(change: Change) -> Iterator[str]:
    percents, ready = percents_of(change.after), change.service.latest_ready
    if change.moves_traffic and LATEST in percents and ready in percents:
        together = percents[LATEST] + percents[ready]
        yield f"LATEST means {ready} now, which is named too: it gets {together} % in all."


def _by(who: str) -> str:
    return f" by {who}" if who else ""


def _locked(lock: Lock | None) -> Iterator[str]:
    if lock:
        yield f"{lock.holder} is at work on this service ({lock.verb}), until {lock.until:%H:%M:%S} UTC at most."


def _unsettled(change: Change) -> Iterator[str]:
    if change.service.reconciling:
        yield "Cloud Run is still at work on the last change: traffic may move before this one."
    elif change.was.diverged:
        told = apart(change.was.desired, change.was.effective)
        yield f"Traffic is not where it was asked to be: {told}."


def _first_traffic(change: Change) -> Iterator[str]:
    """Nothing here knows the past, but what is newer than all that serve has often not served yet."""
    served = [one.created for one in change.revisions if one.name in change.serving and one.created]
    for one in change.rising:
        if one.name not in change.serving and one.created and all(one.created > other for other in served):
            yield f"{one.name} is newer than all that serve: this may be its first traffic."


def _cold(change: Change) -> Iterator[str]:
    warm = max((one.min_instances for one in change.revisions if one.name in change.serving), default=0)
    for one in change.rising:
        if one.state is RevisionState.RETIRED:
            yield f"{one.name} is retired: it wakes up when traffic comes, and its first requests are slow."
        elif one.min_instances < warm and one.state is not RevisionState.FAILED:
            yield (
                f"{one.name} keeps {one.min_instances or 'no'} instance{'s' * (one.min_instances > 1)} warm, "
                f"where {warm} are kept now: its first requests may wait for a start."
            )


def _secrets(change: Change) -> Iterator[str]:
    if any(container.secret_names for one in change.rising for container in one.containers):
        yield "A secret bound to its latest version is read anew at each start: no undo brings its former value back."
