"""Sources become images: archives, layouts, digests, and builds that the official clients follow."""

import asyncio
import io
import os
import stat
import sys
import tarfile
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import grpc
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from google.cloud import run_v2
from google.cloud.run_v2.services.builds import BuildsAsyncClient
from google.cloud.run_v2.services.builds.transports import BuildsGrpcAsyncIOTransport
from google.longrunning.operations_pb2 import GetOperationRequest, Operation

from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.machine import manifests
from buddy_tui.emulator.machine.archive import Allowance, BuildFailed, unpack
from buddy_tui.emulator.machine.builds import Builds, SubmitBuildRequest
from buddy_tui.emulator.machine.cloudbuild import FAILURE, SUCCESS, Build, BuildOperationMetadata
from buddy_tui.emulator.machine.images import Registry
from buddy_tui.emulator.machine.objects import Store
from buddy_tui.emulator.names import Problem
from buddy_tui.emulator.rpc import Message, Unary, service

_REFERENCE = "us-central1-docker.pkg.dev/demo/cloud-run-source-deploy/shop"
_DOCKERFILE = 'FROM python:3.11\nWORKDIR /app\nCOPY . .\nCMD ["python", "main.py"]\n'
_FILES = {"Dockerfile": _DOCKERFILE, "main.py": "print(1)\n", "pkg/__init__.py": "", "pkg/data/x.txt": "x"}


def zipped(files: dict[str, str], links: dict[str, str] | None = None) -> bytes:
    """Return a zip as gcloud makes it."""
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        for name, target in (links or {}).items():
            link = zipfile.ZipInfo(name)
            link.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(link, target)
    return into.getvalue()


def tarred(files: dict[str, str], *others: tarfile.TarInfo) -> bytes:
    """Return a tar.gz."""
    into = io.BytesIO()
    with tarfile.open(fileobj=into, mode="w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
        for entry in others:
            archive.addfile(entry)
    return into.getvalue()


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    """Return a tar entry that is no file."""
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path, Faults(), Clock())


def _contents(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): path.read_text()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_an_archive_is_laid_out_as_its_dockerfile_says(
    registry: Registry, pack: Callable[[dict[str, str]], bytes]
) -> None:
    built = registry.build(pack(_FILES), _REFERENCE, "gs://b/o#1")

    assert _contents(built.image.root) == {f"app/{name}": text for name, text in _FILES.items()}
    assert built.image.workdir == "/app"
    assert built.reference == f"{_REFERENCE}@{built.image.digest}"
    assert built.source == "gs://b/o#1"


def test_the_same_content_has_the_same_digest_and_one_layout_however_it_was_packed(
    registry: Registry, tmp_path: Path
) -> None:
    folder = tmp_path / "source"
    for name, text in _FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (tmp_path / "source.zip").write_bytes(zipped(_FILES))

    sources = (folder, tmp_path / "source.zip", zipped(_FILES), tarred(_FILES))
    images = {registry.build(source, _REFERENCE).image for source in sources}

    assert len(images) == 1


@pytest.mark.parametrize(
    "change", [{"main.py": "print(2)\n"}, {"more.py": ""}, {"Dockerfile": _DOCKERFILE + "ENV A=1\n"}]
)
def test_another_content_is_another_digest(registry: Registry, change: dict[str, str]) -> None:
    before = registry.build(zipped(_FILES), _REFERENCE)
    after = registry.build(zipped(_FILES | change), _REFERENCE)

    assert before.image.digest != after.image.digest
    assert registry.find(before.reference) == before.image
    assert registry.find(_REFERENCE) == after.image


def test_an_image_is_found_by_digest_tag_or_name_until_it_is_lost(tmp_path: Path) -> None:
    faults = Faults()
    registry = Registry(tmp_path, faults, Clock())
    built = registry.build(zipped(_FILES), f"{_REFERENCE}:v1")

    names = (built.reference, f"{_REFERENCE}:v1", _REFERENCE)
    assert [registry.find(name) for name in names] == [built.image] * 3
    assert registry.find(f"{_REFERENCE}:v2") is None
    faults.missing_images = frozenset({built.reference})
    assert [registry.find(name) for name in names] == [None] * 3


