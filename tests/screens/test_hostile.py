"""Hostile text over every widget that shows foreign text: no crash, no control byte, no link, no action.

Google's answers hold text that strangers wrote: labels, tags, messages, images, addresses. The first wall cleans it
where it enters; here it comes in raw, as if that wall had a hole.
"""

import os
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.color import Color

from buddy_tui.boot.values import Boot, BootLog, Event, Line, Mark, Raised, Reading, Traceback
from buddy_tui.config import Known
from buddy_tui.finding import Cause, Confidence, Finding, Incident, Quote
from buddy_tui.model import (
    Condition,
    ConditionState,
    Container,
    Directory,
    Link,
    LogBatch,
    LogState,
    RegionView,
    Revision,
    ServiceName,
    Snapshot,
    TrafficTarget,
    Trouble,
)
from screens.boot_log import BootLogScreen
from screens.messages import Copy
from screens.sheet import FactPage
from screens.wall import Ascii, Wall, speaks_unicode
from screens.widgets.facts import Fact
from screens.widgets.filter_bar import FilterBar
from screens.widgets.table import KeyedTable
from screens.words import Cell
from tests import make
from tests.make import NOW
from tests.screens import boots
from tests.screens.stage import SIZES, WIDE, Script, Stage, frame, on_stage, segments, settings, settle

PAYLOADS = {
    "osc52": "x\x1b]52;c;aGFja2Vk\x07y",
    "osc52-st": "x\x1b]52;c;aGFja2Vk\x1b\\y",
    "osc0": "x\x1b]0;owned\x07y",
    "osc8": "x\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\y",
    "csi2j": "x\x1b[2J\x1b[Hy",
    "c1": "x\x9b2Jy\x9d0;t\x9c",
    "dcs": "x\x1bPq#0\x1b\\y",
    "bidi": "x\u202egnp.exe\u202c\u2066y\u2069",
    "click": "x[@click=app.quit]here[/]y",
    "close": "got [/ and [/]",
    "path": "[/srv/app/main.py] failed",
    "red": "[red]x[/red] [$error]y",
    "link": "[link=https://evil.example]x[/link]",
    "long": "A" * 2000,
    "zero-width": "a\u200b\u200d\ufeffb",
    "newline": "one\ntwo\r\nthree\x0bfour\x85five\u2028six",
    "tab": "a\tb\t\tc",
    "combining": "e" + "\u0301" * 40,
    "cjk": "漢字かな한글" * 20,
    "emoji": "👩‍👩‍👧🏽🇩🇪 ok",
    "nul": "a\x00\x01\x08\x0c\x7fb",
}
STEERING = {"Cc", "Cf", "Zl", "Zp"}
# Joiners and tags steer nothing: they make emoji.
HARMLESS = {"\u200b", "\u200c", "\u200d", "\ufeff"}

# A screen takes a second, so payloads that are stopped in one way go together; each of the others is by itself.
_TOGETHER = {
    "sequences": ("osc52", "osc52-st", "osc0", "osc8", "csi2j", "c1", "dcs", "nul", "bidi"),
    "markup": ("click", "path", "red", "link"),
    "letters": ("zero-width", "combining", "emoji", "tab"),
}
_ALONE = {name: text for name, text in PAYLOADS.items() if name not in sum(_TOGETHER.values(), ())}
MIXED = _ALONE | {name: "".join(map(PAYLOADS.__getitem__, names)) for name, names in _TOGETHER.items()}

every_payload = pytest.mark.parametrize("text", MIXED.values(), ids=MIXED)


def assert_tame(app: Stage, *, links: bool = False) -> None:
    """Assert that what would be written steers no terminal, and that nothing in it can be clicked."""
    width = app.size.width
    for line in segments(app):
        assert sum(segment.cell_length for segment in line) == width
        for text, style, control in line:
            assert not control
            assert [
                char for char in text if unicodedata.category(char) in STEERING and char not in HARMLESS
            ] == []
            assert style is None or links or (style.link is None and "@click" not in (style.meta or {}))
    assert app.is_running


def hostile_revision(text: str, name: str) -> Revision:
    return make.failed(
        name,
        reason=text,
        message=f"{text}\n\n{text}",
        creator=text,
        source=f"gs://{text}/{text}#1",
        commit="",
        service_account=text,
        labels=((text, text),),
        log_uri=text,
        conditions=(Condition(text, ConditionState.FAILED, text, text, since=NOW),),
        containers=(Container(text, text, (text,), 1, (text,), (text,), text, text, text),),
    )


