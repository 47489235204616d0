import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buddy_tui.boot.timeline import decisive, timeline
from buddy_tui.model import LogEntry
from tests.core.boot.written import (
    GUNICORN_FAILED,
    PROBE_LOST,
    PROBE_OK,
    READY,
    ROLLOUT,
    UNCAUGHT,
    UNHEALTHY,
    UVICORN,
    Cloud,
)


def _rollout() -> list[LogEntry]:
    log = Cloud().event(READY, revision="shop-00006-xyz").system(ROLLOUT).out(GUNICORN_FAILED)
    log.system("Container called exit(3).").system(PROBE_LOST.format("CANCELLED"))
    log.system(ROLLOUT, instance="i2").out(UVICORN, instance="i2").system(PROBE_OK, instance="i2")
    return log.event(UNHEALTHY, revision="shop-00007-abc").entries


@pytest.mark.parametrize("seed", range(10))
def test_the_order_of_arrival_changes_nothing(seed: int) -> None:
    entries = _rollout()
    shuffled = random.Random(seed).sample(entries, len(entries))  # noqa: S311 - no secret

    assert timeline(shuffled) == timeline(entries)


def test_entries_that_came_twice_change_nothing() -> None:
    entries = _rollout()

    assert timeline([*entries, *entries[3:]]) == timeline(entries)


_WORDS = st.sampled_from(
    [
        *UNCAUGHT.split("\n"),
        *UVICORN.split("\n"),
        *GUNICORN_FAILED.split("\n"),
        ROLLOUT,
        PROBE_OK,
        PROBE_LOST.format("CANCELLED"),
        READY.format("r1"),
        UNHEALTHY.format("r2"),
        "Container called exit(1).",
        "[2026-99-99 10:00:00 +0000] [1] [CRITICAL] WORKER TIMEOUT (pid:2)",
        f"Container called exit({'9' * 5000}).",
    ]
)
_ENTRIES = st.lists(
    st.builds(
        LogEntry,
        when=st.integers(0, 5),
        log=st.sampled_from(["stdout", "stderr", "system", "requests", "event", "activity", "build", "x"]),
        insert_id=st.sampled_from(["", "a", "b", "c"]),
        text=st.one_of(_WORDS, st.text(max_size=40), st.lists(_WORDS, max_size=6).map("\n".join)),
        revision=st.sampled_from(["", "r1", "shop-00007-abc"]),
        instance=st.sampled_from(["", "i1", "i2"]),
        container=st.sampled_from(["", "shop-1", "proxy"]),
    ),
    max_size=25,
)


@settings(max_examples=150, deadline=None)
@given(_ENTRIES)
def test_no_log_is_too_strange(entries: list[LogEntry]) -> None:
    reading = timeline(entries)

    for boot in reading.boots:
        assert boot.lines
        assert all(0 <= event.at < len(boot.lines) for event in boot.events)
        assert all(0 <= at < len(boot.lines) for one in boot.tracebacks for at in one.lines)
        assert all(0 <= line.entry < len(reading.entries) for line in boot.lines)
        assert boot.fatal is None or boot.fatal in boot.tracebacks
    assert all(0 <= verdict.at < len(reading.notices) for verdict in reading.verdicts)
    assert (decisive(reading) is None) == (not reading.boots)
