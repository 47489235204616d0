"""What the gates of a promotion say of what was measured, and what is measured from the logs."""

import random
from datetime import datetime, timedelta

import pytest

from buddy_tui.actions.gates import Limits, gates, latency, probed, reaching, together
from buddy_tui.actions.measured import Measuring, Sample, crashes_filter, is_crash, measured_filter
from buddy_tui.actions.values import Gate, Standing
from buddy_tui.emulator.logs import entries
from buddy_tui.emulator.logs.entries import Exchange
from buddy_tui.emulator.logs.filter import compile_filter
from buddy_tui.emulator.names import Where
from buddy_tui.model import LogEntry, LogScope
from buddy_tui.probes.values import Cell, Verdict
from tests import make
from tests.fakes import FakeReads

PASS, FAIL, INCONCLUSIVE = Standing.PASS, Standing.FAIL, Standing.INCONCLUSIVE
NEW, OLD = "api-00002-bbb", "api-00001-aaa"
GOOD = Cell(NEW, "health", Verdict.PASS, 8, 8)


def sample(total: int, failed: int = 0, took: int = 20, *, of: str = NEW, crashes: int = 0) -> Sample:
    return Sample(of, (took,) * total, failed, ("Container called exit(1).",) * crashes)


def judged(candidate: Sample, baseline: Sample) -> dict[str, Gate]:
    return {gate.name: gate for gate in gates(candidate, baseline, baseline, Limits())}


@pytest.mark.parametrize(
    ("candidate", "baseline", "wanted"),
    [
        (sample(0), sample(500, of=OLD), INCONCLUSIVE),
        (sample(20), sample(500, of=OLD), PASS),
        (sample(20, 1), sample(500, of=OLD), INCONCLUSIVE),
        (sample(20, 3), sample(500, of=OLD), INCONCLUSIVE),
        (sample(20, 4), sample(500, of=OLD), FAIL),
        (sample(3, 3), sample(500, of=OLD), FAIL),
        (sample(200, 2), sample(500, of=OLD), PASS),
        (sample(100, 20), sample(500, 100, of=OLD), PASS),
        (sample(100, 40), sample(500, 100, of=OLD), FAIL),
        (sample(20, 8), sample(5, 5, of=OLD), FAIL),
        (sample(20, 8), Sample(""), FAIL),
        (sample(1, 1), sample(500, of=OLD), INCONCLUSIVE),
        (sample(5, 5), sample(20, 20, of=OLD), PASS),
    ],
)
def test_5xx_answers_beside_those_of_the_baseline(
    candidate: Sample, baseline: Sample, wanted: Standing
) -> None:
    assert judged(candidate, baseline)["errors"].standing is wanted


@pytest.mark.parametrize(
    ("candidate", "baseline", "wanted"),
    [
        (sample(100, took=100), sample(100, of=OLD), PASS),
        (sample(100, took=900), sample(100, of=OLD), FAIL),
        (sample(100, took=900), sample(19, of=OLD), INCONCLUSIVE),
        (sample(19, took=900), sample(100, of=OLD), INCONCLUSIVE),
        (sample(0), sample(100, of=OLD), INCONCLUSIVE),
        (sample(100), Sample(""), INCONCLUSIVE),
        (Sample(NEW, (20,) * 18 + (900,) * 2), sample(100, of=OLD), INCONCLUSIVE),
    ],
)
def test_latency_beside_that_of_the_baseline(candidate: Sample, baseline: Sample, wanted: Standing) -> None:
    assert judged(candidate, baseline)["latency"].standing is wanted


@pytest.mark.parametrize(
    ("mine", "usual", "wanted"),
    [(0, 0, PASS), (0, 3, PASS), (1, 0, FAIL), (2, 1, FAIL), (1, 1, INCONCLUSIVE)],
)
def test_crashes_beside_those_of_the_baseline(mine: int, usual: int, wanted: Standing) -> None:
    gate = judged(sample(20, crashes=mine), sample(20, of=OLD, crashes=usual))["crashes"]

    assert gate.standing is wanted