def hostile_snapshot(text: str) -> Snapshot:
    targets = (
        TrafficTarget(text, 60, text, uri=text),
        TrafficTarget("other" + text, 40, "t" + text, uri=text),
    )
    service = make.service(
        ServiceName(text, text, text),
        uri=text,
        urls=(text,),
        etag=text,
        last_modifier=text,
        latest_created=text,
        latest_ready="other" + text,
        desired=targets[:1],
        effective=targets,
        ready=make.ready(ConditionState.FAILED, text, text),
        conditions=(Condition(text, ConditionState.FAILED, text, text),),
        labels=((text, text),),
        ingress=text,
    )
    revisions = (hostile_revision(text, text), replace(hostile_revision(text, "other" + text), commit=text))
    return Snapshot(make.NAME, service, revisions, NOW, Trouble(text, text, 3, NOW), 5.0)


def hostile_boot(text: str) -> BootLog:
    """Return a boot log where everything that Google, or the container, says is `text`."""
    entries = (
        *boots.ENTRIES,
        *(boots.entry(4 + at, text, log, text) for at, log in enumerate(("stderr", text))),
    )
    quoted = Quote(text, len(entries) - 1, 0, 0, text)
    finding = Finding(
        Cause.UNKNOWN, Confidence.LIKELY, boots=False, summary=text, observed=text, short=text, exception=text,
        missing=text, frame=text, fix=(text, text), evidence=(quoted, quoted), uncertain=(text,),
        chain=(text, text, text), revision=text,
    )  # fmt: skip
    event = Event(Mark.PROCESS, boots.ENTRIES[0].when, 0, text, text)
    fatal = Traceback((Raised(text, text, at=0),))
    lines = (Line(text, len(entries) - 1, 0),)
    boot = Boot(
        text, text, text, lines, (event, replace(event, mark=Mark.RAISED)), (fatal,), fatal, starter=text
    )
    state = LogState(Link.POLLING, text, 3, suppressed=9, trouble=Trouble(text, text, 3, NOW))
    return BootLog(LogBatch(entries, state=state), Reading(entries, (boot,)), finding)


def hostile_settings(text: str) -> Any:  # noqa: ANN401 - Settings, replaced
    known = Known(text, text)
    return replace(settings(), account=known, impersonate=known, environment=known, project=known)


@every_payload
async def test_the_service_screen_its_details_and_its_pages_stay_tame(text: str) -> None:
    async with on_stage(hostile_snapshot(text), of=hostile_settings(text), size=WIDE) as (app, pilot):
        assert_tame(app)
        for key in ("d", "question_mark"):
            await pilot.press(key)
            await settle(pilot)
            assert_tame(app)


@every_payload
async def test_the_preview_and_a_toast_of_a_narrow_screen_stay_tame(text: str) -> None:
    async with on_stage(hostile_snapshot(text), of=hostile_settings(text)) as (app, pilot):
        app.post_message(Copy(text, "name"))
        await settle(pilot)

        assert_tame(app)


@every_payload
async def test_the_boot_log_and_all_that_lies_over_it_stay_tame(text: str) -> None:
    feed = Script(hostile_boot(text))
    revision = replace(hostile_revision(text, text), labels=(("gcb-build-id", text),))
    snapshot = replace(hostile_snapshot(text), revisions=(revision,))
    async with on_stage(snapshot, of=hostile_settings(text), size=WIDE, boot_log=feed) as (app, pilot):
        await pilot.press("l")
        await settle(pilot)
        assert isinstance(app.screen, BootLogScreen)
        assert_tame(app)
        for key in ("e", "E", "right_square_bracket", "w", "t", "y", "Y", "c", "f", "f", "d", "escape", "b"):
            await pilot.press(key)
            await settle(pilot)
            assert_tame(app)


@every_payload
async def test_findings_on_the_service_screen_stay_tame(text: str) -> None:
    snapshot = hostile_snapshot(text)
    finding = hostile_boot(text).finding
    assert finding is not None
    incident = Incident(
        (text, "other" + text), text, text, one_cause=True, cause=Cause.UNKNOWN, headline=text, story=(text,),
        changed=(text,), fix=(text,),
    )  # fmt: skip
    told = replace(snapshot, findings=(replace(finding, revision=text),), incident=incident)
    for size in SIZES:
        async with on_stage(told, of=hostile_settings(text), size=size) as (app, pilot):
            assert_tame(app)
            await pilot.press("d")
            await settle(pilot)
            assert_tame(app)


@every_payload
async def test_the_services_screen_stays_tame(text: str) -> None:
    service = hostile_snapshot(text).service
    assert service is not None
    trouble = Trouble(text, text, 4, NOW)
    directory = Directory(
        text, (RegionView(text, (service,), NOW), RegionView("b", trouble=trouble)), trouble, 5.0
    )
    of = replace(hostile_settings(text), service=Known(), regions=(Known(text),))
    async with on_stage(of=of, services=Script(directory)) as (app, pilot):
        assert_tame(app)

        await pilot.press("j", "enter")
        await settle(pilot)
        assert_tame(app)


