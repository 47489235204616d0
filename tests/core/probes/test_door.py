"""The way out, against servers that are slow, endless, broken, huge, and out for a token."""

import asyncio
import gzip
import os
import subprocess
import sys
import tracemalloc
import zlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from buddy_tui import __version__
from buddy_tui.errors import Denied, NotSignedIn, UsageProblem
from buddy_tui.probes.door import HttpDoor, HttpVisit
from buddy_tui.probes.values import Answer, Refusal, Target
from buddy_tui.question import Ask
from tests import make
from tests.core.probes.servers import Seen, Write, always, answer, closing, serving, silent
from tests.fakes import FakeReads

GET = Ask("GET", "/health")
TOKEN = "token-for-https://api-abcdefghij-ew.a.run.app"  # noqa: S105 - the fake's
FORBIDDEN = (
    b"<html><head>\n<title>403 Forbidden</title>\n</head>\n<body text=#000000 bgcolor=#ffffff>\n"
    b"<h1>Error: Forbidden</h1>\n<h2>Your client does not have permission to get URL <code>/</code> from this server."
    b"</h2>\n<h2></h2>\n</body></html>\n"
)


@asynccontextmanager
async def visiting(tokens: FakeReads | None = None) -> AsyncGenerator[HttpVisit, None]:
    visit = HttpDoor(tokens or FakeReads(), clock=lambda: make.NOW).visit()
    try:
        yield visit
    finally:
        await visit.close()


async def sent(
    server: Seen, ask: Ask = GET, *, seconds: float = 5.0, tokens: FakeReads | None = None
) -> Answer:
    async with visiting(tokens) as visit:
        return await visit.send(server.target(), ask, timeout=seconds)


async def test_an_answer_has_everything_that_came_back() -> None:
    async with serving(always(answer(b'{"status": "ok"}', "200 OK", "X-Revision: a"))) as server:
        got = await sent(server)

    assert (got.status, got.body, got.cut, got.trouble, got.refusal) == (
        200,
        b'{"status": "ok"}',
        False,
        "",
        None,
    )
    assert ("x-revision", "a") in got.headers
    assert got.began == make.NOW
    assert 0 < got.took < 5


async def test_a_request_is_marked_as_a_probe_and_can_be_found_by_its_trace() -> None:
    async with serving(always(answer())) as server:
        first, second = await sent(server), await sent(server)

    told = server.headers()
    assert told["user-agent"] == f"buddy-tui/{__version__} (probe)"
    assert told["traceparent"].startswith(f"00-{second.trace}-")
    assert told["accept"] == "application/json, */*"
    assert len(first.trace) == 32
    assert first.trace != second.trace


async def test_the_token_goes_where_an_application_wants_its_own_authorization_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("API_KEY", "s3cret")
    own = Ask("POST", "/chat", '{"message": "hi"}', (("Authorization", "Basic ${API_KEY}"),))
    async with serving(always(answer())) as server:
        await sent(server)
        await sent(server, own)

    assert server.headers(0)["authorization"] == f"Bearer {TOKEN}"
    assert server.headers(1)["authorization"] == "Basic s3cret"
    assert server.headers(1)["x-serverless-authorization"] == f"Bearer {TOKEN}"
    assert server.headers(1)["content-type"] == "application/json"


async def test_no_token_is_asked_for_where_none_is_needed() -> None:
    tokens = FakeReads()
    async with serving(always(answer())) as server, visiting(tokens) as visit:
        await visit.send(server.target(audience=""), GET, timeout=5)

    assert "authorization" not in server.headers()
    assert tokens.calls == []


async def test_a_token_is_not_sent_in_the_clear_to_another_machine() -> None:
    tokens = FakeReads()
    target = Target("api-00001-aaa", "http://api.invalid", "https://api.run.app", ("http://api.invalid",))
    async with visiting(tokens) as visit:
        await visit.send(target, GET, timeout=5)

    assert tokens.calls == []


async def test_a_public_service_is_asked_without_a_token_where_none_can_be_had_and_nobody_looks_again() -> (
    None
):
    tokens = FakeReads()
    tokens.fail("identity_token", NotSignedIn("No credentials.", "gcloud auth application-default login"))
    async with serving(always(answer(b"ok"))) as server, visiting(tokens) as visit:
        answers = [await visit.send(server.target(), GET, timeout=5) for _ in range(3)]

    assert [(one.status, one.refusal) for one in answers] == [(200, None)] * 3
    assert "authorization" not in server.headers()
    assert tokens.count("identity_token") == 1


async def test_a_private_service_without_a_token_says_why_there_is_none() -> None:
    tokens = FakeReads()
    tokens.fail("identity_token", Denied("You may not act as probe@acme.", "gcloud iam …"))
    async with serving(always(answer(FORBIDDEN, "403 Forbidden"))) as server:
        got = await sent(server, tokens=tokens)

    assert got.refusal is Refusal.NO_TOKEN
    assert "You may not act as probe@acme." in got.reason
    assert got.fix == "gcloud iam …"


