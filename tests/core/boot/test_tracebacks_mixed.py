"""Tracebacks among other lines, of several writers at once, and hostile text."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buddy_tui.boot.lines import lines_of
from buddy_tui.boot.tracebacks import find
from buddy_tui.boot.values import Line, Traceback
from buddy_tui.model import LogEntry
from tests.core.boot import texts

OTHERS = (
    "INFO:     Started server process [11153]",
    "[2026-11-23 08:45:00 +0000] [11402] [ERROR] Worker (pid:11403) exited with code 3.",
    '{"severity": "ERROR", "message": "boom"}',
    "2026-11-23 08:44:36,436 - app - ERROR - ValueError: handled",
    "Container called exit(1).",
    "WARNING: ValueError: x",
    "GET /health 200",
    "Sentry is attempting to send 2 pending events",
    "    at Object.<anonymous> (/app/x.js:1:1)",
    "done",
)
OTHER = """\
Traceback (most recent call last):
  File "/srv/worker/run.py", line 7, in start
    queue = connect(settings.BROKER)
  File "/srv/worker/broker.py", line 11, in connect
    raise BrokerDown(f"cannot reach {url}")
BrokerDown: cannot reach amqp://rabbit
The above exception was the direct cause of the following exception:
Traceback (most recent call last):
  File "/srv/worker/run.py", line 2, in <module>
    start()
  File "/srv/worker/run.py", line 9, in start
    raise RuntimeError("worker gave up") from error
