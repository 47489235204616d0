"""Objects: put, found, read in whole and in part, listed, overwritten and deleted."""

from typing import Any
from urllib.parse import quote

from tests.emulator.storage_differential.bench import Answer, Bench, tried
from tests.emulator.storage_differential.checks import Checks

OBJECTS = Checks("object")

_CONTENT = bytes(range(256)) * 20
_NAMES = ("services/shop/1.zip", "a b", "ü%2F?#&+.zip", "a//b/", ".../x", "'\"<x>")
_DELETING = "https://cloud.google.com/storage/docs/json_api/v1/objects/delete"


@OBJECTS.add
def put_in_one_request(bench: Bench) -> Answer:
    bench.made()
    return bench.told(bench.put("a", b"hello", content_type="application/zip"))


@OBJECTS.add
def put_with_metadata_and_found_again(bench: Bench) -> Answer:
    bench.made()
    blob = bench.bucket.blob("a")
    blob.metadata = {"commit": "12ab"}
    blob.upload_from_string(b"hello", retry=None)
    return bench.told(blob), bench.told(bench.bucket.get_blob("a", retry=None))


@OBJECTS.add
def put_with_each_checksum(bench: Bench) -> Answer:
    bench.made()
    return [bench.told(bench.put("a", b"hello", checksum=one)) for one in (None, "md5", "crc32c")]


@OBJECTS.add
def put_under_names_with_strange_letters(bench: Bench) -> Answer:
    bench.made()
    put = [bench.told(bench.put(name, name.encode())) for name in _NAMES]
    found = [bench.told(bench.bucket.get_blob(name, retry=None)) for name in _NAMES]
    read = [bench.bucket.blob(name).download_as_bytes(retry=None) for name in _NAMES]
    return put == found, put, read


@OBJECTS.add
def put_where_there_is_no_bucket(bench: Bench) -> Answer:
    return tried(bench.put, "a", b"")


@OBJECTS.add
def looked_for_where_there_is_none(bench: Bench) -> Answer:
    before = bench.bucket.get_blob("a", retry=None)
    bench.made()
    return before, bench.bucket.get_blob("a", retry=None)


@OBJECTS.add
def overwritten_it_is_a_new_generation_and_the_old_one_is_gone(bench: Bench) -> Answer:
    bench.made()
    old, new = bench.put("a", b"old"), bench.put("a", b"new")
    found = [bench.bucket.get_blob("a", generation=one.generation, retry=None) for one in (old, new)]
    return [
        *(bench.told(one) for one in (old, new)),
        *(one and bench.told(one) for one in found),
        *(_read(bench, "a", generation=one.generation) for one in (old, new)),
    ]


@OBJECTS.add
def put_when_there_must_be_none(bench: Bench) -> Answer:
    bench.made()
    first = bench.told(bench.put("a", b"1", if_generation_match=0))
    second = tried(bench.put, "a", b"2", if_generation_match=0)
    return first, second, _read(bench, "a")


@OBJECTS.but(
    google=["invalid", "notFound", "notFound", "conflict", "conditionNotMet"],
    fake=["Bad Request", "Not Found", "Not Found", "Conflict", "Precondition Failed"],
    says="reason: 400 invalid, 404 notFound, 409 conflict, 412 conditionNotMet",
    where="https://cloud.google.com/storage/docs/json_api/v1/status-codes",
)
def refused_for_a_reason_of_googles_own(bench: Bench) -> Answer:
    bench.made()
    bench.put("a", b"")
    begin = f"/upload/storage/v1/b/{bench.name}/o?uploadType"
    parts = b'--x\r\n\r\n{"name": "a"}\r\n--x\r\n\r\n\r\n--x--'
    typed = {"Content-Type": "multipart/related; boundary=x"}
    told = (
        bench.asked("POST", f"{begin}=strange"),
        bench.asked("GET", f"/storage/v1/b/{bench.name}/o/none"),
        bench.asked("GET", f"/storage/v1/b/{bench.name}-none"),
        bench.asked("POST", "/storage/v1/b?project=demo", json={"name": bench.name}),
        bench.asked("POST", f"{begin}=multipart&ifGenerationMatch=0", content=parts, headers=typed),
    )
    return [one.json()["error"]["errors"][0]["reason"] for one in told]


@OBJECTS.add
def put_over_the_generation_that_was_seen(bench: Bench) -> Answer:
    bench.made()
    seen = bench.put("a", b"1").generation
    first = bench.told(bench.put("a", b"2", if_generation_match=seen))
    second = tried(bench.put, "a", b"3", if_generation_match=seen)
    return first, second, _read(bench, "a")


@OBJECTS.add
def read_whole(bench: Bench) -> Answer:
    bench.made()
    bench.put("a", _CONTENT)
    bench.put("empty", b"")
    return _read(bench, "a") == _CONTENT, _read(bench, "empty")


@OBJECTS.add
def read_with_its_generation_and_hashes_in_headers(bench: Bench) -> Answer:
    bench.made()
    made = bench.put("a", _CONTENT, content_type="application/zip")
    told = bench.asked("GET", f"/download/storage/v1/b/{bench.name}/o/a?alt=media").headers
    age = bench.age(told["x-goog-generation"])
    return bench.told(made), age, told["x-goog-hash"], told["content-type"], told["content-length"]


