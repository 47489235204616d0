"""Traffic truth: what was asked for, what is, and what the next deployment will get. Pure, and in words."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from buddy_tui import reasons
from buddy_tui.model import Revision, RevisionState, Service, TrafficTarget

# "Combined traffic tag and service name cannot exceed 46 characters" is Cloud Run's own refusal.
MOST_TAG_AND_SERVICE = 46
# And so is "must have at least three characters".
TAG = re.compile(r"[a-z][a-z0-9-]+[a-z0-9]")
_ALL_TO_LATEST = (TrafficTarget(percent=100, latest=True),)


@dataclass(frozen=True, slots=True)
class Share:
    """One revision's part of a traffic list: all its targets joined.

    `percent` is the sum, `latest` says that (part of) it comes through LATEST, `tags` are in list order with their
    addresses in `uris` (empty where none was told).
    """

    revision: str
    percent: int = 0
    latest: bool = False
    tags: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrafficTruth:
    """What one look at the traffic lists tells.

    - `desired`, `effective`: shares, the largest first, tag-only ones last; LATEST stands under the revision it means
    - `pinned`: no LATEST target with traffic, so a new deployment will get nothing by itself
    - `next_deploy_percent`: what a new deployment will get by itself, 0..100
    - `diverged`: effective is not what was asked for
    - `poisoned`: short names of revisions in the desired list that cannot serve (failed or gone)
    - `headline`: one line, e.g. `PINNED to buddy-app-00028-bsx`; `notes`: sentences, the most pressing first
    """

    desired: tuple[Share, ...]
    effective: tuple[Share, ...]
    pinned: bool
    next_deploy_percent: int
    diverged: bool
    poisoned: tuple[str, ...]
    headline: str
    notes: tuple[str, ...]


def truth(service: Service, revisions: tuple[Revision, ...]) -> TrafficTruth:
    """Tell the truth about the traffic of `service`, whose revisions are `revisions` (empty: not known)."""
    asked = _named(service.desired or _ALL_TO_LATEST, _short(service.latest_ready))
    desired, effective = shares(asked), shares(_named(service.effective, _short(service.latest_ready)))
    next_percent = sum(target.percent for target in asked if target.latest)
    known = {_short(revision.name): revision for revision in revisions}
    poisoned = tuple(_poisoned(asked, known))
    diverged = _routes(desired) != _routes(effective)
    look = _Look(service, known, desired, effective, next_percent, diverged=diverged, poisoned=poisoned)
    return TrafficTruth(
        desired=desired,
        effective=effective,
        pinned=next_percent == 0,
        next_deploy_percent=next_percent,
        diverged=diverged,
        poisoned=poisoned,
        headline=look.headline(),
        notes=tuple(look.notes()),
    )


def shares(targets: Iterable[TrafficTarget]) -> tuple[Share, ...]:
    """Join a traffic list by revision: a list may name one revision several times, tag-only entries even first."""
    joined: dict[str, Share] = {}
    for target in targets:
        share = joined.get(target.revision, Share(target.revision))
        tagged = bool(target.tag)
        joined[target.revision] = Share(
            target.revision,
            share.percent + target.percent,
            share.latest or (target.latest and target.percent > 0),
            (*share.tags, target.tag) if tagged else share.tags,
            (*share.uris, target.uri) if tagged else share.uris,
        )
    return tuple(sorted(joined.values(), key=lambda share: -share.percent))


def in_words(parts: Iterable[Share]) -> str:
    """Say who gets traffic, e.g. `api-00041-kub 90 %, api-00042-xez 10 %`; `nothing` when nobody does."""
    return (
        ", ".join(f"{share.revision or 'LATEST'} {share.percent} %" for share in parts if share.percent)
        or "nothing"
    )


def apart(desired: tuple[Share, ...], effective: tuple[Share, ...]) -> str:
    """Say how what is effective differs from what was asked for; nothing when it does not."""
    asked, real = _routes(desired), _routes(effective)
    if asked[0] != real[0]:
        return f"asked for {in_words(desired)}; effective is {in_words(effective)}"
    return "; ".join(
        f"tag {tag} was asked for on {asked[1].get(tag, 'nothing')}, and is on {real[1].get(tag, 'nothing')}"
        for tag in sorted(asked[1].keys() | real[1].keys())
        if asked[1].get(tag) != real[1].get(tag)
    )


def _whereto(parts: tuple[Share, ...]) -> str:
    return f"to {parts[0].revision}" if len(parts) == 1 else f"split: {in_words(parts)}"


def _failure(revision: Revision) -> str:
    return f"failed ({reasons.in_words(revision.reason)})" if revision.reason else "failed"


def _short(name: str) -> str:
    return name.rpartition("/")[2]


def _named(targets: tuple[TrafficTarget, ...], latest_ready: str) -> tuple[TrafficTarget, ...]:
    return tuple(
        replace(target, revision=_short(target.revision) or (latest_ready if target.latest else ""))
        for target in targets
    )


def _poisoned(asked: tuple[TrafficTarget, ...], known: Mapping[str, Revision]) -> Iterator[str]:
    for name in dict.fromkeys(target.revision for target in asked if not target.latest):
        revision = known.get(name)
        if known and (revision is None or revision.state is RevisionState.FAILED):
            yield name


def _routes(parts: tuple[Share, ...]) -> tuple[dict[str, int], dict[str, str]]:
    percents = {share.revision: share.percent for share in parts if share.percent}
    return percents, {tag: share.revision for share in parts for tag in share.tags}


@dataclass(frozen=True, slots=True)
class _Look:
    """What `truth` found, on its way into words."""

    service: Service
    known: Mapping[str, Revision]
    desired: tuple[Share, ...]
    effective: tuple[Share, ...]
    next_percent: int
    diverged: bool
    poisoned: tuple[str, ...]

    @property
    def serving(self) -> tuple[Share, ...]:
        # LATEST stands for nothing as long as no revision was ever ready.
        return tuple(share for share in self.effective if share.percent and share.revision)

    def headline(self) -> str:
        serving = self.serving
        if not serving:
            return "NOTHING SERVES"
        if self.next_percent == 0:
            return self._pinned()
        if len(serving) == 1:
            return f"{'FOLLOWS LATEST:' if serving[0].latest else 'SERVES'} {serving[0].revision}"
        return f"SPLIT: {in_words(serving)}"

    def _pinned(self) -> str:
        asked = tuple(share for share in self.desired if share.percent)
        if {share.revision for share in self.serving} <= {share.revision for share in asked}:
            return f"PINNED {_whereto(self.serving)}"
        served = self.serving[0].revision if len(self.serving) == 1 else in_words(self.serving)
        return f"PINNED {_whereto(asked)}, yet {served} serve{'s' if len(self.serving) == 1 else ''}"

    def notes(self) -> Iterator[str]:
        yield from self._nothing_serves()
        yield from self._failed()
        yield from self._divergence()
        yield from self._poison()
        yield from self._next_deployment()
        yield from self._latest()
        yield from self._tag_only()

    def _nothing_serves(self) -> Iterator[str]:
        if self.serving:
            return
        if not self.service.latest_created:
            yield "Nothing was ever deployed: the first deployment takes 100 %, it cannot be without traffic."
        elif not self.service.latest_ready:
            yield "No revision was ever ready, so every request fails."
        else:
            yield "No revision receives traffic, so every request fails."

    def _failed(self) -> Iterator[str]:
        for share in self.serving:
            revision = self.known.get(share.revision)
            if revision and revision.state is RevisionState.FAILED:
                yield f"{share.revision} has {share.percent} % of the traffic, and it {_failure(revision)}."

    def _divergence(self) -> Iterator[str]:
        if self.service.reconciling:
            yield "Cloud Run is still at work on the last change: effective traffic may move."
        elif self.diverged:
            yield f"DIVERGED: {apart(self.desired, self.effective)}."
        elif 0 < self.service.observed_generation < self.service.generation:
            yield (
                f"The last change was not taken over: generation {self.service.generation} was asked for, "
                f"{self.service.observed_generation} serves."
            )

    def _poison(self) -> Iterator[str]:
        for name in self.poisoned:
            fate = "failed" if name in self.known else "is gone"
            yield (
                f"POISONED: the traffic list still names {name}, which {fate}. Until it is taken out, "
                "the next change reports this failure again."
            )

    def _next_deployment(self) -> Iterator[str]:
        if self.next_percent == 0:
            yield "The next deployment gets 0 %: it will not serve until somebody moves traffic to it."
        elif self.next_percent == 100:
            yield "The next deployment takes 100 % as soon as it is ready."
        else:
            yield f"The next deployment takes {self.next_percent} % as soon as it is ready."

    def _latest(self) -> Iterator[str]:
        created, ready = _short(self.service.latest_created), _short(self.service.latest_ready)
        if not created or created == ready:
            return
        newest = self.known.get(created)
        if newest is None:
            fate = "is gone" if self.known else "is not ready"
        elif newest.state is RevisionState.FAILED:
            fate = _failure(newest)
        elif newest.state is RevisionState.PENDING:
            fate = "is not ready yet"
        else:
            fate = "is ready, and the service has not taken note of it"
        standing = f"LATEST means {ready}" if ready else "LATEST means nothing"
        yield f"{standing}: the newest revision, {created}, {fate}."

    def _tag_only(self) -> Iterator[str]:
        tagged = [
            f"{', '.join(share.tags)} on {share.revision or 'nothing yet'}"
            for share in self.effective
            if share.tags and not share.percent
        ]
        if tagged:
            yield f"Reachable by tag, without traffic: {'; '.join(tagged)}."
