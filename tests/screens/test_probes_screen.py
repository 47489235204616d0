"""What an operator does on the screen of probes."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import pytest

from buddy_tui.model import LogBatch, LogState
from buddy_tui.probes.values import Cell, Matrix
from screens.cell import NO_LINES, CellPage
from screens.probes import ProbesScreen
from screens.service import ServiceScreen
from screens.widgets.matrix import MatrixTable
from screens.widgets.notice import Notice
from tests.screens import incident, probing
from tests.screens.probe_stage import DEMO, Ending, ProbeStage, on_probes, on_top
from tests.screens.stage import NARROW, SIZES, WIDE, Script, frame, settings, settle, until

# One revision that never came up among those that no tag leads to.
WITHOUT_TAGS = replace(
    probing.NO_ADDRESS,
    targets=(*probing.NO_ADDRESS.targets[:3], probing.TARGETS[3]),
    cells=(*probing.NO_ADDRESS.cells[:3], probing.DONE.cells[3]),
)


class Writing(Script):
    """A session probe that waits in the middle, and takes its time to remove what it wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.written = self.removed = False
        self.may_remove = asyncio.Event()

    async def stream(self) -> AsyncGenerator[Any, None]:
        self.opened += 1
        try:
            self.written = True
            yield probing.CLIMBING
            await asyncio.Event().wait()
        finally:
            await self.may_remove.wait()
            self.removed = True


def pointed(app: ProbeStage) -> Cell:
    found = app.screen.query_one(MatrixTable).pointed
    assert found
    return found[0]


async def test_p_on_a_revision_opens_its_probes_once_and_esc_comes_back() -> None:
    async with on_probes(probing.DONE, keys=("escape", "j", "p", "p")) as (app, pilot):
        assert on_top(app) is ProbesScreen
        assert [what for what, *_ in app.opened_with] == ["probes", "probes"]
        assert app.opened_with[1] == ("probes", incident.NAME, incident.REVISIONS[1].name)

        await pilot.press("escape")
        await settle(pilot)
        assert on_top(app) is ServiceScreen


async def test_p_and_v_are_told_by_the_help_and_the_palette_of_a_service() -> None:
    async with on_probes(keys=("escape", "question_mark", "G"), size=(80, 60)) as (app, _pilot):
        assert "Probes" in frame(app)
        assert "Release checklist" in frame(app)
    async with on_probes(keys=("escape", "colon"), size=(80, 60)) as (app, pilot):
        await until(pilot, lambda: "Release checklist" in frame(app))


async def test_the_cursor_begins_on_the_revision_that_was_asked_for() -> None:
    matrix = replace(probing.DONE, targets=tuple(
        replace(one, revision=incident.REVISIONS[0].name) if one.revision == probing.OLD else one
        for one in probing.TARGETS
    ))  # fmt: skip
    async with on_probes(matrix) as (app, _pilot):
        assert app.screen.query_one(MatrixTable).key == incident.REVISIONS[0].name


@pytest.mark.parametrize("size", SIZES)
async def test_who_serves_comes_first_with_its_share(size: tuple[int, int]) -> None:
    async with on_probes(probing.DONE, size=size) as (app, _pilot):
        table = app.screen.query_one(MatrixTable)
        assert table.rows[0].key == probing.SERVING
        assert "100%" in next(line for line in frame(app).splitlines() if "00028-bsx 100%" in line)


@pytest.mark.parametrize("size", SIZES)
async def test_a_cell_that_is_asked_shows_how_far_it_is_and_then_its_verdict(size: tuple[int, int]) -> None:
    async with on_probes(probing.EMPTY, size=size) as (app, pilot):
        assert "3/8" not in frame(app)
        assert frame(app).count("waiting") == 10

        app.matrix.put(probing.FILLING)
        await settle(pilot)
        assert "3/8" in frame(app)
        assert "8/8 12ms" in frame(app)

        app.matrix.put(probing.DONE)
        await settle(pilot)
        assert "3/8" not in frame(app)
        assert "asked 8 times each" in frame(app)


async def test_a_failure_that_the_serving_revision_shares_is_told_apart_by_mark_word_and_sentence() -> None:
    async with on_probes(probing.DONE, keys=("j", "l")) as (app, pilot):
        shown = frame(app)
        assert "= same 0/8" in shown
        assert "1 worse than serving: 00029-n6b persistence" in shown
        assert "fails on both" in shown
        assert "not this release" in " ".join(shown.split())

        await pilot.press("l", "l")
        await settle(pilot)
        assert "✗ worse" in frame(app)
        assert "fails on both" not in frame(app)