def test_numbers_are_told_in_words_with_their_bound() -> None:
    told = judged(sample(40, 2), sample(500, of=OLD))

    assert told["requests"].seen == "40 of at least 20 requests"
    assert told["errors"].seen == (
        f"{NEW} 38 of 40: 5 % failed, between 1 % and 17 %, 95 % confidence; "
        f"{OLD} 500 of 500: fewer than 0.8 % of requests fail, 95 % confidence"
    )
    assert told["latency"].seen == (
        f"{NEW} 20 ms, between 20 and 20, of 40; {OLD} 20 ms, between 20 and 20, of 500; at most 120 ms"
    )
    assert told["crashes"].seen == f"{NEW} never crashed; {OLD} never crashed"


def test_what_cannot_be_read_makes_every_measured_gate_inconclusive() -> None:
    told = judged(Sample(NEW, trouble="No answer."), sample(500, of=OLD))

    assert [gate.standing for gate in told.values()] == [INCONCLUSIVE] * 4
    assert {gate.seen for gate in told.values()} == {"It could not be looked at: No answer."}


def test_a_candidate_whose_errors_are_borne_is_never_failed_by_looking_often() -> None:
    chance = random.Random(7)  # noqa: S311 - chance that comes the same way each time
    failed = 0
    for _ in range(100):
        answers = [chance.random() < 0.005 for _ in range(400)]
        looks = (sample(many, sum(answers[:many])) for many in range(10, 401, 10))
        failed += any(judged(one, sample(2000, 10, of=OLD))["errors"].standing is FAIL for one in looks)

    assert failed <= 1


def test_slow_requests_count_beside_those_of_the_same_time() -> None:
    slow, fast = sample(100, took=900), sample(100, took=20, of=OLD)

    assert latency(slow, fast, sample(100, took=900, of=OLD), Limits()).standing is PASS
    assert latency(slow, fast, sample(19, took=900, of=OLD), Limits()).standing is FAIL


@pytest.mark.parametrize(
    ("until", "standing", "told"),
    [
        (None, INCONCLUSIVE, "; the logs tell nothing so far"),
        (make.NOW - timedelta(seconds=1), INCONCLUSIVE, "; the logs reach to 11:59:59 UTC only"),
        (make.NOW, PASS, ""),
    ],
    ids=["nothing", "older", "there"],
)
def test_no_gate_passes_on_logs_that_end_too_early(
    until: datetime | None, standing: Standing, told: str
) -> None:
    fail, passed = Gate("errors", "Errors", FAIL, "bad"), Gate("crashes", "Crashes", PASS, "never crashed")

    assert reaching((fail, passed), until, make.NOW) == (
        fail,
        Gate("crashes", "Crashes", standing, f"never crashed{told}"),
    )


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        ((), INCONCLUSIVE),
        ((GOOD,), PASS),
        ((GOOD, Cell(NEW, "chat", Verdict.FAIL, 7, 8, reason="500")), FAIL),
        ((GOOD, Cell(NEW, "chat", Verdict.FAIL, 7, 8, compared="same")), PASS),
        ((GOOD, Cell(NEW, "chat", Verdict.FAIL, 7, 8, critical=False)), PASS),
        ((GOOD, Cell(NEW, "chat", Verdict.NOT_OFFERED)), PASS),
        ((Cell(NEW, "chat", Verdict.NOT_OFFERED),), INCONCLUSIVE),
        ((GOOD, Cell(NEW, "chat")), INCONCLUSIVE),
        ((GOOD, Cell(NEW, "chat", Verdict.REFUSED, reason="No tag.", fix="gcloud …")), INCONCLUSIVE),
        ((Cell(NEW, "chat", Verdict.REFUSED), Cell(NEW, "health", Verdict.FAIL, 0, 8)), FAIL),
    ],
)
def test_probes_of_the_candidate(cells: tuple[Cell, ...], wanted: Standing) -> None:
    assert probed(cells).standing is wanted


@pytest.mark.parametrize(
    ("standings", "wanted"),
    [
        ((), INCONCLUSIVE),
        ((PASS, PASS), PASS),
        ((PASS, INCONCLUSIVE), INCONCLUSIVE),
        ((PASS, INCONCLUSIVE, FAIL), FAIL),
    ],
)
def test_a_failure_beats_inconclusive_beats_pass(standings: tuple[Standing, ...], wanted: Standing) -> None:
    assert together(Gate("x", "X", one) for one in standings) is wanted


