"""The doctor in the dashboard as it is started: with its options, in a real terminal, over a server that hangs."""

import asyncio
import os
import re
import struct
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import web

from buddy_tui.cli.dashboard import doctor_of
from buddy_tui.model import ServiceName
from tests.cli.test_doctor import NOWHERE, answering, key_file

_DRAWN = re.compile(rb"\x1b\[[0-9;?<>=]*[a-zA-Z]|\x1b[()][A-Z0-9]")
OPTIONS = {"project": "acme-prod", "region": "europe-west1", "service": "api"}


@pytest.fixture
def _nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be somebody without any configuration."""
    for name in [
        name for name in os.environ if name.startswith(("BUDDY_", "CLOUDSDK_", "GOOGLE_", "CLOUD_RUN_"))
    ]:
        monkeypatch.delenv(name)
    for name in ("HOME", "APPDATA", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("_nobody")
def test_the_doctor_judges_the_options_that_the_dashboard_was_started_with() -> None:
    machine = doctor_of(OPTIONS)(None).look()

    assert (machine.settings.project.origin, machine.settings.service.origin) == ("--project", "--service")


@pytest.mark.usefixtures("_nobody")
def test_the_service_in_view_is_judged_and_says_that_it_is_from_the_screen() -> None:
    machine = doctor_of(OPTIONS)(ServiceName("acme-prod", "europe-west1", "web")).look()

    told = machine.settings
    assert (told.service.value, told.service.origin) == ("web", "the screen")
    assert [(one.value, one.origin) for one in told.regions] == [("europe-west1", "--region")]


@pytest.mark.usefixtures("_nobody")
def test_a_buddy_toml_that_broke_meanwhile_is_found(tmp_path: Path) -> None:
    (tmp_path / "buddy.toml").write_text("region = [", encoding="utf-8")

    machine = doctor_of(OPTIONS)(None).look()

    assert machine.toml_trouble is not None
    assert machine.settings.project.value == "acme-prod"


class Terminal:
    """A program in a terminal of 80x24."""

    def __init__(self, process: asyncio.subprocess.Process, ours: int) -> None:
        self.process = process
        self._ours = ours
        self._drawn = b""
        self.all_drawn = b""

    async def shows(self, *words: str) -> None:
        """Wait until all of these words were drawn since the last key."""
        for _ in range(1500):
            with suppress(BlockingIOError, OSError):
                drawn = os.read(self._ours, 65536)
                self._drawn += drawn
                self.all_drawn += drawn
            if all(word.encode() in _DRAWN.sub(b"", self._drawn) for word in words):
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"{words} are not in {_DRAWN.sub(b'', self._drawn).decode(errors='replace')}")

    def press(self, key: str) -> None:
        self._drawn = b""
        os.write(self._ours, key.encode())


async def _started(place: Path, **environ: str) -> Terminal:
    fcntl, pty, termios = (pytest.importorskip(name) for name in ("fcntl", "pty", "termios"))
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    os.set_blocking(ours, False)
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(place),
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "NO_GCE_CHECK": "true",
        "TERM": "xterm-256color",
        "https_proxy": NOWHERE,
    } | environ
    options = [f"--{name}={value}" for name, value in OPTIONS.items()]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "buddy_tui",
        *options,
        cwd=place,
        env=env,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    return Terminal(process, ours)


async def test_a_sign_in_that_hangs_is_named_and_does_not_keep_the_dashboard_from_ending(
    tmp_path: Path,
) -> None:
    async def hang(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    async with answering(hang) as host:
        screen = await _started(tmp_path, GOOGLE_APPLICATION_CREDENTIALS=key_file(tmp_path, host))
        try:
            await screen.shows("Reading api")
            screen.press("!")
            await screen.shows("You can do nothing here", "80x24", "There was no answer within 3.4 s.")
            screen.press("\x12")
            await screen.shows("to come")
            screen.press("q")
            # Whoever waited for the thread would wait for as long as the library does: eight seconds, and again.
            await asyncio.wait_for(screen.process.wait(), 6.0)
        finally:
            if screen.process.returncode is None:
                screen.process.kill()
                await screen.process.wait()

    assert screen.process.returncode == 0
    assert b"hunter2" not in screen.all_drawn  # which is in the proxy's address
