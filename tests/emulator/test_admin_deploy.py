"""Deployments, their revisions and their conditions, through Google's own client."""

import re

import pytest
from google.api_core import exceptions
from google.cloud import run_v2

from buddy_tui.emulator.rpc import Message
from tests.emulator.admin_fixture import (
    DIED,
    FAILED,
    RECONCILING,
    SHOP,
    SUCCEEDED,
    latest,
    pinned,
    served,
    states,
    template,
)

TypeOf = run_v2.Condition.RevisionReason


async def test_the_server_names_a_revision_by_its_number_and_three_characters() -> None:
    async with served() as admin:
        await admin.create()
        first = admin.boot()
        second = await admin.deploy("hello:2")

        assert re.fullmatch(r"shop-00001-[a-z0-9]{3}", first)
        assert re.fullmatch(r"shop-00002-[a-z0-9]{3}", second)


async def test_the_template_tells_a_revision_name_only_if_the_last_writer_set_one() -> None:
    async with served() as admin:
        await admin.create(template=template(revision="shop-one"))
        admin.boot()
        named = (await admin.shop()).template.revision

        await admin.update("template", template=template("hello:2"))

        assert named == "shop-one"
        assert (await admin.shop()).template.revision == ""


async def test_a_revision_name_that_is_taken_by_another_configuration_is_refused() -> None:
    async with served() as admin:
        await admin.create(template=template(revision="shop-one"))
        admin.boot()

        with pytest.raises(exceptions.AlreadyExists) as refusal:
            await admin.update("template", template=template("hello:2", "shop-one"))

        assert (
            refusal.value.message == "Revision named 'shop-one' with different configuration already exists."
        )


async def test_a_mask_below_the_template_keeps_the_name_that_is_taken() -> None:
    async with served() as admin:
        await admin.create(template=template(revision="shop-one"))

        with pytest.raises(exceptions.AlreadyExists):
            await admin.update("template.containers", template=template("hello:2"))


async def test_the_same_template_again_makes_no_revision() -> None:
    async with served() as admin:
        await admin.create(template=template(revision="shop-one"))
        admin.boot()
        read_back = (await admin.shop()).template

        assert (await admin.update("template", template=read_back)).done
        assert (await admin.update("template", template=template(revision="shop-one"))).done

        assert (await admin.shop()).latest_created_revision == f"{SHOP}/revisions/shop-one"
        assert len((await admin.revisions.list_revisions(parent=SHOP)).revisions) == 1


async def test_an_older_revision_named_with_its_own_configuration_is_the_newest_again() -> None:
    async with served() as admin:
        await admin.create(template=template("hello:1", "shop-one"))
        admin.boot()
        await admin.update("template", template=template("hello:2", "shop-two"))
        admin.boot()

        operation = await admin.update("template", template=template("hello:1", "shop-one"))
        shop = await admin.shop()

        assert operation.done
        assert shop.latest_created_revision == shop.latest_ready_revision == f"{SHOP}/revisions/shop-one"


@pytest.mark.parametrize(
    ("revision", "accepted"),
    [("shop-a", True), ("other-a", False), ("shop", False), ("shop-A", False), ("shop-" + "a" * 59, False)],
)
async def test_a_revision_name_is_prefixed_by_its_service(revision: str, accepted: bool) -> None:  # noqa: FBT001
    async with served() as admin:
        if accepted:
            await admin.create(template=template(revision=revision))
            return
        with pytest.raises(exceptions.InvalidArgument, match="must be prefixed by the service name"):
            await admin.create(template=template(revision=revision))


@pytest.mark.parametrize("service_id", ["", "1shop", "shop-", "Shop", "a" * 50, "my_shop"])
async def test_a_service_id_that_is_no_name_is_refused(service_id: str) -> None:
    async with served() as admin:
        with pytest.raises(exceptions.InvalidArgument, match="Maximum length is 49 characters"):
            await admin.create(service_id)


async def test_defaults_are_stored_as_cloud_run_stores_them() -> None:
    async with served() as admin:
        await admin.create()
        shop, revision = await admin.shop(), await admin.revision(admin.boot())

        for holder in (shop.template, revision):
            container = holder.containers[0]
            assert container.name == "shop-1"
            assert container.ports[0].container_port == 8080
            assert dict(container.resources.limits) == {"cpu": "1", "memory": "512Mi"}
            probe = container.startup_probe
            assert (probe.timeout_seconds, probe.period_seconds, probe.failure_threshold) == (240, 240, 1)
            assert probe.tcp_socket.port == 8080
            assert (holder.max_instance_request_concurrency, holder.timeout.seconds) == (80, 300)


async def test_a_good_boot_tells_its_conditions_step_by_step() -> None:
    async with served() as admin:
        await admin.create()
        where = admin.wanted()
        told = [states((await admin.revision(where.revision)).conditions)]
        admin.world.image_imported(where, 23.22)
        admin.world.provisioned(where, 31.91)
        told.append(states((await admin.revision(where.revision)).conditions))
        admin.world.boot_succeeded(where, 4.0)

        conditions = (await admin.revision(where.revision)).conditions

        assert told[0] == {"Ready": RECONCILING}
        assert told[1] == {
            "ContainerReady": SUCCEEDED,
            "ResourcesAvailable": SUCCEEDED,
            "Retry": SUCCEEDED,
            "Ready": RECONCILING,
        }
        assert [(condition.type_, condition.message) for condition in conditions] == [
            ("ContainerReady", "Container image import completed in 23.22s."),
            (
                "ResourcesAvailable",
                (
                    "Provisioning imported containers completed in 31.91s. Checking container health. This will wait "
                    "for up to 4m for the configured startup probe, including an initial delay of 0s."
                ),
            ),
            ("Retry", "System will retry after 00:00 from lastTransitionTime for attempt 0."),
            ("ContainerHealthy", "Containers became healthy in 4.00s."),
            ("Ready", "Deploying revision succeeded in 59.13s."),
            ("Active", ""),
        ]
        assert set(states(conditions).values()) == {SUCCEEDED}


