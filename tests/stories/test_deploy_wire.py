"""A deployment over the wire: the real adapters against the real emulator, from an archive to a revision."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from buddy_tui import gcp
from buddy_tui.config import Known, Settings
from buddy_tui.emulator import stories, tree, workload
from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.server import Emulator, Options, serve
from buddy_tui.emulator.story import PROJECT, REGION, SERVICE
from buddy_tui.emulator.tree import Tree
from buddy_tui.errors import ChangedUnderneath, Denied, OverQuota, Refused, Unreachable
from buddy_tui.gateway import Build, BuildState, Cloud, Deploys, Rollout, Stored
from buddy_tui.gcp import sources
from buddy_tui.log_scope import filter_of
from buddy_tui.model import LogScope, Revision, RevisionState, Service, ServiceName
from tests import make

NAME = ServiceName(PROJECT, REGION, SERVICE)
IMAGE = f"{REGION}-docker.pkg.dev/{PROJECT}/cloud-run-source-deploy/{SERVICE}"
BUCKET = f"run-sources-{PROJECT}-{REGION}"
ROOT = tree.read(workload.BUDDY)
NEW = f"{SERVICE}-00002-tam"


@dataclass
class Deployer:
    """A project, and the doors to it. `told` is what uploads told."""

    emulator: Emulator
    cloud: Cloud
    deploys: Deploys
    folder: Path
    told: list[int]

    @property
    def faults(self) -> Faults:
        return self.emulator.faults

    def archive(self, content: bytes) -> Path:
        path = self.folder / "source.zip"
        path.write_bytes(content)
        return path

    async def upload(self, content: bytes, object_name: str = "one") -> Stored:
        return await self.deploys.upload(NAME, self.archive(content), object_name, self.told.append)

    async def submit(self, source: Tree = ROOT) -> Build:
        stored = await self.upload(source.archive())
        return await self.deploys.submit_build(NAME, stored, image=IMAGE, dockerfile=True)

    async def ended(self, build: Build) -> Build:
        async with asyncio.timeout(20):
            while True:
                there = await self.cloud.build(build.name)
                if there.state not in (BuildState.QUEUED, BuildState.WORKING):
                    return there
                await asyncio.sleep(0.02)

    async def rollout(self, source: Tree = ROOT, revision: str = NEW) -> Rollout:
        built = await self.ended(await self.submit(source))
        service = await self.cloud.service(NAME)
        serving = (make.target(service.latest_ready, 100), make.target(revision, tag="candidate"))
        return Rollout(revision, built.image, serving, built.source, built.name)

    async def decided(self, revision: str = NEW, name: ServiceName = NAME) -> tuple[Service, Revision]:
        async with asyncio.timeout(20):
            while True:
                service = await self.cloud.service(name)
                found = [one for one in await self.cloud.revisions(name) if one.name == revision]
                if not service.reconciling and found and found[0].state is not RevisionState.PENDING:
                    return service, found[0]
                await asyncio.sleep(0.02)


@pytest.fixture
async def deployer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Deployer]:
    async with serve(Options()) as emulator:
        for name, value in emulator.endpoints.items():
            monkeypatch.setenv(name, value)
        host = Known(emulator.endpoints["CLOUD_RUN_EMULATOR_HOST"], "CLOUD_RUN_EMULATOR_HOST")
        cloud = await gcp.connect(Settings(project=Known(PROJECT), emulated=host))
        yield Deployer(emulator, cloud, gcp.deploys(cloud), tmp_path, [])
        await cloud.close()


@pytest.fixture
async def served(deployer: Deployer) -> Deployer:
    """Let there be a service with one good revision that serves all."""
    await deployer.emulator.play(stories.find("healthy"))
    return deployer


async def test_the_project_from_its_root_becomes_a_ready_revision_without_traffic(served: Deployer) -> None:
    before = await served.cloud.service(NAME)
    rollout = await served.rollout()

    accepted = await served.deploys.roll_out(NAME, rollout, before.etag)

    service, revision = await served.decided()
    assert accepted.desired == rollout.traffic == service.desired
    assert (revision.state, revision.containers[0].image) == (RevisionState.READY, rollout.image)
    assert [(one.revision, one.percent, one.tag) for one in service.effective] == [
        (before.latest_ready, 100, ""),
        (NEW, 0, "candidate"),
    ]
    (old,) = (one for one in await served.cloud.revisions(NAME) if one.name == before.latest_ready)
    assert replace(revision.containers[0], image="") == replace(old.containers[0], image="")
    assert "Dockerfile" in (await served.cloud.source_tree(revision.source, ("Dockerfile",))).paths
    assert revision.source == rollout.source


async def test_the_project_from_its_backend_folder_fails_as_it_did_in_the_incident(
    served: Deployer,
) -> None:
    before = await served.cloud.service(NAME)
    rollout = await served.rollout(ROOT.inside("Back_End"))

    await served.deploys.roll_out(NAME, rollout, before.etag)

    service, revision = await served.decided()
    assert revision.state is RevisionState.FAILED
    assert "failed to start and listen on the port" in revision.message
    assert service.effective == before.effective
    assert (service.latest_ready, service.latest_created) == (before.latest_ready, NEW)
    scope = LogScope(NAME, revision=NEW)
    page = await served.cloud.log_page(PROJECT, filter_of(scope))
    assert any("ModuleNotFoundError: No module named 'Back_End'" in entry.text for entry in page.entries)


async def test_everything_else_of_the_service_stays_as_it_was(served: Deployer) -> None:
    world = served.emulator.world
    before = world.get_service(NAME.path)
    rollout = await served.rollout()

    await served.deploys.roll_out(NAME, rollout, before.etag)

    after, _ = world.get_service(NAME.path), await served.decided()
    for one in (before, after):
        one.template.revision = ""
        one.template.containers[0].image = ""
        one.template.containers[0].ClearField("build_info")
    assert after.template == before.template
    assert (after.client, after.labels, after.annotations) == ("buddy-tui", before.labels, before.annotations)
    assert (after.build_config.source_location, after.build_config.name) == (rollout.source, rollout.build)


async def test_an_image_alone_is_rolled_out_and_tells_no_source(served: Deployer) -> None:
    rollout = replace(await served.rollout(), source="", build="")

    await served.deploys.roll_out(NAME, rollout, (await served.cloud.service(NAME)).etag)

    _, revision = await served.decided()
    assert (revision.state, revision.source) == (RevisionState.READY, "")


async def test_a_stale_etag_changes_nothing(served: Deployer) -> None:
    rollout = await served.rollout()
    stale = (await served.cloud.service(NAME)).etag
    theirs = await gcp.writes(served.cloud).annotate(NAME, {"buddy-tui.dev/lock": "{}"}, stale)

    with pytest.raises(ChangedUnderneath):
        await served.deploys.roll_out(NAME, rollout, stale)

    assert await served.cloud.service(NAME) == theirs


async def test_the_name_of_another_revision_is_refused_clearly(served: Deployer) -> None:
    rollout = await served.rollout()
    service = await served.cloud.service(NAME)
    there = (make.target(service.latest_ready, 100),)

    with pytest.raises(Refused, match=f"There is another revision {service.latest_ready} already") as told:
        await served.deploys.roll_out(
            NAME, replace(rollout, revision=service.latest_ready, traffic=there), service.etag
        )

    assert "with different configuration already exists" in str(told.value)
    assert (await served.cloud.service(NAME)).etag == service.etag


async def test_no_revision_is_rolled_out_without_a_traffic_list(served: Deployer) -> None:
    before = await served.cloud.service(NAME)

    with pytest.raises(Refused, match="without a traffic list"):
        await served.deploys.roll_out(NAME, Rollout(NEW, f"{IMAGE}@sha256:{'0a' * 32}", ()), before.etag)

    assert await served.cloud.service(NAME) == before


async def test_a_lost_reply_of_a_rollout_is_told_and_the_revision_is_there(served: Deployer) -> None:
    rollout = await served.rollout()
    before = await served.cloud.service(NAME)
    served.faults.lost_replies = 1

    with pytest.raises(Unreachable, match="The new revision may have been written all the same"):
        await served.deploys.roll_out(NAME, rollout, before.etag)

    assert (await served.decided())[1].state is RevisionState.READY
    with pytest.raises(ChangedUnderneath):
        await served.deploys.roll_out(NAME, rollout, before.etag)


async def test_a_first_service_is_created_once(served: Deployer) -> None:
    rollout = replace(await served.rollout(), revision="shop-00001-tam", traffic=())
    shop = ServiceName(PROJECT, REGION, "shop")

    created = await served.deploys.create(shop, rollout)
    with pytest.raises(ChangedUnderneath, match="Somebody else created service shop meanwhile"):
        await served.deploys.create(shop, rollout)

    assert (created.name, created.latest_created) == (shop, "shop-00001-tam")
    there, _ = await served.decided("shop-00001-tam", shop)
    assert [(one.revision, one.percent) for one in there.effective] == [("shop-00001-tam", 100)]


async def test_what_may_not_be_done_is_told_with_the_role(served: Deployer) -> None:
    rollout = await served.rollout()
    etag = (await served.cloud.service(NAME)).etag
    served.faults.denied = frozenset({"run.services.update"})

    with pytest.raises(Denied, match=r"run\.services\.update .* roles/run\.developer"):
        await served.deploys.roll_out(NAME, rollout, etag)


async def test_a_build_is_found_by_its_archive_though_its_submission_was_not_answered(
    deployer: Deployer,
) -> None:
    other = await deployer.submit()
    stored = await deployer.upload(ROOT.written("other", "file").archive(), "two")
    assert await deployer.cloud.builds_from(NAME, stored.where) == ()
    deployer.faults.lost_replies = 1

    with pytest.raises(Unreachable, match="The order to build may have been written all the same"):
        await deployer.deploys.submit_build(NAME, stored, image=IMAGE, dockerfile=True)

    (found,) = await deployer.cloud.builds_from(NAME, stored.where)
    assert (found.source, found.name != other.name) == (stored.where, True)
    ended = await deployer.ended(found)
    assert (ended.state, ended.image.partition("@")[0]) == (BuildState.SUCCESS, IMAGE)
    assert await deployer.cloud.image_is_there(ended.image)


async def test_a_failed_build_says_why_and_has_a_log(deployer: Deployer) -> None:
    deployer.faults.build_fails = True

    ended = await deployer.ended(await deployer.submit())

    assert (ended.state, ended.image, ended.said) == (
        BuildState.FAILURE,
        "",
        "The build was made to fail.",
    )
    assert ended.log_url.startswith("https://console.cloud.google.com/cloud-build/builds;region=")
    page = await deployer.cloud.log_page(PROJECT, filter_of(LogScope(NAME, build=ended.id)))
    assert [entry.text for entry in page.entries][-1].startswith("ERROR: build step 0")


async def test_a_build_that_hangs_ends_when_it_is_cancelled(deployer: Deployer) -> None:
    deployer.faults.build_hangs = True
    begun = await deployer.submit()
    assert (await deployer.cloud.build(begun.name)).state is BuildState.WORKING

    cancelled = await deployer.deploys.cancel_build(begun.name)

    assert cancelled.state is BuildState.CANCELLED
    deployer.faults.build_hangs = False
    assert await deployer.deploys.cancel_build(begun.name) == cancelled


async def test_a_build_that_has_ended_stays_as_it_is_when_it_is_cancelled(deployer: Deployer) -> None:
    ended = await deployer.ended(await deployer.submit())

    assert await deployer.deploys.cancel_build(ended.name) == ended


async def test_a_repository_that_is_missing_is_told_with_its_command(deployer: Deployer) -> None:
    stored = await deployer.upload(ROOT.archive())
    image = IMAGE.replace("cloud-run-source-deploy", "shop")

    with pytest.raises(Refused, match="There is no repository shop in") as told:
        await deployer.deploys.submit_build(NAME, stored, image=image, dockerfile=True)

    assert told.value.hint == (
        "gcloud artifacts repositories create shop --repository-format=docker"
        f" --location={REGION} --project={PROJECT}"
    )


async def test_an_upload_tells_how_far_it_is_and_is_found_again(deployer: Deployer) -> None:
    content = bytes(range(256)) * 10_000
    assert await deployer.cloud.stored(NAME, "one") is None

    stored = await deployer.upload(content)

    path = f"services/{SERVICE}/one.zip"
    there = deployer.emulator.store.get(BUCKET, path)
    assert stored == Stored(f"gs://{BUCKET}/{path}#{there.generation}", len(content), there.crc32c)
    assert await deployer.cloud.stored(NAME, "one") == stored
    assert (deployer.told[0], deployer.told[-1]) == (0, len(content))
    assert deployer.told == sorted(deployer.told)
    assert len(deployer.told) > 3


async def test_an_archive_is_never_overwritten(deployer: Deployer) -> None:
    stored = await deployer.upload(b"one")

    again = await deployer.upload(b"one")
    with pytest.raises(Refused, match="There is another archive at gs://"):
        await deployer.upload(b"two")

    assert again == stored == await deployer.cloud.stored(NAME, "one")
    assert deployer.emulator.store.read(BUCKET, f"services/{SERVICE}/one.zip") == b"one"


async def test_an_upload_that_is_cut_off_goes_on_by_itself(deployer: Deployer) -> None:
    content = bytes(range(256)) * 10_000
    deployer.faults.upload_cut = 2

    stored = await deployer.upload(content)

    assert deployer.faults.upload_cut == 0
    assert stored.size == len(content)
    assert deployer.emulator.store.read(BUCKET, f"services/{SERVICE}/one.zip") == content


async def test_an_upload_that_is_cut_off_for_good_leaves_nothing(
    deployer: Deployer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "PIECE_PATIENCE", 0.3)
    deployer.faults.upload_cut = 1_000_000

    with pytest.raises(Unreachable, match="the connection was cut"):
        await deployer.upload(b"content" * 1000)

    deployer.faults.upload_cut = 0
    assert await deployer.cloud.stored(NAME, "one") is None
    assert (await deployer.upload(b"content" * 1000)).size == 7000


async def test_a_cancelled_upload_leaves_nothing(deployer: Deployer) -> None:
    begun, archive = asyncio.Event(), deployer.archive(bytes(1 << 24))
    upload = deployer.deploys.upload(NAME, archive, "one", lambda there: begun.set() if there else None)
    task = asyncio.create_task(upload)
    async with asyncio.timeout(20):
        await begun.wait()

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await deployer.cloud.stored(NAME, "one") is None


async def test_a_bucket_of_another_project_gets_nothing_and_gives_nothing(deployer: Deployer) -> None:
    store = deployer.emulator.store
    there = store.create(BUCKET, "somebody-else", REGION)
    spool = store.spool()
    spool.write(b"theirs")
    store.put(BUCKET, f"services/{SERVICE}/one.zip", spool, "application/zip")
    before = dict(there.objects)

    with pytest.raises(Refused, match=f"Bucket {BUCKET}, .* belongs to another project"):
        await deployer.upload(b"ours", "two")

    assert await deployer.cloud.stored(NAME, "one") is None
    assert there.objects == before


async def test_the_bucket_is_made_where_there_is_none(deployer: Deployer) -> None:
    elsewhere = ServiceName(PROJECT, "europe-west1", "shop")
    archive = deployer.archive(b"content")

    stored = await deployer.deploys.upload(elsewhere, archive, "one", deployer.told.append)

    made = deployer.emulator.store.bucket(f"run-sources-{PROJECT}-europe-west1")
    assert (made.project, made.location) == (PROJECT, "EUROPE-WEST1")
    assert stored.where.startswith(f"gs://{made.name}/services/shop/one.zip#")


@pytest.mark.parametrize(
    ("fault", "value", "error", "words"),
    [
        ("storage_denied", True, Denied, r"storage\.buckets\.create on project demo-project"),
        ("denied", frozenset({"storage.objects.create"}), Denied, r"storage\.objects\.create .*objectUser"),
        ("exhausted", 1.0, OverQuota, "quota"),
    ],
    ids=["no bucket", "no object", "quota"],
)
async def test_an_upload_that_storage_does_not_take_is_told(
    deployer: Deployer,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    value: object,
    error: type[Exception],
    words: str,
) -> None:
    monkeypatch.setattr(sources, "LOOK_PATIENCE", 0.3)
    setattr(deployer.faults, fault, value)

    with pytest.raises(error, match=words):
        await deployer.upload(b"content")

    setattr(deployer.faults, fault, type(value)())
    assert await deployer.cloud.stored(NAME, "one") is None


async def test_apis_and_permissions_are_looked_at_and_never_guessed(deployer: Deployer) -> None:
    deployer.faults.apis_off = frozenset({"cloudbuild.googleapis.com"})
    deployer.faults.denied = frozenset({"storage.objects.create", "iam.serviceAccounts.actAs"})
    cloud, wanted = deployer.cloud, ("storage.objects.create", "run.services.get")

    assert await cloud.apis(PROJECT, ("run.googleapis.com", "cloudbuild.googleapis.com")) == {
        "run.googleapis.com": True,
        "cloudbuild.googleapis.com": False,
    }
    assert await cloud.project_permissions(PROJECT, wanted) == frozenset({"run.services.get"})
    assert await cloud.may_act_as("run@demo-project.iam.gserviceaccount.com") is False
    assert await cloud.may_act_as("") is None
    deployer.faults.denied = frozenset({"serviceusage.services.get"})
    assert await cloud.may_act_as("run@demo-project.iam.gserviceaccount.com") is True
    assert await cloud.apis(PROJECT, ("run.googleapis.com",)) == {"run.googleapis.com": None}
    deployer.faults.apis_off = frozenset({"cloudresourcemanager.googleapis.com"})
    assert await cloud.project_permissions(PROJECT, wanted) is None
    deployer.faults.exhausted = 1.0
    with pytest.raises(OverQuota):
        await cloud.apis(PROJECT, ("run.googleapis.com",))
