"""The real gcloud as a client of the emulator: what it shows, what it changes, and that buddy-tui sees the same."""

import asyncio
import json
import os
import shlex
import shutil
import sys
import zipfile
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from buddy_tui import gcp
from buddy_tui.actions.arithmetic import percents_of, same, tags_of
from buddy_tui.actions.commands import update_traffic
from buddy_tui.actions.drafting import Terms
from buddy_tui.actions.values import Targets
from buddy_tui.config import Known, Settings
from buddy_tui.deploy.plan import plan_deployment
from buddy_tui.deploy.values import Wish
from buddy_tui.emulator import stories, workload
from buddy_tui.emulator.logs.entries import line
from buddy_tui.emulator.names import parse
from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run.messages import copied
from buddy_tui.feeds import Feeds, LiveFeed
from buddy_tui.gateway import Cloud, Rollout
from buddy_tui.gcp.permissions import grant
from buddy_tui.model import RevisionState, Service
from buddy_tui.preflight.apis import apis
from buddy_tui.preflight.values import Target
from buddy_tui.probes import fixes
from screens import links
from tests.core.actions.lists import entry
from tests.core.preflight.made import facts
from tests.gcloud.judge import NAME, SDK, Court, Said, in_court, needs_beta, needs_gcloud, started

pytestmark = [
    needs_gcloud,
    pytest.mark.asyncio(loop_scope="module"),
]
STABLE, GOOD, BAD = (f"{NAME.service}-{short}" for short in ("00028-bsx", "00038-g6r", "00039-z4t"))
BROKEN = f"{NAME.service}-00037-v3f"
FORMER = (entry(STABLE, 100), entry(GOOD, 0, "candidate"), entry(BAD, 0, "bad-candidate"))

