"""The IAM policy of a service, through Google's own client."""

import pytest
from google.api_core import exceptions
from google.iam.v1 import policy_pb2

from buddy_tui.emulator.rpc import Message
from tests.emulator.admin_fixture import PLACE, SHOP, Admin, served


def policy(*members: str, etag: bytes = b"", role: str = "roles/run.invoker") -> Message:
    made = policy_pb2.Policy(etag=etag)
    made.bindings.add(role=role, members=members)
    return made


async def _set(admin: Admin, wanted: Message, resource: str = SHOP) -> Message:
    return await admin.services.set_iam_policy({"resource": resource, "policy": wanted})


async def test_a_policy_is_kept_and_its_etag_moves_with_every_write() -> None:
    async with served() as admin:
        await admin.create()
        empty = await admin.services.get_iam_policy({"resource": SHOP})
        first = await _set(admin, policy("user:a@example.com", etag=empty.etag))
        second = await _set(admin, policy("user:a@example.com", "serviceAccount:b@example.com"))

        assert await admin.services.get_iam_policy({"resource": SHOP}) == second
        assert [binding.members for binding in second.bindings] == [
            ["user:a@example.com", "serviceAccount:b@example.com"]
        ]
        assert empty.etag == b"\x00 \x01"
        assert b"" < first.etag < second.etag


async def test_a_stale_etag_is_refused_with_googles_own_words() -> None:
    async with served() as admin:
        await admin.create()
        seen = await admin.services.get_iam_policy({"resource": SHOP})
        kept = await _set(admin, policy("user:a@example.com"))

        with pytest.raises(exceptions.Aborted, match="There were concurrent policy changes"):
            await _set(admin, policy("allUsers", etag=seen.etag))
        assert await admin.services.get_iam_policy({"resource": SHOP}) == kept


@pytest.mark.parametrize("member", ["a@example.com", "robot:a@example.com", "user:", "allusers"])
async def test_a_member_that_iam_would_not_know_is_refused(member: str) -> None:
    async with served() as admin:
        await admin.create()

        with pytest.raises(exceptions.InvalidArgument, match=f"The member {member} is of an unknown type"):
            await _set(admin, policy(member))


async def test_there_is_no_policy_without_a_service() -> None:
    async with served() as admin:
        with pytest.raises(exceptions.NotFound):
            await admin.services.get_iam_policy({"resource": SHOP})
        with pytest.raises(exceptions.NotFound):
            await _set(admin, policy("allUsers"))


async def test_a_service_that_is_made_anew_has_no_policy() -> None:
    async with served() as admin:
        await admin.create()
        await _set(admin, policy("user:a@example.com"))
        await admin.services.delete_service(name=SHOP)
        await admin.create()

        assert admin.world.access(PLACE).public


@pytest.mark.parametrize(
    ("wanted", "public", "invited"),
    [
        (policy(), False, False),
        (policy("allUsers"), True, False),
        (policy("allAuthenticatedUsers"), False, True),
        (policy("user:a@example.com"), False, True),
        (policy("serviceAccount:a@example.com"), False, True),
        (policy("group:a@example.com"), False, False),
        (policy("user:b@example.com"), False, False),
        (policy("user:a@example.com", role="roles/run.admin"), False, True),
        (policy("user:a@example.com", role="roles/run.viewer"), False, False),
    ],
)
async def test_a_policy_decides_who_may_call(wanted: Message, *, public: bool, invited: bool) -> None:
    async with served() as admin:
        await admin.create()
        await _set(admin, wanted)

        access = admin.world.access(PLACE)
        assert (access.public, access.invites("a@example.com")) == (public, invited)


async def test_a_binding_with_a_condition_lets_nobody_in() -> None:
    async with served() as admin:
        await admin.create()
        wanted = policy("allUsers")
        wanted.bindings[0].condition.expression = "request.time < timestamp('2030-01-01T00:00:00Z')"
        await _set(admin, wanted)

        assert not admin.world.access(PLACE).public