async def test_a_repository_lists_its_images_the_newest_first_without_those_that_are_lost(
    registry: Registry,
) -> None:
    texts = ("print(1)\n", "print(2)\n", "print(3)\n")
    built = [registry.build(zipped(_FILES | {"main.py": text}), _REFERENCE) for text in texts]
    registry.lose(built[1].reference)
    registry.build(zipped(_FILES), "us-central1-docker.pkg.dev/acme/others/app")
    host, project, repository, _ = _REFERENCE.split("/")
    app = web.Application()
    app.add_routes(manifests.routes(registry, Faults()))

    place = f"projects/{project}/locations/{host.removesuffix('-docker.pkg.dev')}/repositories/{repository}"
    async with TestClient(TestServer(app, host="127.0.0.1")) as client:
        told = await (await client.get(f"/v1/{place}/dockerImages")).json()
        empty = await (
            await client.get("/v1/projects/acme/locations/x/repositories/none/dockerImages")
        ).json()

    assert [(one["uri"], one.get("tags")) for one in told["dockerImages"]] == [
        (built[2].reference, ["latest"]),
        (built[0].reference, None),
    ]
    assert empty == {}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such mode bits")
def test_a_layout_is_read_only(registry: Registry) -> None:
    root = registry.build(zipped(_FILES), _REFERENCE).image.root

    assert not [path for path in (root, *root.rglob("*")) if path.stat().st_mode & 0o222]


_NAMES = ["../escape", "a/../../escape", "/etc/escape", "C:\\escape", "\\\\host\\escape", "a\\..\\..\\escape"]


@pytest.mark.parametrize("name", _NAMES)
@pytest.mark.parametrize("pack", [zipped, tarred])
def test_an_entry_that_leads_out_is_refused(
    tmp_path: Path, name: str, pack: Callable[[dict[str, str]], bytes]
) -> None:
    with pytest.raises(BuildFailed, match="an entry outside its own folder"):
        unpack(pack({name: "x"}), tmp_path / "in" / "deep")

    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("links", "words"),
    [
        ({"out": "/etc"}, "symbolic link 'out' leads out"),
        ({"out": "../.."}, "symbolic link 'out' leads out"),
        ({"a": "b", "b": "a"}, "symbolic link 'a' is part of a loop"),
        ({"me": "me"}, "symbolic link 'me' is part of a loop"),
        ({"pkg2": "pkg", "pkg2/x": "/etc/passwd"}, "below a symbolic link"),
    ],
)
def test_a_symbolic_link_that_loops_or_leads_out_is_refused(
    tmp_path: Path, links: dict[str, str], words: str
) -> None:
    with pytest.raises(BuildFailed, match=words):
        unpack(zipped(_FILES, links), tmp_path / "in")
    with pytest.raises(BuildFailed, match=words):
        unpack(
            tarred(_FILES, *(special(name, tarfile.SYMTYPE, to) for name, to in links.items())),
            tmp_path / "in2",
        )


def test_a_file_below_a_link_is_not_written_through_it(tmp_path: Path) -> None:
    archive = tarred({"pkg/x": "x"}, special("way", tarfile.SYMTYPE, "pkg"))
    again = tarred({"way/y": "y"}, special("way", tarfile.SYMTYPE, ".."))

    unpack(archive, tmp_path / "good")
    assert (tmp_path / "good" / "way" / "x").read_text() == "x"
    with pytest.raises(BuildFailed, match="cannot be unpacked"):
        unpack(again, tmp_path / "bad")


def test_a_link_that_escapes_only_from_where_it_is_copied_to_is_refused(registry: Registry) -> None:
    dockerfile = "FROM python\nCOPY a/b/c /\n"
    source = zipped({"Dockerfile": dockerfile, "a/b/c/x": ""}, {"a/b/c/up": "../../.."})

    with pytest.raises(BuildFailed, match="symbolic link 'up' leads out"):
        registry.build(source, _REFERENCE)


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.LNKTYPE])
def test_a_device_a_pipe_or_a_hard_link_is_refused(tmp_path: Path, kind: bytes) -> None:
    with pytest.raises(BuildFailed, match="a device, pipe or hard link: 'odd'"):
        unpack(tarred({}, special("odd", kind, "x")), tmp_path / "in")


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_a_bomb_is_defused_before_the_disk_is_full(
    tmp_path: Path, pack: Callable[[dict[str, str]], bytes]
) -> None:
    with pytest.raises(BuildFailed, match="more than the emulator accepts"):
        unpack(pack({"zeros": "0" * 5_000_000}), tmp_path / "size", Allowance(size=1_000_000))
    with pytest.raises(BuildFailed, match="more than the emulator accepts"):
        unpack(pack({str(n): "" for n in range(20)}), tmp_path / "files", Allowance(files=10))

    assert (tmp_path / "size" / "zeros").stat().st_size <= 1_000_000


