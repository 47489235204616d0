"""Our own client: what it makes of each server's answers."""

import asyncio
import io
import random
import tempfile
import zipfile
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from buddy_tui.gateway import Stored
from buddy_tui.gcp import sources
from buddy_tui.gcp.archives import GoogleArchives
from buddy_tui.model import ServiceName
from tests.emulator.storage_differential.bench import REGION, Answer, Bench, tried
from tests.emulator.storage_differential.checks import Checks
from tests.emulator.storage_differential.servers import losing

OURSELVES = Checks("our client")

_Value = TypeVar("_Value")
_MIB = 1 << 20
_NOISE = random.Random(7).randbytes(3 * _MIB)  # noqa: S311 - nothing is kept secret by it
_TEXTS = {
    "Dockerfile": b"FROM python:3.13\n",
    "app/requirements.txt": b"httpx\n",
    "app/main.py": b"import httpx\n",
}


def _name(bench: Bench) -> ServiceName:
    return ServiceName(bench.name, REGION, "shop")


def _run(work: Coroutine[object, object, _Value]) -> _Value:
    return asyncio.run(work)


def _upload(bench: Bench, content: bytes, object_name: str = "one") -> tuple[Stored, list[int]]:
    """Upload an archive; what is stored, and how far the upload said that it was."""
    told: list[int] = []
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder, "a.zip")
        archive.write_bytes(content)
        stored = _run(sources.upload(bench.clients, _name(bench), archive, object_name, told.append))
    return stored, told


def _found(bench: Bench, object_name: str = "one") -> Stored | None:
    return _run(sources.GoogleSources(bench.clients).stored(_name(bench), object_name))


def _shown(bench: Bench, stored: Stored | None) -> Answer:
    if stored is None:
        return None
    where, _, generation = stored.where.partition("#")
    return where, bench.age(generation), stored.size, stored.checksum


def _zipped(files: Mapping[str, bytes]) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return into.getvalue()


def _tree(bench: Bench, where: str) -> Answer:
    tree = _run(GoogleArchives(bench.clients).source_tree(where, ("Dockerfile", "requirements.txt")))
    return tree.paths, tree.texts, tree.checksums, tree.cut


@OURSELVES.add
def uploads_an_archive_and_finds_it_again(bench: Bench) -> Answer:
    before = _found(bench)
    contents = [_NOISE[:size] for size in (0, 1, _MIB, _MIB + 1, 3 * _MIB)]
    uploaded = [_upload(bench, content, f"n{number}") for number, content in enumerate(contents)]
    found = [_found(bench, f"n{number}") for number in range(len(contents))]
    assert [stored for stored, _ in uploaded] == found
    return before, _found(bench), [(_shown(bench, stored), told) for stored, told in uploaded]


@OURSELVES.add
def takes_what_is_there_already_and_overwrites_nothing(bench: Bench) -> Answer:
    first, _ = _upload(bench, b"PK 1")
    again, _ = _upload(bench, b"PK 1")
    bucket = sources.bucket_of(_name(bench))
    read = bench.client.bucket(bucket).blob("services/shop/one.zip").download_as_bytes(retry=None)
    return first == again, read, tried(lambda: _shown(bench, _upload(bench, b"PK 2")[0]))


@OURSELVES.but(
    google="Refused: Bucket run-sources-{name}-us-central1, where sources of this project and region go, belongs to"
    " another project.",
    fake="uploaded",
    says="Retrieves a list of buckets for a given project.",
    where="https://cloud.google.com/storage/docs/json_api/v1/buckets/list",
)
def uploads_nothing_to_the_bucket_of_somebody_else(bench: Bench) -> Answer:
    bucket = sources.bucket_of(_name(bench))
    bench.client.create_bucket(bucket, project="somebody-else", location=REGION)
    told = tried(lambda: _upload(bench, b"PK")[0] and "uploaded")
    return str(told).replace(bench.name, "{name}")


@OURSELVES.but(
    google="uploaded",
    fake="ServerTrouble: Cloud Storage did not receive what was sent; nothing of it is kept.",
    says="Cloud Storage ignores any bytes you send at an offset that Cloud Storage has already persisted.",
    where="https://cloud.google.com/storage/docs/performing-resumable-uploads#resume-upload",
)
def uploads_although_the_answer_to_a_piece_is_lost(bench: Bench) -> Answer:
    with losing(bench.url, answers=1) as url:
        told = tried(lambda: _upload(replace(bench, url=url), _NOISE[: _MIB + 1])[0] and "uploaded")
    found = _found(bench)
    assert (found is not None) == (told == "uploaded")
    return told


@OURSELVES.add
def looks_into_an_archive(bench: Bench) -> Answer:
    stored, _ = _upload(bench, _zipped({"a.bin": _NOISE[:_MIB], **_TEXTS, "z.bin": _NOISE[:200_000]}))
    return _tree(bench, stored.where)


@OURSELVES.add
def looks_into_an_archive_with_a_long_directory(bench: Bench) -> Answer:
    stored, _ = _upload(
        bench, _zipped({f"folder/with/a/long/name/{number:05d}.py": b"" for number in range(1500)})
    )
    return _tree(bench, stored.where)


@OURSELVES.add
def looks_into_nothing_but_the_generation_that_was_meant(bench: Bench) -> Answer:
    old, _ = _upload(bench, _zipped({"old.py": b""}))
    bucket, place = sources.bucket_of(_name(bench)), old.where.partition("#")[0]
    blob = bench.client.bucket(bucket).blob("services/shop/one.zip")
    blob.upload_from_string(_zipped({"new.py": b""}), retry=None)
    return [
        tried(_tree, bench, where) for where in (old.where, f"{place}#{blob.generation}", place, f"{place}x")
    ]


@OURSELVES.add
def looks_into_no_archive(bench: Bench) -> Answer:
    contents = {"empty": b"", "short": b"PK", "tar": _NOISE[: 1 << 17]}
    uploaded = {name: _upload(bench, content, name)[0].where for name, content in contents.items()}
    plain = {name: where.partition("#")[0] for name, where in uploaded.items()}
    return [tried(_tree, bench, where) for where in plain.values()]
