"""Cloud Storage, asked by the official client, unmodified."""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import aiohttp
import google.api_core.exceptions as google
import pytest
from aiohttp import web
from google.cloud.storage import Client

from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.machine.objects import Store
from buddy_tui.emulator.machine.storage import routes
from buddy_tui.emulator.names import Problem

_MIB = 1 << 20
# The client library carries no types.
Untyped = Any
_CHUNK = 256 << 10
# Not a whole number of chunks, and every part of it is unlike the others.
_CONTENT = b"".join(number.to_bytes(4, "big") for number in range(_MIB // 4 + 1000))


class Server:
    """The API on a port of its own, and a client that found it by the environment."""

    def __init__(self, store: Store, faults: Faults, url: str, client: Untyped) -> None:
        self.store, self.faults, self.url, self.client = store, faults, url, client

    async def ask(self, question: Untyped, *args: Untyped, **kwargs: Untyped) -> Untyped:
        """Call the client, which blocks, in a thread."""
        return await asyncio.to_thread(question, *args, **kwargs)


@pytest.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    store, faults = Store(tmp_path, Clock()), Faults()
    app = web.Application()
    app.add_routes(routes(store, faults))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", url)
    client = Client(project="demo")
    yield Server(store, faults, url, client)
    client.close()
    await runner.cleanup()


async def _bucket(server: Server, name: str = "run-sources-demo-us-central1") -> Untyped:
    return await server.ask(server.client.create_bucket, name, location="us-central1")


async def test_a_bucket_is_made_found_and_deleted(server: Server) -> None:
    await _bucket(server, "bucket")
    found = await server.ask(server.client.get_bucket, "bucket")
    await server.ask(found.delete)

    assert (found.name, found.location) == ("bucket", "US-CENTRAL1")
    with pytest.raises(google.NotFound, match="The specified bucket does not exist"):
        await server.ask(server.client.get_bucket, "bucket")


@pytest.mark.parametrize(
    "name", ["ab", "Upper", "-b", "b-", "a b", "goog-b", "my-google-b", "b" * 64, f"{'b' * 64}.example", ""]
)
async def test_a_name_that_no_bucket_may_have_is_refused(server: Server, name: str) -> None:
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{server.url}/storage/v1/b?project=demo", json={"name": name}) as answer,
    ):
        error = (await answer.json())["error"]

    assert (answer.status, error["errors"][0]["reason"]) == (400, "invalid")


@pytest.mark.parametrize("name", ["abc", "b" * 63, "1.b_c-d", f"{'b' * 63}.{'c' * 63}"])
async def test_a_name_within_googles_rules_is_taken(server: Server, name: str) -> None:
    assert (await _bucket(server, name)).name == name


@pytest.mark.parametrize(
    ("project", "words"), [("demo", "you already own it"), ("other", "bucket name is not available")]
)
async def test_a_bucket_name_that_is_taken_is_a_conflict(server: Server, project: str, words: str) -> None:
    await _bucket(server, "bucket")

    with pytest.raises(google.Conflict, match=words):
        await server.ask(server.client.create_bucket, "bucket", project=project)


async def test_a_bucket_with_objects_is_not_deleted(server: Server) -> None:
    bucket = await _bucket(server)
    await server.ask(bucket.blob("x").upload_from_string, b"x")

    with pytest.raises(google.Conflict, match="not empty"):
        await server.ask(bucket.delete)


@pytest.mark.parametrize("checksum", [None, "md5", "crc32c"])
@pytest.mark.parametrize(
    ("content", "chunk"),
    [
        (b"", None),
        (b"--b\r\n\r\n--b--\r\n", None),
        (_CONTENT, None),
        (_CONTENT, _CHUNK),
        (_CONTENT[:_MIB], _CHUNK),
    ],
    ids=["empty", "like a boundary", "multipart", "resumable", "resumable, whole chunks"],
)
async def test_an_upload_comes_back_as_it_went(
    server: Server, content: bytes, chunk: int | None, checksum: str | None
) -> None:
    bucket = await _bucket(server)
    blob = bucket.blob("services/shop/1 ü%2F?.zip", chunk_size=chunk)

    # Without a size, the client speaks the resumable protocol as a stream of unknown length.
    size = None if chunk else len(content)
    await server.ask(
        blob.upload_from_file,
        io.BytesIO(content),
        size=size,
        content_type="application/zip",
        checksum=checksum,
    )

    assert await server.ask(blob.download_as_bytes) == content
    assert server.store.read(bucket.name, "services/shop/1 ü%2F?.zip", blob.generation) == content
    assert (blob.size, blob.content_type) == (len(content), "application/zip")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("crc32c=AAAAAA==", 'Provided CRC32C "AAAAAA==" doesn\'t match calculated CRC32C "mnG7TA==".'),
        ("crc32c=mnG7TA==, md5=AA==", 'MD5 hash "AA==" doesn\'t match calculated MD5 hash "XUFAKr'),
    ],
    ids=["crc32c", "md5"],
)
async def test_a_content_other_than_the_client_says_is_refused_and_not_kept(
    server: Server, said: str, words: str
) -> None:
    await _bucket(server, "bucket")
    begin = f"{server.url}/upload/storage/v1/b/bucket/o?uploadType=resumable&name=x"
    async with aiohttp.ClientSession() as http:
        async with http.post(begin, json={}) as started:
            place = started.headers["Location"]
        async with http.put(place, data=b"hello", headers={"X-Goog-Hash": said}) as answer:
            error = (await answer.json())["error"]

    assert (answer.status, error["errors"][0]["reason"]) == (400, "invalid")
    assert words in error["message"]
    assert server.store.bucket("bucket").objects == {}


