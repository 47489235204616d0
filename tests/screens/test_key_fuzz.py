"""Keys at random over every screen of a profile: without the typed name, none of them changes anything."""

import asyncio
import os
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from string import ascii_letters, digits
from typing import Any, ClassVar, cast

import pytest
from textual.binding import Binding, BindingType
from textual.screen import Screen

from buddy_tui.config import Settings
from buddy_tui.deploy.looks import DeployDraft, Look, Modules
from buddy_tui.deploy.preparing import Said
from buddy_tui.deploy_streams import DeployStreams
from buddy_tui.gateway import Cloud, Deploys, Writes
from buddy_tui.journal.keep import Journal
from buddy_tui.journal.values import Kind, Record
from buddy_tui.model import ServiceName
from screens.base import Feed
from screens.messages import Crashed
from screens.progress import ProgressScreen
from screens.promote import PromoteScreen
from screens.release import ReleaseScreen
from tests import make
from tests.screens.change_stage import NAME, ChangeStage, cloud
from tests.screens.stage import NARROW, Script, settings, settle
from tests.screens.test_modules import TIMED
from tests.screens.test_preflight import FINE
from tests.screens.test_promote import BAKING
from tests.screens.test_release import DRAFTS, RELEASE, SNAPSHOT
from tests.screens.test_release import LOOKS as DEPLOYMENTS

# At random and in all: BUDDY_FUZZ_KEYS=100000 presses so many, half of them read-only.
KEYS = int(os.environ.get("BUDDY_FUZZ_KEYS", "1000"))
# So many at random on one screen that was led to, before the next one.
_A_VISIT = 12
# What stays below what is visited: the opening screen, and the list of services.
_FIRST = 2
# How often a key of a way is pressed, and a way is tried, before that is a bug; and `esc` where it leads nowhere.
_PRESSES = 10
_TRIES = 5
_MOST_ESCAPES = 1000

# Keys that do something come more often than those that only type; nothing is left out, quitting included.
TYPED = (*ascii_letters, *digits, "space", "minus", "full_stop", "exclamation_mark", "left_square_bracket")
LEADING = (
    *"RRPPDDULTSHKfpvdjkgGcyYoasxbmuintw",
    *("enter", "enter", "enter", "enter", "tab", "tab", "shift+tab", "escape", "up", "down", "left", "right"),
    *("ctrl+r", "ctrl+s", "ctrl+p", "ctrl+q", "colon", "question_mark", "slash", "space"),
    *("pagedown", "pageup", "home", "end", "backspace", "delete", "f1", "ctrl+u", "ctrl+e", "ctrl+c"),
    *("right_square_bracket", "left_square_bracket", "exclamation_mark"),
)

