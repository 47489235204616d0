"""Log entries over REST, as gcloud asks for them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.logs import entries
from buddy_tui.emulator.logs.rest import routes
from buddy_tui.emulator.logs.store import LogStore
from buddy_tui.emulator.names import Where

WHERE = Where("acme", "us-central1", "shop", "shop-00001-abc")
START = datetime(2026, 2, 10, 8, 0, tzinfo=UTC)
# What `gcloud run services logs read shop` sends.
READ = (
    "resource.type = cloud_run_revision \n AND resource.labels.service_name = shop \n"
    " AND resource.labels.location = us-central1 \n AND severity >= DEFAULT \n"
    ' AND timestamp>="2026-02-09T08:00:00.000000Z"'
)
Ask = Any
Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def faults() -> Faults:
    return Faults()


@pytest.fixture
async def client(faults: Faults) -> AsyncIterator[Client]:
    """Serve three lines and an audit entry."""
    store = LogStore(Clock(), faults)
    for second in range(3):
        store.write(entries.line(WHERE, "i1", "stdout", f"line {second}", START + timedelta(seconds=second)))
    store.write(
        entries.activity(
            WHERE,
            "ana@example.com",
            "google.cloud.run.v2.Services.UpdateService",
            START + timedelta(seconds=9),
            request={"updateMask": "traffic", "generation": 7, "share": 0.5},
        )
    )
    app = web.Application()
    app.add_routes(routes(store, faults))
    async with TestClient(TestServer(app, host="127.0.0.1")) as there:
        yield there


@pytest.fixture
async def ask(client: Client) -> Ask:
    """List entries with a body."""

    async def asked(**body: object) -> tuple[int, dict[str, Any]]:
        async with client.post("/v2/entries:list", json={"resourceNames": ["projects/acme"], **body}) as told:
            return told.status, await told.json()

    return asked


async def test_entries_are_told_in_the_order_that_was_asked_for(ask: Ask) -> None:
    _, told = await ask(filter='textPayload:"line"', orderBy="timestamp desc", pageSize=2)
    _, rest = await ask(
        filter='textPayload:"line"', orderBy="timestamp desc", pageSize=2, pageToken=told["nextPageToken"]
    )

    texts = [one["textPayload"] for one in (*told["entries"], *rest["entries"])]
    assert texts == ["line 2", "line 1", "line 0"]
    assert "nextPageToken" not in rest


async def test_the_filter_of_gcloud_is_understood(ask: Ask) -> None:
    _, told = await ask(filter=READ)

    assert len(told["entries"]) == 4


async def test_an_entry_has_its_published_json(ask: Ask) -> None:
    _, told = await ask(filter="textPayload:0")

    (entry,) = told["entries"]
    assert entry["timestamp"] == "2026-02-10T08:00:00Z"
    assert entry["resource"]["labels"]["revision_name"] == "shop-00001-abc"
    assert entry["logName"] == "projects/acme/logs/run.googleapis.com%2Fstdout"


async def test_an_audit_entry_shows_its_request_with_whole_numbers_as_google_writes_them(ask: Ask) -> None:
    _, told = await ask(filter="protoPayload.methodName:UpdateService")

    payload = told["entries"][0]["protoPayload"]
    assert payload["@type"] == "type.googleapis.com/google.cloud.audit.AuditLog"
    assert payload["request"] == {"generation": 7, "share": 0.5, "updateMask": "traffic"}
    assert isinstance(payload["request"]["generation"], int)


async def test_an_entry_that_was_written_is_read_and_its_log_is_listed(client: Client, ask: Ask) -> None:
    log = "projects/acme/logs/release"
    entry = {"logName": log, "resource": {"type": "global"}, "severity": "NOTICE", "textPayload": "promoted"}

    async with client.post("/v2/entries:write", json={"entries": [entry]}) as told:
        assert (told.status, await told.json()) == (200, {})
    async with client.get("/v2/projects/acme/logs") as told:
        assert log in (await told.json())["logNames"]
    _, told = await ask(filter='textPayload:"promoted"')

    assert told["entries"][0].items() >= entry.items()


async def test_nothing_found_is_an_empty_answer(ask: Ask) -> None:
    assert await ask(filter="textPayload:nothing") == (200, {})


@pytest.mark.parametrize("body", [{"filter": "severity >="}, {"pageSize": "many"}, {"noSuchField": 1}])
async def test_what_cannot_be_understood_is_refused(ask: Ask, body: dict[str, object]) -> None:
    status, told = await ask(**body)

    assert (status, told["error"]["status"]) == (400, "INVALID_ARGUMENT")


async def test_a_spent_quota_is_told_as_google_tells_it(ask: Ask, faults: Faults) -> None:
    faults.exhausted = 1.0

    status, told = await ask()

    assert (status, told["error"]["status"]) == (429, "RESOURCE_EXHAUSTED")
