"""What an operator does on the screen of an incident report, and what it looks like."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot

from buddy_tui.app import BuddyApp
from buddy_tui.config import Settings
from buddy_tui.model import ServiceName
from buddy_tui.report.conclusion import report
from buddy_tui.report.markdown import as_markdown
from buddy_tui.report.people import People, hidden
from buddy_tui.report.values import Writing
from screens.messages import Copy
from screens.service import ServiceScreen
from screens.widgets.document import Document
from screens.widgets.pager import Pager
from tests import make
from tests.core.report import material
from tests.core.report.test_harmless import HOSTILE
from tests.screens import incident
from tests.screens.stage import NARROW, SIZES, WIDE, Script, Stage, frame, settings, settle, until
from tests.screens.test_hostile import PAYLOADS, assert_tame

DAY, WEEK = timedelta(hours=24), timedelta(days=7)
NAMED = hidden(report(material.failures()), People(shown=True))
DONE = Writing(make.NAME, NAMED)
READING = Writing(make.NAME, reading="the request log")
DEMO = settings(environment="DEMO")


class ReportStage(Stage):
    """Feeds a report by hand, a feed for each window; what is saved goes to `saves`."""

    def __init__(self, of: Settings, *values: object, saves: Path | None = None) -> None:
        super().__init__(of, service=Script(incident.SNAPSHOT), services=Script(), saves=saves)
        self.feeds = {None: Script(*values), DAY: Script(), WEEK: Script()}

    def report_feed(self, name: ServiceName, since: timedelta | None) -> Script:
        assert name == make.NAME
        return self.feeds[since]

    @property
    def page(self) -> str:
        """The document that is shown."""
        return self.screen.query_one(Document).source

    @property
    def top(self) -> int:
        """The line of the document at the top of the screen."""
        return round(self.screen.query_one(Pager).scroll_y)


@asynccontextmanager
async def on_report(
    *values: object,
    size: tuple[int, int] = NARROW,
    keys: tuple[str, ...] = (),
    saves: Path | None = None,
    of: Settings = DEMO,
) -> AsyncIterator[tuple[ReportStage, Pilot[None]]]:
    """Open the report of the service with `values` in its feed, and press `keys`."""
    app = ReportStage(of, *values, saves=saves)
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(pilot)
        for key in ("i", *keys):
            await pilot.press(key)
            await settle(pilot)
        yield app, pilot


LOOKS: dict[str, tuple[tuple[object, ...], tuple[str, ...]]] = {
    "top": ((DONE,), ()),
    "timeline": ((DONE,), ("right_square_bracket",) * 3),
    "no-incident": ((Writing(make.NAME, report(material.healthy())),), ()),
    "denied": ((Writing(make.NAME, trouble=incident.DENIED),), ()),
}


@pytest.mark.parametrize("size", SIZES, ids=("narrow", "wide"))
@pytest.mark.parametrize("name", LOOKS)
async def test_a_report_looks_as_it_was_reviewed(
    name: str, size: tuple[int, int], matches_frame: Callable[[BuddyApp, str], None]
) -> None:
    values, keys = LOOKS[name]

    async with on_report(*values, size=size, keys=keys) as (app, _pilot):
        matches_frame(app, f"report-{name}")


async def test_i_opens_it_once_it_says_what_it_reads_and_esc_comes_back() -> None:
    async with on_report(READING, keys=("i",)) as (app, pilot):
        assert "● reads the request log …" in frame(app)

        app.pass_time(7)
        app.screen.tick()  # type: ignore[attr-defined]
        await settle(pilot)
        assert "● reads the request log … 7s" in frame(app)

        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(app.screen, ServiceScreen)


async def test_headings_are_gone_through_in_both_directions() -> None:
    async with on_report(DONE) as (app, pilot):
        tops = []
        for key in ("right_square_bracket",) * 3 + ("left_square_bracket",) * 2:
            await pilot.press(key)
            await settle(pilot)
            tops.append(app.top)

        headings = app.screen.query_one(Document).headings
        assert tops == [*headings[1:4], *headings[2:0:-1]]


async def test_people_are_named_only_when_asked_for_and_that_goes_for_copies_too() -> None:
    async with on_report(DONE, keys=("y",)) as (app, pilot):
        assert "example.com" not in app.page + app.clipboard
        assert "operator-1" in app.page

        await pilot.press("n", "y")
        await settle(pilot)
        assert "dana@example.com" in app.page
        assert app.clipboard == app.page == as_markdown(NAMED)
        assert f"{app.page.count(chr(10))} lines, for an editor" in frame(app)

        await pilot.press("n")
        await settle(pilot)
        assert "example.com" not in app.page


def test_hiding_names_later_is_the_same_as_hiding_them_at_once() -> None:
    for made in (material.failures(), material.promotion()):
        named = hidden(report(made), People(shown=True))

        assert hidden(named, People()) == hidden(report(made), People())


async def test_a_document_on_the_clipboard_keeps_its_lines_and_steers_no_terminal() -> None:
    async with on_report(DONE) as (app, pilot):
        app.post_message(Copy("# a\n\nb\x1b]52;c;eA==\x07\u202e\n", "it", document=True))
        await settle(pilot)

        assert app.clipboard == "# a\n\nb<U+202E>\n"


async def test_the_document_is_saved_and_it_is_said_where_or_why_not(tmp_path: Path) -> None:
    saves = tmp_path / "saves"
    async with on_report(DONE, size=WIDE, keys=("ctrl+s",), saves=saves) as (app, pilot):
        await until(pilot, lambda: "Saved" in frame(app))
        saved = {one.name: one.read_text(encoding="utf-8") for one in saves.glob("*")}
        assert list(saved.values()) == [app.page]
        assert "report-api-2026-11-23" in next(iter(saved))

        app._saves = tmp_path / "saves" / next(iter(saved))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "It cannot be saved" in frame(app))


async def test_each_window_keeps_its_own_report_and_has_a_command_that_prints_it() -> None:
    place = "--service=api --region=europe-west1 --project=acme-prod"
    calm = replace(report(material.healthy()), as_of=make.NOW)
    async with on_report(DONE, keys=("Y",)) as (app, pilot):
        assert app.clipboard == f"buddy-tui report {place}"

        await pilot.press("w", "Y")
        await settle(pilot)
        assert app.page == ""
        assert "last 24 hours" in frame(app)
        assert app.clipboard == f"buddy-tui report --since 24h {place}"

        app.feeds[DAY].put(Writing(make.NAME, calm))
        await settle(pilot)
        assert app.page.startswith("# No incident")

        await pilot.press("w", "n", "Y")
        await settle(pilot)
        assert app.clipboard == f"buddy-tui report --since 7d --with-names {place}"

        await pilot.press("w")
        await settle(pilot)
        assert app.page.startswith("# Incident report")
        assert app.feeds[DAY].watched == 0


async def test_ctrl_r_reads_again_and_without_an_answer_the_old_report_stays_with_its_age() -> None:
    async with on_report(DONE, keys=("ctrl+r",)) as (app, pilot):
        assert app.feeds[None].refreshed == 1

        app.feeds[None].put(replace(DONE, reading="the audit log"))
        await settle(pilot)
        assert app.page.startswith("# Incident report")
        assert "reads the audit log" in frame(app)

        app.pass_time(90)
        app.feeds[None].put(replace(DONE, trouble=incident.OFFLINE))
        await settle(pilot)
        assert "! No answer." in frame(app)
        assert f"What you see is from {make.NOW:%H:%M:%S} UTC." in frame(app)
        assert "read 1m ago" in frame(app)
        assert app.page.startswith("# Incident report")


@pytest.mark.parametrize("reading", ["boot logs, source archives and the audit log", ""])
async def test_a_stream_that_begins_anew_takes_no_report_away(reading: str) -> None:
    trouble = None if reading else incident.OFFLINE
    async with on_report(DONE) as (app, pilot):
        app.pass_time(90)
        app.feeds[None].put(Writing(make.NAME, reading=reading, trouble=trouble))
        await settle(pilot)

        shown = frame(app)
        assert app.page.startswith("# Incident report")
        assert ("! stale 1m" if trouble else "from 1m ago") in shown
        assert "live" not in shown.splitlines()[0]
        assert not reading or f"● reads {reading} … 1m" in shown


async def test_o_opens_the_service_and_a_click_the_page_that_it_is_on() -> None:
    async with on_report(DONE, size=(120, 60), keys=("o", "G")) as (app, pilot):
        assert app.opened_urls == [
            "https://console.cloud.google.com/run/detail/europe-west1/api?project=acme-prod"
        ]

        await until(pilot, lambda: "Who changed it (audit log)" in frame(app))
        lines = frame(app).splitlines()
        row = next(at for at, line in enumerate(lines) if "Revisions" in line)
        await pilot.click(offset=(lines[row].index("Revisions") + 2, row))
        await settle(pilot)
        assert app.opened_urls[1:] == [
            "https://console.cloud.google.com/run/detail/europe-west1/api/revisions?project=acme-prod"
        ]


async def test_hostile_text_stays_tame_on_the_screen_though_nothing_had_cleaned_it() -> None:
    texts = tuple(PAYLOADS.values())
    # Without our own links nothing at all may be clicked.
    page = replace(NAMED, summary=texts, still=texts, unread=texts, links=())
    async with on_report(Writing(make.NAME, page), size=(120, 250), keys=("n",)) as (app, _pilot):
        assert_tame(app)
        assert "Where we got lucky" in frame(app)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_foreign_address_can_be_clicked(text: str) -> None:
    document = Document(("https://console.cloud.google.com/",))
    document.set_reactive(
        Document.source, f"Foreign, and not made harmless: {text}\n\n[a](<https://evil.example/>)\n"
    )

    told = document.laid_out(80)[0]

    assert not [span for line in told for span in line.spans if getattr(span.style, "meta", None)]


def test_five_hundred_moments_are_laid_out_in_a_moment() -> None:
    moment = NAMED.timeline[-1]
    long = replace(NAMED, timeline=(moment,) * 500)
    document = Document()
    document.set_reactive(Document.source, as_markdown(long))

    lines, headings = document.laid_out(80)

    assert len(lines) > 1000
    assert len(headings) == len([line for line in as_markdown(long).splitlines() if line.startswith("#")])
