"""deploy: a wish to deploy -> the plan of it. Pure."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace

from buddy_tui.actions.arithmetic import (
    ALL_TO_LATEST,
    LATEST,
    no_traffic,
    percents_of,
    tagged,
    tags_of,
    untagged,
)
from buddy_tui.actions.commands import update_traffic
from buddy_tui.actions.drafting import FIT, Look, Terms, Why, drafted, guarded
from buddy_tui.actions.tags import tag as plan_tag
from buddy_tui.actions.values import Plan, Targets, Verb
from buddy_tui.deploy.names import image_of, next_revision, object_of, tag_of
from buddy_tui.deploy.values import Release, Wish
from buddy_tui.model import Revision, RevisionState, Service, ServiceName
from buddy_tui.preflight.values import Preflight, Verdict
from buddy_tui.traffic import in_words, truth

# A reference to an image as registries have it: never a blank, and nothing that a command would take for an option.
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,511}")
_MEGA = 1_000_000
_AT_ONCE = "A first revision cannot be without traffic: nothing stands behind it to go back to."


def plan_deployment(
    name: ServiceName,
    service: Service | None,
    revisions: Sequence[Revision],
    wish: Wish,
    terms: Terms,
    *,
    id: str,  # noqa: A002 - as the field is called
    suffix: str,
    preflight: Preflight | None = None,
) -> Release:
    """Plan a new revision without traffic, tagged, while everybody else keeps what they have.

    `service` is `None` where there is none: the first revision then serves everything, which must be wished for.
    `suffix` ends the name of the revision. Where LATEST has traffic it is pinned to the revision that it means now, as
    `gcloud run deploy --no-traffic` does. Never raises: a refusal is in the plan.
    """
    taken = (*(one.name for one in revisions), service.latest_created if service else "")
    revision = next_revision(name.service, taken, suffix)
    failed = _failed(preflight)
    never = service is None or _never_ready(service)
    source, tag = wish.source, wish.tag or tag_of(name.service, revision)
    release = Release(
        plan=_first(name, revision, tag, terms)
        if service is None
        else _next(Look(service, tuple(revisions), terms), revision, tag),
        id=id,
        revision=revision,
        tag=tag,
        root=source.root if source else None,
        image=wish.image,
        files=source.files if source else 0,
        size=source.size if source else 0,
        digest=source.digest if source else "",
        object=object_of(id, source.digest) if source else "",
        dockerfile=source.dockerfile if source else True,
        first=never,
        overruled=failed if wish.reason.strip() else (),
    )
    return replace(release, plan=_told(release, service, wish, terms, preflight))


def _next(seen: Look, revision: str, tag: str) -> Plan:
    """Return the change of the service: the tag on a revision that is still to come."""
    service = seen.service
    kept = service.desired if _never_ready(service) else no_traffic(service.desired, service.latest_ready)
    after = tagged(kept, {tag: revision})
    coming = Revision(revision, service.name.service, RevisionState.READY)
    plan = drafted(
        replace(seen, revisions=(coming, *seen.revisions)),
        Verb.DEPLOY,
        f"Deploy {revision}{'' if _never_ready(service) else ' without traffic'}",
        after,
        revision=revision,
        own=_own(seen, tag),
    )
    return replace(plan, irrevocable=(), undo_command=_untag(service, after, tag, seen.terms))


def _first(name: ServiceName, revision: str, tag: str, terms: Terms) -> Plan:
    """Return the creation of a service. That it may come with a tag is how gcloud does it (unverified)."""
    return Plan(
        verb=Verb.DEPLOY,
        name=name,
        title=f"Deploy {revision}, the first revision of {name.service}",
        before=(),
        after=tagged(ALL_TO_LATEST, {tag: revision}),
        etag="",
        state="",
        revision=revision,
        also=(
            f"The service {name.service} is created, and {revision} serves everything as soon as it is ready.",
        ),
        warnings=(_AT_ONCE,),
        irrevocable=("Whoever finds its address may use it as soon as it is ready, if access is open.",),
        needs_reason=terms.production,
    )


def _told(
    release: Release, service: Service | None, wish: Wish, terms: Terms, preflight: Preflight | None
) -> Plan:
    """Return the plan with what is to be known of this deployment, or refused."""
    plan = release.plan
    plan = replace(
        plan,
        also=(*_made_from(release), *plan.also, *_kept(service)),
        warnings=(*_overruled(release), *plan.warnings, *_warned(preflight), *_floating(release)),
        command=_command(release, terms),
        needs_reason=plan.needs_reason or bool(_failed(preflight)),
    )
    return guarded(plan, next(filter(any, _refusals(release, service, wish, terms, preflight)), FIT))


def _refusals(
    release: Release, service: Service | None, wish: Wish, terms: Terms, preflight: Preflight | None
) -> Iterator[Why]:
    if wish.image and (release.root or not _IMAGE.fullmatch(wish.image)):
        yield "That is no image that can be deployed.", "Give REGISTRY/PROJECT/REPOSITORY/IMAGE@sha256:…"
    if preflight and _failed(preflight) and not wish.reason.strip():
        yield _unsound(preflight)
    if release.first and not wish.first:
        yield (
            f"{_nothing_yet(release)}, so this one serves everything as soon as it is ready.",
            "Say --first if that is meant.",
        )
    coming = Revision(release.revision, release.plan.name.service, RevisionState.READY)
    there = service or Service(release.plan.name)
    tagging = plan_tag(there, (coming,), release.tag, release.revision, terms)
    yield tagging.refusal, tagging.hint


def _never_ready(service: Service) -> bool:
    """Tell whether traffic has nothing to stay on: it follows LATEST, and that never meant anything."""
    return not service.latest_ready and LATEST in percents_of(service.desired)


def _nothing_yet(release: Release) -> str:
    name = release.plan.name.service
    return f"No revision of {name} was ever ready" if release.plan.etag else f"There is no service {name} yet"


def _unsound(preflight: Preflight) -> Why:
    check = next(one for one in preflight.checks if one.verdict is Verdict.FAIL)
    others = len(_failed(preflight)) - 1
    more = f" ({others} more check{'s fail' if others > 1 else ' fails'})" if others else ""
    return (
        f"The source fails its preflight: {check.message}{more}",
        check.fix or "--reason TEXT overrules it.",
    )


def _failed(preflight: Preflight | None) -> tuple[str, ...]:
    checks = preflight.checks if preflight else ()
    return tuple(one.name for one in checks if one.verdict is Verdict.FAIL)


def _made_from(release: Release) -> Iterator[str]:
    if release.root is None:
        yield f"Image: {release.image}, as it is."
        return
    maker = "its Dockerfile" if release.dockerfile else "buildpacks"
    yield f"Source: {release.files:,} files, {_bytes(release.size)}, from {release.root}."
    yield f"Image: built with {maker} into {image_of(release.plan.name)}."


def _kept(service: Service | None) -> Iterator[str]:
    if service and service.latest_created:
        serving = in_words(truth(service, ()).effective)
        yield f"Settings stay as {service.latest_created} has them. Serving stays: {serving}."


def _own(seen: Look, tag: str) -> Iterator[str]:
    service = seen.service
    if owner := tags_of(service.desired).get(tag):
        yield f"Tag {tag} is on {owner} now: who uses its address gets another revision."
    for follower, key in tags_of(service.desired).items():
        if key == LATEST and follower != tag:
            yield f"Tag {follower} follows LATEST: it moves to the new revision as soon as that is ready."
    template = seen.revision(service.latest_created)
    if template and template.state is RevisionState.FAILED:
        yield f"Its settings come from {template.name}, which failed: what was wrong with them still is."
    if template and template.min_instances:
        count = template.min_instances
        yield (
            f"{count} instance{'s' * (count > 1)} of it {'are' if count > 1 else 'is'} kept warm and paid for "
            "as long as it has its tag."
        )
    if _never_ready(service):
        yield _AT_ONCE
    elif LATEST in percents_of(service.desired):
        yield f"The service follows LATEST now: it will be pinned to {service.latest_ready}."


def _overruled(release: Release) -> Iterator[str]:
    if release.overruled:
        yield f"The preflight failed ({', '.join(release.overruled)}), and is overruled."


def _warned(preflight: Preflight | None) -> Iterator[str]:
    for check in preflight.checks if preflight else ():
        if check.verdict is Verdict.WARN:
            yield check.message


def _floating(release: Release) -> Iterator[str]:
    if release.image and "@sha256:" not in release.image:
        yield "The image is named without its digest: what it is may change until it is deployed."


def _command(release: Release, terms: Terms) -> str:
    name = release.plan.name
    what = ("--image", release.image) if release.root is None else ("--source", str(release.root))
    traffic = ("--tag", release.tag) if release.first else ("--no-traffic", "--tag", release.tag)
    identity = ("--impersonate-service-account", terms.acting) if terms.acting else ()
    place = ("--region", name.region, "--project", name.project)
    return shlex.join(("gcloud", "run", "deploy", name.service, *what, *place, *traffic, *identity))


def _untag(service: Service, after: Targets, tag: str, terms: Terms) -> str:
    """Return how the tag is taken away. LATEST is not brought back: it would mean the new revision."""
    return update_traffic(service.name, after, untagged(after, [tag]), terms.acting)


def _bytes(size: int) -> str:
    return f"{size / _MEGA:,.1f} MB" if size >= _MEGA else f"{size:,} bytes"