@OBJECTS.add
def read_in_ranges(bench: Bench) -> Answer:
    bench.made()
    bench.put("a", _CONTENT)
    spans = ("0-0", "0-99", "100-199", "5000-9999", "5119-", "0-", "-1", "-100", "-5120", "-65536", "0-65535")
    return [_part(bench, "a", span) for span in spans]


@OBJECTS.add
def read_beyond_its_end(bench: Bench) -> Answer:
    bench.made()
    bench.put("a", _CONTENT)
    return [_part(bench, "a", span)[0] for span in ("5120-", "6000-7000")]


@OBJECTS.add
def read_where_there_is_none(bench: Bench) -> Answer:
    before = _part(bench, "a", "-100")[0]
    bench.made()
    bench.put("b", b"")
    told = bench.asked("GET", f"/download/storage/v1/b/{bench.name}/o/a?alt=media")
    return before, told.status_code, told.headers["content-type"].startswith("text/"), _read(bench, "a")


@OBJECTS.add
def listed_by_name_prefix_and_folder(bench: Bench) -> Answer:
    bench.made()
    empty = _listed(bench)
    for name in ("c", "a/1", "a/b/4", "a/2", "a/b/3", "b", "a"):
        bench.put(name, b"")
    ways: tuple[dict[str, Any], ...] = (
        {},
        {"prefix": "a"},
        {"prefix": "a/"},
        {"prefix": "none"},
        {"delimiter": "/"},
        {"prefix": "a/", "delimiter": "/"},
        {"page_size": 2},
        {"prefix": "a/", "page_size": 3},
    )
    return [empty, *(_listed(bench, **way) for way in ways)]


@OBJECTS.add
def listed_where_there_is_no_bucket(bench: Bench) -> Answer:
    return tried(_listed, bench)


@OBJECTS.but(
    google=(["a", "a/", "c"], [1, 1, 1]),
    fake=(["a", "a/", "c"], [2, 1]),
    says="maxResults: Maximum number of items plus prefixes to return in a single page of responses.",
    where="https://cloud.google.com/storage/docs/json_api/v1/objects/list",
)
def listed_by_folder_in_pages(bench: Bench) -> Answer:
    bench.made()
    for name in ("a/1", "a", "a/2", "c"):
        bench.put(name, b"")
    place, token = f"/storage/v1/b/{bench.name}/o?delimiter=/&maxResults=1", ""
    names, sizes = list[str](), list[int]()
    while True:
        page = bench.asked("GET", f"{place}&pageToken={quote(token, safe='')}").json()
        found = [*(one["name"] for one in page.get("items", ())), *page.get("prefixes", ())]
        names += found
        sizes.append(len(found))
        if not (token := page.get("nextPageToken", "")):
            return names, sizes


@OBJECTS.add
def deleted_once_and_once_more(bench: Bench) -> Answer:
    bench.made()
    blob = bench.put("a", b"")
    blob.delete(retry=None)
    return _listed(bench), tried(blob.delete, retry=None), bench.bucket.get_blob("a", retry=None)


@OBJECTS.add
def put_again_after_it_was_deleted(bench: Bench) -> Answer:
    bench.made()
    first = bench.told(bench.put("a", b"1"))
    bench.bucket.blob("a").delete(retry=None)
    return first, bench.told(bench.put("a", b"2", if_generation_match=0))


@OBJECTS.but(
    google=["refused 412 conditionNotMet", "refused 404 notFound", b"new"],
    fake=[None, "refused 404 notFound", "refused 404"],
    says="ifGenerationMatch: Makes the operation conditional on whether the object's current generation matches the"
    " given value. generation: If present, permanently deletes a specific revision of this object (as opposed to the"
    " latest version, the default).",
    where=_DELETING,
)
def deleted_under_a_condition_that_does_not_hold(bench: Bench) -> Answer:
    bench.made()
    old, _ = bench.put("a", b"old").generation, bench.put("a", b"new")
    return [
        tried(bench.bucket.blob("a").delete, if_generation_match=old, retry=None),
        tried(bench.bucket.blob("a", generation=old).delete, retry=None),
        _read(bench, "a"),
    ]


@OBJECTS.add
def put_as_gcloud_does_with_its_lines_and_quotes(bench: Bench) -> Answer:
    bench.made()
    head = [b"--==x==", b"Content-Type: application/json", b"", b'{"name": "n"}']
    body = [b"--==x==", b"Content-Type: application/zip", b"", b"PK\r\n\nends in a return\r", b"--==x==--"]
    told = bench.asked(
        "POST",
        f"/upload/storage/v1/b/{bench.name}/o?uploadType=multipart",
        content=b"\n".join(head + body),
        headers={"Content-Type": "multipart/related; boundary='==x=='"},
    )
    return told.status_code, _read(bench, "n"), bench.told(bench.bucket.get_blob("n", retry=None))


def _read(bench: Bench, name: str, **more: object) -> Answer:
    return tried(bench.bucket.blob(name, **more).download_as_bytes, retry=None)


def _part(bench: Bench, name: str, span: str) -> tuple[int, str | None, bytes]:
    place = f"/download/storage/v1/b/{bench.name}/o/{name}?alt=media"
    told = bench.asked("GET", place, headers={"range": f"bytes={span}", "accept-encoding": "identity"})
    return told.status_code, told.headers.get("content-range"), told.content


def _listed(bench: Bench, **how: object) -> Answer:
    found = bench.client.list_blobs(bench.name, retry=None, **how)
    pages = [[bench.told(blob) for blob in page] for page in found.pages]
    return pages, sorted(found.prefixes)
