"""probes: where each revision can be asked, and why some cannot. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from urllib.parse import urlsplit

from buddy_tui import reasons
from buddy_tui.errors import NotFound
from buddy_tui.model import Revision, RevisionState, Service
from buddy_tui.probes import fixes
from buddy_tui.probes.values import Refusal, Target
from buddy_tui.traffic import Share, truth


def targets_of(
    service: Service, revisions: Sequence[Revision], wanted: Sequence[str] = ()
) -> tuple[Target, ...]:
    """Return where to ask, the serving revision first (the baseline), then the others that serve, then newest first.

    Without `wanted` these are the serving revision and all that have an address of their own; otherwise the ones that
    are wanted and the serving one. Raises NotFound for a revision that is not there.

    An address is a tag's, as Cloud Run tells it: the service's own address leads to whichever revision traffic goes
    to. The audience is the service's address nevertheless, as Google's guide to service-to-service calls asks, and
    any token goes to the origin of the revision's own address alone.
    """
    look = _Look(service, {one.name: one for one in revisions}, truth(service, tuple(revisions)).effective)
    if unknown := [name for name in wanted if name not in look.names]:
        near = get_close_matches(unknown[0], look.names)
        raise NotFound(
            f"There is no revision {unknown[0]} of service {service.name.service}.",
            f"Did you mean {', '.join(near)}?" if near else "",
        )
    return tuple(map(look.target, look.chosen(wanted)))


@dataclass(frozen=True, slots=True)
class _Look:
    """A service, its revisions by name (newest first), and its effective traffic (the largest share first)."""

    service: Service
    known: dict[str, Revision]
    shares: tuple[Share, ...]

    @property
    def names(self) -> tuple[str, ...]:
        serving = (share.revision for share in self.shares if share.percent and share.revision)
        tagged = (share.revision for share in self.shares if share.revision)
        return tuple(dict.fromkeys((*serving, *self.known, *tagged)))

    def chosen(self, wanted: Sequence[str]) -> Iterable[str]:
        baseline = next((share.revision for share in self.shares if share.percent and share.revision), "")
        if wanted:
            return (name for name in self.names if name in {*wanted, baseline})
        addressed = {share.revision for share in self.shares if _base(share)}
        return (name for name in self.names if name in {*addressed, baseline})

    def target(self, name: str) -> Target:
        share = next((one for one in self.shares if one.revision == name), Share(name))
        base = _base(share)
        target = Target(
            revision=name,
            base=base,
            audience="" if self.service.invoker_iam_disabled else self.service.uri,
            origins=(_origin(base),) if base else (),
            percent=share.percent,
            service=self.service.name,
            ingress=self.service.ingress or "all",
        )
        return self._not_running(target) or self._without_address(target) or target

    def _not_running(self, target: Target) -> Target | None:
        revision = self.known.get(target.revision)
        if revision is None or revision.state not in {RevisionState.FAILED, RevisionState.PENDING}:
            return None
        state = "failed" if revision.state is RevisionState.FAILED else "is not ready yet"
        told = reasons.in_words(revision.reason)
        reason = f"{target.revision} {state}{f': {told}' if told else ''}."
        return replace(target, refusal=Refusal.NOT_RUNNING, reason=reason)

    def _without_address(self, target: Target) -> Target | None:
        name = self.service.name
        if self.service.default_uri_disabled:
            reason = f"The default address of {name.service} is switched off, and those of its tags with it."
            return replace(
                target, refusal=Refusal.ADDRESS_DISABLED, reason=reason, fix=fixes.enable_address(name)
            )
        if target.base:
            return None
        taken = {one.tag for one in (*self.service.desired, *self.service.effective)}
        tag = fixes.tag_for(name, target.revision, taken)
        reason = f"No tag leads to {target.revision}, so it has no address of its own."
        if not tag:
            reason = f"{reason} The service's name leaves no room for one."
        fix = fixes.add_tag(name, target.revision, tag) if tag else ""
        return replace(target, refusal=Refusal.NO_ADDRESS, reason=reason, fix=fix)


def _base(share: Share) -> str:
    return next((uri.rstrip("/") for uri in share.uris if uri), "")


def _origin(base: str) -> str:
    parts = urlsplit(base)
    return f"{parts.scheme}://{parts.netloc}".lower()
