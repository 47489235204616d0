"""Firestore through firebase-admin: against our Firestore, against Google's emulator, and one that says no."""

import os
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import firebase_admin
import grpc
import pytest
import pytest_asyncio
from google.cloud.firestore_v1 import GeoPoint
from google.cloud.firestore_v1.vector import Vector

from buddy_tui import gcp
from buddy_tui.config import Known, Settings
from buddy_tui.emulator import official
from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.firestore.api import Firestore
from buddy_tui.emulator.machine.reaper import Reaper
from buddy_tui.errors import (
    ApiDisabled,
    BuddyError,
    ChangedUnderneath,
    Denied,
    NotFound,
    Refused,
    Unreachable,
    UsageProblem,
)
from buddy_tui.gateway import Document, Place, Writes
from buddy_tui.gcp import firestore
from buddy_tui.gcp.cloud import GoogleCloud
from tests.gcp.firestore_server import Refusing, running

PLACE = Place("acme-prod")
OURS, OFFICIAL = "ours", "official"
WHEN = datetime(2026, 3, 4, 5, 6, 7, 890123, tzinfo=UTC)


@asynccontextmanager
async def embedded() -> AsyncGenerator[str, None]:
    store = Firestore(Clock(), Faults())
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(store.handlers())
    host = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    try:
        yield host
    finally:
        store.close()
        await server.stop(None)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def official_host() -> AsyncIterator[str]:
    found = official.find(os.environ)
    if found is None:
        pytest.skip("the Firestore emulator of the Google Cloud SDK is not here")
    reaper = Reaper()
    reaper.start()
    try:
        async with official.serving(found, reaper) as host:
            yield host
    finally:
        reaper.close()


@pytest.fixture(params=[OURS, OFFICIAL])
def elsewhere(request: pytest.FixtureRequest) -> str:
    """Return where Google's emulator is; empty for ours."""
    return str(request.getfixturevalue("official_host")) if request.param == OFFICIAL else ""