@every_payload
async def test_the_filter_and_the_palette_stay_tame(text: str) -> None:
    async with on_stage(hostile_snapshot(text)) as (app, pilot):
        await app.screen.query_one(FilterBar).open(text)
        await settle(pilot)
        assert_tame(app)

        app.screen.query_one(FilterBar).clear_filter()
        await pilot.press("colon", "o", "t")
        await settle(pilot)
        assert_tame(app)


@every_payload
async def test_a_picture_of_the_screen_is_well_formed_and_holds_no_link(text: str) -> None:
    async with on_stage(hostile_snapshot(text), of=hostile_settings(text), size=WIDE) as (app, _pilot):
        picture = ET.fromstring(app.export_screenshot())  # noqa: S314 - we have drawn it ourselves

    assert [one.tag for one in picture.iter() if one.tag.endswith(("}a", "}script"))] == []


@every_payload
async def test_words_in_an_empty_table_stay_tame(text: str) -> None:
    async with on_stage() as (app, pilot):
        app.screen.query_one(KeyedTable).words = text
        await settle(pilot)

        assert_tame(app)


async def test_markup_in_foreign_text_is_shown_as_it_is_and_clicks_do_nothing() -> None:
    text = PAYLOADS["click"]
    async with on_stage(hostile_snapshot(text), size=WIDE) as (app, pilot):
        assert text in frame(app)

        for y in range(1, 12):
            await pilot.click(offset=(30, y))
        await settle(pilot)

        assert app.is_running


@hypothesis_settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.text(max_size=80))
def test_the_wall_keeps_printable_text_and_deletes_what_steers(text: str) -> None:
    through = "".join(part.text for part in Wall().apply([Segment(text, Style())], Color(0, 0, 0)))

    assert [char for char in through if unicodedata.category(char) in STEERING - {"Cf"}] == []
    assert not set(through) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
    if text.isprintable():
        assert through == text


@hypothesis_settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_ascii_drawing_is_ascii_and_as_wide_as_before(text: str) -> None:
    tame = Wall().apply([Segment(text)], Color(0, 0, 0))
    drawn = Ascii().apply(tame, Color(0, 0, 0))

    assert all(segment.text.isascii() for segment in drawn)
    assert [segment.cell_length for segment in drawn] == [segment.cell_length for segment in tame]


def test_control_segments_do_not_pass_the_wall() -> None:
    from rich.control import Control

    bell = Control.title("owned").segment

    assert Wall().apply([Segment("a"), bell, Segment("b")], Color(0, 0, 0)) == [Segment("a"), Segment("b")]


@pytest.mark.parametrize(
    ("encoding", "speaks"),
    [
        ("utf-8", True),
        ("UTF8", True),
        ("utf_8", True),
        ("cp65001", True),
        ("ascii", False),
        ("cp1252", False),
        (None, False),
    ],
)
def test_glyphs_are_drawn_only_where_the_terminal_can_show_them(
    encoding: str | None, *, speaks: bool
) -> None:
    assert speaks_unicode(encoding) is speaks


class Bare(App[None]):
    """An app without the wall, to prove that the payloads bite."""

    def __init__(self, page: Callable[[], FactPage]) -> None:
        super().__init__()
        self.page = page

    def compose(self) -> ComposeResult:
        yield from ()

    def on_mount(self) -> None:
        self.push_screen(self.page())


async def test_without_the_wall_a_title_would_let_a_sequence_through() -> None:
    page = FactPage(PAYLOADS["osc52"], (Fact("a", (Cell("b"),)),))
    app = Bare(lambda: page)
    async with app.run_test() as pilot:
        await pilot.pause()

        assert any("\x1b" in segment.text for line in segments(app) for segment in line)  # type: ignore[arg-type]


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is a POSIX thing")
def test_the_bytes_that_reach_a_real_terminal_hold_no_foreign_sequence(tmp_path: Path) -> None:
    written = _run_in_a_terminal(tmp_path)

    assert b"REVISION" in written, "the screen was drawn"
    assert b"Does not boot" in written, "the boot log was drawn"
    for forbidden in (
        b"\x1b]52;",
        b"\x1b]0;owned",
        b"\x1b]8;;",
        b"\xc2\x9b",
        b"\xc2\x9d",
        b"\xe2\x80\xae",
        b"\x1bPq",
        b"\x1b[2J\x1b[H",
    ):
        assert forbidden not in written


def _run_in_a_terminal(tmp_path: Path) -> bytes:
    import pty
    import select

    master, slave = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.screens.in_terminal"],
        stdin=slave, stdout=slave, stderr=slave,
        env=os.environ | {"TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40", "HOME": str(tmp_path)},
    )  # fmt: skip
    os.close(slave)
    written = b""
    while select.select([master], [], [], 30)[0]:
        try:
            chunk = os.read(master, 65536)
        except OSError:  # the other side is closed: Linux tells the end of a pseudo-terminal so
            break
        if not chunk:
            break
        written += chunk
    child.wait(30)
    os.close(master)
    return written
