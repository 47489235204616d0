"""Uploads of source archives, where Cloud Storage answers what no emulator of ours can be brought to answer."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from buddy_tui.errors import BuddyError, ServerTrouble, UsageProblem
from buddy_tui.gcp import sources
from buddy_tui.gcp.errors import About
from buddy_tui.model import ServiceName

NAME = ServiceName("demo", "us-central1", "shop")
BUCKET = "run-sources-demo-us-central1"
DAMAGED = 'Provided CRC32C "AAAAAA==" doesn\'t match calculated CRC32C "2HvlZg==".'


def refused(status: int, message: str) -> web.Response:
    error = {"message": message, "domain": "global", "reason": "invalid"}
    body = {"error": {"code": status, "message": message, "errors": [error]}}
    return web.json_response(body, status=status)


@asynccontextmanager
async def served(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield "http://{}:{}".format(*runner.addresses[0])
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("message", "kind", "says"),
    [
        (DAMAGED, ServerTrouble, "Cloud Storage did not receive what was sent; nothing of it is kept"),
        ("Invalid argument.", UsageProblem, f"Cloud Storage did not accept source bucket {BUCKET}"),
    ],
    ids=["another checksum", "anything else"],
)
async def test_a_refusal_at_the_end_of_an_upload_is_told_for_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, message: str, kind: type[BuddyError], says: str
) -> None:
    async def answer(request: web.Request) -> web.Response:
        match request.method, request.path:
            case "GET", "/storage/v1/b":
                return web.json_response({"items": [{"name": BUCKET, "id": BUCKET}]})
            case "GET", _:
                return refused(404, "No such object")
            case "POST", _:
                return web.Response(headers={"Location": str(request.url.with_query(upload_id="1"))})
        return refused(400, message)

    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    (tmp_path / "a.zip").write_bytes(b"PK")
    told: list[int] = []

    async with served(answer) as rest:
        clients: Any = SimpleNamespace(credentials=None, rest=rest, channels=(), about=About("demo"))
        with pytest.raises(kind, match=says):
            await sources.upload(clients, NAME, tmp_path / "a.zip", "one", told.append)

    assert told == [0]