# A way is a key and the screen that it leads to, and so on, from the list of services.
Way = tuple[tuple[str, str], ...]
SERVICE: Way = (("enter", "ServiceScreen"),)
HISTORY: Way = (*SERVICE, ("H", "HistoryScreen"))
PREFLIGHT: Way = (*SERVICE, ("f", "PreflightScreen"))
ROLLBACK: Way = (*SERVICE, ("R", "RollbackScreen"))
CONFIRM: Way = (*ROLLBACK, ("enter", "ConfirmScreen"))
PLAN: Way = (*SERVICE, ("D", "PreflightScreen"), ("D", "ConfirmDeployScreen"))
PROMOTION: Way = (*SERVICE, ("f9", "PromoteScreen"))
RELEASE_WAY: Way = (*SERVICE, ("f10", "ReleaseScreen"))
DOCTOR: Way = (("exclamation_mark", "DoctorScreen"),)
REPORT: Way = (*SERVICE, ("i", "ReportScreen"))
VERIFY: Way = (*SERVICE, ("v", "VerifyScreen"))
LOOKING: tuple[Way, ...] = (
    (),
    (("H", "HistoryScreen"),),
    (("d", "FactPage"),),
    DOCTOR,
    SERVICE,
    (*SERVICE, ("enter", "BootLogScreen")),
    (*SERVICE, ("p", "ProbesScreen")),
    VERIFY,
    (*VERIFY, ("t", "TickPage")),
    (*VERIFY, *DOCTOR),
    REPORT,
    (*REPORT, *DOCTOR),
    (*SERVICE, *DOCTOR, ("d", "FactPage")),
    (*SERVICE, ("d", "FactPage")),
    (*SERVICE, ("question_mark", "HelpPage")),
    (*SERVICE, ("colon", "Palette")),
    (*SERVICE, ("slash", "ServiceScreen")),
    (*HISTORY, ("d", "FactPage")),
    (*PREFLIGHT, ("m", "ModulesScreen")),
)
CHANGING: tuple[Way, ...] = (
    (("R", "RollbackScreen"), ("enter", "ConfirmScreen")),
    (("U", "ConfirmScreen"),),
    (("L", "ConfirmScreen"),),
    ROLLBACK,
    (*CONFIRM, ("shift+tab", "ConfirmScreen"), ("shift+tab", "ConfirmScreen")),
    (*SERVICE, ("P", "ConfirmScreen")),
    (*SERVICE, ("K", "ServiceScreen")),
    (*SERVICE, ("S", "SplitPage")),
    (*SERVICE, ("j", "ServiceScreen"), ("T", "TagPage")),
    PLAN,
    (*PLAN, ("shift+tab", "ConfirmDeployScreen"), ("shift+tab", "ConfirmDeployScreen")),
    (*CONFIRM, *DOCTOR),
    (*PLAN, *DOCTOR),
    (*PROMOTION, ("a", "ReasonPage")),
    (*RELEASE_WAY, ("x", "ReasonPage")),
    (*SERVICE, ("f11", "ProgressScreen")),
)
WAYS = (*LOOKING, *CHANGING)
ONLY_CHANGING = {name for way in CHANGING for _, name in way} - {name for way in LOOKING for _, name in way}


class Planning(DeployStreams):
    """Deployments whose plan is from memory, and whose beginning is kept instead."""

    def __init__(self, app: "Lasting", writes: Callable[[Cloud], Any] | None) -> None:
        names, journal = app.changes.names, app.changes.journal
        super().__init__(
            app.settings,
            app._feeds._connected,
            app.clock,
            cast("Callable[[Cloud], Writes] | None", writes),
            cast("Callable[[Cloud], Deploys] | None", writes),
            needs_name=names.needs_name,
            journal=lambda: journal,
        )
        self.begun = 0

    async def _drafted(self, draft: DeployDraft, said: Said) -> DeployDraft:
        return replace(DRAFTS["planned"], wish=draft.wish)

    async def _checked(self, draft: DeployDraft) -> DeployDraft:
        return draft

    async def _deploy(self, *_: object) -> None:
        self.begun += 1