@pytest.mark.parametrize(
    ("keys", "at"),
    [
        (("j", "l"), (probing.CANARY, "system health")),
        (("down", "right", "right", "left"), (probing.CANARY, "system health")),
        (("G", *"lllllllll"), (probing.DOWN, "chat")),
        (("G", "g", "h"), (probing.SERVING, "health")),
    ],
)
async def test_the_cursor_moves_in_both_directions_and_stops_at_the_edges(
    keys: tuple[str, ...], at: tuple[str, str]
) -> None:
    async with on_probes(probing.DONE, keys=keys) as (app, _pilot):
        assert (pointed(app).revision, pointed(app).question) == at


async def test_a_click_moves_the_cursor_and_a_second_one_opens_the_cell() -> None:
    async with on_probes(probing.DONE) as (app, pilot):
        line = next(
            y for y, text in enumerate(frame(app).splitlines()) if "00029-n6b" in text and "%" in text
        )
        column = frame(app).splitlines()[line].index("= same")
        await pilot.click(offset=(column, line))
        await settle(pilot)
        assert (pointed(app).revision, pointed(app).question) == (probing.CANARY, "system health")

        await pilot.click(offset=(column, line))
        await settle(pilot)
        assert on_top(app) is CellPage


async def test_the_cursor_stays_on_its_revision_when_another_one_comes_to_serve() -> None:
    async with on_probes(probing.DONE, keys=("G",)) as (app, pilot):
        moved = tuple(
            replace(one, percent=100 if one.revision == probing.OLD else 0) for one in probing.TARGETS
        )
        app.matrix.put(replace(probing.DONE, targets=moved))
        await settle(pilot)

        assert app.screen.query_one(MatrixTable).rows[0].key == probing.OLD
        assert pointed(app).revision == probing.DOWN


async def test_more_questions_than_there_is_room_for_scroll_with_the_cursor() -> None:
    questions = tuple(replace(probing.QUESTIONS[0], name=f"question {at}") for at in range(12))
    row = tuple(probing.passing(probing.SERVING, one) for one in questions)
    many = replace(probing.DONE, targets=probing.TARGETS[1:2], questions=questions, cells=(row,))
    async with on_probes(many) as (app, pilot):
        assert "1-6/12" in frame(app)

        await pilot.press(*"lllllllllll")
        await settle(pilot)
        assert "7-12/12" in frame(app)
        assert pointed(app).question == "question 11"


@pytest.mark.parametrize(
    ("keys", "copied"),
    [
        (("j", "j"), probing.TAG),
        (("j", "l", "l", "l"), f"gcloud run services logs read buddy-app --revision={probing.CANARY}"),
    ],
)
async def test_the_fix_of_the_cell_under_the_cursor_can_be_copied(keys: tuple[str, ...], copied: str) -> None:
    async with on_probes(probing.DONE, keys=(*keys, "c")) as (app, _pilot):
        assert app.clipboard == copied


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        (probing.NO_ADDRESS, ("has an address of its own: no tag.", "--update-tags=", "c Copy fix")),
        (WITHOUT_TAGS, ("has an address of its own: no tag.", "! not ")),
        (probing.REFUSED, ("Refused everywhere", "not_invoker: alice@example.com lacks run.routes.invoke")),
        (probing.NOT_OFFERED, ("None of these paths is offered", "[[probe]]", 'path = "/healthz"')),
        (probing.NO_MATRIX, ("Cloud Run does not answer.", "Nothing could be asked")),
        (Matrix(incident.NAME, done=True), ("buddy-app has no revision to ask",)),
    ],
)
async def test_where_nothing_can_be_told_the_screen_says_why_and_the_way_out(
    matrix: Matrix, words: tuple[str, ...], size: tuple[int, int]
) -> None:
    async with on_probes(matrix, size=size) as (app, _pilot):
        for one in words:
            assert one in frame(app)


async def test_loading_tells_what_is_read_and_for_how_long() -> None:
    async with on_probes() as (app, pilot):
        assert "Reading buddy-app …" in frame(app)

        app.pass_time(3)
        app.screen.query_one(MatrixTable).screen.tick()  # type: ignore[attr-defined]
        await settle(pilot)
        assert "Reading buddy-app … 3s" in frame(app)


async def test_what_was_stopped_before_anything_came_is_not_said_to_be_read() -> None:
    async with on_probes(keys=("x",)) as (app, _pilot):
        assert "stopped before anything was asked · ctrl+r asks" in frame(app)
        assert "Reading" not in frame(app)


