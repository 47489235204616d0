"""gcp: Google as a `gateway.Deploys`. Made by `gcp.deploys`, for those alone who may deploy."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

from google.api_core.exceptions import AlreadyExists
from google.cloud.run_v2.types import CreateServiceRequest

from buddy_tui.clean import clean_line
from buddy_tui.errors import BuddyError, ChangedUnderneath, Denied, NotFound, Refused
from buddy_tui.gateway import Build, Rollout, Stored
from buddy_tui.gcp import builds, rollouts, sources
from buddy_tui.gcp.rest import called, told_host
from buddy_tui.gcp.updates import WRITE_SECONDS, Message, Updates
from buddy_tui.model import Service, ServiceName

_REGISTRY = "artifactregistry.googleapis.com"
_IMAGE = re.compile(r"(?P<region>[a-z0-9-]+)-docker\.pkg\.dev/(?P<project>[^/]+)/(?P<repository>[^/]+)/.+")


class GoogleDeploys(Updates):
    """Deploys to what `cloud` looks at."""

    async def upload(
        self, name: ServiceName, archive: Path, object_name: str, tell: Callable[[int], None]
    ) -> Stored:
        """Upload an archive to where gcloud uploads sources; raises as `gateway.Deploys` says."""
        return await sources.upload(self._cloud.clients, name, archive, object_name, tell)

    async def submit_build(self, name: ServiceName, source: Stored, *, image: str, dockerfile: bool) -> Build:
        """Begin a build. Raises Refused where its image would have no place to go, else as `roll_out`."""
        await self._check_repository(image)
        with self._cloud.translated(
            name.project,
            name.region,
            f"build of service {name.service}",
            builds.SUBMIT_SECONDS,
            permission="run.builds.create",
            written="order to build",
        ):
            return await builds.submit(self._cloud.clients, name, source, image, dockerfile=dockerfile)

    async def cancel_build(self, name: str) -> Build:
        """Ask that a build end; returns it as it then is, also when it had ended before."""
        return await builds.cancel(self._cloud, name)

    async def roll_out(self, name: ServiceName, rollout: Rollout, etag: str) -> Service:
        """Change image, revision name and traffic list in one update of the service as it was at `etag`.

        Raises as `gateway.Deploys` says; Refused also without a traffic list, which would mean all to the newest.
        """
        if not rollout.traffic:
            raise Refused(
                "A new revision is not rolled out without a traffic list: all traffic would go to it."
            )
        wanted, mask = rollouts.changed(await self._there(name, etag), rollout)
        try:
            return await self._rolled_out(name, wanted, mask)
        except Refused as error:
            if isinstance(error.__cause__, AlreadyExists):
                raise _taken(rollout.revision, error) from error
            raise

    async def create(self, name: ServiceName, rollout: Rollout) -> Service:
        """Create a service with its first revision. Raises ChangedUnderneath when the service is there."""
        parent = f"projects/{name.project}/locations/{name.region}"
        request = CreateServiceRequest(parent=parent, service_id=name.service)
        wanted = rollouts.first(rollout)
        CreateServiceRequest.pb(request).service.CopyFrom(wanted)
        wanted.name = name.path
        try:
            return await self._created(name, request, wanted)
        except Refused as error:
            if isinstance(error.__cause__, AlreadyExists):
                raise ChangedUnderneath(
                    f"Somebody else created service {name.service} meanwhile.", "Look at it and decide anew."
                ) from error
            raise

    async def _rolled_out(self, name: ServiceName, wanted: Message, mask: tuple[str, ...]) -> Service:
        try:
            return await self._update(name, wanted, mask, "new revision")
        except Refused as error:
            # Nothing was written. A revision that does not tell its source is better than none.
            if rollouts.BUILD_CONFIG not in mask or not _is_about_source(error):
                raise
        return await self._update(
            name, wanted, tuple(one for one in mask if one != rollouts.BUILD_CONFIG), "new revision"
        )

    async def _created(self, name: ServiceName, request: Any, wanted: Message) -> Service:  # noqa: ANN401 - a proto-plus message
        with self._cloud.translated(
            name.project,
            name.region,
            f"service {name.service}",
            WRITE_SECONDS,
            permission="run.services.create",
            written="new service",
        ):
            begun: Any = await self._cloud.clients.services.create_service(
                request, retry=None, timeout=WRITE_SECONDS
            )
            return await self._accepted(name, begun, wanted, "new service")

    async def _check_repository(self, image: str) -> None:
        """Raise Refused where the repository of an image is missing; who may not look leaves that to the build."""
        told = _IMAGE.fullmatch(image)
        if told is None:
            return
        region, project, repository = told["region"], told["project"], told["repository"]
        path = f"v1/projects/{project}/locations/{region}/repositories/{repository}"
        host = told_host(self._cloud.clients, _REGISTRY)
        try:
            with self._cloud.translated(
                project, region, f"repository {repository}", host=host, product="Artifact Registry"
            ):
                await called(self._cloud.clients, _REGISTRY, "GET", path)
        except Denied:
            return
        except NotFound as error:
            raise _no_repository(project, region, repository) from error


def _no_repository(project: str, region: str, repository: str) -> BuddyError:
    where = ["--repository-format=docker", f"--location={region}", f"--project={project}"]
    return Refused(
        f"There is no repository {clean_line(repository)} in {project}/{region} for the image to go to.",
        shlex.join(["gcloud", "artifacts", "repositories", "create", repository, *where]),
    )


def _taken(revision: str, error: BuddyError) -> BuddyError:
    return Refused(
        f"There is another revision {revision} already; nothing was changed. {error}",
        "Deploy anew: the new revision gets another name.",
    )


def _is_about_source(error: BuddyError) -> bool:
    return any(word in str(error) for word in ("build_config", "buildConfig"))
