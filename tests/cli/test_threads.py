"""Threads that hang: none of those that may be left keeps a program from ending, and all others are waited for."""

import subprocess
import sys

_PROGRAM = """
import asyncio, threading
from buddy_tui.cli.threads import Threads, left_behind

def work():
    begun.set()
    threading.Event().wait({seconds})
    print("done", flush=True)

async def main():
    async def begin():
        await asyncio.to_thread(work)
    if {left}:
        with left_behind():
            task = asyncio.create_task(begin())
    else:
        task = asyncio.create_task(begin())
    while not begun.is_set():
        await asyncio.sleep(0.01)

begun = threading.Event()
with asyncio.Runner() as runner:
    runner.get_loop().set_default_executor(Threads())
    runner.run(main())
"""


def _run(*, left: bool, seconds: float | None) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(left=left, seconds=seconds)],
        capture_output=True,
        check=True,
        encoding="utf-8",
        timeout=60,
    )
    return done.stdout + done.stderr


def test_a_thread_that_hangs_is_left_behind() -> None:
    assert _run(left=True, seconds=None) == ""


def test_what_is_being_written_is_waited_for() -> None:
    assert _run(left=False, seconds=0.2) == "done\n"
