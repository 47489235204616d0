"""Keys at random over every screen that leads to a change: without the typed name, none of them changes anything."""

import asyncio
import os
import random
from pathlib import Path

import pytest

from buddy_tui.config import Settings
from tests.screens.change_stage import PRODUCTION, READ_ONLY, on_changes

# BUDDY_FUZZ_KEYS=100000 runs so many for each profile.
KEYS = int(os.environ.get("BUDDY_FUZZ_KEYS", "1000"))
# Nobody leaves, and nobody types: the name of the service is three letters that would have to come in a row.
PRESSED = (
    *("R", "U", "L", "T", "H", "p", "p", "d", "j", "k", "g", "G", "l", "c", "y", "Y", "slash", "x"),
    *("enter", "enter", "enter", "tab", "tab", "shift+tab", "escape", "escape", "space", "up", "down"),
    *("ctrl+r", "pagedown", "pageup", "home", "end", "left", "right", "backspace", "s"),
)


@pytest.mark.parametrize("of", [PRODUCTION, READ_ONLY], ids=["production", "read-only"])
async def test_no_keys_change_anything_without_the_typed_name(of: Settings, tmp_path: Path) -> None:
    dice = random.Random(5)  # noqa: S311 - a game, no secret
    visited: set[str] = set()

    async with on_changes(tmp_path / "journal.jsonl", of=of) as (app, _pilot):
        for number in range(KEYS):
            app.simulate_key(dice.choice(PRESSED))
            await asyncio.sleep(0.002 if number % 10 else 0.02)
            app.clear_notifications()  # hundreds of them would be drawn all the time
            visited.add(type(app.screen).__name__)

        assert app.written == 0
        assert app.fake.count("annotate") == 0
        assert not (tmp_path / "journal.jsonl").exists()
    wanted = {"ServiceScreen", "HistoryScreen", "ProbesScreen"}
    wanted |= set() if of.read_only else {"RollbackScreen", "ConfirmScreen"}
    assert wanted <= visited