async def test_metadata_of_an_object_carry_hashes_and_what_was_set(server: Server) -> None:
    bucket = await _bucket(server)
    blob = bucket.blob("a")
    blob.metadata = {"commit": "1234"}
    await server.ask(blob.upload_from_string, b"hello", content_type="text/x-mine")

    found = await server.ask(bucket.get_blob, "a")

    assert found.metadata == {"commit": "1234"}
    assert (found.md5_hash, found.crc32c) == ("XUFAKrxLKna5cZ2REBfFkg==", "mnG7TA==")
    assert found.content_type == "text/x-mine"


async def test_the_client_reads_when_things_were_made(server: Server) -> None:
    before = datetime.now(UTC)
    bucket = await _bucket(server)
    blob = bucket.blob("a")
    await server.ask(blob.upload_from_string, b"hello")

    for made in (bucket.time_created, blob.time_created, blob.updated):
        assert abs(made - before) < timedelta(minutes=1)


async def test_who_asks_for_a_content_that_is_not_there_is_told_so_in_bare_words(server: Server) -> None:
    await _bucket(server, "bucket")
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{server.url}/download/storage/v1/b/bucket/o/a%2Fb?alt=media") as answer,
    ):
        told = await answer.text()

    assert (answer.status, answer.content_type, told) == (404, "text/html", "No such object: bucket/a/b")


@pytest.mark.parametrize(("start", "end"), [(0, 9), (5, None), (_MIB, _MIB + 7)])
async def test_a_range_of_an_object_is_downloaded(server: Server, start: int, end: int | None) -> None:
    bucket = await _bucket(server)
    blob = bucket.blob("a")
    await server.ask(blob.upload_from_string, _CONTENT)

    part = await server.ask(blob.download_as_bytes, start=start, end=end)

    assert part == _CONTENT[start : None if end is None else end + 1]


async def test_a_range_beyond_the_end_is_refused(server: Server) -> None:
    blob = (await _bucket(server)).blob("a")
    await server.ask(blob.upload_from_string, b"abc")

    with pytest.raises(google.RequestRangeNotSatisfiable):
        await server.ask(blob.download_as_bytes, start=10)


async def test_a_chunked_download_puts_the_object_together(server: Server) -> None:
    blob = (await _bucket(server)).blob("a")
    await server.ask(blob.upload_from_string, _CONTENT)
    blob.chunk_size = _CHUNK
    into = io.BytesIO()

    await server.ask(blob.download_to_file, into)

    assert hashlib.sha256(into.getvalue()).digest() == hashlib.sha256(_CONTENT).digest()


async def test_a_resumed_upload_goes_on_where_the_server_stopped(server: Server) -> None:
    await _bucket(server, "bucket")
    async with aiohttp.ClientSession() as http:
        begin = f"{server.url}/upload/storage/v1/b/bucket/o?uploadType=resumable&name=x"
        async with http.post(begin, json={}) as started:
            place = started.headers["Location"]

        async def put(span: str, data: bytes = b"") -> tuple[int, str]:
            headers = {"Content-Range": f"bytes {span}"}
            async with http.put(place, data=data, headers=headers, allow_redirects=False) as answer:
                return answer.status, answer.headers.get("Range", "")

        answers = [
            await put("*/*"),
            await put("0-3/*", b"abcd"),
            await put("8-9/*", b"ij"),  # behind a gap: nothing is taken
            await put("2-5/*", b"cdef"),  # what is there already is ignored
            await put("*/10"),
            await put("4-9/10", b"efghij"),
            await put("*/10"),
        ]

    assert [status for status, _ in answers] == [308, 308, 308, 308, 308, 200, 200]
    assert [span for _, span in answers[:5]] == ["", "bytes=0-3", "bytes=0-3", "bytes=0-5", "bytes=0-5"]
    assert server.store.read("bucket", "x") == b"abcdefghij"


