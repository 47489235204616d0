"""The emulator as the forward proxy of programs that know Google's hosts alone."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from buddy_tui.emulator.machine.proxy import proxy


async def _told(request: web.Request) -> web.Response:
    return web.json_response({"host": request.url.host, "path": request.path})


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    app = web.Application(middlewares=(proxy,))
    app.router.add_route("*", "/{path:.*}", _told)
    there = TestServer(app, host="127.0.0.1")
    async with there:
        yield there


async def _get(server: TestServer, url: str) -> tuple[int, dict[str, object]]:
    async with ClientSession() as http, http.get(url, proxy=str(server.make_url("/"))) as answer:
        return answer.status, await answer.json()


@pytest.mark.parametrize("host", ["us-central1-run.buddy.invalid", "localhost", "127.0.0.1"])
async def test_it_answers_itself_for_hosts_of_its_own_and_of_this_machine(
    server: TestServer, host: str
) -> None:
    assert await _get(server, f"http://{host}/v1/x") == (200, {"host": host, "path": "/v1/x"})


@pytest.mark.parametrize(
    "host",
    [
        "run.googleapis.com",
        "buddy.invalid.example.com",
        "notbuddy.invalid",
        "127.0.0.1.example.com",
        "10.0.0.1",
    ],
)
async def test_it_lets_nothing_out(server: TestServer, host: str) -> None:
    status, told = await _get(server, f"http://{host}/v1/x")

    assert status == 403
    assert told["error"] == {
        "code": 403,
        "message": f"The emulator lets nothing out: '{host}' is not on this machine.",
        "status": "PERMISSION_DENIED",
    }


@pytest.mark.parametrize(
    ("url", "status"),
    [
        (b"http://RUN.Buddy.Invalid/x", 200),
        (b"http://[::1]:9/x", 200),
        (b"http://run.buddy.invalid@example.com/x", 403),
        (b"http://example.com/run.buddy.invalid/x", 403),
        (b"http://RUN.GOOGLEAPIS.COM/x", 403),
        (b"http://run.googleapis.com./x", 403),
        (b"http://[2001:db8::1]/x", 403),
        (b"http://0x7f.0.0.1/x", 403),
    ],
)
async def test_no_way_to_write_a_host_leads_out(server: TestServer, url: bytes, status: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET " + url + b" HTTP/1.1\r\nHost: run.buddy.invalid\r\n\r\n")

    first = await asyncio.wait_for(reader.readline(), 5)
    writer.close()

    assert first.startswith(b"HTTP/1.1 %d " % status)


async def test_it_opens_no_tunnel(server: TestServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"CONNECT run.googleapis.com:443 HTTP/1.1\r\nHost: run.googleapis.com:443\r\n\r\n")

    first = await asyncio.wait_for(reader.readline(), 5)
    writer.close()

    assert b" 403 " in first


async def test_who_comes_without_a_proxy_is_served(server: TestServer) -> None:
    async with ClientSession() as http, http.get(server.make_url("/x")) as answer:
        assert answer.status == 200
