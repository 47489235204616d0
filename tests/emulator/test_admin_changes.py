"""Changes of a running service as its keepers meet them: annotations, lost permissions, lost answers."""

import pytest
from google.api_core import exceptions

from buddy_tui.emulator.callers import Caller, calling
from buddy_tui.emulator.run.events import CallRefused
from tests.emulator.admin_fixture import LATEST, SHOP, pinned, served, service, shares

ACCOUNT = "123456789012-compute@developer.gserviceaccount.com"
ACT_AS = "iam.serviceAccounts.actAs"
UPDATE = "run.services.update"


async def test_a_mask_of_annotations_keeps_everything_else_and_makes_no_revision() -> None:
    async with served() as admin:
        await admin.create(annotations={"team.example.com/owner": "ana"})
        first = admin.boot()
        await admin.update("traffic", traffic=[pinned(first, tag="now")])
        before = await admin.shop()

        await admin.update(
            "annotations",
            annotations={"team.example.com/owner": "ana", "buddy-tui.dev/lock": "{}"},
            etag=before.etag,
        )
        after = await admin.shop()

        assert dict(after.annotations) == {"team.example.com/owner": "ana", "buddy-tui.dev/lock": "{}"}
        assert after.etag != before.etag
        for same in (
            "template",
            "traffic",
            "traffic_statuses",
            "latest_created_revision",
            "reconciling",
            "uri",
        ):
            assert getattr(after, same) == getattr(before, same)


async def test_an_annotation_goes_when_it_is_not_sent_any_more() -> None:
    async with served() as admin:
        await admin.create(annotations={"a.example.com/one": "1", "a.example.com/two": "2"})

        await admin.update("annotations", annotations={"a.example.com/two": "2"})

        assert dict((await admin.shop()).annotations) == {"a.example.com/two": "2"}


@pytest.mark.parametrize(
    ("permission", "words"),
    [
        (UPDATE, f"Permission '{UPDATE}' denied on resource '{SHOP}' (or resource may not exist)."),
        (
            ACT_AS,
            f"Permission 'iam.serviceaccounts.actAs' denied on service account {ACCOUNT} (or it may not exist).",
        ),
    ],
)
async def test_a_permission_that_is_lost_refuses_the_change_and_the_log_is_told(
    permission: str, words: str
) -> None:
    async with served() as admin:
        await admin.create()
        first = admin.boot()
        before = await admin.shop()
        admin.faults.denied = frozenset({permission})

        with pytest.raises(exceptions.PermissionDenied) as refusal:
            await admin.update("traffic", traffic=[pinned(first)])

        assert refusal.value.message == words
        assert await admin.shop() == before
        refused = admin.events[-1]
        assert isinstance(refused, CallRefused)
        assert (refused.code, refused.message) == (7, words)
        assert shares(refused.request_pb.service.traffic) == [(first, 100, "")]


async def test_what_is_denied_is_not_among_the_permissions_that_are_held() -> None:
    async with served() as admin:
        await admin.create()
        admin.faults.denied = frozenset({UPDATE})

        told = await admin.services.test_iam_permissions(
            request={"resource": SHOP, "permissions": ["run.services.get", UPDATE]}
        )

        assert list(told.permissions) == ["run.services.get"]


async def test_a_lost_answer_is_unavailable_though_the_change_is_done() -> None:
    async with served() as admin:
        await admin.create()
        first = admin.boot()
        admin.faults.lost_replies = 1

        with pytest.raises(exceptions.ServiceUnavailable):
            await admin.update("traffic", traffic=[pinned(first)])

        assert shares((await admin.shop()).traffic_statuses) == [(first, 100, "")]
        await admin.update("description", description="this answer comes")


async def test_who_calls_is_the_last_modifier() -> None:
    async with served() as admin:
        await admin.create()

        with calling(Caller("dana@example.com")):
            admin.world.update_service(service(traffic=[{"type_": LATEST, "percent": 100}]), ["traffic"])
        theirs = (await admin.shop()).last_modifier
        await admin.update("description", description="mine")

        assert theirs == "dana@example.com"
        assert (await admin.shop()).last_modifier == "operator@example.com"