RuntimeError: worker gave up"""


def found_in(*written: str) -> tuple[Traceback, ...]:
    return find(lines_of([LogEntry(n, "stderr", str(n), text) for n, text in enumerate(written)]))


def told(traceback: Traceback) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(one.type, one.message, tuple(frame.file for frame in one.frames)) for one in traceback.chain]


def merged(chance: random.Random, *writers: list[str]) -> list[str]:
    queues = [list(reversed(rows)) for rows in writers]
    rows: list[str] = []
    while any(queues):
        rows.append(chance.choice([queue for queue in queues if queue]).pop())
    return rows


TEXTS = st.sampled_from(
    [texts.MISSING, texts.CHAIN, texts.SYNTAX, texts.RECURSION, texts.GROUP, texts.LOGURU, OTHER]
)


@given(text=TEXTS, chance=st.randoms(use_true_random=False))
def test_other_entries_between_the_lines_change_nothing(text: str, chance: random.Random) -> None:
    rows = [row for row in text.split("\n") if row]
    (plain,) = found_in(*rows)

    mixed = merged(chance, rows, [chance.choice(OTHERS) for _ in range(chance.randrange(12))])
    (found,) = found_in(*mixed)

    assert [one.type for one in found.chain] == [one.type for one in plain.chain]
    assert [one[2] for one in told(found)] == [one[2] for one in told(plain)]
    assert found.whole


@given(text=TEXTS, chance=st.randoms(use_true_random=False))
def test_it_does_not_matter_how_entries_are_cut(text: str, chance: random.Random) -> None:
    rows = text.split("\n")
    (plain,) = found_in(text)
    cuts = sorted(chance.sample(range(1, len(rows)), chance.randrange(min(5, len(rows)))))

    (found,) = found_in(*("\n".join(rows[a:b]) for a, b in zip([0, *cuts], [*cuts, len(rows)], strict=True)))

    assert [one[::2] for one in told(found)] == [one[::2] for one in told(plain)]


@settings(max_examples=60, derandomize=True)
@given(
    text=st.sampled_from([texts.MISSING, texts.SYNTAX, OTHER, texts.CHAIN]),
    chance=st.randoms(use_true_random=False),
)
def test_two_workers_that_fail_alike_at_once_are_two(text: str, chance: random.Random) -> None:
    rows = [row for row in text.split("\n") if row and row[:1] not in "ml"]
    (plain,) = found_in(*rows)

    found = found_in(*merged(chance, rows, rows))

    assert [[one.type for one in each.chain] for each in found] == [[one.type for one in plain.chain]] * 2
    assert {each.root.message for each in found} == {plain.root.message}


@settings(max_examples=60, derandomize=True)
@given(chance=st.randoms(use_true_random=False))
def test_two_different_tracebacks_written_at_once_are_told_apart(chance: random.Random) -> None:
    found = found_in(*merged(chance, texts.MISSING.split("\n"), texts.SYNTAX.split("\n")))

    assert sorted(each.root.type for each in found) == ["ModuleNotFoundError", "SyntaxError"]
    assert all(each.whole for each in found)


@settings(max_examples=250)
@given(chance=st.randoms(use_true_random=False))
def test_what_a_logger_writes_before_each_line_tells_workers_apart(chance: random.Random) -> None:
    first = [f"[2026-11-23 08:44:36 +0000] [13] [ERROR] {row}" for row in texts.CHAIN.split("\n") if row]
    second = [f"[2026-11-23 08:44:37 +0000] [14] [ERROR] {row}" for row in OTHER.split("\n")]

    found = found_in(*merged(chance, first, second))

    alone = found_in(*first) + found_in(*second)
    assert sorted(map(told, found)) == sorted(map(told, alone))


def test_a_worker_whose_last_line_comes_late_is_known_by_its_process() -> None:
    first = [f"[2026-11-23 08:44:36 +0000] [13] [ERROR] {row}" for row in texts.CHAIN.split("\n") if row]
    second = [f"[2026-11-23 08:44:37 +0000] [14] [ERROR] {row}" for row in OTHER.split("\n")]

    for late in range(len(first)):
        found = found_in(*second[:5], *first[:late], second[5], *first[late:], *second[6:])
        assert sorted(map(told, found)) == sorted(map(told, found_in(*first) + found_in(*second)))


def test_lines_that_arrive_out_of_order_do_not_hide_what_was_raised() -> None:
    rows = texts.MISSING.split("\n")
    late = [*rows[:-3], rows[-1], rows[-3], rows[-2]]

    found = found_in(*rows, *late)

    assert {each.root.message for each in found if each.root.type} == {"No module named 'Back_End'"}


PIECES = st.sampled_from(
    [
        *texts.CHAIN.split("\n"),
        *texts.GROUP.split("\n"),
        *texts.RICH.split("\n")[:14],
        *texts.LOGURU.split("\n"),
        *OTHERS,
        "",
        'File "',
        '  File "/app/x',
        '.py", line 3, in f',
        "api-1  | Traceback (most recent call last):",
        'Traceback (most recent call last):\\n  File \\"a\\", line 1, in f\\n KeyError: 1',
        "Call stack:",
        "  |",
        "+----+",
        f'  File "x", line {"9" * 5000}, in f',
    ]
)


@settings(max_examples=150)
@given(st.lists(st.lists(PIECES | st.text(max_size=30), max_size=4).map("\n".join), max_size=40))
def test_nothing_raises_whatever_is_written_and_the_same_is_found_again(written: list[str]) -> None:
    found = found_in(*written)
    lines = lines_of([LogEntry(n, "stderr", "", text) for n, text in enumerate(written)])

    assert found == found_in(*written)
    for traceback in found:
        assert traceback.chain
        assert list(traceback.lines) == sorted(set(traceback.lines))
        assert all(0 <= at < len(lines) for at in traceback.lines)
        for raised in (*traceback.chain, *traceback.siblings):
            assert -1 <= raised.at < len(lines)
            assert all(0 <= frame.at < len(lines) for frame in raised.frames)


@pytest.mark.parametrize(
    "text",
    [
        "a." * 100_000,
        "A" * 200_000,
        'File "' * 33_000,
        "Traceback (most recent call last): " + "A.B" * 60_000,
        "Traceback (most recent call last): " + ' File "x", line 1, in f' * 8_000,
        "Traceback (most recent call last):\\n" * 6_000,
        "Traceback (most recent call last):\n" * 6_000,
        "Traceback (most recent call last): \\\\n" + "\\" * 200_000,
        '  File "x", line 1, in f\n' * 8_000,
        "".join(f'{n} \\d+ x{n} File "x", line 1, in f\n' for n in range(6_000)),
        "+-" * 100_000 + " Traceback (most recent call last)",
        "  + Exception Group Traceback (most recent call last):\n" + "  | " * 50_000,
        "  + Exception Group Traceback (most recent call last):\n"
        + "".join(f"{' ' * n}+-+---- 1 ----\n" for n in range(600)),
        "╭─ Traceback (most recent call last) ─╮\n" + "│ /app/x/ │\n" * 20_000,
        'Traceback (most recent call last):\n  File "x", line 1, in f\nKeyError: (\n' + "x y\n" * 50_000,
        'Traceback (most recent call last):\n  File "x", line 1, in f\n' + "a: b\n" * 40_000,
        "During handling of the above exception, another exception occurred:\n" * 3_000,
        "\x1b[31m" * 40_000,
        "[0m" + "[3" * 100_000,
        "</" * 100_000,
    ],
    ids=range(20),
)
def test_hostile_text_takes_linear_time(text: str) -> None:
    begun = time.process_time()

    found_in(text)
    found_in(*text.split("\n"))

    assert time.process_time() - begun < 4


def test_ordinary_lines_pass_quickly() -> None:
    lines = [
        Line(f"2026-11-23 08:44:36 INFO request {n} was answered in 12 ms with 200", n, 0)
        for n in range(100_000)
    ]
    begun = time.process_time()

    assert find(lines) == ()

    assert time.process_time() - begun < 1
