"""The log on its own: what is in view, the cursor, folding, filter, following, and lines that come in meanwhile."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import sleep

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from buddy_tui.config import Settings
from buddy_tui.file_app import FileApp
from buddy_tui.file_lines import FileLines
from buddy_tui.log_filter import LogFilter
from buddy_tui.log_store import LogStore
from buddy_tui.model import LogBatch, LogEntry
from buddy_tui.shown import Lines, Piece
from screens.messages import Copy
from screens.theme import BUDDY
from screens.widgets.log import LogView

SECOND = 1_000_000_000
CRASH = """\
Traceback (most recent call last):
  File "/usr/local/lib/python3.11/site-packages/uvicorn/importer.py", line 22, in load
    module = importlib.import_module(name)
  File "/usr/local/lib/python3.11/importlib/__init__.py", line 126, in import_module
    return _bootstrap._gcd_import(name)
  File "/app/main.py", line 14, in <module>
    from Back_End import metrics
ModuleNotFoundError: No module named 'Back_End'"""


class Holder(App[None]):
    def __init__(self, lines: Lines) -> None:
        super().__init__()
        self.register_theme(BUDDY)
        self.theme = BUDDY.name
        self.lines = lines
        self.heard: list[str] = []

    def compose(self) -> ComposeResult:
        yield LogView(self.lines, id="log")

    def on_copy(self, event: Copy) -> None:
        self.heard.append(f"copy {event.text}")

    def on_log_view_full_screen(self) -> None:
        self.heard.append("full screen")


@asynccontextmanager
async def view(lines: Lines, size: tuple[int, int] = (60, 12)) -> AsyncIterator[tuple[LogView, Pilot[None]]]:
    async with Holder(lines).run_test(size=size, notifications=True) as pilot:
        widget = pilot.app.query_one(LogView)
        widget.focus()
        await pilot.pause()
        yield widget, pilot


def entry(second: int, text: str = "", *, severity: str = "DEFAULT", instance: str = "9f2c") -> LogEntry:
    return LogEntry(
        second * SECOND,
        "stderr",
        f"id-{second}",
        text or f"line {second}",
        severity,
        "api-00001-bsx",
        instance,
    )


def store_of(*entries: LogEntry) -> LogStore:
    store = LogStore()
    store.append(LogBatch(entries))
    return store


def many(count: int) -> LogStore:
    return store_of(*(entry(second) for second in range(1, count + 1)))


def rows(widget: LogView) -> list[str]:
    """Return what is on the screen, without the scroll bar."""
    strips = widget.render_lines(widget.size.region)
    return ["".join(segment.text for segment in strip)[:-1].rstrip() for strip in strips]


def pointed(widget: LogView) -> str:
    return next((row for row in rows(widget) if row.startswith("▸")), "")


async def caught_up(widget: LogView, pilot: Pilot[None]) -> None:
    widget.grew()
    await pilot.pause(0.1 if widget.following else 0.3)
    await pilot.pause()


async def test_the_newest_lines_are_in_view_and_the_cursor_is_on_the_last() -> None:
    async with view(many(100)) as (widget, _):
        assert rows(widget)[0] == "   00:01:29.000 line 89"
        assert rows(widget)[-1] == "▸  00:01:40.000 line 100"
        assert widget.status() == "following · 100 lines"


async def test_a_log_shorter_than_the_screen_begins_at_its_top() -> None:
    async with view(many(2)) as (widget, _):
        assert rows(widget) == ["   00:00:01.000 line 1", "▸  00:00:02.000 line 2", *[""] * 10]


async def test_keys_move_the_cursor_and_the_view_follows_it() -> None:
    async with view(many(100)) as (widget, pilot):
        seen = []
        for keys in (("up",), ("ctrl+u", "ctrl+u"), ("g",), ("j", "j"), ("ctrl+d",), ("k",), ("G",)):
            await pilot.press(*keys)
            seen.append(pointed(widget).split()[-1])

        assert seen == ["99", "87", "1", "3", "9", "8", "100"]


async def test_moving_up_stops_following_and_new_lines_are_counted_until_it_goes_on() -> None:
    store = many(100)
    async with view(store) as (widget, pilot):
        await pilot.press("up")
        before = rows(widget)
        store.append(LogBatch(tuple(entry(second) for second in range(101, 131))))
        await caught_up(widget, pilot)

        assert rows(widget)[-1] == " ↓ 30 new lines below · s follows"
        assert widget.new_below == 30
        assert rows(widget)[:-1] == before[:-1]

        await pilot.press("s")

        assert pointed(widget).endswith("line 130")
        assert widget.new_below == 0


async def test_following_shows_what_comes_in() -> None:
    store = many(100)
    async with view(store) as (widget, pilot):
        store.append(LogBatch((entry(101),)))
        await caught_up(widget, pilot)

        assert pointed(widget).endswith("line 101")


async def test_late_lines_do_not_move_what_is_being_read() -> None:
    store = many(100)
    async with view(store) as (widget, pilot):
        await pilot.press("ctrl+u", "ctrl+u", "ctrl+u")
        before = rows(widget)
        store.append(LogBatch((entry(5, "late"), entry(6, "late too")), late=frozenset({0, 1})))
        await caught_up(widget, pilot)

        assert rows(widget)[:-1] == before[:-1]
        await pilot.press("g", *["j"] * 5)
        assert pointed(widget) == "▸  00:00:05.000 late late"


async def test_library_frames_are_folded_and_unfolded() -> None:
    async with view(store_of(entry(1), entry(2, CRASH), entry(3))) as (widget, pilot):
        assert [row.strip("▸✗ ").removeprefix("00:00:02.000 ") for row in rows(widget)[1:6]] == [
            "Traceback (most recent call last):",
            "… 2 library frames",
            '  File "/app/main.py", line 14, in <module>',
            "    from Back_End import metrics",
            "ModuleNotFoundError: No module named 'Back…",
        ]
        assert rows(widget)[2] == "      … 2 library frames"
        await pilot.press("up", "enter")
        assert "importlib" in "".join(rows(widget))
        assert len([row for row in rows(widget) if row]) == 10
        await pilot.press("enter")
        assert rows(widget)[2] == "      … 2 library frames"


async def test_problems_are_gone_to_and_the_missing_name_is_lit_up() -> None:
    store = store_of(
        *(entry(at) for at in range(1, 50)), entry(50, CRASH), *(entry(at) for at in range(51, 99))
    )
    async with view(store) as (widget, pilot):
        widget.missing = "Back_End"
        await pilot.press("left_square_bracket")

        assert pointed(widget) == "▸✗ 00:00:50.000 ModuleNotFoundError: No module named 'Back…"
        assert not widget.following
        await pilot.press("t")
        line = next(strip for strip in widget.render_lines(widget.size.region) if "Module" in strip.text)
        assert [part.text for part in line if part.style and part.style.bold] == ["Back_End"]
        await pilot.press("right_square_bracket")
        await pilot.pause()
        assert [note.message for note in pilot.app._notifications] == ["No further problem below"]


async def test_a_filter_shows_what_passes_and_n_goes_on_after_it_was_taken_away() -> None:
    async with view(many(5000)) as (widget, pilot):
        widget.set_filter(LogFilter("499"))
        await pilot.pause(0.1)
        assert [row.split()[-1] for row in rows(widget)[-3:]] == ["4997", "4998", "4999"]
        assert widget.status() == "following · 15 of 5,000 lines"

        await pilot.press("up", "up")
        widget.set_filter(LogFilter(""))
        await pilot.pause()
        assert pointed(widget).endswith("line 4997")
        seen = []
        for key in ("N", "n", "n", "n"):
            await pilot.press(key)
            seen.append(pointed(widget).split()[-1])
        assert seen == ["4996", "4997", "4998", "4999"]


async def test_a_filter_that_nothing_passes_says_so() -> None:
    async with view(many(20)) as (widget, pilot):
        widget.set_filter(LogFilter("nowhere"))
        await pilot.pause()

        assert [row.strip() for row in rows(widget) if row] == [
            "Nothing matches nowhere",
            "esc clears the filter",
        ]


async def test_matches_come_in_while_a_filter_is_on() -> None:
    store = many(20)
    async with view(store) as (widget, pilot):
        widget.set_filter(LogFilter("needle"))
        store.append(LogBatch((entry(21), entry(22, "a needle"))))
        await caught_up(widget, pilot)

        assert [row for row in rows(widget) if row] == ["▸  00:00:22.000 a needle"]


async def test_long_lines_are_cut_with_a_mark_or_wrapped() -> None:
    async with view(store_of(entry(1, "x" * 80))) as (widget, pilot):
        assert rows(widget)[0] == f"▸  00:00:01.000 {'x' * 42}…"
        await pilot.press("w")
        assert [row.strip() for row in rows(widget)[:2]] == [f"▸  00:00:01.000 {'x' * 43}", "x" * 37]


async def test_wrapped_lines_longer_than_the_screen_can_be_left_again() -> None:
    async with view(store_of(entry(1), entry(2, "y" * 2000), entry(3))) as (widget, pilot):
        await pilot.press("w", "up")
        assert "y" * 43 in pointed(widget) or "y" in "".join(rows(widget))
        await pilot.press("up")
        assert pointed(widget).endswith("line 1")
        await pilot.press("down", "down")
        assert pointed(widget).endswith("line 3")


async def test_wide_characters_keep_to_their_cells() -> None:
    async with view(store_of(entry(1, "漢" * 60))) as (widget, pilot):
        for _ in range(2):
            strips = widget.render_lines(widget.size.region)
            assert {strip.cell_length for strip in strips} == {60}
            await pilot.press("w")


async def test_ranges_show_the_last_minutes_before_the_newest_line() -> None:
    async with view(many(600)) as (widget, pilot):
        await pilot.press("3", "g")
        assert widget.status() == "paused · 600 lines"
        await pilot.press("2")
        assert widget.status() == "following · 600 lines · last 1 min"
        await pilot.press(*["ctrl+u"] * 20)
        assert pointed(widget).endswith("line 540")
        await pilot.press("0")
        assert widget.status() == "following · 600 lines"


async def test_evidence_is_marked_and_gone_to() -> None:
    store = many(200)
    async with view(store) as (widget, pilot):
        place = store.line(41).place
        widget.marks = frozenset({place})

        assert widget.go_to(place)
        assert pointed(widget).endswith("line 42")
        await pilot.press("down")
        assert "●  00:00:42.000 line 42" in rows(widget)
        assert not widget.go_to((("stderr", 7, "nowhere"), 0))


async def test_evidence_within_folded_frames_is_unfolded() -> None:
    store = store_of(entry(2, CRASH))
    async with view(store) as (widget, _):
        assert widget.go_to(store.line(3).place)
        assert "python3.11/importli…" in pointed(widget)


async def test_instances_are_told_apart_as_soon_as_there_are_several() -> None:
    store = store_of(entry(1))
    async with view(store) as (widget, pilot):
        assert rows(widget)[0] == "▸  00:00:01.000 line 1"
        store.append(LogBatch((entry(2, instance="0069a9ffee"),)))
        await caught_up(widget, pilot)
        assert rows(widget)[:2] == ["   00:00:01.000 9f2c line 1", "▸  00:00:02.000 ffee line 2"]


async def test_what_was_forgotten_is_told() -> None:
    store = LogStore(most_lines=2000)
    async with view(store) as (widget, pilot):
        for start in range(1, 6000, 1000):
            store.append(LogBatch(tuple(entry(second) for second in range(start, start + 1000))))
        await caught_up(widget, pilot)

        assert widget.status() == f"following · {len(store):,} lines · {store.dropped:,} older ones forgotten"


async def test_a_line_that_is_being_read_may_be_forgotten() -> None:
    store = LogStore(most_lines=2000)
    store.append(LogBatch(tuple(entry(second) for second in range(1, 1500))))
    async with view(store) as (widget, pilot):
        await pilot.press("g")
        for start in range(1500, 9000, 1000):
            store.append(LogBatch(tuple(entry(second) for second in range(start, start + 1000))))
        await caught_up(widget, pilot)

        assert pointed(widget).endswith(f"line {store.first + 1}")


async def test_a_line_is_copied_and_the_whole_screen_is_asked_for() -> None:
    async with view(many(3)) as (widget, pilot):
        await pilot.press("up", "y", "f")
        await pilot.pause()

        assert pilot.app.heard == ["copy line 2", "full screen"]  # type: ignore[attr-defined]
        assert widget.has_focus


async def test_words_stand_where_there_is_no_line_and_no_key_harms() -> None:
    async with view(LogStore()) as (widget, pilot):
        widget.words = "Reading the log\nof api-00001-bsx"
        await pilot.press(
            *"jkgGnNswty0123456", "enter", "left_square_bracket", "right_square_bracket", "ctrl+d"
        )
        await pilot.pause()

        assert [row.strip() for row in rows(widget) if row] == ["Reading the log", "of api-00001-bsx"]


async def test_the_mouse_moves_the_cursor() -> None:
    async with view(many(100)) as (widget, pilot):
        await pilot.click(LogView, offset=(20, 3))
        assert pointed(widget).endswith("line 92")
        await pilot.click(LogView, offset=(20, 3))
        assert pointed(widget).endswith("line 92")


@pytest.mark.parametrize(
    "hostile", ["[red]x[/]", "[@click=app.quit]x[/]", "\x1b]52;c;eA==\x07", "\u202e", "\x9b2J"]
)
async def test_hostile_text_of_a_file_is_shown_as_text(hostile: str, tmp_path: Path) -> None:
    file = tmp_path / "hostile.log"
    file.write_text(f"before\n{hostile}\nafter {hostile}\n")
    async with FileApp(Settings(), FileLines(file)).run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.2)
        shown = "".join(rows(pilot.app.screen.query_one(LogView)))

        assert all(char.isprintable() for char in shown)
        assert ("[" in hostile and hostile in shown) or "before" in shown


async def test_a_file_is_followed_filtered_and_told_about(tmp_path: Path) -> None:
    file = tmp_path / "boot.log"
    file.write_text("".join(f"line {at}\n" for at in range(5000)))
    async with FileApp(Settings(), FileLines(file)).run_test(size=(80, 24)) as pilot:
        widget = pilot.app.screen.query_one(LogView)
        with file.open("a") as out:
            out.write("the newest\n")
        await pilot.pause(0.3)
        assert pointed(widget) == "▸  the newest"

        await pilot.press("slash", *"line 77", "enter")
        await pilot.pause(0.1)
        assert widget.status() == "following · 95 of 5,001 lines"
        await pilot.press("escape", "escape", "g")
        await pilot.pause(0.1)
        assert pointed(widget) == "▸  line 0"


async def test_the_beginning_of_a_file_that_is_still_counted_is_gone_to_when_it_is_known(
    tmp_path: Path,
) -> None:
    file = tmp_path / "large.log"
    file.write_text("".join(f"line {at} {'.' * 200}\n" for at in range(10_000)))
    lines = FileLines(file)
    async with view(lines) as (widget, pilot):
        await pilot.press("g")
        assert lines.counted(10)
        await caught_up(widget, pilot)

        assert pointed(widget).startswith("▸  line 0 ")
        assert widget.status() == "paused · 10,000 lines"
    lines.close()


class Endless(LogStore):
    """Takes its time for every piece of a search, finds nothing, and has many pieces."""

    def search(self, wanted: LogFilter | None, start: int, step: int) -> Piece:
        del wanted
        sleep(0.005)
        return Piece([], start + step if self.first <= start + step < self.end else None)


def endless() -> Endless:
    store = Endless()
    store.append(LogBatch(tuple(entry(second) for second in range(1, 2001))))
    return store


async def test_keys_answer_while_a_filter_is_looked_for_in_a_log_of_any_length() -> None:
    async with view(endless()) as (widget, pilot):
        widget.set_filter(LogFilter("needle"))
        await pilot.pause(0.05)
        assert widget.status() == "following · searching… 0 hits so far"
        assert "Looking for needle …" in "".join(rows(widget))

        widget.set_filter(LogFilter())
        await pilot.pause()
        assert pointed(widget).endswith("line 2000")


async def test_another_key_ends_the_way_to_a_problem_that_is_far_away() -> None:
    async with view(endless()) as (widget, pilot):
        await pilot.press("left_square_bracket", "k")
        await pilot.pause(0.05)

        assert pointed(widget).endswith("line 1999")
        assert not list(pilot.app.screen.query("Toast"))


async def test_who_moves_on_is_not_carried_to_the_beginning_when_it_becomes_known(tmp_path: Path) -> None:
    file = tmp_path / "large.log"
    file.write_text("".join(f"line {at} {'.' * 200}\n" for at in range(10_000)))
    lines = FileLines(file)
    async with view(lines) as (widget, pilot):
        await pilot.press("g", "G")
        assert lines.counted(10)
        await caught_up(widget, pilot)

        assert pointed(widget).startswith("▸  line 9999 ")
    lines.close()


async def test_evidence_older_than_the_last_minutes_that_are_shown_is_gone_to() -> None:
    store = many(600)
    async with view(store) as (widget, pilot):
        await pilot.press("2")
        assert widget.go_to((("stderr", 5 * SECOND, "id-5"), 0))
        await pilot.pause()

        assert pointed(widget).endswith("line 5")
        assert "last" not in widget.status()


async def test_an_empty_file_says_that_it_waits(tmp_path: Path) -> None:
    file = tmp_path / "empty.log"
    file.touch()
    async with FileApp(Settings(), FileLines(file)).run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.1)
        assert "empty.log is empty" in "".join(rows(pilot.app.screen.query_one(LogView)))

        file.write_text("first\n")
        await pilot.pause(0.3)
        assert pointed(pilot.app.screen.query_one(LogView)) == "▸  first"
