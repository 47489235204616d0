"""Frames: what a screen looks like, as text beside the tests, so that a review sees every change of it."""

import os
from collections.abc import Callable

import pytest

from buddy_tui.app import BuddyApp
from tests.screens.stage import FRAMES, frame


@pytest.fixture
def matches_frame() -> Callable[[BuddyApp, str], None]:
    """Compare the screen with `frames/NAME-WIDTHxHEIGHT.txt`; `BUDDY_FRAMES=write` writes it anew."""

    def compare(app: BuddyApp, name: str) -> None:
        shown = frame(app) + "\n"
        path = FRAMES / f"{name}-{app.size.width}x{app.size.height}.txt"
        if os.environ.get("BUDDY_FRAMES") == "write":
            path.write_text(shown, encoding="utf-8")
        assert shown == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture(autouse=True)
def _a_plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what the machine that runs the tests has set: it must not change a frame."""
    for name in ("NO_COLOR", "TEXTUAL_THEME", "SSH_CONNECTION", "SSH_TTY"):
        monkeypatch.delenv(name, raising=False)