REGION, REPOSITORY = NAME.region, "cloud-run-source-deploy"
ACTING = f"deployer@{NAME.project}.iam.gserviceaccount.com"
HINTS = {
    "describe a service": links.describe_service(NAME),
    "describe a revision": links.describe_revision(STABLE, NAME),
    "read logs": links.read_logs(NAME.project, f'resource.labels.revision_name="{STABLE}"', ACTING),
    "images": f"gcloud artifacts docker images list {REGION}-docker.pkg.dev/{NAME.project}/{REPOSITORY}",
    "read images": f"gcloud artifacts repositories add-iam-policy-binding {REPOSITORY} --location={REGION}"
    f" --project={NAME.project} --member=serviceAccount:{ACTING} --role=roles/artifactregistry.reader",
    "tag": fixes.add_tag(NAME, STABLE, "probe-bsx"),
    "allow": fixes.allow_invoker(NAME, "ana@example.com"),
    "grant": grant("roles/run.developer", "user:ana@example.com", project=NAME.project),
    "grant acting": grant("roles/iam.serviceAccountUser", "user:ana@example.com", service_account=ACTING),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def released() -> AsyncIterator[Court]:
    """Play the story `release`, and load gcloud."""
    async with in_court() as court:
        await court.emulator.play(stories.find("release"))
        yield court


@pytest_asyncio.fixture(loop_scope="module")
async def court(released: Court) -> Court:
    """Let the service ask for what the story left it with, whatever the test before did."""
    await _asking(released, FORMER)
    return released


async def _asking(court: Court, targets: Targets) -> Service:
    service = await court.cloud.service(NAME)
    return await gcp.writes(court.cloud).set_traffic(NAME, targets, service.etag)


async def _run(court: Court, *words: str) -> Said:
    said = await court.gcloud("run", *words)
    assert said.status == 0, said.err
    return said


async def _update(court: Court, *flags: str) -> Service:
    await _run(court, "services", "update-traffic", NAME.service, *flags)
    return await court.cloud.service(NAME)


async def test_lists_and_descriptions_say_what_buddy_tui_says(court: Court) -> None:
    service, revisions = await court.look()

    listed = (await _run(court, "services", "list", "--format=json")).json()
    told = (await _run(court, "services", "describe", NAME.service, "--format=json")).json()
    theirs = (await _run(court, "revisions", "list", f"--service={NAME.service}", "--format=json")).json()

    assert [one["metadata"]["name"] for one in listed] == [NAME.service]
    assert told["status"]["url"] == service.uri
    assert told["status"]["latestReadyRevisionName"] == service.latest_ready
    assert {one.tag: one.uri for one in service.effective if one.tag} == {
        one["tag"]: one["url"] for one in told["status"]["traffic"] if "tag" in one
    }
    assert [one["metadata"]["name"] for one in theirs] == [one.name for one in revisions]
    assert [_is_ready(one) for one in theirs] == [one.state is not RevisionState.FAILED for one in revisions]
    assert [one["spec"]["containers"][0]["image"] for one in theirs] == [
        one.containers[0].image for one in revisions
    ]


@pytest.mark.parametrize(
    ("flags", "wanted"),
    [
        (["--to-latest"], (entry("LATEST", 100), *FORMER[1:])),
        (
            ["--to-revisions", f"LATEST=10,{STABLE}=90"],
            (entry("LATEST", 10), entry(STABLE, 90), *FORMER[1:]),
        ),
        (["--to-revisions", f"{GOOD}=25"], (entry(GOOD, 25), entry(STABLE, 75), *FORMER[1:])),
        (["--to-tags", "candidate=30"], (entry(STABLE, 70), entry(GOOD, 30), *FORMER[1:])),
        (["--update-tags", f"prev={STABLE}"], (*FORMER, entry(STABLE, 0, "prev"))),
        (["--set-tags", f"only={GOOD}"], (entry(STABLE, 100), entry(GOOD, 0, "only"))),
        (["--remove-tags", "bad-candidate"], FORMER[:2]),
        (["--clear-tags"], FORMER[:1]),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
async def test_what_gcloud_does_to_the_traffic_is_what_buddy_tui_sees(
    court: Court, flags: list[str], wanted: Targets
) -> None:
    before = await court.cloud.revisions(NAME)

    service = await _update(court, *flags)

    assert same(service.desired, wanted)
    assert same(service.effective, wanted)
    assert [one.name for one in await court.cloud.revisions(NAME)] == [one.name for one in before]


async def test_what_buddy_tui_does_to_the_traffic_is_what_gcloud_sees(court: Court) -> None:
    await _asking(court, (entry(STABLE, 60), entry("LATEST", 40, "newest"), entry(GOOD, 0, "candidate")))

    told = (await _run(court, "services", "describe", NAME.service, "--format=json")).json()

    assert told["spec"]["traffic"] == [
        {"revisionName": STABLE, "percent": 60},
        {"latestRevision": True, "percent": 40, "tag": "newest"},
        {"revisionName": GOOD, "tag": "candidate"},
    ]


async def test_a_screen_shows_what_gcloud_did_at_its_next_look(court: Court) -> None:
    async def connected() -> Cloud:
        return court.cloud

    feeds = Feeds(Settings(project=Known(NAME.project, "a test")), connected, lambda: datetime.now(UTC))
    feed = LiveFeed(partial(feeds.snapshots, NAME))
    async with aclosing(feed.stream()) as shown, asyncio.timeout(60):
        before = await anext(shown)
        await _update(court, "--to-revisions", f"{GOOD}=30")
        done = datetime.now(UTC)

        feed.refresh()
        # What the first look found out about failed revisions may come in between.
        next_look = await anext(seen async for seen in shown if (seen.as_of or done) > done)

    assert before.service
    assert same(before.service.effective, FORMER)
    assert next_look.service
    assert percents_of(next_look.service.effective) == {GOOD: 30, STABLE: 70}


@pytest.mark.parametrize("hint", HINTS)
async def test_a_command_that_a_hint_or_a_copy_tells_is_done(court: Court, hint: str) -> None:
    said = await court.gcloud(*shlex.split(HINTS[hint])[1:])

    assert said.status == 0, said.err


@needs_beta
async def test_an_address_that_a_hint_has_enabled_is_back(court: Court) -> None:
    before = (await court.cloud.service(NAME)).uri
    await court.gcloud("beta", "run", "services", "update", NAME.service, "--no-default-url")
    assert (await court.cloud.service(NAME)).default_uri_disabled

    said = await court.gcloud(*shlex.split(fixes.enable_address(NAME))[1:])

    after = await court.cloud.service(NAME)
    assert said.status == 0, said.err
    assert (after.uri, after.default_uri_disabled) == (before, False)


async def test_an_api_that_a_hint_has_enabled_is_on(court: Court) -> None:
    court.emulator.faults.apis_off = frozenset({"firestore.googleapis.com"})
    service = await court.cloud.service(NAME)
    off = apis(facts(target=Target(NAME, service, apis={"firestore.googleapis.com": False})))

    said = await court.gcloud(*shlex.split(off.fix)[1:])

    assert said.status == 0, said.err
    assert court.emulator.faults.apis_off == frozenset()


async def test_who_used_gcloud_and_how_is_in_the_history(court: Court) -> None:
    since = datetime.now(UTC)

    await _update(court, "--to-revisions", f"{GOOD}=40")

    newest = (await court.cloud.traffic_changes(NAME, since))[0]
    assert newest.method == "ReplaceService"
    assert newest.agent == "gcloud run services update-traffic"
    assert newest.targets is not None
    assert percents_of(newest.targets) == {GOOD: 40, STABLE: 60}


async def test_who_acts_as_a_service_account_is_that_account_in_the_history(court: Court) -> None:
    since, acting = datetime.now(UTC), "deployer@demo-project.iam.gserviceaccount.com"
    service = await court.cloud.service(NAME)

    said = await court.gcloud(
        *shlex.split(update_traffic(NAME, service.desired, (entry(GOOD, 100),), acting))[1:]
    )

    assert said.status == 0, said.err
    newest = (await court.cloud.traffic_changes(NAME, since))[0]
    assert newest.by == acting
    assert same((await court.cloud.service(NAME)).effective, (entry(GOOD, 100),))


async def test_a_good_image_is_deployed_without_traffic(court: Court) -> None:
    image = _image(court, STABLE)

    said = await _run(
        court, "deploy", NAME.service, "--image", image, "--no-traffic", "--tag", "next", "--format=json"
    )

    service, revisions = await court.look()
    new = next(one for one in revisions if one.name == tags_of(service.desired)["next"])
    assert (new.state, new.containers[0].image) == (RevisionState.READY, image)
    assert percents_of(service.effective) == {STABLE: 100}
    assert said.json()["status"]["latestCreatedRevisionName"] == new.name == service.latest_created


async def test_the_revision_that_gcloud_names_comes_after_all_that_are_there(court: Court) -> None:
    _, before = await court.look()

    await _run(
        court, "deploy", NAME.service, "--image", _image(court, STABLE), "--no-traffic", "--tag", "named"
    )

    service = await court.cloud.service(NAME)
    assert _number(tags_of(service.desired)["named"]) > max(_number(one.name) for one in before)


async def test_a_failing_deployment_ends_with_googles_sentence_and_what_serves_stays(court: Court) -> None:
    said = await court.gcloud(
        "run", "deploy", NAME.service, "--image", _image(court, BROKEN), "--no-traffic", "--tag", "broken"
    )

    service, revisions = await court.look()
    failed = next(one for one in revisions if one.name == service.latest_created)
    assert said.status == 1
    assert f"ERROR: (gcloud.run.deploy) Revision '{failed.name}' is not ready" in said.err
    assert failed.state is RevisionState.FAILED
    assert percents_of(service.effective) == {STABLE: 100}
    assert "broken" not in tags_of(service.effective)


async def test_a_new_service_is_created_and_opened_to_everybody(court: Court) -> None:
    await _run(court, "deploy", "fresh", "--image", _image(court, STABLE), "--allow-unauthenticated")
    policy = (await _run(court, "services", "get-iam-policy", "fresh", "--format=json")).json()

    assert policy["bindings"] == [{"members": ["allUsers"], "role": "roles/run.invoker"}]
    assert "fresh" in [one.name.service for one in await court.cloud.services(NAME.project, NAME.region)]

    await _run(court, "services", "delete", "fresh")
    assert "fresh" not in [one.name.service for one in await court.cloud.services(NAME.project, NAME.region)]


async def test_the_sample_project_is_deployed_from_its_root_and_tells_where_it_came_from_as_ours_does(
    court: Court, tmp_path: Path
) -> None:
    root = shutil.copytree(workload.BUDDY, tmp_path / "buddy")

    await _run(court, "deploy", NAME.service, "--source", str(root), "--no-traffic", "--tag", "source")

    service, revisions = await court.look()
    new = next(one for one in revisions if one.name == service.latest_created)
    assert new.state is RevisionState.READY
    assert new.source.startswith("gs://run-sources-demo-project-us-central1/services/buddy-app/")
    tree = await court.cloud.source_tree(new.source, ("Dockerfile",))
    assert {"Dockerfile", "Back_End/main.py"} <= set(tree.paths)
    await court.gcloud("storage", "cp", new.source.partition("#")[0], str(tmp_path / "source.zip"))
    assert zipfile.is_zipfile(tmp_path / "source.zip")

    theirs = court.emulator.world.get_service(NAME.path)
    build, image = theirs.build_config.name, new.containers[0].image
    rollout = Rollout(f"{NAME.service}-00099-bab", image, service.desired, new.source, build)
    await gcp.deploys(court.cloud).roll_out(NAME, rollout, service.etag)
    await _decided(court)
    ours = court.emulator.world.get_service(NAME.path)
    assert ours.build_config == theirs.build_config
    assert ours.template.containers == theirs.template.containers


async def test_the_sample_project_fails_when_it_is_deployed_from_its_backend_folder(
    court: Court, tmp_path: Path
) -> None:
    folder = shutil.copytree(workload.BUDDY / "Back_End", tmp_path / "Back_End")

    said = await court.gcloud(
        "run", "deploy", NAME.service, "--source", str(folder), "--no-traffic", "--tag", "folder"
    )
    logs = await court.gcloud(
        "logging", "read", 'textPayload:"ModuleNotFoundError"', "--limit=1", "--freshness=5m", "--format=json"
    )

    service, revisions = await court.look()
    failed = next(one for one in revisions if one.name == service.latest_created)
    assert (said.status, failed.state) == (1, RevisionState.FAILED)
    assert "failed to start and listen on the port" in said.err
    (line,) = logs.json()
    assert "ModuleNotFoundError: No module named 'Back_End'" in line["textPayload"]
    assert line["resource"]["labels"]["revision_name"] == failed.name


async def test_the_printed_deployment_ends_where_our_own_ends(court: Court) -> None:
    image = _image(court, STABLE)
    ended = []
    for by_gcloud in (True, False):
        service = await _asking(court, (entry("LATEST", 100, "newest"), entry(GOOD, 0, "candidate")))
        _, revisions = await court.look()
        wish, terms = Wish(image=image, tag="judged"), Terms(datetime.now(UTC))
        release = plan_deployment(NAME, service, revisions, wish, terms, id="one", suffix="bab")
        if by_gcloud:
            assert (await court.gcloud(*shlex.split(release.plan.command)[1:])).status == 0
        else:
            rollout = Rollout(release.revision, image, release.plan.after)
            await gcp.deploys(court.cloud).roll_out(NAME, rollout, service.etag)
            await _decided(court)
        ended.append(_named_alike(court.emulator.world.get_service(NAME.path), service.latest_ready))
        assert (await court.gcloud(*shlex.split(release.plan.undo_command)[1:])).status == 0

    assert ended[0] == ended[1]


async def test_logs_are_read_as_lines(court: Court) -> None:
    wanted = '--log-filter=textPayload:"Uvicorn running"'

    said = await _run(court, "services", "logs", "read", NAME.service, wanted, "--limit=2")

    lines = said.out.splitlines()
    assert len(lines) == 2
    assert all("INFO:     Uvicorn running on http://0.0.0.0:8080" in told for told in lines)


async def test_all_that_the_revisions_wrote_is_read_as_lines(court: Court) -> None:
    said = await _run(court, "services", "logs", "read", NAME.service, "--limit=500", "--freshness=3d")

    assert f" Buddy is up: {GOOD}" in said.out
    assert "ModuleNotFoundError: No module named 'Back_End'" in said.out


@needs_beta
async def test_a_tail_shows_a_line_as_it_is_written(court: Court) -> None:
    where = parse(f"{NAME.path}/revisions/{STABLE}")

    async def write() -> None:
        while True:
            court.emulator.logs.write(line(where, "i1", "stdout", "hello from the tail", datetime.now(UTC)))
            await asyncio.sleep(0.2)

    wanted = (
        "beta",
        "logging",
        "tail",
        'textPayload:"from the tail"',
        "--buffer-window=0s",
        "--format=value(textPayload)",
    )
    async with started(court.env, *wanted) as tail, asyncio.timeout(30):
        assert tail.stdout
        writing = asyncio.create_task(write())
        try:
            assert await anext(aiter(tail.stdout)) == b"hello from the tail\n"
        finally:
            writing.cancel()


async def test_a_revision_is_deleted(court: Court) -> None:
    await _run(court, "revisions", "delete", f"{NAME.service}-00029-q7v")

    assert f"{NAME.service}-00029-q7v" not in [one.name for one in await court.cloud.revisions(NAME)]


async def test_what_gcloud_sent_back_changes_nothing_but_what_was_asked(court: Court) -> None:
    before = court.emulator.world.get_service(NAME.path)

    await _run(court, "services", "update-traffic", NAME.service, "--to-revisions", f"{STABLE}=100")

    after = court.emulator.world.get_service(NAME.path)
    assert after.template == before.template
    assert (after.build_config, after.labels) == (before.build_config, before.labels)
    assert after.latest_created_revision == before.latest_created_revision


async def test_the_command_of_the_emulator_can_be_gcloud_itself(tmp_path: Path) -> None:
    program = (sys.executable, "-m", "buddy_tui", "emulator", "--story", "healthy", "--")
    question = ("gcloud", "run", "services", "describe", NAME.service, "--format=json")
    assert SDK
    env = {**os.environ, "PATH": os.pathsep.join((str(SDK / "bin"), os.environ.get("PATH", "")))}
    env |= {"TMPDIR": str(tmp_path), "HOME": str(tmp_path / "home")}

    process = await asyncio.create_subprocess_exec(*program, *question, stdout=PIPE, stderr=PIPE, env=env)
    out, trouble = await process.communicate()

    assert (process.returncode, trouble) == (0, b"")
    assert json.loads(out)["metadata"]["name"] == NAME.service
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - it does not wait for anything


def _is_ready(resource: dict[str, dict[str, list[dict[str, str]]]]) -> bool:
    return any((one["type"], one["status"]) == ("Ready", "True") for one in resource["status"]["conditions"])


def _number(revision: str) -> int:
    return int(revision.split("-")[-2])


def _image(court: Court, revision: str) -> str:
    found = court.emulator.world.get_revision(f"{NAME.path}/revisions/{revision}")
    image: str = found.containers[0].image
    return image


async def _decided(court: Court) -> None:
    async with asyncio.timeout(20):
        while (await court.cloud.service(NAME)).reconciling:  # noqa: ASYNC110 - as whoever looks from outside
            await asyncio.sleep(0.02)


def _named_alike(service: Message, ready: str) -> tuple[Message, ...]:
    """Return the template and both lists, with the same names for the newest and the former newest revision.

    Where an image came from is left out: for an image that it has not built, gcloud lets the service go on naming the
    source of the one before, and we take that away.
    """
    names = {service.latest_created_revision.rpartition("/")[2]: "newest", ready: "ready"}
    template = copied(service.template)
    template.revision = ""
    template.containers[0].ClearField("build_info")

    def alike(targets: Iterable[Message]) -> list[tuple[str, int, str]]:
        return sorted((names.get(one.revision, one.revision), one.percent, one.tag) for one in targets)

    return template, alike(service.traffic), alike(service.traffic_statuses)
