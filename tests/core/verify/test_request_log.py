"""What the request log of the last hour says, without our own probes."""

from datetime import timedelta

import pytest

from buddy_tui.emulator.logs import entries
from buddy_tui.emulator.logs.filter import compile_filter
from buddy_tui.emulator.names import Where
from buddy_tui.log_scope import nanoseconds
from buddy_tui.model import LogEntry, LogScope
from buddy_tui.payload import request_line
from buddy_tui.question import Ask, SessionPlan
from buddy_tui.verify.request_log import (
    Request,
    Requests,
    error_rate,
    monitor_fed,
    requests,
    requests_filter,
    session_paths,
    sessions_in_production,
)
from buddy_tui.verify.values import Answered
from tests import make
from tests.fakes import FakeReads

YES, NO, UNKNOWN = Answered.YES, Answered.NO, Answered.UNKNOWN
PLAN = SessionPlan()
SINCE = make.NOW - timedelta(hours=1)
REVISION = make.revision("api-00001-aaa", created=make.NOW - timedelta(days=1))


def line(at: float, text: str, log: str = "requests", **over: object) -> LogEntry:
    return make.entry(at, text, log=log, **over)


def asked(*requests: tuple[str, int, str], cut: bool = False) -> Requests:
    return Requests(tuple(Request(*one, 0) for one in requests), SINCE, cut)


async def test_requests_are_read_from_their_lines_newest_first() -> None:
    cloud = FakeReads()
    cloud.lists_only(
        line(-60, request_line("GET", 200, 0.012, "https://x.example/chat?key=secret")),
        line(-30, f"{request_line('POST', 503, 1.5, 'https://x.example/')}\nThe request was aborted."),
        line(-20, "GET 200 1ms /not-a-request", log="stdout"),
        line(-10, "what nobody understands"),
        line(-7200, "GET 200 1ms /too-old"),
        line(-5, "GET 200 1ms /of-another", revision="api-00002-bbb"),
    )

    told = await requests(cloud, make.NAME, REVISION, make.NOW)

    assert [one[:3] for one in told.found] == [("POST", 503, "/"), ("GET", 200, "/chat")]
    assert (told.since, told.cut) == (SINCE, False)


async def test_of_very_many_requests_the_newest_are_read_and_since_when_is_told() -> None:
    cloud = FakeReads()
    cloud.page_most = 2
    cloud.lists_only(*(line(-at, f"GET 200 1ms /{at}") for at in range(1, 20)))

    told = await requests(cloud, make.NAME, REVISION, make.NOW)

    assert cloud.count("log_page") == 3
    assert ([one.path for one in told.found], told.cut) == ([f"/{at}" for at in range(1, 7)], True)
    assert told.since == make.NOW - timedelta(seconds=6)


async def test_a_young_revision_is_read_from_its_creation_on() -> None:
    young = make.revision("api-00001-aaa", created=make.NOW - timedelta(minutes=5))

    assert (await requests(FakeReads(), make.NAME, young, make.NOW)).since == young.created


WHERE = Where("acme-prod", "europe-west1", "api", "api-00001-aaa")


def exchange(url: str, agent: str) -> entries.Exchange:
    return entries.Exchange("GET", url, 200, 0.1, 1, 1, agent, "203.0.113.1", "HTTP/1.1", "0" * 32, "0" * 16)


@pytest.mark.parametrize(
    ("url", "agent", "found"),
    [
        ("https://x.example/system/health", "Mozilla/5.0", True),
        ("https://x.example/system/health", "", True),
        ("https://x.example/system/health", "buddy-tui/1.0", False),
        ("https://x.example/system/health", "Mozilla/5.0 (compatible; buddy-tui/1.0; probe)", False),
        ("https://x.example/chat", "Mozilla/5.0", False),
    ],
)
def test_our_own_probes_are_left_out_and_requests_without_an_agent_are_kept(
    url: str, agent: str, *, found: bool
) -> None:
    text = requests_filter(
        LogScope(make.NAME, "api-00001-aaa", nanoseconds(SINCE)), ["/system/health", '/with"quotes\\']
    )
    entry = entries.request(WHERE, "i", exchange(url, agent), make.NOW)
    if not agent:
        entry.http_request.ClearField("user_agent")

    assert compile_filter(text)(entry) is found


