"""Keys at random over every screen of a profile: without the typed name, none of them changes anything."""

import asyncio
import os
import random
from collections.abc import Iterator
from pathlib import Path
from string import ascii_letters, digits

import pytest

from buddy_tui.config import Settings
from buddy_tui.journal.keep import Journal
from buddy_tui.journal.values import Kind, Record
from tests import make
from tests.screens.change_stage import NAME, ChangeStage, cloud
from tests.screens.stage import NARROW, settings, settle

# In all: BUDDY_FUZZ_KEYS=100000 presses so many, half of them read-only.
KEYS = int(os.environ.get("BUDDY_FUZZ_KEYS", "1500"))
# So many on one screen that was led to, before the next one.
_A_VISIT = 22
_WAY = 5
# What stays below what is visited: the opening screen, and the list of services.
_FIRST = 2

# Keys that do something come more often than those that only type; nothing is left out, quitting included.
TYPED = (*ascii_letters, *digits, "space", "minus", "full_stop", "exclamation_mark", "left_square_bracket")
LEADING = (
    *(
        "R",
        "R",
        "U",
        "L",
        "T",
        "S",
        "H",
        "K",
        "p",
        "v",
        "d",
        "j",
        "k",
        "g",
        "G",
        "c",
        "y",
        "Y",
        "o",
        "a",
        "s",
    ),
    *("enter", "enter", "enter", "enter", "tab", "tab", "shift+tab", "escape", "up", "down", "left", "right"),
    *(
        "ctrl+r",
        "ctrl+s",
        "ctrl+p",
        "ctrl+q",
        "colon",
        "question_mark",
        "slash",
        "pagedown",
        "pageup",
        "home",
    ),
    *("end", "backspace", "delete", "f1", "ctrl+u", "ctrl+e", "ctrl+c", "right_square_bracket"),
)
# What leads to each screen from the list of services, so that all are met however short the run is.
FROM_THE_LIST = ((), ("R",), ("R", "enter"), ("U",), ("L",), ("H",), ("d",), ("enter",))
FROM_A_SERVICE = (
    ("enter",),
    ("enter", "R", "enter"),
    ("p",),
    ("v",),
    ("H",),
    ("H", "d"),
    ("R",),
    ("R", "enter"),
    ("R", "enter", "shift+tab"),
    ("R", "enter", "shift+tab", "shift+tab"),
    ("U",),
    ("L",),
    ("K",),
    ("S",),
    ("T",),
    ("j", "T"),
    ("d",),
    ("question_mark",),
    ("colon",),
    ("slash",),
)
WAYS = (*FROM_THE_LIST, *(("enter", *way) for way in FROM_A_SERVICE))
SCREENS = {
    "ServicesScreen",
    "ServiceScreen",
    "BootLogScreen",
    "ProbesScreen",
    "VerifyScreen",
    "HistoryScreen",
    "FactPage",
}
CHANGING = {"RollbackScreen", "ConfirmScreen", "SplitPage", "TagPage"}


class Lasting(ChangeStage):
    """The app, which nobody leaves, and which touches nothing of this machine."""

    async def action_quit(self) -> None:
        """Stay."""

    def deliver_screenshot(self, *_: object, **__: object) -> None:
        """Write no file."""

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        """Open no browser."""


def keys_of(dice: random.Random) -> Iterator[tuple[str, ...]]:
    """Yield what is pressed on each visit, the way there first, until there were enough keys."""
    left = KEYS // 2
    while left > 0:
        for way in dice.sample(WAYS, len(WAYS)):
            visit = (*way, *(dice.choice(dice.choice((LEADING, TYPED))) for _ in range(_A_VISIT)))
            yield visit[: max(left, 0)]
            left -= len(visit)


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
    fake = cloud()

    app = Lasting(of, fake, journal, saves=tmp_path)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        for visit in keys_of(dice):
            while len(app.screen_stack) > _FIRST:
                app.simulate_key("escape")
                await asyncio.sleep(0.003)
            for number, key in enumerate(visit):
                app.simulate_key(key)
                await asyncio.sleep(0.01 if number < _WAY else 0.001)
                visited.add(type(app.screen).__name__)
            app.clear_notifications()  # hundreds of them would be drawn all the time
        await settle(pilot)

        assert app.written == app.fake.count("annotate") == 0
        assert fake.deleted == []
    assert journal.read_bytes() == before
    assert visited >= SCREENS | (set() if of.read_only else CHANGING)
    assert not (of.read_only and visited & CHANGING)