class Lasting(ChangeStage):
    """The app, which nobody leaves, and which touches nothing of this machine.

    Without the typed name nothing gets under way: keys of its own show what is only there while something is.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f9", "under_way('promote')", show=False),
        Binding("f10", "under_way('release')", show=False),
        Binding("f11", "under_way('progress')", show=False),
    ]

    def __init__(self, of: Settings, journal: Path, saves: Path) -> None:
        super().__init__(of, cloud(), journal, saves=saves)
        self._may_deploy = not of.read_only
        self.deployments = Planning(self, None if of.read_only else lambda _: self.fake)
        self._feeds._deploys = self.deployments
        self.crashes: list[Exception] = []

    def action_under_way(self, what: str) -> None:
        """Show what follows a promotion, a deployment or a change; production only."""
        if not self.settings.read_only:
            self.push_screen(self._under_way(what))

    def _under_way(self, what: str) -> Screen[None]:
        of, clock, plan = self.settings, self.clock, BAKING.plan
        if what == "promote":
            return PromoteScreen(of, Script(BAKING), clock, plan)
        if what == "release":
            return ReleaseScreen(of, Script(DEPLOYMENTS["building"]), Script(SNAPSHOT), clock, RELEASE)
        return ProgressScreen(of, Script(BAKING.progress), clock, plan, DRAFTS["planned"].wish)

    def preflight_feed(self, name: ServiceName, source: str, *, smoke: bool) -> Feed[Any]:
        return Script(Look(source, FINE, done=True, as_of=make.NOW))

    def modules_feed(self, source: str, *, smoke: bool) -> Feed[Modules]:
        return Script(TIMED)

    def on_crashed(self, message: Crashed) -> None:
        """Keep a bug, and write no log file."""
        message.prevent_default()
        self.crashes.append(message.error)

    async def action_quit(self) -> None:
        """Stay."""

    def deliver_screenshot(self, *_: object, **__: object) -> None:
        """Write no file."""

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        """Open no browser."""


async def home(app: Lasting, last: tuple[str, ...]) -> None:
    """Press `esc` until only the list of services is left, without a filter."""
    for _ in range(_MOST_ESCAPES):
        if len(app.screen_stack) == _FIRST:
            break
        app.simulate_key("escape")
        await asyncio.sleep(0.003)
    else:
        stack = " > ".join(type(one).__name__ for one in app.screen_stack)
        raise AssertionError(f"esc leads nowhere from {stack}, after {' '.join(last)}")
    for key in ("escape", "escape"):
        app.simulate_key(key)
        await asyncio.sleep(0.003)


async def leads(app: Lasting, key: str, wanted: str) -> bool:
    """Press a key, again where the screen did not listen yet, and tell whether it leads to the wanted one."""
    for _ in range(_PRESSES):
        app.simulate_key(key)
        for _ in range(20):
            await asyncio.sleep(0.01)
            if type(app.screen).__name__ == wanted:
                return True
    return False


async def go(app: Lasting, way: Way, last: tuple[str, ...]) -> None:
    """Go a way from the list of services, anew where a key that was pressed twice led too far."""
    for _ in range(_TRIES):
        await home(app, last)
        for key, wanted in way:
            if not await leads(app, key, wanted):
                break
        else:
            return
    raise AssertionError(f"{way} ends on {type(app.screen).__name__}, after {' '.join(last)}")


def past(path: Path) -> None:
    """Let there be something in the journal."""
    change = Record(make.NOW, Kind.OUTCOME, "0" * 16, NAME, verb="tag", outcome="done")
    Journal(path).write(change)


@pytest.mark.timeout(100 + KEYS // 10)
@pytest.mark.parametrize(
    "of", [settings(service=""), settings(service="", read_only="yes")], ids=["production", "read-only"]
)
async def test_no_keys_change_anything_without_the_typed_name(of: Settings, tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    past(journal)
    before = journal.read_bytes()
    dice = random.Random(5)  # noqa: S311 - a game, no secret
    visited: set[str] = set()
    rounds = max(1, KEYS // 2 // (_A_VISIT * len(WAYS)))

    app = Lasting(of, journal, tmp_path)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        visit: tuple[str, ...] = ()
        for way in (one for _ in range(rounds) for one in dice.sample(WAYS, len(WAYS))):
            if of.read_only and way in CHANGING:
                await home(app, visit)
                visit = tuple(key for key, _ in way)
            else:
                await go(app, way, visit)
                visit = ()
            visit += tuple(dice.choice(dice.choice((LEADING, TYPED))) for _ in range(_A_VISIT))
            for key in visit:
                app.simulate_key(key)
                await asyncio.sleep(0.001)
                visited.add(type(app.screen).__name__)
            app.clear_notifications()  # hundreds of them would be drawn all the time
        await settle(pilot)

        assert app.written == app.fake.count("annotate") == app.deployments.begun == 0
        assert app.fake.deleted == []
        assert app.crashes == []
    assert journal.read_bytes() == before
    assert not (of.read_only and visited & ONLY_CHANGING)
