"""What is written to Cloud Run: the traffic list or our annotations, nothing else, and never over somebody's change."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from google.cloud import run_v2
from google.protobuf.any_pb2 import Any as Packed
from google.rpc import code_pb2

from buddy_tui import gcp
from buddy_tui.config import Known, Settings
from buddy_tui.emulator.faults import Faults
from buddy_tui.errors import (
    BuddyError,
    ChangedUnderneath,
    Denied,
    NotFound,
    OverQuota,
    Refused,
    ServerTrouble,
    Unreachable,
)
from buddy_tui.gateway import Writes
from buddy_tui.gcp import updates
from buddy_tui.model import Service, TrafficTarget
from tests import make
from tests.emulator.admin_fixture import LATEST, REVISION, Admin, connected, latest, pinned
from tests.gcp.cloud import Cloud, running

SHOP = make.name("shop", "us-central1", "demo-project")
LOCK = "buddy-tui.dev/lock"
ASKED = (make.target("api-00001-aaa", 90), make.latest(10), make.target("api-00002-bbb", tag="green"))
RUNTIME = "123-compute@developer.gserviceaccount.com"


@asynccontextmanager
async def emulated() -> AsyncGenerator[tuple[Admin, Writes], None]:
    """Yield a shop of two good revisions in the emulator, all traffic on LATEST, and the door to its changes."""
    async with connected() as (admin, host):
        await admin.create(annotations={"acme.example/team": "payments"}, labels={"env": "prod"})
        admin.boot()
        await admin.deploy("hello:2")
        cloud = await gcp.connect(Settings(project=Known("demo-project"), emulated=Known(host)))
        yield admin, gcp.writes(cloud)
        await cloud.close()


@asynccontextmanager
async def scripted() -> AsyncGenerator[tuple[Cloud, Writes], None]:
    """Yield a Cloud Run that notes what it is asked to change, and changes nothing."""
    there = run_v2.Service(name=make.NAME.path, etag='"old"', annotations={"acme.example/team": "payments"})
    async with running(Cloud([there])) as cloud:
        opened = await gcp.connect(cloud.settings())
        yield cloud, gcp.writes(opened)
        await opened.close()


def written(service: run_v2.Service, **over: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """Return what somebody decided about a service, with other values for some fields."""
    kept: dict[str, Any] = run_v2.Service.to_dict(service, use_integers_for_enums=True)
    moving = ("etag", "update_time", "generation", "observed_generation", "traffic_statuses")
    return {key: value for key, value in kept.items() if key not in moving} | over


LISTS = [
    (),
    (make.latest(100),),
    (make.latest(100, tag="live"),),
    (make.target("shop-00001-abc", 100),),
    (make.latest(30), make.target("shop-00001-abc", 70), make.target("shop-00001-abc", tag="old")),
]


@pytest.mark.parametrize("targets", LISTS)
async def test_a_traffic_list_reads_back_as_it_was_written_and_nothing_else_has_changed(
    targets: tuple[TrafficTarget, ...],
) -> None:
    async with emulated() as (admin, writes):
        before = await admin.shop()
        first = min(admin.world.list_revisions(SHOP.path).revisions, key=lambda one: one.name)
        named = tuple(_renamed(one, first.name.rpartition("/")[2]) for one in targets)

        accepted = await writes.set_traffic(SHOP, named, before.etag)

        after = await admin.shop()
        assert accepted.desired == named
        assert (accepted.etag, accepted.name) == (after.etag, SHOP)
        assert after.etag != before.etag
        assert written(after, traffic=[]) == written(before, traffic=[])


def _renamed(one: TrafficTarget, revision: str) -> TrafficTarget:
    return one if one.latest else make.target(revision, one.percent, one.tag)


async def test_a_stale_etag_is_refused_with_googles_own_words_and_nothing_is_written() -> None:
    async with emulated() as (admin, writes):
        stale = (await admin.shop()).etag
        await admin.update("traffic", traffic=[latest(tag="theirs")])
        theirs = await admin.shop()

        with pytest.raises(ChangedUnderneath, match="Conflict for resource 'shop': version") as told:
            await writes.set_traffic(SHOP, (), stale)
        with pytest.raises(ChangedUnderneath):
            await writes.annotate(SHOP, {LOCK: "{}"}, stale)

        assert str(told.value).startswith("Somebody else changed service shop: ")
        assert await admin.shop() == theirs


async def test_only_the_name_the_etag_and_what_is_changed_are_sent() -> None:
    async with scripted() as (cloud, writes):
        await writes.set_traffic(make.NAME, ASKED, '"old"')
        await writes.annotate(make.NAME, {LOCK: "{}"}, '"old"')

    traffic, notes = cloud.updates
    assert list(traffic.update_mask.paths) == ["traffic"]
    assert list(notes.update_mask.paths) == ["annotations"]
    assert (traffic.allow_missing, traffic.validate_only) == (False, False)
    assert run_v2.Service.wrap(traffic.service) == run_v2.Service(
        name=make.NAME.path,
        etag='"old"',
        traffic=[
            pinned("api-00001-aaa", 90),
            latest(10),
            run_v2.TrafficTarget(type_=REVISION, revision="api-00002-bbb", tag="green"),
        ],
    )
    assert run_v2.Service.wrap(notes.service) == run_v2.Service(
        name=make.NAME.path, etag='"old"', annotations={"acme.example/team": "payments", LOCK: "{}"}
    )
    assert (int(LATEST), int(REVISION)) == (1, 2)


async def test_nothing_is_sent_without_the_version_that_was_looked_at() -> None:
    async with scripted() as (cloud, writes):
        cloud.services[0].etag = ""
        with pytest.raises(Refused, match="without the version"):
            await writes.set_traffic(make.NAME, (), "")
        with pytest.raises(Refused, match="without the version"):
            await writes.annotate(make.NAME, {LOCK: None}, "")

    assert cloud.updates == []


def _packed(**fields: str) -> Packed:
    packed = Packed()
    packed.Pack(run_v2.Service.pb(run_v2.Service(**fields)))
    return packed


@pytest.mark.parametrize(
    ("metadata", "etag"),
    [
        (_packed(name=make.NAME.path, etag='"new"'), '"new"'),
        (None, '"read"'),
        (_packed(name=make.NAME.path), '"read"'),
        (_packed(name=make.NAME.path, etag='"old"'), '"read"'),
        (_packed(name="projects/p/locations/l/services/other", etag='"new"'), '"read"'),
        (Packed(type_url="type.googleapis.com/google.cloud.run.v2.Service", value=b"\xff"), '"read"'),
    ],
)
async def test_what_was_accepted_is_told_by_the_operation_or_else_read(
    metadata: Packed | None, etag: str
) -> None:
    async with scripted() as (cloud, writes):
        cloud.services[0].etag = '"read"'
        cloud.told = metadata

        accepted = await writes.set_traffic(make.NAME, (), '"old"')

    assert (accepted.name, accepted.etag) == (make.NAME, etag)


async def test_a_write_that_was_accepted_and_cannot_be_read_says_both() -> None:
    async with scripted() as (cloud, writes):
        cloud.fail("GetService", code_pb2.PERMISSION_DENIED, "Permission 'run.services.get' denied on x.")

        with pytest.raises(Unreachable, match=r"accepted the traffic list, .* You lack run\.services\.get"):
            await writes.set_traffic(make.NAME, (), '"old"')


DENIED_ACTING = (
    f"Permission 'iam.serviceaccounts.actAs' denied on service account {RUNTIME} (or it may not exist)."
)
PERHAPS = "The traffic list may have been written all the same."


@pytest.mark.parametrize(
    ("code", "words", "kind", "sentence", "hint"),
    [
        (
            code_pb2.PERMISSION_DENIED,
            "Permission 'run.services.update' denied on resource 'x' (or resource may not exist).",
            Denied,
            "You lack run.services.update on project acme-prod; roles/run.developer has it.",
            "add-iam-policy-binding acme-prod --member=user:YOUR_ACCOUNT --role=roles/run.developer",
        ),
        (
            code_pb2.PERMISSION_DENIED,
            "The caller does not have permission",
            Denied,
            "You lack run.services.update on project acme-prod; roles/run.developer has it.",
            "--role=roles/run.developer",
        ),
        (
            code_pb2.PERMISSION_DENIED,
            DENIED_ACTING,
            Denied,
            f"You lack iam.serviceAccounts.actAs on service account {RUNTIME}; roles/iam.serviceAccountUser has it.",
            f"service-accounts add-iam-policy-binding {RUNTIME} --member=user:YOUR_ACCOUNT --role=roles/iam.serviceAccountUser",
        ),
        (
            code_pb2.INVALID_ARGUMENT,
            "Violation in UpdateServiceRequest.service.traffic: \x1b[2Jpercentages must sum to 100, but sum to 90.",
            Refused,
            "Cloud Run refused: Violation in UpdateServiceRequest.service.traffic: percentages must sum to 100",
            "Look at the state of service api",
        ),
        (
            code_pb2.FAILED_PRECONDITION,
            "Revision 'api-00001-aaa' is not ready.",
            Refused,
            "Cloud Run refused: Revision 'api-00001-aaa' is not ready.",
            "Look at the state of service api",
        ),
        (
            code_pb2.ABORTED,
            "Conflict for resource 'api': version '1' was specified but current version is '2'.",
            ChangedUnderneath,
            "Conflict for resource 'api': version '1' was specified",
            "Look again and decide anew.",
        ),
        (code_pb2.NOT_FOUND, "Resource 'api' was not found.", NotFound, "There is no service api", ""),
        (
            code_pb2.RESOURCE_EXHAUSTED,
            "Quota exceeded.",
            OverQuota,
            "quota is used up: Quota exceeded",
            "slow",
        ),
        (code_pb2.UNAVAILABLE, "Socket closed", Unreachable, PERHAPS, "Look at service api first."),
        (code_pb2.DEADLINE_EXCEEDED, "Deadline Exceeded", Unreachable, PERHAPS, "Look at service api first."),
        (code_pb2.INTERNAL, "Internal error", ServerTrouble, PERHAPS, "Look at service api first."),
        (code_pb2.CANCELLED, "The operation was cancelled.", ServerTrouble, PERHAPS, "first."),
    ],
)
async def test_a_write_that_fails_is_told_in_one_sentence_and_tried_once(
    code: int, words: str, kind: type[BuddyError], sentence: str, hint: str
) -> None:
    async with scripted() as (cloud, writes):
        cloud.fail("UpdateService", code, words)

        with pytest.raises(BuddyError) as told:
            await writes.set_traffic(make.NAME, ASKED, '"old"')

    assert type(told.value) is kind
    assert sentence in str(told.value)
    assert hint in told.value.hint
    assert f"{told.value}{told.value.hint}".isprintable()
    assert (PERHAPS in str(told.value)) == (kind in {Unreachable, ServerTrouble})
    assert cloud.calls == ["UpdateService"]


async def test_a_write_without_an_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updates, "WRITE_SECONDS", 0.1)
    async with scripted() as (cloud, writes):
        cloud.faults = Faults(latency=1.0)

        with pytest.raises(
            Unreachable, match=r"did not answer within 0\.1 s\. The traffic list may have been"
        ):
            await writes.set_traffic(make.NAME, (), '"old"')


async def test_annotations_are_set_and_taken_away_and_those_of_others_stay() -> None:
    async with emulated() as (admin, writes):
        before = await admin.shop()

        locked = await writes.annotate(SHOP, {LOCK: '{"verb":"promote"}', f"{LOCK}ed": "x"}, before.etag)
        freed = await writes.annotate(SHOP, {LOCK: None, "buddy-tui.dev/none": None}, locked.etag)

        after = await admin.shop()
        assert locked.annotations == ((LOCK, '{"verb":"promote"}'), (f"{LOCK}ed", "x"))
        assert freed.annotations == ((f"{LOCK}ed", "x"),)
        assert after.annotations == {"acme.example/team": "payments", f"{LOCK}ed": "x"}
        assert written(after, annotations={}) == written(before, annotations={})
        assert len(admin.world.list_revisions(SHOP.path).revisions) == 2


async def test_a_chain_of_changes_goes_from_etag_to_etag() -> None:
    async with emulated() as (admin, writes):
        etag = (await admin.shop()).etag
        locked = await writes.annotate(SHOP, {LOCK: "{}"}, etag)
        moved = await writes.set_traffic(SHOP, (make.latest(100, tag="live"),), locked.etag)
        freed: Service = await writes.annotate(SHOP, {LOCK: None}, moved.etag)

        assert len({etag, locked.etag, moved.etag, freed.etag}) == 4
        assert freed.desired == (make.latest(100, tag="live"),)
        assert freed.annotations == ()


async def test_annotations_of_the_system_are_not_sent_and_those_of_others_are_not_ours_to_change() -> None:
    async with scripted() as (cloud, writes):
        cloud.services[0].annotations = {"run.googleapis.com/client-name": "gcloud", "a/b": "c", LOCK: "{}"}
        await writes.annotate(make.NAME, {LOCK: None}, '"old"')
        with pytest.raises(Refused, match=r"begin with buddy-tui\.dev/"):
            await writes.annotate(make.NAME, {"a/b": None}, '"old"')

    (sent,) = cloud.updates
    assert dict(sent.service.annotations) == {"a/b": "c"}


async def test_an_annotation_that_had_no_answer_may_be_there() -> None:
    async with scripted() as (cloud, writes):
        cloud.fail("UpdateService", code_pb2.UNAVAILABLE, "Socket closed")

        with pytest.raises(Unreachable, match="The annotations may have been written all the same"):
            await writes.annotate(make.NAME, {LOCK: "{}"}, '"old"')


async def test_a_list_whose_reply_is_lost_is_there_and_is_not_written_again() -> None:
    async with emulated() as (admin, writes):
        etag = (await admin.shop()).etag
        admin.faults.lost_replies = 1

        with pytest.raises(Unreachable, match="may have been written all the same"):
            await writes.set_traffic(SHOP, (make.latest(tag="live"),), etag)
        with pytest.raises(ChangedUnderneath):
            await writes.set_traffic(SHOP, (make.latest(tag="twice"),), etag)

        assert [one.tag for one in (await admin.shop()).traffic] == ["live"]
