"""The pictures of README and docs/: two stories really played, read through the real adapter, drawn by the real app.

`python -m tests.stories.picture` draws all of them anew; `python -m tests.stories.picture buddy` those of one story.
"""

import asyncio
import contextlib
import html
import os
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from unittest import mock

from textual.pilot import Pilot

from buddy_tui import gcp
from buddy_tui.actions.promotion import promotion
from buddy_tui.app import BuddyApp
from buddy_tui.cli.dashboard import doctor_of
from buddy_tui.config import Known, Settings
from buddy_tui.emulator import stories, workload
from buddy_tui.emulator.server import Emulator, Options, serve
from buddy_tui.emulator.story import PROJECT, REGION, SERVICE, Target
from buddy_tui.gateway import Cloud
from buddy_tui.pacing import ReleaseSettings
from buddy_tui.question import SessionPlan
from screens.messages import Steering, SteerPromotion
from screens.service import ServiceScreen
from tests.screens.stage import frame, settle
from tests.stories.load import loading

DOCS = Path(__file__).parents[2] / "docs"
SIZE = (110, 32)
# The evening after the ninth failure, when somebody had rolled back.
MOMENT = datetime(2026, 2, 9, 21, 30, tzinfo=UTC)
# Seconds until something is on the screen, on a machine that is busy with other tests.
_PATIENCE = 30.0
_TERMINAL = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
# What differs from run to run: how long something took, folders, and the names and digests of what was made.
_VARIES = re.compile(
    r"\+?\b\d[\d.]* ?(?:ms|s|min|m)\b|(?<=/tmp/)\w+|(?<=00038-)\w{3}\b|(?<=instance )\w+|[0-9a-f]{8,}"
)


class Cockpit(BuddyApp):
    """The app over an emulator."""

    def __init__(self, emulator: Emulator, clock: Callable[[], datetime]) -> None:
        settings = Settings(
            project=Known(PROJECT, "the demo"),
            regions=(Known(REGION, "the demo"),),
            service=Known(SERVICE, "the demo"),
            environment=Known("DEMO", "the demo"),
            emulated=Known(emulator.endpoints["CLOUD_RUN_EMULATOR_HOST"], "the demo"),
            release=ReleaseSettings((25, 50, 100), bake=60.0, least=10),
            session=SessionPlan(patience=0.3),
        )

        async def connect() -> Cloud:
            return await gcp.connect(settings)

        super().__init__(
            settings, connect, writes=gcp.writes, deploys=gcp.deploys, doctor=doctor_of({}), clock=clock
        )


@dataclass(frozen=True, slots=True)
class Scene:
    """The cockpit over a played story, and the keys to it."""

    emulator: Emulator
    app: Cockpit
    pilot: Pilot[None]

    async def press(self, *keys: str) -> None:
        """Press keys, and let each do what it does."""
        for key in keys:
            await self.pilot.press(key)
            await settle(self.pilot)

    async def shows(self, *words: str, without: str = "\0") -> None:
        """Wait until all of these words are on the screen together, and those `without` are not."""
        ends = monotonic() + _PATIENCE
        while not all(word in (seen := self._seen()) for word in words) or without in seen:
            assert monotonic() < ends, f"{words} are not in:\n{frame(self.app)}"
            await asyncio.sleep(0.05)

    def _seen(self) -> str:
        return " ".join(frame(self.app).split())

    async def point_at(self, revision: str) -> None:
        """Put the cursor on a revision of the list."""
        screen = self.app.screen
        assert isinstance(screen, ServiceScreen)
        await self.press("g")
        while screen.table.key != f"{SERVICE}-{revision}":
            await self.press("j")


async def _incident(scene: Scene) -> AsyncGenerator[str, None]:
    """See the incident, read a boot, look at the folder before anything is uploaded."""
    await scene.shows("9 revisions failed", "certain")
    await scene.press("g")
    yield "demo"
    await scene.press("j", "enter")
    await scene.shows("uploaded from Back_End/ certain", "calls", without="connecting")
    yield "boot-log"
    await scene.press("escape")
    project = Path(os.environ["HOME"], SERVICE)
    shutil.copytree(workload.BUDDY, project)
    with contextlib.chdir(project / "Back_End"):
        await scene.press("f")
        await scene.shows("1 failed", "permissions All", "skipped boot")
    yield "preflight"
    await scene.press("escape", "i")
    await scene.shows("Nine deployments", "Timeline")
    yield "report"