async def test_a_list_is_told_in_pages_by_prefix_and_by_folder(server: Server) -> None:
    bucket = await _bucket(server)
    for name in ("a/1", "a/2", "a/b/3", "a/b/4", "c"):
        await server.ask(bucket.blob(name).upload_from_string, b"")

    def names(**options: Untyped) -> tuple[list[str], list[str], int]:
        pages = bucket.list_blobs(**options)
        found = [[blob.name for blob in page] for page in pages.pages]
        return list(chain.from_iterable(found)), sorted(pages.prefixes), len(found)

    assert await server.ask(names, page_size=2) == (["a/1", "a/2", "a/b/3", "a/b/4", "c"], [], 3)
    assert await server.ask(names, prefix="a/b/") == (["a/b/3", "a/b/4"], [], 1)
    assert await server.ask(names, prefix="a/", delimiter="/") == (["a/1", "a/2"], ["a/b/"], 1)
    assert await server.ask(names, delimiter="/", page_size=1) == (["c"], ["a/"], 2)


async def test_a_new_content_is_a_new_generation_and_the_old_one_is_gone(server: Server) -> None:
    bucket = await _bucket(server)
    blob = bucket.blob("a")
    await server.ask(blob.upload_from_string, b"old")
    old = blob.generation
    await server.ask(blob.upload_from_string, b"new")

    assert blob.generation > old
    assert server.store.read(bucket.name, "a", blob.generation) == b"new"
    with pytest.raises(Problem, match="No such object"):
        server.store.read(bucket.name, "a", old)


async def test_a_generation_that_must_match_guards_every_write(server: Server) -> None:
    blob = (await _bucket(server)).blob("a")
    await server.ask(blob.upload_from_string, b"1", if_generation_match=0)
    generation = blob.generation

    with pytest.raises(google.PreconditionFailed, match="pre-conditions"):
        await server.ask(blob.upload_from_string, b"2", if_generation_match=0)
    with pytest.raises(google.PreconditionFailed, match="pre-conditions"):
        await server.ask(blob.delete, if_generation_match=1)
    await server.ask(blob.delete, if_generation_match=generation)
    assert not await server.ask(blob.exists)


async def test_an_object_that_came_to_be_during_an_upload_is_not_overwritten(server: Server) -> None:
    bucket = await _bucket(server)
    blob = bucket.blob("a", chunk_size=_CHUNK)

    class Overtaken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() == 0:
                bucket.blob("a").upload_from_string(b"first")
            return super().read(size)

    with pytest.raises(google.PreconditionFailed, match="pre-conditions"):
        await server.ask(blob.upload_from_file, Overtaken(_CONTENT), if_generation_match=0)

    assert server.store.read(bucket.name, "a") == b"first"


async def test_a_name_that_looks_like_a_path_touches_no_path(server: Server, tmp_path: Path) -> None:
    bucket = await _bucket(server)

    await server.ask(bucket.blob("../../escape").upload_from_string, b"x")
    await server.ask(bucket.blob("/etc/escape").upload_from_string, b"y")

    written = await server.ask(lambda: [path for path in tmp_path.rglob("*") if path.is_file()])

    assert server.store.read(bucket.name, "../../escape") == b"x"
    assert {path.name for path in written} == {"1", "2"}


async def test_faults_strike_the_api_and_the_client_sees_googles_errors(server: Server) -> None:
    await _bucket(server, "bucket")
    server.faults.unavailable = 1.0

    with pytest.raises(google.ServiceUnavailable, match="currently unavailable"):
        await server.ask(server.client.get_bucket, "bucket", retry=None)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/storage/v1/b", b"not json"),
        ("POST", "/storage/v1/b", b"[]"),
        ("POST", "/upload/storage/v1/b/bucket/o?uploadType=multipart", b"no parts"),
        ("POST", "/upload/storage/v1/b/bucket/o?uploadType=strange&name=x", b""),
        ("GET", "/storage/v1/b/bucket/o?maxResults=many", b""),
    ],
)
async def test_a_request_that_makes_no_sense_gets_googles_error_shape(
    server: Server, method: str, path: str, body: bytes
) -> None:
    await _bucket(server, "bucket")
    async with aiohttp.ClientSession() as http, http.request(method, server.url + path, data=body) as answer:
        error = (await answer.json())["error"]

    assert (answer.status, error["code"], error["errors"][0]["reason"]) == (400, 400, "invalid")


@pytest.mark.parametrize("newline", [b"\r\n", b"\n"], ids=["as the standard says", "as gcloud does"])
@pytest.mark.parametrize("quote", ["'", '"', ""])
async def test_parts_are_told_apart_however_a_client_ends_its_lines(
    server: Server, newline: bytes, quote: str
) -> None:
    await _bucket(server, "bucket")
    content = b"PK\r\n\nends in a carriage return\r"
    head = [b"--==x==", b"Content-Type: application/json", b"", b'{"name": "n"}']
    body = [b"--==x==", b"Content-Type: application/zip", b"", content, b"--==x==--"]

    async with (
        aiohttp.ClientSession() as http,
        http.post(
            f"{server.url}/upload/storage/v1/b/bucket/o?uploadType=multipart",
            data=newline.join(head + body),
            headers={"Content-Type": f"multipart/related; boundary={quote}==x=={quote}"},
        ) as answer,
    ):
        told = await answer.json()

    assert (told["contentType"], told["size"]) == ("application/zip", str(len(content)))
    assert server.store.read("bucket", "n") == content
