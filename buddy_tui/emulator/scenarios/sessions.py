"""Sessions that survive, and sessions that do not: one revision for each place to keep them in."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from buddy_tui.emulator import tree, workload
from buddy_tui.emulator.story import SERVICE, Deployment, Kept, Story, Target

if TYPE_CHECKING:
    from buddy_tui.emulator.stage import Stage

_STABLE, _MEMORY = "00001-gdk", "00002-mem"
# How many hours ago; it happened today, for people go on until now.
_BEGAN, _SWITCHED, _BACK = 10, 5, 3
# What people begin in an hour.
_SESSIONS = (28, 41)


async def play(stage: "Stage") -> None:
    """Keep sessions in Firestore, lose them in memory for two hours, go back; then try other places on no traffic."""
    project = tree.read(workload.BUDDY)
    now = stage.clock.now()
    began, switched, back = (now - timedelta(hours=hours) for hours in (_BEGAN, _SWITCHED, _BACK))

    def deployment(
        revision: str, at: datetime, store: str, tag: str, idea: str, *, traffic: bool
    ) -> Deployment:
        return Deployment(
            revision, at, project, idea, env={"SESSION_STORE": store}, tag=tag, traffic=traffic, instances=2
        )

    for revision, at, store, tag, idea, traffic in (
        (_STABLE, began, "firestore", "stable", "sessions in Firestore", True),
        (_MEMORY, switched, "memory", "memory", "sessions in memory, for speed", True),
    ):
        await stage.deploy(deployment(revision, at, store, tag, idea, traffic=traffic))
    kept = [Target(_STABLE, 100, "stable"), Target(_MEMORY, tag="memory")]
    await stage.route(back, kept)
    await stage.remember(_people(now))
    for revision, minute, store, tag, idea in (
        (
            "00003-els",
            10,
            f"firestore:{stage.world.project}-old",
            "elsewhere",
            "Firestore of the old project",
        ),
        ("00004-non", 20, "none", "nowhere", "sessions switched off"),
        ("00005-new", 40, "firestore", "candidate", "Firestore again, and a new greeting"),
    ):
        at = back + timedelta(minutes=minute)
        await stage.deploy(deployment(revision, at, store, tag, idea, traffic=False))


def _people(now: datetime) -> Iterator[Kept]:
    """Yield what is left of today's sessions: nothing of the two hours in which they were kept in memory."""
    chance = Random(28)  # noqa: S311 - chance, not secrecy
    for ago in range(_BEGAN, 0, -1):
        if not _BACK < ago <= _SWITCHED:
            for _ in range(chance.randint(*_SESSIONS)):
                created = now - timedelta(hours=ago) + timedelta(seconds=chance.uniform(60, 3540))
                yield _session(created, f"{chance.getrandbits(128):032x}")


def _session(created: datetime, identity: str) -> Kept:
    fields: dict[str, str | datetime] = {
        "id": identity,
        "created": created,
        "revision": f"{SERVICE}-{_STABLE}",
        "probe": "",
    }
    return Kept(f"sessions/{identity}", fields)


STORY = Story("sessions", "Five revisions keep sessions in four places; only Firestore's survive.", play)