@pytest.mark.parametrize("size", [(60, 16), (40, 8), (39, 20), (80, 7)])
async def test_no_session_is_written_where_the_screen_has_not_said_so(size: tuple[int, int]) -> None:
    async with on_probes(probing.DONE, size=size) as (app, pilot):
        told = "s tries a session: it writes one sess" in frame(app)

        await pilot.press("s")
        await settle(pilot)
        assert bool(app.session.opened) is told
        assert told is (size[0] >= 40 and size[1] >= 8)


async def test_a_session_probe_that_did_not_end_is_not_offered_as_if_there_was_none() -> None:
    troubled = replace(probing.CLIMBING, steps=(), trouble=probing.OFFLINE)
    async with on_probes(probing.DONE, keys=("j", "s"), session=Ending(troubled)) as (app, pilot):
        assert "broken off, for the reason above" in frame(app)
        assert "was removed" not in frame(app)

        await pilot.press("escape")
        await settle(pilot)
        assert "session probe of 00029-n6b did not end · s shows it" in frame(app)


async def test_x_stops_the_asking_and_ctrl_r_asks_again() -> None:
    async with on_probes(probing.FILLING) as (app, pilot):
        assert app.matrix.watched == 1

        await pilot.press("x")
        await settle(pilot)
        assert app.matrix.watched == 0
        assert "stopped, 3 of 8" in frame(app)
        assert "x Stop" not in frame(app)

        await pilot.press("ctrl+r")
        await settle(pilot)
        assert (app.matrix.opened, app.matrix.watched) == (2, 1)
        assert "stopped" not in frame(app)


async def test_what_was_stopped_stays_stopped_when_another_screen_was_on_top() -> None:
    async with on_probes(probing.FILLING, keys=("x",)) as (app, pilot):
        app.on_open_services()
        await settle(pilot)
        await pilot.press("escape")
        await settle(pilot)

        assert on_top(app) is ProbesScreen
        assert app.matrix.watched == 0


@pytest.mark.parametrize("size", SIZES)
async def test_watching_goes_on_asking_and_draws_latencies(size: tuple[int, int]) -> None:
    async with on_probes(probing.DONE, size=size, keys=("w",)) as (app, pilot):
        assert app.asked == [("matrix", False), ("matrix", True)]

        app.matrix.put(probing.WATCHING)
        await settle(pilot)
        app.pass_time(7)
        await settle(pilot)
        rows = [line for line in frame(app).splitlines() if "00028-bsx 100%" in line]
        assert "█▃▃▆" in rows[0]
        assert "watching, round 4" in frame(app)
        assert "x Stop" in frame(app)

        await pilot.press("w")
        await settle(pilot)
        assert app.asked[-1] == ("matrix", False)
        assert "watching" not in frame(app)


async def test_watching_rests_while_another_screen_is_on_top() -> None:
    async with on_probes(probing.DONE, keys=("w",)) as (app, pilot):
        app.on_open_services()
        await settle(pilot)
        assert app.matrix.watched == 0

        await pilot.press("escape")
        await settle(pilot)
        assert app.matrix.watched == 1


async def test_the_age_of_what_was_watched_is_told() -> None:
    async with on_probes(probing.DONE, probing.WATCHING, keys=("w",)) as (app, pilot):
        app.pass_time(9)
        app.screen.tick()  # type: ignore[attr-defined]
        await settle(pilot)
        assert "9s old" in frame(app)


async def test_details_tell_the_request_without_secrets_and_each_attempt() -> None:
    lines = Script(probing.LOGGED)
    async with on_probes(probing.DONE, keys=("j", "enter"), size=(120, 60), lines=lines) as (app, _pilot):
        shown = frame(app)

        assert "x-api-key (values are not shown)" in shown
        assert "s3cret" not in shown
        assert "rinse" in shown
        assert shown.count("✓ pass  200") == 9
        assert f"{probing.TRACE[:-2]}08" in shown
        assert '{"status": "ok"}' in shown
        assert "database unreachable" in shown
        assert ("lines", probing.CANARY, f"{probing.TRACE[:-2]}08") in app.asked


