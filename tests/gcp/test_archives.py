"""Source archives: listed from their directory alone, over ranged requests."""

import io
import os
import tarfile
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from buddy_tui.errors import Denied, NotFound, NotSignedIn, UsageProblem
from buddy_tui.gcp.archives import GoogleArchives
from buddy_tui.gcp.errors import About

WHERE = "gs://run-sources/services/api/1.zip#7"


class Bucket:
    """A storage server with one object; it counts what is asked of it."""

    def __init__(self, path: Path, status: int = 200, words: str = "") -> None:
        self.sent = 0
        self.asked: list[str] = []
        self._path, self._status, self._words = path, status, words

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path_qs)
        if self._words:
            return web.Response(status=self._status, text=self._words, content_type="text/html")
        if self._status != 200:
            return web.json_response({"error": {"message": "no", "code": self._status}}, status=self._status)
        start, _, end = request.headers["range"].removeprefix("bytes=").partition("-")
        data = self._path.read_bytes()
        first = int(start) if start else max(0, len(data) - int(end))
        piece = data[first : int(end) + 1 if start else None]
        self.sent += len(piece)
        headers = {"content-range": f"bytes {first}-{first + len(piece) - 1}/{len(data)}"}
        return web.Response(status=206, body=piece, headers=headers)


@asynccontextmanager
async def archives(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[GoogleArchives]:
    app = web.Application()
    app.router.add_get("/{path:.*}", bucket.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://{host}:{port}")
    clients: Any = SimpleNamespace(
        credentials=None, rest="", channels=(), about=About("acme-prod", host="storage")
    )
    try:
        yield GoogleArchives(clients)
    finally:
        await runner.cleanup()


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


async def test_a_large_archive_is_listed_from_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {f"assets/{number}.bin": os.urandom(300_000) for number in range(20)}
    path = zipped(tmp_path / "a.zip", {**files, "main.py": b"import yaml\n"})
    bucket = Bucket(path)

    async with archives(bucket, monkeypatch) as reads:
        tree = await reads.source_tree(WHERE, ("Dockerfile",))

    assert len(tree.paths) == len(tree.checksums) == 21
    assert "main.py" in tree.paths
    assert bucket.sent < path.stat().st_size / 20
    assert all("generation=7" in asked and "services%2Fapi%2F1.zip" in asked for asked in bucket.asked)


async def test_the_small_files_that_are_asked_for_are_read_wherever_they_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    padding = {"a.bin": os.urandom(200_000), "z.bin": os.urandom(200_000)}
    files = {
        "Dockerfile": b"FROM x\x1b[2J\n",
        **padding,
        "api/requirements.txt": b"httpx\n",
        "a/b/c/d/Dockerfile": b"deep",
    }
    bucket = Bucket(zipped(tmp_path / "a.zip", files))

    async with archives(bucket, monkeypatch) as reads:
        tree = await reads.source_tree(WHERE, ("Dockerfile", "requirements.txt"))

    assert tree.texts == (("Dockerfile", "FROM x\n"), ("api/requirements.txt", "httpx\n"))


async def test_a_directory_larger_than_one_block_is_fetched_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {f"folder/with/a/long/name/number-{number:05d}.py": b"" for number in range(3000)}
    bucket = Bucket(zipped(tmp_path / "a.zip", files))

    async with archives(bucket, monkeypatch) as reads:
        tree = await reads.source_tree(WHERE, ())

    assert len(tree.paths) == 3000
    assert len(bucket.asked) > 2


async def test_an_archive_of_another_kind_is_not_downloaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.tgz"
    with tarfile.open(path, "w:gz") as archive:
        info = tarfile.TarInfo("main.py")
        info.size = 2_000_000
        archive.addfile(info, io.BytesIO(os.urandom(2_000_000)))
    bucket = Bucket(path)

    async with archives(bucket, monkeypatch) as reads:
        with pytest.raises(UsageProblem, match="no ZIP"):
            await reads.source_tree(WHERE, ())

    assert bucket.sent <= 1 << 18


@pytest.mark.parametrize(("status", "kind"), [(404, NotFound), (403, Denied)])
async def test_googles_refusals_are_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, kind: type[Exception]
) -> None:
    async with archives(Bucket(tmp_path / "none", status), monkeypatch) as reads:
        with pytest.raises(kind):
            await reads.source_tree(WHERE, ())


async def test_what_is_no_address_is_refused_before_anything_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = Bucket(tmp_path / "none")

    async with archives(bucket, monkeypatch) as reads:
        with pytest.raises(UsageProblem):
            await reads.source_tree("https://example.com/a.zip", ())

    assert bucket.asked == []


@pytest.mark.parametrize(
    ("status", "words", "error", "says"),
    [
        (404, "No such object: run-sources/services/api/1.zip", NotFound, "no archive services/api/1.zip in"),
        (403, "me@acme.dev does not have storage.objects.get access to the object.", Denied, "objects.get"),
        (403, '{"error": "a proxy says no"}', Denied, "objects.get"),
        (401, "Invalid Credentials", NotSignedIn, "did not accept the credentials"),
        (412, "A vault rule.", UsageProblem, "Cloud Storage did not accept archive .*: A vault rule"),
        (
            416,
            "The requested range cannot be satisfied.",
            UsageProblem,
            "no ZIP",
        ),  # an empty object has no range
    ],
)
async def test_an_error_in_bare_words_as_of_contents_is_told_as_one_of_cloud_storage(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    words: str,
    error: type[Exception],
    says: str,
) -> None:
    async with archives(Bucket(tmp_path / "none", status, words), monkeypatch) as reads:
        with pytest.raises(error, match=says):
            await reads.source_tree(WHERE, ())
