"""A roll-back, from the confirmed key to effective traffic, beside the bare client's update and read-back.

Run it as `uv run python benchmarks/rollback.py`. It starts an emulated Cloud Run with the story `release`, and itself
in it: both clients are warm, and turn by turn take all traffic from one revision and give it to another. What the
operator reads and confirms is there already, as on the screen. What comes after the traffic is effective (the mark
that others see, the outcome in the journal) keeps nobody waiting, and is not counted.

It is measured twice: in a world that answers at once, where the line of the journal that comes before the call is as
long as a call, and in one whose every answer takes 20 ms, as a near region's does: there it counts how often one waits.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from google.cloud import run_v2
from report import Promise, compared, show

from buddy_tui import gcp
from buddy_tui.actions.apply import apply
from buddy_tui.actions.drafting import Terms
from buddy_tui.actions.roll_back import roll_back
from buddy_tui.actions.split import split
from buddy_tui.actions.values import Ending, Plan, Progress, StepState
from buddy_tui.cli.settle import settle
from buddy_tui.gcp.cloud import GoogleCloud
from buddy_tui.journal.keep import Journal
from buddy_tui.model import ServiceName

NAME = ServiceName("demo-project", "us-central1", "buddy-app")
GOOD, OTHER = "buddy-app-00028-bsx", "buddy-app-00038-g6r"
GOAL = 1.3


def now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Bench:
    """What both work with: one connection, and a journal on a disk that keeps what is written."""

    cloud: GoogleCloud
    journal: Journal

    async def prepared(self) -> Plan:
        """Give the other revision all traffic; return the plan that takes it back."""
        service, revisions = await asyncio.gather(self.cloud.service(NAME), self.cloud.revisions(NAME))
        there = split(service, revisions, {OTHER: 100}, Terms(now()))
        await self.applied(there)
        service, revisions = await asyncio.gather(self.cloud.service(NAME), self.cloud.revisions(NAME))
        return roll_back(service, revisions, GOOD, Terms(now()))

    async def applied(self, plan: Plan) -> float:
        """Do a plan; return the seconds until its traffic was seen to be effective."""
        began, took = time.perf_counter(), 0.0
        stream = apply(plan, reads=self.cloud, writes=gcp.writes(self.cloud), journal=self.journal, clock=now)
        told = Progress(plan)
        async with aclosing(stream) as steps:
            async for told in steps:
                if not took and _is_effective(told):
                    took = time.perf_counter() - began
        if told.ending is not Ending.DONE:
            raise SystemExit(f"Nothing to compare: {told.sentence}")
        return took

    async def bare(self, plan: Plan) -> float:
        """Do the same with the official client alone; return the seconds until it is read back as effective."""
        client: Any = self.cloud.clients.services
        began = time.perf_counter()
        traffic = [
            run_v2.TrafficTarget(
                type_="TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION",
                revision=one.revision,
                percent=one.percent,
                tag=one.tag,
            )
            for one in plan.after
        ]
        wanted = run_v2.Service(name=NAME.path, etag=plan.etag, traffic=traffic)
        await client.update_service(
            run_v2.UpdateServiceRequest(service=wanted, update_mask={"paths": ["traffic"]})
        )
        while True:
            read = await client.get_service(name=NAME.path)
            statuses = {(one.revision, one.tag): one.percent for one in read.traffic_statuses}
            if statuses == {(one.revision, one.tag): one.percent for one in plan.after}:
                return time.perf_counter() - began
            await asyncio.sleep(0.05)


def _is_effective(told: Progress) -> bool:
    return any(step.name == "settle" and step.state is StepState.DONE for step in told.steps)


async def measured(rounds: int, world: str) -> tuple[Promise, ...]:
    """Take both in turn; the first round warms what is warm on a screen."""
    settings = settle({"project": NAME.project, "region": NAME.region})
    cloud = await gcp.connect(settings)
    ours, theirs = [], []
    try:
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(cloud, Journal(Path(folder) / "journal.jsonl"))
            for _ in range(1 + rounds):
                ours.append(await bench.applied(await bench.prepared()))
                theirs.append(await bench.bare(await bench.prepared()))
    finally:
        await cloud.close()
    return (compared(f"key to effective traffic {world}", ours[1:], theirs[1:], goal=GOAL),)


# What the world is called, and its faults.
WORLDS = (("at once", ()), ("20 ms away", ("--fault", "latency=0.02")))


def main() -> int:
    """Start an emulated Cloud Run, and measure in it; then another."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--inside", metavar="WORLD", help="the emulator is there already")
    asked = parser.parse_args()
    if asked.inside:
        show(
            "A roll-back over a bare update and read-back", asyncio.run(measured(asked.rounds, asked.inside))
        )
        return 0
    for world, faults in WORLDS:
        inside = (sys.executable, __file__, "--inside", world, "--rounds", str(asked.rounds))
        host = (sys.executable, "-m", "buddy_tui", "emulator", "--story", "release", *faults, "--", *inside)
        if code := subprocess.run(host, check=False).returncode:
            return code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