async def test_details_are_about_the_attempt_that_went_wrong() -> None:
    cell = probing.DONE.cells[0][0]
    attempts = tuple(
        probing.attempt(one.number, good=one.number != 5, took=one.took) for one in cell.attempts
    )
    row = (replace(cell, passed=7, attempts=attempts), *probing.DONE.cells[0][1:])
    flaky = replace(probing.DONE, cells=(row, *probing.DONE.cells[1:]))
    async with on_probes(flaky, keys=("j", "enter"), size=(120, 60)) as (app, _pilot):
        assert "Answer of attempt 5" in frame(app)
        assert '"db": "unreachable"' in frame(app)


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        (probing.NOT_LOGGED, NO_LINES[:30]),
        (LogBatch(state=LogState(trouble=probing.OFFLINE)), "not read: Cloud Run does not answer."),
    ],
)
async def test_without_log_lines_the_details_say_why(batch: LogBatch, words: str) -> None:
    async with on_probes(probing.DONE, keys=("j", "enter"), size=(120, 60), lines=Script(batch)) as (
        app,
        _pilot,
    ):
        assert words in frame(app)


async def test_the_log_of_a_request_is_followed_until_its_page_goes() -> None:
    async with on_probes(probing.DONE, keys=("enter",), lines=Script(probing.NOT_LOGGED)) as (app, pilot):
        assert app.lines.watched == 1

        await pilot.press("y")
        await settle(pilot)
        assert app.clipboard == f"{probing.TRACE[:-2]}08"

        await pilot.press("escape")
        await settle(pilot)
        assert app.lines.watched == 0
        assert on_top(app) is ProbesScreen


async def test_a_cell_that_sent_nothing_asks_no_log() -> None:
    async with on_probes(probing.DONE, keys=("G", "enter"), size=(120, 60)) as (app, _pilot):
        assert "no request was sent" in frame(app)
        assert app.lines.opened == 0


@pytest.mark.parametrize("size", SIZES)
async def test_a_session_probe_says_before_that_it_writes_and_then_shows_each_step(
    size: tuple[int, int],
) -> None:
    async with on_probes(probing.DONE, size=size, keys=("j",)) as (app, pilot):
        assert "s tries a session: it writes one session of its own" in frame(app)

        await pilot.press("s")
        await settle(pilot)
        assert app.asked[-1] == ("session", probing.CANARY)
        app.session.put(probing.CLIMBING)
        await settle(pilot)
        assert "● under way" in frame(app)
        assert "3.00 s  Read twenty times at once" in frame(app)

        app.session.put(probing.MEMORY)
        await settle(pilot)
        shown = frame(app)
        assert "✗ memory of one instance" in shown
        assert "fix  Store sessions in Firestore" in shown
        assert "There is no document sessions/bt-7f3a90c1" in shown


@pytest.mark.parametrize(
    ("ladder", "words"),
    [
        (probing.PERSISTED, ("✓ persisted", "swept at the start: 1 session")),
        (probing.LEAKED, ("✗ leaked", "left behind: sessions/bt-7f3a90c1")),
    ],
)
async def test_what_was_left_or_swept_is_told(ladder: object, words: tuple[str, ...]) -> None:
    async with on_probes(probing.DONE, keys=("j", "s"), session=Ending(ladder)) as (app, pilot):
        for one in words:
            assert one in frame(app)

        await pilot.press("escape")
        await settle(pilot)
        assert f"{words[0]}: session probe of 00029-n6b · s shows it" in frame(app)

        await pilot.press("s")
        await settle(pilot)
        assert app.session.opened == 1
        assert words[0] in frame(app)

        await pilot.press("ctrl+r")
        await settle(pilot)
        assert app.session.opened == 2


async def test_read_only_tries_no_session_and_says_why() -> None:
    read_only = replace(DEMO, read_only=settings(read_only="yes").read_only)
    async with on_probes(probing.DONE, of=read_only) as (app, pilot):
        assert "s is off, read-only: a session probe writes one session" in frame(app)

        await pilot.press("s")
        await settle(pilot)
        assert "Read-only: a session probe writes" in frame(app)
        assert app.session.opened == 0


async def test_x_stops_a_session_probe_and_what_it_wrote_is_removed() -> None:
    session = Writing()
    async with on_probes(probing.DONE, keys=("j", "s", "x"), session=session) as (app, pilot):
        assert "stopping: removing what it wrote" in frame(app)
        await pilot.press("x", "x")
        await settle(pilot)
        assert not session.removed

        session.may_remove.set()
        await until(pilot, lambda: "stopped: what it wrote was removed" in frame(app))
        assert session.removed


async def test_esc_leaves_the_ladder_and_the_probe_goes_on() -> None:
    session = Writing()
    session.may_remove.set()
    async with on_probes(probing.DONE, keys=("j", "s", "escape"), session=session) as (app, pilot):
        assert "session probe of 00029-n6b under way" in frame(app)
        app.on_open_services()
        await settle(pilot)
        await pilot.press("escape")
        await settle(pilot)
        assert not session.removed