async def test_a_refused_target_is_sent_nothing() -> None:
    async with serving(always(answer())) as server, visiting() as visit:
        shut = Target("api-1", server.origin, refusal=Refusal.NO_ADDRESS, reason="No tag.", fix="gcloud …")
        got = await visit.send(shut, GET, timeout=5)

    assert (got.refusal, got.reason, got.fix) == (Refusal.NO_ADDRESS, "No tag.", "gcloud …")
    assert server.connections == 0


@pytest.mark.parametrize(
    "path",
    ["//evil.example/x", "@evil.example/x", ".evil.example/", "http://evil.example/", "x", "", ":80@evil/"],
)
async def test_a_path_that_leads_elsewhere_is_not_followed(path: str) -> None:
    tokens = FakeReads()
    async with serving(always(answer())) as server:
        got = await sent(server, Ask("GET", path), tokens=tokens)

    assert got.refusal is Refusal.FOREIGN_HOST
    assert server.connections == 0
    assert tokens.calls == []


async def test_a_host_header_does_not_lead_a_token_to_another_service_behind_the_same_front_end() -> None:
    async with serving(always(answer())) as server:
        got = await sent(server, Ask("GET", "/", headers=(("hOST", "evil-abcdefghij-ew.a.run.app"),)))

    assert got.refusal is Refusal.FOREIGN_HOST
    assert server.connections == 0


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect"])
@pytest.mark.parametrize("location", ["{}/x", "//{host}/x", "http://user:pw@{host}/x"])
async def test_a_redirect_elsewhere_is_an_answer_and_nobody_there_sees_request_or_token(
    status: str, location: str
) -> None:
    async with serving(always(answer(b"stolen"))) as foreign:
        where = location.format(foreign.origin, host=foreign.origin.removeprefix("http://"))
        async with serving(always(answer(b"", status, f"location: {where}"))) as server:
            got = await sent(server, Ask("POST", "/chat", "{}"))

    assert foreign.connections == 0
    assert (got.status, got.refusal) == (int(status[:3]), None)
    assert f"leads on to {foreign.origin}" in got.trouble


async def test_a_redirect_of_the_revisions_own_is_followed_with_the_token() -> None:
    async def behave(path: str, write: Write) -> None:
        await write(answer(b"here") if path == "/b" else answer(b"", "302 Found", "location: /b"))

    async with serving(behave) as server:
        got = await sent(server, Ask("GET", "/a"))

    assert (got.status, got.body, got.trouble) == (200, b"here", "")
    assert server.headers()["authorization"] == f"Bearer {TOKEN}"


async def test_endless_redirects_end() -> None:
    async with serving(always(answer(b"", "302 Found", "location: /again"))) as server:
        got = await sent(server)

    assert (got.status, len(server.heads)) == (302, 6)
    assert got.trouble == "it leads on and on: 5 redirects were followed"


@pytest.mark.parametrize(
    "location",
    [
        "http://[",
        "\x00\xff",
        "http://" + "a" * 300 + ".example/",
        "ftp://x",
        "?",
        "http://xn--/",
        "javascript:x",
    ],
)
async def test_a_broken_redirect_is_no_crash(location: str) -> None:
    async with serving(always(answer(b"", "302 Found", f"location: {location}"))) as server:
        got = await sent(server)

    assert got.trouble
    assert not got.ours


async def dripping_head(path: str, write: Write) -> None:
    await write(b"HTTP/1.1 200 OK\r\n")
    while True:
        await write(b"x: y\r\n")
        await asyncio.sleep(0.01)


async def dripping_body(path: str, write: Write) -> None:
    await write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
    while True:
        await write(b".")
        await asyncio.sleep(0.01)


async def endless_hints(path: str, write: Write) -> None:
    while True:
        await write(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100)


@pytest.mark.parametrize(
    ("behave", "status", "words"),
    [
        (silent, 0, "no answer within 0.3 s"),
        (dripping_head, 0, "no answer within 0.3 s"),
        (endless_hints, 0, "no answer within 0.3 s"),
        (dripping_body, 200, "the answer did not end within 0.3 s"),
    ],
)
async def test_a_slow_answer_ends_when_its_time_is_up(behave, status: int, words: str) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - a server
    async with serving(behave) as server:
        async with asyncio.timeout(3):
            got = await sent(server, seconds=0.3)

    assert (got.status, got.trouble, got.ours) == (status, words, False)
    assert 0.25 < got.took < 2


