"""Uploads in pieces: as the official client sends them, and by hand where an answer or a piece is lost."""

import io
from typing import Any
from urllib.parse import quote

from tests.emulator.storage_differential.bench import PATIENT, Answer, Bench, refusal, tried
from tests.emulator.storage_differential.checks import Checks

PIECES = Checks("pieces")

PIECE = 1 << 18
# Not a whole number of pieces, and every part of it is unlike the others.
CONTENT = b"".join(number.to_bytes(4, "big") for number in range(PIECE // 2 + 100))
_PROTOCOL = "https://cloud.google.com/storage/docs/performing-resumable-uploads"
_STATUS = f"{_PROTOCOL}#status-check"
_INSERT = "https://cloud.google.com/storage/docs/json_api/v1/objects/insert"


def send(bench: Bench, content: bytes, name: str = "a", **more: Any) -> Any:  # noqa: ANN401 - the client has no types
    """Upload as a stream of unknown length, as our own client does."""
    blob = bench.bucket.blob(name, chunk_size=PIECE)
    blob.upload_from_file(
        io.BytesIO(content),
        **({"content_type": "application/zip", "checksum": "crc32c", "retry": None} | more),
    )
    return blob


@PIECES.add
def of_every_length(bench: Bench) -> Answer:
    bench.made()
    lengths = (0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, len(CONTENT))
    return [bench.told(send(bench, CONTENT[:length], if_generation_match=None)) for length in lengths]


@PIECES.add
def of_a_known_length(bench: Bench) -> Answer:
    bench.made()
    sent = send(bench, CONTENT, size=len(CONTENT))
    return bench.told(sent), sent.download_as_bytes(retry=None) == CONTENT


@PIECES.add
def under_a_name_with_strange_letters(bench: Bench) -> Answer:
    bench.made()
    return bench.told(send(bench, b"x", "services/shop/ü %2F?#&+.zip"))


@PIECES.add
def with_metadata(bench: Bench) -> Answer:
    bench.made()
    blob = bench.bucket.blob("a", chunk_size=PIECE)
    blob.metadata = {"commit": "12ab"}
    blob.upload_from_file(io.BytesIO(b"x"), content_type="text/x-mine", retry=None)
    return bench.told(blob), bench.told(bench.bucket.get_blob("a", retry=None))


@PIECES.add
def where_there_is_no_bucket(bench: Bench) -> Answer:
    return tried(send, bench, b"x")


@PIECES.add
def to_a_free_name(bench: Bench) -> Answer:
    bench.made()
    return bench.told(send(bench, b"x", if_generation_match=0))


@PIECES.but(
    google=("refused 412", b"first"),
    fake=("sent", b"second"),
    says="ifGenerationMatch: Setting to 0 makes the operation succeed only if there are no live versions of the object.",
    where=_INSERT,
)
def to_a_name_that_was_to_be_free(bench: Bench) -> Answer:
    bench.made()
    bench.put("a", b"first")
    told = tried(lambda: send(bench, b"second", if_generation_match=0) and "sent")
    return told, bench.bucket.blob("a").download_as_bytes(retry=None)


@PIECES.but(
    google="refused 400 invalid",
    fake=200,
    says='400: Provided CRC32C "AAAAAA==" doesn\'t match calculated CRC32C "…" (the service itself; reason: invalid)',
    where="https://github.com/googleapis/python-storage/issues/1541",
)
def of_which_another_checksum_was_told(bench: Bench) -> Answer:
    bench.made()
    told = bench.asked("PUT", _begun(bench), content=b"hello", headers={"x-goog-hash": "crc32c=AAAAAA=="})
    return refusal(told.status_code, told.json()["error"]["errors"]) if told.is_error else told.status_code


@PIECES.add
def begun_it_is_not_there_until_its_end(bench: Bench) -> Answer:
    bench.made()
    place = _begun(bench)
    first = _put(bench, place, f"0-{PIECE - 1}/*", CONTENT[:PIECE])
    return first, bench.bucket.get_blob("a", retry=None)


@PIECES.add
def one_after_the_other_by_hand(bench: Bench) -> Answer:
    bench.made()
    place, size = _begun(bench), len(CONTENT)
    return [
        _put(bench, place, f"0-{PIECE - 1}/*", CONTENT[:PIECE]),
        _put(bench, place, f"{PIECE}-{2 * PIECE - 1}/*", CONTENT[PIECE : 2 * PIECE]),
        _put(bench, place, f"{2 * PIECE}-{size - 1}/{size}", CONTENT[2 * PIECE :]),
        bench.bucket.blob("a").download_as_bytes(retry=None) == CONTENT,
    ]


@PIECES.add
def begun_and_sent_as_gcloud_does(bench: Bench) -> Answer:
    bench.made()
    typed = {"content-type": "application/zip"}
    begun = bench.asked(
        "POST",
        f"/upload/storage/v1/b/{bench.name}/o?alt=json&name=a&uploadType=resumable",
        json={"size": str(len(CONTENT))},
        headers={
            "x-upload-content-type": typed["content-type"],
            "x-upload-content-length": str(len(CONTENT)),
        },
    )
    span = f"bytes 0-{len(CONTENT) - 1}/{len(CONTENT)}"
    sent = bench.asked(
        "PUT", begun.headers["location"], content=CONTENT, headers=typed | {"content-range": span}
    )
    return begun.status_code, sent.status_code, bench.told(bench.bucket.get_blob("a", retry=None))


@PIECES.add
def all_in_one_without_a_range(bench: Bench) -> Answer:
    bench.made()
    told = bench.asked("PUT", _begun(bench), content=CONTENT)
    return told.status_code, bench.bucket.blob("a").download_as_bytes(retry=None) == CONTENT


@PIECES.add
def ended_by_a_length_alone(bench: Bench) -> Answer:
    bench.made()
    place = _begun(bench)
    first = _put(bench, place, f"0-{PIECE - 1}/*", CONTENT[:PIECE])
    return first, _put(bench, place, f"*/{PIECE}"), bench.told(bench.bucket.get_blob("a", retry=None))


@PIECES.add
def with_a_range_that_nobody_understands(bench: Bench) -> Answer:
    bench.made()
    return [_put(bench, _begun(bench), span, b"x") for span in ("x", "1/2/3", "0-x/1")]


@PIECES.add
def of_an_upload_that_nobody_began(bench: Bench) -> Answer:
    bench.made()
    place = f"/upload/storage/v1/b/{bench.name}/o?uploadType=resumable&upload_id=none"
    return _put(bench, place, "0-0/1", b"x")


@PIECES.but(
    google=[(308, None), (308, f"bytes=0-{PIECE - 1}"), (308, f"bytes=0-{PIECE - 1}"), (200, None)],
    fake=[(200, None), (404, None), (404, None), (404, None)],
    says="A 308 Resume Incomplete response indicates resumable upload is in progress. If Cloud Storage has not yet"
    " persisted any bytes, the 308 response does not have a Range header.",
    where=_STATUS,
)
def of_which_is_asked_how_far_they_are(bench: Bench) -> Answer:
    bench.made()
    place = _begun(bench)
    return [
        _put(bench, place, "*/*"),
        _put(bench, place, f"0-{PIECE - 1}/*", CONTENT[:PIECE]),
        _put(bench, place, f"*/{PIECE + 1}"),
        _put(bench, place, f"{PIECE}-{PIECE}/{PIECE + 1}", b"x"),
    ]


@PIECES.but(
    google=("sent", True),
    fake=("the client finds another checksum", None),
    says="Cloud Storage ignores any bytes you send at an offset that Cloud Storage has already persisted.",
    where=f"{_PROTOCOL}#resume-upload",
)
def of_which_the_answer_to_one_is_lost(bench: Bench) -> Answer:
    bench.made()
    bench.losing.lost = 1
    told = tried(lambda: send(bench, CONTENT, if_generation_match=0, retry=PATIENT) and "sent")
    found = bench.bucket.get_blob("a", retry=None)
    return told, found and found.download_as_bytes(retry=None) == CONTENT


@PIECES.but(
    google=("sent", True),
    fake=("refused 404", True),
    says="A 200 OK or 201 Created response indicates that the upload was completed, and no further action is necessary.",
    where=_STATUS,
)
def of_which_the_answer_to_the_last_is_lost(bench: Bench) -> Answer:
    bench.made()
    bench.losing.lost = 1
    told = tried(lambda: send(bench, b"x", if_generation_match=0, retry=PATIENT) and "sent")
    return told, bench.bucket.blob("a").download_as_bytes(retry=None) == b"x"


def _begun(bench: Bench, name: str = "a") -> str:
    place = f"/upload/storage/v1/b/{bench.name}/o?uploadType=resumable&name={quote(name, safe='')}"
    told = bench.asked("POST", place, json={"contentType": "application/zip"})
    assert told.status_code == 200
    return str(told.headers["location"])


def _put(bench: Bench, place: str, span: str, data: bytes = b"") -> tuple[int, str | None]:
    """Send a piece; the status, and what the server says that it has (it says so while more is to come)."""
    told = bench.asked("PUT", place, content=data, headers={"content-range": f"bytes {span}"})
    return told.status_code, told.headers.get("range") if told.status_code == 308 else None