@pytest.mark.parametrize(
    "damage",
    [b"", b"hello", zipped(_FILES)[:-30], tarred(_FILES)[:60]],
    ids=["nothing", "a text", "half a zip", "half a tar"],
)
def test_what_is_no_archive_is_refused_in_words(tmp_path: Path, damage: bytes) -> None:
    with pytest.raises(BuildFailed, match="not a readable zip or tar"):
        unpack(damage, tmp_path / "in")


def test_names_that_collide_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(BuildFailed, match="cannot be unpacked"):
        unpack(zipped({"a": "", "a/b": ""}), tmp_path / "in")


@pytest.mark.parametrize(
    ("copy", "expected"),
    [
        ("COPY main.py /srv/app.py", ["srv/app.py"]),
        ("COPY main.py /srv/", ["srv/main.py"]),
        ("COPY *.py pkg/*.py /srv/", ["srv/__init__.py", "srv/main.py"]),
        ("COPY pkg /srv", ["srv/__init__.py", "srv/data/x.txt"]),
        ("COPY pkg/ /srv/pkg/", ["srv/pkg/__init__.py", "srv/pkg/data/x.txt"]),
        ("WORKDIR /srv\nCOPY main.py /srv", ["srv/main.py"]),
    ],
)
def test_copy_goes_where_docker_would_put_it(registry: Registry, copy: str, expected: list[str]) -> None:
    built = registry.build(zipped(_FILES | {"Dockerfile": f"FROM python\n{copy}\n"}), _REFERENCE)

    assert sorted(_contents(built.image.root)) == expected


@pytest.mark.parametrize(
    ("copy", "words"),
    [
        ("COPY nothing /srv", "Dockerfile line 2: COPY failed: file not found in build context"),
        ("COPY ../secret /srv", "forbidden path outside the build context"),
        ("COPY main.py /a\nCOPY main.py /a/x", "cannot be laid out"),
    ],
)
def test_a_copy_that_cannot_be_done_fails_the_build(registry: Registry, copy: str, words: str) -> None:
    with pytest.raises(BuildFailed, match=words):
        registry.build(zipped(_FILES | {"Dockerfile": f"FROM python\n{copy}\n"}), _REFERENCE)


@pytest.mark.parametrize(
    ("rules", "gone"),
    [
        ("pkg", ["pkg/__init__.py", "pkg/data/x.txt"]),
        ("# remark\n\n/pkg/data/\n", ["pkg/data/x.txt"]),
        ("*.txt", []),
        ("**/*.txt", ["pkg/data/x.txt"]),
        ("pkg\n!pkg/__init__.py", ["pkg/data/x.txt"]),
        ("?ain.py", ["main.py"]),
    ],
)
def test_dockerignore_keeps_files_out_of_the_image(registry: Registry, rules: str, gone: list[str]) -> None:
    files = _FILES | {".dockerignore": rules}
    built = registry.build(zipped(files), _REFERENCE)

    expected = sorted(f"app/{name}" for name in files if name not in gone)
    assert sorted(_contents(built.image.root)) == expected


def test_without_a_dockerfile_a_procfile_is_honoured_and_else_googles_buildpack_speaks(
    registry: Registry,
) -> None:
    built = registry.build(zipped({"Procfile": "web: python main.py\n", "main.py": ""}), _REFERENCE)

    assert built.image.command.words == ("python", "main.py")
    assert (built.image.workdir, sorted(_contents(built.image.root))[1]) == (
        "/workspace",
        "workspace/main.py",
    )
    with pytest.raises(
        BuildFailed, match=r"for Python, provide a main.py or app.py file or set an entrypoint"
    ):
        registry.build(zipped({"x": ""}), _REFERENCE)
    with pytest.raises(BuildFailed, match="no Dockerfile"):
        registry.build(zipped({"Procfile": "web: x"}), _REFERENCE, buildpack=False)


@pytest.mark.skipif(os.name != "posix", reason="mode bits are POSIX's")
def test_an_executable_stays_one(registry: Registry) -> None:
    script = tarfile.TarInfo("start")
    script.mode = 0o755

    image = registry.build(tarred({"Dockerfile": _DOCKERFILE}, script), _REFERENCE).image

    assert os.access(image.root / "app" / "start", os.X_OK)


