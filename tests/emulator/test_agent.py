"""The logging agent: which lines of a container become one entry."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.logs.agent import LONGEST, Agent
from buddy_tui.emulator.names import Where

PLAIN = (
    "Traceback (most recent call last):\n"
    '  File "/app/main.py", line 14, in <module>\n'
    "    from Back_End.x import y\n"
    "         ^^^^^^^^^^^^^^^^^^^\n"
    "ModuleNotFoundError: No module named 'Back_End'"
)
PYDANTIC = (
    "Traceback (most recent call last):\n"
    '  File "/app/main.py", line 3, in <module>\n'
    "    settings = Settings()\n"
    "pydantic_core._pydantic_core.ValidationError: 2 validation errors for Settings\n"
    "database_url\n"
    "  Field required [type=missing, input_value={}, input_type=dict]\n"
    "    For further information visit https://errors.pydantic.dev/2.5/v/missing\n"
    "redis.0.port\n"
    "  Input should be a valid integer [type=int_parsing]"
)
GROUP = (
    "  + Exception Group Traceback (most recent call last):\n"
    '  |   File "/app/main.py", line 10, in <module>\n'
    "  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)\n"
    "  +-+---------------- 1 ----------------\n"
    "    | Traceback (most recent call last):\n"
    "    | KeyError: 'STRIPE_KEY'\n"
    "    +------------------------------------"
)
DURING = "During handling of the above exception, another exception occurred:"


class Container:
    """A stream of an instance, and the entries that came of it."""

    def __init__(self) -> None:
        self.entries: list[Any] = []
        frozen = Clock(lambda: datetime(2026, 2, 10, tzinfo=UTC))
        where = Where("acme", "us-central1", "shop", "shop-00001-abc")
        self.agent = Agent(where, "00ff", "stderr", frozen, self.entries.append)

    @property
    def texts(self) -> list[str]:
        return [entry.text_payload for entry in self.entries]


def told(*output: bytes) -> list[str]:
    container = Container()
    for part in output:
        container.agent.feed(part)
    container.agent.close()
    return container.texts


@pytest.mark.parametrize("traceback", [PLAIN, PYDANTIC, GROUP], ids=["plain", "pydantic", "group"])
def test_a_bare_traceback_is_one_error(traceback: str) -> None:
    container = Container()

    container.agent.feed(f"INFO:     starting\n{traceback}\n[11] [ERROR] Worker failed to boot.\n".encode())

    assert container.texts == ["INFO:     starting", traceback, "[11] [ERROR] Worker failed to boot."]
    assert [entry.severity for entry in container.entries] == [0, 500, 0]


def test_each_link_of_a_chain_is_an_entry_and_so_is_the_sentence_between() -> None:
    assert told(f"{PLAIN}\n\n{DURING}\n\n{PLAIN}\n".encode()) == [PLAIN, DURING, PLAIN]


def test_a_traceback_behind_a_prefix_stays_one_entry_a_line() -> None:
    lines = ("ERROR:    " + PLAIN).splitlines()

    assert told(f"ERROR:    {PLAIN}\n".encode()) == lines


@pytest.mark.parametrize(
    ("output", "texts"),
    [
        (f"{PLAIN}\nNo module named 'Back_End'\n", [PLAIN, "No module named 'Back_End'"]),
        (f"{PLAIN}\n{PLAIN}\n", [PLAIN, PLAIN]),
        (
            f"{PLAIN.rpartition(chr(10))[0]}\n[12] [INFO] Worker exiting\n",
            [PLAIN.rpartition("\n")[0], "[12] [INFO] Worker exiting"],
        ),
        (f'{PLAIN}\n{{"message": "after"}}\n', [PLAIN, ""]),
        (f"{PLAIN[:34]}\n  File x\nKeyboardInterrupt\n", [f"{PLAIN[:34]}\n  File x\nKeyboardInterrupt"]),
        (f"{PYDANTIC}\n\nthe end\n", [PYDANTIC, "the end"]),
    ],
    ids=["exception repeated", "twice", "no tail", "then JSON", "no message", "pydantic, then a blank line"],
)
def test_a_traceback_ends_where_cloud_logging_ends_it(output: str, texts: list[str]) -> None:
    assert told(output.encode()) == texts


def test_a_traceback_without_its_end_waits_for_silence() -> None:
    container = Container()
    container.agent.feed(PLAIN.encode() + b"\n")
    assert container.texts == []

    container.agent.flush()

    assert container.texts == [PLAIN]


def test_silence_does_not_cut_a_line_in_two() -> None:
    container = Container()
    container.agent.feed(b"half a ")
    container.agent.flush()
    container.agent.feed(b"line\n")

    assert container.texts == ["half a line"]


def test_the_end_of_a_container_brings_out_its_last_words() -> None:
    assert told(b"first\nlast, without newline") == ["first", "last, without newline"]


@pytest.mark.parametrize(
    ("output", "texts"),
    [
        (b"one\r\ntwo\r\n", ["one", "two"]),
        (b"\n\n  \nx\n", ["x"]),
        (b"caf\xe9\n", ["caf\N{REPLACEMENT CHARACTER}"]),
        (b"progress 1%\rprogress 2%\n", ["progress 1%\rprogress 2%"]),
    ],
)
def test_lines_are_read_as_they_come(output: bytes, texts: list[str]) -> None:
    assert told(output) == texts


def test_a_json_line_is_structured() -> None:
    container = Container()

    container.agent.feed(b'{"severity": "INFO", "message": "ready"}\n')

    assert container.entries[0].json_payload["message"] == "ready"


def test_a_line_that_is_too_long_is_cut_between_characters() -> None:
    texts = told(b"a" + "é".encode() * LONGEST + b"\n")

    assert "".join(texts) == "a" + "é" * LONGEST
    assert max(len(text.encode()) for text in texts) <= LONGEST


def test_a_line_without_end_does_not_fill_the_memory() -> None:
    container = Container()

    for _ in range(20):
        container.agent.feed(b"x" * (LONGEST // 4))

    assert len(container.texts) == 4


def test_lines_of_one_moment_keep_their_order() -> None:
    container = Container()
    container.agent.feed(b"".join(b"%d\n" % number for number in range(100)))

    keys = [(entry.timestamp.ToNanoseconds(), entry.insert_id) for entry in container.entries]

    assert keys == sorted(keys)
    assert len({moment for moment, _ in keys}) == 100


@given(
    st.lists(
        st.sampled_from([PLAIN, PYDANTIC, GROUP, DURING, "INFO: ok", '{"a": 1}', "  indented", "é", ""])
    ),
    st.lists(st.integers(0, 400)),
)
def test_where_the_output_is_cut_into_chunks_makes_no_difference(parts: list[str], cuts: list[int]) -> None:
    output = "".join(part + "\n" for part in parts).encode()
    edges = [0, *sorted(cut for cut in cuts if cut < len(output)), len(output)]

    chunks = [output[start:end] for start, end in pairwise(edges)]

    assert told(*chunks) == told(output)
