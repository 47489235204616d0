"""`buddy-tui emulator`: a small Cloud Run on this machine, by itself or around a command."""

import asyncio
import json
import os
import shutil
import signal
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cyclopts.types import PositiveFloat, UInt16

from buddy_tui.clean import clean_line
from buddy_tui.errors import ExitCode, UsageProblem

if TYPE_CHECKING:
    from buddy_tui.emulator.server import Emulator, Options
    from buddy_tui.emulator.story import Story

# A step of a story that somebody watches, in seconds.
_PACE = 0.8


def emulator(  # noqa: PLR0913 - one for each option
    *command: str,
    story: str = "buddy",
    port: UInt16 = 0,
    http_port: UInt16 = 0,
    firestore: Literal["embedded", "official"] = "embedded",
    startup_limit: PositiveFloat = 30.0,
    fault: tuple[str, ...] = (),
    live: bool = False,
    until_eof: bool = False,
    verbose: bool = False,
) -> int:
    """Run an emulated Cloud Run that really boots revisions, and play a story in it.

    With a COMMAND after `--`, run it with the emulator's endpoints in its environment and exit with its status.
    Without, print one line of JSON with the endpoints and serve until Ctrl-C.

    Parameters
    ----------
    command
        What to run, e.g. `-- buddy-tui status buddy-app` or `-- gcloud run services list`.
    story
        What happened: buddy, sessions, release…; a wrong name lists all.
    port
        Port of the gRPC APIs; 0 takes a free one.
    http_port
        Port of the HTTP APIs; 0 takes a free one.
    firestore
        Which Firestore there is: ours, or the emulator of the Google Cloud SDK, which needs Java.
    startup_limit
        How many seconds a revision has to start; on Cloud Run it is 240.
    fault
        What goes wrong in this world, as NAME=VALUE; repeat it for several.
    live
        Announce the endpoints first, then play the story step by step.
    until_eof
        Stop when standard input ends; not with a COMMAND.
    verbose
        Tell on standard error what happens.

    """
    chosen = find_story(story)
    if command and _found(command[0]) is None:
        raise UsageProblem(f"There is no command '{clean_line(command[0])}'.")
    options = replace(
        _options(port, http_port, startup_limit, fault, pace=_PACE if live else 0.0, verbose=verbose),
        look_at=chosen.region,
        firestore=firestore,
    )
    try:
        return asyncio.run(_host(options, chosen, command, live=live, until_eof=until_eof))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return ExitCode.INTERRUPTED if command else ExitCode.OK


def find_story(name: str) -> "Story":
    """Return the story of that name. Raises UsageProblem, also when what all stories deploy cannot be started."""
    from buddy_tui.emulator import stories

    if find_spec("uvicorn") is None:
        raise UsageProblem(
            "The sample project needs uvicorn, which is not installed.", "pip install 'buddy-tui[demo]'"
        )
    try:
        return stories.find(name)
    except ValueError as problem:
        raise UsageProblem(clean_line(str(problem))) from None


def _options(
    port: int, http_port: int, startup_limit: float, fault: tuple[str, ...], *, pace: float, verbose: bool
) -> "Options":
    from buddy_tui.emulator import fault_settings
    from buddy_tui.emulator.faults import Faults
    from buddy_tui.emulator.server import Options

    faults = Faults()
    try:
        fault_settings.change(faults, fault_settings.typed(fault))
    except ValueError as problem:
        raise UsageProblem(clean_line(str(problem))) from None
    return Options(
        port=port,
        http_port=http_port,
        startup_limit=startup_limit,
        faults=faults,
        pace=pace,
        say=_narrate if verbose else _keep_quiet,
    )


async def _host(
    options: "Options", story: "Story", command: tuple[str, ...], *, live: bool, until_eof: bool
) -> int:
    """Serve until the command has ended; without one, until this task is cancelled."""
    from buddy_tui.emulator import server

    _cancel_when_told(until_eof=until_eof)
    try:
        async with server.serve(options) as emulator:
            telling = asyncio.create_task(emulator.play(story))
            try:
                if not live:
                    await telling
                return await (_accompany(command, emulator) if command else _announce(emulator, telling))
            finally:
                telling.cancel()
                await asyncio.wait({telling})
    except server.CannotServe as problem:
        raise UsageProblem(str(problem)) from None


async def _announce(emulator: "Emulator", telling: asyncio.Task[None]) -> int:
    print(json.dumps(emulator.endpoints), flush=True)
    await telling
    await asyncio.Event().wait()
    return ExitCode.OK


async def _accompany(command: tuple[str, ...], emulator: "Emulator") -> int:
    """Run the command in the foreground: it keeps the terminal, and hears the signals that are meant for it.

    gcloud reaches the emulator as well, and keeps what it writes in a folder that is gone afterwards.
    """
    from buddy_tui.emulator.machine.gcloud_env import led, without_gcloud

    async with led(emulator.endpoints) as gcloud:
        emulator.reaper.clear(gcloud["CLOUDSDK_CONFIG"])
        env = {**without_gcloud(os.environ), **emulator.endpoints, **gcloud, "PATH": _path()}
        return await _in_foreground(command, env, emulator)


async def _in_foreground(command: tuple[str, ...], env: dict[str, str], emulator: "Emulator") -> int:
    try:
        process = await asyncio.create_subprocess_exec(
            _found(command[0]) or command[0], *command[1:], env=env
        )
    except OSError as problem:
        raise UsageProblem(
            f"The command '{clean_line(command[0])}' cannot be started: {problem.strerror}."
        ) from None
    emulator.reaper.watch(process.pid, group=False)
    _forward_signals(process)
    status = await process.wait()
    emulator.reaper.forget(process.pid)
    return status if status >= 0 else 128 - status


def _path() -> str:
    """Return where commands are looked for: ours are found even when their environment is not activated."""
    return os.pathsep.join((os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)))


def _found(command: str) -> str | None:
    return shutil.which(command, path=_path())


def _cancel_when_told(*, until_eof: bool) -> None:
    """Cancel the current task on SIGINT, on SIGTERM and, if asked, at the end of standard input."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None  # noqa: S101 - for the type checker: a coroutine runs in a task
    if sys.platform != "win32":  # where asyncio itself does so on Ctrl-C
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
    if until_eof:

        def wait() -> None:
            with suppress(OSError):
                while os.read(0, 1 << 12):
                    pass
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(task.cancel)

        threading.Thread(target=wait, daemon=True).start()


def _forward_signals(process: asyncio.subprocess.Process) -> None:
    """Let SIGTERM end the command. Ctrl-C reaches it from the terminal itself; without one, SIGINT is passed on."""

    def forward(number: int) -> None:
        with suppress(ProcessLookupError):
            process.send_signal(number)

    if sys.platform == "win32":
        signal.signal(signal.SIGINT, lambda *_: None)
        return
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, forward, signal.SIGTERM)
    if os.isatty(0):
        loop.add_signal_handler(signal.SIGINT, lambda: None)
    else:
        loop.add_signal_handler(signal.SIGINT, forward, signal.SIGINT)


def _narrate(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def _keep_quiet(_sentence: str) -> None:
    """Say nothing."""