async def test_leaving_waits_until_the_session_probe_has_removed_what_it_wrote() -> None:
    session = Writing()
    async with on_probes(probing.DONE, keys=("j", "s", "escape", "escape"), session=session) as (app, pilot):
        assert on_top(app) is ProbesScreen
        assert "Leaving as soon as" in frame(app)

        session.may_remove.set()
        await until(pilot, lambda: on_top(app) is ServiceScreen)
        assert session.removed


async def test_quitting_closes_the_session_probe() -> None:
    session = Writing()
    session.may_remove.set()
    async with on_probes(probing.DONE, keys=("j", "s"), session=session) as (_app, pilot):
        await pilot.press("q")

    assert session.written
    assert session.removed


@pytest.mark.parametrize("size", SIZES)
async def test_the_audit_tells_what_is_kept_what_it_cost_and_what_fell(size: tuple[int, int]) -> None:
    async with on_probes(probing.DONE, size=size, keys=("a",), audit=Ending(probing.AUDIT)) as (app, pilot):
        shown = frame(app)
        for told in (
            "read 494 of 494 documents",
            "at most 495 reads",
            "! After 00029-n6b began at 08:20 UTC",
            "00028-bsx     466",
            "sessions written per hour",
        ):
            assert told in shown

        await pilot.press("escape", "a")
        await settle(pilot)
        assert app.audit.opened == 1

        await pilot.press("ctrl+r")
        await settle(pilot)
        assert app.audit.opened == 2


async def test_an_audit_that_is_stopped_says_so() -> None:
    async with on_probes(probing.DONE, keys=("a", "x")) as (app, _pilot):
        assert app.audit.watched == 0
        assert "session audit, stopped" in frame(app)


async def test_an_audit_that_could_not_be_read_says_why() -> None:
    troubled = replace(probing.AUDIT, kept=(), hours=(), fell=(), as_of=None, trouble=probing.OFFLINE)
    async with on_probes(probing.DONE, keys=("a",), audit=Ending(troubled)) as (app, pilot):
        assert "Cloud Run does not answer." in frame(app)

        await pilot.press("escape")
        await settle(pilot)
        assert app.screen.query_one(Notice).trouble is None


@pytest.mark.parametrize(
    ("keys", "command"),
    [
        ((), "buddy-tui probe"),
        (("w",), "buddy-tui probe --watch"),
        (("j", "s"), f"buddy-tui probe {probing.CANARY} --session"),
        (("a",), "buddy-tui sessions"),
    ],
)
async def test_the_command_that_does_the_same_without_a_screen_can_be_copied(
    keys: tuple[str, ...], command: str
) -> None:
    async with on_probes(probing.DONE, keys=(*keys, "Y")) as (app, _pilot):
        assert app.clipboard == f"{command} --service=buddy-app --region=us-central1 --project=buddy-demo"


@pytest.mark.parametrize("feed", ["matrix", "session", "audit"])
async def test_a_bug_in_a_stream_is_told_and_the_screen_lives_on(feed: str) -> None:
    keys = {"matrix": (), "session": ("s",), "audit": ("a",)}[feed]
    async with on_probes(probing.DONE, keys=keys) as (app, pilot):
        getattr(app, feed).put(ZeroDivisionError("oops"))
        await settle(pilot)
        app.pass_time(1)
        await settle(pilot)

        assert "ZeroDivisionError: oops" in frame(app)
        assert app.is_running


@pytest.mark.parametrize("size", [(39, 20), (60, 16), (80, 7), (40, 8), NARROW, WIDE])
async def test_header_and_keys_stay_at_every_size(size: tuple[int, int]) -> None:
    async with on_probes(probing.DONE, size=size) as (app, _pilot):
        lines = frame(app).splitlines()
        assert "DEMO" in lines[0]
        for key in ("? Help", "esc Back", "q Quit"):
            assert key in lines[-1]
        assert ("Too small" in frame(app)) == (size[0] < 40 or size[1] < 8)


async def test_the_keys_have_their_turn_more_often_for_as_long_as_the_screen_is_there() -> None:
    usual = sys.getswitchinterval()
    async with on_probes(probing.DONE) as (_app, _pilot):
        assert sys.getswitchinterval() == pytest.approx(usual / 10)
    assert sys.getswitchinterval() == pytest.approx(usual)
