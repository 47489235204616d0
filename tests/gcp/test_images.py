"""Whether an image is still there: asked of the registry it came from, and of nobody else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from google.auth.exceptions import RefreshError

from buddy_tui.gcp import images
from buddy_tui.gcp.images import GoogleImages

DIGEST = f"sha256:{'0a' * 32}"
PATH = "acme-prod/cloud-run-source-deploy/api"
IMAGE = f"europe-west1-docker.pkg.dev/{PATH}@{DIGEST}"


class Registry:
    """Answers every manifest with one status, after a while; `asked` are the requests."""

    def __init__(self, status: int = 200, seconds: float = 0.0) -> None:
        self.asked: list[web.Request] = []
        self._status, self._seconds = status, seconds

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        await asyncio.sleep(self._seconds)
        return web.Response(status=self._status, headers={"location": "/elsewhere"})


@asynccontextmanager
async def emulated(registry: Registry) -> AsyncIterator[GoogleImages]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", registry.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    clients: Any = SimpleNamespace(credentials=None, rest=f"http://127.0.0.1:{runner.addresses[0][1]}")
    try:
        yield GoogleImages(clients)
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("status", "there"),
    [(200, True), (404, False), (307, None), (401, None), (403, None), (429, None), (500, None)],
)
async def test_only_a_clear_answer_is_taken_for_one(status: int, there: bool | None) -> None:  # noqa: FBT001
    registry = Registry(status)
    async with emulated(registry) as reads:
        assert await reads.image_is_there(IMAGE) is there

    (asked,) = registry.asked
    assert (asked.method, asked.path) == ("HEAD", f"/v2/{PATH}/manifests/{DIGEST}")
    assert set(asked.headers["accept"].split(", ")) == {
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    }
    assert "authorization" not in asked.headers


@pytest.mark.parametrize(
    ("image", "path"),
    [
        (f"gcr.io/acme-prod/api@{DIGEST}", "acme-prod/api"),
        (f"eu.gcr.io/acme-prod/a_b/c--d.e@{DIGEST}", "acme-prod/a_b/c--d.e"),
        (f"us-docker.pkg.dev/acme-prod/repo/api:v1.2@{DIGEST}", "acme-prod/repo/api"),
    ],
)
async def test_google_has_two_kinds_of_registries(image: str, path: str) -> None:
    registry = Registry()
    async with emulated(registry) as reads:
        assert await reads.image_is_there(image)

    assert [one.path for one in registry.asked] == [f"/v2/{path}/manifests/{DIGEST}"]


@pytest.mark.parametrize(
    "image",
    [
        "",
        "europe-west1-docker.pkg.dev/acme-prod/repo/api",
        "europe-west1-docker.pkg.dev/acme-prod/repo/api:latest",
        f"europe-west1-docker.pkg.dev/acme-prod/repo/api@{DIGEST[:-1]}",
        f"docker.io/library/nginx@{DIGEST}",
        f"nginx@{DIGEST}",
        f"evilpkg.dev/a/b@{DIGEST}",
        f"evilgcr.io/a/b@{DIGEST}",
        f"gcr.io.evil.example/a/b@{DIGEST}",
        f"evil.example/gcr.io/a@{DIGEST}",
        f"evil.example#.gcr.io/a/b@{DIGEST}",
        f"me@evil.example/gcr.io/a@{DIGEST}",
        f"gcr.io:8443/a/b@{DIGEST}",
        f"gcr.io@evil.example/a/b@{DIGEST}",
        f"gcr.io/../a@{DIGEST}",
        f"gcr.io/a/../../b@{DIGEST}",
        f"gcr.io/a?b=@{DIGEST}",
        f"gcr.io/a/b@{DIGEST}\n",
        f" gcr.io/a/b@{DIGEST}",
    ],
)
async def test_nobody_is_asked_about_another_registrys_image_or_one_without_a_digest(image: str) -> None:
    registry = Registry()
    async with emulated(registry) as reads:
        assert await reads.image_is_there(image) is None

    assert registry.asked == []


async def test_a_registry_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "CALL_SECONDS", 0.1)
    async with emulated(Registry(seconds=5.0)) as reads:
        assert await reads.image_is_there(IMAGE) is None


async def test_a_registry_that_is_not_there_tells_nothing() -> None:
    nowhere: Any = SimpleNamespace(credentials=None, rest="http://127.0.0.1:1")

    assert await GoogleImages(nowhere).image_is_there(IMAGE) is None


class Signing:
    """Credentials that note for which address they are used, and may have expired."""

    def __init__(self, *, expired: bool = False) -> None:
        self.urls: list[str] = []
        self._expired = expired

    def before_request(self, _request: object, _method: str, url: str, headers: dict[str, str]) -> None:
        self.urls.append(url)
        if self._expired:
            raise RefreshError("expired")  # type: ignore[no-untyped-call]
        headers["authorization"] = "Bearer token"


async def test_the_real_registry_is_asked_at_its_own_host_and_our_token_goes_nowhere_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.append(await reader.readline())
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
    signing = Signing()
    clients: Any = SimpleNamespace(credentials=signing, rest="https://run.googleapis.com")
    async with server:
        told = await GoogleImages(clients).image_is_there(IMAGE)
        other = await GoogleImages(clients).image_is_there(f"ghcr.io/acme/api@{DIGEST}")

    assert (told, other) == (None, None)
    assert signing.urls == [f"https://europe-west1-docker.pkg.dev/v2/{PATH}/manifests/{DIGEST}"]
    assert lines == [b"CONNECT europe-west1-docker.pkg.dev:443 HTTP/1.1\r\n"]


async def test_without_a_good_sign_in_it_cannot_be_told() -> None:
    clients: Any = SimpleNamespace(credentials=Signing(expired=True), rest="")

    assert await GoogleImages(clients).image_is_there(IMAGE) is None
