"""A walk through all screens by keys, as an operator takes it; what would be written to the terminal is kept."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Button, Input

from buddy_tui import gcp
from buddy_tui.app import BuddyApp
from buddy_tui.cli.dashboard import doctor_of
from buddy_tui.cli.settle import settle
from buddy_tui.config import Settings
from buddy_tui.file_app import FileApp
from buddy_tui.file_lines import FileLines
from buddy_tui.gateway import Cloud
from screens.messages import Crashed
from screens.service import ServiceScreen
from tests.canary.cases import CARRIED, OWN, RAW
from tests.canary.planted import HOSTILE, Place, person, secrets
from tests.canary.world import LEAKY, WORSE
from tests.screens.stage import frame, segments

_SIZE = (120, 40)
_PATIENCE, _GLANCE = 30.0, 0.1  # seconds
_TYPED = f"{secrets(Place.TYPED)[0]} {secrets(Place.TYPED)[5]} {HOSTILE}"


@dataclass(frozen=True, slots=True)
class Sight:
    """What a screen showed, or what was copied from it; `may` are the places whose canaries it may show."""

    where: str
    text: str
    may: frozenset[Place]


@dataclass(slots=True)
class Walk:
    """A walk that is under way. `clickable` is what could be clicked and is none of ours, `copied` what was copied last."""

    app: BuddyApp
    pilot: Pilot[None]
    sights: list[Sight] = field(default_factory=list)
    clickable: list[str] = field(default_factory=list)
    copied: str = ""

    async def to(self, screen: str, shows: str, *keys: str, may: frozenset[Place] = OWN) -> None:
        """Press keys, wait until that screen shows that, and keep what it shows."""
        await self.pilot.press(*keys)
        for _ in range(int(_PATIENCE / _GLANCE)):
            if type(self.app.screen).__name__ == screen and self._sees(screen, shows, may):
                return
            await self.pilot.pause(_GLANCE)
        raise AssertionError(f"{keys} lead to no {screen} with {shows!r}, but to:\n{frame(self.app)}")

    def _sees(self, screen: str, shows: str, may: frozenset[Place]) -> bool:
        """Tell whether that is shown; if so, keep all that is, and what was copied since."""
        lines = segments(self.app)
        text = "\n".join("".join(part.text for part in line) for line in lines)
        if shows not in " ".join(text.split()):
            return False
        self.sights.append(Sight(screen, text, may))
        if self.app.clipboard != self.copied:
            self.copied = self.app.clipboard
            self.sights.append(Sight(f"clipboard at {screen}", self.copied, may))
        styled = ((text, style) for line in lines for text, style, _ in line if style)
        self.clickable += [text for text, style in styled if style.link or "@click" in style.meta]
        return True

    async def chooses(self, revision: str) -> None:
        """Put the cursor of the service screen on a revision."""
        screen = self.app.screen
        assert isinstance(screen, ServiceScreen)
        await self.pilot.press("g")
        while screen.table.key != revision:
            await self.pilot.press("j")

    def types(self, field: str, text: str) -> None:
        """Fill in a field."""
        self.app.screen.query_one(f"#{field}", Input).value = text

    async def does(self, button: str) -> None:
        """Press a button, once it can be."""
        for _ in range(100):
            if not (there := self.app.screen.query_one(f"#{button}", Button)).disabled:
                break
            await self.pilot.pause(0.05)
        there.press()
        await self.pilot.pause()


async def walked(saves: Path) -> Walk:
    """Walk through the dashboard, and return what was seen. Saved logs go to `saves`."""
    settings = settle({})

    async def connect() -> Cloud:
        return await gcp.connect(settings)

    app = BuddyApp(
        settings, connect, writes=gcp.writes, deploys=gcp.deploys, doctor=doctor_of({}), saves=saves
    )
    async with app.run_test(size=_SIZE, notifications=True) as pilot:
        walk = Walk(app, pilot)
        await walk.to("ServicesScreen", "buddy-app")
        await walk.to("ServiceScreen", "one cause", "enter")
        for leg in (
            _around_the_log,
            _around_the_probes,
            _around_the_plan,
            _through_the_pages,
            _through_changes,
        ):
            await leg(walk)
        app.post_message(Crashed(RuntimeError("\n".join((*secrets(Place.SIGNED_IN), HOSTILE)))))
        await walk.to("ServiceScreen", "The traceback is in")
    return walk


async def opened(file: Path) -> Walk:
    """Open a log file, and return what was seen."""
    app = FileApp(Settings(), FileLines(file))
    async with app.run_test(size=_SIZE) as pilot:
        walk = Walk(app, pilot)
        await walk.to("FileScreen", "Does not boot", "g", may=RAW)
        await walk.to("FactPage", "RuntimeError", "d")
    return walk


async def _around_the_log(walk: Walk) -> None:
    await walk.chooses(LEAKY)
    await walk.to("FactPage", "db-password = ***", "d", "G")
    await walk.to("ServiceScreen", LEAKY, "escape", "Y")
    await walk.chooses(WORSE)
    await walk.to("BootLogScreen", "could not connect", "l", may=RAW)
    await walk.to("BootLogScreen", "could not connect", "e", "y", may=RAW)
    await walk.to("FactPage", "could not connect", "d")
    await walk.to("BootLogScreen", "Saved", "escape", "a", "ctrl+s", may=RAW)
    await walk.to("BootLogScreen", "Step", "b", "Y", may=RAW)
    await walk.to("ServiceScreen", "one cause", "escape")


async def _around_the_probes(walk: Walk) -> None:
    await walk.chooses(LEAKY)
    await walk.to("ProbesScreen", "led away", "p", "Y")
    await walk.to("CellPage", "Answer of", "enter")
    await walk.to("CellPage", "not followed", "escape", "right", "enter")
    await walk.to("CellPage", "access_token", "escape", "right", "enter", "y")
    await walk.to("ProbesScreen", "session", "escape", "s")
    await walk.to("ProbesScreen", "documents", "escape", "a")
    await walk.to("ServiceScreen", "one cause", "escape", "escape")


async def _around_the_plan(walk: Walk) -> None:
    await walk.to("VerifyScreen", "Endpoints respond", "v")
    await walk.to("FactPage", "section", "d", "Y")
    await walk.to("VerifyScreen", "Endpoints respond", "escape")
    await walk.to("TickPage", "name", "t")
    walk.types("by", person())
    walk.types("note", _TYPED)
    await walk.does("tick")
    await walk.to("VerifyScreen", "***", "y")
    await walk.to("ServiceScreen", "one cause", "escape")


async def _through_the_pages(walk: Walk) -> None:
    await walk.to("DoctorScreen", "credentials", "exclamation_mark", "Y")
    await walk.to("ServiceScreen", "one cause", "escape")
    await walk.to("ReportScreen", "Summary", "i", "y", may=CARRIED)
    await walk.to("ServiceScreen", "one cause", "escape")
    await walk.to("HelpPage", "Help", "question_mark")
    await walk.to("ServiceScreen", "one cause", "escape")
    await walk.to("Palette", "Search", "colon")
    await walk.to("ServiceScreen", "one cause", "escape")
    await walk.to("SplitPage", "enter shows", "S")
    await walk.to("ServiceScreen", "one cause", "escape")
    await walk.to("TagPage", "tag", "T")
    await walk.to("ServiceScreen", "one cause", "escape")


async def _through_changes(walk: Walk) -> None:
    await walk.to("RollbackScreen", WORSE.removeprefix("buddy-app-"), "R")
    await walk.to("ServiceScreen", "one cause", "escape")
    await walk.to("ConfirmScreen", "command", "U", "Y")
    await _confirmed(walk, "ProgressScreen", "DONE")
    await walk.to("HistoryScreen", "undo", "H")
    await walk.to("FactPage", "***", "d")
    await walk.to("ServiceScreen", "one cause", "escape", "escape", "escape")
    await walk.chooses(LEAKY)
    await walk.to("ConfirmScreen", "command", "P")
    await _confirmed(walk, "PromoteScreen", "not followed")
    await walk.to("ServiceScreen", "one cause", "escape")
    await walk.to("PreflightScreen", "Deploy from here, without traffic", "D")
    await walk.to("ModulesScreen", "Back_End.main", "m")
    await walk.to("PreflightScreen", "Deploy from here, without traffic", "escape")
    await walk.to("ConfirmDeployScreen", "command", "D")
    await _confirmed(walk, "ReleaseScreen", "Pack the source")
    await walk.to("ReasonPage", "reason", "x")
    walk.types("why", _TYPED)
    await walk.does("do")
    await walk.to("ReleaseScreen", "given up")
    await walk.to("ServiceScreen", "one cause", "escape")


async def _confirmed(walk: Walk, screen: str, shows: str) -> None:
    walk.types("reason", _TYPED)
    await walk.does("do")
    await walk.to(screen, shows)


def screens_there_are() -> set[str]:
    """Return the names of all screens, as far as they are shown themselves."""
    import importlib
    import pkgutil

    from textual.screen import Screen

    import screens

    for module in pkgutil.walk_packages(screens.__path__, "screens."):
        importlib.import_module(module.name)
    known: set[type[Any]] = {Screen}
    while found := {one for base in known for one in base.__subclasses__()} - known:
        known |= found
    return {one.__name__ for one in known if one.__module__.startswith("screens.")} - _BASES - _EMPTY


_BASES = {"BuddyScreen", "Dialog", "FilteredScreen", "ListingScreen", "LogScreen", "Sheet"}
# It comes and goes before anything is known.
_EMPTY = {"OpeningScreen"}