async def test_a_failed_boot_tells_why_on_the_revision_the_service_and_the_operation() -> None:
    async with served() as admin:
        operation = await admin.create()
        revision = await admin.revision(admin.die())
        shop, done = await admin.shop(), await admin.operation(operation)

        conditions = {condition.type_: condition for condition in revision.conditions}
        assert list(conditions) == [
            "ContainerReady",
            "ResourcesAvailable",
            "Retry",
            "ContainerHealthy",
            "Ready",
        ]
        for kind in ("ContainerHealthy", "Ready"):
            assert conditions[kind].state == FAILED
            assert conditions[kind].message == DIED
            assert conditions[kind].revision_reason == TypeOf.HEALTH_CHECK_CONTAINER_ERROR
        assert conditions["Retry"].severity == run_v2.Condition.Severity.INFO
        sentence = f"Revision '{admin.wanted().revision}' is not ready and cannot serve traffic. {DIED}"
        assert shop.terminal_condition.message == sentence
        assert states(shop.conditions) == {"RoutesReady": FAILED, "ConfigurationsReady": FAILED}
        assert (done.error.code, done.error.message) == (9, sentence)


async def test_an_image_that_is_gone_fails_before_anything_boots() -> None:
    async with served() as admin:
        await admin.create()
        where = admin.wanted()

        admin.world.boot_failed(where, "ContainerMissing", "Image 'hello:1' not found.")
        conditions = (await admin.revision(where.revision)).conditions

        assert states(conditions) == {"ContainerReady": FAILED, "Ready": FAILED}
        assert conditions[1].reason == run_v2.Condition.CommonReason.CONTAINER_MISSING


async def test_a_failed_deployment_of_a_pinned_service_is_an_error_though_routes_are_fine() -> None:
    async with served() as admin:
        await admin.create()
        await admin.update("traffic", traffic=[pinned(admin.boot())])

        operation = await admin.update("template", template=template("hello:2"))
        bad = admin.die()
        shop = await admin.shop()

        assert (await admin.operation(operation)).error.message.startswith(f"Revision '{bad}' is not ready")
        assert states(shop.conditions) == {"RoutesReady": SUCCEEDED, "ConfigurationsReady": FAILED}
        assert shop.terminal_condition.state == FAILED


async def test_a_revision_without_traffic_or_tag_is_retired_and_still_ready() -> None:
    async with served() as admin:
        await admin.create()
        first = admin.boot()
        await admin.deploy("hello:2")

        conditions = {condition.type_: condition for condition in (await admin.revision(first)).conditions}

        assert conditions["Ready"].state == SUCCEEDED
        assert conditions["Ready"].revision_reason == TypeOf.RETIRED
        assert conditions["ContainerHealthy"].state == RECONCILING
        assert conditions["Active"].state == FAILED
        assert conditions["Active"].message == "Revision retired."


async def test_a_tag_keeps_a_revision_active_and_traffic_wakes_it() -> None:
    async with served() as admin:
        await admin.create()
        first = admin.boot()
        await admin.deploy("hello:2")
        activity = []
        for traffic in ([latest(100), pinned(first, 0, "old")], [latest(100)], [pinned(first)]):
            await admin.update("traffic", traffic=traffic)
            activity.append(states((await admin.revision(first)).conditions)["Active"])

        assert activity == [SUCCEEDED, FAILED, SUCCEEDED]


async def test_two_deployments_under_way_each_get_their_own_outcome() -> None:
    async with served() as admin:
        await admin.create()
        admin.boot()
        one = await admin.update("template", template=template("hello:2"))
        bad = admin.wanted()
        two = await admin.update("template", template=template("hello:3"))

        admin.world.boot_failed(bad, "HealthCheckContainerError", DIED)
        between = (await admin.operation(one)).done, (await admin.operation(two)).done
        admin.boot()

        assert between == (True, False)
        assert bad.revision in (await admin.operation(one)).error.message
        assert (await admin.operation(two)).HasField("response")
        assert (await admin.shop()).terminal_condition.state == SUCCEEDED


@pytest.mark.parametrize("key", ["run.googleapis.com/x", "autoscaling.knative.dev/maxScale"])
@pytest.mark.parametrize("kind", ["labels", "annotations"])
async def test_labels_and_annotations_of_googles_own_are_refused(kind: str, key: str) -> None:
    async with served() as admin:
        with pytest.raises(exceptions.InvalidArgument) as of_service:
            await admin.create("shop", **{kind: {key: "1"}})
        of_template = template()
        getattr(of_template, kind)[key] = "1"
        with pytest.raises(exceptions.InvalidArgument) as refusal:
            await admin.create(template=of_template)

        path = f"Violation in CreateServiceRequest.service.template.{kind}[{key}]"
        assert refusal.value.message == f"{path}: system {kind} are not supported in Cloud Run API v2."
        assert of_service.value.message == refusal.value.message.replace("template.", "")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"template": run_v2.RevisionTemplate()}, "template.containers"),
        ({"template": template(" ")}, "must be a container image path"),
        (
            {"template": run_v2.RevisionTemplate(template(), timeout={"seconds": 3601})},
            "maximum allowed time",
        ),
        ({"description": "x" * 513}, "512 characters"),
    ],
)
async def test_a_service_that_cannot_be_is_refused(fields: dict[str, Message], words: str) -> None:
    async with served() as admin:
        with pytest.raises(exceptions.InvalidArgument, match=words):
            await admin.create("shop", **fields)
