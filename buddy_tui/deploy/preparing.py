"""deploy: everything that a plan wants: one look at the service, the preflight of the source, names for new things."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from buddy_tui.actions.drafting import Terms
from buddy_tui.deploy.archiving import source_of
from buddy_tui.deploy.names import new_suffix, next_revision, tag_of
from buddy_tui.deploy.plan import plan_deployment
from buddy_tui.deploy.values import Release, Wish
from buddy_tui.errors import NotFound
from buddy_tui.gateway import Cloud
from buddy_tui.model import Revision, Service, ServiceName
from buddy_tui.preflight.gather import gather
from buddy_tui.preflight.judge import preflight
from buddy_tui.preflight.target import look_at
from buddy_tui.preflight.values import Preflight


@dataclass(frozen=True, slots=True)
class Said:
    """What an operator says about a deployment: a folder, or an image that is there already; the rest as in a Wish.

    `smoke` allows the smoke boot of the preflight.
    """

    source: str = "."
    image: str = ""
    tag: str = ""
    first: bool = False
    reason: str = ""
    smoke: bool = True


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan, and the preflight that it stands on; an image has none."""

    release: Release
    preflight: Preflight | None = None


async def prepare(
    cloud: Cloud, name: ServiceName, said: Said, terms: Terms, tell: Callable[[str], None] = lambda _: None
) -> Prepared:
    """Look at the service and at the source, and plan. `tell` gets a sentence before anything is run.

    Raises UsageProblem when there is no such folder, BuddyError when the service cannot be read: that it cannot be
    read is not that there is none.
    """
    service, revisions = await _looked(cloud, name)
    suffix = new_suffix()
    found, wish = None, Wish(None, said.image, said.tag, said.first, said.reason)
    if not said.image:
        coming = next_revision(name.service, _taken(service, revisions), suffix)
        found = await _judged(cloud, name, said, said.tag or tag_of(name.service, coming), tell)
        facts = found.facts
        source = await asyncio.to_thread(source_of, facts.upload) if facts else None
        wish = Wish(source, "", said.tag, said.first, said.reason)
    release = plan_deployment(
        name, service, revisions, wish, terms, id=secrets.token_hex(8), suffix=suffix, preflight=found
    )
    return Prepared(release, found)


async def _looked(cloud: Cloud, name: ServiceName) -> tuple[Service | None, tuple[Revision, ...]]:
    try:
        service, revisions = await asyncio.gather(cloud.service(name), cloud.revisions(name))
    except NotFound:
        return None, ()
    return service, revisions


def _taken(service: Service | None, revisions: tuple[Revision, ...]) -> tuple[str, ...]:
    return (*(one.name for one in revisions), service.latest_created if service else "")


async def _judged(
    cloud: Cloud, name: ServiceName, said: Said, tag: str, tell: Callable[[str], None]
) -> Preflight:
    target = await look_at(cloud, name)
    return preflight(await gather(said.source, smoke=said.smoke, target=target, tag=tag, tell=tell))
