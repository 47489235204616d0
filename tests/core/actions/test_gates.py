"""What the gates of a promotion say of what was measured, and what is measured from the logs."""

from datetime import timedelta

import pytest

from buddy_tui.actions.gates import Limits, gates, probed, together
from buddy_tui.actions.measured import Measuring, Sample, is_crash, measured_filter
from buddy_tui.actions.values import Gate, Standing
from buddy_tui.emulator.logs.filter import compile_filter
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
    return {gate.name: gate for gate in gates(candidate, baseline, (GOOD,), Limits())}


@pytest.mark.parametrize(
    ("candidate", "baseline", "wanted"),
    [
        (sample(0), sample(500, of=OLD), INCONCLUSIVE),
        (sample(20), sample(500, of=OLD), PASS),
        (sample(20, 1), sample(500, of=OLD), INCONCLUSIVE),
        (sample(20, 2), sample(500, of=OLD), FAIL),
        (sample(200, 2), sample(500, of=OLD), PASS),
        (sample(100, 20), sample(500, 100, of=OLD), PASS),
        (sample(100, 40), sample(500, 100, of=OLD), FAIL),
        (sample(20, 8), sample(5, 5, of=OLD), FAIL),
        (sample(20, 8), Sample(""), FAIL),
        (sample(1, 1), sample(500, of=OLD), FAIL),
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
    told = gates(Sample(NEW, trouble="No answer."), sample(500, of=OLD), (GOOD,), Limits())

    assert [gate.standing for gate in told] == [PASS, *[INCONCLUSIVE] * 4]
    assert told[1].seen == "It could not be looked at: No answer."


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


def test_the_query_asks_for_both_revisions_and_leaves_only_our_own_probes_out() -> None:
    text = measured_filter(LogScope(make.NAME, among=(NEW, OLD)))

    compile_filter(text)
    assert 'NOT httpRequest.userAgent:"buddy-tui"' in text
    assert NEW in text
    assert OLD in text
