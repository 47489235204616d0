"""What a build says while it runs, of success and of failure, to whoever reads the log afterwards."""

import io
import zipfile
from pathlib import Path

import grpc
import pytest

from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.machine.archive import BuildFailed
from buddy_tui.emulator.machine.build_log import BuildLog, Order
from buddy_tui.emulator.machine.builds import Builds, SubmitBuildRequest
from buddy_tui.emulator.machine.images import Registry
from buddy_tui.emulator.machine.objects import Store
from buddy_tui.emulator.names import Problem
from buddy_tui.emulator.rpc import Message

_SOURCE = "gs://sources/shop.zip#7"
_BEGIN = ['starting build "b-1"', "FETCHSOURCE", f"Fetching storage object: {_SOURCE}"]
_DOCKERFILE = "FROM python:3.11-slim\nWORKDIR /app\nRUN pip install uvicorn\nCOPY . .\nCMD python main.py\n"


def _zipped(**files: str) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return into.getvalue()


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path, Faults(), Clock())


@pytest.fixture
def log() -> BuildLog:
    return BuildLog(Clock(), "demo", "b-1")


def _said(log: BuildLog) -> list[str]:
    return [entry.text_payload for entry in log.entries]


def _order(archive: bytes) -> Order:
    return Order(_SOURCE, "registry/shop", lambda: archive)


def test_a_build_tells_its_source_its_steps_and_what_was_pushed(registry: Registry, log: BuildLog) -> None:
    built = log.run(registry, _order(_zipped(Dockerfile=_DOCKERFILE, **{"main.py": ""})))

    assert _said(log) == [
        *_BEGIN,
        "BUILD",
        "Step 1/5 : FROM python:3.11-slim",
        "Step 2/5 : WORKDIR /app",
        "Step 3/5 : RUN pip install uvicorn",
        " ---> Not run: the environment of the emulator stands in for what this would install.",
        "Step 4/5 : COPY . .",
        "Step 5/5 : CMD python main.py",
        "PUSH",
        "Pushing registry/shop",
        f"digest: {built.image.digest}",
        "DONE",
    ]


def test_each_line_is_an_entry_of_the_builds_own_resource_in_order(registry: Registry, log: BuildLog) -> None:
    log.run(registry, _order(_zipped(Procfile="web: python main.py\n", **{"main.py": ""})))

    for entry in log.entries:
        assert entry.log_name == "projects/demo/logs/cloudbuild"
        assert entry.resource.type == "build"
        assert dict(entry.resource.labels) == {
            "project_id": "demo", "build_id": "b-1", "build_trigger_id": "",
        }  # fmt: skip
    keys = [(entry.timestamp.ToNanoseconds(), entry.insert_id) for entry in log.entries]
    assert keys == sorted(set(keys))


@pytest.mark.parametrize(
    ("archive", "step", "words"),
    [
        (_zipped(Dockerfile="FROM python\nRUN make\n"), "Step 2/2 : RUN make", "Dockerfile line 2: RUN make"),
        (_zipped(Dockerfile="FROM python\nCOPY x /\n"), "Step 2/2 : COPY x /", "COPY failed: file not found"),
        (_zipped(Procfile="web: a | b\n"), "Procfile: web: a | b", "Procfile line 1"),
        (_zipped(x=""), "BUILD", "provide a main.py"),
        (b"nonsense", "BUILD", "not a readable zip"),
    ],
    # An archive has the time in it, and the workers that share these tests know them by name.
    ids=["step", "copy", "procfile", "nothing", "no archive"],
)
def test_a_failing_build_tells_how_far_it_came_and_why(
    registry: Registry, log: BuildLog, archive: bytes, step: str, words: str
) -> None:
    with pytest.raises(BuildFailed):
        log.run(registry, _order(archive))

    *_, last, error, why = _said(log)
    assert (last, error) == (step, "ERROR")
    assert why.startswith('ERROR: build step 0 "buddy-tui/emulator" failed: ')
    assert words in why


def test_a_source_that_is_not_there_is_told_before_anything_is_built(
    registry: Registry, log: BuildLog
) -> None:
    def gone() -> bytes:
        raise Problem(grpc.StatusCode.NOT_FOUND, "There is no such object.")

    with pytest.raises(Problem):
        log.run(registry, Order(_SOURCE, "registry/shop", gone))

    assert _said(log) == [*_BEGIN, "ERROR", "ERROR: could not resolve source: There is no such object."]


@pytest.mark.parametrize(
    ("dockerfile", "end"), [(_DOCKERFILE, "DONE"), ("FROM python\nRUN make\n", "ERROR: ")]
)
async def test_a_submitted_build_is_in_the_log_store_when_its_end_is_told(
    registry: Registry, tmp_path: Path, dockerfile: str, end: str
) -> None:
    store, written, at_the_end = Store(tmp_path, Clock()), list[Message](), list[int]()
    store.create("sources", "demo", "")
    spool = store.spool()
    spool.write(_zipped(Dockerfile=dockerfile))
    stored = store.put("sources", "shop.zip", spool, "application/zip")
    builds = Builds(
        registry, store.read, Clock(), lambda _: at_the_end.append(len(written)), written.append, Faults()
    )
    request = SubmitBuildRequest(parent="projects/demo/locations/us-central1", image_uri="registry/shop")
    request.storage_source.bucket, request.storage_source.object_ = "sources", "shop.zip"
    request.storage_source.generation = stored.generation

    operation = (await builds.submit(request)).build_operation
    await builds.close()

    identity = operation.name.rpartition("/")[2]
    assert at_the_end == [len(written)]
    assert {entry.resource.labels["build_id"] for entry in written} == {identity}
    assert written[2].text_payload == f"Fetching storage object: gs://sources/shop.zip#{stored.generation}"
    assert written[-1].text_payload.startswith(end)