@pytest.fixture
async def cloud(elsewhere: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[GoogleCloud]:
    if elsewhere:
        async with connected(elsewhere, monkeypatch) as opened:
            yield opened
    else:
        async with embedded() as host, connected(host, monkeypatch) as opened:
            yield opened


@pytest.fixture
def place() -> Place:
    """Return a database that no other test has seen."""
    return Place(f"test-{uuid4().hex[:12]}")


@asynccontextmanager
async def connected(host: str, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[GoogleCloud, None]:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", host)
    opened = await gcp.connect(Settings(project=Known("acme-prod"), emulated=Known(host)))
    assert isinstance(opened, GoogleCloud)
    try:
        yield opened
    finally:
        await opened.close()


async def raw(cloud: GoogleCloud, place: Place) -> Any:  # noqa: ANN401 - Google's own client
    """Return the client of a database, which can write."""
    return (await cloud.database(place))._client


async def fill(cloud: GoogleCloud, place: Place, documents: Mapping[str, Mapping[str, Any]]) -> None:
    client = await raw(cloud, place)
    for path, fields in documents.items():
        await client.document(path).set(fields)


async def test_a_document_comes_as_plain_values_with_its_times(cloud: GoogleCloud, place: Place) -> None:
    client = await raw(cloud, place)
    fields = {
        "text": "x",
        "number": 3,
        "share": 0.5,
        "yes": True,
        "nothing": None,
        "raw": b"\x00\xff",
        "when": WHEN,
        "map": {"of": {"maps": [1, {"and": GeoPoint(1.5, -2.0)}]}},
        "owner": client.document("users/alice"),
        "vector": Vector([1.0, 2.0]),
    }
    await client.document("sessions/a").set(fields)

    document = await cloud.document(place, "sessions/a")

    assert document is not None
    assert (document.place, document.path) == (place, "sessions/a")
    assert document.fields == fields | {
        "map": {"of": {"maps": [1, {"and": (1.5, -2.0)}]}},
        "owner": "users/alice",
        "vector": [1.0, 2.0],
    }
    times = [document.fields["when"], document.created, document.updated]
    assert [type(one) for one in times] == [datetime] * 3
    assert document.created == document.updated == document.version


async def test_where_there_is_no_document_there_is_none(cloud: GoogleCloud, place: Place) -> None:
    await fill(cloud, place, {"sessions/a": {}})

    assert await cloud.document(place, "sessions/b") is None
    assert await cloud.document(Place(f"{place.project}-2"), "sessions/a") is None
    assert await cloud.documents(place, "nothing") == ()


async def test_documents_are_found_by_a_field_however_deep_and_however_named(
    cloud: GoogleCloud, place: Place
) -> None:
    await fill(
        cloud,
        place,
        {
            "sessions/a": {"probe": "mine", "meta": {"made-by": "us"}},
            "sessions/b": {"probe": "other", "meta": {"made-by": "us"}},
            "sessions/c": {"probe": "mine"},
            "elsewhere/d": {"probe": "mine"},
        },
    )

    async def paths(field: str, value: object, most: int = 100) -> list[str]:
        return [
            one.path for one in await cloud.documents(place, "sessions", equals=(field, value), most=most)
        ]

    assert await paths("probe", "mine") == ["sessions/a", "sessions/c"]
    assert await paths("probe", "mine", most=1) == ["sessions/a"]
    assert await paths("meta.made-by", "us") == ["sessions/a", "sessions/b"]
    assert await paths("probe", "nobody") == []


async def test_the_newest_come_first_with_the_fields_that_were_asked_for(
    cloud: GoogleCloud, place: Place
) -> None:
    await fill(
        cloud,
        place,
        {
            f"sessions/{day}": {
                "at": {"created": WHEN.replace(day=day)},
                "revision": f"r{day}",
                "secret": "x",
            }
            for day in (3, 1, 4, 2)
        }
        | {"sessions/undated": {"revision": "r9"}},
    )

    found = await cloud.documents(
        place, "sessions", newest_by="at.created", most=3, fields=("revision", "at.created")
    )

    assert [one.fields["revision"] for one in found] == ["r4", "r3", "r2"]
    assert found[0].fields == {"revision": "r4", "at": {"created": WHEN.replace(day=4)}}


async def test_a_collection_is_counted_on_the_server(cloud: GoogleCloud, place: Place) -> None:
    await fill(cloud, place, {f"sessions/{number}": {} for number in range(7)} | {"users/x": {}})

    assert await cloud.count_documents(place, "sessions") == 7
    assert await cloud.count_documents(place, "nothing") == 0


async def test_a_document_is_deleted_as_it_was_read_and_not_as_somebody_changed_it(
    cloud: GoogleCloud, place: Place
) -> None:
    writes: Writes = gcp.writes(cloud)
    await fill(cloud, place, {"sessions/a": {"n": 1}})
    before = await read(cloud, place)
    await fill(cloud, place, {"sessions/a": {"n": 2}})

    with pytest.raises(ChangedUnderneath, match="it was not deleted"):
        await writes.delete_document(before)
    after = await read(cloud, place)
    await writes.delete_document(after)

    assert await cloud.document(place, "sessions/a") is None
    await writes.delete_document(after)
    await writes.delete_document(before)


async def read(cloud: GoogleCloud, place: Place) -> Document:
    found = await cloud.document(place, "sessions/a")
    assert found is not None
    return found


async def test_a_document_that_was_never_read_is_not_deleted(cloud: GoogleCloud, place: Place) -> None:
    await fill(cloud, place, {"sessions/a": {}})

    with pytest.raises(Refused, match="was not read"):
        await gcp.writes(cloud).delete_document(Document(place, "sessions/a"))

    assert await cloud.document(place, "sessions/a") is not None


@pytest.mark.parametrize("path", ["sessions", "sessions/a/b", "", "sessions/"])
async def test_a_path_that_no_document_has_is_told(cloud: GoogleCloud, place: Place, path: str) -> None:
    with pytest.raises(UsageProblem, match="Firestore cannot have such a document"):
        await cloud.document(place, path)


async def test_a_document_that_refers_to_another_database_is_told(cloud: GoogleCloud, place: Place) -> None:
    elsewhere = await raw(cloud, Place(f"{place.project}-2"))
    await fill(cloud, place, {"sessions/a": {"owner": elsewhere.document("users/alice")}})

    with pytest.raises(UsageProblem, match="does not correspond to the same database"):
        await cloud.document(place, "sessions/a")


async def test_a_collection_or_a_field_that_cannot_be_is_told(cloud: GoogleCloud, place: Place) -> None:
    with pytest.raises(UsageProblem, match="Firestore cannot have such a collection"):
        await cloud.documents(place, "sessions/a")
    with pytest.raises(UsageProblem, match="Firestore cannot have such a collection"):
        await cloud.documents(place, "sessions", equals=("a..b", 1))


async def test_closing_twice_leaves_no_app_behind(cloud: GoogleCloud, place: Place) -> None:
    apps = len(firebase_admin._apps)
    await cloud.document(place, "sessions/a")
    await cloud.document(Place(place.project, "second"), "sessions/a")
    assert len(firebase_admin._apps) == apps + 2

    await cloud.close()
    await cloud.close()

    assert len(firebase_admin._apps) == apps


async def test_an_emulator_is_asked_past_every_proxy(monkeypatch: pytest.MonkeyPatch, place: Place) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "example.com")
    monkeypatch.delenv("no_grpc_proxy", raising=False)

    async with embedded() as host, connected(host, monkeypatch) as opened:
        assert await opened.document(place, "sessions/a") is None
        assert await opened.document(place, "sessions/b") is None

    past = "no_grpc_proxy"
    assert os.environ[past] == "example.com,127.0.0.1"


async def test_an_emulated_world_without_a_firestore_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected("127.0.0.1:9", monkeypatch) as opened:
        monkeypatch.delenv("FIRESTORE_EMULATOR_HOST")

        with pytest.raises(UsageProblem, match="FIRESTORE_EMULATOR_HOST does not say where its Firestore is"):
            await opened.document(PLACE, "sessions/a")


@pytest.mark.parametrize("host", ["127.0.0.1:9", ""])
async def test_the_real_world_is_not_silently_read_from_an_emulator(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    async with connected("127.0.0.1:9", monkeypatch) as opened:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", host)
        object.__setattr__(opened.clients, "credentials", object())

        with pytest.raises(UsageProblem, match="not from Google") as told:
            await opened.document(PLACE, "sessions/a")

    assert told.value.hint == "unset FIRESTORE_EMULATOR_HOST"


Call = Callable[[GoogleCloud], Awaitable[object]]
UNREAD = Document(PLACE, "sessions/a", version=WHEN)
CALLS: dict[str, Call] = {
    "BatchGetDocuments": lambda cloud: cloud.document(PLACE, "sessions/a"),
    "RunQuery": lambda cloud: cloud.documents(PLACE, "sessions"),
    "RunAggregationQuery": lambda cloud: cloud.count_documents(PLACE, "sessions"),
    "Commit": lambda cloud: gcp.writes(cloud).delete_document(UNREAD),
}


@pytest.mark.parametrize(
    ("method", "permission", "role"),
    [
        ("BatchGetDocuments", "datastore.entities.get", "roles/datastore.viewer"),
        ("RunQuery", "datastore.entities.list", "roles/datastore.viewer"),
        ("RunAggregationQuery", "datastore.entities.list", "roles/datastore.viewer"),
        ("Commit", "datastore.entities.delete", "roles/datastore.user"),
    ],
)
async def test_who_lacks_a_permission_is_told_which_role_has_it(
    monkeypatch: pytest.MonkeyPatch, method: str, permission: str, role: str
) -> None:
    refusing = Refusing()
    async with running(refusing) as host, connected(host, monkeypatch) as opened:
        with pytest.raises(Denied) as told:
            await CALLS[method](opened)

    assert refusing.calls == [method]
    assert str(told.value) == f"You lack {permission} on project acme-prod; {role} has it."
    grant = "gcloud projects add-iam-policy-binding acme-prod --member=user:YOUR_ACCOUNT"
    assert told.value.hint == f"{grant} --role={role}"


DATASTORE = "The Cloud Firestore API is not available for Firestore in Datastore Mode database (default)."
INDEX = "https://console.firebase.google.com/v1/r/project/acme-prod/firestore/indexes?create_composite=Cl"


@pytest.mark.parametrize(
    ("refusing", "kind", "sentence", "hint"),
    [
        (
            Refusing(
                grpc.StatusCode.PERMISSION_DENIED,
                "Cloud Firestore API has not been used in project 123 before or it is disabled.",
                "SERVICE_DISABLED",
                "firestore.googleapis.com",
            ),
            ApiDisabled,
            "Project acme-prod has not enabled firestore.googleapis.com.",
            "gcloud services enable firestore.googleapis.com --project acme-prod",
        ),
        (
            Refusing(
                grpc.StatusCode.NOT_FOUND,
                "The database (default) does not exist for project acme-prod Please visit https://console.cloud…",
            ),
            NotFound,
            "There is no Firestore database (default) in acme-prod.",
            "gcloud firestore databases list --project acme-prod",
        ),
        (
            Refusing(
                grpc.StatusCode.FAILED_PRECONDITION,
                f"The query requires an index. You can create it here: {INDEX}\x1b[2J",
            ),
            UsageProblem,
            "Firestore has no index for this question.",
            f"Create one: {INDEX}",
        ),
        (
            Refusing(
                grpc.StatusCode.FAILED_PRECONDITION,
                DATASTORE,
            ),
            UsageProblem,
            f"Firestore refused: {DATASTORE}",
            "",
        ),
        (
            Refusing(
                grpc.StatusCode.INVALID_ARGUMENT, 'Resource id "__x__" is invalid because it is reserved.'
            ),
            UsageProblem,
            'Firestore cannot have such a collection: Resource id "__x__" is invalid because it is reserved.',
            "",
        ),
    ],
)
async def test_what_firestore_refuses_is_one_sentence_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch, refusing: Refusing, kind: type[BuddyError], sentence: str, hint: str
) -> None:
    async with running(refusing) as host, connected(host, monkeypatch) as opened:
        with pytest.raises(BuddyError) as told:
            await opened.documents(PLACE, "sessions", equals=("a", 1), newest_by="b")

    assert (type(told.value), str(told.value), told.value.hint) == (kind, sentence, hint)


@pytest.mark.parametrize("method", ["BatchGetDocuments", "RunQuery", "Commit"])
async def test_a_moment_of_trouble_is_passed_over(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    refusing = Refusing(grpc.StatusCode.UNAVAILABLE, "try again", times=1)
    async with running(refusing) as host, connected(host, monkeypatch) as opened:
        await CALLS[method](opened)

    assert refusing.calls == [method] * 2


async def test_a_firestore_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firestore, "CALL_SECONDS", 0.2)
    async with running(Refusing(mute=True)) as host, connected(host, monkeypatch) as opened:
        with pytest.raises(Unreachable, match="did not answer"):
            await opened.document(PLACE, "sessions/a")


async def test_a_firestore_that_is_not_there_is_told_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected("127.0.0.1:1", monkeypatch) as opened:
        with pytest.raises(Unreachable, match=r"127\.0\.0\.1:1 cannot be reached: connection refused"):
            await opened.document(PLACE, "sessions/a")


def test_firebase_loads_with_the_first_document_and_not_before() -> None:
    code = (
        "import sys\nfrom buddy_tui import gcp\ngcp.load()\n"
        "print(sorted({'firebase_admin', 'google.cloud.firestore_v1'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
