"""preflight: what can be asked about the service, the project and ourselves before anything is uploaded."""

import asyncio
from typing import Protocol

from buddy_tui.errors import BuddyError, NotFound
from buddy_tui.gateway import Cloud, DeployReads
from buddy_tui.model import Revision, Service, ServiceName
from buddy_tui.preflight.values import Target

# What a deployment from source needs; gcloud asks for these three too.
APIS = ("artifactregistry.googleapis.com", "cloudbuild.googleapis.com", "run.googleapis.com")
# Asked on the service, where there is one.
ON_SERVICE = ("run.services.get", "run.services.update")
# Asked on the project: upload, build, image, the boot's log. A first deployment creates the service as well. That
# Cloud Run's own builds ask for `run.builds.create` is unverified.
ON_PROJECT = (
    "storage.buckets.get",
    "storage.objects.create",
    "run.builds.create",
    "cloudbuild.builds.get",
    "artifactregistry.repositories.get",
    "logging.logEntries.list",
)
CREATE = "run.services.create"
ACT_AS = "iam.serviceAccounts.actAs"


class Looks(Cloud, DeployReads, Protocol):
    """Everything that a preflight asks of Google; nothing here changes anything."""


async def look_at(cloud: Looks, name: ServiceName) -> Target:
    """Return what can be known of a service and of what we may do; `trouble` says why where nothing can be known.

    Raises nothing: a question that Google does not answer is one whose answer is not known.
    """
    try:
        service, revisions = await _service(cloud, name)
        (granted, untold), apis = await asyncio.gather(
            _granted(cloud, name, service, revisions), cloud.apis(name.project, APIS)
        )
    except BuddyError as error:
        return Target(name, trouble=f"{error}")
    return Target(
        name,
        service,
        revisions,
        wanted=_wanted(service),
        granted=granted,
        untold=untold,
        apis=apis,
        trouble="" if service else "There is no such service yet: this would be its first deployment.",
    )


async def _service(cloud: Looks, name: ServiceName) -> tuple[Service | None, tuple[Revision, ...]]:
    try:
        return await cloud.service(name), await cloud.revisions(name)
    except NotFound:
        return None, ()


def _wanted(service: Service | None) -> tuple[str, ...]:
    return (*(ON_SERVICE if service else (CREATE,)), *ON_PROJECT, ACT_AS)


async def _granted(
    cloud: Looks, name: ServiceName, service: Service | None, revisions: tuple[Revision, ...]
) -> tuple[frozenset[str], frozenset[str]]:
    """Return which permissions we hold, and of which nobody can say."""
    on_project = ON_PROJECT if service else (CREATE, *ON_PROJECT)
    account = next((one.service_account for one in revisions if one.service_account), "")
    held, project, act = await asyncio.gather(
        cloud.permissions(name, ON_SERVICE) if service else _none(),
        cloud.project_permissions(name.project, on_project),
        cloud.may_act_as(account),
    )
    untold = set(on_project) if project is None else set[str]()
    if act is None:
        untold.add(ACT_AS)
    return held | (project or frozenset()) | ({ACT_AS} if act else frozenset()), frozenset(untold)


async def _none() -> frozenset[str]:
    return frozenset()