def test_other_logs_are_no_requests() -> None:
    text = requests_filter(LogScope(make.NAME, "api-00001-aaa"))

    assert not compile_filter(text)(entries.line(WHERE, "i", "stdout", "GET 200 1ms /chat", make.NOW))


@pytest.mark.parametrize(
    ("good", "bad", "answered"),
    [
        (0, 0, UNKNOWN), (1, 0, UNKNOWN), (0, 3, UNKNOWN), (19, 0, UNKNOWN), (80, 0, YES), (1000, 0, YES),
        (995, 5, YES), (985, 15, UNKNOWN), (950, 50, NO), (0, 20, NO), (18, 2, NO), (79, 1, UNKNOWN),
    ],
)  # fmt: skip
def test_the_error_rate_is_judged_by_what_so_many_requests_prove(
    good: int, bad: int, answered: Answered
) -> None:
    every = [("GET", 200, "/")] * good + [("GET", 503, "/")] * bad

    told = error_rate(asked(*every), make.NOW)

    assert told.answered is answered
    assert (f"{good} of {good + bad}" in told.evidence) is bool(every)


def test_answers_that_the_client_is_to_blame_for_are_no_errors() -> None:
    assert error_rate(asked(*[("GET", 404, "/")] * 100), make.NOW).answered is YES


def test_that_only_the_newest_were_read_is_said() -> None:
    assert error_rate(asked(*[("GET", 200, "/")] * 100, cut=True), make.NOW).evidence.startswith("The newest")
    assert "were not read" in error_rate(asked(cut=True), make.NOW).evidence
    assert "were not read" in monitor_fed(asked(cut=True), make.NOW).evidence


@pytest.mark.parametrize(
    ("requests", "answered", "words"),
    [
        ((), UNKNOWN, "since 11:00 UTC that went well: 0 of 0 to create one, 0 of 0 to retrieve one."),
        ((("POST", 201, "/sessions"), ("GET", 200, "/sessions/8f2c")), YES, "1 of 1 to create one, 1 of 1 to retrieve one"),
        ((("POST", 201, "/sessions"), ("GET", 404, "/sessions/8f2c")), UNKNOWN, "0 of 1 to retrieve"),
        ((("POST", 503, "/sessions"),) * 3, NO, "0 of 3 to create"),
        ((("POST", 503, "/sessions"),) * 2, UNKNOWN, "0 of 2 to create"),
        ((("POST", 201, "/sessions"), ("GET", 200, "/sessions/8f2c/messages")), UNKNOWN, "0 of 0 to retrieve"),
        ((("GET", 200, "/sessions"), ("POST", 200, "/sessions/8f2c")), UNKNOWN, "0 of 0 to create"),
    ],
)  # fmt: skip
def test_sessions_in_production_are_told_from_the_plans_own_requests(
    requests: tuple[tuple[str, int, str], ...], answered: Answered, words: str
) -> None:
    told = sessions_in_production(asked(*requests), PLAN, make.NOW)

    assert told.answered is answered
    assert words in told.evidence


def test_what_the_urls_of_sessions_have_in_common_is_asked_for() -> None:
    assert session_paths(PLAN) == ("/sessions",)
    plan = SessionPlan(create=Ask("PUT", "/v1/chat/{id}?mark={mark}"), read=Ask("GET", "/v1/talk/{id}/all"))
    assert session_paths(plan) == ("/v1/chat", "/v1/talk")
    assert session_paths(SessionPlan(create=Ask("POST", "/"))) == ()
    assert sessions_in_production(asked(("PUT", 200, "/v1/chat/a.b")), plan, make.NOW).evidence.endswith(
        "1 of 1 to create one, 0 of 0 to retrieve one. One of each by somebody else than our probes would tell."
    )


@pytest.mark.parametrize(
    ("requests", "answered"),
    [
        ((), UNKNOWN),
        ((("GET", 200, "/system/health"), ("GET", 503, "/system/health")), YES),
        ((("GET", 503, "/system/health"),), NO),
        ((("GET", 200, "/system/healthy"), ("POST", 200, "/system/health")), UNKNOWN),
    ],
)
def test_the_frontends_monitor_is_fed_when_somebody_else_gets_answers(
    requests: tuple[tuple[str, int, str], ...], answered: Answered
) -> None:
    assert monitor_fed(asked(*requests), make.NOW).answered is answered