class Cloud:
    """A builds API on a port, as the server wires it, and the official client of it."""

    def __init__(
        self, store: Store, registry: Registry, client: BuildsAsyncClient, operations: Message
    ) -> None:
        self.store, self.registry, self.client, self.operations = store, registry, client, operations

    async def build(self, source: bytes, **build: Message) -> Operation:
        """Submit a build of `source` and follow it to its end."""
        spool = self.store.spool()
        spool.write(source)
        put = self.store.put("sources", "services/shop/1.zip", spool, "application/zip")
        storage = run_v2.StorageSource(bucket="sources", object_=put.name, generation=put.generation)
        answer = await self.client.submit_build(
            run_v2.SubmitBuildRequest(
                parent="projects/demo/locations/us-central1",
                image_uri=_REFERENCE,
                storage_source=storage,
                **build,
            )
        )
        operation = run_v2.SubmitBuildResponse.pb(answer).build_operation
        while not operation.done:
            await asyncio.sleep(0.01)
            operation = await self.operations(GetOperationRequest(name=operation.name))
        return operation


@pytest.fixture
async def cloud(tmp_path: Path, registry: Registry) -> AsyncIterator[Cloud]:
    store = Store(tmp_path, Clock())
    store.create("sources", "demo", "")
    builds = Builds(registry, store.read, Clock(), list[str]().append, list[Message]().append, Faults())

    async def get(request: Message) -> Message:
        return builds.operation(request.name) or Operation()

    server = grpc.aio.server()
    server.add_generic_rpc_handlers(
        [
            service(
                "google.cloud.run.v2.Builds",
                {"SubmitBuild": Unary(SubmitBuildRequest, builds.submit)},
                Faults(),
            ),
            service(
                "google.longrunning.Operations", {"GetOperation": Unary(GetOperationRequest, get)}, Faults()
            ),
        ]
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with (
        grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel,
        grpc.aio.insecure_channel(f"127.0.0.1:{port}") as plain,
    ):
        client = BuildsAsyncClient(transport=BuildsGrpcAsyncIOTransport(channel=channel))
        follow = plain.unary_unary(
            "/google.longrunning.Operations/GetOperation",
            request_serializer=GetOperationRequest.SerializeToString,
            response_deserializer=Operation.FromString,
        )
        yield Cloud(store, registry, client, follow)
    await server.stop(None)
    await builds.close()


async def test_a_build_by_the_official_client_ends_in_an_image_and_its_digest(cloud: Cloud) -> None:
    operation = await cloud.build(zipped(_FILES), docker_build=run_v2.SubmitBuildRequest.DockerBuild())

    build, metadata = Build(), BuildOperationMetadata()
    assert operation.response.Unpack(build)
    assert operation.metadata.Unpack(metadata)
    assert (metadata.build.status, build.status) == (SUCCESS, SUCCESS)
    image = build.results.images[0]
    assert cloud.registry.find(f"{image.name}@{image.digest}") is not None
    assert build.source.storage_source.bucket == "sources"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (zipped({"Dockerfile": "FROM python\nRUN make\n"}), "Dockerfile line 2: RUN make"),
        (b"nonsense", "not a readable zip"),
        (zipped({"x": ""}), "for Python, provide a main.py"),
    ],
    ids=["a Dockerfile", "no archive", "no entry point"],
)
async def test_a_failed_build_is_an_operation_with_an_error(cloud: Cloud, source: bytes, words: str) -> None:
    operation = await cloud.build(source)

    metadata = BuildOperationMetadata()
    assert operation.metadata.Unpack(metadata)
    assert operation.error.code == grpc.StatusCode.FAILED_PRECONDITION.value[0]
    assert words in operation.error.message
    assert metadata.build.status == FAILURE
    assert words in metadata.build.status_detail


async def test_a_source_that_is_not_there_fails_the_build(registry: Registry, tmp_path: Path) -> None:
    done: list[str] = []
    builds = Builds(
        registry, Store(tmp_path, Clock()).read, Clock(), done.append, list[Message]().append, Faults()
    )
    request = SubmitBuildRequest(parent="projects/demo/locations/us-central1", image_uri="x/y")
    with pytest.raises(Problem, match="needs image_uri"):
        await builds.submit(request)
    request.storage_source.bucket, request.storage_source.object_ = "none", "none"

    name = (await builds.submit(request)).build_operation.name
    await builds.close()

    assert done == [name]
    assert "The specified bucket does not exist" in builds.operation(name).error.message  # type: ignore[union-attr]