@pytest.mark.parametrize(
    ("raw", "status", "words"),
    [
        (answer(b"half", length=100), 200, "the answer broke off after 4 bytes"),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
            200,
            "the answer broke off after 2 bytes",
        ),
        (b"", 0, "the connection was closed without an answer"),
        (b"HTTP/1.1 200", 0, "the connection was closed without an answer"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", 0, "the answer is not valid HTTP"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: a\r\n\r\n", 0, "the answer is not valid HTTP"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", 200, "the answer is not valid HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 30_000, 0, "the head of the answer is larger than 100 KiB"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000, 0, "the head of the answer is larger than 100 KiB"),
    ],
)
async def test_a_broken_answer_is_told_in_words(raw: bytes, status: int, words: str) -> None:
    async with serving(closing(raw)) as server:
        got = await sent(server)

    assert (got.status, got.trouble, got.ours) == (status, words, False)


async def huge(path: str, write: Write) -> None:
    await write(b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n")
    for _ in range(1024):
        await write(b"." * 1048576)


def packed(data: bytes, how: str) -> bytes:
    body = gzip.compress(data, mtime=0) if how == "gzip" else zlib.compress(data)
    if how == "bare deflate":
        body = body[2:-4]
    return answer(body, "200 OK", f"content-encoding: {how.removeprefix('bare ')}")


# Each is four MiB of zeros that any number of the same may follow: a gigabyte in a megabyte.
_ZEROS = zlib.compressobj(9, zlib.DEFLATED, 31)
_BLOCK = _ZEROS.compress(bytes(4 << 20)) + _ZEROS.flush(zlib.Z_FULL_FLUSH)
_NEXT_BLOCK = _ZEROS.compress(bytes(4 << 20)) + _ZEROS.flush(zlib.Z_FULL_FLUSH)


async def bomb(path: str, write: Write) -> None:
    await write(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n" + _BLOCK)
    for _ in range(255):
        await write(_NEXT_BLOCK)


async def tiny_chunks(path: str, write: Write) -> None:
    await write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        await write(b"1\r\n.\r\n" * 10_000)


@pytest.mark.parametrize("behave", [huge, bomb])
async def test_a_huge_answer_costs_neither_time_nor_memory(behave) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - a server
    async with serving(behave) as server, visiting() as visit:
        await visit.send(server.target(), Ask("GET", "/"), timeout=5)  # what is loaded once
        tracemalloc.start()
        got = await visit.send(server.target(), GET, timeout=5)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert (got.status, len(got.body), got.cut, got.trouble) == (200, 1 << 20, True, "")
    assert got.took < 2
    assert most < 24 << 20  # ours and the server's, which holds four MiB and what it makes of them


async def test_a_body_in_pieces_of_a_byte_leaves_everybody_else_their_turn() -> None:
    turns = list[float]()

    async def elsewhere() -> None:
        while True:
            turns.append(asyncio.get_running_loop().time())
            await asyncio.sleep(0.005)

    async with serving(tiny_chunks) as server:
        other = asyncio.create_task(elsewhere())
        got = await sent(server, seconds=0.5)
        other.cancel()

    assert got.trouble == "the answer did not end within 0.5 s"
    assert got.took < 1.5
    assert len(turns) > 20


@pytest.mark.parametrize("how", ["gzip", "deflate", "bare deflate"])
async def test_a_packed_body_is_unpacked(how: str) -> None:
    async with serving(always(packed(b"hello " * 1000, how))) as server:
        got = await sent(server)

    assert (got.body, got.trouble) == (b"hello " * 1000, "")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (
            answer(gzip.compress(b"hello" * 99, mtime=0)[:-9], "200 OK", "content-encoding: gzip"),
            "its packed body ends too soon",
        ),
        (answer(b"no gzip at all", "200 OK", "content-encoding: gzip"), "its packed body is damaged"),
        (
            answer(b"...", "200 OK", "content-encoding: br"),
            "its body is packed in a way that was not asked for",
        ),
        (
            answer(b"...", "200 OK", "content-encoding: gzip, gzip"),
            "its body is packed in a way that was not asked for",
        ),
    ],
)
async def test_a_body_that_cannot_be_unpacked_says_so(raw: bytes, words: str) -> None:
    async with serving(always(raw)) as server:
        got = await sent(server)

    assert (got.status, got.trouble) == (200, words)


async def test_headers_are_clean_bounded_and_without_secrets() -> None:
    many = [f"x-{at}: {at}" for at in range(200)]
    hostile = (
        "set-cookie: session=s3cret",
        "x-api-key: s3cret",
        "location: /next?code=s3cret",
        "x-color: \x1b[31mred\x1b[0m\x9b2J",
        f"x-long: {'y' * 5000}",
    )
    async with serving(always(answer(b"\x1b]52;c;AAAA\x07\xff\xfe", "200 OK", *hostile, *many))) as server:
        got = await sent(server)

    told = dict(got.headers)
    assert len(got.headers) <= 60
    assert "s3cret" not in repr(got)
    assert told["set-cookie"] == told["x-api-key"] == "…"
    assert told["location"] == "/next?…"
    assert "\x1b" not in repr(got.headers).replace("\\x1b", "\x1b")
    assert len(told["x-long"]) <= 300


