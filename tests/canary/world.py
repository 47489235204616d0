"""The world with canaries in it: a program that serves it until its input ends. Its first line tells the endpoints."""

import asyncio
import json
import os
import sys
from datetime import datetime, timedelta

from google.iam.v1.policy_pb2 import Policy

from buddy_tui.emulator import tree, workload
from buddy_tui.emulator.logs import entries
from buddy_tui.emulator.names import Where
from buddy_tui.emulator.run.messages import REVISION
from buddy_tui.emulator.server import Options, serve
from buddy_tui.emulator.stage import Stage
from buddy_tui.emulator.story import PROJECT, REGION, SERVICE, Deployment, Kept, Story, Target
from buddy_tui.emulator.tree import Tree
from tests.canary.planted import HOSTILE, Place, mark, person, secrets

# The variable that tells where whoever is led away would be led to.
THIEF = "CANARY_THIEF"
GOOD, BAD, WORSE, LEAKY = (f"{SERVICE}-{one}" for one in ("00001-gdk", "00002-bad", "00003-wrs", "00004-lky"))
_SETTINGS = {
    "SESSION_STORE": "firestore",
    "API_TOKEN": f"{mark(Place.SETTING)}-value",
    "DATABASE_URL": f"postgres://u:{mark(Place.SETTING)}@db.example/shop",
    "PLAIN": f"{mark(Place.SETTING)} without any form",
}


def source() -> Tree:
    """Return the project as it is uploaded: with the files that should have stayed at home."""
    return (
        tree.read(workload.BUDDY)
        .written(".env", f"API_TOKEN={mark(Place.SOURCE)}-dotenv\nPLAIN={mark(Place.SOURCE)}\n")
        .written(
            "credentials.json",
            json.dumps({"type": "service_account", "private_key": secrets(Place.SOURCE)[-5]}),
        )
        .written("notes.txt", "\n".join(secrets(Place.SOURCE)))
    )


def chatty(project: Tree) -> Tree:
    """Return a project that tells every secret at its start, and fails with one on its lips."""
    lines = [*secrets(Place.LOGGED), HOSTILE, f"{HOSTILE} {person()}"]
    told = "".join(f"print({line!r}, flush=True)\n" for line in lines)
    payload = {
        "severity": "ERROR",
        "message": f"{HOSTILE}{secrets(Place.LOGGED)[0]}",
        "password": mark(Place.LOGGED),
    }
    return project.edited(
        "Back_End/main.py",
        "settings = load()\n",
        "settings = load()\n"
        f"{told}print({json.dumps(payload)!r}, flush=True)\n"
        f"password = {mark(Place.LOGGED)!r}\n"
        f"raise RuntimeError({chr(10).join((f'could not connect {HOSTILE}', *secrets(Place.LOGGED)))!r})\n",
    )


def _talkative(project: Tree) -> Tree:
    """Return a project that tells every secret to whoever asks how it is, and the headers that it was asked with."""
    told = {
        "password": f"{mark(Place.ANSWERED)}-body",
        "leak": list(secrets(Place.ANSWERED)),
        "note": HOSTILE,
    }
    return (
        project.edited(
            "Back_End/system_api.py",
            '        return Response({"status": "ok"})\n',
            f"        return Response({told!r}, 500)\n",
        )
        .edited(
            "Back_End/system_api.py",
            "        steps = self._flow.run()\n",
            "        return Response({}, 302)\n",
        )
        .edited(
            "Back_End/http_response.py",
            '"content-length": str(len(body)), **headers}',
            '"content-length": str(len(body)), **headers,'
            f' "set-cookie": "id={mark(Place.ANSWERED)}", "x-debug": {secrets(Place.ANSWERED)[0]!r},'
            f' "link": "<https://x.example/?token={mark(Place.ANSWERED)}-0123>", "location": {os.environ[THIEF]!r}}}',
        )
    )


