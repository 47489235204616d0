"""The calls of Cloud Run Admin v2, through Google's own client: lists, conflicts, masks, dry runs, deletions."""

import pytest
from google.api_core import exceptions
from google.cloud import run_v2

from buddy_tui.emulator.run.wording import version_of
from tests.emulator.admin_fixture import (
    PARENT,
    SHOP,
    finished,
    latest,
    pinned,
    served,
    shares,
    template,
)


async def test_a_stale_etag_is_refused_with_googles_own_words() -> None:
    async with served() as admin:
        await admin.create()
        stale = (await admin.shop()).etag
        await admin.update("description", description="someone else was here")
        current = (await admin.shop()).etag

        with pytest.raises(exceptions.Aborted) as refusal:
            await admin.update("description", description="mine", etag=stale)

        assert refusal.value.message == (
            f"Conflict for resource 'shop': version '{version_of(stale)}' was specified "
            f"but current version is '{version_of(current)}'."
        )
        assert (await admin.shop()).description == "someone else was here"


async def test_a_current_etag_is_accepted_and_no_etag_lets_the_last_write_win() -> None:
    async with served() as admin:
        await admin.create()

        await admin.update("description", description="bound", etag=(await admin.shop()).etag)
        await admin.update("description", description="unbound")

        assert (await admin.shop()).description == "unbound"


async def test_an_etag_is_a_quoted_string_that_moves_with_every_write_and_not_with_a_boot() -> None:
    async with served() as admin:
        await admin.create()
        created = (await admin.shop()).etag
        admin.boot()
        booted = (await admin.shop()).etag
        await admin.update("description", description="a word")
        written = (await admin.shop()).etag

        assert created[0] == created[-1] == '"'
        assert created == booted != written


async def test_a_mask_changes_only_what_it_names() -> None:
    async with served() as admin:
        await admin.create(description="old", labels={"team": "a"})

        await admin.update("labels", "build_config", description="new", labels={"team": "b"})
        shop = await admin.shop()

        assert (shop.description, dict(shop.labels)) == ("old", {"team": "b"})


async def test_a_nested_mask_reaches_into_the_template() -> None:
    async with served() as admin:
        await admin.create()
        admin.boot()

        await admin.update(
            "template.max_instance_request_concurrency",
            template=run_v2.RevisionTemplate(max_instance_request_concurrency=5),
        )
        shop = await admin.shop()

        assert shop.template.max_instance_request_concurrency == 5
        assert shop.template.containers[0].image == "hello:1"


async def test_no_mask_replaces_all_that_a_writer_may_set_and_nothing_else() -> None:
    async with served() as admin:
        await admin.create(description="old", traffic=[latest(100, "tip")])
        admin.boot()
        before = await admin.shop()

        await admin.update(template=template(), uri="https://elsewhere.example.com")
        shop = await admin.shop()

        assert (shop.description, list(shop.traffic)) == ("", [])
        assert (shop.uri, shop.uid, shop.create_time) == (before.uri, before.uid, before.create_time)


@pytest.mark.parametrize(
    "path", ["trafic", "buildConfig", "template.containers.image", "traffic.percent", ""]
)
async def test_a_mask_that_names_no_field_is_refused(path: str) -> None:
    async with served() as admin:
        await admin.create()

        with pytest.raises(exceptions.InvalidArgument, match="is not a field of the service"):
            await admin.update(path)


async def test_a_dry_run_answers_with_the_would_be_service_and_changes_nothing() -> None:
    async with served() as admin:
        await admin.create()
        admin.boot()
        before, told = await admin.shop(), len(admin.events)
        wanted = run_v2.Service(name=SHOP, template=template("hello:2"))

        dry = await admin.services.update_service(
            run_v2.UpdateServiceRequest(service=wanted, validate_only=True)
        )

        would_be = await finished(dry)
        assert would_be.template.containers[0].image == "hello:2"
        assert would_be.template.timeout.seconds == 300
        assert await admin.shop() == before
        assert len(admin.events) == told


async def test_a_dry_run_of_a_creation_or_deletion_changes_nothing() -> None:
    async with served() as admin:
        request = run_v2.CreateServiceRequest(
            parent=PARENT, service_id="shop", service={"template": template()}, validate_only=True
        )
        assert (await admin.services.create_service(request)).operation.done
        with pytest.raises(exceptions.NotFound):
            await admin.shop()

        await admin.create()
        await admin.services.delete_service(run_v2.DeleteServiceRequest(name=SHOP, validate_only=True))

        assert (await admin.shop()).name == SHOP