@pytest.mark.parametrize(
    ("text", "severity", "wanted"),
    [
        ("Container called exit(1).", "WARNING", True),
        ("Container called exit(0).", "WARNING", False),
        ("Container called exit(143).", "WARNING", False),
        ("Uncaught signal: 11, pid=1, tid=1, fault_addr=0.", "ERROR", True),
        ("Uncaught signal: 15, pid=1, tid=1, fault_addr=0.", "ERROR", False),
        ("Memory limit of 512 MiB exceeded with 530 MiB used.", "ERROR", True),
        ("Starting new instance. Reason: AUTOSCALING", "INFO", False),
    ],
)
def test_a_crash_is_not_an_instance_that_was_asked_to_end(text: str, severity: str, wanted: bool) -> None:  # noqa: FBT001
    assert is_crash(make.entry(0, text, log="system", severity=severity)) is wanted


def test_a_line_of_the_program_is_no_crash() -> None:
    assert not is_crash(make.entry(0, "Uncaught signal: 11", log="stderr", severity="ERROR"))


def request(second: float, text: str, number: int, revision: str = NEW) -> LogEntry:
    return make.entry(second, text, log="requests", revision=revision)._replace(insert_id=f"{number}")


WHERE = Where(make.NAME.project, make.NAME.region, make.NAME.service, NEW)


@pytest.mark.parametrize(("agent", "counts"), [("buddy-tui/1.0", False), ("curl/8", True), ("", True)])
def test_own_probes_do_not_count_and_requests_that_name_no_agent_do(agent: str, counts: bool) -> None:  # noqa: FBT001
    exchange = Exchange(
        "GET", "https://api.example/", 503, 0.1, 1, 1, agent, "127.0.0.1", "HTTP/1.1", "7a", "s"
    )
    matches = compile_filter(measured_filter(LogScope(make.NAME, among=(NEW, OLD))))

    assert matches(entries.request(WHERE, "00ff", exchange, make.NOW)) is counts


def test_a_crash_which_is_no_request_is_not_left_out_with_the_probes() -> None:
    crash = entries.system(WHERE, "00ff", "WARNING", "Container called exit(1).", make.NOW)
    scope = LogScope(make.NAME, among=(NEW, OLD))

    assert compile_filter(measured_filter(scope))(crash)
    assert compile_filter(crashes_filter(scope))(crash)


async def test_each_request_counts_once_and_late_ones_too() -> None:
    cloud = FakeReads()
    measuring = Measuring(cloud, make.NAME, NEW, OLD)
    cloud.lists_only(request(-600, "GET 200 5ms /a", 1, OLD), request(1, "GET 200 7ms /a", 2))
    await measuring.look(make.NOW + timedelta(seconds=5))
    cloud.lists_only(request(2, "GET 503 9ms /a", 3), request(8, "GET 404 9ms /a", 4))
    await measuring.look(make.NOW + timedelta(seconds=10))

    mine, usual = measuring.sample(NEW, make.NOW), measuring.sample(OLD)

    assert (sorted(mine.took), mine.failed) == ([7, 9, 9], 1)
    assert usual.took == (5,)
    assert measuring.sample(NEW, make.NOW + timedelta(seconds=5)).total == 1
    assert cloud.count("log_page") == 2
    assert measuring.until == make.NOW + timedelta(seconds=8)


async def test_a_crash_is_found_among_more_requests_than_are_read() -> None:
    cloud = FakeReads()
    crash = make.entry(1, "Uncaught signal: 11, pid=1.", log="system", severity="ERROR", revision=NEW)
    cloud.lists_only(crash, *(request(2 + one / 1e3, "GET 200 5ms /a", one) for one in range(1100)))
    measuring = Measuring(cloud, make.NAME, NEW, OLD)
    cloud.page_most = 1000

    await measuring.look(make.NOW + timedelta(seconds=10))

    assert (measuring.sample(NEW).total, cloud.count("log_page")) == (1000, 2)
    assert "httpRequest" not in cloud.calls[-1][1]


def test_the_query_asks_for_both_revisions_and_leaves_only_our_own_probes_out() -> None:
    text = measured_filter(LogScope(make.NAME, among=(NEW, OLD)))

    compile_filter(text)
    assert 'NOT httpRequest.userAgent:"buddy-tui"' in text
    assert NEW in text
    assert OLD in text