async def _release(scene: Scene) -> AsyncGenerator[str, None]:
    """Probe a candidate and one that keeps sessions in memory, look where one could go back to, and promote."""
    stable, forgetful, good, bad = "00028-bsx", "00027-tzv", "00038-g6r", "00039-z4t"
    tags = (Target(good, tag="candidate"), Target(bad, tag="bad-candidate"), Target(forgetful, tag="old"))
    stage = scene.emulator.stage
    await stage.route(stage.clock.now(), [Target(stable, 100, "stable"), *tags])
    await scene.shows("live", "old")
    await scene.point_at(forgetful)
    await scene.press("p")
    await scene.shows("asked 8 times each,")
    yield "probes"
    await scene.press("s")
    await scene.shows("gone from Firestore", "tries again")
    yield "session"
    await scene.press("escape", "escape", "v")
    await scene.shows("ctrl+r looks again", "snapshot")
    yield "checklist"
    scene.emulator.faults.denied = frozenset({"run.services.update"})
    await scene.press("escape", "exclamation_mark")
    await scene.shows("You can", "passed", "skipped in")
    yield "doctor"
    scene.emulator.faults.denied = frozenset()
    await scene.press("escape", "R")
    await scene.shows("default:", "its image is there")
    yield "ways-back"
    await scene.press("enter")
    await scene.shows("plan")
    yield "confirm"
    await scene.press("escape", "escape")
    await scene.point_at(good)
    await scene.press("P")
    await scene.shows(f"Promote {SERVICE}-{good}", "plan")
    service = scene.emulator.world.get_service(f"projects/{PROJECT}/locations/{REGION}/services/{SERVICE}")
    async with loading(service.uri, rate=50):
        scene.app.simulate_key("tab")
        scene.app.simulate_key("enter")
        gates = ("Probes", "Enough", "5xx", "95th", "Crashes")
        await scene.shows("BAKING", *(f"✓ pass {one}" for one in gates))
    yield "promotion"
    scene.app.post_message(SteerPromotion(Steering.ABORT, "the picture is taken"))
    await scene.shows("PUT BACK")


TELLINGS: Mapping[str, Callable[[Scene], AsyncGenerator[str, None]]] = {
    "buddy": _incident,
    "release": _release,
}
# The clock stands still where a story has dates of its own.
_MOMENTS = {"buddy": MOMENT}


def words(name: str, svg: str) -> list[str]:
    """Return what is written in a picture, but neither its styles nor what differs from run to run.

    Of all but the first it is the letters, as one text: where numbers differ, lines break elsewhere too.
    """
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", html.unescape(svg).replace("\xa0", " "))
    told = [_VARIES.sub("", one) for one in texts]
    return told if name == "demo" else [re.sub(r"[\W\d_]+", "", " ".join(told).replace("✓ pass", "✓"))]


def draw(story: str) -> Mapping[str, str]:
    """Play a story and return its pictures as SVG, by their names. None of them asks anybody for a font."""
    with tempfile.TemporaryDirectory() as home:
        own = {"HOME": home, "XDG_STATE_HOME": home, "XDG_CONFIG_HOME": home, **_TERMINAL}
        # So that the gates are looked at, and their logs are there, within a second.
        pace = mock.patch.dict(promotion.__kwdefaults__, interval=0.5, lag=0.5)
        with mock.patch.dict(os.environ, own), pace:
            return asyncio.run(_drawn(story))


async def _drawn(story: str) -> dict[str, str]:
    drawn: dict[str, str] = {}
    async with serve(Options()) as emulator:
        await emulator.play(stories.find(story))
        with mock.patch.dict(os.environ, emulator.endpoints):
            app = Cockpit(emulator, lambda: _MOMENTS.get(story) or datetime.now(UTC))
            async with (
                app.run_test(size=SIZE, notifications=True) as pilot,
                aclosing(TELLINGS[story](Scene(emulator, app, pilot))) as told,
            ):
                async for name in told:
                    drawn[name] = _picture(app)
    return drawn


def _picture(app: BuddyApp) -> str:
    svg = app.export_screenshot(title="buddy-tui", simplify=True)
    svg = re.sub(r"\s*@font-face \{[^}]*\}", "", re.sub(r"terminal-\d+", "terminal", svg))
    # Not every viewer keeps spaces in front.
    return svg.replace("<svg ", '<svg xml:space="preserve" ', 1) + "\n"


if __name__ == "__main__":
    for story in sys.argv[1:] or TELLINGS:
        for name, svg in draw(story).items():
            (DOCS / f"{name}.svg").write_text(svg, encoding="utf-8")