async def test_allow_missing_creates_and_without_it_a_missing_service_is_not_found() -> None:
    async with served() as admin:
        wanted = run_v2.Service(name=SHOP, template=template())
        with pytest.raises(exceptions.NotFound) as refusal:
            await admin.services.update_service(service=wanted)

        await admin.services.update_service(run_v2.UpdateServiceRequest(service=wanted, allow_missing=True))

        assert refusal.value.message == (
            "Resource 'shop' of kind 'SERVICE' in region 'us-central1' in project 'demo-project' does not exist."
        )
        assert (await admin.shop()).name == SHOP


async def test_a_service_that_exists_is_not_created_again() -> None:
    async with served() as admin:
        await admin.create()

        with pytest.raises(exceptions.AlreadyExists):
            await admin.create()


async def test_services_and_revisions_are_listed_page_by_page_without_gap_or_repeat() -> None:
    async with served() as admin:
        for name in ("shop", "api", "web"):
            await admin.create(name)
            admin.boot()
        made = [await admin.deploy(f"hello:{number}") for number in range(4)]

        services = [
            service.name.rpartition("/")[2]
            async for service in await admin.services.list_services(
                run_v2.ListServicesRequest(parent=PARENT, page_size=2)
            )
        ]
        request = run_v2.ListRevisionsRequest(parent=SHOP, page_size=2)
        names = [one.name.rpartition("/")[2] async for one in await admin.revisions.list_revisions(request)]

        assert services == ["api", "shop", "web"]
        assert names[:4] == made[::-1]
        assert len(names) == 5


async def test_a_dash_lists_the_revisions_of_a_whole_region() -> None:
    async with served() as admin:
        for name in ("shop", "api"):
            await admin.create(name)

        page = await admin.revisions.list_revisions(parent=f"{PARENT}/services/-")

        assert {revision.service for revision in page.revisions} == {"shop", "api"}


async def test_a_revision_that_is_needed_cannot_be_deleted() -> None:
    async with served() as admin:
        await admin.create()
        serving = admin.boot()
        await admin.update("traffic", traffic=[pinned(serving)])
        newest = await admin.deploy("hello:2")

        for name, why in ((serving, "able to receive traffic"), (newest, "the latest revision")):
            with pytest.raises(exceptions.FailedPrecondition, match=why):
                await admin.revisions.delete_revision(name=f"{SHOP}/revisions/{name}")


async def test_deleting_a_tagged_revision_without_traffic_removes_its_tag() -> None:
    async with served() as admin:
        await admin.create()
        old = admin.boot()
        await admin.deploy("hello:2")
        await admin.update("traffic", traffic=[latest(100), pinned(old, 0, "old")])
        before = await admin.shop()

        deletion = await admin.revisions.delete_revision(name=f"{SHOP}/revisions/{old}")
        shop = await admin.shop()

        assert (await finished(deletion)).name == f"{SHOP}/revisions/{old}"
        assert shares(shop.traffic) == shares(shop.traffic_statuses) == [("LATEST", 100, "")]
        assert shop.etag != before.etag
        with pytest.raises(exceptions.NotFound, match="of kind 'REVISION'"):
            await admin.revision(old)


async def test_a_deleted_service_is_gone_with_its_revisions_and_operations_under_way_fail() -> None:
    async with served() as admin:
        created = await admin.create()

        deletion = await admin.services.delete_service(name=SHOP)

        assert (await finished(deletion)).name == SHOP
        assert (await admin.operation(created)).error.code == 5
        with pytest.raises(exceptions.NotFound):
            await admin.shop()
        with pytest.raises(exceptions.NotFound):
            await admin.revisions.list_revisions(parent=SHOP)


async def test_a_stale_etag_deletes_nothing() -> None:
    async with served() as admin:
        await admin.create()
        first = admin.boot()
        await admin.deploy("hello:2")

        with pytest.raises(exceptions.Aborted):
            await admin.services.delete_service(run_v2.DeleteServiceRequest(name=SHOP, etag='"x"'))
        with pytest.raises(exceptions.Aborted):
            await admin.revisions.delete_revision(
                run_v2.DeleteRevisionRequest(name=f"{SHOP}/revisions/{first}", etag='"x"')
            )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (SHOP.replace("demo-project", "other"), "Permission 'run.services.get' denied on resource"),
        (SHOP.replace("us-central1", "us-central9"), "Permission denied on 'locations/us-central9'"),
    ],
)
async def test_another_project_or_an_unknown_region_is_denied_as_google_does(name: str, words: str) -> None:
    async with served() as admin:
        with pytest.raises(exceptions.PermissionDenied, match=words):
            await admin.services.get_service(name=name)


async def test_the_project_may_be_called_by_its_number() -> None:
    async with served() as admin:
        await admin.create()

        assert (
            await admin.services.get_service(name=SHOP.replace("demo-project", "123456789012"))
        ).name == SHOP