async def _play(stage: Stage) -> None:
    project, now = source(), stage.clock.now()
    await stage.deploy(_deployment(GOOD, now - timedelta(hours=9), project))
    for name, hours in ((BAD, 8), (WORSE, 7)):
        await stage.deploy(_deployment(name, now - timedelta(hours=hours), chatty(project)))
    await stage.route(now - timedelta(hours=6), [Target("00001-gdk", 100)], person())
    await _dress(stage, now - timedelta(hours=5), _talkative(project))
    for name in (GOOD, WORSE, LEAKY):
        _write_requests(stage, name, now)
    await stage.remember(_documents(now))
    _close(stage)


def _deployment(name: str, at: datetime, files: Tree) -> Deployment:
    suffix = name.removeprefix(f"{SERVICE}-")
    return Deployment(suffix, at, files, HOSTILE, env=_SETTINGS, instances=1, by=person())


async def _dress(stage: Stage, at: datetime, files: Tree) -> None:
    """Deploy without traffic, with all that others write into labels, annotations and settings."""
    stage.clock.travel(at)
    built = await stage.build(SERVICE, files)
    service = stage.world.get_service(Where(PROJECT, REGION, SERVICE).service_path)
    template = service.template
    template.revision = LEAKY
    for there in (service, template):
        there.labels.update(
            {"team": f"glpat-{mark(Place.MARKED)}0123456789", "db-password": mark(Place.MARKED)}
        )
        there.annotations.update({"example.com/dsn": secrets(Place.MARKED)[0], "example.com/note": HOSTILE})
    container = template.containers[0]
    container.image = built.reference
    container.build_info.source_location = built.source
    container.env.add(name="FROM_SECRET").value_source.secret_key_ref.secret = "shop-password"  # noqa: S105 - its name
    service.traffic.add(type_=REVISION, revision=LEAKY, tag="leaky")
    operation = stage.world.update_service(service, ("template", "traffic", "labels", "annotations"))
    await stage.bell.wait(operation.name, 60.0)


def _write_requests(stage: Stage, revision: str, now: datetime) -> None:
    """Log requests whose addresses have tokens in them, and an API call with a whole specification."""
    where = Where(PROJECT, REGION, SERVICE, revision)
    exchange = entries.Exchange(
        "GET",
        f"https://x.example/cb?access_token={mark(Place.ASKED)}-0123456789&code={mark(Place.ASKED)}0123",
        500,
        0.1,
        1,
        1,
        f"agent {HOSTILE} {person()}",
        "203.0.113.7",
        "HTTP/1.1",
        "0" * 32,
        "0" * 16,
        f"{HOSTILE} {mark(Place.LOGGED)}",
    )
    stage.write(entries.request(where, "0069c7", exchange, now - timedelta(minutes=3)))
    body = {"service": {"template": {"containers": [{"env": [{"value": mark(Place.AUDITED)}]}]}}}
    told = entries.activity(
        where,
        person(),
        "google.cloud.run.v2.Services.UpdateService",
        now - timedelta(minutes=2),
        code=9,
        message=f"{HOSTILE} {secrets(Place.LOGGED)[0]}",
        request=body,
        agent=f"{HOSTILE}",
    )
    stage.write(told)


def _documents(now: datetime) -> list[Kept]:
    fields: dict[str, str | datetime] = {
        "created": now - timedelta(hours=1),
        "revision": f"{GOOD} {HOSTILE}{secrets(Place.SESSION)[0]}",
        "probe": mark(Place.SESSION),
        "token": mark(Place.SESSION),
    }
    return [Kept(f"sessions/{'0' * 31}{one}", {"id": f"{'0' * 31}{one}", **fields}) for one in range(3)]


def _close(stage: Stage) -> None:
    """Let nobody in without a token."""
    policy = Policy()
    policy.bindings.add(role="roles/run.invoker", members=["user:operator@example.com"])
    stage.world.set_policy(Where(PROJECT, REGION, SERVICE).service_path, policy)


STORY = Story("canaries", "Secrets in every place.", _play)


async def _main() -> None:
    async with serve(Options()) as emulator:
        await emulator.play(STORY)
        print(json.dumps(emulator.endpoints), flush=True)  # noqa: T201 - how its endpoints are told
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_main())
