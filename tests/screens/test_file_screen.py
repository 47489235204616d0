"""What is found out about the newest boot in a file, and when: never before the file itself is on the screen."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event

import pytest
from textual.pilot import Pilot

from buddy_tui.config import Settings
from buddy_tui.file_app import FileApp, newest_boot
from buddy_tui.file_lines import FileLines
from screens.file import FileScreen, Reader, Told
from screens.sheet import FactPage
from screens.widgets.log import LogView
from screens.widgets.story import BootStory
from tests.screens.stage import SIZES, frame, settle, until

CRASH = """\
Traceback (most recent call last):
  File "/app/main.py", line 3, in <module>
    import yaml
ModuleNotFoundError: No module named 'yaml'
Container called exit(1).
"""
UP = """\
INFO:     Started server process [1]
INFO:     Waiting for application startup.
INFO:     Application startup complete.
INFO:     Uvicorn running on http://0.0.0.0:8080 (Press CTRL+C to quit)
Default STARTUP TCP probe succeeded after 1 attempt for container "app-1" on port 8080.
"""
PLAIN = "".join(f"GET /orders/{number} 200\n" for number in range(50))


class Opened(FileApp):
    """The app on one file, with another reader of boots where a test wants one."""

    def __init__(self, lines: FileLines, read: Reader) -> None:
        super().__init__(Settings(), lines)
        self._read = read

    def get_default_screen(self) -> FileScreen:
        return FileScreen(self.settings, self._lines, self.clock, self._read)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "boot.log"


def put(file: Path, text: str, mode: str = "w") -> None:
    with file.open(mode) as out:
        out.write(text)


@asynccontextmanager
async def opened(
    file: Path, *, size: tuple[int, int] = (80, 24), read: Reader = newest_boot
) -> AsyncIterator[tuple[FileApp, Pilot[None]]]:
    app = Opened(FileLines(file), read)
    async with app.run_test(size=size) as pilot:
        yield app, pilot


def has_story(app: FileApp) -> bool:
    return bool(app.screen.query(BootStory))


def pointed(app: FileApp) -> str:
    strips = app.screen.query_one(LogView).render_lines(app.screen.query_one(LogView).size.region)
    rows = ["".join(segment.text for segment in strip)[:-1].rstrip() for strip in strips]
    return next(row for row in rows if row.startswith("▸"))


@pytest.mark.parametrize("size", SIZES)
async def test_the_cause_the_fix_and_the_import_chain_of_the_newest_boot_come_to_stand_over_the_file(
    file: Path, size: tuple[int, int]
) -> None:
    put(file, PLAIN + CRASH)
    async with opened(file, size=size) as (app, pilot):
        await until(pilot, lambda: has_story(app))
        await settle(pilot)

        for told in ("✗ Does not boot", "certain", "PyYAML", "main.py:3", "✗ yaml", "✗ ModuleNotFoundError"):
            assert told in frame(app)
        assert pointed(app) == "▸✗ Container called exit(1)."


async def test_a_boot_that_came_up_is_told_as_that(file: Path) -> None:
    put(file, CRASH + UP)
    async with opened(file) as (app, pilot):
        await until(pilot, lambda: has_story(app))
        await settle(pilot)

        assert "✓ It boots" in frame(app)


@pytest.mark.parametrize("text", ["", PLAIN, "\n\n\n", '{"half": \n'])
async def test_a_file_that_tells_of_no_boot_is_shown_as_it_is(file: Path, text: str) -> None:
    put(file, text)
    read = Event()

    def reader(text: str, is_part: bool) -> Told | None:  # noqa: FBT001 - as the screen calls it
        told = newest_boot(text, is_part)
        read.set()
        return told

    async with opened(file, read=reader) as (app, pilot):
        await until(pilot, read.is_set)
        await settle(pilot)

        assert not has_story(app)
        assert not app.screen.check_action("describe", ())


async def test_e_goes_to_the_lines_of_the_file_that_prove_it_also_when_a_filter_hides_them(
    file: Path,
) -> None:
    put(file, PLAIN + CRASH)
    async with opened(file) as (app, pilot):
        await until(pilot, lambda: has_story(app))
        await pilot.press("slash", *"GET", "enter")
        await settle(pilot)
        await pilot.press("e")
        await settle(pilot)

        assert pointed(app) == '▸    File "/app/main.py", line 3, in <module>'
        assert "filter" not in frame(app).splitlines()[-2]
        await pilot.press("e")
        await settle(pilot)
        assert pointed(app) == "▸✗ ModuleNotFoundError: No module named 'yaml'"


async def test_evidence_is_found_in_the_middle_of_a_long_file_while_its_beginning_is_not_counted(
    file: Path,
) -> None:
    put(file, PLAIN * 10_000 + CRASH)
    lines = FileLines(file)
    start, text = lines.newest(2000)
    told = newest_boot(text, is_part=True)
    assert told is not None
    quote = told.finding.evidence[-1]

    assert not lines.complete
    assert lines.line(start + quote.number - 1).text.strip() == quote.text
    assert any("Only the last 2,000 lines" in doubt for doubt in told.finding.uncertain)
    lines.close()


async def test_the_verdict_is_read_anew_when_the_file_has_grown_and_kept_still(file: Path) -> None:
    put(file, PLAIN + CRASH)
    async with opened(file) as (app, pilot):
        await until(pilot, lambda: "✗ Does not boot" in frame(app))
        put(file, UP, "a")
        await until(pilot, lambda: "✓ It boots" in frame(app))

        put(file, "another file\n")
        await until(pilot, lambda: not has_story(app))


async def test_keys_answer_while_the_end_of_the_file_is_read(file: Path) -> None:
    put(file, PLAIN)
    begun, go_on = Event(), Event()

    def reader(_text: str, _is_part: bool) -> Told | None:  # noqa: FBT001 - as the screen calls it
        begun.set()
        go_on.wait(10)
        return None

    async with opened(file, read=reader) as (app, pilot):
        await until(pilot, begun.is_set)
        await pilot.press("k")
        assert pointed(app) == "▸  GET /orders/48 200"
        go_on.set()


async def test_a_bug_in_reading_is_told_and_leaves_the_file_in_sight(file: Path) -> None:
    put(file, PLAIN)

    def reader(_text: str, _is_part: bool) -> Told | None:  # noqa: FBT001 - as the screen calls it
        raise ValueError("no such luck")

    async with opened(file, read=reader) as (app, pilot):
        await until(pilot, lambda: "ValueError: no such luck" in frame(app))
        assert "GET /orders/49 200" in frame(app)


async def test_d_tells_all_of_the_finding_and_c_copies_the_fix(file: Path) -> None:
    put(file, CRASH)
    async with opened(file) as (app, pilot):
        await until(pilot, lambda: has_story(app))
        await pilot.press("c")
        await settle(pilot)
        assert "PyYAML" in app.clipboard

        await pilot.press("d")
        await settle(pilot)
        assert isinstance(app.screen, FactPage)
        assert "fails at" in frame(app)


async def test_f_gives_the_file_all_the_room_and_esc_takes_it_back(file: Path) -> None:
    put(file, CRASH)
    async with opened(file) as (app, pilot):
        await until(pilot, lambda: has_story(app))
        await pilot.press("f")
        await settle(pilot)
        assert "certain" not in frame(app)

        await pilot.press("escape")
        await settle(pilot)
        assert "certain" in frame(app)