async def test_a_visitor_has_cookies_of_its_own_and_forgets_them() -> None:
    async with serving(always(answer(b"", "200 OK", "set-cookie: GAESA=here; path=/"))) as server:
        async with visiting() as visit:
            await visit.send(server.target(), GET, timeout=5)
            await visit.send(server.target(), GET, timeout=5)
        await sent(server)

    assert [server.headers(at).get("cookie") for at in range(3)] == [None, "GAESA=here", None]


async def test_visitors_have_connections_of_their_own_and_close_them() -> None:
    async with serving(always(answer())) as server:
        async with visiting() as one, visiting() as other:
            for visit in (one, other, one, other):
                await visit.send(server.target(), GET, timeout=5)
        assert server.connections == 2


async def test_a_proxy_of_the_environment_does_not_see_requests_to_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serving(always(answer(b"proxied"))) as proxy, serving(always(answer(b"direct"))) as server:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.origin)
        got = await sent(server)

    assert (got.body, proxy.connections) == (b"direct", 0)


async def test_a_proxy_of_the_environment_is_used_for_the_world(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(always(answer(b"", "407 Proxy Authentication Required"))) as proxy:
        monkeypatch.setenv("https_proxy", proxy.origin)
        target = Target("api-1", "https://api.invalid", "https://api.invalid", ("https://api.invalid",))
        async with visiting() as visit:
            got = await visit.send(target, GET, timeout=5)

    assert (got.status, got.trouble, got.ours) == (
        0,
        "the proxy does not let us through to api.invalid",
        True,
    )
    assert proxy.heads[0].startswith("CONNECT api.invalid:443")
    assert TOKEN not in proxy.heads[0]


async def test_a_refused_connection_says_nothing_about_the_revision() -> None:
    async with serving(silent) as server:
        pass
    got = await sent(server)

    assert (got.status, got.ours) == (0, True)
    assert got.trouble == f"{server.origin.removeprefix('http://')} refuses connections"


async def test_an_unknown_name_says_nothing_about_the_revision(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    target = Target("api-1", "https://api.invalid", "", ("https://api.invalid",))
    async with visiting() as visit:
        got = await visit.send(target, GET, timeout=20)

    assert (got.status, got.ours) == (0, True)
    assert "api.invalid" in got.trouble


async def test_a_server_without_tls_says_nothing_about_the_revision() -> None:
    def refuse(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server, visiting() as visit:
        base = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        got = await visit.send(Target("api-1", base, "", (base,)), GET, timeout=5)

    assert (got.status, got.ours) == (0, True)
    assert got.trouble.startswith("no secure connection (TLS) to 127.0.0.1")


@pytest.mark.parametrize(
    ("headers", "named"),
    [
        ((("X-Key", "${BUDDY_NO_SUCH}"),), "BUDDY_NO_SUCH"),
        ((("X-Key", "s3cret\r\nX-Evil: 1"),), "X-Key"),
        ((("X Key:", "s3cret"),), "X Key:"),
        ((("Content-Length", "99"),), "Content-Length"),
    ],
)
async def test_a_header_that_cannot_be_sent_is_named_without_its_value(
    headers: tuple[tuple[str, str], ...], named: str
) -> None:
    async with serving(always(answer())) as server:
        with pytest.raises(UsageProblem, match=named) as raised:
            await sent(server, Ask("GET", "/", headers=headers))

    assert "s3cret" not in str(raised.value)
    assert server.connections == 0


async def test_a_request_that_cannot_be_sent_is_our_trouble() -> None:
    async with serving(silent) as server:
        got = await sent(server, Ask("GET", "/a\x00b"), seconds=1)

    assert (got.trouble, got.ours) == ("the request cannot be sent as it is written", True)


async def test_cancelling_a_request_closes_its_connection() -> None:
    asked, gone = asyncio.Event(), asyncio.Event()

    async def endless(path: str, write: Write) -> None:
        asked.set()
        try:
            while True:
                await write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
                await asyncio.sleep(0.01)
        except OSError:
            gone.set()

    async with serving(endless) as server, visiting() as visit, asyncio.timeout(5):
        sending = asyncio.create_task(visit.send(server.target(), GET, timeout=60))
        await asked.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await gone.wait()


def test_importing_the_probes_imports_no_httpx() -> None:
    program = "import sys, buddy_tui.probes, buddy_tui.probes.door; sys.exit('httpx' in sys.modules)"

    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[3], env=os.environ)
