"""The table on its own: its cursor, its columns, its words."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.strip import Strip

from screens.widgets.columns import Column
from screens.widgets.table import KeyedTable, Row
from screens.words import Cell

COLUMNS = (
    Column("NAME", keep_end=True),
    Column("TAG", priority=1),
    Column("STATE", flexible=True, least=8),
    Column("SOURCE", spare=True),
    Column("AGE", priority=2, right=True),
)


class Holder(App[None]):
    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__()
        self.columns = columns
        self.heard: list[str] = []

    def compose(self) -> ComposeResult:
        yield KeyedTable(self.columns, id="table")

    def on_keyed_table_pointed(self, event: KeyedTable.Pointed) -> None:
        self.heard.append(f"pointed {event.key}")

    def on_keyed_table_chosen(self, event: KeyedTable.Chosen) -> None:
        self.heard.append(f"chosen {event.key}")


@asynccontextmanager
async def table(
    *rows: Row, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[KeyedTable, Pilot[None]]]:
    async with Holder(COLUMNS).run_test(size=size) as pilot:
        widget = pilot.app.query_one(KeyedTable)
        widget.focus()
        widget.show(rows)
        for _ in range(3):  # a scrollbar comes one layout later
            await pilot.pause()
        yield widget, pilot


def row(key: str, *, tag: str = "", state: str = "ready", source: str = "", age: str = "4m") -> Row:
    return Row(key, (Cell(key), Cell(tag, "info"), Cell(state, "ok"), Cell(source), Cell(age, "dim")))


def many(count: int) -> tuple[Row, ...]:
    return tuple(row(f"api-{number:05d}-abc") for number in range(count, 0, -1))


def lines(widget: KeyedTable) -> list[str]:
    return [widget.render_line(y).text.rstrip() for y in range(widget.size.height)]


def line_of_cursor(widget: KeyedTable) -> int:
    return next(at for at, line in enumerate(lines(widget)) if line.startswith("▸"))


async def test_the_cursor_stays_on_its_row_and_line_when_a_thousand_rows_get_one_more_on_top() -> None:
    rows = many(1000)
    async with table(*rows) as (widget, pilot):
        widget.point_at("api-00500-abc")
        await pilot.pause()
        before, line = lines(widget), line_of_cursor(widget)

        widget.show((row("api-01001-new"), *rows))
        await pilot.pause()

        assert widget.key == "api-00500-abc"
        assert line_of_cursor(widget) == line
        assert lines(widget) == before


async def test_at_the_top_a_new_row_is_seen_at_once() -> None:
    rows = many(100)
    async with table(*rows) as (widget, pilot):
        await pilot.press("j", "j")

        widget.show((row("api-00101-new"), *rows))
        await pilot.pause()

        assert "api-00101-new" in lines(widget)[1]
        assert widget.key == "api-00098-abc"


async def test_a_row_that_goes_hands_the_cursor_to_its_neighbour() -> None:
    first, second, third = many(3)
    async with table(first, second, third) as (widget, pilot):
        await pilot.press("j")

        widget.show((first, third))
        await pilot.pause()

        assert widget.key == third.key


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        (("j", "j", "k"), "api-00099-abc"),
        (("down", "down", "up"), "api-00099-abc"),
        (("G",), "api-00001-abc"),
        (("G", "g"), "api-00100-abc"),
        (("end", "home"), "api-00100-abc"),
        (("k",), "api-00100-abc"),
        (("ctrl+d",), "api-00089-abc"),
        (("ctrl+d", "ctrl+u"), "api-00100-abc"),
        (("pagedown",), "api-00089-abc"),
    ],
)
async def test_the_keys_move_the_cursor_and_keep_it_in_view(keys: tuple[str, ...], found: str) -> None:
    async with table(*many(100)) as (widget, pilot):
        await pilot.press(*keys)

        assert widget.key == found
        assert found in lines(widget)[line_of_cursor(widget)]


async def test_enter_and_a_click_on_the_cursor_open_a_row() -> None:
    async with table(*many(5)) as (_widget, pilot):
        await pilot.press("enter")
        await pilot.click(KeyedTable, offset=(3, 3))
        await pilot.click(KeyedTable, offset=(3, 3))

        assert isinstance(pilot.app, Holder)
        assert pilot.app.heard == [
            "pointed api-00005-abc",
            "chosen api-00005-abc",
            "pointed api-00003-abc",
            "chosen api-00003-abc",
        ]


@pytest.mark.parametrize(
    ("width", "titles"),
    [
        (80, ["NAME", "TAG", "STATE", "SOURCE", "AGE"]),
        (60, ["NAME", "TAG", "STATE", "AGE"]),
        (39, ["NAME", "TAG", "STATE"]),
        (34, ["NAME", "STATE"]),
        (24, ["NAME", "STATE"]),
    ],
)
async def test_columns_leave_by_priority_and_none_is_wider_than_the_room(
    width: int, titles: list[str]
) -> None:
    rows = [
        row(f"api-0000{at}-abc", tag="canary", state="failed: no port", source="a" * 12) for at in range(9)
    ]
    async with table(*rows, size=(width, 10)) as (widget, _pilot):
        shown = lines(widget)

        assert shown[0].split() == titles
        assert all(len(line) <= width for line in shown)
        assert shown[1].split()[1].endswith("-abc")


async def test_a_column_without_anything_to_say_is_left_out() -> None:
    async with table(row("api-00001-abc")) as (widget, _pilot):
        assert lines(widget)[0].split() == ["NAME", "STATE", "AGE"]


async def test_a_row_of_one_cell_spans_the_table() -> None:
    async with table(row("a"), Row("b", (Cell("! europe-west4 was not read: it is denied"),))) as (
        widget,
        _pilot,
    ):
        assert "! europe-west4 was not read: it is denied" in lines(widget)[2]


async def test_only_the_lines_that_changed_are_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = many(50)
    async with table(*rows) as (widget, pilot):
        drawn: list[int] = []
        draw = widget.render_line

        def spy(y: int) -> Strip:
            drawn.append(y)
            return draw(y)

        monkeypatch.setattr(widget, "render_line", spy)

        widget.show((rows[0], row(rows[1].key, age="5m"), *rows[2:]))
        await pilot.pause()

        assert drawn == [2]


async def test_words_stand_in_for_rows_and_are_wrapped_to_the_width() -> None:
    async with table(size=(30, 8)) as (widget, _pilot):
        widget.words = "Nothing matches zzz\nesc clears the filter, and that is all there is to say"

        shown = [line.strip() for line in lines(widget) if line.strip()]

        assert shown == [
            "Nothing matches zzz",
            "esc clears the filter,",
            "and that is all there",
            "is to say",
        ]


async def test_a_thousand_rows_of_wide_characters_keep_their_columns() -> None:
    async with table(row("漢字-00001-abc", tag="e\u0301"), row("👩‍👩‍👧-2"), size=(40, 6)) as (widget, _pilot):
        assert {widget.render_line(y).cell_length for y in range(6)} == {40}
